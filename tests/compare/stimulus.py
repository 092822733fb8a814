"""What was sent, read for the predicates of the classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from harness.case.model import Topology
from harness.decode import DecodedOption, Frame, decode
from tests.compare.corpus import Unit
from tests.compare.difference import Difference, differences
from tests.compare.network import Plan
from tests.compare.normalise import Seen

ROUTES: Final = frozenset({7, 131, 137})
"""Record route, loose and strict source route: slots of four octets behind three."""
STRICT: Final = 137
SOURCE_ROUTES: Final = frozenset({131, STRICT})
RECORD_ROUTE: Final = 7
TIMESTAMP: Final = 68
COPIED: Final = 0x80
"""RFC 791 §3.1: types from here on go into every fragment."""
ROUTER_ALERT: Final = 148
"""Of four octets (RFC 2113 §2.1)."""
ZERO: Final = IPv4Network("0.0.0.0/8")
CLASS_E: Final = IPv4Network("240.0.0.0/4")
LOOPBACK: Final = IPv4Network("127.0.0.0/8")
GROUPS: Final = IPv4Network("224.0.0.0/4")
LINK_LOCAL: Final = IPv4Network("169.254.0.0/16")
BROADCAST: Final = "255.255.255.255"
QUERIES: Final = frozenset({0, 8, 9, 10, 13, 14, 15, 16, 17, 18})
"""ICMP types that are no errors."""
LARGEST: Final = 65_535


@dataclass(frozen=True, slots=True)
class Sent:
    """The frames of a unit, and what they led to."""

    plan: Plan
    frames: tuple[tuple[int, Frame], ...]
    stack: tuple[Seen, ...]
    kernel: tuple[Seen, ...]
    found: tuple[Difference, ...]
    """Everything in which the two answers to the unit differ."""

    @classmethod
    def of(cls, plan: Plan, unit: Unit, stack: Sequence[Seen], kernel: Sequence[Seen]) -> Sent:
        """Read a unit and what the two sides answered."""
        frames = tuple((link, decode(frame)) for link, frame in unit.frames)
        return cls(plan, frames, tuple(stack), tuple(kernel), tuple(differences(stack, kernel)))

    @property
    def router(self) -> bool:
        """Whether the target forwards."""
        return self.plan.topology is Topology.ROUTER

    def any(self, test: Callable[[Frame], bool]) -> bool:
        """Whether something holds of a frame that holds an IPv4 header."""
        return any(test(frame) for _, frame in self.frames if "ip" in frame.parts)

    def options(self) -> Iterator[DecodedOption]:
        """The options of all frames, no-operation and end-of-list left out."""
        for _, frame in self.frames:
            yield from options(frame)

    def own(self, frame: Frame) -> bool:
        """Whether a frame is addressed to the target, by one of its own addresses."""
        return frame.get("ip", "dst") in self.plan.own

    def many(self, address: str | None) -> bool:
        """Whether an address is a group's or a broadcast address."""
        return self.broadcast(address) or address == BROADCAST or within(address, GROUPS)

    def reportable(self, frame: Frame) -> bool:
        """Whether an error can be sent about a frame (RFC 1122 §3.2.2, and a route for it).

        ICMP types that nobody knows may be errors too.
        """
        message: bytes = frame.get("ip", "payload")
        routed = any(option.type in SOURCE_ROUTES for option in options(frame))
        return (routed or self._routed(frame.get("ip", "src"))) and not (
            frame.get("ip", "offset")
            or self.many(frame.get("ip", "dst"))
            or (frame.get("ip", "protocol") == 1 and not QUERIES.intersection(message[:1]))
            or frame.octets[0] & 1
        )

    def _routed(self, address: str) -> bool:
        networks = [link.subnet for link in self.plan.links]
        networks += [IPv4Network(destination) for destination, _ in self.plan.routes]
        return any(within(address, network) for network in networks)

    def broadcast(self, address: str | None) -> bool:
        """Whether an address is the broadcast address of a subnet of the target's."""
        return any(address == link.broadcast for link in self.plan.links)

    def lowest(self, address: str | None) -> bool:
        """Whether an address is the lowest of a subnet of the target's."""
        return any(address == str(link.subnet.network_address) for link in self.plan.links)


def options(frame: Frame) -> Iterator[DecodedOption]:
    """The options of a frame, no-operation and end-of-list left out."""
    for option in frame.get("ip", "options") or ():
        if option.type > 1:
            yield option


def within(address: str | None, network: IPv4Network) -> bool:
    """Whether an address is in a network."""
    return address is not None and IPv4Address(address) in network


def broken(option: DecodedOption) -> bool:
    """Whether the length octet can't be: below two, or beyond the header."""
    return option.length != len(option.octets) or option.length < 2


def odd_slots(option: DecodedOption) -> bool:
    """Whether the slots of a route do not fit its length."""
    return option.type in ROUTES and not broken(option) and (option.length - 3) % 4 != 0


def misaligned(option: DecodedOption) -> bool:
    """Whether the pointer of a route does not stand at a slot."""
    return option.type in ROUTES and len(option.octets) > 2 and option.octets[2] % 4 != 0


def odd_alert(option: DecodedOption) -> bool:
    """Whether a router alert has not the one length that it may have."""
    return option.type == ROUTER_ALERT and not broken(option) and option.length != 4


def no_room(option: DecodedOption) -> bool:
    """Whether some octets are left behind the pointer, and fewer than an entry takes."""
    if broken(option) or option.length < 4 or option.type not in {*ROUTES, TIMESTAMP}:
        return False
    entry = 4
    if option.type == TIMESTAMP and option.octets[3] & 15:
        entry = 8
    return 0 < option.length + 1 - option.octets[2] < entry


def repeated(frame: Frame) -> set[int]:
    """The types of option that stand more than once in a header."""
    counted = Counter(option.type for option in options(frame))
    return {kind for kind, times in counted.items() if times > 1}


def at(frame: Frame, octet: int) -> DecodedOption | None:
    """The option that an octet of the header belongs to."""
    for option in options(frame):
        if option.at <= octet < option.at + len(option.octets):
            return option
    return None


def fault_at(frame: Frame, octet: int) -> bool:
    """Whether an octet of the options is one that the stack finds a fault in (S14.4 to S14.8)."""
    option = at(frame, octet)
    if option is None:
        return False
    octets, kind, place = option.octets, option.type, octet - option.at
    if place == 0:
        routes = [one.at for one in options(frame) if one.type in SOURCE_ROUTES]
        return kind in repeated(frame) or len(octets) == 1 or option.at in routes[1:]
    first, least = (5, 4) if kind == TIMESTAMP else (4, 3)
    size = 8 if kind == TIMESTAMP and octets[3:4] and octets[3] & 15 else 4
    slotted = kind in {*ROUTES, TIMESTAMP}
    odd = slotted and (option.length - least) % size != 0
    if place == 1:
        return broken(option) or odd_alert(option) or odd or (slotted and option.length < least)
    if place == 2:
        left = option.length + 1 - octets[2]
        return slotted and (octets[2] < first or (not odd and 0 < left < size))
    return (
        kind == TIMESTAMP and place == 3 and (octets[3] & 15 not in (0, 1, 3) or exhausted(octets))
    )


def exhausted(octets: bytes) -> bool:
    """Whether a timestamp is full and has counted as many overflows as it can."""
    return octets[2] > octets[1] and octets[3] >> 4 == 15


def truncated(frame: Frame) -> bool:
    """Whether less came than Total Length says."""
    ip = frame.parts["ip"]
    total: int = ip.fields["total_length"]
    return total > len(frame.octets) - ip.start


def beyond(frame: Frame) -> bool:
    """Whether a fragment ends beyond what a datagram may have."""
    fields = frame.parts["ip"].fields
    end: int = fields["offset"] + fields["total_length"]
    return end > LARGEST

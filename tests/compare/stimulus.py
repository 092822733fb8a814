"""What was sent, read for the predicates of the classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

from harness.case.model import Topology
from harness.decode import DecodedOption, Frame, decode
from tests.compare.corpus import Unit
from tests.compare.difference import Difference
from tests.compare.network import Plan

ROUTES: Final = frozenset({7, 131, 137})
"""Record route, loose and strict source route: slots of four octets behind three."""
SOURCE_ROUTES: Final = frozenset({131, 137})
TIMESTAMP: Final = 68
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
    found: tuple[Difference, ...]
    """Everything in which the two answers to the unit differ."""

    @classmethod
    def of(cls, plan: Plan, unit: Unit, found: Iterable[Difference]) -> Sent:
        """Read a unit."""
        frames = tuple((link, decode(frame)) for link, frame in unit.frames)
        return cls(plan, frames, tuple(found))

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
        kind = frame.get("icmp", "type")
        return self._routed(frame.get("ip", "src")) and not (
            frame.get("ip", "offset")
            or self.many(frame.get("ip", "dst"))
            or (frame.get("ip", "protocol") == 1 and kind not in QUERIES)
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

"""What must hold of everything that a node emits, whatever it was sent.

The octets are read here, not by the stack's codec. Sound form holds under every preset; of the
prohibitions of RFC 1122 §3.2.2 a preset is excused from those that section 14 of the behaviour
specification says it does not keep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Final

from harness.addresses import LinkPlan
from stack.policy import Policy

_ERRORS: Final = frozenset((3, 4, 5, 11, 12))
_LARGEST_ERROR: Final = 576
_LINK: Final = 14
_MOST_IN_TRANSIT: Final = 4096
"""Datagrams in the node's own name that are remembered; few of them wait for ARP at one time."""


def _right(*octets: bytes) -> bool:
    whole = b"".join(octets)
    number = int.from_bytes(whole, "big") << 8 * (len(whole) & 1)
    return number != 0 and number % 0xFFFF == 0


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "big")


def _what_travels(packet: bytes) -> bytes:
    """What forwarding leaves as it is: protocol and payload."""
    return packet[9:10] + packet[(packet[0] & 15) * 4 : _number(packet[2:4])]


class Wrong(Exception):
    """A frame that must not have been emitted; the text says why."""


class Watch:
    """Judges the frames of one node."""

    def __init__(self, links: Sequence[LinkPlan], policy: Policy, *, forwarding: bool) -> None:
        self._links = links
        self._policy = policy
        self._forwarding = forwarding
        self._own = {int(IPv4Address(link.target)) for link in links}
        self._broadcasts = {_number(link.subnet.broadcast_address.packed) for link in links}
        self._zeros = {_number(link.subnet.network_address.packed) for link in links}
        self._transport: dict[int, Callable[[bytes, bytes], None]] = {
            1: self._icmp,
            2: self._igmp,
            6: self._tcp,
            17: self._udp,
        }
        self._cause = b""
        self._in_its_name: dict[bytes, None] = {}

    def given(self, frame: bytes) -> None:
        """Take note of the frame that the node is about to be given; empty: only time passes."""
        self._cause = frame
        packet = frame[_LINK:]
        if self._forwarding and len(packet) >= 20 and _number(packet[12:16]) in {0, *self._own}:
            self._in_its_name[_what_travels(packet)] = None
            if len(self._in_its_name) > _MOST_IN_TRANSIT:
                del self._in_its_name[next(iter(self._in_its_name))]

    def emitted(self, link: int, frame: bytes) -> None:
        """Look at one frame.

        Raises:
            Wrong: the frame must not have been emitted.
        """
        plan = self._links[link]
        if frame[6:12] != plan.target_mac:
            raise Wrong("the link source is not the node's")
        if frame[12:14] == b"\x08\x06":
            self._arp(frame[_LINK:], plan)
            return
        if frame[12:14] != b"\x08\x00":
            raise Wrong("neither IPv4 nor ARP")
        self._ip(frame, plan)

    def _arp(self, packet: bytes, plan: LinkPlan) -> None:
        if (
            len(packet) < 28
            or packet[:6] != b"\0\1\x08\0\6\4"
            or packet[6:8] not in (b"\0\1", b"\0\2")
        ):
            raise Wrong("ARP of another form")
        sender = _number(packet[14:18])
        if packet[8:14] != plan.target_mac or (sender and sender not in self._own):
            raise Wrong("ARP from an address that is not the node's")

    def _ip(self, frame: bytes, plan: LinkPlan) -> None:
        packet = frame[_LINK:]
        length = (packet[0] & 15) * 4
        total = _number(packet[2:4])
        if packet[0] >> 4 != 4 or length < 20 or not length <= total <= len(packet):
            raise Wrong("a header that is not sound")
        if not _right(packet[:length]):
            raise Wrong("a wrong header checksum")
        if total > plan.mtu:
            raise Wrong(f"{total} octets on a link of {plan.mtu}")
        destination = _number(packet[16:20])
        self._link_address(frame[:6], packet[16:20], destination)
        if packet[8] == 0 and self._policy.ttl_one_expires:
            raise Wrong("TTL 0")
        if _number(packet[12:16]) not in self._own:
            if not self._forwarding:
                raise Wrong("a source that is not the host's")
            return
        self._options(packet[20:length])
        if packet[6] & 0x3F or packet[7]:
            return
        judge = self._transport.get(packet[9])
        # A router minds nobody who speaks in the name of another NIC than the one he is heard by
        # (S2.8), NETSTACK gives what has no source one and an Identification (S8.7), and both may
        # wait for ARP.
        if judge is not None and _what_travels(packet) not in self._in_its_name:
            judge(packet[:length], packet[length:total])

    def _link_address(self, mac: bytes, octets: bytes, destination: int) -> None:
        if destination == 0xFFFFFFFF and mac != b"\xff" * 6:
            raise Wrong("limited broadcast to one station")
        if destination >> 28 == 0xE:
            wanted = b"\x01\x00\x5e" + bytes((octets[1] & 0x7F,)) + octets[2:]
            if mac != wanted:
                raise Wrong("a group's datagram to another link address")
        elif mac[0] & 1 and destination not in {0xFFFFFFFF, *self._broadcasts}:
            raise Wrong("unicast to a link-layer group")

    @staticmethod
    def _options(area: bytes) -> None:
        at = 0
        while at < len(area) and area[at]:
            if area[at] == 1:
                at += 1
                continue
            if at + 1 == len(area) or not 2 <= area[at + 1] <= len(area) - at:
                raise Wrong("an option area that can't be read")
            at += area[at + 1]

    def _udp(self, header: bytes, body: bytes) -> None:
        if len(body) < 8 or _number(body[4:6]) != len(body):
            raise Wrong("a UDP length that is not the payload's")
        # Where a source route leads on, the sum covers an address that is not the header's.
        routed = bool({131, 137}.intersection(header[20:]))
        pseudo = header[12:20] + b"\0\x11" + body[4:6]
        if body[6:8] != b"\0\0" and not routed and not _right(pseudo, body):
            raise Wrong("a wrong UDP checksum")

    def _tcp(self, header: bytes, body: bytes) -> None:
        pseudo = header[12:20] + b"\0\6" + len(body).to_bytes(2, "big")
        routed = bool({131, 137}.intersection(header[20:]))
        if len(body) < 20 or (not routed and not _right(pseudo, body)):
            raise Wrong("a segment that is not sound")
        if _number(header[16:20]) in self._nobodys():
            raise Wrong("a segment to many or to nobody")

    def _igmp(self, header: bytes, body: bytes) -> None:
        if len(body) < 8 or not _right(body) or header[8] != 1:
            raise Wrong("an IGMP message that is not sound")

    def _icmp(self, header: bytes, body: bytes) -> None:
        if len(body) < 8 or not _right(body):
            raise Wrong("an ICMP message that is not sound")
        # RFC 1122 §3.2.2: neither a reply nor an error goes to what is not one host; of replies
        # NETSTACK minds the limited broadcast alone (S14.18).
        spared = self._nobodys() if self._policy.refuse_illegal_sources else {0xFFFFFFFF}
        if _number(header[16:20]) in spared:
            raise Wrong("ICMP to many or to nobody")
        if body[0] == 4:
            raise Wrong("source quench (RFC 6633 §3)")
        if body[0] in _ERRORS:
            self._error(header, body)

    def _nobodys(self) -> set[int]:
        """Addresses that get no error; S5.16, S14.19: NETSTACK minds two."""
        if not self._policy.spare_illegal_sources:
            return {0, 0xFFFFFFFF}
        return {0, 0xFFFFFFFF, *self._broadcasts, *self._zeros}

    def _error(self, header: bytes, body: bytes) -> None:
        """RFC 1122 §3.2.2: when no error may be sent, read off what the error quotes."""
        if len(header) + len(body) > _LARGEST_ERROR:
            raise Wrong("an error above 576 octets")
        quote = body[8:]
        length = (quote[0] & 15) * 4 if quote else 0
        if length < 20 or len(quote) < length or quote[0] >> 4 != 4:
            raise Wrong("an error that quotes no header")
        # RFC 1812 §5.2.2: a router points at the Total Length of what was cut short on its way.
        cut_short = body[0] == 12 and body[4] == 2
        if len(quote) < min(_number(quote[2:4]), length + 8) and not cut_short:
            raise Wrong("an error that quotes fewer than eight octets of data")
        self._spared(quote, length)
        if len(header) == 20 and quote[12:16] != header[16:20]:
            raise Wrong("an error to another than the source")
        group = self._cause[0] & 1 if self._cause else 0
        shown = self._cause[_LINK : _LINK + len(quote)] == quote
        if group and shown and self._policy.mind_link_broadcast:
            raise Wrong("an error about a link-layer broadcast")

    def _spared(self, quote: bytes, length: int) -> None:
        source, destination = _number(quote[12:16]), _number(quote[16:20])
        if source in self._nobodys() or source >> 28 == 0xE:
            raise Wrong("an error about a source that is not one host")
        if self._policy.spare_illegal_sources and (source >> 24 in (0, 127) or source >> 28 == 0xF):
            raise Wrong("an error about a source that is nobody's")
        # S5.16: what is broadcast for another of its links NETSTACK does not know for one.
        many = self._broadcasts if self._policy.spare_all_broadcasts else set()
        if destination >> 28 == 0xE or destination in {0xFFFFFFFF, *many}:
            raise Wrong("an error about what went to many")
        later = _number(quote[6:8]) & 0x1FFF
        if later and self._policy.spare_later_fragments:
            raise Wrong("an error about a later fragment")
        if quote[9] == 1 and not later and len(quote) > length and quote[length] in _ERRORS:
            raise Wrong("an error about an error")

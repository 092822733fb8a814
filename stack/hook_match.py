"""What a rule asks of a datagram: a filter for the header, and matchers for the rest (S10.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.wire.address import Prefix
from stack.wire.ipv4 import PROTOCOL_TCP, PROTOCOL_UDP, Ipv4Header
from stack.wire.tcp import HEADER_LENGTH as TCP_HEADER
from stack.wire.udp import HEADER_LENGTH as UDP_HEADER
from stack.wire.udp import read_ports

if TYPE_CHECKING:
    from stack.hook_packet import Shown
    from stack.nic import Nic


class Match(Enum):
    """What a matcher answers."""

    YES = "as asked"
    NO = "not as asked: the next rule"
    DROP = "so odd that it is dropped at once"


Matcher = Callable[["Shown"], Match]
"""Looks at a datagram and must not change it."""

ANY_PORT: Final = (0, 0xFFFF)


class Masked(NamedTuple):
    """Addresses whose bits under the mask are these; inverted: all others."""

    address: int
    mask: int
    inverted: bool = False

    @classmethod
    def of(cls, prefix: str, *, inverted: bool = False) -> Masked:
        """Make one of a prefix such as "192.0.2.0/24"."""
        parsed = Prefix.parse(prefix)
        mask = 0xFFFFFFFF << 32 - parsed.length & 0xFFFFFFFF
        return cls(parsed.network, mask, inverted)

    def fits(self, address: int) -> bool:
        """Answer whether an address is one of them."""
        return (address & self.mask == self.address & self.mask) is not self.inverted


class Named(NamedTuple):
    """NICs of this name, or of names that begin so when it ends in "+"; inverted: all others."""

    pattern: str
    inverted: bool = False

    def fits(self, nic: Nic) -> bool:
        """Answer whether a NIC is one of them."""
        if self.pattern.endswith("+"):
            found = nic.name.startswith(self.pattern[:-1])
        else:
            found = nic.name == self.pattern
        return found is not self.inverted


@dataclass(frozen=True, slots=True)
class HeaderFilter:
    """What the header and the way of a datagram must be; None: anything."""

    protocol: int | None = None
    source: Masked | None = None
    destination: Masked | None = None
    came_by: Named | None = None
    """Asked where the NIC it came in on is known: prerouting, input, forward."""
    leaves_by: Named | None = None
    """Asked where the NIC it goes out on is known: forward, output, postrouting."""

    def fits(self, shown: Shown) -> bool:
        """Answer whether a datagram is as asked."""
        return self._header_fits(shown.header) and self._way_fits(shown)

    def _header_fits(self, header: Ipv4Header) -> bool:
        if self.protocol is not None and header.protocol != self.protocol:
            return False
        if self.source is not None and not self.source.fits(header.source):
            return False
        return self.destination is None or self.destination.fits(header.destination)

    def _way_fits(self, shown: Shown) -> bool:
        came_by, leaves_by = self.came_by, self.leaves_by
        if came_by is not None and shown.came_by is not None and not came_by.fits(shown.came_by):
            return False
        if leaves_by is None or shown.leaves_by is None:
            return True
        return leaves_by.fits(shown.leaves_by)


@dataclass(frozen=True, slots=True)
class Ports:
    """Matches TCP or UDP by ports, lowest and highest; inverted: ports outside."""

    protocol: int
    source: tuple[int, int] = ANY_PORT
    destination: tuple[int, int] = ANY_PORT
    source_inverted: bool = False
    destination_inverted: bool = False

    def __call__(self, shown: Shown) -> Match:
        """Look at one datagram."""
        header = shown.header
        if header.protocol != self.protocol:
            return Match.NO
        if header.fragment_offset:
            # RFC 1858 §4: one octet unit in means that the flags of TCP would be overwritten.
            tiny = header.fragment_offset == 1 and self.protocol == PROTOCOL_TCP
            return Match.DROP if tiny else Match.NO
        ports = read_ports(shown.payload)
        if ports is None or len(shown.payload) < _HEADERS.get(self.protocol, 0):
            # RFC 1858 §3: too short for its header, so nothing can be told of it.
            return Match.DROP
        low, high = self.source
        if (low <= ports[0] <= high) is self.source_inverted:
            return Match.NO
        low, high = self.destination
        if (low <= ports[1] <= high) is self.destination_inverted:
            return Match.NO
        return Match.YES


_HEADERS: Final = {PROTOCOL_TCP: TCP_HEADER, PROTOCOL_UDP: UDP_HEADER}

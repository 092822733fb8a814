"""What is known of the path to each destination (RFC 1191).

An estimate is only ever lowered by a message, never raised by one; it is forgotten ten minutes
after it was last lowered, and the link's MTU is tried again.
"""

from __future__ import annotations

from typing import Final

from stack.wire.ipv4 import MINIMUM_MTU

SMALLEST_MTU: Final = MINIMUM_MTU
"""Octets. RFC 791 §3.2: every module can forward a datagram of 68 octets uncut."""

PLATEAUS: Final = (65535, 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, SMALLEST_MTU)
"""Octets. RFC 1191 §7, table 7-1."""

FORGET_AFTER: Final = 600_000_000
"""Microseconds. RFC 1191 §6.3: ten minutes, and never less than five."""

DESTINATIONS: Final = 1024
"""How many destinations are remembered; the one heard of longest ago goes first."""


class PathMtu:
    """The table destination -> largest datagram that is known to pass."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: dict[int, tuple[int, int]] = {}
        """The estimates by destination, in octets, and since when."""

    def estimate(self, destination: int, link_mtu: int, now: int) -> int:
        """Answer the largest datagram for this destination, at most the link's MTU."""
        known = self.known.get(destination)
        if known is None:
            return link_mtu
        mtu, since = known
        if now - since >= FORGET_AFTER:
            # RFC 1191 §6.3: not before 5 minutes after a Datagram Too Big.
            del self.known[destination]
            return link_mtu
        return min(mtu, link_mtu)

    def too_big(
        self, destination: int, next_hop_mtu: int, total_length: int, link_mtu: int, now: int
    ) -> int:
        """Take in a Datagram Too Big message; answer the estimate from now on."""
        current = self.estimate(destination, link_mtu, now)
        if next_hop_mtu < SMALLEST_MTU:
            # RFC 1191 §5: an old-style message; search down the plateaus from what was sent.
            tried = min(total_length, current)
            next_hop_mtu = next((mtu for mtu in PLATEAUS if mtu < tried), SMALLEST_MTU)
        if next_hop_mtu >= current:
            # RFC 1191 §3: a host MUST NOT increase its estimate in response to the message.
            return current
        self.known.pop(destination, None)
        self.known[destination] = (next_hop_mtu, now)
        if len(self.known) > DESTINATIONS:
            del self.known[next(iter(self.known))]
        return next_hop_mtu

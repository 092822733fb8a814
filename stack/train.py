"""One datagram that is being put together: the pieces held so far, and what is known of its end.

How a fragment finds its place among them is `stack.overlap`; when a train is made, completed or
given up is `stack.reassembly`.
"""

from __future__ import annotations

from bisect import bisect_right
from enum import Enum

from stack.wire.ipv4 import Ipv4Packet


class Refusal(Enum):
    """Why a fragment was refused."""

    EMPTY = "a fragment without data"
    ODD_LENGTH = "MF set and the data no multiple of eight octets"
    TOO_LONG = "the datagram would be longer than 65,535 octets"
    OVERLAP = "overlaps earlier fragments in a way the policy does not take"
    CONFLICT = "contradicts earlier fragments on where the datagram ends"
    CONGESTION = "CE and Not-ECT fragments in one datagram (RFC 3168 §5.3)"


class Train:
    """The fragments of one datagram. `context` and `deadline` are the store's."""

    __slots__ = (
        "_costs", "context", "deadline", "ecn", "end", "filled", "first", "inserted", "memory",
        "octets", "starts",
    )  # fmt: skip

    def __init__(self, deadline: int, context: object) -> None:
        self.deadline = deadline
        self.context = context
        self.first: Ipv4Packet | None = None
        self.starts: list[int] = []
        """First octets of the pieces, rising; pieces never overlap."""
        self.octets: list[bytes] = []
        self._costs: list[int] = []
        self.end: int | None = None
        """Octets of the whole payload, once a last fragment told."""
        self.filled = 0
        """Octets held."""
        self.memory = 0
        """Octets held and what keeping the pieces costs (S6.17)."""
        self.inserted = 0
        """Pieces put in so far; tells whether a fragment brought anything."""
        self.ecn = 0
        """A bit for each ECN code point seen."""

    @property
    def extent(self) -> int:
        """Octets up to the end of the last piece."""
        return self.starts[-1] + len(self.octets[-1]) if self.starts else 0

    @property
    def is_complete(self) -> bool:
        """Whether no octet up to the end is missing."""
        return self.filled == self.end

    def first_touched(self, start: int) -> int:
        """The index of the piece that holds the octet `start`, or of the first one behind it."""
        place = bisect_right(self.starts, start)
        if place and self.starts[place - 1] + len(self.octets[place - 1]) > start:
            return place - 1
        return place

    def insert(self, start: int, octets: bytes, cost: int) -> None:
        """Keep a piece that overlaps none; `cost` is what it takes besides its octets."""
        place = bisect_right(self.starts, start)
        self.starts.insert(place, start)
        self.octets.insert(place, octets)
        self._costs.insert(place, cost)
        self.filled += len(octets)
        self.memory += len(octets) + cost
        self.inserted += 1

    def cut_out(self, place: int, start: int, end: int) -> int:
        """Take the octets `start` to `end` away from a piece; answer the index of the next one.

        What is left of the piece before and behind them stays, as pieces of their own.
        """
        there, piece, cost = self.starts[place], self.octets[place], self._costs[place]
        del self.starts[place], self.octets[place], self._costs[place]
        self.filled -= len(piece)
        self.memory -= len(piece) + cost
        if there < start:
            self.insert(there, piece[: start - there], cost)
            place += 1
        if there + len(piece) > end:
            self.insert(end, piece[end - there :], cost)
        return place

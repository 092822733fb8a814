"""How a source chooses the Identification of its datagrams.

RFC 6864 §4.3: a source MUST NOT repeat a value for one source, destination and protocol within the
maximum datagram lifetime, two minutes, when its datagrams are non-atomic. So each such triple has a
counter of its own that starts at random, and a value comes out again only when two minutes have
passed since it was last used (RFC 6864 §5.2: the source limits its rate).

The table of counters is bounded. A counter is forgotten when its last value can no longer live;
while all are alive, new triples share one more counter, which is no less unique.

`IdentificationRule` names what other stacks do instead.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Protocol

from stack.choices import IdentificationRule
from stack.policy import Policy

MAXIMUM_COUNTERS: Final = 4096
"""Triples with a counter of their own."""
SHARED_COUNTERS: Final = 2048
"""S7.6: what all datagrams share, picked by a keyed hash."""

_PER_TRIPLE: Final = IdentificationRule.PER_TRIPLE
_SHARED: Final = IdentificationRule.SHARED
_BLOCK: Final = 1024
_BLOCKS: Final = 0x10000 // _BLOCK


class RandomSource(Protocol):
    """Where randomness comes from, so that a run can be repeated; random.Random fits."""

    def getrandbits(self, k: int, /) -> int:
        """A number of that many random bits."""


class _Counter:
    """Runs through all values from a random start, and never through one that may still live.

    Time is kept for blocks of values, so a value rests a little longer than it must.
    """

    __slots__ = ("_block_ends", "_start", "_taken", "last_used")

    def __init__(self, start: int, now: int) -> None:
        self._start = start
        self._taken = 0
        self._block_ends: list[int] = []
        self.last_used = now

    def take(self, now: int, lifetime: int) -> int | None:
        taken = self._taken
        if taken % _BLOCK == 0:
            if taken:
                self._end_block(self.last_used)
            ends = self._block_ends
            if len(ends) == _BLOCKS and now - ends[taken // _BLOCK % _BLOCKS] < lifetime:
                return None
        self._taken = taken + 1
        self.last_used = now
        return self._start + taken & 0xFFFF

    def _end_block(self, at: int) -> None:
        place = (self._taken - 1) // _BLOCK % _BLOCKS
        if len(self._block_ends) == _BLOCKS:
            self._block_ends[place] = at
        else:
            self._block_ends.append(at)


class IdentificationSource:
    """Gives each datagram its Identification, by the policy's rule."""

    def __init__(self, policy: Policy, random: RandomSource) -> None:
        self.policy = policy
        """May be replaced while running."""
        self._random = random
        self._counters: OrderedDict[tuple[int, int, int], _Counter] = OrderedDict()
        self._overflow: _Counter | None = None
        self._shared: list[int] = []
        self._key = 0

    def next(self, source: int, destination: int, protocol: int, now: int) -> int | None:
        """A value for a datagram between these addresses; `now` in microseconds.

        None when every value may still be alive: then the datagram may only leave as an atomic one
        (DF set, whole), whose Identification means nothing (RFC 6864 §4.1), or not at all.
        """
        policy = self.policy
        rule = policy.identification
        if rule is _PER_TRIPLE:
            triple = (source, destination, protocol)
            lifetime = policy.identification_lifetime
            counter = self._counters.get(triple)
            if counter is None:
                counter = self._new_counter(triple, now, lifetime)
            else:
                self._counters.move_to_end(triple)
            return counter.take(now, lifetime)
        if rule is _SHARED:
            return self._from_shared((source, destination, protocol))
        return self._random.getrandbits(16) or 1

    def next_included(self, source: int, destination: int, protocol: int, now: int) -> int | None:
        """A value for a datagram that brings its header and left this field open (S7.8).

        As `next`; but where counters are shared the protocol plays no part in the choice.
        """
        if self.policy.identification is _SHARED:
            protocol = 0
        return self.next(source, destination, protocol, now)

    def _new_counter(self, triple: tuple[int, int, int], now: int, lifetime: int) -> _Counter:
        if self._has_room(now, lifetime):
            counter = self._counters[triple] = _Counter(self._random.getrandbits(16), now)
            return counter
        if self._overflow is None:
            self._overflow = _Counter(self._random.getrandbits(16), now)
        return self._overflow

    def _has_room(self, now: int, lifetime: int) -> bool:
        """Whether a triple may have a new counter of its own."""
        if self._overflow is not None:
            # A triple that used the shared counter waits until those values are gone.
            if now - self._overflow.last_used < lifetime:
                return False
            self._overflow = None
        if len(self._counters) < MAXIMUM_COUNTERS:
            return True
        oldest = next(iter(self._counters))
        if now - self._counters[oldest].last_used < lifetime:
            return False
        del self._counters[oldest]
        return True

    def _from_shared(self, triple: tuple[int, int, int]) -> int:
        if not self._shared:
            self._key = self._random.getrandbits(32)
            self._shared = [self._random.getrandbits(32) for _ in range(SHARED_COUNTERS)]
        place = hash((self._key, triple)) % SHARED_COUNTERS
        self._shared[place] = self._shared[place] + 1 & 0xFFFFFFFF
        return self._shared[place] & 0xFFFF

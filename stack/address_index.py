"""Which NICs have an address, a broadcast address or a network, asked of the whole stack at once.

Every `AddressTable` enters here what it has while its NIC is usable (S1.2), so that no question
costs a look at every NIC. Where several NICs have the same, the lowest number answers.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

from stack.wire.address import Prefix

Numbers = dict[int, list[int]]
"""NIC numbers in rising order by what they have; a number stands once for each time it has it."""


def network_key(network: int, length: int) -> int:
    """One number for a prefix, to look it up by."""
    return length << 32 | network


class Lengths:
    """The prefix lengths in use, longest first: 33 at most."""

    __slots__ = ("_counts", "longest_first")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.longest_first: tuple[int, ...] = ()

    def add(self, length: int) -> None:
        """One more prefix has this length."""
        self._counts[length] = self._counts.get(length, 0) + 1
        if self._counts[length] == 1:
            self._sort()

    def remove(self, length: int) -> None:
        """One prefix fewer has this length."""
        self._counts[length] -= 1
        if not self._counts[length]:
            del self._counts[length]
            self._sort()

    def _sort(self) -> None:
        self.longest_first = tuple(sorted(self._counts, reverse=True))

    def keys(self, address: int) -> Iterator[tuple[int, int]]:
        """Give length and network key of each prefix in use that could hold an address."""
        for length in self.longest_first:
            shift = 32 - length
            yield length, length << 32 | address >> shift << shift


class AddressIndex:
    """What the usable NICs of one stack have."""

    __slots__ = (
        "_lengths", "_whole", "broadcasts", "changed", "connected", "hosts", "old_broadcasts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.hosts: Numbers = {}
        """By unicast address."""
        self.broadcasts: Numbers = {}
        """By broadcast address: those of subnets, and 255.255.255.255."""
        self.old_broadcasts: Numbers = {}
        """By all-zero host part (RFC 1122 §3.3.6)."""
        self.connected: Callable[[Prefix, int, bool], None] = _nobody
        """Told of every network that a NIC enters (True) or leaves."""
        self.changed: Callable[[], None] = _nothing
        """Called when an address of a NIC comes, goes or changes."""
        self._whole: Numbers = {}
        self._lengths = Lengths()

    def host(self, address: int, number: int, *, enter: bool) -> None:
        """Enter or take out a unicast address."""
        _book(self.hosts, address, number, enter=enter)

    def limited_broadcast(self, address: int, number: int, *, enter: bool) -> None:
        """Enter or take out 255.255.255.255, which a NIC has while it is enabled (S1.3)."""
        _book(self.broadcasts, address, number, enter=enter)

    def network(self, prefix: Prefix, number: int, *, whole: bool, enter: bool) -> None:
        """Enter or take out a network; `whole` when all its addresses are ours (S1.15)."""
        key = network_key(prefix.network, prefix.length)
        self.connected(prefix, number, enter)
        if whole:
            _book(self._whole, key, number, enter=enter)
            (self._lengths.add if enter else self._lengths.remove)(prefix.length)
        broadcast = prefix.broadcast()
        if broadcast is not None:
            _book(self.broadcasts, broadcast, number, enter=enter)
            _book(self.old_broadcasts, prefix.network, number, enter=enter)

    def whole(self, address: int) -> Iterator[int]:
        """Give the NICs that own every address of a network which holds this one (S1.16)."""
        if self._whole:
            for _, key in self._lengths.keys(address):
                yield from self._whole.get(key, ())


def _nobody(prefix: Prefix, number: int, enter: bool) -> None:
    """Nobody wants to know of networks."""


def _nothing() -> None:
    """Nobody wants to know of addresses."""


def _book(numbers: Numbers, key: int, number: int, *, enter: bool) -> None:
    if enter:
        insort(numbers.setdefault(key, []), number)
        return
    found = numbers[key]
    del found[bisect_left(found, number)]
    if not found:
        del numbers[key]

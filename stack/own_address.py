"""One address of a NIC, and who comes first among several (S1.8 to S1.13)."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from enum import Enum
from operator import itemgetter

from stack.wire.address import Prefix


class Place(Enum):
    """Where an address goes in the primary list (S1.10)."""

    CAN_BE = "can be"
    FIRST = "first"
    NEVER = "never"


class Kind(Enum):
    """What an address is to its NIC (S1.8)."""

    PERMANENT = "given by the user"
    EXPIRED = "removed by the user, but still held"
    TEMPORARY = "made up for one who holds it"
    TENTATIVE = "not yet known to be unique"


class Origin(Enum):
    """Where a permanent address comes from (S1.9)."""

    STATIC = "given by hand"
    LEARNED = "given by a protocol"


@dataclass(slots=True, eq=False)
class OwnAddress:
    """One address of a NIC with the prefix of its subnet."""

    address: int
    prefix: Prefix
    deprecated: bool = False
    kind: Kind = Kind.TEMPORARY
    origin: Origin = Origin.STATIC
    rank: int | None = None
    """Place in the primary list, lowest first; None when it is not listed."""
    holds: int = 0
    """How many routes and sockets hold it."""
    serial: int = 0
    """Age: older addresses have lower ones."""


def precedence(own: OwnAddress) -> tuple[int, int]:
    """Who comes first: listed and not deprecated, listed, then the others by age."""
    if own.rank is None:
        return 2, own.serial
    return int(own.deprecated), own.rank


class Order:
    """Addresses in order of preference."""

    __slots__ = ("_sorted",)

    def __init__(self) -> None:
        # Ranks and serials are unique, so that the addresses themselves are never compared.
        self._sorted: list[tuple[tuple[int, int], OwnAddress]] = []

    def add(self, own: OwnAddress) -> None:
        """Enter an address; its place and its deprecation stay until it is removed."""
        insort(self._sorted, (precedence(own), own))

    def remove(self, own: OwnAddress) -> None:
        """Take an address out."""
        del self._sorted[bisect_left(self._sorted, precedence(own), key=itemgetter(0))]

    def first(self) -> OwnAddress | None:
        """Answer who comes first."""
        return self._sorted[0][1] if self._sorted else None

    def __len__(self) -> int:
        return len(self._sorted)

"""The five places where a datagram can be looked at and dropped (S10.1, S14.46).

An inspector is a plain callable. It sees the header and payload as they are at that place and says
whether the datagram may go on. No inspector at a place: everything passes unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from stack.wire.ipv4 import Ipv4Header


class Place(Enum):
    """Where datagrams are shown, in the order they meet the places."""

    PREROUTING = "received, header valid, before anyone asks whose it is"
    INPUT = "for this host, before reassembly and options"
    FORWARD = "for others, route found"
    OUTPUT = "made here, header built"
    POSTROUTING = "about to leave, before it is cut"


class Seen(NamedTuple):
    """What an inspector sees."""

    place: Place
    nic: int
    """Where the datagram came in; from FORWARD on where it goes out."""
    header: Ipv4Header
    payload: bytes


Inspector = Callable[[Seen], bool]
"""Answers True to let the datagram pass, False to drop it."""


class Hooks:
    """The inspectors of each place, asked in the order they were added."""

    def __init__(self) -> None:
        self._inspectors: dict[Place, list[Inspector]] = {place: [] for place in Place}

    def add(self, place: Place, inspector: Inspector) -> None:
        """Put an inspector behind those already there."""
        self._inspectors[place].append(inspector)

    def remove(self, place: Place, inspector: Inspector) -> None:
        """Take an inspector away."""
        self._inspectors[place].remove(inspector)

    def let_pass(self, place: Place, nic: int, header: Ipv4Header, payload: bytes) -> bool:
        """Answer whether every inspector of the place lets the datagram go on."""
        inspectors = self._inspectors[place]
        if not inspectors:
            return True
        seen = Seen(place, nic, header, payload)
        return all(inspector(seen) for inspector in inspectors)

"""A datagram at a hook: where it is looked at, what is seen, and what is known of it (S10.6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from stack.wire.ipv4 import Ipv4Header

if TYPE_CHECKING:
    from stack.connection_tracking import Connection
    from stack.inbound import Inbound
    from stack.nic import Nic


class Place(Enum):
    """Where datagrams are shown, in the order they meet the places."""

    PREROUTING = "received, header valid, before anyone asks whose it is"
    INPUT = "for this host, before reassembly and options"
    FORWARD = "for others, route found"
    OUTPUT = "made here, header built"
    POSTROUTING = "about to leave, before it is cut"


FIRST_PLACES: Final = frozenset({Place.PREROUTING, Place.OUTPUT})
"""Where a datagram is met for the first time, and where its destination may be rewritten."""
LATER_PLACES: Final = frozenset({Place.FORWARD, Place.POSTROUTING})
"""S10.1, S10.12: not called before."""


@dataclass(slots=True)
class Passage:
    """What the hooks remember of one datagram from one place to the next."""

    connection: Connection | None = None
    is_reply: bool = False
    """It travels against the direction of the connection's first datagram."""
    settled: bool = False
    """Rewritten, or of a connection known before: the nat table has spoken (S10.3)."""
    is_error: bool = False
    """An ICMP error about a datagram of the connection; it goes where an answer to that would."""


@dataclass(slots=True)
class Shown:
    """One datagram at one place; header and payload are replaced when they are rewritten."""

    place: Place
    came_by: Nic | None
    """The NIC it came in on; None for what was made here."""
    leaves_by: Nic | None
    """The NIC it goes out on, where that is known."""
    header: Ipv4Header
    """Never changed in place: a rewritten datagram has another header."""
    payload: bytes
    passage: Passage | None = None
    about: Inbound | None = None
    """The datagram received, for errors about it; None for what was made here."""

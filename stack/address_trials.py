"""The addresses that are being tried before use, and what the user is told of it (RFC 5227)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.own_address import Origin, Place
from stack.wire.address import format_address

if TYPE_CHECKING:
    from stack.choices import Defence
    from stack.nic import Nic

EVENTS_LIMIT: Final = 256
"""Events kept for the user; the oldest is lost first."""


class Change(Enum):
    """What became of an address."""

    READY = "tried and in use"
    REFUSED = "in use by another station, so not taken"
    DEFENDED = "another station uses it too; announced again"
    LOST = "another station uses it too; given up"


class AddressEvent(NamedTuple):
    """One thing that the one who configures addresses should know (RFC 5227 §2.1.1, §2.4)."""

    nic: int
    address: str
    change: Change
    station: bytes | None
    """The link address of the other station; None when there is none."""


class Wanted(NamedTuple):
    """An address as a NIC is to have it."""

    address: int
    length: int
    place: Place = Place.CAN_BE
    deprecated: bool = False
    defence: Defence | None = None
    """None: as the policy says."""
    origin: Origin = Origin.STATIC


@dataclass(slots=True)
class Trial:
    """An address being tried, or announced after that."""

    wanted: Wanted
    probes: int
    """Still to be sent."""
    announcements: int
    """Still to be sent."""
    due: int | None = None
    """When to go on, in microseconds; None while the link is down."""


class AddressProbes:
    """The addresses of all NICs that are being tried or announced, by NIC number and address."""

    def __init__(self) -> None:
        self.tentative: dict[tuple[int, int], Trial] = {}
        self.announcing: dict[tuple[int, int], Trial] = {}
        self.tried: dict[tuple[int, int], Wanted] = {}
        """What is tried anew when the link comes up."""
        self.conflicts: dict[int, int] = {}
        self.last_attempt: dict[int, int] = {}
        self.events: deque[AddressEvent] = deque(maxlen=EVENTS_LIMIT)

    def note(self, nic: Nic, address: int, change: Change, station: bytes | None = None) -> None:
        """Keep an event for the user."""
        self.events.append(AddressEvent(nic.number, format_address(address), change, station))

    def conflict(self, nic: Nic) -> None:
        """Count a conflict; too many slow down further trials (RFC 5227 §2.1.1)."""
        self.conflicts[nic.number] = self.conflicts.get(nic.number, 0) + 1

    def next_deadline(self) -> int | None:
        """Answer when `expire` has something to do, in microseconds."""
        if not self.tentative and not self.announcing:
            return None
        trials = (*self.tentative.values(), *self.announcing.values())
        return min((trial.due for trial in trials if trial.due is not None), default=None)

"""The addresses that are being tried before use, and what the user is told of it (RFC 5227)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.agenda import Agenda
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
    due: int = 0
    """When to go on, in microseconds; means nothing while the link is down."""


Key = tuple[int, int]
"""NIC number and address."""


class AddressProbes:
    """The addresses of all NICs that are being tried, or announced after that."""

    def __init__(self) -> None:
        self.tentative: dict[Key, Trial] = {}
        self.announcing: dict[Key, Trial] = {}
        self.tried: dict[Key, Wanted] = {}
        """What is tried anew when the link comes up."""
        self.conflicts: dict[int, int] = {}
        self.last_attempt: dict[int, int] = {}
        self.events: deque[AddressEvent] = deque(maxlen=EVENTS_LIMIT)
        self._agenda: Agenda[Key] = Agenda()

    def note(self, nic: Nic, address: int, change: Change, station: bytes | None = None) -> None:
        """Keep an event for the user."""
        self.events.append(AddressEvent(nic.number, format_address(address), change, station))

    def conflict(self, nic: Nic) -> None:
        """Count a conflict; too many slow down further trials (RFC 5227 §2.1.1)."""
        self.conflicts[nic.number] = self.conflicts.get(nic.number, 0) + 1

    def go_on(self, key: Key, trial: Trial, due: int) -> None:
        """Go on with an address at that time."""
        trial.due = due
        self._agenda.note(key, due)

    def pause(self, key: Key) -> None:
        """Do not go on with an address, until told otherwise."""
        self._agenda.note(key, None)

    def end(self, key: Key) -> None:
        """Try or announce an address no longer."""
        self.pause(key)
        self.tentative.pop(key, None)
        self.announcing.pop(key, None)

    def take_due(self, now: int) -> list[Key]:
        """Answer with which addresses to go on."""
        return self._agenda.take_due(now)

    def next_deadline(self) -> int | None:
        """Answer when `take_due` has something to give, in microseconds."""
        return self._agenda.soonest()

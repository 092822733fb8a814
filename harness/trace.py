"""The trace of a case: all that was sent, received and called, with times."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Event(Enum):
    """What an entry tells of. Directions are the wire's: to the target, from the target."""

    TO_TARGET = "to target"
    FROM_TARGET = "from target"
    CALL = "call"
    NOTE = "note"


@dataclass(slots=True)
class Entry:
    """One thing that happened.

    `at` is microseconds on the target's clock since the case began. `step` counts the case's
    steps from 1; None stands for what the driver does by itself (preamble, sentinel, control).
    `frame` is the frame as on the link (link header included unless the link is bare IP).
    """

    at: int
    event: Event
    text: str
    step: int | None = None
    link: int | None = None
    frame: bytes | None = None


@dataclass(slots=True)
class Trace:
    """Entries in the order of their times, and what the links are."""

    entries: list[Entry] = field(default_factory=list)
    link_names: tuple[str, ...] = ()
    bare_ip: bool = False
    """The frames are IP packets without a link header."""
    epoch: float = 0.0
    """Time of day (seconds since 1970, UTC) at which the case's clock was zero."""

    def add(
        self,
        at: int,
        event: Event,
        text: str,
        *,
        step: int | None = None,
        link: int | None = None,
        frame: bytes | None = None,
    ) -> Entry:
        """Append an entry and return it."""
        entry = Entry(at, event, text, step, link, frame)
        self.entries.append(entry)
        return entry

    def to_json(self) -> dict[str, Any]:
        """The trace as plain data."""
        return {
            "link_names": list(self.link_names),
            "bare_ip": self.bare_ip,
            "epoch": self.epoch,
            "entries": [
                [
                    entry.at,
                    entry.event.value,
                    entry.text,
                    entry.step,
                    entry.link,
                    None if entry.frame is None else entry.frame.hex(),
                ]
                for entry in self.entries
            ],
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> Trace:
        """The trace that `to_json` turned into plain data."""
        return cls(
            [
                Entry(
                    at, Event(event), text, step, link, None if raw is None else bytes.fromhex(raw)
                )
                for at, event, text, step, link, raw in plain["entries"]
            ],
            tuple(plain["link_names"]),
            plain["bare_ip"],
            plain["epoch"],
        )

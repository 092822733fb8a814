"""Durations of cases. One unit everywhere: microseconds, as whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

Microseconds = NewType("Microseconds", int)


def ms(milliseconds: float) -> Microseconds:
    """A duration given in milliseconds."""
    return Microseconds(round(milliseconds * 1_000))


def seconds(count: float) -> Microseconds:
    """A duration given in seconds."""
    return Microseconds(round(count * 1_000_000))


def minutes(count: float) -> Microseconds:
    """A duration given in minutes."""
    return seconds(count * 60)


@dataclass(frozen=True, slots=True)
class NamedDuration:
    """A duration that the target's profile names, plus a margin.

    `name` is a key of the profile's `[timers]` table, in seconds there.
    """

    name: str
    plus: Microseconds = Microseconds(0)

    def __add__(self, margin: Microseconds) -> NamedDuration:
        return NamedDuration(self.name, Microseconds(self.plus + margin))


Duration = Microseconds | NamedDuration

SETTLE = NamedDuration("settle")
"""How long silence is watched, and an answer waited for, by default."""

REASSEMBLY = NamedDuration("reassembly")
"""The target's reassembly timeout as its profile states it, coarse steps included."""

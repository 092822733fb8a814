"""One value of a frame against what an expectation says about it."""

from __future__ import annotations

from typing import Any

from harness.case.match import (
    Between,
    Bits,
    DiffersFrom,
    MultipleOf,
    Not,
    OneOf,
    Seen,
    StartsWith,
    TimeOfDay,
)
from harness.case.symbols import Address, Mac, Port
from harness.judge.view import MILLISECONDS_OF_A_DAY, View

NON_STANDARD_TIME = 0x80000000
"""RFC 792 p. 17: the high bit says that a time is not milliseconds since midnight UT."""
LEAP_SECOND = 1_000
"""Milliseconds by which a day of UT may be longer."""


def matches(wanted: Any, actual: Any, view: View) -> bool:  # noqa: C901 - one line a matcher
    """Whether a field's value is what is wanted; a field that is not there never is."""
    if actual is None:
        return False
    match wanted:
        case Address() | Port() | Mac():
            return bool(view.lease.resolve(wanted) == actual)
        case OneOf(values):
            return any(matches(value, actual, view) for value in values)
        case Between(low, high):
            return (low is None or actual >= low) and (high is None or actual <= high)
        case Not(value):
            return not matches(value, actual, view)
        case Bits(mask, value):
            return bool(actual & mask == value)
        case StartsWith(octets):
            return bool(actual[: len(octets)] == octets)
        case MultipleOf(divisor):
            return bool(actual % divisor == 0)
        case Seen(label, path):
            return bool(view.lookup(label, path) == actual)
        case DiffersFrom(label, path):
            return bool(view.lookup(label, path) != actual)
        case TimeOfDay(tolerance):
            return _is_time_of_day(actual, tolerance, view)
        case tuple() if isinstance(actual, list):
            return all(any(_all_match(w, a, view) for a in actual) for w in wanted)
    return bool(wanted == actual)


def _all_match(wanted: tuple[Any, ...], actual: tuple[Any, ...], view: View) -> bool:
    """Whether a record of an IGMP report is the one wanted, part by part."""
    return all(matches(w, a, view) for w, a in zip(wanted, actual, strict=True))


def _is_time_of_day(actual: int, tolerance: int, view: View) -> bool:
    if actual & NON_STANDARD_TIME:
        return True
    if actual >= MILLISECONDS_OF_A_DAY + LEAP_SECOND:
        return False
    away = abs(actual - view.time_of_day_ms()) % MILLISECONDS_OF_A_DAY
    return min(away, MILLISECONDS_OF_A_DAY - away) <= tolerance

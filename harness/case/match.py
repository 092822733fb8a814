"""Matchers: what an expectation may say about a field besides a plain value.

Each says in words what it wants (`words`), so that a mismatch reads as a sentence. Matchers
that look at other frames name them by the label of a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from harness.case.options import Option
from harness.case.symbols import Address, Mac, Port

Plain: TypeAlias = int | bytes | str | Address | Port | Mac


@dataclass(frozen=True, slots=True)
class OneOf:
    """Any of some values."""

    values: tuple[Plain, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A number within bounds, both included; None leaves a side open."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class Not:
    """Anything but a value."""

    value: Plain


@dataclass(frozen=True, slots=True)
class Bits:
    """A number whose bits under a mask have a value."""

    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class StartsWith:
    """Octets that begin with others."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class MultipleOf:
    """A number divisible by another."""

    divisor: int


@dataclass(frozen=True, slots=True)
class Seen:
    """The value that a field had in a labelled frame, received or sent: `layer.field`."""

    label: str
    field: str


@dataclass(frozen=True, slots=True)
class DiffersFrom:
    """Any value but the one that a field had in a labelled frame."""

    label: str
    field: str


@dataclass(frozen=True, slots=True)
class QuoteOf:
    """An ICMP error's quote of a datagram sent before (RFC 792, RFC 1122 §3.2.2).

    The quote has the whole IP header as it was received and at least `at_least` octets of data.
    `label` names the sending step; None means the last datagram sent. `may_change` lists header
    fields that a router may have changed in transit (`ttl`, `checksum`, `options`).
    """

    label: str | None = None
    at_least: int = 8
    may_change: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """Milliseconds since midnight UT, right within a tolerance, or the high bit set.

    Source: RFC 792 p. 17, RFC 1122 §3.2.2.8.
    """

    tolerance_ms: int = 300_000


@dataclass(frozen=True, slots=True)
class Including:
    """An option list with these options, in this order, among possible others."""

    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """An option list without options of these types."""

    types: tuple[int, ...]


Matcher: TypeAlias = (
    OneOf
    | Between
    | Not
    | Bits
    | StartsWith
    | MultipleOf
    | Seen
    | DiffersFrom
    | QuoteOf
    | TimeOfDay
    | Including
    | Without
)


def one_of(*values: Plain) -> OneOf:
    """Any of these values."""
    return OneOf(values)


def between(low: int, high: int) -> Between:
    """A number from `low` to `high`, both included."""
    return Between(low, high)


def at_least(low: int) -> Between:
    """A number not below `low`."""
    return Between(low, None)


def at_most(high: int) -> Between:
    """A number not above `high`."""
    return Between(None, high)


def not_(value: Plain) -> Not:
    """Anything but this value."""
    return Not(value)


def bits(mask: int, value: int) -> Bits:
    """The bits under `mask` have `value`."""
    return Bits(mask, value)


def starts_with(octets: bytes) -> StartsWith:
    """Octets that begin with these."""
    return StartsWith(octets)


def multiple_of(divisor: int) -> MultipleOf:
    """A number that `divisor` divides."""
    return MultipleOf(divisor)


def seen(label: str, field: str) -> Seen:
    """The value of `field` (such as "ip.identification") in the frame of a labelled step."""
    return Seen(label, field)


def differs_from(label: str, field: str) -> DiffersFrom:
    """Any value but that of `field` in the frame of a labelled step."""
    return DiffersFrom(label, field)


def quote_of(
    label: str | None = None, *, at_least: int = 8, may_change: tuple[str, ...] = ()
) -> QuoteOf:
    """A quote of the datagram sent at a labelled step, or of the last one sent."""
    return QuoteOf(label, at_least, may_change)


def time_of_day(tolerance_ms: int = 300_000) -> TimeOfDay:
    """A standard time near the true one, or a non-standard one that says so."""
    return TimeOfDay(tolerance_ms)


def including(*options: Option) -> Including:
    """These options in this order, whatever else is there."""
    return Including(options)


def without(*types: int) -> Without:
    """No option of these types."""
    return Without(types)

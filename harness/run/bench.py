"""What a driver lends to the engine for one run of one case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from harness.addresses import Lease
from harness.case.time import Duration, NamedDuration
from harness.decode import Frame
from harness.encode import Encoder
from harness.target.base import Counters, Offers, TargetError, Upper


@dataclass(frozen=True, slots=True)
class Wait:
    """The engine's only wish: to be resumed at a time, or with the next frame of its case.

    `until` is microseconds on the bench's clock.
    """

    until: int
    or_frame: bool = True


@dataclass(slots=True)
class Arrival:
    """A frame that came from the target: when (microseconds), on which link, and as read.

    An ambient one may be claimed by a case that is about such traffic, but need not be.
    """

    at: int
    link: int
    frame: Frame
    claimed: bool = False
    ambient: bool = False


class Bench(Protocol):
    """One laboratory, one lease, one clock. No method waits."""

    lease: Lease
    encoder: Encoder
    offers: Offers
    timers: Mapping[str, float]
    virtual: bool

    @property
    def upper(self) -> Upper | None:
        """The upper tester, if there is one."""

    def now(self) -> int:
        """Microseconds since the run began."""

    def seen(self) -> int:
        """Up to when all that came has been looked at; now, where nothing can wait unseen."""

    def missed(self) -> int:
        """Microseconds, all told, in which the tester had no eye for what came."""

    def time_of_day_ms(self) -> int:
        """Milliseconds since midnight UT, now."""

    def transmit(self, link: int, frame: bytes) -> None:
        """Put a frame on a link.

        Raises:
            TargetGone: the target or its link went away.
        """

    def counters(self) -> Counters | None:
        """The target's counters now."""


class Window:
    """A span in which something is to come, in microseconds on a bench's clock.

    It counts what the tester watched of it: while a busy machine kept the tester away, the target
    may have waited for an ARP answer. It is over when all that came in it has been looked at.
    """

    def __init__(self, bench: Bench, since: int, length: int) -> None:
        self._bench = bench
        self._end = since + length - bench.missed()

    @property
    def until(self) -> int:
        """When it ends, as far as is known now."""
        return self._end + self._bench.missed()

    @property
    def over(self) -> bool:
        """Whether it has been seen to its end."""
        return self._bench.seen() >= self.until


def microseconds(duration: Duration, timers: Mapping[str, float]) -> int:
    """A duration of a case on this target.

    Raises:
        TargetError: the profile does not say how long a named duration is.
    """
    if not isinstance(duration, NamedDuration):
        return duration
    if duration.name not in timers:
        raise TargetError(f"the profile's [timers] does not say {duration.name!r}")
    return round(timers[duration.name] * 1_000_000) + duration.plus

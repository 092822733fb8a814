"""One case in flight on a real host: its run, its clock, its wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from enum import Enum

from harness.addresses import Lease
from harness.case.model import Case
from harness.catalogue import Catalogue
from harness.encode import Encoder
from harness.run.attention import LATE, Attention
from harness.run.bench import Wait
from harness.run.case_run import start
from harness.run.observation import Outcome
from harness.target.base import Counters, Offers, RealLaboratory, TargetError, TargetGone, Upper
from harness.verdict import CaseResult

MILLISECONDS_OF_A_DAY = 86_400_000


def clock() -> int:
    """Microseconds on the machine's monotonic clock."""
    return time.monotonic_ns() // 1000


class End(Enum):
    """How a task's run ended, for those who decide whether it is tried again."""

    SEEN = "seen"
    MISSING = "missing"
    """Something was expected and nothing came: it may have been lost on the way."""
    DEAD = "dead"
    """The target did not answer a sentinel, or its link went away."""


class RealBench:
    """A laboratory, a lease and the machine's clock, for one run."""

    virtual = False

    def __init__(
        self,
        laboratory: RealLaboratory,
        lease: Lease,
        offers: Offers,
        timers: Mapping[str, float],
        attention: Attention,
    ) -> None:
        self.lease = lease
        self.encoder = Encoder(lease)
        self.offers = offers
        self.timers = timers
        self._laboratory = laboratory
        self._attention = attention
        self._missed_before = attention.missed
        self.began = clock()
        """On the machine's clock."""

    @property
    def upper(self) -> Upper | None:
        """The upper tester; it is started when a case first calls."""
        return self._laboratory.upper

    def now(self) -> int:
        """Microseconds since the run began."""
        return clock() - self.began

    def seen(self) -> int:
        """Up to when all that came has been looked at."""
        return self._attention.seen - self.began

    def missed(self) -> int:
        """Microseconds in which the tester had no eye for the links since the run began."""
        return self._attention.missed - self._missed_before

    def time_of_day_ms(self) -> int:
        """Milliseconds since midnight UT by the tester's clock."""
        return time.time_ns() // 1_000_000 % MILLISECONDS_OF_A_DAY

    def transmit(self, link: int, frame: bytes) -> None:
        """Put a frame on a link.

        Raises:
            TargetGone: the target or its link went away.
            TargetError: this link can't carry such a frame.
        """
        try:
            self._laboratory.wires[link].send(frame)
        except OSError as error:
            raise TargetError(f"a frame of {len(frame)} octets can't be sent: {error}") from error

    def counters(self) -> Counters | None:
        """The target's counters now."""
        return self._laboratory.counters()


class Task:
    """A case in flight. `deadline` is when it wants to be resumed, on the machine's clock."""

    def __init__(
        self, case: Case, bench: RealBench, catalogue: Catalogue, *, attempt: int, alone: bool
    ) -> None:
        self.case = case
        self.attempt = attempt
        self.alone = alone
        self.lease = bench.lease
        self.state, self._run = start(case, bench, catalogue)
        self.state.trace.epoch = time.time()
        self.result: CaseResult | None = None
        self.fresh = False
        self.began = bench.began
        self.deadline = self.began
        self.lateness = 0
        """The longest, in microseconds, that the tester kept the run waiting."""
        self._wait = Wait(0)

    @property
    def due(self) -> int:
        """When the run wants to go on, on the machine's clock; 0 for at once."""
        return 0 if self.fresh and self._wait.or_frame else self.deadline

    def was_left(self, away: int) -> None:
        """Note that nobody looked at the links for a while; it matters to who waits for frames."""
        if self._wait.or_frame:
            self.lateness = max(self.lateness, away)

    def resume(self, now: int) -> None:
        """Go on with the run if its wait is over."""
        if self.result is not None or now < self.due:
            return
        if not self._wait.or_frame:
            self.lateness = max(self.lateness, clock() - self.deadline)
        self.fresh = False
        self._step(lambda: next(self._run))

    def lose_target(self, gone: TargetGone) -> None:
        """Tell the run that its target went away."""
        if self.result is None:
            self._step(lambda: self._run.throw(gone))

    def _step(self, go_on: Callable[[], Wait]) -> None:
        try:
            self._wait = go_on()
        except StopIteration as done:
            self.result = done.value
            self.result.attempts = self.attempt
            return
        self.deadline = self.began + self._wait.until

    @property
    def late(self) -> bool:
        """Whether what the run complains of may be the tester's own fault: it was slow."""
        return (
            self.lateness > LATE
            and self.state.gone is None
            and any(
                observation.outcome in (Outcome.BROKEN, Outcome.UNSEEN)
                for observation in self.state.observations
            )
        )

    @property
    def end(self) -> End:
        """How the run ended."""
        if self.state.dead is not None:
            return End.DEAD
        observations = self.state.observations
        if any(o.missing and o.outcome is not Outcome.MET for o in observations):
            return End.MISSING
        return End.SEEN

"""The lockstep driver: a target on virtual time, one case after the other, nothing sleeps.

Each case has a fresh laboratory. Time jumps to whatever comes first: the target's next deadline
or the end of the engine's wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from harness.addresses import Lease, LeasePool, LinkPlan
from harness.case.model import Case
from harness.catalogue import Catalogue
from harness.decode import decode
from harness.encode import Encoder
from harness.run.bench import Wait
from harness.run.case_run import CaseRun, start
from harness.run.neighbour import Neighbour
from harness.run.runner import InvariantRecord
from harness.run.state import State
from harness.target.base import (
    Counters,
    Target,
    TargetGone,
    Upper,
    VirtualLaboratory,
    configuration_of,
    what_is_missing,
)
from harness.verdict import CaseResult, Finding

MILLISECONDS_OF_A_DAY = 86_400_000
MOST_FRAMES_AT_ONE_INSTANT = 2_000
"""A target that sends more without time passing floods; it is stopped."""
MOST_TURNS_AT_ONE_INSTANT = 1_000
"""A target that is due this often without time passing never rests; it is stopped."""


class LockstepRunner:
    """Runs cases on a virtual target."""

    def __init__(self, target: Target, catalogue: Catalogue) -> None:
        self._target = target
        self._catalogue = catalogue
        self._encoders: dict[tuple[LinkPlan, ...], Encoder] = {}
        self._record = InvariantRecord()

    def use(self, target: Target) -> None:
        """Go on with another target; what was encoded for equal addresses is kept."""
        self._target = target

    def prepare(self, cases: Sequence[Case]) -> None:
        """Nothing: virtual cases run when they are asked for."""

    def cancel(self) -> None:
        """Nothing is ever under way."""

    def close(self) -> None:
        """Nothing is kept open between cases."""

    def invariants(self) -> list[Finding]:
        """What the run as a whole says of the invariants."""
        return self._record.findings()

    def result(self, case: Case) -> CaseResult:
        """Run a case now, on a fresh laboratory."""
        missing = what_is_missing(case, self._target.offers)
        if missing is not None:
            return CaseResult(case.id, missing=missing)
        # Protocols have no cheap instance check; a virtual target's laboratories are virtual.
        laboratory = cast(VirtualLaboratory, self._target.laboratory(configuration_of(case)))
        try:
            result = self._run(case, laboratory)
        finally:
            laboratory.close()
        self._record.take(result)
        return result

    def _run(self, case: Case, laboratory: VirtualLaboratory) -> CaseResult:
        encoder = self._encoder(laboratory.links)
        bench = LockstepBench(case, laboratory, encoder, self._target)
        state, run = start(case, bench, self._catalogue)
        bench.state = state
        return _drive(run, bench)

    def _encoder(self, links: tuple[LinkPlan, ...]) -> Encoder:
        """One encoder for all cases with the same addresses: each starts on a fresh target."""
        encoder = self._encoders.get(links)
        if encoder is None:
            encoder = Encoder(LeasePool(links).numbered(0))
            self._encoders[links] = encoder
        return encoder


def _drive(run: CaseRun, bench: LockstepBench) -> CaseResult:
    try:
        wait = next(run)
        while True:
            try:
                bench.pass_time(wait)
            except TargetGone as gone:
                wait = run.throw(gone)
            else:
                wait = next(run)
    except StopIteration as done:
        result: CaseResult = done.value
        return result


class LockstepBench:
    """A laboratory with its clock in our hand."""

    virtual = True

    def __init__(
        self, case: Case, laboratory: VirtualLaboratory, encoder: Encoder, target: Target
    ) -> None:
        self.encoder = encoder
        self.lease: Lease = encoder.lease
        self.offers = target.offers
        self.timers: Mapping[str, float] = target.timers
        self.state: State | None = None
        self._laboratory = laboratory
        self._now = 0
        self._fresh = False
        self._stopped = 0
        """How often in a row the target had something due, and time did not pass."""
        muted = frozenset(
            self.lease.addresses[symbol] for symbol in case.mutes if symbol in self.lease.addresses
        )
        self._neighbours = tuple(Neighbour(link, muted.__contains__) for link in laboratory.links)

    @property
    def upper(self) -> Upper | None:
        """The upper tester; it is started when a case first calls."""
        return self._laboratory.upper

    def now(self) -> int:
        """Microseconds since the laboratory was made."""
        return self._now

    def seen(self) -> int:
        """Now: frames are looked at when they are sent."""
        return self._now

    def missed(self) -> int:
        """None: the clock waits for the tester."""
        return 0

    def time_of_day_ms(self) -> int:
        """Milliseconds since midnight UT on the laboratory's clock."""
        return (self._laboratory.time_of_day_ms + self._now // 1000) % MILLISECONDS_OF_A_DAY

    def counters(self) -> Counters | None:
        """The target's counters now."""
        return self._laboratory.counters()

    def transmit(self, link: int, frame: bytes) -> None:
        """Give the target a frame and take what it sends at once."""
        self._laboratory.inject(link, frame, self._now)
        self._pump()

    def pass_time(self, wait: Wait) -> None:
        """Move the clock to the end of a wait, or to the first frame of the case before."""
        while not (wait.or_frame and self._fresh):
            self._pump()
            if wait.or_frame and self._fresh:
                break
            due = self._laboratory.next_deadline()
            if due is None or due > wait.until:
                self._now = max(self._now, wait.until)
                self._pump()
                break
            self._stopped = 0 if due > self._now else self._stopped + 1
            if self._stopped > MOST_TURNS_AT_ONE_INSTANT:
                raise TargetGone("the target's next deadline never passes")
            self._now = max(self._now, due)
        self._fresh = False

    def _pump(self) -> None:
        """Take the frames that the target sends now, answer its ARP, until it is quiet."""
        taken = 0
        while frames := self._laboratory.poll(self._now):
            for link, octets in frames:
                self._take(link, octets)
            taken += len(frames)
            if taken > MOST_FRAMES_AT_ONE_INSTANT:
                raise TargetGone(f"the target floods: {taken} frames at one instant")

    def _take(self, link: int, octets: bytes) -> None:
        if self.state is None:
            return
        frame = decode(octets, bare_ip=self.lease.links[link].bare_ip)
        if self.state.receive(self._now, link, frame):
            self._fresh = True
        reply = self._neighbours[link].answer(frame)
        if reply is not None:
            self.state.trace_reply(self._now, link, reply)
            self._laboratory.inject(link, reply, self._now)

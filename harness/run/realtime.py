"""The real-time driver: all cases of a run in one event loop, their waits overlapping.

Each case has a lease of its own. Cases that touch what a whole host shares run alone, in
laboratories of their own where the target makes those, else after all others. A missing answer
is asked for once more; a target that dies makes suspects of all that were in flight, and they are
tried again one by one where it can be restarted.
"""

from __future__ import annotations

import selectors
from collections.abc import Iterator, Sequence
from typing import cast

from harness.case.model import Case
from harness.catalogue import Catalogue
from harness.run.realtime_lab import Bed
from harness.run.realtime_task import End, RealBench, Task, clock
from harness.run.runner import InvariantRecord, OnProgress, Progress
from harness.run.sharing import changes_igmp_version, longest_seconds, runs_alone, uses_on_link
from harness.target.base import (
    Configuration,
    RealLaboratory,
    Target,
    TargetError,
    TargetGone,
    Unsettable,
    configuration_of,
    what_is_missing,
)
from harness.verdict import CaseResult, Finding, Verdict

MOST_IN_FLIGHT = 200
"""Cases in flight in one laboratory at a time."""
STARTS_OF_A_TURN = 4
"""Cases that begin between two looks at the links: encoding takes its time."""
SECONDS_ALONE = 5.0
"""How long cases that must be alone may queue for one laboratory before another is set up."""
OVERHEAD_SECONDS = 0.1
"""What a case takes besides the waits that it names."""
PROGRESS_INTERVAL = 500_000
ATTEMPTS = 2


class RealTimeRunner:
    """Runs cases on a real target."""

    def __init__(
        self, target: Target, catalogue: Catalogue, progress: OnProgress | None = None
    ) -> None:
        self._target = target
        self._catalogue = catalogue
        self._progress = progress
        self._selector = selectors.DefaultSelector()
        self._beds: list[Bed] = []
        self._shared: dict[Configuration, Bed] = {}
        self._alone_room: dict[Bed, float] = {}
        """Seconds that laboratories for cases alone can still take."""
        self._results: dict[str, CaseResult] = {}
        self._first: dict[str, CaseResult] = {}
        """What the first attempt of a case brought that is tried again."""
        self._total = 0
        self._shown = 0
        self._record = InvariantRecord()

    # What the plugin calls

    def prepare(self, cases: Sequence[Case]) -> None:
        """Set up the laboratories for all cases; the longest waits begin first."""
        ordered = sorted(
            cases, key=lambda case: longest_seconds(case, self._target.timers), reverse=True
        )
        for case in ordered:
            self._enqueue(case)

    def result(self, case: Case) -> CaseResult:
        """Run the event loop until this case's result is known."""
        if case.id not in self._results and not self._is_under_way(case):
            self._enqueue(case)
        while case.id not in self._results:
            self._turn()
        return self._results[case.id]

    def cancel(self) -> None:
        """Nothing more begins, and nothing is waited for."""
        for bed in self._beds:
            bed.waiting.clear()
            bed.alone.clear()
            for task in tuple(bed.flying):
                bed.leave(task)

    def invariants(self) -> list[Finding]:
        """What the run as a whole says of the invariants."""
        return self._record.findings()

    def close(self) -> None:
        """Give back all laboratories."""
        self.cancel()
        self._selector.close()
        for bed in self._beds:
            bed.laboratory.close()
        self._beds.clear()

    # Where cases wait

    def _enqueue(self, case: Case) -> None:
        self._total += 1
        missing = what_is_missing(case, self._target.offers)
        if missing is not None:
            self._results[case.id] = CaseResult(case.id, missing=missing)
            return
        try:
            self._place(case)
        except Unsettable as unsettable:
            self._results[case.id] = CaseResult(case.id, missing=str(unsettable))
        except TargetError as error:
            self._results[case.id] = _inconclusive(case, f"no laboratory: {error}")

    def _place(self, case: Case) -> None:
        configuration = configuration_of(case)
        if not self._target.side_by_side:
            # There is one laboratory of each topology; what is set there, the profile has said.
            configuration = Configuration(case.topology)
        alone = runs_alone(case, self._target.offers)
        if alone and self._target.side_by_side:
            bed = self._bed_for_one(case, configuration)
        elif configuration in self._shared:
            bed = self._shared[configuration]
        else:
            bed = self._shared[configuration] = self._new_bed(configuration)
        if case.calls:
            bed.wake_upper()
        (bed.alone if alone else bed.waiting).append((case, 1))

    def _bed_for_one(self, case: Case, configuration: Configuration) -> Bed:
        """A laboratory for cases that run alone: it takes some, one after the other."""
        seconds = longest_seconds(case, self._target.timers) + OVERHEAD_SECONDS
        if changes_igmp_version(case):
            return self._new_bed(configuration)
        for bed, left in self._alone_room.items():
            if left >= seconds and bed.laboratory.configuration == configuration:
                self._alone_room[bed] = left - seconds
                return bed
        bed = self._new_bed(configuration)
        self._alone_room[bed] = SECONDS_ALONE - seconds
        return bed

    def _new_bed(self, configuration: Configuration) -> Bed:
        # Protocols have no cheap instance check; a real target's laboratories are real.
        laboratory = cast(RealLaboratory, self._target.laboratory(configuration))
        bed = Bed(laboratory, self._record)
        self._beds.append(bed)
        self._register(bed)
        return bed

    def _register(self, bed: Bed) -> None:
        for wire in bed.laboratory.wires:
            self._selector.register(wire.fileno(), selectors.EVENT_READ, bed)

    def _is_under_way(self, case: Case) -> bool:
        return any(
            any(task.case.id == case.id for task in bed.flying)
            or any(other.id == case.id for other, _ in (*bed.waiting, *bed.alone))
            for bed in self._beds
        )

    # The loop

    def _turn(self) -> None:
        """Look at the links, go on with what is due, begin what may begin."""
        more = [self._begin(bed) for bed in self._beds]
        pause = 0 if any(more) else max(0, self._next_deadline() - clock())
        ready = {key.data for key, _ in self._selector.select(pause / 1_000_000)}
        for bed in ready:
            bed.drain()
        now = clock()
        for bed in self._beds:
            if bed.gone is not None:
                self._lose(bed, bed.gone)
            for task in tuple(bed.flying):
                task.resume(now)
                if task.result is not None:
                    self._finish(bed, task)
        self._show_progress(now)

    def _next_deadline(self) -> int:
        deadlines = [task.deadline for bed in self._beds for task in bed.flying]
        return min(deadlines, default=clock())

    def _begin(self, bed: Bed) -> bool:
        """Begin some of a laboratory's cases; whether there are more to begin at once."""
        for _ in range(STARTS_OF_A_TURN):
            if bed.flying and not bed.warm_up():
                return False
            if bed.waiting and len(bed.flying) < MOST_IN_FLIGHT:
                if not self._start(bed, *bed.waiting[0], alone=False):
                    return False
                bed.waiting.popleft()
            elif bed.alone and not bed.flying:
                self._start(bed, *bed.alone.popleft(), alone=True)
                return False
            else:
                return False
        return bool(bed.waiting)

    def _start(self, bed: Bed, case: Case, attempt: int, *, alone: bool) -> bool:
        """Begin a case with a new lease; False while its addresses are still in use."""
        lease = bed.leases.lease(on_link=uses_on_link(case))
        if bed.clashes(lease.own()):
            return False
        bench = RealBench(bed.laboratory, lease, self._target.offers, self._target.timers)
        task = Task(case, bench, self._catalogue, attempt=attempt, alone=alone)
        bed.board(task)
        task.resume(clock())
        if task.result is not None:
            self._finish(bed, task)
        return True

    def _finish(self, bed: Bed, task: Task) -> None:
        bed.leave(task)
        assert task.result is not None
        if bed.gone is None:
            bed.gone = self._death(task)
        if task.end is not End.SEEN and task.attempt < ATTEMPTS:
            self._first[task.case.id] = task.result
            queue = bed.alone if task.alone or task.end is End.DEAD else bed.waiting
            queue.append((task.case, task.attempt + 1))
            return
        self._settle(task.case, task.result)

    def _death(self, task: Task) -> TargetGone | None:
        """How a task saw the target go, if the target is worth a restart for it.

        A target that leaves even the preamble unanswered is as good as gone.
        """
        if task.state.gone is not None:
            return task.state.gone
        unanswered = task.state.dead is not None and task.state.step == 0
        if unanswered and self._target.offers.restart:
            return TargetGone(str(task.state.dead))
        return None

    def _settle(self, case: Case, result: CaseResult) -> None:
        first = self._first.pop(case.id, None)
        if first is not None:
            result = _agreed(first, result)
        self._record.take(result)
        self._results[case.id] = result

    def _lose(self, bed: Bed, gone: TargetGone) -> None:
        """The target of a laboratory died: all in flight are suspects, none is guilty yet."""
        bed.gone = None
        suspects = tuple(bed.flying)
        for task in suspects:
            task.lose_target(gone)
            bed.leave(task)
        waiting = [(task.case, task.attempt) for task in suspects] + list(bed.waiting)
        bed.waiting.clear()
        for wire in bed.laboratory.wires:
            self._selector.unregister(wire.fileno())
        if self._restarted(bed):
            self._register(bed)
            for case, attempt in waiting:
                bed.alone.append((case, attempt))
            return
        self._beds.remove(bed)
        for configuration in [c for c, shared in self._shared.items() if shared is bed]:
            del self._shared[configuration]
        bed.laboratory.close()
        for task in suspects:
            if task.result is not None:
                self._settle(task.case, task.result)
        for case, _ in (*waiting, *bed.alone):
            if case.id not in self._results:
                self._settle(case, _inconclusive(case, f"the target went away: {gone}"))

    def _restarted(self, bed: Bed) -> bool:
        if not self._target.offers.restart:
            return False
        try:
            return bed.laboratory.restart()
        except TargetError:
            return False

    def _show_progress(self, now: int) -> None:
        if self._progress is None or now - self._shown < PROGRESS_INTERVAL:
            return
        self._shown = now
        left = max((w for w in self._waits(now)), default=0.0)
        self._progress(Progress(len(self._results), self._total, left))

    def _waits(self, now: int) -> Iterator[float]:
        for bed in self._beds:
            for task in bed.flying:
                yield max(0, task.deadline - now) / 1_000_000


def _inconclusive(case: Case, reason: str) -> CaseResult:
    findings = [Finding(r, Verdict.INCONCLUSIVE, reason=reason) for r in case.requirements]
    return CaseResult(case.id, findings)


def _agreed(first: CaseResult, second: CaseResult) -> CaseResult:
    """Two attempts: only what both say is a finding, and an answer at last is an answer.

    Attempts that complain of different things are inconclusive.
    """
    if second.verdict in (Verdict.PASS, Verdict.OBSERVED, Verdict.NOT_APPLICABLE):
        return second
    complaints = [
        {(f.requirement, f.verdict) for f in result.findings if f.verdict is not Verdict.PASS}
        for result in (first, second)
    ]
    if complaints[0] == complaints[1]:
        return second
    said = ["; ".join(sorted(f"{r} {v.value}" for r, v in c)) or "nothing" for c in complaints]
    second.findings = [
        Finding(
            f.requirement,
            Verdict.INCONCLUSIVE,
            f.explanation,
            reason=f"two attempts differ: {said[0]}, then {said[1]}",
        )
        for f in second.findings
        if f.verdict is not Verdict.PASS
    ]
    return second

"""The real-time driver: all cases of a run in one event loop, their waits overlapping.

Each case has a lease of its own. Cases that touch what a whole host shares run alone, in
laboratories of their own where the target makes those, else after all others. A missing answer
is asked for once more; a target that dies makes suspects of all that were in flight, and they are
tried again one by one where it can be restarted.

The tester looks at its links every few milliseconds, whatever there is to do besides. Where a busy
machine keeps it from that, a complaint is not believed: the case is tried again.
"""

from __future__ import annotations

import selectors
from collections import deque
from collections.abc import Sequence
from typing import cast

from harness.case.model import Case, Topology
from harness.catalogue import Catalogue
from harness.run.attempts import agreed, complains, inconclusive, not_believed, not_tried_again
from harness.run.attention import BLINK, Attention, spared_from_the_collector
from harness.run.realtime_lab import Bed
from harness.run.realtime_task import End, RealBench, Task, clock
from harness.run.runner import InvariantRecord, OnProgress, Progress
from harness.run.sharing import (
    changes_igmp_version,
    leaves_reports,
    longest_seconds,
    runs_alone,
    uses_on_link,
    widest,
)
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
from harness.verdict import CaseResult, Finding

MOST_IN_FLIGHT = 200
"""Cases in flight in one laboratory at a time."""
SLICE = 8_000
"""Microseconds of work between two looks at the links."""
SECONDS_ALONE = 20.0
"""How long cases that must be alone may queue for one laboratory before another is set up."""
OVERHEAD_SECONDS = 0.1
"""What a case takes besides the waits that it names."""
PROGRESS_INTERVAL = 500_000
LATE_ATTEMPTS = 4
"""How often a case is tried at most while the tester is late."""
SHORT_SECONDS = 5.0
"""Up to when the second attempt of a case may keep a whole host for itself."""
SILENCE = 20_000_000
"""Microseconds without any answer after which a target that can't be restarted is given up."""


class RealTimeRunner:
    """Runs cases on a real target."""

    def __init__(
        self, target: Target, catalogue: Catalogue, progress: OnProgress | None = None
    ) -> None:
        self._target = target
        self._catalogue = catalogue
        self._progress = progress
        self._selector = selectors.DefaultSelector()
        self._attention = Attention(clock())
        self._undo = spared_from_the_collector()
        self._more = True
        """Whether cases may begin at once."""
        self._beds: list[Bed] = []
        self._shared: dict[Configuration, Bed] = {}
        self._alone_room: dict[tuple[Configuration, bool], dict[Bed, float]] = {}
        """Seconds that laboratories for cases alone can still take; those for cases that leave
        reports of groups behind are others."""
        self._widest = Topology.HOST
        """Of the topologies of all cases: that of a target with one laboratory."""
        self._results: dict[str, CaseResult] = {}
        self._first: dict[str, CaseResult] = {}
        """What the first attempt of a case brought that is tried again."""
        self._total = 0
        self._shown = 0
        self._record = InvariantRecord()

    # What the plugin calls

    def prepare(self, cases: Sequence[Case]) -> None:
        """Set up the laboratories for all cases; the longest waits begin first."""
        self._widest = widest(self._widest, *(case.topology for case in cases))
        ordered = sorted(
            cases, key=lambda case: longest_seconds(case, self._target.timers), reverse=True
        )
        for case in ordered:
            self._enqueue(case)
            self._show_progress(clock())

    def result(self, case: Case) -> CaseResult:
        """Run the event loop until this case's result is known."""
        if case.id not in self._results and not self._is_under_way(case):
            self._enqueue(case)
        # What is reported of one case after the other must not keep those in flight waiting.
        self._turn(0)
        while case.id not in self._results:
            self._turn()
        return self._results[case.id]

    def cancel(self) -> None:
        """Nothing more begins, and nothing is waited for."""
        for bed in self._beds:
            bed.forget_queued()
            for task in tuple(bed.flying):
                bed.leave(task)

    def invariants(self) -> list[Finding]:
        """What the run as a whole says of the invariants."""
        return self._record.findings()

    def close(self) -> None:
        """Give back all laboratories."""
        self.cancel()
        self._undo()
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
            self._results[case.id] = inconclusive(case, f"no laboratory: {error}")

    def _place(self, case: Case) -> None:
        configuration = configuration_of(case)
        if not self._target.side_by_side:
            # There is one laboratory; what is set there, the profile has said.
            configuration = Configuration(widest(case.topology, self._widest))
        alone = runs_alone(case, self._target.offers)
        if alone and self._target.side_by_side:
            bed = self._bed_for_one(case, configuration)
        elif configuration in self._shared:
            bed = self._shared[configuration]
        else:
            bed = self._shared[configuration] = self._new_bed(configuration)
        if case.calls:
            bed.wake_upper()
        self._queue(bed, case, alone=alone).append((case, 1))

    def _queue(self, bed: Bed, case: Case, *, alone: bool) -> deque[tuple[Case, int]]:
        """Where a case waits in a laboratory."""
        if alone:
            return bed.alone
        small = not self._target.side_by_side
        return bed.on_link if small and bed.needs_neighbours(case) else bed.waiting

    def _bed_for_one(self, case: Case, configuration: Configuration) -> Bed:
        """A laboratory for cases that run alone: it takes some, one after the other."""
        seconds = longest_seconds(case, self._target.timers) + OVERHEAD_SECONDS
        if changes_igmp_version(case):
            return self._new_bed(configuration)
        room = self._alone_room.setdefault((configuration, leaves_reports(case)), {})
        for bed, left in room.items():
            if left >= seconds:
                room[bed] = left - seconds
                return bed
        bed = self._new_bed(configuration)
        room[bed] = SECONDS_ALONE - seconds
        return bed

    def _new_bed(self, configuration: Configuration) -> Bed:
        # Protocols have no cheap instance check; a real target's laboratories are real.
        laboratory = cast(RealLaboratory, self._target.laboratory(configuration))
        bed = Bed(laboratory, self._record, self._catalogue)
        self._beds.append(bed)
        self._register(bed)
        return bed

    def _register(self, bed: Bed) -> None:
        for wire in bed.laboratory.wires:
            self._selector.register(wire.fileno(), selectors.EVENT_READ, bed)

    def _is_under_way(self, case: Case) -> bool:
        return any(
            any(task.case.id == case.id for task in bed.flying)
            or any(other.id == case.id for other, _ in bed.queued())
            for bed in self._beds
        )

    # The loop

    def _turn(self, pause: int | None = None) -> None:
        """Look at the links, go on with what is due, begin what may begin."""
        self._look(self._pause() if pause is None else pause)
        end = clock() + SLICE
        for bed in tuple(self._beds):
            if bed.gone is not None:
                self._lose(bed, bed.gone)
        self._go_on(end)
        self._begin_cases(end)
        self._show_progress(clock())

    def _pause(self) -> int:
        """Microseconds until there is something to do, unless frames come before."""
        if self._more:
            return 0
        now = clock()
        due = min((task.due for bed in self._beds for task in bed.flying), default=now)
        return min(max(0, due - now), PROGRESS_INTERVAL)

    def _look(self, pause: int) -> None:
        """Take the frames that wait, or come in a while."""
        began = clock()
        ready = {key.data for key, _ in self._selector.select(pause / 1_000_000)}
        now = clock()
        away = self._attention.look(now, min(pause, now - began))
        if away > BLINK:
            for bed in self._beds:
                for task in bed.flying:
                    task.was_left(away)
        for bed in ready:
            bed.drain()

    def _go_on(self, end: int) -> None:
        """Resume the cases that want it, who waits longest first, until it takes too long."""
        now = self._attention.seen
        due = [(bed, task) for bed in self._beds for task in bed.flying if task.due <= now]
        due.sort(key=lambda one: one[1].due)
        for bed, task in due:
            task.resume(now)
            if task.result is not None:
                self._finish(bed, task)
            if clock() > end:
                return

    def _begin_cases(self, end: int) -> None:
        """Begin cases of all laboratories in turn, until it takes too long."""
        able = deque(self._beds)
        while able and clock() < end:
            bed = able.popleft()
            if self._begin(bed):
                able.append(bed)
        self._more = bool(able)

    def _begin(self, bed: Bed) -> bool:
        """Begin one of a laboratory's cases; False where none can begin now."""
        if bed.flying and not bed.warm_up():
            return False
        if len(bed.flying) < MOST_IN_FLIGHT:
            open_ = () if bed.is_crowded(clock()) else (bed.on_link,)
            for queue in (*open_, bed.waiting):
                if queue and self._start(bed, *queue[0], alone=False):
                    queue.popleft()
                    return True
        if bed.alone and not (bed.flying or bed.on_link or bed.waiting):
            self._start(bed, *bed.alone.popleft(), alone=True)
            return True
        return False

    def _start(self, bed: Bed, case: Case, attempt: int, *, alone: bool) -> bool:
        """Begin a case with a new lease; False while its addresses are still in use."""
        lease = bed.leases.lease(on_link=uses_on_link(case))
        if bed.clashes(lease.own()):
            return False
        offers, timers = self._target.offers, self._target.timers
        bench = RealBench(bed.laboratory, lease, offers, timers, self._attention)
        task = Task(case, bench, self._catalogue, attempt=attempt, alone=alone)
        bed.board(task)
        task.resume(clock())
        if task.result is not None:
            self._finish(bed, task)
        return True

    def _finish(self, bed: Bed, task: Task) -> None:
        bed.leave(task)
        assert task.result is not None
        if task.late:
            if task.attempt < LATE_ATTEMPTS:
                self._again(bed, task)
                return
            task.result = not_believed(task.result, task.lateness)
        elif bed.gone is None:
            bed.gone = self._death(bed, task)
        if not task.late and task.case.id not in self._first and self._is_doubtful(task):
            self._first[task.case.id] = task.result
            self._again(bed, task)
            return
        self._settle(task.case, task.result)

    def _is_doubtful(self, task: Task) -> bool:
        """Whether what a first attempt brought is to be confirmed.

        An answer may have been lost, and a small host that many share forgets things in a crowd.
        """
        crowd = not (self._target.side_by_side or task.alone) and self._is_short(task.case)
        return task.end is not End.SEEN or (crowd and complains(task.result))

    def _is_short(self, case: Case) -> bool:
        return longest_seconds(case, self._target.timers) < SHORT_SECONDS

    def _again(self, bed: Bed, task: Task) -> None:
        if changes_igmp_version(task.case) and self._target.side_by_side:
            # This laboratory's host speaks an older version since the first attempt.
            bed = self._new_bed(bed.laboratory.configuration)
            bed.wake_upper()
        alone = task.alone or task.end is End.DEAD
        if not self._target.side_by_side:
            alone = alone or self._is_short(task.case)
        self._queue(bed, task.case, alone=alone).append((task.case, task.attempt + 1))

    def _death(self, bed: Bed, task: Task) -> TargetGone | None:
        """How a task saw the target go, if that is to have consequences.

        A target that leaves even the preamble unanswered is as good as gone. One that can't be
        restarted may come back by itself: it is given a while.
        """
        if task.state.gone is not None:
            return task.state.gone
        unanswered = task.state.dead is not None and task.state.step == 0
        silence = bed.silence(clock(), answered=task.state.dead is None)
        if unanswered and self._target.offers.restart:
            return TargetGone(str(task.state.dead))
        if silence > SILENCE:
            return TargetGone(f"nothing was answered for {SILENCE // 1_000_000} s")
        return None

    def _settle(self, case: Case, result: CaseResult) -> None:
        first = self._first.pop(case.id, None)
        if first is not None:
            result = agreed(first, result)
        self._record.take(result)
        self._results[case.id] = result

    def _lose(self, bed: Bed, gone: TargetGone) -> None:
        """The target of a laboratory died: all in flight are suspects, none is guilty yet."""
        bed.gone = None
        suspects = tuple(bed.flying)
        for task in suspects:
            task.lose_target(gone)
            bed.leave(task)
        waiting = [(task.case, task.attempt) for task in suspects]
        waiting += [*bed.on_link, *bed.waiting]
        bed.on_link.clear()
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
                self._give_up(case, f"the target went away: {gone}")

    def _give_up(self, case: Case, why: str) -> None:
        first = self._first.pop(case.id, None)
        if first is None:
            self._settle(case, inconclusive(case, why))
        else:
            self._settle(case, not_tried_again(first, why))

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
        left = max((task.deadline - now for bed in self._beds for task in bed.flying), default=0)
        self._progress(Progress(len(self._results), self._total, max(0, left) / 1_000_000))

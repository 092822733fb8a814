"""One case from preamble to verdict: a generator that any driver can run.

It yields `Wait`s and never sleeps, reads a clock only through its bench, and gives a result for
whatever the target does, its death included.
"""

from __future__ import annotations

import traceback
from collections.abc import Generator, Iterable
from dataclasses import dataclass

from harness.addresses import Unresolved
from harness.case.model import Case, counters, echo_served, merged
from harness.case.steps import (
    Advance,
    Call,
    Classify,
    Count,
    Expect,
    NothingReceived,
    Received,
    Send,
    Silence,
    Step,
)
from harness.catalogue import Catalogue
from harness.encode_checksum import TemplateError
from harness.judge.counters import counter_faults, judged, requirement_of
from harness.judge.view import NoSuchFrame
from harness.run.bench import Arrival, Bench, Wait
from harness.run.call_step import CallError, NoUpperTester, call, nothing_received, received
from harness.run.describe import describe
from harness.run.expect_step import count, expect
from harness.run.observation import Observation, Outcome, findings
from harness.run.send_step import send
from harness.run.sentinel import ECHO_REQUEST, sentinel
from harness.run.silence_step import classify, complain, dead, silence
from harness.run.state import Run, State, new_state
from harness.target.base import Counters, TargetError, TargetGone
from harness.verdict import CaseResult

CaseRun = Generator[Wait, None, CaseResult]


@dataclass(slots=True)
class _Stop(Exception):
    """The run is over before its last step; `missing` says what the target lacks, if that is it."""

    missing: str | None = None


def start(case: Case, bench: Bench, catalogue: Catalogue) -> tuple[State, CaseRun]:
    """The state of a case's run, to which the driver gives frames, and the run itself."""
    state = new_state(case, bench)
    return state, _run(state, catalogue)


def _run(state: State, catalogue: Catalogue) -> CaseRun:
    missing = None
    try:
        yield from _all(state)
    except _Stop as stop:
        missing = stop.missing
    except Unresolved as unresolved:
        missing = str(unresolved)
    except NoUpperTester as nobody:
        missing = str(nobody)
    except NoSuchFrame as unseen:
        state.unseen(state.case.requirements, "a frame that the step refers to", str(unseen))
    except TemplateError as mistake:
        state.unseen(state.case.requirements, "a template that can be sent", f"case: {mistake}")
    except CallError as refused:
        state.unseen(state.case.requirements, "an upper tester that can be used", str(refused))
    except TargetError as error:
        state.unseen(state.case.requirements, "a target that the case can be run on", str(error))
    except TargetGone as gone:
        state.gone = gone
        dead(state, state.case.requirements, "a target that is alive", str(gone))
    except Exception as error:
        # Our own mistake: it says nothing of the target and must not take other cases with it.
        state.note(traceback.format_exc())
        own = f"the tester failed: {type(error).__name__}: {error}"
        state.unseen(state.case.requirements, "a tester that works", own)
    return _result(state, catalogue, missing)


def _all(state: State) -> Run:
    case = state.case
    yield from _preamble(state)
    yield from _probe(state)
    yield from _control(state)
    state.serial = 0
    state.phase = ""
    before = _read_counters(state)
    sentinels_at = len(state.sentinels)
    yield from _steps(state, case.steps, counted=True)
    yield from _end(state, before, sentinels_at)


def _preamble(state: State) -> Run:
    """The target is asked for life before anything else."""
    state.phase = "preamble"
    missing = yield from sentinel(state, introduce=True)
    if missing is not None:
        dead(state, state.case.requirements, "a target that is alive", f"preamble: {missing}")
        raise _Stop
    _forget(state)


def _probe(state: State) -> Run:
    """An optional service that is not there makes the case not applicable."""
    if not state.case.provided:
        return
    state.phase = "probe"
    yield from _steps(state, state.case.provided, counted=False)
    if any(o.outcome is not Outcome.MET for o in state.observations):
        why = _first_complaint(state)
        _forget(state)
        # A target that died of the probe is no target without the service.
        missing = yield from sentinel(state)
        if missing is None:
            raise _Stop(f"the target does not offer it: {why}")
        dead(state, state.case.requirements, "a target that is alive", f"probe: {missing}")
        raise _Stop
    _forget(state)


def _control(state: State) -> Run:
    """The stimulus without the defect; unanswered, nothing can be said of the one with it."""
    if not state.case.control:
        return
    state.phase = "control"
    state.serial = 0x1000
    yield from _steps(state, state.case.control, counted=False)
    if any(o.outcome in (Outcome.BROKEN, Outcome.UNSEEN) for o in state.observations):
        why = _first_complaint(state)
        _forget(state)
        state.unseen(state.case.requirements, "the control to be answered", f"control: {why}")
        raise _Stop
    _forget(state)


def _first_complaint(state: State) -> str:
    for observation in state.observations:
        why = observation.explanation
        if why is not None:
            return f"expected {why.expected}, got {why.actual}"
    return "no answer"


def _forget(state: State) -> None:
    state.observations.clear()
    state.view.seen.clear()
    state.view.sent.clear()
    for arrival in state.arrivals:
        arrival.claimed = True


def _steps(state: State, steps: Iterable[Step], *, counted: bool) -> Run:
    for number, step in enumerate(steps, 1):
        if counted:
            state.step = number
        before = len(state.observations)
        yield from _step(state, step)
        state.after = describe(step, state.view.lease) or state.after
        broke = [
            o for o in state.observations[before:] if o.outcome in (Outcome.BROKEN, Outcome.UNSEEN)
        ]
        # What follows a broken step would be judged on a false premise, unless the step was
        # about another requirement than the case.
        if state.dead is not None or any(
            set(o.cites) & set(state.case.requirements) for o in broke
        ):
            return


def _step(state: State, step: Step) -> Run:
    match step:
        case Send():
            send(state, step)
        case Expect():
            yield from expect(state, step)
        case Silence():
            yield from silence(state, step)
        case Count():
            yield from count(state, step)
        case Classify():
            yield from classify(state, step)
        case Advance():
            until = state.bench.now() + state.microseconds(step.duration)
            while state.bench.now() < until:
                yield Wait(until, or_frame=False)
            state.since = state.bench.now()
        case Call():
            yield from call(state, step)
        case Received():
            yield from received(state, step)
        case NothingReceived():
            yield from nothing_received(state, step)


def _end(state: State, before: Counters | None, sentinels_at: int) -> Run:
    """Counters, a last sentinel, and what nobody expected."""
    if state.dead is not None:
        return
    broken = any(o.outcome in (Outcome.BROKEN, Outcome.UNSEEN) for o in state.observations)
    # In lockstep counters are read before the last sentinel; in real time the target may still
    # be at work then, so they are read after its answer. What sentinels move is taken off.
    after = _read_counters(state) if state.bench.virtual else None
    sentinels = state.sentinels[sentinels_at:]
    missing = yield from sentinel(state)
    if missing is not None:
        dead(state, state.case.requirements, "a target that is alive", missing)
        return
    if not broken and not state.case.rest_is_free:
        came = [arrival for arrival in state.unexpected() if not state.asks_again(arrival)]
        if came:
            complain(state, state.case.requirements, "nothing more", came)
    if not state.bench.virtual:
        after = _read_counters(state)
        sentinels = state.sentinels[sentinels_at:]
    if not broken and before is not None and after is not None:
        _judge_counters(state, before, after, sentinels)


def _read_counters(state: State) -> Counters | None:
    if state.case.counters is None or not state.bench.offers.counters:
        return None
    return state.bench.counters()


def _moved_by(sentinels: list[Arrival]) -> dict[str, int]:
    """What sentinels moved: those that were answered, and those that were forwarded."""
    forwarded = sum(1 for one in sentinels if one.frame.get("icmp", "type") == ECHO_REQUEST)
    passed = counters(
        ipSystemStatsInReceives=forwarded,
        ipSystemStatsInForwDatagrams=forwarded,
        ipSystemStatsOutForwDatagrams=forwarded,
        ipSystemStatsOutTransmits=forwarded,
    )
    return dict(merged(echo_served(len(sentinels) - forwarded), passed))


def _judge_counters(
    state: State, before: Counters, after: Counters, sentinels: list[Arrival]
) -> None:
    wanted = state.case.counters or ()
    offers = state.bench.offers
    known = _moved_by(sentinels)
    after = {name: value - known.get(name, 0) for name, value in after.items()}
    faults = counter_faults(wanted, before, after, offers)
    for fault in faults:
        state.broken(
            (fault.requirement,),
            f"{fault.name} to grow by {fault.expected}",
            f"it grew by {fault.actual}",
        )
    wrong = {fault.requirement for fault in faults}
    right = {requirement_of(name) for name in judged(wanted, offers)} - wrong
    for requirement in sorted(right):
        state.met((requirement,))


def _result(state: State, catalogue: Catalogue, missing: str | None) -> CaseResult:
    result = CaseResult(state.case.id, missing=missing, trace=state.trace)
    result.seconds = state.bench.now() / 1_000_000
    if missing is not None:
        return result
    observations = list(state.observations)
    seen = {cite for o in observations for cite in o.cites}
    for requirement in state.case.requirements:
        if requirement not in seen:
            observations.append(Observation(Outcome.MET, (requirement,)))
    result.findings = findings([*observations, *state.breached.values()], catalogue)
    result.judged_frames = state.judged_frames
    return result

"""Silence and classification: what is not there, seen through the sentinel's answer."""

from __future__ import annotations

from dataclasses import replace

from harness.case.steps import Classify, Silence, Way
from harness.judge.frame import differences
from harness.judge.train import trains
from harness.judge.words import duration_words, packet_words
from harness.run.bench import Arrival, Wait, Window
from harness.run.observation import Observation, Outcome
from harness.run.sentinel import sentinel
from harness.run.state import Run, State
from harness.summary import summary_of


def silence(state: State, step: Silence) -> Run:
    """Nothing that nobody expected comes, up to the sentinel's answer and through the window."""
    cites = state.cited(step.cites)
    deadline = state.since + state.microseconds(step.within)
    missing = yield from sentinel(state)
    while state.bench.seen() < deadline:
        yield Wait(deadline, or_frame=False)
    window = duration_words(deadline - state.since)
    expected = f"silence for {window}"
    if step.of is not None:
        expected = f"no {packet_words(step.of, state.view.lease)} for {window}"
    if step.of is None:
        came = state.unexpected(step.on)
    else:
        of = step.of
        candidates = state.unclaimed(step.on)
        came = [a for a in candidates if not differences(of, a.frame, state.view)]
    if came:
        complain(state, cites, expected, came)
    elif missing is not None:
        dead(state, cites, expected, missing)
    else:
        state.met(cites)


def complain(state: State, cites: tuple[str, ...], expected: str, came: list[Arrival]) -> None:
    """Frames came that had no business to."""
    actual = summary_of(came[0].frame)
    if len(came) > 1:
        actual += f", and {len(came) - 1} more"
    for arrival in came:
        arrival.claimed = True
    state.broken(cites, expected, actual, frame=came[0].frame.octets)


def dead(state: State, cites: tuple[str, ...], expected: str, missing: str) -> None:
    """The target does not answer: nothing is known, unless it had to survive.

    What was missed before is not the target's refusal any more: it may have been dead by then.
    Neither the step nor the case as a whole is met, whatever else was seen.
    """
    state.dead = missing
    if state.case.must_survive and state.step:
        state.broken(state.case.requirements, "a target that is alive", missing, missing=True)
        return
    state.observations = [
        replace(o, outcome=Outcome.UNSEEN, reason=missing)
        if o.outcome is Outcome.BROKEN and o.missing
        else o
        for o in state.observations
    ]
    told = {
        cite
        for o in state.observations
        if o.outcome in (Outcome.BROKEN, Outcome.UNSEEN)
        for cite in o.cites
    }
    open_ = dict.fromkeys((*cites, *state.case.requirements))
    left = tuple(requirement for requirement in open_ if requirement not in told)
    if left:
        state.unseen(left, expected, f"no sign of life: {missing}")


def classify(state: State, step: Classify) -> Run:
    """See which way the target goes; no way is a failure."""
    window = Window(state.bench, state.since, state.microseconds(step.within))
    shown = [way for way in step.ways if way.packet is not None]
    while True:
        gone = next((way for way in shown if _claim(state, step, way)), None)
        if gone is not None or window.over:
            break
        yield Wait(window.until)
    cites = state.cited(step.cites)
    if gone is not None:
        _observe(state, cites, step.subject, gone.name)
        return
    missing = yield from sentinel(state)
    if missing is not None:
        dead(state, cites, step.subject, missing)
        return
    other = state.unexpected(step.on)
    for arrival in other:
        arrival.claimed = True
    silent = next((way for way in step.ways if way.packet is None), None)
    if other or silent is None:
        came = summary_of(other[0].frame) if other else "nothing"
        _observe(state, cites, step.subject, f"another way: {came}")
    else:
        _observe(state, cites, step.subject, silent.name)


def _observe(state: State, cites: tuple[str, ...], subject: str, way: str) -> None:
    state.note(f"{subject}: {way}")
    state.observations.append(Observation(Outcome.WAY, cites, way=f"{subject}: {way}"))


def _claim(state: State, step: Classify, way: Way) -> bool:
    """Claim the frames that show a way, if they are there."""
    if way.packet is None:
        return False
    arrivals = state.unclaimed(step.on)
    if not way.train:
        for arrival in arrivals:
            if not differences(way.packet, arrival.frame, state.view):
                arrival.claimed = True
                return True
        return False
    for train in trains((a.frame for a in arrivals), bare_ip=state.bare_ip):
        if not differences(way.packet, train.datagram, state.view):
            pieces = {id(piece) for piece in train.pieces}
            for arrival in arrivals:
                arrival.claimed = arrival.claimed or id(arrival.frame) in pieces
            return True
    return False

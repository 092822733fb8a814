"""Expecting: the frames that must come, and, when they do not, the nearest that did."""

from __future__ import annotations

from dataclasses import dataclass

from harness.addresses import Lease
from harness.case.packet import Packet
from harness.case.steps import Count, Expect
from harness.decode import Frame
from harness.judge.frame import differences, nearness
from harness.judge.match import matches
from harness.judge.train import Train, trains
from harness.judge.words import duration_words, packet_words, value_words
from harness.run.bench import Arrival, Wait, Window
from harness.run.state import Run, State
from harness.summary import summary_of
from harness.verdict import Difference


@dataclass(slots=True)
class Match:
    """A datagram that matched, the frames that carried it, and when the last of them came."""

    frame: Frame
    arrivals: tuple[Arrival, ...]
    at: int


def expect(state: State, step: Expect) -> Run:
    """Wait for the frames that a step expects; claim them, or say what came instead."""
    length = state.microseconds(step.within)
    window = Window(state.bench, state.since, length)
    found: list[Match] = []
    while True:
        _look(state, step, found)
        if len(found) >= step.times or window.over:
            break
        yield Wait(window.until)
    cites = state.cited(step.cites)
    if len(found) < step.times:
        _explain_missing(state, step, found, length)
        return
    early = [match for match in found if step.after and match.at - state.since < step.after]
    if early:
        at = duration_words(early[0].at - state.since)
        expected = f"{packet_words(step.packet, state.view.lease)}, not before "
        expected += duration_words(step.after)
        state.broken(cites, expected, f"it came after {at}", frame=early[0].frame.octets)
    elif (
        step.distinct is not None
        and (fault := _repeated(found, step.distinct, state.view.lease)) is not None
    ):
        state.broken(cites, f"no two with the same {step.distinct}", fault)
    elif not _pieces_are_right(state, step, found[0], cites):
        return
    else:
        state.met(cites)


def _look(state: State, step: Expect, found: list[Match]) -> None:
    """Claim what matches among the frames that nobody has claimed."""
    if step.train:
        by_frame = {id(a.frame): a for a in state.unclaimed(step.on)}
        joined = trains((a.frame for a in by_frame_values(by_frame)), bare_ip=state.bare_ip)
        candidates = [_train_match(train, by_frame) for train in joined]
    else:
        candidates = [Match(a.frame, (a,), a.at) for a in state.unclaimed(step.on)]
    for match in candidates:
        if len(found) >= step.times:
            return
        if differences(step.packet, match.frame, state.view):
            continue
        for arrival in match.arrivals:
            arrival.claimed = True
        state.remember(step.label, match.frame)
        found.append(match)


def by_frame_values(by_frame: dict[int, Arrival]) -> list[Arrival]:
    """The arrivals in the order of their coming."""
    return list(by_frame.values())


def _train_match(train: Train, by_frame: dict[int, Arrival]) -> Match:
    arrivals = tuple(by_frame[id(piece)] for piece in train.pieces)
    return Match(train.datagram, arrivals, max(a.at for a in arrivals))


def _repeated(found: list[Match], path: str, lease: Lease) -> str | None:
    layer, _, name = path.partition(".")
    values = [match.frame.get(layer, name) for match in found]
    for place, value in enumerate(values):
        if value in values[:place]:
            first = values.index(value) + 1
            said = value_words(value, lease, name)
            return f"frames {first} and {place + 1} of {len(values)} both have {said}"
    return None


def _pieces_are_right(state: State, step: Expect, match: Match, cites: tuple[str, ...]) -> bool:
    """Whether the fragments of a train are as the step's pieces say, and in order if it says so."""
    if step.ordered and not _came_in_order(state, match):
        came = ", ".join(summary_of(a.frame) for a in _as_they_came(state, match))
        state.broken(cites, "pieces in the order of their offsets", came)
        return False
    if not step.pieces:
        return True
    frames = sorted(
        (a.frame for a in match.arrivals), key=lambda f: int(f.get("ip", "offset") or 0)
    )
    if len(frames) != len(step.pieces):
        came = ", ".join(summary_of(frame) for frame in frames)
        state.broken(cites, f"{len(step.pieces)} pieces", f"{len(frames)}: {came}")
        return False
    for number, (piece, frame) in enumerate(zip(step.pieces, frames, strict=True), 1):
        found = differences(piece, frame, state.view)
        if found:
            expected = f"piece {number}: {packet_words(piece, state.view.lease)}"
            state.broken(cites, expected, summary_of(frame), found=tuple(found), frame=frame.octets)
            return False
    return True


def _as_they_came(state: State, match: Match) -> list[Arrival]:
    own = {id(arrival) for arrival in match.arrivals}
    return [arrival for arrival in state.arrivals if id(arrival) in own]


def _came_in_order(state: State, match: Match) -> bool:
    offsets = [int(a.frame.get("ip", "offset")) for a in _as_they_came(state, match)]
    return offsets == sorted(offsets)


def _explain_missing(state: State, step: Expect, found: list[Match], length: int) -> None:
    expected = packet_words(step.packet, state.view.lease)
    if step.times > 1:
        expected = f"{step.times} of {expected}"
    waited = duration_words(length)
    cites = state.cited(step.cites)
    near = nearest(state, step.packet, step.on)
    if near is None:
        came = f"{len(found)} in {waited}" if found else f"nothing in {waited}"
        state.broken(cites, expected, came, missing=True)
        return
    arrival, found_differences = near
    actual = summary_of(arrival.frame)
    if step.times > 1:
        actual = f"{len(found) or 'none'} came, and {actual}"
    if step.on is None or arrival.link == step.on:
        state.broken(
            cites,
            expected,
            actual,
            found=tuple(found_differences),
            frame=arrival.frame.octets,
            missing=_may_be_lost(step, arrival),
        )
    else:
        links = state.view.lease.links
        state.broken(
            cites,
            f"{expected}, on {links[step.on].name}",
            f"{actual}, on {links[arrival.link].name}",
            frame=arrival.frame.octets,
        )


def _may_be_lost(step: Expect, near: Arrival) -> bool:
    """Whether what came says no more than that something else may have been lost."""
    fields = near.frame.parts["ip"].fields if "ip" in near.frame.parts else {}
    piece = bool(fields.get("mf") or fields.get("offset"))
    return near.ambient or step.times > 1 or (step.train and piece)


def nearest(
    state: State, packet: Packet, on: int | None
) -> tuple[Arrival, list[Difference]] | None:
    """The unclaimed frame that comes nearest to a template, and what differs."""
    best: tuple[tuple[int, int, int], Arrival, list[Difference]] | None = None
    for arrival in state.unclaimed():
        found = differences(packet, arrival.frame, state.view)
        elsewhere = int(on is not None and arrival.link != on)
        rank = (elsewhere, *nearness(packet, arrival.frame, found))
        if best is None or rank < best[0]:
            best = (rank, arrival, found)
    return None if best is None else (best[1], best[2])


def count(state: State, step: Count) -> Run:
    """Watch a whole window and count the frames that match."""
    deadline = state.since + state.microseconds(step.within)
    while state.bench.seen() < deadline:
        yield Wait(deadline, or_frame=False)
    found = [
        a for a in state.unclaimed(step.on) if not differences(step.packet, a.frame, state.view)
    ]
    for arrival in found:
        arrival.claimed = True
    cites = state.cited(step.cites)
    if matches(step.times, len(found), state.view):
        state.met(cites)
    else:
        low, high = step.times.low, step.times.high
        bounds = str(low) if low == high else value_words(step.times, state.view.lease)
        waited = duration_words(deadline - state.since)
        state.broken(
            cites,
            f"{bounds} of {packet_words(step.packet, state.view.lease)} in {waited}",
            f"{len(found) or 'none'} came",
            missing=not found,
        )
    state.since = state.bench.now()

"""Targets whose frames are cut, bent, endless or never due: a verdict each, and never a pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.case import (
    BAD,
    FAR,
    FAR_TESTER,
    HOST,
    QUOTED,
    REASSEMBLY,
    TESTER,
    Case,
    Topology,
    advance,
    arp,
    at_least,
    count,
    data,
    echo_reply,
    echo_request,
    expect,
    expect_train,
    fragments,
    ip,
    ms,
    open_udp,
    pad,
    pattern,
    received,
    seconds,
    send,
    silence,
    udp,
    unreachable,
)
from harness.case.model import Ambient
from harness.case.time import NamedDuration
from harness.catalogue import load
from harness.decode import decode
from harness.run import state
from harness.run.realtime import RealTimeRunner
from harness.run.realtime_lab import Bed
from harness.verdict import CaseResult, Verdict
from tests.scripted import (
    CUE,
    FROM_HOST,
    MUST,
    case,
    changing,
    reason,
    run,
    said,
    scripted,
    tester_failed,
    verdicts,
    word,
)
from tests.simulated import RealTarget, Through

LINK_HEADER = 14
ECHO = case(
    send(ip() / echo_request(identifier=1, sequence=7, data=b"abcd")),
    expect(ip(src=HOST, dst=TESTER) / echo_reply(identifier=1, sequence=7, data=b"abcd")),
)
REPORTED = case(send(ip() / udp()), expect(FROM_HOST / unreachable(3, quote=QUOTED)))
PIECES = case(
    send(fragments(ip() / echo_request(data=pattern(40)), (0, 24), (24, None), order=(1, 0))),
    expect_train(ip() / echo_reply(data=pattern(40))),
)
ANSWERED = (send(ip() / echo_request()), expect(ip() / echo_reply()))
SILENT = case(send(ip(checksum=BAD) / echo_request()), silence(), control=ANSWERED)
CALLED = case(open_udp("s"), CUE, received("s", data=b"x"))


def is_the_answer(frame: bytes) -> bool:
    """Whether a frame is what a case above waits for, and not a sentinel's answer."""
    read = decode(frame)
    return bool(read.get("icmp", "type") == 3 or read.get("icmp", "identifier") == 1)


def length_of_answer(one: Case) -> tuple[int, int]:
    """Octets of the frame up to the end of its datagram, and with its padding."""
    seen: list[tuple[int, int]] = []

    def look(link: int, frame: bytes) -> bytes:
        if is_the_answer(frame):
            seen.append((LINK_HEADER + len(decode(frame).datagram), len(frame)))
        return frame

    assert run(one, changing(look)).verdict is Verdict.PASS
    return seen[0]


@pytest.mark.parametrize("one", [ECHO, REPORTED], ids=["echo", "error"])
def test_an_answer_that_is_cut_at_any_octet_passes_nothing(one: Case) -> None:
    end, whole = length_of_answer(one)
    for length in range(whole + 1):
        result = run(one, changing(lambda _, f, n=length: f[:n] if is_the_answer(f) else f))  # type: ignore[misc]  # n is bound at once
        assert not tester_failed(result), length
        assert (result.verdict is Verdict.PASS) is (length >= end), length


@pytest.mark.parametrize("one", [ECHO, REPORTED], ids=["echo", "error"])
@pytest.mark.parametrize("turned", [0x01, 0x80, 0xFF])
def test_an_answer_that_is_bent_at_any_octet_passes_nothing(one: Case, turned: int) -> None:
    """Only link addresses are free: checksums hold the IP header and the rest, padding is zero."""

    def bent(at: int) -> CaseResult:
        def bend(link: int, frame: bytes) -> bytes:
            if not is_the_answer(frame):
                return frame
            return frame[:at] + bytes((frame[at] ^ turned,)) + frame[at + 1 :]

        return run(one, changing(bend))

    end, whole = length_of_answer(one)
    for at in range(whole):
        result = bent(at)
        assert not tester_failed(result), at
        assert (result.verdict is Verdict.PASS) is (at < 12), at
        assert (result.verdict is Verdict.DEVIATION) is (at >= end), at


@settings(max_examples=60)
@given(st.data())
def test_frames_that_are_bent_at_will_raise_nothing(data: st.DataObject) -> None:
    one = data.draw(st.sampled_from([ECHO, REPORTED, PIECES, SILENT, CALLED]))
    places = st.integers(0, 127)

    def bend(link: int, frame: bytes) -> bytes:
        if data.draw(st.booleans()):
            return frame
        at = data.draw(places) % (len(frame) + 1)
        return frame[:at] + data.draw(st.binary(max_size=3)) + frame[at + data.draw(places) % 3 :]

    result = run(one, changing(bend))
    assert not tester_failed(result)


@pytest.mark.parametrize("frame", [b"", b"\x00", bytes(13), bytes(14), bytes(60), b"\xff" * 2000])
def test_frames_that_are_none_are_nobodys_business(frame: bytes) -> None:
    result = run(case(CUE, *ECHO.steps, silence()), scripted((ms(0), frame, 0), (ms(3), frame, 0)))
    assert result.verdict is Verdict.PASS
    shown = [entry for entry in result.trace.entries if entry.frame == frame]
    assert len(shown) == 2


# Floods


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Frames that a case looks at, fewer than a target is stopped at for."""
    monkeypatch.setattr(state, "MOST_ARRIVALS", 50)
    return 50


def test_a_case_looks_at_so_many_frames_and_says_so(few: int) -> None:
    ill = scripted(*(said(n, word(b"a")) for n in range(few + 10)))
    result = run(case(CUE, count(FROM_HOST / udp(), at_least(1), within=ms(200))), ill)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "no answer to the echo to HOST among the first 50 frames" in reason(result)
    assert "more were not looked at" in reason(result)
    assert len([e for e in result.trace.entries if e.frame]) < few + 10


def test_ambient_frames_fill_a_case_as_well(few: int) -> None:
    others = ip(src=HOST, dst="203.0.113.200") / udp(sport=5, dport=6)
    ill = scripted(*(said(n, others) for n in range(few + 10)))
    result = run(case(CUE, advance(ms(200))), ill)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert len(result.trace.entries) < few + 10


def test_a_target_that_floods_at_one_instant_is_stopped() -> None:
    ill = scripted(*(said(1, word(b"a")) for _ in range(2_100)))
    result = run(case(CUE, advance(ms(200))), ill)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "floods" in reason(result)


class NeverRests(Through):
    """Is always due, and has nothing to say."""

    def next_deadline(self) -> int | None:
        return 0


def test_a_target_that_is_always_due_is_stopped() -> None:
    result = run(case(send(ip() / udp()), silence()), NeverRests)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "never passes" in reason(result)


# Many cases on one real host


@contextmanager
def real_time(*cases: Case, ill: Any = Through) -> Iterator[dict[str, CaseResult]]:
    target = RealTarget(ill, side_by_side=True)
    runner = RealTimeRunner(target, load())
    try:
        runner.prepare(cases)
        yield {one.id: runner.result(one) for one in cases}
    finally:
        runner.close()
        target.close()


def named(name: str, *steps: Any, **more: Any) -> Case:
    return Case(f"rfc791-x-{name}", MUST, name, steps, **more)


def test_the_waits_of_all_cases_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """No case waits for an address of another's, as long as it names none on the link."""
    clashes: list[bool] = []
    asked = Bed.clashes

    def remembered(self: Bed, own: Iterable[str]) -> bool:
        clashes.append(asked(self, own))
        return clashes[-1]

    monkeypatch.setattr(Bed, "clashes", remembered)
    cases = [named(f"n{number}", *SILENT.steps, control=SILENT.control) for number in range(20)]
    with real_time(*cases) as results:
        assert {result.verdict for result in results.values()} == {Verdict.PASS}
    assert clashes == [False] * len(cases)


def test_a_time_that_is_not_said_stops_no_other_case() -> None:
    lost = named("lost", advance(NamedDuration("lunch")))
    with real_time(lost, named("well", *ANSWERED)) as results:
        assert results["rfc791-x-lost"].verdict is Verdict.INCONCLUSIVE
        assert results["rfc791-x-well"].verdict is Verdict.PASS


def test_a_case_about_arp_does_not_judge_what_others_have_forwarded() -> None:
    """Its own lease knows nothing of their sources."""
    listens = named(
        "listens",
        send(arp(target=HOST)),
        expect(arp(operation=2, sender=HOST)),
        advance(ms(60)),
        topology=Topology.ROUTER,
        about=frozenset({Ambient.ARP}),
        rest_is_free=True,
    )
    forwards = [
        named(
            f"n{number}",
            advance(ms(20)),
            send(ip(dst=FAR_TESTER, ttl=9) / udp() / data(b"x")),
            expect(ip(dst=FAR_TESTER, ttl=8) / udp() / data(b"x"), on=FAR, within=seconds(1)),
            topology=Topology.ROUTER,
        )
        for number in range(4)
    ]
    with real_time(listens, *forwards) as results:
        told = {name: verdicts(result) for name, result in results.items()}
    assert set(map(tuple, map(dict.items, told.values()))) == {((MUST, Verdict.PASS),)}


class Late(Through):
    """A reassembly that never ends: deadlines come and nothing is said."""

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        return [said for said in self.inner.poll(now) if now < 1_000_000]


def test_a_target_that_falls_silent_in_a_long_wait_is_inconclusive() -> None:
    result = run(case(advance(REASSEMBLY), *ECHO.steps), Late)
    assert result.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("octets", "requirement", "verdict"),
    [(b"\x01" * 18, "894-frame-b", Verdict.DEVIATION), (bytes(20), "791-3.1.len-a", Verdict.FAIL)],
)
def test_traffic_of_no_case_is_judged_by_the_strength_of_its_clause(
    octets: bytes, requirement: str, verdict: Verdict
) -> None:
    others = pad(ip(src=HOST, dst="203.0.113.200") / udp(sport=5, dport=6), octets)
    target = RealTarget(scripted(said(0, others)))
    runner = RealTimeRunner(target, load())
    try:
        result = runner.result(named("cue", CUE, advance(ms(20))))
        found = {f.requirement: f.verdict for f in runner.invariants()}
    finally:
        runner.close()
        target.close()
    assert result.verdict is Verdict.PASS
    assert found.pop(requirement) is verdict
    assert set(found.values()) == {Verdict.PASS}

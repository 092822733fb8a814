"""Both drivers on targets that are well, dead, dying, repeating, flooding and losing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from harness.case import (
    BAD,
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    HOST,
    OPEN_PORT,
    QUOTED,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    advance,
    classify,
    count,
    data,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    expect_train,
    fragments,
    ip,
    ms,
    nothing_received,
    open_udp,
    pattern,
    received,
    seconds,
    send,
    send_udp,
    silence,
    udp,
    unreachable,
    way,
)
from harness.case.match import between
from harness.catalogue import load
from harness.run import make_runner
from harness.run.attempts import agreed, inconclusive
from harness.run.lockstep import LockstepRunner
from harness.run.realtime import RealTimeRunner
from harness.trace import Event
from harness.verdict import CaseResult, Verdict
from tests.simulated import (
    Crashes,
    Dead,
    DiesAfter,
    Floods,
    Ill,
    LosesTenth,
    RealTarget,
    Through,
    Twice,
    VirtualTarget,
)

CATALOGUE = load()
ECHO = (send(ip() / echo_request()), expect(ip(src=HOST, dst=TESTER) / echo_reply()))


def case(name: str, cites: str, *steps: object, **more: object) -> Case:
    return Case(f"rfc791-x-{name}", cites, name, steps, **more)  # type: ignore[arg-type]  # steps


ANSWERED = case("answered", "1122-3.2.2.6-a", *ECHO, counters=echo_served())
SILENT = case(
    "silent",
    "1122-3.2.1.2-a",
    send(ip(checksum=BAD) / echo_request()),
    silence(),
    control=ECHO,
)
REPORTED = case(
    "reported", "792-du-b", send(ip() / udp()), expect(ip() / unreachable(3, quote=QUOTED))
)
PIECES = case(
    "pieces",
    "791-3.2.reasm-a",
    send(fragments(ip() / echo_request(data=pattern(40)), (0, 24), (24, None), order=(1, 0))),
    expect_train(ip() / echo_reply(data=pattern(40))),
)
FORWARDED = case(
    "forwarded",
    "791-3.1.ttl-b",
    send(ip(dst=FAR_TESTER, ttl=9) / udp() / data(b"x")),
    expect(ip(dst=FAR_TESTER, ttl=8) / udp() / data(b"x"), on=FAR),
    topology=Topology.ROUTER,
)
CALLED = case(
    "called",
    "1122-4.1.3.5-a",
    open_udp("s", port=OPEN_PORT),
    send(ip() / udp(dport=OPEN_PORT) / data(b"one"), ip() / udp(dport=OPEN_PORT) / data(b"two")),
    received("s", data=b"two", source=TESTER),
    received("s", data=b"one"),
    nothing_received("s"),
    send_udp("s", b"back", to=TESTER, port=TESTER_PORT),
    expect(ip() / udp(sport=OPEN_PORT) / data(b"back")),
)
OBSERVED = case(
    "observed",
    "1122-3.2.2.6-c",
    send(ip() / echo_request()),
    classify("echo", way("answered", ip() / echo_reply()), way("silent", None)),
)
WRONG = case(
    "wrong",
    "792-echo-c",
    send(ip() / echo_request(data=b"a")),
    expect(ip() / echo_reply(data=b"b")),
)
MISSED = case(
    "missed",
    "1122-3.2.2.6-a",
    send(ip(checksum=BAD) / echo_request()),
    expect(ip() / echo_reply()),
)
DEVIATES = case(
    "deviates", "1122-3.2.2.6-i", send(ip() / echo_request()), expect(ip(ttl=1) / echo_reply())
)
COUNTED = case(
    "counted",
    "1122-2.3.2.1-d",
    send(ip() / echo_request(), ip() / echo_request()),
    count(ip() / echo_reply(), between(2, 2), within=ms(30)),
)
LATE = case(
    "late",
    "1122-3.2.2.6-a",
    advance(ms(30)),
    *ECHO,
    send(ip() / echo_request()),
    expect(ip() / echo_reply(), after=seconds(1)),
)
UNEXPECTED = case("unexpected", "791-3.1.id-a", send(ip() / echo_request()))
GOOD = (ANSWERED, SILENT, REPORTED, PIECES, FORWARDED, CALLED, OBSERVED, COUNTED)
BAD_ONES = (WRONG, MISSED, DEVIATES, LATE, UNEXPECTED)


def lockstep(ill: Ill = Through) -> LockstepRunner:
    return LockstepRunner(VirtualTarget(ill), CATALOGUE)


def run_real(target: RealTarget, *cases: Case) -> dict[str, CaseResult]:
    runner = RealTimeRunner(target, CATALOGUE)
    try:
        runner.prepare(cases)
        return {c.title: runner.result(c) for c in cases}
    finally:
        runner.close()
        target.close()


EXPECTED = {
    "answered": Verdict.PASS,
    "silent": Verdict.PASS,
    "reported": Verdict.PASS,
    "pieces": Verdict.PASS,
    "forwarded": Verdict.PASS,
    "called": Verdict.PASS,
    "observed": Verdict.OBSERVED,
    "counted": Verdict.PASS,
    "wrong": Verdict.FAIL,
    "missed": Verdict.FAIL,
    "deviates": Verdict.DEVIATION,
    "late": Verdict.FAIL,
    "unexpected": Verdict.FAIL,
}


@pytest.mark.parametrize("one", GOOD + BAD_ONES, ids=lambda c: c.title)
def test_verdicts_in_lockstep(one: Case) -> None:
    assert lockstep().result(one).verdict is EXPECTED[one.title]


def test_verdicts_in_real_time() -> None:
    results = run_real(RealTarget(), *GOOD, *BAD_ONES)
    assert {title: result.verdict for title, result in results.items()} == EXPECTED


def test_a_host_on_a_cable_is_shared_by_all() -> None:
    target = RealTarget(side_by_side=False)
    results = run_real(target, *(c for c in GOOD if c is not FORWARDED))
    assert {r.verdict for r in results.values()} == {Verdict.PASS, Verdict.OBSERVED}
    assert len(target.laboratories) == 1


def test_the_driver_follows_the_clock() -> None:
    assert isinstance(make_runner(VirtualTarget(), CATALOGUE), LockstepRunner)
    runner = make_runner(RealTarget(), CATALOGUE)
    assert isinstance(runner, RealTimeRunner)
    runner.close()


@pytest.mark.parametrize("one", GOOD + BAD_ONES, ids=lambda c: c.title)
def test_a_dead_target_passes_nothing_in_lockstep(one: Case) -> None:
    result = lockstep(Dead).result(one)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "preamble" in (result.findings[0].reason or "")


def test_a_dead_target_passes_nothing_in_real_time() -> None:
    results = run_real(RealTarget(Dead), *GOOD, *BAD_ONES)
    assert {result.verdict for result in results.values()} == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("frames", range(2, 9))
def test_a_target_that_dies_half_way_is_no_pass(frames: int) -> None:
    ill = type("Dies", (DiesAfter,), {"frames": frames})
    for one in (ANSWERED, SILENT, REPORTED, PIECES):
        sent = [e for e in lockstep().result(one).trace.entries if e.event is Event.TO_TARGET]
        whole = len(sent)
        result = lockstep(ill).result(one)
        if frames <= whole:
            assert result.verdict in (Verdict.INCONCLUSIVE, Verdict.FAIL), one.title
        else:
            assert result.verdict is Verdict.PASS, one.title


def test_what_must_be_survived_is_a_failure() -> None:
    ill = type("Dies", (DiesAfter,), {"frames": 6})
    hard = case(
        "hard",
        "791-3.1.opt-d",
        send(ip(version=7) / data(b"")),
        silence(),
        control=ECHO,
        must_survive=True,
    )
    assert lockstep().result(hard).verdict is Verdict.PASS
    assert lockstep(ill).result(hard).verdict is Verdict.FAIL


def test_a_crash_is_a_verdict() -> None:
    result = lockstep(Crashes).result(PIECES)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "signal 11" in (result.findings[0].reason or "")


def test_a_target_that_dies_with_cases_in_flight_makes_suspects_not_culprits() -> None:
    """Without a restart all are inconclusive; nobody passes, nobody is blamed."""
    ill = type("Dies", (DiesAfter,), {"frames": 12})
    results = run_real(RealTarget(ill), ANSWERED, SILENT, REPORTED, OBSERVED, COUNTED)
    verdicts = {result.verdict for result in results.values()}
    assert Verdict.INCONCLUSIVE in verdicts
    assert Verdict.FAIL not in verdicts


def test_a_host_that_stays_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.run.realtime.SILENCE", 150_000)
    ill = type("Dies", (DiesAfter,), {"frames": 12})
    many = tuple(replace(ANSWERED, id=f"rfc791-x-{n}", title=f"{n}") for n in range(40))
    results = run_real(RealTarget(ill, side_by_side=False), *many)
    reasons = [f.reason or "" for r in results.values() for f in r.findings if f.reason]
    assert reasons
    assert all("nothing was answered for" in reason for reason in reasons)
    assert {r.verdict for r in results.values()} <= {Verdict.PASS, Verdict.INCONCLUSIVE}


def test_a_first_attempt_that_saw_nothing_contradicts_no_second() -> None:
    unseen = inconclusive(WRONG, "no sign of life")
    broken = lockstep().result(WRONG)
    assert agreed(unseen, broken).verdict is Verdict.FAIL


class WrongAtFirst(Through):
    """Bends the answers to the first five echo requests that are not sentinels."""

    left = 5

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        return [(link, self._bent(frame)) for link, frame in self.inner.poll(now)]

    def _bent(self, frame: bytes) -> bytes:
        if frame[12:14] != b"\x08\x00" or b"sentinel" in frame or not self.left:
            return frame
        self.left -= 1
        return frame[:-1] + b"?"


@pytest.mark.parametrize(
    ("side_by_side", "verdicts"),
    [(False, {Verdict.PASS}), (True, {Verdict.PASS, Verdict.DEVIATION})],
)
def test_what_a_host_on_a_cable_shows_in_a_crowd_is_looked_at_again(
    side_by_side: bool, verdicts: set[Verdict]
) -> None:
    one = replace(ANSWERED, counters=None)
    many = tuple(replace(one, id=f"rfc791-x-{n}", title=f"{n}") for n in range(20))
    results = run_real(RealTarget(WrongAtFirst, side_by_side=side_by_side), *many)
    assert {r.verdict for r in results.values()} == verdicts


def test_a_target_that_can_be_restarted_is() -> None:
    target = RealTarget(Crashes, restart=True)
    results = run_real(target, ANSWERED, SILENT, PIECES, REPORTED)
    assert results["pieces"].verdict is Verdict.INCONCLUSIVE
    assert {results[n].verdict for n in ("answered", "silent", "reported")} == {Verdict.PASS}
    assert sum(laboratory.restarts for laboratory in target.laboratories) >= 1


@pytest.mark.parametrize("one", [ANSWERED, REPORTED, PIECES, CALLED], ids=lambda c: c.title)
def test_everything_twice_is_a_failure(one: Case) -> None:
    result = lockstep(Twice).result(one)
    assert result.verdict is Verdict.FAIL
    why = result.findings[0].explanation
    assert why is not None
    assert "nothing more" in why.expected


def test_a_flood_is_a_verdict_and_bounded() -> None:
    result = lockstep(Floods).result(ANSWERED)
    assert result.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE)
    assert len(result.trace.entries) < 10_000


def test_lost_frames_never_fail_in_real_time() -> None:
    LosesTenth.count = 0
    results = run_real(RealTarget(LosesTenth), *GOOD)
    assert Verdict.FAIL not in {result.verdict for result in results.values()}
    passed = [r for r in results.values() if r.verdict in (Verdict.PASS, Verdict.OBSERVED)]
    assert len(passed) >= len(GOOD) - 2


def test_missing_answers_are_asked_for_twice_in_real_time() -> None:
    results = run_real(RealTarget(), MISSED, WRONG)
    assert results["missed"].attempts == 2
    assert results["wrong"].attempts == 1


def test_what_the_target_lacks_is_not_applicable() -> None:
    asked = case(
        "asked",
        "1122-3.2.2.6-a",
        *ECHO,
        provided=(
            send(ip() / udp(dport=CLOSED_PORT)),
            expect(ip() / echo_reply()),
        ),
    )
    result = lockstep().result(asked)
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert "does not offer" in (result.missing or "")


def test_a_control_without_answer_is_inconclusive() -> None:
    blind = case(
        "blind",
        "1122-3.2.1.2-a",
        send(ip(checksum=BAD) / echo_request()),
        silence(),
        control=(send(ip() / udp()), expect(ip() / echo_reply())),
    )
    result = lockstep().result(blind)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "control" in (result.findings[0].reason or "")


def test_counters_are_judged_on_their_own_rows() -> None:
    miscounted = case("miscounted", "1122-3.2.2.6-a", *ECHO, counters=echo_served(2))
    result = lockstep().result(miscounted)
    broken = {f.requirement for f in result.findings if f.verdict is Verdict.FAIL}
    assert "4293-icmpMsgStatsInPkts" in broken
    assert "1122-3.2.2.6-a" not in broken


def test_cancelling_forgets_what_has_not_begun() -> None:
    target = RealTarget()
    runner = RealTimeRunner(target, CATALOGUE)
    runner.prepare([ANSWERED, SILENT])
    runner.result(ANSWERED)
    runner.cancel()
    runner.close()
    runner.close()
    target.close()

"""A tester that is late: it looks longer, tries again, and believes no complaint."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import Any

import pytest

from harness.case import (
    HOST,
    TESTER,
    Case,
    advance,
    echo_reply,
    echo_request,
    expect,
    ip,
    ms,
    send,
)
from harness.catalogue import load
from harness.run import realtime, realtime_task
from harness.run.attempts import agreed, not_believed
from harness.run.attention import BLINK, Attention
from harness.run.bench import Window
from harness.run.realtime import LATE_ATTEMPTS, RealTimeRunner
from harness.verdict import CaseResult, Finding, Verdict
from tests.simulated import RealTarget

MUST = "1122-3.2.2.6-a"
ECHO = (send(ip() / echo_request()), expect(ip(src=HOST, dst=TESTER) / echo_reply()))
WRONG = (send(ip() / echo_request(data=b"a")), expect(ip() / echo_reply(data=b"b")))
OUT = 50_000
"""Microseconds for which a tester is kept away: longer than simulated targets are given."""


def case(name: str, *steps: Any) -> Case:
    return Case(f"rfc791-x-{name}", MUST, name, steps)


def run(one: Case) -> CaseResult:
    target = RealTarget()
    runner = RealTimeRunner(target, load())
    try:
        runner.prepare([one])
        return runner.result(one)
    finally:
        runner.close()
        target.close()


@pytest.fixture
def kept_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the tester be away before each of its first so many looks; `LATE` is half as long."""
    monkeypatch.setattr(realtime_task, "LATE", OUT // 2)

    def keep(looks: int) -> None:
        left = iter(range(looks))
        look = RealTimeRunner._look

        def late(self: RealTimeRunner, pause: int) -> None:
            if next(left, None) is not None:
                time.sleep(OUT / 1_000_000)
            look(self, pause)

        monkeypatch.setattr(RealTimeRunner, "_look", late)

    return keep


class TestAttention:
    def test_sleep_is_no_absence(self) -> None:
        attention = Attention(1_000_000)
        assert attention.look(3_000_000, asleep=2_000_000) == 0
        assert (attention.seen, attention.missed) == (3_000_000, 0)

    def test_a_blink_costs_nothing(self) -> None:
        attention = Attention(0)
        for number in range(1, 4):
            assert attention.look(number * BLINK, asleep=0) == BLINK
        assert attention.missed == 0

    def test_what_goes_beyond_a_blink_adds_up(self) -> None:
        attention = Attention(0)
        attention.look(BLINK + 5_000, asleep=0)
        attention.look(3 * BLINK + 5_000, asleep=BLINK // 2)
        assert attention.missed == 5_000 + BLINK // 2


class Bench:
    """As much of one as a window looks at."""

    def __init__(self) -> None:
        self.at, self.away = 0, 0

    def seen(self) -> int:
        return self.at

    def missed(self) -> int:
        return self.away


def test_a_window_is_over_when_it_was_watched_to_its_end() -> None:
    bench = Bench()
    window = Window(bench, 100, 50)  # type: ignore[arg-type]  # as much as it needs
    assert window.until == 150
    bench.at = 149
    assert not window.over
    bench.away, bench.at = 30, 160
    assert not window.over
    bench.at = 180
    assert window.over


def test_what_was_missed_before_a_window_is_not_its_own() -> None:
    bench = Bench()
    bench.away = 1_000
    window = Window(bench, 100, 50)  # type: ignore[arg-type]  # as much as it needs
    assert window.until == 150


class TestLateTester:
    def test_answers_are_found_however_late_the_tester_looks(
        self, kept_away: Callable[[int], None]
    ) -> None:
        kept_away(1_000)
        result = run(case("answered", *ECHO, *ECHO))
        assert (result.verdict, result.attempts) == (Verdict.PASS, 1)

    def test_a_complaint_is_not_believed(self, kept_away: Callable[[int], None]) -> None:
        kept_away(1_000)
        result = run(case("wrong", *WRONG))
        assert (result.verdict, result.attempts) == (Verdict.INCONCLUSIVE, LATE_ATTEMPTS)
        assert "the tester was late by" in (result.findings[0].reason or "")
        assert result.findings[0].explanation is not None

    def test_the_case_is_tried_again_until_the_tester_is_in_time(
        self, kept_away: Callable[[int], None]
    ) -> None:
        kept_away(3)
        result = run(case("wrong", *WRONG))
        assert result.verdict is Verdict.FAIL
        assert 1 < result.attempts <= LATE_ATTEMPTS

    def test_a_stimulus_that_comes_late_counts_as_well(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The pause before it is over, and the tester is busy with others."""
        monkeypatch.setattr(realtime_task, "LATE", 0)
        result = run(case("waited", advance(ms(5)), *WRONG))
        assert result.verdict is Verdict.INCONCLUSIVE


def result_of(verdict: Verdict) -> CaseResult:
    return CaseResult("x", [Finding("a", verdict), Finding("b", Verdict.PASS)])


def test_only_complaints_are_not_believed() -> None:
    told = not_believed(result_of(Verdict.DEVIATION), 123_456)
    assert [finding.verdict for finding in told.findings] == [Verdict.INCONCLUSIVE, Verdict.PASS]
    assert told.findings[0].reason == "the tester was late by 123 ms: the machine is too busy"


def test_a_service_that_is_gone_at_the_second_attempt_hides_no_complaint() -> None:
    told = agreed(result_of(Verdict.FAIL), CaseResult("x", missing="no echo", attempts=2))
    assert (told.verdict, told.attempts) == (Verdict.INCONCLUSIVE, 2)
    assert told.findings[0].reason == "the second attempt: no echo"


def test_the_collector_is_as_it_was_after_a_run() -> None:
    before = gc.get_threshold()
    runner = RealTimeRunner(RealTarget(), load())
    assert gc.get_threshold()[:2] == before[:2]
    assert gc.get_threshold()[2] > before[2]
    runner.close()
    assert gc.get_threshold() == before


def test_the_loop_never_sleeps_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may want the run to end."""
    pauses: list[int] = []
    look = RealTimeRunner._look

    def noted(self: RealTimeRunner, pause: int) -> None:
        pauses.append(pause)
        look(self, 0 if pause else pause)

    monkeypatch.setattr(RealTimeRunner, "_look", noted)
    monkeypatch.setattr(realtime, "PROGRESS_INTERVAL", 1_000)
    assert run(case("slow", advance(ms(20)), *ECHO)).verdict is Verdict.PASS
    assert max(pauses) == 1_000

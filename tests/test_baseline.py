"""The baseline: its file, what it turns findings into, and when it is stale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness import baseline
from harness.baseline import BaselineError, Waiver
from harness.verdict import CaseResult, Explanation, Finding, Verdict

CASE = "rfc1122-3.2.1.7-a"
WHY = Explanation(1, 1, "send", "a", "b")
ROW = "1122-3.2.1.7-b"
KNOWN = Waiver(CASE, ROW, "firmware 1.2")


def finding(verdict: Verdict, requirement: str = "1122-3.2.1.7-b") -> Finding:
    return Finding(requirement, verdict, WHY)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "known.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.DEVIATION])
def test_what_is_known_is_waived_with_its_reason_and_evidence(verdict: Verdict) -> None:
    other = finding(Verdict.FAIL, "791-3.1.ihl-a")
    result = CaseResult(CASE, [finding(verdict), other], seconds=2.0)

    judged = baseline.apply(result, [KNOWN])

    waived = Finding("1122-3.2.1.7-b", Verdict.WAIVED, WHY, reason="firmware 1.2")
    assert judged.findings == [waived, other]
    assert judged.verdict is Verdict.FAIL
    assert judged.seconds == 2.0
    assert result.findings[0].verdict is verdict


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.OBSERVED])
def test_what_is_no_longer_so_is_stale(verdict: Verdict) -> None:
    judged = baseline.apply(CaseResult(CASE, [finding(verdict)]), [KNOWN])

    assert judged.verdict is Verdict.STALE
    assert judged.findings[-1].requirement == KNOWN.requirement
    assert "firmware 1.2" in (judged.findings[-1].reason or "")


def test_a_waiver_is_stale_when_the_case_fails_otherwise() -> None:
    result = CaseResult(CASE, [finding(Verdict.FAIL, "791-3.1.ihl-a")])

    verdicts = [each.verdict for each in baseline.apply(result, [KNOWN]).findings]

    assert verdicts == [Verdict.FAIL, Verdict.STALE]


UNSEEN = Waiver(CASE, "1122-3.2.1.7-b", "it never answers", unseen=True)


def test_what_can_not_be_seen_is_not_applicable_with_its_reason() -> None:
    other = finding(Verdict.FAIL, "791-3.1.ihl-a")
    waived = Waiver(CASE, "791-3.1.ihl-a", "firmware 1.2")
    result = CaseResult(CASE, [finding(Verdict.INCONCLUSIVE), other])

    judged = baseline.apply(result, [UNSEEN, waived])

    assert judged.findings == [
        Finding("1122-3.2.1.7-b", Verdict.NOT_APPLICABLE, WHY, reason="it never answers"),
        Finding("791-3.1.ihl-a", Verdict.WAIVED, WHY, reason="firmware 1.2"),
    ]
    assert judged.verdict is Verdict.WAIVED
    assert baseline.apply(replace(result, findings=result.findings[:1]), [UNSEEN]).verdict is (
        Verdict.NOT_APPLICABLE
    )


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.DEVIATION])
def test_what_is_seen_after_all_is_stale(verdict: Verdict) -> None:
    judged = baseline.apply(CaseResult(CASE, [finding(verdict)]), [UNSEEN])

    assert judged.findings[0].verdict is verdict
    assert judged.findings[1].verdict is Verdict.STALE
    assert "out of sight" in (judged.findings[1].reason or "")


def test_a_waiver_does_not_cover_what_was_not_seen() -> None:
    result = CaseResult(CASE, [finding(Verdict.INCONCLUSIVE)])

    assert baseline.apply(result, [KNOWN]) == result


@pytest.mark.parametrize(
    "result",
    [
        CaseResult(CASE, missing="topology router"),
        CaseResult(CASE, [finding(Verdict.INCONCLUSIVE)]),
        CaseResult("rfc1122-3.2.1.7-other", [finding(Verdict.PASS)]),
    ],
)
def test_what_was_not_judged_is_not_stale(result: CaseResult) -> None:
    assert baseline.apply(result, [KNOWN]) == result


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    quoted = Waiver("rfc791-3.1-b", "791-3.1.ihl-a", 'a "quoted"\nline \x7f § \\')
    waivers = (KNOWN, quoted, Waiver("rfc791-3.1-c", "791-3.1.ihl-a", "hidden", unseen=True))

    path = written(tmp_path, baseline.render(waivers, "mine"))

    assert baseline.load(path) == waivers


def test_an_empty_baseline_is_one(tmp_path: Path) -> None:
    assert baseline.load(written(tmp_path, baseline.render((), "mine"))) == ()


def test_a_new_baseline_keeps_reasons_and_lists_each_pair_once() -> None:
    waived = Finding("791-3.1.ihl-a", Verdict.WAIVED, reason="argued")
    results = [
        CaseResult(CASE, [finding(Verdict.FAIL), finding(Verdict.FAIL), waived]),
        CaseResult("rfc791-3.1-b", [finding(Verdict.PASS), finding(Verdict.STALE)]),
        CaseResult("rfc791-3.1-c", [finding(Verdict.DEVIATION)]),
        CaseResult("rfc791-3.1-d", [finding(Verdict.INCONCLUSIVE)]),
        CaseResult("rfc791-3.1-e", [Finding(ROW, Verdict.NOT_APPLICABLE, reason="hidden")]),
    ]

    assert baseline.of_results(results) == (
        Waiver(CASE, "1122-3.2.1.7-b", baseline.NOT_ARGUED),
        Waiver(CASE, "791-3.1.ihl-a", "argued"),
        Waiver("rfc791-3.1-c", "1122-3.2.1.7-b", baseline.NOT_ARGUED),
        Waiver("rfc791-3.1-e", ROW, "hidden", unseen=True),
    )
    strays = baseline.of_strays([finding(Verdict.FAIL)])
    assert strays == (Waiver("ambient", "1122-3.2.1.7-b", baseline.NOT_ARGUED),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x y", "known.toml: .*line 1"),
        ("[waiver]\ncase = 'a'", r"known.toml: waivers are written \[\[waiver\]\]"),
        ("waiver = [1]", r"waivers are written \[\[waiver\]\]"),
        ("[unseen]\ncase = 'a'", r"known.toml: waivers are written \[\[unseen\]\]"),
        ("[[unseen]]\ncase = 'a'", "unseen 1: requirement is missing"),
        ("[[wavier]]\ncase = 'a'", "known.toml: unknown key 'wavier'"),
        ("[[waiver]]\nresaon = 'a'", "waiver 1: unknown field 'resaon'; near: reason"),
        ("[[waiver]]\ncase = 'a'\nrequirement = 'b'", "waiver 1: reason is missing"),
        ("[[waiver]]\ncase = 'a'\nrequirement = 'b'\nreason = ' '", "reason is not a text"),
        ("[[waiver]]\ncase = 1\nrequirement = 'b'\nreason = 'c'", "case is not a text"),
        (
            "[[waiver]]\ncase = 'a'\nrequirement = 'b'\nreason = 'c'\n" * 2,
            "a is waived twice for b",
        ),
        (
            "".join(
                f"[[{table}]]\ncase = 'a'\nrequirement = 'b'\nreason = 'c'\n"
                for table in ("waiver", "unseen")
            ),
            "a is waived twice for b",
        ),
    ],
)
def test_a_broken_baseline_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BaselineError, match=message) as raised:
        baseline.load(written(tmp_path, text))

    assert "\n" not in str(raised.value)


def test_a_baseline_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="Is a directory"):
        baseline.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b"# \xe9\n")
    with pytest.raises(BaselineError, match=r"latin.toml: .*utf-8"):
        baseline.load(tmp_path / "latin.toml")


def test_names_are_checked_with_a_hint() -> None:
    rows = ("1122-3.2.1.7-a", "1122-3.2.1.7-b")

    def cases_like(case_id: str) -> tuple[str, ...]:
        return (CASE,)

    baseline.check([KNOWN, Waiver("ambient", "1122-3.2.1.7-a", "x")], rows, cases_like)
    with pytest.raises(BaselineError, match=r"unknown requirement '1122-3.2.1.7-c'; near: 1122"):
        baseline.check([Waiver(CASE, "1122-3.2.1.7-c", "x")], rows, cases_like)
    with pytest.raises(BaselineError, match=r"unknown case 'rfc1122-3.2.1.7-x'; near: rfc1122"):
        baseline.check([Waiver("rfc1122-3.2.1.7-x", rows[0], "x")], rows, cases_like)

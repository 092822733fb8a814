"""Findings as text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness import catalogue
from harness.report import words
from harness.report.model import Run
from harness.verdict import CaseResult, Difference, Explanation, Finding, Verdict
from tests import report_example as sample


@pytest.fixture(name="run")
def _run() -> Run:
    return sample.example()


def result_of(run: Run, case: str) -> CaseResult:
    return next(result for result in run.results if result.case == case)


def explained(run: Run, case: str) -> str:
    text = words.explanation(result_of(run, case), run.catalogue)
    assert text is not None
    return text


def test_a_failure_begins_with_the_same_four_lines(run: Run) -> None:
    assert explained(run, sample.FAILED).splitlines()[:4] == [
        "RFC 1122 §3.2.2  No error for a datagram to an IP broadcast or multicast address",
        "step 2 of 2      after send: UDP to 192.0.2.255:9",
        "expected         silence for 200 ms",
        "actual           ICMP destination unreachable, port (3/3), 56 octets",
    ]


def test_then_come_the_fields_that_differ_and_the_octets_with_those_marked(run: Run) -> None:
    lines = explained(run, sample.FAILED_FIELDS).splitlines()
    assert lines[4:7] == [
        "  quote.ttl       expected 64      actual 63",
        "  quote.checksum  expected 0x7b9f  actual 0x0000",
        "frame of 242 octets, differing octets marked:",
    ]
    row = next(index for index, line in enumerate(lines) if line.startswith("  0030"))
    octets, marks = lines[row], lines[row + 1]
    marked = [octets[at : at + 2] for at in range(len(marks)) if marks.startswith("^^", at)]
    assert marked == ["3f", "00", "00"]
    assert marks.endswith("  quote.ttl, quote.checksum")


def test_the_message_is_the_four_lines_alone(run: Run) -> None:
    message = words.message(result_of(run, sample.FAILED_FIELDS), run.catalogue)
    assert message == "\n".join(explained(run, sample.FAILED_FIELDS).splitlines()[:4])


@pytest.mark.parametrize(
    ("case", "first"),
    [
        (sample.DEVIATED, "RFC 1122 §3.2.2.6  RR and TS options in the request are updated"),
        (sample.OBSERVED, "observed: ignores it"),
        (sample.INCONCLUSIVE, "inconclusive: the sentinel was not answered"),
        (sample.NOT_APPLICABLE, "not applicable: the target lacks topology router"),
        (sample.WAIVED, "waived: source routes are refused on purpose"),
        (sample.STALE, "stale waiver: it passes now; waived as: offload"),
    ],
)
def test_each_verdict_says_first_what_it_is(run: Run, case: str, first: str) -> None:
    assert explained(run, case).startswith(first)
    message = words.message(result_of(run, case), run.catalogue)
    assert message is not None
    assert explained(run, case).startswith(message)


def test_what_a_run_found_missing_is_a_sentence_of_its_own() -> None:
    result = CaseResult("x", missing="the target does not offer it: no answer")
    assert words.not_applicable(result) == "not applicable: the target does not offer it: no answer"


def test_what_is_out_of_sight_says_what_stands_before_it(run: Run) -> None:
    hidden = Finding("1122-3.2.2.6-a", Verdict.NOT_APPLICABLE, reason="no echo, which is known")
    result = CaseResult("x", findings=[replace(hidden, verdict=Verdict.PASS), hidden])
    assert result.verdict is Verdict.PASS
    result = CaseResult("x", findings=[hidden])
    first = "not applicable: no echo, which is known"
    assert words.not_applicable(result) == first
    assert words.not_applicable(CaseResult("x")).endswith("the target lacks what the case needs")
    for text in (words.message(result, run.catalogue), words.explanation(result, run.catalogue)):
        assert text is not None
        assert text.startswith(first + "\nRFC 1122 §3.2.2.6")


def test_a_plain_pass_says_nothing(run: Run) -> None:
    passed = result_of(run, sample.PASSED)
    assert words.message(passed, run.catalogue) is None
    assert words.explanation(passed, run.catalogue) is None


def test_the_worst_finding_speaks_for_the_case(run: Run) -> None:
    failed = result_of(run, sample.FAILED)
    deviation = replace(failed.findings[0], verdict=Verdict.DEVIATION, requirement="1122-3.2.2-f")
    both = replace(failed, findings=[deviation, *failed.findings])
    message = words.message(both, run.catalogue)
    assert message is not None
    assert "broadcast or multicast" in message
    text = words.explanation(both, run.catalogue)
    assert text is not None
    assert text.count("expected         silence for 200 ms") == 2


def test_a_reason_beside_a_failure_follows_the_four_lines(run: Run) -> None:
    finding = replace(result_of(run, sample.FAILED).findings[0], reason="seen on both tries")
    lines = words.finding_lines(finding, run.catalogue[finding.requirement])
    assert lines[4] == "note             seen on both tries"


@pytest.mark.parametrize(
    ("requirement", "clause", "title"),
    [
        ("1122-3.2.1.7-b", "RFC 1122 §3.2.1.7", "§3.2.1.7 Time to Live"),
        ("792-du-a", "RFC 792 p. 4", "Destination Unreachable"),
        ("791-A-a", "RFC 791 Appendix A", "Appendix A "),
    ],
)
def test_clauses_are_cited_as_people_do(requirement: str, clause: str, title: str) -> None:
    row = catalogue.load()[requirement]
    assert words.clause(row) == clause
    assert words.section_title(row).startswith(title)


def test_long_differences_take_two_lines() -> None:
    long = Difference("icmp.data", "61 " * 30, "62 " * 30)
    assert words.difference_lines([long]) == [
        "  icmp.data      expected " + "61 " * 30,
        "                 actual   " + "62 " * 30,
    ]


def test_several_lines_of_text_stay_under_their_label() -> None:
    row = catalogue.load()["1122-3.2.2-h"]
    why = Explanation(1, 1, "send", "one\ntwo", "")
    lines = words.four_lines(Finding(row.id, Verdict.FAIL, why), row)
    assert lines[2] == "expected         one\n                 two"
    assert lines[3] == "actual"


def test_the_middle_of_a_long_frame_is_left_out_unless_it_is_marked() -> None:
    frame = bytes(range(256)) * 6
    plain = words.hex_lines(frame)
    assert len(plain) == words.ROWS_AT_THE_START + 2
    assert plain[-2] == "  ....  1424 octets left out"
    assert plain[-1].startswith("  05f0  f0 f1")
    marked = words.hex_lines(frame, {(1000, 1002): "icmp.data"})
    assert "  03e0  e0 e1 e2 e3 e4 e5 e6 e7  e8 e9 ea eb ec ed ee ef  ................" in marked
    assert marked[marked.index("  ....  896 octets left out") + 2].endswith("icmp.data")


def test_marks_cross_rows_and_share_them() -> None:
    lines = words.hex_lines(bytes(32), {(14, 18): "ip.src", (20, 21): "ip.dst"})
    assert lines[1].count("^^") == 2
    assert lines[3].count("^^") == 3
    assert lines[3].endswith("ip.src, ip.dst")


def test_what_is_not_in_the_frame_is_said_to_be_missing() -> None:
    lines = words.hex_lines(bytes(20), {(20, 24): "ip.options"})
    assert lines[-1] == "  ....  ip.options: not there, the frame ends before octet 20"


@pytest.mark.parametrize(("place", "column"), [(16, 8), (20, 19), (24, 32)])
def test_a_place_where_something_is_missing_has_a_mark_of_its_own(place: int, column: int) -> None:
    marks = words.hex_lines(bytes(32), {(place, place): "ip.options"})[2]
    assert marks.index("^") == column
    assert marks.count("^") == 1
    assert marks.endswith(" ip.options")


def test_what_goes_wrong_before_the_first_step_says_so() -> None:
    row = catalogue.load()["1122-3.2.2-h"]
    why = Explanation(0, 2, "the start", "an answer to the preamble", "nothing")
    lines = words.four_lines(Finding(row.id, Verdict.INCONCLUSIVE, why), row)
    assert lines[1] == "before step 1    after the start"


def test_an_empty_frame_has_no_rows() -> None:
    assert words.hex_lines(b"") == []


def test_two_fields_in_one_place_are_both_named() -> None:
    one = Difference("ip.df", "0", "1", (20, 21))
    other = Difference("ip.mf", "0", "1", (20, 21))
    assert words.marks_of([one, other]) == {(20, 21): "ip.df, ip.mf"}

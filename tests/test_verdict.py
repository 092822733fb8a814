"""Verdicts: which one speaks for all, and results as plain data and back."""

from __future__ import annotations

import json
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.trace import Entry, Event, Trace
from harness.verdict import (
    CaseResult,
    Difference,
    Explanation,
    Finding,
    Verdict,
    result_from_json,
    result_to_json,
    worst,
)

ORDER = (
    Verdict.FAIL,
    Verdict.STALE,
    Verdict.INCONCLUSIVE,
    Verdict.DEVIATION,
    Verdict.WAIVED,
    Verdict.OBSERVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)

words = st.text(max_size=12)
maybe_words = st.none() | words
octets = st.binary(max_size=20)
counts = st.integers(0, 2**40)
places = st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99))
seconds = st.floats(0, 1e6, allow_nan=False)
differences = st.builds(Difference, words, words, words, places)
explanations = st.builds(
    Explanation,
    st.integers(0, 99),
    st.integers(0, 99),
    words,
    words,
    words,
    st.lists(differences, max_size=3).map(tuple),
    st.none() | octets,
)
findings = st.builds(
    Finding,
    words,
    st.sampled_from(Verdict),
    st.none() | explanations,
    maybe_words,
    maybe_words,
)
entries = st.builds(
    Entry,
    counts,
    st.sampled_from(Event),
    words,
    st.none() | st.integers(1, 9),
    st.none() | st.integers(0, 1),
    st.none() | octets,
)
traces = st.builds(
    Trace,
    st.lists(entries, max_size=4),
    st.lists(words, max_size=2).map(tuple),
    st.booleans(),
    seconds,
)
results = st.builds(
    CaseResult,
    words,
    st.lists(findings, max_size=4),
    maybe_words,
    traces,
    seconds,
    st.integers(1, 2),
    counts,
)


def test_every_verdict_has_its_place() -> None:
    assert set(ORDER) == set(Verdict)


def test_the_worse_of_two_speaks() -> None:
    for one, other in permutations(ORDER, 2):
        assert worst((one, other)) is min(one, other, key=ORDER.index)


@given(st.lists(st.sampled_from(Verdict), min_size=1))
def test_the_worst_speaks_for_all(verdicts: list[Verdict]) -> None:
    assert worst(verdicts) is min(verdicts, key=ORDER.index)
    assert worst(reversed(verdicts)) is worst(iter(verdicts))


def test_nothing_seen_is_no_pass() -> None:
    assert worst(()) is Verdict.NOT_APPLICABLE
    assert CaseResult("rfc791-x").verdict is Verdict.NOT_APPLICABLE


def test_what_is_missing_makes_a_case_not_applicable_whatever_was_found() -> None:
    found = [Finding("791-3.1.ver-a", Verdict.FAIL)]
    assert CaseResult("rfc791-x", found).verdict is Verdict.FAIL
    assert CaseResult("rfc791-x", found, missing="topology router").verdict is (
        Verdict.NOT_APPLICABLE
    )


@given(results)
def test_a_result_comes_back_from_json_as_it_was(result: CaseResult) -> None:
    text = json.dumps(result_to_json(result))
    assert result_from_json(json.loads(text)) == result


@given(findings, findings)
def test_different_findings_are_different_in_json(first: Finding, second: Finding) -> None:
    written = [
        json.dumps(result_to_json(CaseResult("rfc791-x", [finding]))) for finding in (first, second)
    ]
    assert (written[0] == written[1]) is (first == second)


def test_an_unknown_verdict_is_refused() -> None:
    plain = result_to_json(CaseResult("rfc791-x", [Finding("791-3.1.ver-a", Verdict.PASS)]))
    plain["findings"][0]["verdict"] = "passed"
    with pytest.raises(ValueError, match="passed"):
        result_from_json(plain)

"""The document from which all else can be made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from harness.report import compliance
from harness.report.model import Run
from harness.verdict import CaseResult, Finding, Verdict
from tests import report_example as sample

DOCUMENTATION = Path(__file__).parent.parent / "docs" / "report.md"


@pytest.fixture(name="run")
def _run() -> Run:
    return sample.example()


@pytest.fixture(name="plain")
def _plain(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(compliance.encoded(compliance.document(run)))
    return found


def case_of(plain: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(case for case in plain["cases"] if case["id"] == name)
    return found


def requirement_of(plain: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in plain["requirements"] if row["id"] == name)
    return found


def test_the_summary_counts_the_cases_of_every_verdict(plain: dict[str, Any]) -> None:
    assert plain["summary"] == {verdict.value: 1 for verdict in Verdict} | {"fail": 2}
    assert sum(plain["summary"].values()) == len(plain["cases"])
    assert plain["target"] == "sample"
    assert plain["configuration"]["timers"] == {"settle": 0.2, "reassembly": 60}


def test_a_requirement_has_clause_level_role_verdict_and_cases(plain: dict[str, Any]) -> None:
    row = requirement_of(plain, "1122-3.2.2-h")
    assert row["rfc"] == "1122"
    assert row["section"] == "3.2.2"
    assert row["level"] == "MUST NOT"
    assert row["role"] == "host"
    assert row["verdict"] == "fail"
    assert row["cases"] == [sample.FAILED]


def test_requirements_are_those_that_were_judged_and_the_rest_has_a_reason(
    plain: dict[str, Any], run: Run
) -> None:
    judged = [row["id"] for row in plain["requirements"]]
    others = {row["id"]: row for row in plain["not_judged"]}
    assert sorted([*judged, *others]) == sorted(run.catalogue)
    for name, row in others.items():
        catalogued = run.catalogue[name]
        if catalogued.untestable:
            assert row["reason"] == f"untestable: {catalogued.untestable}"
    assert any(row["reason"] == "no case about it was run" for row in others.values())


def test_a_case_has_its_explanation_and_evidence(plain: dict[str, Any]) -> None:
    case = case_of(plain, sample.FAILED_FIELDS)
    assert case["verdict"] == "fail"
    assert case["explanation"].splitlines()[3].startswith("actual  ")
    (finding,) = [found for found in case["findings"] if found["verdict"] == "fail"]
    assert finding["explanation"]["differences"][0]["place"] == [50, 51]
    assert bytes.fromhex(finding["explanation"]["frame"])[50] == 63
    assert case["trace"]["entries"][-1][1] == "from target"


def test_traces_are_kept_where_they_explain(plain: dict[str, Any]) -> None:
    kept = {case["verdict"] for case in plain["cases"] if case["trace"] is not None}
    assert kept == {"fail", "deviation", "inconclusive", "waived", "stale"}
    assert case_of(plain, sample.PASSED)["explanation"] is None
    assert case_of(plain, sample.OBSERVED)["findings"][0]["way"] == "ignores it"
    assert case_of(plain, sample.NOT_APPLICABLE)["missing"] == "topology router"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE], "fail"),
        ([Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.DEVIATION], "inconclusive"),
        ([Verdict.OBSERVED, Verdict.DEVIATION, Verdict.WAIVED], "deviation"),
        ([Verdict.WAIVED, Verdict.OBSERVED], "waived"),
        ([Verdict.STALE, Verdict.INCONCLUSIVE], "stale"),
        ([Verdict.PASS, Verdict.OBSERVED], "observed"),
        ([Verdict.PASS, Verdict.NOT_APPLICABLE], "pass"),
        ([Verdict.NOT_APPLICABLE], "not applicable"),
    ],
)
def test_a_requirement_takes_the_worst_of_all_findings(
    run: Run, verdicts: list[Verdict], expected: str
) -> None:
    purpose = sample.PURPOSES[sample.PASSED]
    purposes = {f"{purpose.id}-{n}": purpose for n in range(len(verdicts))}
    results = [
        CaseResult(name, missing="x")
        if verdict is Verdict.NOT_APPLICABLE
        else CaseResult(name, [Finding("1122-3.2.1.7-b", verdict)])
        for name, verdict in zip(purposes, verdicts, strict=True)
    ]
    plain = compliance.document(replace(run, purposes=purposes, results=results))
    row = requirement_of(plain, "1122-3.2.1.7-b")
    assert row["verdict"] == expected
    assert row["cases"] == list(purposes)


def test_findings_outside_any_case_count_for_their_requirement(run: Run) -> None:
    stray = Finding("791-3.2.cksum-a", Verdict.FAIL, reason="while nobody asked")
    plain = compliance.document(replace(run, ambient=[stray]))
    row = requirement_of(plain, "791-3.2.cksum-a")
    assert (row["verdict"], row["cases"]) == ("fail", [])
    assert plain["ambient"][0]["reason"] == "while nobody asked"


def test_all_else_can_be_made_from_it(run: Run, plain: dict[str, Any]) -> None:
    again = compliance.run_of(plain, run.catalogue)
    assert compliance.document(again) == compliance.document(run)
    assert again.counts() == run.counts()
    assert [result.verdict for result in again.results] == [r.verdict for r in run.results]


def test_the_latest_run_is_found_without_its_target(tmp_path: Path, run: Run) -> None:
    first = compliance.write(tmp_path, run)
    second = compliance.write(tmp_path, replace(run, target="other"))
    latest = tmp_path / "compliance.json"
    assert first == tmp_path / "sample" / "compliance.json"
    assert latest.read_bytes() == second.read_bytes() != first.read_bytes()
    assert (
        sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
        == ["compliance.json"] * 3
    )
    assert compliance.read(latest)["target"] == "other"


@pytest.mark.parametrize("text", ["[]", '{"schema": 2}', "{}"])
def test_a_document_of_another_kind_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "compliance.json"
    path.write_text(text)
    with pytest.raises(ValueError, match="not a compliance document of schema 1"):
        compliance.read(path)


def test_every_requirement_and_case_has_a_line(run: Run) -> None:
    lines = compliance.encoded(compliance.document(run)).decode().splitlines()
    assert sum(line.startswith('{"id":"rfc1122-') for line in lines) == 8
    assert compliance.encoded({"empty": []}) == b'{\n"empty": []\n}\n'


KINDS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: isinstance(value, bool),
    "list": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def documented(heading: str) -> dict[str, str]:
    """The names and types in the table that follows a line of the documentation."""
    lines = DOCUMENTATION.read_text(encoding="utf-8").splitlines()
    start = lines.index(heading) + 2
    rows = takewhile(lambda line: line.startswith("|"), lines[start:])
    cells = [re.match(r"\| `(\w+)` \| ([\w ]+) \|", row) for row in rows]
    return {found[1]: found[2] for found in cells if found}


def check(values: list[dict[str, Any]], heading: str, more: dict[str, str] | None = None) -> None:
    names = (more or {}) | documented(heading)
    assert values
    for value in values:
        assert list(value) == list(names)
        for name, kinds in names.items():
            assert any(KINDS[kind](value[name]) for kind in kinds.split(" or ")), name


def test_the_documentation_names_everything_in_the_document(plain: dict[str, Any]) -> None:
    findings = [finding for case in plain["cases"] for finding in case["findings"]]
    check([plain], "The document:")
    check(plain["requirements"], "A requirement:")
    first = dict(list(documented("A requirement:").items())[:5])
    check(
        plain["not_judged"],
        "A requirement that was not judged has the first five of these names, and:",
        first,
    )
    check(plain["cases"], "A case:")
    check(findings, "A finding:")
    check([found["explanation"] for found in findings if found["explanation"]], "An explanation:")
    check([case["trace"] for case in plain["cases"] if case["trace"]], "A trace:")

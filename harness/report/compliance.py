"""`compliance.json`: what a run brought, as plain data from which all else can be made.

docs/report.md documents the schema. `document` makes the object, `write` puts it where people
and programs look for it, `run_of` turns it back into a run that every report writer takes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.catalogue import Requirement
from harness.report import words
from harness.report.model import UNMET, CaseFacts, Run
from harness.trace import Trace
from harness.verdict import CaseResult, Verdict, result_from_json, result_to_json

SCHEMA = 1
"""Goes up when a reader of the last one would go wrong."""
FILE = "compliance.json"
LATEST = "compliance.json"
"""The copy of the latest run's document, whatever its target, beside the targets' directories."""

AMBIENT = "ambient"
"""Stands for the case of findings that belong to none."""


def document(run: Run) -> dict[str, Any]:
    """A run as plain data."""
    verdicts = run.verdicts_by_requirement()
    cases = run.cases_by_requirement()
    return {
        "schema": SCHEMA,
        "target": run.target,
        "configuration": dict(run.configuration),
        "started": datetime.fromtimestamp(run.started, UTC).isoformat(timespec="milliseconds"),
        "seconds": round(run.seconds, 6),
        "summary": {verdict.value: count for verdict, count in run.counts().items()},
        "requirements": [
            _requirement(run.catalogue[name], verdict, cases.get(name, []))
            for name, verdict in verdicts.items()
        ],
        "not_judged": [
            {**_row(row), "reason": _why_not_judged(row)}
            for row in run.catalogue.values()
            if row.id not in verdicts
        ],
        "cases": [_case(run, result) for result in run.results],
        "ambient": result_to_json(CaseResult(AMBIENT, list(run.ambient)))["findings"],
    }


def _row(row: Requirement) -> dict[str, Any]:
    return {
        "id": row.id,
        "rfc": row.rfc,
        "section": row.section,
        "level": row.level.value,
        "role": row.role.value,
    }


def _requirement(row: Requirement, verdict: Verdict, cases: list[str]) -> dict[str, Any]:
    return {
        **_row(row),
        "judged_as": row.judged_level.value,
        "title": row.title,
        "gist": row.gist,
        "page": row.page,
        "url": row.url,
        "verdict": verdict.value,
        "cases": cases,
    }


def _why_not_judged(row: Requirement) -> str:
    """Why a run has nothing to say of a requirement: the catalogue's reason, or no case ran."""
    if row.superseded_by:
        return f"superseded by {', '.join(row.superseded_by)}"
    if row.implied_by:
        return f"implied by {', '.join(row.implied_by)}"
    if row.untestable:
        return f"untestable: {row.untestable}"
    if row.out_of_scope:
        return f"out of scope: {row.out_of_scope}"
    return "no case about it was run"


def _case(run: Run, result: CaseResult) -> dict[str, Any]:
    purpose = run.purposes[result.case]
    told = result.verdict in UNMET
    kept = result_to_json(result if told else replace(result, trace=Trace()))
    del kept["case"]
    trace = kept.pop("trace")
    return {
        "id": purpose.id,
        "title": purpose.title,
        "requirements": list(purpose.requirements),
        "verdict": result.verdict.value,
        "explanation": words.explanation(result, run.catalogue),
        **kept,
        "trace": trace if told else None,
    }


def write(reports: Path, run: Run) -> Path:
    """Write the document of a run, and the copy that is always that of the latest run.

    Returns:
        The target's own file.
    """
    octets = encoded(document(run))
    path = reports / run.target / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_whole(path, octets)
    _write_whole(reports / LATEST, octets)
    return path


def encoded(plain: Mapping[str, Any]) -> bytes:
    """A document as JSON in UTF-8; a line for each requirement and case, so that diffs read."""
    parts = [f'"{name}": {_value(value)}' for name, value in plain.items()]
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode()


def _value(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(_one_line(item) for item in value) + "\n]"
    return _one_line(value)


def _one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _write_whole(path: Path, octets: bytes) -> None:
    """Write a file so that nobody ever reads half of it."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.write_bytes(octets)
    half.replace(path)


def read(path: Path) -> dict[str, Any]:
    """The document in a file.

    Raises:
        ValueError: it is not one that this version understands.
    """
    plain = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(plain, dict) or plain.get("schema") != SCHEMA:
        raise ValueError(f"{path}: not a compliance document of schema {SCHEMA}")
    return plain


def run_of(plain: Mapping[str, Any], catalogue: Mapping[str, Requirement]) -> Run:
    """The run that a document tells of; traces are those that it kept."""
    nothing = result_to_json(CaseResult(AMBIENT))
    results = [
        result_from_json({**case, "case": case["id"], "trace": case["trace"] or nothing["trace"]})
        for case in plain["cases"]
    ]
    ambient = result_from_json({**nothing, "findings": plain["ambient"]})
    return Run(
        target=plain["target"],
        configuration=plain["configuration"],
        catalogue=catalogue,
        purposes={facts.id: facts for facts in _facts(plain["cases"])},
        results=results,
        started=datetime.fromisoformat(plain["started"]).timestamp(),
        seconds=plain["seconds"],
        ambient=ambient.findings,
    )


def _facts(cases: Iterable[Mapping[str, Any]]) -> Iterable[CaseFacts]:
    for case in cases:
        yield CaseFacts(case["id"], case["title"], tuple(case["requirements"]))

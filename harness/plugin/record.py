"""What a run brought, gathered in the process that writes the reports.

Results come from the items themselves, or, under xdist, as plain data from the workers: with the
report of the case's call, and at the worker's end what belongs to no case.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from harness import baseline
from harness.baseline import Waiver
from harness.catalogue import Catalogue
from harness.plugin import allure
from harness.plugin.collect import CaseItem
from harness.plugin.options import Gate
from harness.plugin.outcome import closing
from harness.plugin.session import session_of
from harness.report.model import CaseFacts, Run
from harness.verdict import (
    CaseResult,
    Finding,
    Verdict,
    result_from_json,
    result_to_json,
)

_RECORD = pytest.StashKey["Record"]()
_ON_REPORT = "ip4spec"
_STRAYS = "ip4spec_strays"
_DESCRIPTION = "ip4spec_description"


class Record:
    """The results of a run so far. Times are seconds."""

    def __init__(self) -> None:
        self.started = time.time()
        self.purposes: dict[str, CaseFacts] = {}
        self.results: list[CaseResult] = []
        self.strays: list[Finding] = []
        self.description: Mapping[str, Any] = {}
        self.remarks: list[str] = []
        self.shown: Run | None = None
        self.broken_off = False
        """The run ended before its cases had."""

    def add(self, facts: CaseFacts, result: CaseResult) -> None:
        """Note the result of a case."""
        self.purposes[facts.id] = facts
        self.results.append(result)

    def add_strays(self, findings: Iterable[Finding]) -> None:
        """Note findings that belong to no case."""
        self.strays.extend(findings)

    def closed_by(self, gate: Gate) -> list[Verdict]:
        """The verdicts in the run that close a gate, each once."""
        if self.shown is None:
            return []
        findings = [finding for result in self.shown.results for finding in result.findings]
        seen = {finding.verdict for finding in (*findings, *self.shown.ambient)}
        return [verdict for verdict in closing(gate) if verdict in seen]

    def run(
        self, target: str, rows: Catalogue, order: Iterable[str], waivers: Iterable[Waiver]
    ) -> Run:
        """The run as the reports want it, its results in the order of `order`."""
        place = {case_id: number for number, case_id in enumerate(order)}
        self.results.sort(key=lambda result: place.get(result.case, len(place)))
        self.shown = Run(
            target=target,
            configuration=self.description,
            catalogue=rows,
            purposes=self.purposes,
            results=self.results,
            started=self.started,
            seconds=time.time() - self.started,
            ambient=self._ambient(waivers),
        )
        return self.shown

    def _ambient(self, waivers: Iterable[Waiver]) -> list[Finding]:
        """What belongs to no case, from all workers: none passes what another saw broken."""
        broken = {
            finding.requirement
            for finding in (
                *self.strays,
                *(finding for result in self.results for finding in result.findings),
            )
            if finding.verdict is not Verdict.PASS
        }
        kept: list[Finding] = []
        for finding in self.strays:
            held = finding.verdict is Verdict.PASS
            if finding not in kept and not (held and finding.requirement in broken):
                kept.append(finding)
        return baseline.apply(CaseResult(baseline.AMBIENT, kept), waivers).findings


def begin(config: pytest.Config) -> None:
    """Begin the record of a run."""
    config.stash[_RECORD] = Record()


def record_of(config: pytest.Config) -> Record:
    """The record of this process."""
    return config.stash[_RECORD]


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs its share of the cases for another one."""
    return hasattr(config, "workerinput")


def note(item: CaseItem, report: pytest.TestReport) -> None:
    """Keep an item's result, or send it to the controller with the report."""
    if item.result is None:
        return
    facts = CaseFacts(item.case.id, item.case.title, item.case.requirements)
    if report.longrepr is None or isinstance(report.longrepr, str | tuple):
        allure.remember(item.config, item.name, item.case, item.result)
    if is_worker(item.config):
        plain = {"facts": list(facts), "result": result_to_json(item.result)}
        setattr(report, _ON_REPORT, plain)
    else:
        record_of(item.config).add(facts, item.result)


def take(report: pytest.TestReport) -> None:
    """Keep a result that a worker sent with its report."""
    worker = getattr(report, "node", None)
    if worker is None or not hasattr(report, _ON_REPORT):
        return
    plain = report.__dict__.pop(_ON_REPORT)
    case_id, title, requirements = plain["facts"]
    facts = CaseFacts(case_id, title, tuple(requirements))
    record_of(worker.config).add(facts, result_from_json(plain["result"]))


def send_rest(config: pytest.Config) -> None:
    """Keep what belongs to no case, or leave it for the controller."""
    session = session_of(config)
    description = session.description or {}
    if not is_worker(config):
        record = record_of(config)
        record.add_strays(session.strays)
        record.description = description or record.description
        return
    output = config.workeroutput  # type: ignore[attr-defined]  # xdist adds it to workers
    output[_STRAYS] = result_to_json(CaseResult("", list(session.strays)))
    output[_DESCRIPTION] = _plain(description)


def take_rest(config: pytest.Config, output: Mapping[str, Any]) -> None:
    """Keep what a worker left when it ended."""
    if _STRAYS in output:
        record = record_of(config)
        record.add_strays(result_from_json(output[_STRAYS]).findings)
        record.description = record.description or output[_DESCRIPTION]


def _plain(value: Any) -> Any:
    """The value in the few types that travel between processes."""
    match value:
        case Mapping():
            return {str(name): _plain(part) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(part) for part in value]
        case str() | int() | float() | bool() | bytes() | None:
            return value
        case _:
            return str(value)

"""What a run brought, as every report writer takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from harness.catalogue import Requirement
from harness.verdict import CaseResult, Finding, Verdict, worst

CLOSING = (Verdict.FAIL, Verdict.STALE, Verdict.INCONCLUSIVE)
"""Verdicts that close the gate at any setting."""

UNMET = (*CLOSING, Verdict.DEVIATION, Verdict.WAIVED)
"""Verdicts that want explaining, worst first."""


class Purpose(Protocol):
    """What the reports say of a case; `harness.case.model.Case` is one."""

    @property
    def id(self) -> str:
        """The case id."""

    @property
    def title(self) -> str:
        """The situation and the outcome."""

    @property
    def requirements(self) -> tuple[str, ...]:
        """The catalogue ids that the case as a whole is about."""


class CaseFacts(NamedTuple):
    """A purpose without the case: what travels between processes."""

    id: str
    title: str
    requirements: tuple[str, ...]


class Judged(NamedTuple):
    """A finding, the case that brought it and the requirement that it is on."""

    purpose: Purpose
    result: CaseResult
    finding: Finding
    requirement: Requirement


@dataclass(frozen=True, slots=True)
class Run:
    """One run on one target.

    Attributes:
        target: the target's name, which is also its directory under `reports/`.
        configuration: what was judged, as the target describes itself: plain data.
        catalogue: all requirements by id.
        purposes: the cases by id; at least those that have a result.
        results: in the order of collection.
        started: seconds since 1970, UTC.
        seconds: what the run took, on the tester's clock.
        ambient: findings that belong to no case.
    """

    target: str
    configuration: Mapping[str, Any]
    catalogue: Mapping[str, Requirement]
    purposes: Mapping[str, Purpose]
    results: Sequence[CaseResult]
    started: float = 0.0
    seconds: float = 0.0
    ambient: Sequence[Finding] = ()

    def counts(self) -> dict[Verdict, int]:
        """How many cases have each verdict."""
        counts = dict.fromkeys(Verdict, 0)
        for result in self.results:
            counts[result.verdict] += 1
        return counts

    def judged(self, *verdicts: Verdict) -> Iterator[Judged]:
        """The findings of cases that have one of these verdicts, in the order of collection."""
        for result in self.results:
            for finding in result.findings:
                if finding.verdict in verdicts:
                    yield Judged(
                        self.purposes[result.case],
                        result,
                        finding,
                        self.catalogue[finding.requirement],
                    )

    def verdicts_by_requirement(self) -> dict[str, Verdict]:
        """The verdict of each requirement that the run has something to say of.

        It is the worst of all findings on it; not applicable only if all cases that cite it are.
        In catalogue order.
        """
        seen: dict[str, list[Verdict]] = {}
        for result in self.results:
            if result.missing is not None:
                for name in self.purposes[result.case].requirements:
                    seen.setdefault(name, []).append(Verdict.NOT_APPLICABLE)
                continue
            for finding in result.findings:
                seen.setdefault(finding.requirement, []).append(finding.verdict)
        for finding in self.ambient:
            seen.setdefault(finding.requirement, []).append(finding.verdict)
        return {name: worst(seen[name]) for name in self.catalogue if name in seen}

    def cases_by_requirement(self) -> dict[str, list[str]]:
        """The cases that cite a requirement or brought a finding on it, in collection order."""
        cases: dict[str, list[str]] = {}
        for result in self.results:
            about = dict.fromkeys(self.purposes[result.case].requirements)
            about.update(dict.fromkeys(finding.requirement for finding in result.findings))
            for name in about:
                cases.setdefault(name, []).append(result.case)
        return cases

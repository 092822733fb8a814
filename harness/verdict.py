"""Verdicts, findings and what explains them: what the judge says and the reports show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harness.trace import Trace


class Verdict(Enum):
    """What was seen of a requirement, or of a case as a whole."""

    PASS = "pass"
    FAIL = "fail"
    DEVIATION = "deviation"
    OBSERVED = "observed"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"
    WAIVED = "waived"
    STALE = "stale"


_WORST_OF_A_CASE = (
    Verdict.FAIL,
    Verdict.STALE,
    Verdict.INCONCLUSIVE,
    Verdict.DEVIATION,
    Verdict.WAIVED,
    Verdict.OBSERVED,
    Verdict.PASS,
    Verdict.NOT_APPLICABLE,
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that speaks for all; not applicable only if all of them are, or there is none."""
    present = set(verdicts)
    return next((v for v in _WORST_OF_A_CASE if v in present), Verdict.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as expected, in words, and where it stands in the frame.

    `place` is (first octet, octet after the last) of the frame, or None.
    """

    field: str
    expected: str
    actual: str
    place: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a finding is what it is.

    `step` counts from 1; `after` says what had been done; `frame` is the frame that came, if one
    did, for the hex dump with the differing octets marked.
    """

    step: int
    steps: int
    after: str
    expected: str
    actual: str
    differences: tuple[Difference, ...] = ()
    frame: bytes | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one requirement. `way` names the way that an observed target goes."""

    requirement: str
    verdict: Verdict
    explanation: Explanation | None = None
    way: str | None = None
    reason: str | None = None
    """Why a finding is waived or stale, or what was in the way of seeing it."""


@dataclass(slots=True)
class CaseResult:
    """All that running a case brought.

    `missing` says, for a case that is not applicable, what the target lacks. `seconds` is the
    time on the target's clock. `attempts` is 2 when a real-time case was tried again.
    """

    case: str
    findings: list[Finding] = field(default_factory=list)
    missing: str | None = None
    trace: Trace = field(default_factory=Trace)
    seconds: float = 0.0
    attempts: int = 1
    judged_frames: int = 0
    """IP packets from the target that were held to the invariants."""

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings."""
        if self.missing is not None:
            return Verdict.NOT_APPLICABLE
        return worst(finding.verdict for finding in self.findings)


def result_to_json(result: CaseResult) -> dict[str, Any]:
    """A result as plain data, for other processes and files."""
    return {
        "case": result.case,
        "findings": [_finding_to_json(finding) for finding in result.findings],
        "missing": result.missing,
        "trace": result.trace.to_json(),
        "seconds": result.seconds,
        "attempts": result.attempts,
        "judged_frames": result.judged_frames,
    }


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    why = finding.explanation
    return {
        "requirement": finding.requirement,
        "verdict": finding.verdict.value,
        "way": finding.way,
        "reason": finding.reason,
        "explanation": None
        if why is None
        else {
            "step": why.step,
            "steps": why.steps,
            "after": why.after,
            "expected": why.expected,
            "actual": why.actual,
            "differences": [
                {
                    "field": difference.field,
                    "expected": difference.expected,
                    "actual": difference.actual,
                    "place": difference.place,
                }
                for difference in why.differences
            ],
            "frame": None if why.frame is None else why.frame.hex(),
        },
    }


def result_from_json(plain: dict[str, Any]) -> CaseResult:
    """The result that `result_to_json` turned into plain data."""
    return CaseResult(
        plain["case"],
        [_finding_from_json(finding) for finding in plain["findings"]],
        plain["missing"],
        Trace.from_json(plain["trace"]),
        plain["seconds"],
        plain["attempts"],
        plain["judged_frames"],
    )


def _finding_from_json(plain: dict[str, Any]) -> Finding:
    why = plain["explanation"]
    explanation = None
    if why is not None:
        explanation = Explanation(
            why["step"],
            why["steps"],
            why["after"],
            why["expected"],
            why["actual"],
            tuple(
                Difference(
                    difference["field"],
                    difference["expected"],
                    difference["actual"],
                    None if difference["place"] is None else tuple(difference["place"]),
                )
                for difference in why["differences"]
            ),
            None if why["frame"] is None else bytes.fromhex(why["frame"]),
        )
    return Finding(
        plain["requirement"],
        Verdict(plain["verdict"]),
        explanation,
        plain["way"],
        plain["reason"],
    )

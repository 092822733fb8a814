"""What becomes of a case that was tried more than once, or could not be tried at all."""

from __future__ import annotations

from dataclasses import replace

from harness.case.model import Case
from harness.judge.words import duration_words
from harness.verdict import CaseResult, Finding, Verdict

COMPLAINTS = frozenset({Verdict.FAIL, Verdict.DEVIATION, Verdict.INCONCLUSIVE})


def inconclusive(case: Case, reason: str) -> CaseResult:
    """The result of a case that could not be run."""
    findings = [Finding(r, Verdict.INCONCLUSIVE, reason=reason) for r in case.requirements]
    return CaseResult(case.id, findings)


def not_believed(result: CaseResult, lateness: int) -> CaseResult:
    """A result whose complaints may be the tester's own fault; `lateness` is microseconds."""
    late = duration_words(lateness // 1000 * 1000)
    why = f"the tester was late by {late}: the machine is too busy"
    result.findings = [
        replace(finding, verdict=Verdict.INCONCLUSIVE, reason=why, way=None)
        if finding.verdict in (Verdict.FAIL, Verdict.DEVIATION)
        else finding
        for finding in result.findings
    ]
    return result


def complains(result: CaseResult | None) -> bool:
    """Whether a result says anything against the target, or nothing at all."""
    return result is not None and result.verdict in COMPLAINTS


def not_tried_again(first: CaseResult, gone: str) -> CaseResult:
    """A first attempt that a second was to confirm, and could not: the target went away."""
    first.findings = [
        finding
        if finding.verdict in (Verdict.PASS, Verdict.OBSERVED)
        else replace(
            finding,
            verdict=Verdict.INCONCLUSIVE,
            reason="; ".join(text for text in (finding.reason, gone) if text),
        )
        for finding in first.findings
    ]
    return first


def agreed(first: CaseResult, second: CaseResult) -> CaseResult:
    """Two attempts: only what both say is a finding, and an answer at last is an answer.

    Attempts that complain of different things are inconclusive; a first attempt that saw nothing
    complains of nothing.
    """
    if second.verdict in (Verdict.PASS, Verdict.OBSERVED) or first.verdict is Verdict.INCONCLUSIVE:
        return second
    if second.missing is not None:
        first.attempts = second.attempts
        return not_tried_again(first, f"the second attempt: {second.missing}")
    complaints = [
        {(f.requirement, f.verdict) for f in result.findings if f.verdict is not Verdict.PASS}
        for result in (first, second)
    ]
    if complaints[0] == complaints[1]:
        return second
    said = ["; ".join(sorted(f"{r} {v.value}" for r, v in c)) or "nothing" for c in complaints]
    second.findings = [
        Finding(
            f.requirement,
            Verdict.INCONCLUSIVE,
            f.explanation,
            reason=f"two attempts differ: {said[0]}, then {said[1]}",
        )
        for f in second.findings
        if f.verdict is not Verdict.PASS
    ]
    return second

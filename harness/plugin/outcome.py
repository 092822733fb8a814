"""From verdicts to pytest's outcomes. The only place where an outcome is set.

| verdict                   | outcome                                                    |
|---------------------------|------------------------------------------------------------|
| pass, observed            | passed                                                     |
| fail, stale               | failed, with the explanation                               |
| deviation, waived         | xfailed, with the clause and the reason                    |
| inconclusive              | error: a failed report that says it is of the setup phase  |
| not applicable            | skipped, with what is missing                              |

An exception while a case is run is our own error, never a failure of the target's: an error too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.plugin.options import Gate
from harness.plugin.session import not_seen
from harness.report import words
from harness.verdict import CaseResult, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.catalogue import Catalogue
    from harness.plugin.collect import CaseItem

_ALWAYS_CLOSING = (Verdict.FAIL, Verdict.STALE, Verdict.INCONCLUSIVE)


def closing(gate: Gate) -> tuple[Verdict, ...]:
    """The verdicts that close a gate."""
    if gate is Gate.SHOULD:
        return (*_ALWAYS_CLOSING, Verdict.DEVIATION)
    return _ALWAYS_CLOSING


def set_outcome(
    report: pytest.TestReport, item: CaseItem, call: pytest.CallInfo[None], rows: Catalogue
) -> None:
    """Make the report of a case's call say what its verdict means."""
    if call.excinfo is not None:
        _our_own_error(report, item, call.excinfo)
        return
    result = item.result
    if result is None:
        return
    properties = [("verdict", result.verdict.value), *_ways(result)]
    item.user_properties += properties
    report.user_properties += properties
    text = words.explanation(result, rows) or ""
    match result.verdict:
        case Verdict.FAIL | Verdict.STALE:
            report.outcome = "failed"
            report.longrepr = text
        case Verdict.INCONCLUSIVE:
            report.outcome = "failed"
            report.when = "setup"
            report.longrepr = text
        case Verdict.DEVIATION | Verdict.WAIVED:
            report.outcome = "skipped"
            report.wasxfail = _reason(result.findings, result.verdict, rows)
            report.longrepr = text
        case Verdict.NOT_APPLICABLE:
            report.outcome = "skipped"
            path, _, _ = item.location
            report.longrepr = (path, 0, words.not_applicable(result))


def _our_own_error(
    report: pytest.TestReport, item: CaseItem, raised: pytest.ExceptionInfo[BaseException]
) -> None:
    """An exception of the tester's: an error for pytest, inconclusive for the reports."""
    if report.outcome != "failed":
        return
    report.when = "setup"
    item.result = not_seen(item, f"the tester itself failed: {raised.exconly()}")
    property_ = ("verdict", Verdict.INCONCLUSIVE.value)
    item.user_properties.append(property_)
    report.user_properties.append(property_)


def _ways(result: CaseResult) -> list[tuple[str, str]]:
    """The ways that an observed target goes, as report properties."""
    return [("way", finding.way) for finding in result.findings if finding.way is not None]


def _reason(findings: Iterable[Finding], verdict: Verdict, rows: Catalogue) -> str:
    """Why a case is expected to fail: the clause and, if waived, the reason."""
    for finding in findings:
        if finding.verdict is verdict:
            row = rows[finding.requirement]
            text = f"{verdict.value}: {words.clause(row)} {row.gist}"
            return f"{text} ({finding.reason})" if finding.reason else text
    return verdict.value

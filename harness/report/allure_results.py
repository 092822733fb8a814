"""What allure-pytest does not know of a case: its outcome, place, steps, evidence.

allure-pytest listens to pytest's items and writes a result for each. Of a case it would know the
name, the file and whether an exception came. `AllureBridge` fills in the rest at the last moment
before the result is written (allure_commons' `report_result`), so that no pytest option, skip,
xfail or exception has a say in the outcome: that is `STATUS` alone. Results of other items pass
by untouched. The allure package is imported only where it is known to be active.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pluggy

from harness.catalogue import Requirement, Strength
from harness.report import words
from harness.report.model import Purpose
from harness.report.pcapng import capture
from harness.report.step_words import steps_of
from harness.report.timeline import Stage, stages
from harness.report.trace_text import trace_text
from harness.verdict import CaseResult, Verdict

STATUS = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.DEVIATION: "broken",
    Verdict.OBSERVED: "passed",
    Verdict.INCONCLUSIVE: "unknown",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.WAIVED: "skipped",
    Verdict.STALE: "failed",
}
"""Allure's outcome of each verdict; the only place where it is decided."""

SEVERITY = {Strength.MUST: "critical", Strength.SHOULD: "normal", Strength.MAY: "minor"}

_KEPT_LABELS = frozenset({"host", "thread", "framework", "language"})
"""Of the labels that allure-pytest makes, those that say something of a case."""

_hookimpl = pluggy.HookimplMarker("allure")


@dataclass(frozen=True, slots=True)
class Known:
    """A judged case that waits for allure-pytest to write its result."""

    purpose: Purpose
    result: CaseResult


class AllureBridge:
    """Gives allure-pytest's results what only the tester knows. One for each process of a run."""

    def __init__(
        self, target: str, catalogue: Mapping[str, Requirement], *, real_time: bool = False
    ) -> None:
        self._target = target
        self._catalogue = catalogue
        self._real_time = real_time
        self._known: dict[str, Known] = {}

    def remember(self, item_name: str, purpose: Purpose, result: CaseResult) -> None:
        """Keep a case's result until allure-pytest is about to write that of its item."""
        self._known[item_name] = Known(purpose, result)

    @_hookimpl(tryfirst=True)
    def report_result(self, result: Any) -> None:
        """Complete a result that allure-pytest is about to write, if it is that of a case."""
        known = self._known.pop(result.name, None)
        if known is None:
            return
        annotate(
            result,
            known.purpose,
            known.result,
            self._catalogue,
            self._target,
            real_time=self._real_time,
        )
        attach(result, known.purpose, known.result)


def activate(
    target: str, catalogue: Mapping[str, Requirement], *, real_time: bool = False
) -> AllureBridge:
    """A bridge that allure's hooks know from now on. To be called where allure-pytest writes."""
    from allure_commons import plugin_manager

    bridge = AllureBridge(target, catalogue, real_time=real_time)
    plugin_manager.register(bridge)
    return bridge


def deactivate(bridge: AllureBridge) -> None:
    """Take a bridge from allure's hooks; they outlive pytest's session."""
    from allure_commons import plugin_manager

    plugin_manager.unregister(bridge)


def annotate(
    test: Any,
    purpose: Purpose,
    result: CaseResult,
    catalogue: Mapping[str, Requirement],
    target: str,
    *,
    real_time: bool = False,
) -> None:
    """Write all that is known of a case into allure's `TestResult`, attachments aside.

    Names and ids come from case and target alone, so that histories survive moved files and two
    targets never share one. Times run on the target's clock from when the case began.
    """
    from allure_commons.model2 import Parameter

    rows = _requirements(purpose, result, catalogue)
    cited = [catalogue[name] for name in purpose.requirements]
    test.name = purpose.title
    test.fullName = purpose.id
    test.testCaseId = _digest(purpose.id)
    test.historyId = _digest(purpose.id, target)
    test.parameters = [Parameter(name="target", value=target)]
    test.description = description(purpose, result, rows, catalogue)
    kept = [label for label in test.labels if label.name in _KEPT_LABELS]
    test.labels = _labels(result, cited) + kept
    test.links = _links(rows)
    if real_time and result.trace.epoch:
        test.start = round(result.trace.epoch * 1000)
    test.stop = test.start + round(result.seconds * 1000)
    timeline = stages(result, steps_of(purpose))
    test.steps = [_step(stage, test.start, catalogue) for stage in timeline]
    test.status = STATUS[result.verdict]
    test.statusDetails = _details(result, catalogue)


def _digest(*parts: str) -> str:
    return hashlib.md5("\n".join(parts).encode(), usedforsecurity=False).hexdigest()


def _requirements(
    purpose: Purpose, result: CaseResult, catalogue: Mapping[str, Requirement]
) -> list[Requirement]:
    """The requirements that a case cites, then others that it has findings on."""
    names = dict.fromkeys(purpose.requirements)
    names.update(dict.fromkeys(finding.requirement for finding in result.findings))
    return [catalogue[name] for name in names]


def description(
    purpose: Purpose,
    result: CaseResult,
    rows: Iterable[Requirement],
    catalogue: Mapping[str, Requirement],
) -> str:
    """The case in Markdown: its id, its verdict, then each requirement and what was seen of it.

    The evidence follows where Allure 3 does not show it at the step: it shows no message of an
    inconclusive case, and of a waived one the message alone.
    """
    lines = [f"`{purpose.id}`: **{result.verdict.value}**", ""]
    for row in rows:
        seen = [finding for finding in result.findings if finding.requirement == row.id]
        verdicts = ", ".join(dict.fromkeys(_seen(finding.verdict, finding.way) for finding in seen))
        lines.append(
            f"- [{words.clause(row)}]({row.url}) `{row.id}` {row.level}, {row.role}: {row.gist}"
            + (f" → **{verdicts}**" if verdicts else "")
        )
        if row.judged_as is not None:
            lines.append(f"  - judged as {row.judged_as}: {row.judged_because}")
        if row.conflicts:
            lines.append(f"  - in conflict: {row.conflicts}")
    text = words.explanation(result, catalogue)
    hidden = result.verdict is Verdict.INCONCLUSIVE or (
        result.verdict is Verdict.WAIVED and text != words.message(result, catalogue)
    )
    if text is not None and hidden:
        lines += ["", "```", *text.splitlines(), "```"]
    return "\n".join(lines)


def _seen(verdict: Verdict, way: str | None) -> str:
    return verdict.value if way is None else f"{verdict.value}: {way}"


def _labels(result: CaseResult, cited: list[Requirement]) -> list[Any]:
    """Epic, feature, story, severity and tags.

    A case has its one place under the requirement that it cites first: reports combine every
    epic with every feature and story of a result, and would count a case wherever it is shown.
    """
    from allure_commons.model2 import Label

    first = cited[0]
    tags = dict.fromkeys(tag for row in cited for tag in (str(row.level), str(row.role)))
    pairs = [
        ("epic", first.document),
        ("feature", words.section_title(first)),
        ("story", first.id),
        ("verdict", result.verdict.value),
        ("severity", SEVERITY[min((row.strength for row in cited), key=list(Strength).index)]),
        *(("tag", tag) for tag in tags),
        *(("requirement", row.id) for row in cited),
    ]
    return [Label(name=name, value=value) for name, value in pairs]


def _links(rows: Iterable[Requirement]) -> list[Any]:
    """A link to each clause."""
    from allure_commons.model2 import Link

    return [
        Link(type="link", url=url, name=name)
        for url, name in {row.url: words.clause(row) for row in rows}.items()
    ]


def _step(stage: Stage, start: int, catalogue: Mapping[str, Requirement]) -> Any:
    """A stage of the timeline as allure's step; what happened in it are steps of its own.

    A finding is told at its step with the words of the case's message: Allure 3 then does not
    repeat the message as a step of its own.
    """
    from allure_commons.model2 import StatusDetails, TestStepResult

    step = TestStepResult(
        name=stage.title,
        status=STATUS[stage.verdict],
        start=start + stage.start // 1000,
        stop=start + stage.stop // 1000,
    )
    step.steps = [
        TestStepResult(
            name=line, status="passed", start=start + at // 1000, stop=start + at // 1000
        )
        for at, line in stage.entries
    ]
    finding = stage.finding
    if finding is not None:
        lines = words.finding_lines(finding, catalogue[finding.requirement], full=False)
        step.statusDetails = StatusDetails(message="\n".join(lines))
    return step


def _details(result: CaseResult, catalogue: Mapping[str, Requirement]) -> Any:
    """The four lines as message, all that explains as trace."""
    from allure_commons.model2 import StatusDetails

    message = words.message(result, catalogue)
    if message is None:
        return None
    text = words.explanation(result, catalogue)
    return StatusDetails(message=message, trace=None if text == message else text)


def attach(test: Any, purpose: Purpose, result: CaseResult) -> None:
    """Attach the trace as text and as capture, if anything happened."""
    if not result.trace.entries:
        return
    _attach(test, "trace", "text/plain", "txt", trace_text(purpose, result).encode())
    if any(entry.frame is not None for entry in result.trace.entries):
        octets = capture(purpose, result.trace)
        _attach(test, f"{purpose.id}.pcapng", "application/x-pcapng", "pcapng", octets)


def _attach(test: Any, name: str, kind: str, extension: str, body: bytes) -> None:
    from allure_commons import plugin_manager
    from allure_commons.model2 import Attachment

    file_name = f"{uuid.uuid4()}-attachment.{extension}"
    plugin_manager.hook.report_attached_data(body=body, file_name=file_name)
    test.attachments.append(Attachment(name=name, source=file_name, type=kind))

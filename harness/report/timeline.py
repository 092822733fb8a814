"""A trace as steps: what happened, grouped by the steps of the case, each with how it went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.report.trace_text import ARROWS, entry_text, link_name, time_text
from harness.trace import Entry, Trace
from harness.verdict import CaseResult, Finding, Verdict, worst

SENTINEL = "sentinel"
"""What a sentinel's entries say; they are the tester's own whatever step is in hand."""


class _Place(NamedTuple):
    """Where something stands: in a step, or by itself after one (0: before the first)."""

    step: int
    own: bool


@dataclass(slots=True)
class Stage:
    """One step of a case, or what the tester did by itself between two.

    Times are microseconds on the target's clock since the case began. `finding` is the worst of
    those that this step explains; the verdict is pass where there is none.
    """

    title: str
    start: int
    stop: int
    verdict: Verdict = Verdict.PASS
    finding: Finding | None = None
    entries: list[tuple[int, str]] = field(default_factory=list)
    """(time, what happened)"""


def stages(result: CaseResult, steps: Sequence[str] = ()) -> list[Stage]:
    """The timeline of a case in the order of its steps, whose words are `steps` if known.

    What the tester does by itself (preamble, control, sentinel) stands where it happened: before
    the steps, or after the one that was last begun. A step that left nothing in the trace
    (silence, a frame that came early or never) has its place if it is known or blamed.
    """
    blamed = _blamed(result.findings)
    groups = _by_place(result.trace.entries)
    known = range(1, len(steps) + 1) if result.missing is None else ()
    for place in (*blamed, *(_Place(step, own=False) for step in known)):
        groups.setdefault(place, [])
    made: list[Stage] = []
    for place in sorted(groups):
        before = made[-1].stop if made else 0
        stage = _stage(place, groups[place], result.trace, before)
        _entitle(stage, place, steps, blamed.get(place, []))
        made.append(stage)
    if made:
        made[-1].stop = max(made[-1].stop, round(result.seconds * 1_000_000))
    return made


def _blamed(findings: Iterable[Finding]) -> dict[_Place, list[Finding]]:
    """The findings that point at a step; step 0 is what the tester does before the first."""
    blamed: dict[_Place, list[Finding]] = {}
    for finding in findings:
        if finding.explanation is not None and finding.verdict is not Verdict.PASS:
            step = finding.explanation.step
            blamed.setdefault(_Place(step, own=step == 0), []).append(finding)
    return blamed


def _by_place(entries: Iterable[Entry]) -> dict[_Place, list[Entry]]:
    """Entries by the step that they belong to, or after which the tester made them."""
    groups: dict[_Place, list[Entry]] = {}
    begun = 0
    for entry in entries:
        begun = max(begun, entry.step or 0)
        own = entry.step is None or entry.text == SENTINEL
        groups.setdefault(_Place(begun if own else entry.step or 0, own), []).append(entry)
    return groups


def _stage(place: _Place, entries: Sequence[Entry], trace: Trace, before: int) -> Stage:
    title = f"step {place.step}"
    if place.own:
        title = f"tester, after step {place.step}" if place.step else "tester, before the steps"
    start = entries[0].at if entries else before
    stop = entries[-1].at if entries else before
    return Stage(title, start, stop, entries=[(e.at, _line(e, trace)) for e in entries])


def _entitle(
    stage: Stage, place: _Place, steps: Sequence[str], findings: Sequence[Finding]
) -> None:
    """Say in the title what the step is, and note the finding that it explains."""
    if findings:
        stage.verdict = worst(finding.verdict for finding in findings)
        stage.finding = next(f for f in findings if f.verdict is stage.verdict)
    if not place.own and place.step <= len(steps):
        stage.title += f": {steps[place.step - 1]}"
    elif stage.finding is not None and stage.finding.explanation is not None:
        stage.title += f": expected {stage.finding.explanation.expected}"
    elif len(stage.entries) == 1:
        stage.title += f": {stage.entries.pop()[1]}"
    elif stage.entries and not place.own:
        stage.title += f": {stage.entries[0][1]}, and {len(stage.entries) - 1} more"


def _line(entry: Entry, trace: Trace) -> str:
    link = link_name(trace, entry.link)
    where = f" {link}" if link else ""
    return f"{time_text(entry.at)} {ARROWS[entry.event]}{where}  {entry_text(entry, trace)}"

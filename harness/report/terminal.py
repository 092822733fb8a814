"""What a run shows at its end on a terminal or in a log, and while it waits.

First the requirements counted by RFC and level, then what is not as it should be, worst last, so
that failures stand right above the prompt. Widths are the console's; the hex dumps keep theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.catalogue import Strength, document_name, document_order
from harness.report import words
from harness.report.model import Judged, Run
from harness.verdict import Verdict

STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.DEVIATION: "yellow",
    Verdict.OBSERVED: "cyan",
    Verdict.INCONCLUSIVE: "magenta",
    Verdict.NOT_APPLICABLE: "dim",
    Verdict.WAIVED: "dim yellow",
    Verdict.STALE: "red",
}
COLUMNS = (
    Verdict.PASS,
    Verdict.OBSERVED,
    Verdict.DEVIATION,
    Verdict.WAIVED,
    Verdict.STALE,
    Verdict.INCONCLUSIVE,
    Verdict.FAIL,
    Verdict.NOT_APPLICABLE,
)
SHORT = {Verdict.INCONCLUSIVE: "inconcl.", Verdict.NOT_APPLICABLE: "n/a"}
SECTIONS = (
    (Verdict.NOT_APPLICABLE, "out of sight", "what the target is known for stands before it"),
    (Verdict.WAIVED, "waived", "what the baseline accepts"),
    (Verdict.DEVIATION, "deviations", "a SHOULD was not followed"),
    (Verdict.INCONCLUSIVE, "inconclusive", "it could not be seen"),
    (Verdict.STALE, "stale waivers", "the baseline lists what is no longer so"),
    (Verdict.FAIL, "failures", "a MUST was broken"),
)
_TOLD_IN_SHORT = frozenset(
    {Verdict.NOT_APPLICABLE, Verdict.WAIVED, Verdict.INCONCLUSIVE, Verdict.STALE}
)
ROOMY_WIDTH = 90
"""Columns of a console on which the table need not save space."""
LISTED_AT_MOST = 40
"""Findings of one kind that are listed one by one when they need no evidence."""


def print_run(console: Console, run: Run) -> None:
    """All that a run has to say, for the end of its output."""
    print_summary(console, run)
    for verdict, title, meaning in SECTIONS:
        found = list(run.judged(verdict))
        stray = [finding for finding in run.ambient if finding.verdict is verdict]
        if not found and not stray:
            continue
        console.print()
        _heading(console, verdict, f"{title}: {len(found) + len(stray)} ({meaning})")
        if verdict in _TOLD_IN_SHORT:
            _print_reasons(console, verdict, found)
        else:
            _print_evidence(console, verdict, found)
        for finding in stray:
            _say(console, "", "outside any case")
            _print_text(console, words.finding_lines(finding, run.catalogue[finding.requirement]))


def print_summary(console: Console, run: Run) -> None:
    """The requirements by RFC and level, and the cases counted by verdict."""
    rows = list(_rows(run))
    used = [verdict for verdict in COLUMNS if any(counts[verdict] for _, _, counts in rows)]
    gap = 2 if console.width >= ROOMY_WIDTH else 1
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, gap, 0, 0))
    table.add_column("", no_wrap=True, min_width=len("RFC 1122"))
    table.add_column("level", no_wrap=True)
    for verdict in used:
        name = SHORT.get(verdict, verdict.value)
        table.add_column(name, justify="right", no_wrap=True, style=STYLES[verdict])
    before = None
    for rfc, level, counts in rows:
        cells = [str(counts[verdict] or "·") for verdict in used]
        table.add_row("" if rfc == before else document_name(rfc), level, *cells)
        before = rfc
    total: Counter[Verdict] = Counter()
    for _, _, counts in rows:
        total.update(counts)
    if rows:
        console.print(Text("requirements by RFC and level", style="bold"))
        table.add_row("all", "", *(str(total[verdict]) for verdict in used), style="bold")
        console.print(table)
    console.print(case_line(run), soft_wrap=True)


def _rows(run: Run) -> Iterator[tuple[str, str, Counter[Verdict]]]:
    """RFC, level that is judged, and how many requirements have each verdict."""
    counted: dict[tuple[str, Strength], Counter[Verdict]] = {}
    for name, verdict in run.verdicts_by_requirement().items():
        row = run.catalogue[name]
        counted.setdefault((row.rfc, row.strength), Counter())[verdict] += 1
    strengths = list(Strength)
    for rfc, strength in sorted(
        counted, key=lambda key: (document_order(key[0]), strengths.index(key[1]))
    ):
        yield rfc, strength.value, counted[rfc, strength]


def case_line(run: Run) -> Text:
    """The cases counted by verdict, in one line."""
    counts = run.counts()
    noun = "case" if len(run.results) == 1 else "cases"
    line = Text(f"{len(run.results)} {noun} on {run.target}: ")
    parts = [
        Text(f"{counts[verdict]} {verdict.value}", style=STYLES[verdict])
        for verdict in COLUMNS
        if counts[verdict]
    ]
    return line + Text(", ").join(parts)


def _heading(console: Console, verdict: Verdict, text: str) -> None:
    console.print(Text(text, style=f"{STYLES[verdict]} underline"), soft_wrap=True)


def _print_reasons(console: Console, verdict: Verdict, found: Sequence[Judged]) -> None:
    """Findings in two lines each: the case, and the clause with the reason; equal ones counted."""
    for judged in found[:LISTED_AT_MOST]:
        reason = (words.headline(judged.finding) or "").partition(": ")[2]
        _say(console, STYLES[verdict], judged.result.case)
        where = f"  {words.clause(judged.requirement)} {judged.requirement.id}: {reason}"
        _say(console, "", where)
        if verdict is Verdict.INCONCLUSIVE and judged.finding.explanation is not None:
            lines = words.four_lines(judged.finding, judged.requirement)[1:]
            _print_text(console, [f"  {line}" for line in lines])
    left = found[LISTED_AT_MOST:]
    if left:
        _say(console, "dim", f"and {len(left)} more, all in compliance.json")


def _print_evidence(console: Console, verdict: Verdict, found: Iterable[Judged]) -> None:
    """Findings with all that explains them; what breaks several clauses is explained once."""
    for _, group in groupby(found, key=lambda j: (j.result.case, j.finding.explanation)):
        first, *others = group
        console.print()
        _say(console, STYLES[verdict], f"{first.result.case}  {first.purpose.title}")
        lines = words.finding_lines(first.finding, first.requirement)
        also = [words.finding_lines(j.finding, j.requirement, full=False)[0] for j in others]
        _print_text(console, [lines[0], *also, *lines[1:]])


def _say(console: Console, style: str, text: str) -> None:
    console.print(Text(text, style=style), soft_wrap=True)


def _print_text(console: Console, lines: Iterable[str]) -> None:
    """Text as it is: neither wrapped nor read as markup."""
    for line in lines:
        marked = set(line) <= {" ", "^"} or line.lstrip().startswith("^^")
        console.print(Text(line, style="red" if marked else ""), soft_wrap=True)


class Progress(Protocol):
    """How far a run is that waits for many cases at once."""

    @property
    def done(self) -> int:
        """Cases that have a result."""

    @property
    def total(self) -> int:
        """Cases that were asked for."""

    @property
    def waiting_seconds(self) -> float:
        """The longest wait that is left."""


def progress_text(progress: Progress) -> str:
    """How far a run is, in one line."""
    text = f"{progress.done} of {progress.total} cases"
    if progress.waiting_seconds >= 1:
        text += f", the longest wait ends in {progress.waiting_seconds:.0f} s"
    return text


class ProgressLine:
    """The progress of a run: one line that changes on a terminal, a line now and then in a log."""

    LOGGED_TIMES = 10
    """Into how many parts a log divides a run."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._logged = 0

    def show(self, progress: Progress) -> None:
        """Show how far the run is now."""
        if self._console.is_terminal:
            self._redraw(Text(progress_text(progress), style="dim"))
            return
        part = self.LOGGED_TIMES * progress.done // max(progress.total, 1)
        if part > self._logged:
            self._logged = part
            self._console.print(progress_text(progress), highlight=False, soft_wrap=True)

    def _redraw(self, text: Text) -> None:
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(text, refresh=True)

    def close(self) -> None:
        """Take the line from the terminal."""
        if self._live is not None:
            self._live.stop()
            self._live = None

"""What a run shows on a terminal and in a log."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console

from harness.report import compliance, terminal
from harness.report.model import Run
from harness.verdict import CaseResult, Finding, Verdict
from tests import report_example as sample

STORED = Path(__file__).parent / "data" / "report_terminal.txt"


@pytest.fixture(name="run")
def _run() -> Run:
    return sample.example()


def printed(run: Run, width: int = 100) -> str:
    file = io.StringIO()
    terminal.print_run(Console(file=file, width=width, highlight=False), run)
    return "".join(f"{line.rstrip()}\n" for line in file.getvalue().splitlines())


def test_a_run_reads_as_it_is_stored(run: Run) -> None:
    assert printed(run) == STORED.read_text(encoding="utf-8")


def test_it_can_be_printed_again_from_the_document(run: Run) -> None:
    again = compliance.run_of(compliance.document(run), run.catalogue)
    assert printed(again) == STORED.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 72, 80, 200])
def test_the_table_fits_the_console(run: Run, width: int) -> None:
    table = printed(run, width).partition("9 cases on sample")[0]
    assert max(map(len, table.splitlines())) <= width
    assert "RFC 1122" in table


def test_all_counts_are_there_at_eighty_columns(run: Run) -> None:
    lines = printed(run, 80).splitlines()
    total = next(line for line in lines if line.startswith("all "))
    assert total.split() == ["all", "3", "1", "1", "1", "1", "1", "2", "1"]
    assert "…" not in "\n".join(lines[:8])


def test_verdicts_that_do_not_occur_have_no_column(run: Run) -> None:
    text = printed(replace(run, results=run.results[:1]))
    assert text.splitlines() == [
        "requirements by RFC and level",
        "          level  pass",
        "RFC 1122  MUST      1",
        "all                 1",
        "1 case on sample: 1 pass",
    ]


def test_a_run_without_cases_has_only_its_line(run: Run) -> None:
    assert printed(replace(run, results=[])) == "0 cases on sample:\n"


def test_what_belongs_to_no_case_is_shown(run: Run) -> None:
    stray = Finding("791-3.2.cksum-a", Verdict.FAIL, reason="in a frame that nobody asked for")
    text = printed(replace(run, results=run.results[:1], ambient=[stray]))
    assert "failures: 1 (a MUST was broken)\noutside any case\nRFC 791 §3.2" in text
    assert "note             in a frame that nobody asked for" in text


def test_long_lists_of_reasons_are_cut_and_counted(run: Run) -> None:
    found = [
        CaseResult(sample.PASSED, [Finding("1122-3.2.1.7-b", Verdict.INCONCLUSIVE, reason="late")])
        for _ in range(terminal.LISTED_AT_MOST + 3)
    ]
    assert "and 3 more, all in compliance.json" in printed(replace(run, results=found))


def test_inconclusive_findings_show_what_was_waited_for(run: Run) -> None:
    why = next(result for result in run.results if result.case == sample.WAIVED).findings[0]
    finding = replace(why, verdict=Verdict.INCONCLUSIVE, reason="the answers differed")
    text = printed(replace(run, results=[CaseResult(sample.WAIVED, [finding])]))
    assert "  expected         an echo reply with the route reversed" in text


def test_brackets_in_texts_are_not_markup(run: Run) -> None:
    finding = Finding("1122-3.2.1.7-b", Verdict.FAIL, reason="[red]payload[/red] [bold]")
    text = printed(replace(run, results=[CaseResult(sample.PASSED, [finding])]))
    assert "note             [red]payload[/red] [bold]" in text


@dataclass
class Progress:
    done: int
    total: int
    waiting_seconds: float


def test_progress_says_how_long_the_longest_wait_is() -> None:
    assert terminal.progress_text(Progress(3, 9, 61.6)) == (
        "3 of 9 cases, the longest wait ends in 62 s"
    )
    assert terminal.progress_text(Progress(9, 9, 0.2)) == "9 of 9 cases"


def progresses() -> Iterator[Progress]:
    for done in range(1001):
        yield Progress(done, 1000, 120 - done / 10)


def test_a_log_gets_a_line_now_and_then() -> None:
    file = io.StringIO()
    line = terminal.ProgressLine(Console(file=file, width=40))
    for progress in progresses():
        line.show(progress)
    line.close()
    lines = file.getvalue().splitlines()
    assert len(lines) == terminal.ProgressLine.LOGGED_TIMES
    assert lines[0] == "100 of 1000 cases, the longest wait ends in 110 s"


def test_a_terminal_gets_one_line_that_goes_away() -> None:
    file = io.StringIO()
    console = Console(file=file, width=80, force_terminal=True)
    line = terminal.ProgressLine(console)
    for progress in progresses():
        line.show(progress)
    line.close()
    written = file.getvalue()
    assert "1000 of 1000 cases" in written
    assert written.count("\n") <= 1
    assert written.endswith("\x1b[2K")


def test_a_run_of_nothing_has_progress_too() -> None:
    terminal.ProgressLine(Console(file=io.StringIO())).show(Progress(0, 0, 0.0))

"""The end of a run: its reports, its summary, its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from harness import baseline
from harness.plugin import allure
from harness.plugin.console import console_on
from harness.plugin.record import Record, record_of
from harness.plugin.session import CaseSession, session_of
from harness.report import compliance
from harness.report.model import Run
from harness.report.terminal import print_run

_SHOWN_BY_US = ("failed", "error", "xfailed", "skipped")


def write(session: pytest.Session) -> None:
    """Write what the run brought and set the exit code; nothing if no case was run."""
    config = session.config
    ours = session_of(config)
    record = record_of(config)
    if not record.results:
        allure.drop(config)
        return
    record.broken_off = session.exitstatus not in (
        pytest.ExitCode.OK,
        pytest.ExitCode.TESTS_FAILED,
    )
    run = record.run(ours.profile.name, ours.catalogue, ours.index, ours.waivers)
    if record.closed_by(ours.options.gate) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    try:
        _write_reports(config, ours, record, run)
    except OSError as error:
        record.remarks.append(f"reports not written: {error.filename}: {error.strerror}")


def _write_reports(config: pytest.Config, ours: CaseSession, record: Record, run: Run) -> None:
    written = [compliance.write(ours.options.reports, run)]
    if (results := allure.finish(config, run)) is not None:
        written.append(results)
    if (path := ours.options.write_baseline) is not None:
        waivers = (*baseline.of_results(run.results), *baseline.of_strays(run.ambient))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(baseline.render(waivers, run.target), encoding="utf-8")
        written.append(path)
    record.remarks.append("written: " + ", ".join(str(path) for path in written))


@contextmanager
def cases_left_out(terminal: pytest.TerminalReporter) -> Iterator[None]:
    """Keep the reports of cases out of pytest's own sections: `show` tells of them."""
    kept = {name: list(terminal.stats.get(name, ())) for name in _SHOWN_BY_US}
    for name, reports in kept.items():
        if reports:
            terminal.stats[name] = [report for report in reports if not _of_a_case(report)]
    try:
        yield
    finally:
        for name, reports in kept.items():
            if reports:
                terminal.stats[name] = reports


def show(terminal: pytest.TerminalReporter) -> None:
    """The summary of the cases: the table, what is not as it should be, the gate."""
    config = terminal.config
    ours = session_of(config)
    record = record_of(config)
    if record.shown is None:
        return
    terminal.write_sep("=", "IPv4 conformance", bold=True)
    print_run(console_on(terminal), record.shown)
    terminal.write_line("")
    for remark in record.remarks:
        terminal.write_line(remark)
    unargued = sum(waiver.reason == baseline.NOT_ARGUED for waiver in ours.waivers)
    if unargued:
        terminal.write_line(f"waivers without a reason yet: {unargued}")
    terminal.write_line(_gate_line(ours, record))


def _gate_line(ours: CaseSession, record: Record) -> str:
    gate = f"gate ({ours.options.gate.value})"
    if closing := record.closed_by(ours.options.gate):
        return f"{gate}: closed by {', '.join(verdict.value for verdict in closing)}"
    return f"{gate}: not decided, the run was broken off" if record.broken_off else f"{gate}: open"


def _of_a_case(report: Any) -> bool:
    """Whether a report tells of a case's verdict, rather than of an error of our own."""
    if not isinstance(report.longrepr, str | tuple | None):
        return False
    return any(name == "case" for name, _ in getattr(report, "user_properties", ()))

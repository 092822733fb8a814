"""The pytest plugin: how a user runs cases. Here are the hooks, and nothing but hooks.

- `options`: the command line
- `library`: case modules, what may be wrong with them
- `collect`, `markers`: cases as items, their marks, which of them run
- `session`: what one process holds: catalogue, baseline, target, runner
- `outcome`: from verdicts to pytest's outcomes
- `record`: what a run brought; `finish`: its reports, its summary and its exit code
- `console`: pytest's terminal for summary and progress; `allure`: where Allure's results go
- `parallel`: what `-n` needs; `signals`: the end of a run that somebody else wants

It works from any directory: `pytest /path/to/checkout/testcases --profile=my.toml`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.plugin import (
    allure,
    collect,
    finish,
    markers,
    options,
    outcome,
    parallel,
    record,
    signals,
)
from harness.plugin import session as sessions
from harness.plugin.collect import CaseItem
from harness.plugin.console import ProgressDisplay
from harness.plugin.workshop import OurWorkshop


@contextmanager
def _one_line_errors() -> Iterator[None]:
    """What is the user's to mend ends the run with one line and exit code 4."""
    try:
        yield
    except sessions.USER_ERRORS as error:
        raise pytest.UsageError(sessions.one_line(error)) from None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ours to the command line."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Explain the marks; begin a session that costs nothing yet."""
    markers.register(config)
    ours = sessions.start(config, options.read_options(config), OurWorkshop())
    record.begin(config)
    with _one_line_errors():
        allure.begin(config, ours)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse what can't work before anything is collected, and before workers are started."""
    config = session.config
    ours = sessions.session_of(config)
    ours.check_signals = signals.listen(config).check
    if record.is_worker(config):
        return
    try:
        with _one_line_errors():
            ours.check_options()
            ours.check_catalogue()
            if parallel.workers_asked_for(config):
                parallel.prepare(config, ours)
    except BaseException:
        allure.drop(config)  # no session has begun, so none will be finished
        signals.deafen(config)
        raise


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect case modules; those named on the command line come by the hook below."""
    if parent.session.isinitpath(file_path):
        return None
    return collect.module_for(file_path, parent)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """Collect case modules that are named on the command line, which pytest takes for tests."""
    return collect.module_for(module_path, parent)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what ``--case`` and ``--requirement`` do not name."""
    ours = sessions.session_of(config)
    if not record.is_worker(config) and _any_cases(ours):
        with _one_line_errors():
            ours.check_names()
    if left_out := collect.select(ours, items):
        config.hook.pytest_deselected(items=left_out)


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Say why nothing was found for a requirement."""
    return collect.unanswered(sessions.session_of(config), items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Open the target before the first item, if any is a case."""
    config = session.config
    if session.testsfailed or config.option.collectonly:
        return
    if not any(isinstance(item, CaseItem) for item in session.items):
        return
    ours = sessions.session_of(config)
    ours.progress = ProgressDisplay(config)
    try:
        ours.open()
    except sessions.USER_ERRORS as error:
        if not record.is_worker(config):
            raise pytest.UsageError(sessions.one_line(error)) from None
        ours.refuse(sessions.one_line(error))
    allure.listen(config, ours)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let a case and its report end in good order when somebody ends the run."""
    if not isinstance(item, CaseItem):
        return (yield)
    with signals.held(item.config):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Set the outcome of a case, after all that pytest itself has to say."""
    report = yield
    if isinstance(item, CaseItem) and call.when == "call":
        rows = sessions.session_of(item.config).catalogue
        outcome.set_outcome(report, item, call, rows)
        record.note(item, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what a worker sent."""
    record.take(report)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Give the target back; write the reports, also after Ctrl-C; set the exit code."""
    config = session.config
    ours = sessions.session_of(config)
    with signals.ending(config):
        try:
            ours.close()
        finally:
            allure.deafen(config)
            record.send_rest(config)
            if not record.is_worker(config):
                finish.write(session)
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker what its command line does not say."""
    allure.tell_worker(node.config, node.workerinput)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ARG001 - the hook's names
    """Keep what a worker left when it ended."""
    record.take_rest(node.config, getattr(node, "workeroutput", {}))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Share out the cases of a target with a real clock once and for all."""
    return parallel.scheduler(config, log)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Generator[None, None, None]:
    """Show the cases in our own summary, all else in pytest's."""
    with finish.cases_left_out(terminalreporter):
        yield
    finish.show(terminalreporter)


def _any_cases(ours: sessions.CaseSession) -> bool:
    return any(True for _ in ours.index)

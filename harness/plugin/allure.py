"""Allure: where the results go, and what allure-pytest does not know of cases.

`--allure` writes results of the run to `reports/<target>/allure-results`, where they replace
those of the last run at the end. `--alluredir=DIR` is allure-pytest's own and works as well.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from harness.plugin.session import CaseSession
from harness.report.allure_files import ResultsDirectory, write_run_files
from harness.report.allure_results import AllureBridge, activate, deactivate
from harness.report.model import Purpose, Run
from harness.verdict import CaseResult

_DIRECTORY = pytest.StashKey[ResultsDirectory]()
_FOR_WORKERS = "ip4spec_allure"
_BRIDGE = pytest.StashKey[AllureBridge]()


def begin(config: pytest.Config, session: CaseSession) -> None:
    """Tell allure-pytest of a directory for this run, if one is wanted; before it asks.

    Raises:
        TargetError: the profile, which names the directory, can't be used.
    """
    if not config.getoption("allure"):
        return
    workerinput = getattr(config, "workerinput", None)
    if workerinput is not None:
        config.option.allure_report_dir = workerinput[_FOR_WORKERS]
        return
    made = ResultsDirectory.begin(session.options.reports, session.profile.name)
    config.stash[_DIRECTORY] = made
    config.option.allure_report_dir = str(made.path)


def tell_worker(config: pytest.Config, workerinput: dict[str, Any]) -> None:
    """Let a worker write where the controller does."""
    directory = config.stash.get(_DIRECTORY, None)
    if directory is not None:
        workerinput[_FOR_WORKERS] = str(directory.path)


def listen(config: pytest.Config, session: CaseSession) -> None:
    """Complete what allure-pytest writes in this process, if it writes."""
    if config.getoption("allure_report_dir", None):
        config.stash[_BRIDGE] = activate(
            session.profile.name, session.catalogue, real_time=not session.virtual
        )


def remember(config: pytest.Config, name: str, purpose: Purpose, result: CaseResult) -> None:
    """Keep the result of an item until allure-pytest writes its own."""
    bridge = config.stash.get(_BRIDGE, None)
    if bridge is not None:
        bridge.remember(name, purpose, result)


def deafen(config: pytest.Config) -> None:
    """Take our part from allure, which outlives the session."""
    bridge = config.stash.get(_BRIDGE, None)
    if bridge is not None:
        deactivate(bridge)
        del config.stash[_BRIDGE]


def finish(config: pytest.Config, run: Run) -> Path | None:
    """Write what Allure wants to know of the run; where the results are, if there are any."""
    path = config.getoption("allure_report_dir", None)
    if not path:
        return None
    write_run_files(Path(path), run.target, run.configuration)
    directory = config.stash.get(_DIRECTORY, None)
    if directory is None:
        return Path(path)
    directory.finish()
    return directory.place


def drop(config: pytest.Config) -> None:
    """Remove the directory of a run that brought nothing."""
    directory = config.stash.get(_DIRECTORY, None)
    if directory is not None and directory.path.is_dir():
        for path in directory.path.iterdir():
            path.unlink()
        directory.path.rmdir()
        with suppress(OSError):  # other things are there
            directory.path.parent.rmdir()

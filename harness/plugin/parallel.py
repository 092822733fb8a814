"""Running with ``-n``: what the controller makes sure of before it starts workers.

xdist's controller collects nothing, so a case module that can't be imported would cost each
worker its collection and the run its exit code. It is found here instead. A target with a real
clock gets its cases in as many shares as there are workers, so that each worker knows its own
from the start and lets their waits overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.plugin.library import Index, LibraryError, case_modules, load_cases, requirements_of
from harness.plugin.session import CaseSession, one_line, shard_of
from harness.target.base import TargetError

if TYPE_CHECKING:
    from xdist.scheduler.protocol import Scheduling


_REAL_CLOCK = pytest.StashKey[bool]()


def prepare(config: pytest.Config, session: CaseSession) -> None:
    """Make sure, before workers are started, that they will find what they need.

    Raises:
        TargetError: the target can't be had, or not by several processes at once.
        LibraryError: a case that was asked for does not exist.
        BaselineError: the baseline names something that does not exist.
    """
    check_library(config, session)
    if not any(True for _ in session.index):
        return
    session.check_names()
    if session.profile.kind == "external":
        raise TargetError("an external target is one wire: -n can't share it, run without -n")
    config.stash[_REAL_CLOCK] = check_target(session)


def scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    """The scheduler for a target with a real clock; None leaves it to xdist."""
    return in_shares(config, log) if config.stash.get(_REAL_CLOCK, False) else None


def workers_asked_for(config: pytest.Config) -> int:
    """How many workers the run is to have; 0 for none."""
    if config.getoption("collectonly") or config.getoption("dist", "no") == "no":
        return 0
    return len(config.getoption("tx", None) or ())


def check_library(config: pytest.Config, session: CaseSession) -> None:
    """Read the case modules that the workers are going to collect.

    Ends the run with exit code 2, as pytest does after errors in collecting, and a line for each
    module that can't be used.
    """
    errors = []
    index: Index = session.index
    for path in _modules(config):
        shown = _shown(path, config)
        try:
            cases = load_cases(path, shown)
            index.add(path, cases, shown)
            for case in cases:
                requirements_of(case, session.catalogue, shown)
        except LibraryError as error:
            errors.append(one_line(error))
    if errors:
        pytest.exit("\n".join(errors), returncode=int(pytest.ExitCode.INTERRUPTED))


def check_target(session: CaseSession) -> bool:
    """Open the target once and give it back; whether it has a real clock.

    Raises:
        TargetError: it can't be had.
    """
    session.open()
    try:
        return not session.virtual
    finally:
        session.close()
        session.strays = []  # nothing was judged: it was a look


def in_shares(config: pytest.Config, log: Any) -> Scheduling:
    """A scheduler that gives each worker one share of the items, all at once."""
    from xdist.scheduler.loadscope import LoadScopeScheduling

    workers = workers_asked_for(config)

    class Shares(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
        """Shares by the hash of the node id, which workers know as well."""

        def _split_scope(self, nodeid: str) -> str:
            return str(shard_of(nodeid, workers))

    return Shares(config, log)


def _modules(config: pytest.Config) -> Iterator[Path]:
    """The case modules below the places on the command line, each once."""
    started_in = config.invocation_params.dir
    seen: set[Path] = set()
    for argument in config.args:
        place = (started_in / argument.partition("::")[0]).resolve()
        for path in case_modules(place):
            if path not in seen:
                seen.add(path)
                yield path


def _shown(path: Path, config: pytest.Config) -> str:
    if path.is_relative_to(config.rootpath):
        return path.relative_to(config.rootpath).as_posix()
    return str(path)

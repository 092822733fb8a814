"""What one process of a run holds: options, catalogue, target, runner.

The target is opened when the first case is about to run, so that collecting, unit tests and
mistakes on the command line touch nothing. `Workshop` is the one place where the plugin gets
targets and runners from; tests of the plugin put another one into `WORKSHOP`.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from harness import baseline, catalogue
from harness.baseline import BaselineError, Waiver
from harness.catalogue import Catalogue
from harness.plugin.library import Index, LibraryError
from harness.plugin.options import Options
from harness.target.base import Target, TargetError
from harness.target.profile import Profile, load_profile
from harness.verdict import CaseResult, Finding, Verdict

if TYPE_CHECKING:
    from harness.plugin.collect import CaseItem
    from harness.plugin.console import ProgressDisplay
    from harness.run import Progress, Runner


class Workshop(Protocol):
    """Where targets and runners come from."""

    def target(self, options: Options, profile: Profile) -> Target:
        """The target that the options name, as its profile says, ready.

        Raises:
            TargetError: it can't be set up.
        """

    def runner(
        self,
        target: Target,
        rows: Catalogue,
        progress: Callable[[Progress], None],
    ) -> Runner:
        """What runs cases on the target."""


DEFAULT = "bundled"
"""The target of a run that names none."""

WORKSHOP = pytest.StashKey[Workshop]()
_SESSION = pytest.StashKey["CaseSession"]()


class CaseSession:
    """One process's part of a run. Nothing of it costs anything before it is used."""

    def __init__(self, options: Options, workshop: Callable[[], Workshop]) -> None:
        self.options = options
        self.index = Index()
        self.progress: ProgressDisplay | None = None
        self.description: Mapping[str, Any] | None = None
        self.strays: list[Finding] = []
        self.check_signals: Callable[[], None] = lambda: None
        """Raises KeyboardInterrupt if the run is to end."""
        self._workshop = workshop
        self._target: Target | None = None
        self._runner: Runner | None = None
        self._prepared: set[str] = set()
        self._refusal: str | None = None

    def check_catalogue(self) -> None:
        """Refuse a broken catalogue once, rather than with every module that cites it.

        Raises:
            CatalogueError: a file of the catalogue makes no sense.
        """
        _ = self.catalogue

    @cached_property
    def catalogue(self) -> Catalogue:
        """All requirements."""
        return catalogue.load()

    @cached_property
    def profile(self) -> Profile:
        """The profile of the target that is asked for."""
        return load_profile(self.options.profile or self.options.target or DEFAULT)

    @property
    def timers(self) -> Mapping[str, float]:
        """Seconds by name, as the profile states them."""
        return self.profile.timers

    @cached_property
    def waivers(self) -> tuple[Waiver, ...]:
        """What the profile and the baseline accept."""
        path = self.options.baseline
        own = () if path is None else baseline.load(path)
        return baseline.joined((*self.profile.waivers, *own))

    @cached_property
    def _waivers_by_case(self) -> Mapping[str, Sequence[Waiver]]:
        found: dict[str, list[Waiver]] = {}
        for waiver in self.waivers:
            found.setdefault(waiver.case, []).append(waiver)
        return found

    @cached_property
    def wanted_requirements(self) -> frozenset[str]:
        """The ids of the requirements that were asked for; none if all are wanted."""
        return frozenset(
            row.id
            for prefix in self.options.requirements
            for row in self.catalogue.matching(prefix)
        )

    def check_options(self) -> None:
        """Make sure that what the command line names exists, before anything is collected.

        Raises:
            TargetError: no such profile.
            BaselineError: a broken baseline.
            CatalogueError: no such requirement.
        """
        options = self.options
        if options.target or options.profile or options.baseline:
            _ = self.profile, self.waivers
        _ = self.wanted_requirements

    def check_names(self) -> None:
        """Make sure that cases that the command line and the baseline name exist.

        Raises:
            LibraryError: no such case was collected.
            BaselineError: the baseline names something that does not exist.
        """
        for case_id in self.options.cases:
            self.index.check(case_id)
        baseline.check(self.waivers, self.catalogue, self.index.cases_like)

    def open(self) -> Runner:
        """The runner on the target, made at the first call.

        Raises:
            TargetError: the target can't be set up.
        """
        if self._runner is None:
            workshop = self._workshop()
            self._target = workshop.target(self.options, self.profile)
            self.description = self._target.describe()
            self._runner = workshop.runner(self._target, self.catalogue, self._show)
        return self._runner

    @property
    def virtual(self) -> bool:
        """Whether the open target has a clock of its own."""
        return self._target is None or self._target.virtual

    def refuse(self, reason: str) -> None:
        """Make every case inconclusive: the target can't be had in this process."""
        self._refusal = reason

    def judge(self, item: CaseItem) -> CaseResult:
        """The result of an item's case, after the baseline; waits for it."""
        if self._refusal is not None:
            return not_seen(item, self._refusal)
        runner = self.open()
        if self.progress is not None:
            self.progress.begin()
        try:
            if item.name not in self._prepared:
                share = [other.case for other in _share_of(item)]
                runner.prepare(share)
                self._prepared.update(case.id for case in share)
            waivers = self._waivers_by_case.get(item.case.id, ())
            return baseline.apply(runner.result(item.case), waivers)
        finally:
            if self.progress is not None:
                self.progress.hide()

    def _show(self, progress: Progress) -> None:
        self.check_signals()
        if self.progress is not None:
            self.progress.show(progress)

    def close(self) -> None:
        """Cancel what still runs and give the target back."""
        with contextlib.ExitStack() as stack:
            if self._target is not None:
                stack.callback(self._target.close)
            if self._runner is not None:
                stack.callback(self._runner.close)
                self._runner.cancel()
                self.strays = self._runner.invariants()
        self._target = self._runner = None


def start(config: pytest.Config, options: Options, workshop: Workshop) -> CaseSession:
    """The session of this process, from now on found by `session_of`."""
    session = CaseSession(options, lambda: config.stash.get(WORKSHOP, workshop))
    config.stash[_SESSION] = session
    return session


def session_of(config: pytest.Config) -> CaseSession:
    """The session of this process."""
    return config.stash[_SESSION]


def one_line(error: Exception) -> str:
    """An error's text on one line."""
    return " ".join(str(error).split())


USER_ERRORS = (TargetError, BaselineError, LibraryError, catalogue.CatalogueError)
"""What is the user's to mend: shown in one line, without a traceback."""


def not_seen(item: CaseItem, reason: str) -> CaseResult:
    """The result of a case that could not be run."""
    findings = [
        Finding(name, Verdict.INCONCLUSIVE, reason=reason) for name in item.case.requirements
    ]
    return CaseResult(item.name, findings)


def shard_of(nodeid: str, workers: int) -> int:
    """Which of a number of workers runs an item on a target with a real clock."""
    return zlib.crc32(nodeid.encode()) % workers


def _share_of(item: CaseItem) -> Sequence[CaseItem]:
    """The cases that this process is going to run, of which `item` is the first."""
    from harness.plugin.collect import CaseItem  # it imports this module

    cases = [other for other in item.session.items if isinstance(other, CaseItem)]
    workers = getattr(item.config, "workerinput", {}).get("workercount", 1)
    mine = shard_of(item.nodeid, workers)
    return [other for other in cases if shard_of(other.nodeid, workers) == mine]

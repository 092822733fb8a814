"""From case modules to pytest's items, and which of them a run takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from harness.case.model import Case
from harness.catalogue import Requirement
from harness.plugin.library import is_case_module, load_cases
from harness.plugin.library import requirements_of as check_citations
from harness.plugin.markers import marks_of
from harness.plugin.session import USER_ERRORS, CaseSession, one_line, session_of
from harness.verdict import CaseResult


class CaseItem(pytest.Item):
    """One case among pytest's items; running it is waiting for its result."""

    def __init__(
        self,
        *,
        case: Case,
        requirements: tuple[Requirement, ...],
        **arguments: object,
    ) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]  # pytest's own, passed through
        self.case = case
        self.requirements = requirements
        self.result: CaseResult | None = None
        cited = [row.id for row in requirements]
        self.extra_keyword_matches.update(case.title.split(), cited)
        self.user_properties += [
            ("case", case.id),
            ("title", case.title),
            ("requirement", " ".join(cited)),
            ("clause", ", ".join(clauses_of(requirements))),
            ("level", ", ".join(dict.fromkeys(row.level.value for row in requirements))),
        ]

    def runtest(self) -> None:
        """Wait for the case's result, which the report hook turns into an outcome."""
        self.result = session_of(self.config).judge(self)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where the case stands, and a heading; not its id, whose dots pytest would take apart."""
        return self.path, None, f"{self.name}: {self.case.title}"

    def __repr__(self) -> str:
        levels = ", ".join(dict.fromkeys(row.judged_level.value for row in self.requirements))
        return f"<Case {self.name}  [{levels}]  {self.case.title}>"


class CaseModule(pytest.File):
    """A module of cases."""

    def collect(self) -> Iterator[CaseItem]:
        """The module's cases as items, in their order."""
        session = session_of(self.config)
        try:
            yield from list(self._items(session))
        except USER_ERRORS as error:
            raise self.CollectError(one_line(error)) from error

    def _items(self, session: CaseSession) -> Iterator[CaseItem]:
        cases = load_cases(self.path, self.nodeid)
        session.index.add(self.path, cases, self.nodeid)
        for case in cases:
            requirements = check_citations(case, session.catalogue, self.nodeid)
            item: CaseItem = CaseItem.from_parent(
                self, name=case.id, case=case, requirements=requirements
            )
            for mark in marks_of(case, requirements, session.timers):
                item.add_marker(mark)
            yield item


def clauses_of(requirements: tuple[Requirement, ...]) -> Iterator[str]:
    """The clauses of requirements as people cite them, each once."""
    yield from dict.fromkeys(f"{row.document} §{row.section}" for row in requirements)


def module_for(path: Path, parent: pytest.Collector) -> CaseModule | None:
    """The collector of a file, if it is a module of cases."""
    if not is_case_module(path):
        return None
    module: CaseModule = CaseModule.from_parent(parent, path=path)
    return module


def unanswered(session: CaseSession, items: Sequence[pytest.Item]) -> list[str]:
    """A line for each requirement that was asked for while no case at all was found."""
    if any(isinstance(item, CaseItem) for item in items):
        return []
    rows = [session.catalogue[name] for name in sorted(session.wanted_requirements)]
    return [f"no case here is about {row.id}{_excuse(row)}" for row in rows]


def _excuse(row: Requirement) -> str:
    """Why no case is needed, as the catalogue explains it."""
    if row.untestable:
        return f": untestable, {row.untestable}"
    if row.out_of_scope:
        return f": out of scope, {row.out_of_scope}"
    if row.superseded_by:
        return f": superseded by {', '.join(row.superseded_by)}"
    if row.implied_by:
        return f": implied by {', '.join(row.implied_by)}"
    return ""


def select(session: CaseSession, items: list[pytest.Item]) -> list[pytest.Item]:
    """Take from `items` what the command line did not ask for, and give it back."""
    options = session.options
    if not options.selective:
        return []
    wanted_rows = session.wanted_requirements
    left_out: list[pytest.Item] = []
    taken: list[pytest.Item] = []
    for item in items:
        wanted = isinstance(item, CaseItem) and (
            (not options.cases or item.name in options.cases)
            and (not wanted_rows or any(row.id in wanted_rows for row in item.requirements))
        )
        (taken if wanted else left_out).append(item)
    items[:] = taken
    return left_out

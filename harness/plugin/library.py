"""Case modules: which files they are, and the cases in them.

A case module is `rfc<N>/<name>.py` or `sockets/<name>.py` in a folder named `testcases`; names
with a leading underscore are helpers, and so are files beside those folders. It defines `CASES`,
a tuple or list of `Case`. Whatever is wrong with one is a `LibraryError` of one line, which names
the file.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from harness.baseline import hint
from harness.case.model import Case
from harness.catalogue import Catalogue, Requirement, UnknownRequirement

LIBRARY = Path(__file__).resolve().parents[2] / "testcases"
"""The product's own cases."""
_FOLDER = re.compile(r"rfc\d+|sockets")


class LibraryError(Exception):
    """A case module that can't be used; the text is one line for its author."""


def is_case_module(path: Path) -> bool:
    """Whether a file is a module of cases."""
    return (
        path.suffix == ".py"
        and not path.name.startswith(("_", "test_", "conftest"))
        and _FOLDER.fullmatch(path.parent.name) is not None
        and path.parent.parent.name == "testcases"
    )


def case_modules(place: Path) -> Iterator[Path]:
    """The modules of cases in a folder and below, or the file itself, in the order of names."""
    paths = [place] if place.is_file() else sorted(place.rglob("*.py"))
    return (path for path in paths if is_case_module(path))


def load_cases(path: Path, shown: str) -> tuple[Case, ...]:
    """The cases of a module; `shown` is the file's name for messages.

    Raises:
        LibraryError: the module can't be imported or its CASES are not what they are to be.
    """
    try:
        module = _import(path)
    except Exception as error:
        raise LibraryError(f"{shown}: not importable: {_blame(error, path)}") from error
    cases = getattr(module, "CASES", None)
    if not isinstance(cases, tuple | list):
        raise LibraryError(f"{shown}: CASES is not a tuple or list of cases")
    seen: set[str] = set()
    for position, case in enumerate(cases, start=1):
        if not isinstance(case, Case):
            raise LibraryError(f"{shown}: entry {position} of CASES is no Case: {case!r:.60}")
        if case.id in seen:
            raise LibraryError(f"{shown}: two cases have the id {case.id}")
        seen.add(case.id)
    return tuple(cases)


def cited_by(case: Case) -> tuple[str, ...]:
    """The catalogue ids that the case and its steps cite, each once."""
    steps = (*case.provided, *case.control, *case.steps)
    of_steps = (getattr(step, "cites", None) for step in steps)
    return tuple(dict.fromkeys((*case.requirements, *(name for name in of_steps if name))))


def requirements_of(case: Case, catalogue: Catalogue, shown: str) -> tuple[Requirement, ...]:
    """The requirements that a case can bring a finding on.

    Raises:
        LibraryError: the case cites nothing, or something that the catalogue does not hold.
    """
    if not case.requirements:
        raise LibraryError(f"{shown}: {case.id} cites no requirement")
    try:
        return tuple(catalogue[name] for name in cited_by(case))
    except UnknownRequirement as error:
        raise LibraryError(f"{shown}: {case.id} cites an {error}") from None


class Index:
    """The case ids of a run and the modules that they come from."""

    def __init__(self) -> None:
        self._modules: dict[str, Path] = {}
        self._folders: set[Path] = set()
        self._read: dict[Path, frozenset[str]] = {}

    def add(self, path: Path, cases: Iterable[Case], shown: str) -> None:
        """Note the cases of a module.

        Raises:
            LibraryError: another module has a case of the same id.
        """
        self._folders.add(path.parent.parent)
        for case in cases:
            other = self._modules.setdefault(case.id, path)
            if other != path:
                raise LibraryError(f"{shown}: {case.id} is the id of a case in {other.name} too")

    def __contains__(self, case_id: str) -> bool:
        return case_id in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def cases_like(self, case_id: str) -> frozenset[str]:
        """The ids among which this one would be; reads modules that the run did not need.

        First those of the RFC that the id names, then all; the product's own are always known.
        """
        known = set(self._modules)
        for part in (case_id.partition("-")[0], "."):
            if case_id in known:
                break
            for folder in sorted({*self._folders, LIBRARY}):
                known.update(self._ids_in(folder / part))
        return frozenset(known)

    def _ids_in(self, folder: Path) -> frozenset[str]:
        """The ids of a folder's modules, read once."""
        if folder not in self._read:
            cases = (load_cases(path, path.name) for path in case_modules(folder))
            self._read[folder] = frozenset(case.id for some in cases for case in some)
        return self._read[folder]

    def check(self, case_id: str) -> None:
        """Make sure that a case that was asked for is among those of the run.

        Raises:
            LibraryError: it is not; the message carries the nearest ids.
        """
        if case_id not in self:
            raise LibraryError(f"no case {case_id!r} in what was collected{hint(case_id, self)}")


def _import(path: Path) -> ModuleType:
    """The module of a file, under its dotted name below the folder that holds `testcases`."""
    name = ".".join((*path.parts[-3:-1], path.stem))
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no loader for {path.name}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _blame(error: Exception, path: Path) -> str:
    """What went wrong and in which line of the module, in one line."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(path)
    ]
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    if line is None and lines:
        line = lines[-1]
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    where = "" if line is None else f" (line {line})"
    return f"{type(error).__name__}: {' '.join(text.split())}{where}"

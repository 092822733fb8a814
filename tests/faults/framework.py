"""The vocabulary of faults, and how the library is run on one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import CodeType
from typing import Any, TypeAlias

import pytest

from harness.case.model import Case
from harness.catalogue import load
from harness.plugin.library import case_modules, load_cases
from harness.plugin.options import PROJECT
from harness.run.lockstep import LockstepRunner
from harness.target.base import Configuration, Laboratory, VirtualLaboratory
from harness.target.bundled import BundledTarget
from harness.target.profile import load_profile
from harness.verdict import CaseResult, Verdict
from tests.faults import reach

Patch: TypeAlias = Callable[[pytest.MonkeyPatch], None]
Wrap: TypeAlias = Callable[[VirtualLaboratory], VirtualLaboratory]
SHOWS = frozenset({Verdict.FAIL, Verdict.DEVIATION})


@dataclass(frozen=True, slots=True)
class Fault:
    """One way of being wrong.

    `shows` are the requirements that must show a finding; `blinds` the case ids that the fault
    makes inconclusive, because their control goes with it.
    """

    name: str
    shows: frozenset[str] | set[str]
    patch: Patch | None = None
    wrap: Wrap | None = None
    blinds: frozenset[str] | set[str] = field(default_factory=frozenset)


def replaced(path: str, value: Any) -> Patch:
    """Put something else in the place of `module.name` or `module.Class.name`."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        owner, name = _owner(path)
        monkeypatch.setattr(owner, name, value)

    return patch


def wrapped(path: str, around: Callable[..., Any]) -> Patch:
    """Call `around(original, *args, **kwargs)` instead of `module.name`."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        owner, name = _owner(path)
        original = getattr(owner, name)

        def instead(*arguments: Any, **named: Any) -> Any:
            return around(original, *arguments, **named)

        monkeypatch.setattr(owner, name, instead)

    return patch


def both(*patches: Patch) -> Patch:
    """Several patches at once."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        for one in patches:
            one(monkeypatch)

    return patch


def _owner(path: str) -> tuple[Any, str]:
    parts = path.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:-1]:
            owner = getattr(owner, part)
        if not hasattr(owner, parts[-1]):
            raise AttributeError(f"{path}: nothing to replace")
        return owner, parts[-1]
    raise ModuleNotFoundError(path)


class WrappedLaboratory:
    """A laboratory whose frames may be changed on their way; subclasses say how."""

    def __init__(self, inner: VirtualLaboratory) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        """What reaches the target of a frame sent to it."""
        return (frame,)

    def from_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        """What reaches the tester of a frame from the target."""
        return (frame,)

    def inject(self, link: int, frame: bytes, now: int) -> None:
        for changed in self.to_target(link, frame):
            self.inner.inject(link, changed, now)

    def poll(self, now: int) -> list[tuple[int, bytes]]:
        return [
            (link, changed)
            for link, frame in self.inner.poll(now)
            for changed in self.from_target(link, frame)
        ]


class _Recording(WrappedLaboratory):
    """Notes every frame, with the name of the method that is asked about it."""

    def __init__(self, inner: VirtualLaboratory) -> None:
        super().__init__(inner)
        self.frames: list[tuple[str, int, bytes]] = []

    def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        self.frames.append(("to_target", link, frame))
        return (frame,)

    def from_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        self.frames.append(("from_target", link, frame))
        return (frame,)

    def untouched_by(self, wrap: Wrap) -> bool:
        """Whether a wrapper, shown the frames again, lets every one of them be."""
        wrapper = wrap(self.inner)
        return all(
            tuple(getattr(wrapper, method)(link, frame)) == (frame,)
            for method, link, frame in self.frames
        )


class FaultyTarget(BundledTarget):
    """The bundled target behind a wrapper."""

    def __init__(self, wrap: Wrap | None = None) -> None:
        super().__init__(load_profile("bundled"))
        self._wrap = wrap

    def laboratory(self, configuration: Configuration) -> Laboratory:
        made = super().laboratory(configuration)
        return made if self._wrap is None else self._wrap(made)  # type: ignore[arg-type]  # virtual


@cache
def library() -> tuple[Case, ...]:
    """Every case of the product."""
    return tuple(
        case for path in case_modules(PROJECT / "testcases") for case in load_cases(path, path.name)
    )


@dataclass(slots=True)
class Outcome:
    """What the library said of a target: cases by requirement that shows, and what stayed dark."""

    shown: dict[str, list[str]] = field(default_factory=dict)
    blind: dict[str, str] = field(default_factory=dict)


class _Bench:
    """The library on the sound stack, once for a process: what it says, calls and exchanges.

    Runs are deterministic: a case that no changed function takes part in, or that exchanges no
    frame that a wrapper changes, says of the fault what it says of the sound stack.
    """

    def __init__(self) -> None:
        self.runner = LockstepRunner(FaultyTarget(self._record), load())
        self.sound: dict[str, CaseResult] = {}
        self._calls: dict[str, set[CodeType]] = {}
        self._exchanges: dict[str, list[_Recording]] = {}
        for case in library():
            self._exchanged = self._exchanges[case.id] = []
            with reach.Calls() as calls:
                self.sound[case.id] = self.runner.result(case)
            self._calls[case.id] = calls.codes
        self._untouched = reach.as_it_is()

    def _record(self, inner: VirtualLaboratory) -> VirtualLaboratory:
        made = _Recording(inner)
        self._exchanged.append(made)
        return made

    def touched(self, fault: Fault) -> frozenset[str]:
        """The cases that the fault, which has been made, can change anything in."""
        if fault.wrap is None:
            return self._touched_by_code()
        wrap = fault.wrap
        changed = {
            case
            for case, exchanges in self._exchanges.items()
            if not all(each.untouched_by(wrap) for each in exchanges)
        }
        return self._touched_by_code() | changed if fault.patch else frozenset(changed)

    def _touched_by_code(self) -> frozenset[str]:
        codes = reach.changed_since(self._untouched)
        return frozenset(
            case
            for case, called in self._calls.items()
            if codes is None or not codes.isdisjoint(called)
        )


_BENCH: list[_Bench] = []


def judged(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make the fault, run on it every case that it can touch, and say what is not as it says."""
    if not _BENCH:
        _BENCH.append(_Bench())
    if fault.patch is not None:
        fault.patch(monkeypatch)
    return complaint(fault, _outcome(fault, _BENCH[0]))


def _outcome(fault: Fault, bench: _Bench) -> Outcome:
    bench.runner.use(FaultyTarget(fault.wrap))
    touched = bench.touched(fault)
    seen = Outcome()
    for case in library():
        result = bench.runner.result(case) if case.id in touched else bench.sound[case.id]
        for finding in result.findings:
            if finding.verdict in SHOWS:
                seen.shown.setdefault(finding.requirement, []).append(case.id)
            elif finding.verdict is Verdict.INCONCLUSIVE:
                why = finding.explanation.actual if finding.explanation else ""
                seen.blind[case.id] = finding.reason or why
    return seen


def complaint(fault: Fault, seen: Outcome) -> str:
    """What is not as the fault says, for people; empty when all is."""
    lines = [f"{r} shows nothing" for r in sorted(fault.shows - seen.shown.keys())]
    lines += [f"{r} shows too: {', '.join(cases[:4])}" for r, cases in sorted(_others(fault, seen))]
    lines += [
        f"{case} is inconclusive: {why}"
        for case, why in sorted(seen.blind.items())
        if case not in fault.blinds
    ]
    return "\n".join(lines)


def _others(fault: Fault, seen: Outcome) -> list[tuple[str, list[str]]]:
    shown: Mapping[str, list[str]] = seen.shown
    return [(r, cases) for r, cases in shown.items() if r not in fault.shows]

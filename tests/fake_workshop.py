"""A target without a target: the last word of a case's id says what comes of it.

`tests.fake_workshop` is a pytest plugin for runs inside a test. The words are the verdicts
(`not-applicable` is `na`), `boom` for an error of the tester's own, `ctrl.c` for an interrupt,
`mixed` for a pass and a deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.case.model import Case
from harness.catalogue import Catalogue
from harness.plugin.options import Options
from harness.plugin.session import WORKSHOP
from harness.target.base import Configuration, Laboratory, Offers, TargetError
from harness.target.profile import Profile
from harness.trace import Event, Trace
from harness.verdict import CaseResult, Difference, Explanation, Finding, Verdict

LOG = Path("fake.log")
"""Where the fakes write, in the run's directory, what was done to them."""

WHY = Explanation(
    1,
    2,
    "send: echo request",
    "an echo reply",
    "nothing",
    (Difference("ttl", "64", "0", (22, 23)),),
    bytes(range(40)),
)
HELD = "791-3.1.ihl-a"
"""The invariant that the fake holds to."""
WORDS = {verdict.value: verdict for verdict in Verdict}


def log(line: str) -> None:
    with LOG.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


class FakeTarget:
    name = "fake"
    side_by_side = True
    offers = Offers(frozenset(), frozenset(), frozenset())
    timers: Mapping[str, float] = {}

    def __init__(self, options: Options, profile: Profile) -> None:
        self.virtual = profile.kind == "bundled"
        self.worker = options.worker
        log(f"{self.worker} open")

    def laboratory(self, configuration: Configuration) -> Laboratory:
        raise TargetError(f"no laboratory for {configuration}")

    def describe(self) -> Mapping[str, Any]:
        return {"stack": "fake"}

    def close(self) -> None:
        log(f"{self.worker} close target")


class FakeRunner:
    def __init__(self, target: FakeTarget) -> None:
        self.worker = target.worker
        self.prepared: set[str] = set()

    def prepare(self, cases: Sequence[Case]) -> None:
        log(f"{self.worker} prepare {' '.join(case.id for case in cases)}")
        self.prepared.update(case.id for case in cases)

    def result(self, case: Case) -> CaseResult:
        assert case.id in self.prepared
        log(f"{self.worker} result {case.id}")
        return fake_result(case)

    def cancel(self) -> None:
        log(f"{self.worker} cancel")

    def invariants(self) -> list[Finding]:
        return [Finding(HELD, Verdict.PASS)]

    def close(self) -> None:
        log(f"{self.worker} close runner")


def fake_result(case: Case) -> CaseResult:
    word = case.id.rpartition("-")[2]
    trace = Trace(link_names=("near",))
    trace.add(0, Event.TO_TARGET, "echo request", step=1, link=0, frame=bytes(60))
    first = case.requirements[0]
    match word:
        case "boom":
            raise RuntimeError("a bug of ours")
        case "ctrl.c":
            raise KeyboardInterrupt
        case "na":
            return CaseResult(case.id, missing="upper tester call send_udp", trace=trace)
        case "pass":
            findings = [Finding(first, Verdict.PASS)]
        case "observed":
            findings = [Finding(first, Verdict.OBSERVED, way="weak host")]
        case "mixed":
            findings = [Finding(first, Verdict.PASS), Finding(first, Verdict.DEVIATION, WHY)]
        case _:
            findings = [Finding(first, WORDS[word], WHY)]
    return CaseResult(case.id, findings, trace=trace, seconds=0.25)


class FakeWorkshop:
    def target(self, options: Options, profile: Profile) -> FakeTarget:
        if options.interface is not None:
            raise TargetError(f"no interface {options.interface!r} here")
        return FakeTarget(options, profile)

    def runner(
        self,
        target: Any,
        rows: Catalogue,
        progress: Callable[[Any], None],
    ) -> FakeRunner:
        return FakeRunner(target)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[WORKSHOP] = FakeWorkshop()


@dataclass(frozen=True)
class Library:
    """A library of cases in the directory of a run inside a test."""

    pytester: pytest.Pytester

    def write(self, *words: str, module: str = "rfc1122/s3_2_1_7_ttl.py", cites: str = "") -> Path:
        """A module with one case for each word."""
        folder, _, _ = module.partition("/")
        cited = cites or "1122-3.2.1.7-b"
        section = cited.split("-")[1].lower()
        rows = "".join(
            f"    Case('{folder}-{section}-{word}', '{cited}', 'a target that is {word}', STEPS),\n"
            for word in words
        )
        return self.text(
            module,
            "from harness.case import Case, echo_request, ip, send\n"
            "STEPS = (send(ip() / echo_request()),)\n"
            f"CASES = (\n{rows})\n",
        )

    def text(self, module: str, text: str) -> Path:
        """A module with this text."""
        path = self.pytester.path / "testcases" / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def run(self, *arguments: str, no_reraise_ctrlc: bool = False) -> pytest.RunResult:
        """Run pytest on the library."""
        return self.pytester.runpytest_inprocess(
            *("-p", "no:hypothesispytest", "--reports=reports"),
            *arguments,
            no_reraise_ctrlc=no_reraise_ctrlc,
        )

    def log(self) -> list[str]:
        """What the fakes wrote."""
        path = self.pytester.path / LOG
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

"""What the pytest plugin knows of a driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from harness.case.model import Case
from harness.judge.invariants import REQUIREMENTS
from harness.verdict import CaseResult, Finding, Verdict


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a real-time run is: cases done, of how many, and the longest wait that is left."""

    done: int
    total: int
    waiting_seconds: float


OnProgress: TypeAlias = Callable[[Progress], None]


class Runner(Protocol):
    """Runs cases on a target. No trouble of the target's ever raises."""

    def prepare(self, cases: Sequence[Case]) -> None:
        """Learn of all cases that will be asked for; a real-time driver begins with them."""

    def result(self, case: Case) -> CaseResult:
        """The result of a case, once it is known."""

    def cancel(self) -> None:
        """Let go of what has not begun and of what is waited for."""

    def invariants(self) -> list[Finding]:
        """What the run as a whole says of the invariants: breaches seen in traffic that belongs
        to no case, and a pass for each invariant that nothing broke."""

    def close(self) -> None:
        """Give back laboratories; the target is closed by whoever opened it."""


@dataclass(slots=True)
class InvariantRecord:
    """Adds up what cases saw of the invariants."""

    judged_frames: int = 0
    broken: set[str] = field(default_factory=set)
    ambient: list[Finding] = field(default_factory=list)

    def take(self, result: CaseResult) -> None:
        """Add a case's share."""
        self.judged_frames += result.judged_frames
        self.broken.update(
            finding.requirement
            for finding in result.findings
            if finding.verdict in (Verdict.FAIL, Verdict.DEVIATION)
        )

    def findings(self, requirements: Iterable[str] = REQUIREMENTS) -> list[Finding]:
        """Breaches in ambient traffic, and a pass for each invariant that was never broken."""
        if not self.judged_frames:
            return list(self.ambient)
        broken = self.broken | {finding.requirement for finding in self.ambient}
        held = [Finding(r, Verdict.PASS) for r in requirements if r not in broken]
        return [*self.ambient, *held]

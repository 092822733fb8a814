"""What a step brought, before anyone asks how much the clause wants it; and the findings of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from harness.catalogue import Catalogue, Strength
from harness.verdict import Explanation, Finding, Verdict


class Outcome(Enum):
    """How a step ended."""

    MET = "met"
    BROKEN = "broken"
    UNSEEN = "unseen"
    WAY = "way"


@dataclass(frozen=True, slots=True)
class Observation:
    """The outcome of a step for some requirements.

    `missing` tells a broken step by which nothing came from one by which something wrong came:
    only the former may be the fault of the wire.
    """

    outcome: Outcome
    cites: tuple[str, ...]
    explanation: Explanation | None = None
    way: str | None = None
    reason: str | None = None
    missing: bool = False


_BROKEN = {
    Strength.MUST: Verdict.FAIL,
    Strength.SHOULD: Verdict.DEVIATION,
    Strength.MAY: Verdict.OBSERVED,
}


def finding(observation: Observation, requirement: str, catalogue: Catalogue) -> Finding:
    """One observation as a finding on one requirement, by how much its clause wants."""
    strength = catalogue[requirement].strength
    match observation.outcome:
        case Outcome.MET if strength is Strength.MAY:
            return Finding(requirement, Verdict.OBSERVED, way=observation.way or "does")
        case Outcome.MET:
            return Finding(requirement, Verdict.PASS)
        case Outcome.WAY:
            return Finding(requirement, Verdict.OBSERVED, way=observation.way)
        case Outcome.UNSEEN:
            return Finding(
                requirement,
                Verdict.INCONCLUSIVE,
                observation.explanation,
                reason=observation.reason,
            )
        case Outcome.BROKEN:
            verdict = _BROKEN[strength]
            way = "does not" if verdict is Verdict.OBSERVED else None
            return Finding(requirement, verdict, observation.explanation, way)


def findings(observations: Iterable[Observation], catalogue: Catalogue) -> list[Finding]:
    """Findings of a case: for each requirement what broke it, or that it was met.

    A requirement that was met at one step and broken at another is broken.
    """
    by_requirement: dict[str, list[Observation]] = {}
    for observation in observations:
        for requirement in observation.cites:
            by_requirement.setdefault(requirement, []).append(observation)
    found: list[Finding] = []
    for requirement, seen in by_requirement.items():
        telling = [o for o in seen if o.outcome is not Outcome.MET] or seen[:1]
        found.extend(finding(o, requirement, catalogue) for o in telling)
    return found

"""Marks of cases, for ``-m``: by RFC, level, role, topology and length.

A case bears the marks of every requirement that it can bring a finding on. The level is the one
that decides today, whichever way it points: `must` stands for MUST, MUST NOT and both implied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pytest

from harness import catalogue
from harness.case.model import Case, Topology
from harness.case.steps import (
    Advance,
    Call,
    Classify,
    Count,
    Expect,
    NothingReceived,
    Received,
    Silence,
    Step,
)
from harness.case.time import SETTLE, Duration, NamedDuration
from harness.catalogue import Requirement, Role, Strength

SLOW_FROM_SECONDS = 5.0
"""A case that waits longer than this on a real clock is slow."""

_UNKNOWN_TIMER_SECONDS = 60.0
"""What a timer is taken for that the profile does not name: RFC 1122 §3.3.2 on reassembly."""

_STRENGTHS = {
    Strength.MUST: "cases about a MUST or MUST NOT, implied ones included (a breach fails)",
    Strength.SHOULD: "cases about a SHOULD or SHOULD NOT, implied ones included (a deviation)",
    Strength.MAY: "cases about a MAY, or a clause that no longer binds (observed)",
}
_ROLES = {
    Role.HOST: "cases about a requirement on hosts",
    Role.ROUTER: "cases about a requirement on routers",
}
_TOPOLOGIES = {
    Topology.HOST: "cases on a target with one link",
    Topology.MULTIHOMED: "cases on a target with two links that does not forward",
    Topology.ROUTER: "cases on a target with two links that forwards",
}


def register(config: pytest.Config) -> None:
    """Make the marks known to pytest and explain them in ``--markers``."""
    for number in _rfc_numbers():
        _explain(config, f"rfc{number}", f"cases about a requirement of RFC {number}")
    _explain(config, catalogue.SOCKETS, "cases about the calls of Berkeley sockets")
    for strength, text in _STRENGTHS.items():
        _explain(config, strength.value.lower(), text)
    _explain(config, "implied", "cases about a clause whose keyword is ours (before RFC 2119)")
    for role, text in _ROLES.items():
        _explain(config, f"role_{role.value}", text)
    for topology, text in _TOPOLOGIES.items():
        _explain(config, f"topology_{topology.value}", text)
    _explain(
        config,
        "slow",
        f"cases that wait more than {SLOW_FROM_SECONDS:.0f} s on a target with a real clock",
    )


def marks_of(
    case: Case, requirements: Iterable[Requirement], timers: Mapping[str, float]
) -> Iterator[str]:
    """The names of a case's marks; `timers` are seconds by the names of the profile."""
    names: dict[str, None] = {}
    for requirement in requirements:
        names[requirement.mark] = None
        names[requirement.strength.value.lower()] = None
        if requirement.implied:
            names["implied"] = None
        names.update(dict.fromkeys(_role_marks(requirement.role)))
    names[f"topology_{case.topology.value}"] = None
    if seconds_waited(case, timers) > SLOW_FROM_SECONDS:
        names["slow"] = None
    yield from names


def seconds_waited(case: Case, timers: Mapping[str, float]) -> float:
    """How long a case's own waits last at most, the settle times after its steps aside."""
    steps = (*case.provided, *case.control, *case.steps)
    return sum(_seconds(step, timers) for step in steps)


def _seconds(step: Step, timers: Mapping[str, float]) -> float:
    match step:
        case Advance(duration=duration):
            return _in_seconds(duration, timers)
        case (
            Expect(within=within)
            | Silence(within=within)
            | Count(within=within)
            | Classify(within=within)
            | Received(within=within)
            | NothingReceived(within=within)
        ):
            return _in_seconds(within, timers)
        case Call(within=waited) if waited is not None:
            return _in_seconds(waited, timers)
        case _:
            return 0.0


def _in_seconds(duration: Duration, timers: Mapping[str, float]) -> float:
    if not isinstance(duration, NamedDuration):
        return duration / 1_000_000
    margin = duration.plus / 1_000_000
    if duration.name == SETTLE.name:
        return margin
    return timers.get(duration.name, _UNKNOWN_TIMER_SECONDS) + margin


def _role_marks(role: Role) -> Iterator[str]:
    for one in _ROLES:
        if role in (one, Role.BOTH):
            yield f"role_{one.value}"


def _explain(config: pytest.Config, name: str, text: str) -> None:
    config.addinivalue_line("markers", f"{name}: {text}")


def _rfc_numbers() -> list[int]:
    """The RFCs that the catalogue has a file for, without reading the files."""
    names = (path.stem.removeprefix("rfc") for path in catalogue.DIRECTORY.glob("rfc*.toml"))
    return sorted(int(name) for name in names if name.isdecimal())

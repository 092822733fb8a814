"""The command line: what a run may be told, and what that means.

Paths on the command line are relative to where pytest was started. `--profile=PATH` needs its
equals sign: pytest takes a path that stands alone for something to collect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
"""Where the tester, its cases and its profiles are kept."""


class Gate(Enum):
    """What closes the gate, that is, makes the exit code 1."""

    MUST = "must"
    SHOULD = "should"


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for; None and empty stand for what was not given."""

    target: str | None
    profile: str | None
    interface: str | None
    target_address: str | None
    tester_addresses: str | None
    gate: Gate
    baseline: Path | None
    write_baseline: Path | None
    requirements: tuple[str, ...]
    cases: tuple[str, ...]
    reports: Path
    worker: str
    """The name of this process among those of a run: "main", or what xdist calls it."""

    @property
    def selective(self) -> bool:
        """Whether cases were asked for by requirement or by name."""
        return bool(self.requirements or self.cases)


def add_options(parser: pytest.Parser) -> None:
    """Tell pytest's command line of ours."""
    group = parser.getgroup("ip4spec", "IPv4 conformance")
    for name, metavar, text in _TEXT_OPTIONS:
        group.addoption(f"--{name}", metavar=metavar, default=None, help=text)
    group.addoption(
        "--gate",
        choices=[gate.value for gate in Gate],
        default=Gate.MUST.value,
        help="what closes the gate (exit code 1): a broken MUST, or a SHOULD not followed as well",
    )
    group.addoption(
        "--allure",
        action="store_true",
        help="write Allure results to allure-results in the target's folder of reports",
    )
    group.addoption(
        "--requirement",
        metavar="ID",
        action="append",
        default=[],
        help="run the cases about a requirement, or about all whose ids begin so: 1122-3.2.2",
    )
    group.addoption(
        "--case",
        metavar="ID",
        action="append",
        default=[],
        help="run the case with this id (may be repeated)",
    )


_TEXT_OPTIONS: Sequence[tuple[str, str, str]] = (
    ("target", "NAME", "the stack under test: bundled (the default), linux, external..."),
    ("profile", "FILE", "what the target is and can do: a name in targets/ or a path, after ="),
    ("interface", "NAME", "external targets: the tester's interface on the target's link"),
    ("target-address", "A.B.C.D/N", "external targets: the target's address and prefix length"),
    ("tester-addresses", "RANGES", "external targets: on-link addresses the tester may use"),
    ("baseline", "FILE", "known failures and deviations, with reasons, besides the profile's"),
    ("write-baseline", "FILE", "write the failures and deviations of this run as a baseline"),
    ("reports", "DIR", "where reports go, a folder for each target (default: reports/)"),
)


def read_options(config: pytest.Config) -> Options:
    """What this run's command line asks for."""
    started_in = config.invocation_params.dir

    def path(name: str) -> Path | None:
        given = config.getoption(name)
        return None if given is None else started_in / given

    workerinput = getattr(config, "workerinput", {})
    return Options(
        target=config.getoption("target"),
        profile=config.getoption("profile"),
        interface=config.getoption("interface"),
        target_address=config.getoption("target_address"),
        tester_addresses=config.getoption("tester_addresses"),
        gate=Gate(config.getoption("gate")),
        baseline=path("baseline"),
        write_baseline=path("write_baseline"),
        requirements=tuple(config.getoption("requirement")),
        cases=tuple(config.getoption("case")),
        reports=path("reports") or PROJECT / "reports",
        worker=workerinput.get("workerid", "main"),
    )

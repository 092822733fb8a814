"""What the harness knows of a target: laboratories, links, calls and counters.

A *laboratory* is one target, set up in one configuration and wired to the tester. A *virtual*
one has its own clock, which moves only when told; a *real* one has links with file descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from harness.addresses import LinkPlan
from harness.case.model import Case, Setting, Topology


class TargetGone(Exception):
    """The target or its link went away; the text says how it showed."""


class TargetError(Exception):
    """The target can't be set up or used as asked: one clear line for the user."""


class Unsettable(TargetError):
    """The target can't be set to what a case wants: the case is not applicable to it."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a laboratory is set to."""

    topology: Topology
    settings: tuple[Setting, ...] = ()


class Upper(Protocol):
    """The upper tester: socket calls beside the target. No call blocks."""

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Answer:
        """Make a call; what came of it, a refusal included.

        Raises:
            TargetGone: the upper tester does not answer any more.
        """


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an upper-tester call: `error` is the errno name of a refusal ("EMSGSIZE")."""

    value: Mapping[str, Any]
    error: str | None = None


Counters: TypeAlias = Mapping[str, int]
"""Counter values by MIB name (`ipSystemStatsInReceives`, `icmpMsgStatsInPkts.8`...)."""


class Laboratory(Protocol):
    """What real and virtual laboratories have in common."""

    @property
    def configuration(self) -> Configuration:
        """What the laboratory is set to."""

    @property
    def links(self) -> tuple[LinkPlan, ...]:
        """The links, the near one first."""

    @property
    def upper(self) -> Upper | None:
        """The upper tester, if there is one; it is started when first asked for."""

    def counters(self) -> Counters | None:
        """The target's counters now, by MIB name; None where it shows none."""

    def close(self) -> None:
        """Give everything back; harmless when called twice."""


class VirtualLaboratory(Laboratory, Protocol):
    """A target on a clock of its own. Times are microseconds since it was made."""

    @property
    def time_of_day_ms(self) -> int:
        """Milliseconds since midnight UT at time zero, as the target believes."""

    def inject(self, link: int, frame: bytes, now: int) -> None:
        """Give the target a frame on a link."""

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        """Let the target do what is due; the frames it sends, with their links."""

    def next_deadline(self) -> int | None:
        """When the target next has something to do by itself."""


class Link(Protocol):
    """A real link: frames in and out of a file descriptor."""

    def fileno(self) -> int:
        """For the event loop."""

    def send(self, frame: bytes) -> None:
        """Put a frame on the link.

        Raises:
            TargetGone: the link is down or gone.
        """

    def receive(self) -> Sequence[bytes]:
        """The frames that wait, without blocking; none is not an error.

        Raises:
            TargetGone: the link is down or gone.
        """


class RealLaboratory(Laboratory, Protocol):
    """A target on real links and real time."""

    @property
    def wires(self) -> tuple[Link, ...]:
        """One for each of `links`."""

    def restart(self) -> bool:
        """Start the target anew after it died; False where that can't be done."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What a target can do, from its profile.

    `settings` are names of `Setting`; `values` are all that a setting can be where it can't be
    anything; `closed_counters` says that what a case does not name must not move;
    `exact_counters` are the MIB names that mean exactly what the MIB says.
    """

    topologies: frozenset[str]
    settings: frozenset[str]
    calls: frozenset[str]
    counters: bool = False
    closed_counters: bool = False
    exact_counters: frozenset[str] = frozenset()
    restart: bool = False
    values: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


class Target(Protocol):
    """A stack under test."""

    @property
    def name(self) -> str:
        """As reports call it."""

    @property
    def virtual(self) -> bool:
        """Whether its laboratories are `VirtualLaboratory`s or `RealLaboratory`s."""

    @property
    def side_by_side(self) -> bool:
        """Whether each laboratory is one of its own; a host on a cable is only one."""

    @property
    def offers(self) -> Offers:
        """What it can do."""

    @property
    def timers(self) -> Mapping[str, float]:
        """Seconds by name: `settle`, `reassembly`..."""

    def laboratory(self, configuration: Configuration) -> Laboratory:
        """A laboratory in this configuration.

        Raises:
            TargetError: it can't be set up.
        """

    def describe(self) -> Mapping[str, Any]:
        """The configuration that is judged, for the report: plain data."""

    def close(self) -> None:
        """Give everything back."""


def configuration_of(case: Case) -> Configuration:
    """The configuration that a case asks for."""
    return Configuration(case.topology, tuple(sorted(case.settings, key=repr)))


def what_is_missing(case: Case, offers: Offers) -> str | None:
    """What a target lacks for a case, in words; None when it lacks nothing."""
    if case.topology.value not in offers.topologies:
        return f"topology {case.topology.value}"
    for setting in case.settings:
        if setting.name not in offers.settings:
            return f"setting {setting.name}"
        if setting.value not in offers.values.get(setting.name, (setting.value,)):
            return f"setting {setting.name} = {setting.value}"
    for operation in sorted(case.calls):
        if operation not in offers.calls:
            return f"upper tester call {operation}"
    return None

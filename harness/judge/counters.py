"""Counters as differences over a case (RFC 4293, RFC 4113)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.case.model import CounterChanges
from harness.target.base import Offers

_GROUPS = ("ipSystemStats", "icmp", "udp")
"""How the names of RFC 4293 and 4113 begin; what else a target counts has no requirement."""
_NOT_JUDGED_UNLESS_NAMED = ("Octets", "McastPkts", "BcastPkts")


@dataclass(frozen=True, slots=True)
class CounterFault:
    """A counter that moved by something else than it had to."""

    name: str
    requirement: str
    expected: int
    actual: int


def requirement_of(name: str) -> str:
    """The catalogue id of a counter's own row."""
    rfc = "4113" if name.startswith("udp") else "4293"
    return f"{rfc}-{name.partition('.')[0]}"


def judged(wanted: CounterChanges, offers: Offers) -> list[str]:
    """The counters that this target lets us judge, of those that a case names."""
    if offers.closed_counters:
        return [name for name, _ in wanted]
    return [name for name, _ in wanted if name.partition(".")[0] in offers.exact_counters]


def _judged_unnamed(name: str) -> bool:
    return name.startswith(_GROUPS) and not name.endswith(_NOT_JUDGED_UNLESS_NAMED)


def counter_faults(
    wanted: CounterChanges, before: Mapping[str, int], after: Mapping[str, int], offers: Offers
) -> list[CounterFault]:
    """Counters that did not move as a case says.

    Where the target's counters are closed, what a case does not name must not move; octet,
    multicast and broadcast counters, and those of no MIB, only count when they are named.
    """
    expected = dict(wanted)
    names = judged(wanted, offers)
    if offers.closed_counters:
        names += sorted((before.keys() | after.keys()) - expected.keys())
    faults = []
    for name in names:
        if name not in expected and not _judged_unnamed(name):
            continue
        moved = after.get(name, 0) - before.get(name, 0)
        if moved != expected.get(name, 0):
            faults.append(CounterFault(name, requirement_of(name), expected.get(name, 0), moved))
    return faults

"""Counters as differences: closed targets, open ones, and those that count exactly."""

from __future__ import annotations

import pytest

from harness import catalogue
from harness.case import Topology, counters, echo_served, error_sent, merged
from harness.judge.counters import CounterFault, counter_faults, judged, requirement_of
from harness.target.base import Configuration, Offers
from harness.target.bundled import BundledTarget
from harness.target.profile import load_profile

NOTHING = Offers(frozenset(), frozenset(), frozenset(), counters=True)
CLOSED = Offers(frozenset(), frozenset(), frozenset(), counters=True, closed_counters=True)
EXACT = Offers(
    frozenset(),
    frozenset(),
    frozenset(),
    counters=True,
    exact_counters=frozenset({"udpInErrors", "icmpMsgStatsInPkts"}),
)
WANTED = counters(udpInErrors=1, ipSystemStatsInReceives=2, icmpMsgStatsInPkts_8=1)
BEFORE = {"udpInErrors": 5, "ipSystemStatsInReceives": 7, "icmpMsgStatsInPkts.8": 0, "icmpX": 3}
RIGHT = {"udpInErrors": 6, "ipSystemStatsInReceives": 9, "icmpMsgStatsInPkts.8": 1, "icmpX": 3}


def faults(offers: Offers, **moved: int) -> list[CounterFault]:
    named = {name.replace("_", "."): value for name, value in moved.items()}
    return counter_faults(WANTED, BEFORE, {**RIGHT, **named}, offers)


@pytest.mark.parametrize("offers", [NOTHING, CLOSED, EXACT])
def test_what_moves_as_it_should_is_no_fault(offers: Offers) -> None:
    assert faults(offers) == []


def test_a_closed_target_is_judged_on_everything() -> None:
    assert judged(WANTED, CLOSED) == [name for name, _ in WANTED]
    assert faults(CLOSED, udpInErrors=5) == [CounterFault("udpInErrors", "4113-udpInErrors", 1, 0)]
    assert faults(CLOSED, icmpX=4) == [CounterFault("icmpX", "4293-icmpX", 0, 1)]
    assert faults(CLOSED, udpNew=1) == [CounterFault("udpNew", "4113-udpNew", 0, 1)]
    assert faults(CLOSED, icmpMsgStatsInPkts_8=2) == [
        CounterFault("icmpMsgStatsInPkts.8", "4293-icmpMsgStatsInPkts", 1, 2)
    ]


@pytest.mark.parametrize("tail", ["Octets", "McastPkts", "BcastPkts"])
def test_octets_and_casts_count_only_when_they_are_named(tail: str) -> None:
    name = f"ipSystemStatsIn{tail}"
    assert faults(CLOSED, **{name: 84}) == []
    wanted = counters(**{name: 2})
    assert counter_faults(wanted, {}, {name: 2}, CLOSED) == []
    assert counter_faults(wanted, {}, {name: 3}, CLOSED) == [
        CounterFault(name, f"4293-{name}", 2, 3)
    ]


def test_counters_of_no_mib_have_no_row_and_are_free() -> None:
    assert faults(CLOSED, **{"IGMP.PacketsSent.Dropped": 1, "tcpInSegs": 1}) == []


def test_an_open_target_is_judged_on_exact_counters_that_are_named() -> None:
    assert judged(WANTED, EXACT) == ["udpInErrors", "icmpMsgStatsInPkts.8"]
    assert [fault.name for fault in faults(EXACT, udpInErrors=5)] == ["udpInErrors"]
    assert [f.name for f in faults(EXACT, icmpMsgStatsInPkts_8=0)] == ["icmpMsgStatsInPkts.8"]
    assert faults(EXACT, ipSystemStatsInReceives=99, icmpX=99, icmpMsgStatsInPkts_3=99) == []


def test_a_target_whose_counters_mean_something_else_is_not_judged() -> None:
    assert judged(WANTED, NOTHING) == []
    assert faults(NOTHING, udpInErrors=99, ipSystemStatsInReceives=0, icmpX=9) == []


def test_a_counter_that_a_target_does_not_show_has_not_moved() -> None:
    assert counter_faults(WANTED, {}, {}, EXACT) == [
        CounterFault("udpInErrors", "4113-udpInErrors", 1, 0),
        CounterFault("icmpMsgStatsInPkts.8", "4293-icmpMsgStatsInPkts", 1, 0),
    ]


def test_a_counter_that_is_wanted_to_stand_still_is_judged() -> None:
    still = counters(udpInErrors=0)
    assert counter_faults(still, {}, {"udpInErrors": 1}, EXACT) != []
    assert counter_faults(still, {"udpInErrors": 1}, {"udpInErrors": 1}, EXACT) == []


def test_changes_add_up() -> None:
    both = dict(merged(echo_served(), error_sent(3), counters(icmpStatsOutMsgs=1)))
    assert both["icmpStatsOutMsgs"] == 3
    assert both["icmpMsgStatsOutPkts.3"] == 1
    assert both["icmpMsgStatsInPkts.8"] == 1


def test_every_counter_of_the_bundled_stack_has_a_row_of_its_own() -> None:
    """A finding on a counter that nobody named is a finding on a row of the catalogue."""
    laboratory = BundledTarget(load_profile("bundled")).laboratory(Configuration(Topology.ROUTER))
    shown = laboratory.counters()
    assert shown
    rows = catalogue.load()
    moved = {name: value + 1 for name, value in shown.items()}
    every = counter_faults((), shown, moved, CLOSED)
    assert len(every) > 20
    assert [fault for fault in every if fault.requirement not in rows] == []
    named = merged(echo_served(), error_sent(3))
    assert [name for name, _ in named if requirement_of(name) not in rows] == []

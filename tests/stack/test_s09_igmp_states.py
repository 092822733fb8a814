"""The version 2 host of NETSTACK, state by state (S9.1 to S9.18)."""

from __future__ import annotations

import pytest

from stack.membership_v2 import State
from stack.own_address import Place
from stack.policy import NETSTACK
from stack.wire.igmp import (
    LEAVE_GROUP,
    MEMBERSHIP_QUERY,
    V1_MEMBERSHIP_REPORT,
    V2_MEMBERSHIP_REPORT,
    V3_MEMBERSHIP_REPORT,
    build_igmp,
)
from tests.stack.count_kit import netstack_moved
from tests.stack.igmp_kit import (
    GROUP,
    OTHER,
    RECEIVED,
    Drawn,
    igmp_only,
    kinds,
    query,
    state_of,
    switched_on,
    v1,
    v2,
    v3,
)
from tests.stack.node_kit import HOST, PEER, SECOND, Wire, a


def test_s9_1_off_at_start_checks_and_counts_and_tracks_groups() -> None:
    wire = Wire(NETSTACK)
    wire.node.join(1, GROUP)
    before = wire.node.counters.netstack()
    query(wire, v2())
    query(wire, v2(), ttl=2)
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), destination=GROUP)
    assert igmp_only(netstack_moved(wire, before)) == {
        RECEIVED + "MembershipQuery": 2,
        RECEIVED + "Invalid": 1,
        RECEIVED + "V2MembershipReport": 1,
    }
    assert state_of(wire) is State.NON_MEMBER
    wire.node.leave(1, GROUP)
    wire.node.join(1, OTHER)
    wire.node.add_address(1, "192.0.2.2", 24)
    assert wire.sent(after=30 * SECOND) == []
    wire.node.set_igmp(1, 2)
    assert kinds(wire.sent()) == [(V2_MEMBERSHIP_REPORT, a(OTHER))]


def test_s9_1_a_disabled_nic_runs_no_igmp() -> None:
    wire = switched_on()
    wire.node.disable(1)
    wire.frames()
    wire.node.join(1, OTHER)
    assert wire.sent(after=20 * SECOND) == []
    assert (state_of(wire), state_of(wire, OTHER)) == (State.NON_MEMBER, State.NON_MEMBER)


@pytest.mark.parametrize(
    ("octets", "counter"),
    [
        (v2()[:7], "Invalid"),
        (v2()[:-1] + b"\x01", "ChecksumErrors"),
        (build_igmp(MEMBERSHIP_QUERY, 0, 100, b"\x01"), "MembershipQuery"),
        (v3(), "MembershipQuery"),
    ],
    ids=["short", "sum", "nine octets", "version 3"],
)
def test_s9_2_length_and_sum(octets: bytes, counter: str) -> None:
    wire = switched_on()
    before = wire.node.counters.netstack()
    query(wire, octets)
    assert igmp_only(netstack_moved(wire, before)) == {RECEIVED + counter: 1}
    heard = [] if counter != "MembershipQuery" else [(V2_MEMBERSHIP_REPORT, a(GROUP))]
    assert kinds(wire.sent(after=10 * SECOND)) == heard


@pytest.mark.parametrize(
    ("kind", "counter"),
    [
        (MEMBERSHIP_QUERY, "MembershipQuery"),
        (V1_MEMBERSHIP_REPORT, "V1MembershipReport"),
        (V2_MEMBERSHIP_REPORT, "V2MembershipReport"),
        (LEAVE_GROUP, "LeaveGroup"),
        (V3_MEMBERSHIP_REPORT, "Unrecognized"),
        (0x13, "Unrecognized"),
    ],
)
def test_s9_3_the_counter_of_the_type_moves_before_the_next_check(kind: int, counter: str) -> None:
    wire = switched_on()
    before = wire.node.counters.netstack()
    query(wire, build_igmp(kind, a(GROUP), 1), ttl=9)
    moved = igmp_only(netstack_moved(wire, before))
    assert moved.pop(RECEIVED + counter) == 1
    assert moved == ({} if counter == "Unrecognized" else {RECEIVED + "Invalid": 1})


@pytest.mark.parametrize(
    "octets",
    [
        v1(),
        v2(),
        build_igmp(V1_MEMBERSHIP_REPORT, a(GROUP)),
        build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)),
        build_igmp(LEAVE_GROUP, a(GROUP)),
    ],
    ids=["query 1", "query 2", "report 1", "report 2", "leave"],
)
def test_s9_4_all_need_router_alert_and_ttl_one_version_1_queries_too(octets: bytes) -> None:
    wire = switched_on()
    before = wire.node.counters.netstack()
    query(wire, octets, options=b"")
    query(wire, octets, ttl=2)
    assert igmp_only(netstack_moved(wire, before))[RECEIVED + "Invalid"] == 2
    assert state_of(wire) is State.IDLE
    # The destination is not checked.
    query(wire, octets, destination=HOST)
    assert igmp_only(netstack_moved(wire, before))[RECEIVED + "Invalid"] == 2


@pytest.mark.parametrize(
    ("octets", "invalid"),
    [
        (v2(), 0),
        (build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), 2),
        (build_igmp(LEAVE_GROUP, a(GROUP)), 2),
    ],
    ids=["query", "report", "leave"],
)
def test_s9_4_reports_and_leaves_come_from_the_subnet_of_a_primary_address(
    octets: bytes, invalid: int
) -> None:
    wire = switched_on()
    wire.node.add_address(1, "10.0.0.5", 24, primary=Place.NEVER)
    before = wire.node.counters.netstack()
    query(wire, octets, source="10.0.0.1")
    query(wire, octets, source="172.16.0.1")
    assert igmp_only(netstack_moved(wire, before)).get(RECEIVED + "Invalid", 0) == invalid
    query(wire, octets, source=PEER)
    assert igmp_only(netstack_moved(wire, before)).get(RECEIVED + "Invalid", 0) == invalid


def test_s9_5_leaves_are_ignored() -> None:
    wire = switched_on()
    query(wire, v2())
    due = wire.node.next_deadline()
    query(wire, build_igmp(LEAVE_GROUP, a(GROUP)))
    assert (state_of(wire), wire.node.next_deadline()) == (State.DELAYING, due)


def test_s9_6_a_join_reports_at_once_and_again_within_ten_seconds() -> None:
    wire = switched_on(joined=False)
    wire.node._core.random = Drawn(1)
    wire.node.join(1, GROUP)
    assert kinds(wire.sent()) == [(V2_MEMBERSHIP_REPORT, a(GROUP))]
    assert state_of(wire) is State.DELAYING
    assert wire.node.next_deadline() == wire.now + 10 * SECOND - 1
    assert kinds(wire.sent(after=10 * SECOND)) == [(V2_MEMBERSHIP_REPORT, a(GROUP))]
    assert (state_of(wire), wire.node.next_deadline()) == (State.IDLE, None)
    # The last reporter leaves aloud.
    wire.node.leave(1, GROUP)
    assert kinds(wire.sent()) == [(LEAVE_GROUP, a(GROUP))]


def test_s9_6_what_cannot_be_sent_stays_pending(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = switched_on(joined=False)
    wire.node.remove_address(1, HOST)
    wire.node.join(1, GROUP)
    assert (state_of(wire), wire.sent(after=30 * SECOND)) == (State.PENDING, [])
    wire = switched_on(joined=False)
    monkeypatch.setattr("stack.link.OUTBOX_LIMIT", 0)
    wire.node.join(1, GROUP)
    assert (state_of(wire), wire.node.next_deadline()) == (State.PENDING, None)
    # A report of another member stops nothing here (S9.10), a query starts a timer (S9.9).
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), destination=GROUP)
    assert state_of(wire) is State.PENDING
    query(wire, v2())
    assert state_of(wire) is State.DELAYING


def test_s9_7_all_hosts_is_idle_for_ever() -> None:
    wire = Wire(NETSTACK)
    wire.node.set_igmp(1, 2)
    for octets in (v2(), v2(group="224.0.0.1"), build_igmp(V2_MEMBERSHIP_REPORT, a("224.0.0.1"))):
        query(wire, octets)
    wire.node.leave(1, "224.0.0.1")
    wire.node.join(1, "224.0.0.1")
    wire.node.disable(1)
    assert wire.frames(after=60 * SECOND) == []


@pytest.mark.parametrize("named", ["0.0.0.0", GROUP, OTHER])
def test_s9_8_zero_means_version_1_for_400_seconds_whatever_group_it_names(named: str) -> None:
    wire = switched_on()
    wire.node._core.random = Drawn(1)
    query(wire, build_igmp(MEMBERSHIP_QUERY, a(named)))
    heard = wire.now
    asked = named != OTHER
    assert wire.node.next_deadline() == (heard + 10 * SECOND - 1 if asked else None)
    expected = [(V1_MEMBERSHIP_REPORT, a(GROUP))] if asked else []
    assert kinds(wire.sent(after=10 * SECOND)) == expected
    wire.frames(after=heard + 400 * SECOND - 1 - wire.now)
    wire.node.join(1, OTHER)
    assert kinds(wire.sent()) == [(V1_MEMBERSHIP_REPORT, a(OTHER))]
    wire.frames(after=1)
    wire.node.join(1, "239.9.9.9")
    assert kinds(wire.sent()) == [(V2_MEMBERSHIP_REPORT, a("239.9.9.9"))]


def test_s9_8_the_response_octet_is_tenths_of_a_second_and_never_exponential() -> None:
    wire = switched_on()
    wire.node._core.random = Drawn(1)
    query(wire, v2(tenths=255))
    assert wire.node.next_deadline() == wire.now + 25_500_000 - 1
    query(wire, v2(tenths=3, group=OTHER))
    assert kinds(wire.sent(after=26 * SECOND)) == [(V2_MEMBERSHIP_REPORT, a(GROUP))]


def test_s9_9_delays_begin_at_zero() -> None:
    wire = switched_on()
    wire.node._core.random = Drawn(0)
    query(wire, v2())
    assert wire.node.next_deadline() == wire.now
    assert kinds(wire.sent()) == [(V2_MEMBERSHIP_REPORT, a(GROUP))]


def test_s9_9_a_running_timer_is_only_shortened() -> None:
    wire = switched_on()
    wire.node._core.random = Drawn(1)
    query(wire, v2(tenths=50))
    due = wire.now + 5 * SECOND - 1
    wire.frames(after=SECOND - 1)
    wire.node._core.random = Drawn(0)
    # Exactly the bound is left: nothing changes.
    query(wire, v2(tenths=40))
    assert wire.node.next_deadline() == due
    query(wire, v2(tenths=39))
    assert wire.node.next_deadline() == wire.now


def test_s9_10_another_member_s_report_stops_the_timer() -> None:
    wire = switched_on()
    query(wire, v2())
    query(wire, build_igmp(V1_MEMBERSHIP_REPORT, a(GROUP)), destination="224.0.0.1")
    assert (state_of(wire), wire.node.next_deadline()) == (State.IDLE, None)
    wire.node.leave(1, GROUP)
    assert wire.sent(after=20 * SECOND) == []


def test_s9_10_in_other_states_a_report_changes_nothing() -> None:
    wire = switched_on()
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)))
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(OTHER)))
    wire.node.leave(1, GROUP)
    assert kinds(wire.sent()) == [(LEAVE_GROUP, a(GROUP))]


def test_s9_11_a_due_report_that_cannot_go_out_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = switched_on()
    monkeypatch.setattr("stack.link.OUTBOX_LIMIT", 0)
    for _ in range(2):
        # S9.9: a query sets a new timer in state queued too.
        query(wire, v2())
        assert state_of(wire) is State.DELAYING
        assert wire.sent(after=10 * SECOND) == []
        assert (state_of(wire), wire.node.next_deadline()) == (State.QUEUED, None)
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)))
    assert state_of(wire) is State.IDLE
    monkeypatch.undo()
    wire.node.add_address(1, "192.0.2.2", 24)
    assert wire.sent(after=10 * SECOND) == []


def test_s9_12_leaving_is_told_by_the_last_reporter_alone_and_not_to_version_1() -> None:
    wire = switched_on()
    query(wire, v1())
    wire.frames(after=10 * SECOND)
    wire.node.leave(1, GROUP)
    assert wire.sent(after=20 * SECOND) == []
    assert state_of(wire) is State.NON_MEMBER
    quiet = switched_on(joined=False)
    quiet.node.remove_address(1, HOST)
    quiet.node.join(1, GROUP)
    quiet.node.add_neighbour(1, PEER, bytes(5) + b"\x01")
    quiet.node.leave(1, GROUP)
    quiet.node.add_address(1, HOST, 24)
    assert quiet.sent(after=20 * SECOND) == []


def test_s9_12_disabling_is_a_soft_leave() -> None:
    wire = switched_on()
    query(wire, v2())
    wire.node.disable(1)
    assert kinds(wire.sent(after=20 * SECOND)) == [(LEAVE_GROUP, a(GROUP))]
    wire.node.enable(1)
    assert kinds(wire.sent()) == [(V2_MEMBERSHIP_REPORT, a(GROUP))]


def test_s9_13_a_new_address_lets_pending_and_queued_reports_out() -> None:
    wire = switched_on()
    query(wire, v2(group=GROUP))
    wire.node.remove_address(1, HOST)
    wire.node.join(1, OTHER)
    wire.frames(after=10 * SECOND)
    assert (state_of(wire), state_of(wire, OTHER)) == (State.QUEUED, State.PENDING)
    wire.node.add_address(1, HOST, 24)
    both = [(V2_MEMBERSHIP_REPORT, a(GROUP)), (V2_MEMBERSHIP_REPORT, a(OTHER))]
    assert kinds(wire.sent()) == both
    assert (state_of(wire), state_of(wire, OTHER)) == (State.IDLE, State.DELAYING)
    assert kinds(wire.sent(after=10 * SECOND)) == both[1:]

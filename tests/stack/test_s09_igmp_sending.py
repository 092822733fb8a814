"""What the hosts of NETSTACK put on the link for IGMP (S9.14 to S9.18)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.membership_v2 import State
from stack.policy import NETSTACK, NETSTACK_LATER
from stack.refusal import Refused
from stack.wire.ethernet import group_mac
from stack.wire.igmp import (
    CHANGE_TO_EXCLUDE,
    LEAVE_GROUP,
    MEMBERSHIP_QUERY,
    V1_MEMBERSHIP_REPORT,
    V2_MEMBERSHIP_REPORT,
    V3_MEMBERSHIP_REPORT,
    GroupRecord,
    build_igmp,
)
from tests.stack.count_kit import netstack_moved
from tests.stack.igmp_kit import (
    ALERT,
    GROUP,
    OTHER,
    RECEIVED,
    SENT,
    kinds,
    message,
    query,
    records,
    state_of,
    switched_on,
    v1,
    v3,
)
from tests.stack.node_kit import HOST, SECOND, Wire, a


def test_s9_14_what_reports_and_leaves_look_like() -> None:
    wire = switched_on(joined=False)
    wire.node.join(1, GROUP)
    report = wire.one()
    assert (report.mac, report.header.destination) == (group_mac(a(GROUP)), a(GROUP))
    assert report.packet.payload == build_igmp(0x16, a(GROUP))
    wire.node.leave(1, GROUP)
    leave = wire.one()
    assert (leave.mac, leave.header.destination) == (group_mac(a("224.0.0.2")), a("224.0.0.2"))
    assert leave.packet.payload == build_igmp(0x17, a(GROUP))


def test_s9_15_reports_go_straight_to_the_link() -> None:
    wire = switched_on(joined=False)
    before = wire.node.counters.netstack()
    mib = wire.mib()
    wire.node.join(1, GROUP)
    first = wire.one().header
    assert (first.ttl, first.tos, first.options, first.header_length) == (1, 0, ALERT, 24)
    assert (first.source, first.flags) == (a(HOST), 0)
    assert netstack_moved(wire, before) == {SENT + "V2MembershipReport": 1}
    assert wire.moved(mib) == {SENT + "V2MembershipReport": 1}
    second = wire.one(after=10 * SECOND).header
    assert second.identification == first.identification + 1 & 0xFFFF


def test_s9_15_a_link_without_ethernet() -> None:
    wire = Wire(NETSTACK)
    wire.node.add_nic(5, mac=None)
    wire.node.add_address(5, "10.0.0.1", 24)
    wire.node.set_igmp(5, 2)
    wire.node.join(5, GROUP)
    (nic, octets), *_ = wire.frames()
    assert (nic, octets[24:]) == (5, build_igmp(0x16, a(GROUP)))


def test_s9_16_a_link_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = switched_on(joined=False)
    before = wire.node.counters.netstack()
    monkeypatch.setattr("stack.link.OUTBOX_LIMIT", 0)
    wire.node.join(1, GROUP)
    assert netstack_moved(wire, before) == {SENT + "Dropped": 1}
    assert state_of(wire) is State.PENDING
    # Not the last reporter, so leaving is silent.
    monkeypatch.undo()
    wire.node.leave(1, GROUP)
    assert wire.sent(after=20 * SECOND) == []


def test_s9_17_disabling_ends_version_1_and_groups_go_in_rising_order() -> None:
    wire = switched_on()
    wire.node.join(1, "239.0.0.1")
    wire.frames(after=10 * SECOND)
    query(wire, v1())
    wire.frames(after=10 * SECOND)
    wire.node.disable(1)
    assert wire.sent(after=SECOND) == []
    wire.node.enable(1)
    reports = [(V2_MEMBERSHIP_REPORT, a("239.0.0.1")), (V2_MEMBERSHIP_REPORT, a(GROUP))]
    assert kinds(wire.sent()) == reports
    wire.node.disable(1)
    assert kinds(wire.sent()) == [(LEAVE_GROUP, group) for _, group in reports]


def test_s9_18_version_3_by_default_and_older_ones_by_choice() -> None:
    wire = Wire(NETSTACK_LATER)
    before = wire.node.counters.netstack()
    wire.node.join(1, GROUP)
    report = wire.one()
    assert report.header.destination == a("224.0.0.22")
    assert records(report) == (GroupRecord(CHANGE_TO_EXCLUDE, a(GROUP)),)
    assert netstack_moved(wire, before) == {SENT + "V3MembershipReport": 1}
    wire.frames(after=10 * SECOND)
    query(wire, v3(code=10))
    assert len(records(wire.one(after=SECOND))) == 1
    query(wire, build_igmp(V3_MEMBERSHIP_REPORT, 0))
    assert netstack_moved(wire, before)[RECEIVED + "V3MembershipReport"] == 1
    # Fewer than twelve octets: a version 2 query.
    query(wire, build_igmp(MEMBERSHIP_QUERY, 0, 10, bytes(3)))
    assert kinds(wire.sent(after=SECOND)) == [(V2_MEMBERSHIP_REPORT, a(GROUP))]
    wire.node.set_igmp(1, 2)
    assert kinds(wire.sent()) == [(V2_MEMBERSHIP_REPORT, a(GROUP))]


def test_s9_18_is_unknown_before() -> None:
    wire = Wire(replace(NETSTACK, igmp_version=2))
    with pytest.raises(Refused, match="not supported"):
        wire.node.set_igmp(1, 3)
    query(wire, v3())
    wire.node.join(1, GROUP)
    assert message(wire.one())[0] == V2_MEMBERSHIP_REPORT


def test_s9_18_a_version_1_query_that_names_a_group_still_counts() -> None:
    wire = Wire(NETSTACK_LATER)
    wire.node.join(1, GROUP)
    wire.sent(after=10 * SECOND)
    query(wire, build_igmp(MEMBERSHIP_QUERY, a(OTHER)))
    wire.node.join(1, OTHER)
    assert kinds(wire.sent()) == [(V1_MEMBERSHIP_REPORT, a(OTHER))]

"""The host side of IGMP: RFC 1112, RFC 2236, RFC 9776."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.policy import RFC
from stack.wire.ethernet import group_mac
from stack.wire.igmp import (
    CHANGE_TO_EXCLUDE,
    CHANGE_TO_INCLUDE,
    LEAVE_GROUP,
    MEMBERSHIP_QUERY,
    MODE_IS_EXCLUDE,
    MODE_IS_INCLUDE,
    V1_MEMBERSHIP_REPORT,
    V2_MEMBERSHIP_REPORT,
    V3_MEMBERSHIP_REPORT,
    GroupRecord,
    build_igmp,
)
from tests.stack.igmp_kit import (
    ALERT,
    GROUP,
    OTHER,
    member,
    message,
    query,
    records,
    v1,
    v2,
    v3,
)
from tests.stack.node_kit import HOST, SECOND, Wire, a, datagram


@pytest.fixture
def wire() -> Wire:
    return member()


def test_s14_47_a_join_is_reported_at_once_and_again_within_a_second() -> None:
    wire = Wire()
    wire.node.join(1, GROUP)
    wire.node.join(1, GROUP)
    first = wire.one()
    assert (first.mac, first.header.destination) == (group_mac(a("224.0.0.22")), a("224.0.0.22"))
    assert (first.header.ttl, first.header.tos, first.header.options) == (1, 0xC0, ALERT)
    assert records(first) == (GroupRecord(CHANGE_TO_EXCLUDE, a(GROUP)),)
    assert records(wire.one(after=SECOND)) == records(first)
    assert wire.sent(after=60 * SECOND) == []
    wire.node.leave(1, GROUP)
    assert wire.sent() == []
    wire.node.leave(1, GROUP)
    assert records(wire.one()) == (GroupRecord(CHANGE_TO_INCLUDE, a(GROUP)),)
    assert records(wire.one(after=SECOND)) == (GroupRecord(CHANGE_TO_INCLUDE, a(GROUP)),)
    assert wire.node.next_deadline() is None


def test_s9_7_all_hosts_is_never_reported(wire: Wire) -> None:
    wire.node.leave(1, GROUP)
    wire.sent(after=5 * SECOND)
    query(wire, v3())
    query(wire, v3(group="224.0.0.1"))
    query(wire, v2())
    assert wire.sent(after=20 * SECOND) == []


def test_s9_13_without_an_address_the_report_waits_for_one() -> None:
    wire = Wire()
    wire.node.remove_address(1, HOST)
    wire.node.join(1, GROUP)
    assert wire.sent(after=SECOND) == []
    wire.node.add_address(1, HOST, 24)
    assert records(wire.one()) == (GroupRecord(CHANGE_TO_EXCLUDE, a(GROUP)),)


def test_a_general_query_is_answered_within_its_time_by_one_report(wire: Wire) -> None:
    wire.node.join(1, OTHER)
    wire.sent(after=2 * SECOND)
    query(wire, v3(code=20))
    assert wire.sent() == []
    assert set(records(wire.one(after=2 * SECOND))) == {
        GroupRecord(MODE_IS_EXCLUDE, a(GROUP)),
        GroupRecord(MODE_IS_EXCLUDE, a(OTHER)),
    }


def test_group_and_source_queries(wire: Wire) -> None:
    query(wire, v3(group=GROUP), destination=GROUP)
    assert records(wire.one(after=10 * SECOND)) == (GroupRecord(MODE_IS_EXCLUDE, a(GROUP)),)
    query(wire, v3(group=GROUP, sources=("10.0.0.2", "10.0.0.1")), destination=GROUP)
    query(wire, v3(group=GROUP, sources=("10.0.0.3",)), destination=GROUP)
    asked = (a("10.0.0.1"), a("10.0.0.2"), a("10.0.0.3"))
    report = wire.one(after=10 * SECOND)
    assert records(report) == (GroupRecord(MODE_IS_INCLUDE, a(GROUP), asked),)
    query(wire, v3(group=GROUP, sources=("10.0.0.2",)), destination=GROUP)
    query(wire, v3(group=GROUP), destination=GROUP)
    assert records(wire.one(after=10 * SECOND)) == (GroupRecord(MODE_IS_EXCLUDE, a(GROUP)),)
    query(wire, v3(group=OTHER))
    assert wire.sent(after=30 * SECOND) == []


def test_an_earlier_general_answer_makes_another_one_needless(wire: Wire) -> None:
    query(wire, v3(code=1))
    query(wire, v3(code=127))
    query(wire, v3(code=127, group=GROUP), destination=GROUP)
    assert len(wire.sent(after=60 * SECOND)) == 1


def test_the_exponential_code_and_octets_behind(wire: Wire) -> None:
    payload = v3(code=0x80 | 0x10)
    query(wire, build_igmp(MEMBERSHIP_QUERY, 0, 0x90, payload[8:] + bytes(16)))
    deadline = wire.node.next_deadline()
    assert deadline is not None
    # (0 | 16) << (1 + 3) tenths of a second.
    assert wire.now < deadline <= wire.now + 25_600_000
    assert len(wire.sent(after=25_600_000)) == 1


def test_large_source_lists_and_many_groups_fit_the_link() -> None:
    wire = Wire(mtu=100)
    for number in range(20):
        wire.node.join(1, a("239.0.0.0") + number)
    wire.sent(after=5 * SECOND)
    query(wire, v3(code=10))
    reports = wire.sent(after=SECOND)
    assert all(each.header.total_length <= 100 for each in reports)
    assert len([each for report in reports for each in records(report)]) == 20
    wire.frames()
    sources = tuple(f"10.0.0.{number}" for number in range(1, 60))
    query(wire, v3(code=10, group="239.0.0.5", sources=sources), destination="239.0.0.5")
    assert wire.one(after=SECOND).header.total_length <= 100


@pytest.mark.parametrize(
    "octets",
    [
        v3()[:7],
        v3()[:-1] + b"\x01",
        build_igmp(MEMBERSHIP_QUERY, 0, 100, bytes(1)),
        build_igmp(MEMBERSHIP_QUERY, 0, 100, bytes(3)),
        build_igmp(MEMBERSHIP_QUERY, 0, 100, b"\0\0\0\2" + bytes(4)),
        v2(group="10.0.0.1"),
        build_igmp(0x13, 0),
        build_igmp(V3_MEMBERSHIP_REPORT, 0),
        build_igmp(LEAVE_GROUP, a(GROUP)),
    ],
)
def test_messages_that_are_not_for_us_or_not_sound(wire: Wire, octets: bytes) -> None:
    query(wire, octets)
    assert wire.sent(after=30 * SECOND) == []


def test_queries_need_ttl_one_router_alert_and_the_right_group(wire: Wire) -> None:
    query(wire, v3(), ttl=2)
    query(wire, v3(), options=b"")
    query(wire, v2(), options=b"")
    query(wire, v3(), destination=GROUP)
    assert wire.sent(after=30 * SECOND) == []
    wire.ip(datagram(v3(), 2, ttl=1, options=ALERT))
    assert len(wire.sent(after=30 * SECOND)) == 1


def test_s14_47_only_a_general_query_turns_on_version_2(wire: Wire) -> None:
    query(wire, v2(tenths=10, group=GROUP), destination=GROUP)
    assert len(records(wire.one(after=SECOND))) == 1
    query(wire, v2(tenths=10))
    report = wire.one(after=SECOND)
    assert message(report) == (V2_MEMBERSHIP_REPORT, a(GROUP), "")
    assert (report.header.destination, report.header.ttl) == (a(GROUP), 1)
    assert report.header.options == ALERT
    # A version 3 query is answered in version 2.
    query(wire, v3(code=10))
    assert message(wire.one(after=SECOND))[0] == V2_MEMBERSHIP_REPORT
    wire.node.join(1, OTHER)
    assert message(wire.one()) == (V2_MEMBERSHIP_REPORT, a(OTHER), "")
    assert message(wire.one(after=10 * SECOND)) == (V2_MEMBERSHIP_REPORT, a(OTHER), "")
    wire.node.leave(1, OTHER)
    leave = wire.one()
    assert message(leave) == (LEAVE_GROUP, a(OTHER), "")
    assert leave.header.destination == a("224.0.0.2")
    wire.frames(after=260 * SECOND)
    query(wire, v3(code=10))
    assert len(records(wire.one(after=SECOND))) == 1


def test_s9_8_a_version_1_query_turns_on_version_1_for_400_seconds(wire: Wire) -> None:
    query(wire, v1(), options=b"")
    assert wire.sent() == []
    assert message(wire.one(after=10 * SECOND))[0] == V1_MEMBERSHIP_REPORT
    wire.frames(after=380 * SECOND)
    query(wire, v2(tenths=10))
    assert message(wire.one(after=SECOND))[0] == V1_MEMBERSHIP_REPORT
    wire.node.leave(1, GROUP)
    assert wire.sent() == []
    wire.node.join(1, GROUP)
    assert message(wire.one())[0] == V1_MEMBERSHIP_REPORT
    wire.frames(after=15 * SECOND)
    query(wire, v2(tenths=10))
    assert message(wire.one(after=SECOND))[0] == V2_MEMBERSHIP_REPORT


@pytest.mark.parametrize("kind", [V1_MEMBERSHIP_REPORT, V2_MEMBERSHIP_REPORT])
def test_s9_10_another_member_s_report_suppresses_ours(wire: Wire, kind: int) -> None:
    query(wire, v2(tenths=50))
    query(wire, build_igmp(kind, a(GROUP)), destination=GROUP)
    assert wire.sent(after=10 * SECOND) == []
    # The last reporter is another one, so leaving is silent.
    wire.node.leave(1, GROUP)
    assert wire.sent() == []


def test_reports_that_suppress_nothing(wire: Wire) -> None:
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), destination=GROUP)
    query(wire, v2(tenths=50))
    wire.node.join(1, OTHER)
    wire.sent(after=0)
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), destination=OTHER)
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), destination=GROUP, ttl=2)
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), destination=GROUP, source="10.0.0.1")
    groups = {message(each)[1] for each in wire.sent(after=10 * SECOND)}
    assert a(GROUP) in groups
    # Nothing is owed: such a report changes nothing.
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), destination=GROUP)
    wire.node.leave(1, GROUP)
    assert message(wire.one())[0] == LEAVE_GROUP


def test_a_running_timer_is_only_shortened(wire: Wire) -> None:
    query(wire, v2(tenths=50))
    due = wire.node.next_deadline()
    query(wire, v2(tenths=100))
    assert wire.node.next_deadline() == due
    query(wire, v2(tenths=1, group=GROUP), destination=GROUP)
    later = wire.node.next_deadline()
    assert later is not None
    assert later <= wire.now + 100_000
    query(wire, v2(tenths=1, group="239.7.7.7"))
    assert len(wire.sent(after=SECOND)) == 1


def test_a_change_of_mode_cancels_what_is_pending() -> None:
    wire = Wire()
    wire.node.join(1, GROUP)
    wire.node.leave(1, GROUP)
    wire.node.join(1, OTHER)
    wire.frames()
    query(wire, v3(code=50, group=OTHER), destination=OTHER)
    query(wire, v2(tenths=10))
    assert [message(each)[:2] for each in wire.sent(after=10 * SECOND)] == [
        (V2_MEMBERSHIP_REPORT, a(OTHER))
    ]


@pytest.mark.parametrize("older", [v1(), v2(tenths=10)], ids=["1", "2"])
def test_the_end_of_an_older_mode_cancels_what_is_pending_too(wire: Wire, older: bytes) -> None:
    query(wire, older)
    wire.frames(after=20 * SECOND)
    until = wire.node.next_deadline()
    assert until is not None
    wire.frames(after=until - SECOND // 100 - wire.now)
    wire.node.join(1, OTHER)
    assert len(wire.sent()) == 1
    # RFC 9776 §7.2.1: the second report, which was to follow within ten seconds, does not.
    assert wire.sent(after=20 * SECOND) == []
    query(wire, v3(code=10))
    assert len(records(wire.one(after=SECOND))) == 2


def test_the_end_of_version_2_in_version_1_changes_nothing(wire: Wire) -> None:
    query(wire, v2(tenths=10))
    wire.frames(after=100 * SECOND)
    query(wire, v1())
    wire.frames(after=159 * SECOND)
    wire.node.join(1, OTHER)
    assert len(wire.sent()) == 1
    assert message(wire.one(after=10 * SECOND))[0] == V1_MEMBERSHIP_REPORT


def test_s9_17_disabling_leaves_and_enabling_reports(wire: Wire) -> None:
    wire.node.disable(1)
    assert records(wire.one()) == (GroupRecord(CHANGE_TO_INCLUDE, a(GROUP)),)
    query(wire, v3())
    wire.node.join(1, OTHER)
    wire.node.leave(1, OTHER)
    assert wire.sent(after=20 * SECOND) == []
    wire.node.enable(1)
    assert records(wire.one()) == (GroupRecord(CHANGE_TO_EXCLUDE, a(GROUP)),)


def test_s9_1_igmp_can_be_off() -> None:
    wire = Wire(replace(RFC, igmp_version=0))
    wire.node.join(1, GROUP)
    query(wire, v3())
    wire.node.leave(1, GROUP)
    wire.node.disable(1)
    assert wire.sent(after=20 * SECOND) == []
    assert wire.mib()["IGMP.PacketsReceived.MembershipQuery"] == 1


def test_s9_14_version_2_by_policy() -> None:
    wire = Wire(replace(RFC, igmp_version=2))
    wire.node.join(1, GROUP)
    assert message(wire.one())[0] == V2_MEMBERSHIP_REPORT
    wire.node.leave(1, GROUP)
    assert message(wire.one())[0] == LEAVE_GROUP


def test_robustness_follows_the_querier(wire: Wire) -> None:
    query(wire, v3(robustness=4, code=1))
    wire.sent(after=SECOND)
    wire.node.join(1, OTHER)
    assert len(wire.sent(after=5 * SECOND)) == 4
    query(wire, v3(robustness=0, code=1))
    wire.sent(after=SECOND)
    wire.node.leave(1, OTHER)
    assert len(wire.sent(after=5 * SECOND)) == 2


def test_a_group_that_was_left_is_forgotten_when_that_was_told(wire: Wire) -> None:
    query(wire, v3(robustness=1, code=1))
    wire.frames(after=SECOND)
    wire.node.remove_address(1, HOST)
    wire.node.leave(1, GROUP)
    assert wire.sent() == []
    wire.node.add_address(1, HOST, 24)
    assert records(wire.one()) == (GroupRecord(CHANGE_TO_INCLUDE, a(GROUP)),)
    assert wire.node._core.nics[1].membership._groups == {}

"""What IGMP believes, how long it waits, and what it does when nothing can be sent."""

from __future__ import annotations

import random

import pytest

from stack.policy import RFC
from stack.refusal import Refused
from stack.wire.igmp import (
    CHANGE_TO_EXCLUDE,
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
from tests.stack.count_kit import netstack_moved
from tests.stack.igmp_kit import (
    ALERT,
    GROUP,
    OTHER,
    RECEIVED,
    igmp_only,
    member,
    message,
    query,
    records,
    v1,
    v2,
    v3,
)
from tests.stack.node_kit import HOST, PEER, SECOND, Wire, a


@pytest.fixture
def wire() -> Wire:
    return member()


def test_s14_47_a_version_1_query_that_names_a_group_changes_no_version(wire: Wire) -> None:
    query(wire, build_igmp(MEMBERSHIP_QUERY, a(GROUP)), options=b"")
    assert records(wire.one(after=10 * SECOND)) == (GroupRecord(MODE_IS_EXCLUDE, a(GROUP)),)


def test_s14_47_a_version_1_query_and_report_need_no_router_alert(wire: Wire) -> None:
    query(wire, v1(), options=b"")
    query(wire, build_igmp(V1_MEMBERSHIP_REPORT, a(GROUP)), destination=GROUP, options=b"")
    assert wire.sent(after=20 * SECOND) == []


@pytest.mark.parametrize("drawn", [0, 0xFFFFFFFF])
def test_s14_47_a_delay_is_above_zero_and_at_most_the_bound(wire: Wire, drawn: int) -> None:
    class Drawn(random.Random):
        def getrandbits(self, k: int, /) -> int:
            return drawn & ((1 << k) - 1)

    wire.node._core.random = Drawn()
    query(wire, v3(code=10))
    assert wire.node.next_deadline() == wire.now + (SECOND if drawn else 1)


@pytest.mark.parametrize("kind", [V2_MEMBERSHIP_REPORT, LEAVE_GROUP])
@pytest.mark.parametrize(
    ("ttl", "options", "source"),
    [(2, ALERT, PEER), (1, b"", PEER), (1, ALERT, "10.0.0.1")],
    ids=["ttl", "router alert", "source"],
)
def test_s9_4_reports_and_leaves_that_may_not_be_believed(
    wire: Wire, kind: int, ttl: int, options: bytes, source: str
) -> None:
    before = wire.mib()
    octets = build_igmp(kind, a(GROUP))
    query(wire, octets, destination=GROUP, ttl=ttl, options=options, source=source)
    assert wire.moved(before)["IGMP.PacketsReceived.Invalid"] == 1
    query(wire, octets, destination=GROUP)
    assert wire.moved(before)["IGMP.PacketsReceived.Invalid"] == 1


def test_s9_13_answers_that_could_not_go_out_wait_for_an_address(wire: Wire) -> None:
    wire.node.join(1, OTHER)
    wire.sent(after=2 * SECOND)
    wire.node.remove_address(1, HOST)
    query(wire, v3(code=10))
    assert wire.sent(after=2 * SECOND) == []
    query(wire, v3(code=10, group=OTHER, sources=("10.0.0.1",)), destination=OTHER)
    assert wire.sent(after=2 * SECOND) == []
    wire.node.add_address(1, HOST, 24)
    general, asked = wire.sent()
    assert len(records(general)) == 2
    assert records(asked) == (GroupRecord(MODE_IS_INCLUDE, a(OTHER), (a("10.0.0.1"),)),)
    wire.node.add_address(1, "192.0.2.2", 24)
    assert wire.sent(after=SECOND) == []


def test_s9_13_a_new_query_or_a_leave_takes_the_place_of_an_answer_that_waits(wire: Wire) -> None:
    wire.node.remove_address(1, HOST)
    for payload in (v3(code=10), v3(code=10, group=GROUP), v2(tenths=10)):
        query(wire, payload)
        wire.sent(after=2 * SECOND)
        query(wire, payload)
    query(wire, v2(tenths=10, group=GROUP))
    wire.sent(after=2 * SECOND)
    query(wire, build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), destination=GROUP)
    wire.node.leave(1, GROUP)
    wire.node.disable(1)
    wire.node.add_address(1, HOST, 24)
    assert wire.sent(after=20 * SECOND) == []


def test_a_general_answer_with_nothing_left_to_say_is_not_sent(wire: Wire) -> None:
    query(wire, v3(code=127))
    wire.node.leave(1, GROUP)
    assert len(wire.sent(after=20 * SECOND)) == 2


def test_s9_16_a_report_that_the_link_refuses_counts_as_not_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wire = Wire()
    monkeypatch.setattr("stack.link.OUTBOX_LIMIT", 0)
    before = wire.mib()
    wire.node.join(1, GROUP)
    moved = wire.moved(before)
    assert moved["IGMP.PacketsSent.Dropped"] == 1
    assert "IGMP.PacketsSent.V3MembershipReport" not in moved
    monkeypatch.undo()
    wire.node.add_address(1, "192.0.2.2", 24)
    assert len(wire.sent(after=2 * SECOND)) == 2


def test_s9_15_reports_are_datagrams_like_others_for_the_mib() -> None:
    wire = Wire()
    before = wire.mib()
    wire.node.join(1, GROUP)
    moved = wire.moved(before)
    assert moved["ipSystemStatsOutRequests"] == moved["ipSystemStatsOutTransmits"] == 1
    assert moved["ipSystemStatsOutMcastPkts"] == 1


def test_s9_18_the_version_can_be_set_for_each_nic(wire: Wire) -> None:
    wire.node.set_igmp(1, 2)
    assert message(wire.one())[:2] == (V2_MEMBERSHIP_REPORT, a(GROUP))
    wire.frames(after=20 * SECOND)
    # RFC 2236 §2.5: what is behind the first eight octets is ignored.
    query(wire, v3(code=10))
    assert message(wire.one(after=SECOND))[0] == V2_MEMBERSHIP_REPORT
    wire.node.set_igmp(1, 2)
    assert wire.sent(after=20 * SECOND) == []
    wire.node.set_igmp(1, 0)
    assert message(wire.one())[:2] == (LEAVE_GROUP, a(GROUP))
    query(wire, v3(code=10))
    assert wire.sent(after=20 * SECOND) == []
    wire.node.disable(1)
    wire.node.set_igmp(1, 3)
    assert wire.sent(after=20 * SECOND) == []
    wire.node.enable(1)
    assert records(wire.one()) == (GroupRecord(CHANGE_TO_EXCLUDE, a(GROUP)),)
    for version in (1, 4, -1):
        with pytest.raises(Refused, match="invalid argument"):
            wire.node.set_igmp(1, version)


def test_s9_1_a_loopback_nic_never_speaks_igmp() -> None:
    wire = Wire()
    wire.node.add_nic(9, mac=None, loopback=True)
    wire.node.add_address(9, "127.0.0.1", 8)
    wire.node.set_igmp(9, 3)
    wire.node.join(9, GROUP)
    assert wire.frames(after=20 * SECOND) == []
    assert wire.mib()["IGMP.PacketsSent.V3MembershipReport"] == 0


@pytest.mark.parametrize(
    ("octets", "counter"),
    [
        (v2()[:7], "Invalid"),
        (v2()[:-1] + b"\x01", "ChecksumErrors"),
        (v3(), "MembershipQuery"),
        (build_igmp(V1_MEMBERSHIP_REPORT, a(GROUP)), "V1MembershipReport"),
        (build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP)), "V2MembershipReport"),
        (build_igmp(LEAVE_GROUP, a(GROUP)), "LeaveGroup"),
        (build_igmp(V3_MEMBERSHIP_REPORT, 0), "V3MembershipReport"),
        (build_igmp(0x13, 0), "Unrecognized"),
    ],
)
def test_s9_3_each_message_moves_one_counter(wire: Wire, octets: bytes, counter: str) -> None:
    before = wire.mib()
    query(wire, octets, destination=GROUP if counter.endswith(("Report", "Group")) else "224.0.0.1")
    moved = wire.moved(before)
    igmp = {name: by for name, by in moved.items() if name.startswith("IGMP.")}
    assert igmp == {f"IGMP.PacketsReceived.{counter}": 1}


def test_s9_4_queries_may_come_from_any_source(wire: Wire) -> None:
    query(wire, v3(code=10), source="172.16.0.1")
    assert len(wire.sent(after=SECOND)) == 1


def changes_nothing(version: int, octets: bytes) -> dict[str, int]:
    """What a message moves that no member of a group in that version acts upon."""
    wire = Wire(RFC)
    wire.node.set_igmp(1, version)
    wire.node.join(1, GROUP)
    wire.sent(after=100 * SECOND)
    before = wire.node.counters.netstack()
    query(wire, octets, source=PEER)
    moved = igmp_only(netstack_moved(wire, before))
    assert wire.node.next_deadline() is None
    assert wire.sent(after=100 * SECOND) == []
    return moved


@pytest.mark.parametrize("version", [2, 3])
def test_s9_2_length_and_sum_under_the_rfcs(version: int) -> None:
    octets = build_igmp(MEMBERSHIP_QUERY, 0, 100)
    assert changes_nothing(version, octets[:7]) == {RECEIVED + "Invalid": 1}
    damaged = octets[:-1] + b"\x01"
    assert changes_nothing(version, damaged) == {RECEIVED + "ChecksumErrors": 1}


@pytest.mark.parametrize("version", [2, 3])
def test_s9_5_leaves_are_ignored_under_the_rfcs(version: int) -> None:
    leave = build_igmp(LEAVE_GROUP, a(GROUP))
    assert changes_nothing(version, leave) == {RECEIVED + "LeaveGroup": 1}

"""Section 4, S4.1 to S4.13: uses, iteration, the new area, the address that is written."""

from __future__ import annotations

import pytest

from stack.inbound import Inbound
from stack.option_work import run_options
from stack.options import OptionCounts, OptionProblem, OptionResult, Use
from stack.own_address import Place
from stack.policy import NETSTACK, RFC, Policy
from stack.wire.icmp import ECHO_REPLY, PARAMETER_PROBLEM, PROTOCOL_UNREACHABLE
from stack.wire.ipv4 import Ipv4Packet, parse_ipv4
from tests.stack.icmp_kit import HERE, HOUR_MS, NOON_OCTETS, Watch, good, octets, pointer, run
from tests.stack.node_kit import HOST, PEER, REMOTE, Wire, datagram, ping, quad, udp
from tests.stack.preset_kit import both_netstacks, each_preset, rfc_and_netstack

HERE_OCTETS = HERE.to_bytes(4, "big")
ROUTE = octets("7 7 4 0 0 0 0 0")
ALERT = octets("148 4 0 0")
UNKNOWN = octets("94 4 9 9")
WRITING = [Use.RECEIVE, Use.FORWARD, Use.ECHO]


@each_preset
@pytest.mark.parametrize("use", list(Use))
def test_s4_1_a_pass_leaves_the_old_area_alone(policy: Policy, use: Use) -> None:
    area = bytearray(octets("7 7 4 0 0 0 0 68 12 5 1 0 0 0 0 0 0 0 0 1"))
    before = bytes(area)
    result = good(area, policy, use)  # type: ignore[arg-type]
    assert bytes(area) == before
    assert len(result.area) <= 40


def test_s4_1_the_area_lies_between_octet_20_and_the_header_length() -> None:
    wire = Wire(NETSTACK)
    raw = wire.node.raw_socket(253)
    wire.ip(datagram(ROUTE, 253, options=octets("7 7 4 0 0 0 0")))
    got = raw.receive()
    assert got is not None
    assert got.octets[20:28] == bytes((7, 7, 8)) + quad(HOST) + b"\0"
    assert got.octets[28:] == ROUTE


TABLE = octets("7 7 4 0 0 0 0 68 8 5 0 0 0 0 0 148 4 0 0 94 4 9 9 1")


@each_preset
def test_s4_2_verify_writes_nothing(policy: Policy) -> None:
    assert good(TABLE, policy, Use.VERIFY).area == TABLE


@each_preset
@pytest.mark.parametrize("use", [Use.RECEIVE, Use.FORWARD])
def test_s4_2_receive_and_forward_stamp_record_and_keep(policy: Policy, use: Use) -> None:
    assert good(TABLE, policy, use).area == (
        bytes((7, 7, 8)) + HERE_OCTETS + bytes((68, 8, 9, 0)) + NOON_OCTETS + TABLE[15:]
    )


@each_preset
def test_s4_2_echo_leaves_others_out(policy: Policy) -> None:
    kept = b"" if policy is RFC else ALERT
    wanted = bytes((7, 7, 8)) + HERE_OCTETS + bytes((68, 8, 9, 0)) + NOON_OCTETS + kept + b"\1"
    assert good(TABLE, policy, Use.ECHO).area == wanted.ljust(len(wanted) + 3 & ~3, b"\0")


@both_netstacks
@pytest.mark.parametrize("kind", [130, 131, 133, 136, 137, 94, 25, 2, 255])
def test_s4_3_all_other_types_are_unknown(policy: Policy, kind: int) -> None:
    for body in ("3 0", "6 1 2 3 4", "2", "7 4 1 2 3 4 0"):
        area = octets(f"{kind} {body}")
        result = good(area, policy)
        assert result.area == area
        assert result.counts == OptionCounts(unknown=1)
        assert result.source_route is None


def test_s4_3_the_rfcs_know_ten_types() -> None:
    for kind in (130, 133, 136, 7, 68, 131, 137, 148):
        length = 4 if kind == 148 else 7
        option = bytes((kind, length, 8, 0)) + bytes(length - 4)
        again = run(option * 2 + b"\1\1", RFC)
        # RFC 1108 §3: extended security may appear several times.
        assert isinstance(again, OptionResult if kind == 133 else OptionProblem), kind


@each_preset
def test_s4_4_router_alert_in_replies_and_no_gaps(policy: Policy) -> None:
    """RFC 1122 §3.2.2.6 names record route, timestamp and source route only (S14.13)."""
    wire = Wire(policy)
    wire.ip(ping(options=b"\1" + UNKNOWN + ALERT + bytes((7, 7, 4)) + bytes(4)))
    route = bytes((7, 7, 8)) + quad(HOST)
    kept = b"\1" + (b"" if policy is RFC else ALERT) + route
    assert wire.one().header.options == kept.ljust(len(kept) + 3 & ~3, b"\0")


@each_preset
def test_s4_5_the_end_of_the_area_ends_the_pass(policy: Policy) -> None:
    assert good(b"", policy).area == b""
    assert good(b"\1" * 40, policy).area == b"\1" * 40
    full = octets("7 7 8 1 2 3 4 148 4 0 0 1")
    assert good(full, policy).area == full


@each_preset
@pytest.mark.parametrize("use", WRITING)
def test_s4_6_no_operation_may_occur_any_number_of_times(policy: Policy, use: Use) -> None:
    area = octets("1 1 1 1 7 7 8 1 2 3 4 1")
    assert good(area, policy, use).area == area


@each_preset
@pytest.mark.parametrize("use", WRITING)
def test_s4_7_nothing_behind_end_of_list_is_read(policy: Policy, use: Use) -> None:
    area = octets("7 7 8 1 2 3 4 0 68 1 7 0")
    wanted = octets("7 7 8 1 2 3 4 0") + (b"" if use is Use.ECHO else bytes(4))
    result = good(area, policy, use)
    assert result.area == wanted
    assert result.counts == OptionCounts(record_route=1)


@each_preset
@pytest.mark.parametrize("kind", [7, 68, 94, 131, 148])
@pytest.mark.parametrize("length", [0, 1, 7, 255])
def test_s4_8_a_length_octet_that_does_not_fit(policy: Policy, kind: int, length: int) -> None:
    area = bytes((1, 1, kind, length)) + bytes(4)
    # S14.5: RFC 792 wants the octet at fault.
    assert pointer(area, policy) == (23 if policy is RFC else 22)


@each_preset
def test_s4_8_a_type_octet_that_is_the_last(policy: Policy) -> None:
    assert pointer(octets("1 1 1 68"), policy) == 23
    assert pointer(octets("1 1 1 94"), policy) == 23


SHORT = ["68 2 0 0", "68 3 5 0", "7 2 1 1", "148 2 0 0", "148 3 0 0", "148 5 0 0 0"]


@each_preset
@pytest.mark.parametrize("text", SHORT)
def test_s4_9_known_options_have_a_least_length(policy: Policy, text: str) -> None:
    result = run(octets(text), policy)
    assert result == OptionProblem(21, OptionCounts())
    # before the repetition: the second one is short as well as a second one.
    twice = {"68": "68 4 5 0", "7": "7 3 4 1", "148": "148 4 0 0"}[text.split()[0]]
    if policy is RFC or not twice.startswith("7 "):
        again = run(octets(twice + " " + text), policy)
        assert isinstance(again, OptionProblem)
        assert again.pointer == 25


@each_preset
@pytest.mark.parametrize(
    ("area", "netstack", "rfc"),
    [
        ("7 7 8 1 2 3 4 7 7 8 1 2 3 4", 27, 27),
        ("68 4 5 0 68 4 5 0", 24, 24),
        ("148 4 0 0 148 4 0 0", 24, 24),
        ("130 4 1 1 130 4 1 1", 24, 24),
        ("136 4 1 1 136 4 1 1", 24, 24),
        ("131 7 8 1 2 3 4 131 7 8 1 2 3 4", 27, 27),
        ("131 7 8 1 2 3 4 137 7 8 1 2 3 4", None, 27),
        ("133 4 1 1 133 4 1 1", 24, None),
        ("94 4 1 1 94 4 2 2", 24, None),
        ("1 1 1 1 0 0 0 0", None, None),
    ],
)
def test_s4_10_a_type_seen_before(
    policy: Policy, area: str, netstack: int | None, rfc: int | None
) -> None:
    assert pointer(octets(area), policy) == (rfc if policy is RFC else netstack)


@each_preset
def test_s4_11_one_counter_moves_by_type(policy: Policy) -> None:
    wire = Wire(policy)
    watch = Watch(wire, nic=1)
    wire.ip(datagram(b"", 253, options=TABLE))
    assert watch.moved() == {
        "IP.OptionRecordRouteReceived": 1,
        "IP.OptionTimestampReceived": 1,
        "IP.OptionRouterAlertReceived": 1,
        "IP.OptionUnknownReceived": 1,
        "ICMP.PacketsSent.DstUnreachable": 1,
    }


@each_preset
def test_s4_11_a_broken_option_counts_by_where_its_fault_is(policy: Policy) -> None:
    content = run(octets("94 4 0 0 68 4 5 0xF0 148 4 0 0"), policy)
    assert isinstance(content, OptionProblem)
    assert content.counts == OptionCounts(timestamp=1, unknown=1)
    shape = run(octets("94 4 0 0 68 3 0 0 148 4 0 0"), policy)
    assert isinstance(shape, OptionProblem)
    assert shape.counts == OptionCounts(unknown=1)


@each_preset
@pytest.mark.parametrize("use", [Use.RECEIVE, Use.FORWARD, Use.VERIFY])
def test_s4_12_the_header_keeps_its_length_and_loses_the_junk(policy: Policy, use: Use) -> None:
    area = octets("7 7 8 1 2 3 4 0 9 9 9 9")
    assert good(area, policy, use).area == area[:8] + bytes(4)


@each_preset
def test_s4_12_the_header_of_a_reply_shrinks(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(ping(options=octets("94 12 1 2 3 4 5 6 7 8 9 10 7 7 8 1 2 3 4 0 9 9 9 9")))
    assert wire.one().header.options == octets("7 7 8 1 2 3 4 0")
    wire.ip(ping(options=octets("94 12 1 2 3 4 5 6 7 8 9 10")))
    assert wire.one().header.header_length == 20


@rfc_and_netstack
def test_s4_12_written_into_the_received_request_the_rest_is_zero(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(1)
    area = octets("94 4 9 9 7 7 4 0 0 0 0 1 0 9 9 9")
    wire.ip(ping(options=area))
    got = raw.receive()
    assert got is not None
    written = (bytes((7, 7, 8)) + quad(HOST) + b"\1").ljust(16, b"\0")
    assert got.octets[20:36] == (area if policy is RFC else written)


@each_preset
def test_s4_13_the_main_address_of_the_arrival_nic(policy: Policy) -> None:
    """S14.10: under the RFCs a host writes the address that the datagram was sent to."""
    wire = Wire(policy)
    wire.node.add_address(1, "192.0.2.77", 24)
    wire.ip(ping(options=ROUTE, destination="192.0.2.77"))
    written = "192.0.2.77" if policy is RFC else HOST
    assert wire.one().header.options == bytes((7, 7, 8)) + quad(written) + b"\0"


@each_preset
def test_s4_13_without_a_main_address_the_destination_serves(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.remove_address(1, HOST)
    wire.node.add_address(1, "192.0.2.77", 24, primary=Place.NEVER)
    wire.ip(ping(options=ROUTE, destination="192.0.2.77"))
    assert wire.one().header.options == bytes((7, 7, 8)) + quad("192.0.2.77") + b"\0"


@rfc_and_netstack
@pytest.mark.parametrize("options", [ROUTE, UNKNOWN, octets("1 1 1 1")])
def test_s4_13_to_many_and_without_an_address_all_is_dropped(
    policy: Policy, options: bytes
) -> None:
    """S14.11: under the RFCs only the entry is skipped."""
    wire = Wire(policy)
    wire.node.remove_address(1, HOST)
    raw = wire.node.raw_socket(253)
    watch = Watch(wire)
    wire.ip(datagram(b"", 253, options=options, destination="224.0.0.1"))
    assert wire.sent() == []
    got = raw.receive()
    if policy is RFC:
        assert got is not None
        assert got.octets[20:] == options
    else:
        assert got is None
        assert watch.moved() == {}


@both_netstacks
@pytest.mark.parametrize(("destination", "dropped"), [("239.1.2.3", True), (REMOTE, False)])
def test_s4_13_a_group_in_transit_counts_as_many(
    policy: Policy, destination: str, dropped: bool
) -> None:
    wire = Wire(policy)
    wire.node.remove_address(1, HOST)
    packet = parse_ipv4(udp(options=UNKNOWN, destination=destination))
    assert isinstance(packet, Ipv4Packet)
    core = wire.node._core
    inbound = Inbound(core.nics[1], packet.header, packet.payload, packet.octets)
    watch = Watch(wire)
    assert (run_options(core, inbound, Use.FORWARD) is None) is dropped
    assert wire.sent() == []
    assert watch.moved() == ({} if dropped else {"IP.OptionUnknownReceived": 1})


def test_s14_9_flag_three_matches_any_address_of_the_stack() -> None:
    for policy, stamped in ((RFC, True), (NETSTACK, False)):
        wire = Wire(policy)
        wire.second_nic(forwarding=False)
        wire.node.add_address(1, "192.0.2.77", 24)
        listed = bytes((68, 12, 5, 3)) + quad("192.0.2.77") + bytes(4)
        wire.ip(ping(options=listed))
        time = HOUR_MS.to_bytes(4, "big")
        want = bytes((68, 12, 13, 3)) + listed[4:8] + time if stamped else listed
        assert wire.one().header.options == want


def test_s14_10_broadcasts_get_the_main_address() -> None:
    wire = Wire(RFC)
    wire.node.add_address(1, "198.18.0.1", 24, primary=Place.FIRST)
    wire.ip(ping(options=ROUTE, destination="255.255.255.255"))
    reply = wire.one()
    assert reply.header.options == bytes((7, 7, 8)) + quad("198.18.0.1") + b"\0"


def test_s14_10_the_outgoing_address_in_transit() -> None:
    wire = Wire(RFC)
    wire.second_nic()
    wire.frames()
    wire.ip(udp(options=ROUTE, destination="203.0.113.9"))
    sent = wire.one()
    assert sent.nic == 2
    assert sent.header.options == bytes((7, 7, 8)) + quad("203.0.113.1") + b"\0"


def test_s14_11_what_needs_no_address_is_written() -> None:
    area = octets("7 7 4 0 0 0 0 68 8 5 0 0 0 0 0 1")
    result = run(area, RFC, Use.RECEIVE, None)
    assert isinstance(result, OptionResult)
    assert result.area == area[:7] + bytes((68, 8, 9, 0)) + NOON_OCTETS + b"\1"
    assert run(area, NETSTACK, Use.RECEIVE, None) == OptionProblem(None, OptionCounts())


@each_preset
def test_s14_13_only_what_the_rfcs_name_is_returned(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(ping(options=ALERT + UNKNOWN))
    reply = wire.one()
    assert reply.icmp.type == ECHO_REPLY
    assert reply.header.options == (b"" if policy is RFC else ALERT)
    wire.ip(ping(options=octets("131 7 8 192 0 2 254 0")))
    # An end-of-list is copied, and the area filled up behind it.
    back = bytes((131, 7, 4)) + quad(PEER) + b"\0"
    assert wire.one().header.options == (back if policy is RFC else bytes(4))


@each_preset
@pytest.mark.parametrize("hidden", [False, True])
def test_s14_4_repeated_options_on_the_wire(policy: Policy, hidden: bool) -> None:
    wire = Wire(policy)
    area = UNKNOWN * 2 if hidden else octets("131 7 8 1 2 3 4 137 7 8 1 2 3 4 1 1")
    wire.ip(datagram(b"", 253, options=area))
    first = wire.one().icmp
    if hidden == (policy is RFC):
        assert first.code == PROTOCOL_UNREACHABLE
    else:
        assert (first.type, first.pointer) == (PARAMETER_PROBLEM, 24 if hidden else 27)

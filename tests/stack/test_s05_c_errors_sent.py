"""Section 5, S5.14 to S5.29: errors, from the reason to the packet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack import icmp_errors
from stack.hooks import Place
from stack.inbound import Cast
from stack.policy import RFC, Policy
from stack.refusal import Reason
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    ECHO_REQUEST,
    PARAMETER_PROBLEM,
    PORT_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    TIME_EXCEEDED,
)
from tests.stack.icmp_kit import Watch, about, message, octets, report, unknown
from tests.stack.node_kit import (
    GATEWAY,
    HOST,
    PEER,
    REMOTE,
    SECOND,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
    udp,
)
from tests.stack.preset_kit import both_netstacks, each_preset

OUT = "ICMP.PacketsSent."
UNREACHABLE = {OUT + "DstUnreachable": 1}
BAD = octets("68 4 4 0")


@each_preset
def test_s5_14_errors_from_the_address_that_was_meant(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "192.0.2.77", 24)
    for sent, kind, code in (
        (unknown(destination="192.0.2.77"), DESTINATION_UNREACHABLE, PROTOCOL_UNREACHABLE),
        (udp(destination="192.0.2.77"), DESTINATION_UNREACHABLE, PORT_UNREACHABLE),
        (ping(destination="192.0.2.77", options=BAD), PARAMETER_PROBLEM, 0),
    ):
        wire.ip(sent)
        error = wire.one()
        assert error.icmp_fields[:2] == (kind, code)
        assert error.header.source == a("192.0.2.77")
    wire.ip(ping(destination="192.0.2.77", flags=1)[:36])
    wire.ip(ping(bytes(8), destination="192.0.2.77", flags=1))
    error = wire.one(after=61 * SECOND)
    assert error.icmp_fields[:2] == (TIME_EXCEEDED, 1)
    assert error.header.source == a("192.0.2.77")


@each_preset
def test_s5_14_in_transit_the_choice_is_free(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    wire.frames()
    wire.ip(udp(destination="203.0.113.9", ttl=0))
    wire.ip(udp(destination="203.0.113.9", options=BAD))
    exceeded, problem = wire.sent()
    assert exceeded.icmp_fields[:2] == (TIME_EXCEEDED, 0)
    assert problem.icmp_fields[:3] == (PARAMETER_PROBLEM, 0, bytes((22, 0, 0, 0)))
    assert {exceeded.header.source, problem.header.source} == {a(HOST)}


@each_preset
def test_s5_15_each_exit_is_silent(policy: Policy) -> None:
    """Broadcast, no route, about an error, no room: in every case no counter of ICMP moves."""
    wire = Wire(replace(policy, cut_errors=False))
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    watch = Watch(wire)
    for inbound in (
        about(wire, unknown(), cast=Cast.BROADCAST),
        about(wire, unknown(source=REMOTE)),
        about(wire, datagram(message(3))),
    ):
        report(wire, inbound)
    wire.node.set_mtu(1, 68)
    report(wire, about(wire, unknown(options=octets("1", 40))))
    assert wire.sent() == []
    assert watch.moved() == {}


@each_preset
@pytest.mark.parametrize("destination", [SUBNET_BROADCAST, "255.255.255.255", "224.0.0.1"])
def test_s5_16_none_about_what_went_to_many(policy: Policy, destination: str) -> None:
    wire = Wire(policy)
    for sent in (
        unknown(destination=destination),
        udp(destination=destination),
        udp(destination=destination, options=BAD),
    ):
        wire.ip(sent)
    assert wire.sent() == []


@each_preset
def test_s5_16_none_to_a_source_of_zero(policy: Policy) -> None:
    wire = Wire(policy)
    watch = Watch(wire)
    report(wire, about(wire, unknown(source="0.0.0.0")))
    assert wire.sent() == []
    assert watch.moved() == {}


@both_netstacks
@pytest.mark.parametrize("destination", ["203.0.113.255", "240.0.0.1"])
def test_s5_16_only_the_mark_and_groups_are_spared(policy: Policy, destination: str) -> None:
    wire = Wire(policy)
    wire.second_nic()
    wire.frames()
    report(wire, about(wire, udp(destination=destination)), TIME_EXCEEDED, 0)
    assert wire.one().icmp.type == TIME_EXCEEDED
    wire.node.policy = RFC
    report(wire, about(wire, udp(destination=destination)), TIME_EXCEEDED, 0)
    assert wire.sent() == []


SPARED = ["127.0.0.1", "240.0.0.1", "0.1.2.3", "224.0.0.1", "255.255.255.255", "203.0.113.255"]


@each_preset
@pytest.mark.parametrize("source", SPARED)
def test_s14_19_sources_that_are_not_one_host(policy: Policy, source: str) -> None:
    wire = Wire(policy)
    wire.second_nic(forwarding=False)
    header = about(wire, unknown(source=source))
    assert icmp_errors.may_report(wire.node._core, header) is (policy is not RFC)
    assert icmp_errors.may_report(wire.node._core, about(wire, unknown()))
    assert not icmp_errors.may_report(wire.node._core, about(wire, unknown(source="0.0.0.0")))


@each_preset
def test_s5_17_the_route_is_sought_where_the_datagram_is_booked(policy: Policy) -> None:
    """S14.34: a router's error comes from the interface it leaves by."""
    wire = Wire(policy)
    wire.second_nic(forwarding=False)
    watch = Watch(wire)
    report(wire, about(wire, udp(source="203.0.113.9"), local=a(HOST)))
    assert [each.nic for each in wire.sent()] == ([2] if policy is RFC else [1])
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    report(wire, about(wire, udp(source="203.0.113.9"), local=a(HOST)))
    assert [each.nic for each in wire.sent()] == ([2] if policy is RFC else [])
    assert watch.moved() == {OUT + "DstUnreachable": 2 if policy is RFC else 1}


@each_preset
@pytest.mark.parametrize("kind", range(256))
def test_s5_19_which_messages_an_error_may_be_about(policy: Policy, kind: int) -> None:
    wire = Wire(policy)
    wire.ip(datagram(message(kind), options=BAD))
    wanted = kind in (0, 8, 13, 14, 15, 16)
    if policy is RFC:
        # RFC 1122 §3.2.2: none of these is an error either.
        wanted = wanted or kind in (9, 10, 17, 18)
    assert [each.icmp.type for each in wire.sent()] == [PARAMETER_PROBLEM] * wanted


@each_preset
def test_s5_19_eight_octets_must_be_there(policy: Policy) -> None:
    wire = Wire(policy)
    # Under the RFCs the type alone tells.
    for size, wanted in ((0, 0), (7, int(policy is RFC)), (8, 1)):
        report(wire, about(wire, datagram(message(ECHO_REQUEST)[:size])))
        assert len(wire.sent()) == wanted


@each_preset
def test_s5_20_the_offset_is_not_looked_at(policy: Policy) -> None:
    """S14.16: under the RFCs later fragments get no error at all."""
    wire = Wire(policy)
    for kind, wanted in ((8, 1), (3, 0)):
        wire.ip(datagram(bytes((kind,)) + bytes(15), offset=2, flags=1, options=BAD))
        assert len(wire.sent()) == (0 if policy is RFC else wanted)


@each_preset
@pytest.mark.parametrize(
    ("mtu", "header", "wanted"),
    [(68, 32, 40), (68, 36, 0), (88, 52, 60), (88, 60, 0), (96, 60, 68), (95, 60, 0)],
)
def test_s5_21_room_for_the_header_and_eight_octets(
    policy: Policy, mtu: int, header: int, wanted: int
) -> None:
    wire = Wire(replace(policy, cut_errors=False))
    wire.node.set_mtu(1, mtu)
    wire.ip(udp(bytes(999)[:64], options=octets("1", header - 20)))
    assert [len(each.icmp.data) for each in wire.sent()] == [wanted] * bool(wanted)


def test_s5_21_under_the_rfcs_an_error_is_cut_where_the_link_is_too_small() -> None:
    wire = Wire()
    wire.node.set_mtu(1, 68)
    wire.ip(udp(options=octets("1", 40)))
    first, second = wire.sent()
    quote = (first.packet.payload + second.packet.payload)[8:]
    assert (first.header.mf, second.header.fragment_offset) == (True, 6)
    assert len(quote) == 60 + 8


@each_preset
@pytest.mark.parametrize(
    ("size", "wanted"), [(0, 28), (9, 37), (520, 548), (521, 548), (1400, 548)]
)
@pytest.mark.parametrize("mtu", [1500, 9000])
def test_s5_22_as_much_as_fits_in_576_octets(
    policy: Policy, size: int, wanted: int, mtu: int
) -> None:
    wire = Wire(policy)
    wire.node.set_mtu(1, mtu)
    sent = udp(bytes(size))
    wire.ip(sent)
    error = wire.one()
    assert error.icmp.data == sent[:wanted]
    assert error.header.total_length <= 576


@each_preset
def test_s5_22_a_smaller_link_quotes_less(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_mtu(1, 300)
    wire.ip(udp(bytes(272)))
    assert len(wire.one().icmp.data) == 300 - 28


@each_preset
def test_s5_23_the_packet_as_it_stands(policy: Policy) -> None:
    wire = Wire(policy)
    sent = udp(b"x", tos=0xFF, ttl=9, flags=6, options=octets("94 4 1 2"))
    wire.ip(sent + b"link padding")
    assert wire.one().icmp.data == sent


@each_preset
def test_s5_24_the_icmp_header(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(unknown())
    wire.ip(udp(options=BAD))
    unreachable, problem = wire.sent()
    assert unreachable.icmp_fields[:3] == (3, 2, bytes(4))
    assert problem.icmp_fields[:3] == (12, 0, bytes((22, 0, 0, 0)))


@each_preset
def test_s5_25_the_ip_header_of_an_error(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.default_ttl = 77
    for _ in range(2):
        wire.ip(unknown(tos=0xFC, flags=2, ttl=3, identification=9, options=octets("148 4 0 0")))
    headers = [each.header for each in wire.sent()]
    assert {(each.tos, each.ttl, each.flags, each.options) for each in headers} == {(0, 77, 0, b"")}
    assert headers[0].identification != headers[1].identification


@each_preset
def test_s5_25_the_output_hook_sees_errors(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.hooks.add(Place.OUTPUT, lambda seen: seen.header.protocol != 1)
    watch = Watch(wire)
    wire.ip(unknown())
    assert wire.sent() == []
    # S5.26: counted all the same.
    moved = watch.moved()
    assert moved["IP.IPTablesOutputDropped"] == moved[OUT + "DstUnreachable"] == 1


@each_preset
def test_s5_26_the_counter_of_the_type(policy: Policy) -> None:
    wire = Wire(policy)
    for kind, name in ((3, "DstUnreachable"), (11, "TimeExceeded"), (12, "ParamProblem")):
        watch = Watch(wire)
        report(wire, about(wire, udp()), kind, 0)
        assert wire.one().icmp.type == kind
        assert watch.moved() == {OUT + name: 1}


@each_preset
def test_s5_26_a_write_that_fails(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(policy)
    monkeypatch.setattr("stack.send.put_out", lambda *_, **__: Reason.INVALID_STATE)
    watch, mib = Watch(wire), wire.mib()
    report(wire, about(wire, udp()))
    assert wire.sent() == []
    assert watch.moved() == {OUT + "Dropped": 1}
    assert wire.moved(mib)["icmpMsgStatsOutPkts.3"] == 1


@both_netstacks
def test_s5_27_what_is_never_sent(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    wire.frames()
    # A router that sees a better first hop, a queue that is full, and all kinds of questions.
    wire.node.add_route("198.51.100.0/24", 1, gateway=PEER)
    wire.ip(udp(source="192.0.2.20", destination=REMOTE))
    socket = wire.node.udp_socket()
    socket.bind(HOST, 9)
    for _ in range(300):
        wire.ip(udp(bytes(1400)))
    for kind in (10, 13, 15, 17):
        wire.ip(datagram(message(kind), destination="224.0.0.1"))
        wire.ip(datagram(message(kind)))
    assert [each for each in wire.sent() if each.header.protocol == 1] == []


@each_preset
def test_s5_27_no_source_quench(policy: Policy) -> None:
    wire = Wire(policy)
    socket = wire.node.udp_socket()
    socket.bind(HOST, 9)
    for _ in range(300):
        wire.ip(udp(bytes(1400)))
    assert wire.sent() == []


@each_preset
@pytest.mark.parametrize("code", [9, 10, 13])
def test_s5_29_codes_for_the_reject_rule(policy: Policy, code: int) -> None:
    wire = Wire(policy)
    report(wire, about(wire, udp()), 3, code)
    assert wire.one().icmp_fields[:2] == (3, code)


@each_preset
def test_s14_35_tos_of_errors(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(unknown(tos=0x1C))
    assert wire.one().header.tos == 0
    wire.second_nic()
    wire.frames()
    wire.ip(unknown(tos=0x3D))
    assert wire.one().header.tos == (0xDC if policy is RFC else 0)

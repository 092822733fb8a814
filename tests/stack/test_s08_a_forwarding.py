"""S8.1 to S8.11 and the rows of section 14 about forwarding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack import send
from stack.hooks import Place
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason
from stack.wire.ethernet import BROADCAST_MAC
from stack.wire.icmp import DESTINATION_UNREACHABLE, PARAMETER_PROBLEM, TIME_EXCEEDED
from stack.wire.ipv4 import build_ipv4
from tests.stack.flow_kit import FAR, LATER, SECOND_HOST, listener, router, takes
from tests.stack.node_kit import (
    FAR_MAC,
    HOST,
    PEER,
    REMOTE,
    SECOND,
    SECOND_MAC,
    Sent,
    Wire,
    a,
    datagram,
    ping,
    quad,
    udp,
)
from tests.stack.preset_kit import both_netstacks, each_preset

ARRIVED = {"IP.PacketsReceived": 1}
PASSED = {"IP.PacketsReceived": 1, "IP.PacketsSent": 1}
SENT_EXCEEDED = {"ICMP.PacketsSent.TimeExceeded": 1, "IP.PacketsSent": 1}
BAD_ROUTE = b"\x07\x07\x03\0\0\0\0\0"


def is_error(sent: Sent, kind: int, code: int, quoted: bytes) -> bool:
    return (sent.icmp.type, sent.icmp.code, sent.icmp.data) == (kind, code, quoted)


@both_netstacks
def test_s8_1_ttl_0_is_time_exceeded(policy: Policy) -> None:
    wire = router(policy)
    octets = udp(destination=FAR, ttl=0)
    counted = {}
    if policy is LATER:
        counted = {"IP.Forwarding.ExhaustedTTL": 1, "IP.Forwarding.Errors": 1}
    assert takes(wire, octets) == {**ARRIVED, **SENT_EXCEEDED, **counted}
    assert is_error(wire.one(), TIME_EXCEEDED, 0, octets)


@both_netstacks
def test_s8_2_ttl_0_stops_packets_for_the_other_own_addresses(policy: Policy) -> None:
    wire = router(policy)
    heard = listener(wire)
    octets = udp(destination=SECOND_HOST, ttl=0)
    wire.ip(octets)
    assert is_error(wire.one(), TIME_EXCEEDED, 0, octets)
    assert not heard()
    # Before options and routes are looked at, too.
    wire.ip(udp(destination="10.0.0.1", ttl=0, options=BAD_ROUTE))
    assert wire.one().icmp.type == TIME_EXCEEDED


def test_s14_22_under_rfc_1812_own_addresses_go_first() -> None:
    wire = router()
    heard = listener(wire)
    for ttl in (0, 1):
        wire.ip(udp(destination=SECOND_HOST, ttl=ttl))
        assert heard()
    assert wire.frames() == []


@both_netstacks
def test_s8_3_options_take_the_main_address_of_the_arrival_nic(policy: Policy) -> None:
    wire = router(policy)
    wire.ip(udp(destination=FAR, options=b"\x07\x07\x04\0\0\0\0\0"))
    assert wire.one().header.options == b"\x07\x07\x08" + quad(HOST) + b"\0"
    # S4.12: what is left over becomes zero.
    wire.ip(udp(destination=FAR, options=b"\x07\x07\x04\0\0\0\0\0\x09\x09\x09\x09"))
    assert wire.one().header.options[7:] == bytes(5)


@both_netstacks
def test_s8_3_an_option_problem_is_reported(policy: Policy) -> None:
    wire = router(policy)
    octets = udp(destination=FAR, options=BAD_ROUTE)
    moved = takes(wire, octets)
    later = policy is LATER
    assert moved.pop("MalformedRcvdPackets", 0) == int(not later)
    assert moved.pop("IP.Forwarding.Errors", 0) == int(later)
    assert moved == {
        **ARRIVED,
        "IP.OptionRecordRouteReceived": 1,
        "IP.MalformedPacketsReceived": 1,
        "ICMP.PacketsSent.ParamProblem": 1,
        "IP.PacketsSent": 1,
    }
    sent = wire.one()
    assert is_error(sent, PARAMETER_PROBLEM, 0, octets)
    assert sent.icmp.pointer == 22


def test_s8_3_a_problem_without_icmp_is_a_silent_end() -> None:
    wire = router(NETSTACK)
    wire.node.remove_address(1, HOST)
    wire.node.add_route("239.0.0.0/8", 2)
    octets = udp(destination="239.1.1.1", options=b"\x94\x04\0\0")
    assert takes(wire, octets) == ARRIVED
    assert wire.frames() == []


@both_netstacks
def test_s8_4_another_own_address_is_handed_to_its_nic(policy: Policy) -> None:
    wire = router(policy)
    heard = listener(wire)
    delivered = {**ARRIVED, "IP.PacketsDelivered": 1, "UDP.PacketsReceived": 1}
    # TTL is not lowered, so 1 is as good as any.
    assert takes(wire, udp(destination=SECOND_HOST, ttl=1)) == delivered
    assert heard()
    assert wire.node.nic_counters(2).get("IP.PacketsDelivered") == 1
    # Source checks are those of that NIC.
    moved = takes(wire, udp(source="203.0.113.255", destination=SECOND_HOST))
    assert moved == {**ARRIVED, "IP.InvalidSourceAddressesReceived": 1}
    assert wire.node.nic_counters(2).get("IP.InvalidSourceAddressesReceived") == 1
    # Reassembly and the input hook too.
    takes(wire, datagram(b"", 17, destination=SECOND_HOST, flags=1))
    assert wire.node.nic_counters(2).get("IP.MalformedFragmentsReceived") == 1
    wire.node.hooks.add(Place.INPUT, lambda seen: seen.nic != 2)
    wire.ip(udp(destination=SECOND_HOST))
    assert wire.node.nic_counters(2).get("IP.IPTablesInputDropped") == 1


@both_netstacks
def test_s8_4_a_directed_broadcast_reaches_the_router_alone(policy: Policy) -> None:
    wire = router(policy)
    heard = listener(wire)
    wire.ip(udp(destination="203.0.113.255"))
    assert heard()
    # Broadcast-marked there, so no error comes of it; and nothing goes on.
    wire.ip(udp(destination="203.0.113.255", port=10))
    assert wire.frames() == []
    wire.ip(udp(destination="192.0.2.255"))
    assert heard()


def test_s14_32_under_rfc_2644_it_is_off_and_by_policy_forwarded() -> None:
    wire = router()
    heard = listener(wire)
    wire.ip(udp(destination="203.0.113.255"))
    wire.ip(udp(destination="192.0.2.255"))
    assert not heard()
    assert wire.frames() == []
    wire.node.policy = replace(RFC, forward_directed_broadcasts=True)
    wire.ip(udp(destination="203.0.113.255"))
    assert wire.one().mac == BROADCAST_MAC
    wire.ip(udp(destination="192.0.2.255"))
    assert heard()


def test_s8_4_a_recorded_route_gets_two_entries() -> None:
    wire = router(NETSTACK)
    raw = wire.node.raw_socket(17)
    wire.ip(udp(destination=SECOND_HOST, options=b"\x07\x0b\x04" + bytes(9)))
    read = raw.receive()
    assert read is not None
    assert read.octets[20:32] == b"\x07\x0b\x0c" + quad(HOST) + quad(SECOND_HOST) + b"\0"


@each_preset
def test_s8_4_what_is_handed_over_goes_nowhere_else(policy: Policy) -> None:
    wire = router(replace(policy, drop_external_loopback=False))
    wire.node.add_nic(9, mac=None, loopback=True, mtu=65535)
    wire.node.add_address(9, "127.0.0.1", 8)
    heard = listener(wire)
    moved = takes(wire, udp(destination="127.0.0.5"))
    assert moved["IP.PacketsDelivered"] == 1
    assert heard()
    # The broadcast address of the loopback network is looked for once, not for ever.
    moved = takes(wire, udp(destination="127.255.255.255"))
    assert moved["IP.PacketsReceived"] == 1
    assert "IP.PacketsSent" not in moved
    assert wire.sent() == []


def test_s8_5_without_a_route() -> None:
    octets = udp(destination="10.0.0.1")
    wire = router(NETSTACK)
    assert takes(wire, octets) == ARRIVED
    assert wire.frames() == []
    for policy in (RFC, LATER):
        wire = router(policy)
        assert takes(wire, octets) == {
            **ARRIVED,
            "IP.Forwarding.Unrouteable": 1,
            "IP.Forwarding.Errors": 1,
            "ICMP.PacketsSent.DstUnreachable": 1,
            "IP.PacketsSent": 1,
        }
        assert is_error(wire.one(), DESTINATION_UNREACHABLE, 0, octets)


@each_preset
def test_s8_6_ttl_is_lowered(policy: Policy) -> None:
    wire = router(policy)
    wire.ip(udp(destination=FAR, ttl=9))
    assert wire.one().header.ttl == 8
    wire.ip(udp(destination=FAR, ttl=1))
    sent = wire.one()
    if policy is RFC:
        assert sent.icmp.type == TIME_EXCEEDED
    else:
        assert (sent.nic, sent.header.ttl) == (2, 0)


@pytest.mark.parametrize("flags", [0, 2, 4, 6])
def test_s8_7_netstack_sends_it_like_its_own(flags: int) -> None:
    octets = udp(destination=FAR, identification=0, flags=flags, source="0.0.0.0", tos=0xB8)
    wire = router(NETSTACK)
    assert takes(wire, octets) == PASSED
    header = wire.one().header
    assert header.source == a(SECOND_HOST)
    # An atomic datagram keeps its zero.
    assert (header.identification == 0) is (flags & 2 != 0)
    assert (header.tos, header.flags) == (0xB8, flags)
    # What is not zero stays, as does all under the other presets.
    for policy in (RFC, NETSTACK, LATER):
        wire = router(policy)
        octets = udp(destination=FAR, identification=77, flags=flags)
        wire.ip(octets)
        out = wire.one()
        out.header.ttl += 1
        assert build_ipv4(out.header, out.packet.payload) == octets


def test_s8_7_each_fragment_of_a_datagram_gets_another_identification() -> None:
    wire = router(NETSTACK)
    for offset in (0, 1):
        wire.ip(datagram(bytes(8), 17, destination=FAR, identification=0, flags=1, offset=offset))
    first, second = (each.header.identification for each in wire.sent())
    assert first != second
    assert (second - first) & 0xFFFF == 1


def test_s14_26_zero_passes_untouched() -> None:
    for policy in (RFC, LATER):
        wire = router(policy)
        wire.ip(udp(destination=FAR, identification=0))
        assert wire.one().header.identification == 0


def test_s8_8_df_and_links_that_are_too_small() -> None:
    octets = udp(bytes(600), destination=FAR, flags=2)
    wire = router(NETSTACK, mtu=280)
    wire.ip(octets)
    pieces = wire.sent()
    assert len(pieces) == 3
    assert all(each.header.df for each in pieces)
    for policy in (RFC, LATER):
        wire = router(policy, mtu=280)
        assert takes(wire, octets)["IP.Forwarding.PacketTooBig"] == 1
        sent = wire.one()
        assert is_error(sent, DESTINATION_UNREACHABLE, 4, octets[:548])
        assert sent.icmp.rest == (280).to_bytes(4, "big")


def test_s8_8_fragments_are_cut_with_the_quirks_of_section_6() -> None:
    wire = router(NETSTACK, mtu=280)
    alert, route = b"\x94\x04\0\0", b"\x07\x07\x04" + bytes(5)
    octets = datagram(bytes(480), 17, destination=FAR, options=alert + route, flags=1, offset=10)
    wire.ip(octets)
    pieces = wire.sent()
    assert [each.header.fragment_offset for each in pieces] == [0, 31]
    assert [each.header.flags for each in pieces] == [1, 1]
    assert len({each.header.options for each in pieces}) == 1


@each_preset
def test_s8_9_hooks_that_see_what_is_forwarded(policy: Policy) -> None:
    wire = router(policy)
    wire.node.hooks.add(Place.OUTPUT, lambda _: False)
    wire.node.hooks.add(Place.INPUT, lambda _: False)
    assert takes(wire, udp(destination=FAR)) == PASSED
    wire.node.hooks.add(Place.FORWARD, lambda _: False)
    moved = takes(wire, udp(destination=FAR))
    if policy is NETSTACK:
        assert moved == PASSED
    else:
        assert moved == {**ARRIVED, "IP.IPTablesForwardDropped": 1}


@each_preset
def test_s8_9_write_errors_are_not_reported(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = router(policy)
    monkeypatch.setattr(send, "put_out", lambda *_, **__: Reason.INVALID_STATE)
    moved = takes(wire, udp(destination=FAR))
    counted = {"IP.Forwarding.OutgoingDeviceNoBufferSpace": 1, "IP.Forwarding.Errors": 1}
    assert moved == {**ARRIVED, **({} if policy is NETSTACK else counted)}
    assert wire.frames() == []


@each_preset
def test_s8_9_packets_sent_is_booked_on_the_outgoing_nic(policy: Policy) -> None:
    wire = router(policy)
    wire.ip(udp(destination=FAR))
    assert wire.node.nic_counters(2).get("IP.PacketsSent") == 1
    assert wire.node.nic_counters(1).get("IP.PacketsSent") == 0


@each_preset
def test_s8_10_fragments_go_one_by_one(policy: Policy) -> None:
    wire = router(policy)
    for octets in (
        datagram(bytes(8), 17, destination=FAR, offset=2),
        datagram(bytes(16), 17, destination=FAR, flags=1),
    ):
        assert takes(wire, octets) == PASSED
        wire.one()


@both_netstacks
def test_s8_10_no_source_routes_no_redirects_no_martians(policy: Policy) -> None:
    wire = router(policy)
    route = b"\x89\x07\x04" + quad(REMOTE) + b"\0"
    wire.ip(udp(destination=FAR, options=route))
    assert wire.one().header.options == route
    # Back onto the link it came from.
    wire.node.add_neighbour(1, "192.0.2.9", FAR_MAC)
    wire.ip(udp(source="192.0.2.8", destination=PEER))
    assert wire.one().header.destination == a(PEER)
    wire.ip(udp(destination=FAR), mac=BROADCAST_MAC)
    wire.ip(udp(source="240.0.0.1", destination=FAR))
    assert [each.nic for each in wire.sent()] == [2, 2]


def test_s8_11_a_next_hop_that_never_answers() -> None:
    octets = udp(destination="203.0.113.77")
    for policy, told in ((RFC, True), (NETSTACK, False), (LATER, True)):
        wire = router(policy)
        wire.ip(octets)
        before = wire.node.counters.netstack()
        sent = wire.sent(after=4 * SECOND)
        after = wire.node.counters.netstack()
        moved = {name: after[name] - before[name] for name in after}
        assert moved["IP.OutgoingPacketErrors"] == 1
        assert moved["IP.Forwarding.HostUnreachable"] == int(told)
        assert moved["IP.Forwarding.Errors"] == int(told)
        assert [is_error(each, DESTINATION_UNREACHABLE, 1, octets) for each in sent] == (
            [True] if told else []
        )


def test_s8_10_fresh_nics_forward_when_the_stack_does() -> None:
    wire = Wire()
    wire.node.forwarding = True
    wire.second_nic()
    wire.ip(ping(destination=PEER, source=FAR), nic=2, mac=SECOND_MAC)
    assert wire.one().nic == 1

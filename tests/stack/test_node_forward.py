"""A router: RFC 1812 §5, RFC 2644, RFC 1191 §4, RFC 1122 §3.3.5."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.choices import SourceRouting
from stack.hooks import Place
from stack.policy import RFC
from stack.wire.ethernet import BROADCAST_MAC, group_mac
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    PARAMETER_PROBLEM,
    REDIRECT,
    TIME_EXCEEDED,
    IcmpMessage,
    build_icmp,
)
from stack.wire.ipv4 import build_ipv4
from tests.stack.node_kit import (
    FAR_MAC,
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    HOST_MAC,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND,
    SECOND_MAC,
    SUBNET_BROADCAST,
    Sent,
    Wire,
    a,
    datagram,
    ping,
    quad,
    udp,
)

FAR = "203.0.113.9"


@pytest.fixture
def wire() -> Wire:
    made = Wire()
    made.second_nic()
    return made


def error(sent: Sent, kind: int, code: int) -> IcmpMessage:
    assert (sent.icmp.type, sent.icmp.code) == (kind, code)
    return sent.icmp


def test_forwarding_is_off_at_start() -> None:
    host = Wire()
    host.second_nic(forwarding=False)
    assert not host.node.forwarding
    for destination in (FAR, "203.0.113.255", "239.1.1.1"):
        host.ip(ping(destination=destination))
    assert host.frames() == []


@pytest.mark.parametrize("ttl", [2, 64, 255])
def test_a_datagram_is_passed_on_with_its_ttl_lowered_and_nothing_else(
    wire: Wire, ttl: int
) -> None:
    before = wire.mib()
    options = b"\x5e\x04ab\x88\x04\0\1\x94\x04\0\x21"
    octets = ping(destination=FAR, ttl=ttl, tos=0xB9, flags=6, identification=0, options=options)
    wire.ip(octets)
    out = wire.one()
    assert (out.nic, out.mac) == (2, FAR_MAC)
    expected = Wire()
    assert expected.node.forwarding is False
    header = out.header
    assert header.ttl == ttl - 1
    header.ttl += 1
    assert build_ipv4(header, out.packet.payload) == octets
    assert wire.moved(before) == {
        "ipSystemStatsInReceives": 1,
        "ipSystemStatsInForwDatagrams": 1,
        "ipSystemStatsOutForwDatagrams": 1,
        "ipSystemStatsOutTransmits": 1,
    }


@pytest.mark.parametrize("ttl", [0, 1])
def test_ttl_that_ends_here_is_reported(wire: Wire, ttl: int) -> None:
    octets = ping(destination=FAR, ttl=ttl, tos=0x10)
    wire.ip(octets)
    sent = wire.one()
    assert error(sent, TIME_EXCEEDED, 0).data == octets
    # RFC 1812 §4.3.2.5: the TOS of the datagram, precedence 6.
    assert (sent.nic, sent.header.source, sent.header.tos) == (1, a(HOST), 0xD0)
    assert wire.mib()["ipSystemStatsInHdrErrors"] == 1


def test_errors_leave_from_the_interface_they_leave_by(wire: Wire) -> None:
    wire.ip(ping(source=REMOTE, destination="10.0.0.1", ttl=1), nic=2, mac=SECOND_MAC)
    sent = wire.one()
    assert (sent.nic, sent.header.source, sent.mac) == (1, a(HOST), GATEWAY_MAC)
    # Also when the datagram was for the router, by its other address.
    wire.ip(datagram(bytes(8), 253, destination="203.0.113.1"))
    assert wire.one().header.source == a(HOST)
    wire.ip(ping(destination="203.0.113.1"))
    assert wire.one().header.source == a("203.0.113.1")


def test_no_route_gives_net_unreachable(wire: Wire) -> None:
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.ip(ping(destination="10.9.9.9"))
    error(wire.one(), DESTINATION_UNREACHABLE, 0)
    assert wire.mib()["ipSystemStatsInNoRoutes"] == 1


def test_a_silent_next_hop_gives_host_unreachable_after_resolution_failed(wire: Wire) -> None:
    octets = ping(destination="203.0.113.77")
    wire.ip(octets)
    assert wire.sent(after=3 * SECOND - 1) == []
    sent = wire.one(after=1)
    assert error(sent, DESTINATION_UNREACHABLE, 1).data == octets
    # A datagram of the router's own that waited is nobody's error.
    wire.node.icmp_socket(1).send_echo("203.0.113.78", 1)
    assert wire.sent(after=4 * SECOND) == []


def test_the_first_packet_is_delivered_once_the_next_hop_answers(wire: Wire) -> None:
    wire.ip(ping(destination="203.0.113.77"))
    wire.frames()
    wire.answer_arp("203.0.113.77", PEER_MAC, nic=1)
    assert wire.sent() == []
    from stack.wire.arp import arp_reply

    reply = arp_reply(PEER_MAC, a("203.0.113.77"), SECOND_MAC, a("203.0.113.1"))
    wire.arp(reply, mac=SECOND_MAC, nic=2)
    assert wire.one().mac == PEER_MAC


@pytest.mark.parametrize(
    ("source", "destination"),
    [
        ("0.0.0.0", FAR),
        ("127.0.0.1", FAR),
        ("240.0.0.1", FAR),
        ("224.0.0.1", FAR),
        ("169.254.1.1", FAR),
        (PEER, "169.254.1.1"),
        (PEER, "240.0.0.1"),
        (PEER, "127.0.0.1"),
        (PEER, "0.0.0.9"),
        (PEER, "239.1.1.1"),
        (PEER, "203.0.113.255"),
        (PEER, "203.0.113.0"),
        (PEER, SUBNET_BROADCAST),
        (PEER, "192.0.2.0"),
    ],
)
def test_not_forwarded_and_no_error(wire: Wire, source: str, destination: str) -> None:
    wire.ip(udp(source=source, destination=destination, ttl=1))
    wire.ip(ping(source=source, destination=destination))
    assert wire.frames() == []


@pytest.mark.parametrize("mac", [BROADCAST_MAC, group_mac(a("224.0.0.1"))])
def test_link_broadcasts_are_not_forwarded(wire: Wire, mac: bytes) -> None:
    wire.ip(ping(destination=FAR), mac=mac)
    wire.ip(ping(destination=FAR, ttl=1), mac=mac)
    assert wire.frames() == []


def test_limited_broadcast_is_local_only(wire: Wire) -> None:
    wire.ip(ping(destination="255.255.255.255"), mac=BROADCAST_MAC)
    assert wire.one().nic == 1


def test_directed_broadcasts_are_forwarded_when_told(wire: Wire) -> None:
    wire.node.policy = replace(RFC, forward_directed_broadcasts=True)
    wire.ip(udp(destination="203.0.113.255"))
    out = wire.one()
    assert (out.nic, out.mac) == (2, BROADCAST_MAC)
    wire.ip(ping(destination=SUBNET_BROADCAST), mac=BROADCAST_MAC)
    assert wire.one().nic == 1


def test_too_big_with_df_gives_the_mtu(wire: Wire) -> None:
    wire.node.set_mtu(2, 576)
    octets = ping(bytes(600), destination=FAR, flags=2)
    wire.ip(octets)
    message = error(wire.one(), DESTINATION_UNREACHABLE, 4)
    assert message.rest == (576).to_bytes(4, "big")
    assert message.data == octets[:548]
    moved = wire.mib()
    assert moved["ipSystemStatsOutFragFails"] == 1


def test_too_big_is_cut_and_fragments_are_cut_again(wire: Wire) -> None:
    wire.node.set_mtu(2, 280)
    alert, route = b"\x94\x04\0\0", b"\x07\x07\x04\0\0\0\0\0"
    data = bytes(range(240)) * 2
    octets = datagram(data, 17, destination=FAR, options=alert + route, flags=5, offset=10)
    wire.ip(octets)
    pieces = wire.sent()
    assert [each.header.fragment_offset for each in pieces] == [10, 10 + 31]
    assert [each.header.flags for each in pieces] == [5, 5]
    assert pieces[0].header.options[:4] == alert
    assert pieces[1].header.options == alert
    assert b"".join(each.packet.payload for each in pieces) == data
    assert wire.mib()["ipSystemStatsOutFragCreates"] == 2


def test_known_answer_of_appendix_a(wire: Wire) -> None:
    wire.node.set_mtu(2, 280)
    wire.ip(datagram(bytes(452), 17, destination=FAR))
    assert [
        (each.header.total_length, each.header.flags, each.header.fragment_offset)
        for each in wire.sent()
    ] == [(276, 1, 0), (216, 0, 32)]


def test_options_are_stamped_with_the_outgoing_address(wire: Wire) -> None:
    route, times = b"\x07\x07\x04\0\0\0\0\x01", b"\x44\x0c\x05\x03" + quad(HOST) + bytes(4)
    wire.ip(ping(destination=FAR, options=route + times))
    options = wire.one().header.options
    assert options[:7] == b"\x07\x07\x08" + quad("203.0.113.1")
    assert options[8:] == b"\x44\x0c\x0d\x03" + quad(HOST) + (3_600_000).to_bytes(4, "big")


def test_option_problems_in_transit_are_reported(wire: Wire) -> None:
    octets = ping(destination=FAR, options=b"\x07\x07\x03\0\0\0\0\0")
    wire.ip(octets)
    message = error(wire.one(), PARAMETER_PROBLEM, 0)
    assert message.pointer == 22
    assert message.data == octets


def test_no_errors_about_errors_and_later_fragments(wire: Wire) -> None:
    inner = datagram(bytes(8), 17, source=FAR, destination=PEER)
    wire.ip(datagram(build_icmp(IcmpMessage(3, 1, bytes(4), inner)), destination=FAR, ttl=1))
    wire.ip(datagram(bytes(8), 17, destination=FAR, ttl=1, offset=4))
    assert wire.sent() == []


def test_a_truncated_packet_points_at_the_total_length(wire: Wire) -> None:
    octets = datagram(bytes(100), 17, destination=FAR)[:90]
    wire.ip(octets)
    message = error(wire.one(), PARAMETER_PROBLEM, 0)
    assert (message.pointer, message.data) == (2, octets)
    wire.ip(datagram(bytes(100), 17, source="127.0.0.1", destination=FAR)[:90])
    wire.ip(datagram(bytes(100), 17, options=bytes(40))[:30])
    wire.ip(b"\x45" + bytes(12))
    assert wire.sent() == []


def test_a_redirect_goes_with_the_datagram(wire: Wire) -> None:
    octets = udp(destination="10.0.0.1")
    wire.ip(octets)
    redirect, onward = wire.sent()
    assert error(redirect, REDIRECT, 1).gateway == a(GATEWAY)
    assert redirect.icmp.data == octets
    assert (redirect.header.source, redirect.mac) == (a(HOST), PEER_MAC)
    assert (onward.mac, onward.header.ttl) == (GATEWAY_MAC, 63)


@pytest.mark.parametrize(
    "octets",
    [
        udp(source=REMOTE, destination="10.0.0.1"),
        udp(destination="10.0.0.1", options=b"\x83\x07\x08" + bytes(4) + b"\0"),
        udp(destination=FAR),
    ],
)
def test_no_redirect(wire: Wire, octets: bytes) -> None:
    wire.ip(octets)
    assert [each.header.protocol for each in wire.sent()] == [17]


def test_the_longest_prefix_decides(wire: Wire) -> None:
    wire.node.add_route("10.0.0.0/8", 2, gateway="203.0.113.9")
    wire.node.add_route("10.1.0.0/16", 1, gateway=GATEWAY)
    for destination, nic in (("10.2.0.1", 2), ("10.1.0.1", 1), (REMOTE, 1)):
        wire.ip(udp(source=REMOTE, destination=destination))
        assert wire.one().nic == nic


def test_the_forward_hook_drops(wire: Wire) -> None:
    wire.node.hooks.add(Place.FORWARD, lambda _: False)
    wire.ip(ping(destination=FAR))
    assert wire.frames() == []
    assert wire.mib()["ipSystemStatsInDiscards"] == 1


def test_a_strict_route_for_someone_else_points_at_the_destination(wire: Wire) -> None:
    wire.ip(ping(destination=FAR, options=b"\x89\x07\x04" + quad(REMOTE) + b"\0"))
    assert error(wire.one(), PARAMETER_PROBLEM, 0).pointer == 16
    wire.ip(ping(destination=FAR, options=b"\x83\x07\x04" + quad(REMOTE) + b"\0"))
    assert wire.one().nic == 2


def test_transit_source_routes_are_dropped_when_told(wire: Wire) -> None:
    wire.node.policy = replace(RFC, drop_transit_source_routes=True)
    wire.ip(ping(destination=FAR, options=b"\x83\x07\x04" + quad(REMOTE) + b"\0"))
    assert wire.frames() == []


def following(wire: Wire) -> Wire:
    wire.node.policy = replace(RFC, source_route=SourceRouting.FORWARD)
    return wire


def test_a_listed_hop_takes_its_place_in_the_route(wire: Wire) -> None:
    following(wire)
    option = b"\x83\x0b\x04" + quad(FAR) + quad(REMOTE)
    wire.ip(ping(options=option, ttl=9))
    out = wire.one()
    assert (out.nic, out.header.destination, out.header.ttl) == (2, a(FAR), 8)
    assert out.header.options == b"\x83\x0b\x08" + quad("203.0.113.1") + quad(REMOTE) + b"\0"


def test_a_strict_route_needs_a_neighbour(wire: Wire) -> None:
    following(wire)
    wire.ip(ping(options=b"\x89\x07\x04" + quad(FAR)))
    assert wire.one().header.destination == a(FAR)
    for hop in (REMOTE, "224.0.0.1", "203.0.113.255"):
        wire.ip(ping(options=b"\x89\x07\x04" + quad(hop)))
        error(wire.one(), DESTINATION_UNREACHABLE, 5)


def test_a_listed_hop_may_be_ourselves_again(wire: Wire) -> None:
    following(wire)
    wire.ip(ping(options=b"\x83\x0b\x04" + quad("203.0.113.1") + quad(FAR)))
    out = wire.one()
    assert (out.header.destination, out.header.ttl) == (a(FAR), 62)
    wire.ip(ping(options=b"\x83\x0b\x04" + quad("203.0.113.1") + quad(FAR), ttl=1))
    error(wire.one(), TIME_EXCEEDED, 0)


def test_ttl_of_a_source_routed_datagram_is_a_router_s_business(wire: Wire) -> None:
    following(wire)
    wire.ip(ping(options=b"\x83\x07\x04" + quad(FAR), ttl=1))
    error(wire.one(), TIME_EXCEEDED, 0)


def test_errors_go_back_along_the_recorded_part(wire: Wire) -> None:
    following(wire)
    option = b"\x83\x0b\x08" + quad(GATEWAY) + quad(FAR)
    wire.ip(ping(options=option, ttl=1))
    sent = wire.one()
    error(sent, TIME_EXCEEDED, 0)
    assert sent.header.destination == a(GATEWAY)
    assert sent.header.options == b"\x83\x07\x04" + quad(PEER) + b"\0"


def test_turning_into_a_router_forgets_redirects() -> None:
    wire = Wire()
    wire.node.forwarding = True
    wire.node.forwarding = False
    wire.ip(ping(destination=HOST), mac=HOST_MAC)
    assert wire.one().header.source == a(HOST)

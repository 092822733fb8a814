"""UDP and raw sockets through the facade (RFC 768, RFC 1122 §3.4 and §4.1, S12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from stack.choices import SourceRouting
from stack.policy import RFC
from stack.refusal import Reason
from stack.socket_base import QUEUE_LIMIT
from stack.wire.ethernet import BROADCAST_MAC, group_mac
from stack.wire.icmp import DESTINATION_UNREACHABLE
from tests.stack.node_kit import (
    GATEWAY,
    HOST,
    PEER,
    REMOTE,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
    refusal,
    udp,
)
from tests.stack.socket_kit import bound


def test_a_datagram_reaches_the_user_with_all_that_came_with_it() -> None:
    wire = Wire()
    socket = bound(wire)
    before = wire.mib()
    wire.ip(udp(b"hello", ttl=3, tos=0x28, options=b"\x88\x04\0\1\x01\x00\x00\x00"))
    read = socket.receive()
    assert read is not None
    assert (read.data, read.source, read.source_port) == (b"hello", PEER, 4000)
    assert (read.destination, read.specific_destination, read.nic) == (HOST, HOST, 1)
    assert (read.ttl, read.tos) == (3, 0x28)
    assert read.options == b"\x88\x04\0\1\x01\x00\x00\x00"
    assert socket.receive() is None
    assert wire.moved(before) == {
        "ipSystemStatsInReceives": 1,
        "ipSystemStatsInDelivers": 1,
        "udpInDatagrams": 1,
    }


def test_a_closed_port_is_reported() -> None:
    wire = Wire()
    before = wire.mib()
    octets = udp(port=99)
    wire.ip(octets)
    error = wire.one().icmp
    assert (error.type, error.code, error.data) == (DESTINATION_UNREACHABLE, 3, octets)
    moved = wire.moved(before)
    assert moved["udpNoPorts"] == 1
    assert moved["icmpMsgStatsOutPkts.3"] == 1


@pytest.mark.parametrize(
    "body",
    [
        bytes(7),
        b"\0\1\0\x09\0\x07\0\0" + bytes(4),
        b"\0\1\0\x09\0\x0d\0\0" + bytes(4),
        b"\0\1\0\x09\0\x0c\x12\x34" + bytes(4),
        b"\0\1\0\x63\0\x0c\x12\x34" + bytes(4),
    ],
)
def test_damaged_datagrams_are_silently_dropped(body: bytes) -> None:
    wire = Wire()
    socket = bound(wire)
    wire.ip(datagram(body, 17))
    assert wire.frames() == []
    assert socket.receive() is None
    assert wire.mib()["udpInErrors"] == 1


def test_no_checksum_and_a_short_length_are_fine() -> None:
    wire = Wire()
    socket = bound(wire)
    wire.ip(datagram(b"\0\0\0\x09\0\x0a\0\0abcd", 17))
    read = socket.receive()
    assert read is not None
    assert (read.data, read.source_port) == (b"ab", 0)


def test_the_best_socket_gets_unicast_and_all_get_broadcast() -> None:
    wire = Wire()
    anyone, ours = bound(wire), bound(wire, address=HOST)
    peer = wire.node.udp_socket()
    peer.bind(SUBNET_BROADCAST, 9)
    group = bound(wire, address="239.1.2.3")
    wire.node.join(1, "239.1.2.3")
    wire.ip(udp())
    assert ours.receive() is not None
    assert anyone.receive() is None
    wire.ip(udp(destination=SUBNET_BROADCAST), mac=BROADCAST_MAC)
    read = peer.receive()
    assert read is not None
    assert (read.destination, read.specific_destination) == (SUBNET_BROADCAST, HOST)
    assert anyone.receive() is not None
    assert ours.receive() is None
    wire.ip(udp(destination="239.1.2.3"), mac=group_mac(a("239.1.2.3")))
    assert group.receive() is not None
    assert anyone.receive() is not None


def test_a_connected_socket_hears_its_peer_alone() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.connect(PEER, 4000)
    assert socket.local_name[0] == HOST
    port = socket.local_name[1]
    assert port >= 49152
    wire.ip(udp(port=port))
    wire.ip(udp(port=port, source=REMOTE))
    assert socket.receive() is not None
    assert socket.receive() is None
    assert wire.one().icmp.type == DESTINATION_UNREACHABLE
    socket.send(b"out")
    sent = wire.one()
    assert sent.udp[:2] == (port, 4000)
    assert sent.udp.data == b"out"
    assert sent.udp.checksum


def test_every_field_can_be_set_for_a_datagram_or_for_the_socket() -> None:
    wire = Wire()
    wire.node.add_address(1, "192.0.2.2", 24)
    socket = bound(wire)
    socket.send(
        b"x",
        (PEER, 7),
        source="192.0.2.2",
        ttl=9,
        tos=0xB8,
        options=b"\x07\x07\x04" + bytes(4),
        df=True,
    )
    header = wire.one().header
    assert (header.source, header.ttl, header.tos, header.df) == (a("192.0.2.2"), 9, 0xB8, True)
    assert header.options == b"\x07\x07\x04" + bytes(5)
    socket.settings.ttl, socket.settings.tos, socket.settings.df = 5, 4, True
    socket.set_options(b"\x94\x04\0\0")
    assert socket.get_options() == b"\x94\x04\0\0"
    socket.send(b"x", (PEER, 7))
    header = wire.one().header
    assert (header.ttl, header.tos, header.df) == (5, 4, True)
    assert header.options == b"\x94\x04\0\0"
    assert socket.maximum_payload(PEER) == 1476
    wire.node.default_ttl = 33
    assert wire.node.default_ttl == 33
    other = bound(wire, 10)
    other.checksum = False
    other.send(b"x", (PEER, 7))
    sent = wire.one()
    assert (sent.header.ttl, sent.header.tos, sent.header.flags) == (33, 0, 0)
    assert sent.udp.checksum == 0


def test_a_source_route_begins_in_the_destination_field() -> None:
    wire = Wire()
    socket = bound(wire)
    route = b"\x83\x0b\x04" + a(GATEWAY).to_bytes(4, "big") + a(REMOTE).to_bytes(4, "big")
    socket.send(b"x", (REMOTE, 7), options=route)
    sent = wire.one()
    assert sent.header.destination == a(GATEWAY)
    assert sent.header.options == b"\x83\x07\x04" + a(REMOTE).to_bytes(4, "big") + b"\0"
    from stack.wire.udp import UdpDatagram, parse_udp

    assert isinstance(parse_udp(sent.packet.payload, a(HOST), a(REMOTE)), UdpDatagram)
    wire.node.policy = replace(RFC, source_route=SourceRouting.NONE)
    assert refusal(lambda: socket.set_options(route)) is Reason.NOT_SUPPORTED


def test_calls_that_cannot_be_done_say_why() -> None:
    wire = Wire()
    socket = bound(wire)
    fresh = wire.node.udp_socket
    cases: list[tuple[Callable[[], object], Reason]] = [
        (lambda: fresh().bind(PEER, 5), Reason.BAD_LOCAL_ADDRESS),
        (lambda: fresh().bind(None, 9), Reason.ADDRESS_IN_USE),
        (lambda: fresh().bind(None, 70000), Reason.INVALID_ARGUMENT),
        (lambda: socket.bind(None, 10), Reason.INVALID_STATE),
        (lambda: socket.send(b"x"), Reason.NO_DESTINATION),
        (lambda: socket.send(b"x", (PEER, -1)), Reason.INVALID_ARGUMENT),
        (lambda: socket.send(b"x", (PEER, 7), source=PEER), Reason.BAD_LOCAL_ADDRESS),
        (lambda: socket.send(b"x", (PEER, 7), ttl=0), Reason.INVALID_ARGUMENT),
        (lambda: socket.send(b"x", (PEER, 7), ttl=256), Reason.INVALID_ARGUMENT),
        (lambda: socket.send(b"x", (PEER, 7), options=b"\x07"), Reason.INVALID_ARGUMENT),
        (lambda: socket.send(bytes(65508), (PEER, 7)), Reason.MESSAGE_TOO_LONG),
        (lambda: socket.send(bytes(65528), (PEER, 7)), Reason.MESSAGE_TOO_LONG),
        (lambda: socket.send(bytes(1473), (PEER, 7), df=True), Reason.MESSAGE_TOO_LONG),
        (lambda: socket.send(b"x", (SUBNET_BROADCAST, 7)), Reason.BROADCAST_DISABLED),
        (lambda: socket.connect("255.255.255.255", 7), Reason.BROADCAST_DISABLED),
        (lambda: socket.send(b"x", ("127.0.0.1", 7)), Reason.BAD_LOCAL_ADDRESS),
        (lambda: socket.send(b"x", ("240.0.0.1", 7)), Reason.NO_ROUTE),
        (lambda: socket.send(b"x", ("0.0.0.0", 7)), Reason.NO_ROUTE),
        (lambda: socket.maximum_payload("0.0.0.1"), Reason.NO_ROUTE),
        (lambda: socket.connect("0.0.0.1", 7), Reason.NO_ROUTE),
        (lambda: socket.join(1, PEER), Reason.BAD_ADDRESS),
        (lambda: socket.join(1, "224.0.0.0"), Reason.BAD_ADDRESS),
        (lambda: socket.join(8, "224.1.1.1"), Reason.UNKNOWN_NIC),
        (lambda: socket.leave(8, "224.1.1.1"), Reason.UNKNOWN_NIC),
        (lambda: socket.leave(1, "224.1.1.1"), Reason.BAD_LOCAL_ADDRESS),
        (lambda: wire.node.raw_socket(1).bind(PEER), Reason.BAD_LOCAL_ADDRESS),
        (lambda: wire.node.icmp_socket().bind(PEER), Reason.BAD_LOCAL_ADDRESS),
        (lambda: wire.node.raw_socket(1).send(b"x"), Reason.NO_DESTINATION),
        (lambda: wire.node.add_nic(1, mac=None), Reason.INVALID_ARGUMENT),
        (lambda: wire.node.add_nic(3, mac=BROADCAST_MAC), Reason.INVALID_ARGUMENT),
        (lambda: wire.node.add_nic(3, mac=None, mtu=67), Reason.INVALID_ARGUMENT),
        (lambda: wire.node.set_mtu(1, 70000), Reason.INVALID_ARGUMENT),
        (lambda: wire.node.add_address(1, PEER, 33), Reason.INVALID_ARGUMENT),
        (lambda: wire.node.add_address(1, HOST, 24), Reason.DUPLICATE_ADDRESS),
        (lambda: wire.node.remove_address(1, PEER), Reason.BAD_LOCAL_ADDRESS),
        (lambda: setattr(wire.node, "default_ttl", 0), Reason.INVALID_ARGUMENT),
    ]
    for call, reason in cases:
        assert refusal(call) is reason
    assert wire.frames() == []


def test_nothing_to_speak_from_is_a_refusal() -> None:
    wire = Wire()
    wire.node.remove_address(1, HOST)
    socket = bound(wire)
    socket.settings.broadcast = True
    assert refusal(lambda: socket.send(b"x", (REMOTE, 7))) is Reason.NO_ROUTE
    limited = "255.255.255.255"
    assert refusal(lambda: socket.send(b"x", (limited, 7))) is Reason.NETWORK_UNREACHABLE
    wire.node.disable(1)
    assert refusal(lambda: socket.send(b"x", ("224.1.1.1", 7))) is Reason.NETWORK_UNREACHABLE


def test_broadcasts_leave_with_the_link_broadcast_and_are_heard_here() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.settings.broadcast = True
    for destination in ("255.255.255.255", SUBNET_BROADCAST):
        socket.send(b"all", (destination, 9))
        sent = wire.one()
        assert (sent.mac, sent.header.source) == (BROADCAST_MAC, a(HOST))
        read = socket.receive()
        assert read is not None
        assert read.destination == destination
    assert wire.mib()["ipSystemStatsOutBcastPkts"] == 2


def test_groups_are_sent_on_the_link_with_ttl_one_and_loop_to_members() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.send(b"g", ("239.1.2.3", 9))
    sent = wire.one()
    assert (sent.mac, sent.header.ttl) == (group_mac(a("239.1.2.3")), 1)
    assert socket.receive() is None
    socket.join(1, "239.1.2.3")
    wire.frames()
    socket.send(b"g", ("239.1.2.3", 9), ttl=0)
    assert wire.sent() == []
    assert socket.receive() is not None
    socket.settings.multicast_loop = False
    socket.settings.multicast_ttl = 7
    socket.send(b"g", ("239.1.2.3", 9))
    assert wire.one().header.ttl == 7
    assert socket.receive() is None
    socket.leave(1, "239.1.2.3")


def test_the_sender_picks_the_interface_of_a_group() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    socket = bound(wire)
    socket.settings.multicast_nic = 2
    socket.send(b"g", ("239.1.2.3", 9))
    sent = wire.one()
    assert (sent.nic, sent.header.source) == (2, a("203.0.113.1"))
    socket.settings.multicast_nic = 7
    assert refusal(lambda: socket.send(b"g", ("239.1.2.3", 9))) is Reason.UNKNOWN_NIC
    socket.settings.multicast_nic = None
    socket.send(b"g", ("239.1.2.3", 9), source="203.0.113.1")
    assert wire.one().nic == 2
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    socket.send(b"g", ("239.1.2.3", 9))
    assert wire.one().nic == 1


def test_datagrams_to_oneself_stay_inside() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.send(b"me", (HOST, 9))
    assert wire.frames() == []
    read = socket.receive()
    assert read is not None
    assert (read.data, read.source) == (b"me", HOST)
    socket.send(b"me", (HOST, 10))
    assert wire.frames() == []
    assert [each.code for each in socket.errors()] == [3]


def test_a_full_queue_loses_and_counts() -> None:
    wire = Wire()
    bound(wire)
    for _ in range(QUEUE_LIMIT + 1):
        wire.ip(udp())
    assert wire.frames() == []
    assert wire.mib()["udpInErrors"] == 1
    assert wire.mib()["udpInDatagrams"] == QUEUE_LIMIT
    assert wire.node.counters.get("DroppedPackets") == 1


def test_a_closed_socket_gives_its_port_back() -> None:
    wire = Wire()
    first, second = bound(wire), bound(wire, address=HOST)
    first.close()
    second.close()
    second.close()
    assert refusal(lambda: first.send(b"x", (PEER, 7))) is Reason.CLOSED
    assert refusal(lambda: first.bind()) is Reason.CLOSED
    bound(wire)


def test_large_datagrams_are_cut_with_one_identification() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.send(bytes(4000), (PEER, 7))
    pieces = wire.sent()
    assert [each.header.fragment_offset for each in pieces] == [0, 185, 370]
    assert len({each.header.identification for each in pieces}) == 1


def test_identification_does_not_repeat() -> None:
    wire = Wire()
    socket = bound(wire)
    values = set()
    for _ in range(3000):
        socket.send(b"", (PEER, 7))
        values.add(wire.one().header.identification)
    assert len(values) == 3000


def test_without_a_free_identification_only_atomic_datagrams_leave() -> None:
    wire = Wire()
    socket = bound(wire)
    for _ in range(65536):
        socket.send(b"", (PEER, 7))
        wire.node.poll(0)
    socket.send(b"", (PEER, 7))
    assert wire.one().header.df
    assert refusal(lambda: socket.send(bytes(2000), (PEER, 7))) is Reason.MESSAGE_TOO_LONG


def test_counters_of_one_nic() -> None:
    wire = Wire()
    wire.ip(ping())
    view = wire.node.nic_counters(1).mib(interface=True)
    assert view["ipIfStatsInReceives"] == 1
    assert [own.address for own in wire.node.primary_addresses(1)] == [a(HOST)]

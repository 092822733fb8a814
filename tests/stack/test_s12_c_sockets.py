"""Raw sockets, full queues and errors (S12.18 to S12.20, S5.36 for UDP, S11.2 for echo sockets)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.policy import NETSTACK, RFC, Policy
from stack.raw_socket import RawSocket
from stack.refusal import Reason
from stack.socket_base import QUEUE_LIMIT, QUEUE_OCTETS, Inbox
from stack.wire.ethernet import BROADCAST_MAC
from stack.wire.icmp import ECHO_REPLY, ECHO_REQUEST, build_icmp, echo
from tests.stack.count_kit import netstack_moved
from tests.stack.node_kit import (
    HOST,
    PEER,
    REMOTE,
    SUBNET_BROADCAST,
    Wire,
    datagram,
    refusal,
    udp,
)
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.socket_kit import addresses, bound, complain, netstack, read

HEARING = replace(NETSTACK, errors_reach_transport=True)
"""NETSTACK's sockets, told of every error that there is."""
SECOND_HOST = "192.0.2.2"


def data(raw: RawSocket) -> bytes:
    """The UDP data that a raw socket reads next."""
    got = raw.receive()
    assert got is not None
    return got.octets[28:]


def test_s12_18_a_raw_socket_gets_the_header_with_its_options_as_it_came() -> None:
    wire = Wire()
    raw = wire.node.raw_socket(253)
    octets = datagram(b"x", 253, options=b"\x07\x07\x04" + bytes(4) + b"\x00" + b"junk")
    wire.ip(octets)
    got = raw.receive()
    assert got is not None
    assert got.octets == octets


def test_s12_18_netstack_gives_the_header_after_option_work() -> None:
    wire = Wire(NETSTACK)
    raw, echoes = wire.node.raw_socket(253), wire.node.raw_socket(1)
    route = b"\x07\x07\x04" + bytes(4)
    request = build_icmp(echo(ECHO_REQUEST, 7, 1, b"x"))
    for protocol, payload, socket in ((253, b"x", raw), (1, request, echoes)):
        octets = datagram(payload, protocol, options=route + b"\x00" + b"junk")
        wire.ip(octets)
        got = socket.receive()
        assert got is not None
        recorded = b"\x07\x07\x08" + addresses(HOST) + bytes(5)
        assert got.octets == octets[:20] + recorded + payload


@rfc_and_netstack
def test_s12_18_a_bound_raw_socket_compares_one_address(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, SECOND_HOST, 24)
    raw = wire.node.raw_socket(17)
    raw.bind(SECOND_HOST)
    wire.ip(udp(b"to", source=PEER, destination=SECOND_HOST))
    wire.ip(udp(b"from", source=SECOND_HOST, destination=HOST))
    assert data(raw) == (b"to" if policy is RFC else b"from")
    assert raw.receive() is None


@rfc_and_netstack
def test_s12_18_a_connected_raw_socket_hears_its_peer(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(17)
    raw.connect(PEER)
    wire.ip(udp(b"no", source=REMOTE))
    wire.ip(udp(b"yes", source=PEER))
    assert data(raw) == b"yes"
    assert raw.receive() is None
    raw.disconnect()
    wire.ip(udp(b"all", source=REMOTE))
    assert data(raw) == b"all"


@rfc_and_netstack
def test_s12_19_a_full_queue_loses_the_datagram(policy: Policy) -> None:
    wire = Wire(policy)
    socket = bound(wire)
    for _ in range(QUEUE_LIMIT):
        wire.ip(udp())
    before, mib = netstack(wire), wire.mib()
    wire.ip(udp())
    assert netstack_moved(wire, before) == {
        "IP.PacketsReceived": 1,
        "IP.PacketsDelivered": 1,
        "UDP.PacketsReceived": 1,
        "UDP.ReceiveBufferErrors": 1,
        "DroppedPackets": 1,
    }
    assert wire.moved(mib)["udpInErrors"] == 1
    assert "udpInDatagrams" not in wire.moved(mib)
    read(socket)
    before = netstack(wire)
    wire.ip(udp())
    assert "DroppedPackets" not in netstack_moved(wire, before)


def test_s12_19_only_the_socket_without_room_loses_it() -> None:
    wire = Wire()
    full, other, closed = (bound(wire, reuse=True) for _ in range(3))
    closed.connect(PEER, 4000)
    closed.shutdown(read=True)
    broadcast = udp(destination=SUBNET_BROADCAST)
    for _ in range(QUEUE_LIMIT):
        wire.ip(broadcast, mac=BROADCAST_MAC)
        read(other)
    before, mib = netstack(wire), wire.mib()
    wire.ip(broadcast, mac=BROADCAST_MAC)
    read(other)
    assert full.receive() is not None
    assert netstack_moved(wire, before)["DroppedPackets"] == 2
    assert wire.moved(mib)["udpInDatagrams"] == 1


def test_s12_19_raw_and_echo_sockets_lose_what_does_not_fit() -> None:
    wire = Wire()
    raw, ping = wire.node.raw_socket(253), wire.node.icmp_socket(7)
    reply = datagram(build_icmp(echo(ECHO_REPLY, 7, 1, b"")))
    for octets in (datagram(b"x", 253), reply):
        for _ in range(QUEUE_LIMIT):
            wire.ip(octets)
        before = netstack(wire)
        wire.ip(octets)
        assert netstack_moved(wire, before)["DroppedPackets"] == 1
    raw.connect(PEER)
    assert raw.receive() is not None
    raw.shutdown(read=True)
    before = netstack(wire)
    wire.ip(datagram(b"x", 253))
    assert netstack_moved(wire, before)["DroppedPackets"] == 1
    read_first = ping.receive(peek=True)
    assert read_first is not None
    assert ping.receive() == read_first
    assert sum(ping.receive() is not None for _ in range(QUEUE_LIMIT)) == QUEUE_LIMIT - 1


def test_s12_19_a_queue_is_bounded_in_octets_too() -> None:
    inbox: Inbox[str] = Inbox()
    assert inbox.has_room(QUEUE_OCTETS + 1)
    inbox.add(QUEUE_OCTETS + 1, "one always fits")
    assert not inbox.has_room(0)
    inbox.clear()
    inbox.add(QUEUE_OCTETS - 8, "most")
    assert inbox.has_room(8)
    assert not inbox.has_room(9)
    assert inbox.next(peek=False) == "most"
    assert inbox.has_room(9)


def test_s12_20_errors_are_queued_with_all_they_tell() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.send(bytes(1000), (REMOTE, 7), df=True)
    sent = wire.one()
    complain(wire, sent, 3, 4, bytes((0, 0, 2, 88)))
    complain(wire, sent, 12, 0, bytes((20, 0, 0, 0)))
    complain(wire, sent, 11, 1)
    told = socket.errors()
    assert [(each.type, each.code, each.mtu, each.pointer) for each in told] == [
        (3, 4, 600, 0),
        (12, 0, 0, 20),
        (11, 1, 0, 0),
    ]
    assert {each.quoted for each in told} == {sent.packet.octets}
    assert [each.hard for each in told] == [True, False, False]
    assert socket.errors() == []


def test_s12_20_the_user_may_turn_errors_off() -> None:
    wire = Wire()
    socket = bound(wire)
    assert socket.getsockopt("recverr") is True
    socket.send(b"x", (REMOTE, 7))
    sent = wire.one()
    complain(wire, sent)
    socket.setsockopt("recverr", value=False)
    assert socket.errors() == []
    complain(wire, sent)
    assert socket.errors() == []


def test_s12_20_netstack_queues_errors_when_asked() -> None:
    wire = Wire(HEARING)
    socket = bound(wire)
    assert socket.getsockopt("recverr") is False
    socket.send(b"x", (REMOTE, 7))
    sent = wire.one()
    complain(wire, sent)
    assert socket.errors() == []
    socket.setsockopt("recverr", value=True)
    complain(wire, sent)
    (told,) = socket.errors()
    assert (told.type, told.code, told.quoted) == (3, 3, sent.packet.octets)


@pytest.mark.parametrize("policy", [RFC, HEARING], ids=["RFC", "NETSTACK"])
def test_s5_36_port_unreachable_is_connection_refused_for_a_connected_socket(
    policy: Policy,
) -> None:
    wire = Wire(policy)
    socket = wire.node.udp_socket()
    socket.connect(REMOTE, 7)
    for call in (lambda: socket.send(b"x"), socket.receive, lambda: socket.connect(REMOTE, 7)):
        socket.send(b"x")
        complain(wire, wire.one())
        assert refusal(call) is Reason.CONNECTION_REFUSED
    socket.send(b"x")
    complain(wire, wire.one())
    assert socket.take_error() is Reason.CONNECTION_REFUSED
    assert socket.getsockopt("error") is None
    socket.disconnect()
    socket.send(b"x", (REMOTE, 7))
    complain(wire, wire.one())
    assert socket.take_error() is None


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        (3, 0, None),
        (3, 1, None),
        (3, 2, Reason.PROTOCOL_UNREACHABLE),
        (3, 3, Reason.CONNECTION_REFUSED),
        (3, 5, None),
        (11, 0, None),
        (12, 0, None),
    ],
)
def test_s5_36_what_is_held_against_a_connected_socket(
    kind: int, code: int, reason: Reason | None
) -> None:
    for policy in (RFC, HEARING):
        wire = Wire(policy)
        socket = wire.node.udp_socket()
        socket.connect(REMOTE, 7)
        socket.send(b"x")
        complain(wire, wire.one(), kind, code)
        told = reason if policy is RFC or reason is Reason.CONNECTION_REFUSED else None
        assert socket.getsockopt("error") is told


@pytest.mark.parametrize("mode", ["dont", "want", "do", "probe"])
def test_s5_36_a_datagram_too_big_is_held_against_who_minds_the_path(mode: str) -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.connect(REMOTE, 7)
    socket.setsockopt("mtu_discover", mode)
    socket.send(bytes(1000))
    complain(wire, wire.one(), 3, 4, bytes((0, 0, 2, 88)))
    assert socket.take_error() is (None if mode == "dont" else Reason.MESSAGE_TOO_LONG)
    assert socket.getsockopt("mtu") == 600


def test_s5_36_netstack_tells_raw_and_echo_sockets_of_no_error() -> None:
    for policy, heard in ((RFC, 1), (HEARING, 0)):
        wire = Wire(policy)
        raw, ping = wire.node.raw_socket(253), wire.node.icmp_socket(7)
        for socket in (raw, ping):
            socket.setsockopt("recverr", value=True)
        raw.send(b"x", REMOTE)
        complain(wire, wire.one())
        ping.send_echo(REMOTE, 1)
        complain(wire, wire.one())
        assert (len(raw.errors()), len(ping.errors())) == (heard, heard)


def test_s5_36_an_error_goes_to_the_raw_sockets_that_may_have_sent_it() -> None:
    wire = Wire()
    wire.node.add_address(1, SECOND_HOST, 24)
    sockets = [wire.node.raw_socket(number) for number in (253, 253, 253, 254)]
    sockets[1].bind(SECOND_HOST)
    sockets[2].connect(PEER)
    sockets[0].send(b"x", REMOTE)
    complain(wire, wire.one())
    assert [len(socket.errors()) for socket in sockets] == [1, 0, 0, 0]
    sockets[2].send(b"x")
    complain(wire, wire.one(), 3, 2)
    assert sockets[2].take_error() is Reason.PROTOCOL_UNREACHABLE
    assert sockets[0].take_error() is None


@rfc_and_netstack
def test_s11_2_what_an_echo_socket_sends_counts_for_the_stack_alone(policy: Policy) -> None:
    wire = Wire(policy)
    ping = wire.node.icmp_socket(7)
    before = netstack(wire)
    ping.send_echo(PEER, 1, b"data")
    assert netstack_moved(wire, before) == {"IP.PacketsSent": 1, "ICMP.PacketsSent.EchoRequest": 1}
    assert wire.node.counters.get("icmpMsgStatsOutPkts.8") == 1
    on_the_nic = wire.node.nic_counters(1)
    assert on_the_nic.get("ICMP.PacketsSent.EchoRequest") == 0
    assert on_the_nic.get("icmpStatsOutMsgs") == 0


@rfc_and_netstack
def test_s11_2_an_echo_request_that_cannot_be_sent_is_dropped(policy: Policy) -> None:
    wire = Wire(policy)
    ping = wire.node.icmp_socket(7)
    before = netstack(wire)
    too_long = refusal(lambda: ping.send_echo(PEER, 1, bytes(65_535)))
    assert too_long is Reason.MESSAGE_TOO_LONG
    assert netstack_moved(wire, before) == {"ICMP.PacketsSent.Dropped": 1}
    assert wire.node.nic_counters(1).get("ICMP.PacketsSent.Dropped") == 0


def test_s11_2_a_request_is_no_reply_for_an_echo_socket() -> None:
    wire = Wire()
    ping = wire.node.icmp_socket(7)
    before = netstack(wire)
    wire.ip(datagram(build_icmp(echo(ECHO_REQUEST, 7, 1, b"mine"))))
    assert netstack_moved(wire, before)["DroppedPackets"] == 1
    assert ping.receive() is None
    before = netstack(wire)
    wire.ip(datagram(build_icmp(echo(ECHO_REQUEST, 8, 1, b"another's"))))
    assert "DroppedPackets" not in netstack_moved(wire, before)
    wire.ip(datagram(build_icmp(echo(ECHO_REPLY, 7, 1, addresses(PEER)))))
    reply = ping.receive()
    assert reply is not None
    assert (reply.source, reply.data) == (PEER, addresses(PEER))

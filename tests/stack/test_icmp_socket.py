"""ICMP sockets with a peer (RFC 1122 §3.2.2.6, §3.4)."""

from __future__ import annotations

from stack.policy import Policy
from stack.refusal import Reason
from stack.wire.icmp import (
    ECHO_REPLY,
    ECHO_REQUEST,
    TIMESTAMP,
    IcmpMessage,
    build_icmp,
    echo,
    parse_icmp,
)
from tests.stack.node_kit import PEER, REMOTE, Wire, a, datagram, refusal
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.socket_kit import complain, route

OTHER = "198.51.100.8"


def reply(source: str, identifier: int = 7) -> bytes:
    return datagram(build_icmp(echo(ECHO_REPLY, identifier, 1, b"")), source=source)


@rfc_and_netstack
def test_what_names_no_destination_goes_to_the_peer(policy: Policy) -> None:
    wire = Wire(policy)
    socket = wire.node.icmp_socket(7)
    for send in (socket.send_echo, socket.send_timestamp):
        assert refusal(send, None, 1) is Reason.NO_DESTINATION
    assert refusal(socket.path_mtu) is Reason.NOT_CONNECTED
    socket.connect(REMOTE)
    assert socket.peer_address() == a(REMOTE)
    assert socket.path_mtu() == 1500
    socket.send_echo(None, 1)
    socket.send_timestamp(None, 2)
    socket.send_echo(PEER, 3)
    sent = wire.sent()
    assert [each.header.destination for each in sent] == [a(REMOTE), a(REMOTE), a(PEER)]
    kinds = [each.icmp.type for each in sent]
    assert kinds == [ECHO_REQUEST, TIMESTAMP, ECHO_REQUEST]
    socket.disconnect()
    assert refusal(socket.send_echo, None, 1) is Reason.NO_DESTINATION
    socket.close()
    assert refusal(socket.connect, REMOTE) is Reason.CLOSED


@rfc_and_netstack
def test_only_the_peer_is_heard(policy: Policy) -> None:
    wire = Wire(policy)
    socket = wire.node.icmp_socket(7)
    socket.connect(REMOTE)
    wire.ip(reply(OTHER))
    wire.ip(reply(REMOTE, identifier=8))
    assert socket.receive() is None
    wire.ip(reply(REMOTE))
    read = socket.receive()
    assert read is not None
    assert read.source == REMOTE
    socket.disconnect()
    wire.ip(reply(OTHER))
    assert socket.receive() is not None


def test_errors_about_the_peer_are_told_by_the_next_call() -> None:
    wire = Wire()
    socket = wire.node.icmp_socket(7)
    socket.connect(REMOTE)
    socket.send_echo(None, 1)
    about = wire.one()
    socket.send_echo(PEER, 1)
    complain(wire, wire.one(), code=2)
    assert socket.errors() == []
    complain(wire, about, code=2)
    assert refusal(socket.receive) is Reason.PROTOCOL_UNREACHABLE
    assert socket.receive() is None
    complain(wire, about, code=2)
    assert refusal(socket.send_echo, None, 1) is Reason.PROTOCOL_UNREACHABLE
    assert [each.code for each in socket.errors()] == [2, 2]
    # Another socket's request.
    other = echo(ECHO_REQUEST, 8, 1, b"")
    complain(wire, about.packet.octets[:20] + build_icmp(other))
    assert socket.errors() == []
    # Nor an error about what no socket sends.
    complain(wire, about.packet.octets[:20] + build_icmp(IcmpMessage(0, 0, b"\0\7\0\1", b"")))
    assert socket.errors() == []


def test_on_a_source_route_the_error_quotes_a_hop() -> None:
    wire = Wire()
    socket = wire.node.icmp_socket(7)
    socket.connect(REMOTE)
    socket.set_options(route(131, PEER, REMOTE))
    socket.send_echo(None, 1)
    about = wire.one()
    assert about.header.destination == a(PEER)
    assert isinstance(parse_icmp(about.packet.payload), IcmpMessage)
    complain(wire, about, code=2)
    assert len(socket.errors()) == 1

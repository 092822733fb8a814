"""Next hops that do not answer, and TCP (S13.9)."""

from __future__ import annotations

import pytest

from stack.policy import Policy
from stack.refusal import Reason, Refused
from stack.tcp_connection import State
from stack.wire.tcp import SYN
from tests.stack.node_kit import HOST, PEER, SECOND, Wire
from tests.stack.preset_kit import each_preset
from tests.stack.tcp_kit import PEER_PORT, connected, connecting, tcp


@each_preset
def test_s13_9_a_silent_next_hop_fails_a_connection_attempt(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    socket = wire.node.tcp_socket()
    socket.connect(PEER, PEER_PORT)
    wire.frames()
    wire.frames(3 * SECOND + SECOND // 10)
    with pytest.raises(Refused) as refused:
        socket.receive()
    assert (socket.state, refused.value.reason) == (State.CLOSED, Reason.HOST_UNREACHABLE)


def test_s13_9_an_open_connection_only_keeps_it() -> None:
    socket, peer = connected()
    wire = peer.wire
    wire.node.disable(1)
    wire.node.enable(1)
    socket.send(b"data")
    wire.frames(4 * SECOND)
    assert socket.state is State.ESTABLISHED
    assert socket.take_error() is Reason.HOST_UNREACHABLE


def test_s13_9_other_packets_that_wait_concern_no_connection() -> None:
    wire = Wire(neighbours=False)
    udp = wire.node.udp_socket()
    udp.send(bytes(3000), (PEER, 9))
    socket, peer = connecting()
    for octets in (tcp(SYN, source=HOST), tcp(SYN, source=HOST, offset=3)):
        raw = wire.node.raw_socket(255)
        raw.send(octets, PEER, header_included=True)
    assert wire.sent(4 * SECOND) == []
    assert socket.state is State.SYN_SENT
    assert peer.wire.node.tcp_established == 0

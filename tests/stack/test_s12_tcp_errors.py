"""What TCP makes of S12.20 and S7.21: errors queued when wanted, and a source that is gone."""

from __future__ import annotations

import pytest

from stack.policy import RFC, Policy
from stack.refusal import Reason
from stack.wire.icmp import IcmpMessage
from stack.wire.tcp import ACK
from tests.stack.node_kit import HOST, PEER, PEER_MAC, Wire, refusal
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.tcp_kit import accepted, connected, icmp_about


@rfc_and_netstack
@pytest.mark.parametrize("wish", [None, True, False], ids=["unset", "on", "off"])
def test_s12_20_tcp_queues_errors_for_whom_wants_them(policy: Policy, wish: bool | None) -> None:
    socket, peer = connected(policy)
    if wish is not None:
        socket.setsockopt("recverr", value=wish)
    socket.send(b"data")
    (sent,) = peer.wire.sent()
    icmp_about(peer.wire, IcmpMessage(3, 1, bytes(4), sent.packet.octets))
    told = wish if wish is not None else policy is RFC
    assert [(each.type, each.code) for each in socket.errors()] == [(3, 1)] * told
    # Whoever queues nothing is still told by name.
    assert socket.take_error() is Reason.HOST_UNREACHABLE


@rfc_and_netstack
@pytest.mark.parametrize("how", ["address", "nic"])
def test_s7_21_a_segment_from_a_source_that_is_gone_is_not_written(
    policy: Policy, how: str
) -> None:
    socket, peer = accepted(policy)
    wire = peer.wire
    if how == "nic":
        wire.node.disable(1)
    else:
        wire.node.remove_address(1, HOST)
    wire.frames()
    before = wire.mib()
    assert socket.send(b"data") == 4
    assert wire.sent() == []
    assert "ipSystemStatsOutNoRoutes" not in wire.moved(before)
    assert refusal(lambda: socket.maximum_segment) is Reason.INVALID_STATE
    if how == "nic":
        wire.node.enable(1)
        wire.node.add_neighbour(1, PEER, PEER_MAC)
    else:
        wire.node.add_address(1, HOST, 24)
    wire.frames()
    wire.node.poll(wire.now)
    peer.say(ACK)
    # It is queued, and goes with the next retransmission.
    assert any(segment.data == b"data" for segment in peer.hear_all(after=3_000_000))


@rfc_and_netstack
def test_s7_21_no_connection_begins_from_a_source_that_is_gone(policy: Policy) -> None:
    wire = Wire(policy)
    socket = wire.node.tcp_socket()
    socket.bind(HOST, 4000)
    wire.node.remove_address(1, HOST)
    assert refusal(lambda: socket.connect(PEER, 9)) is Reason.NO_ROUTE


def test_s13_9_what_is_too_short_for_tcp_waits_in_vain_alone() -> None:
    wire = Wire(neighbours=False)
    socket = wire.node.tcp_socket()
    socket.connect(PEER, 9)
    wire.node.raw_socket(6).send(b"\x0f\xa0\0", PEER)
    wire.frames(after=10_000_000)
    assert wire.mib()["ipSystemStatsOutDiscards"] >= 2
    assert socket.take_error() is Reason.HOST_UNREACHABLE

"""TCP segments that belong to nobody (S2.27, S2.28)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.policy import Policy
from stack.wire.tcp import ACK, RST, SYN
from tests.stack.count_kit import netstack_moved
from tests.stack.node_kit import GATEWAY, HOST, PEER, REMOTE, SUBNET_BROADCAST, Wire, datagram
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.tcp_kit import accepted, listening, segment_of, tcp, tcp_moved


@rfc_and_netstack
@pytest.mark.parametrize(
    ("source", "destination"),
    [
        (PEER, SUBNET_BROADCAST),
        (PEER, "255.255.255.255"),
        (PEER, "224.0.0.1"),
        ("0.0.0.0", HOST),
    ],
)
def test_s2_27_segments_to_many_or_from_nobody_are_counted_and_left(
    policy: Policy, source: str, destination: str
) -> None:
    # RFC drops a source of zero before TCP sees it (S14.18).
    policy = replace(policy, refuse_illegal_sources=False)
    wire = Wire(policy)
    listening(wire)
    before, mib = wire.node.counters.netstack(), wire.mib()
    wire.ip(tcp(SYN, source=source, destination=destination))
    assert wire.frames() == []
    assert netstack_moved(wire, before) == {
        "IP.PacketsReceived": 1,
        "IP.PacketsDelivered": 1,
        "TCP.InvalidSegmentsReceived": 1,
    }
    assert tcp_moved(wire, mib) == {"tcpInSegs": 1}


@rfc_and_netstack
def test_s2_28_without_socket_everything_but_a_reset_is_reset(policy: Policy) -> None:
    wire = Wire(policy)
    before, mib = wire.node.counters.netstack(), wire.mib()
    wire.ip(tcp(SYN, sequence=5, data=b"ab"))
    answer = segment_of(wire.one())
    assert (answer.flags, answer.sequence, answer.acknowledgment) == (RST | ACK, 0, 8)
    wire.ip(tcp(ACK, sequence=5, acknowledgment=77))
    answer = segment_of(wire.one())
    assert (answer.flags, answer.sequence) == (RST, 77)
    wire.ip(tcp(RST, sequence=5))
    assert wire.frames() == []
    assert netstack_moved(wire, before) == {
        "IP.PacketsReceived": 3,
        "IP.PacketsDelivered": 3,
        "IP.PacketsSent": 2,
    }
    assert tcp_moved(wire, mib) == {"tcpInSegs": 3, "tcpOutSegs": 2, "tcpOutRsts": 2}


@rfc_and_netstack
@pytest.mark.parametrize(
    "octets", [b"", bytes(19), bytes(12) + b"\x40" + bytes(7), tcp(SYN)[20:-1] + b"\x01"]
)
def test_s2_28_damaged_segments_without_socket_are_the_stacks(
    policy: Policy, octets: bytes
) -> None:
    wire = Wire(policy)
    before, mib = wire.node.counters.netstack(), wire.mib()
    wire.ip(datagram(octets, 6))
    assert wire.frames() == []
    assert netstack_moved(wire, before) == {
        "IP.PacketsReceived": 1,
        "IP.PacketsDelivered": 1,
        "MalformedRcvdPackets": 1,
    }
    assert tcp_moved(wire, mib) == {"tcpInSegs": 1, "tcpInErrs": 1}


@rfc_and_netstack
def test_s2_28_damaged_segments_for_a_socket_are_tcps(policy: Policy) -> None:
    _, peer = accepted(policy)
    wire = peer.wire
    listening(wire, 81)
    for port in (80, 81):
        before = wire.node.counters.netstack()
        wire.ip(datagram(tcp(ACK, port=port)[20:-1] + b"\x01", 6))
        assert wire.frames() == []
        changed = netstack_moved(wire, before)
        assert changed["TCP.InvalidSegmentsReceived"] == 1
        assert "MalformedRcvdPackets" not in changed


def test_a_reset_without_a_way_back_is_not_sent() -> None:
    wire = Wire()
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    before = wire.mib()
    wire.ip(tcp(SYN, source=REMOTE))
    assert wire.frames() == []
    assert wire.moved(before)["ipSystemStatsOutNoRoutes"] == 1

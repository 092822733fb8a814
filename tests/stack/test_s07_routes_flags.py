"""Out, back in, or both, and to which link address (S7.13, S7.23)."""

from __future__ import annotations

import pytest

from stack.policy import NETSTACK, RFC, Policy
from stack.wire.ethernet import BROADCAST_MAC
from tests.stack.count_kit import moving
from tests.stack.link_kit import ethernet_destinations, send_udp, two_nics, with_loopback
from tests.stack.node_kit import (
    GATEWAY_MAC,
    HOST,
    HOST_MAC,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND_MAC,
    SUBNET_BROADCAST,
    Wire,
)
from tests.stack.preset_kit import rfc_and_netstack

GROUP = "239.1.2.3"


# S7.13: which way a datagram goes


@rfc_and_netstack
def test_s7_13_on_a_loopback_nic_the_link_itself_loops(policy: Policy) -> None:
    wire = with_loopback(policy)
    socket = wire.node.udp_socket()
    socket.bind("127.0.0.1", 9)
    with moving(wire.node.counters, "IP.Packets") as moved:
        send_udp(wire.node, "127.0.0.1")
        assert wire.frames() == []
    received = socket.receive()
    assert received is not None
    assert moved["IP.PacketsReceived"] == 1
    assert socket.receive() is None


@rfc_and_netstack
def test_s7_13_a_broadcast_on_a_loopback_nic_is_looped_once(policy: Policy) -> None:
    wire = with_loopback(policy)
    with moving(wire.node.counters, "IP.Packets") as moved:
        socket = wire.node.udp_socket()
        socket.bind("127.0.0.1", 5)
        socket.settings.broadcast = True
        socket.send(b"", ("127.255.255.255", 9))
        assert wire.frames() == []
    assert moved["IP.PacketsReceived"] == 1


@pytest.mark.parametrize("to", [HOST, "203.0.113.1"])
def test_s7_13_with_handle_local_own_addresses_are_looped_only(to: str) -> None:
    wire = two_nics(RFC)
    socket = wire.node.udp_socket()
    socket.bind(to, 9)
    with moving(wire.node.counters, "IP.Packets") as moved:
        send_udp(wire.node, to)
        assert wire.frames() == []
    assert socket.receive() is not None
    assert "IP.PacketsSent" not in moved


def test_s7_13_without_handle_local_own_addresses_go_out_to_ones_own_link_address() -> None:
    wire = two_nics(NETSTACK)
    with moving(wire.node.counters, "IP.Packets") as moved:
        send_udp(wire.node, HOST)
        send_udp(wire.node, "203.0.113.1")
    assert ethernet_destinations(wire) == [HOST_MAC, SECOND_MAC]
    assert moved == {"IP.PacketsSent": 2}


@pytest.mark.parametrize(
    ("policy", "joined", "asked", "looped"),
    [
        (RFC, True, True, 1),
        (RFC, True, False, 0),
        (RFC, False, True, 0),
        (NETSTACK, True, True, 1),
        (NETSTACK, True, False, 0),
        (NETSTACK, False, True, 1),
    ],
)
def test_s7_13_group_datagrams_go_out_and_loop_where_asked(
    policy: Policy, joined: bool, asked: bool, looped: int
) -> None:
    wire = Wire(policy)
    if joined:
        wire.node.join(1, GROUP)
    wire.frames()
    socket = wire.node.udp_socket()
    socket.settings.multicast_loop = asked
    with moving(wire.node.counters, "IP.") as moved:
        socket.send(b"data", (GROUP, 9))
        assert len(ethernet_destinations(wire)) == 1
    assert moved.get("IP.PacketsReceived", 0) == looped
    # RFC 1112 §6.1: only a member gets a copy; else what is looped finds nobody (S2.15).
    unwanted = looped if not joined else 0
    assert moved.get("IP.InvalidDestinationAddressesReceived", 0) == unwanted


@rfc_and_netstack
@pytest.mark.parametrize("to", ["255.255.255.255", SUBNET_BROADCAST])
def test_s7_13_broadcasts_go_out_and_loop(policy: Policy, to: str) -> None:
    wire = Wire(policy)
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    with moving(wire.node.counters, "IP.Packets") as moved:
        send_udp(wire.node, to)
        assert ethernet_destinations(wire) == [BROADCAST_MAC]
    assert socket.receive() is not None
    assert (moved["IP.PacketsSent"], moved["IP.PacketsReceived"]) == (1, 1)


# S7.23: link addresses


@rfc_and_netstack
@pytest.mark.parametrize(
    ("to", "mac"),
    [
        ("255.255.255.255", BROADCAST_MAC),
        (SUBNET_BROADCAST, BROADCAST_MAC),
        ("224.0.1.1", bytes.fromhex("01005e000101")),
        ("239.129.2.3", bytes.fromhex("01005e010203")),
        (PEER, PEER_MAC),
        (REMOTE, GATEWAY_MAC),
    ],
)
def test_s7_23_link_addresses(policy: Policy, to: str, mac: bytes) -> None:
    wire = Wire(policy)
    send_udp(wire.node, to)
    assert ethernet_destinations(wire) == [mac]


@pytest.mark.parametrize(
    ("policy", "broadcast"), [(RFC, True), (NETSTACK, False)], ids=["RFC", "NETSTACK"]
)
def test_s7_23_the_broadcast_of_a_subnet_that_is_not_the_sources(
    policy: Policy, broadcast: bool
) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "10.0.0.1", 8)
    socket = wire.node.udp_socket()
    socket.settings.broadcast = True
    socket.bind(HOST, 0)
    socket.send(b"data", ("10.255.255.255", 9))
    assert ethernet_destinations(wire) == [BROADCAST_MAC] * broadcast

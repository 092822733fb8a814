"""Counters and neighbours for tests of the link."""

from __future__ import annotations

from stack.node import Node
from stack.policy import Policy
from stack.refusal import Reason
from stack.route_choice import Route, choose
from stack.wire.arp import ArpPacket
from stack.wire.ethernet import parse_ethernet
from tests.stack.node_kit import Wire, a

OTHER_MAC = bytes.fromhex("0200000000bb")
SECOND_GATEWAY = "192.0.2.253"
SECOND_GATEWAY_MAC = bytes.fromhex("0200000000fd")


def send_udp(node: Node, to: str, data: bytes = b"data") -> None:
    """Send one datagram from a socket of its own."""
    socket = node.udp_socket()
    socket.settings.broadcast = True
    socket.send(data, (to, 9))
    socket.close()


def who_has(arps: list[tuple[bytes, ArpPacket]]) -> list[tuple[bytes, int]]:
    """Ethernet destination and target of each request."""
    return [(mac, packet.target_address) for mac, packet in arps]


def ethernet_destinations(wire: Wire, after: int = 0) -> list[bytes]:
    """Where the frames with IPv4 in them go."""
    frames = (parse_ethernet(octets) for _, octets in wire.frames(after))
    return [each.destination for each in frames if each is not None and each.ethertype == 0x0800]


def two_nics(policy: Policy, *, forwarding: bool = False) -> Wire:
    """A host, or a router, with NIC 2 on 203.0.113.0/24."""
    wire = Wire(policy)
    wire.second_nic(forwarding=forwarding)
    return wire


def with_loopback(policy: Policy) -> Wire:
    """A host with NIC 9 as its loopback."""
    wire = Wire(policy)
    wire.node.add_nic(9, mac=None, loopback=True)
    wire.node.add_address(9, "127.0.0.1", 8)
    return wire


def way(
    node: Node, to: str, *, source: str | None = None, nic: int | None = None
) -> Route | Reason:
    """What the stack chooses for a destination."""
    core = node._core
    return choose(
        core,
        a(to),
        source=None if source is None else a(source),
        nic=None if nic is None else core.nics[nic],
    )


def taken(
    node: Node, to: str, *, source: str | None = None, nic: int | None = None
) -> tuple[int, int]:
    """NIC and next hop."""
    route = way(node, to, source=source, nic=nic)
    assert isinstance(route, Route), route
    return route.nic.number, route.next_hop

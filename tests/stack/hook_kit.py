"""Rules, segments and a router between two links, for tests of hooks."""

from __future__ import annotations

from dataclasses import replace

from stack.hook_match import HeaderFilter
from stack.hook_packet import Place
from stack.hook_tables import Chain, Rule, Table, Target, Verdict
from stack.policy import NETSTACK_LATER, RFC, Policy
from stack.wire.address import format_address
from stack.wire.icmp import ECHO_REQUEST, build_icmp, echo
from stack.wire.ipv4 import Ipv4Packet
from stack.wire.tcp import SYN, TcpSegment, build_tcp
from stack.wire.udp import read_ports
from tests.stack.node_kit import Wire, a, datagram

QUIET_LATER = replace(NETSTACK_LATER, igmp_version=0)
"""NETSTACK_LATER without what routers report of their groups."""
INSIDE = "203.0.113.9"
"""A host on NIC 2 of the router."""
LOOPBACK_NIC = 9


def at(place: Place, target: Target, header: HeaderFilter | None = None) -> Table:
    """A table with one rule at one place, and acceptance for the rest."""
    rule = Rule(target) if header is None else Rule(target, header)
    return Table({place: Chain((rule,), Verdict.ACCEPT)})


def router(policy: Policy = RFC) -> Wire:
    """NIC 1 outside with a default gateway, NIC 2 inside."""
    wire = Wire(policy)
    wire.second_nic()
    return wire


def loopback(wire: Wire) -> None:
    """Give the node 127.0.0.1."""
    wire.node.add_nic(LOOPBACK_NIC, mac=None, loopback=True, mtu=65535)
    wire.node.add_address(LOOPBACK_NIC, "127.0.0.1", 8)


def tcp(
    source: str,
    source_port: int,
    destination: str,
    port: int,
    *,
    flags: int = SYN,
    data: bytes = b"",
    sequence: int = 100,
    acknowledgment: int = 0,
) -> bytes:
    """A packet with one segment."""
    segment = TcpSegment(source_port, port, sequence, acknowledgment, flags, 1000, 0, b"", data)
    octets = build_tcp(segment, a(source), a(destination))
    return datagram(octets, 6, source=source, destination=destination)


def ping_between(
    source: str, destination: str, identifier: int = 7, kind: int = ECHO_REQUEST
) -> bytes:
    octets = build_icmp(echo(kind, identifier, 1, b"data"))
    return datagram(octets, 1, source=source, destination=destination)


def ends(packet: Ipv4Packet) -> tuple[str, int, str, int]:
    """Source, its port, destination, its port."""
    ports = read_ports(packet.payload)
    assert ports is not None
    header = packet.header
    return (
        format_address(header.source), ports[0], format_address(header.destination), ports[1]
    )  # fmt: skip

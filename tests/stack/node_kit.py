"""A node on a wire, for tests: speak to it as neighbours and remote hosts, read what it sends."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple, TypedDict, Unpack

import pytest

from stack.node import Node
from stack.policy import RFC, Policy
from stack.refusal import Reason, Refused
from stack.wire.address import parse_address
from stack.wire.arp import ArpPacket, arp_reply, build_arp, parse_arp
from stack.wire.ethernet import BROADCAST_MAC, build_ethernet, parse_ethernet
from stack.wire.icmp import ECHO_REQUEST, IcmpFault, IcmpMessage, build_icmp, echo, parse_icmp
from stack.wire.ipv4 import HeaderFault, Ipv4Header, Ipv4Packet, build_ipv4, parse_ipv4
from stack.wire.udp import UdpDatagram, UdpFault, build_udp, parse_udp

SECOND = 1_000_000
HOST = "192.0.2.1"
PEER = "192.0.2.9"
GATEWAY = "192.0.2.254"
REMOTE = "198.51.100.7"
SUBNET_BROADCAST = "192.0.2.255"
HOST_MAC = bytes.fromhex("020000000001")
SECOND_MAC = bytes.fromhex("020000000002")
PEER_MAC = bytes.fromhex("0200000000aa")
GATEWAY_MAC = bytes.fromhex("0200000000fe")
FAR_MAC = bytes.fromhex("0200000000fa")


def a(text: str) -> int:
    return parse_address(text)


def quad(text: str) -> bytes:
    """An address as its four octets."""
    return a(text).to_bytes(4, "big")


def refusal(call: Callable[..., object], *given: Any, **named: Any) -> Reason:
    """Why a call is refused."""
    with pytest.raises(Refused) as refused:
        call(*given, **named)
    return refused.value.reason


class Sent(NamedTuple):
    """One IPv4 packet that the node put on a link."""

    nic: int
    mac: bytes
    packet: Ipv4Packet

    @property
    def header(self) -> Ipv4Header:
        return self.packet.header

    @property
    def icmp(self) -> IcmpMessage:
        message = parse_icmp(self.packet.payload)
        assert not isinstance(message, IcmpFault), message
        return message

    @property
    def icmp_fields(self) -> tuple[int, int, bytes, bytes]:
        """Type, code, octets 4 to 7, data."""
        message = self.icmp
        return message.type, message.code, message.rest, message.data

    @property
    def udp(self) -> UdpDatagram:
        header = self.packet.header
        datagram = parse_udp(self.packet.payload, header.source, header.destination)
        assert not isinstance(datagram, UdpFault), datagram
        return datagram


class Wire:
    """A node with NIC 1 on 192.0.2.0/24 and a default gateway, neighbours known by hand."""

    def __init__(self, policy: Policy = RFC, *, neighbours: bool = True, mtu: int = 1500) -> None:
        self.node = Node(policy, random=random.Random(7), time_of_day_ms=3_600_000)
        self.now = 0
        self.node.add_nic(1, mac=HOST_MAC, mtu=mtu)
        self.node.add_address(1, HOST, 24)
        self.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
        if neighbours:
            self.node.add_neighbour(1, PEER, PEER_MAC)
            self.node.add_neighbour(1, GATEWAY, GATEWAY_MAC)

    def second_nic(self, *, mtu: int = 1500, forwarding: bool = True) -> None:
        """Add NIC 2 on 203.0.113.0/24 with the neighbour .9."""
        self.node.add_nic(2, mac=SECOND_MAC, mtu=mtu)
        self.node.add_address(2, "203.0.113.1", 24)
        self.node.add_neighbour(2, "203.0.113.9", FAR_MAC)
        self.node.forwarding = forwarding

    def frame(self, frame: bytes, nic: int = 1) -> None:
        self.node.receive(nic, frame, self.now)

    def ip(
        self,
        octets: bytes,
        *,
        mac: bytes = HOST_MAC,
        sender: bytes = PEER_MAC,
        nic: int = 1,
    ) -> None:
        self.frame(build_ethernet(mac, sender, 0x0800, octets), nic)

    def arp(self, packet: ArpPacket, *, mac: bytes = BROADCAST_MAC, nic: int = 1) -> None:
        self.frame(build_ethernet(mac, packet.sender_mac, 0x0806, build_arp(packet)), nic)

    def answer_arp(self, address: str, mac: bytes, nic: int = 1) -> None:
        self.arp(arp_reply(mac, a(address), HOST_MAC, a(HOST)), mac=HOST_MAC, nic=nic)

    def frames(self, after: int = 0) -> list[tuple[int, bytes]]:
        self.now += after
        return self.node.poll(self.now)

    def sent(self, after: int = 0) -> list[Sent]:
        """Give the IPv4 packets sent until now, ARP left out."""
        found = []
        for nic, octets in self.frames(after):
            frame = parse_ethernet(octets)
            assert frame is not None
            if frame.ethertype == 0x0800:
                packet = parse_ipv4(frame.payload)
                assert not isinstance(packet, HeaderFault), packet
                found.append(Sent(nic, frame.destination, packet))
        return found

    def one(self, after: int = 0) -> Sent:
        sent = self.sent(after)
        assert len(sent) == 1, sent
        return sent[0]

    def arps(self, after: int = 0) -> list[tuple[bytes, ArpPacket]]:
        """Give the ARP packets sent until now, with the Ethernet destination."""
        found = []
        for _, octets in self.frames(after):
            frame = parse_ethernet(octets)
            assert frame is not None
            if frame.ethertype == 0x0806:
                packet = parse_arp(frame.payload)
                assert packet is not None
                found.append((frame.destination, packet))
        return found

    def moved(self, before: dict[str, int]) -> dict[str, int]:
        """Give the MIB objects that moved, octet counters left out."""
        after = self.node.counters.mib()
        return {
            name: value - before.get(name, 0)
            for name, value in after.items()
            if value != before.get(name, 0) and not name.endswith("Octets")
        }

    def mib(self) -> dict[str, int]:
        return self.node.counters.mib()


class Fields(TypedDict, total=False):
    """Header fields that a test may choose; the offset counts eight octets."""

    source: str
    destination: str
    ttl: int
    tos: int
    identification: int
    flags: int
    offset: int
    options: bytes


def datagram(payload: bytes, protocol: int = 1, **fields: Unpack[Fields]) -> bytes:
    """Build one packet from PEER to HOST."""
    header = Ipv4Header(
        a(fields.get("source", PEER)),
        a(fields.get("destination", HOST)),
        protocol,
        fields.get("ttl", 64),
        fields.get("tos", 0),
        fields.get("identification", 1),
        fields.get("flags", 0),
        fields.get("offset", 0),
        fields.get("options", b""),
    )
    return build_ipv4(header, payload)


def ping(data: bytes = b"data", **fields: Unpack[Fields]) -> bytes:
    """An echo request from PEER to HOST."""
    return datagram(build_icmp(echo(ECHO_REQUEST, 7, 1, data)), 1, **fields)


def udp(
    data: bytes = b"data", port: int = 9, source_port: int = 4000, **fields: Unpack[Fields]
) -> bytes:
    """A UDP datagram from PEER to HOST."""
    source, destination = fields.get("source", PEER), fields.get("destination", HOST)
    octets = build_udp(a(source), a(destination), source_port, port, data)
    return datagram(octets, 17, **fields)

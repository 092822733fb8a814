"""ARP: RFC 826, RFC 1122 §2.3.2, RFC 5227 §2.4, RFC 3927 §2.5."""

from __future__ import annotations

import pytest

from stack.node import Node
from stack.refusal import Refused
from stack.wire.arp import ArpPacket, arp_reply, arp_request
from stack.wire.ethernet import BROADCAST_MAC
from tests.stack.node_kit import (
    GATEWAY,
    HOST,
    HOST_MAC,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND,
    Wire,
    a,
    ping,
)

OTHER_MAC = bytes.fromhex("0200000000bb")


def test_a_request_for_our_address_is_answered_to_the_sender() -> None:
    wire = Wire(neighbours=False)
    wire.arp(arp_request(PEER_MAC, a(PEER), a(HOST)))
    [(mac, reply)] = wire.arps()
    assert mac == PEER_MAC
    assert reply == arp_reply(HOST_MAC, a(HOST), PEER_MAC, a(PEER))
    # RFC 826: the sender is known from now on.
    wire.ip(ping())
    assert wire.one().mac == PEER_MAC


def test_a_probe_is_answered_and_teaches_nothing() -> None:
    wire = Wire(neighbours=False)
    wire.arp(arp_request(PEER_MAC, 0, a(HOST)))
    [(mac, reply)] = wire.arps()
    assert (mac, reply.target_address) == (PEER_MAC, 0)
    assert wire.node.neighbour(1, "0.0.0.0") is None


@pytest.mark.parametrize(
    "packet",
    [
        arp_request(PEER_MAC, a(PEER), a("192.0.2.77")),
        arp_request(PEER_MAC, a(PEER), a("192.0.2.255")),
        arp_request(PEER_MAC, a(PEER), a("255.255.255.255")),
        arp_reply(PEER_MAC, a(PEER), HOST_MAC, a(HOST)),
        arp_request(PEER_MAC, a(PEER), a(HOST))._replace(hardware_type=7),
        arp_request(PEER_MAC, a(PEER), a(HOST))._replace(protocol_type=0x86DD),
        arp_request(PEER_MAC, a(PEER), a(HOST))._replace(hardware_length=8),
        arp_request(PEER_MAC, a(PEER), a(HOST))._replace(operation=3),
        arp_request(BROADCAST_MAC, a(PEER), a(HOST)),
        arp_request(HOST_MAC, a(PEER), a(HOST)),
    ],
)
def test_not_answered(packet: ArpPacket) -> None:
    wire = Wire(neighbours=False)
    wire.arp(packet)
    assert wire.arps() == []


def test_truncated_packets_and_other_ethertypes_are_ignored() -> None:
    wire = Wire(neighbours=False)
    wire.frame(BROADCAST_MAC + PEER_MAC + b"\x08\x06" + bytes(20))
    wire.frame(BROADCAST_MAC + PEER_MAC + b"\x86\xdd" + bytes(50))
    wire.frame(b"short")
    assert wire.frames() == []
    assert wire.node.counters.get("UnknownProtocolRcvdPackets") == 1


def test_a_known_entry_follows_any_packet_of_its_station() -> None:
    wire = Wire(neighbours=False)
    wire.arp(arp_request(PEER_MAC, a(PEER), a(HOST)))
    wire.arp(arp_request(OTHER_MAC, a(PEER), a("192.0.2.77")))
    assert wire.node.neighbour(1, PEER) == OTHER_MAC
    # An unknown station that asks for others is not remembered.
    wire.arp(arp_request(OTHER_MAC, a("192.0.2.50"), a("192.0.2.77")))
    assert wire.node.neighbour(1, "192.0.2.50") is None


def test_an_address_is_defended_once_in_ten_seconds() -> None:
    wire = Wire()
    conflict = arp_request(OTHER_MAC, a(HOST), a(PEER))
    wire.arp(conflict)
    [(mac, announcement)] = wire.arps()
    assert mac == BROADCAST_MAC
    assert announcement == arp_request(HOST_MAC, a(HOST), a(HOST))
    wire.arp(conflict)
    assert wire.arps(after=10 * SECOND) == []
    wire.arp(conflict)
    assert len(wire.arps()) == 1
    wire.ip(ping())
    assert wire.one().icmp.data == b"data"


def test_replies_for_link_local_addresses_are_broadcast() -> None:
    wire = Wire()
    wire.node.add_address(1, "169.254.7.7", 16)
    wire.arp(arp_request(PEER_MAC, a("169.254.1.1"), a("169.254.7.7")))
    [(mac, reply)] = wire.arps()
    assert mac == BROADCAST_MAC
    assert reply.sender_address == a("169.254.7.7")


def test_off_link_peers_are_reached_by_the_gateway() -> None:
    wire = Wire(neighbours=False)
    wire.ip(ping(source=REMOTE))
    [(_, request)] = wire.arps()
    assert request.target_address == a(GATEWAY)


def test_without_ethernet_there_is_no_arp() -> None:
    wire = Wire()
    wire.node.add_nic(5, mac=None)
    wire.node.add_address(5, "10.0.0.1", 24)
    wire.frame(ping(source="10.0.0.2", destination="10.0.0.1"), nic=5)
    [(nic, octets)] = wire.frames()
    assert nic == 5
    assert octets[0] == 0x45


def test_neighbours_given_by_hand() -> None:
    wire = Wire(neighbours=False)
    wire.ip(ping())
    wire.frames()
    wire.node.add_neighbour(1, PEER, PEER_MAC)
    assert wire.one().mac == PEER_MAC
    assert wire.node.neighbour(1, PEER) == PEER_MAC
    with pytest.raises(Refused):
        wire.node.add_neighbour(1, PEER, BROADCAST_MAC)


def test_disabling_a_nic_forgets_its_neighbours() -> None:
    wire = Wire(neighbours=False)
    wire.ip(ping())
    node: Node = wire.node
    node.disable(1)
    assert node.next_deadline() is None
    wire.ip(ping())
    assert wire.sent() == []
    assert node.link_counters(1)["DisabledRx.Packets"] == 1
    node.disable(1)
    node.enable(1)
    node.enable(1)
    wire.ip(ping())
    assert len(wire.arps()) == 1

"""ARP packets received (S13.11, S14.51)."""

from __future__ import annotations

import pytest

from stack.policy import NETSTACK, RFC, Policy
from stack.wire.arp import ArpPacket, arp_reply, arp_request
from stack.wire.ethernet import BROADCAST_MAC, build_ethernet
from tests.stack.count_kit import moving
from tests.stack.link_kit import OTHER_MAC, send_udp
from tests.stack.node_kit import HOST, HOST_MAC, PEER, PEER_MAC, SECOND, Wire, a
from tests.stack.preset_kit import rfc_and_netstack

FOR_US = arp_request(PEER_MAC, a(PEER), a(HOST))
FOR_OTHERS = arp_request(PEER_MAC, a(PEER), a("192.0.2.77"))
REPLY = arp_reply(PEER_MAC, a(PEER), HOST_MAC, a(HOST))
MALFORMED = [
    FOR_US._replace(hardware_type=7),
    FOR_US._replace(protocol_type=0x86DD),
    FOR_US._replace(hardware_length=8),
    FOR_US._replace(protocol_length=16),
]


def moved_by(wire: Wire, packet: ArpPacket) -> dict[str, int]:
    with moving(wire.node.counters) as moved:
        wire.arp(packet)
    return moved


@rfc_and_netstack
def test_s13_11_packets_are_counted_per_nic_and_for_the_stack(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    expected = {
        "ARP.PacketsReceived": 1,
        "ARP.RequestsReceived": 1,
        "ARP.OutgoingRepliesSent": 1,
    }
    with moving(wire.node.nic_counters(1)) as nic_moved:
        assert moved_by(wire, FOR_US) == expected
    assert nic_moved == expected
    assert moved_by(wire, REPLY) == {"ARP.PacketsReceived": 1, "ARP.RepliesReceived": 1}
    assert moved_by(wire, FOR_US._replace(operation=3)) == {"ARP.PacketsReceived": 1}


@rfc_and_netstack
@pytest.mark.parametrize("packet", MALFORMED)
def test_s13_11_malformed_packets_are_counted(policy: Policy, packet: ArpPacket) -> None:
    wire = Wire(policy, neighbours=False)
    expected = {"ARP.PacketsReceived": 1, "ARP.MalformedPacketsReceived": 1}
    assert moved_by(wire, packet) == expected
    with moving(wire.node.counters) as moved:
        wire.frame(BROADCAST_MAC + PEER_MAC + b"\x08\x06" + bytes(27))
    assert moved == expected
    assert wire.frames() == []


@rfc_and_netstack
def test_s13_11_while_arp_is_off_packets_are_counted_as_disabled(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    wire.node.set_arp(1, on=False)
    assert moved_by(wire, FOR_US) == {
        "ARP.PacketsReceived": 1,
        "ARP.DisabledPacketsReceived": 1,
    }
    send_udp(wire.node, PEER)
    assert wire.frames(after=3 * SECOND) == []
    wire.node.set_arp(1, on=True)
    wire.arp(FOR_US)
    assert len(wire.arps()) == 1


@rfc_and_netstack
def test_s13_11_a_request_for_an_address_not_ours_is_counted_and_ignored(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    assert moved_by(wire, FOR_OTHERS) == {
        "ARP.PacketsReceived": 1,
        "ARP.RequestsReceived": 1,
        "ARP.RequestsReceivedUnknownTargetAddress": 1,
    }
    assert wire.frames() == []
    assert wire.node.neighbour(1, PEER) is None


@rfc_and_netstack
def test_s13_11_a_request_for_one_of_ours_teaches_and_is_answered(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    # The answer goes to the hardware address in the packet, whoever the frame came from.
    frame = build_ethernet(BROADCAST_MAC, OTHER_MAC, 0x0806, b"")[:14]
    wire.frame(frame + bytes.fromhex("0001080006040001") + PEER_MAC + a(PEER).to_bytes(4, "big")
               + bytes(6) + a(HOST).to_bytes(4, "big"))  # fmt: skip
    assert wire.arps() == [(PEER_MAC, arp_reply(HOST_MAC, a(HOST), PEER_MAC, a(PEER)))]
    assert wire.node.neighbour(1, PEER) == PEER_MAC
    # An entry that exists takes a new address from a request for one of ours.
    wire.arp(arp_request(OTHER_MAC, a(PEER), a(HOST)))
    assert wire.node.neighbour(1, PEER) == OTHER_MAC


@rfc_and_netstack
def test_s13_11_a_reply_resolves_what_is_unresolved(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    send_udp(wire.node, PEER)
    wire.frames()
    wire.arp(REPLY)
    assert wire.one().mac == PEER_MAC
    assert wire.node.next_deadline() is None


def test_s13_11_a_reply_makes_no_new_entry() -> None:
    wire = Wire(NETSTACK, neighbours=False)
    wire.arp(REPLY)
    assert wire.node.neighbour(1, PEER) is None


def test_s13_11_another_hardware_address_makes_an_entry_stale() -> None:
    wire = Wire(NETSTACK, neighbours=False)
    wire.arp(FOR_US)
    wire.arp(REPLY._replace(sender_mac=OTHER_MAC))
    wire.frames()
    assert wire.node.neighbour(1, PEER) == PEER_MAC
    # Its first use starts the wait for the unicast requests.
    send_udp(wire.node, PEER)
    assert wire.one().mac == PEER_MAC
    assert wire.node.next_deadline() == 5 * SECOND
    wire.arp(REPLY._replace(sender_mac=OTHER_MAC))
    assert wire.node.next_deadline() == 5 * SECOND
    assert wire.arps(after=5 * SECOND) == [(PEER_MAC, arp_request(HOST_MAC, a(HOST), a(PEER)))]
    wire.arp(REPLY)
    assert wire.node.next_deadline() is None


def test_s13_11_requests_for_others_change_nothing() -> None:
    wire = Wire(NETSTACK, neighbours=False)
    wire.arp(FOR_US)
    wire.arp(FOR_OTHERS._replace(sender_mac=OTHER_MAC))
    assert wire.node.neighbour(1, PEER) == PEER_MAC


@pytest.mark.parametrize("packet", [FOR_US, FOR_OTHERS, REPLY])
def test_s14_51_a_new_hardware_address_is_taken_at_once(packet: ArpPacket) -> None:
    wire = Wire(RFC, neighbours=False)
    wire.arp(FOR_US)
    wire.arp(packet._replace(sender_mac=OTHER_MAC))
    assert wire.node.neighbour(1, PEER) == OTHER_MAC


def test_s14_51_a_reply_to_us_makes_an_entry() -> None:
    # RFC 826: the operation is looked at last.
    wire = Wire(RFC, neighbours=False)
    wire.arp(REPLY)
    assert wire.node.neighbour(1, PEER) == PEER_MAC

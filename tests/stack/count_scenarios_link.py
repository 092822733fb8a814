"""For each counter of forwarding, ARP and TCP, and of refused writes, an event that moves it."""

from __future__ import annotations

from dataclasses import replace

from stack.policy import Policy
from stack.refusal import Refused
from stack.wire.arp import ArpPacket, arp_reply, arp_request
from stack.wire.ethernet import BROADCAST_MAC, build_ethernet
from stack.wire.tcp import ACK, RST, SYN
from tests.stack.count_scenarios import Scenario, received
from tests.stack.node_kit import (
    HOST,
    HOST_MAC,
    PEER,
    PEER_MAC,
    SECOND,
    SECOND_MAC,
    Wire,
    a,
    ping,
    udp,
)
from tests.stack.tcp_kit import accepted, connecting, tcp

FAR = "203.0.113.9"
GROUP = "239.1.2.3"
REQUEST = arp_request(PEER_MAC, a(PEER), a(HOST))


def silent_far_side(policy: Policy) -> Wire:
    """A router asks on NIC 2 and nobody answers."""
    wire = Wire(policy)
    wire.node.add_nic(2, mac=SECOND_MAC)
    wire.node.add_address(2, "203.0.113.1", 24)
    wire.node.add_route("203.0.113.0/24", 2)
    wire.node.forwarding = True
    wire.ip(ping(destination=FAR))
    return wire


def unreachable(policy: Policy) -> Wire:
    wire = silent_far_side(policy)
    wire.frames(after=10 * SECOND)
    return wire


def closed_link(policy: Policy) -> Wire:
    """NIC 2 is turned off while datagrams and pieces wait for a link address there."""
    wire = silent_far_side(policy)
    wire.node.set_mtu(2, 576)
    wire.ip(ping(bytes(900), destination=FAR))
    wire.node.disable(2)
    return wire


def full_link(policy: Policy) -> Wire:
    wire = Wire(policy)
    wire.second_nic()
    wire.node.add_route("203.0.113.0/24", 2)
    wire.frames()
    wire.node.set_link_room(2, 0)
    wire.ip(ping(destination=FAR))
    return wire


def zero_source(policy: Policy) -> Wire:
    wire = Wire(replace(policy, refuse_illegal_sources=False))
    wire.second_nic()
    wire.ip(udp(source="0.0.0.1", destination=FAR))
    return wire


def groups(*, input_nic: int = 2, output_nic: int = 3, datagrams: int = 1) -> Scenario:
    """Datagrams to a group come in by NIC 1; a route that is none of theirs is there."""

    def run(policy: Policy) -> Wire:
        wire = Wire(policy)
        wire.second_nic()
        wire.node.add_nic(3, mac=bytes.fromhex("020000000003"))
        if policy.groups_apart:
            wire.node.multicast.on = True
            wire.node.multicast.set_nic(1, on=True)
            if input_nic:
                wire.node.multicast.add_route(PEER, GROUP, input_nic, {output_nic: 1})
        wire.node.disable(3)
        for _ in range(datagrams):
            wire.ip(udp(destination=GROUP))
        return wire

    return run


def refused_echo(policy: Policy) -> Wire:
    wire = Wire(policy)
    wire.node.set_link_room(1, 0)
    wire.ip(ping())
    return wire


def refused_igmp(policy: Policy) -> Wire:
    wire = Wire(replace(policy, igmp_version=2))
    wire.node.set_link_room(1, 0)
    wire.node.join(1, GROUP)
    return wire


def refused_udp(policy: Policy) -> Wire:
    wire = Wire(policy)
    wire.node.set_link_room(1, 0)
    try:
        wire.node.udp_socket().send(b"x", (PEER, 9))
    except Refused:
        return wire
    raise AssertionError


def arp(packet: ArpPacket, *, on: bool = True, room: int = 9, short: int = 0) -> Scenario:
    def run(policy: Policy) -> Wire:
        wire = Wire(policy)
        wire.frames()
        wire.node.set_arp(1, on=on)
        wire.node.set_link_room(1, room)
        if short:
            wire.frame(build_ethernet(BROADCAST_MAC, PEER_MAC, 0x0806, bytes(short)))
        wire.arp(packet)
        return wire

    return run


def asking(*, room: int = 9) -> Scenario:
    def run(policy: Policy) -> Wire:
        wire = Wire(policy, neighbours=False)
        wire.frames()
        wire.node.set_link_room(1, room)
        wire.node.icmp_socket(1).send_echo(PEER, 1)
        return wire

    return run


def asking_without_address(policy: Policy) -> Wire:
    """A router has no address on the link where it has to ask."""
    wire = Wire(policy)
    wire.node.add_nic(2, mac=SECOND_MAC)
    wire.node.add_route("203.0.113.0/24", 2)
    wire.node.forwarding = True
    wire.ip(ping(destination=FAR))
    return wire


def attempt(policy: Policy) -> Wire:
    _, peer = connecting(policy)
    peer.wire.frames(after=10 * SECOND)
    peer.say(RST | ACK)
    return peer.wire


def reset_by_peer(policy: Policy) -> Wire:
    _, peer = accepted(policy)
    peer.say(RST)
    return peer.wire


def segment(*, damaged: bool = False) -> Scenario:
    octets = tcp(SYN)
    return received(octets[:-1] + b"?" if damaged else octets)


HOST_ASKED = arp(REQUEST)

SCENARIOS: dict[str, Scenario] = {
    "IP.ValidPacketsReceived": received(ping()),
    "IP.Forwarding.InitializingSource": zero_source,
    "IP.Forwarding.HostUnreachable": unreachable,
    "IP.Forwarding.UnexpectedMulticastInputInterface": groups(),
    "IP.Forwarding.NoMulticastPendingQueueBufferSpace": groups(input_nic=0, datagrams=4),
    "IP.Forwarding.UnknownOutputEndpoint": groups(input_nic=1),
    "IP.Forwarding.OutgoingDeviceNoBufferSpace": full_link,
    "IP.Forwarding.OutgoingDeviceClosedForSend": closed_link,
    "IP.Forwarding.Errors": full_link,
    "ICMP.PacketsSent.Dropped": refused_echo,
    "IGMP.PacketsSent.Dropped": refused_igmp,
    "UDP.PacketSendErrors": refused_udp,
    "ARP.PacketsReceived": HOST_ASKED,
    "ARP.DisabledPacketsReceived": arp(REQUEST, on=False),
    "ARP.MalformedPacketsReceived": arp(REQUEST, short=20),
    "ARP.RequestsReceived": HOST_ASKED,
    "ARP.RequestsReceivedUnknownTargetAddress": arp(REQUEST._replace(target_address=a(FAR))),
    "ARP.RepliesReceived": arp(arp_reply(PEER_MAC, a(PEER), HOST_MAC, a(HOST))),
    "ARP.OutgoingRequestsSent": asking(),
    "ARP.OutgoingRequestInterfaceHasNoLocalAddressErrors": asking_without_address,
    "ARP.OutgoingRequestsDropped": asking(room=0),
    "ARP.OutgoingRepliesSent": HOST_ASKED,
    "ARP.OutgoingRepliesDropped": arp(REQUEST, room=0),
    "tcpActiveOpens": attempt,
    "tcpPassiveOpens": reset_by_peer,
    "tcpAttemptFails": attempt,
    "tcpEstabResets": reset_by_peer,
    "tcpInSegs": segment(),
    "tcpOutSegs": attempt,
    "tcpRetransSegs": attempt,
    "tcpInErrs": segment(damaged=True),
    "tcpOutRsts": segment(),
}
"""What moves each name."""

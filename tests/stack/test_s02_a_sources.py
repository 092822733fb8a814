"""S2.1 to S2.12: from the link to a source that may speak."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack import receive
from stack.hooks import Place, Seen
from stack.inbound import Cast
from stack.policy import NETSTACK, RFC, Policy
from stack.wire.arp import arp_request, build_arp
from stack.wire.ethernet import BROADCAST_MAC, build_ethernet
from tests.stack.flow_kit import (
    FAR,
    LATER,
    SECOND_HOST,
    keeper,
    listener,
    moves,
    router,
    takes,
    with_loopback_dropped,
)
from tests.stack.node_kit import (
    HOST,
    HOST_MAC,
    PEER,
    PEER_MAC,
    REMOTE,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
    udp,
)
from tests.stack.preset_kit import each_preset

BAD_SOURCE = {"IP.PacketsReceived": 1, "IP.InvalidSourceAddressesReceived": 1}
BAD_DESTINATION = {"IP.PacketsReceived": 1, "IP.InvalidDestinationAddressesReceived": 1}
MALFORMED = {"IP.PacketsReceived": 1, "IP.MalformedPacketsReceived": 1}
HEARD = {"IP.PacketsReceived": 1, "IP.PacketsDelivered": 1, "UDP.PacketsReceived": 1}


def own(wire: Wire, nic: int = 1) -> dict[str, int]:
    """The link counters of a NIC."""
    return {name: value for name, value in wire.node.link_counters(nic).items() if value}


@each_preset
def test_s2_1_a_disabled_nic_moves_its_own_counters_alone(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.disable(1)
    wire.frames()
    frame = build_ethernet(HOST_MAC, PEER_MAC, 0x0800, ping())
    assert moves(wire, lambda: wire.frame(frame)) == {}
    assert own(wire) == {"DisabledRx.Packets": 1, "DisabledRx.Octets": len(frame)}
    assert wire.frames() == []


@each_preset
def test_s2_1_frames_taken_in_move_rx_and_unknown_types_end_there(policy: Policy) -> None:
    wire = Wire(policy)
    frames = [
        build_ethernet(HOST_MAC, PEER_MAC, 0x0800, udp()),
        build_ethernet(HOST_MAC, PEER_MAC, 0x86DD, bytes(60)),
    ]
    wire.frame(frames[0])
    assert moves(wire, lambda: wire.frame(frames[1])) == {"UnknownProtocolRcvdPackets": 1}
    assert own(wire) == {"Rx.Packets": 2, "Rx.Octets": sum(map(len, frames))}
    # What is for another station, or no frame at all, was not taken in.
    wire.frame(build_ethernet(bytes.fromhex("0200000000cc"), PEER_MAC, 0x0800, udp()))
    wire.frame(b"short")
    assert own(wire)["Rx.Packets"] == 2


def test_s2_1_packet_sockets_get_their_copy_before_ip_looks() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    wire.node.add_nic(3, mac=None)
    every = wire.node.packet_socket()
    first = wire.node.packet_socket(1)
    arp = wire.node.packet_socket(ethertype=0x0806)
    broken = build_ethernet(HOST_MAC, PEER_MAC, 0x0800, b"\x45 no datagram")
    asked = build_ethernet(
        BROADCAST_MAC, PEER_MAC, 0x0806, build_arp(arp_request(PEER_MAC, a(PEER), a(HOST)))
    )
    wire.frame(broken)
    wire.frame(asked, 2)
    wire.frame(build_ethernet(HOST_MAC, PEER_MAC, 0x86DD, bytes(60)))
    wire.node.receive(3, b"bare", 0)
    seen = []
    while (frame := every.receive()) is not None:
        seen.append((frame.nic, frame.ethertype, frame.octets))
    assert seen == [(1, 0x0800, broken), (2, 0x0806, asked), (3, 0x0800, b"bare")]
    only = first.receive()
    assert only is not None
    assert only.octets == broken
    assert first.receive() is None
    only = arp.receive()
    assert only is not None
    assert only.nic == 2
    every.close()
    every.close()
    wire.frame(broken)
    assert every.receive() is None


def test_s2_1_a_full_packet_socket_loses_frames_and_they_are_counted() -> None:
    wire = Wire()
    socket = wire.node.packet_socket()
    for _ in range(256):
        wire.ip(b"junk")
    assert takes(wire, b"junk") == {**MALFORMED, "DroppedPackets": 1}
    assert socket.receive() is not None


@each_preset
def test_s2_2_packets_received_moves_first_whatever_comes_next(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.hooks.add(Place.PREROUTING, lambda _: False)
    for octets in (b"", b"x", ping(), ping(source="224.0.0.1"), ping(destination=REMOTE)):
        assert takes(wire, octets)["IP.PacketsReceived"] == 1


@each_preset
def test_s2_3_a_disabled_endpoint_takes_nothing(policy: Policy) -> None:
    wire = Wire(policy)
    core = wire.node._core
    nic = core.nics[1]
    wire.node.disable(1)
    wire.frames()
    moved = moves(wire, lambda: receive.datagram(core, nic, ping(), Cast.UNICAST))
    assert moved == {"IP.PacketsReceived": 1, "IP.DisabledPacketsReceived": 1}
    assert wire.frames() == []


def broken_header(kind: str) -> bytes:
    octets = bytearray(ping(bytes(100), destination=FAR))
    match kind:
        case "short":
            return bytes(octets[:19])
        case "truncated":
            return bytes(octets[:-1])
        case "checksum":
            octets[10] ^= 1
        case "ihl":
            octets[0] = 0x44
    return bytes(octets)


@each_preset
@pytest.mark.parametrize("kind", ["short", "truncated", "checksum", "ihl"])
def test_s2_4_an_invalid_header_moves_malformed_once(policy: Policy, kind: str) -> None:
    wire = Wire(policy)
    assert takes(wire, broken_header(kind)) == MALFORMED
    assert wire.frames() == []


def test_s2_4_a_router_reports_a_truncated_packet_under_rfc_1812_alone() -> None:
    for policy, reported in ((RFC, True), (NETSTACK, False), (LATER, False)):
        wire = router(policy)
        moved = takes(wire, broken_header("truncated"))
        assert moved.pop("ICMP.PacketsSent.ParamProblem", 0) == int(reported)
        assert moved.pop("IP.PacketsSent", 0) == int(reported)
        assert moved == MALFORMED
        assert len(wire.sent()) == int(reported)
    wire = router()
    octets = broken_header("truncated")
    own_source = bytearray(ping(bytes(100), source=HOST, destination=FAR)[:-1])
    wire.ip(bytes(own_source))
    assert wire.sent() == []
    wire.node.set_forwarding(1, on=False)
    wire.ip(octets)
    assert wire.sent() == []


def test_s2_4_a_truncated_packet_is_reported_where_its_checksum_is_not_looked_at() -> None:
    wire = router(replace(RFC, always_verify_checksum=False))
    octets = bytearray(broken_header("truncated"))
    octets[10] ^= 1
    for vouched in (False, True):
        # S3.10.
        wire.node.set_checksum_verified(1, on=vouched)
        wire.ip(bytes(octets))
        assert len(wire.sent()) == int(vouched)


@each_preset
def test_s2_5_a_transport_header_that_is_cut_short_is_no_matter_here(policy: Policy) -> None:
    wire = Wire(policy)
    # The addresses are judged first: a broken transport header hides nothing.
    assert takes(wire, datagram(b"abc", 17, destination=REMOTE)) == BAD_DESTINATION
    assert takes(wire, datagram(b"abc", 17, source="224.0.0.1")) == BAD_SOURCE
    moved = takes(wire, datagram(b"abc", 17))
    assert moved == {
        "IP.PacketsReceived": 1,
        "IP.PacketsDelivered": 1,
        "MalformedRcvdPackets": 1,
    }


@each_preset
def test_s2_6_a_loopback_nic_skips_what_is_only_for_links(policy: Policy) -> None:
    wire = Wire(replace(with_loopback_dropped(policy), handle_local=True))
    wire.node.add_nic(9, mac=None, loopback=True, mtu=65535)
    wire.node.add_address(9, "127.0.0.1", 8)
    # S14.46: under the RFCs hooks see all datagrams.
    wire.node.hooks.add(Place.PREROUTING, lambda _: policy.all_hooks)
    heard = listener(wire)
    octets = udp(source="127.0.0.1", destination="127.0.0.1")
    assert moves(wire, lambda: wire.node.receive(9, octets, 0)) == HEARD
    assert heard()


@each_preset
def test_s2_7_loopback_addresses_from_outside_the_source_first(policy: Policy) -> None:
    dropping = Wire(with_loopback_dropped(policy))
    dropping.node.add_nic(9, mac=None, loopback=True, mtu=65535)
    dropping.node.add_address(9, "127.0.0.1", 8)
    dropping.node.add_address(1, "127.0.0.3", 32)
    home, foreign = "127.0.0.3", "127.0.0.9"
    assert takes(dropping, udp(source=foreign)) == BAD_SOURCE
    assert takes(dropping, udp(destination=home)) == BAD_DESTINATION
    assert takes(dropping, udp(source=foreign, destination=home)) == BAD_SOURCE
    assert dropping.frames() == []
    taking = Wire(replace(policy, drop_external_loopback=False, refuse_illegal_sources=False))
    taking.node.add_address(1, home, 32)
    heard = listener(taking)
    assert takes(taking, udp(source=foreign, destination=home)) == HEARD
    assert heard()


@each_preset
@pytest.mark.parametrize("source", [HOST, SUBNET_BROADCAST, "255.255.255.255"])
def test_s2_8_with_handle_local_own_sources_are_refused(policy: Policy, source: str) -> None:
    wire = Wire(replace(policy, handle_local=True))
    seen: list[Seen] = []
    wire.node.hooks.add(Place.PREROUTING, keeper(seen, answer=True))
    assert takes(wire, udp(source=source)) == BAD_SOURCE
    # Before the hook.
    assert seen == []
    wire = Wire(replace(policy, handle_local=False))
    heard = listener(wire)
    takes(wire, udp(source=source))
    assert heard() is (source == HOST)


@each_preset
def test_s2_8_another_nic_s_address_is_not_caught(policy: Policy) -> None:
    wire = router(replace(policy, handle_local=True))
    heard = listener(wire)
    assert takes(wire, udp(source=SECOND_HOST)) == HEARD
    assert heard()


def test_s2_8_promiscuous_and_handle_local_drop_everything_under_netstack() -> None:
    for policy, dropped in ((RFC, False), (NETSTACK, True), (LATER, True)):
        wire = Wire(replace(policy, handle_local=True))
        wire.node.set_nic_option(1, "promiscuous", value=True)
        heard = listener(wire)
        assert (takes(wire, udp()) == BAD_SOURCE) is dropped
        assert heard() is not dropped


@each_preset
def test_s2_9_the_prerouting_hook_drops(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.hooks.add(Place.PREROUTING, lambda _: False)
    expected = {"IP.PacketsReceived": 1, "IP.IPTablesPreroutingDropped": 1}
    # The steps behind it never see the datagram.
    for octets in (ping(), ping(destination=REMOTE), ping(source="224.0.0.1")):
        assert takes(wire, octets) == expected
    assert wire.frames() == []


def test_s2_10_after_the_hand_over_all_is_booked_on_the_other_nic() -> None:
    for policy in (RFC, NETSTACK, LATER):
        wire = router(policy)
        heard = listener(wire)
        wire.ip(udp(destination=SECOND_HOST))
        assert heard()
        first, second = (wire.node.nic_counters(nic) for nic in (1, 2))
        assert (first.get("IP.PacketsReceived"), second.get("IP.PacketsReceived")) == (1, 0)
        assert (first.get("IP.PacketsDelivered"), second.get("IP.PacketsDelivered")) == (0, 1)


@each_preset
@pytest.mark.parametrize("source", ["255.255.255.255", "224.0.0.1", "239.255.255.255"])
def test_s2_11_groups_and_the_limited_broadcast_never_speak(policy: Policy, source: str) -> None:
    wire = Wire(policy)
    for octets in (udp(source=source), udp(source=source, destination=REMOTE)):
        assert takes(wire, octets) == BAD_SOURCE
    assert wire.frames() == []


@each_preset
def test_s2_12_nor_does_the_broadcast_address_of_a_subnet_here(policy: Policy) -> None:
    wire = Wire(policy)
    assert takes(wire, udp(source=SUBNET_BROADCAST)) == BAD_SOURCE


def test_s2_12_netstack_looks_at_the_subnets_of_the_arrival_nic_alone() -> None:
    for policy, refused in ((RFC, True), (NETSTACK, False), (LATER, False)):
        wire = router(policy)
        moved = takes(wire, udp(source="203.0.113.255"))
        assert ("IP.InvalidSourceAddressesReceived" in moved) is refused


@pytest.mark.parametrize("source", ["0.0.0.0", "0.1.2.3", "127.0.0.1", "240.0.0.1", HOST])
def test_s14_18_illegal_sources(source: str) -> None:
    octets = datagram(b"x" * 8, 253, source=source)
    rfc = Wire()
    assert takes(rfc, octets) == BAD_SOURCE
    netstack = Wire(NETSTACK)
    moved = takes(netstack, octets)
    assert moved["UnknownProtocolRcvdPackets"] == 1
    assert "IP.InvalidSourceAddressesReceived" not in moved


def test_s14_18_source_zero_speaks_udp_and_igmp_alone() -> None:
    wire = Wire()
    heard = listener(wire, 67)
    wire.ip(udp(port=67, source="0.0.0.0"))
    assert heard()
    moved = takes(wire, datagram(b"\x11\0\xee\xff\0\0\0\0", 2, source="0.0.0.0"))
    assert "IP.InvalidSourceAddressesReceived" not in moved

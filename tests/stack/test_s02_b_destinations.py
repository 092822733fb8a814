"""S2.13 to S2.22: whose a datagram is, and fragments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.hooks import Place, Seen
from stack.policy import NETSTACK, RFC, Policy
from stack.wire.ethernet import BROADCAST_MAC, group_mac
from stack.wire.icmp import DESTINATION_UNREACHABLE, PARAMETER_PROBLEM
from tests.stack.flow_kit import FAR, LATER, SECOND_HOST, keeper, listener, router, takes
from tests.stack.node_kit import (
    HOST,
    REMOTE,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
    quad,
    udp,
)
from tests.stack.preset_kit import both_netstacks, each_preset

BAD_DESTINATION = {"IP.PacketsReceived": 1, "IP.InvalidDestinationAddressesReceived": 1}
HEARD = {"IP.PacketsReceived": 1, "IP.PacketsDelivered": 1, "UDP.PacketsReceived": 1}
ARRIVED = {"IP.PacketsReceived": 1}
BAD_FRAGMENT = {
    "IP.PacketsReceived": 1,
    "IP.MalformedPacketsReceived": 1,
    "IP.MalformedFragmentsReceived": 1,
}
BAD_ROUTE = b"\x07\x07\x03\0\0\0\0\0"
SENT_PROBLEM = {"ICMP.PacketsSent.ParamProblem": 1, "IP.PacketsSent": 1}


@each_preset
@pytest.mark.parametrize("destination", [HOST, SUBNET_BROADCAST, "255.255.255.255"])
def test_s2_13_what_is_ours_here_is_local(policy: Policy, destination: str) -> None:
    wire = Wire(policy)
    heard = listener(wire)
    mac = None if destination == HOST else BROADCAST_MAC
    assert takes(wire, udp(destination=destination), mac=mac) == HEARD
    assert heard()


@each_preset
def test_s2_13_the_broadcast_mark_keeps_errors_away(policy: Policy) -> None:
    wire = Wire(policy)
    for destination in (SUBNET_BROADCAST, "255.255.255.255"):
        moved = takes(wire, udp(destination=destination), mac=BROADCAST_MAC)
        assert "ICMP.PacketsSent.DstUnreachable" not in moved
    assert wire.frames() == []
    assert takes(wire, udp())["ICMP.PacketsSent.DstUnreachable"] == 1


@each_preset
def test_s2_13_everything_is_ours_on_a_promiscuous_nic(policy: Policy) -> None:
    wire = router(policy)
    heard = listener(wire)
    wire.node.set_nic_option(1, "promiscuous", value=True)
    for destination in (REMOTE, FAR, "239.9.9.9", "192.0.2.77"):
        assert takes(wire, udp(destination=destination)) == HEARD
        assert heard()
    wire.node.set_nic_option(1, "promiscuous", value=False)
    takes(wire, udp(destination=REMOTE))
    assert not heard()


@each_preset
def test_s2_14_a_group_joined_here_is_local(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic(forwarding=False)
    heard = listener(wire)
    wire.node.join(2, "239.9.9.9")
    octets = udp(destination="239.9.9.9")
    assert takes(wire, octets) == BAD_DESTINATION
    wire.node.join(1, "239.9.9.9")
    assert takes(wire, octets) == HEARD
    assert heard()


@each_preset
@pytest.mark.parametrize("destination", [REMOTE, SECOND_HOST, "239.9.9.9", "240.0.0.1"])
def test_s2_15_with_forwarding_off_all_else_ends_here(policy: Policy, destination: str) -> None:
    wire = Wire(policy)
    wire.second_nic(forwarding=False)
    assert takes(wire, udp(destination=destination)) == BAD_DESTINATION
    assert wire.frames() == []
    wire.node.forwarding = True
    before = wire.node.counters.get("ipSystemStatsInForwDatagrams")
    takes(wire, udp(destination=REMOTE))
    assert wire.node.counters.get("ipSystemStatsInForwDatagrams") == before + 1


@each_preset
def test_s2_16_the_input_hook_drops_each_fragment(policy: Policy) -> None:
    wire = Wire(policy)
    seen: list[Seen] = []
    wire.node.hooks.add(Place.INPUT, keeper(seen, answer=False))
    expected = {"IP.PacketsReceived": 1, "IP.IPTablesInputDropped": 1}
    for octets in (ping(), datagram(bytes(8), 17, flags=1), datagram(b"", 17, flags=1)):
        assert takes(wire, octets) == expected
    assert len(seen) == 3
    assert wire.frames() == []
    # What is not for this host does not meet the hook.
    takes(wire, ping(destination=REMOTE))
    assert len(seen) == 3


@each_preset
def test_s2_17_a_fragment_without_payload_is_malformed_whatever_its_options(
    policy: Policy,
) -> None:
    wire = Wire(policy)
    for offset, flags in ((0, 1), (3, 0), (3, 1)):
        octets = datagram(b"", 17, flags=flags, offset=offset, options=BAD_ROUTE)
        assert takes(wire, octets) == BAD_FRAGMENT
    assert wire.frames() == []
    assert wire.mib()["ipSystemStatsReasmReqds"] == 3
    assert wire.mib()["ipSystemStatsReasmFails"] == 3


@each_preset
def test_s2_18_options_of_each_fragment_are_verified(policy: Policy) -> None:
    wire = Wire(policy)
    twice = {"MalformedRcvdPackets": 1} if policy is not LATER else {}
    # S4.11: the fault is one of those behind the count.
    counted = {"IP.OptionRecordRouteReceived": 1}
    problem = {**ARRIVED, "IP.MalformedPacketsReceived": 1, **counted, **twice}
    first = datagram(bytes(8), 17, flags=1, options=BAD_ROUTE)
    assert takes(wire, first) == {**problem, **SENT_PROBLEM}
    sent = wire.one()
    assert (sent.icmp.type, sent.icmp.pointer, sent.icmp.data) == (PARAMETER_PROBLEM, 22, first)
    # A good option is counted for every fragment and once more for the whole (S2.25).
    heard = listener(wire)
    whole = udp(bytes(16))[20:]
    stamps = b"\x07\x0b\x04" + bytes(9)
    expected = {**ARRIVED, "IP.OptionRecordRouteReceived": 1}
    assert takes(wire, datagram(whole[:16], 17, flags=1, options=stamps)) == expected
    assert takes(wire, datagram(whole[16:], 17, offset=2, options=stamps)) == {
        **HEARD,
        "IP.OptionRecordRouteReceived": 2,
    }
    assert heard()


def test_s2_18_netstack_reports_a_later_fragment_too() -> None:
    octets = datagram(bytes(8), 17, offset=3, options=BAD_ROUTE)
    for policy, reported in ((RFC, False), (NETSTACK, True), (LATER, True)):
        wire = Wire(policy)
        assert takes(wire, octets)["IP.MalformedPacketsReceived"] == 1
        assert len(wire.sent()) == int(reported)


def test_s2_18_without_an_address_to_write_the_fragment_ends_silently() -> None:
    for policy in (NETSTACK, LATER):
        wire = Wire(policy)
        wire.node.remove_address(1, HOST)
        octets = datagram(bytes(8), 17, destination="224.0.0.1", flags=1, options=b"\x94\x04\0\0")
        assert takes(wire, octets) == ARRIVED
        assert len(wire.node._core.reassembly) == 0


@each_preset
def test_s2_19_a_fragment_that_reaches_too_far_is_malformed(policy: Policy) -> None:
    wire = Wire(policy)
    assert takes(wire, datagram(bytes(16), 17, offset=8191)) == BAD_FRAGMENT
    assert wire.frames() == []


@both_netstacks
def test_s2_19_exactly_65536_passes(policy: Policy) -> None:
    wire = Wire(policy)
    assert takes(wire, datagram(bytes(8), 17, offset=8191)) == ARRIVED
    assert takes(Wire(), datagram(bytes(8), 17, offset=8191)) == BAD_FRAGMENT


@each_preset
def test_s2_20_what_reassembly_refuses_counts_as_malformed(policy: Policy) -> None:
    wire = Wire(policy)
    # MF with a payload that is no multiple of eight; contradicting ends.
    assert takes(wire, datagram(bytes(9), 17, flags=1)) == BAD_FRAGMENT
    assert takes(wire, datagram(bytes(8), 17, offset=2, identification=2)) == ARRIVED
    assert takes(wire, datagram(bytes(8), 17, offset=4, identification=2)) == BAD_FRAGMENT
    assert wire.frames() == []


@each_preset
def test_s2_21_an_incomplete_datagram_moves_nothing_more(policy: Policy) -> None:
    wire = Wire(policy)
    assert takes(wire, datagram(bytes(8), 17, flags=1)) == ARRIVED
    assert takes(wire, datagram(bytes(8), 17, offset=7)) == ARRIVED
    assert wire.frames() == []


def reassembled(wire: Wire) -> tuple[bytes, bytes]:
    """Deliver a datagram in pieces; what a raw socket reads and what the error quotes."""
    raw = wire.node.raw_socket(17)
    body = udp(bytes(range(16)))[20:]
    wire.ip(datagram(body[16:], 17, offset=2, ttl=9))
    wire.ip(datagram(body[:16], 17, flags=1, ttl=77, tos=8, options=b"\1\1\1\0"))
    read = raw.receive()
    assert read is not None
    error = wire.one().icmp
    assert (error.type, error.code) == (DESTINATION_UNREACHABLE, 3)
    return read.octets, error.data


@each_preset
def test_s2_22_the_whole_has_the_first_header_made_whole(policy: Policy) -> None:
    octets, _ = reassembled(Wire(policy))
    assert int.from_bytes(octets[2:4], "big") == 24 + 24 == len(octets)
    assert octets[6:8] == b"\0\0"
    assert (octets[8], octets[1]) == (77, 8)
    assert octets[20:24] == b"\1\1\1\0"
    assert octets[24:] == udp(bytes(range(16)))[20:]


@each_preset
def test_s2_22_the_checksum_is_stale_where_headers_are_shown_as_they_stand(
    policy: Policy,
) -> None:
    octets, _ = reassembled(Wire(policy))
    body = udp(bytes(range(16)))[20:]
    first = datagram(body[:16], 17, flags=1, ttl=77, tos=8, options=b"\1\1\1\0")
    assert (octets[10:12] == first[10:12]) is (policy is not RFC)


def test_s14_15_quotes_of_reassembled_datagrams() -> None:
    body = udp(bytes(range(16)))[20:]
    first = datagram(body[:16], 17, flags=1, ttl=77, tos=8, options=b"\1\1\1\0")
    _, quoted = reassembled(Wire())
    assert quoted == first
    for policy in (NETSTACK, LATER):
        octets, quoted = reassembled(Wire(policy))
        assert quoted == octets


def test_s14_15_quotes_and_raw_sockets_after_option_work() -> None:
    route = b"\x07\x07\x04\0\0\0\0" + b"\0"
    octets = udp(options=route)
    for policy in (RFC, NETSTACK, LATER):
        wire = Wire(policy)
        raw = wire.node.raw_socket(17)
        wire.ip(octets)
        read = raw.receive()
        assert read is not None
        changed = octets[:20] + b"\x07\x07\x08" + quad(HOST) + b"\0" + octets[28:]
        assert wire.one().icmp.data == (octets if policy is RFC else changed)
        # S2.31: later, raw sockets have theirs before.
        assert read.octets == (changed if policy is NETSTACK else octets)


@pytest.mark.parametrize("mac", [BROADCAST_MAC, group_mac(a("224.0.0.1"))])
def test_s14_17_unicast_in_a_link_broadcast(mac: bytes) -> None:
    for policy in (RFC, NETSTACK, LATER):
        wire = router(policy)
        heard = listener(wire)
        moved = takes(wire, udp(), mac=mac)
        assert moved == (ARRIVED if policy is RFC else HEARD)
        assert heard() is (policy is not RFC)
        # No error about one, and none is forwarded.
        wire.ip(udp(port=10), mac=mac)
        assert len(wire.sent()) == int(policy is not RFC)
        wire.ip(udp(destination=FAR), mac=mac)
        assert len(wire.sent()) == int(policy is not RFC)


def test_s14_17_is_a_choice_of_its_own() -> None:
    wire = Wire(replace(RFC, mind_link_broadcast=False))
    heard = listener(wire)
    wire.ip(udp(), mac=BROADCAST_MAC)
    assert heard()

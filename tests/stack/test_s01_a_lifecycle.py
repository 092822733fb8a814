"""NICs and their endpoints: the two switches, and what happens at each (S1.1 to S1.7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.membership import Query
from stack.policy import RFC, Policy
from stack.refusal import Reason
from stack.wire.address import ALL_HOSTS, LIMITED_BROADCAST
from stack.wire.arp import arp_request
from stack.wire.igmp import LEAVE_GROUP, V2_MEMBERSHIP_REPORT
from stack.wire.ipv4 import FLAG_MF
from tests.stack.count_kit import moving
from tests.stack.node_kit import (
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND,
    Sent,
    Wire,
    a,
    datagram,
    ping,
    refusal,
    udp,
)
from tests.stack.preset_kit import rfc_and_netstack

IGMP_2 = replace(RFC, igmp_version=2)
GROUP = "239.1.2.3"


def listed(wire: Wire, nic: int = 1) -> list[int]:
    return [own.address for own in wire.node.addresses(nic)]


def igmp_types(sent: list[Sent]) -> list[int]:
    return [each.packet.payload[0] for each in sent if each.header.protocol == 2]


@rfc_and_netstack
def test_s1_1_nics_share_ttl_forwarding_reassembly_and_settings(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    wire.node.add_neighbour(2, "203.0.113.9", PEER_MAC)
    wire.node.set_option("default_ttl", 33)
    socket = wire.node.icmp_socket(1)
    for peer in (PEER, "203.0.113.9"):
        socket.send_echo(peer, 1)
        assert wire.one().header.ttl == 33
    # A train that begins on one NIC ends on the other.
    whole = udp(bytes(16))[20:]
    first = datagram(whole[:8], 17, flags=FLAG_MF, source=REMOTE, destination=HOST)
    last = datagram(whole[8:], 17, offset=1, source=REMOTE, destination=HOST)
    wire.ip(first, nic=1)
    wire.ip(last, mac=bytes.fromhex("020000000002"), nic=2)
    assert wire.node.counters.get("ipSystemStatsReasmOKs") == 1


@rfc_and_netstack
def test_s1_1_one_endpoint_for_each_nic(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_nic(2, mac=bytes.fromhex("020000000002"))
    wire.node.add_address(2, "203.0.113.1", 24)
    assert listed(wire, 2) == [a("203.0.113.1"), LIMITED_BROADCAST]
    wire.node.disable_endpoint(2)
    assert listed(wire, 2) == [a("203.0.113.1")]
    assert listed(wire, 1) == [a(HOST), LIMITED_BROADCAST]
    assert refusal(lambda: wire.node.add_nic(1, mac=None)) is Reason.INVALID_ARGUMENT
    assert refusal(lambda: wire.node.enable(3)) is Reason.UNKNOWN_NIC


@rfc_and_netstack
@pytest.mark.parametrize("switch", ["endpoint", "nic"])
def test_s1_2_an_endpoint_is_usable_when_both_switches_are_on(policy: Policy, switch: str) -> None:
    wire = Wire(policy)
    node = wire.node
    off, on = (
        (node.disable_endpoint, node.enable_endpoint)
        if switch == "endpoint"
        else (node.disable, node.enable)
    )
    assert node.owns(HOST)
    off(1)
    wire.sent()
    assert not node.owns(HOST)
    wire.ip(ping())
    assert wire.sent() == []
    on(1)
    wire.sent()
    node.add_neighbour(1, PEER, PEER_MAC)
    assert node.owns(HOST)
    wire.ip(ping())
    assert wire.one().icmp.type == 0


@rfc_and_netstack
def test_s1_2_turning_the_nic_on_turns_its_endpoint_on(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.disable_endpoint(1)
    wire.node.disable(1)
    wire.node.enable(1)
    assert wire.node.owns(HOST)
    # What is on already stays on.
    wire.node.enable(1)
    assert wire.node.owns(HOST)


@rfc_and_netstack
def test_s1_3_enabling_on_a_nic_that_is_off_is_not_permitted(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.disable(1)
    before = listed(wire)
    assert refusal(lambda: wire.node.enable_endpoint(1)) is Reason.NOT_PERMITTED
    assert listed(wire) == before == [a(HOST)]
    assert not wire.node.owns(HOST)


def test_s1_3_enabling_adds_the_limited_broadcast_reports_and_joins_in_this_order() -> None:
    wire = Wire(IGMP_2)
    wire.node.join(1, GROUP)
    wire.node.disable_endpoint(1)
    wire.sent()
    wire.node.enable_endpoint(1)
    assert igmp_types(wire.sent()) == [V2_MEMBERSHIP_REPORT]
    broadcast = wire.node.addresses(1)[-1]
    assert (broadcast.address, broadcast.prefix.length) == (LIMITED_BROADCAST, 32)
    assert broadcast.rank is None
    assert wire.node._core.nics[1].groups == {a(GROUP): 1, ALL_HOSTS: 1}
    # Enabled already: success, and nothing happens.
    wire.node.enable_endpoint(1)
    assert wire.sent() == []
    assert wire.node._core.nics[1].groups[ALL_HOSTS] == 1


@rfc_and_netstack
def test_s1_3_an_error_of_the_limited_broadcast_leaves_the_endpoint_enabled(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.disable_endpoint(1)
    wire.node.add_address(1, LIMITED_BROADCAST)
    assert refusal(lambda: wire.node.enable_endpoint(1)) is Reason.DUPLICATE_ADDRESS
    assert wire.node.owns(HOST)
    # What comes after the address was not done.
    assert ALL_HOSTS not in wire.node._core.nics[1].groups


def test_s1_4_disabling_leaves_forgets_and_keeps_memberships() -> None:
    wire = Wire(IGMP_2)
    wire.node.join(1, GROUP)
    wire.node.join(1, GROUP)
    wire.node.join(1, ALL_HOSTS)
    wire.sent()
    wire.node.disable_endpoint(1)
    assert igmp_types(wire.sent()) == [LEAVE_GROUP]
    # 224.0.0.1 was left once; the user's own join of it stays.
    assert wire.node._core.nics[1].groups == {a(GROUP): 2, ALL_HOSTS: 1}
    assert listed(wire) == [a(HOST)]
    # Not enabled: nothing happens.
    wire.node.disable_endpoint(1)
    assert wire.node._core.nics[1].groups == {a(GROUP): 2, ALL_HOSTS: 1}
    assert wire.sent() == []


@rfc_and_netstack
def test_s1_4_a_missing_group_or_address_does_not_hinder_disabling(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.leave(1, ALL_HOSTS)
    wire.node.remove_address(1, LIMITED_BROADCAST)
    wire.node.disable_endpoint(1)
    assert not wire.node.owns(HOST)
    wire.node.enable_endpoint(1)
    assert wire.node.owns(LIMITED_BROADCAST)


def test_s1_4_disabling_ends_version_1_mode() -> None:
    wire = Wire(IGMP_2)
    membership = wire.node._core.nics[1].membership
    membership.query(Query(1, 0, 0, general=True), wire.now)
    assert membership.mode(wire.now) == 1
    wire.node.disable_endpoint(1)
    assert membership.mode(wire.now) == 2
    assert wire.node.next_deadline() is None


@rfc_and_netstack
def test_s1_5_disabling_a_nic_empties_its_neighbours_and_keeps_its_routes(policy: Policy) -> None:
    wire = Wire(policy)
    assert wire.node.neighbour(1, GATEWAY) == GATEWAY_MAC
    wire.node.disable(1)
    assert wire.node.neighbour(1, GATEWAY) is None
    assert wire.node.neighbour(1, PEER) is None
    wire.node.enable(1)
    wire.sent()
    wire.node.add_neighbour(1, GATEWAY, GATEWAY_MAC)
    wire.node.icmp_socket(1).send_echo(REMOTE, 1)
    assert wire.one().mac == GATEWAY_MAC


@rfc_and_netstack
def test_s1_5_disabling_the_endpoint_alone_keeps_the_neighbours(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.disable_endpoint(1)
    assert wire.node.neighbour(1, GATEWAY) == GATEWAY_MAC


@rfc_and_netstack
def test_s1_6_removing_a_nic_disables_it_closes_and_detaches(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    socket = wire.node.udp_socket()
    socket.bind("203.0.113.1", 9)
    wire.node.set_nic_option(2, "spoofing", value=True)
    table = wire.node._core.nics[2].addresses
    wire.node.remove_nic(2)
    wire.sent()
    assert table.permanent() == []
    assert not wire.node.owns("203.0.113.1")
    assert not wire.node.owns("203.0.113.255")
    assert refusal(lambda: wire.node.addresses(2)) is Reason.UNKNOWN_NIC
    # A socket that still holds one of its addresses lets go of it like any other.
    socket.close()
    # The number may be used again, and nothing of the old NIC is left.
    wire.node.add_nic(2, mac=bytes.fromhex("020000000002"))
    assert listed(wire, 2) == [LIMITED_BROADCAST]
    assert not wire.node._core.may_send_from(a("203.0.113.1"))


def test_s1_6_timers_of_a_removed_nic_do_not_run() -> None:
    wire = Wire(IGMP_2)
    wire.node.join(1, GROUP)
    assert wire.node.next_deadline() is not None
    wire.node.remove_nic(1)
    wire.sent()
    assert wire.node.next_deadline() is None
    assert wire.sent(400 * SECOND) == []


@rfc_and_netstack
def test_s1_7_a_nic_that_is_off_hands_nothing_to_ip(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.disable(1)
    wire.sent()
    with moving(wire.node.counters) as moved:
        wire.ip(ping())
        wire.arp(arp_request(PEER_MAC, a(PEER), a(HOST)))
    assert "IP.PacketsReceived" not in moved
    assert wire.frames() == []
    # With the endpoint alone off IP sees the packet, and refuses it.
    wire.node.enable(1)
    wire.node.disable_endpoint(1)
    wire.sent()
    with moving(wire.node.counters) as moved:
        wire.ip(ping())
    assert moved == {"IP.PacketsReceived": 1, "IP.DisabledPacketsReceived": 1}

"""Rows of section 14 about what a router forwards and how it speaks."""

from __future__ import annotations

import pytest

from stack.policy import NETSTACK, RFC
from stack.wire.icmp import DESTINATION_UNREACHABLE, TIME_EXCEEDED
from tests.stack.flow_kit import FAR, LATER, SECOND_HOST, router, takes, with_default
from tests.stack.node_kit import FAR_MAC, HOST, PEER, SECOND, SECOND_MAC, a, udp

ARRIVED = {"IP.PacketsReceived": 1}


@pytest.mark.parametrize("destination", ["239.1.1.1", "240.0.0.1", "127.0.0.1", "0.0.0.9"])
def test_s14_33_what_is_forwarded_if_a_route_fits(destination: str) -> None:
    wire = with_default(router(NETSTACK))
    wire.ip(udp(destination=destination))
    assert wire.one().header.destination == a(destination)
    wire = with_default(router())
    moved = takes(wire, udp(destination=destination))
    assert moved == {**ARRIVED, "IP.InvalidDestinationAddressesReceived": 1}
    assert wire.frames() == []


def test_s14_33_a_group_goes_straight_to_the_link() -> None:
    wire = with_default(router(NETSTACK))
    wire.ip(udp(destination="239.1.1.1"))
    assert wire.one().mac == bytes.fromhex("01005e010101")


def test_s14_20_all_zeros_host_parts_in_transit() -> None:
    for policy in (NETSTACK, LATER):
        wire = router(policy)
        wire.node.add_neighbour(2, "203.0.113.0", FAR_MAC)
        wire.ip(udp(destination="203.0.113.0"))
        assert wire.one().header.destination == a("203.0.113.0")
    wire = router()
    wire.ip(udp(destination="203.0.113.0"))
    assert wire.frames() == []


def test_s14_34_the_source_of_a_router_s_error() -> None:
    # It comes in by NIC 2, about a source that is reached by NIC 1.
    octets = udp(source=PEER, destination="192.0.2.77", ttl=0)
    wire = router()
    wire.ip(octets, nic=2, mac=SECOND_MAC)
    sent = wire.one()
    assert (sent.nic, sent.header.source) == (1, a(HOST))
    # NETSTACK asks for a route on the arrival NIC (S5.17), which lends its address (S7.20).
    for policy in (NETSTACK, LATER):
        wire = router(policy)
        wire.ip(octets, nic=2, mac=SECOND_MAC)
        sent = wire.one()
        assert (sent.nic, sent.header.source) == (1, a(SECOND_HOST))
        wire = with_default(router(policy))
        wire.ip(octets, nic=2, mac=SECOND_MAC)
        sent = wire.one()
        assert (sent.nic, sent.header.source) == (2, a(SECOND_HOST))


@pytest.mark.parametrize("ttl", [0, 1])
def test_s14_21_a_ttl_that_is_used_up(ttl: int) -> None:
    octets = udp(destination=FAR, ttl=ttl)
    wire = router(RFC)
    wire.ip(octets)
    error = wire.one().icmp
    assert (error.type, error.code, error.data) == (TIME_EXCEEDED, 0, octets)
    # Not about a datagram to a group.
    wire.node.multicast.on = True
    wire.node.multicast.set_nic(1, on=True)
    wire.node.multicast.add_route(PEER, "239.1.1.1", 1, {2: 0})
    wire.ip(udp(destination="239.1.1.1", ttl=ttl))
    assert wire.sent() == []
    for policy in (NETSTACK, LATER):
        wire = router(policy)
        wire.ip(octets)
        sent = wire.one()
        assert (sent.header.destination == a(FAR)) is (ttl == 1)


def test_s14_31_who_is_told_that_there_is_no_way() -> None:
    for policy, told in ((RFC, True), (NETSTACK, False), (LATER, True)):
        for destination, code in (("10.0.0.1", 0), ("203.0.113.77", 1)):
            wire = router(policy)
            wire.ip(udp(destination=destination))
            errors = [each.icmp_fields[:2] for each in wire.sent(after=4 * SECOND)]
            assert errors == ([(DESTINATION_UNREACHABLE, code)] if told else [])

"""What rules ask of datagrams (S10.4)."""

from __future__ import annotations

import pytest

from stack.hook_match import HeaderFilter, Masked, Match, Named, Ports
from stack.hook_packet import Place, Shown
from stack.hook_tables import Chain, Rule, Table, Verdict
from stack.policy import Policy
from stack.wire.ipv4 import HeaderFault, parse_ipv4
from tests.stack.hook_kit import INSIDE, at, router, tcp
from tests.stack.node_kit import (
    HOST,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND_MAC,
    Wire,
    a,
    datagram,
    ping,
    udp,
)
from tests.stack.preset_kit import rfc_and_netstack


@rfc_and_netstack
@pytest.mark.parametrize(
    ("header", "dropped"),
    [
        (HeaderFilter(), True),
        (HeaderFilter(protocol=1), True),
        (HeaderFilter(protocol=17), False),
        (HeaderFilter(source=Masked.of("192.0.2.0/24")), True),
        (HeaderFilter(source=Masked.of("192.0.3.0/24")), False),
        (HeaderFilter(source=Masked.of("192.0.3.0/24", inverted=True)), True),
        (HeaderFilter(source=Masked(a("0.0.0.9"), 0xFF)), True),
        (HeaderFilter(destination=Masked.of(HOST + "/32")), True),
        (HeaderFilter(destination=Masked.of(PEER + "/32")), False),
        (HeaderFilter(destination=Masked.of(HOST + "/32", inverted=True)), False),
        (HeaderFilter(destination=Masked.of("0.0.0.0/0")), True),
        (HeaderFilter(came_by=Named("nic1")), True),
        (HeaderFilter(came_by=Named("nic")), False),
        (HeaderFilter(came_by=Named("nic+")), True),
        (HeaderFilter(came_by=Named("+")), True),
        (HeaderFilter(came_by=Named("nic1", inverted=True)), False),
        (HeaderFilter(came_by=Named("eth+", inverted=True)), True),
        (HeaderFilter(leaves_by=Named("nowhere")), True),
    ],
)  # fmt: skip
def test_s10_4_the_header_filter_on_the_way_in(
    policy: Policy, header: HeaderFilter, dropped: bool
) -> None:
    wire = Wire(policy)
    wire.node.set_table("filter", at(Place.INPUT, Verdict.DROP, header))
    wire.ip(ping())
    assert len(wire.sent()) == int(not dropped)


@rfc_and_netstack
@pytest.mark.parametrize(
    ("header", "dropped"),
    [
        (HeaderFilter(leaves_by=Named("nic1")), True),
        (HeaderFilter(leaves_by=Named("nic2")), False),
        (HeaderFilter(came_by=Named("nowhere")), True),
    ],
    ids=["outgoing name", "another", "incoming name is not asked"],
)
def test_s10_4_the_outgoing_name_at_output(
    policy: Policy, header: HeaderFilter, dropped: bool
) -> None:
    wire = Wire(policy)
    wire.node.set_table("filter", at(Place.OUTPUT, Verdict.DROP, header))
    wire.node.udp_socket().send(b"", to=(PEER, 9))
    assert len(wire.sent()) == int(not dropped)


def test_s10_4_both_names_at_forward() -> None:
    for came_by, leaves_by, dropped in (
        ("nic1", "nic2", True), ("nic2", "nic2", False), ("nic1", "nic1", False),
    ):  # fmt: skip
        wire = router()
        header = HeaderFilter(came_by=Named(came_by), leaves_by=Named(leaves_by))
        wire.node.set_table("filter", at(Place.FORWARD, Verdict.DROP, header))
        wire.ip(udp(source=REMOTE, destination=INSIDE))
        assert len(wire.sent()) == int(not dropped)


def test_s10_4_nics_may_have_names_of_their_own() -> None:
    wire = Wire()
    wire.node.add_nic(2, mac=SECOND_MAC, name="uplink")
    wire.node.add_address(2, "203.0.113.1", 24)
    wire.node.add_neighbour(2, INSIDE, PEER_MAC)
    header = HeaderFilter(came_by=Named("up+"))
    wire.node.set_table("filter", at(Place.INPUT, Verdict.DROP, header))
    octets = ping(source=INSIDE, destination="203.0.113.1")
    wire.ip(octets, nic=2, mac=SECOND_MAC)
    wire.ip(ping())
    assert [sent.nic for sent in wire.sent()] == [1]


def look(matcher: Ports, packet: bytes) -> Match:
    parsed = parse_ipv4(packet)
    assert not isinstance(parsed, HeaderFault)
    return matcher(Shown(Place.INPUT, None, None, parsed.header, parsed.payload))


@pytest.mark.parametrize(
    ("matcher", "match"),
    [
        (Ports(17), Match.YES),
        (Ports(6), Match.NO),
        (Ports(17, source=(4000, 4000)), Match.YES),
        (Ports(17, source=(4001, 5000)), Match.NO),
        (Ports(17, source=(4000, 4000), source_inverted=True), Match.NO),
        (Ports(17, source=(1, 2), source_inverted=True), Match.YES),
        (Ports(17, destination=(5, 9)), Match.YES),
        (Ports(17, destination=(10, 20)), Match.NO),
        (Ports(17, destination=(9, 9), destination_inverted=True), Match.NO),
        (Ports(17, destination=(10, 20), destination_inverted=True), Match.YES),
    ],
)
def test_s10_4_ports(matcher: Ports, match: Match) -> None:
    assert look(matcher, udp(port=9, source_port=4000)) is match


@pytest.mark.parametrize(
    ("packet", "match"),
    [
        (datagram(b"\0\1\0\2", 6), Match.DROP),
        (datagram(b"\0", 6), Match.DROP),
        (datagram(bytes(8), 6, offset=1), Match.DROP),
        (datagram(bytes(8), 6, offset=2), Match.NO),
        (tcp(PEER, 4000, HOST, 9), Match.YES),
    ],
    ids=["short", "no ports", "flags overwritten", "later fragment", "sound"],
)
def test_s10_4_a_matcher_may_demand_a_drop(packet: bytes, match: Match) -> None:
    assert look(Ports(6), packet) is match
    wire = Wire()
    rule = Rule(Verdict.ACCEPT, matchers=(Ports(6),))
    wire.node.set_table("filter", Table({Place.INPUT: Chain((rule,), Verdict.ACCEPT)}))
    before = wire.mib()
    wire.ip(packet)
    dropped = wire.moved(before).get("ipSystemStatsInDiscards", 0)
    assert dropped == int(match is Match.DROP)


def test_s10_4_ports_of_udp_fragments() -> None:
    assert look(Ports(17), datagram(bytes(8), 17, offset=1)) is Match.NO
    assert look(Ports(17), datagram(bytes(7), 17)) is Match.DROP


def test_s10_4_all_matchers_must_fit() -> None:
    wire = Wire()
    rule = Rule(Verdict.DROP, matchers=(Ports(17), Ports(17, destination=(10, 10))))
    wire.node.set_table("filter", Table({Place.INPUT: Chain((rule,), Verdict.ACCEPT)}))
    wire.ip(udp(port=9))
    wire.ip(udp(port=10))
    assert len(wire.sent()) == 1

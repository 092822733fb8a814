"""Gateways that seem dead (RFC 1122 §3.3.1.4, §3.3.1.5), and how large the table may be."""

from __future__ import annotations

import gc
import sys
from types import FrameType

import pytest

from stack.gateways import COMPLAINTS, GATEWAYS_LIMIT, RETURN_AFTER, Gateways
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason, Refused
from stack.wire.arp import arp_request
from stack.wire.ethernet import BROADCAST_MAC
from stack.wire.icmp import build_icmp, redirect
from tests.stack.link_kit import SECOND_GATEWAY, SECOND_GATEWAY_MAC, send_udp, who_has
from tests.stack.node_kit import (
    FAR_MAC,
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    HOST_MAC,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND,
    Wire,
    a,
    datagram,
)
from tests.stack.preset_kit import rfc_and_netstack


def two_gateways(policy: Policy = RFC, *, neighbours: bool = True) -> Wire:
    """The better gateway is GATEWAY."""
    wire = Wire(policy, neighbours=neighbours)
    wire.node.add_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY, preference=-1)
    if neighbours:
        wire.node.add_neighbour(1, SECOND_GATEWAY, SECOND_GATEWAY_MAC)
    return wire


def first_hop(wire: Wire, to: str = REMOTE) -> bytes:
    send_udp(wire.node, to)
    return wire.one().mac


def complain(wire: Wire, times: int = 1, to: str = REMOTE) -> None:
    for _ in range(times):
        wire.node._core.routes.transport_advice(a(to), ok=False, now=wire.now)


def praise(wire: Wire) -> None:
    wire.node._core.routes.transport_advice(a(REMOTE), ok=True, now=wire.now)


def lose_the_better(wire: Wire) -> None:
    """GATEWAY does not answer, SECOND_GATEWAY does."""
    send_udp(wire.node, REMOTE)
    wire.frames(after=3 * SECOND)
    send_udp(wire.node, REMOTE)
    wire.answer_arp(SECOND_GATEWAY, SECOND_GATEWAY_MAC)
    assert wire.one().mac == SECOND_GATEWAY_MAC


def test_complaints_of_transport_make_another_gateway_be_taken() -> None:
    wire = two_gateways()
    complain(wire, COMPLAINTS - 1)
    assert first_hop(wire) == GATEWAY_MAC
    complain(wire)
    assert first_hop(wire) == SECOND_GATEWAY_MAC
    # After a while the better one is tried again.
    wire.frames(after=RETURN_AFTER)
    assert first_hop(wire) == SECOND_GATEWAY_MAC
    wire.frames(after=2)
    assert first_hop(wire) == GATEWAY_MAC
    complain(wire, COMPLAINTS - 1)
    assert first_hop(wire) == GATEWAY_MAC


def test_praise_of_transport_ends_the_count() -> None:
    wire = two_gateways()
    complain(wire, COMPLAINTS - 1)
    praise(wire)
    complain(wire, COMPLAINTS - 1)
    assert first_hop(wire) == GATEWAY_MAC


def test_what_is_heard_on_the_link_does_not_answer_transports_complaints() -> None:
    wire = two_gateways()
    complain(wire, COMPLAINTS)
    wire.answer_arp(GATEWAY, GATEWAY_MAC)
    assert first_hop(wire) == SECOND_GATEWAY_MAC
    wire.answer_arp(PEER, PEER_MAC)
    assert first_hop(wire) == SECOND_GATEWAY_MAC


def test_complaints_without_a_gateway_are_nothing() -> None:
    wire = two_gateways()
    complain(wire, COMPLAINTS, PEER)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY)
    complain(wire, COMPLAINTS)
    assert not wire.node._core.routes._gateways


def test_a_complaint_has_the_link_ask_the_gateway_at_once() -> None:
    wire = two_gateways(neighbours=False)
    complain(wire)
    assert wire.arps() == []
    wire.arp(arp_request(GATEWAY_MAC, a(GATEWAY), a(HOST)))
    wire.frames()
    complain(wire)
    assert wire.arps() == [(GATEWAY_MAC, arp_request(HOST_MAC, a(HOST), a(GATEWAY)))]
    # RFC 1122 §2.3.2.1: not more than once a second.
    praise(wire)
    wire.answer_arp(GATEWAY, GATEWAY_MAC)
    complain(wire)
    assert wire.arps() == []
    # It does not answer this time.
    wire.now += SECOND
    complain(wire)
    assert len(wire.arps(after=3 * SECOND)) == 3
    send_udp(wire.node, REMOTE)
    assert who_has(wire.arps()) == [(BROADCAST_MAC, a(SECOND_GATEWAY))]


def test_a_redirect_to_a_gateway_that_seems_dead_is_forgotten() -> None:
    wire = Wire()
    wire.node.add_neighbour(1, SECOND_GATEWAY, SECOND_GATEWAY_MAC)
    quote = datagram(bytes(8), source=HOST, destination=REMOTE)
    said = redirect(1, a(SECOND_GATEWAY), quote)
    complain(wire, COMPLAINTS - 1)
    wire.ip(datagram(build_icmp(said), source=GATEWAY))
    assert first_hop(wire) == SECOND_GATEWAY_MAC
    complain(wire, COMPLAINTS)
    assert first_hop(wire) == GATEWAY_MAC
    # RFC 1122 §3.3.1.4: a redirect is positive advice about who sent it.
    complain(wire, COMPLAINTS - 1)
    wire.node.add_route("0.0.0.0/0", 1, gateway=PEER, preference=-1)
    assert first_hop(wire) == GATEWAY_MAC


def test_a_better_gateway_that_fell_silent_is_asked_for_slowly_while_there_is_traffic() -> None:
    wire = two_gateways(neighbours=False)
    lose_the_better(wire)
    wire.frames(after=RETURN_AFTER)
    # Nobody asks as long as nothing is sent.
    assert wire.frames() == []
    for _ in range(3):
        send_udp(wire.node, REMOTE)
    frames = who_has(wire.arps())
    assert frames.count((BROADCAST_MAC, a(GATEWAY))) == 1
    assert wire.node._core.routes.take_returning() == []
    wire.answer_arp(SECOND_GATEWAY, SECOND_GATEWAY_MAC)
    wire.answer_arp(GATEWAY, GATEWAY_MAC)
    wire.frames()
    send_udp(wire.node, REMOTE)
    assert who_has(wire.arps()) == []
    send_udp(wire.node, REMOTE)
    assert wire.one().mac == GATEWAY_MAC


def test_it_is_not_asked_for_on_a_nic_that_is_off() -> None:
    wire = two_gateways()
    wire.second_nic(forwarding=False)
    wire.node.add_route("0.0.0.0/0", 2, gateway="203.0.113.254", preference=7)
    send_udp(wire.node, REMOTE)
    wire.frames(after=3 * SECOND)
    wire.now += RETURN_AFTER
    core = wire.node._core
    core.now = wire.now
    assert core.routes.find(a(REMOTE)) is not None
    wire.node.disable(2)
    wire.frames()
    send_udp(wire.node, REMOTE)
    assert wire.arps() == []


def test_a_host_falls_back_on_a_default_gateway() -> None:
    wire = Wire(neighbours=False)
    wire.node.add_route("198.51.100.0/24", 1, gateway=SECOND_GATEWAY)
    wire.node.add_route("198.51.0.0/16", 1, gateway=SECOND_GATEWAY)
    send_udp(wire.node, REMOTE)
    wire.frames(after=3 * SECOND)
    send_udp(wire.node, REMOTE)
    assert who_has(wire.arps()) == [(BROADCAST_MAC, a(GATEWAY))]
    wire.frames(after=3 * SECOND)
    # All seem dead: the longest prefix is as good as any.
    send_udp(wire.node, REMOTE)
    assert who_has(wire.arps()) == [(BROADCAST_MAC, a(SECOND_GATEWAY))]
    wire.frames(after=3 * SECOND)
    wire.answer_arp(GATEWAY, GATEWAY_MAC)
    wire.frames(after=RETURN_AFTER)
    send_udp(wire.node, REMOTE)
    asked = [target for _, target in who_has(wire.arps())]
    assert a(SECOND_GATEWAY) in asked
    # A router does not: RFC 1812 §5.2.4.3.
    wire.node.forwarding = True
    send_udp(wire.node, REMOTE)
    assert who_has(wire.arps()) == [(BROADCAST_MAC, a(SECOND_GATEWAY))]


def test_first_match_knows_no_dead_gateways() -> None:
    wire = two_gateways(NETSTACK, neighbours=False)
    for _ in range(2):
        send_udp(wire.node, REMOTE)
        assert who_has(wire.arps())[0][1] == a(GATEWAY)
        wire.frames(after=4 * SECOND)


def test_what_is_remembered_of_gateways_is_bounded() -> None:
    gateways = Gateways()
    for address in range(GATEWAYS_LIMIT + 1):
        gateways.silent(address, 0)
    assert gateways.failed_since(0, 0) == 0
    assert gateways.failed_since(1, 0) == 1


def test_a_gateway_without_a_route_is_forgotten() -> None:
    wire = two_gateways()
    complain(wire, COMPLAINTS)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert first_hop(wire) == GATEWAY_MAC


def test_two_routes_may_use_one_gateway() -> None:
    wire = two_gateways()
    wire.node.add_route("10.0.0.0/8", 1, gateway=GATEWAY)
    complain(wire, COMPLAINTS)
    wire.node.remove_route("10.0.0.0/8", 1, gateway=GATEWAY)
    assert first_hop(wire) == SECOND_GATEWAY_MAC


def test_routes_go_with_their_nic() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    wire.node.add_address(2, "203.0.113.2", 24)
    wire.node.add_route("10.0.0.0/8", 2, gateway="203.0.113.9")
    assert first_hop(wire, "10.0.0.7") == FAR_MAC
    wire.node.remove_address(2, "203.0.113.1")
    assert first_hop(wire, "203.0.113.9") == FAR_MAC
    wire.node.remove_nic(2)
    for to in ("10.0.0.7", "203.0.113.9"):
        assert first_hop(wire, to) == GATEWAY_MAC
    with pytest.raises(Refused) as refused:
        wire.node.remove_route("10.0.0.0/8", 2, gateway="203.0.113.9")
    assert refused.value.reason is Reason.NO_ROUTE


def test_a_redirect_away_from_the_link_praises_nobody() -> None:
    wire = Wire()
    core = wire.node._core
    core.routes.redirect(a(PEER), None, core.nics[1], a(GATEWAY))
    assert first_hop(wire, PEER) == GATEWAY_MAC


def _calls_of_look_ups(routes: int, policy: Policy) -> int:
    """How many calls, built-in ones too, ten look-ups among so many routes make."""
    wire = Wire(policy)
    for number in range(routes):
        wire.node.add_route(f"10.{number >> 8}.{number & 255}.0/24", 1, gateway=PEER)
    find = wire.node._core.routes.find
    # What the NIC finds out once.
    find(0x0A000007)
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    # The collector's own calls are not the look-ups'.
    gc.disable()
    sys.setprofile(count)
    found = [find(0x0A000007 | number * (routes // 10) << 8) for number in range(10)]
    sys.setprofile(before)
    gc.enable()
    assert None not in found
    return calls


@rfc_and_netstack
def test_a_look_up_costs_the_same_for_ten_thousand_routes(policy: Policy) -> None:
    assert _calls_of_look_ups(10_000, policy) == _calls_of_look_ups(10, policy)

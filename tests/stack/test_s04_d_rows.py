"""The rows of section 14 about options, each on the wire under every preset."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.choices import SourceRouting
from stack.policy import RFC, Policy
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    PARAMETER_PROBLEM,
    SOURCE_ROUTE_FAILED,
)
from tests.stack.icmp_kit import octets
from tests.stack.node_kit import GATEWAY, GATEWAY_MAC, PEER, REMOTE, Wire, a, datagram, ping, quad
from tests.stack.preset_kit import each_preset


def outcome(policy: Policy, area: bytes) -> int | None:
    """The pointer that an echo request with these options is answered by; None for a reply."""
    wire = Wire(policy)
    wire.ip(ping(options=area))
    answer = wire.one().icmp
    if answer.type == ECHO_REPLY:
        return None
    assert answer.type == PARAMETER_PROBLEM
    return answer.pointer


@each_preset
@pytest.mark.parametrize("length", [0, 1, 9])
def test_s14_5_an_impossible_length_octet(policy: Policy, length: int) -> None:
    assert outcome(policy, octets(f"94 {length} 0 0")) == (21 if policy is RFC else 20)


@each_preset
@pytest.mark.parametrize("text", ["68 10 9 0 0 0 0 0 0 0 1 1", "7 8 8 0 0 0 0 0"])
def test_s14_6_slots_that_do_not_fit(policy: Policy, text: str) -> None:
    assert outcome(policy, octets(text)) == (21 if policy is RFC else 22)
    # a whole number of slots: then it is the pointer that is odd.
    assert outcome(policy, octets("7 7 5 0 0 0 0 0")) == 22


@each_preset
def test_s14_8_a_full_timestamp_area_with_flag_three(policy: Policy) -> None:
    wire = Wire(policy)
    area = octets("68 12 13 0xE3 1 2 3 4 5 6 7 8")
    wire.ip(ping(options=area))
    reply = wire.one().header.options
    assert reply[3] == (0xF3 if policy is RFC else 0xE3)
    assert outcome(policy, reply) == (23 if policy is RFC else None)


@each_preset
def test_s14_12_router_alert_with_another_value(policy: Policy) -> None:
    assert outcome(policy, octets("148 4 0 7")) == (None if policy is RFC else 22)


@each_preset
def test_s14_14_a_completed_source_route(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(ping(options=bytes((131, 7, 8)) + quad(GATEWAY) + b"\1"))
    reply = wire.one()
    if policy is RFC:
        assert (reply.mac, reply.header.destination) == (GATEWAY_MAC, a(GATEWAY))
        assert reply.header.options == bytes((131, 7, 4)) + quad(PEER) + b"\0"
    else:
        assert (reply.header.destination, reply.header.options) == (a(PEER), b"\1\0\0\0")


@each_preset
def test_s14_14_a_route_that_goes_on(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(ping(options=bytes((131, 7, 4)) + quad(REMOTE) + b"\1"))
    answer = wire.one()
    if policy is RFC:
        assert answer.icmp_fields[:2] == (DESTINATION_UNREACHABLE, SOURCE_ROUTE_FAILED)
    else:
        assert answer.icmp.type == ECHO_REPLY


@each_preset
@pytest.mark.parametrize("known", [SourceRouting.HOST, SourceRouting.FORWARD])
def test_s14_14_source_routing_goes_with_any_preset(policy: Policy, known: SourceRouting) -> None:
    """The field stands alone, whoever does the option work of ICMP."""
    wire = Wire(replace(policy, source_route=known))
    wire.ip(ping(options=bytes((131, 11, 8)) + quad(GATEWAY) + quad(REMOTE) + b"\1"))
    answer = wire.one()
    if known is SourceRouting.HOST:
        assert answer.icmp_fields[:2] == (DESTINATION_UNREACHABLE, SOURCE_ROUTE_FAILED)
    else:
        assert answer.header.destination == a(REMOTE)
        assert answer.header.options[2] == 12
    wire.ip(ping(options=bytes((131, 7, 8)) + quad(GATEWAY) + b"\1"))
    assert wire.one().icmp.type == ECHO_REPLY


@each_preset
def test_s14_16_errors_about_later_fragments(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(datagram(bytes(8), 17, offset=9, flags=1, options=octets("68 4 4 0")))
    sent = wire.sent()
    if policy is RFC:
        assert sent == []
    else:
        assert [(each.icmp.type, each.icmp.pointer) for each in sent] == [(12, 22)]

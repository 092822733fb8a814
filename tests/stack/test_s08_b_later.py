"""S8.12 and S8.13: what NETSTACK learned later about forwarding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.hooks import Place, Seen
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason, Refused
from stack.wire.icmp import DESTINATION_UNREACHABLE, TIME_EXCEEDED
from tests.stack.flow_kit import FAR, LATER, SECOND_HOST, keeper, listener, router, takes
from tests.stack.node_kit import SECOND, SECOND_MAC, Wire, datagram, ping, udp
from tests.stack.preset_kit import each_preset, rfc_and_later

ARRIVED = {"IP.PacketsReceived": 1}
ERROR = {"IP.Forwarding.Errors": 1}
REPORTED = {"ICMP.PacketsSent.DstUnreachable": 1, "IP.PacketsSent": 1}
BAD_ROUTE = b"\x07\x07\x03\0\0\0\0\0"


@rfc_and_later
def test_s8_12_the_switch_is_per_nic(policy: Policy) -> None:
    wire = router(policy)
    wire.node.set_forwarding(2, on=False)
    back = udp(source=FAR, destination="192.0.2.9")
    moved = takes(wire, back, nic=2)
    assert moved == {**ARRIVED, "IP.InvalidDestinationAddressesReceived": 1}
    wire.ip(udp(destination=FAR))
    assert wire.one().nic == 2
    assert wire.node.forwarding
    wire.node.set_forwarding(1, on=False)
    # The stack's own switch still says what a new NIC does.
    assert wire.node.forwarding
    wire.node.forwarding = False
    wire.node.set_forwarding(2, on=True)
    assert wire.node.forwarding
    wire.ip(back, nic=2, mac=SECOND_MAC)
    assert wire.one().nic == 1
    wire.node.add_nic(3, mac=None)
    wire.node.receive(3, udp(destination=FAR), wire.now)
    assert wire.sent() == []
    # Gone with its NIC.
    wire.node.remove_nic(2)
    assert not wire.node.forwarding


def test_s8_12_early_netstack_has_one_switch() -> None:
    wire = router(NETSTACK)
    with pytest.raises(Refused) as refused:
        wire.node.set_forwarding(1, on=False)
    assert refused.value.reason is Reason.NOT_SUPPORTED


@pytest.mark.parametrize("source", ["0.0.0.0", "0.1.2.3"])
def test_s8_12_initializing_sources_end_here(source: str) -> None:
    octets = udp(source=source, destination=FAR, ttl=0, options=BAD_ROUTE)
    wire = router(LATER)
    assert takes(wire, octets) == {**ARRIVED, "IP.Forwarding.InitializingSource": 1, **ERROR}
    assert wire.frames() == []
    wire = router(NETSTACK)
    wire.ip(udp(source=source, destination=FAR))
    assert wire.one().nic == 2


def test_s8_12_rfc_counts_an_initializing_source_under_its_mib_name_too() -> None:
    wire = router()
    assert takes(wire, udp(source="0.0.0.0", destination=FAR)) == {
        **ARRIVED,
        "IP.Forwarding.InitializingSource": 1,
        "IP.InvalidDestinationAddressesReceived": 1,
        **ERROR,
    }
    wire = router(replace(RFC, drop_initializing_source=False, forward_unicast_only=False))
    wire.ip(udp(source="0.0.0.0", destination=FAR))
    assert wire.one().nic == 2


def test_s8_12_ttl_0_is_counted_and_1_leaves_as_0() -> None:
    wire = router(LATER)
    octets = udp(destination=FAR, ttl=0, options=BAD_ROUTE)
    assert takes(wire, octets) == {
        **ARRIVED,
        "IP.Forwarding.ExhaustedTTL": 1,
        "ICMP.PacketsSent.TimeExceeded": 1,
        "IP.PacketsSent": 1,
        **ERROR,
    }
    assert wire.one().icmp.type == TIME_EXCEEDED
    wire.ip(udp(destination=FAR, ttl=1))
    assert wire.one().header.ttl == 0


def test_s8_12_an_option_problem_moves_malformed_alone() -> None:
    wire = router(LATER)
    moved = takes(wire, udp(destination="10.0.0.1", options=BAD_ROUTE))
    assert moved == {
        **ARRIVED,
        "IP.OptionRecordRouteReceived": 1,
        "IP.MalformedPacketsReceived": 1,
        "ICMP.PacketsSent.ParamProblem": 1,
        "IP.PacketsSent": 1,
        **ERROR,
    }


def test_s8_12_the_forward_hook_sees_what_is_handed_over() -> None:
    wire = router(LATER)
    heard = listener(wire)
    seen: list[Seen] = []
    wire.node.hooks.add(Place.FORWARD, keeper(seen, answer=False))
    dropped = {**ARRIVED, "IP.IPTablesForwardDropped": 1}
    assert takes(wire, udp(destination=SECOND_HOST)) == dropped
    assert [packet.nic for packet in seen] == [2]
    assert not heard()
    # Early NETSTACK has no such hook.
    wire = router(NETSTACK)
    heard = listener(wire)
    wire.node.hooks.add(Place.FORWARD, lambda _: False)
    wire.ip(udp(destination=SECOND_HOST))
    assert heard()


@rfc_and_later
def test_s8_12_no_route_comes_before_the_hook(policy: Policy) -> None:
    wire = router(policy)
    wire.node.hooks.add(Place.FORWARD, lambda _: False)
    octets = udp(destination="10.0.0.1")
    assert takes(wire, octets) == {
        **ARRIVED,
        "IP.Forwarding.Unrouteable": 1,
        **ERROR,
        **REPORTED,
    }
    assert wire.one().icmp_fields[:2] == (DESTINATION_UNREACHABLE, 0)
    assert takes(wire, udp(destination=FAR)) == {**ARRIVED, "IP.IPTablesForwardDropped": 1}


@rfc_and_later
def test_s8_12_too_big_with_df(policy: Policy) -> None:
    wire = router(policy, mtu=280)
    octets = udp(bytes(600), destination=FAR, flags=2)
    moved = takes(wire, octets)
    assert moved == {**ARRIVED, "IP.Forwarding.PacketTooBig": 1, **ERROR, **REPORTED}
    assert wire.one().icmp.rest == (280).to_bytes(4, "big")


@rfc_and_later
def test_s8_12_identification_and_source_stay(policy: Policy) -> None:
    wire = router(replace(policy, drop_initializing_source=False, forward_unicast_only=False))
    wire.ip(datagram(bytes(8), 17, source="0.0.0.0", destination=FAR, identification=0))
    header = wire.one().header
    assert (header.source, header.identification) == (0, 0)


@rfc_and_later
def test_s8_12_an_unresolved_next_hop(policy: Policy) -> None:
    wire = router(policy)
    wire.ip(udp(destination="203.0.113.77"))
    before = wire.node.counters.get("IP.Forwarding.Errors")
    [error] = wire.sent(after=4 * SECOND)
    assert error.icmp_fields[:2] == (DESTINATION_UNREACHABLE, 1)
    assert wire.node.counters.get("IP.Forwarding.HostUnreachable") == 1
    assert wire.node.counters.get("IP.Forwarding.Errors") == before + 1


def test_s8_12_the_counters_are_a_choice_of_their_own() -> None:
    wire = router(replace(RFC, count_forwarding=False))
    for octets in (udp(destination="10.0.0.1"), udp(destination=FAR, ttl=1)):
        moved = takes(wire, octets)
        assert not [name for name in moved if "Forwarding" in name]


@each_preset
def test_s8_13_loopback_addresses_from_outside(policy: Policy) -> None:
    wire = router(policy)
    wire.node.add_route("127.0.0.0/8", 2, gateway="203.0.113.254")
    for octets, counter in (
        (ping(source="127.0.0.1", destination=FAR), "IP.InvalidSourceAddressesReceived"),
        (ping(destination="127.0.0.1"), "IP.InvalidDestinationAddressesReceived"),
    ):
        moved = takes(wire, octets)
        assert (counter in moved) is (policy is not NETSTACK)
        assert ("IP.PacketsSent" in moved) is (policy is NETSTACK)
        wire.sent()


def test_s8_13_unless_allowed() -> None:
    wire: Wire = router(replace(LATER, drop_external_loopback=False))
    wire.ip(ping(source="127.0.0.1", destination=FAR))
    assert wire.one().nic == 2

"""S8.14: forwarding to groups by a table that a controller keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.hooks import Place
from stack.multicast_table import (
    EVENT_LIMIT,
    PENDING_KEYS,
    PENDING_LIMIT,
    PENDING_TIME,
    Event,
    News,
)
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason
from stack.wire.ethernet import BROADCAST_MAC, group_mac
from tests.stack.flow_kit import LATER, SECOND_HOST, listener, router, takes
from tests.stack.node_kit import HOST, PEER, SECOND_MAC, Wire, a, quad, refusal, udp
from tests.stack.preset_kit import rfc_and_later

GROUP = "239.1.2.3"
ARRIVED = {"IP.PacketsReceived": 1}
PASSED = {"IP.PacketsReceived": 1, "IP.PacketsSent": 1}
ERROR = {"IP.Forwarding.Errors": 1}
BAD_ROUTE = b"\x07\x07\x03\0\0\0\0\0"


def multicaster(policy: Policy = RFC, *, route: bool = True, mtu: int = 1500) -> Wire:
    """Forwards PEER's datagrams to GROUP from NIC 1 to NIC 2 (TTL 2) and to NIC 3 (TTL 9)."""
    wire = router(policy, mtu=mtu)
    wire.node.add_nic(3, mac=bytes.fromhex("020000000003"))
    wire.node.add_address(3, "198.18.0.1", 24)
    wire.node.multicast.on = True
    for nic in (1, 2):
        wire.node.multicast.set_nic(nic, on=True)
    if route:
        wire.node.multicast.add_route(PEER, GROUP, 1, {2: 2, 3: 9})
    wire.frames()
    return wire


@rfc_and_later
def test_s8_14_a_route_sends_to_every_output(policy: Policy) -> None:
    wire = multicaster(policy)
    octets = udp(destination=GROUP, ttl=9, tos=0xB8)
    assert takes(wire, octets) == {**ARRIVED, "IP.PacketsSent": 2}
    sent = wire.sent()
    assert [(each.nic, each.mac) for each in sent] == [(2, group_mac(a(GROUP))), (3, sent[0].mac)]
    for each in sent:
        assert (each.header.ttl, each.header.tos, each.header.source) == (8, 0xB8, a(PEER))
        assert each.packet.payload == octets[20:]
    assert wire.mib()["ipSystemStatsOutForwDatagrams"] == 2
    assert wire.mib()["ipSystemStatsOutMcastPkts"] >= 2


@rfc_and_later
def test_s8_14_it_is_off_until_both_switches_are_on(policy: Policy) -> None:
    octets = udp(destination=GROUP)
    refused = {**ARRIVED, "IP.InvalidDestinationAddressesReceived": 1}
    wire = multicaster(policy)
    wire.node.multicast.set_nic(1, on=False)
    assert takes(wire, octets) == refused
    wire.node.multicast.set_nic(1, on=True)
    assert wire.node.multicast.on
    wire.node.multicast.on = False
    assert takes(wire, octets) == refused
    assert wire.sent() == []
    # It does not take unicast forwarding.
    wire.node.multicast.on = True
    wire.node.forwarding = False
    wire.ip(octets)
    assert len(wire.sent()) == 2


def test_s8_14_early_netstack_has_no_such_thing() -> None:
    wire = router(NETSTACK)

    def turn_on() -> None:
        wire.node.multicast.on = True

    assert refusal(turn_on) is Reason.NOT_SUPPORTED
    wire.node.multicast.on = False
    # Nor does a stack that turns into one go on with it.
    wire = multicaster()
    wire.node.policy = NETSTACK
    wire.ip(udp(destination=GROUP))
    assert wire.sent() == []


@rfc_and_later
def test_s8_14_without_an_entry_datagrams_wait_and_the_controller_is_told(
    policy: Policy,
) -> None:
    wire = multicaster(policy, route=False)
    waits = {**ARRIVED, "IP.Forwarding.Unrouteable": 1, **ERROR}
    full = {**ARRIVED, "IP.Forwarding.NoMulticastPendingQueueBufferSpace": 1, **ERROR}
    datagrams = [udp(bytes([number]), destination=GROUP) for number in range(4)]
    for octets in datagrams[:PENDING_LIMIT]:
        assert takes(wire, octets) == waits
    assert takes(wire, datagrams[3]) == full
    assert wire.sent() == []
    told = Event(News.MISSING_ROUTE, a(PEER), a(GROUP), 1, None)
    assert wire.node.multicast.events() == [told]
    assert wire.node.multicast.events() == []
    wire.node.multicast.add_route(PEER, GROUP, 1, {2: 0})
    assert [each.packet.payload for each in wire.sent()] == [
        octets[20:] for octets in datagrams[:PENDING_LIMIT]
    ]
    # They went once.
    wire.node.multicast.add_route(PEER, GROUP, 1, {2: 0})
    assert wire.sent() == []


@rfc_and_later
def test_s8_14_they_wait_ten_seconds_from_the_first_one(policy: Policy) -> None:
    wire = multicaster(policy, route=False)
    wire.ip(udp(destination=GROUP))
    wire.frames(after=PENDING_TIME - 1)
    wire.ip(udp(destination="239.1.2.4"))
    wire.frames(after=1)
    wire.node.multicast.add_route(PEER, GROUP, 1, {2: 0})
    assert wire.sent() == []
    wire.node.multicast.add_route(PEER, "239.1.2.4", 1, {2: 0})
    assert wire.one().header.destination == a("239.1.2.4")


def test_s8_14_what_waits_is_bounded() -> None:
    wire = multicaster(route=False)
    base = a("239.0.0.0")
    for number in range(PENDING_KEYS):
        wire.ip(udp(source="192.0.2.7", destination=_text(base + number)))
    moved = takes(wire, udp(destination=GROUP))
    assert moved["IP.Forwarding.NoMulticastPendingQueueBufferSpace"] == 1
    assert len(wire.node.multicast.events()) == min(PENDING_KEYS, EVENT_LIMIT)
    # There is room again once their time is over.
    wire.frames(after=PENDING_TIME)
    assert takes(wire, udp(destination=GROUP))["IP.Forwarding.Unrouteable"] == 1


def _text(address: int) -> str:
    return ".".join(str(octet) for octet in address.to_bytes(4, "big"))


@rfc_and_later
def test_s8_14_the_wrong_input_is_told_and_goes_nowhere(policy: Policy) -> None:
    wire = multicaster(policy)
    moved = takes(wire, udp(destination=GROUP), nic=2)
    counter = "IP.Forwarding.UnexpectedMulticastInputInterface"
    assert moved == {**ARRIVED, counter: 1, **ERROR}
    assert wire.sent() == []
    told = Event(News.WRONG_INPUT, a(PEER), a(GROUP), 2, 1)
    assert wire.node.multicast.events() == [told]


@rfc_and_later
def test_s8_14_outputs_have_a_least_ttl(policy: Policy) -> None:
    wire = multicaster(policy)
    exhausted = {"IP.Forwarding.ExhaustedTTL": 1, **ERROR}
    assert takes(wire, udp(destination=GROUP, ttl=8)) == {**PASSED, **exhausted}
    assert wire.one().nic == 2
    moved = takes(wire, udp(destination=GROUP, ttl=1))
    assert moved == {**ARRIVED, "IP.Forwarding.ExhaustedTTL": 2, "IP.Forwarding.Errors": 2}
    # No ICMP in any case.
    assert wire.sent() == []


def test_s8_14_ttl_1_where_the_least_is_lower() -> None:
    for policy, ttl, leaves in ((RFC, 1, False), (LATER, 1, True), (LATER, 0, False)):
        wire = multicaster(policy, route=False)
        wire.node.multicast.add_route(PEER, GROUP, 1, {2: 0})
        wire.ip(udp(destination=GROUP, ttl=ttl))
        assert [each.header.ttl for each in wire.sent()] == ([0] if leaves else [])


@rfc_and_later
def test_s8_14_options_are_checked_on_receipt(policy: Policy) -> None:
    wire = multicaster(policy)
    moved = takes(wire, udp(destination=GROUP, options=BAD_ROUTE))
    assert moved.pop("MalformedRcvdPackets", 0) == int(policy is RFC)
    assert moved == {
        **ARRIVED,
        "IP.OptionRecordRouteReceived": 1,
        "IP.MalformedPacketsReceived": 1,
        **ERROR,
    }
    assert wire.sent() == []


@rfc_and_later
def test_s8_14_options_are_stamped_for_each_output(policy: Policy) -> None:
    wire = multicaster(policy)
    wire.ip(udp(destination=GROUP, options=b"\x07\x07\x04\0\0\0\0\0"))
    assert [each.header.options for each in wire.sent()] == [
        b"\x07\x07\x08" + quad(SECOND_HOST) + b"\0",
        b"\x07\x07\x08" + quad("198.18.0.1") + b"\0",
    ]


def test_s8_14_an_output_without_an_address_to_stamp() -> None:
    octets = udp(destination=GROUP, options=b"\x07\x07\x04\0\0\0\0\0")
    for policy, number in ((RFC, 2), (LATER, 1)):
        wire = multicaster(policy)
        wire.node.remove_address(3, "198.18.0.1")
        wire.ip(octets)
        assert len(wire.sent()) == number


@rfc_and_later
def test_s8_14_a_joined_group_is_delivered_as_well(policy: Policy) -> None:
    wire = multicaster(policy)
    heard = listener(wire)
    wire.node.join(1, GROUP)
    wire.frames()
    moved = takes(wire, udp(destination=GROUP))
    assert (moved["IP.PacketsDelivered"], moved["IP.PacketsSent"]) == (1, 2)
    assert heard()
    assert len(wire.sent()) == 2
    # What waits is not what delivery writes into.
    wire.node.multicast.remove_route(PEER, GROUP)
    wire.ip(udp(destination=GROUP, options=b"\x07\x07\x04\0\0\0\0\0"))
    assert heard()
    wire.node.multicast.add_route(PEER, GROUP, 1, {2: 0})
    assert wire.one().header.options == b"\x07\x07\x08" + quad(SECOND_HOST) + b"\0"


@rfc_and_later
def test_s8_14_an_output_that_is_gone(policy: Policy) -> None:
    wire = multicaster(policy)
    wire.node.disable(3)
    wire.frames()
    unknown = {"IP.Forwarding.UnknownOutputEndpoint": 1, **ERROR}
    assert takes(wire, udp(destination=GROUP)) == {**PASSED, **unknown}
    wire.node.remove_nic(3)
    wire.frames()
    assert takes(wire, udp(destination=GROUP)) == {**PASSED, **unknown}


@rfc_and_later
def test_s8_14_too_big_for_an_output_with_df(policy: Policy) -> None:
    wire = multicaster(policy, mtu=280)
    moved = takes(wire, udp(bytes(600), destination=GROUP, flags=2))
    assert moved["IP.Forwarding.PacketTooBig"] == 1
    assert moved["IP.Forwarding.Errors"] == 1
    assert [each.nic for each in wire.sent()] == [3]
    wire.ip(udp(bytes(600), destination=GROUP))
    assert [each.nic for each in wire.sent()] == [2, 2, 2, 3]


@rfc_and_later
def test_s8_14_the_forward_hook_sees_each_output(policy: Policy) -> None:
    wire = multicaster(policy)
    wire.node.hooks.add(Place.FORWARD, lambda seen: seen.nic == 3)
    moved = takes(wire, udp(destination=GROUP))
    assert moved == {**PASSED, "IP.IPTablesForwardDropped": 1}
    assert wire.one().nic == 3


def test_s8_14_without_hooks_in_transit_nobody_asks() -> None:
    wire = multicaster(replace(LATER, five_hooks=False))
    wire.node.hooks.add(Place.FORWARD, lambda _: False)
    wire.ip(udp(destination=GROUP))
    assert len(wire.sent()) == 2


def test_s8_14_a_link_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = multicaster()
    monkeypatch.setattr("stack.send.put_out", lambda *_, **__: Reason.INVALID_STATE)
    moved = takes(wire, udp(destination=GROUP))
    assert moved["IP.Forwarding.OutgoingDeviceNoBufferSpace"] == 2
    assert wire.sent() == []


def test_s8_14_what_is_never_forwarded() -> None:
    wire = multicaster(route=False)
    # RFC 1112 §7.2: 224.0.0/24 stays on its link.
    moved = takes(wire, udp(destination="224.0.0.77"))
    assert moved == {**ARRIVED, "IP.InvalidDestinationAddressesReceived": 1}
    # RFC 1812 §5.3.4: so does what came in a link-layer broadcast.
    assert takes(wire, udp(destination=GROUP), mac=BROADCAST_MAC) == ARRIVED
    # RFC 1812 §5.3.7: and what comes from nowhere.
    moved = takes(wire, udp(source="0.0.0.0", destination=GROUP))
    assert moved["IP.Forwarding.InitializingSource"] == 1
    assert wire.node.multicast.events() == []
    # What this host itself sent does not come round again.
    wire.node.join(1, GROUP)
    wire.node.udp_socket().send(b"own", (GROUP, 9))
    wire.sent()
    assert wire.node.multicast.events() == []


@rfc_and_later
def test_s8_14_the_controller_s_calls(policy: Policy) -> None:
    wire = multicaster(policy)
    table = wire.node.multicast
    route = table.route(PEER, GROUP)
    assert route is not None
    assert (route.input_nic, [tuple(each) for each in route.outputs]) == (1, [(2, 2), (3, 9)])
    cases = [
        (lambda: table.add_route(PEER, HOST, 1, {2: 1}), Reason.BAD_ADDRESS),
        (lambda: table.add_route(PEER, "224.0.0.5", 1, {2: 1}), Reason.BAD_ADDRESS),
        (lambda: table.add_route(PEER, GROUP, 1, {}), Reason.INVALID_ARGUMENT),
        (lambda: table.add_route(PEER, GROUP, 1, {1: 1}), Reason.INVALID_ARGUMENT),
        (lambda: table.add_route(PEER, GROUP, 1, {2: 256}), Reason.INVALID_ARGUMENT),
        (lambda: table.add_route(PEER, GROUP, 1, {7: 1}), Reason.UNKNOWN_NIC),
        (lambda: table.add_route(PEER, GROUP, 7, {1: 1}), Reason.UNKNOWN_NIC),
        (lambda: table.set_nic(7, on=True), Reason.UNKNOWN_NIC),
        (lambda: table.remove_route(HOST, GROUP), Reason.NO_ROUTE),
    ]
    for call, reason in cases:
        assert refusal(call) is reason
    table.remove_route(PEER, GROUP)
    assert table.route(PEER, GROUP) is None
    table.on = False
    assert refusal(lambda: table.add_route(PEER, GROUP, 1, {2: 1})) is Reason.NOT_PERMITTED


def test_s8_14_replies_come_by_the_input_of_another_route() -> None:
    wire = multicaster()
    wire.node.multicast.add_route("203.0.113.9", GROUP, 2, {1: 1})
    wire.ip(udp(source="203.0.113.9", destination=GROUP), nic=2, mac=SECOND_MAC)
    assert wire.one().nic == 1

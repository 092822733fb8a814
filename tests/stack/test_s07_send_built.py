"""Datagrams that IP builds: S7.1 to S7.7, S14.27, S14.54."""

from __future__ import annotations

import random

from stack import send
from stack.hooks import Place, Seen
from stack.identification import SHARED_COUNTERS, IdentificationSource
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, SECOND, Policy
from stack.refusal import Reason
from stack.send import Wish
from stack.wire.ethernet import group_mac
from stack.wire.icmp import ECHO_REPLY
from stack.wire.ipv4 import FLAG_DF
from tests.stack.node_kit import (
    FAR_MAC,
    HOST,
    PEER,
    PEER_MAC,
    Wire,
    a,
    ping,
    refusal,
    udp,
)
from tests.stack.preset_kit import each_preset, rfc_and_netstack
from tests.stack.send_kit import ip_moving, route_to

GROUP = "239.1.2.3"
ALERT = b"\x94\x04\0\0"


@rfc_and_netstack
def test_s7_1_route_protocol_ttl_tos_payload_and_options_make_a_datagram(policy: Policy) -> None:
    wire = Wire(policy)
    wish = Wish(253, 9, 0x28, ALERT)
    assert send.originate(wire.node._core, route_to(wire), b"payload", wish) is None
    head = wire.one().header
    assert (head.source, head.destination, head.protocol) == (a(HOST), a(PEER), 253)
    assert (head.ttl, head.tos, head.options) == (9, 0x28, ALERT)


@each_preset
def test_s7_2_the_header(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(253)
    raw.send(b"payload", PEER, options=b"\x94\x04\0\0\x07\x07\x04" + bytes(4))
    first = wire.one()
    # 11 octets of options and one of padding; the checksum is right, or the kit had refused it
    assert first.header.header_length == 20 + 12
    assert first.header.options[11:] == b"\0"
    assert first.header.total_length == 32 + 7
    assert (first.header.flags, first.header.fragment_offset) == (0, 0)
    raw.send(b"payload", PEER)
    assert wire.one().header.identification != first.header.identification


@each_preset
def test_s7_2_df_when_asked_for(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.raw_socket(253).send(b"", PEER, df=True)
    head = wire.one().header
    assert head.flags == (0 if policy is NETSTACK else FLAG_DF)
    # RFC 6864 §4.1, S7.7: then the Identification means nothing
    assert policy is NETSTACK or head.identification == 0


@rfc_and_netstack
def test_s7_2_too_long_is_refused_and_not_counted(policy: Policy) -> None:
    wire = Wire(policy)
    core = wire.node._core
    route = route_to(wire)
    with ip_moving(wire) as moved:
        for payload, options in ((65516, b""), (65512, ALERT), (0, bytes(44))):
            reason = send.originate(core, route, bytes(payload), Wish(253, 9, 0, options))
            assert reason is Reason.MESSAGE_TOO_LONG
    assert moved == {}
    assert wire.mib()["ipSystemStatsOutRequests"] == 0
    assert send.originate(core, route, bytes(65515), Wish(253, 9)) is None


@rfc_and_netstack
def test_s7_3_ttl_of_sockets_groups_and_what_ip_itself_sends(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.default_ttl = 33
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    assert socket.settings.multicast_ttl == 1

    def ttl(destination: str) -> int:
        socket.send(b"x", (destination, 9))
        return wire.one().header.ttl

    assert (ttl(PEER), ttl(GROUP)) == (33, 1)
    socket.settings.ttl = 5
    socket.settings.multicast_ttl = 7
    assert (ttl(PEER), ttl(GROUP)) == (5, 7)
    socket.settings.ttl = 0
    assert (ttl(PEER), ttl(GROUP)) == (33, 7)
    wire.ip(ping())
    reply = wire.one()
    assert (reply.icmp.type, reply.header.ttl) == (ECHO_REPLY, 33)
    wire.ip(udp(port=99))
    assert wire.one().header.ttl == 33


@each_preset
def test_s7_3_the_default_ttl(policy: Policy) -> None:
    wire = Wire(policy)
    assert wire.node.default_ttl == 64
    wire.node.default_ttl = 255
    assert refusal(lambda: setattr(wire.node, "default_ttl", 256)) is Reason.INVALID_ARGUMENT
    if policy is RFC:
        # RFC 1122 §3.2.1.7
        assert refusal(lambda: setattr(wire.node, "default_ttl", 0)) is Reason.INVALID_ARGUMENT
        return
    wire.node.default_ttl = 0
    wire.node.raw_socket(253).send(b"", PEER)
    assert wire.one().header.ttl == 0


@rfc_and_netstack
def test_s14_54_group_datagrams_with_ttl_0(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.join(1, GROUP)
    wire.sent(after=20 * SECOND)
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    socket.settings.multicast_ttl = 0
    with ip_moving(wire) as moved:
        socket.send(b"x", (GROUP, 9))
        sent = wire.sent()
    assert socket.receive() is not None
    if policy is RFC:
        assert sent == []
        assert "PacketsSent" not in moved
    else:
        assert [(each.mac, each.header.ttl) for each in sent] == [(group_mac(a(GROUP)), 0)]
        assert moved["PacketsSent"] == 1


@rfc_and_netstack
def test_s7_4_what_the_output_hook_drops_is_a_success(policy: Policy) -> None:
    wire = Wire(policy, mtu=68)
    seen: list[Seen] = []

    def drop(shown: Seen) -> bool:
        seen.append(shown)
        return False

    wire.node.hooks.add(Place.OUTPUT, drop)
    with ip_moving(wire) as moved:
        wire.node.raw_socket(253).send(bytes(100), PEER)
    assert moved == {"IPTablesOutputDropped": 1}
    # the whole, with its header built
    assert [(each.header.protocol, len(each.payload)) for each in seen] == [(253, 100)]
    assert wire.frames() == []


@rfc_and_netstack
def test_s7_5_what_a_hook_rewrote_to_us_comes_back_and_is_not_sent(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic(forwarding=False)

    def inspect(shown: Seen) -> bool:
        shown.header.destination = a("203.0.113.1")
        return True

    wire.node.hooks.add(Place.OUTPUT, inspect)
    receiver = wire.node.raw_socket(253)
    with ip_moving(wire) as moved:
        wire.node.raw_socket(253).send(b"x", PEER)
        assert wire.frames() == []
    read = receiver.receive()
    assert read is not None
    assert (read.specific_destination, read.nic) == ("203.0.113.1", 2)
    assert moved == {"PacketsReceived": 1, "PacketsDelivered": 1}


@rfc_and_netstack
def test_s7_5_what_is_rewritten_to_others_and_what_is_not_rewritten_leaves(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.hooks.add(Place.OUTPUT, lambda shown: True)
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    socket.settings.broadcast = True
    with ip_moving(wire) as moved:
        socket.send(b"x", ("192.0.2.255", 9))
    assert moved["PacketsSent"] == 1
    wire.frames()

    def inspect(shown: Seen) -> bool:
        shown.header.destination = a("192.0.2.77")
        return True

    wire.node.hooks.add(Place.OUTPUT, inspect)
    # S10.12: under the RFCs it is routed anew.
    wire.node.add_neighbour(1, "192.0.2.77", FAR_MAC)
    wire.node.raw_socket(253).send(b"x", PEER)
    sent = wire.one()
    assert sent.header.destination == a("192.0.2.77")
    assert sent.mac == (FAR_MAC if policy.five_hooks else PEER_MAC)


def test_s7_6_shared_counters() -> None:
    source = IdentificationSource(NETSTACK, random.Random(5))
    flows = [(1, last, 17) for last in range(6000)]
    first = {flow: source.next(*flow, 0) for flow in flows}
    again = {flow: source.next(*flow, 0) for flow in flows}
    # a flow counts up, by one for each datagram of those that share its counter
    steps = [(again[flow] or 0) - (first[flow] or 0) & 0xFFFF for flow in flows]
    # and those that share one interleave
    assert all(1 <= step <= 20 for step in steps)
    assert max(steps) > 1
    assert len(source._shared) == SHARED_COUNTERS == 2048
    assert any(counter > 0xFFFF for counter in source._shared)
    alone = source.next(9, 9, 9, 0)
    assert alone is not None
    assert source.next(9, 9, 9, 0) == alone + 1 & 0xFFFF
    # 0 is an ordinary value
    assert 0 in {source.next(9, 9, 9, 0) for _ in range(65536)}


def test_s7_6_pieces_share_the_value() -> None:
    wire = Wire(NETSTACK, mtu=68)
    wire.node.raw_socket(253).send(bytes(200), PEER)
    assert len({each.header.identification for each in wire.sent()}) == 1


def test_s7_7_random_values_and_none_with_df() -> None:
    wire = Wire(NETSTACK_LATER)
    raw = wire.node.raw_socket(253)
    for _ in range(50):
        raw.send(b"", PEER)
    values = [each.header.identification for each in wire.sent()]
    assert 0 not in values
    assert len(set(values)) > 45
    raw.send(b"", PEER, df=True)
    assert wire.one().header.identification == 0


def test_s14_27_a_source_never_repeats_a_value_that_may_live() -> None:
    wire = Wire(RFC)
    raw = wire.node.raw_socket(253)
    for _ in range(8):
        for _ in range(8192):
            raw.send(b"", PEER)
        wire.frames()
    # RFC 6864 §5.2: all values may live; what leaves is atomic, and what cannot be is refused
    raw.send(b"", PEER)
    assert wire.one().header.flags == FLAG_DF
    assert refusal(lambda: raw.send(bytes(1481), PEER)) is Reason.MESSAGE_TOO_LONG
    sent_by_others = wire.node.raw_socket(254)
    sent_by_others.send(b"", PEER)
    assert wire.one().header.flags == 0
    # S7.8: one that brings its header waits
    octets = bytes.fromhex("4500001400000000 40fd0000") + bytes(4) + a(PEER).to_bytes(4, "big")
    assert refusal(lambda: raw.send(octets, header_included=True)) is Reason.WOULD_BLOCK
    wire.frames(after=120 * SECOND)
    raw.send(b"", PEER)
    assert wire.one().header.flags == 0

"""Section 5, S5.5 to S5.13: echo requests and their replies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack import icmp
from stack.handlers import Unclaimed
from stack.hooks import Place
from stack.inbound import Inbound
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.refusal import Reason
from stack.wire.icmp import ECHO_REPLY, ECHO_REQUEST, build_icmp, echo
from stack.wire.ipv4 import Ipv4Packet, parse_ipv4
from tests.stack.icmp_kit import Watch, message, octets
from tests.stack.node_kit import (
    GATEWAY,
    HOST,
    PEER,
    REMOTE,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
)
from tests.stack.preset_kit import both_netstacks, each_preset, rfc_and_netstack

IN = "ICMP.PacketsReceived."
OUT = "ICMP.PacketsSent."
SERVED = {IN + "EchoRequest": 1, OUT + "EchoReply": 1}


@each_preset
def test_s5_5_a_request_and_its_reply(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(1)
    watch = Watch(wire)
    wire.ip(ping(b"some data"))
    reply = wire.one()
    assert reply.icmp == echo(ECHO_REPLY, 7, 1, b"some data")
    assert (reply.header.source, reply.header.destination) == (a(HOST), a(PEER))
    assert watch.moved() == SERVED
    assert raw.receive() is not None


def test_s5_5_the_limiter_comes_before_raw_sockets() -> None:
    """S14.30: where it limits errors only, replies are free."""
    for policy, limited in ((NETSTACK, True), (NETSTACK_LATER, False), (RFC, False)):
        wire = Wire(replace(policy, icmp_burst=0))
        raw = wire.node.raw_socket(1)
        watch = Watch(wire)
        wire.ip(ping())
        assert len(wire.sent()) == int(not limited)
        assert (raw.receive() is None) is limited
        refused = {IN + "EchoRequest": 1, OUT + "RateLimited": 1}
        assert watch.moved() == (refused if limited else SERVED)


@each_preset
def test_s5_5_no_route_is_silent(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    raw = wire.node.raw_socket(1)
    watch, mib = Watch(wire), wire.mib()
    wire.ip(ping(source=REMOTE))
    assert wire.sent() == []
    assert watch.moved() == {IN + "EchoRequest": 1}
    assert raw.receive() is not None
    # S11.3: the objects that only the MIB has.
    moved = wire.moved(mib)
    assert moved["ipSystemStatsOutNoRoutes"] == moved["icmpMsgStatsOutPkts.0"] == 1


@each_preset
def test_s5_5_the_way_back_is_on_the_arrival_nic(policy: Policy) -> None:
    """RFC 1122 §3.2.2.6 MUST answer: under the RFCs the route table alone decides."""
    wire = Wire(policy)
    wire.second_nic(forwarding=False)
    wire.ip(ping(source="203.0.113.9"))
    sent = wire.sent()
    assert [each.nic for each in sent] == ([2] if policy is RFC else [1])


@each_preset
@pytest.mark.parametrize("destination", [SUBNET_BROADCAST, "255.255.255.255", "224.0.0.1"])
def test_s5_6_requests_to_many_are_answered(policy: Policy, destination: str) -> None:
    wire = Wire(policy)
    watch = Watch(wire)
    wire.ip(ping(destination=destination))
    assert wire.one().header.source == a(HOST)
    assert watch.moved() == SERVED


@each_preset
def test_s5_6_not_by_one_without_an_address(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.remove_address(1, HOST)
    watch = Watch(wire)
    wire.ip(ping(destination="224.0.0.1"))
    assert wire.sent() == []
    assert watch.moved() == {IN + "EchoRequest": 1}


@both_netstacks
def test_s5_7_the_reply_repeats_the_header(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.default_ttl = 99
    request = ping(tos=0xB9, identification=0x1234, flags=6, ttl=3, options=octets("148 4 0 0"))
    wire.ip(request)
    header = wire.one().header
    assert (header.tos, header.identification, header.flags) == (0xB9, 0x1234, 6)
    assert (header.fragment_offset, header.protocol, header.ttl) == (0, 1, 99)
    assert (header.options, header.total_length) == (octets("148 4 0 0"), len(request))
    wire.ip(ping(options=octets("94 12 0 0 0 0 0 0 0 0 0 0")))
    assert wire.one().header.total_length == len(ping())


@both_netstacks
@pytest.mark.parametrize(("flags", "stays"), [(2, True), (0, False)])
def test_s5_7_an_identification_of_zero(policy: Policy, flags: int, stays: bool) -> None:
    wire = Wire(policy)
    found = set()
    for _ in range(3):
        wire.ip(ping(identification=0, flags=flags))
        found.add(wire.one().header.identification)
    assert (found == {0}) is stays


@each_preset
def test_s14_28_identification_and_flags_of_a_reply(policy: Policy) -> None:
    wire = Wire(policy)
    headers = []
    for _ in range(2):
        wire.ip(ping(identification=0x1234, flags=2))
        headers.append(wire.one().header)
    if policy is RFC:
        assert [each.flags for each in headers] == [0, 0]
        assert headers[0].identification != headers[1].identification
    else:
        assert [(each.flags, each.identification) for each in headers] == [(2, 0x1234)] * 2


@each_preset
@pytest.mark.parametrize("code", [0, 1, 255])
def test_s5_8_the_message_comes_back(policy: Policy, code: int) -> None:
    """S14.29: RFC 792 knows code 0 alone."""
    wire = Wire(policy)
    wire.ip(datagram(build_icmp(echo(ECHO_REQUEST, 0xABCD, 0xFFFF, bytes(range(99)), code))))
    back = 0 if policy is RFC else code
    assert wire.one().icmp == echo(ECHO_REPLY, 0xABCD, 0xFFFF, bytes(range(99)), back)


@each_preset
def test_s14_29_the_code_of_a_reply(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(datagram(message(ECHO_REQUEST, 5)))
    assert wire.one().icmp.code == (0 if policy is RFC else 5)


@each_preset
def test_s5_9_a_write_that_fails(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(policy)
    monkeypatch.setattr("stack.send.put_out", lambda *_, **__: Reason.INVALID_STATE)
    watch, mib = Watch(wire), wire.mib()
    wire.ip(ping())
    assert wire.sent() == []
    assert watch.moved() == {IN + "EchoRequest": 1, OUT + "Dropped": 1}
    moved = wire.moved(mib)
    assert moved["icmpStatsOutMsgs"] == moved["icmpMsgStatsOutPkts.0"] == 1


def test_s5_9_the_output_hook_is_not_consulted() -> None:
    """S5.13: later it is."""
    for policy, asked in ((NETSTACK, False), (NETSTACK_LATER, True), (RFC, True)):
        wire = Wire(policy)
        wire.node.hooks.add(Place.OUTPUT, lambda _: False)
        watch = Watch(wire)
        wire.ip(ping())
        assert len(wire.sent()) == int(not asked)
        dropped = {"IP.IPTablesOutputDropped": 1} if asked else {}
        assert watch.moved() == SERVED | dropped


@pytest.mark.parametrize(
    ("policy", "flags"), [(RFC, 0), (RFC, 2), (NETSTACK, 0), (NETSTACK, 2), (NETSTACK_LATER, 0)]
)
def test_s5_10_a_large_reply_is_cut(policy: Policy, flags: int) -> None:
    wire = Wire(policy)
    wire.node.set_mtu(1, 280)
    data = bytes(444)
    wire.ip(ping(data, flags=flags))
    pieces = wire.sent()
    assert [each.header.total_length for each in pieces] == [276, 216]
    assert b"".join(each.packet.payload for each in pieces)[8:] == data
    df = flags if policy is NETSTACK else 0
    assert [each.header.flags for each in pieces] == [df | 1, df]


@each_preset
def test_s5_11_a_request_in_fragments_is_answered_whole(policy: Policy) -> None:
    wire = Wire(policy)
    whole = ping(b"0123456789")[20:]
    wire.ip(datagram(whole[8:], offset=1, flags=2))
    wire.ip(datagram(whole[:8], flags=1))
    reply = wire.one()
    assert reply.icmp == echo(ECHO_REPLY, 7, 1, b"0123456789")
    assert (reply.header.flags, reply.header.fragment_offset) == (0, 0)


@rfc_and_netstack
def test_s5_12_raw_sockets_see_echo_only(policy: Policy) -> None:
    """S14.37: RFC 1122 has every error reach its users."""
    wire = Wire(policy)
    raw = wire.node.raw_socket(1)
    seen = []
    for kind in (0, 3, 4, 5, 8, 11, 12, 13, 14, 17, 200):
        wire.ip(datagram(message(kind)))
        got = raw.receive()
        if got is not None:
            seen.append(got.octets[20])
    assert seen == ([0, 3, 4, 5, 8, 11, 12, 13, 14, 17, 200] if policy is RFC else [0, 8])


@each_preset
def test_s5_12_a_stack_without_the_icmp_transport(policy: Policy) -> None:
    wire = Wire(replace(policy, icmp_transport=False))
    raw = wire.node.raw_socket(1)
    watch = Watch(wire)
    wire.ip(ping())
    assert wire.one().icmp.type == ECHO_REPLY
    if policy is not NETSTACK_LATER:
        # S2.31: later raw sockets are asked before.
        assert raw.receive() is None
    assert watch.moved() == SERVED | {"UnknownProtocolRcvdPackets": 1}


def arrived(wire: Wire, destination: str) -> None:
    """An echo request that a NIC took in, whatever its destination."""
    packet = parse_ipv4(ping(destination=destination))
    assert isinstance(packet, Ipv4Packet)
    core = wire.node._core
    inbound = Inbound(core.nics[1], packet.header, packet.payload, packet.octets)
    inbound.local = packet.header.destination
    icmp.receive(core, inbound)


@pytest.mark.parametrize(
    ("policy", "answered"), [(RFC, False), (NETSTACK, True), (NETSTACK_LATER, False)]
)
def test_s5_13_requests_to_a_temporary_address(policy: Policy, answered: bool) -> None:
    wire = Wire(policy)
    wire.node.set_nic_option(1, "promiscuous", value=True)
    raw = wire.node.raw_socket(1)
    watch = Watch(wire)
    arrived(wire, "192.0.2.123")
    if not answered:
        assert wire.sent() == []
        assert watch.moved() == {IN + "EchoRequest": 1}
    # What NETSTACK answers with finds no route unless the NIC spoofs (S1.17).
    wire.sent()
    if policy is not NETSTACK_LATER:
        assert raw.receive() is not None
    # One's own address, and all of us, are no such thing.
    for destination in (HOST, SUBNET_BROADCAST):
        wire.ip(ping(destination=destination))
        assert wire.one().icmp.type == ECHO_REPLY


@pytest.mark.parametrize(
    ("policy", "answered"), [(RFC, True), (NETSTACK, True), (NETSTACK_LATER, False)]
)
def test_s5_13_a_default_handler_that_takes_the_request(policy: Policy, answered: bool) -> None:
    wire = Wire(policy)
    taken: list[bytes] = []

    def takes(unclaimed: Unclaimed) -> bool:
        taken.append(unclaimed.payload)
        return True

    wire.node.set_default_handler(1, takes)
    wire.ip(ping())
    assert len(wire.sent()) == int(answered)
    assert taken == [ping()[20:]]
    wire.node.set_default_handler(1, lambda unclaimed: not takes(unclaimed))
    wire.ip(ping())
    assert len(wire.sent()) == 1
    # A reply that an echo socket asked for is not unclaimed.
    wire.node.icmp_socket(7)
    wire.ip(datagram(message(ECHO_REPLY, 0, b"\0\7\0\1")))
    assert len(taken) == 2
    wire.node.set_default_handler(1, None)
    wire.node.set_default_handler(17, takes)
    wire.ip(ping())
    assert len(wire.sent()) == 1
    assert len(taken) == 2


@both_netstacks
def test_s5_5_a_request_of_ones_own_is_answered_inside(policy: Policy) -> None:
    wire = Wire(replace(policy, handle_local=True))
    pinger = wire.node.icmp_socket(7)
    pinger.send_echo(HOST, 1, b"myself")
    assert wire.sent() == []
    got = pinger.receive()
    assert got is not None
    assert (got.source, got.data) == (HOST, b"myself")

"""Section 5, S5.1 to S5.4: what is received, counted and handed on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.counters import ICMP_TYPE_NAMES
from stack.icmp_socket import IcmpReply
from stack.policy import NETSTACK_LATER, RFC, Policy
from stack.wire.icmp import ECHO_REPLY, ECHO_REQUEST, PARAMETER_PROBLEM
from tests.stack.icmp_kit import Watch, answers, message, octets, quoted
from tests.stack.node_kit import HOST, PEER, Wire, datagram, ping
from tests.stack.preset_kit import both_netstacks, each_preset, rfc_and_netstack

IN = "ICMP.PacketsReceived."
OUT = "ICMP.PacketsSent."


@rfc_and_netstack
@pytest.mark.parametrize("payload", [b"", b"\x08", bytes(7), message(8, data=b"")[:7]])
def test_s5_1_fewer_than_eight_octets(policy: Policy, payload: bytes) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(1)
    watch = Watch(wire)
    wire.ip(datagram(payload, options=octets("68 4 4 0")[: 4 if policy is not RFC else 0]))
    assert wire.sent() == []
    # The options are not looked at first where ICMP does its own option work (S5.3).
    assert watch.moved() == {IN + "Invalid": 1}
    assert raw.receive() is None


@rfc_and_netstack
@pytest.mark.parametrize("kind", [0, 3, 5, 8, 13, 200])
def test_s5_2_a_wrong_sum(policy: Policy, kind: int) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(1)
    damaged = bytearray(message(kind))
    damaged[-1] ^= 1
    watch = Watch(wire)
    wire.ip(datagram(bytes(damaged)))
    assert wire.sent() == []
    assert watch.moved() == {IN + "Invalid": 1}
    # Raw sockets see echo requests all the same.
    assert (raw.receive() is not None) is (kind == ECHO_REQUEST)


@rfc_and_netstack
def test_s5_3_echo_use_for_requests_and_receive_use_for_the_rest(policy: Policy) -> None:
    """Unknown options: left out of a request, kept in a reply."""
    area = octets("94 4 9 9 7 7 8 1 2 3 4 1")
    for kind, kept in ((ECHO_REQUEST, area[4:] + bytes(4)), (ECHO_REPLY, area)):
        wire = Wire(policy)
        raw = wire.node.raw_socket(1)
        wire.ip(datagram(message(kind), options=area))
        got = raw.receive()
        assert got is not None
        assert got.octets[20:32] == (area if policy is RFC else kept)


@each_preset
@pytest.mark.parametrize("kind", [0, 8, 13])
def test_s5_3_a_problem_ends_it(policy: Policy, kind: int) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(1)
    watch = Watch(wire)
    wire.ip(datagram(message(kind), options=octets("68 4 4 0")))
    assert wire.one().icmp_fields[:3] == (PARAMETER_PROBLEM, 0, bytes((22, 0, 0, 0)))
    twice = {} if policy is NETSTACK_LATER else {"MalformedRcvdPackets": 1}
    assert watch.moved() == {
        "IP.MalformedPacketsReceived": 1,
        "IP.OptionTimestampReceived": 1,
        OUT + "ParamProblem": 1,
        **twice,
    }
    if policy is not NETSTACK_LATER:
        # S2.31: later raw sockets are asked before.
        assert raw.receive() is None


@both_netstacks
def test_s5_3_a_problem_without_icmp_is_silent(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.remove_address(1, HOST)
    watch = Watch(wire)
    wire.ip(ping(options=octets("1 1 1 1"), destination="224.0.0.1"))
    assert wire.sent() == []
    assert watch.moved() == {}


@each_preset
@pytest.mark.parametrize("kind", sorted(ICMP_TYPE_NAMES))
def test_s5_4_each_type_has_its_counter(policy: Policy, kind: int) -> None:
    wire = Wire(policy)
    watch = Watch(wire)
    wire.ip(datagram(message(kind, data=bytes(28))))
    moved = watch.moved()
    assert moved.pop(IN + ICMP_TYPE_NAMES[kind]) == 1
    assert not any(name.startswith(IN) for name in moved)


@each_preset
@pytest.mark.parametrize("kind", [1, 2, 7, 17, 18, 37, 38, 42, 253, 255])
def test_s5_4_other_types_are_invalid(policy: Policy, kind: int) -> None:
    """S14.41: RFC 4293 counts them by their number."""
    wire = Wire(policy)
    watch, mib = Watch(wire), wire.mib()
    wire.ip(datagram(message(kind)))
    assert wire.sent() == []
    assert watch.moved() == ({} if policy is RFC else {IN + "Invalid": 1})
    assert wire.moved(mib)[f"icmpMsgStatsInPkts.{kind}"] == 1


@both_netstacks
@pytest.mark.parametrize("kind", [4, 5, 11, 12, 13, 14, 15, 16, 17, 18])
def test_s5_4_most_types_come_to_nothing(policy: Policy, kind: int) -> None:
    wire = Wire(policy)
    udp = wire.node.udp_socket()
    udp.bind(HOST, 4000)
    udp.connect(PEER, 9)
    pinger = wire.node.icmp_socket(0)
    data = quoted(bytes((15, 160, 0, 9, 0, 8, 0, 0)))
    wire.ip(datagram(message(kind, 1, bytes((192, 0, 2, 254)), data)))
    assert wire.frames() == []
    assert udp.errors() == []
    assert pinger.receive() is None


@each_preset
def test_s5_4_echo_replies_reach_raw_sockets_and_the_one_that_asked(policy: Policy) -> None:
    wire = Wire(policy)
    raw, mine, other = (
        wire.node.raw_socket(1), wire.node.icmp_socket(7), wire.node.icmp_socket(8),
    )  # fmt: skip
    wire.ip(datagram(message(ECHO_REPLY, 0, b"\0\7\0\1", b"data")))
    assert raw.receive() is not None
    got = mine.receive()
    assert isinstance(got, IcmpReply)
    assert (got.source, got.identifier, got.data) == (PEER, 7, b"data")
    assert other.receive() is None
    assert wire.sent() == []


@each_preset
def test_s14_41_unknown_types_in_the_mib(policy: Policy) -> None:
    wire = Wire(policy)
    before = wire.mib()
    wire.ip(datagram(message(99)))
    moved = wire.moved(before)
    assert (moved["icmpStatsInMsgs"], moved["icmpMsgStatsInPkts.99"]) == (1, 1)
    assert wire.node.counters.get(IN + "Invalid") == int(policy is not RFC)


@each_preset
def test_s14_40_timestamp_mask_and_information(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(datagram(message(13, data=bytes(12))))
    assert len(wire.sent()) == int(policy is RFC)
    for kind in (15, 17):
        wire.ip(datagram(message(kind, data=bytes(4))))
        assert wire.sent() == []
    assert answers(wire)


MASK = bytes((255, 255, 255, 0))


@each_preset
@pytest.mark.parametrize("destination", [HOST, "255.255.255.255", "192.0.2.255"])
def test_s14_40_an_authoritative_agent_tells_the_mask(policy: Policy, destination: str) -> None:
    """RFC 1122 §3.2.2.9: only one that was told to be."""
    wire = Wire(replace(policy, answer_address_mask=True))
    wire.ip(datagram(message(17, 0, b"\1\2\3\4", bytes(4)), destination=destination, tos=8))
    reply = wire.one()
    assert reply.icmp_fields == (18, 0, b"\1\2\3\4", MASK)
    assert (reply.header.source, reply.header.tos) == (0xC0000201, 8)


def test_s14_40_the_mask_is_broadcast_to_one_without_an_address() -> None:
    def asked(*more: tuple[str, int]) -> Wire:
        wire = Wire(replace(RFC, answer_address_mask=True, refuse_illegal_sources=False))
        for address, length in more:
            wire.node.add_address(1, address, length)
        wire.ip(datagram(message(17), source="0.0.0.0", destination="255.255.255.255"))
        return wire

    for wire in (asked(), asked(("192.0.2.77", 24))):
        reply = wire.one()
        assert reply.icmp_fields[0] == 18
        assert reply.mac == b"\xff" * 6
        assert reply.header.destination == 0xC00002FF
    # RFC 1812 §4.3.3.9: not where the masks differ.
    assert asked(("198.18.0.1", 16)).sent() == []
    # A link of two has no broadcast, and a host without an address no mask.
    wire = Wire(replace(RFC, answer_address_mask=True, refuse_illegal_sources=False))
    wire.node.remove_address(1, HOST)
    wire.ip(datagram(message(17), destination="224.0.0.1"))
    wire.node.add_address(1, "192.0.2.0", 31)
    wire.ip(datagram(message(17), source="0.0.0.0", destination="224.0.0.1"))
    assert wire.sent() == []

"""Section 3: what makes a header valid, and what is not judged."""

from __future__ import annotations

import pytest

from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.wire.address import (
    LIMITED_BROADCAST,
    is_limited_broadcast,
    is_loopback,
    is_multicast,
)
from stack.wire.checksum import internet_checksum
from stack.wire.icmp import ECHO_REPLY, PROTOCOL_UNREACHABLE
from stack.wire.ipv4 import HeaderFault, Ipv4Packet, parse_ipv4
from tests.stack.icmp_kit import Watch
from tests.stack.node_kit import Wire, a, datagram, ping
from tests.stack.preset_kit import each_preset

MALFORMED = {"IP.MalformedPacketsReceived": 1}


def changed(octets: bytes, at: int, value: int) -> bytes:
    """One octet changed, and the header checksum made right for the length that IHL tells."""
    whole = bytearray(octets)
    whole[at] = value
    whole[10:12] = bytes(2)
    whole[10:12] = internet_checksum(bytes(whole[: (whole[0] & 15) * 4])).to_bytes(2, "big")
    return bytes(whole)


def refused(policy: Policy, octets: bytes) -> None:
    """The datagram moves one counter and is answered by nothing."""
    # A bare link: nothing is added to or cut from what arrives.
    wire = Wire(policy)
    wire.node.add_nic(7, mac=None)
    watch = Watch(wire)
    wire.frame(octets, nic=7)
    assert wire.frames() == []
    assert watch.moved() == MALFORMED


@each_preset
@pytest.mark.parametrize("size", [0, 1, 19])
def test_s3_1_at_least_twenty_octets(policy: Policy, size: int) -> None:
    refused(policy, ping()[:size])
    assert parse_ipv4(ping()[:size]) is HeaderFault.TOO_SHORT


@each_preset
@pytest.mark.parametrize("first", [0x40, 0x44])
def test_s3_2_header_length_is_at_least_five(policy: Policy, first: int) -> None:
    refused(policy, changed(ping(), 0, first))
    assert parse_ipv4(changed(ping(), 0, first)) is HeaderFault.HEADER_LENGTH


@each_preset
def test_s3_2_the_whole_header_is_there(policy: Policy) -> None:
    refused(policy, ping(options=bytes(40))[:59])
    assert parse_ipv4(ping(options=bytes(40))[:59]) is HeaderFault.TRUNCATED


@each_preset
def test_s3_3_total_length_lies_between_header_and_frame(policy: Policy) -> None:
    refused(policy, changed(ping(options=bytes(4)), 3, 23))
    refused(policy, ping()[:-1])
    assert parse_ipv4(changed(ping(), 3, 19)) is HeaderFault.TOTAL_LENGTH
    assert parse_ipv4(ping()[:-1]) is HeaderFault.TRUNCATED


@each_preset
def test_s3_3_an_empty_payload_is_valid(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(datagram(b"", 253))
    assert wire.one().icmp_fields[:2] == (3, PROTOCOL_UNREACHABLE)


@each_preset
@pytest.mark.parametrize("version", [0, 3, 5, 6, 15])
def test_s3_4_version_four(policy: Policy, version: int) -> None:
    octets = changed(ping(), 0, version << 4 | 5)
    refused(policy, octets)
    assert parse_ipv4(octets) is HeaderFault.VERSION


@each_preset
def test_s3_5_the_sum_decides(policy: Policy) -> None:
    octets = bytearray(ping())
    octets[10] ^= 1
    refused(policy, bytes(octets))
    assert parse_ipv4(bytes(octets)) is HeaderFault.CHECKSUM


@each_preset
def test_s3_5_a_checksum_field_of_all_ones_is_as_good_as_zero(policy: Policy) -> None:
    wire = Wire(policy)
    for identification in range(0x10000):
        octets = ping(identification=identification)
        if octets[10:12] == b"\0\0":
            break
    wire.ip(octets[:10] + b"\xff\xff" + octets[12:])
    assert wire.one().icmp.type == ECHO_REPLY


@each_preset
def test_s3_6_link_padding_is_seen_by_nobody(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(1)
    wire.ip(ping(b"x") + b"padding")
    assert wire.one().icmp.data == b"x"
    received = raw.receive()
    assert received is not None
    assert received.octets == ping(b"x")
    wire.ip(datagram(b"", 253) + b"padding")
    assert len(wire.one().icmp.data) == 20
    wire.ip(ping(b"12345678", flags=1)[:36] + b"padding")
    assert wire.sent() == []


@each_preset
def test_s3_7_several_faults_move_one_counter(policy: Policy) -> None:
    refused(policy, b"\x64" + bytes(30))
    refused(policy, b"\x6f\0\xff\xff" + bytes(56))
    assert len(HeaderFault) == 6


@each_preset
@pytest.mark.parametrize("flags", [0, 2, 4, 6])
@pytest.mark.parametrize("tos", [0, 0xFF])
@pytest.mark.parametrize("ttl", [0, 1, 255])
def test_s3_8_flags_tos_and_ttl_are_not_judged(
    policy: Policy, flags: int, tos: int, ttl: int
) -> None:
    wire = Wire(policy)
    wire.ip(ping(flags=flags, tos=tos, ttl=ttl))
    assert wire.one().icmp.type == ECHO_REPLY


@each_preset
def test_s3_8_pieces_with_df_and_unknown_protocols_are_not_judged(policy: Policy) -> None:
    wire = Wire(policy)
    whole = ping(b"12345678")[20:]
    wire.ip(datagram(whole[:8], flags=3))
    wire.ip(datagram(whole[8:], flags=2, offset=1))
    assert wire.one().icmp.type == ECHO_REPLY
    wire.ip(datagram(bytes(8), 255))
    assert wire.one().icmp.code == PROTOCOL_UNREACHABLE


def test_s3_8_class_e_is_no_matter_of_the_header() -> None:
    packet = parse_ipv4(ping(source="240.0.0.1"))
    assert isinstance(packet, Ipv4Packet)
    # S14.18: it is RFC 1122 §3.2.1.3 that refuses the address, later on.
    for policy, seen in ((NETSTACK, 1), (RFC, 0)):
        wire = Wire(policy)
        wire.ip(ping(source="240.0.0.1"))
        assert wire.node.counters.get("ICMP.PacketsReceived.EchoRequest") == seen


def test_s3_9_classes_of_addresses() -> None:
    edges = ["223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0"]
    assert [is_multicast(a(each)) for each in edges] == [False, True, True, False]
    edges = ["126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"]
    assert [is_loopback(a(each)) for each in edges] == [False, True, True, False]
    assert a("255.255.255.255") == LIMITED_BROADCAST
    assert is_limited_broadcast(LIMITED_BROADCAST)
    assert not is_limited_broadcast(LIMITED_BROADCAST - 1)


@pytest.mark.parametrize("told", [True, False])
@each_preset
def test_s3_10_the_link_may_vouch_for_the_checksum_later(policy: Policy, told: bool) -> None:
    wire = Wire(policy)
    wire.node.set_checksum_verified(1, on=told)
    octets = bytearray(ping())
    octets[10] ^= 1
    wire.ip(bytes(octets))
    believed = told and policy is NETSTACK_LATER
    assert len(wire.sent()) == int(believed)

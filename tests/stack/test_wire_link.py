"""Ethernet frames and ARP packets."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stack.wire.arp import (
    PROTOCOL_IPV4,
    ArpPacket,
    arp_reply,
    arp_request,
    build_arp,
    parse_arp,
)
from stack.wire.ethernet import (
    BROADCAST_MAC,
    EthernetFrame,
    build_ethernet,
    group_mac,
    is_mac,
    parse_ethernet,
)

PROPERTY = settings(deadline=None, derandomize=True, max_examples=100)
MACS = st.binary(min_size=6, max_size=6)
ADDRESSES = st.integers(0, 0xFFFFFFFF)
WORDS = st.integers(0, 0xFFFF)
OCTETS = st.integers(0, 0xFF)
SENDER = b"\x02\0\0\0\0\x01"
TARGET = b"\x02\0\0\0\0\x02"


@PROPERTY
@given(MACS, MACS, st.integers(0x600, 0xFFFF), st.binary(max_size=100))
@example(TARGET, SENDER, 0x800, bytes(46))
@example(TARGET, SENDER, 0x800, bytes(1500))
def test_frame_round_trip(destination: bytes, source: bytes, kind: int, payload: bytes) -> None:
    octets = build_ethernet(destination, source, kind, payload)
    assert len(octets) == max(60, 14 + len(payload))
    frame = parse_ethernet(octets)
    assert frame is not None
    assert frame[:3] == (destination, source, kind)
    assert frame.payload == payload.ljust(46, b"\0")


@PROPERTY
@given(st.binary(max_size=80))
def test_any_octets_can_be_read_as_a_frame_or_not(octets: bytes) -> None:
    frame = parse_ethernet(octets)
    if frame is not None and octets[12] << 8 | octets[13] >= 0x600:
        rebuilt = build_ethernet(*frame)
        assert rebuilt[: len(octets)] == octets


def test_an_ieee_802_frame_with_snap_is_read_like_an_ethernet_one() -> None:
    # RFC 1042: length, LLC AA AA 03, organisation code zero, type
    body = bytes.fromhex("aaaa03000000 0800") + b"datagram"
    octets = TARGET + SENDER + len(body).to_bytes(2, "big") + body + bytes(40)
    assert parse_ethernet(octets) == EthernetFrame(TARGET, SENDER, 0x0800, b"datagram")


def test_other_ieee_802_frames_are_nobodys() -> None:
    head = TARGET + SENDER
    assert parse_ethernet(head + b"\0\x26" + b"\x42\x42\x03" + bytes(43)) is None
    assert parse_ethernet(head + b"\0\x07" + b"\xaa\xaa\x03\0\0\0\x08" + bytes(43)) is None
    assert parse_ethernet(head + b"\0\x20" + b"\xaa\xaa\x03\0\0\0\x08\0") is None
    assert parse_ethernet(head + b"\x08") is None


def test_group_addresses() -> None:
    assert group_mac(0xE0000001) == bytes.fromhex("01005e000001")
    assert group_mac(0xEF8A0B0C) == bytes.fromhex("01005e0a0b0c")  # only the low 23 bits
    group = EthernetFrame(group_mac(0xE0000001), SENDER, 0x800, b"")
    assert group.is_group_addressed
    assert not group.is_broadcast
    everybody = group._replace(destination=BROADCAST_MAC)
    assert everybody.is_broadcast
    assert everybody.is_group_addressed
    assert not group._replace(destination=TARGET).is_group_addressed


def test_what_can_be_a_station() -> None:
    assert is_mac(SENDER)
    assert not is_mac(bytes(6))
    assert not is_mac(BROADCAST_MAC)
    assert not is_mac(SENDER[:5])


@PROPERTY
@given(st.builds(ArpPacket, WORDS, WORDS, OCTETS, OCTETS, WORDS, MACS, ADDRESSES, MACS, ADDRESSES))
def test_arp_round_trip(packet: ArpPacket) -> None:
    octets = build_arp(packet)
    assert len(octets) == 28
    assert parse_arp(octets) == packet
    assert parse_arp(octets + bytes(18)) == packet


@PROPERTY
@given(st.binary(max_size=60))
def test_any_octets_can_be_read_as_arp_or_not(octets: bytes) -> None:
    packet = parse_arp(octets)
    assert (packet is None) == (len(octets) < 28)
    if packet is not None:
        assert build_arp(packet) == octets[:28]


def test_arp_request_and_reply() -> None:
    request = arp_request(SENDER, 0xC0000201, 0xC0000202)
    assert build_arp(request).hex() == "0001080006040001020000000001c0000201000000000000c0000202"
    reply = arp_reply(TARGET, 0xC0000202, SENDER, 0xC0000201)
    assert build_arp(reply).hex() == "0001080006040002020000000002c0000202020000000001c0000201"
    assert request.is_for_ethernet_ipv4
    assert reply._replace(hardware_type=6).is_for_ethernet_ipv4  # RFC 1042
    for wrong in (
        reply._replace(hardware_type=2),
        reply._replace(protocol_type=PROTOCOL_IPV4 + 1),
        reply._replace(hardware_length=8),
        reply._replace(protocol_length=16),
    ):
        assert not wrong.is_for_ethernet_ipv4

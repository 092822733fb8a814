"""Rewriting octets: checksums right, and there and back the same (S14.46)."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from stack.nat import ECHO, Flow, read_flow, rewrite_destination, rewrite_source
from stack.wire.checksum import internet_checksum, pseudo_header
from stack.wire.icmp import ECHO_REPLY, ECHO_REQUEST, IcmpMessage, build_icmp, echo
from stack.wire.ipv4 import HeaderFault, Ipv4Header, Ipv4Packet, build_ipv4, parse_ipv4
from stack.wire.tcp import TcpSegment, build_tcp
from stack.wire.udp import build_udp
from tests.stack.node_kit import HOST, PEER, a, datagram


def read(packet: bytes) -> Ipv4Packet:
    parsed = parse_ipv4(packet)
    assert not isinstance(parsed, HeaderFault)
    return parsed


ADDRESSES = st.integers(0, 0xFFFFFFFF)
PORTS = st.integers(0, 0xFFFF)


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    source, destination = draw(ADDRESSES), draw(ADDRESSES)
    data = draw(st.binary(max_size=40))
    protocol = draw(st.sampled_from([1, 6, 17]))
    if protocol == 1:
        kind = draw(st.sampled_from([ECHO_REQUEST, ECHO_REPLY]))
        payload = build_icmp(echo(kind, draw(PORTS), draw(PORTS), data))
    elif protocol == 6:
        segment = TcpSegment(
            draw(PORTS), draw(PORTS), draw(ADDRESSES), draw(ADDRESSES), draw(st.integers(0, 255)),
            draw(PORTS), 0, bytes(draw(st.sampled_from([0, 4, 8]))), data,
        )  # fmt: skip
        payload = build_tcp(segment, source, destination)
    else:
        made = draw(st.booleans())
        payload = build_udp(source, destination, draw(PORTS), draw(PORTS), data, checksum=made)
    header = Ipv4Header(source, destination, protocol, draw(st.integers(0, 255)), draw(PORTS) & 255)
    return build_ipv4(header, payload)


def transport_is_right(header: Ipv4Header, payload: bytes) -> bool:
    """Whether the octets are what a sender with these addresses would have made."""
    flow = read_flow(header, payload)
    assert flow is not None
    if header.protocol == 1:
        return build_icmp(IcmpMessage(payload[0], payload[1], payload[4:8], payload[8:])) == payload
    at_checksum = 16 if header.protocol == 6 else 6
    if header.protocol == 17:
        made = payload[6:8] != b"\0\0"
        again = build_udp(
            header.source, header.destination, flow.source_port, flow.destination_port,
            payload[8:], checksum=made,
        )  # fmt: skip
        return again == payload
    blank = payload[:at_checksum] + b"\0\0" + payload[at_checksum + 2 :]
    pseudo = pseudo_header(header.source, header.destination, 6, len(payload))
    wanted = internet_checksum(pseudo + blank)
    return payload[at_checksum : at_checksum + 2] == wanted.to_bytes(2, "big")


ZEROS = build_ipv4(Ipv4Header(0, 0, 1), build_icmp(echo(ECHO_REPLY, 0, 0, b"")))
"""An echo reply of nothing but zeros has all ones as checksum."""


@settings(max_examples=300, deadline=None)
@example(ZEROS, 0, 0, 0, 1)
@given(packets(), ADDRESSES, PORTS, ADDRESSES, PORTS)
def test_s14_46_there_and_back_restores_every_octet_and_checksum(
    packet: bytes, source: int, source_port: int, destination: int, port: int
) -> None:
    before = read(packet)
    flow = read_flow(before.header, before.payload)
    assert flow is not None
    source_port = ECHO if flow.source_port == ECHO else source_port
    port = ECHO if flow.destination_port == ECHO else port
    header, payload = rewrite_source(before.header, before.payload, source, source_port)
    header, payload = rewrite_destination(header, payload, destination, port)
    assert read_flow(header, payload) == Flow(flow.protocol, source, source_port, destination, port)
    # The header's checksum is the one that building makes, and the payload's is right.
    assert header.checksum == read(build_ipv4(header, payload)).header.checksum
    assert transport_is_right(header, payload)
    header, payload = rewrite_source(header, payload, flow.source, flow.source_port)
    header, payload = rewrite_destination(header, payload, flow.destination, flow.destination_port)
    assert build_ipv4(header, payload) == packet
    assert header == before.header


@settings(max_examples=100, deadline=None)
@given(packets(), ADDRESSES, PORTS, st.integers(0, 15))
def test_s14_46_damage_stays_visible(packet: bytes, source: int, port: int, bit: int) -> None:
    before = read(packet)
    flow = read_flow(before.header, before.payload)
    assert flow is not None
    at_checksum = {1: 2, 6: 16, 17: 6}[before.header.protocol]
    damaged = bytearray(before.payload)
    damaged[at_checksum] ^= 1 << (bit >> 1)
    if damaged[at_checksum : at_checksum + 2] == b"\0\0":
        return
    header, payload = rewrite_source(
        before.header, bytes(damaged), source, ECHO if flow.source_port == ECHO else port
    )
    was_none = before.header.protocol == 17 and before.payload[6:8] == b"\0\0"
    if not was_none:
        assert not transport_is_right(header, payload)


def test_s14_46_a_sum_of_zero_is_sent_as_all_ones_by_udp() -> None:
    def octets(port: int) -> bytes:
        return build_udp(a(PEER), a(HOST), port, 9, b"")

    # RFC 768: the source port for which the checksum comes out as zero.
    port = 1 + int.from_bytes(octets(1)[6:8], "big")
    assert octets(port)[6:8] == b"\xff\xff"
    header = read(datagram(octets(1), 17)).header
    assert rewrite_source(header, octets(1), a(PEER), port)[1] == octets(port)
    assert rewrite_source(header, octets(port), a(PEER), 1)[1] == octets(1)


def test_s14_46_udp_without_a_checksum_stays_without() -> None:
    octets = build_udp(a(PEER), a(HOST), 1, 9, b"data", checksum=False)
    header = read(datagram(octets, 17)).header
    assert rewrite_destination(header, octets, a(PEER), 5)[1][6:8] == b"\0\0"

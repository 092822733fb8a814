from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.wire.checksum import internet_checksum
from stack.wire.ipv4 import (
    FLAG_DF,
    FLAG_MF,
    FLAG_RESERVED,
    HeaderFault,
    Ipv4Header,
    Ipv4Packet,
    build_ipv4,
    copy_header,
    parse_ipv4,
)

PROPERTY = settings(deadline=None, derandomize=True, max_examples=200)
ADDRESSES = st.integers(0, 0xFFFFFFFF)
WORDS = st.integers(0, 0xFFFF)
OCTETS = st.integers(0, 0xFF)
HEADERS = st.builds(
    Ipv4Header,
    source=ADDRESSES,
    destination=ADDRESSES,
    protocol=OCTETS,
    ttl=OCTETS,
    tos=OCTETS,
    identification=WORDS,
    flags=st.integers(0, 7),
    fragment_offset=st.integers(0, 0x1FFF),
    options=st.binary(max_size=40),
)


def parsed(octets: bytes) -> Ipv4Packet:
    packet = parse_ipv4(octets)
    assert isinstance(packet, Ipv4Packet)
    return packet


def with_checksum(octets: bytes, header_length: int) -> bytes:
    head = octets[:10] + b"\0\0" + octets[12:header_length]
    return octets[:10] + internet_checksum(head).to_bytes(2, "big") + octets[12:]


@PROPERTY
@given(HEADERS, st.binary(max_size=100), st.binary(max_size=20))
def test_what_is_built_is_read_back(header: Ipv4Header, payload: bytes, padding: bytes) -> None:
    octets = build_ipv4(header, payload)
    packet = parsed(octets + padding)
    assert packet.payload == payload
    assert packet.octets == octets
    header.options = header.options.ljust(len(header.options) + 3 & ~3, b"\0")
    header.total_length = len(octets)
    header.checksum = packet.header.checksum
    assert packet.header == header
    assert packet.header.header_length == len(octets) - len(payload)
    assert copy_header(header) == header


@PROPERTY
@given(st.binary(max_size=80))
def test_any_octets_are_a_packet_or_a_fault(octets: bytes) -> None:
    assert isinstance(parse_ipv4(octets), HeaderFault)  # a right checksum does not come by chance


@PROPERTY
@given(st.binary(min_size=20, max_size=80), st.integers(5, 15), st.integers(0, 90))
def test_what_passes_the_checks_is_written_back_the_same(
    octets: bytes, words: int, total: int
) -> None:
    octets = bytes((0x40 | words,)) + octets[1:2] + total.to_bytes(2, "big") + octets[4:]
    packet = parse_ipv4(with_checksum(octets, words * 4))
    if words * 4 <= total <= len(octets):
        assert isinstance(packet, Ipv4Packet)
        assert build_ipv4(packet.header, packet.payload) == packet.octets
    else:
        assert packet in (HeaderFault.TRUNCATED, HeaderFault.TOTAL_LENGTH)


GOOD = build_ipv4(Ipv4Header(0xC0000201, 0xC0000202, 1, identification=111), b"data")


def changed(at: int, *values: int, fix: bool = True) -> bytes:
    octets = GOOD[:at] + bytes(values) + GOOD[at + len(values) :]
    return with_checksum(octets, 20) if fix else octets


@pytest.mark.parametrize(
    ("octets", "fault"),
    [
        (b"", HeaderFault.TOO_SHORT),
        (GOOD[:19], HeaderFault.TOO_SHORT),
        (changed(0, 0x44), HeaderFault.HEADER_LENGTH),
        (changed(0, 0x40), HeaderFault.HEADER_LENGTH),
        (changed(0, 0x4F), HeaderFault.TRUNCATED),
        (changed(0, 0x55), HeaderFault.VERSION),
        (changed(0, 0x65), HeaderFault.VERSION),
        (changed(2, 0, 19), HeaderFault.TOTAL_LENGTH),
        (changed(2, 0, 0), HeaderFault.TOTAL_LENGTH),
        (changed(2, 0, 25), HeaderFault.TRUNCATED),
        (changed(2, 255, 255), HeaderFault.TRUNCATED),
        (GOOD[:-1], HeaderFault.TRUNCATED),
        (changed(8, 63, fix=False), HeaderFault.CHECKSUM),
        (changed(10, 0, 0, fix=False), HeaderFault.CHECKSUM),
    ],
)
def test_faults(octets: bytes, fault: HeaderFault) -> None:
    assert parse_ipv4(octets) is fault


def test_total_length_may_be_just_the_header() -> None:
    assert parsed(changed(2, 0, 20)).payload == b""


def test_a_checksum_field_of_all_ones_passes_where_the_sum_fits() -> None:
    # RFC 1624: the other zero. Choose a TTL-free field so that the sum comes to 0xFFFF without it.
    header = Ipv4Header(0, 0, 1, ttl=0)
    rest = internet_checksum(build_ipv4(header, b"")[:10] + bytes(10))
    header.identification = rest
    octets = build_ipv4(header, b"")
    assert octets[10:12] == b"\0\0"
    assert parsed(octets[:10] + b"\xff\xff" + octets[12:]).header.checksum == 0xFFFF


@pytest.mark.parametrize(
    ("flags", "offset", "fragment", "atomic"),
    [
        (0, 0, False, False),
        (FLAG_DF, 0, False, True),
        (FLAG_DF | FLAG_RESERVED, 0, False, True),
        (FLAG_MF, 0, True, False),
        (FLAG_MF | FLAG_DF, 0, True, False),
        (0, 1, True, False),
        (FLAG_DF, 1, True, False),
    ],
)
def test_atomic_and_fragment(flags: int, offset: int, fragment: bool, atomic: bool) -> None:
    header = Ipv4Header(1, 2, 3, flags=flags, fragment_offset=offset)
    assert (header.is_fragment, header.is_atomic) == (fragment, atomic)
    assert (header.df, header.mf) == (flags & FLAG_DF != 0, flags & FLAG_MF != 0)


def test_rfc_791_appendix_a_example_1() -> None:
    octets = build_ipv4(Ipv4Header(0x0A000001, 0x0A000002, 1, 123, identification=111), b"x")
    assert octets[:9].hex() == "45000015006f00007b"
    header = parsed(octets).header
    assert (header.total_length, header.identification, header.ttl) == (21, 111, 123)
    assert not header.is_fragment


def test_rfc_791_appendix_a_example_3() -> None:
    options = bytes((7 | 0x80, 3, 9, 0x5E, 4, 1, 2, 1, 0x5F, 3, 9, 0))
    octets = build_ipv4(Ipv4Header(1, 2, 6, 123, identification=111, options=options), bytes(544))
    assert octets[0] == 0x48
    assert parsed(octets).header.total_length == 576
    assert parsed(octets).header.options == options

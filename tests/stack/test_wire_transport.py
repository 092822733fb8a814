"""ICMP, IGMP, UDP and TCP codecs."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.wire import icmp, igmp, tcp, udp
from stack.wire.checksum import checksum_is_right, internet_checksum, pseudo_header

PROPERTY = settings(deadline=None, derandomize=True, max_examples=100)
ADDRESSES = st.integers(0, 0xFFFFFFFF)
WORDS = st.integers(0, 0xFFFF)
OCTETS = st.integers(0, 0xFF)
DATA = st.binary(max_size=60)
A, B = 0xC0000201, 0xC0000202


# ICMP


@PROPERTY
@given(st.builds(icmp.IcmpMessage, OCTETS, OCTETS, st.binary(min_size=4, max_size=4), DATA))
def test_icmp_round_trip(message: icmp.IcmpMessage) -> None:
    octets = icmp.build_icmp(message)
    assert checksum_is_right(octets)
    assert icmp.parse_icmp(octets) == message


@PROPERTY
@given(DATA)
def test_any_octets_are_icmp_or_a_fault(octets: bytes) -> None:
    result = icmp.parse_icmp(octets)
    if isinstance(result, icmp.IcmpMessage):
        assert icmp.build_icmp(result)[4:] == octets[4:]
    elif len(octets) < 8:
        assert result is icmp.IcmpFault.TOO_SHORT
    else:
        assert result is icmp.IcmpFault.CHECKSUM


def test_icmp_helpers() -> None:
    ping = icmp.echo(icmp.ECHO_REQUEST, 7, 9, b"hello")
    assert icmp.build_icmp(ping)[4:] == b"\0\7\0\x09hello"
    assert (ping.identifier, ping.sequence, ping.is_error) == (7, 9, False)
    problem = icmp.parameter_problem(22, b"quote")
    assert (problem.type, problem.code, problem.pointer, problem.is_error) == (12, 0, 22, True)
    too_big = icmp.fragmentation_needed(1400, b"quote")
    assert (too_big.type, too_big.code, too_big.next_hop_mtu) == (3, 4, 1400)
    assert icmp.fragmentation_needed(65536, b"").next_hop_mtu == 65535
    turn = icmp.redirect(icmp.REDIRECT_HOST, B, b"quote")
    assert (turn.type, turn.code, turn.gateway) == (5, 1, B)
    gone = icmp.error(icmp.TIME_EXCEEDED, icmp.REASSEMBLY_TIME_EXCEEDED, b"quote")
    assert astuple(gone) == (11, 1, bytes(4), b"quote")
    assert astuple(icmp.read_icmp(b"\x08\0\xba\xd0\0\1\0\2data")) == (8, 0, b"\0\1\0\2", b"data")


def test_timestamp_messages() -> None:
    request = icmp.IcmpMessage(icmp.TIMESTAMP, 0, b"\0\1\0\2", bytes(3) + b"\5" + bytes(8))
    assert icmp.timestamp_times(request) == (5, 0, 0)
    reply = icmp.timestamp_reply(request, 10, 11)
    assert reply is not None
    assert (reply.type, reply.identifier, reply.sequence) == (icmp.TIMESTAMP_REPLY, 1, 2)
    assert icmp.timestamp_times(reply) == (5, 10, 11)
    assert icmp.timestamp_reply(replace(request, data=bytes(11)), 10, 11) is None


# UDP


@PROPERTY
@given(ADDRESSES, ADDRESSES, WORDS, WORDS, DATA, st.booleans())
def test_udp_round_trip(
    source: int, destination: int, from_port: int, to_port: int, data: bytes, checksum: bool
) -> None:
    octets = udp.build_udp(source, destination, from_port, to_port, data, checksum=checksum)
    datagram = udp.parse_udp(octets, source, destination)
    assert isinstance(datagram, udp.UdpDatagram)
    assert datagram[:3] == (from_port, to_port, 8 + len(data))
    assert datagram.data == data
    assert (datagram.checksum == 0) == (not checksum)
    assert udp.read_ports(octets) == (from_port, to_port)


@PROPERTY
@given(DATA, st.booleans())
def test_any_octets_are_udp_or_a_fault(octets: bytes, rules: bool) -> None:
    result = udp.parse_udp(octets, A, B, length_rules=rules)
    assert isinstance(result, udp.UdpDatagram | udp.UdpFault)
    assert (udp.read_ports(octets) is None) == (len(octets) < 4)


def test_a_udp_checksum_of_zero_is_sent_as_all_ones() -> None:
    # the port that fills the sum up to 0xFFFF
    head = b"\0\0\0\1\0\x08\0\0"
    port = internet_checksum(pseudo_header(A, B, 17, 8) + head)
    octets = udp.build_udp(A, B, port, 1, b"")
    assert octets[6:] == b"\xff\xff"
    assert isinstance(udp.parse_udp(octets, A, B), udp.UdpDatagram)


def test_udp_faults() -> None:
    octets = udp.build_udp(A, B, 5, 6, b"data")
    assert udp.parse_udp(octets[:7], A, B) is udp.UdpFault.TOO_SHORT
    assert udp.parse_udp(octets[:-1], A, B) is udp.UdpFault.LENGTH
    assert udp.parse_udp(octets[:4] + b"\0\7" + octets[6:], A, B) is udp.UdpFault.LENGTH
    assert udp.parse_udp(octets[:-1] + b"x", A, B) is udp.UdpFault.CHECKSUM
    assert udp.parse_udp(octets, A, B + 1) is udp.UdpFault.CHECKSUM


def test_the_udp_length_rules_unless_told_otherwise() -> None:
    octets = udp.build_udp(A, B, 5, 6, b"data", checksum=False) + b"more"
    cut = udp.parse_udp(octets, A, B)
    assert isinstance(cut, udp.UdpDatagram)
    assert cut.data == b"data"
    surplus = udp.parse_udp(octets, A, B, length_rules=False)
    assert isinstance(surplus, udp.UdpDatagram)
    assert surplus.data == b"datamore"
    short = octets[:4] + b"\0\3" + octets[6:]
    assert isinstance(udp.parse_udp(short, A, B, length_rules=False), udp.UdpDatagram)


# TCP

SEGMENTS = st.builds(
    tcp.TcpSegment,
    WORDS, WORDS, ADDRESSES, ADDRESSES, OCTETS, WORDS, WORDS,
    st.integers(0, 10).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words)),
    DATA,
)  # fmt: skip


@PROPERTY
@given(SEGMENTS)
def test_tcp_round_trip(segment: tcp.TcpSegment) -> None:
    octets = tcp.build_tcp(segment, A, B)
    assert tcp.parse_tcp(octets, A, B) == segment
    assert tcp.parse_tcp(octets, A, B + 1) is tcp.TcpFault.CHECKSUM


@PROPERTY
@given(DATA)
def test_any_octets_are_tcp_or_a_fault(octets: bytes) -> None:
    assert isinstance(tcp.parse_tcp(octets, A, B), tcp.TcpSegment | tcp.TcpFault)


def test_tcp_faults() -> None:
    octets = tcp.build_tcp(tcp.TcpSegment(1, 2, 3, 4, tcp.SYN, 0, 0, b"", b""), A, B)
    assert tcp.parse_tcp(octets[:19], A, B) is tcp.TcpFault.TOO_SHORT
    for offset in (b"\x40", b"\x60"):
        wrong = octets[:12] + offset + octets[13:]
        assert tcp.parse_tcp(wrong, A, B) is tcp.TcpFault.DATA_OFFSET


def test_resets_of_a_closed_port() -> None:
    syn = tcp.TcpSegment(1000, 80, 0xFFFFFFFF, 0, tcp.SYN | tcp.FIN, 10, 0, b"", b"xy")
    assert syn.sequence_length == 4
    reset = tcp.reset_for(syn)
    assert reset == (80, 1000, 0, 3, tcp.RST | tcp.ACK, 0, 0, b"", b"")
    ack = syn._replace(flags=tcp.ACK, acknowledgment=77)
    assert ack.sequence_length == 2
    assert tcp.reset_for(ack) == (80, 1000, 77, 0, tcp.RST, 0, 0, b"", b"")
    assert tcp.reset_for(syn._replace(flags=tcp.RST)) is None


# IGMP


@PROPERTY
@given(OCTETS, ADDRESSES, OCTETS, DATA)
def test_igmp_round_trip(kind: int, group: int, code: int, extra: bytes) -> None:
    octets = igmp.build_igmp(kind, group, code, extra)
    assert igmp.parse_igmp(octets) == (kind, code, group, extra)


@PROPERTY
@given(
    st.builds(
        igmp.IgmpQueryV3, OCTETS, ADDRESSES, st.booleans(), st.integers(0, 7), OCTETS,
        st.lists(ADDRESSES, max_size=5).map(tuple),
    )
)  # fmt: skip
def test_igmp_v3_query_round_trip(query: igmp.IgmpQueryV3) -> None:
    message = igmp.parse_igmp(igmp.build_query_v3(query) + bytes(3))
    assert isinstance(message, igmp.IgmpMessage)
    assert igmp.query_version(message) == 3
    assert igmp.read_query_v3(message) == query


@PROPERTY
@given(
    st.lists(
        st.builds(igmp.GroupRecord, OCTETS, ADDRESSES, st.lists(ADDRESSES, max_size=3).map(tuple)),
        max_size=4,
    ).map(tuple)
)
def test_igmp_v3_report_round_trip(records: tuple[igmp.GroupRecord, ...]) -> None:
    assert igmp.parse_report_v3(igmp.build_report_v3(records)) == records


@PROPERTY
@given(DATA)
def test_any_octets_are_igmp_or_a_fault(octets: bytes) -> None:
    fixed = octets[:2] + b"\0\0" + octets[4:]
    fixed = fixed[:2] + internet_checksum(fixed).to_bytes(2, "big") + fixed[4:]
    for given_octets in (octets, fixed):
        message = igmp.parse_igmp(given_octets)
        if isinstance(message, igmp.IgmpMessage):
            igmp.query_version(message)
            igmp.read_query_v3(message)
        igmp.parse_report_v3(given_octets)


def test_igmp_faults() -> None:
    octets = igmp.build_igmp(igmp.V2_MEMBERSHIP_REPORT, 0xE0000105)
    assert igmp.parse_igmp(octets[:7]) is igmp.IgmpFault.TOO_SHORT
    assert igmp.parse_igmp(octets[:-1] + b"x") is igmp.IgmpFault.CHECKSUM
    report = igmp.build_report_v3((igmp.GroupRecord(4, 0xE0000105, (A,)),))
    assert igmp.parse_report_v3(report[:7]) is igmp.IgmpFault.TOO_SHORT
    assert igmp.parse_report_v3(report[:-1] + b"x") is igmp.IgmpFault.CHECKSUM
    for cut in (12, 18):
        short = report[:2] + b"\0\0" + report[4:cut]
        short = short[:2] + internet_checksum(short).to_bytes(2, "big") + short[4:]
        assert igmp.parse_report_v3(short) is igmp.IgmpFault.TOO_SHORT
    query = igmp.IgmpMessage(igmp.MEMBERSHIP_QUERY, 0, 0, b"\0\0\0\1")
    assert igmp.read_query_v3(query) is igmp.IgmpFault.TOO_SHORT
    assert igmp.read_query_v3(query._replace(extra=b"")) is igmp.IgmpFault.TOO_SHORT


def test_igmp_auxiliary_data_is_passed_over() -> None:
    records = igmp.build_report_v3(
        (igmp.GroupRecord(2, 0xE0000105), igmp.GroupRecord(1, 0xE0000106))
    )
    with_aux = records[:9] + b"\1" + records[10:16] + b"junk" + records[16:]
    with_aux = with_aux[:2] + b"\0\0" + with_aux[4:]
    with_aux = with_aux[:2] + internet_checksum(with_aux).to_bytes(2, "big") + with_aux[4:]
    assert igmp.parse_report_v3(with_aux) == (
        igmp.GroupRecord(2, 0xE0000105),
        igmp.GroupRecord(1, 0xE0000106),
    )


@pytest.mark.parametrize(
    ("code", "extra", "version"),
    [(0, b"", 1), (100, b"", 2), (0, bytes(4), 3), (1, bytes(8), 3), (1, bytes(2), None)],
)
def test_igmp_query_versions(code: int, extra: bytes, version: int | None) -> None:
    assert igmp.query_version(igmp.IgmpMessage(0x11, code, 0, extra)) == version


@pytest.mark.parametrize(
    ("code", "value"), [(0, 0), (127, 127), (128, 128), (0x8F, 248), (0x90, 256), (255, 31744)]
)
def test_igmp_codes(code: int, value: int) -> None:
    assert igmp.decode_code(code) == value

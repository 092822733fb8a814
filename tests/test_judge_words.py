"""Values, matchers, templates and mismatches as a stranger reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.addresses import Lease
from harness.case import (
    BAD,
    CLOSED_PORT,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    QUOTED,
    STREAM_ID,
    TESTER,
    TIMESTAMP,
    ZERO_SUM,
    arp,
    at_least,
    at_most,
    balancing,
    between,
    bits,
    data,
    differs_from,
    echo_reply,
    echo_request,
    eol,
    fragments,
    icmp,
    igmp,
    including,
    ip,
    loose_source_route,
    mac,
    minus,
    multiple_of,
    nop,
    not_,
    octets,
    one_of,
    option,
    pad,
    pattern,
    plus,
    quote_of,
    record_route,
    router_alert,
    seen,
    starts_with,
    time_of_day,
    timestamp,
    truncate,
    udp,
    unreachable,
    without,
)
from harness.case.match import Between
from harness.case.packet import Stimulus, Template, as_packet
from harness.decode import read_options
from harness.judge.frame import differences
from harness.judge.words import duration_words, octets_words, packet_words, value_words
from harness.run.describe import stimulus_words
from tests.judge_kit import LEASE, datagram_of, frame_of, view

NOBODY = Lease(LEASE.links, {}, {}, 1)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "7"),
        (True, "1"),
        ("192.0.2.9", "192.0.2.9"),
        (HOST, "192.0.2.1 (HOST)"),
        (CLOSED_PORT, "40000 (CLOSED_PORT)"),
        (HOST_MAC, "02:00:00:00:00:01 (HOST's link address)"),
        (mac(NEIGHBOUR), "02:54:c0:00:02:0a (NEIGHBOUR's link address)"),
        (b"", "none"),
        (b"\x00", "0x00"),
        (b"a", '61 "a"'),
        (b"hi!", '68 69 21 "hi!"'),
        (b"hi\n", "68 69 0a"),
        (b"\xe9t\xe9", "e9 74 e9"),
        (b"\xff" * 30, "ff " * 24 + "... (30 octets)"),
        ((), "none"),
        ((1, HOST), "1, 192.0.2.1 (HOST)"),
        (one_of(1, HOST), "1 or 192.0.2.1 (HOST)"),
        (between(2, 4), "2 to 4"),
        (at_least(2), "at least 2"),
        (at_most(4), "at most 4"),
        (Between(None, None), "any number"),
        (not_(HOST), "anything but 192.0.2.1 (HOST)"),
        (bits(0x0F, 1), "0x01 under mask 0x0f"),
        (starts_with(b"ab"), 'octets beginning 61 62 "ab"'),
        (multiple_of(8), "a multiple of 8"),
        (seen("first", "ip.ttl"), "the ip.ttl of 'first'"),
        (differs_from("first", "ip.ttl"), "another value than the ip.ttl of 'first'"),
        (
            QUOTED,
            "the IP header of the datagram sent as it was, and at least 8 octets of data",
        ),
        (
            quote_of("first", at_least=28, may_change=("ttl", "checksum")),
            (
                "the IP header of 'first' as it was (ttl, checksum aside), "
                "and at least 28 octets of data"
            ),
        ),
        (time_of_day(90_000), "the time of day within 1.5 minutes, or the high bit set"),
        (including(router_alert()), "including router alert [00 00]"),
        (without(TIMESTAMP, 99), "no timestamp or option 99"),
        (BAD, "wrong"),
        (plus(8), "8 more than right"),
        (minus(2), "2 less than right"),
        (ZERO_SUM, "that comes out as zero"),
        (balancing(0xFFFE), "that makes the checksum 0xfffe"),
        (ip(ttl=3) / udp(), "[IPv4 (ttl 3) / UDP]"),
        (nop(), "no-operation"),
        (eol(), "end of list"),
        (option(STREAM_ID), "stream id"),
        (option(99, b"\x01\x02"), "option 99 [01 02]"),
        (octets(b"\x44\x00"), "raw octets [44 00]"),
        (
            record_route(HOST, slots=1, length=9),
            "record route length 9 pointer 8 [192.0.2.1 (HOST), 0]",
        ),
        (timestamp(1, slots=1), "timestamp pointer 5 overflow and flag 1 [0]"),
        (loose_source_route(TESTER), "loose source route pointer 4 [198.18.0.1 (TESTER)]"),
        (read_options(b"\x94\x04\x00\x00"), "router alert (94 04 00 00)"),
        (read_options(b""), "none"),
    ],
)
def test_what_is_wanted_reads_as_words(value: Any, words: str) -> None:
    assert value_words(value, LEASE) == words


@pytest.mark.parametrize(
    ("value", "name", "words"),
    [
        (0x1234, "identification", "0x1234"),
        (5, "checksum", "0x0005"),
        (not_(5), "checksum", "anything but 0x0005"),
        (one_of(1, 2), "ethertype", "0x0001 or 0x0002"),
        (bytes(6), "sender_mac", "00:00:00:00:00:00"),
        (bytes(6), "src", "00:00:00:00:00:00"),
        (0x12, "flags", "SYN ACK (0x12)"),
        (0, "flags", "no flags (0x00)"),
        (bits(0x17, 2), "flags", "SYN of FIN SYN RST ACK"),
    ],
)
def test_fields_are_shown_as_people_write_them(value: Any, name: str, words: str) -> None:
    assert value_words(value, LEASE, name) == words


def test_a_symbol_without_an_address_is_called_by_its_name() -> None:
    assert value_words(NEIGHBOUR, NOBODY) == "NEIGHBOUR"
    assert value_words(mac(NEIGHBOUR), NOBODY) == "NEIGHBOUR's link address"


@pytest.mark.parametrize(
    ("stimulus", "words"),
    [
        (ip() / echo_request(), "IPv4 / ICMP echo request (8/*)"),
        (ip(ttl=0) / udp(dport=9) / data(b"x"), 'IPv4 (ttl 0) / UDP (dport 9) / data 78 "x"'),
        (
            ip(checksum=BAD, total_length=plus(8)) / udp(),
            "IPv4 (total_length 8 more than right, checksum wrong) / UDP",
        ),
        (
            ip() / unreachable(3, quote=QUOTED),
            (
                "IPv4 / ICMP destination unreachable, port (3/3) (quote the IP header of the "
                "datagram sent as it was, and at least 8 octets of data)"
            ),
        ),
        (
            ip() / unreachable(1, quote=ip(src=HOST) / udp()),
            (
                "IPv4 / ICMP destination unreachable, host (3/1) "
                "(quote [IPv4 (src 192.0.2.1 (HOST)) / UDP])"
            ),
        ),
        (ip() / icmp(one_of(3, 4)), "IPv4 / ICMP (type 3 or 4)"),
        (ip() / igmp(0x16, group="224.0.0.9"), "IPv4 / IGMP (type 22, group 224.0.0.9)"),
        (arp(target=HOST), "ARP (target 192.0.2.1 (HOST))"),
        (ip(options=(nop(), eol())), "IPv4 (options no-operation, end of list)"),
        (
            fragments(ip() / udp() / data(bytes(1)), (0, 8), (8, None), order=(1, 0, 1)),
            "3 fragments of IPv4 / UDP / data 0x00",
        ),
        (truncate(ip() / udp(), 24), "the first 24 octets of IPv4 / UDP"),
        (pad(ip() / udp(), bytes(7)), "IPv4 / UDP with 7 octets of padding"),
    ],
)
def test_what_is_sent_reads_in_one_line(stimulus: Stimulus, words: str) -> None:
    assert stimulus_words(stimulus, LEASE) == words


@pytest.mark.parametrize(
    ("wanted", "came", "sentence"),
    [
        (ip(ttl=1), ip(ttl=64) / udp(), "ip.ttl: expected 1, got 64"),
        (ip(ttl=at_most(3)), ip(ttl=64) / udp(), "ip.ttl: expected at most 3, got 64"),
        (
            ip(src=HOST),
            ip() / udp(),
            "ip.src: expected 192.0.2.1 (HOST), got 198.18.0.1",
        ),
        (
            ip(identification=not_(7)),
            ip(identification=7) / udp(),
            "ip.identification: expected anything but 0x0007, got 0x0007",
        ),
        (ip() / udp(), ip() / echo_reply(), "udp: expected a UDP header, got none"),
        (
            ip() / echo_reply(data=b"ab"),
            ip() / echo_reply(data=b"ac"),
            'icmp.data: expected 61 62 "ab", got 61 63 "ac"',
        ),
        (
            ip(options=(record_route(HOST),)),
            ip(options=(router_alert(),)) / udp(),
            (
                "ip.options: expected record route pointer 8 [192.0.2.1 (HOST)], "
                "got router alert (94 04 00 00)"
            ),
        ),
        (ip(options=()), ip(options=(router_alert(),)) / udp(), None),
        (
            ip(),
            ip(mf=1) / data(bytes(8)),
            "ip.mf, ip.offset: expected a whole datagram, got a fragment",
        ),
        (
            ip() / udp(dport=CLOSED_PORT),
            ip() / udp(dport=9),
            "udp.dport: expected 40000 (CLOSED_PORT), got 9",
        ),
    ],
)
def test_a_mismatch_reads_as_a_sentence(
    wanted: Template, came: Stimulus, sentence: str | None
) -> None:
    (found,) = differences(as_packet(wanted), frame_of(came), view())
    said = f"{found.field}: expected {found.expected}, got {found.actual}"
    assert said == (sentence or "ip.options: expected none, got router alert (94 04 00 00)")


def test_a_wrong_quote_says_which_header_field() -> None:
    memory = view()
    memory.sent[None] = (datagram_of(ip(ttl=64) / udp()),)
    came = frame_of(ip() / unreachable(3, quote=ip(ttl=63, checksum=1) / udp()))
    (found,) = differences(as_packet(ip() / unreachable(3, quote=QUOTED)), came, memory)
    assert (found.expected, found.actual) == ("TTL 0x40", "TTL 0x3f")


@pytest.mark.parametrize(
    ("microseconds", "words"),
    [
        (0, "0 ms"),
        (250_000, "250 ms"),
        (1_500, "1.5 ms"),
        (1_000_000, "1 s"),
        (60_500_000, "60.5 s"),
    ],
)
def test_durations_read_in_their_unit(microseconds: int, words: str) -> None:
    assert duration_words(microseconds) == words


@given(st.binary(max_size=64))
def test_octets_are_shown_whole_or_with_their_count(raw: bytes) -> None:
    words = octets_words(raw)
    assert words.isprintable()
    assert raw[:24].hex(" ") in words
    assert (f"({len(raw)} octets)" in words) is (len(raw) > 24)


def test_long_data_stays_in_one_line() -> None:
    assert len(packet_words(as_packet(ip() / udp() / data(pattern(1400))), LEASE)) < 120

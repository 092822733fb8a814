"""A template against a frame: what is named must match, what is not is free."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.case import (
    HOST,
    QUOTED,
    TESTER,
    arp,
    at_least,
    between,
    data,
    echo_reply,
    echo_request,
    ether,
    fragments,
    icmp,
    igmp,
    ip,
    not_,
    parameter_problem,
    pattern,
    record_route,
    redirect,
    snap,
    tcp,
    timestamp_reply,
    udp,
    unreachable,
)
from harness.case.packet import Packet, Stimulus, Template, as_packet
from harness.decode import decode
from harness.judge.frame import differences, nearness
from harness.verdict import Difference
from tests.judge_kit import changed, frame_of, frames_of, octets_of, view

REPLY = (
    ip(src=HOST, dst=TESTER, ttl=9, tos=3, identification=0x1234, df=1)
    / echo_reply(identifier=7, sequence=8, data=b"abcd")
)  # fmt: skip
UDP = ip(src=HOST, dst=TESTER) / udp(sport=5, dport=6) / data(b"abcd")


def compare(wanted: Template, came: Stimulus) -> list[Difference]:
    return differences(as_packet(wanted), frame_of(came), view())


@pytest.mark.parametrize(
    "wanted",
    [
        ip(),
        ip() / icmp(),
        ip() / echo_reply(),
        ip(src=HOST, dst=TESTER) / echo_reply(data=b"abcd"),
        ip(ttl=9) / icmp(0, code=0),
        ether() / ip(ttl=at_least(9)) / echo_reply(sequence=8),
        ip(mf=0, offset=0) / echo_reply(identifier=7),
        ip(options=()) / echo_reply(),
        ip(total_length=32, ihl=5, version=4, reserved=0, df=1, protocol=1) / icmp(),
    ],
)
def test_fields_that_are_not_named_are_free(wanted: Template) -> None:
    assert compare(wanted, REPLY) == []


@pytest.mark.parametrize(
    ("wanted", "came", "field", "place"),
    [
        (ether(dst=bytes(6)), REPLY, "ether.dst", (0, 6)),
        (ether(src=bytes(6)), REPLY, "ether.src", (6, 12)),
        (ip(version=5), REPLY, "ip.version", (14, 15)),
        (ip(ihl=6), REPLY, "ip.ihl", (14, 15)),
        (ip(tos=4), REPLY, "ip.tos", (15, 16)),
        (ip(total_length=33), REPLY, "ip.total_length", (16, 18)),
        (ip(identification=1), REPLY, "ip.identification", (18, 20)),
        (ip(df=0), REPLY, "ip.df", (20, 21)),
        (ip(offset=8), REPLY, "ip.offset", (20, 22)),
        (ip(mf=1), REPLY, "ip.mf", (20, 21)),
        (ip(ttl=8), REPLY, "ip.ttl", (22, 23)),
        (ip(protocol=17), REPLY, "ip.protocol", (23, 24)),
        (ip(checksum=1), REPLY, "ip.checksum", (24, 26)),
        (ip(src=TESTER), REPLY, "ip.src", (26, 30)),
        (ip(dst=HOST), REPLY, "ip.dst", (30, 34)),
        (ip() / echo_request(), REPLY, "icmp.type", (34, 35)),
        (ip() / icmp(0, code=1), REPLY, "icmp.code", (35, 36)),
        (ip() / echo_reply(identifier=8), REPLY, "icmp.identifier", (38, 40)),
        (ip() / echo_reply(sequence=9), REPLY, "icmp.sequence", (40, 42)),
        (ip() / echo_reply(data=b"abce"), REPLY, "icmp.data", (42, 46)),
        (ip() / udp(sport=6), UDP, "udp.sport", (34, 36)),
        (ip() / udp(dport=7), UDP, "udp.dport", (36, 38)),
        (ip() / udp(length=9), UDP, "udp.length", (38, 40)),
        (ip() / udp() / data(b""), UDP, "data.octets", (42, 46)),
        (ip() / tcp(flags=4), ip() / tcp(flags=2), "tcp.flags", (47, 48)),
        (ip() / igmp(0x16), ip() / igmp(0x11), "igmp.type", (34, 35)),
        (arp(operation=2), arp(), "arp.operation", (20, 22)),
        (arp(target=TESTER), arp(), "arp.target", (38, 42)),
        (
            ip() / parameter_problem(21),
            ip() / parameter_problem(20, quote=UDP),
            "icmp.pointer",
            (38, 39),
        ),
        (ip() / unreachable(4, mtu=9), ip() / unreachable(4, mtu=8), "icmp.mtu", (40, 42)),
        (
            ip() / redirect(gateway=TESTER),
            ip() / redirect(0, gateway=HOST),
            "icmp.gateway",
            (38, 42),
        ),
        (
            ip() / timestamp_reply(receive=5),
            ip() / timestamp_reply(receive=4),
            "icmp.receive",
            (46, 50),
        ),
        (
            ip(options=()),
            ip(options=(record_route(slots=1),)) / echo_request(),
            "ip.options",
            (34, 42),
        ),
    ],
)
def test_the_field_that_differs_is_named_with_its_place(
    wanted: Template, came: Stimulus, field: str, place: tuple[int, int]
) -> None:
    (found,) = compare(wanted, came)
    assert (found.field, found.place) == (field, place)
    assert found.expected != found.actual


def test_every_field_that_differs_is_told() -> None:
    found = compare(ip(ttl=8, tos=4) / echo_reply(data=b"x", sequence=8), REPLY)
    assert {d.field for d in found} == {"ip.ttl", "ip.tos", "icmp.data"}


@pytest.mark.parametrize(
    ("wanted", "field", "words"),
    [
        (ip() / udp(), "udp", "a UDP header"),
        (ip() / tcp(), "tcp", "a TCP header"),
        (ip() / igmp(), "igmp", "an IGMP message"),
        (arp(), "arp", "an ARP packet"),
        (snap() / ip(), "snap", "an 802.3 header with SNAP"),
        (ip() / data(b"abcd"), "data", "data"),
    ],
)
def test_a_layer_that_is_not_there_is_one_difference(
    wanted: Template, field: str, words: str
) -> None:
    assert compare(wanted, REPLY) == [Difference(field, words, "none")]


def test_no_data_wanted_and_none_there_is_right() -> None:
    assert compare(ip() / data(b""), ip() / echo_request()) == []
    assert compare(ip() / udp() / data(b""), ip() / udp()) == []


def test_a_field_that_the_message_does_not_have() -> None:
    (found,) = compare(ip() / icmp(3, data=not_(b"x")) / data(b""), ip() / udp())
    assert found.actual == "none"
    (found,) = compare(Packet((ip(), echo_reply(sequence=1))), ip() / icmp(0, rest=bytes(4)))
    assert found.field == "icmp.sequence"
    found, quote = compare(ip() / unreachable(3, quote=QUOTED), REPLY)[0:3:2]
    assert (found.field, quote.field, quote.actual) == ("icmp.type", "icmp.quote", "no quote")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_fragment_is_no_whole_datagram(number: int) -> None:
    whole = ip() / udp() / data(pattern(16))
    pieces = frames_of(fragments(whole, (0, 8), (8, 16), (16, None)))
    piece = pieces[number]
    found = differences(as_packet(ip()), piece, view())
    assert found == [Difference("ip.mf, ip.offset", "a whole datagram", "a fragment", (20, 22))]
    named = ip(mf=int(number < 2), offset=8 * number)
    assert differences(as_packet(named), piece, view()) == []
    assert differences(as_packet(ip(offset=between(0, 16))), piece, view()) == []
    assert differences(as_packet(ip(mf=0)), pieces[2], view()) == []


def test_frames_that_can_not_be_read_lack_the_layer() -> None:
    for octets in (b"", bytes(14), octets_of(REPLY)[:30]):
        found = differences(as_packet(ip()), decode(octets), view())
        assert found == [Difference("ip", "an IPv4 header", "none")]


@given(st.integers(14, 45), st.integers(1, 255))
def test_a_frame_matches_its_own_template_and_no_other(octet: int, bits: int) -> None:
    """A template that names all fields sees every octet of the IP packet."""
    whole = ip(
        version=4,
        ihl=5,
        tos=3,
        total_length=32,
        identification=0x1234,
        reserved=0,
        df=1,
        mf=0,
        offset=0,
        ttl=9,
        protocol=1,
        checksum=frame_of(REPLY).get("ip", "checksum"),
        src=HOST,
        dst=TESTER,
        options=(),
    ) / Packet(
        (
            icmp(0, code=0, checksum=frame_of(REPLY).get("icmp", "checksum")),
            echo_reply(identifier=7, sequence=8, data=b"abcd"),
        )
    )
    right = octets_of(REPLY)
    assert differences(whole, decode(right), view()) == []
    wrong = changed(right, octet, bytes((right[octet] ^ bits,)))
    found = differences(whole, decode(wrong), view())
    assert found
    assert any(d.place is None or d.place[0] <= octet < d.place[1] for d in found)


def test_the_nearest_frame_lacks_no_layer_and_differs_least() -> None:
    wanted = as_packet(ip(src=HOST, ttl=9) / echo_reply(data=b"abcd"))
    memory = view()
    ranked = [
        nearness(wanted, frame, differences(wanted, frame, memory))
        for frame in (
            frame_of(ip(src=HOST, ttl=9) / echo_reply(data=b"abce")),
            frame_of(ip(src=HOST, ttl=8) / echo_reply(data=b"abce")),
            frame_of(ip(src=HOST, ttl=9) / udp()),
            frame_of(arp()),
        )
    ]
    assert ranked == sorted(ranked)
    assert len(set(ranked)) == len(ranked)

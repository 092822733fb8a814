"""What holds for every frame from the target: each invariant broken alone, and by name."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness import catalogue
from harness.case import (
    ALL_HOSTS,
    BAD,
    HOST,
    SUBNET_BROADCAST,
    TESTER,
    arp,
    data,
    echo_reply,
    echo_request,
    icmp,
    igmp,
    ip,
    pad,
    plus,
    record_route,
    redirect,
    snap,
    tcp,
    time_exceeded,
    udp,
    unreachable,
)
from harness.case.packet import Packet, Stimulus
from harness.case.symbols import FAR
from harness.decode import Frame, decode
from harness.judge import invariants
from harness.judge.invariants import Breach, breaches
from tests.judge_kit import LEASE, changed, datagram_of, frame_of, octets_of, view

OWN = LEASE.targets
SENT = frozenset({LEASE.address(TESTER)})
BROADCASTS = frozenset({"192.0.2.255"})
TO_TESTER = ip(src=HOST, dst=TESTER)
ASKED = ip(src=TESTER, dst=HOST) / udp()


def broken(stimulus: Stimulus) -> list[Breach]:
    return breaches(frame_of(stimulus), OWN, SENT, BROADCASTS)


def names(stimulus: Stimulus) -> list[str]:
    return [breach.requirement for breach in broken(stimulus)]


@pytest.mark.parametrize(
    "right",
    [
        TO_TESTER / echo_reply(),
        TO_TESTER,
        TO_TESTER / unreachable(3, quote=ip(src=TESTER, dst="240.0.0.1") / udp()),
        TO_TESTER / udp() / data(b"x"),
        TO_TESTER / udp(checksum=BAD) / data(b"x"),
        TO_TESTER / tcp(checksum=BAD),
        ip(src=HOST, dst=TESTER, options=(record_route(HOST, slots=2),)) / echo_reply(),
        ip(src=HOST, dst=TESTER, mf=1, offset=8, ttl=1, df=1) / data(bytes(8)),
        ip(src="198.51.100.1", dst=TESTER) / echo_reply(),
        ip(src=HOST, dst=ALL_HOSTS) / igmp(0x16, group=ALL_HOSTS),
        ip(src="0.0.0.0", dst=ALL_HOSTS) / igmp(0x16, group=ALL_HOSTS),
        ip(src="0.0.0.0", dst="255.255.255.255") / udp(sport=68, dport=67),
        TO_TESTER / unreachable(3, quote=ASKED),
        TO_TESTER / unreachable(3, quote=ip(src=TESTER, dst=HOST) / echo_request()),
        TO_TESTER / time_exceeded(1, quote=ip(src=TESTER, dst=HOST, mf=1) / echo_request()),
        TO_TESTER / redirect(1, gateway=HOST, quote=ip(dst=HOST) / unreachable(3, quote=ASKED)),
        TO_TESTER / unreachable(3, quote=datagram_of(ASKED)[:19]),
        pad(TO_TESTER / udp(), bytes(18)),
        snap() / TO_TESTER / echo_reply(),
        arp(sender=HOST),
    ],
)
def test_what_is_right_breaks_nothing(right: Stimulus) -> None:
    assert names(right) == []


WRONG: list[tuple[Stimulus, str, tuple[int, int]]] = [
    (ip(src=HOST, dst=TESTER, version=6) / udp(), invariants.VERSION, (14, 15)),
    (ip(src=HOST, dst=TESTER, checksum=BAD) / udp(), invariants.CHECKSUM, (24, 26)),
    (ip(src=HOST, dst=TESTER, ihl=4) / udp(), invariants.HEADER_LENGTH, (14, 15)),
    (ip(src=HOST, dst=TESTER, total_length=plus(1)) / udp(), invariants.TOTAL_LENGTH, (16, 18)),
    (
        ip(src=HOST, dst=TESTER, total_length=plus(-1)) / udp() / data(bytes(60)),
        invariants.TOTAL_LENGTH,
        (16, 18),
    ),
    (ip(src=HOST, dst=TESTER, reserved=1) / udp(), invariants.RESERVED_FLAG, (20, 21)),
    (ip(src="192.0.2.7", dst=TESTER) / udp(), invariants.OWN_SOURCE, (26, 30)),
    (ip(src="0.0.0.0", dst=TESTER) / tcp(), invariants.OWN_SOURCE, (26, 30)),
    (ip(src=SUBNET_BROADCAST, dst=TESTER) / udp(), invariants.OWN_SOURCE, (26, 30)),
    (ip(src=HOST, dst=TESTER, ttl=0) / udp(), invariants.TTL_ZERO, (22, 23)),
    (TO_TESTER / echo_reply(checksum=BAD), invariants.ICMP_CHECKSUM, (36, 38)),
    (TO_TESTER / unreachable(3, quote=ASKED, checksum=BAD), invariants.ICMP_CHECKSUM, (36, 38)),
    *(
        (
            TO_TESTER / unreachable(3, quote=ip(src=TESTER, dst=HOST) / icmp(kind, rest=bytes(4))),
            invariants.ERROR_ABOUT_ERROR,
            (42, 70),
        )
        for kind in (3, 4, 5, 11, 12)
    ),
    *(
        (
            TO_TESTER / unreachable(3, quote=ip(src=TESTER, dst=to) / udp()),
            invariants.ERROR_ABOUT_BROADCAST,
            (42, 70),
        )
        for to in (SUBNET_BROADCAST, "255.255.255.255", "224.0.0.1", "239.255.255.255")
    ),
    (pad(TO_TESTER / udp(), bytes(4) + b"\x01" + bytes(4)), invariants.PADDING, (42, 51)),
    (pad(TO_TESTER / udp(), b"\x01" * 18), invariants.PADDING, (42, 60)),
    (
        TO_TESTER / unreachable(2, quote=datagram_of(ip(src=TESTER, dst="224.0.0.1"))),
        invariants.ERROR_ABOUT_BROADCAST,
        (42, 62),
    ),
    (
        TO_TESTER / unreachable(2, quote=ip(src=TESTER, dst=HOST, offset=8) / data(bytes(8))),
        invariants.ERROR_ABOUT_LATER_FRAGMENT,
        (42, 70),
    ),
]


@pytest.mark.parametrize(("wrong", "requirement", "place"), WRONG)
def test_one_thing_wrong_is_one_breach(
    wrong: Stimulus, requirement: str, place: tuple[int, int]
) -> None:
    (breach,) = broken(wrong)
    assert (breach.requirement, breach.place) == (requirement, place)
    assert breach.expected
    assert breach.actual
    assert breach.expected != breach.actual


def test_every_invariant_is_broken_above_and_stands_in_the_catalogue() -> None:
    assert {requirement for _, requirement, _ in WRONG} == set(invariants.REQUIREMENTS)
    rows = catalogue.load()
    forwarded = {invariants.FORWARDED_TTL, invariants.FORWARDED_CHECKSUM}
    for requirement in {*invariants.REQUIREMENTS, *forwarded} - {invariants.PADDING}:
        assert rows[requirement].strength is catalogue.Strength.MUST
    assert rows[invariants.PADDING].strength is catalogue.Strength.SHOULD


def test_padding_of_a_short_ethernet_frame_is_no_wrong_length_and_more_is() -> None:
    short = TO_TESTER / udp()
    assert names(pad(short, bytes(18))) == []
    assert names(pad(short, bytes(19))) == [invariants.TOTAL_LENGTH]
    assert names(pad(TO_TESTER / udp() / data(bytes(18)), b"\x00")) == [invariants.TOTAL_LENGTH]


def test_a_bare_packet_is_never_padded() -> None:
    packet = octets_of(TO_TESTER / udp())[14:]
    assert breaches(decode(packet, bare_ip=True), OWN, SENT, BROADCASTS) == []
    (breach,) = breaches(decode(packet + b"\x00", bare_ip=True), OWN, SENT, BROADCASTS)
    assert breach.requirement == invariants.TOTAL_LENGTH


@pytest.mark.parametrize(
    "forwarded",
    [
        ip(src=TESTER, dst="198.51.100.9", version=6) / udp(),
        ip(src=TESTER, dst="198.51.100.9", reserved=1) / udp(),
        ip(src=TESTER, dst="198.51.100.9", total_length=plus(5)) / udp(),
        ip(src=TESTER, dst="198.51.100.9") / echo_reply(checksum=BAD),
        ip(src=TESTER, dst=HOST)
        / unreachable(3, quote=ip(dst=SUBNET_BROADCAST) / unreachable(3, quote=ASKED)),
    ],
)
def test_what_is_forwarded_is_others_work(forwarded: Packet) -> None:
    assert names(forwarded) == []
    own = breaches(frame_of(forwarded), (*OWN, LEASE.address(TESTER)), SENT, BROADCASTS)
    assert own != []


def test_ttl_and_checksum_are_the_forwarders_own() -> None:
    assert names(ip(src=TESTER, dst="198.51.100.9", ttl=0) / udp()) == [invariants.FORWARDED_TTL]
    wrong = ip(src=TESTER, dst="198.51.100.9", checksum=BAD) / udp()
    assert names(wrong) == [invariants.FORWARDED_CHECKSUM]


def test_a_source_that_nobody_used_is_not_forwarded() -> None:
    frame = frame_of(ip(src=TESTER, dst=HOST) / udp())
    assert [b.requirement for b in breaches(frame, OWN, (), ())] == [invariants.OWN_SOURCE]
    assert breaches(frame, OWN, SENT, ()) == []


def test_frames_without_ip_are_held_to_nothing() -> None:
    for frame in (frame_of(arp()), decode(b""), decode(bytes(13)), decode(bytes(60))):
        assert breaches(frame, OWN, SENT, BROADCASTS) == []


def test_a_network_without_broadcasts_has_none_to_complain_about() -> None:
    """RFC 3021: the all-ones address of a /31 is a host's."""
    about = TO_TESTER / unreachable(3, quote=ip(src=TESTER, dst=SUBNET_BROADCAST) / udp())
    assert breaches(frame_of(about), OWN, SENT, ()) == []


HEADERS = octets_of(TO_TESTER / unreachable(3, quote=ASKED))


@given(st.integers(0, len(HEADERS)), st.integers(0, 255), st.binary(max_size=60))
@example(cut=46, octet=0x4F, rest=b"\x45" + bytes(19))
@example(cut=14, octet=0x40, rest=bytes(30))
def test_no_octets_raise(cut: int, octet: int, rest: bytes) -> None:
    for link, bare in ((HEADERS, False), (HEADERS[14:], True)):
        frame = decode(link[:cut] + bytes((octet,)) + rest, bare_ip=bare)
        for breach in breaches(frame, OWN, SENT, BROADCASTS):
            assert breach.place is not None
            assert 0 <= breach.place[0] < breach.place[1] <= len(frame.octets)


@given(st.integers(14, 33), st.integers(1, 255))
def test_a_header_with_anything_changed_breaks_its_checksum(at: int, bits: int) -> None:
    frame = decode(changed(HEADERS, at, bytes((HEADERS[at] ^ bits,))))
    found = {breach.requirement for breach in breaches(frame, OWN, (), BROADCASTS)}
    assert invariants.CHECKSUM in found


def test_the_far_address_is_the_targets_own_too() -> None:
    frame: Frame = frame_of(ip(src="198.51.100.1", dst=TESTER) / udp(), FAR)
    assert breaches(frame, view().lease.targets, (), BROADCASTS) == []

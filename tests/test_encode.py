"""Templates to octets: unset fields right, set ones as given."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.addresses import Unresolved, group_mac, tester_mac
from harness.case import (
    ALL_HOSTS,
    BAD,
    BROADCAST_MAC,
    FAR,
    FAR_HOST,
    FAR_TESTER,
    GATEWAY,
    HOST,
    LIMITED_BROADCAST,
    NEIGHBOUR,
    SUBNET_BROADCAST,
    TESTER,
    arp,
    data,
    echo_request,
    ether,
    fragments,
    icmp,
    igmp,
    ip,
    loose_source_route,
    nop,
    octets,
    pad,
    parameter_problem,
    pattern,
    plus,
    record_route,
    redirect,
    seen,
    snap,
    tcp,
    timestamp,
    timestamp_request,
    truncate,
    udp,
    unreachable,
)
from harness.case.packet import Stimulus
from harness.decode import Frame, decode
from harness.encode import Encoder
from harness.encode_checksum import TemplateError
from tests.lease import NEAR_PLAN, lease

LEASE = lease()


def nothing(label: str, field: str) -> object:
    raise AssertionError(f"{label}.{field} was asked for")


def frames(stimulus: Stimulus, link: int = 0) -> list[Frame]:
    encoded = Encoder(LEASE).encode(stimulus, link, 1, nothing)
    return [decode(frame) for frame in encoded.frames]


def only(stimulus: Stimulus, link: int = 0) -> Frame:
    (frame,) = frames(stimulus, link)
    return frame


def test_defaults_are_right() -> None:
    frame = only(ip() / echo_request(data=b"odd"))
    assert frame.faults == []
    assert frame.get("ip", "src") == LEASE.address(TESTER)
    assert frame.get("ip", "dst") == LEASE.address(HOST)
    assert frame.get("ip", "ttl") == 64
    assert frame.get("icmp", "identifier") == LEASE.identifier
    assert frame.get("ether", "dst") == NEAR_PLAN.target_mac
    assert frame.get("ether", "src") == tester_mac(LEASE.address(GATEWAY))


def test_defaults_on_the_far_link() -> None:
    frame = only(ip() / udp(), FAR)
    assert frame.get("ip", "src") == LEASE.address(FAR_TESTER)
    assert frame.get("ip", "dst") == LEASE.address(FAR_HOST)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "version": st.integers(0, 15),
            "tos": st.integers(0, 255),
            "total_length": st.integers(0, 0xFFFF),
            "identification": st.integers(0, 0xFFFF),
            "reserved": st.integers(0, 1),
            "df": st.integers(0, 1),
            "mf": st.integers(0, 1),
            "offset": st.integers(0, 0x1FFF).map(lambda units: units * 8),
            "ttl": st.integers(0, 255),
            "protocol": st.integers(0, 255),
            "checksum": st.integers(0, 0xFFFF),
            "src": st.ip_addresses(v=4).map(str),
            "dst": st.ip_addresses(v=4).map(str),
        },
    )
)
def test_what_is_set_goes_out_as_given(fields: dict[str, object]) -> None:
    frame = only(ip(**fields) / data(b"12345678"))  # type: ignore[arg-type]  # any field value
    part = frame.parts["ip"].fields
    for name, value in fields.items():
        assert part[name] == value, name
    if "checksum" not in fields:
        assert part["checksum_right"]


@pytest.mark.parametrize(
    "stimulus",
    [
        ip(checksum=BAD) / echo_request(),
        ip() / echo_request(checksum=BAD),
        ip() / udp(checksum=BAD) / data(b"x"),
        ip() / tcp(checksum=BAD),
        ip() / igmp(0x11, checksum=BAD),
    ],
)
def test_a_bad_checksum_is_wrong_and_nothing_else_is(stimulus: Stimulus) -> None:
    frame = only(stimulus)
    assert len(frame.faults) == 1
    assert "checksum wrong" in frame.faults[0]


def test_relative_lengths() -> None:
    assert only(ip(total_length=plus(8)) / data(b"1234")).get("ip", "total_length") == 32
    assert only(ip() / udp(length=plus(-2)) / data(b"1234")).get("udp", "length") == 10


def test_a_wrong_header_length_has_a_checksum_over_what_it_claims() -> None:
    frame = only(ip(ihl=6) / data(bytes(8)))
    assert frame.parts["ip"].fields["checksum_right"]
    assert frame.parts["ip"].fields["ihl"] == 6


def test_options_are_laid_out_and_padded() -> None:
    area = only(
        ip(options=(nop(), record_route(HOST, slots=2), timestamp(1, TESTER, 5, slots=2)))
        / data(b"")
    ).octets[34:]
    host = bytes((192, 0, 2, 1))
    assert area[:16] == b"\x01\x07\x0f\x08" + host + bytes(8)
    assert area[16:] == bytes((68, 20, 13, 1)) + bytes((198, 18, 0, 1)) + b"\0\0\0\5" + bytes(8)
    route = only(ip(options=(loose_source_route(GATEWAY, pointer=9, length=3),)) / data(b""))
    assert route.octets[34:] == bytes((131, 3, 9, 192, 0, 2, 254, 0))
    assert only(ip(options=(octets(b"\x44\x00"),)) / data(b"")).octets[34:] == b"\x44\0\0\0"


@pytest.mark.parametrize(
    ("to", "mac"),
    [
        (LIMITED_BROADCAST, BROADCAST_MAC),
        (SUBNET_BROADCAST, BROADCAST_MAC),
        (ALL_HOSTS, group_mac("224.0.0.1")),
        ("203.0.113.9", NEAR_PLAN.target_mac),
    ],
)
def test_the_link_address_follows_the_destination(to: object, mac: bytes) -> None:
    assert only(ip(dst=to) / udp()).get("ether", "dst") == mac  # type: ignore[arg-type]  # symbol


def test_a_neighbour_sends_for_itself() -> None:
    frame = only(ip(src=NEIGHBOUR) / echo_request())
    assert frame.get("ether", "src") == tester_mac(LEASE.address(NEIGHBOUR))


def test_arp_and_link_headers() -> None:
    frame = only(arp(target=HOST))
    assert frame.get("ether", "dst") == BROADCAST_MAC
    assert frame.get("arp", "sender") == LEASE.address(NEIGHBOUR)
    assert frame.get("arp", "sender_mac") == tester_mac(LEASE.address(NEIGHBOUR))
    assert frame.get("arp", "target_mac") == bytes(6)
    framed = only(ether(dst=BROADCAST_MAC) / ip() / echo_request())
    assert framed.get("ether", "dst") == BROADCAST_MAC
    old = only(snap() / ip() / echo_request())
    assert old.get("icmp", "type") == 8
    assert old.get("snap", "length") == len(old.octets) - 14


@given(st.integers(1, 8), st.randoms(use_true_random=False))
def test_fragments_are_the_datagram(pieces: int, chance: object) -> None:
    cuts = tuple((i * 16, None if i == pieces - 1 else (i + 1) * 16) for i in range(pieces))
    order = list(range(pieces))
    chance.shuffle(order)  # type: ignore[attr-defined]  # hypothesis gives a Random
    template = ip(ttl=9) / echo_request(data=pattern(pieces * 16))
    whole = only(template).datagram[20:]
    found = sorted(
        frames(fragments(template, *cuts, order=tuple(order))),
        key=lambda frame: int(frame.get("ip", "offset")),
    )
    assert b"".join(f.get("ip", "payload") for f in found) == whole
    assert [f.get("ip", "mf") for f in found] == [1] * (pieces - 1) + [0]
    assert len({f.get("ip", "identification") for f in found}) == 1
    assert all(not f.faults for f in found)


def test_single_pieces_can_be_odd() -> None:
    cut = fragments(
        ip() / udp() / data(pattern(32)),
        (0, 16),
        (16, None),
        headers=((1, ip(ttl=3, identification=7)),),
    )
    first, second = frames(cut)
    assert (first.get("ip", "ttl"), second.get("ip", "ttl")) == (64, 3)
    assert second.get("ip", "identification") == 7


def test_truncated_and_padded() -> None:
    assert len(only(truncate(ip() / echo_request(), 15)).octets) == 29
    padded = only(pad(ip() / udp() / data(b"x"), b"rest"))
    assert padded.octets.endswith(b"xrest")
    assert padded.get("ip", "total_length") == 29


def test_icmp_fields() -> None:
    assert only(ip() / icmp(200, code=3, rest=b"abcd", data=b"xy")).get("icmp", "rest") == b"abcd"
    times = only(ip() / timestamp_request(originate=5, receive=6)).parts["icmp"].fields
    assert (times["originate"], times["receive"], times["transmit"]) == (5, 6, 0)
    quote = ip(src=HOST, dst=TESTER) / udp(sport=5, dport=6) / data(pattern(40))
    error = only(ip() / unreachable(4, mtu=296, quote=quote)).parts["icmp"].fields
    assert error["mtu"] == 296
    assert len(error["quote"]) == 28
    assert only(ip() / redirect(1, gateway=GATEWAY, quote=quote)).get("icmp", "gateway") == (
        LEASE.address(GATEWAY)
    )
    assert only(ip() / parameter_problem(22, quote=quote)).get("icmp", "pointer") == 22


def test_equal_stimuli_are_encoded_once() -> None:
    encoder = Encoder(LEASE)
    template = ip() / echo_request()
    assert encoder.encode(template, 0, 1, nothing) is encoder.encode(template, 0, 1, nothing)
    assert encoder.encode(template, 0, 2, nothing) is not encoder.encode(template, 0, 1, nothing)


def test_fields_of_other_frames_are_looked_up_each_time() -> None:
    encoder = Encoder(LEASE)
    template = ip(identification=seen("first", "ip.identification")) / udp()
    values = iter((1, 2))
    found = [
        decode(encoder.encode(template, 0, 1, lambda *_: next(values)).frames[0]).get(
            "ip", "identification"
        )
        for _ in range(2)
    ]
    assert found == [1, 2]


@pytest.mark.parametrize(
    "stimulus",
    [
        ether(),
        udp(),
        ip(offset=4) / data(b""),
        fragments(arp(), (0, 8)),
        ip() / ether(),
    ],
)
def test_templates_that_make_no_sense(stimulus: Stimulus) -> None:
    with pytest.raises(TemplateError):
        frames(stimulus)


def test_a_symbol_that_the_laboratory_lacks() -> None:
    poor = dataclasses.replace(LEASE, addresses={})
    with pytest.raises(Unresolved, match="TESTER"):
        Encoder(poor).encode(ip() / udp(), 0, 1, nothing)


def test_bare_ip_has_no_link_header() -> None:
    links = tuple(dataclasses.replace(link, bare_ip=True) for link in LEASE.links)
    encoder = Encoder(dataclasses.replace(LEASE, links=links))
    octets_ = encoder.encode(ip() / udp(), 0, 1, nothing).frames[0]
    assert decode(octets_, bare_ip=True).get("udp", "sport") is not None
    with pytest.raises(TemplateError):
        encoder.encode(ether() / ip() / udp(), 0, 1, nothing)

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stack.fragment import fits, fragment
from stack.policy import NETSTACK, RFC, Policy
from stack.reassembly import Complete, ReassemblyStore
from stack.wire.ipv4 import (
    FLAG_DF,
    FLAG_MF,
    FLAG_RESERVED,
    Ipv4Header,
    Ipv4Packet,
    build_ipv4,
    parse_ipv4,
)

PROPERTY = settings(deadline=None, derandomize=True, max_examples=100)
ALERT = b"\x94\4\0\0"
ROUTE = bytes((1, 7, 7, 4, 0, 0, 0, 0))


def header(
    *,
    options: bytes = b"",
    flags: int = 0,
    fragment_offset: int = 0,
    protocol: int = 17,
    ttl: int = 64,
    tos: int = 0,
    identification: int = 0,
) -> Ipv4Header:
    return Ipv4Header(1, 2, protocol, ttl, tos, identification, flags, fragment_offset, options)


def cut(head: Ipv4Header, payload: bytes, mtu: int, policy: Policy = RFC) -> list[Ipv4Packet]:
    pieces = []
    for octets in fragment(head, payload, mtu, policy):
        assert len(octets) <= mtu
        packet = parse_ipv4(octets)
        assert isinstance(packet, Ipv4Packet)
        pieces.append(packet)
    return pieces


def test_rfc_791_appendix_a_example_2() -> None:
    head = header(protocol=6, ttl=123, identification=111)
    whole = build_ipv4(head, bytes(452))
    assert len(whole) == 472
    first, second = cut(head, bytes(452), 280)
    assert (first.header.total_length, first.header.flags, first.header.fragment_offset) == (
        276, FLAG_MF, 0,
    )  # fmt: skip
    assert (second.header.total_length, second.header.flags, second.header.fragment_offset) == (
        216, 0, 32,
    )  # fmt: skip
    assert second.header.identification == 111
    assert head == header(protocol=6, ttl=123, identification=111)  # untouched
    assert cut(head, bytes(452), 280, NETSTACK) == [first, second]


def test_a_header_of_24_octets_and_an_mtu_of_68() -> None:
    pieces = cut(header(options=ALERT), bytes(100), 68)
    assert [len(piece.payload) for piece in pieces] == [40, 40, 20]


def test_what_fits_is_not_cut() -> None:
    head = header(flags=FLAG_DF)
    assert fits(head, bytes(48), 68)
    assert fragment(head, bytes(48), 68, RFC) == [build_ipv4(head, bytes(48))]
    assert not fits(head, bytes(49), 68)


def test_df_forbids_cutting() -> None:
    head = header(flags=FLAG_DF)
    assert [piece.header.flags for piece in cut(head, bytes(100), 68, NETSTACK)] == [3, 3, 2]


def test_an_mtu_without_room_gives_nothing() -> None:
    assert fragment(header(), bytes(100), 27, RFC) == []
    assert len(fragment(header(), bytes(100), 28, RFC)) == 13


def test_only_options_with_the_copied_flag_go_into_later_pieces() -> None:
    head = header(options=ROUTE + ALERT)
    pieces = cut(head, bytes(range(200)), 80)
    assert [piece.header.options for piece in pieces] == [ROUTE + ALERT, *[ALERT] * 3]
    assert [len(piece.payload) for piece in pieces] == [48, 56, 56, 40]
    everywhere = cut(head, bytes(range(200)), 80, NETSTACK)
    assert {piece.header.options for piece in everywhere} == {ROUTE + ALERT}


def test_cutting_a_fragment_keeps_its_place_and_its_mf() -> None:
    head = header(flags=FLAG_MF | FLAG_RESERVED, fragment_offset=10)
    pieces = cut(head, bytes(96), 60)
    assert [piece.header.fragment_offset for piece in pieces] == [10, 15, 20]
    assert {piece.header.flags for piece in pieces} == {FLAG_MF | FLAG_RESERVED}
    last = cut(header(fragment_offset=10), bytes(90), 60)
    assert [piece.header.flags for piece in last] == [FLAG_MF, FLAG_MF, 0]
    quirk = cut(head, bytes(96), 60, NETSTACK)
    assert [piece.header.fragment_offset for piece in quirk] == [0, 5, 10]


def test_the_reserved_flag_goes_into_every_piece() -> None:
    pieces = cut(header(flags=FLAG_RESERVED), bytes(100), 68)
    assert [piece.header.flags for piece in pieces] == [5, 5, 4]


def test_a_hostile_fragment_beyond_the_last_offset_is_not_cut() -> None:
    assert fragment(header(fragment_offset=0x1FFF), bytes(100), 68, RFC) == []
    assert len(cut(header(fragment_offset=0x1FFF), bytes(8), 68)) == 1
    assert len(cut(header(fragment_offset=0x1FF3), bytes(104), 68)) == 3


@PROPERTY
@given(
    st.binary(max_size=400),
    st.integers(68, 300),
    st.integers(68, 120),
    st.sampled_from([b"", ALERT, ROUTE, ROUTE + ALERT, b"\1" * 40]),
    st.integers(0, 255),
)
def test_pieces_of_pieces_make_the_whole(
    payload: bytes, mtu: int, next_mtu: int, options: bytes, tos: int
) -> None:
    head = header(options=options, tos=tos, identification=0, ttl=9)
    pieces = [
        again
        for piece in cut(head, payload, mtu)
        for again in cut(piece.header, piece.payload, next_mtu)
    ]
    assert {piece.header.tos for piece in pieces} == {tos}
    if len(pieces) == 1:
        assert pieces[0].payload == payload
        return
    store = ReassemblyStore(RFC)
    results = [store.add(piece, 0, None) for piece in pieces]
    assert results[:-1] == [None] * (len(pieces) - 1)
    assert isinstance(results[-1], Complete)
    assert results[-1].packet.octets == build_ipv4(head, payload)

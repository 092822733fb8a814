"""Fragments put together by the tester: any split and order gives the datagram, no other does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.case import HOST, TESTER, arp, echo_reply, fragments, ip, pattern, record_route
from harness.decode import Frame, decode
from harness.judge.train import trains
from tests.judge_kit import changed, datagram_of, frame_of, frames_of

SIZE = 120
"""Octets of IP payload: 8 of ICMP header and the data."""
WHOLE = ip(src=HOST, dst=TESTER, ttl=9, tos=3, identification=0x1234) / echo_reply(
    identifier=7, data=pattern(SIZE - 8)
)


@st.composite
def splits(draw: Any) -> tuple[tuple[int, int | None], ...]:
    inner = sorted(draw(st.sets(st.integers(1, SIZE // 8 - 1), min_size=1, max_size=6)))
    edges = [0, *(8 * cut for cut in inner)]
    ends: list[int | None] = [*edges[1:], None]
    return tuple(zip(edges, ends, strict=True))


def pieces_of(cuts: tuple[tuple[int, int | None], ...]) -> list[Frame]:
    return frames_of(fragments(WHOLE, *cuts))


def whole_of(frames: list[Frame]) -> list[bytes]:
    return [train.datagram.datagram for train in trains(frames, bare_ip=False)]


@given(splits(), st.randoms(use_true_random=False))
def test_any_split_in_any_order_gives_the_datagram(cuts: Any, chance: Any) -> None:
    pieces = pieces_of(cuts)
    came = pieces[:]
    chance.shuffle(came)
    (train,) = trains(came, bare_ip=False)
    assert train.datagram.datagram == datagram_of(WHOLE)
    assert train.datagram.faults == []
    assert train.datagram.get("icmp", "checksum_right")
    assert [id(piece) for piece in train.pieces] == [id(piece) for piece in pieces]


@given(splits(), st.data())
def test_a_piece_that_is_missing_leaves_nothing(cuts: Any, data: st.DataObject) -> None:
    pieces = pieces_of(cuts)
    del pieces[data.draw(st.integers(0, len(pieces) - 1))]
    assert whole_of(pieces) == []


@given(splits(), st.data())
def test_a_piece_that_overlaps_leaves_nothing(cuts: Any, data: st.DataObject) -> None:
    pieces = pieces_of(cuts)
    start = data.draw(st.integers(0, SIZE // 8 - 2)) * 8
    extra = frames_of(fragments(WHOLE, (start, start + 8)))
    assert whole_of(pieces + extra) == []


@given(splits(), st.data())
def test_trains_with_different_keys_are_kept_apart(cuts: Any, data: st.DataObject) -> None:
    other = data.draw(
        st.sampled_from([ip(identification=9), ip(src=TESTER), ip(dst=HOST), ip(protocol=2)])
    )
    pieces = pieces_of(cuts)
    number = data.draw(st.integers(0, len(pieces) - 1))
    strange = frames_of(
        fragments(WHOLE, *cuts, headers=tuple((n, other) for n in range(len(cuts))))
    )
    assert whole_of([*pieces[:number], strange[number], *pieces[number + 1 :]]) == []
    both = whole_of([f for pair in zip(pieces, strange, strict=True) for f in pair])
    assert len(both) == 2
    assert datagram_of(WHOLE) in both


def test_whole_datagrams_are_trains_of_one_piece() -> None:
    frame = frame_of(WHOLE)
    (train,) = trains([frame_of(arp()), frame], bare_ip=False)
    assert train.datagram is frame
    assert train.pieces == (frame,)


def test_the_header_of_the_first_piece_is_the_datagrams() -> None:
    routed = ip(options=(record_route(HOST, slots=1),), df=1) / echo_reply(data=pattern(40))
    cuts = ((0, 24), (24, None))
    odd = frames_of(fragments(routed, *cuts, headers=((1, ip(ttl=1, options=())),)))
    (train,) = trains(odd, bare_ip=False)
    assert train.datagram.datagram == datagram_of(routed)


@pytest.mark.parametrize(
    "headers",
    [
        ((1, ip(mf=0)),),
        ((2, ip(mf=1)),),
        ((0, ip(offset=8)),),
        ((1, ip(offset=32)),),
        ((2, ip(offset=56)),),
    ],
)
def test_odd_pieces_make_no_datagram(headers: Any) -> None:
    cuts = ((0, 24), (24, 48), (48, None))
    assert whole_of(frames_of(fragments(WHOLE, *cuts))) != []
    assert whole_of(frames_of(fragments(WHOLE, *cuts, headers=headers))) == []


@pytest.mark.parametrize(("count", "complete"), [(129, 1), (130, 0)])
def test_a_datagram_that_would_be_too_long_is_none(count: int, complete: int) -> None:
    """Each piece has 504 octets; 130 of them and a header are 65540."""
    piece, end = frames_of(fragments(ip() / echo_reply(data=bytes(1000)), (0, 504), (504, None)))
    came = [
        decode(changed(piece.octets, 20, (0x2000 | 63 * number).to_bytes(2, "big")))
        for number in range(count - 1)
    ]
    came.append(decode(changed(end.octets, 20, (63 * (count - 1)).to_bytes(2, "big"))))
    assert len(trains(came, bare_ip=False)) == complete


@given(st.lists(st.binary(min_size=20, max_size=60), max_size=4), st.integers(0, 3))
def test_no_octets_raise(packets: list[bytes], first: int) -> None:
    """Headers of every kind, with the addresses made equal so that pieces meet."""
    same = [bytes((0x45 + first,)) + packet[1:8] + bytes(12) + packet[20:] for packet in packets]
    for train in trains([decode(packet, bare_ip=True) for packet in same], bare_ip=True):
        assert train.pieces


@given(splits(), st.data())
def test_pieces_with_a_bit_turned_never_raise(cuts: Any, data: st.DataObject) -> None:
    pieces = pieces_of(cuts)
    number = data.draw(st.integers(0, len(pieces) - 1))
    octets = pieces[number].octets
    at = data.draw(st.integers(14, len(octets) - 1))
    turned = changed(octets, at, bytes((octets[at] ^ 1 << data.draw(st.integers(0, 7)),)))
    trains([*pieces[:number], decode(turned), *pieces[number + 1 :]], bare_ip=False)

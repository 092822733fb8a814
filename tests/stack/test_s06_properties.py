"""Congestion marks of fragments, and properties of reassembly that hold for any fragments."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.policy import NETSTACK, NETSTACK_LATER, RFC, SECOND, Policy
from stack.reassembly import Complete, ReassemblyStore, Refused
from stack.train import Refusal
from stack.wire.ipv4 import Ipv4Packet
from tests.stack.fragment_kit import DATA, feed, lost, part, piece

PROPERTY = settings(deadline=None, derandomize=True, max_examples=150)

# Explicit Congestion Notification (RFC 3168 §5.3)


@pytest.mark.parametrize(
    ("first", "last", "result"),
    [(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3), (2, 3, 3), (3, 1, 3), (1, 2, 1), (2, 0, 2)],
)
def test_congestion_is_not_lost(first: int, last: int, result: int) -> None:
    whole = feed(RFC, piece(0, DATA[:8], tos=0x40 | first), piece(8, b"x", more=False, tos=last))[1]
    assert isinstance(whole, Complete)
    assert whole.packet.header.tos == 0x40 | result


def test_congestion_is_not_made_up_for_senders_that_do_not_know_it() -> None:
    pieces = piece(0, DATA[:8]), piece(8, b"x", more=False, tos=3)
    assert feed(RFC, *pieces)[1] == lost(Refusal.CONGESTION)
    assert feed(RFC, *reversed(pieces))[1] == lost(Refusal.CONGESTION)
    whole = feed(NETSTACK, *pieces)[1]
    assert isinstance(whole, Complete)
    assert whole.packet.header.tos == 0


# Properties


@st.composite
def trains(draw: st.DrawFn) -> tuple[bytes, list[Ipv4Packet]]:
    """A payload and fragments of it in any order, some of them twice."""
    data = draw(st.binary(min_size=9, max_size=200))
    cuts = draw(st.sets(st.integers(1, (len(data) - 1) // 8), min_size=1))
    edges = [0, *(8 * cut for cut in sorted(cuts)), len(data)]
    pieces = [part(low, high, data) for low, high in pairwise(edges)]
    twice = draw(st.lists(st.sampled_from(pieces), max_size=4))
    return data, draw(st.permutations(pieces + twice))


@PROPERTY
@given(trains(), st.sampled_from([RFC, NETSTACK, NETSTACK_LATER]))
def test_any_split_order_and_duplication_gives_the_payload(
    train: tuple[bytes, list[Ipv4Packet]], policy: Policy
) -> None:
    data, pieces = train
    results = feed(policy, *pieces)
    complete = [result for result in results if isinstance(result, Complete)]
    assert complete
    assert {result.packet.payload for result in complete} == {data}
    assert not [result for result in results if isinstance(result, Refused)]


@PROPERTY
@given(
    st.binary(min_size=8, max_size=120),
    st.lists(st.tuples(st.integers(0, 14), st.integers(1, 15), st.booleans()), max_size=12),
    st.sampled_from([RFC, NETSTACK, NETSTACK_LATER]),
)
def test_any_fragments_of_a_payload_give_it_or_nothing(
    data: bytes, ranges: list[tuple[int, int, bool]], policy: Policy
) -> None:
    store = ReassemblyStore(policy)
    for low, high, is_exact in ranges:
        first, end = min(low, high) * 8, max(low, high) * 8
        if first < len(data):
            end = min(end, len(data)) if is_exact else len(data)
            result = store.add(part(first, end, data), 0, None)
            if isinstance(result, Complete):
                assert result.packet.payload == data
    assert store.memory == sum(train.memory for train in store._trains.values())


@PROPERTY
@given(
    st.lists(
        st.tuples(
            st.integers(0, 0x1FFF),
            st.integers(0, 40),
            st.booleans(),
            st.integers(0, 2),
            st.integers(0, 255),
            st.integers(0, 40 * SECOND),
        ),
        max_size=20,
    ),
    st.sampled_from([RFC, NETSTACK]),
)
def test_hostile_fragments_keep_the_books_straight(
    fragments: list[tuple[int, int, bool, int, int, int]], policy: Policy
) -> None:
    store = ReassemblyStore(replace(policy, reassembly_high_mark=2000, reassembly_low_mark=900))
    now = 0
    for place, size, more, identification, fill, later in fragments:
        now += later
        store.expire(now)
        packet = piece(
            place % 12 * 8 if fill & 1 else place * 8, bytes((fill & 2,)) * size, more,
            identification=identification,
        )  # fmt: skip
        store.add(packet, now, None)
        assert store.memory == sum(train.memory for train in store._trains.values()) <= 2000
        deadline = store.next_deadline()
        assert (deadline is None) == (len(store) == 0)
        assert deadline is None or deadline > now

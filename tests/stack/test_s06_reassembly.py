from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.policy import NETSTACK, NETSTACK_LATER, RFC, SECOND, Policy
from stack.reassembly import OVERHEAD, Complete, Expired, ReassemblyStore, Refused
from stack.train import Refusal
from stack.wire.ipv4 import FLAG_MF, Ipv4Header, Ipv4Packet, build_ipv4, parse_ipv4

PROPERTY = settings(deadline=None, derandomize=True, max_examples=150)
BOTH = pytest.mark.parametrize("policy", [RFC, NETSTACK])
DATA = bytes(range(1, 65))


def piece(
    first: int,
    octets: bytes,
    more: bool = True,
    *,
    identification: int = 7,
    tos: int = 0,
    options: bytes = b"",
    source: int = 1,
    ttl: int = 64,
) -> Ipv4Packet:
    header = Ipv4Header(
        source, 2, 17, ttl, tos, identification, FLAG_MF if more else 0, first // 8, options
    )
    packet = parse_ipv4(build_ipv4(header, octets))
    assert isinstance(packet, Ipv4Packet)
    return packet


def part(first: int, end: int, data: bytes = DATA) -> Ipv4Packet:
    """A fragment of the data, the last one when it goes up to the end."""
    return piece(first, data[first:end], end < len(data))


def feed(policy: Policy, *pieces: Ipv4Packet) -> list[Complete | Refused | None]:
    store = ReassemblyStore(policy)
    return [store.add(packet, 0, None) for packet in pieces]


def payload_of(result: Complete | Refused | None) -> bytes:
    assert isinstance(result, Complete)
    return result.packet.payload


def lost(reason: Refusal) -> Refused:
    return Refused(reason, train_lost=True)


def refused(reason: Refusal) -> Refused:
    return Refused(reason, train_lost=False)


@BOTH
def test_two_fragments(policy: Policy) -> None:
    held, whole = feed(policy, part(0, 32), part(32, 64))
    assert held is None
    assert payload_of(whole) == DATA


@BOTH
def test_the_header_is_that_of_the_first_fragment(policy: Policy) -> None:
    first = piece(0, DATA[:32], options=b"\x94\4\0\0", tos=8, ttl=3)
    store = ReassemblyStore(policy)
    assert store.add(piece(32, DATA[32:], more=False, ttl=99), 0, "last") is None
    whole = store.add(first, 1, "first")
    assert isinstance(whole, Complete)
    assert whole.context == "first"
    assert whole.first is first
    header = whole.packet.header
    assert (header.tos, header.ttl, header.options) == (8, 3, b"\x94\4\0\0")
    assert (header.flags, header.fragment_offset, header.total_length) == (0, 0, 24 + 64)
    assert len(store) == store.memory == 0
    assert store.next_deadline() is None
    # RFC: a datagram with a right checksum; NETSTACK: the checksum as it was
    is_right = parse_ipv4(whole.packet.octets) == whole.packet
    assert is_right == (policy is RFC)
    assert whole.packet.octets[24:] == DATA
    if policy is NETSTACK:
        assert header.checksum == first.header.checksum


@BOTH
@pytest.mark.parametrize("field", ["source", "identification", "destination", "protocol"])
def test_trains_that_differ_in_one_key_field_never_mix(policy: Policy, field: str) -> None:
    last = part(32, 64)
    setattr(last.header, field, 99)
    assert feed(policy, part(0, 32), last) == [None, None]


@BOTH
def test_refused_without_touching_the_train(policy: Policy) -> None:
    results = feed(
        policy, part(0, 32), piece(32, b""), piece(32, DATA[32:41]), piece(65528, bytes(16)),
        part(32, 64),
    )  # fmt: skip
    assert results[:4] == [
        None, refused(Refusal.EMPTY), refused(Refusal.ODD_LENGTH), refused(Refusal.TOO_LONG),
    ]  # fmt: skip
    assert payload_of(results[4]) == DATA


def test_the_largest_datagram() -> None:
    data = bytes(65515)
    first, last = piece(0, data[:65512]), piece(65512, data[65512:], more=False)
    assert len(payload_of(feed(RFC, first, last)[1])) == 65515
    longer = piece(65512, bytes(4), more=False)
    assert feed(RFC, longer) == [refused(Refusal.TOO_LONG)]
    whole = feed(NETSTACK, first, piece(65512, bytes(24), more=False))[1]
    assert isinstance(whole, Complete)
    assert len(whole.packet.payload) == 65536
    assert whole.packet.header.total_length == 20


@pytest.mark.parametrize("first_last", [True, False])
def test_the_header_counts_towards_the_largest_datagram(first_last: bool) -> None:
    first = piece(0, bytes(65472), options=b"\x94\4\0\0")
    last = piece(65472, bytes(43), more=False)
    order = (last, first) if first_last else (first, last)
    assert feed(RFC, *order) == [None, lost(Refusal.TOO_LONG)]
    assert feed(RFC, first, last)[0] is None


@BOTH
def test_duplicates_cost_nothing(policy: Policy) -> None:
    store = ReassemblyStore(policy)
    assert store.add(part(0, 32), 0, None) is None
    memory = store.memory
    assert memory == 20 + 32 + OVERHEAD
    assert store.add(part(0, 32), 0, None) is None
    assert store.memory == memory
    assert payload_of(store.add(part(32, 64), 0, None)) == DATA


def test_rfc_tolerates_equal_octets_only() -> None:
    overlapping = feed(RFC, part(0, 32), part(16, 48), part(24, 64))
    assert payload_of(overlapping[2]) == DATA
    inside = feed(RFC, part(0, 48), part(16, 32), part(48, 64))
    assert payload_of(inside[2]) == DATA
    over_gaps = feed(RFC, part(8, 16), part(24, 32), part(40, 48), part(0, 56), part(32, 64))
    assert payload_of(over_gaps[4]) == DATA
    other = bytes(64)
    assert feed(RFC, part(0, 32), part(24, 48, other))[1] == lost(Refusal.OVERLAP)
    assert feed(RFC, part(0, 32), part(0, 32, other))[1] == lost(Refusal.OVERLAP)
    assert feed(RFC, part(8, 16), part(24, 32), part(0, 32, DATA[:31] + other))[2] == lost(
        Refusal.OVERLAP
    )


def test_netstack_ignores_what_lies_inside_and_drops_overlaps() -> None:
    other = bytes(64)
    inside = feed(NETSTACK, part(0, 48), part(16, 32, other), part(0, 48, other), part(48, 64))
    assert inside[:3] == [None] * 3
    assert payload_of(inside[3]) == DATA
    assert feed(NETSTACK, part(0, 32), part(16, 48))[1] == lost(Refusal.OVERLAP)
    assert feed(NETSTACK, part(16, 48), part(0, 32))[1] == lost(Refusal.OVERLAP)
    assert feed(NETSTACK, part(16, 32), part(8, 40))[1] == lost(Refusal.OVERLAP)
    assert feed(NETSTACK_LATER, part(0, 48), part(16, 32))[1] == lost(Refusal.OVERLAP)
    assert feed(NETSTACK_LATER, part(0, 48), part(0, 32))[1] == lost(Refusal.OVERLAP)
    assert feed(NETSTACK_LATER, part(0, 48), part(0, 48)) == [None, None]


LAST = piece(32, DATA[32:48], more=False)


@pytest.mark.parametrize(
    ("pieces", "rfc", "netstack"),
    [
        # two ends
        ((LAST, part(48, 64)), Refusal.CONFLICT, Refusal.CONFLICT),
        ((part(48, 64), LAST), Refusal.CONFLICT, Refusal.CONFLICT),
        ((part(40, 48), piece(8, DATA[8:16], more=False)), Refusal.CONFLICT, Refusal.CONFLICT),
        # data beyond the end
        ((LAST, piece(48, DATA[48:56])), Refusal.CONFLICT, Refusal.CONFLICT),
        ((LAST, piece(40, DATA[40:56])), Refusal.CONFLICT, Refusal.OVERLAP),
        # a last fragment that says what an earlier one with MF said
        ((piece(32, DATA[32:48]), LAST), None, Refusal.CONFLICT),
        ((LAST, LAST), None, None),
        ((LAST, piece(32, DATA[32:48])), None, None),
        ((LAST, piece(8, DATA[8:16], more=False)), Refusal.CONFLICT, Refusal.CONFLICT),
    ],
)
def test_where_the_end_is(
    pieces: tuple[Ipv4Packet, ...], rfc: Refusal | None, netstack: Refusal | None
) -> None:
    assert feed(RFC, *pieces)[-1] == (rfc and lost(rfc))
    assert feed(NETSTACK, *pieces)[-1] == (netstack and lost(netstack))


def test_netstack_takes_a_fragment_up_to_65535_for_the_last() -> None:
    results = feed(
        NETSTACK, piece(65528, bytes(8)), piece(0, bytes(32768)), piece(32768, bytes(32760))
    )
    assert len(payload_of(results[2])) == 65536


@BOTH
def test_after_a_conflict_a_new_train_begins(policy: Policy) -> None:
    store = ReassemblyStore(policy)
    store.add(LAST, 0, None)
    assert store.add(part(48, 64), 0, None) == lost(Refusal.CONFLICT)
    assert len(store) == store.memory == 0
    assert store.add(part(0, 32), 0, None) is None
    assert payload_of(store.add(part(32, 64), 0, None)) == DATA


# Time


@pytest.mark.parametrize(("policy", "seconds"), [(RFC, 60), (NETSTACK, 30)])
def test_time_runs_from_the_first_to_arrive(policy: Policy, seconds: int) -> None:
    store = ReassemblyStore(policy)
    first = part(0, 16)
    assert store.next_deadline() is None
    store.add(part(16, 32), 5, "middle")
    store.add(first, 20 * SECOND, "first")
    deadline = 5 + seconds * SECOND
    assert store.next_deadline() == deadline
    assert store.expire(deadline - 1) == []
    assert store.expire(deadline) == [Expired(first, "first")]
    assert len(store) == store.memory == 0
    assert store.add(part(32, 64), deadline, None) is None
    assert store.expire(deadline + seconds * SECOND) == [Expired(None, None)]


def test_the_oldest_train_expires_first() -> None:
    store = ReassemblyStore(RFC)
    for number in range(5):
        store.add(piece(8, DATA[:8], identification=number), number, number)
    store.add(piece(0, DATA[:8], identification=2, more=True), 9, 2)
    store.policy = replace(RFC, reassembly_timeout=SECOND)
    store.add(piece(8, DATA[:8], identification=9), 9, 9)
    expired = store.expire(100 * SECOND)
    assert [train.context for train in expired] == [9, 0, 1, 2, 3, 4]


def test_old_deadlines_do_not_pile_up() -> None:
    store = ReassemblyStore(RFC)
    for number in range(1000):
        store.add(part(0, 32), number, None)
        store.add(part(32, 64), number, None)
    assert len(store._deadlines) < 100
    assert store.next_deadline() is None


# Memory


def test_above_the_high_mark_the_oldest_trains_go() -> None:
    cost = 20 + 8 + OVERHEAD
    policy = replace(RFC, reassembly_high_mark=5 * cost, reassembly_low_mark=3 * cost)
    store = ReassemblyStore(policy)
    for number in range(5):
        store.add(piece(8, DATA[:8], identification=number), 0, number)
    assert (len(store), store.evictions) == (5, 0)
    store.add(piece(8, DATA[:8], identification=5), 0, 5)
    assert (store.memory, store.evictions) == (3 * cost, 3)
    assert [train.context for train in store.expire(60 * SECOND)] == [3, 4, 5]


def test_a_low_mark_above_the_high_one_counts_as_the_high_one() -> None:
    store = ReassemblyStore(replace(RFC, reassembly_high_mark=0, reassembly_low_mark=100))
    assert store.add(part(0, 32), 0, None) is None
    assert (len(store), store.memory, store.evictions) == (0, 0, 1)
    store.policy = replace(RFC, reassembly_high_mark=0, reassembly_low_mark=-5)
    store.add(part(0, 32), 0, None)
    assert store.memory == 0


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

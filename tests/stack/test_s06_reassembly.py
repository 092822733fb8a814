"""Putting together, at the store: S6.1 to S6.17, S14.1, S14.3."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.policy import NETSTACK, NETSTACK_LATER, RFC, SECOND, Policy
from stack.reassembly import OVERHEAD, Complete, Expired, ReassemblyStore
from stack.train import Refusal
from stack.wire.ipv4 import Ipv4Packet, parse_ipv4
from tests.stack.fragment_kit import DATA, feed, lost, part, payload_of, piece, refused
from tests.stack.preset_kit import rfc_and_netstack


@rfc_and_netstack
def test_s6_14_two_fragments_make_the_datagram(policy: Policy) -> None:
    held, whole = feed(policy, part(0, 32), part(32, 64))
    assert held is None
    assert payload_of(whole) == DATA


@rfc_and_netstack
def test_s6_14_the_header_is_that_of_the_first_fragment(policy: Policy) -> None:
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


@rfc_and_netstack
@pytest.mark.parametrize("field", ["source", "identification", "destination", "protocol"])
def test_s6_1_trains_that_differ_in_one_key_field_never_mix(policy: Policy, field: str) -> None:
    last = part(32, 64)
    setattr(last.header, field, 99)
    assert feed(policy, part(0, 32), last) == [None, None]


@rfc_and_netstack
def test_s6_5_refused_without_touching_the_train(policy: Policy) -> None:
    results = feed(
        policy, part(0, 32), piece(32, b""), piece(32, DATA[32:41]), piece(65528, bytes(16)),
        part(32, 64),
    )  # fmt: skip
    assert results[:4] == [
        None, refused(Refusal.EMPTY), refused(Refusal.ODD_LENGTH), refused(Refusal.TOO_LONG),
    ]  # fmt: skip
    assert payload_of(results[4]) == DATA


def test_s14_3_the_largest_datagram() -> None:
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
def test_s14_3_the_header_counts_towards_the_largest_datagram(first_last: bool) -> None:
    first = piece(0, bytes(65472), options=b"\x94\4\0\0")
    last = piece(65472, bytes(43), more=False)
    order = (last, first) if first_last else (first, last)
    assert feed(RFC, *order) == [None, lost(Refusal.TOO_LONG)]
    assert feed(RFC, first, last)[0] is None


@rfc_and_netstack
def test_s6_17_a_fragment_costs_its_header_its_octets_and_256_and_a_duplicate_nothing(
    policy: Policy,
) -> None:
    store = ReassemblyStore(policy)
    assert store.add(part(0, 32), 0, None) is None
    memory = store.memory
    assert memory == 20 + 32 + OVERHEAD
    assert store.add(part(0, 32), 0, None) is None
    assert store.memory == memory
    assert payload_of(store.add(part(32, 64), 0, None)) == DATA


def test_s14_2_rfc_tolerates_equal_octets_only() -> None:
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


def test_s6_8_netstack_ignores_what_lies_inside() -> None:
    other = bytes(64)
    inside = feed(NETSTACK, part(0, 48), part(16, 32, other), part(0, 48, other), part(48, 64))
    assert inside[:3] == [None] * 3
    assert payload_of(inside[3]) == DATA
    # later: only the very same range is a repetition
    assert feed(NETSTACK_LATER, part(0, 48), part(16, 32))[1] == lost(Refusal.OVERLAP)
    assert feed(NETSTACK_LATER, part(0, 48), part(0, 32))[1] == lost(Refusal.OVERLAP)
    assert feed(NETSTACK_LATER, part(0, 48), part(0, 48)) == [None, None]


def test_s6_9_netstack_drops_what_reaches_over_an_edge() -> None:
    for policy in (NETSTACK, NETSTACK_LATER):
        assert feed(policy, part(0, 32), part(16, 48))[1] == lost(Refusal.OVERLAP)
        assert feed(policy, part(16, 48), part(0, 32))[1] == lost(Refusal.OVERLAP)
        assert feed(policy, part(16, 32), part(8, 40))[1] == lost(Refusal.OVERLAP)
        # beginning in a hole and ending behind the end that is known
        longer = piece(16, DATA[16:56])
        assert feed(policy, part(0, 8), LAST, longer)[2] == lost(Refusal.OVERLAP)


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
def test_s6_10_where_the_end_is(
    pieces: tuple[Ipv4Packet, ...], rfc: Refusal | None, netstack: Refusal | None
) -> None:
    assert feed(RFC, *pieces)[-1] == (rfc and lost(rfc))
    assert feed(NETSTACK, *pieces)[-1] == (netstack and lost(netstack))


def test_s6_13_netstack_takes_a_fragment_up_to_65535_for_the_last() -> None:
    results = feed(
        NETSTACK, piece(65528, bytes(8)), piece(0, bytes(32768)), piece(32768, bytes(32760))
    )
    assert len(payload_of(results[2])) == 65536


@rfc_and_netstack
def test_s6_12_after_a_conflict_a_new_train_begins(policy: Policy) -> None:
    store = ReassemblyStore(policy)
    store.add(LAST, 0, None)
    assert store.add(part(48, 64), 0, None) == lost(Refusal.CONFLICT)
    assert len(store) == store.memory == 0
    assert store.add(part(0, 32), 0, None) is None
    assert payload_of(store.add(part(32, 64), 0, None)) == DATA


# Time


@pytest.mark.parametrize(("policy", "seconds"), [(RFC, 60), (NETSTACK, 30)])
def test_s6_3_time_runs_from_the_first_to_arrive(policy: Policy, seconds: int) -> None:
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


def test_s6_15_the_oldest_train_expires_first() -> None:
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


def test_s6_16_above_the_high_mark_the_oldest_trains_go() -> None:
    cost = 20 + 8 + OVERHEAD
    policy = replace(RFC, reassembly_high_mark=5 * cost, reassembly_low_mark=3 * cost)
    store = ReassemblyStore(policy)
    for number in range(5):
        store.add(piece(8, DATA[:8], identification=number), 0, number)
    assert (len(store), store.evictions) == (5, 0)
    store.add(piece(8, DATA[:8], identification=5), 0, 5)
    assert (store.memory, store.evictions) == (3 * cost, 3)
    assert [train.context for train in store.expire(60 * SECOND)] == [3, 4, 5]


def test_s6_2_a_low_mark_above_the_high_one_counts_as_the_high_one() -> None:
    store = ReassemblyStore(replace(RFC, reassembly_high_mark=0, reassembly_low_mark=100))
    assert store.add(part(0, 32), 0, None) is None
    assert (len(store), store.memory, store.evictions) == (0, 0, 1)
    store.policy = replace(RFC, reassembly_high_mark=0, reassembly_low_mark=-5)
    store.add(part(0, 32), 0, None)
    assert store.memory == 0


# Settings and size


@pytest.mark.parametrize(("policy", "seconds"), [(RFC, 60), (NETSTACK, 30)])
def test_s14_1_the_time_of_a_train(policy: Policy, seconds: int) -> None:
    store = ReassemblyStore(policy)
    store.add(part(0, 32), 7, None)
    assert store.next_deadline() == 7 + seconds * SECOND


@rfc_and_netstack
def test_s6_2_the_marks(policy: Policy) -> None:
    marks = policy.reassembly_high_mark, policy.reassembly_low_mark
    assert marks == (4_194_304, 3_145_728)


@rfc_and_netstack
def test_s6_4_neighbours_touch_without_overlap(policy: Policy) -> None:
    # [8, 15] and [16, 16]: the last octet of the one lies right before the first of the other
    store = ReassemblyStore(policy)
    assert store.add(piece(16, b"z", more=False), 0, None) is None
    assert store.add(piece(8, DATA[8:16]), 0, None) is None
    assert payload_of(store.add(piece(0, DATA[:8]), 0, None)) == DATA[:16] + b"z"
    nine = piece(8, DATA[8:17], more=False)
    assert feed(NETSTACK, nine, piece(16, DATA[16:24]))[1] == lost(Refusal.OVERLAP)


@rfc_and_netstack
@pytest.mark.parametrize("more", [True, False])
@pytest.mark.parametrize("first", [0, 8, 65504])
def test_s6_6_a_new_train_takes_any_fragment(policy: Policy, first: int, more: bool) -> None:
    store = ReassemblyStore(policy)
    result = store.add(piece(first, bytes(8), more), 0, None)
    assert isinstance(result, Complete) if first == 0 and not more else result is None


@rfc_and_netstack
def test_s6_7_what_is_left_of_a_hole_stays_a_hole(policy: Policy) -> None:
    # the middle first: before it no end can lie, behind it one can
    middle = piece(24, DATA[24:32])
    assert feed(policy, middle, piece(8, DATA[8:16], more=False))[1] == lost(Refusal.CONFLICT)
    results = feed(policy, middle, part(0, 8), part(40, 64), part(8, 24), part(32, 40))
    assert payload_of(results[4]) == DATA
    # a last fragment gives up what lies behind it
    results = feed(policy, piece(24, DATA[24:32], more=False), piece(32, DATA[32:40]))
    assert results[1] == lost(Refusal.CONFLICT)


@rfc_and_netstack
def test_s6_11_beyond_the_known_end(policy: Policy) -> None:
    for late in (piece(56, DATA[56:64]), piece(48, DATA[48:56], more=False)):
        assert feed(policy, LAST, late)[1] == lost(Refusal.CONFLICT)


@rfc_and_netstack
def test_s6_16_the_train_just_worked_on_can_go_and_a_complete_one_does_not(
    policy: Policy,
) -> None:
    cost = 20 + 8 + OVERHEAD
    tight = replace(policy, reassembly_high_mark=2 * cost, reassembly_low_mark=0)
    store = ReassemblyStore(tight)
    for first in (8, 16, 24):
        store.add(piece(first, DATA[first : first + 8]), 0, None)
    assert (len(store), store.memory, store.evictions) == (0, 0, 1)
    store.add(piece(0, DATA[:8]), 0, None)
    store.add(piece(8, DATA[8:16]), 0, None)
    assert payload_of(store.add(piece(16, b"z", more=False), 0, None)) == DATA[:16] + b"z"
    assert (store.memory, store.evictions) == (0, 1)

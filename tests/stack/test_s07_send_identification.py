from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack import identification
from stack.identification import IdentificationSource
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, SECOND
from stack.rate_limit import TokenBucket

PROPERTY = settings(deadline=None, derandomize=True, max_examples=50)


def test_s14_27_a_triple_counts_up_by_one_from_a_random_start() -> None:
    source = IdentificationSource(RFC, random.Random(1))
    values = [source.next(1, 2, 17, 0) for _ in range(3)]
    start = random.Random(1).getrandbits(16)
    assert values == [start, start + 1 & 0xFFFF, start + 2 & 0xFFFF]
    other = source.next(1, 2, 1, 0)
    assert other != start + 3 & 0xFFFF


def test_s14_27_no_value_comes_again_within_its_lifetime() -> None:
    source = IdentificationSource(RFC, random.Random(2))
    values = [source.next(1, 2, 17, 0) for _ in range(65536)]
    assert len(set(values)) == 65536
    assert None not in values
    # RFC 6864 §5.2: all values are alive, so nothing but an atomic datagram may leave
    assert source.next(1, 2, 17, 119 * SECOND) is None
    assert source.next(1, 2, 17, 119 * SECOND) is None
    assert source.next(1, 2, 17, 120 * SECOND) == values[0]
    assert source.next(1, 3, 17, 119 * SECOND) is not None


def test_s14_27_a_second_round_waits_for_each_block_of_values() -> None:
    source = IdentificationSource(RFC, random.Random(3))
    values = [source.next(1, 2, 17, number * 1000) for number in range(65536)]
    used = dict(zip(values, range(0, 65536 * 1000, 1000), strict=True))
    now = 65536 * 1000
    again = 0
    for _ in range(300):
        now += SECOND // 4
        value = source.next(1, 2, 17, now)
        if value is not None:
            assert now - used[value] >= 120 * SECOND
            again += 1
    assert again > 50


def test_s14_27_a_third_round_waits_for_the_second() -> None:
    source = IdentificationSource(RFC, random.Random(3))
    for _ in range(65536):
        source.next(1, 2, 17, 0)
    values = [source.next(1, 2, 17, 120 * SECOND) for _ in range(65536)]
    assert None not in values
    assert source.next(1, 2, 17, 239 * SECOND) is None
    assert source.next(1, 2, 17, 240 * SECOND) is not None


def test_s14_27_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identification, "MAXIMUM_COUNTERS", 2)
    source = IdentificationSource(RFC, random.Random(4))
    own = [source.next(1, last, 17, last) for last in (1, 2)]
    # no room: triples 3 and 4 share a counter, 1 and 2 go on with theirs
    third, fourth = source.next(1, 3, 17, 3), source.next(1, 4, 17, 4)
    assert third is not None
    assert fourth == third + 1 & 0xFFFF
    assert own[0] is not None
    assert source.next(1, 1, 17, 5) == own[0] + 1 & 0xFFFF
    assert len(source._counters) == 2
    # triple 2 has rested long enough, but 4's last value lives a little longer
    assert source.next(1, 3, 17, 3 + 120 * SECOND) == third + 2 & 0xFFFF
    # all rested: the oldest counter is forgotten and triple 3 gets one of its own
    source.next(1, 3, 17, 300 * SECOND)
    assert (1, 3, 17) in source._counters
    assert len(source._counters) == 2
    assert source._overflow is None


def test_s7_6_netstack_shares_counters() -> None:
    source = IdentificationSource(NETSTACK, random.Random(5))
    first = source.next(1, 2, 17, 0)
    assert first is not None
    assert source.next(1, 2, 17, 0) == first + 1 & 0xFFFF
    for _ in range(70000):
        value = source.next(1, 2, 17, 0)
    assert value is not None
    assert 0 <= value <= 0xFFFF


@PROPERTY
@given(st.integers())
def test_s7_7_later_netstack_takes_random_values_but_not_zero(seed: int) -> None:
    source = IdentificationSource(NETSTACK_LATER, random.Random(seed))
    assert source.next(1, 2, 17, 0) != 0


def test_s7_7_zero_bits_become_one() -> None:
    class Zeros:
        def getrandbits(self, k: int, /) -> int:
            return 0

    assert IdentificationSource(NETSTACK_LATER, Zeros()).next(1, 2, 17, 0) == 1


def test_runs_repeat() -> None:
    for policy in (RFC, NETSTACK, NETSTACK_LATER, replace(RFC, identification_lifetime=0)):
        one, two = (IdentificationSource(policy, random.Random(6)) for _ in range(2))
        for last in range(20):
            assert one.next(1, last % 3, 17, last) == two.next(1, last % 3, 17, last)


# Token bucket


def test_a_burst_and_then_the_rate() -> None:
    bucket = TokenBucket(rate=10, burst=3)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert not bucket.take(99_999)
    assert bucket.take(100_000)
    assert not bucket.take(100_000)
    assert [bucket.take(60 * SECOND) for _ in range(4)] == [True, True, True, False]


@PROPERTY
@given(st.lists(st.integers(0, SECOND), max_size=50))
def test_never_more_than_burst_and_rate(steps: list[int]) -> None:
    bucket = TokenBucket(rate=5, burst=2)
    now = taken = 0
    for step in steps:
        now += step
        taken += bucket.take(now)
    assert taken <= 2 + now * 5 / SECOND

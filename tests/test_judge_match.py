"""One value against what is wanted of it: every matcher, both ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.addresses import Unresolved
from harness.case import (
    ABSENT,
    CLOSED_PORT,
    GROUP,
    HOST,
    HOST_MAC,
    TESTER,
    at_least,
    at_most,
    between,
    bits,
    differs_from,
    echo_request,
    ip,
    mac,
    multiple_of,
    not_,
    one_of,
    seen,
    starts_with,
    time_of_day,
)
from harness.judge.match import matches
from harness.judge.view import MILLISECONDS_OF_A_DAY, NoSuchFrame
from tests.judge_kit import LEASE, NOON, frame_of, view

NOBODY = "203.0.113.77"


@pytest.mark.parametrize(
    ("wanted", "right", "wrong"),
    [
        (7, 7, 8),
        (b"ab", b"ab", b"abc"),
        (NOBODY, NOBODY, "203.0.113.78"),
        (HOST, LEASE.address(HOST), LEASE.address(TESTER)),
        (CLOSED_PORT, LEASE.ports[CLOSED_PORT], LEASE.ports[CLOSED_PORT] + 1),
        (HOST_MAC, LEASE.links[0].target_mac, bytes(6)),
        (mac(TESTER), LEASE.link_address(mac(TESTER)), LEASE.links[0].target_mac),
        (mac(GROUP), b"\x01\x00\x5e" + bytes((124, 0, 1)), bytes(6)),
        (one_of(1, 3), 3, 2),
        (one_of(HOST, NOBODY), LEASE.address(HOST), LEASE.address(TESTER)),
        (between(2, 4), 2, 1),
        (between(2, 4), 4, 5),
        (at_least(2), 2, 1),
        (at_most(2), 2, 3),
        (not_(5), 4, 5),
        (not_(HOST), NOBODY, LEASE.address(HOST)),
        (bits(0x0F, 0x05), 0xA5, 0xA4),
        (bits(0x80, 0), 0x7F, 0x80),
        (starts_with(b"ab"), b"abc", b"ba"),
        (starts_with(b""), b"", None),
        (starts_with(b"ab"), b"ab", b"a"),
        (multiple_of(8), 16, 12),
        (multiple_of(8), 0, 1),
    ],
)
def test_a_matcher_takes_one_and_refuses_another(wanted: Any, right: Any, wrong: Any) -> None:
    assert matches(wanted, right, view())
    assert not matches(wanted, wrong, view())


@pytest.mark.parametrize(
    "wanted",
    [
        0,
        b"",
        HOST,
        one_of(0, 1),
        between(0, 9),
        at_least(0),
        not_(5),
        bits(0, 0),
        starts_with(b""),
        multiple_of(1),
        seen("first", "ip.ttl"),
        differs_from("first", "ip.ttl"),
        time_of_day(),
    ],
)
def test_a_field_that_is_not_there_never_matches(wanted: Any) -> None:
    """Not even where anything but a value would do."""
    assert not matches(wanted, None, view())


@given(st.integers(), st.integers(), st.integers())
def test_between_is_both_bounds(low: int, high: int, value: int) -> None:
    assert matches(between(low, high), value, view()) is (low <= value <= high)
    assert matches(not_(value), low, view()) is (low != value)


def test_seen_and_differs_from_look_at_a_labelled_frame() -> None:
    memory = view()
    memory.seen["first"] = frame_of(ip(identification=7, ttl=3) / echo_request())
    assert matches(seen("first", "ip.identification"), 7, memory)
    assert not matches(seen("first", "ip.identification"), 8, memory)
    assert matches(differs_from("first", "ip.identification"), 8, memory)
    assert not matches(differs_from("first", "ip.identification"), 7, memory)
    assert matches(seen("first", "ip.datagram"), memory.seen["first"].datagram, memory)


@pytest.mark.parametrize("path", ["udp.sport", "icmp.nonsense", "nonsense", "nonsense.ttl"])
def test_a_labelled_frame_without_the_field_is_told_from_one_that_differs(path: str) -> None:
    memory = view()
    memory.seen["first"] = frame_of(ip() / echo_request())
    for wanted in (seen("first", path), differs_from("first", path)):
        with pytest.raises(NoSuchFrame, match=path):
            matches(wanted, 7, memory)


def test_a_label_that_nobody_has_is_a_mistake_of_the_case() -> None:
    with pytest.raises(NoSuchFrame, match="'first'"):
        matches(seen("first", "ip.ttl"), 7, view())


def test_an_address_that_the_laboratory_lacks_is_no_mismatch() -> None:
    poor = view(of=type(LEASE)(LEASE.links, {}, {}, 1))
    with pytest.raises(Unresolved, match="ABSENT"):
        matches(ABSENT, NOBODY, poor)


@pytest.mark.parametrize(
    ("now", "told", "right"),
    [
        (NOON, NOON, True),
        (NOON, NOON + 1000, True),
        (NOON, NOON + 1001, False),
        (NOON, NOON - 1001, False),
        (500, MILLISECONDS_OF_A_DAY - 500, True),
        (500, MILLISECONDS_OF_A_DAY - 501, False),
        (MILLISECONDS_OF_A_DAY - 1, 999, True),
        (MILLISECONDS_OF_A_DAY - 1, 1000, False),
        (NOON, NOON | 0x80000000, True),
        (NOON, 0x80000000, True),
        (NOON, 0xFFFFFFFF, True),
    ],
)
def test_the_time_of_day_goes_round_at_midnight(now: int, told: int, right: bool) -> None:
    assert matches(time_of_day(1000), told, view(now)) is right


@given(st.integers(0, MILLISECONDS_OF_A_DAY - 1), st.integers(-1500, 1500))
def test_the_time_of_day_is_right_within_its_tolerance(now: int, away: int) -> None:
    told = (now + away) % MILLISECONDS_OF_A_DAY
    assert matches(time_of_day(1000), told, view(now)) is (abs(away) <= 1000)


def test_a_time_of_no_day_is_wrong() -> None:
    """Milliseconds since midnight end with the day; RFC 792 has the high bit for other times."""
    assert not matches(time_of_day(1000), NOON + MILLISECONDS_OF_A_DAY, view())
    leap_second = MILLISECONDS_OF_A_DAY + 999
    assert matches(time_of_day(1000), leap_second, view(0))
    assert not matches(time_of_day(2000), leap_second + 1, view(0))


def test_records_of_a_report_are_among_others_in_any_order() -> None:
    records = [(4, "233.252.0.1"), (3, "233.252.0.2")]
    assert matches(((3, "233.252.0.2"), (4, GROUP)), records, view())
    assert not matches(((3, GROUP),), records, view())
    assert matches((), records, view())
    assert matches(((one_of(2, 4), GROUP),), records, view())

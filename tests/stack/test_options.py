from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.choices import SourceRouting
from stack.option_copying import options_for_later_fragments
from stack.options import (
    OptionProblem,
    OptionResult,
    Use,
    originate,
)
from stack.policy import NETSTACK, RFC, Policy
from tests.stack.icmp_kit import ELSEWHERE, HERE, NOON, NOON_OCTETS, octets, pointer, run

PROPERTY = settings(deadline=None, derandomize=True, max_examples=150)
OURS = {HERE, ELSEWHERE}
HERE_OCTETS = HERE.to_bytes(4, "big")
A, B, C = (bytes((192, 0, 2, last)) for last in (1, 2, 3))


@pytest.mark.parametrize("use", list(Use))
def test_without_an_address_only_what_needs_one_is_skipped(use: Use) -> None:
    area = octets("7 7 4 0 0 0 0 68 12 5 1 0 0 0 0 0 0 0 0", 20)
    result = run(area, RFC, use, None)
    assert isinstance(result, OptionResult)
    assert result.area == area
    assert run(area, NETSTACK, use, None) == OptionProblem(None, result.counts.__class__())
    timed = run(octets("68 8 5 0", 8), RFC, Use.RECEIVE, None)
    assert isinstance(timed, OptionResult)
    assert timed.area[4:] == NOON_OCTETS


# Source routes


def test_source_route_is_told_and_kept() -> None:
    area = b"\1" + bytes((131, 11, 8)) + A + B
    result = run(area)
    assert isinstance(result, OptionResult)
    assert result.area == area
    route = result.source_route
    assert route is not None
    assert (route.type, route.at, route.length, route.pointer) == (131, 1, 11, 8)
    assert not route.is_complete
    assert not route.is_strict
    assert route.recorded == (int.from_bytes(A, "big"),)
    assert route.next_hop == int.from_bytes(B, "big")
    assert result.counts.unknown == 0


def test_complete_source_route() -> None:
    result = run(b"\1" + bytes((137, 11, 12)) + A + B, use=Use.ECHO)
    assert isinstance(result, OptionResult)
    assert result.area == b"\1\0\0\0"
    route = result.source_route
    assert route is not None
    assert route.is_complete
    assert route.is_strict
    assert route.next_hop is None
    assert route.recorded == (int.from_bytes(A, "big"), int.from_bytes(B, "big"))


def test_empty_source_route_is_complete() -> None:
    for area in (octets("131 3 4 0", 4), octets("131 3 255 0", 4)):
        result = run(area)
        assert isinstance(result, OptionResult)
        assert result.source_route is not None
        assert result.source_route.is_complete
        assert result.source_route.recorded == ()


def test_source_route_is_an_unknown_option_where_the_policy_has_none() -> None:
    area = octets("131 7 0 1 2 3 4 0", 8)
    for policy in (NETSTACK, replace(RFC, source_route=SourceRouting.NONE)):
        result = run(area, policy)
        assert isinstance(result, OptionResult)
        assert result.source_route is None
        assert result.counts.unknown == 1
        assert result.area == area


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("131 2 0 0", 21),
        ("131 7 3 1 2 3 4 0", 22),
        ("131 7 5 1 2 3 4 0", 22),
        ("137 6 4 1 2 3 0 0", 21),
        ("94 1", 21),
    ],
)
@pytest.mark.parametrize("use", [Use.VERIFY, Use.RECEIVE, Use.FORWARD, Use.ECHO])
def test_source_routes_at_fault(text: str, at: int, use: Use) -> None:
    assert pointer(octets(text, 8), RFC, use) == at


def test_a_listed_hop_records_itself() -> None:
    area = b"\1" + bytes((131, 11, 4)) + A + B
    result = run(area, RFC, Use.FORWARD, HERE, take_hop=True)
    assert isinstance(result, OptionResult)
    assert result.area == b"\1" + bytes((131, 11, 8)) + HERE_OCTETS + B
    assert result.source_route is not None
    assert result.source_route.next_hop == int.from_bytes(A, "big")
    done = b"\1" + bytes((131, 11, 12)) + A + B
    kept = run(done, RFC, Use.FORWARD, HERE, take_hop=True)
    assert isinstance(kept, OptionResult)
    assert kept.area == done
    unnumbered = run(area, RFC, Use.FORWARD, None, take_hop=True)
    assert isinstance(unnumbered, OptionResult)
    assert unnumbered.area == area


# Originating


def test_originator_stamps_the_timestamp_but_records_no_route() -> None:
    def sent(area: bytes, address: int | None = HERE, policy: Policy = RFC) -> bytes:
        return originate(
            area,
            policy=policy,
            own_addresses=OURS.__contains__,
            stamp_address=address,
            time_ms=NOON,
        )

    area = octets("68 8 5 0 0 0 0 0 7 7 4 0 0 0 0 0", 16)
    assert sent(area) == bytes((68, 8, 9, 0)) + NOON_OCTETS + area[8:]
    full = octets("68 8 9 0xF0 1 2 3 4", 8)
    assert sent(full) == full
    odd = octets("68 0 9 0", 4)
    assert sent(odd) == odd
    assert sent(area, None, NETSTACK) == area


# Copied flag


def test_later_fragments_carry_the_options_with_the_copied_flag() -> None:
    area = octets("1 7 7 4 0 0 0 0 148 4 0 0 68 4 5 0 131 7 4 1 2 3 4 0 1", 28)
    assert options_for_later_fragments(area) == octets("148 4 0 0 131 7 4 1 2 3 4 0", 12)
    assert options_for_later_fragments(b"") == b""
    assert options_for_later_fragments(b"\1\1\1\x83") == b""
    assert options_for_later_fragments(b"\x94\4\0\0\x83\x09\4\0") == b"\x94\4\0\0"


# Properties

AREAS = st.one_of(
    st.binary(max_size=40),
    st.lists(
        st.one_of(
            st.just(b"\1"),
            st.builds(
                lambda kind, body: bytes((kind, len(body) + 2)) + body,
                st.sampled_from([7, 68, 131, 137, 148, 130, 94]),
                st.binary(max_size=11),
            ),
            st.builds(
                lambda kind, where, flag, slots: bytes((kind, 4 + len(slots), where, flag)) + slots,
                st.sampled_from([7, 68, 131]),
                st.integers(3, 22),
                st.integers(0, 255),
                st.binary(max_size=16),
            ),
        ),
        max_size=5,
    ).map(lambda parts: b"".join(parts)[:40]),
).map(lambda area: area.ljust(len(area) + 3 & ~3, b"\0"))


@PROPERTY
@given(
    AREAS,
    st.sampled_from([RFC, NETSTACK, replace(RFC, source_route=SourceRouting.FORWARD)]),
    st.sampled_from(list(Use)),
    st.sampled_from([HERE, None]),
    st.booleans(),
)
def test_any_area_gives_a_result_or_a_problem(
    area: bytes, policy: Policy, use: Use, address: int | None, take_hop: bool
) -> None:
    result = run(area, policy, use, address, take_hop=take_hop)
    if isinstance(result, OptionProblem):
        assert result.pointer is None or 20 <= result.pointer < 20 + len(area)
        return
    assert len(result.area) % 4 == 0
    if use is Use.ECHO:
        assert len(result.area) <= len(area)
    else:
        assert len(result.area) == len(area)
    # what came out is good again, unless what was written used up the count or the last whole slot
    again = run(result.area, policy, Use.VERIFY, address)
    if isinstance(again, OptionProblem):
        assert again.pointer is not None
        assert result.area != area


@PROPERTY
@given(AREAS)
def test_options_for_later_fragments_is_stable(area: bytes) -> None:
    kept = options_for_later_fragments(area)
    assert len(kept) % 4 == 0
    assert len(kept) <= len(area)
    assert options_for_later_fragments(kept) == kept

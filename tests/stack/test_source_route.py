from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stack.policy import NETSTACK, RFC
from stack.source_route import LOOSE, STRICT, SourceRoute, reverse, route, sound_route, take_hop
from stack.user_options import OptionRefusal, UserOptions, take_user_options
from stack.wire.address import parse_address

PROPERTY = settings(deadline=None, derandomize=True, max_examples=100)
S, G1, G2, G3, D = (parse_address(f"192.0.2.{last}") for last in (1, 11, 12, 13, 99))


def packed(*hops: int) -> bytes:
    return b"".join(hop.to_bytes(4, "big") for hop in hops)


def test_the_return_route_is_the_recorded_one_backwards() -> None:
    back = reverse([G1, G2, G3], S)
    assert back == (G3, bytes((LOOSE, 15, 4)) + packed(G2, G1, S), S)


def test_a_recorded_route_that_names_the_source_is_reversed_correctly() -> None:
    # RFC 1122 §3.2.1.8 c, case (B)
    assert reverse([S, G1, G2], S, STRICT) == reverse([G1, G2], S, STRICT)
    assert reverse([G1, S, G2], S) == (G2, bytes((LOOSE, 15, 4)) + packed(S, G1, S), S)


def test_one_recorded_hop() -> None:
    assert reverse([G1], S, STRICT) == (G1, bytes((STRICT, 7, 4)) + packed(S), S)


def test_without_a_recorded_hop_there_is_no_route() -> None:
    assert reverse([], S) is None
    assert reverse([S], S) is None


@pytest.mark.parametrize(
    "hop", ["224.0.0.5", "255.255.255.255", "240.0.0.1", "0.0.0.0", "127.0.0.1"]
)
def test_a_recorded_route_through_what_is_no_host_is_not_followed(hop: str) -> None:
    assert reverse([G1, parse_address(hop), G2], S) is None


def test_route_of_hops() -> None:
    assert route([G1, G2, D], STRICT) == (G1, bytes((STRICT, 11, 4)) + packed(G2, D), D)
    assert route([D]) == (D, b"", D)
    assert route([]) is None
    assert route([G1] * 11) is None
    longest = route([G1] * 10)
    assert longest is not None
    assert len(longest.option) == 39


@PROPERTY
@given(st.lists(st.integers(1, 0xFFFFFFFF), min_size=1, max_size=9), st.integers(1, 0xFFFFFFFF))
def test_walking_a_route_records_it(hops: list[int], here: int) -> None:
    found = route([*hops, D])
    assert found is not None
    option = found.option
    for count in range(len(hops)):
        at_hop = SourceRoute(LOOSE, 0, option[1], option[2], option)
        assert at_hop.next_hop == [*hops, D][count + 1]
        assert at_hop.recorded == tuple(here + step & 0xFFFFFFFF for step in range(count))
        option = take_hop(at_hop, (here + count) & 0xFFFFFFFF)
    done = SourceRoute(LOOSE, 0, option[1], option[2], option)
    assert done.is_complete
    assert done.next_hop is None
    assert done.recorded == tuple((here + count) & 0xFFFFFFFF for count in range(len(hops)))
    assert len(option) == len(found.option)


# Options set on a socket


def taken(buffer: bytes) -> UserOptions:
    result = take_user_options(buffer, RFC)
    assert isinstance(result, UserOptions)
    assert result.given == buffer
    return result


def test_the_first_hop_leaves_the_option() -> None:
    buffer = b"\1" + bytes((131, 15, 4)) + packed(G1, G2, D)
    result = taken(buffer)
    assert (result.first_hop, result.final) == (G1, D)
    assert result.area == b"\1" + bytes((131, 11, 4)) + packed(G2, D)


def test_ten_addresses_fit() -> None:
    result = taken(b"\1" + bytes((137, 43, 4)) + packed(*[G1] * 9, D))
    assert len(result.area) == 40
    assert result.final == D


def test_a_route_of_one_address() -> None:
    result = taken(bytes((131, 7, 4)) + packed(D))
    assert (result.first_hop, result.final) == (D, D)
    assert result.area == bytes((131, 3, 4, 0))


def test_other_options_go_as_they_are() -> None:
    assert taken(b"").area == b""
    assert taken(b"\x94\3\0").area == b"\x94\3\0\0"
    odd = b"\x44\4\1\xff\0\x83\1\7"  # what follows end-of-list is not looked at
    result = taken(odd)
    assert (result.area, result.first_hop, result.final) == (odd, None, None)


@pytest.mark.parametrize(
    "buffer",
    [
        bytes(45),
        b"\1" * 41,
        b"\7",
        b"\7\1",
        b"\7\0\4",
        b"\7\5\4\0",
        bytes((131, 3, 4)),
        bytes((131, 8, 4)) + packed(D) + b"\0",
        bytes((131, 7, 5)) + packed(D),
        (bytes((131, 7, 4)) + packed(D)) * 2,
        bytes((131, 7, 4)) + packed(D) + bytes((137, 7, 4)) + packed(D),
    ],
)
def test_refused_buffers(buffer: bytes) -> None:
    assert take_user_options(buffer, RFC) is OptionRefusal.INVALID


def test_no_source_routes_where_the_policy_has_none() -> None:
    buffer = bytes((131, 7, 4)) + packed(D)
    assert take_user_options(buffer, NETSTACK) is OptionRefusal.NOT_SUPPORTED
    no_routes = replace(RFC, source_route=NETSTACK.source_route)
    assert take_user_options(buffer, no_routes) is OptionRefusal.NOT_SUPPORTED
    assert isinstance(take_user_options(b"\x94\4\0\0", NETSTACK), UserOptions)


@PROPERTY
@given(st.binary(max_size=46))
def test_any_buffer_is_taken_or_refused(buffer: bytes) -> None:
    result = take_user_options(buffer, RFC)
    if isinstance(result, UserOptions):
        assert len(result.area) <= 40
        assert len(result.area) % 4 == 0


SOUND = bytes((131, 7, 8)) + packed(D)


@pytest.mark.parametrize(
    ("area", "at"),
    [
        (SOUND, 0),
        (b"\1\x94\4\0\0" + SOUND, 5),
        (SOUND + SOUND, 0),
        (b"\0" + SOUND, None),
        (b"\7\1" + SOUND, None),
        (bytes((131, 2)) + SOUND, None),
        (bytes((131, 7, 3)) + packed(D) + SOUND, None),
        (bytes((131, 7, 5)) + packed(D) + SOUND, None),
        (SOUND[:-1], None),
        (b"", None),
    ],
)
def test_the_first_source_route_of_an_area_if_it_is_sound(area: bytes, at: int | None) -> None:
    found = sound_route(area)
    assert (None if found is None else (found.at, found.octets)) == (
        None if at is None else (at, SOUND)
    )

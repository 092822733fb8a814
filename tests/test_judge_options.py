"""Options found against option templates: what a template leaves open is free."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.case import (
    EOL,
    HOST,
    LOOSE_SOURCE_ROUTE,
    NOP,
    RECORD_ROUTE,
    STREAM_ID,
    TESTER,
    TIMESTAMP,
    Option,
    at_least,
    bits,
    echo_request,
    eol,
    including,
    ip,
    loose_source_route,
    nop,
    not_,
    one_of,
    option,
    record_route,
    router_alert,
    seen,
    strict_source_route,
    time_of_day,
    timestamp,
    without,
)
from harness.decode import read_options
from harness.judge.option_match import options_match
from tests.judge_kit import LEASE, NOON, frame_of, view

ADDRESS = bytes((192, 0, 2, 1))
"""HOST's."""
RECORDED = bytes((7, 11, 8)) + ADDRESS + bytes(4)
STAMPED = bytes((68, 12, 13, 1)) + ADDRESS + NOON.to_bytes(4, "big")
ALERT = bytes((148, 4, 0, 0))
ID = bytes((136, 4, 1, 2))


def match(wanted: Any, area: bytes) -> bool:
    return options_match(wanted, read_options(area), view())


@pytest.mark.parametrize(
    ("wanted", "area"),
    [
        ((), b""),
        ((), b"\x01\x01\x00\x00"),
        ((record_route(HOST, slots=1),), RECORDED),
        ((record_route(LEASE.address(HOST), slots=1),), RECORDED),
        ((Option(RECORD_ROUTE),), RECORDED),
        ((Option(RECORD_ROUTE, length=11),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=at_least(5)),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8, slots=(ADDRESS, 0)),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8, slots=(HOST, bytes(4))),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8, slots=(one_of(TESTER, HOST), 0)),), RECORDED),
        ((timestamp(1, HOST, NOON, pointer=13),), STAMPED),
        ((timestamp(1, HOST, time_of_day(), pointer=13),), STAMPED),
        ((timestamp(1, HOST, at_least(1), pointer=13),), STAMPED),
        ((Option(TIMESTAMP),), STAMPED),
        ((Option(TIMESTAMP, second=bits(0x0F, 1)),), STAMPED),
        ((Option(TIMESTAMP, pointer=13, second=bits(0xF0, 0)),), STAMPED),
        ((Option(TIMESTAMP, pointer=13, slots=(HOST, NOON)),), STAMPED),
        ((Option(RECORD_ROUTE, pointer=8, slots=(not_(TESTER), not_(1))),), RECORDED),
        ((router_alert(),), ALERT),
        ((option(STREAM_ID, b"\x01\x02"),), ID),
        ((option(STREAM_ID),), ID),
        ((record_route(HOST, slots=1), router_alert()), RECORDED + b"\x01" + ALERT),
        ((nop(), router_alert(), eol()), ALERT),
        ((option(STREAM_ID),), b"\x88\x02"),
        ((Option(RECORD_ROUTE, pointer=4),), b"\x07\x03\x04"),
        ((Option(TIMESTAMP, pointer=5, second=1, slots=()),), b"\x44\x04\x05\x01"),
        (ALERT + b"\x00\x00", ALERT + b"\x00\x00"),
        (including(router_alert()), RECORDED + ALERT + ID),
        (including(Option(RECORD_ROUTE), option(STREAM_ID)), RECORDED + ALERT + ID),
        (including(), ALERT),
        (without(TIMESTAMP, STREAM_ID), RECORDED),
        (without(TIMESTAMP), b""),
        (one_of((), (router_alert(),)), ALERT),  # type: ignore[arg-type]  # lists of options
        (one_of((), (router_alert(),)), b""),  # type: ignore[arg-type]  # lists of options
    ],
)
def test_options_that_are_right(wanted: Any, area: bytes) -> None:
    assert match(wanted, area)


@pytest.mark.parametrize(
    ("wanted", "area"),
    [
        ((), ALERT),
        ((router_alert(),), b""),
        ((option(STREAM_ID),), b"\x88"),
        ((record_route(TESTER, slots=1),), RECORDED),
        ((record_route(HOST, slots=2),), RECORDED),
        ((record_route(HOST),), RECORDED),
        ((record_route(HOST, slots=1, pointer=12),), RECORDED),
        ((Option(RECORD_ROUTE, length=12),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=at_least(9)),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8, slots=()),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8, slots=(HOST, 1)),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8, slots=(HOST, 0, 0)),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8, slots=(not_(HOST), 0)),), RECORDED),
        ((Option(RECORD_ROUTE, pointer=8, slots=(HOST, not_(0))),), RECORDED),
        ((timestamp(1, HOST, NOON + 1, pointer=13),), STAMPED),
        ((timestamp(1, TESTER, NOON, pointer=13),), STAMPED),
        ((timestamp(3, HOST, NOON, pointer=13),), STAMPED),
        ((timestamp(1, HOST, NOON, pointer=13, overflow=1),), STAMPED),
        ((timestamp(1, HOST, at_least(NOON + 1), pointer=13),), STAMPED),
        ((router_alert(1),), ALERT),
        ((option(STREAM_ID, b"\x01\x03"),), ID),
        ((option(STREAM_ID, b"\x01"),), ID),
        ((option(STREAM_ID, b"\x01\x02\x03"),), ID),
        ((option(RECORD_ROUTE),), ID),
        ((router_alert(), record_route(HOST, slots=1)), RECORDED + ALERT),
        ((router_alert(), router_alert()), ALERT),
        ((router_alert(),), ALERT + ALERT),
        (ALERT, ALERT + b"\x00"),
        (including(option(STREAM_ID), Option(RECORD_ROUTE)), RECORDED + ALERT + ID),
        (including(router_alert(), router_alert()), RECORDED + ALERT),
        (including(router_alert(1)), ALERT),
        (without(TIMESTAMP, STREAM_ID), RECORDED + ID),
        (one_of((), (router_alert(),)), ID),  # type: ignore[arg-type]  # lists of options
    ],
)
def test_options_that_are_wrong(wanted: Any, area: bytes) -> None:
    assert not match(wanted, area)


@pytest.mark.parametrize("cut", range(1, len(STAMPED)))
def test_an_option_that_is_cut_off_is_never_the_one_wanted(cut: int) -> None:
    assert not match((timestamp(1, HOST, NOON, pointer=13),), STAMPED[:cut])


def test_a_source_route_and_its_reverse_differ() -> None:
    area = bytes((131, 11, 4)) + ADDRESS + bytes((198, 18, 0, 1))
    assert match((loose_source_route(HOST, TESTER),), area)
    assert not match((loose_source_route(TESTER, HOST),), area)
    assert not match((strict_source_route(HOST, TESTER),), area)
    assert match((Option(LOOSE_SOURCE_ROUTE),), area)


def test_a_slot_may_be_a_field_of_a_frame_seen() -> None:
    memory = view()
    memory.seen["first"] = frame_of(ip(src=HOST) / echo_request())
    wanted = (Option(RECORD_ROUTE, pointer=8, slots=(seen("first", "ip.src"), 0)),)
    assert options_match(wanted, read_options(RECORDED), memory)


TEMPLATES = st.sampled_from(
    [
        (),
        (record_route(HOST, slots=1),),
        (timestamp(1, HOST, time_of_day(), pointer=at_least(5)),),
        (Option(TIMESTAMP, second=bits(1, 1), slots=(at_least(1), HOST)),),
        (option(STREAM_ID, b"\x01\x02"), Option(EOL)),
        including(router_alert(), Option(RECORD_ROUTE)),
        without(TIMESTAMP),
        b"\x00",
    ]
)
KINDS = st.sampled_from([EOL, NOP, RECORD_ROUTE, TIMESTAMP, STREAM_ID, LOOSE_SOURCE_ROUTE, 148])


@given(TEMPLATES, KINDS, st.binary(max_size=39))
def test_no_option_area_raises(wanted: Any, kind: int, rest: bytes) -> None:
    match(wanted, bytes((kind,)) + rest)


@given(st.lists(st.sampled_from([RECORDED, STAMPED, ALERT, ID]), max_size=4), st.data())
def test_padding_is_never_counted(found: list[bytes], data: st.DataObject) -> None:
    names = {
        RECORDED: record_route(HOST, slots=1),
        STAMPED: timestamp(1, HOST, NOON, pointer=13),
        ALERT: router_alert(),
        ID: option(STREAM_ID, b"\x01\x02"),
    }
    padded = b"".join(o + b"\x01" * data.draw(st.integers(0, 3)) for o in found)
    wanted = tuple(names[o] for o in found)
    assert match(wanted, padded + b"\x00" * data.draw(st.integers(0, 3)))
    assert match(including(*wanted[1:]), padded)
    assert not match((*wanted, router_alert(7)), padded)

"""Section 4, S4.14 to S4.26: timestamp, record route and router alert, test by test."""

from __future__ import annotations

import pytest

from stack.options import Use
from stack.policy import RFC, Policy
from stack.wire.icmp import ECHO_REPLY
from tests.stack.icmp_kit import ELSEWHERE, HERE, HOUR_MS, NOON_OCTETS, good, octets, pointer
from tests.stack.node_kit import SECOND, Wire, ping
from tests.stack.preset_kit import both_netstacks, each_preset

HERE_OCTETS = HERE.to_bytes(4, "big")
WRITING = [Use.RECEIVE, Use.FORWARD, Use.ECHO]
uses = pytest.mark.parametrize("use", [Use.VERIFY, *WRITING])
writing = pytest.mark.parametrize("use", WRITING)


# Timestamp


@each_preset
@uses
@pytest.mark.parametrize("flag", [2, *range(4, 16)])
def test_s4_14_other_flags_are_a_problem(policy: Policy, use: Use, flag: int) -> None:
    assert pointer(bytes((68, 12, 5, flag)) + bytes(8), policy, use) == 23
    # before the pointer is looked at
    assert pointer(bytes((68, 12, 4, flag)) + bytes(8), policy, use) == 23


@each_preset
@pytest.mark.parametrize(("flag", "size"), [(0, 4), (1, 8), (3, 8)])
def test_s4_14_flags_say_how_large_entries_are(policy: Policy, flag: int, size: int) -> None:
    area = bytes((68, 4 + size, 5, flag)) + HERE_OCTETS + bytes(size - 4)
    assert good(area.ljust(12, b"\0"), policy).area[2] == 5 + size


@each_preset
@uses
@pytest.mark.parametrize("where", [0, 1, 4])
def test_s4_15_the_pointer_is_at_least_five(policy: Policy, use: Use, where: int) -> None:
    assert pointer(bytes((68, 8, where, 0)) + bytes(4), policy, use) == 22


@each_preset
@writing
@pytest.mark.parametrize("flag", [0, 1])
def test_s4_16_a_full_area_counts_overflow(policy: Policy, use: Use, flag: int) -> None:
    for area in (bytes((68, 12, 13, 0xD0 | flag)) + bytes(8), bytes((68, 4, 5, 0xD0 | flag))):
        result = good(area, policy, use).area
        assert result == area[:3] + bytes((0xE0 | flag,)) + area[4:]
        assert good(result, policy, use).area[3] == 0xF0 | flag


@each_preset
@uses
@pytest.mark.parametrize("flag", [0, 1])
def test_s4_16_overflow_beyond_fifteen_is_a_problem(policy: Policy, use: Use, flag: int) -> None:
    assert pointer(bytes((68, 12, 13, 0xF0 | flag)) + bytes(8), policy, use) == 23
    assert good(bytes((68, 12, 13, 0xE0 | flag)) + bytes(8), policy, Use.VERIFY).area[3] >> 4 == 14


@each_preset
@uses
def test_s4_16_flag_three_keeps_no_overflow(policy: Policy, use: Use) -> None:
    """S14.8: RFC 791 makes no exception for it."""
    area = bytes((68, 12, 13, 0xF3)) + bytes(8)
    if policy is RFC:
        assert pointer(area, policy, use) == 23
        less = bytes((68, 12, 13, 0x13)) + bytes(8)
        assert good(less, policy, use).area[3] == (0x13 if use is Use.VERIFY else 0x23)
    else:
        assert good(area, policy, use).area == area


@each_preset
@uses
@pytest.mark.parametrize(
    ("text", "netstack", "rfc"),
    [
        ("68 20 17 1", 22, 22),
        ("68 12 9 0xF3", 22, 22),
        ("68 8 5 1", 22, 21),
        ("68 7 5 0", 22, 21),
        ("68 10 9 0", 22, 21),
        ("68 8 8 0", 22, 22),
        ("68 8 5 3", 22, 21),
    ],
)
def test_s4_17_some_room_but_too_little(
    policy: Policy, use: Use, text: str, netstack: int, rfc: int
) -> None:
    """S14.6: under the RFCs the length is at fault where the area is no whole number of slots."""
    wanted = rfc if policy is RFC else netstack
    assert pointer(octets(text, 20), policy, use) == wanted


@each_preset
def test_s4_18_verify_stamps_nothing(policy: Policy) -> None:
    for flag in (0, 1, 3):
        area = bytes((68, 12, 5, flag)) + HERE_OCTETS + bytes(4)
        assert good(area, policy, Use.VERIFY).area == area


@each_preset
@writing
def test_s4_18_time_alone(policy: Policy, use: Use) -> None:
    area = bytes((68, 12, 9, 0)) + bytes(8)
    assert good(area, policy, use).area == bytes((68, 12, 13, 0)) + bytes(4) + NOON_OCTETS


@each_preset
@writing
def test_s4_18_address_and_time(policy: Policy, use: Use) -> None:
    area = bytes((68, 12, 5, 1)) + bytes(8)
    assert good(area, policy, use).area == bytes((68, 12, 13, 1)) + HERE_OCTETS + NOON_OCTETS


@each_preset
@writing
def test_s4_18_time_behind_our_listed_address(policy: Policy, use: Use) -> None:
    mine = bytes((68, 12, 5, 3)) + HERE_OCTETS + bytes(4)
    assert good(mine, policy, use).area == bytes((68, 12, 13, 3)) + HERE_OCTETS + NOON_OCTETS
    foreign = bytes((68, 12, 5, 3)) + bytes((1, 2, 3, 4)) + bytes(4)
    assert good(foreign, policy, use).area == foreign


@both_netstacks
def test_s4_18_only_the_stamping_address_is_ours(policy: Policy) -> None:
    other = bytes((68, 12, 5, 3)) + ELSEWHERE.to_bytes(4, "big") + bytes(4)
    assert good(other, policy).area == other
    assert good(other, RFC).area[2] == 13


@each_preset
def test_s4_19_milliseconds_since_midnight(policy: Policy) -> None:
    wire = Wire(policy)
    wire.frames(after=90 * SECOND)
    wire.ip(ping(options=bytes((68, 8, 5, 0)) + bytes(4)))
    assert wire.one().header.options[4:] == (HOUR_MS + 90_000).to_bytes(4, "big")


@each_preset
def test_s4_19_the_day_begins_again(policy: Policy) -> None:
    wire = Wire(policy)
    wire.frames(after=23 * 3600 * SECOND + 5000)
    wire.ip(ping(options=bytes((68, 8, 5, 0)) + bytes(4)))
    assert wire.one().header.options[4:] == bytes((0, 0, 0, 5))


# Record route


@each_preset
@uses
@pytest.mark.parametrize("length", [3, 4, 5, 6])
def test_s4_20_a_route_without_a_slot(policy: Policy, use: Use, length: int) -> None:
    """S14.7: RFC 791 calls such a route full."""
    area = octets(f"7 {length} {length + 1} 1 1 1 1 1")
    if policy is RFC:
        assert good(area, policy, use).area == area
    else:
        assert pointer(area, policy, use) == 21


def test_s14_7_length_three_with_pointer_four_is_full() -> None:
    assert pointer(octets("7 3 4 0"), RFC) is None
    # some room, though no slot, is still at odds with RFC 791
    assert pointer(octets("7 6 4 1 1 1 0 0"), RFC) == 21


@each_preset
@uses
@pytest.mark.parametrize("where", [0, 3])
def test_s4_21_the_pointer_is_at_least_four(policy: Policy, use: Use, where: int) -> None:
    assert pointer(octets(f"7 8 {where} 0 0 0 0 0"), policy, use) == 22
    assert pointer(octets(f"7 7 {where} 0 0 0 0 0"), policy, use) == 22


@each_preset
@uses
@pytest.mark.parametrize("where", [8, 9, 255])
def test_s4_22_a_full_route_changes_nothing(policy: Policy, use: Use, where: int) -> None:
    area = octets(f"7 7 {where} 1 2 3 4 1")
    assert good(area, policy, use).area == area


@each_preset
@uses
@pytest.mark.parametrize(
    ("text", "netstack", "rfc"),
    [("7 8 8 0", 22, 21), ("7 7 5 0", 22, 22), ("7 11 11 0", 22, 22), ("7 9 8 0", 22, 21)],
)
def test_s4_23_fewer_than_four_octets_left(
    policy: Policy, use: Use, text: str, netstack: int, rfc: int
) -> None:
    assert pointer(octets(text, 12), policy, use) == (rfc if policy is RFC else netstack)


@each_preset
@writing
def test_s4_24_our_address_is_recorded(policy: Policy, use: Use) -> None:
    area = octets("7 11 4 0 0 0 0 9 9 9 9 1")
    assert good(area, policy, use).area == bytes((7, 11, 8)) + HERE_OCTETS + area[7:]
    odd = octets("7 9 5 9 0 0 0 0 9 1 1 1")
    assert good(odd, policy, use).area == bytes((7, 9, 9, 9)) + HERE_OCTETS + odd[8:]
    assert good(area, policy, Use.VERIFY).area == area


# Router alert


@each_preset
@uses
@pytest.mark.parametrize("value", [1, 0x100, 0xFFFF])
def test_s4_25_a_value_that_is_not_zero(policy: Policy, use: Use, value: int) -> None:
    """S14.12: RFC 2113 §2.2 has hosts ignore it."""
    area = b"\x94\4" + value.to_bytes(2, "big")
    assert pointer(area, policy, use) == (None if policy is RFC else 22)
    assert pointer(b"\x94\4\0\0", policy, use) is None


@each_preset
@uses
def test_s4_26_its_presence_is_remembered(policy: Policy, use: Use) -> None:
    assert good(octets("1 148 4 0 0 0 0 0"), policy, use).router_alert
    assert not good(octets("1 94 4 0 0 0 0 0"), policy, use).router_alert


@each_preset
def test_s4_26_nothing_else_comes_of_it(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    wire.frames()
    octets_sent = ping(destination="203.0.113.9", options=octets("148 4 0 0"))
    wire.ip(octets_sent)
    sent = wire.one()
    assert (sent.nic, sent.header.options) == (2, octets("148 4 0 0"))
    wire.ip(ping(options=octets("148 4 0 0")))
    assert wire.one().icmp.type == ECHO_REPLY

"""Faults of the IPv4 header and its options: RFC 791 §3.1, RFC 1122 §3.2.1.8."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stack import options, policy
from stack.options import Use
from stack.policy import RepeatRule, SourceRouting
from tests.faults.framework import Fault, complaint, outcome, replaced, wrapped
from tests.faults.wires import checked, options_of, received, sent, with_options


def _chosen(**choices: Any) -> Any:
    """The stack with other choices than the RFCs'."""
    return replaced("stack.policy.RFC", replace(policy.RFC, **choices))


def _of(kind: str, instead: Any) -> Any:
    """Options of a kind are treated otherwise: `instead(original, run, option)`."""
    return wrapped(f"stack.options._Pass._{kind}", instead)


def _short_taken_for_five(packet: bytes) -> bytes:
    return packet if packet[0] & 15 >= 5 else bytes((0x45,)) + packet[1:]


def _total_length_cut(packet: bytes) -> bytes:
    there = len(packet)
    too_long = int.from_bytes(packet[2:4], "big") > there
    return packet[:2] + there.to_bytes(2, "big") + packet[4:] if too_long else packet


def _total_length_raised(packet: bytes) -> bytes:
    header = (packet[0] & 15) * 4
    too_short = int.from_bytes(packet[2:4], "big") < header <= len(packet)
    return packet[:2] + len(packet).to_bytes(2, "big") + packet[4:] if too_short else packet


def _padding_delivered(packet: bytes) -> bytes:
    total = int.from_bytes(packet[2:4], "big")
    padded = 28 < total < len(packet) and total >= (packet[0] & 15) * 4
    return packet[:2] + len(packet).to_bytes(2, "big") + packet[4:] if padded else packet


def _sum_believed(packet: bytes) -> bytes:
    return checked(packet) if packet[0] == 0x45 else packet


def _reserved_refused(packet: bytes) -> bytes | None:
    return None if packet[6] & 0x80 else packet


def _reserved_returned(packet: bytes) -> bytes:
    return packet[:6] + bytes((packet[6] | 0x80,)) + packet[7:]


def _end_is_no_end(packet: bytes) -> bytes:
    area = options_of(packet)
    if b"\0" not in area[:2] or not area.strip(b"\0\1"):
        return packet
    return with_options(packet, area.replace(b"\0", b"\1", 1))


def _no_operation_refused(packet: bytes) -> bytes | None:
    return None if options_of(packet)[:1] == b"\1" else packet


def _padded_with_ones(packet: bytes) -> bytes:
    area = options_of(packet)
    filled = area.rstrip(b"\0")
    if area[:2] != b"\x07\x07" or len(area) - len(filled) != 1:
        return packet
    return with_options(packet, filled + b"\xff")


def _pointer_at_four(original: Any, run: Any, option: bytearray) -> Any:
    option[2] = max(option[2], 4)
    return original(run, option)


def _pointer_at_five(original: Any, run: Any, option: bytearray) -> Any:
    option[2] = max(option[2], 5)
    return original(run, option)


def _little_room_is_none(original: Any, run: Any, option: bytearray) -> Any:
    little = option[1] - 3 < option[2] <= option[1]
    return None if little else original(run, option)


def _full_is_an_error(original: Any, run: Any, option: bytearray) -> Any:
    return 2 if option[2] > option[1] else original(run, option)


def _never_recorded(original: Any, run: Any, option: bytearray) -> Any:
    if run._use is not Use.FORWARD:
        return original(run, option)
    return None


def _undefined_is_zero(original: Any, run: Any, option: bytearray) -> Any:
    if option[3] & 15 not in (0, 1, 3):
        option[3] &= 0xF0
    return original(run, option)


def _overflow_not_counted(original: Any, run: Any, option: bytearray) -> Any:
    return None if option[2] > option[1] else original(run, option)


def _listed_or_not(original: Any, run: Any, option: bytearray) -> Any:
    run._own = lambda address: True
    return original(run, option)


def _unknown_refused(original: Any, run: Any, kind: int, at: int, option: bytearray) -> Any:
    return 0 if kind not in options._DEFINED else original(run, kind, at, option)


def _stream_refused(original: Any, run: Any, kind: int, at: int, option: bytearray) -> Any:
    return 0 if kind == options.STREAM_IDENTIFIER else original(run, kind, at, option)


def _security_refused(original: Any, run: Any, kind: int, at: int, option: bytearray) -> Any:
    return 0 if kind == options.SECURITY else original(run, kind, at, option)


def _everything_returned(original: Any, run: Any, kind: int) -> bool:
    return True


def _short_source_twice(original: Any, recorded: Any, source: int, *rest: Any) -> Any:
    back = original(recorded, source, *rest)
    return back


def _clock(original: Any, core: Any) -> int:
    return int(original(core) + 1_800_000) % 86_400_000


FAULTS = (
    Fault("an IHL below five is taken for five", set(), wrap=received(_short_taken_for_five)),
    Fault("a Total Length beyond the frame is cut", set(), wrap=received(_total_length_cut)),
    Fault("a Total Length below the header is raised", set(), wrap=received(_total_length_raised)),
    Fault("link padding is delivered", set(), wrap=received(_padding_delivered)),
    Fault("the header checksum is believed", set(), wrap=received(_sum_believed)),
    Fault("a datagram with the reserved flag is refused", set(), wrap=received(_reserved_refused)),
    Fault("the reserved flag is sent", set(), wrap=sent(_reserved_returned)),
    Fault("end of list is no end", set(), wrap=received(_end_is_no_end)),
    Fault("no-operation is refused", set(), wrap=received(_no_operation_refused)),
    Fault("options are padded with ones", set(), wrap=sent(_padded_with_ones)),
    Fault("unknown options may not repeat", set(), _chosen(repeated_options=RepeatRule.ALL)),
    Fault(
        "unknown options are refused",
        set(),
        wrapped("stack.options._Pass._content", _unknown_refused),
    ),
    Fault(
        "stream identifiers are refused",
        set(),
        wrapped("stack.options._Pass._content", _stream_refused),
    ),
    Fault(
        "security options are refused",
        set(),
        wrapped("stack.options._Pass._content", _security_refused),
    ),
    Fault(
        "all options are returned",
        set(),
        wrapped("stack.options._Pass._keeps", _everything_returned),
    ),
    Fault("a route pointer below 4 counts as 4", set(), _of("record_route", _pointer_at_four)),
    Fault(
        "a route with little room counts as full", set(), _of("record_route", _little_room_is_none)
    ),
    Fault("a full route is an error", set(), _of("record_route", _full_is_an_error)),
    Fault("a router does not record itself", set(), _of("record_route", _never_recorded)),
    Fault("a timestamp pointer below 5 counts as 5", set(), _of("timestamp", _pointer_at_five)),
    Fault(
        "a timestamp option with little room counts as full",
        set(),
        _of("timestamp", _little_room_is_none),
    ),
    Fault("undefined timestamp flags count as 0", set(), _of("timestamp", _undefined_is_zero)),
    Fault("overflow is not counted", set(), _of("timestamp", _overflow_not_counted)),
    Fault("listed addresses are stamped whoever they are", set(), _of("timestamp", _listed_or_not)),
    Fault("the clock is half an hour fast", set(), wrapped("stack.core.Core.time_of_day", _clock)),
    Fault(
        "own timestamp options leave empty",
        set(),
        replaced("stack.send.stamp_options", lambda area, **_: area),
    ),
    Fault("options do not reach UDP users", set(), _chosen(received_options_to_udp=False)),
    Fault("source routes are unknown options", set(), _chosen(source_route=SourceRouting.NONE)),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault.patch is not None:
        fault.patch(monkeypatch)
    assert complaint(fault, outcome(fault)) == ""

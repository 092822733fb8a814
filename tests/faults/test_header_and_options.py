"""Faults of the IPv4 header and its options: RFC 791 §3.1, RFC 1122 §3.2.1.8."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stack import options, policy
from stack.choices import RepeatRule
from stack.options import Use
from tests.faults.framework import Fault, judged, replaced, wrapped
from tests.faults.wires import checked, options_of, received, rows, sent, with_options


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


def _everything_returned(original: Any, core: Any, inbound: Any, message: Any) -> None:
    if inbound.header.options and not inbound.return_route:
        inbound.reply_area = bytes(inbound.header.options)
    original(core, inbound, message)


def _way_back(around: Any) -> Any:
    """Recorded routes are reversed otherwise: `around(original, recorded, source, kind)`."""
    return wrapped("stack.icmp_errors.reverse", around)


def _not_turned(original: Any, recorded: Any, source: int, kind: int) -> Any:
    return original(tuple(reversed(recorded)), source, kind)


def _source_kept(original: Any, recorded: Any, source: int, kind: int) -> Any:
    back = original(recorded, source, kind)
    if back is None or recorded[0] != source:
        return back
    octets = source.to_bytes(4, "big")
    option = bytes((back.option[0], back.option[1] + 4, 4)) + back.option[3:] + octets
    return back._replace(option=option)


def _always_loose(original: Any, recorded: Any, source: int, kind: int) -> Any:
    return original(recorded, source, 131)


def _route_pointer_believed(original: Any, run: Any, kind: int, at: int, option: bytearray) -> Any:
    option[2] = option[2] if option[2] >= 4 else 255
    return original(run, kind, at, option)


def _clock(original: Any, core: Any) -> int:
    return int(original(core) + 1_800_000) % 86_400_000


FAULTS = (
    Fault(
        "an IHL below five is taken for five",
        {"1812-5.2.2-a", "791-3.1.ihl-a"},
        wrap=received(_short_taken_for_five),
    ),
    Fault(
        "a Total Length beyond the frame is cut",
        rows(
            """
            1812-5.2.2-c 4293-icmpStatsInErrors 4293-icmpStatsInMsgs 4293-ipSystemStatsInDelivers
            4293-ipSystemStatsInTruncatedPkts 791-3.1.len-b
            """
        ),
        wrap=received(_total_length_cut),
    ),
    Fault(
        "a Total Length below the header is raised",
        {"1812-5.2.2-a", "791-3.1.ihl-c"},
        wrap=received(_total_length_raised),
    ),
    Fault(
        "link padding is delivered",
        {"791-3.1.len-a", "791-3.2-a", "792-echo-c", "894-frame-b"},
        wrap=received(_padding_delivered),
    ),
    Fault(
        "the header checksum is believed",
        rows(
            """
            1122-3.2.1.2-a 1812-4.2.2.5-a 1812-4.3.2.7-b 1812-5.2.1-a 1812-5.2.2-a 791-3.1.cksum-b
            """
        ),
        wrap=received(_sum_believed),
    ),
    Fault(
        "a datagram with the reserved flag is refused",
        {"1812-4.2.2.3-a", "1812-4.2.2.3-b", "1812-5.2.5-a", "791-3.1.flags-b"},
        wrap=received(_reserved_refused),
    ),
    Fault(
        "the reserved flag is sent",
        {"1812-4.2.2.3-a", "791-3.1.flags-a"},
        wrap=sent(_reserved_returned),
    ),
    Fault("end of list is no end", {"791-3.1.eol-a", "791-3.2-a"}, wrap=received(_end_is_no_end)),
    Fault(
        "no-operation is refused",
        rows(
            """
            1122-3.2.1.8-b 1122-3.2.1.8-c 1122-3.2.2-b 1122-3.2.2-d 1122-3.2.2.5-a
            1122-4.1.3.1-a 1122-4.2.3.8-a 1812-4.2.2.6-a 2113-2.2-d 791-3.1.eol-a 791-3.1.lsrr-d
            791-3.1.nop-a 791-3.1.opt-b 791-3.2-a sockets-raw-c
            """
        ),
        wrap=received(_no_operation_refused),
        blinds={"rfc1122-3.2.1.2-options-longest", "rfc1122-3.2.1.2-options-nops"},
    ),
    Fault(
        "options are padded with ones",
        {"1812-4.2.2.2-a", "791-3.1.pad-a"},
        wrap=sent(_padded_with_ones),
    ),
    Fault(
        "unknown options may not repeat",
        {"1122-3.2.1.8-c", "1812-5.2.4.1-a"},
        _chosen(repeated_options=RepeatRule.ALL),
    ),
    Fault(
        "unknown options are refused",
        rows(
            """
            1122-3.2.1.8-b 1122-3.2.1.8-c 1122-3.2.2-d 1122-3.4-c 1122-4.1.3.2-a 1122-4.2.3.8-a
            1191-4-a 1812-4.2.2.1-a 1812-4.2.2.6-a 1812-5.3.13-a 6814-3-a 791-3.1.cksum-c
            791-3.1.opt-b 791-3.1.opt-c 791-3.2-a 791-3.2.frag-d 791-3.2.opt-a sockets-recv-a
            """
        ),
        wrapped("stack.options._Pass._content", _unknown_refused),
        blinds=rows(
            """
            rfc791-3.1-option-length-0-in-transit rfc791-3.1-option-length-1-in-transit
            rfc791-3.1-option-overrun-in-transit rfc791-3.1-option-record-route-overrun-in-transit
            rfc791-3.1-option-without-length-in-transit
            """
        ),
    ),
    Fault(
        "stream identifiers are refused",
        rows(
            """
            1122-3.2.1.8-b 1122-3.2.1.8b-a 1122-3.2.1.8b-b 1122-4.1.3.1-a
            1122-4.2.3.8-a 1812-4.2.2.1-b 6814-3-a 791-3.2.opt-a sockets-raw-c
            """
        ),
        wrapped("stack.options._Pass._content", _stream_refused),
    ),
    Fault(
        "security options are refused",
        rows(
            """
            1108-2-a 1108-2.7-a 1122-3.2.1.8-b 1122-3.2.1.8-c 1122-4.1.3.1-a
            1122-4.2.3.8-a 7126-4.12-a sockets-raw-c
            """
        ),
        wrapped("stack.options._Pass._content", _security_refused),
    ),
    Fault(
        "all options are returned",
        rows(
            """
            1122-3.2.1.8b-a 1122-3.2.2.6-i 1122-3.2.2.8-h 1812-4.2.2.1-e 6814-3-a 791-3.1.ts-g
            """
        ),
        wrapped("stack.icmp_reply._reply", _everything_returned),
    ),
    Fault(
        "a route pointer below 4 counts as 4",
        {"1122-3.2.2.5-a", "1122-3.3.8-a", "1812-4.3.3.5-a", "791-3.1.rr-a"},
        _of("record_route", _pointer_at_four),
    ),
    Fault(
        "a route with little room counts as full",
        {"1812-4.3.3.5-a", "791-3.1.rr-e"},
        _of("record_route", _little_room_is_none),
    ),
    Fault(
        "a full route is an error",
        {"1122-3.2.2.6-i", "791-3.1.rr-d", "792-du-a"},
        _of("record_route", _full_is_an_error),
    ),
    Fault(
        "a router does not record itself",
        {"1122-3.3.5-g", "791-3.1.rr-c"},
        _of("record_route", _never_recorded),
    ),
    Fault(
        "a timestamp pointer below 5 counts as 5",
        {"1122-3.2.2.5-a", "1812-4.3.3.5-a", "791-3.1.ts-a"},
        _of("timestamp", _pointer_at_five),
    ),
    Fault(
        "a timestamp option with little room counts as full",
        {"791-3.1.ts-h"},
        _of("timestamp", _little_room_is_none),
    ),
    Fault(
        "undefined timestamp flags count as 0",
        {"791-3.1.ts-c"},
        _of("timestamp", _undefined_is_zero),
    ),
    Fault(
        "overflow is not counted",
        rows(
            """
            1122-3.2.2.5-a 1812-4.2.2.1-e 1812-4.3.3.5-a 791-3.1.ts-g 791-3.1.ts-h
            """
        ),
        _of("timestamp", _overflow_not_counted),
    ),
    Fault(
        "listed addresses are stamped whoever they are",
        {"1122-3.2.1.8-a", "1122-3.2.1.8-b", "791-3.1.ts-b", "sockets-set-a"},
        _of("timestamp", _listed_or_not),
    ),
    Fault(
        "the clock is half an hour fast",
        rows(
            """
            1122-3.2.1.8e-d 1122-3.2.2.8-k 1122-3.3.5-h 1812-4.2.2.1-e 1812-4.2.2.2-a
            1812-4.3.3.8-a 791-3.1.ts-d 791-3.1.ts-e 792-tstamp-c
            """
        ),
        wrapped("stack.core.Core.time_of_day", _clock),
    ),
    Fault(
        "own timestamp options leave empty",
        {"1122-3.2.1.8e-b", "791-3.1.ts-f"},
        replaced("stack.send.stamp_options", lambda area, **_: area),
    ),
    Fault(
        "options do not reach UDP users",
        rows(
            """
            1122-3.2.1.8-b 1122-3.2.1.8c-c 1122-3.2.1.8e-c 1122-3.4-c 1122-4.1.3.2-a 791-3.3-b
            sockets-recv-a
            """
        ),
        _chosen(received_options_to_udp=False),
    ),
    Fault(
        "recorded routes are not turned round",
        {"1122-3.2.1.8c-d", "1122-3.2.2.6-j", "1122-4.2.3.8-b", "1812-4.2.2.1-c"},
        _way_back(_not_turned),
    ),
    Fault(
        "the source is listed twice on the way back",
        {"1122-3.2.1.8c-d", "1122-4.2.3.8-b"},
        _way_back(_source_kept),
    ),
    Fault(
        "the way back is always loose",
        {"1122-3.2.1.8c-d", "1122-3.2.2.6-j", "1122-4.2.3.8-b"},
        _way_back(_always_loose),
    ),
    Fault(
        "a source route pointer below 4 counts as past the route",
        {"791-3.1.lsrr-a"},
        wrapped("stack.options._Pass._source_route", _route_pointer_believed),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""

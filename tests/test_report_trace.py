"""A trace as text, as steps and as a capture file."""

from __future__ import annotations

import struct
from io import BytesIO
from typing import NamedTuple

import pytest

from harness.case import (
    CLOSED_PORT,
    HOST_MAC,
    OPEN_PORT,
    REASSEMBLY,
    TESTER,
    Case,
    advance,
    arp,
    at_most,
    classify,
    count,
    echo_reply,
    echo_request,
    error_received,
    expect,
    expect_train,
    ip,
    ms,
    no_error_received,
    nothing_received,
    open_udp,
    received,
    seconds,
    send,
    silence,
    udp,
    way,
)
from harness.case.steps import Step
from harness.report.model import Run
from harness.report.pcapng import capture, interface_names
from harness.report.step_words import step_words
from harness.report.timeline import stages
from harness.report.trace_text import trace_lines, trace_text
from harness.trace import Event, Trace
from harness.verdict import CaseResult, Explanation, Finding, Verdict
from tests import report_example as sample


@pytest.fixture(name="run")
def _run() -> Run:
    return sample.example()


def result_of(run: Run, case: str) -> CaseResult:
    return next(result for result in run.results if result.case == case)


def test_the_text_has_a_line_for_everything_that_happened(run: Run) -> None:
    result = result_of(run, sample.FAILED_FIELDS)
    text = trace_text(run.purposes[result.case], result)
    assert text == (
        "rfc1122-3.2.2-quote-as-received  port unreachable quotes the datagram as it was received\n"
        "verdict: fail after 0.200000 s, tried again once\n"
        "\n"
        "times in seconds on the target's clock; -> to the target, <- from the target, () call, "
        "-- note;\n"
        "then the link, and the step (- for what the tester does by itself)\n"
        "\n"
        "0.000000  --         -  UDP port 9 is closed\n"
        "0.000000  ()         1  open_udp 'other' port 20001\n"
        "0.000010  ->  near   1  198.51.100.1 > 192.0.2.1 UDP 20000 > 9 (228 octets; ttl 64)\n"
        "0.000120  <-  near   2  192.0.2.1 > 198.51.100.1 ICMP destination unreachable, port (3/3)"
        " (228 octets; ttl 64)\n"
    )


def test_columns_are_as_wide_as_what_stands_in_them(run: Run) -> None:
    lines = trace_lines(result_of(run, sample.INCONCLUSIVE).trace)
    assert lines[0].startswith(" 0.000000  ->  near   1  ")
    assert lines[1] == "60.000000  --         2  60 s have passed"


def test_what_the_tester_says_of_a_frame_follows_the_frame(run: Run) -> None:
    assert trace_lines(result_of(run, sample.FAILED).trace)[1].endswith(": nobody expected it")


def test_any_octets_can_be_shown() -> None:
    trace = Trace()
    for frame in (b"", b"\x45", bytes(13), b"\xff" * 40):
        trace.add(0, Event.FROM_TARGET, "", link=3, frame=frame)
    assert all("link 3" in line for line in trace_lines(trace))


def test_steps_follow_each_other_with_how_they_went(run: Run) -> None:
    made = stages(result_of(run, sample.FAILED))
    assert [(stage.title.partition(":")[0], stage.verdict) for stage in made] == [
        ("step 1", Verdict.PASS),
        ("step 2", Verdict.FAIL),
        ("tester, after step 2", Verdict.PASS),
    ]
    assert [at for at, _ in made[-1].entries] == [900, 950]
    assert (made[0].start, made[1].start, made[-1].stop) == (0, 104, 200_000)
    assert made[1].finding is not None


def test_a_step_that_left_no_trace_has_its_place_if_it_is_blamed(run: Run) -> None:
    made = stages(result_of(run, sample.WAIVED))
    assert made[-1].title == "step 2: expected an echo reply with the route reversed"
    assert made[-1].verdict is Verdict.WAIVED


def test_what_happens_before_the_steps_is_the_testers_own(run: Run) -> None:
    made = stages(result_of(run, sample.FAILED_FIELDS))
    assert made[0].title == "tester, before the steps: 0.000000 --  UDP port 9 is closed"
    assert made[1].title == "step 1: 0.000000 ()  open_udp 'other' port 20001, and 1 more"
    assert len(made[1].entries) == 2


def test_nothing_happened_when_a_case_is_not_applicable(run: Run) -> None:
    assert stages(result_of(run, sample.NOT_APPLICABLE)) == []
    assert stages(result_of(run, sample.NOT_APPLICABLE), ("sending it",)) == []


def test_steps_that_are_known_have_their_words_and_places(run: Run) -> None:
    made = stages(result_of(run, sample.FAILED), ("sending it", "expecting silence", "waiting 1 s"))
    assert [stage.title for stage in made] == [
        "step 1: sending it",
        "step 2: expecting silence",
        "tester, after step 2",
        "step 3: waiting 1 s",
    ]
    assert made[0].entries[0][1].startswith("0.000000 -> near  198.51.100.1 > 192.0.2.255 UDP")
    assert (made[3].start, made[3].stop) == (950, 200_000)


def test_a_sentinel_is_the_testers_own_whatever_step_is_in_hand() -> None:
    trace = Trace()
    trace.add(0, Event.TO_TARGET, "", step=1, frame=b"")
    trace.add(5, Event.TO_TARGET, "sentinel", step=1, frame=b"")
    made = stages(CaseResult("x", trace=trace))
    assert [stage.title[:20] for stage in made] == ["step 1: 0.000000 -> ", "tester, after step 1"]


def test_a_finding_before_the_first_step_is_told_there() -> None:
    why = Explanation(0, 1, "the start", "an answer to the preamble", "nothing")
    finding = Finding("1122-3.2.2-h", Verdict.INCONCLUSIVE, why, reason="no life")
    (stage,) = stages(CaseResult("x", [finding]))
    assert stage.title == "tester, before the steps: expected an answer to the preamble"
    assert stage.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (send(ip(ttl=0) / echo_request()), "sending IPv4 (ttl 0) / ICMP echo request (8/*)"),
        (advance(seconds(60)), "waiting 60 s"),
        (open_udp("a", port=OPEN_PORT), "calling open_udp on 'a' with port OPEN_PORT"),
        (
            expect(ip(dst=TESTER) / udp(dport=CLOSED_PORT), times=2, within=ms(5)),
            "expecting 2 times IPv4 (dst TESTER) / UDP (dport CLOSED_PORT) within 5 ms",
        ),
        (expect_train(ip()), "expecting IPv4 in one or more fragments"),
        (silence(), "expecting silence"),
        (silence(of=udp(), within=seconds(2)), "expecting silence of UDP for 2 s"),
        (
            count(ip(), at_most(3), within=REASSEMBLY),
            "expecting at most 3 of IPv4 within the reassembly time",
        ),
        (
            classify("what it does", way("answers", ip()), way("nothing", None)),
            "seeing what it does: answers, nothing",
        ),
        (received("a", data=b"hi"), "expecting 'a' to receive with data 68 69 \"hi\""),
        (received("a"), "expecting 'a' to receive"),
        (error_received("a", type=3), "expecting 'a' to be told of an error with type 3"),
        (nothing_received("a"), "expecting 'a' to get nothing"),
        (no_error_received("a"), "expecting 'a' to be told of no error"),
        (
            expect(ip() / arp(target_mac=HOST_MAC)),
            "expecting IPv4 / ARP (target_mac HOST's link address)",
        ),
    ],
)
def test_steps_read_by_the_names_of_addresses(step: Step, expected: str) -> None:
    assert step_words(step) == expected


def test_the_text_begins_with_the_steps_where_the_case_is_known(run: Run) -> None:
    steps = (send(ip() / echo_request()), expect(ip() / echo_reply()))
    purpose = Case(sample.PASSED, "1122-3.2.1.7-b", "a title", steps=steps)
    lines = trace_text(purpose, result_of(run, sample.PASSED)).splitlines()
    assert lines[3:6] == [
        "step  1  sending IPv4 / ICMP echo request (8/*)",
        "step  2  expecting IPv4 / ICMP echo reply (0/*)",
        "",
    ]


class Block(NamedTuple):
    kind: int
    body: bytes

    def options(self, start: int) -> dict[int, bytes]:
        found = {}
        while start < len(self.body):
            code, length = struct.unpack_from("<HH", self.body, start)
            if code == 0:
                break
            found[code] = self.body[start + 4 : start + 4 + length]
            start += 4 + length + -length % 4
        return found


def blocks(octets: bytes) -> list[Block]:
    """The blocks of a little-endian pcapng file (draft-ietf-opsawg-pcapng §3.1)."""
    found = []
    while octets:
        kind, length = struct.unpack_from("<II", octets)
        assert struct.unpack_from("<I", octets, length - 4) == (length,)
        found.append(Block(kind, octets[8 : length - 4]))
        octets = octets[length:]
    return found


def test_a_capture_names_its_interfaces_and_comments_each_frame(run: Run) -> None:
    result = result_of(run, sample.FAILED)
    section, *rest = blocks(capture(run.purposes[result.case], result.trace))
    assert section.kind == 0x0A0D0D0A
    interfaces = [block for block in rest if block.kind == 1]
    assert [block.options(8)[2] for block in interfaces] == [
        b"near (to target)",
        b"near (from target)",
    ]
    assert {struct.unpack_from("<H", block.body)[0] for block in interfaces} == {1}
    frames = [block for block in rest if block.kind == 6]
    assert len(frames) == len(result.trace.entries)
    for block, entry in zip(frames, result.trace.entries, strict=True):
        number, high, low, length = struct.unpack_from("<IIII", block.body)
        assert number == (entry.event is Event.FROM_TARGET)
        assert (high << 32 | low) == 1_795_000_000_123_456 + entry.at
        assert block.body[20 : 20 + length] == entry.frame
        options = block.options(20 + length + -length % 4)
        assert options[2] == struct.pack("<I", 1 if number else 2)
        assert options[1].decode().startswith(f"{result.case}, ")
        assert "about 1122-3.2.2-h" in options[1].decode()
    assert b"step 2" in frames[1].body
    assert b"nobody expected it" in frames[1].body
    assert b"the tester's own" in frames[2].body


def test_scapy_reads_the_capture_back(run: Run) -> None:
    from scapy.utils import RawPcapNgReader

    for result in run.results:
        octets = capture(run.purposes[result.case], result.trace)
        read = [frame for frame, _ in RawPcapNgReader(BytesIO(octets))]
        assert read == [entry.frame for entry in result.trace.entries if entry.frame is not None]


def test_bare_packets_have_their_own_link_type_and_every_link_its_pair_of_interfaces() -> None:
    trace = Trace(link_names=("tun0", "tun1"), bare_ip=True)
    trace.add(5, Event.TO_TARGET, "", step=1, link=1, frame=b"\x45\0")
    found = blocks(capture(sample.PURPOSES[sample.PASSED], trace))
    interfaces = [block for block in found if block.kind == 1]
    assert [struct.unpack_from("<H", block.body)[0] for block in interfaces] == [101] * 4
    (frame,) = [block for block in found if block.kind == 6]
    number, high, low = struct.unpack_from("<III", frame.body)
    assert (number, high, low) == (2, 0, 5)
    assert interface_names(trace)[1, Event.TO_TARGET] == "tun1 (to target)"


def test_a_capture_without_frames_is_a_valid_empty_one() -> None:
    (section,) = blocks(capture(sample.PURPOSES[sample.PASSED], Trace()))
    assert section.kind == 0x0A0D0D0A

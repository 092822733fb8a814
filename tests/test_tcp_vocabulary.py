"""What cases about TCP say: segments that follow others, connections of the target's user."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP

from harness.case import (
    ACK,
    CLOSED_PORT,
    FIN,
    HOST,
    NEIGHBOUR,
    NEXT,
    OPEN_PORT,
    PSH,
    RST,
    SYN,
    TESTER,
    TESTER_PORT,
    Case,
    accept,
    advance,
    connect_tcp,
    data,
    expect,
    ip,
    listen,
    loose_source_route,
    nop,
    one_of,
    open_tcp,
    received_tcp,
    reply,
    reset,
    router_alert,
    seconds,
    seen,
    send,
    send_tcp,
    shutdown,
    silence,
    syn,
    tcp,
    tcp_state,
)
from harness.case.packet import Layer, Packet
from harness.catalogue import load
from harness.decode import Frame, decode
from harness.decode_tcp import tcp_fields
from harness.encode import Encoder
from harness.plugin.markers import seconds_waited
from harness.report.step_words import step_words
from harness.run.lockstep import LockstepRunner
from harness.run.realtime import RealTimeRunner
from harness.run.sharing import longest_seconds
from harness.verdict import CaseResult, Verdict
from tests.lease import lease
from tests.simulated import RealTarget, VirtualTarget

CATALOGUE = load()
LEASE = lease()
CITED = "1122-4.2.3.8-b"
FROM_HOST = ip(src=HOST, dst=TESTER)
TIMERS = {"settle": 0.25, "reassembly": 60.5}

OPENED = (
    open_tcp("l", port=OPEN_PORT),
    listen("l", backlog=2),
    send(ip() / syn(mss=1000), label="syn"),
    expect(
        FROM_HOST / tcp(sport=OPEN_PORT, flags=SYN | ACK, acknowledgment=seen("syn", NEXT)),
        label="syn-ack",
    ),
    send(ip() / reply("syn-ack", after="syn")),
    accept("c", listener="l"),
)
ENDED = (
    reset("c"),
    expect(FROM_HOST / tcp(flags=RST | ACK)),
    reset("l"),
)


def case(name: str, *steps: object) -> Case:
    return Case(f"rfc1122-x-{name}", CITED, name, steps)  # type: ignore[arg-type]  # steps


CASES = (
    case(
        "data-both-ways",
        *OPENED,
        tcp_state("c", "ESTABLISHED"),
        send(ip() / reply("syn-ack", after="syn", flags=ACK | PSH) / data(b"hello"), label="hi"),
        expect(FROM_HOST / tcp(flags=ACK, acknowledgment=seen("hi", NEXT))),
        received_tcp("c", b"hello"),
        send_tcp("c", b"hello yourself"),
        expect(
            FROM_HOST / tcp(sequence=seen("syn-ack", NEXT)) / data(b"hello yourself"), label="back"
        ),
        send(ip() / reply("back", after="hi", flags=FIN | ACK), label="fin"),
        expect(FROM_HOST / tcp(flags=ACK, acknowledgment=seen("fin", NEXT))),
        received_tcp("c", b""),
        tcp_state("c", one_of("CLOSE-WAIT", "LAST-ACK")),
        shutdown("c"),
        expect(FROM_HOST / tcp(flags=FIN | ACK), label="last"),
        send(ip() / reply("last", after="fin")),
        tcp_state("c", "CLOSED"),
        reset("c"),
        reset("l"),
    ),
    case(
        "options-of-an-accepted-connection",
        *OPENED[:2],
        send(
            ip(options=(loose_source_route(NEIGHBOUR, pointer=8), nop())) / syn(),
            label="syn",
        ),
        expect(
            ip(src=HOST, dst=NEIGHBOUR, options=(loose_source_route(TESTER, pointer=4),))
            / tcp(flags=SYN | ACK, checksum_right=True),
            label="syn-ack",
        ),
        send(ip() / reply("syn-ack", after="syn")),
        accept("c", listener="l"),
        reset("c"),
        expect(
            ip(dst=NEIGHBOUR, options=(loose_source_route(TESTER, pointer=4),))
            / tcp(flags=RST | ACK)
        ),
        reset("l"),
    ),
    case(
        "an-active-open",
        open_tcp("a"),
        connect_tcp("a", to=TESTER, port=TESTER_PORT),
        expect(FROM_HOST / tcp(dport=TESTER_PORT, flags=SYN, mss=1460), label="syn"),
        send(
            ip() / reply("syn", sport=TESTER_PORT, dport=seen("syn", "tcp.sport"), flags=RST | ACK)
        ),
        tcp_state("a", "CLOSED"),
        reset("a"),
    ),
    case(
        "an-acknowledgment-with-options-is-silent",
        *OPENED,
        send(ip(options=(router_alert(),)) / reply("syn-ack", after="syn")),
        silence(of=tcp()),
        *ENDED,
    ),
)


def run(*cases: Case, real: bool = False) -> list[CaseResult]:
    runner: LockstepRunner | RealTimeRunner
    if real:
        runner = RealTimeRunner(RealTarget(), CATALOGUE)
    else:
        runner = LockstepRunner(VirtualTarget(), CATALOGUE)
    try:
        runner.prepare(cases)
        return [runner.result(one) for one in cases]
    finally:
        runner.close()


@pytest.mark.parametrize("real", [False, True], ids=["lockstep", "realtime"])
def test_cases_speak_tcp(*, real: bool) -> None:
    for result in run(*CASES, real=real):
        assert result.verdict is Verdict.PASS, (result.case, result.findings)


def test_what_does_not_come_in_time_is_told() -> None:
    results = run(
        case("never-opened", *OPENED[:2], accept("c", listener="l")),
        case("never-said", *OPENED, received_tcp("c", b"hello", cites=CITED), *ENDED),
        case("other-state", *OPENED, tcp_state("c", "TIME-WAIT"), *ENDED),
    )
    assert [result.verdict for result in results] == [
        Verdict.INCONCLUSIVE,
        Verdict.FAIL,
        Verdict.FAIL,
    ]


def test_time_waited_for_calls_counts() -> None:
    one = case("waits", *OPENED, accept("d", listener="l", within=seconds(7)), advance(seconds(1)))
    assert longest_seconds(one, TIMERS) == 8.5
    # The times in which an answer is waited for are left out here.
    assert seconds_waited(one, TIMERS) == 8


def test_steps_in_words() -> None:
    assert step_words(tcp_state("c", "CLOSED")) == ("expecting state of 'c' to tell state CLOSED")
    assert step_words(accept("c", listener="l")) == "calling accept on 'c' with listener l"


def nothing(label: str, field: str) -> object:
    raise AssertionError(f"{label}.{field} was asked for")


def only(layer: Layer | Packet) -> Frame:
    (frame,) = Encoder(LEASE).encode(ip() / layer, 0, 1, nothing).frames
    return decode(frame)


def test_a_template_without_fields_is_a_syn_to_a_closed_port() -> None:
    fields = only(tcp()).parts["tcp"].fields
    assert fields["flags"] == SYN
    assert fields["dport"] == LEASE.ports[CLOSED_PORT]
    assert (fields["options"], fields["urgent"], fields["checksum_right"]) == (b"", 0, True)
    assert "mss" not in fields


def test_fields_go_out_as_given() -> None:
    frame = only(
        tcp(mss=700, options=b"\x03\x03\x02", urgent=5, window=9, sequence=3, flags=0x38)
        / data(b"ab")
    )
    fields = frame.parts["tcp"].fields
    assert (fields["mss"], fields["urgent"], fields["window"]) == (700, 5, 9)
    assert fields["options"] == b"\x02\x04\x02\xbc\x03\x03\x02\x00"
    assert fields["next_sequence"] == 5
    assert frame.get("data", "octets") == b"ab"
    assert frame.faults == []


@pytest.mark.parametrize(
    ("flags", "length", "taken"), [(SYN, 0, 1), (FIN | ACK, 3, 4), (SYN | FIN, 1, 3), (ACK, 0, 0)]
)
def test_the_next_sequence_number(flags: int, length: int, taken: int) -> None:
    frame = only(tcp(flags=flags, sequence=0xFFFFFFFF) / data(bytes(length)))
    assert frame.get("tcp", "next_sequence") == (0xFFFFFFFF + taken) % (1 << 32)


@given(st.binary(min_size=20, max_size=80))
def test_any_octets_have_tcp_fields(segment: bytes) -> None:
    fields, header = tcp_fields(segment)
    assert 20 <= header <= len(segment)
    assert fields["options"] == segment[20:header]


@given(
    st.integers(0, 65535),
    st.integers(0, (1 << 32) - 1),
    st.integers(0, 255),
    st.integers(0, 65535),
    st.binary(max_size=30),
)
def test_tcp_is_read_as_scapy_reads_it(
    port: int, sequence: int, flags: int, mss: int, carried: bytes
) -> None:
    header = TCP(
        sport=port, dport=port, seq=sequence, flags=flags, options=[("NOP", None), ("MSS", mss)]
    )
    frame = decode(bytes(IP(src="192.0.2.1", dst="192.0.2.2") / header / carried), bare_ip=True)
    fields = frame.parts["tcp"].fields
    assert (fields["sport"], fields["sequence"], fields["flags"]) == (port, sequence, flags)
    assert (fields["mss"], fields["checksum_right"]) == (mss, True)
    assert frame.get("data", "octets") == carried


def test_a_checksum_covers_the_end_of_a_source_route() -> None:
    route = bytes((1, 131, 7, 4, 198, 51, 100, 7))
    for area, end in (
        (route, "198.51.100.7"),
        (bytes((131, 7, 8, 198, 51, 100, 7, 0)), "192.0.2.2"),
        (bytes((131, 0, 4, 0)), "192.0.2.2"),
        (bytes((0, 131, 7, 4, 198, 51, 100, 7)), "192.0.2.2"),
    ):
        final = bytes(IP(src="192.0.2.1", dst=end) / TCP(sport=1, dport=2))
        header = bytes(IP(src="192.0.2.1", dst="192.0.2.2", proto=6, len=40 + len(area), ihl=5))
        words = 5 + len(area) // 4
        octets = bytes((0x40 | words,)) + header[1:20] + area + final[20:]
        assert decode(octets, bare_ip=True).get("tcp", "checksum_right") is True

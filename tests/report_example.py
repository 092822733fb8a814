"""A run with one case of every verdict, for the tests of the report writers."""

from __future__ import annotations

import socket
import struct

from harness import catalogue
from harness.report.model import CaseFacts, Run
from harness.trace import Event, Trace
from harness.verdict import CaseResult, Difference, Explanation, Finding, Verdict

HOST = "192.0.2.1"
TESTER = "198.51.100.1"
TARGET_MAC = bytes.fromhex("020000000001")
TESTER_MAC = bytes.fromhex("0254c0000209")
EPOCH = 1_795_000_000.123456

PASSED = "rfc1122-3.2.1.7-ttl-one-accepted"
FAILED = "rfc1122-3.2.2-no-error-for-broadcast"
FAILED_FIELDS = "rfc1122-3.2.2-quote-as-received"
DEVIATED = "rfc1122-3.2.2.6-record-route-updated"
OBSERVED = "rfc1122-3.2.2.6-echo-to-broadcast"
INCONCLUSIVE = "rfc1122-3.3.2-timeout-reported"
NOT_APPLICABLE = "rfc1812-5.3.1-ttl-decremented"
WAIVED = "rfc1122-3.2.2.6-source-route-reversed"
STALE = "rfc1122-3.2.1.2-bad-checksum-dropped"

ORDER = (
    PASSED,
    FAILED,
    FAILED_FIELDS,
    DEVIATED,
    OBSERVED,
    INCONCLUSIVE,
    NOT_APPLICABLE,
    WAIVED,
    STALE,
)

PURPOSES = {
    facts.id: facts
    for facts in (
        CaseFacts(PASSED, "a datagram is accepted with TTL 1", ("1122-3.2.1.7-b",)),
        CaseFacts(FAILED, "a broadcast datagram to a closed port is ignored", ("1122-3.2.2-h",)),
        CaseFacts(
            FAILED_FIELDS,
            "port unreachable quotes the datagram as it was received",
            ("1122-3.2.2-d", "1122-3.2.2-b", "792-du-a"),
        ),
        CaseFacts(DEVIATED, "an echo reply has an updated record route", ("1122-3.2.2.6-i",)),
        CaseFacts(OBSERVED, "an echo request comes to a broadcast address", ("1122-3.2.2.6-c",)),
        CaseFacts(INCONCLUSIVE, "a reassembly that times out is reported", ("1122-3.3.2-j",)),
        CaseFacts(NOT_APPLICABLE, "a forwarded datagram has one TTL less", ("1812-5.3.1-a",)),
        CaseFacts(WAIVED, "an echo reply goes back along the route", ("1122-3.2.2.6-j",)),
        CaseFacts(STALE, "a bad header checksum is noticed", ("1122-3.2.1.2-a",)),
    )
}


def _sum(octets: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(
    source: str,
    destination: str,
    protocol: int,
    payload: bytes,
    *,
    ttl: int = 64,
    options: bytes = b"",
) -> bytes:
    """An IPv4 packet."""
    words = 5 + len(options) // 4
    head = struct.pack(
        "!BBHHHBBH4s4s",
        0x40 | words,
        0,
        4 * words + len(payload),
        0x1234,
        0,
        ttl,
        protocol,
        0,
        socket.inet_aton(source),
        socket.inet_aton(destination),
    )
    head += options
    return head[:10] + struct.pack("!H", _sum(head)) + head[12:] + payload


def icmp(kind: int, code: int, rest: bytes, octets: bytes) -> bytes:
    """An ICMP message."""
    head = struct.pack("!BBH", kind, code, 0) + rest + octets
    return head[:2] + struct.pack("!H", _sum(head + b"\0" * (len(head) % 2))) + head[4:]


def udp(octets: bytes) -> bytes:
    """A UDP datagram without a checksum."""
    return struct.pack("!HHHH", 20000, 9, 8 + len(octets), 0) + octets


def to_target(octets: bytes) -> bytes:
    """A frame to the target."""
    return TARGET_MAC + TESTER_MAC + b"\x08\x00" + octets


def from_target(octets: bytes) -> bytes:
    """A frame from the target."""
    return TESTER_MAC + TARGET_MAC + b"\x08\x00" + octets


def _trace(*happened: tuple[int, Event, str, int | None, bytes | None]) -> Trace:
    trace = Trace(link_names=("near",), epoch=EPOCH)
    for at, event, text, step, frame in happened:
        link = None if frame is None else 0
        trace.add(at, event, text, step=step, link=link, frame=frame)
    return trace


REQUEST = icmp(8, 0, b"\0\7\0\1", b"ip4spec!")
REPLY = icmp(0, 0, b"\0\7\0\1", b"ip4spec!")
RECORD_ROUTE = bytes([7, 7, 4, 0, 0, 0, 0, 0])
SENTINEL = (
    (900, Event.TO_TARGET, "sentinel", None, to_target(packet(TESTER, HOST, 1, REQUEST))),
    (950, Event.FROM_TARGET, "sentinel", None, from_target(packet(HOST, TESTER, 1, REPLY))),
)


def _passed() -> CaseResult:
    trace = _trace(
        (0, Event.TO_TARGET, "", 1, to_target(packet(TESTER, HOST, 1, REQUEST, ttl=1))),
        (46, Event.FROM_TARGET, "", 2, from_target(packet(HOST, TESTER, 1, REPLY))),
    )
    return CaseResult(PASSED, [Finding("1122-3.2.1.7-b", Verdict.PASS)], trace=trace, seconds=0.2)


def _failed() -> CaseResult:
    stimulus = packet(TESTER, "192.0.2.255", 17, udp(b"ip4spec!"))
    answer = from_target(packet(HOST, TESTER, 1, icmp(3, 3, bytes(4), stimulus[:28])))
    why = Explanation(
        2,
        2,
        "send: UDP to 192.0.2.255:9",
        "silence for 200 ms",
        "ICMP destination unreachable, port (3/3), 56 octets",
        frame=answer,
    )
    trace = _trace(
        (0, Event.TO_TARGET, "", 1, to_target(stimulus)),
        (104, Event.FROM_TARGET, "nobody expected it", 2, answer),
        *SENTINEL,
    )
    return CaseResult(
        FAILED, [Finding("1122-3.2.2-h", Verdict.FAIL, why)], trace=trace, seconds=0.2
    )


def _failed_fields() -> CaseResult:
    stimulus = packet(TESTER, HOST, 17, udp(bytes(range(200))))
    quoted = bytearray(stimulus[:28])
    quoted[8] -= 1
    quoted[10:12] = b"\0\0"
    answer = from_target(packet(HOST, TESTER, 1, icmp(3, 3, bytes(4), bytes(quoted) + bytes(172))))
    differences = (
        Difference("quote.ttl", "64", "63", (50, 51)),
        Difference("quote.checksum", "0x" + stimulus[10:12].hex(), "0x0000", (52, 54)),
    )
    why = Explanation(
        2,
        2,
        "send: UDP to 192.0.2.1:9 (CLOSED_PORT)",
        "ICMP destination unreachable, port (3/3) (quote the IP header as it was)",
        "ICMP destination unreachable, port (3/3), with another quote",
        differences,
        answer,
    )
    trace = _trace(
        (0, Event.NOTE, "UDP port 9 is closed", None, None),
        (0, Event.CALL, "open_udp 'other' port 20001", 1, None),
        (10, Event.TO_TARGET, "", 1, to_target(stimulus)),
        (120, Event.FROM_TARGET, "", 2, answer),
    )
    findings = [
        Finding("1122-3.2.2-b", Verdict.PASS),
        Finding("1122-3.2.2-d", Verdict.FAIL, why),
        Finding("792-du-a", Verdict.PASS),
    ]
    return CaseResult(FAILED_FIELDS, findings, trace=trace, seconds=0.2, attempts=2)


def _deviated() -> CaseResult:
    sent = to_target(packet(TESTER, HOST, 1, REQUEST, options=RECORD_ROUTE))
    answer = from_target(packet(HOST, TESTER, 1, REPLY, options=RECORD_ROUTE))
    why = Explanation(
        2,
        2,
        "send: ICMP echo request with record route",
        "an echo reply with 192.0.2.1 in the record route",
        "an echo reply with an empty record route",
        (Difference("ip.options", "record route pointer 8", "record route pointer 4", (34, 41)),),
        answer,
    )
    trace = _trace(
        (0, Event.TO_TARGET, "", 1, sent), (60, Event.FROM_TARGET, "", 2, answer), *SENTINEL
    )
    findings = [Finding("1122-3.2.2.6-i", Verdict.DEVIATION, why)]
    return CaseResult(DEVIATED, findings, trace=trace, seconds=0.2)


def _observed() -> CaseResult:
    trace = _trace(
        (0, Event.TO_TARGET, "", 1, to_target(packet(TESTER, "192.0.2.255", 1, REQUEST))),
        *SENTINEL,
    )
    findings = [Finding("1122-3.2.2.6-c", Verdict.OBSERVED, way="ignores it")]
    return CaseResult(OBSERVED, findings, trace=trace, seconds=0.2)


def _inconclusive() -> CaseResult:
    first = bytearray(packet(TESTER, HOST, 17, udp(b"ip4spec!")))
    first[6] = 0x20
    trace = _trace(
        (0, Event.TO_TARGET, "", 1, to_target(bytes(first))),
        (60_000_000, Event.NOTE, "60 s have passed", 2, None),
        (62_000_000, *SENTINEL[0][1:]),
    )
    findings = [
        Finding("1122-3.3.2-j", Verdict.INCONCLUSIVE, reason="the sentinel was not answered")
    ]
    return CaseResult(INCONCLUSIVE, findings, trace=trace, seconds=63.0, attempts=2)


def _waived() -> CaseResult:
    why = Explanation(
        2,
        2,
        "send: ICMP echo request with a completed source route",
        "an echo reply with the route reversed",
        "nothing until the sentinel was answered",
    )
    trace = _trace((0, Event.TO_TARGET, "", 1, SENTINEL[0][4]), *SENTINEL)
    reason = "source routes are refused on purpose"
    return CaseResult(
        WAIVED,
        [Finding("1122-3.2.2.6-j", Verdict.WAIVED, why, reason=reason)],
        trace=trace,
        seconds=0.2,
    )


def _stale() -> CaseResult:
    findings = [
        Finding("1122-3.2.1.2-a", Verdict.PASS),
        Finding("1122-3.2.1.2-a", Verdict.STALE, reason="it passes now; waived as: offload"),
    ]
    return CaseResult(STALE, findings, trace=_trace(*SENTINEL), seconds=0.2)


def example() -> Run:
    """The run; made anew each time."""
    results = {
        PASSED: _passed(),
        FAILED: _failed(),
        FAILED_FIELDS: _failed_fields(),
        DEVIATED: _deviated(),
        OBSERVED: _observed(),
        INCONCLUSIVE: _inconclusive(),
        NOT_APPLICABLE: CaseResult(NOT_APPLICABLE, missing="topology router"),
        WAIVED: _waived(),
        STALE: _stale(),
    }
    return Run(
        target="sample",
        configuration={
            "kind": "external",
            "description": "a stack that does a little of everything",
            "links": [{"name": "near", "target": "192.0.2.1/24", "mtu": 1500}],
            "timers": {"settle": 0.2, "reassembly": 60},
            "settings": ["mtu", "default_ttl"],
        },
        catalogue=catalogue.load(),
        purposes=dict(PURPOSES),
        results=[results[name] for name in ORDER],
        started=EPOCH,
        seconds=63.25,
    )

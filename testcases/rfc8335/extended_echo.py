"""RFC 8335 §4: Extended Echo is dropped unless it was enabled."""

from __future__ import annotations

from harness.case import Case, counters, echo_reply, echo_request, expect, icmp, ip, send, silence

ANSWERED = (send(ip() / echo_request()), expect(ip() / echo_reply()))
# RFC 8335 §2: identifier, sequence, the L bit; then an interface identification object by
# address (class 3, C-type 3) or by index (C-type 2).
BY_ADDRESS = bytes.fromhex("200016ee 000c0303 00010400c0000201")
BY_INDEX = bytes.fromhex("2000dcf4 00080302 00000001")

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc8335-4-extended-echo-{name}-silent",
            cites="8335-4-a",
            title=f"an Extended Echo Request {words} stays unanswered",
            control=ANSWERED,
            steps=(send(ip() / icmp(42, rest=b"\x7f\xff\x01\x01", data=octets)), silence()),
            counters=counters(
                ipSystemStatsInReceives=1,
                ipSystemStatsInDelivers=1,
                icmpStatsInMsgs=1,
                icmpMsgStatsInPkts_42=1,
            ),
        )
        for name, words, octets in (
            ("by-index", "about an interface by its index", BY_INDEX),
            ("by-address", "about an interface by its address", BY_ADDRESS),
            ("without-object", "about no interface", b""),
        )
    ),
)

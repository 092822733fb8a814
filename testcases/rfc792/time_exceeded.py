"""RFC 792, Time Exceeded, as a destination host sends it."""

from __future__ import annotations

from harness.case import (
    HOST,
    QUOTED,
    REASSEMBLY,
    TESTER,
    Case,
    counters,
    echo_request,
    error_sent,
    expect,
    fragments,
    ip,
    merged,
    pattern,
    seconds,
    send,
    time_exceeded,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc792-time-exceeded-in-reassembly-form",
        cites="792-te-a",
        title="a host that gives up reassembly sends code 1, with what came of the first fragment",
        steps=(
            send(fragments(ip() / echo_request(data=pattern(48)), (0, 32), (32, None), order=(0,))),
            expect(
                ip(src=HOST, dst=TESTER) / time_exceeded(1, unused=bytes(3), quote=QUOTED),
                within=REASSEMBLY + seconds(1),
            ),
        ),
        counters=merged(
            counters(
                ipSystemStatsInReceives=1, ipSystemStatsReasmReqds=1, ipSystemStatsReasmFails=1
            ),
            error_sent(11),
        ),
    ),
)

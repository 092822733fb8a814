"""RFC 815 §3: reassembly with a list of holes takes any order, duplicates, and overlaps.

The overlapping octets are the same here, as when a datagram was sent twice by ways that cut it
differently (RFC 1122 §3.3.2). RFC 6864 §4.2 leaves the need to support that as it was.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    TESTER,
    Case,
    counters,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    fragments,
    ip,
    merged,
    pattern,
    send,
)

ECHO = ip() / echo_request(data=pattern(120))

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc815-3-{what}",
        cites="815-3-a",
        title=f"{title}: the echo request is answered, once",
        steps=(
            send(fragments(ECHO, *cuts)),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(120))),
        ),
        counters=merged(
            echo_served(),
            counters(
                ipSystemStatsInReceives=len(cuts) - 1,
                ipSystemStatsReasmReqds=len(cuts),
                ipSystemStatsReasmOKs=1,
            ),
        ),
    )
    for what, title, cuts in (
        (
            "holes-filled-in-any-order",
            "five fragments that open, split and close holes",
            ((48, 72), (96, None), (0, 24), (72, 96), (24, 48)),
        ),
        (
            "equal-octets-overlap-the-end",
            "fragments that begin with what the one before ended with",
            ((0, 40), (24, 72), (64, None)),
        ),
        (
            "equal-octets-overlap-the-start",
            "fragments that end with what the one before began with",
            ((64, None), (24, 72), (0, 40)),
        ),
        (
            "equal-octets-inside",
            "a fragment with nothing but what is there already",
            ((0, 72), (24, 48), (72, None)),
        ),
        (
            "equal-octets-around",
            "a fragment around one that is there already",
            ((24, 48), (0, 72), (72, None)),
        ),
        (
            "equal-octets-across-two",
            "a fragment that reaches into both of its neighbours",
            ((0, 40), (72, None), (32, 80)),
        ),
    )
)

"""RFC 2474 §3: code points in transit, known or not, keep their value."""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    TESTER,
    Case,
    Topology,
    echo_request,
    expect,
    ip,
    send,
)

POOLS = (
    ("pool-1", "standard actions (xxxxx0)", tuple(range(0, 64, 2))),
    ("pool-2", "experimental or local use (xxxx11)", tuple(range(3, 64, 4))),
    ("pool-3", "further ones (xxxx01)", tuple(range(1, 64, 4))),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc2474-3-{name}-forwarded-unchanged",
            cites="2474-3-c",
            title=f"datagrams with each code point for {words} are forwarded, the value kept",
            topology=Topology.ROUTER,
            steps=(
                send(*(ip(dst=FAR_TESTER, tos=point << 2) / echo_request() for point in points)),
                *(
                    expect(ip(src=TESTER, dst=FAR_TESTER, tos=point << 2) / echo_request(), on=FAR)
                    for point in points
                ),
            ),
        )
        for name, words, points in POOLS
    ),
)

"""RFC 1122 §3.2.1.1: a datagram whose version is not 4 is silently discarded."""

from __future__ import annotations

from harness.case import (
    HOST,
    TESTER,
    Case,
    counters,
    echo_reply,
    echo_request,
    expect,
    ip,
    send,
    silence,
    udp,
    unreachable,
)

BAD_HEADER = counters(ipSystemStatsInReceives=1, ipSystemStatsInHdrErrors=1)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.1.1-version-{version}-echo",
            cites="1122-3.2.1.1-a",
            title=f"an echo request in a datagram of version {version} is dropped in silence",
            control=(send(ip() / echo_request()), expect(ip(src=HOST, dst=TESTER) / echo_reply())),
            steps=(send(ip(version=version) / echo_request()), silence()),
            counters=BAD_HEADER,
        )
        for version in (0, 1, 2, 3, 5, 6, 7, 8, 15)
    ),
    *(
        Case(
            f"rfc1122-3.2.1.1-version-{version}-udp",
            cites="1122-3.2.1.1-a",
            title=f"UDP to a closed port in a datagram of version {version} causes no error",
            control=(send(ip() / udp()), expect(ip(src=HOST, dst=TESTER) / unreachable(3))),
            steps=(send(ip(version=version) / udp()), silence()),
            counters=BAD_HEADER,
        )
        for version in (3, 5, 6)
    ),
)

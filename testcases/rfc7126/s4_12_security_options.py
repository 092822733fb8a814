"""RFC 7126 §4.12 and §4.13: security options in transit are not altered, nor dropped for."""

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

from testcases.options import BASIC, EXTENDED

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc7126-4.12-{name}-security-unchanged",
        cites="7126-4.12-a",
        title=f"a datagram with {words} passes with its options unchanged",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, options=options) / echo_request()),
            expect(ip(src=TESTER, dst=FAR_TESTER, options=options) / echo_request(), on=FAR),
        ),
    )
    for name, words, options in (
        ("basic", "a basic security option", (BASIC,)),
        ("extended", "basic and extended security options", (BASIC, EXTENDED)),
    )
)

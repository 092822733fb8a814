"""RFC 7126 §4.12 and §4.13: security options in transit are not altered, nor dropped for."""

from __future__ import annotations

from harness.case import (
    EXTENDED_SECURITY,
    FAR,
    FAR_TESTER,
    SECURITY,
    TESTER,
    Case,
    Topology,
    echo_request,
    expect,
    ip,
    option,
    send,
)

BASIC = option(SECURITY, b"\xab\x00")
"""Unclassified, no protection authority (RFC 1108 §2.3, §2.4)."""
EXTENDED = option(EXTENDED_SECURITY, b"\x01\x00")

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

"""RFC 1624 §3: a checksum updated for a lower TTL is right where it crosses its ends.

Each case chooses the Identification so that the checksum comes in with a value whose update wraps
round. 0xFFFF is never right, for no header sums up to zero; the faulty formula of RFC 1141 gives
it where 0x0000 belongs.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    TESTER,
    Case,
    Topology,
    balancing,
    echo_request,
    expect,
    ip,
    not_,
    send,
)

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc1624-3-checksum-{checksum:04x}-updated",
        cites=("1624-3-a", "791-3.1.cksum-c"),
        title=f"a header that comes with checksum {checksum:#06x} goes on with a right one",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, identification=balancing(checksum)) / echo_request()),
            expect(
                ip(src=TESTER, dst=FAR_TESTER, checksum=not_(0xFFFF)) / echo_request(),
                on=FAR,
            ),
        ),
    )
    for checksum in (0xFEFE, 0xFEFF, 0xFF00, 0xFFFE, 0x0000, 0x00FF)
)

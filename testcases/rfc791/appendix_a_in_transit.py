"""RFC 791 Appendix A: the worked examples, sent through a router.

The examples show one cut that is allowed, not the only one, so what a router makes of example 2 is
observed.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    TESTER,
    Case,
    Topology,
    classify,
    data,
    expect,
    ip,
    mtu,
    nop,
    option,
    pattern,
    send,
    way,
)

EXAMPLE_1 = ip(dst=FAR_TESTER, identification=111, ttl=123, protocol=1) / data(b"\x00")
EXAMPLE_2 = ip(dst=FAR_TESTER, identification=111, ttl=123, protocol=6) / data(pattern(452))
FIRST = ip(dst=FAR_TESTER, identification=111, protocol=6, mf=1, offset=0, total_length=276)
ANY_FIRST = ip(dst=FAR_TESTER, identification=111, protocol=6, mf=1, offset=0)
SECOND = ip(dst=FAR_TESTER, identification=111, protocol=6, mf=0, offset=256, total_length=216)
X, Y = 0x1A, 0x5A
"""Types that nobody has assigned; the figure calls them x and y."""
EXAMPLE_3_OPTIONS = (
    option(X, b"\x01"),
    option(X, b"\x02\x03"),
    nop(),
    option(Y, b"\x04"),
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc791-a-example-1-forwarded",
        cites="791-A-a",
        title="the smallest datagram that carries data, 21 octets, is forwarded as it is",
        topology=Topology.ROUTER,
        steps=(
            send(EXAMPLE_1),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    ihl=5,
                    total_length=21,
                    identification=111,
                    protocol=1,
                    mf=0,
                    offset=0,
                )
                / data(b"\x00"),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc791-a-example-2-cut",
        cites="791-A-a",
        title="472 octets over an MTU of 280: how the datagram is cut",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR),),
        steps=(
            send(EXAMPLE_2),
            classify(
                "the first piece",
                way("276 octets, as in the example", FIRST),
                way("of another length", ANY_FIRST),
                on=FAR,
            ),
            classify(
                "the second piece",
                way("216 octets at 256, as in the example", SECOND),
                way("another cut", None),
                on=FAR,
            ),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-a-example-3-forwarded",
        cites="791-A-a",
        title="a datagram of 576 octets with options of unknown types is forwarded with them",
        topology=Topology.ROUTER,
        steps=(
            send(
                ip(
                    dst=FAR_TESTER,
                    identification=111,
                    ttl=123,
                    protocol=6,
                    options=EXAMPLE_3_OPTIONS,
                )
                / data(pattern(544))
            ),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    ihl=8,
                    total_length=576,
                    identification=111,
                    protocol=6,
                    options=EXAMPLE_3_OPTIONS,
                ),
                on=FAR,
            ),
        ),
    ),
)

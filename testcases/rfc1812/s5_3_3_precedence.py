"""RFC 1812 §5.3.3.3, RFC 2474 §3, RFC 3168: the second octet of the header on the way."""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    TESTER,
    Case,
    Topology,
    at_least,
    data,
    echo_request,
    expect,
    ip,
    mtu,
    pattern,
    send,
)

ECN = (("not-ect", 0), ("ect-1", 1), ("ect-0", 2), ("ce", 3))

CASES: tuple[Case, ...] = (
    Case(
        "rfc1812-5.3.3.3-every-precedence-forwarded",
        cites="1812-5.3.3.3-a",
        title="datagrams of all eight levels of precedence are forwarded",
        topology=Topology.ROUTER,
        steps=(
            send(*(ip(dst=FAR_TESTER, tos=level << 5) / echo_request() for level in range(8))),
            expect(
                ip(src=TESTER, dst=FAR_TESTER) / echo_request(),
                on=FAR,
                times=8,
                distinct="icmp.sequence",
            ),
        ),
    ),
    *(
        Case(
            f"rfc1812-5.3.3.3-ecn-{name}-copied-to-fragments",
            cites="791-3.2.frag-g",
            title=f"each piece of a datagram has its ECN bits ({bits:02b}), and its code point",
            topology=Topology.ROUTER,
            given=(mtu(576, on=FAR),),
            steps=(
                send(ip(dst=FAR_TESTER, tos=0x28 | bits) / data(pattern(1000))),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, offset=0, mf=1, tos=0x28 | bits),
                    on=FAR,
                ),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, offset=at_least(8), mf=0, tos=0x28 | bits),
                    on=FAR,
                ),
            ),
            rest_is_free=True,
        )
        for name, bits in ECN
    ),
)

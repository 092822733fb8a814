"""RFC 791 §3.1, Header Checksum: recomputed wherever a header field changes on the way.

That the checksum is right in what comes out is held against every forwarded datagram; these
cases make every kind of change happen.
"""

from __future__ import annotations

from harness.case import (
    BAD,
    FAR,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    HOST,
    RECORD_ROUTE,
    TESTER,
    TIMESTAMP,
    Case,
    Option,
    Topology,
    data,
    echo_request,
    expect,
    expect_train,
    fragments,
    ip,
    loose_source_route,
    mtu,
    option,
    pattern,
    record_route,
    send,
    source_routing,
    timestamp,
    udp,
)

ROUTE = ip(dst=FAR_TESTER, options=(record_route(slots=9),)) / echo_request()
STAMPS = ip(dst=FAR_TESTER, options=(timestamp(1, slots=4),)) / echo_request()
OUT = ip(src=TESTER, dst=FAR_TESTER)

CASES: tuple[Case, ...] = (
    Case(
        "rfc791-3.1-checksum-recomputed-for-ttl",
        cites="791-3.1.cksum-c",
        title="a datagram whose TTL was lowered goes on with a checksum that is right",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER) / echo_request()),
            expect(OUT / echo_request(), on=FAR),
        ),
    ),
    *(
        Case(
            f"rfc791-3.2-checksum-is-not-of-the-data-{name}",
            cites="791-3.2.cksum-a",
            title=f"{words} on the way is not the router's business: it is forwarded",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER) / carried),
                expect(ip(src=TESTER, dst=FAR_TESTER) / expected, on=FAR),
            ),
        )
        for name, words, carried, expected in (
            ("icmp", "a wrong ICMP checksum", echo_request(checksum=BAD), echo_request()),
            ("udp", "a wrong UDP checksum", udp(checksum=BAD) / data(b"spoilt"), udp()),
        )
    ),
    *(
        Case(
            f"rfc791-3.1-checksum-recomputed-for-{name}",
            cites="791-3.1.cksum-c",
            title=f"a datagram whose {name} option was written into has a checksum that is right",
            topology=Topology.ROUTER,
            provided=(
                send(stimulus),
                expect(ip(src=TESTER, dst=FAR_TESTER, options=(written,)), on=FAR),
            ),
            steps=(send(stimulus), expect(OUT / echo_request(), on=FAR)),
        )
        for name, stimulus, written in (
            ("record-route", ROUTE, Option(RECORD_ROUTE, pointer=8)),
            ("timestamp", STAMPS, Option(TIMESTAMP, pointer=13)),
        )
    ),
    Case(
        "rfc791-3.1-checksum-recomputed-for-source-route",
        cites="791-3.1.cksum-c",
        title="a datagram whose destination a source route replaced has a checksum that is right",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(FAR_NEIGHBOUR),)) / echo_request()),
            expect(ip(src=TESTER, dst=FAR_NEIGHBOUR) / echo_request(), on=FAR),
        ),
    ),
    Case(
        "rfc791-3.1-checksum-recomputed-for-fragments",
        cites="791-3.1.cksum-c",
        title="each piece of a datagram cut on the way has a header checksum that is right",
        topology=Topology.ROUTER,
        given=(mtu(576, on=FAR),),
        steps=(
            send(
                ip(dst=FAR_TESTER, options=(option(0x9A, b"kept"), option(0x1A, b"once")))
                / echo_request(data=pattern(1400))
            ),
            expect_train(OUT / echo_request(data=pattern(1400)), on=FAR),
        ),
    ),
    Case(
        "rfc791-3.1-checksum-of-a-fragment-passed-on",
        cites="791-3.1.cksum-c",
        title="fragments that fit are passed on with checksums that are right",
        topology=Topology.ROUTER,
        steps=(
            send(fragments(ip(dst=FAR_TESTER) / data(pattern(96)), (0, 32), (32, 64), (64, None))),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=0, mf=1), on=FAR),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=32, mf=1), on=FAR),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=64, mf=0), on=FAR),
        ),
    ),
)

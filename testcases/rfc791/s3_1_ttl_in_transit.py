"""RFC 791 §3.1 and §3.2, Time to Live: what a module does to it on the way."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    at_most,
    between,
    counters,
    data,
    echo_request,
    expect,
    ip,
    send,
    silence,
    udp,
)

FORWARDED = counters(
    ipSystemStatsInReceives=1,
    ipSystemStatsInForwDatagrams=1,
    ipSystemStatsOutForwDatagrams=1,
    ipSystemStatsOutTransmits=1,
)

CARRIED = (
    ("echo", echo_request()),
    ("udp", udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"in transit")),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc791-3.1-ttl-{ttl}-lowered",
            cites="791-3.1.ttl-b",
            title=f"a datagram that comes with TTL {ttl} goes on with less",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, ttl=ttl) / echo_request()),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, ttl=between(1, ttl - 1)) / echo_request(),
                    on=FAR,
                ),
            ),
            counters=FORWARDED,
        )
        for ttl in (255, 128, 64, 3)
    ),
    *(
        Case(
            f"rfc791-3.1-ttl-{ttl}-destroyed-{name}",
            cites="791-3.1.ttl-a",
            title=f"a datagram to be forwarded whose TTL is {ttl} goes no further ({name})",
            topology=Topology.ROUTER,
            control=(
                send(ip(dst=FAR_TESTER) / carried),
                expect(ip(src=TESTER, dst=FAR_TESTER), on=FAR),
            ),
            steps=(
                send(ip(dst=FAR_TESTER, ttl=ttl) / carried),
                silence(of=ip(dst=FAR_TESTER), on=FAR),
            ),
            rest_is_free=True,
        )
        for ttl in (0, 1)
        for name, carried in CARRIED
    ),
    Case(
        "rfc791-3.2-ttl-never-raised",
        cites="791-3.2.ttl-a",
        title="datagrams on the way never go on with a higher TTL, fragments included",
        topology=Topology.ROUTER,
        steps=(
            send(
                ip(dst=FAR_TESTER, ttl=40) / echo_request(sequence=1),
                ip(dst=FAR_TESTER, ttl=40, mf=1) / echo_request(sequence=2, data=bytes(16)),
            ),
            expect(
                ip(dst=FAR_TESTER, ttl=at_most(40)) / echo_request(sequence=1),
                on=FAR,
            ),
            expect(
                ip(dst=FAR_TESTER, ttl=at_most(40), mf=1, offset=0) / echo_request(sequence=2),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc791-3.1-ttl-expiry-of-a-fragment",
        cites="791-3.1.ttl-a",
        title="a fragment to be forwarded whose TTL is 1 goes no further, whatever its offset",
        topology=Topology.ROUTER,
        control=(
            send(ip(dst=FAR_TESTER, offset=64) / data(bytes(32))),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=64), on=FAR),
        ),
        steps=(
            send(
                ip(dst=FAR_TESTER, ttl=1, mf=1) / data(bytes(64)),
                ip(dst=FAR_TESTER, ttl=1, offset=64) / data(bytes(32)),
            ),
            silence(of=ip(dst=FAR_TESTER, offset=at_most(0xFFFF)), on=FAR),
        ),
        rest_is_free=True,
    ),
)

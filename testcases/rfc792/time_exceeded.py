"""RFC 792, Time Exceeded, as a host sends it; what a gateway sends is RFC 1812's."""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    HOST,
    QUOTED,
    REASSEMBLY,
    TESTER,
    Case,
    Topology,
    counters,
    echo_request,
    error_sent,
    expect,
    fragments,
    ip,
    merged,
    pattern,
    seconds,
    send,
    silence,
    time_exceeded,
    udp,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc792-time-exceeded-in-reassembly-form",
        cites="792-te-a",
        title="a host that gives up reassembly sends code 1, with what came of the first fragment",
        steps=(
            send(fragments(ip() / echo_request(data=pattern(48)), (0, 32), (32, None), order=(0,))),
            expect(
                ip(src=HOST, dst=TESTER) / time_exceeded(1, unused=bytes(3), quote=QUOTED),
                within=REASSEMBLY + seconds(1),
            ),
        ),
        counters=merged(
            counters(
                ipSystemStatsInReceives=1, ipSystemStatsReasmReqds=1, ipSystemStatsReasmFails=1
            ),
            error_sent(11),
        ),
    ),
    Case(
        "rfc792-time-exceeded-in-transit",
        cites="792-te-b",
        title="a router that gets a datagram with its last hop used up does not forward it",
        topology=Topology.ROUTER,
        control=(
            send(ip(ttl=2, dst=FAR_TESTER) / udp()),
            expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR),
        ),
        steps=(
            send(ip(ttl=1, dst=FAR_TESTER) / udp()),
            silence(of=ip(dst=FAR_TESTER) / udp(), on=FAR),
        ),
        # Whether the source is told is RFC 1812's to say.
        rest_is_free=True,
    ),
)

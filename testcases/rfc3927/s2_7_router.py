"""RFC 3927 §2.7: datagrams from or to 169.254/16 are not forwarded, whatever their TTL."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_HOST_MAC,
    FAR_TESTER,
    TESTER,
    TESTER_PORT,
    UNROUTED,
    Case,
    Topology,
    data,
    default_route,
    ether,
    expect,
    ip,
    send,
    silence,
    udp,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"on this link only")

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc3927-2.7-source-not-forwarded-ttl-{ttl}",
            cites="3927-2.7-a",
            title=f"a datagram from 169.254.7.9 with TTL {ttl} is not forwarded",
            topology=Topology.ROUTER,
            control=(
                send(ip(dst=FAR_TESTER, ttl=ttl) / UDP),
                expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR),
            ),
            steps=(
                send(ip(src="169.254.7.9", dst=FAR_TESTER, ttl=ttl) / UDP),
                silence(of=ip(dst=FAR_TESTER), on=FAR),
            ),
            rest_is_free=True,
        )
        for ttl in (64, 255)
    ),
    Case(
        "rfc3927-2.7-destination-not-forwarded",
        cites="3927-2.7-a",
        title="a datagram to 169.254.7.9 is not forwarded along the default route",
        topology=Topology.ROUTER,
        given=(default_route(),),
        control=(
            send(ip(dst=UNROUTED) / UDP, on=FAR),
            expect(ip(src=FAR_TESTER, dst=UNROUTED) / udp(), on=0),
        ),
        steps=(
            send(ether(dst=FAR_HOST_MAC) / ip(dst="169.254.7.9") / UDP, on=FAR),
            silence(of=ip(dst="169.254.7.9"), on=0),
        ),
        rest_is_free=True,
    ),
)

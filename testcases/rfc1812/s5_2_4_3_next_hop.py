"""RFC 1812 §5.2.4.3, §4.2.3.4: the route whose prefix is longest decides, whatever its length."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_GATEWAY,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    GATEWAY,
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
    mac,
    send,
    udp,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"the longest one")

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-5.2.4.3-{name}-before-the-default-route",
            cites=("1812-5.2.4.3-b", "1812-4.2.3.4-a"),
            title=f"{words} goes there, though a default route matches too",
            topology=Topology.ROUTER,
            given=(default_route(),),
            steps=(
                send(ip(dst=destination) / UDP),
                expect(
                    ether(dst=mac(hop)) / ip(src=TESTER, dst=destination) / udp(),
                    on=FAR,
                ),
            ),
        )
        for name, words, destination, hop in (
            ("network", "a datagram to a network with a route", FAR_TESTER, FAR_GATEWAY),
            ("link", "a datagram to a connected link", FAR_NEIGHBOUR, FAR_NEIGHBOUR),
        )
    ),
    Case(
        "rfc1812-5.2.4.3-default-route-when-nothing-else",
        cites="1812-5.2.4.3-b",
        title="a datagram that no other route matches goes along the default route",
        topology=Topology.ROUTER,
        given=(default_route(),),
        steps=(
            send(ip(dst=UNROUTED) / UDP, on=FAR),
            expect(ether(dst=mac(GATEWAY)) / ip(src=FAR_TESTER, dst=UNROUTED) / udp(), on=0),
        ),
    ),
)

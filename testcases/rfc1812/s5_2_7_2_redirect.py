"""RFC 1812 §5.2.7.2 and RFC 792, Redirect: when a router sends one, and when it must not."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    GATEWAY,
    HOST,
    NEIGHBOUR,
    NEIGHBOUR_2,
    TESTER,
    TESTER_2,
    TESTER_PORT,
    Case,
    Topology,
    classify,
    counters,
    data,
    echo_request,
    error_sent,
    ether,
    expect,
    ip,
    loose_source_route,
    mac,
    merged,
    one_of,
    pattern,
    quote_of,
    redirect,
    send,
    silence,
    source_routing,
    udp,
    unreachable,
    way,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"turn back")
HAIRPIN = ip(src=NEIGHBOUR, dst=TESTER) / UDP
"""From a host of the near link to a network that is reached by another router there."""
ON_ITS_WAY = expect(ether(dst=mac(GATEWAY)) / ip(src=NEIGHBOUR, dst=TESTER) / udp(), on=0)
BETTER = redirect(gateway=GATEWAY)
CONTROL = (
    send(ip(src=NEIGHBOUR_2, dst=TESTER) / UDP),
    expect(ether(dst=mac(GATEWAY)) / ip(src=NEIGHBOUR_2, dst=TESTER) / udp(), on=0),
    expect(ip(src=HOST, dst=NEIGHBOUR_2) / BETTER),
)
"""From another host, so that no limit on redirects to one host hides a second one."""
AS_ARRIVED = quote_of(may_change=("ttl", "checksum"))
ABOUT = ip(src=TESTER, dst=NEIGHBOUR) / udp() / data(b"quoted")

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-5.2.7.2-redirect-sent-{name}",
            cites="792-rd-a",
            title=f"{name} that turns back on its link is answered with a redirect to the gateway",
            topology=Topology.ROUTER,
            steps=(
                send(ip(src=NEIGHBOUR, dst=TESTER) / carried),
                expect(ip(src=HOST, dst=NEIGHBOUR) / redirect(gateway=GATEWAY, quote=AS_ARRIVED)),
                expect(ip(src=NEIGHBOUR, dst=TESTER), cites="792-rd-b"),
            ),
            counters=merged(
                counters(
                    ipSystemStatsInReceives=1,
                    ipSystemStatsInForwDatagrams=1,
                    ipSystemStatsOutForwDatagrams=1,
                    ipSystemStatsOutTransmits=1,
                ),
                error_sent(5),
            ),
        )
        for name, carried in (("udp", UDP), ("echo", echo_request()))
    ),
    Case(
        "rfc1812-5.2.7.2-datagram-forwarded-all-the-same",
        cites="792-rd-b",
        title="a datagram that turns back on its link goes on to the gateway, redirect or not",
        topology=Topology.ROUTER,
        steps=(send(HAIRPIN), ON_ITS_WAY),
        rest_is_free=True,
    ),
    Case(
        "rfc1812-5.2.7.2-redirect-to-the-destination-itself",
        cites="792-rd-a",
        title="whether a source is told that its destination is on its own link",
        topology=Topology.ROUTER,
        steps=(
            send(ip(src=NEIGHBOUR, dst=NEIGHBOUR_2) / UDP),
            expect(ip(src=NEIGHBOUR, dst=NEIGHBOUR_2) / udp(), on=0, cites="792-rd-b"),
            classify(
                "a redirect to the destination itself, which is no gateway",
                way("sent", ip(src=HOST, dst=NEIGHBOUR) / redirect(gateway=NEIGHBOUR_2)),
                way("not sent", None),
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.7.2-host-redirect-sent",
        cites="1812-5.2.7.2-a",
        title="a router can redirect a single host's traffic: code 1, or 3 for one type of service",
        topology=Topology.ROUTER,
        steps=(
            send(HAIRPIN),
            expect(ip(src=HOST, dst=NEIGHBOUR) / redirect(one_of(1, 3))),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1812-5.2.7.2-no-network-redirect",
        cites="1812-5.2.7.2-a",
        title="a redirect is for a host, never for a network",
        topology=Topology.ROUTER,
        control=CONTROL,
        steps=(send(HAIRPIN), silence(of=redirect(one_of(0, 2)))),
        rest_is_free=True,
    ),
    Case(
        "rfc1812-5.2.7.2-redirect-from-the-same-subnet",
        cites="1812-5.2.7.2-c",
        title="a redirect comes from the router's address on the subnet of the host it is for",
        topology=Topology.ROUTER,
        steps=(
            send(HAIRPIN),
            expect(ip(src=HOST, dst=NEIGHBOUR) / redirect()),
            ON_ITS_WAY,
        ),
    ),
    Case(
        "rfc1812-5.2.7.2-no-redirect-across-interfaces",
        cites="1812-5.2.7.2-b",
        title="a datagram that leaves by another interface brings no redirect",
        topology=Topology.ROUTER,
        control=CONTROL,
        steps=(
            send(ip(src=NEIGHBOUR, dst=FAR_TESTER) / UDP),
            expect(ip(src=NEIGHBOUR, dst=FAR_TESTER) / udp(), on=FAR, cites="792-rd-b"),
            silence(of=redirect()),
        ),
    ),
    Case(
        "rfc1812-5.2.7.2-no-redirect-to-a-distant-source",
        cites="1812-5.2.7.2-b",
        title="a source that is not on the next hop's subnet is sent no redirect",
        topology=Topology.ROUTER,
        control=CONTROL,
        steps=(
            send(ip(src=TESTER_2, dst=TESTER) / UDP),
            expect(ip(src=TESTER_2, dst=TESTER) / udp(), on=0, cites="792-rd-b"),
            silence(of=redirect()),
        ),
    ),
    Case(
        "rfc1812-5.2.7.2-no-redirect-on-a-source-route",
        cites=("1812-5.2.7.2-b", "792-rd-c"),
        title="a datagram that turns back because its source route says so brings no redirect",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        control=CONTROL,
        steps=(
            send(ip(src=NEIGHBOUR, dst=HOST, options=(loose_source_route(TESTER),)) / UDP),
            expect(ip(src=NEIGHBOUR, dst=TESTER) / udp(), on=0),
            silence(of=redirect()),
        ),
    ),
    Case(
        "rfc1812-5.2.7.2-no-redirect-about-an-error",
        cites="1812-4.3.2.7-a",
        title="an ICMP error that turns back on its link brings no redirect",
        topology=Topology.ROUTER,
        control=CONTROL,
        steps=(
            send(ip(src=NEIGHBOUR, dst=TESTER) / unreachable(3, quote=ABOUT)),
            expect(ip(src=NEIGHBOUR, dst=TESTER) / unreachable(3), on=0, cites="792-rd-b"),
            silence(of=redirect()),
        ),
    ),
    Case(
        "rfc1812-5.2.7.2-no-redirect-about-a-later-fragment",
        cites="1812-4.3.2.7-f",
        title="a later fragment that turns back on its link brings no redirect",
        topology=Topology.ROUTER,
        control=CONTROL,
        steps=(
            send(ip(src=NEIGHBOUR, dst=TESTER, offset=64) / data(pattern(32))),
            expect(ip(src=NEIGHBOUR, dst=TESTER, offset=64), on=0, cites="792-rd-b"),
            silence(of=redirect()),
        ),
    ),
)

"""RFC 1812 §5.2.2 to §5.2.4, §4.2.2.1 (c), §4.3.2.6: source routes through a router and to it.

The router is set to follow them, against the advice of RFC 7126 §4.3 and §4.4.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_HOST,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    FAR_TESTER_2,
    HOST,
    NEIGHBOUR,
    NEIGHBOUR_2,
    TESTER,
    UNROUTED,
    Case,
    Topology,
    at_least,
    data,
    echo_reply,
    echo_request,
    expect,
    ip,
    loose_source_route,
    mtu,
    nop,
    one_of,
    parameter_problem,
    pattern,
    quote_of,
    send,
    silence,
    source_routing,
    strict_source_route,
    time_exceeded,
    udp,
    unreachable,
)

FOLLOWED = (source_routing("forward"),)
CARRIED = udp() / data(b"along the route")
AS_SENT = quote_of(may_change=("ttl", "checksum", "options"))

CASES: tuple[Case, ...] = (
    Case(
        "rfc1812-5.2.4-loose-route-next-address-taken",
        cites=("791-3.1.lsrr-c", "1812-5.2.3-a"),
        title="a listed router puts the next address into the destination, its own into the slot",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(FAR_NEIGHBOUR, FAR_TESTER),)) / CARRIED),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_NEIGHBOUR,
                    options=(loose_source_route(FAR_HOST, FAR_TESTER, pointer=8),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.4-loose-route-last-address-taken",
        cites="791-3.1.lsrr-c",
        title="a listed router uses up the last address of a route that has been recorded so far",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(
                ip(
                    dst=HOST,
                    options=(loose_source_route(NEIGHBOUR, FAR_NEIGHBOUR, pointer=8),),
                )
                / CARRIED
            ),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_NEIGHBOUR,
                    options=(loose_source_route(NEIGHBOUR, FAR_HOST, pointer=12),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.4-loose-route-length-constant",
        cites="791-3.1.lsrr-d",
        title="header and option are as long after a hop as before it",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(
                ip(dst=HOST, options=(nop(), loose_source_route(FAR_NEIGHBOUR, FAR_TESTER)))
                / CARRIED
            ),
            expect(
                ip(
                    dst=FAR_NEIGHBOUR,
                    ihl=8,
                    options=(loose_source_route(FAR_HOST, FAR_TESTER, pointer=8, length=11),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.4-loose-route-over-unlisted-router",
        cites="791-3.1.lsrr-e",
        title="the next address of a loose route lies behind another router: it is reached by it",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(FAR_TESTER),)) / CARRIED),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    options=(loose_source_route(FAR_HOST, pointer=8),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.4-loose-route-not-listed",
        cites="1812-5.2.3-a",
        title="a router that the route does not list yet forwards the datagram with it unchanged",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(ip(dst=FAR_TESTER, options=(loose_source_route(FAR_TESTER_2),)) / CARRIED),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    options=(loose_source_route(FAR_TESTER_2, pointer=4),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.4-loose-route-used-up",
        cites="791-3.1.lsrr-b",
        title="a route that is used up changes nothing: the destination decides",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(ip(dst=FAR_TESTER, options=(loose_source_route(NEIGHBOUR, pointer=8),)) / CARRIED),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    options=(loose_source_route(NEIGHBOUR, pointer=8),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.3-route-through-own-addresses",
        cites="1812-5.2.3-a",
        title="a route whose next address is the router's own again goes on to the one behind it",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(FAR_HOST, FAR_TESTER),)) / CARRIED),
            expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR),
        ),
    ),
    *(
        Case(
            f"rfc1812-5.2.4-{name}-route-in-every-fragment",
            cites=cites,
            title=f"a {name} source route is in every piece of a datagram that is cut",
            topology=Topology.ROUTER,
            given=(*FOLLOWED, mtu(576, on=FAR)),
            steps=(
                send(ip(dst=HOST, options=(route(FAR_NEIGHBOUR),)) / udp() / data(pattern(1000))),
                expect(
                    ip(
                        src=TESTER,
                        dst=FAR_NEIGHBOUR,
                        offset=0,
                        mf=1,
                        options=(route(FAR_HOST, pointer=8),),
                    ),
                    on=FAR,
                ),
                expect(
                    ip(
                        src=TESTER,
                        dst=FAR_NEIGHBOUR,
                        offset=at_least(8),
                        mf=0,
                        options=(route(FAR_HOST, pointer=8),),
                    ),
                    on=FAR,
                ),
            ),
            rest_is_free=True,
        )
        for name, cites, route in (
            ("loose", "791-3.1.lsrr-f", loose_source_route),
            ("strict", "791-3.1.ssrr-b", strict_source_route),
        )
    ),
    Case(
        "rfc1812-5.2.4-strict-route-to-adjacent-address",
        cites="791-3.1.ssrr-b",
        title="a strict route whose next address is adjacent is followed",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(ip(dst=HOST, options=(strict_source_route(FAR_NEIGHBOUR),)) / CARRIED),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_NEIGHBOUR,
                    options=(strict_source_route(FAR_HOST, pointer=8),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.4.3-strict-route-to-distant-address",
        cites=("1812-5.2.4.3-a", "791-3.1.ssrr-a"),
        title="a strict route whose next address lies behind a router is refused with 3/5",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        control=(
            send(ip(dst=HOST, options=(strict_source_route(FAR_NEIGHBOUR),)) / CARRIED),
            expect(ip(src=TESTER, dst=FAR_NEIGHBOUR) / udp(), on=FAR),
        ),
        steps=(
            send(ip(dst=HOST, options=(strict_source_route(FAR_TESTER),)) / CARRIED),
            silence(of=ip(dst=FAR_TESTER), on=FAR),
            expect(ip(src=HOST, dst=TESTER) / unreachable(5)),
        ),
    ),
    Case(
        "rfc1812-5.2.2-strict-route-not-listed",
        cites="1812-5.2.2-d",
        title="a datagram for others with an unspent strict route is reported, at its destination",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(ip(dst=FAR_TESTER, options=(strict_source_route(FAR_TESTER_2),)) / CARRIED),
            expect(ip(src=HOST, dst=TESTER) / parameter_problem(16, quote=AS_SENT)),
        ),
    ),
    *(
        Case(
            f"rfc1812-5.2.4.1-two-source-routes-{name}",
            cites="1812-5.2.4.1-a",
            title=f"a datagram with two source routes ({name}) is dropped, and the second named",
            topology=Topology.ROUTER,
            given=FOLLOWED,
            control=(
                send(ip(dst=HOST, options=(first,)) / CARRIED),
                expect(ip(src=TESTER, dst=FAR_NEIGHBOUR) / udp(), on=FAR),
            ),
            steps=(
                send(ip(dst=HOST, options=(first, second)) / CARRIED),
                silence(of=ip(src=TESTER, dst=FAR_NEIGHBOUR), on=FAR),
                expect(ip(src=HOST, dst=TESTER) / parameter_problem(27)),
            ),
        )
        for name, first, second in (
            (
                "loose-loose",
                loose_source_route(FAR_NEIGHBOUR),
                loose_source_route(FAR_TESTER),
            ),
            (
                "loose-strict",
                loose_source_route(FAR_NEIGHBOUR),
                strict_source_route(FAR_TESTER),
            ),
        )
    ),
    Case(
        "rfc1812-4.2.2.1-route-ends-at-router",
        cites="1812-4.2.2.1-c",
        title="an echo request whose route ends at the router is answered along the route reversed",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(
                ip(options=(loose_source_route(NEIGHBOUR_2, NEIGHBOUR, pointer=12),))
                / echo_request()
            ),
            expect(
                ip(
                    src=HOST,
                    dst=NEIGHBOUR,
                    options=(loose_source_route(NEIGHBOUR_2, TESTER, pointer=4),),
                )
                / echo_reply()
            ),
        ),
    ),
    Case(
        "rfc1812-4.3.2.6-expired-on-a-source-route",
        cites="1812-4.3.2.6-a",
        title="an error about a source-routed datagram goes back along the recorded part",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(
                ip(
                    dst=HOST,
                    ttl=1,
                    options=(loose_source_route(NEIGHBOUR, FAR_TESTER, pointer=8),),
                )
                / CARRIED
            ),
            expect(
                ip(
                    src=HOST,
                    dst=NEIGHBOUR,
                    options=(loose_source_route(TESTER, pointer=4),),
                )
                / time_exceeded(0)
            ),
        ),
    ),
    Case(
        "rfc1812-5.2.4-next-address-without-route",
        cites="1812-4.3.3.1-a",
        title="a source route whose next address has no route is answered with 3/0 or 3/5",
        topology=Topology.ROUTER,
        given=FOLLOWED,
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(UNROUTED),)) / CARRIED),
            expect(ip(src=HOST, dst=TESTER) / unreachable(one_of(0, 5))),
        ),
    ),
    Case(
        "rfc1812-5.3.13-source-routes-off",
        cites="7126-4.3-a",
        title="a router told not to follow source routes does not follow one",
        topology=Topology.ROUTER,
        given=(source_routing("none"),),
        control=(
            send(ip(dst=FAR_NEIGHBOUR) / CARRIED),
            expect(ip(src=TESTER, dst=FAR_NEIGHBOUR) / udp(), on=FAR),
        ),
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(FAR_NEIGHBOUR),)) / CARRIED),
            silence(of=ip(dst=FAR_NEIGHBOUR), on=FAR),
        ),
        rest_is_free=True,
    ),
)

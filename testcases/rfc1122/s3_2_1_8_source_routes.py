"""RFC 1122 §3.2.1.8 (c): source routes that begin or end at a host.

A route that has ended is a record of the hops; reversed it is the way back. The hops are tester
addresses on the link, so that a reply sent to the first of them comes here. Judged where the target
is told to take source routes, as RFC 7126 §4.3 has many drop them.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_NEIGHBOUR,
    HOST,
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    NEIGHBOUR_2,
    OPEN_PORT,
    STRICT_SOURCE_ROUTE,
    TESTER,
    TESTER_PORT,
    Case,
    Option,
    Topology,
    data,
    echo_reply,
    echo_request,
    expect,
    fragments,
    including,
    ip,
    loose_source_route,
    open_udp,
    pattern,
    received,
    send,
    send_udp,
    silence,
    source_route,
    source_routing,
    strict_source_route,
    udp,
)

from testcases.options import TAKES, complete

BOTH_KINDS = (("loose", LOOSE_SOURCE_ROUTE), ("strict", STRICT_SOURCE_ROUTE))

ORIGINATED = (
    Case(
        "rfc1122-3.2.1.8c-source-route-originated",
        cites="1122-3.2.1.8c-a",
        title="a user's datagram by way of a hop goes to the hop, its destination in the route",
        given=TAKES,
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp(
                "u",
                b"by way of",
                to=TESTER,
                port=TESTER_PORT,
                options=(loose_source_route(NEIGHBOUR),),
            ),
            expect(
                ip(src=HOST, dst=NEIGHBOUR, options=(loose_source_route(TESTER, pointer=4),))
                / udp()
                / data(b"by way of")
            ),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.1.8c-{what}-route-of-two-well-formed",
            cites="1122-3.2.1.8c-g",
            title=f"a {what} route by two hops names the second and the destination, nobody else",
            given=TAKES,
            steps=(
                open_udp("u", port=OPEN_PORT),
                send_udp(
                    "u",
                    b"by way of",
                    to=TESTER,
                    port=TESTER_PORT,
                    options=(source_route(kind, NEIGHBOUR, NEIGHBOUR_2),),
                ),
                expect(
                    ip(
                        src=HOST,
                        dst=NEIGHBOUR,
                        options=(source_route(kind, NEIGHBOUR_2, TESTER, pointer=4),),
                    )
                    / udp()
                ),
            ),
        )
        for what, kind in BOTH_KINDS
    ),
)

ENDED = (
    *(
        Case(
            f"rfc1122-3.2.1.8c-{what}-route-ends-here",
            cites="1122-3.2.1.8c-b",
            title=f"an echo request whose {what} route is complete is answered",
            given=TAKES,
            steps=(
                send(
                    ip(options=(source_route(kind, NEIGHBOUR, pointer=8),))
                    / echo_request(data=b"arrived")
                ),
                expect(ip(src=HOST) / echo_reply(data=b"arrived")),
            ),
        )
        for what, kind in BOTH_KINDS
    ),
    *(
        Case(
            f"rfc1122-3.2.1.8c-recorded-{what}-route-handed-to-the-user",
            cites="1122-3.2.1.8c-c",
            title=f"a user is handed the complete {what} route as it came",
            given=TAKES,
            steps=(
                open_udp("u", port=OPEN_PORT),
                send(
                    ip(options=(source_route(kind, NEIGHBOUR, NEIGHBOUR_2, pointer=12),))
                    / udp(dport=OPEN_PORT)
                    / data(b"arrived")
                ),
                received(
                    "u",
                    data=b"arrived",
                    options=(source_route(kind, NEIGHBOUR, NEIGHBOUR_2, pointer=12),),
                ),
            ),
        )
        for what, kind in BOTH_KINDS
    ),
    Case(
        "rfc1122-3.2.1.8c-fragments-of-a-routed-datagram-joined-at-the-end",
        cites="1122-3.2.1.8c-f",
        title="fragments that each carry the complete route are put together where it ends",
        given=TAKES,
        steps=(
            send(
                fragments(
                    ip(options=(loose_source_route(NEIGHBOUR, pointer=8),))
                    / echo_request(data=pattern(93)),
                    (0, 48),
                    (48, None),
                    order=(1, 0),
                )
            ),
            expect(ip(src=HOST) / echo_reply(data=pattern(93))),
        ),
    ),
    Case(
        "rfc1122-3.2.1.8c-fragments-of-a-routed-datagram-passed-on",
        cites="1122-3.2.1.8c-f",
        title="a hop passes on each fragment by its route, before the others have come",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        steps=(
            send(
                fragments(
                    ip(dst=HOST, options=(loose_source_route(FAR_NEIGHBOUR),))
                    / udp()
                    / data(pattern(93)),
                    (0, 48),
                    (48, None),
                    order=(1,),
                )
            ),
            expect(
                ip(dst=FAR_NEIGHBOUR, offset=48, mf=0, options=(Option(LOOSE_SOURCE_ROUTE),)),
                on=FAR,
            ),
        ),
    ),
)

# RFC 1122 §3.2.1.8 (c), case (B): the source may stand first in the recorded route.
REVERSED = tuple(
    Case(
        f"rfc1122-3.2.1.8c-{what}-reversed",
        cites="1122-3.2.1.8c-d",
        title=f"the way back along {words} ends at the source, which is named once",
        given=TAKES,
        steps=(
            send(ip(options=(complete(kind, *recorded),)) / echo_request()),
            expect(
                ip(src=HOST, dst=first, options=(source_route(kind, *back, pointer=4),))
                / echo_reply()
            ),
        ),
    )
    for what, words, kind, recorded, first, back in (
        (
            "route-of-one",
            "a route of one hop",
            LOOSE_SOURCE_ROUTE,
            (NEIGHBOUR,),
            NEIGHBOUR,
            (TESTER,),
        ),
        (
            "route-of-two",
            "a route of two hops",
            LOOSE_SOURCE_ROUTE,
            (NEIGHBOUR, NEIGHBOUR_2),
            NEIGHBOUR_2,
            (NEIGHBOUR, TESTER),
        ),
        (
            "strict-route-of-two",
            "a strict route of two hops",
            STRICT_SOURCE_ROUTE,
            (NEIGHBOUR, NEIGHBOUR_2),
            NEIGHBOUR_2,
            (NEIGHBOUR, TESTER),
        ),
        (
            "route-that-begins-with-its-source",
            "a route that wrongly begins with its source",
            LOOSE_SOURCE_ROUTE,
            (TESTER, NEIGHBOUR, NEIGHBOUR_2),
            NEIGHBOUR_2,
            (NEIGHBOUR, TESTER),
        ),
    )
)

TWO_ROUTES = tuple(
    Case(
        f"rfc1122-3.2.1.8c-two-{what}-never-sent",
        cites="1122-3.2.1.8c-e",
        title=f"a request with two source routes, {words}, does not make the host send two",
        given=TAKES,
        control=(
            send(ip(options=(loose_source_route(NEIGHBOUR, pointer=8),)) / echo_request()),
            expect(ip(src=HOST) / echo_reply()),
        ),
        steps=(
            send(ip(options=routes) / echo_request()),
            silence(of=ip(src=HOST, options=including(Option(one), Option(other)))),
        ),
        rest_is_free=True,
        must_survive=True,
    )
    for what, words, routes, one, other in (
        (
            "loose-routes",
            "both loose",
            (
                loose_source_route(NEIGHBOUR, pointer=8),
                loose_source_route(NEIGHBOUR_2, pointer=8),
            ),
            LOOSE_SOURCE_ROUTE,
            LOOSE_SOURCE_ROUTE,
        ),
        (
            "routes-loose-then-strict",
            "first a loose one",
            (
                loose_source_route(NEIGHBOUR, pointer=8),
                strict_source_route(NEIGHBOUR_2, pointer=8),
            ),
            LOOSE_SOURCE_ROUTE,
            STRICT_SOURCE_ROUTE,
        ),
        (
            "routes-strict-then-loose",
            "first a strict one",
            (
                strict_source_route(NEIGHBOUR, pointer=8),
                loose_source_route(NEIGHBOUR_2, pointer=8),
            ),
            STRICT_SOURCE_ROUTE,
            LOOSE_SOURCE_ROUTE,
        ),
    )
)

CASES: tuple[Case, ...] = (*ORIGINATED, *ENDED, *REVERSED, *TWO_ROUTES)

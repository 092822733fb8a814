"""IP_OPTIONS with source routes: the first hop, and where the final destination belongs.

The first hop leads the list on every stack. Berkeley wants the final destination at its end, Linux
wants the hops alone: the octets of the call itself are observed, what the two have in common is
judged. So it is where the target is told to take source routes.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    NEIGHBOUR_2,
    OPEN_PORT,
    STRICT_SOURCE_ROUTE,
    TESTER,
    TESTER_PORT,
    Case,
    classify,
    data,
    expect,
    get_option,
    including,
    ip,
    loose_source_route,
    nop,
    open_udp,
    record_route,
    router_alert,
    send_udp,
    set_option,
    source_route,
    tcp,
    udp,
    way,
)

from testcases.options import RAW, TAKES, senders

SENDERS = senders(b"routed")
KINDS = (("loose", LOOSE_SOURCE_ROUTE), ("strict", STRICT_SOURCE_ROUTE))

FIRST_HOP = tuple(
    Case(
        f"sockets-route-{what}-of-{kind}-by-its-first-hop",
        cites=("sockets-route-a", "1122-3.2.1.8c-g"),
        title=f"{words} with a {what} route go to the first hop, which the option does not name",
        given=TAKES,
        steps=(
            *opened,
            set_option("s", "options", octets=(source_route(number, NEIGHBOUR, NEIGHBOUR_2),)),
            *sends,
            expect(
                ip(
                    src=HOST,
                    dst=NEIGHBOUR,
                    options=(source_route(number, NEIGHBOUR_2, TESTER, length=11, pointer=4),),
                )
                / carried
            ),
            *ended,
        ),
        rest_is_free=True,
    )
    for kind, words, opened, sends, carried, ended in SENDERS
    for what, number in KINDS
)

FINAL = tuple(
    Case(
        f"sockets-route-final-destination-for-{kind}",
        cites="sockets-route-b",
        title=f"what {words} list when the final destination ends the octets that were set",
        given=TAKES,
        steps=(
            *opened,
            set_option("s", RAW, octets=(nop(), loose_source_route(NEIGHBOUR, TESTER))),
            *sends,
            classify(
                "a list that ends with the final destination",
                way(
                    "taken for the final destination",
                    ip(dst=NEIGHBOUR, options=(loose_source_route(TESTER),)) / carried,
                ),
                way(
                    "taken for a hop",
                    ip(dst=NEIGHBOUR, options=(loose_source_route(TESTER, TESTER),)) / carried,
                ),
                way("sent as it was", ip(dst=TESTER) / carried),
                way("nothing sent", None),
            ),
            *ended,
        ),
        rest_is_free=True,
    )
    for kind, words, opened, sends, carried, ended in SENDERS
)

BESIDE = (
    Case(
        "sockets-route-beside-other-options",
        cites=("sockets-route-a", "sockets-set-a"),
        title="a route between other options loses its first hop, and they stay as they are",
        given=TAKES,
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option(
                "s",
                "options",
                octets=(router_alert(), loose_source_route(NEIGHBOUR), record_route(slots=1)),
            ),
            send_udp("s", b"between", to=TESTER, port=TESTER_PORT),
            expect(
                ip(
                    dst=NEIGHBOUR,
                    options=including(router_alert(), loose_source_route(TESTER)),
                )
                / udp()
                / data(b"between")
            ),
        ),
    ),
    Case(
        "sockets-route-gone-after-clearing",
        cites="sockets-set-c",
        title="once a source route is cleared datagrams go straight again",
        given=TAKES,
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option("s", "options", octets=(loose_source_route(NEIGHBOUR),)),
            send_udp("s", b"by a hop", to=TESTER, port=TESTER_PORT),
            expect(ip(dst=NEIGHBOUR) / udp() / data(b"by a hop")),
            set_option("s", RAW, octets=b""),
            send_udp("s", b"straight", to=TESTER, port=TESTER_PORT),
            expect(ip(dst=TESTER, ihl=5) / udp() / data(b"straight")),
        ),
    ),
    Case(
        "sockets-route-to-two-destinations",
        cites="sockets-route-a",
        title="a route that is set leads to the destination of each datagram",
        given=TAKES,
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option("s", "options", octets=(loose_source_route(NEIGHBOUR),)),
            send_udp("s", b"to one", to=TESTER, port=TESTER_PORT),
            expect(
                ip(dst=NEIGHBOUR, options=(loose_source_route(TESTER),)) / udp() / data(b"to one")
            ),
            send_udp("s", b"to another", to=NEIGHBOUR_2, port=TESTER_PORT),
            expect(
                ip(dst=NEIGHBOUR, options=(loose_source_route(NEIGHBOUR_2),))
                / udp()
                / data(b"to another")
            ),
        ),
    ),
)

SUMS = tuple(
    Case(
        f"sockets-route-checksum-of-{kind}",
        cites="sockets-route-c",
        title=f"which destination the checksum of {words} covers, the first hop or the last",
        given=TAKES,
        steps=(
            *opened,
            set_option("s", "options", octets=(loose_source_route(NEIGHBOUR),)),
            *sends,
            classify(
                "checksums of datagrams with a source route",
                way("the end of the route", ip(dst=NEIGHBOUR) / right),
                way("not the end of the route", ip(dst=NEIGHBOUR) / wrong),
            ),
            *ended,
        ),
        rest_is_free=True,
    )
    for (kind, words, opened, sends, _, ended), right, wrong in zip(
        (SENDERS[0], SENDERS[2]),
        (udp(checksum_right=True), tcp(checksum_right=True)),
        (udp(checksum_right=False), tcp(checksum_right=False)),
        strict=True,
    )
)

GOT = tuple(
    Case(
        f"sockets-get-{what}-route-as-set",
        cites="sockets-get-d",
        title=f"a {what} source route is got as it was set",
        given=TAKES,
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option("s", RAW, octets=(source_route(number, NEIGHBOUR, TESTER),)),
            get_option("s", RAW, octets=(source_route(number, NEIGHBOUR, TESTER),)),
        ),
    )
    for what, number in KINDS
)

CASES: tuple[Case, ...] = (*FIRST_HOP, *FINAL, *BESIDE, *SUMS, *GOT)

"""RFC 1812 §5.3.13.4 to §5.3.13.6, §4.2.2.2: options in transit that a router writes into.

RFC 7126 §4.3 to §4.5 and §4.7 advise routers to drop datagrams with source routes, record route and
timestamp, or to pass them as if the option were not there. What a router does is observed; which
address it writes, and what it does about a bad option, is judged where it writes at all.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_HOST,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    HOST,
    RECORD_ROUTE,
    TESTER,
    TESTER_2,
    TIMESTAMP,
    Case,
    Option,
    Topology,
    between,
    classify,
    data,
    expect,
    ip,
    loose_source_route,
    parameter_problem,
    quote_of,
    record_route,
    send,
    silence,
    source_routing,
    time_of_day,
    timestamp,
    udp,
    unreachable,
    way,
)

CARRIED = udp() / data(b"in transit")
TO_FAR = ip(dst=FAR_TESTER)

WRITES_ROUTES = (
    send(ip(dst=FAR_TESTER, options=(record_route(slots=2),)) / CARRIED),
    expect(ip(dst=FAR_TESTER, options=(Option(RECORD_ROUTE, pointer=8),)) / udp(), on=FAR),
)
WRITES_TIMES = (
    send(ip(dst=FAR_TESTER, options=(timestamp(1, slots=4),)) / CARRIED),
    expect(ip(dst=FAR_TESTER, options=(Option(TIMESTAMP, pointer=13),)) / udp(), on=FAR),
)
"""Shown by the pointer: the router makes an entry of its own."""

OBSERVED = (
    (
        "record-route",
        "1812-5.3.13-c",
        record_route(slots=3),
        Option(RECORD_ROUTE, pointer=8),
        Option(RECORD_ROUTE, pointer=4),
    ),
    (
        "timestamp",
        "1812-5.3.13-d",
        timestamp(0, slots=3),
        Option(TIMESTAMP, pointer=9),
        Option(TIMESTAMP, pointer=5),
    ),
)

LISTED = (("arrival", HOST), ("departure", FAR_HOST))

BAD = (
    ("record-route-pointer-3", record_route(slots=2, pointer=3), WRITES_ROUTES),
    ("record-route-some-room", Option(RECORD_ROUTE, None, 4, None, (b"\0\0\0",)), WRITES_ROUTES),
    ("timestamp-pointer-4", timestamp(0, slots=2, pointer=4), WRITES_TIMES),
    ("timestamp-overflow-15", timestamp(0, 1, overflow=15), WRITES_TIMES),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-5.3.13-{name}-in-transit",
            cites=cites,
            title=f"what a router does with a {name} option in transit",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, options=(sent,)) / CARRIED),
                classify(
                    name,
                    way("written into", ip(dst=FAR_TESTER, options=(written,)) / udp()),
                    way("passed as it was", ip(dst=FAR_TESTER, options=(left,)) / udp()),
                    way("taken out", ip(dst=FAR_TESTER, options=()) / udp()),
                    way("reported with Parameter Problem", parameter_problem()),
                    way("dropped silently", None),
                ),
            ),
        )
        for name, cites, sent, written, left in OBSERVED
    ),
    Case(
        "rfc1812-5.3.13-loose-source-route-in-transit",
        cites=("1812-5.3.13-b", "7126-4.3-a"),
        title="what a router does with a source route that leads on from it, left as it was set up",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(FAR_NEIGHBOUR),)) / CARRIED),
            classify(
                "loose source route",
                way("followed", ip(src=TESTER, dst=FAR_NEIGHBOUR) / udp()),
                way("refused with 3/5", unreachable(5)),
                way("taken for the router's own", unreachable(3)),
                way("refused with Parameter Problem", parameter_problem()),
                way("dropped silently", None),
            ),
        ),
    ),
    Case(
        "rfc1812-4.2.2.2-record-route-outgoing-address",
        cites="1812-4.2.2.2-a",
        title="the address that a router records is that of the interface the datagram leaves by",
        topology=Topology.ROUTER,
        provided=WRITES_ROUTES,
        steps=(
            send(ip(dst=FAR_TESTER, options=(record_route(slots=9),)) / CARRIED),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    options=(record_route(FAR_HOST, slots=8, length=39),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-4.2.2.2-record-route-outgoing-address-hairpin",
        cites="1812-4.2.2.2-a",
        title="a datagram that leaves by the link it came by records the address there",
        topology=Topology.ROUTER,
        provided=WRITES_ROUTES,
        steps=(
            send(ip(dst=TESTER_2, options=(record_route(slots=1),)) / CARRIED),
            expect(ip(src=TESTER, dst=TESTER_2, options=(record_route(HOST, length=7),)) / udp()),
        ),
    ),
    Case(
        "rfc1812-4.2.2.2-timestamp-outgoing-address",
        cites="1812-4.2.2.2-a",
        title="the address beside a router's time is that of the interface the datagram leaves by",
        topology=Topology.ROUTER,
        provided=WRITES_TIMES,
        steps=(
            send(ip(dst=FAR_TESTER, options=(timestamp(1, slots=2),)) / CARRIED),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    options=(timestamp(1, FAR_HOST, time_of_day(), pointer=13),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1812-4.2.2.2-source-route-outgoing-address",
        cites=("1812-4.2.2.2-a", "791-3.1.lsrr-c"),
        title="the address left in a source route is that of the interface the datagram leaves by",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(FAR_NEIGHBOUR),)) / CARRIED),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_NEIGHBOUR,
                    options=(loose_source_route(FAR_HOST, pointer=8),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    *(
        Case(
            f"rfc1812-5.3.13-timestamp-for-{name}-address",
            cites="1812-5.3.13-d",
            title=f"a time asked of a router by its {name} address is entered or not",
            topology=Topology.ROUTER,
            provided=WRITES_TIMES,
            steps=(
                send(ip(dst=FAR_TESTER, options=(timestamp(3, listed, 0, pointer=5),)) / CARRIED),
                expect(
                    ip(
                        dst=FAR_TESTER,
                        options=(timestamp(3, listed, time_of_day(), pointer=13),),
                    )
                    / udp(),
                    on=FAR,
                ),
            ),
            rest_is_free=True,
        )
        for name, listed in LISTED
    ),
    Case(
        "rfc1812-5.3.13-timestamp-for-another-address",
        cites="791-3.1.ts-b",
        title="a time asked of somebody else is not entered",
        topology=Topology.ROUTER,
        provided=WRITES_TIMES,
        steps=(
            send(ip(dst=FAR_TESTER, options=(timestamp(3, TESTER_2, 0, pointer=5),)) / CARRIED),
            expect(
                ip(dst=FAR_TESTER, options=(timestamp(3, TESTER_2, 0, pointer=5),)) / udp(),
                on=FAR,
            ),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.3.3.5-{name}-reported",
            cites="1812-4.3.3.5-a",
            title=f"a datagram in transit with a bad option ({name}) is reported",
            topology=Topology.ROUTER,
            provided=provided,
            control=provided,
            steps=(
                send(ip(dst=FAR_TESTER, options=(bad,)) / CARRIED),
                silence(of=TO_FAR, on=FAR),
                expect(
                    ip(src=HOST, dst=TESTER)
                    / parameter_problem(
                        between(20, 23),
                        quote=quote_of(may_change=("ttl", "checksum")),
                    ),
                ),
            ),
        )
        for name, bad, provided in BAD
    ),
)

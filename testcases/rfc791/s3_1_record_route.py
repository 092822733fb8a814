"""RFC 791 §3.1, Record Route: room, pointer, a full route, and what is in error.

RFC 1122 §3.2.1.8 (d) makes the option optional for hosts, so a case about how it is processed asks
first whether the target does. RFC 7126 §4.5 lets routers drop it.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_HOST,
    FAR_TESTER,
    HOST,
    OPEN_PORT,
    RECORD_ROUTE,
    TESTER,
    TESTER_2,
    TESTER_PORT,
    Case,
    Option,
    Topology,
    at_least,
    between,
    classify,
    counters,
    data,
    echo_reply,
    echo_request,
    expect,
    fragments,
    including,
    ip,
    mtu,
    one_of,
    open_udp,
    parameter_problem,
    pattern,
    record_route,
    send,
    send_udp,
    silence,
    udp,
    way,
)

RECORDS = (
    send(ip(options=(record_route(slots=1),)) / echo_request()),
    expect(ip(options=(record_route(HOST, pointer=8),)) / echo_reply()),
)
"""The target implements record route: it comes back with the target's address."""
PASSES_ON = (
    send(ip(dst=FAR_TESTER, options=(record_route(slots=1),)) / udp() / data(b"probe")),
    expect(ip(src=TESTER, dst=FAR_TESTER, options=(Option(RECORD_ROUTE),)) / udp(), on=FAR),
)
"""The router neither drops nor strips the option."""
IN_THE_OPTION = between(20, 22)
"""Type, length and pointer octet of an option at the start of the area."""
DISCARDED = (
    silence(of=ip() / echo_reply()),
    expect(ip() / parameter_problem(IN_THE_OPTION), cites="1122-3.2.2.5-a"),
)
"""No answer; RFC 1122 §3.2.2.5 asks for a Parameter Problem."""

SIZES = tuple(
    Case(
        f"rfc791-3.1-record-route-of-{slots}-keeps-its-size",
        cites="791-3.1.rr-d",
        title=f"a record route with room for {slots} comes back as long as it was",
        provided=RECORDS,
        steps=(
            send(ip(options=(record_route(slots=slots),)) / echo_request()),
            expect(ip(options=(Option(RECORD_ROUTE, length=3 + 4 * slots),)) / echo_reply()),
        ),
    )
    for slots in (1, 2, 3, 4, 5, 6, 7, 8, 9)
)

FULL = (
    Case(
        "rfc791-3.1-record-route-full-delivered",
        cites="791-3.1.rr-d",
        title="an echo request with a full record route is answered, the route as it was",
        provided=RECORDS,
        steps=(
            send(ip(options=(record_route(TESTER, TESTER_2),)) / echo_request()),
            expect(ip(options=(record_route(TESTER, TESTER_2, pointer=12),)) / echo_reply()),
        ),
    ),
    Case(
        "rfc791-3.1-record-route-pointer-far-behind-delivered",
        cites="791-3.1.rr-d",
        title="a pointer of 255 means a full record route: answered, the route as it was",
        provided=RECORDS,
        steps=(
            send(ip(options=(record_route(TESTER, pointer=255),)) / echo_request()),
            expect(ip(options=(record_route(TESTER, pointer=255),)) / echo_reply()),
        ),
    ),
    Case(
        "rfc791-3.1-record-route-full-forwarded",
        cites="791-3.1.rr-d",
        title="a router forwards a datagram with a full record route, and leaves the route alone",
        topology=Topology.ROUTER,
        provided=PASSES_ON,
        steps=(
            send(
                ip(dst=FAR_TESTER, options=(record_route(TESTER, TESTER_2),)) / udp() / data(b"x")
            ),
            expect(
                ip(dst=FAR_TESTER, options=(record_route(TESTER, TESTER_2, pointer=12),)) / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc791-3.1-record-route-full-reported-or-not",
        cites="791-3.1.rr-f",
        title="whether a full record route, which is no error, is reported",
        provided=RECORDS,
        steps=(
            send(ip(options=(record_route(TESTER, TESTER_2),)) / echo_request()),
            expect(ip() / echo_reply()),
            classify(
                "a full record route",
                way("reported with Parameter Problem", ip() / parameter_problem()),
                way("not reported", None),
            ),
        ),
    ),
)

POINTER = tuple(
    Case(
        f"rfc791-3.1-record-route-pointer-{pointer}-discarded",
        cites="791-3.1.rr-a",
        title=f"a record route whose pointer is {pointer}, below 4, is in error: no reply",
        provided=RECORDS,
        control=RECORDS,
        steps=(
            send(ip(options=(record_route(slots=2, pointer=pointer),)) / echo_request()),
            *DISCARDED,
        ),
        must_survive=True,
    )
    for pointer in (0, 1, 2, 3)
)

SOME_ROOM = tuple(
    Case(
        f"rfc791-3.1-record-route-with-{room}-octets-of-room-discarded",
        cites="791-3.1.rr-e",
        title=f"room for {room} octets of an address is an error: no reply",
        provided=RECORDS,
        control=RECORDS,
        steps=(send(ip(options=(option,)) / echo_request()), *DISCARDED),
        counters=counters(
            ipSystemStatsInReceives=1,
            ipSystemStatsInHdrErrors=1,
            ipSystemStatsOutRequests=1,
            ipSystemStatsOutTransmits=1,
            icmpStatsOutMsgs=1,
            icmpMsgStatsOutPkts_12=1,
        ),
    )
    for room, option in (
        ("1", Option(RECORD_ROUTE, None, 4, None, (b"\0",))),
        ("2", Option(RECORD_ROUTE, None, 8, None, (TESTER, b"\0\0"))),
        ("3", Option(RECORD_ROUTE, None, 4, None, (b"\0\0\0",))),
        ("the-last-3", Option(RECORD_ROUTE, None, 9, None, (TESTER, 0))),
    )
)

SENT = (
    Case(
        "rfc791-3.1-record-route-area-zero-at-first",
        cites="791-3.1.rr-b",
        title="a route that a user asks for leaves as long as asked, empty but for the host itself",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", b"x", to=TESTER, port=TESTER_PORT, options=(record_route(slots=3),)),
            expect(
                ip(
                    dst=TESTER,
                    options=(
                        Option(
                            RECORD_ROUTE,
                            15,
                            one_of(4, 8),
                            None,
                            (one_of("0.0.0.0", HOST), "0.0.0.0", "0.0.0.0"),
                        ),
                    ),
                )
                / udp()
            ),
        ),
    ),
)

FORWARDED = (
    Case(
        "rfc791-3.1-record-route-takes-outgoing-address",
        cites="791-3.1.rr-c",
        title="a router records its address on the side that the datagram leaves by",
        topology=Topology.ROUTER,
        provided=PASSES_ON,
        steps=(
            send(ip(dst=FAR_TESTER, options=(record_route(slots=2),)) / udp() / data(b"x")),
            expect(
                ip(
                    dst=FAR_TESTER,
                    options=(Option(RECORD_ROUTE, 11, 8, None, (FAR_HOST, "0.0.0.0")),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc791-3.1-record-route-grows-behind-what-is-there",
        cites="791-3.1.rr-c",
        title="a router records behind the addresses that are recorded already",
        topology=Topology.ROUTER,
        provided=PASSES_ON,
        steps=(
            send(
                ip(dst=FAR_TESTER, options=(record_route(TESTER, TESTER_2, slots=1),))
                / udp()
                / data(b"x")
            ),
            expect(
                ip(
                    dst=FAR_TESTER,
                    options=(record_route(TESTER, TESTER_2, FAR_HOST, pointer=16),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
)

CUT = (
    Case(
        "rfc791-3.1-record-route-in-the-first-piece-of-a-reply",
        cites="791-3.1.rr-g",
        title="a host that cuts its reply sends the record route in the first piece only",
        given=(mtu(280),),
        provided=RECORDS,
        control=(
            send(fragments(ip() / echo_request(data=pattern(93)), (0, 48), (48, None))),
            expect(ip() / echo_reply(data=pattern(93))),
        ),
        steps=(
            send(
                fragments(
                    ip() / echo_request(data=pattern(504)),
                    (0, 232),
                    (232, 464),
                    (464, None),
                    headers=((0, ip(options=(record_route(slots=2),))),),
                )
            ),
            expect(ip(mf=1, offset=0, options=(Option(RECORD_ROUTE),)) / echo_reply()),
            silence(of=ip(src=HOST, offset=at_least(8), options=including(Option(RECORD_ROUTE)))),
            expect(ip(src=HOST, offset=at_least(8))),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.1-record-route-in-the-first-piece-in-transit",
        cites="791-3.1.rr-g",
        title="a router that cuts a datagram leaves the record route in the first piece only",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR),),
        provided=PASSES_ON,
        steps=(
            send(ip(dst=FAR_TESTER, options=(record_route(slots=2),)) / udp() / data(pattern(500))),
            expect(ip(mf=1, offset=0, options=(Option(RECORD_ROUTE),)) / udp(), on=FAR),
            silence(
                of=ip(dst=FAR_TESTER, offset=at_least(8), options=including(Option(RECORD_ROUTE))),
                on=FAR,
            ),
            expect(ip(dst=FAR_TESTER, offset=at_least(8)), on=FAR),
        ),
        rest_is_free=True,
    ),
)

CASES: tuple[Case, ...] = (
    *SIZES,
    *FULL,
    *POINTER,
    *SOME_ROOM,
    *SENT,
    *FORWARDED,
    *CUT,
)

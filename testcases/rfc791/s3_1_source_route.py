"""RFC 791 §3.1, Loose and Strict Source and Record Route; and Security and Stream Identifier.

RFC 7126 §4.3 and §4.4 advise routers to drop source routes unless told otherwise: these cases ask
for a target that is told to take them ("host"), or to follow them for others ("forward").
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_HOST,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    HOST,
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    NEIGHBOUR_2,
    SECURITY,
    STREAM_ID,
    STRICT_SOURCE_ROUTE,
    TESTER,
    Case,
    Option,
    Topology,
    at_least,
    between,
    data,
    echo_reply,
    echo_request,
    expect,
    including,
    ip,
    loose_source_route,
    mtu,
    option,
    parameter_problem,
    pattern,
    send,
    silence,
    source_route,
    source_routing,
    strict_source_route,
    udp,
    unreachable,
    without,
)

ENDS_HERE = (
    send(ip(options=(loose_source_route(NEIGHBOUR, pointer=8),)) / echo_request(data=b"end")),
    expect(ip() / echo_reply(data=b"end")),
)
"""A datagram whose source route ends here is answered."""
DISCARDED = (
    silence(of=ip() / echo_reply()),
    expect(ip() / parameter_problem(between(20, 22)), cites="1122-3.2.2.5-a"),
)
"""No answer; RFC 1122 §3.2.2.5 asks for a Parameter Problem."""

POINTER = tuple(
    Case(
        f"rfc791-3.1-{what}-source-route-pointer-{pointer}-discarded",
        cites="791-3.1.lsrr-a",
        title=f"a {what} source route whose pointer is {pointer}, below 4, is in error: no reply",
        given=(source_routing("host"),),
        control=ENDS_HERE,
        steps=(
            send(ip(options=(source_route(kind, TESTER, pointer=pointer),)) / echo_request()),
            *DISCARDED,
        ),
        must_survive=True,
    )
    for what, kind, pointer in (
        ("loose", LOOSE_SOURCE_ROUTE, 0),
        ("loose", LOOSE_SOURCE_ROUTE, 1),
        ("loose", LOOSE_SOURCE_ROUTE, 3),
        ("strict", STRICT_SOURCE_ROUTE, 3),
    )
)

USED_UP = tuple(
    Case(
        f"rfc791-3.1-loose-source-route-used-up-by-pointer-{pointer}",
        cites="791-3.1.lsrr-b",
        title=f"pointer {pointer} past a length of {length}: the destination field decides",
        given=(source_routing("host"),),
        steps=(
            send(
                ip(options=(loose_source_route(*route, pointer=pointer),))
                / echo_request(data=b"here")
            ),
            expect(ip() / echo_reply(data=b"here")),
        ),
    )
    for route, length, pointer in (
        ((NEIGHBOUR,), 7, 8),
        ((NEIGHBOUR, NEIGHBOUR_2), 11, 12),
        ((NEIGHBOUR,), 7, 255),
    )
)

FOLLOWED = (
    Case(
        "rfc791-3.1-loose-source-route-next-hop",
        cites="791-3.1.lsrr-c",
        title="a listed hop sends to the next address and records its own on the side it leaves by",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        steps=(
            send(
                ip(dst=HOST, options=(loose_source_route(FAR_NEIGHBOUR, FAR_TESTER),))
                / udp()
                / data(b"onward")
            ),
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
        "rfc791-3.1-loose-source-route-keeps-its-size",
        cites="791-3.1.lsrr-d",
        title="header and datagram are as long behind a listed hop as before it",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        steps=(
            send(
                ip(dst=HOST, options=(loose_source_route(FAR_NEIGHBOUR, FAR_TESTER),))
                / udp()
                / data(b"onward")
            ),
            expect(ip(dst=FAR_NEIGHBOUR, ihl=8, total_length=46) / udp(), on=FAR),
        ),
    ),
    Case(
        "rfc791-3.1-loose-source-route-by-way-of-others",
        cites="791-3.1.lsrr-e",
        title="a loose route goes by a further router to an address that is not on the link",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        steps=(
            send(ip(dst=HOST, options=(loose_source_route(FAR_TESTER),)) / udp() / data(b"far")),
            expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR),
        ),
    ),
    Case(
        "rfc791-3.1-strict-source-route-straight-on",
        cites="791-3.1.ssrr-a",
        title="a strict route whose next address is on a link of the hop is followed",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        steps=(
            send(
                ip(dst=HOST, options=(strict_source_route(FAR_NEIGHBOUR),)) / udp() / data(b"next")
            ),
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
        "rfc791-3.1-strict-source-route-past-a-gateway-refused",
        cites="791-3.1.ssrr-a",
        title="a strict route whose next address is behind another router is not followed",
        topology=Topology.ROUTER,
        given=(source_routing("forward"),),
        control=(
            send(ip(dst=HOST, options=(strict_source_route(FAR_NEIGHBOUR),)) / udp() / data(b"x")),
            expect(ip(src=TESTER, dst=FAR_NEIGHBOUR) / udp(), on=FAR),
        ),
        steps=(
            send(ip(dst=HOST, options=(strict_source_route(FAR_TESTER),)) / udp() / data(b"far")),
            silence(on=FAR),
            # RFC 1122 §3.3.5 (B), RFC 1812 §5.2.7.1: source route failed.
            expect(ip(dst=TESTER) / unreachable(5), cites="1812-5.2.4.3-a"),
        ),
    ),
)

COPIED = tuple(
    Case(
        f"rfc791-3.1-{what}-in-every-piece",
        cites=row,
        title=f"a router that cuts a datagram with {words} copies it into every piece",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR), source_routing("forward")),
        provided=(
            send(ip(dst=dst, options=options) / udp() / data(b"whole")),
            expect(ip(src=TESTER, dst=FAR_NEIGHBOUR, ihl=ihl) / udp(), on=FAR),
        ),
        steps=(
            send(ip(dst=dst, options=options) / udp() / data(pattern(500))),
            expect(
                ip(dst=FAR_NEIGHBOUR, mf=1, offset=0, options=including(Option(kind))) / udp(),
                on=FAR,
            ),
            silence(of=ip(dst=FAR_NEIGHBOUR, offset=at_least(8), options=without(kind)), on=FAR),
            expect(ip(dst=FAR_NEIGHBOUR, offset=at_least(8)), on=FAR),
        ),
        rest_is_free=True,
    )
    for what, words, row, kind, ihl, dst, options in (
        (
            "loose-source-route",
            "a loose source route",
            "791-3.1.lsrr-f",
            LOOSE_SOURCE_ROUTE,
            7,
            HOST,
            (loose_source_route(FAR_NEIGHBOUR),),
        ),
        (
            "strict-source-route",
            "a strict source route",
            "791-3.1.ssrr-b",
            STRICT_SOURCE_ROUTE,
            7,
            HOST,
            (strict_source_route(FAR_NEIGHBOUR),),
        ),
        (
            "security",
            "the security option",
            "791-3.1.sec-a",
            SECURITY,
            8,
            FAR_NEIGHBOUR,
            (option(SECURITY, bytes(9)),),
        ),
        (
            "stream-identifier",
            "a stream identifier",
            "791-3.1.sid-a",
            STREAM_ID,
            6,
            FAR_NEIGHBOUR,
            (option(STREAM_ID, b"\x12\x34"),),
        ),
    )
)

CASES: tuple[Case, ...] = (*POINTER, *USED_UP, *FOLLOWED, *COPIED)

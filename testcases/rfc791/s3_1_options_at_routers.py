"""RFC 791 §3.1: each of the ten options that have a name, at a router and through one.

RFC 791 has all modules implement the options, gateways too. What became obsolete since, and source
routes, which routers are advised to drop (RFC 7126 §4.3 to §4.6), must not make a router fall.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    HOST,
    NEIGHBOUR,
    RECORD_ROUTE,
    TESTER,
    TIMESTAMP,
    Case,
    Option,
    Topology,
    data,
    echo_reply,
    echo_request,
    eol,
    expect,
    ip,
    loose_source_route,
    nop,
    record_route,
    router_alert,
    send,
    source_routing,
    strict_source_route,
    timestamp,
    udp,
)

from testcases.options import BASIC, EXTENDED

TAKES = (source_routing("forward"),)
ANSWERED = expect(ip(src=HOST) / echo_reply(data=b"to the router"))
CARRIED = udp() / data(b"through the router")

TO_ROUTER = tuple(
    Case(
        f"rfc791-3.1-{what}-to-a-router",
        cites="791-3.1.opt-a",
        title=f"a router answers an echo request with {what.replace('-', ' ')}",
        topology=Topology.ROUTER,
        given=TAKES if "source-route" in what else (),
        steps=(send(ip(options=options) / echo_request(data=b"to the router")), ANSWERED),
        rest_is_free=True,
    )
    for what, options in (
        ("end-of-list", (eol(),)),
        ("no-operation", (nop(),) * 4),
        ("basic-security", (BASIC,)),
        ("extended-security", (BASIC, EXTENDED)),
        ("loose-source-route", (loose_source_route(NEIGHBOUR, pointer=8),)),
        ("strict-source-route", (strict_source_route(NEIGHBOUR, pointer=8),)),
        ("record-route", (record_route(slots=2),)),
        ("timestamp", (timestamp(0, slots=2),)),
        ("timestamp-with-addresses", (timestamp(1, slots=4),)),
        ("timestamp-for-addresses", (timestamp(3, HOST, 0, pointer=5),)),
        ("router-alert", (router_alert(),)),
    )
)

THROUGH = tuple(
    Case(
        f"rfc791-3.1-{what}-through-a-router",
        cites="791-3.1.opt-a",
        title=f"a datagram with {what.replace('-', ' ')} passes through a router",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, options=sent) / CARRIED),
            expect(ip(src=TESTER, dst=FAR_TESTER, ihl=ihl, options=passed) / CARRIED, on=FAR),
        ),
    )
    for what, sent, ihl, passed in (
        ("end-of-list", (eol(),), 6, ()),
        ("no-operation", (nop(),) * 4, 6, ()),
        ("record-route", (record_route(slots=2),), 8, (Option(RECORD_ROUTE, length=11),)),
        ("timestamp", (timestamp(0, slots=2),), 8, (Option(TIMESTAMP, length=12),)),
        (
            "timestamp-with-addresses",
            (timestamp(1, slots=4),),
            10,
            (Option(TIMESTAMP, length=20),),
        ),
        (
            "timestamp-for-other-addresses",
            (timestamp(3, TESTER, 0, pointer=5),),
            8,
            (timestamp(3, TESTER, 0, pointer=5),),
        ),
        ("router-alert", (router_alert(),), 6, (router_alert(),)),
    )
)

CASES: tuple[Case, ...] = (*TO_ROUTER, *THROUGH)

"""IP_OPTIONS: how much is taken, what is filled up, and what is refused.

A refusal is a call's own answer; where stacks differ it is observed.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    NEIGHBOUR_2,
    OPEN_PORT,
    RECORD_ROUTE,
    STRICT_SOURCE_ROUTE,
    TESTER,
    TESTER_PORT,
    TIMESTAMP,
    Case,
    Option,
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
    silence,
    strict_source_route,
    udp,
    way,
)

from testcases.options import RAW, TAKES

OPENED = (open_udp("s", port=OPEN_PORT),)
SENT = (send_udp("s", b"sized", to=TESTER, port=TESTER_PORT),)
CARRIED = udp(sport=OPEN_PORT) / data(b"sized")
ALERT = router_alert()
TAKEN = (*OPENED, set_option("s", RAW, octets=(ALERT,)))
"""The control of refusals: a socket that refuses whatever is set shows nothing by them."""
NOP_OCTET = b"\x01"

SIZES = (
    *(
        Case(
            f"sockets-limit-{size}-octets-taken",
            cites="1122-3.2.1.8-a",
            title=f"{size} octets of options are taken and sent",
            steps=(
                *OPENED,
                set_option("s", RAW, octets=alerts, cites="1122-3.2.1.8-a"),
                *SENT,
                expect(ip(src=HOST, ihl=5 + size // 4, options=alerts) / CARRIED),
            ),
        )
        # Not of no-operations, which may be deleted for any reason (RFC 791 §3.1).
        for size in (4, 20, 36, 40)
        for alerts in ((ALERT,) * (size // 4),)
    ),
    *(
        Case(
            f"sockets-limit-{size}-octets-refused",
            cites="sockets-limit-a",
            title=f"{size} octets of options are more than a header has room for, and refused",
            control=TAKEN,
            steps=(set_option("s", RAW, octets=NOP_OCTET * size, refused=True),),
        )
        for size in (44, 45, 48, 255)
    ),
    Case(
        "sockets-limit-route-of-ten-addresses",
        cites="sockets-limit-b",
        title="whether 44 octets with ten addresses are taken, the first of which is not sent",
        given=TAKES,
        steps=(
            *OPENED,
            set_option(
                "s",
                RAW,
                octets=(
                    nop(),
                    loose_source_route(NEIGHBOUR, *(NEIGHBOUR_2, NEIGHBOUR) * 4, TESTER),
                ),
                refused=None,
            ),
            *SENT,
            classify(
                "44 octets with a source route of ten addresses",
                way(
                    "taken",
                    ip(dst=NEIGHBOUR, options=(Option(LOOSE_SOURCE_ROUTE, length=39),)) / CARRIED,
                ),
                way("not taken", ip(dst=TESTER, ihl=5) / CARRIED),
            ),
        ),
    ),
)

ALIGNMENT = tuple(
    Case(
        f"sockets-set-{size}-octets-filled-up",
        cites="sockets-set-d",
        title=f"whether {size} octets, no multiple of four, are filled up",
        steps=(
            *OPENED,
            set_option("s", RAW, octets=NOP_OCTET * size, refused=None),
            *SENT,
            classify(
                f"{size} octets of options",
                way(
                    "filled up",
                    ip(src=HOST, options=NOP_OCTET * size + bytes(-size % 4)) / CARRIED,
                ),
                way("filled up otherwise", ip(src=HOST, ihl=5 + (size + 3) // 4) / CARRIED),
                way("not taken", ip(src=HOST, ihl=5) / CARRIED),
            ),
        ),
    )
    for size in (1, 3, 38)
)

REFUSED = tuple(
    Case(
        f"sockets-refuse-length-{length}-of-{what}",
        cites="sockets-refuse-a",
        title=f"{words} whose length is {length} is refused",
        control=TAKEN,
        steps=(set_option("s", RAW, octets=bytes((kind, length)) + bytes(6), refused=True),),
    )
    for what, words, kind in (
        ("record-route", "a record route", RECORD_ROUTE),
        ("timestamp", "a timestamp option", TIMESTAMP),
        ("loose-source-route", "a loose source route", LOOSE_SOURCE_ROUTE),
        ("strict-source-route", "a strict source route", STRICT_SOURCE_ROUTE),
        ("unknown-option", "an option that nobody knows", 222),
    )
    for length in (0, 1, 9, 255)
)

KEPT = (
    Case(
        "sockets-refuse-keeps-what-was-set",
        cites="sockets-refuse-b",
        title="what becomes of the options that were set when others are refused",
        steps=(
            *OPENED,
            set_option("s", RAW, octets=(ALERT,)),
            set_option("s", RAW, octets=b"\x07\x01\x00\x00", refused=None),
            *SENT,
            classify(
                "after a refusal",
                way("kept", ip(src=HOST, options=(ALERT,)) / CARRIED),
                way("cleared", ip(src=HOST, ihl=5) / CARRIED),
                way("replaced", ip(src=HOST) / CARRIED),
            ),
        ),
    ),
    Case(
        "sockets-refuse-got-as-before",
        cites="sockets-refuse-b",
        title="the options that were set are got after others were refused",
        steps=(
            *OPENED,
            set_option("s", RAW, octets=(ALERT,)),
            set_option("s", RAW, octets=b"\x07\x01\x00\x00", refused=None),
            get_option("s", RAW, octets=(ALERT,)),
        ),
    ),
)

ROUTES = tuple(
    Case(
        f"sockets-refuse-route-{what}",
        cites="sockets-refuse-c",
        title=f"whether a source route {words} is refused",
        given=TAKES,
        control=TAKEN,
        steps=(set_option("s", RAW, octets=route, refused=True),),
    )
    for what, words, route in (
        ("pointer-8", "whose pointer is 8", (loose_source_route(NEIGHBOUR, TESTER, pointer=8),)),
        ("pointer-0", "whose pointer is 0", (loose_source_route(NEIGHBOUR, TESTER, pointer=0),)),
        ("length-8", "of length 8", b"\x83\x08\x04\xc0\x00\x02\x01\x00"),
        ("without-addresses", "without addresses", b"\x83\x03\x04\x00"),
        ("strict-length-10", "of length 10", b"\x89\x0a\x04" + bytes(9)),
    )
)

ONE_ROUTE = (
    set_option("s", "options", octets=(loose_source_route(NEIGHBOUR),)),
    *SENT,
    expect(ip(dst=NEIGHBOUR, options=(loose_source_route(TESTER),)) / CARRIED),
    set_option("s", "options", octets=b""),
)
TWO_ROUTES = tuple(
    Case(
        f"sockets-refuse-two-routes-{what}",
        cites="1122-3.2.1.8c-e",
        title=f"two source routes that a user sets, {words}, are never sent, refused or not",
        given=TAKES,
        control=(*OPENED, *ONE_ROUTE),
        steps=(
            set_option("s", RAW, octets=routes, refused=None),
            send_udp("s", b"sized", to=TESTER, port=TESTER_PORT, refused=None),
            silence(of=ip(src=HOST, options=including(*kinds))),
        ),
        rest_is_free=True,
    )
    for what, words, routes, kinds in (
        (
            "both-loose",
            "both loose",
            (loose_source_route(NEIGHBOUR, TESTER), loose_source_route(NEIGHBOUR_2, TESTER)),
            (Option(LOOSE_SOURCE_ROUTE), Option(LOOSE_SOURCE_ROUTE)),
        ),
        (
            "loose-and-strict",
            "the second strict",
            (loose_source_route(NEIGHBOUR, TESTER), strict_source_route(NEIGHBOUR_2, TESTER)),
            (Option(LOOSE_SOURCE_ROUTE), Option(STRICT_SOURCE_ROUTE)),
        ),
        (
            "around-a-record-route",
            "with a record route between them",
            (
                strict_source_route(NEIGHBOUR, TESTER),
                record_route(slots=1),
                strict_source_route(NEIGHBOUR_2, TESTER),
            ),
            (Option(STRICT_SOURCE_ROUTE), Option(STRICT_SOURCE_ROUTE)),
        ),
    )
)

CASES: tuple[Case, ...] = (*SIZES, *ALIGNMENT, *REFUSED, *KEPT, *ROUTES, *TWO_ROUTES)

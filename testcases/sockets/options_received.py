"""What users see of options that were received, and headers that users write themselves.

IP_RECVOPTS and IP_RETOPTS beside datagrams of UDP sockets; the header in front of what a raw
socket reads; headers given to a raw socket.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    NEIGHBOUR_2,
    OPEN_PORT,
    RECORD_ROUTE,
    ROUTER_ALERT,
    TESTER,
    TIMESTAMP,
    Case,
    Option,
    classify,
    data,
    eol,
    expect,
    get_option,
    including,
    ip,
    loose_source_route,
    nop,
    open_raw,
    open_udp,
    option,
    received,
    record_route,
    router_alert,
    send,
    send_raw,
    set_option,
    starts_with,
    strict_source_route,
    timestamp,
    udp,
    way,
)

from testcases.options import BASIC, EXTENDED, PROTOCOL, RAW, STREAM, TAKES

ALERT = router_alert()
UNKNOWN = option(222, b"\x01\x02\x03\x04")
TO_SOCKET = udp(dport=OPEN_PORT)

TOLD = (
    Case(
        "sockets-recv-options-on-and-off",
        cites="sockets-recv-a",
        title="options come with a datagram while their user wants them, and not when he does not",
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option("s", "recvopts", value=True, cites="sockets-recv-a"),
            send(ip(options=(ALERT, UNKNOWN)) / TO_SOCKET / data(b"wanted")),
            received("s", data=b"wanted", options=(ALERT, UNKNOWN)),
            set_option("s", "recvopts", value=False, cites="sockets-recv-a"),
            send(ip(options=(ALERT, UNKNOWN)) / TO_SOCKET / data(b"unwanted")),
            received("s", data=b"unwanted", options=()),
            set_option("s", "recvopts", value=True, cites="sockets-recv-a"),
            send(ip(options=(ALERT,)) / TO_SOCKET / data(b"wanted again")),
            received("s", data=b"wanted again", options=(ALERT,)),
        ),
    ),
    Case(
        "sockets-recv-choice-told",
        cites="sockets-recv-a",
        title="whether a user is told of options can be asked, and is as he set it",
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option("s", "recvopts", value=False, cites="sockets-recv-a"),
            get_option("s", "recvopts", value=False),
            set_option("s", "recvopts", value=True, cites="sockets-recv-a"),
            get_option("s", "recvopts", value=True),
        ),
    ),
    *(
        Case(
            f"sockets-recv-answer-with-{what}",
            cites="sockets-recv-b",
            title=f"what a user is told to answer a datagram with {words} with",
            given=TAKES,
            steps=(
                open_udp("s", port=OPEN_PORT),
                set_option("s", "retopts", value=True, refused=None),
                send(ip(options=(came,)) / TO_SOCKET / data(b"answer me")),
                received("s", data=b"answer me", return_options=including(told)),
            ),
        )
        for what, words, came, told in (
            (
                "record-route",
                "a record route",
                record_route(slots=2),
                record_route(HOST, 0, pointer=8),
            ),
            (
                "timestamp",
                "a timestamp option",
                timestamp(0, slots=2),
                Option(TIMESTAMP, length=12, pointer=9),
            ),
            (
                "source-route",
                "a complete source route",
                loose_source_route(NEIGHBOUR, NEIGHBOUR_2, pointer=12),
                Option(LOOSE_SOURCE_ROUTE, None, 4),
            ),
        )
    ),
)

HEADERS = tuple(
    Case(
        f"sockets-raw-{what}-in-the-header",
        cites="sockets-raw-c",
        title=f"a raw socket gets {words} in the header before the payload",
        given=TAKES if "source-route" in what else (),
        steps=(
            open_raw("r", protocol=PROTOCOL),
            send(ip(protocol=PROTOCOL, options=sent) / data(b"in front")),
            received("r", data=b"in front", source=TESTER, header=first, options=told),
        ),
    )
    for what, words, sent, first, told in (
        ("nothing", "no options", (), starts_with(b"\x45"), ()),
        ("end-of-list", "an end of list", (eol(),), starts_with(b"\x46"), ()),
        ("no-operation", "no-operations", (nop(),) * 4, starts_with(b"\x46"), ()),
        (
            "security",
            "a security option",
            (BASIC,),
            starts_with(b"\x46"),
            (BASIC,),
        ),
        (
            "extended-security",
            "security options",
            (BASIC, EXTENDED),
            starts_with(b"\x47"),
            (BASIC, EXTENDED),
        ),
        (
            "stream-identifier",
            "a stream identifier",
            (STREAM,),
            starts_with(b"\x46"),
            (STREAM,),
        ),
        ("router-alert", "a router alert", (ALERT,), starts_with(b"\x46"), (ALERT,)),
        (
            "record-route",
            "a record route",
            (record_route(slots=2),),
            starts_with(b"\x48"),
            (Option(RECORD_ROUTE, length=11),),
        ),
        (
            "timestamp",
            "a timestamp option",
            (timestamp(0, slots=2),),
            starts_with(b"\x48"),
            (Option(TIMESTAMP, length=12),),
        ),
        (
            "source-route",
            "a complete source route",
            (loose_source_route(NEIGHBOUR, pointer=8),),
            starts_with(b"\x47"),
            (loose_source_route(NEIGHBOUR, pointer=8),),
        ),
        (
            "strict-source-route",
            "a complete strict route",
            (strict_source_route(NEIGHBOUR, pointer=8),),
            starts_with(b"\x47"),
            (strict_source_route(NEIGHBOUR, pointer=8),),
        ),
    )
)

OWN = ip(src=HOST, dst=TESTER, protocol=PROTOCOL, ttl=9)
OWN_WITH = ip(src=HOST, dst=TESTER, protocol=PROTOCOL, ttl=9, options=(ALERT, UNKNOWN))
INCLUDING = (open_raw("r", protocol=PROTOCOL, header_included=True),)
INCLUDED = (
    *(
        Case(
            f"sockets-raw-header-with-{what}-sent",
            cites="sockets-raw-b",
            title=f"a datagram whose user wrote its header with {words} is sent with it",
            steps=(
                *INCLUDING,
                send_raw(
                    "r",
                    ip(src=HOST, dst=TESTER, protocol=PROTOCOL, ttl=9, options=options)
                    / data(b"mine"),
                    to=TESTER,
                ),
                expect(
                    ip(
                        src=HOST,
                        dst=TESTER,
                        protocol=PROTOCOL,
                        ttl=9,
                        ihl=ihl,
                        options=options,
                    )
                    / data(b"mine")
                ),
            ),
        )
        for what, words, options, ihl in (
            ("nothing", "no options", (), 5),
            ("router-alert", "a router alert", (ALERT,), 6),
            ("two-options", "two options", (ALERT, UNKNOWN), 8),
            ("record-route", "an empty record route", (record_route(slots=2),), 8),
            ("timestamp", "an empty timestamp option", (timestamp(0, slots=1),), 7),
        )
    ),
    Case(
        "sockets-raw-header-without-and-options-set",
        cites="sockets-raw-a",
        title="what becomes of options set on a socket when a header without any is sent",
        steps=(
            *INCLUDING,
            set_option("r", RAW, octets=(ALERT,)),
            send_raw("r", OWN / data(b"mine"), to=TESTER, refused=None),
            classify(
                "options set beside a header without any",
                way("left out", ip(src=HOST, ihl=5) / data(b"mine")),
                way(
                    "put in", ip(src=HOST, options=including(Option(ROUTER_ALERT))) / data(b"mine")
                ),
                way("refused", None),
            ),
        ),
    ),
    Case(
        "sockets-raw-header-with-and-options-set",
        cites="sockets-raw-a",
        title="what becomes of options set on a socket when a header with others is sent",
        steps=(
            *INCLUDING,
            set_option("r", RAW, octets=(record_route(slots=2),)),
            send_raw("r", OWN_WITH / data(b"mine"), to=TESTER, refused=None),
            classify(
                "options set beside a header with others",
                way("left out", ip(src=HOST, options=(ALERT, UNKNOWN)) / data(b"mine")),
                way(
                    "put in instead",
                    ip(src=HOST, options=(Option(RECORD_ROUTE),)) / data(b"mine"),
                ),
                way("refused", None),
            ),
        ),
    ),
    Case(
        "sockets-raw-header-after-clearing",
        cites=("sockets-raw-b", "sockets-set-c"),
        title="once the options of a socket are cleared a header with others is sent as it is",
        steps=(
            *INCLUDING,
            set_option("r", RAW, octets=(record_route(slots=2),)),
            set_option("r", RAW, octets=b""),
            send_raw("r", OWN_WITH / data(b"mine"), to=TESTER, cites="sockets-set-c"),
            expect(ip(src=HOST, ttl=9, options=(ALERT, UNKNOWN)) / data(b"mine")),
        ),
    ),
)

CASES: tuple[Case, ...] = (*TOLD, *HEADERS, *INCLUDED)

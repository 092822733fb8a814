"""RFC 1122 §3.2.1.8: each of the ten options that have a name, set by users and handed to them.

No text obliges a host to send the security options or the stream identifier, which are obsolete:
the manuals of the socket calls alone say that it does.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    NEIGHBOUR,
    OPEN_PORT,
    RECORD_ROUTE,
    TESTER,
    TIMESTAMP,
    Case,
    Layer,
    Option,
    data,
    eol,
    expect,
    ip,
    loose_source_route,
    nop,
    open_udp,
    received,
    record_route,
    router_alert,
    send,
    set_option,
    silence,
    strict_source_route,
    timestamp,
    udp,
    unreachable,
)

from testcases.options import BASIC, EXTENDED, STREAM, TAKES, senders

ASKED, OBSOLETE = ("1122-3.2.1.8-a", "sockets-set-a"), ("sockets-set-a",)
TO_TESTER = ip(src=HOST, dst=TESTER)
# Name, rows, what is set, and the header that goes out. One-octet options may be deleted for any
# reason (RFC 791 §3.1), so that nothing has to be seen of them.
SET: tuple[tuple[str, tuple[str, ...], tuple[Option, ...], Layer], ...] = (
    ("end-of-list", ASKED, (eol(),), TO_TESTER),
    ("no-operation", ASKED, (nop(),) * 4, TO_TESTER),
    ("basic-security", OBSOLETE, (BASIC,), ip(src=HOST, dst=TESTER, options=(BASIC,))),
    (
        "extended-security",
        OBSOLETE,
        (BASIC, EXTENDED),
        ip(src=HOST, dst=TESTER, options=(BASIC, EXTENDED)),
    ),
    (
        "loose-source-route",
        (*ASKED, "1122-3.2.1.8c-a"),
        (loose_source_route(NEIGHBOUR),),
        ip(src=HOST, dst=NEIGHBOUR, options=(loose_source_route(TESTER),)),
    ),
    (
        "strict-source-route",
        (*ASKED, "1122-3.2.1.8c-a"),
        (strict_source_route(NEIGHBOUR),),
        ip(src=HOST, dst=NEIGHBOUR, options=(strict_source_route(TESTER),)),
    ),
    (
        "stream-identifier",
        ("sockets-set-f",),
        (STREAM,),
        ip(src=HOST, dst=TESTER, options=(STREAM,)),
    ),
    (
        "router-alert",
        ASKED,
        (router_alert(),),
        ip(src=HOST, dst=TESTER, options=(router_alert(),)),
    ),
)
SENT = tuple(
    Case(
        f"rfc1122-3.2.1.8-{what}-set-for-{sender.kind}",
        cites=cites,
        title=f"{what.replace('-', ' ')} that a user sets leaves with {sender.words}",
        given=TAKES if "route" in what else (),
        steps=(
            *sender.opened,
            set_option("s", "options", octets=given, cites=cites[0]),
            *sender.sends,
            expect(header / sender.carried),
            *sender.ended,
        ),
        rest_is_free=True,
    )
    for sender in senders(b"optional")
    for what, cites, given, header in SET
)

# RFC 1122 §3.2.1.8 (d) and (e): a host need not originate them. If it does, they are sent.
OPTIONAL = tuple(
    Case(
        f"rfc1122-3.2.1.8-{what}-set-for-{sender.kind}",
        cites=ASKED,
        title=f"{what.replace('-', ' ')} that a user could set leaves with {sender.words}",
        provided=(*sender.opened, set_option("s", "options", octets=(given,))),
        steps=(
            *sender.sends,
            expect(ip(src=HOST, dst=TESTER, options=(sent,)) / sender.carried),
            *sender.ended,
        ),
        rest_is_free=True,
    )
    for sender in senders(b"optional")
    for what, given, sent in (
        ("record-route", record_route(slots=3), Option(RECORD_ROUTE, length=15)),
        ("timestamp", timestamp(0, slots=3), Option(TIMESTAMP, length=16)),
        ("timestamp-with-addresses", timestamp(1, slots=4), Option(TIMESTAMP, length=20)),
        (
            "timestamp-for-addresses",
            timestamp(3, TESTER, 0, pointer=5),
            timestamp(3, TESTER, 0, pointer=5),
        ),
    )
)

# What the list of rows of s3_2_1_8_options leaves out; no-operations and ends need not be told.
HANDED_UP = tuple(
    Case(
        f"rfc1122-3.2.1.8-{what}-to-the-user",
        cites="1122-3.2.1.8-b",
        title=f"a datagram with {what.replace('-', ' ')} reaches its user, who is told of it",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(ip(options=sent) / udp(dport=OPEN_PORT) / data(b"with it")),
            received("u", data=b"with it", options=told),
        ),
    )
    for what, sent, told in (
        ("end-of-list", (eol(),), ()),
        ("no-operation", (nop(),) * 4, ()),
        ("extended-security", (BASIC, EXTENDED), (BASIC, EXTENDED)),
        ("stream-identifier", (STREAM,), (STREAM,)),
        (
            "timestamp-with-addresses",
            (timestamp(1, slots=4),),
            (Option(TIMESTAMP, length=20),),
        ),
        (
            "timestamp-for-other-addresses",
            (timestamp(3, TESTER, 0, pointer=5),),
            (timestamp(3, TESTER, 0, pointer=5),),
        ),
    )
)

REPORTED = tuple(
    Case(
        f"rfc1122-3.2.1.8-{what}-to-a-closed-port",
        cites=("1122-3.2.1.8-c", "1122-4.1.3.1-a"),
        title=f"a closed port is reported whether or not a datagram has {what.replace('-', ' ')}",
        given=TAKES if "source-route" in what else (),
        control=(send(ip() / udp() / data(b"to nobody")), expect(ip(src=HOST) / unreachable(3))),
        steps=(
            send(ip(options=sent) / udp() / data(b"to nobody")),
            expect(ip(src=HOST) / unreachable(3)),
            silence(),
        ),
    )
    for what, sent in (
        ("end-of-list", (eol(),)),
        ("no-operation", (nop(),) * 4),
        ("basic-security", (BASIC,)),
        ("extended-security", (BASIC, EXTENDED)),
        ("loose-source-route", (loose_source_route(NEIGHBOUR, pointer=8),)),
        ("strict-source-route", (strict_source_route(NEIGHBOUR, pointer=8),)),
        ("record-route", (record_route(slots=1),)),
        ("timestamp", (timestamp(0, slots=1),)),
        ("router-alert", (router_alert(),)),
    )
)

CASES: tuple[Case, ...] = (*SENT, *OPTIONAL, *HANDED_UP, *REPORTED)

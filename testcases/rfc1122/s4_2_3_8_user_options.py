"""RFC 1122 §4.2.3.8 and §4.2.2.6: options of a user's connections, and options that TCP ignores.

Source routes are judged where the target is told to take them, as RFC 7126 §4.3 has many drop
them.
"""

from __future__ import annotations

from harness.case import (
    ACK,
    HOST,
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    NEIGHBOUR_2,
    NEXT,
    PSH,
    RECORD_ROUTE,
    RST,
    STRICT_SOURCE_ROUTE,
    SYN,
    TESTER,
    TESTER_PORT,
    TIMESTAMP,
    Case,
    Option,
    at_least,
    at_most,
    classify,
    connect_tcp,
    data,
    eol,
    expect,
    including,
    ip,
    loose_source_route,
    nop,
    not_,
    open_tcp,
    option,
    pattern,
    received_tcp,
    record_route,
    reply,
    reset,
    router_alert,
    seen,
    send,
    send_tcp,
    set_option,
    silence,
    source_route,
    strict_source_route,
    syn,
    tcp,
    tcp_state,
    timestamp,
    way,
    without,
)

from testcases.connections import BACK, ENDED, IS_SYN, LISTENING, ONLY_SYN, SYN_ACK, opened
from testcases.options import BASIC, EXTENDED, STREAM, TAKES

IN_THE_END = (send(ip() / reply("answer", after="syn", flags=RST | ACK)), reset("l"))
ANSWER = reply("syn", sport=TESTER_PORT, dport=seen("syn", "tcp.sport"), flags=SYN | ACK)

ACTIVE = (
    *(
        Case(
            f"rfc1122-4.2.3.8-active-open-by-{what}",
            cites=("1122-4.2.3.8-c", "1122-3.2.1.8c-a", "1122-3.2.1.8c-g"),
            title=f"a SYN whose user set {words} goes to the first hop with the rest in the option",
            given=TAKES,
            steps=(
                open_tcp("a"),
                set_option("a", "options", octets=(source_route(kind, *hops),)),
                connect_tcp("a", to=TESTER, port=TESTER_PORT),
                expect(
                    ip(src=HOST, dst=NEIGHBOUR, options=(source_route(kind, *rest, pointer=4),))
                    / tcp(dport=TESTER_PORT, flags=IS_SYN, checksum_right=True),
                ),
                reset("a"),
            ),
            rest_is_free=True,
        )
        for what, words, kind, hops, rest in (
            ("one-hop", "a loose route by one hop", LOOSE_SOURCE_ROUTE, (NEIGHBOUR,), (TESTER,)),
            (
                "one-strict-hop",
                "a strict route by one hop",
                STRICT_SOURCE_ROUTE,
                (NEIGHBOUR,),
                (TESTER,),
            ),
            (
                "two-hops",
                "a loose route by two hops",
                LOOSE_SOURCE_ROUTE,
                (NEIGHBOUR, NEIGHBOUR_2),
                (NEIGHBOUR_2, TESTER),
            ),
        )
    ),
    Case(
        "rfc1122-4.2.3.8-active-connection-by-its-route",
        cites="1122-4.2.3.8-c",
        title="a connection opened by way of a hop is established, and its data goes by the hop",
        given=TAKES,
        steps=(
            open_tcp("a"),
            set_option("a", "options", octets=(loose_source_route(NEIGHBOUR),)),
            connect_tcp("a", to=TESTER, port=TESTER_PORT),
            expect(BACK / ONLY_SYN, label="syn"),
            send(ip() / ANSWER, label="syn-ack"),
            expect(BACK / tcp(flags=ACK, acknowledgment=seen("syn-ack", NEXT))),
            tcp_state("a", "ESTABLISHED"),
            send_tcp("a", b"by the hop"),
            expect(BACK / tcp(checksum_right=True) / data(b"by the hop")),
            reset("a"),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1122-4.2.3.8-active-open-not-by-the-way-back",
        cites="1122-4.2.3.8-d",
        title="segments that came by another route do not change the way that the user set",
        given=TAKES,
        steps=(
            open_tcp("a"),
            set_option("a", "options", octets=(loose_source_route(NEIGHBOUR),)),
            connect_tcp("a", to=TESTER, port=TESTER_PORT),
            expect(BACK / ONLY_SYN, label="syn"),
            send(
                ip(options=(loose_source_route(NEIGHBOUR_2, pointer=8),)) / ANSWER,
                label="syn-ack",
            ),
            expect(BACK / tcp(flags=ACK, acknowledgment=seen("syn-ack", NEXT))),
            send(
                ip(options=(loose_source_route(NEIGHBOUR_2, pointer=8),))
                / reply(
                    "syn",
                    after="syn-ack",
                    sport=TESTER_PORT,
                    dport=seen("syn", "tcp.sport"),
                    flags=ACK | PSH,
                )
                / data(b"your way")
            ),
            received_tcp("a", b"your way"),
            send_tcp("a", b"my way"),
            expect(BACK / tcp() / data(b"my way")),
            reset("a"),
        ),
        rest_is_free=True,
    ),
)

# All ten and one that nobody knows. Those that TCP has no use for must not stop a segment.
IGNORED = (
    ("end-of-list", (eol(),)),
    ("no-operation", (nop(), nop())),
    ("security", (BASIC,)),
    ("extended-security", (BASIC, EXTENDED)),
    ("stream-identifier", (STREAM,)),
    ("router-alert", (router_alert(),)),
    ("record-route", (record_route(slots=2),)),
    ("timestamp", (timestamp(0, slots=2),)),
    ("loose-source-route", (loose_source_route(NEIGHBOUR, pointer=8),)),
    ("strict-source-route", (strict_source_route(NEIGHBOUR, pointer=8),)),
    ("unknown-option", (option(222, b"\x01\x02\x03\x04"),)),
)
ON_SYN = tuple(
    Case(
        f"rfc1122-4.2.3.8-{what}-on-a-syn",
        cites="1122-4.2.3.8-a",
        title=f"a SYN with {what.replace('-', ' ')} is answered with a SYN-ACK",
        given=TAKES if "source-route" in what else (),
        steps=(
            *LISTENING,
            send(ip(options=options) / syn(), label="syn"),
            expect(ip(src=HOST) / SYN_ACK, label="answer"),
            *IN_THE_END,
        ),
    )
    for what, options in IGNORED
)
ON_DATA = tuple(
    Case(
        f"rfc1122-4.2.3.8-{what}-on-data",
        cites="1122-4.2.3.8-a",
        title=f"data with {what.replace('-', ' ')} reaches the user of the connection",
        steps=(
            *opened(mss=1460),
            send(
                ip(options=options) / reply("syn-ack", after="syn", flags=ACK | PSH) / data(b"in")
            ),
            received_tcp("c", b"in", cites="1122-4.2.3.8-a"),
            *ENDED,
        ),
        rest_is_free=True,
    )
    for what, options in IGNORED
    if what in ("security", "stream-identifier", "router-alert", "record-route", "unknown-option")
)
RETURNED = tuple(
    Case(
        f"rfc1122-4.2.3.8-{what}-supported-or-not",
        cites="1122-4.2.3.8-f",
        title=f"whether the answer to a SYN with a {what.replace('-', ' ')} option has one too",
        steps=(
            *LISTENING,
            send(ip(options=(given,)) / syn(), label="syn"),
            classify(
                f"{what.replace('-', ' ')} on a SYN",
                way("returned", ip(src=HOST, options=including(Option(kind))) / SYN_ACK),
                way("answered without", ip(src=HOST, options=without(kind)) / SYN_ACK),
                way("not answered", None),
            ),
            reset("l"),
        ),
        rest_is_free=True,
    )
    for what, kind, given in (
        ("record-route", RECORD_ROUTE, record_route(slots=2)),
        ("timestamp", TIMESTAMP, timestamp(0, slots=2)),
    )
)

SIZES = tuple(
    Case(
        f"rfc1122-4.2.2.6-room-for-options-at-{mss}",
        cites="1122-4.2.2.6-a",
        title=f"segments to a peer with an MSS of {mss} leave room for the options of the user",
        steps=(
            *opened(mss=mss, window=32_000),
            set_option("c", "options", octets=(record_route(slots=9),)),
            send_tcp("c", pattern(3 * mss)),
            expect(
                ip(
                    src=HOST,
                    total_length=at_most(mss + 40),
                    mf=0,
                    offset=0,
                    options=(Option(RECORD_ROUTE, length=39),),
                )
                / tcp(checksum_right=True)
                / data(not_(b""))
            ),
            silence(of=ip(src=HOST, total_length=at_least(mss + 41)) / tcp()),
            silence(of=ip(src=HOST, mf=1)),
            *ENDED,
        ),
        rest_is_free=True,
    )
    for mss in (536, 1460)
)

CASES: tuple[Case, ...] = (*ACTIVE, *ON_SYN, *ON_DATA, *RETURNED, *SIZES)

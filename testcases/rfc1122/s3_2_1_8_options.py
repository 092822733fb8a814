"""RFC 1122 §3.2.1.8: options on a host: given by users, handed to users, unknown, impossible.

Record route and timestamp are optional ((d), (e)); what a host that has them must do is asked only
of one that shows that it does. Source routes have a module of their own.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    LOOSE_SOURCE_ROUTE,
    OPEN_PORT,
    RECORD_ROUTE,
    ROUTER_ALERT,
    SECURITY,
    STREAM_ID,
    TESTER,
    TESTER_PORT,
    TIMESTAMP,
    Case,
    Option,
    at_least,
    classify,
    close,
    counters,
    data,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    including,
    ip,
    open_udp,
    option,
    parameter_problem,
    pattern,
    received,
    record_route,
    router_alert,
    send,
    send_udp,
    silence,
    time_of_day,
    timestamp,
    udp,
    unreachable,
    way,
    without,
)

STAMPS = (
    send(ip(options=(timestamp(slots=1),)) / echo_request()),
    expect(ip(options=(Option(TIMESTAMP, length=8, pointer=9),)) / echo_reply()),
)
"""The target implements the timestamp option: it comes back with an entry filled."""
WRITTEN = at_least(1)
"""Some time or other."""
PLAIN_TO_A_USER = (
    open_udp("plain", port=OPEN_PORT),
    send(ip() / udp(dport=OPEN_PORT) / data(b"plain")),
    received("plain", data=b"plain"),
    close("plain"),
)
DELIVERED = counters(ipSystemStatsInReceives=1, ipSystemStatsInDelivers=1, udpInDatagrams=1)

GIVEN = tuple(
    Case(
        f"rfc1122-3.2.1.8-{what}-of-a-user-sent",
        cites="1122-3.2.1.8-a",
        title=f"{words} that a user sets stands in the datagram that he sends",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", b"with options", to=TESTER, port=TESTER_PORT, options=(given,)),
            expect(
                ip(src=HOST, dst=TESTER, options=(sent,)) / udp() / data(b"with options"),
            ),
        ),
    )
    for what, words, given, sent in (
        ("router-alert", "router alert", router_alert(), router_alert()),
        (
            "record-route",
            "record route",
            record_route(slots=3),
            Option(RECORD_ROUTE, length=15),
        ),
        ("timestamp", "a timestamp option", timestamp(slots=3), Option(TIMESTAMP, length=16)),
    )
)

HANDED_UP = tuple(
    Case(
        f"rfc1122-3.2.1.8-{what}-handed-to-the-user",
        cites="1122-3.2.1.8-b",
        title=f"{words} reaches the user",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(ip(options=(sent,)) / udp(dport=OPEN_PORT) / data(b"optional")),
            received("u", data=b"optional", options=(told,)),
        ),
        counters=DELIVERED,
    )
    for what, words, sent, told in (
        ("router-alert", "router alert", router_alert(), router_alert()),
        ("security", "a security option", option(SECURITY, b"\xab"), option(SECURITY, b"\xab")),
        ("unknown-option", "an unknown option", option(94, b"\1\2\3"), option(94, b"\1\2\3")),
        ("record-route", "record route", record_route(slots=2), Option(RECORD_ROUTE, length=11)),
        ("timestamp", "a timestamp option", timestamp(slots=2), Option(TIMESTAMP, length=12)),
    )
)

UNKNOWN = (
    *(
        Case(
            f"rfc1122-3.2.1.8-unknown-option-{kind}-ignored",
            cites="1122-3.2.1.8-c",
            title=f"an echo request with option {kind} of {2 + len(body)} octets is answered",
            steps=(
                send(ip(options=(option(kind, body),)) / echo_request()),
                expect(ip() / echo_reply()),
                silence(),
            ),
            counters=echo_served(),
        )
        for kind, body in (
            (30, b""),
            (94, b"\x01"),
            (158, b"\x01\x02\x03\x04\x05\x06"),
            (222, pattern(38)),
            (0x5F, pattern(20)),
            (0xFF, b"\x00\x00"),
        )
    ),
    *(
        Case(
            f"rfc1122-3.2.1.8-unknown-option-{kind}-to-a-user-ignored",
            cites="1122-3.2.1.8-c",
            title=f"a datagram with option {kind} reaches its user and nobody is told",
            control=PLAIN_TO_A_USER,
            steps=(
                open_udp("u", port=OPEN_PORT),
                send(ip(options=(option(kind, body),)) / udp(dport=OPEN_PORT) / data(b"known")),
                received("u", data=b"known"),
                silence(),
            ),
            counters=DELIVERED,
        )
        for kind, body in ((94, b"\x01"), (222, pattern(38)))
    ),
    Case(
        "rfc1122-3.2.1.8-two-unknown-options-of-one-type-ignored",
        cites="1122-3.2.1.8-c",
        title="an echo request with one unknown option twice is answered",
        steps=(
            send(ip(options=(option(94, b"\x01"), option(94, b"\x02"))) / echo_request()),
            expect(ip() / echo_reply()),
            silence(),
        ),
        counters=echo_served(),
    ),
)

# RFC 1122 §3.2.1.8: must not crash, nor loop. What it answers instead is another matter.
IMPOSSIBLE = tuple(
    Case(
        f"rfc1122-3.2.1.8-length-{length}-of-{what}-survived",
        cites="1122-3.2.1.8-d",
        title=f"{words} of length {length} in a datagram to a user does no harm",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(
                ip(options=(Option(kind, length, None, None, (pattern(6, start=4),)),))
                / udp(dport=OPEN_PORT)
                / data(b"bad")
            ),
            send(ip() / udp(dport=OPEN_PORT) / data(b"good")),
            received("u", data=b"good"),
        ),
        rest_is_free=True,
        must_survive=True,
    )
    for what, words, kind in (
        ("record-route", "a record route", RECORD_ROUTE),
        ("timestamp", "a timestamp option", TIMESTAMP),
        ("loose-source-route", "a loose source route", LOOSE_SOURCE_ROUTE),
        ("router-alert", "a router alert", ROUTER_ALERT),
        ("unknown-option", "an unknown option", 94),
    )
    for length in (0, 1, 3, 200)
)

OBSOLETE = (
    Case(
        "rfc1122-3.2.1.8a-security-on-any-host",
        cites="1122-3.2.1.8a-a",
        title="what a host does with an echo request marked unclassified",
        steps=(
            send(ip(options=(option(SECURITY, b"\xab"),)) / echo_request()),
            classify(
                "a datagram with a security option",
                way(
                    "answered with one",
                    ip(options=including(Option(SECURITY))) / echo_reply(),
                ),
                way("answered without", ip() / echo_reply()),
                way("reported", ip() / parameter_problem()),
                way("not answered", None),
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.1.8b-stream-identifier-not-sent",
        cites="1122-3.2.1.8b-a",
        title="the reply to a request with a stream identifier has none",
        steps=(
            send(ip(options=(option(STREAM_ID, b"\x12\x34"),)) / echo_request()),
            expect(ip(options=without(STREAM_ID)) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.2.1.8b-stream-identifier-ignored",
        cites="1122-3.2.1.8b-b",
        title="an echo request with a stream identifier is answered and nobody is told",
        steps=(
            send(ip(options=(option(STREAM_ID, b"\x12\x34"),)) / echo_request()),
            expect(ip() / echo_reply()),
            silence(),
        ),
        counters=echo_served(),
    ),
    Case(
        "rfc1122-3.2.1.8b-stream-identifier-to-a-closed-port",
        cites="1122-3.2.1.8b-b",
        title="a stream identifier does not change that a closed port is reported",
        steps=(
            send(ip(options=(option(STREAM_ID, b"\x12\x34"),)) / udp()),
            expect(ip() / unreachable(3), cites="1122-4.1.3.1-a"),
            silence(of=ip() / parameter_problem()),
        ),
    ),
)

OPTIONAL = (
    Case(
        "rfc1122-3.2.1.8d-record-route-processed",
        cites="1122-3.2.1.8d-a",
        title="whether the host records itself in the route of an echo request",
        steps=(
            send(ip(options=(record_route(slots=1),)) / echo_request()),
            classify(
                "record route",
                way("recorded", ip(options=(record_route(HOST, pointer=8),)) / echo_reply()),
                way("returned empty", ip(options=(record_route(slots=1),)) / echo_reply()),
                way("not returned", ip(options=without(RECORD_ROUTE)) / echo_reply()),
                way("not answered", None),
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.1.8e-timestamp-processed",
        cites="1122-3.2.1.8e-a",
        title="whether the host stamps the timestamp option of an echo request",
        steps=(
            send(ip(options=(timestamp(slots=1),)) / echo_request()),
            classify(
                "the timestamp option",
                way("stamped", ip(options=(Option(TIMESTAMP, pointer=9),)) / echo_reply()),
                way("returned empty", ip(options=(timestamp(slots=1),)) / echo_reply()),
                way("not returned", ip(options=without(TIMESTAMP)) / echo_reply()),
                way("not answered", None),
            ),
        ),
    ),
)

STAMPED_ON_SENDING = tuple(
    Case(
        f"rfc1122-3.2.1.8e-own-{what}-stamped",
        cites="1122-3.2.1.8e-b",
        title=title,
        provided=STAMPS,
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", b"x", to=TESTER, port=TESTER_PORT, options=(given,)),
            expect(ip(dst=TESTER, options=(sent,)) / udp()),
        ),
    )
    for what, title, given, sent in (
        (
            "times-alone",
            "an option for times alone leaves with the time of the host that sends it",
            timestamp(0, slots=2),
            timestamp(0, WRITTEN, 0, pointer=9),
        ),
        (
            "addresses-and-times",
            "an option for addresses and times leaves with those of the host that sends it",
            timestamp(1, slots=4),
            timestamp(1, HOST, WRITTEN, 0, 0, pointer=13),
        ),
        (
            "address-listed-first",
            "an option that lists the host first leaves with its time",
            timestamp(3, HOST, 0, TESTER, 0, pointer=5),
            timestamp(3, HOST, WRITTEN, TESTER, 0, pointer=13),
        ),
    )
)

STAMPED_ON_ARRIVAL = (
    Case(
        "rfc1122-3.2.1.8e-arrival-stamped-for-icmp",
        cites="1122-3.2.1.8e-c",
        title="the option of an echo request holds the host's time when it comes back",
        provided=STAMPS,
        steps=(
            send(ip(options=(timestamp(0, slots=4),)) / echo_request()),
            expect(ip(options=(Option(TIMESTAMP, length=20, pointer=at_least(9)),)) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.2.1.8e-arrival-stamped-for-the-user",
        cites="1122-3.2.1.8e-c",
        title="the option that a user is handed holds the host's time",
        provided=STAMPS,
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(ip(options=(timestamp(0, slots=1),)) / udp(dport=OPEN_PORT) / data(b"when")),
            received("u", data=b"when", options=(timestamp(0, WRITTEN, pointer=9),)),
        ),
    ),
    Case(
        "rfc1122-3.2.1.8e-time-as-in-icmp",
        cites="1122-3.2.1.8e-d",
        title="the time in the option is right within minutes, or says that it is another",
        provided=STAMPS,
        steps=(
            send(ip(options=(timestamp(0, slots=1),)) / echo_request()),
            expect(ip(options=(timestamp(0, time_of_day(), pointer=9),)) / echo_reply()),
        ),
    ),
)

CASES: tuple[Case, ...] = (
    *GIVEN,
    *HANDED_UP,
    *UNKNOWN,
    *IMPOSSIBLE,
    *OBSOLETE,
    *OPTIONAL,
    *STAMPED_ON_SENDING,
    *STAMPED_ON_ARRIVAL,
)

"""RFC 791 §3.1 and §3.2: the option area: single options, lists, lengths, end, padding.

What an option does has modules of its own. RFC 1122 §3.2.1.8 leaves record route and timestamp to
the host and asks it to ignore what it does not know, so that a list of well-formed options never
keeps a datagram from being delivered.
"""

from __future__ import annotations

from harness.case import (
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    RECORD_ROUTE,
    SECURITY,
    STREAM_ID,
    STRICT_SOURCE_ROUTE,
    TESTER,
    TIMESTAMP,
    Case,
    Option,
    classify,
    echo_reply,
    echo_request,
    echo_served,
    eol,
    expect,
    expect_train,
    including,
    ip,
    loose_source_route,
    nop,
    octets,
    one_of,
    option,
    pattern,
    record_route,
    router_alert,
    send,
    strict_source_route,
    timestamp,
    way,
)

FIRST_UNKNOWN, SECOND_UNKNOWN = 94, 158
"""RFC 4727 §3.3: types for experiments, the second with the copied flag."""

FULL_ROUTE = b"\x07\x07\x08\x0a\x01\x02\x03"
"""A record route of one address, already recorded: seven octets."""

ALIVE = (
    send(ip() / echo_request(data=b"still alive")),
    expect(ip() / echo_reply(data=b"still alive")),
)

EVERY = tuple(
    Case(
        f"rfc791-3.1-{what}-alone",
        cites="791-3.1.opt-a",
        title=f"an echo request with {what.replace('-', ' ')} and nothing else",
        steps=(send(ip(options=options) / echo_request()), expect(ip() / echo_reply())),
        rest_is_free=True,
    )
    for what, options in (
        ("end-of-list", (eol(),)),
        ("no-operation", (nop(),)),
        ("security", (option(SECURITY, bytes(9)),)),
        ("loose-source-route", (loose_source_route(NEIGHBOUR, pointer=8),)),
        ("strict-source-route", (strict_source_route(NEIGHBOUR, pointer=8),)),
        ("record-route", (record_route(slots=1),)),
        ("stream-identifier", (option(STREAM_ID, b"\x12\x34"),)),
        ("timestamp", (timestamp(slots=1),)),
    )
)

TOGETHER = tuple(
    Case(
        f"rfc791-3.2-options-{what}",
        cites="791-3.2.opt-a",
        title=f"an echo request with {what.replace('-', ', ')} is answered",
        steps=(send(ip(options=options) / echo_request()), expect(ip() / echo_reply())),
        counters=echo_served(),
    )
    for what, options in (
        ("route-timestamp", (record_route(slots=2), timestamp(slots=2))),
        ("timestamp-route", (timestamp(slots=2), record_route(slots=2))),
        ("route-alert-timestamp", (record_route(slots=2), router_alert(), timestamp(slots=2))),
        ("stream-route", (option(STREAM_ID, b"\x12\x34"), record_route(slots=2))),
        (
            "unknown-route-unknown",
            (
                option(FIRST_UNKNOWN, b"\x01"),
                record_route(slots=2),
                option(SECOND_UNKNOWN, b"\x02\x03"),
            ),
        ),
        ("route-of-forty-octets", (record_route(slots=9), eol())),
    )
)

ALIGNMENT = tuple(
    Case(
        f"rfc791-3.1-option-after-{before}-octets",
        cites="791-3.1.opt-b",
        title=f"a route that begins {before} octets into the area is read from there",
        steps=(
            send(ip(options=(*filling, record_route(slots=2))) / echo_request()),
            expect(ip() / echo_reply()),
        ),
    )
    for before, filling in (
        (1, (nop(),)),
        (2, (option(FIRST_UNKNOWN),)),
        (3, (option(FIRST_UNKNOWN, b"\x01"),)),
        (5, (nop(), option(FIRST_UNKNOWN, b"\x01\x02"))),
    )
)

# What a target does with them differs and may: that it goes on working is the point.
IMPOSSIBLE_LENGTH = tuple(
    Case(
        f"rfc791-3.1-{what}-length-{words}-survived",
        cites="791-3.1.opt-d",
        title=f"an echo request whose {what.replace('-', ' ')} says length {length} does no harm",
        steps=(
            send(ip(options=(Option(kind, length, *rest),)) / echo_request(data=b"bad")),
            *ALIVE,
        ),
        rest_is_free=True,
        must_survive=True,
    )
    for what, kind, rest in (
        ("record-route", RECORD_ROUTE, (4, None, (0,))),
        ("timestamp", TIMESTAMP, (5, 0, (0,))),
        ("loose-source-route", LOOSE_SOURCE_ROUTE, (8, None, (TESTER,))),
        ("strict-source-route", STRICT_SOURCE_ROUTE, (8, None, (TESTER,))),
        ("unknown-option", FIRST_UNKNOWN, (None, None, (b"\x01\x02\x03\x04\x05\x06",))),
    )
    for words, length in (("0", 0), ("1", 1), ("2", 2), ("past-the-header", 9), ("255", 255))
)

CUT_OFF = tuple(
    Case(
        f"rfc791-3.1-{what}-without-length-survived",
        cites="791-3.1.opt-d",
        title=f"a {what.replace('-', ' ')} type as the last octet of the header does no harm",
        steps=(
            send(ip(options=(octets(bytes((1, 1, 1, kind))),)) / echo_request(data=b"bad")),
            *ALIVE,
        ),
        rest_is_free=True,
        must_survive=True,
    )
    for what, kind in (
        ("record-route", RECORD_ROUTE),
        ("timestamp", TIMESTAMP),
        ("unknown-option", FIRST_UNKNOWN),
    )
)

TWICE = tuple(
    Case(
        f"rfc791-3.1-two-{what}-survived",
        cites="791-3.1.opt-d",
        title=f"an echo request with two {what.replace('-', ' ')} options does no harm",
        steps=(
            send(ip(options=(one, one)) / echo_request(data=b"twice")),
            *ALIVE,
        ),
        rest_is_free=True,
        must_survive=True,
    )
    for what, one in (
        ("record-route", record_route(slots=2)),
        ("timestamp", timestamp(slots=2)),
        ("loose-source-route", loose_source_route(NEIGHBOUR, pointer=8)),
        ("stream-identifier", option(STREAM_ID, b"\x12\x34")),
    )
)

END = (
    Case(
        "rfc791-3.1-what-follows-end-of-list-is-padding",
        cites="791-3.1.eol-a",
        title="after end of list a record route of length 2 is padding and the echo is answered",
        steps=(
            send(ip(options=(octets(b"\x00\x07\x02\xff"),)) / echo_request()),
            expect(ip() / echo_reply()),
        ),
        counters=echo_served(),
    ),
    Case(
        "rfc791-3.1-what-follows-a-route-and-end-of-list",
        cites="791-3.1.eol-a",
        title="after a full route and end of list come impossible octets: the echo is answered",
        provided=(
            send(ip(options=(octets(FULL_ROUTE),)) / echo_request()),
            expect(ip() / echo_reply()),
        ),
        steps=(
            send(ip(options=(octets(FULL_ROUTE + b"\x00\x44\x01\xff\x07"),)) / echo_request()),
            expect(ip() / echo_reply()),
        ),
        counters=echo_served(),
    ),
    Case(
        "rfc791-3.1-end-of-list-at-will",
        cites="791-3.1.eol-b",
        title="what stands behind a route that is returned with seven octets",
        steps=(
            send(ip(options=(octets(FULL_ROUTE + b"\x01"),)) / echo_request()),
            classify(
                "the eighth octet",
                way("end of list", ip(options=FULL_ROUTE + b"\x00") / echo_reply()),
                way("no-operation, as it came", ip(options=FULL_ROUTE + b"\x01") / echo_reply()),
                way("the route does not come back", ip(ihl=5) / echo_reply()),
            ),
        ),
    ),
)

NO_OPERATION = tuple(
    Case(
        f"rfc791-3.1-no-operation-{what}",
        cites="791-3.1.nop-a",
        title=f"an echo request with no-operation {what.replace('-', ' ')} is answered",
        steps=(send(ip(options=options) / echo_request()), expect(ip() / echo_reply())),
        counters=echo_served(),
    )
    for what, options in (
        ("forty-times", (nop(),) * 40),
        ("four-times", (nop(),) * 4),
        (
            "around-a-route",
            (nop(), nop(), record_route(slots=1), nop(), timestamp(slots=1), nop(), nop()),
        ),
    )
)

PADDING = (
    Case(
        "rfc791-3.1-header-padded-with-zero",
        cites="791-3.1.pad-a",
        title="a route of seven octets that is returned has a zero behind it",
        provided=(
            send(ip(options=(octets(FULL_ROUTE + b"\x00"),)) / echo_request()),
            expect(ip(options=including(Option(RECORD_ROUTE, length=7))) / echo_reply()),
        ),
        steps=(
            send(ip(options=(octets(FULL_ROUTE + b"\x00"),)) / echo_request()),
            expect(
                ip(
                    ihl=7,
                    # A no-operation in front makes padding needless.
                    options=one_of(FULL_ROUTE + b"\x00", b"\x01" + FULL_ROUTE),
                )
                / echo_reply()
            ),
        ),
    ),
)

# RFC 791 appendix A, example 3: 576 octets, of them 32 header, with x, x, no-operation, y, end.
EXAMPLE = (
    Case(
        "rfc791-appendix.a-example-3-accepted",
        cites="791-A-a",
        title="576 octets with the mixed options of example 3 are answered",
        steps=(
            send(
                ip(
                    identification=111,
                    ttl=123,
                    options=(
                        option(FIRST_UNKNOWN, b"\x01"),
                        option(FIRST_UNKNOWN, b"\x02\x03"),
                        nop(),
                        option(SECOND_UNKNOWN, b"\x04"),
                        eol(),
                    ),
                )
                / echo_request(data=pattern(536))
            ),
            expect_train(ip() / echo_reply(data=pattern(536))),
        ),
    ),
)

CASES: tuple[Case, ...] = (
    *EVERY,
    *TOGETHER,
    *ALIGNMENT,
    *IMPOSSIBLE_LENGTH,
    *CUT_OFF,
    *TWICE,
    *END,
    *NO_OPERATION,
    *PADDING,
    *EXAMPLE,
)

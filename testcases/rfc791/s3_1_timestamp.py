"""RFC 791 §3.1, Internet Timestamp: flags, times, room, overflow, and what is in error.

RFC 1122 §3.2.1.8 (e) makes the option optional for hosts, so a case about how it is processed asks
first whether the target does. With room for one entry there is one way to fill it, whether a host
stamps on arrival, on departure or on both.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_HOST,
    FAR_TESTER,
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    TIMESTAMP,
    Case,
    Option,
    Topology,
    at_least,
    between,
    classify,
    data,
    echo_reply,
    echo_request,
    expect,
    fragments,
    including,
    ip,
    mtu,
    not_,
    one_of,
    open_udp,
    parameter_problem,
    pattern,
    send,
    send_udp,
    silence,
    time_of_day,
    timestamp,
    udp,
    way,
)

STAMPS = (
    send(ip(options=(timestamp(slots=1),)) / echo_request()),
    expect(ip(options=(Option(TIMESTAMP, length=8, pointer=9),)) / echo_reply()),
)
"""The target implements the option: it comes back with an entry filled."""
PASSES_ON = (
    send(ip(dst=FAR_TESTER, options=(timestamp(slots=1),)) / udp() / data(b"probe")),
    expect(ip(src=TESTER, dst=FAR_TESTER, options=(Option(TIMESTAMP),)) / udp(), on=FAR),
)
"""The router neither drops nor strips the option."""
DISCARDED = (
    silence(of=ip() / echo_reply()),
    # Type, length, pointer, and the octet of overflow and flag.
    expect(ip() / parameter_problem(between(20, 23)), cites="1122-3.2.2.5-a"),
)
"""No answer; RFC 1122 §3.2.2.5 asks for a Parameter Problem."""
TIME = 0x01020304
"""Somebody else's time."""
WRITTEN = at_least(1)
"""Some time or other: whether it is right is for the cases about times."""

FLAGS = tuple(
    Case(
        f"rfc791-3.1-timestamp-{what}",
        cites="791-3.1.ts-b",
        title=title,
        provided=STAMPS,
        steps=(
            send(ip(options=(sent,)) / echo_request()),
            expect(ip(options=(returned,)) / echo_reply()),
        ),
    )
    for what, title, sent, returned in (
        (
            "flag-0-time-alone",
            "with flag 0 a time goes into the next word",
            timestamp(0, slots=1),
            timestamp(0, WRITTEN, pointer=9),
        ),
        (
            "flag-0-behind-the-last-entry",
            "with flag 0 a time goes behind the times that are there",
            timestamp(0, TIME, slots=1),
            timestamp(0, TIME, WRITTEN, pointer=13),
        ),
        (
            "flag-1-address-and-time",
            "with flag 1 the host's address goes before the time",
            timestamp(1, slots=2),
            timestamp(1, HOST, WRITTEN, pointer=13),
        ),
        (
            "flag-3-own-address-stamped",
            "with flag 3 a time goes behind the host's address",
            timestamp(3, HOST, 0, pointer=5),
            timestamp(3, HOST, WRITTEN, pointer=13),
        ),
        (
            "flag-3-second-address-own-stamped",
            "with flag 3 the next address counts, not the first one",
            timestamp(3, TESTER, TIME, HOST, 0, pointer=13),
            timestamp(3, TESTER, TIME, HOST, WRITTEN, pointer=21),
        ),
        (
            "flag-3-other-address-left-alone",
            "with flag 3 and another's address nothing is stamped",
            timestamp(3, TESTER, 0, pointer=5),
            timestamp(3, TESTER, 0, pointer=5),
        ),
        (
            "flag-3-own-address-not-next-left-alone",
            "with flag 3 the host's address behind another's is not stamped",
            timestamp(3, TESTER, 0, HOST, 0, pointer=5),
            timestamp(3, TESTER, 0, HOST, 0, pointer=5),
        ),
    )
)

UNDEFINED_FLAGS = tuple(
    Case(
        f"rfc791-3.1-timestamp-flag-{flag}-nothing-written",
        cites="791-3.1.ts-c",
        title=f"with flag {flag}, which nobody defined, no entry is filled",
        provided=STAMPS,
        control=STAMPS,
        steps=(
            send(ip(options=(timestamp(flag, slots=2),)) / echo_request()),
            silence(
                of=ip(options=including(Option(TIMESTAMP, pointer=not_(5)))) / echo_reply(),
            ),
        ),
        rest_is_free=True,
        must_survive=True,
    )
    for flag in (2, 4, 15)
)

TIMES = (
    Case(
        "rfc791-3.1-timestamp-milliseconds-since-midnight",
        cites="791-3.1.ts-d",
        title="a standard time is milliseconds since midnight UT",
        provided=STAMPS,
        steps=(
            send(ip(options=(timestamp(0, slots=1),)) / echo_request()),
            expect(ip(options=(timestamp(0, time_of_day(), pointer=9),)) / echo_reply()),
        ),
    ),
    Case(
        "rfc791-3.1-timestamp-other-times-marked",
        cites="791-3.1.ts-e",
        title="a time that is not milliseconds since midnight has its high bit set",
        provided=STAMPS,
        steps=(
            send(ip(options=(timestamp(1, slots=2),)) / echo_request()),
            expect(ip(options=(timestamp(1, HOST, time_of_day(), pointer=13),)) / echo_reply()),
        ),
    ),
)

POINTER = tuple(
    Case(
        f"rfc791-3.1-timestamp-pointer-{pointer}-discarded",
        cites="791-3.1.ts-a",
        title=f"a timestamp option whose pointer is {pointer}, below 5, is in error: no reply",
        provided=STAMPS,
        control=STAMPS,
        steps=(
            send(ip(options=(timestamp(slots=2, pointer=pointer),)) / echo_request()),
            *DISCARDED,
        ),
        must_survive=True,
    )
    for pointer in (0, 1, 4)
)

LONGEST = (
    Case(
        "rfc791-3.1-timestamp-of-40-octets",
        cites="791-3.1.ts-a",
        title="a timestamp option of forty octets, the most there can be, comes back as long",
        provided=STAMPS,
        steps=(
            send(ip(options=(timestamp(slots=9),)) / echo_request()),
            expect(ip(options=(Option(TIMESTAMP, length=40, pointer=at_least(9)),)) / echo_reply()),
        ),
    ),
)

FULL = tuple(
    Case(
        f"rfc791-3.1-timestamp-full-flag-{flag}-counts-overflow",
        cites="791-3.1.ts-g",
        title=f"a full timestamp option with flag {flag} is left but for one more overflow",
        provided=STAMPS,
        steps=(
            send(ip(options=(timestamp(flag, *entries, overflow=before),)) / echo_request()),
            expect(
                ip(options=(timestamp(flag, *entries, overflow=before + 1),)) / echo_reply(),
            ),
        ),
    )
    for flag, entries, before in ((0, (TIME,), 0), (1, (TESTER, TIME), 14))
)

FULL_OF_LISTED = (
    Case(
        "rfc791-3.1-timestamp-full-flag-3",
        cites="1122-3.2.1.8e-a",
        title="what is done with a full option that lists whom it asks",
        provided=STAMPS,
        steps=(
            send(ip(options=(timestamp(3, TESTER, TIME),)) / echo_request()),
            classify(
                "a full option with flag 3",
                way(
                    "overflow counted",
                    ip(options=(timestamp(3, TESTER, TIME, overflow=1),)) / echo_reply(),
                ),
                way(
                    "left as it was",
                    ip(options=(timestamp(3, TESTER, TIME),)) / echo_reply(),
                ),
            ),
        ),
    ),
)

IN_ERROR = tuple(
    Case(
        f"rfc791-3.1-timestamp-{what}-discarded",
        cites="791-3.1.ts-h",
        title=f"{title} is an error: no reply",
        provided=STAMPS,
        control=STAMPS,
        steps=(send(ip(options=(option,)) / echo_request()), *DISCARDED),
    )
    for what, title, option in (
        (
            "three-octets-of-room",
            "room for three octets of a time",
            Option(TIMESTAMP, None, 5, 0, (b"\0\0\0",)),
        ),
        (
            "one-octet-behind-an-entry",
            "room for one octet behind an entry",
            Option(TIMESTAMP, None, 9, 0, (TIME, b"\0")),
        ),
        ("no-room-for-address-and-time", "room for an address alone", timestamp(1, slots=1)),
        (
            "flag-3-without-room-for-the-time",
            "an own address without room for the time",
            timestamp(3, HOST, pointer=5),
        ),
        (
            "sixteenth-overflow",
            "an overflow count of 15 that overflows",
            timestamp(0, TIME, overflow=15),
        ),
    )
)

SENT = (
    Case(
        "rfc791-3.1-timestamp-area-zero-at-first",
        cites="791-3.1.ts-f",
        title="an option that a user asks for leaves as long as asked, empty but for the host",
        provided=STAMPS,
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", b"x", to=TESTER, port=TESTER_PORT, options=(timestamp(0, slots=4),)),
            expect(
                ip(
                    dst=TESTER,
                    options=(timestamp(0, WRITTEN, 0, 0, 0, pointer=9, length=20),),
                )
                / udp()
            ),
        ),
    ),
)

FORWARDED = (
    Case(
        "rfc791-3.1-timestamp-of-a-router",
        cites="791-3.1.ts-b",
        title="with flag 1 a router writes an address of its own, and the time",
        topology=Topology.ROUTER,
        provided=PASSES_ON,
        steps=(
            send(ip(dst=FAR_TESTER, options=(timestamp(1, slots=4),)) / udp() / data(b"x")),
            expect(
                ip(
                    dst=FAR_TESTER,
                    options=(timestamp(1, one_of(HOST, FAR_HOST), WRITTEN, 0, 0, pointer=13),),
                )
                / udp(),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc791-3.1-timestamp-full-in-transit",
        cites="791-3.1.ts-g",
        title="a router forwards a full timestamp option with one more overflow",
        topology=Topology.ROUTER,
        provided=PASSES_ON,
        steps=(
            send(ip(dst=FAR_TESTER, options=(timestamp(0, TIME),)) / udp() / data(b"x")),
            expect(ip(dst=FAR_TESTER, options=(timestamp(0, TIME, overflow=1),)) / udp(), on=FAR),
        ),
    ),
)

CUT = (
    Case(
        "rfc791-3.1-timestamp-in-the-first-piece-of-a-reply",
        cites="791-3.1.ts-i",
        title="a host that cuts its reply sends the timestamp option in the first piece only",
        given=(mtu(280),),
        provided=STAMPS,
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
                    headers=((0, ip(options=(timestamp(slots=2),))),),
                )
            ),
            expect(ip(mf=1, offset=0, options=(Option(TIMESTAMP),)) / echo_reply()),
            silence(of=ip(src=HOST, offset=at_least(8), options=including(Option(TIMESTAMP)))),
            expect(ip(src=HOST, offset=at_least(8))),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.1-timestamp-in-the-first-piece-in-transit",
        cites="791-3.1.ts-i",
        title="a router that cuts a datagram leaves the timestamp option in the first piece only",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR),),
        provided=PASSES_ON,
        steps=(
            send(ip(dst=FAR_TESTER, options=(timestamp(slots=2),)) / udp() / data(pattern(500))),
            expect(ip(mf=1, offset=0, options=(Option(TIMESTAMP),)) / udp(), on=FAR),
            silence(
                of=ip(dst=FAR_TESTER, offset=at_least(8), options=including(Option(TIMESTAMP))),
                on=FAR,
            ),
            expect(ip(dst=FAR_TESTER, offset=at_least(8)), on=FAR),
        ),
        rest_is_free=True,
    ),
)

CASES: tuple[Case, ...] = (
    *FLAGS,
    *UNDEFINED_FLAGS,
    *TIMES,
    *POINTER,
    *LONGEST,
    *FULL,
    *FULL_OF_LISTED,
    *IN_ERROR,
    *SENT,
    *FORWARDED,
    *CUT,
)

"""IP_OPTIONS on UDP, TCP and raw sockets: set, set anew, clear, and get.

What these calls do is laid down in manuals, not by RFCs: where Berkeley and Linux differ a target
is observed, never failed. What is set must go out, though: RFC 1122 §3.2.1.8.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    RECORD_ROUTE,
    TESTER,
    TESTER_PORT,
    Case,
    Layer,
    Option,
    Step,
    connect_tcp,
    data,
    expect,
    get_option,
    ip,
    open_raw,
    open_tcp,
    open_udp,
    option,
    received,
    record_route,
    reply,
    reset,
    router_alert,
    send,
    send_raw,
    send_tcp,
    send_udp,
    set_option,
    tcp,
    timestamp,
    udp,
)

from testcases.connections import ONLY_SYN, opened
from testcases.options import PROTOCOL, RAW

ALERT = (router_alert(),)
ROUTE = (record_route(slots=3),)
WITH_ALERT = ip(src=HOST, dst=TESTER, options=ALERT)
WITH_ROUTE = ip(src=HOST, dst=TESTER, options=(Option(RECORD_ROUTE, length=15),))
WITHOUT = ip(src=HOST, dst=TESTER, ihl=5)
TCP_OPENED = opened(socket="s", mss=1000)


def sends_udp(octets: bytes, header: Layer) -> tuple[Step, ...]:
    """The socket sends, and this header goes out."""
    return (
        send_udp("s", octets, to=TESTER, port=TESTER_PORT),
        expect(header / udp(dport=TESTER_PORT) / data(octets)),
    )


def sends_raw(octets: bytes, header: Layer) -> tuple[Step, ...]:
    """The same for a raw socket."""
    return (send_raw("s", octets, to=TESTER), expect(header / data(octets)))


def sends_tcp(octets: bytes, header: Layer) -> tuple[Step, ...]:
    """The same for a connection."""
    return (
        send_tcp("s", octets),
        expect(header / tcp(checksum_right=True) / data(octets), label=octets.decode()),
        send(ip() / reply(octets.decode(), after="syn")),
    )


SOCKETS = (
    ("udp", "a UDP socket", (open_udp("s", port=OPEN_PORT),), sends_udp, ()),
    ("raw", "a raw socket", (open_raw("s", protocol=PROTOCOL),), sends_raw, ()),
    ("tcp", "a connection", TCP_OPENED, sends_tcp, (reset("s"), reset("l"))),
)

SET = tuple(
    case
    for kind, words, opened, sends, ended in SOCKETS
    for case in (
        Case(
            f"sockets-set-{kind}-for-all-that-is-sent",
            cites=("sockets-set-a", "1122-3.2.1.8-a"),
            title=f"what is set on {words} is in everything that it sends from then on",
            steps=(
                *opened,
                *sends(b"before", WITHOUT),
                set_option("s", RAW, octets=ALERT),
                *sends(b"first", WITH_ALERT),
                *sends(b"second", WITH_ALERT),
                *sends(b"third", WITH_ALERT),
                *ended,
            ),
            rest_is_free=True,
        ),
        Case(
            f"sockets-set-{kind}-replaces",
            cites=("sockets-set-b", "sockets-get-a"),
            title=f"what is set on {words} replaces what was set before, the whole of it",
            steps=(
                *opened,
                set_option("s", RAW, octets=ALERT),
                *sends(b"first", WITH_ALERT),
                set_option("s", RAW, octets=ROUTE),
                *sends(b"second", WITH_ROUTE),
                get_option("s", RAW, octets=ROUTE),
                *ended,
            ),
            rest_is_free=True,
        ),
        Case(
            f"sockets-set-{kind}-cleared",
            cites="sockets-set-c",
            title=f"setting no octets on {words} clears what was set",
            steps=(
                *opened,
                set_option("s", RAW, octets=ALERT),
                *sends(b"first", WITH_ALERT),
                set_option("s", RAW, octets=b""),
                *sends(b"second", WITHOUT),
                get_option("s", RAW, octets=b"", cites="sockets-get-b"),
                *ended,
            ),
            rest_is_free=True,
        ),
        Case(
            f"sockets-get-{kind}-nothing-at-first",
            cites="sockets-get-b",
            title=f"{words} has no options until they are set, and gives those that are",
            steps=(
                *opened,
                get_option("s", RAW, octets=b""),
                set_option("s", RAW, octets=ALERT),
                get_option("s", RAW, octets=ALERT, cites="sockets-get-a"),
                *ended,
            ),
            rest_is_free=True,
        ),
    )
)

OTHERS = (
    Case(
        "sockets-set-for-one-socket-alone",
        cites="sockets-set-e",
        title="what is set on one socket is in nothing that another sends",
        steps=(
            open_udp("s", port=OPEN_PORT),
            open_udp("other"),
            set_option("s", RAW, octets=ALERT),
            send_udp("other", b"bare", to=TESTER, port=TESTER_PORT),
            expect(WITHOUT / udp() / data(b"bare")),
            *sends_udp(b"clad", WITH_ALERT),
        ),
    ),
    Case(
        "sockets-set-connections-of-one-port",
        cites="sockets-set-e",
        title="what is set on a connection is in nothing that another sends",
        steps=(
            *TCP_OPENED,
            set_option("s", RAW, octets=ALERT),
            open_tcp("other"),
            connect_tcp("other", to=TESTER, port=TESTER_PORT),
            expect(WITHOUT / ONLY_SYN),
            *sends_tcp(b"clad", WITH_ALERT),
            reset("other"),
            reset("s"),
            reset("l"),
        ),
        rest_is_free=True,
    ),
)

LONGEST = (record_route(slots=9),)
GOT = tuple(
    Case(
        f"sockets-get-{what}-as-set",
        cites="sockets-get-a",
        title=f"{words} is got as it was set, before a datagram and after",
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option("s", RAW, octets=octets),
            get_option("s", RAW, octets=octets),
            send_udp("s", b"between", to=TESTER, port=TESTER_PORT),
            expect(ip(src=HOST, dst=TESTER) / udp() / data(b"between")),
            get_option("s", RAW, octets=octets),
        ),
    )
    for what, words, octets in (
        ("router-alert", "a router alert", ALERT),
        ("record-route", "a record route of three slots", (record_route(slots=3),)),
        ("longest-route", "a record route of nine slots", LONGEST),
        ("timestamp", "a timestamp option", (timestamp(0, slots=2),)),
        ("unknown-option", "an option that nobody knows", (option(222, b"\x01\x02"),)),
        ("no-operations", "an area of no-operations", b"\x01\x01\x01\x01"),
        ("two-options", "two options", (router_alert(), option(222, b"\x01\x02"))),
    )
)

LENGTHS = tuple(
    Case(
        f"sockets-get-into-{size}-octets",
        cites="sockets-get-c",
        title=f"a buffer of {size} octets gets {words}",
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option("s", RAW, octets=bytes.fromhex("9404000094040000")),
            get_option("s", RAW, octets=bytes.fromhex("9404000094040000")[:size], size=size),
        ),
    )
    for size, words in (
        (1, "the first octet of what was set"),
        (4, "the first half of what was set"),
        (8, "all of what was set, just fitting"),
        (100, "all of what was set, and is not filled up"),
    )
)

UNTOUCHED = (
    Case(
        "sockets-get-udp-nothing-received",
        cites="sockets-udp-a",
        title="getting on a UDP socket gives nothing of the options of a datagram that came",
        steps=(
            open_udp("s", port=OPEN_PORT),
            send(ip(options=ALERT) / udp(dport=OPEN_PORT) / data(b"came")),
            received("s", data=b"came"),
            get_option("s", RAW, octets=b""),
        ),
    ),
    Case(
        "sockets-get-udp-what-was-set",
        cites="sockets-udp-a",
        title="getting on a UDP socket gives what was set, whatever has come meanwhile",
        steps=(
            open_udp("s", port=OPEN_PORT),
            set_option("s", RAW, octets=ROUTE),
            send(ip(options=ALERT) / udp(dport=OPEN_PORT) / data(b"came")),
            received("s", data=b"came"),
            get_option("s", RAW, octets=ROUTE),
            *sends_udp(b"went", WITH_ROUTE),
        ),
    ),
)

CASES: tuple[Case, ...] = (*SET, *OTHERS, *GOT, *LENGTHS, *UNTOUCHED)

"""RFC 1122 §3.2.1.4 and §3.3.2: every host reassembles; how much, how long, and what it says.

Timeouts are waited for as the target's profile states them. A datagram that is given up is reported
with Time Exceeded if fragment zero came; the trigger is an echo request and UDP, as stacks differ.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    QUOTED,
    REASSEMBLY,
    TESTER,
    TESTER_PORT,
    Case,
    advance,
    counters,
    data,
    echo_reply,
    echo_request,
    echo_served,
    error_sent,
    expect,
    expect_train,
    fragments,
    ip,
    merged,
    ms,
    open_udp,
    pattern,
    received,
    seconds,
    send,
    silence,
    time_exceeded,
    udp,
)

TWO = ((0, 48), (48, None))
THREE = ((0, 48), (48, 72), (72, None))
ECHO = ip(identification=0x3320) / echo_request(sequence=1, data=pattern(93))
DATAGRAM = ip(identification=0x3321) / udp() / data(pattern(93))
REPLY = ip(src=HOST, dst=TESTER) / echo_reply(sequence=1, data=pattern(93))
GIVEN_UP = ip(src=HOST, dst=TESTER) / time_exceeded(1, quote=QUOTED)
IN_ORDER = (
    send(fragments(ip() / echo_request(data=pattern(93)), *TWO)),
    expect(ip() / echo_reply()),
)
TRIGGERS = (("an-echo-request", "an echo request", ECHO), ("udp", "UDP", DATAGRAM))


IMPLEMENTED = (
    Case(
        "rfc1122-3.2.1.4-two-fragments-joined",
        cites="1122-3.2.1.4-a",
        title="an echo request in two fragments is answered",
        steps=(send(fragments(ECHO, *TWO)), expect(REPLY)),
        counters=merged(
            echo_served(),
            counters(ipSystemStatsInReceives=1, ipSystemStatsReasmReqds=2, ipSystemStatsReasmOKs=1),
        ),
    ),
    Case(
        "rfc1122-3.3.2-reassembly-for-udp",
        cites="1122-3.3.2-a",
        title="a user gets a datagram that came in three fragments",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(fragments(ip() / udp(dport=OPEN_PORT) / data(pattern(93)), *THREE)),
            received("u", data=pattern(93), source=TESTER, source_port=TESTER_PORT),
        ),
        counters=counters(
            ipSystemStatsInReceives=3,
            ipSystemStatsReasmReqds=3,
            ipSystemStatsReasmOKs=1,
            ipSystemStatsInDelivers=1,
            udpInDatagrams=1,
        ),
    ),
)

SIZES = tuple(
    Case(
        f"rfc1122-3.3.2-{octets}-octets-reassembled",
        cites=row,
        title=f"an echo request of {octets:,} octets that comes in fragments is answered",
        steps=(
            send(fragments(ip() / echo_request(data=pattern(octets - 28)), *cuts)),
            expect_train(ip() / echo_reply(data=pattern(octets - 28))),
        ),
    )
    for row, octets, cuts in (
        ("1122-3.3.2-b", 576, ((0, 280), (280, None))),
        ("1122-3.3.2-d", 1500, ((0, 496), (496, 992), (992, None))),
        (
            "1122-3.3.2-c",
            9000,
            (*((start, start + 1480) for start in range(0, 8880, 1480)), (8880, None)),
        ),
        (
            "1122-3.3.2-c",
            65535,
            (*((start, start + 1480) for start in range(0, 65120, 1480)), (65120, None)),
        ),
    )
)

REPORTED = tuple(
    Case(
        f"rfc1122-3.3.2-{what}-given-up-and-reported",
        cites="1122-3.3.2-j",
        title=f"{words} of which only fragment zero comes ends in Time Exceeded, and no sooner",
        steps=(
            send(fragments(datagram, *TWO, order=(0,))),
            expect(GIVEN_UP, within=REASSEMBLY, after=seconds(1)),
        ),
        counters=merged(
            counters(
                ipSystemStatsInReceives=1, ipSystemStatsReasmReqds=1, ipSystemStatsReasmFails=1
            ),
            error_sent(11),
        ),
    )
    for what, words, datagram in TRIGGERS
)

NOT_REPORTED = tuple(
    Case(
        f"rfc1122-3.3.2-{what}-without-fragment-zero-given-up-in-silence",
        cites="1122-3.3.2-j",
        title=f"{words} of which fragment zero never comes is given up without a word",
        control=IN_ORDER,
        steps=(
            send(fragments(datagram, *THREE, order=(2, 1))),
            silence(within=REASSEMBLY),
        ),
    )
    for what, words, datagram in TRIGGERS
)

FIRST_HEADER = (
    Case(
        "rfc1122-3.3.2-fragment-zero-quoted-though-it-came-last",
        cites="1122-3.3.2-f",
        title="Time Exceeded quotes fragment zero, though a later one came first",
        steps=(
            send(fragments(DATAGRAM, *THREE, order=(1,)), label="later"),
            send(fragments(DATAGRAM, *THREE, order=(0,), headers=((0, ip(ttl=99)),)), label="zero"),
            expect(GIVEN_UP, within=REASSEMBLY),
        ),
    ),
)

TIMEOUT = (
    Case(
        "rfc1122-3.3.2-there-is-a-timeout",
        cites="1122-3.3.2-g",
        title="the end of a train that comes after the timeout completes nothing",
        control=IN_ORDER,
        steps=(
            send(fragments(ECHO, *TWO, order=(0,))),
            advance(REASSEMBLY),
            send(fragments(ECHO, *TWO, order=(1,))),
            silence(of=ip() / echo_reply()),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1122-3.3.2-patience-with-ttl-1",
        cites="1122-3.3.2-h",
        title="a train whose TTL is 1 is not given up after a second",
        control=IN_ORDER,
        steps=(
            send(fragments(ECHO, *TWO, order=(0,), headers=((0, ip(ttl=1)),))),
            advance(ms(2500)),
            send(fragments(ECHO, *TWO, order=(1,), headers=((1, ip(ttl=1)),))),
            expect(REPLY),
        ),
    ),
    Case(
        "rfc1122-3.3.2-given-up-in-time-with-ttl-255",
        cites="1122-3.3.2-h",
        title="a train whose TTL is 255 is given up when others are, not after four minutes",
        control=IN_ORDER,
        steps=(
            send(fragments(ECHO, *TWO, order=(0,), headers=((0, ip(ttl=255)),))),
            advance(REASSEMBLY),
            send(fragments(ECHO, *TWO, order=(1,), headers=((1, ip(ttl=255)),))),
            silence(of=ip() / echo_reply()),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1122-3.3.2-59-seconds-of-patience",
        cites="1122-3.3.2-i",
        title="the end of a train that comes after 59 s completes it",
        steps=(
            send(fragments(ECHO, *TWO, order=(0,))),
            advance(seconds(59)),
            send(fragments(ECHO, *TWO, order=(1,))),
            expect(REPLY),
        ),
    ),
)

CASES: tuple[Case, ...] = (
    *IMPLEMENTED,
    *SIZES,
    *REPORTED,
    *NOT_REPORTED,
    *FIRST_HEADER,
    *TIMEOUT,
)

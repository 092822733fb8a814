"""RFC 791 §3.2: fragments put together again: orders, gaps, duplicates, the header.

Which fragments belong together is in `s3_2_reassembly_keys`, what contradicts itself in
`s3_2_reassembly_oddities`; timeouts are in RFC 1122 §3.3.2. Where a
train is sent in several steps its Identification is written out, for the pieces to share it.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    REASSEMBLY,
    TESTER,
    TESTER_PORT,
    Case,
    advance,
    classify,
    close,
    counters,
    data,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    expect_train,
    fragments,
    ip,
    merged,
    open_udp,
    option,
    pattern,
    received,
    record_route,
    seconds,
    send,
    silence,
    time_exceeded,
    udp,
    way,
)

FOUR = ((0, 32), (32, 56), (56, 80), (80, None))
ECHO = ip() / echo_request(data=pattern(93))
REPLY = ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(93))
TRAIN = ip(identification=0x7914) / echo_request(sequence=1, data=pattern(93))
"""The same with an Identification that several steps can share."""
IN_ORDER = (send(fragments(ECHO, *FOUR)), expect(REPLY))
TWO = ((0, 48), (48, None))


ORDERS = tuple(
    Case(
        f"rfc791-3.2-four-fragments-{what}",
        cites="791-3.2.reasm-a",
        title=f"an echo request in four fragments that come {what.replace('-', ' ')} is answered",
        steps=(send(fragments(ECHO, *FOUR, order=order)), expect(REPLY)),
        counters=merged(
            echo_served(),
            counters(
                ipSystemStatsInReceives=3,
                ipSystemStatsReasmReqds=4,
                ipSystemStatsReasmOKs=1,
            ),
        ),
    )
    for what, order in (
        ("in-order", (0, 1, 2, 3)),
        ("in-reverse", (3, 2, 1, 0)),
        ("first-last", (1, 2, 3, 0)),
        ("last-first", (3, 0, 1, 2)),
        ("evens-before-odds", (0, 2, 1, 3)),
        ("outside-in", (0, 3, 1, 2)),
        ("inside-out", (2, 1, 3, 0)),
        ("middle-out-of-order", (1, 0, 3, 2)),
    )
)

USERS = (
    Case(
        "rfc791-3.2-udp-in-fragments-delivered",
        cites="791-3.2.reasm-a",
        title="a user gets what came in fragments out of order as one datagram",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(
                fragments(
                    ip() / udp(dport=OPEN_PORT) / data(pattern(93)), *FOUR, order=(3, 1, 2, 0)
                )
            ),
            received("u", data=pattern(93), source=TESTER, source_port=TESTER_PORT),
        ),
    ),
)

# Some of the four fragments come, nothing happens; then the others, and the echo is answered.
GAPS = tuple(
    Case(
        f"rfc791-3.2-without-the-{what}-not-delivered",
        cites="791-3.2.reasm-a",
        title=f"a train without its {what.replace('-', ' ')} is not delivered until that comes",
        control=IN_ORDER,
        steps=(
            send(fragments(TRAIN, *FOUR, order=there)),
            silence(),
            send(fragments(TRAIN, *FOUR, order=missing)),
            expect(REPLY),
        ),
        counters=merged(
            echo_served(),
            counters(
                ipSystemStatsInReceives=3,
                ipSystemStatsReasmReqds=4,
                ipSystemStatsReasmOKs=1,
            ),
        ),
    )
    for what, there, missing in (
        ("first-fragment", (1, 2, 3), (0,)),
        ("middle", (0, 3), (2, 1)),
        ("second-fragment", (0, 2, 3), (1,)),
        ("last-fragment", (0, 1, 2), (3,)),
    )
)

ALONE = (
    Case(
        "rfc791-3.2-whole-message-with-mf-not-delivered",
        cites="791-3.1.flags-c",
        title="an echo request that could stand alone but has MF set is not answered yet",
        control=IN_ORDER,
        steps=(
            send(ip(mf=1, identification=0x7917) / echo_request(data=pattern(96))),
            silence(),
            # Zeros leave the ICMP checksum as it is.
            send(ip(offset=104, identification=0x7917, protocol=1) / data(bytes(8))),
            expect(ip() / echo_reply(data=pattern(96) + bytes(8))),
        ),
    ),
    Case(
        "rfc791-3.2-last-fragment-alone-not-delivered",
        cites="791-3.1.fo-a",
        title="an echo request that could stand alone but has an offset is not answered",
        control=IN_ORDER,
        steps=(
            send(ip(offset=64, identification=0x7918) / echo_request(data=pattern(96))),
            silence(),
        ),
    ),
)

# Each fragment but the missing one more than once: one reply and no more.
DUPLICATES = tuple(
    Case(
        f"rfc791-3.2-{what}-twice",
        cites="791-3.2.reasm-g",
        title=f"a train with its {what.replace('-', ' ')} twice is answered once",
        steps=(send(fragments(ECHO, *FOUR, order=order)), expect(REPLY)),
        counters=merged(
            echo_served(),
            counters(
                ipSystemStatsInReceives=len(order) - 1,
                ipSystemStatsReasmReqds=len(order),
                ipSystemStatsReasmOKs=1,
            ),
        ),
    )
    for what, order in (
        ("first-fragment", (0, 0, 1, 2, 3)),
        ("middle-fragment", (0, 2, 2, 1, 3)),
        ("last-fragment", (3, 3, 0, 1, 2)),
        ("every-fragment-but-one", (0, 1, 3, 3, 1, 0, 2)),
    )
)

SIZES = tuple(
    Case(
        f"rfc791-3.1-576-octets-in-{what}-accepted",
        cites="791-3.1.len-c",
        title=f"a datagram of 576 octets in {what.replace('-', ' ')} is answered",
        steps=(
            send(fragments(ip() / echo_request(data=pattern(548)), *cuts)),
            expect_train(ip() / echo_reply(data=pattern(548))),
        ),
    )
    for what, cuts in (
        ("two-fragments", ((0, 280), (280, None))),
        ("three-fragments", ((0, 192), (192, 384), (384, None))),
        (
            "fragments-of-eight-octets",
            (*((start, start + 8) for start in range(0, 552, 8)), (552, None)),
        ),
    )
)

FIRST_HEADER = (
    Case(
        "rfc791-3.2-header-of-the-first-fragment",
        cites="791-3.2.reasm-b",
        title="TOS and TTL that a user is told are those of the fragment with offset zero",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(
                fragments(
                    ip() / udp(dport=OPEN_PORT) / data(pattern(93)),
                    *FOUR,
                    order=(1, 2, 0, 3),
                    headers=(
                        (0, ip(tos=0x28, ttl=99)),
                        (1, ip(tos=0x50, ttl=11)),
                        (2, ip(tos=0x70, ttl=12)),
                        (3, ip(tos=0x90, ttl=13)),
                    ),
                )
            ),
            received("u", data=pattern(93), tos=0x28, ttl=99),
        ),
    ),
    Case(
        "rfc791-3.2-options-of-the-first-fragment",
        cites="791-3.2.reasm-b",
        title="options that a user is told are those of the fragment with offset zero",
        provided=(
            open_udp("probe", port=OPEN_PORT),
            send(
                ip(options=(option(94, b"\1\2"), option(158, b"\3\4")))
                / udp(dport=OPEN_PORT)
                / data(b"probe")
            ),
            received("probe", options=(option(94, b"\1\2"), option(158, b"\3\4"))),
            close("probe"),
        ),
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(
                fragments(
                    ip() / udp(dport=OPEN_PORT) / data(pattern(93)),
                    *TWO,
                    order=(1, 0),
                    headers=(
                        (0, ip(options=(option(94, b"\1\2"), option(158, b"\3\4")))),
                        (1, ip(options=(option(158, b"\3\4"),))),
                    ),
                )
            ),
            received("u", data=pattern(93), options=(option(94, b"\1\2"), option(158, b"\3\4"))),
        ),
    ),
    Case(
        "rfc791-3.2-route-of-the-first-fragment-returned",
        cites="791-3.2.reasm-b",
        title="a record route that only the first fragment has comes back with the reply",
        provided=(
            send(ip(options=(record_route(slots=1),)) / echo_request()),
            expect(ip(options=(record_route(HOST, pointer=8),)) / echo_reply()),
        ),
        steps=(
            send(
                fragments(
                    ECHO, *TWO, order=(1, 0), headers=((0, ip(options=(record_route(slots=1),))),)
                )
            ),
            expect(ip(options=(record_route(HOST, pointer=8),)) / echo_reply(data=pattern(93))),
        ),
    ),
)

REST = (
    Case(
        "rfc791-3.2-whole-datagram-with-the-key-of-a-train",
        cites="791-3.2.reasm-c",
        title="whether a whole datagram with the key of a train ends that train",
        steps=(
            send(fragments(TRAIN, *TWO, order=(0,))),
            send(ip(identification=0x7914) / echo_request(sequence=2, data=b"whole")),
            expect(ip() / echo_reply(sequence=2, data=b"whole"), cites="6864-4.1-a"),
            send(fragments(TRAIN, *TWO, order=(1,))),
            classify(
                "the train after a whole datagram with its key",
                way("is completed", REPLY),
                way("was given up", None),
            ),
        ),
    ),
    Case(
        "rfc791-3.2-timer-from-the-ttl",
        cites="791-3.2.reasm-d",
        title="whether a train with TTL 1 lives for the 15 s that RFC 791 begins with",
        steps=(
            send(
                fragments(
                    ip(ttl=1, identification=0x7914) / echo_request(sequence=1, data=pattern(93)),
                    *TWO,
                    order=(0,),
                )
            ),
            advance(seconds(16)),
            send(fragments(TRAIN, *TWO, order=(1,))),
            classify(
                "a train with TTL 1 after 16 s",
                way("is still there", REPLY),
                way("was given up in silence", None),
                way("was given up and reported", ip() / time_exceeded(1)),
            ),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.2-late-fragments-begin-anew",
        cites="791-3.2.reasm-e",
        title="a fragment after the timeout begins a new train, which the first one completes",
        control=IN_ORDER,
        steps=(
            send(fragments(TRAIN, *TWO, order=(0,))),
            advance(REASSEMBLY),
            send(fragments(TRAIN, *TWO, order=(1,))),
            silence(of=ip() / echo_reply()),
            send(fragments(TRAIN, *TWO, order=(0,))),
            expect(REPLY),
        ),
        rest_is_free=True,
    ),
)

CASES: tuple[Case, ...] = (
    *ORDERS,
    *USERS,
    *GAPS,
    *ALONE,
    *DUPLICATES,
    *SIZES,
    *FIRST_HEADER,
    *REST,
)

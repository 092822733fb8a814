"""RFC 1122 §3.2.1.7: TTL means nothing at the destination, and is the transport's to set."""

from __future__ import annotations

from harness.case import (
    GROUP,
    HOST,
    NEAR,
    OPEN_PORT,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_PORT,
    Case,
    at_least,
    data,
    default_ttl,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    fragments,
    ip,
    open_udp,
    pattern,
    received,
    send,
    send_udp,
    set_option,
    silence,
    udp,
    unreachable,
)

WORDS = ((0, "zero"), (1, "one"))

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.1.7-ttl-{word}-accepted",
            cites="1122-3.2.1.7-b",
            title=f"an echo request that arrives with TTL {ttl} is answered",
            steps=(
                send(ip(ttl=ttl) / echo_request(data=b"last hop")),
                expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"last hop")),
            ),
            counters=echo_served(),
        )
        for ttl, word in WORDS
    ),
    *(
        Case(
            f"rfc1122-3.2.1.7-ttl-{word}-delivered",
            cites="1122-3.2.1.7-b",
            title=f"UDP that arrives with TTL {ttl} is delivered",
            steps=(
                open_udp("reader", port=OPEN_PORT),
                send(ip(ttl=ttl) / udp(dport=OPEN_PORT) / data(b"last hop")),
                received("reader", data=b"last hop"),
            ),
        )
        for ttl, word in WORDS
    ),
    *(
        Case(
            f"rfc1122-3.2.1.7-ttl-{word}-closed-port",
            cites="1122-3.2.1.7-b",
            title=f"UDP to a closed port with TTL {ttl} brings port unreachable, not time exceeded",
            steps=(
                send(ip(ttl=ttl) / udp() / data(b"last hop")),
                expect(ip(src=HOST, dst=TESTER) / unreachable(3)),
            ),
        )
        for ttl, word in WORDS
    ),
    *(
        Case(
            f"rfc1122-3.2.1.7-ttl-{word}-fragments",
            cites="1122-3.2.1.7-b",
            title=f"fragments that arrive with TTL {ttl} are put together",
            steps=(
                send(
                    fragments(
                        ip(ttl=ttl) / echo_request(data=pattern(80)), (0, 40), (40, 64), (64, None)
                    )
                ),
                expect(ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(80))),
            ),
        )
        for ttl, word in WORDS
    ),
    *(
        Case(
            f"rfc1122-3.2.1.7-ttl-{word}-broadcast",
            cites="1122-3.2.1.7-b",
            title=f"a broadcast that arrives with TTL {ttl} is delivered",
            steps=(
                open_udp("reader", port=OPEN_PORT),
                send(ip(ttl=ttl, dst=SUBNET_BROADCAST) / udp(dport=OPEN_PORT) / data(b"to all")),
                received("reader", data=b"to all"),
            ),
        )
        for ttl, word in WORDS
    ),
    *(
        Case(
            f"rfc1122-3.2.1.7-set-{ttl}",
            cites="1122-3.2.1.7-c",
            title=f"UDP sent with TTL {ttl} leaves with it",
            steps=(
                open_udp("scoped", port=OPEN_PORT),
                send_udp("scoped", b"scoped", to=TESTER, port=TESTER_PORT, ttl=ttl),
                expect(ip(dst=TESTER, ttl=ttl) / udp() / data(b"scoped")),
            ),
        )
        for ttl in (1, 2, 33, 255)
    ),
    Case(
        "rfc1122-3.2.1.7-set-for-one",
        cites="1122-3.2.1.7-c",
        title="a TTL set for one datagram leaves the next one of the socket alone",
        steps=(
            open_udp("scoped", port=OPEN_PORT),
            send_udp("scoped", b"near", to=TESTER, port=TESTER_PORT, ttl=3),
            expect(ip(dst=TESTER, ttl=3) / udp() / data(b"near")),
            send_udp("scoped", b"far", to=TESTER, port=TESTER_PORT),
            expect(ip(dst=TESTER, ttl=at_least(32)) / udp() / data(b"far")),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.1.7-default-{ttl}",
            cites="1122-3.2.1.7-d",
            title=f"with the default TTL set to {ttl}, UDP that names none leaves with it",
            given=(default_ttl(ttl),),
            steps=(
                open_udp("plain", port=OPEN_PORT),
                send_udp("plain", b"plain", to=TESTER, port=TESTER_PORT),
                expect(ip(dst=TESTER, ttl=ttl) / udp() / data(b"plain")),
            ),
        )
        for ttl in (40, 200)
    ),
    Case(
        "rfc1122-3.2.1.7-default-large-enough",
        cites="1122-3.2.1.7-e",
        title="UDP that names no TTL leaves with enough to cross the Internet twice",
        steps=(
            open_udp("plain", port=OPEN_PORT),
            send_udp("plain", b"plain", to=TESTER, port=TESTER_PORT),
            expect(ip(dst=TESTER, ttl=at_least(32)) / udp() / data(b"plain")),
        ),
    ),
    Case(
        "rfc1122-3.2.1.7-reply-ttl-fresh",
        cites="1122-3.2.1.7-e",
        title="an echo reply does not die of the TTL that its request had left",
        steps=(
            send(ip(ttl=2) / echo_request()),
            expect(ip(src=HOST, dst=TESTER, ttl=at_least(32)) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.2.1.7-error-ttl-fresh",
        cites="1122-3.2.1.7-e",
        title="an ICMP error does not die of the TTL that its cause had left",
        steps=(
            send(ip(ttl=2) / udp()),
            expect(ip(src=HOST, dst=TESTER, ttl=at_least(32)) / unreachable(3)),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.1.7-zero-set-{what}-never-sent",
            cites="1122-3.2.1.7-a",
            title=f"a user who sets TTL 0 {words} makes no datagram leave with it",
            control=(
                open_udp("plain", port=OPEN_PORT),
                send_udp("plain", b"one", to=to, port=TESTER_PORT, ttl=1, on=on),
                expect(ip(src=HOST, dst=to, ttl=1) / udp() / data(b"one")),
            ),
            # Whether that is refused, or kept to the host, or means another TTL is not laid down.
            steps=(
                *setting,
                send_udp("plain", b"none", to=to, port=TESTER_PORT, ttl=ttl, on=on, refused=None),
                silence(of=ip(src=HOST, ttl=0)),
            ),
            rest_is_free=True,
        )
        for what, words, to, on, ttl, setting in (
            (
                "on-the-socket",
                "on the socket",
                TESTER,
                None,
                None,
                (set_option("plain", "ttl", value=0, refused=None),),
            ),
            ("for-one-datagram", "for one datagram", TESTER, None, 0, ()),
            ("for-a-group", "for a datagram to a group", GROUP, NEAR, 0, ()),
        )
    ),
)

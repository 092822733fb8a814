"""RFC 1812 §4.3.2.1 to §4.3.2.5: TTL, quote, source address, TOS and precedence of ICMP errors."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_HOST,
    FAR_TESTER,
    HOST,
    NEIGHBOUR,
    TESTER,
    TESTER_2,
    TESTER_PORT,
    UNROUTED,
    Case,
    Topology,
    at_least,
    bits,
    classify,
    counters,
    data,
    echo_reply,
    echo_request,
    error_sent,
    expect,
    icmp,
    ip,
    merged,
    pattern,
    quote_of,
    seen,
    send,
    silence,
    time_exceeded,
    udp,
    unreachable,
    way,
)

CARRIED = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"what went wrong")
AS_ARRIVED = quote_of(may_change=("ttl", "checksum"))
"""RFC 1812 §4.3.2.3: what forwarding did to the header need not be undone."""
UNKNOWN_TYPES = (1, 2, 7, 44, 127, 252)
"""Never assigned, or assigned to nothing that asks for an answer."""

EXPIRED = ("expired", ip(dst=FAR_TESTER, ttl=1), time_exceeded(0))
ROUTELESS = ("no-route", ip(dst=UNROUTED), unreachable())

CASES: tuple[Case, ...] = (
    Case(
        "rfc1812-4.3.2.1-unknown-types-dropped",
        cites="1812-4.3.2.1-a",
        title="ICMP messages of unknown types for the router are silently dropped",
        topology=Topology.ROUTER,
        control=(send(ip() / echo_request()), expect(ip(src=HOST) / echo_reply())),
        steps=(
            send(*(ip() / icmp(type_, code=0, data=bytes(12)) for type_ in UNKNOWN_TYPES)),
            silence(),
        ),
    ),
    Case(
        "rfc1812-4.3.2.2-ttl-of-errors-fresh",
        cites="1812-4.3.2.2-a",
        title="errors about datagrams with TTL 5 and 200 have one and the same TTL",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=UNROUTED, ttl=5) / CARRIED),
            expect(ip(src=HOST, dst=TESTER) / unreachable(), label="low"),
            send(ip(src=TESTER_2, dst=UNROUTED, ttl=200) / CARRIED),
            expect(ip(src=HOST, dst=TESTER_2, ttl=seen("low", "ip.ttl")) / unreachable()),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.3.2.3-quote-fills-576-octets-{name}",
            cites="1812-4.3.2.3-a",
            title=f"an error about a datagram of 1,000 octets holds as much as fits 576 ({name})",
            topology=Topology.ROUTER,
            steps=(
                send(header / udp() / data(pattern(972))),
                expect(ip(src=HOST, dst=TESTER, total_length=576) / error),
            ),
        )
        for name, header, error in (EXPIRED, ROUTELESS)
    ),
    *(
        Case(
            f"rfc1812-4.3.2.3-short-datagram-quoted-whole-{name}",
            cites="1812-4.3.2.3-a",
            title=f"an error about a datagram of 128 octets quotes all of it ({name})",
            topology=Topology.ROUTER,
            steps=(
                send(header / udp() / data(pattern(100))),
                expect(ip(src=HOST, dst=TESTER, total_length=at_least(20 + 8 + 128)) / error),
            ),
        )
        for name, header, error in (EXPIRED, ROUTELESS)
    ),
    *(
        Case(
            f"rfc1812-4.3.2.3-quote-as-received-{name}-{upper}",
            cites=("1812-4.3.2.3-b", cited),
            title=f"an error about {upper} quotes header and data as they arrived ({name})",
            topology=Topology.ROUTER,
            steps=(
                send(header / carried),
                expect(ip(src=HOST, dst=TESTER) / error),
            ),
            counters=merged(
                counters(ipSystemStatsInReceives=1, ipSystemStatsInForwDatagrams=1),
                changes,
                error_sent(type_),
            ),
        )
        for name, header, type_, error, cited, changes in (
            (
                "expired",
                ip(dst=FAR_TESTER, ttl=1, tos=0x28),
                11,
                time_exceeded(0, quote=AS_ARRIVED),
                "792-te-a",
                counters(ipSystemStatsInHdrErrors=1),
            ),
            (
                "no-route",
                ip(dst=UNROUTED, tos=0x28),
                3,
                unreachable(quote=AS_ARRIVED),
                "792-du-a",
                counters(ipSystemStatsInNoRoutes=1),
            ),
        )
        for upper, carried in (
            ("udp", CARRIED),
            ("echo", echo_request(data=b"what went wrong")),
            ("another-protocol", data(b"twelve octet")),
            ("nothing", data(b"")),
        )
    ),
    Case(
        "rfc1812-4.3.2.4-source-of-the-outgoing-interface",
        cites="1812-4.3.2.4-a",
        title="an error that goes back another way than the datagram came is from that interface",
        topology=Topology.ROUTER,
        steps=(
            send(ip(src=TESTER, dst=UNROUTED) / CARRIED, on=FAR),
            expect(ip(src=HOST, dst=TESTER) / unreachable(), on=0),
        ),
    ),
    Case(
        "rfc1812-4.3.2.4-source-on-the-far-side",
        cites="1812-4.3.2.4-a",
        title="an error about a datagram from the far side comes from the router's address there",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=TESTER, ttl=1) / CARRIED, on=FAR),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / time_exceeded(0), on=FAR),
        ),
    ),
    Case(
        "rfc1812-4.3.2.5-errors-have-high-precedence",
        cites="1812-4.3.2.5-b",
        title="an error has precedence 6 or 7",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, ttl=1) / CARRIED),
            expect(ip(src=HOST, dst=TESTER, tos=bits(0xC0, 0xC0)) / time_exceeded(0)),
        ),
    ),
    Case(
        "rfc1812-4.3.2.5-tos-of-errors",
        cites="1812-4.3.2.5-a",
        title="which type of service an error has, when the datagram asked for low delay",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, ttl=1, tos=0x10) / CARRIED),
            classify(
                "the TOS bits of the error",
                way("those of the datagram", ip(tos=bits(0x1C, 0x10)) / time_exceeded(0)),
                way("zero", ip(tos=bits(0x1C, 0)) / time_exceeded(0)),
                way("others", time_exceeded(0)),
            ),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.3.2.5-reply-has-precedence-{precedence}",
            cites="1812-4.3.2.5-c",
            title=f"the reply to an echo request of precedence {precedence} has the same",
            topology=Topology.ROUTER,
            steps=(
                send(ip(tos=precedence << 5) / echo_request()),
                expect(ip(src=HOST, dst=TESTER, tos=bits(0xE0, precedence << 5)) / echo_reply()),
            ),
        )
        for precedence in (1, 5, 7)
    ),
    Case(
        "rfc1812-4.2.2.3-reserved-flag-zero-in-errors",
        cites="1812-4.2.2.3-a",
        title="an error about a datagram with the reserved flag set does not have it itself",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, ttl=1, reserved=1) / CARRIED),
            expect(ip(src=HOST, dst=TESTER, reserved=0) / time_exceeded(0)),
        ),
    ),
    Case(
        "rfc1812-4.2.2.11-errors-from-own-address",
        cites=("1812-4.2.2.11-d", "792-fmt-e"),
        title="what a router says is said from an address of its own",
        topology=Topology.ROUTER,
        steps=(
            send(ip(src=NEIGHBOUR, dst=UNROUTED) / CARRIED),
            expect(ip(src=HOST, dst=NEIGHBOUR) / unreachable()),
        ),
    ),
    Case(
        "rfc1812-5.2.1-local-delivery-leaves-header",
        cites="1812-5.2.1-b",
        title="a datagram that ends at the router is quoted with the header that it came with",
        topology=Topology.ROUTER,
        steps=(
            send(ip(ttl=7, tos=0x28) / CARRIED),
            expect(ip(src=HOST, dst=TESTER) / unreachable(3, quote=quote_of())),
        ),
    ),
)

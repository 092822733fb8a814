"""RFC 1812 §5.2.7.3, §5.3.1 and RFC 792, Time Exceeded: a TTL that is used up, or nearly."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    HOST,
    NEIGHBOUR,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    at_least,
    between,
    counters,
    data,
    echo_reply,
    echo_request,
    error_sent,
    expect,
    ip,
    merged,
    quote_of,
    send,
    silence,
    tcp,
    time_exceeded,
    udp,
)

CARRIED = (
    ("echo", echo_request()),
    ("echo-reply", echo_reply()),
    ("udp", udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"traceroute")),
    ("tcp", tcp(sport=TESTER_PORT, dport=CLOSED_PORT)),
)
UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"traceroute")
QUOTED = quote_of(may_change=("ttl", "checksum"))

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-5.3.1-ttl-{ttl}-reported-{name}",
            cites=("1812-5.3.1-a", "1812-5.2.7.3-a"),
            title=f"{name} that comes to be forwarded with TTL {ttl} is dropped and reported",
            topology=Topology.ROUTER,
            control=(
                send(ip(dst=FAR_TESTER) / carried),
                expect(ip(src=TESTER, dst=FAR_TESTER), on=FAR),
            ),
            steps=(
                send(ip(dst=FAR_TESTER, ttl=ttl) / carried),
                expect(ip(src=HOST, dst=TESTER) / time_exceeded(0, quote=QUOTED)),
                silence(of=ip(dst=FAR_TESTER), on=FAR),
            ),
            counters=merged(
                counters(
                    ipSystemStatsInReceives=1,
                    ipSystemStatsInForwDatagrams=1,
                    ipSystemStatsInHdrErrors=1,
                ),
                error_sent(11),
            ),
        )
        for ttl in (1, 0)
        for name, carried in CARRIED
    ),
    Case(
        "rfc1812-5.3.1-ttl-2-forwarded",
        cites="1812-5.3.1-b",
        title="a datagram that the next router will have to drop is forwarded all the same",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, ttl=2) / UDP),
            expect(ip(src=TESTER, dst=FAR_TESTER, ttl=1) / udp(), on=FAR),
        ),
    ),
    Case(
        "rfc1812-4.2.2.9-nothing-forwarded-with-ttl-0",
        cites="1812-4.2.2.9-b",
        title="of datagrams that come with TTL 0, 1 and 9 none goes on with TTL 0",
        topology=Topology.ROUTER,
        steps=(
            send(*(ip(dst=FAR_TESTER, ttl=ttl) / UDP for ttl in (0, 1, 9))),
            expect(ip(dst=FAR_TESTER, ttl=between(1, 9)) / udp(), on=FAR),
            silence(of=ip(ttl=0)),
        ),
        rest_is_free=True,
    ),
    *(
        Case(
            f"rfc1812-4.2.2.9-ttl-{ttl}-to-the-router",
            cites="1812-4.2.2.9-a",
            title=f"an echo request for the router is answered although its TTL is {ttl}",
            topology=Topology.ROUTER,
            steps=(
                send(ip(ttl=ttl) / echo_request()),
                expect(ip(src=HOST, dst=TESTER) / echo_reply()),
            ),
        )
        for ttl in (0, 1)
    ),
    Case(
        "rfc1812-5.3.1-first-fragment-reported",
        cites="1812-5.3.1-a",
        title="a first fragment that expires is reported",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, ttl=1, mf=1) / echo_request(data=bytes(56))),
            expect(ip(src=HOST, dst=TESTER) / time_exceeded(0, quote=QUOTED)),
        ),
    ),
    Case(
        "rfc1812-4.3.2.2-ttl-of-time-exceeded",
        cites="792-fmt-d",
        title="Time Exceeded about a datagram of TTL 1 does not itself have TTL 1",
        topology=Topology.ROUTER,
        steps=(
            send(ip(src=NEIGHBOUR, dst=FAR_TESTER, ttl=1) / UDP),
            expect(ip(src=HOST, dst=NEIGHBOUR, ttl=at_least(2)) / time_exceeded(0)),
        ),
    ),
    Case(
        "rfc1812-5.2.7.3-unused-octets-zero",
        cites="792-fmt-a",
        title="what is unused in Time Exceeded is zero",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, ttl=1) / UDP),
            expect(ip(src=HOST, dst=TESTER) / time_exceeded(0, unused=bytes(3))),
        ),
    ),
)

"""RFC 1191 §4, RFC 1812 §5.2.7.1: Datagram Too Big from a router."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    HOST,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    counters,
    data,
    echo_request,
    error_sent,
    expect,
    ip,
    merged,
    mtu,
    option,
    pattern,
    quote_of,
    send,
    silence,
    udp,
    unreachable,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT)
AS_ARRIVED = quote_of(may_change=("ttl", "checksum"))
TOO_BIG = merged(
    counters(
        ipSystemStatsInReceives=1,
        ipSystemStatsInForwDatagrams=1,
        ipSystemStatsOutForwDatagrams=1,
        ipSystemStatsOutFragReqds=1,
        ipSystemStatsOutFragFails=1,
    ),
    error_sent(3),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1191-4-mtu-{octets}-told-{name}",
            cites=("1191-4-a", "1812-5.2.7.1-c"),
            title=f"{name} with DF, too big for an MTU of {octets}: 3/4 names that MTU",
            topology=Topology.ROUTER,
            given=(mtu(octets, on=FAR),),
            control=(
                send(ip(dst=FAR_TESTER, df=1) / UDP / data(b"fits")),
                expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR),
            ),
            steps=(
                send(ip(dst=FAR_TESTER, df=1) / carried),
                expect(
                    ip(src=HOST, dst=TESTER)
                    / unreachable(4, mtu=octets, unused=b"\x00", quote=AS_ARRIVED)
                ),
            ),
        )
        for octets in (68, 576, 1006)
        for name, carried in (
            ("udp", UDP / data(pattern(1200))),
            ("echo", echo_request(data=pattern(1200))),
        )
    ),
    Case(
        "rfc1191-4-one-octet-too-many",
        cites=("1191-4-a", "1812-5.2.7.1-c"),
        title="a datagram with DF of one octet more than the MTU is answered with 3/4",
        topology=Topology.ROUTER,
        given=(mtu(576, on=FAR),),
        control=(
            send(ip(dst=FAR_TESTER, df=1) / UDP / data(pattern(548))),
            expect(ip(src=TESTER, dst=FAR_TESTER, total_length=576) / udp(), on=FAR),
        ),
        steps=(
            send(ip(dst=FAR_TESTER, df=1) / UDP / data(pattern(549))),
            expect(ip(src=HOST, dst=TESTER) / unreachable(4, mtu=576)),
            silence(of=ip(dst=FAR_TESTER), on=FAR),
        ),
        counters=TOO_BIG,
    ),
    Case(
        "rfc1191-4-mtu-counts-the-header-with-options",
        cites="1191-4-a",
        title="the MTU told is that of the link, options in the datagram or not",
        topology=Topology.ROUTER,
        given=(mtu(576, on=FAR),),
        steps=(
            send(
                ip(dst=FAR_TESTER, df=1, options=(option(0x9A, bytes(18)),))
                / UDP
                / data(pattern(900))
            ),
            expect(ip(src=HOST, dst=TESTER) / unreachable(4, mtu=576)),
        ),
    ),
    Case(
        "rfc1191-4-fragment-with-df-reported",
        cites="1191-4-a",
        title="a first fragment with DF that is too big is answered with 3/4",
        topology=Topology.ROUTER,
        given=(mtu(576, on=FAR),),
        steps=(
            send(ip(dst=FAR_TESTER, df=1, mf=1) / UDP / data(pattern(792))),
            expect(ip(src=HOST, dst=TESTER) / unreachable(4, mtu=576, quote=AS_ARRIVED)),
        ),
    ),
)

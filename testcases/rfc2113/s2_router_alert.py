"""RFC 2113 §2, with the values of RFC 5350 §3.1: router alert at hosts and on the way."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    counters,
    data,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    ip,
    nop,
    open_udp,
    received,
    router_alert,
    send,
    udp,
    unreachable,
)

VALUES = (
    ("zero", 0, "2113-2.2-b"),
    ("aggregation-level", 1, "2113-2.2-d"),
    ("highest-aggregation-level", 32, "2113-2.2-d"),
    ("unassigned", 33, "2113-2.2-d"),
    ("experimental", 65503, "2113-2.2-d"),
    ("reserved", 65535, "2113-2.2-d"),
)
UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"alert")

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc2113-2.2-ignored-by-host-value-{name}",
            cites="2113-2.2-a",
            title=f"an echo request with a router alert of value {value} is answered as without",
            steps=(
                send(ip(options=(router_alert(value),)) / echo_request(data=b"alert")),
                expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"alert")),
            ),
            counters=echo_served(),
        )
        for name, value, _ in VALUES
    ),
    Case(
        "rfc2113-2.2-ignored-by-host-closed-port",
        cites="2113-2.2-a",
        title="a UDP datagram with a router alert to a closed port brings 3/3 as without",
        steps=(
            send(ip(options=(router_alert(),)) / UDP),
            expect(ip(src=HOST, dst=TESTER) / unreachable(3)),
        ),
    ),
    Case(
        "rfc2113-2.2-ignored-by-host-user",
        cites="2113-2.2-a",
        title="the data of a UDP datagram with a router alert reaches its user",
        steps=(
            open_udp("s", port=OPEN_PORT),
            send(
                ip(options=(router_alert(),))
                / udp(sport=TESTER_PORT, dport=OPEN_PORT)
                / data(b"alert")
            ),
            received("s", data=b"alert"),
        ),
    ),
    *(
        Case(
            f"rfc2113-2.2-forwarded-value-{name}",
            cites=cites,
            title=f"a datagram with a router alert of value {value} is forwarded with it unchanged",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, options=(router_alert(value),)) / echo_request()),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, options=(router_alert(value),)) / echo_request(),
                    on=FAR,
                ),
            ),
            counters=counters(
                ipSystemStatsInReceives=1,
                ipSystemStatsInForwDatagrams=1,
                ipSystemStatsOutForwDatagrams=1,
                ipSystemStatsOutTransmits=1,
            ),
        )
        for name, value, cites in VALUES
    ),
    Case(
        "rfc2113-2.2-to-the-router-itself",
        cites="2113-2.2-d",
        title="a router answers an echo request with a router alert of an unassigned value",
        topology=Topology.ROUTER,
        steps=(
            send(ip(options=(nop(), router_alert(33))) / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
    ),
)

"""RFC 6633 §4, §8: a router ignores source quench."""

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
    data,
    echo_reply,
    echo_request,
    expect,
    ip,
    send,
    silence,
    source_quench,
    udp,
)

ABOUT = ip(src=HOST, dst=TESTER) / echo_reply()
UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT)

CASES: tuple[Case, ...] = (
    Case(
        "rfc6633-4-quench-to-the-router-ignored",
        cites=("6633-4-a", "6633-8-a"),
        title="a router that is sent source quench says nothing and answers as before",
        topology=Topology.ROUTER,
        control=(
            send(ip() / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
        steps=(
            send(ip() / source_quench(quote=ABOUT)),
            silence(),
            send(*(ip() / echo_request() for _ in range(5))),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(), times=5, distinct="icmp.sequence"),
        ),
    ),
    Case(
        "rfc6633-4-forwarding-not-slowed-down",
        cites="6633-4-a",
        title="a router that is sent source quench forwards as before",
        topology=Topology.ROUTER,
        steps=(
            send(ip() / source_quench(quote=ip(src=TESTER, dst=FAR_TESTER) / UDP / data(b"x"))),
            send(*(ip(dst=FAR_TESTER) / echo_request() for _ in range(20))),
            expect(
                ip(src=TESTER, dst=FAR_TESTER) / echo_request(),
                on=FAR,
                times=20,
                distinct="icmp.sequence",
            ),
        ),
    ),
)

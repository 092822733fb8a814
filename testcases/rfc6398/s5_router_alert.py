"""RFC 6398 §5: a router alert on what is of no interest to the router does not hold it up."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    data,
    expect,
    ip,
    router_alert,
    send,
    tcp,
    udp,
)

CARRIED = (
    ("udp", 17, udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"no interest")),
    ("tcp", 6, tcp(sport=TESTER_PORT, dport=CLOSED_PORT)),
    ("experiment", 253, data(b"no interest")),
)

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc6398-5-forwarded-normally-{name}",
        cites="6398-5-a",
        title=f"a datagram of protocol {protocol} with a router alert is forwarded",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, options=(router_alert(),)) / carried),
            expect(ip(src=TESTER, dst=FAR_TESTER, protocol=protocol), on=FAR),
        ),
    )
    for name, protocol, carried in CARRIED
)

"""RFC 2644 §3, RFC 919 §6, RFC 922 §7: directed broadcasts at a router, off by default."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_SUBNET_BROADCAST,
    FAR_TESTER,
    HOST_MAC,
    OPEN_PORT,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    data,
    echo_request,
    ether,
    expect,
    ip,
    nothing_received,
    open_udp,
    received,
    send,
    silence,
    udp,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"to a network")
TO_OPEN = udp(sport=TESTER_PORT, dport=OPEN_PORT) / data(b"to a network")

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc2644-3-not-forwarded-{name}",
            cites="2644-3-a",
            title=f"a directed broadcast to the far link is not forwarded ({name})",
            topology=Topology.ROUTER,
            control=(
                send(ip(dst=FAR_TESTER) / carried),
                expect(ip(src=TESTER, dst=FAR_TESTER), on=FAR),
            ),
            steps=(
                send(ip(dst=FAR_SUBNET_BROADCAST) / carried),
                silence(of=ip(dst=FAR_SUBNET_BROADCAST)),
            ),
            rest_is_free=True,
        )
        for name, carried in (("udp", UDP), ("echo", echo_request()))
    ),
    *(
        Case(
            f"rfc2644-3-not-received-{name}",
            cites="2644-3-a",
            title=f"a directed broadcast to the {words} link is not received by the router",
            topology=Topology.ROUTER,
            control=(
                open_udp("c", port=OPEN_PORT),
                send(ip() / TO_OPEN),
                received("c", data=b"to a network"),
            ),
            steps=(
                send(ether(dst=HOST_MAC) / ip(dst=destination) / TO_OPEN),
                nothing_received("c"),
            ),
            rest_is_free=True,
        )
        for name, words, destination in (
            ("far", "far", FAR_SUBNET_BROADCAST),
            ("near", "near", SUBNET_BROADCAST),
        )
    ),
)

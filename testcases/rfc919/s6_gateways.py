"""RFC 919 §6: a gateway never sends a broadcast back onto the network that it came from."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    HOST_MAC,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    data,
    ether,
    expect,
    ip,
    send,
    silence,
    udp,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"to a network")

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc919-6-not-sent-back-{name}",
        cites="919-6-a",
        title=f"a broadcast to its own network in a {words} frame is not sent back there",
        topology=Topology.ROUTER,
        control=(
            send(ip(dst=FAR_TESTER) / UDP),
            expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR),
        ),
        steps=(send(packet), silence(of=ip(dst=SUBNET_BROADCAST))),
        rest_is_free=True,
    )
    for name, words, packet in (
        ("broadcast", "broadcast", ip(dst=SUBNET_BROADCAST) / UDP),
        ("unicast", "unicast", ether(dst=HOST_MAC) / ip(dst=SUBNET_BROADCAST) / UDP),
    )
)

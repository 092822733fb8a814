"""RFC 922 §7: all ones in the host part is the subnet's broadcast, for the subnet's own mask."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_NEIGHBOUR,
    FAR_SUBNET_BROADCAST,
    TESTER,
    TESTER_PORT,
    Ambient,
    Case,
    Topology,
    arp,
    data,
    expect,
    ip,
    send,
    silence,
    udp,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"to a network")

CASES: tuple[Case, ...] = (
    Case(
        "rfc922-7-no-host-has-the-broadcast-address",
        cites="922-7-a",
        title="a router does not search the far link for a host with the broadcast address",
        topology=Topology.ROUTER,
        about=frozenset({Ambient.ARP}),
        control=(
            send(ip(dst=FAR_NEIGHBOUR) / UDP),
            expect(ip(src=TESTER, dst=FAR_NEIGHBOUR) / udp(), on=FAR),
        ),
        steps=(
            send(ip(dst=FAR_SUBNET_BROADCAST) / UDP),
            silence(of=arp(target=FAR_SUBNET_BROADCAST)),
        ),
        rest_is_free=True,
    ),
)

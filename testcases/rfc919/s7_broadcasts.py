"""RFC 919 §7.1: nobody answers ARP for a broadcast address."""

from __future__ import annotations

from harness.case import (
    HOST,
    LIMITED_BROADCAST,
    NEIGHBOUR,
    SUBNET_BROADCAST,
    Ambient,
    Case,
    arp,
    expect,
    send,
    silence,
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc919-7.1-no-arp-for-{name}",
            cites="919-7.1-a",
            title=f"an ARP request for {words} is not answered",
            about=frozenset({Ambient.ARP}),
            control=(
                send(arp(sender=NEIGHBOUR)),
                expect(arp(operation=2, sender=HOST, target=NEIGHBOUR)),
            ),
            steps=(send(arp(sender=NEIGHBOUR, target=address)), silence()),
        )
        for name, words, address in (
            ("limited-broadcast", "255.255.255.255", LIMITED_BROADCAST),
            ("subnet-broadcast", "the subnet's broadcast address", SUBNET_BROADCAST),
        )
    ),
)

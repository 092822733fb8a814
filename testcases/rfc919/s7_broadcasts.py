"""RFC 919 §7.1 and RFC 922 §7: broadcast addresses have no owner, and which they are."""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    HOST,
    LIMITED_BROADCAST,
    NEIGHBOUR,
    OPEN_PORT,
    SUBNET_BROADCAST,
    TESTER_PORT,
    Ambient,
    Case,
    allow_broadcast,
    arp,
    data,
    ether,
    expect,
    ip,
    open_udp,
    received,
    send,
    send_udp,
    silence,
    udp,
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
    Case(
        "rfc922-7-ones-received",
        cites="922-7-a",
        title="the address of the subnet with a host part of ones is heard as broadcast",
        steps=(
            open_udp("any", port=OPEN_PORT),
            send(ip(src=NEIGHBOUR, dst=SUBNET_BROADCAST) / udp(dport=OPEN_PORT) / data(b"all")),
            received("any", data=b"all"),
        ),
    ),
    Case(
        "rfc922-7-ones-sent",
        cites="922-7-a",
        title="what is sent to the subnet's address with a host part of ones is broadcast",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            allow_broadcast("sender"),
            send_udp("sender", b"all", to=SUBNET_BROADCAST, port=TESTER_PORT),
            expect(ether(dst=BROADCAST_MAC) / ip(dst=SUBNET_BROADCAST) / udp() / data(b"all")),
        ),
    ),
    *(
        Case(
            f"rfc894-broadcast-{name}",
            cites="894-bcast-a",
            title=f"what is sent to {words} leaves in a frame to the Ethernet broadcast address",
            steps=(
                open_udp("sender", port=OPEN_PORT),
                allow_broadcast("sender"),
                send_udp("sender", b"all", to=address, port=TESTER_PORT),
                expect(ether(dst=BROADCAST_MAC) / ip(dst=address) / udp() / data(b"all")),
            ),
        )
        for name, words, address in (
            ("limited", "255.255.255.255", LIMITED_BROADCAST),
            ("subnet", "the subnet's broadcast address", SUBNET_BROADCAST),
        )
    ),
)

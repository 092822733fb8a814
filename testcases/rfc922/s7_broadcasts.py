"""RFC 922 §7: a host part of ones is the broadcast address of the subnet."""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    NEIGHBOUR,
    OPEN_PORT,
    SUBNET_BROADCAST,
    TESTER_PORT,
    Case,
    allow_broadcast,
    data,
    ether,
    expect,
    ip,
    open_udp,
    received,
    send,
    send_udp,
    udp,
)

CASES: tuple[Case, ...] = (
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
)

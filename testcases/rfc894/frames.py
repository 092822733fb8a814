"""RFC 894: Ethernet II frames: type, size, padding, broadcasts."""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    HOST,
    HOST_MAC,
    LIMITED_BROADCAST,
    OPEN_PORT,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_PORT,
    Case,
    allow_broadcast,
    data,
    echo_reply,
    echo_request,
    echo_served,
    ether,
    expect,
    ip,
    open_udp,
    pad,
    pattern,
    received,
    send,
    send_udp,
    udp,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc894-frame-type",
        cites="894-frame-a",
        title="an echo reply comes in a frame of type 0x0800",
        steps=(
            send(ip() / echo_request()),
            expect(ether(ethertype=0x0800, src=HOST_MAC) / ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
    ),
    *(
        Case(
            f"rfc894-frame-padding-not-returned-{size}",
            cites="894-frame-b",
            title=f"the padding behind an echo request with {size} octets of data is not returned",
            steps=(
                send(pad(ip() / echo_request(data=pattern(size)), b"\xa5" * (18 - size))),
                expect(
                    ip(src=HOST, dst=TESTER, total_length=28 + size)
                    / echo_reply(data=pattern(size))
                ),
            ),
            counters=echo_served(),
        )
        for size in (0, 1, 17)
    ),
    Case(
        "rfc894-frame-padding-not-delivered",
        cites="894-frame-b",
        title="the padding behind a short UDP datagram is not delivered",
        steps=(
            open_udp("reader", port=OPEN_PORT),
            send(pad(ip() / udp(dport=OPEN_PORT) / data(b"short"), b"\xa5" * 13)),
            received("reader", data=b"short"),
        ),
    ),
    Case(
        "rfc894-frame-padding-without-need",
        cites="894-frame-b",
        title="octets behind a datagram that fills its frame are no part of it either",
        steps=(
            send(pad(ip() / echo_request(data=pattern(200)), b"\xa5" * 7)),
            expect(ip(src=HOST, total_length=228) / echo_reply(data=pattern(200))),
        ),
    ),
    Case(
        "rfc894-frame-largest",
        cites="894-frame-c",
        title="a datagram of 1,500 octets is received and delivered",
        steps=(
            open_udp("reader", port=OPEN_PORT),
            send(ip() / udp(dport=OPEN_PORT) / data(pattern(1472))),
            received("reader", data=pattern(1472)),
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

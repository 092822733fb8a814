"""RFC 1122 §2.3.1: trailers are not sent to those who did not ask for them."""

from __future__ import annotations

from harness.case import (
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Ambient,
    Case,
    arp,
    classify,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    mute,
    open_udp,
    pattern,
    send,
    send_udp,
    udp,
    way,
)

TRAILERS = 0x1000
"""The protocol type by which ARP replies offer to take trailers (RFC 893)."""

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-2.3.1-no-trailers-echo-{size}",
            cites="1122-2.3.1-b",
            title=f"an echo reply with {size} octets of data, of a trailer's size, comes without",
            steps=(
                send(ip() / echo_request(data=pattern(size))),
                expect(
                    ether(src=HOST_MAC, ethertype=0x0800)
                    / ip(src=HOST, dst=TESTER)
                    / echo_reply(data=pattern(size))
                ),
            ),
        )
        for size in (504, 512, 1016, 1024)
    ),
    *(
        Case(
            f"rfc1122-2.3.1-no-trailers-udp-{size}",
            cites="1122-2.3.1-b",
            title=f"UDP with {size} octets of data, of a trailer's size, leaves without",
            steps=(
                open_udp("sender", port=OPEN_PORT),
                send_udp("sender", pattern(size), to=TESTER, port=TESTER_PORT),
                expect(
                    ether(src=HOST_MAC, ethertype=0x0800)
                    / ip(src=HOST, dst=TESTER)
                    / udp()
                    / data(pattern(size))
                ),
            ),
        )
        for size in (512, 1024)
    ),
    Case(
        "rfc1122-2.3.1-no-trailers-to-one-that-answers-arp",
        cites="1122-2.3.1-b",
        title="a neighbour that answered ARP in the plain way gets no trailers",
        given=(mute(NEIGHBOUR),),
        about=frozenset({Ambient.ARP}),
        steps=(
            send(ip(src=NEIGHBOUR) / echo_request(data=pattern(512))),
            expect(arp(operation=1, sender=HOST, target=NEIGHBOUR)),
            send(arp(operation=2, sender=NEIGHBOUR, target=HOST, target_mac=HOST_MAC)),
            expect(
                ether(dst=mac(NEIGHBOUR), ethertype=0x0800)
                / ip(src=HOST, dst=NEIGHBOUR)
                / echo_reply(data=pattern(512))
            ),
        ),
    ),
    Case(
        "rfc1122-2.3.1-trailers-offered",
        cites="1122-2.3.1-a",
        title="whether a host offers to take trailers when it answers ARP is observed",
        about=frozenset({Ambient.ARP}),
        no_control="whatever the host does is right",
        steps=(
            send(arp(sender=NEIGHBOUR)),
            expect(arp(operation=2, sender=HOST, target=NEIGHBOUR, protocol_type=0x0800)),
            classify(
                "besides its ARP reply the host sends",
                way("an ARP reply for trailers", arp(operation=2, protocol_type=TRAILERS)),
                way("nothing", None),
            ),
        ),
    ),
)

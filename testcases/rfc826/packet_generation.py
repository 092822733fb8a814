"""RFC 826, packet generation: what a host asks when it does not know a link address."""

from __future__ import annotations

from harness.case import (
    ABSENT,
    BROADCAST_MAC,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    OPEN_PORT,
    TESTER_PORT,
    Ambient,
    Case,
    arp,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    mute,
    open_udp,
    send,
    send_udp,
)

ABOUT_ARP = frozenset({Ambient.ARP})
FRAME = ether(dst=BROADCAST_MAC, src=HOST_MAC, ethertype=0x0806)
ASK = send(ip(src=ABSENT) / echo_request())

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc826-generation-{name}",
            cites="826-gen-a",
            title=f"a request names {words}",
            about=ABOUT_ARP,
            rest_is_free=True,
            steps=(ASK, expect(request)),
        )
        for name, words, request in (
            (
                "hardware",
                "Ethernet and addresses of six octets",
                arp(operation=1, hardware_type=1, hardware_length=6, target=ABSENT),
            ),
            (
                "protocol",
                "IPv4 and addresses of four octets",
                arp(operation=1, protocol_type=0x0800, protocol_length=4, target=ABSENT),
            ),
            (
                "sender",
                "the host's own addresses as its sender",
                arp(operation=1, sender_mac=HOST_MAC, sender=HOST, target=ABSENT),
            ),
            (
                "broadcast",
                "the link broadcast as its destination",
                FRAME / arp(operation=1, target=ABSENT),
            ),
        )
    ),
    Case(
        "rfc826-generation-udp",
        cites="826-gen-a",
        title="UDP to a neighbour that is not known brings a whole and right request",
        about=ABOUT_ARP,
        rest_is_free=True,
        steps=(
            open_udp("first", port=OPEN_PORT),
            send_udp("first", b"first", to=ABSENT, port=TESTER_PORT),
            expect(
                FRAME
                / arp(
                    hardware_type=1,
                    protocol_type=0x0800,
                    hardware_length=6,
                    protocol_length=4,
                    operation=1,
                    sender_mac=HOST_MAC,
                    sender=HOST,
                    target=ABSENT,
                )
            ),
        ),
    ),
    Case(
        "rfc826-generation-answered",
        cites="826-gen-a",
        title="the answer to a request is believed: what waited goes to the address it names",
        about=ABOUT_ARP,
        rest_is_free=True,
        given=(mute(NEIGHBOUR),),
        steps=(
            send(ip(src=NEIGHBOUR) / echo_request()),
            expect(FRAME / arp(operation=1, sender=HOST, target=NEIGHBOUR)),
            send(arp(operation=2, sender=NEIGHBOUR, target=HOST, target_mac=HOST_MAC)),
            send(ip(src=NEIGHBOUR) / echo_request(data=b"now")),
            expect(ether(dst=mac(NEIGHBOUR)) / ip(dst=NEIGHBOUR) / echo_reply(data=b"now")),
        ),
    ),
)

"""RFC 1122 §2.3.3: Ethernet II is sent and received, RFC 1042 frames may come in between."""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Ambient,
    Case,
    allow_broadcast,
    arp,
    at_most,
    classify,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    expect_train,
    fragments,
    ip,
    mute,
    open_udp,
    pattern,
    received,
    send,
    send_udp,
    snap,
    udp,
    way,
)

ETHERNET = ether(src=HOST_MAC, ethertype=0x0800)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-2.3.3-ethernet-echo",
        cites="1122-2.3.3-a",
        title="an echo request in an Ethernet II frame is answered in one",
        steps=(
            send(ether(dst=HOST_MAC, ethertype=0x0800) / ip() / echo_request()),
            expect(ETHERNET / ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-2.3.3-ethernet-udp",
        cites="1122-2.3.3-a",
        title="UDP is received and sent in Ethernet II frames",
        steps=(
            open_udp("both", port=OPEN_PORT),
            send(ether(dst=HOST_MAC, ethertype=0x0800) / ip() / udp(dport=OPEN_PORT) / data(b"in")),
            received("both", data=b"in"),
            send_udp("both", b"out", to=TESTER, port=TESTER_PORT),
            expect(ETHERNET / ip(src=HOST, dst=TESTER) / udp() / data(b"out")),
        ),
    ),
    Case(
        "rfc1122-2.3.3-snap-echo",
        cites="1122-2.3.3-b",
        title="an echo request in an RFC 1042 frame is answered",
        steps=(
            send(snap() / ip() / echo_request(data=b"by SNAP")),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"by SNAP")),
        ),
    ),
    Case(
        "rfc1122-2.3.3-snap-mixed",
        cites="1122-2.3.3-b",
        title="RFC 1042 frames are taken in between Ethernet II frames",
        steps=(
            send(
                ip() / echo_request(sequence=1, data=b"Ethernet"),
                snap() / ip() / echo_request(sequence=2, data=b"SNAP"),
                ip() / echo_request(sequence=3, data=b"Ethernet"),
            ),
            expect(ip(dst=TESTER) / echo_reply(sequence=1), cites="1122-2.3.3-a"),
            expect(ip(dst=TESTER) / echo_reply(sequence=3), cites="1122-2.3.3-a"),
            expect(ip(dst=TESTER) / echo_reply(sequence=2)),
        ),
    ),
    Case(
        "rfc1122-2.3.3-snap-answered-in",
        cites="1122-2.3.3-c",
        title="in which framing a request in an RFC 1042 frame is answered is observed",
        no_control="whatever the host does is right",
        steps=(
            send(snap() / ip() / echo_request()),
            classify(
                "an echo request in an RFC 1042 frame",
                way("answered in an RFC 1042 frame", snap() / ip(src=HOST) / echo_reply()),
                way("answered in an Ethernet II frame", ETHERNET / ip(src=HOST) / echo_reply()),
                way("not answered", None),
            ),
        ),
    ),
    Case(
        "rfc1122-2.3.3-default-ethernet-unicast",
        cites="1122-2.3.3-d",
        title="by default what is sent to a station never heard of leaves in an Ethernet II frame",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            send_udp("sender", b"out", to=NEIGHBOUR, port=TESTER_PORT),
            expect(ETHERNET / ip(src=HOST, dst=NEIGHBOUR) / udp() / data(b"out")),
        ),
    ),
    Case(
        "rfc1122-2.3.3-default-ethernet-broadcast",
        cites="1122-2.3.3-d",
        title="by default a broadcast leaves in an Ethernet II frame",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            allow_broadcast("sender"),
            send_udp("sender", b"all", to="255.255.255.255", port=TESTER_PORT),
            expect(ETHERNET / ip(src=HOST, dst="255.255.255.255") / udp() / data(b"all")),
        ),
    ),
    Case(
        "rfc1122-2.3.3-resolved-by-arp",
        cites="1122-2.3.3-f",
        title="the link address of a neighbour never heard of is asked for by ARP",
        given=(mute(NEIGHBOUR),),
        about=frozenset({Ambient.ARP}),
        rest_is_free=True,
        steps=(
            open_udp("sender", port=OPEN_PORT),
            send_udp("sender", b"out", to=NEIGHBOUR, port=TESTER_PORT),
            expect(
                ether(dst=BROADCAST_MAC, src=HOST_MAC, ethertype=0x0806)
                / arp(operation=1, sender_mac=HOST_MAC, sender=HOST, target=NEIGHBOUR)
            ),
        ),
    ),
    Case(
        "rfc1122-2.3.3-mtu-1500-whole",
        cites="1122-2.3.3-g",
        title="1,500 octets are received, and sent in one piece",
        steps=(
            send(ip() / echo_request(data=pattern(1472))),
            expect(ip(src=HOST, dst=TESTER, total_length=1500) / echo_reply(data=pattern(1472))),
        ),
    ),
    Case(
        "rfc1122-2.3.3-mtu-1500-cut",
        cites="1122-2.3.3-g",
        title="a reply of 1,501 octets is sent in pieces of at most 1,500",
        steps=(
            send(fragments(ip() / echo_request(data=pattern(1473)), (0, 800), (800, None))),
            expect_train(
                ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(1473)),
                ip(total_length=at_most(1500), mf=1),
                ip(total_length=at_most(1500), mf=0),
            ),
        ),
    ),
)

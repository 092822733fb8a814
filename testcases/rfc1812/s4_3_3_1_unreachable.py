"""RFC 1812 §4.3.3.1, §5.2.7.1, §3.3.2: datagrams that a router has no way for."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_ABSENT,
    FAR_HOST,
    FAR_HOST_MAC,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    HOST,
    TESTER,
    TESTER_PORT,
    UNROUTED,
    Ambient,
    Case,
    Topology,
    advance,
    arp,
    counters,
    data,
    echo_reply,
    echo_request,
    error_sent,
    ether,
    expect,
    ip,
    mac,
    merged,
    ms,
    mute,
    one_of,
    pattern,
    quote_of,
    seconds,
    send,
    silence,
    source_quench,
    tcp,
    udp,
    unreachable,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"no way")
CARRIED = (
    ("echo", echo_request()),
    ("echo-reply", echo_reply()),
    ("udp", UDP),
    ("tcp", tcp(sport=TESTER_PORT, dport=CLOSED_PORT)),
)
AS_ARRIVED = quote_of(may_change=("ttl", "checksum"))
RESOLUTION = seconds(8)
"""Time for a router to ask a silent neighbour several times and give up."""
GROUP_FRAME = bytes.fromhex("01005e010203")

RIGHT_REPLY = send(
    ether(dst=FAR_HOST_MAC, src=mac(FAR_NEIGHBOUR))
    / arp(
        operation=2,
        sender=FAR_NEIGHBOUR,
        sender_mac=mac(FAR_NEIGHBOUR),
        target=FAR_HOST,
        target_mac=FAR_HOST_MAC,
    ),
    on=FAR,
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-4.3.3.1-no-route-{name}",
            cites="1812-4.3.3.1-a",
            title=f"{name} to a network that there is no route to is answered with 3/0",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=UNROUTED) / carried),
                expect(ip(src=HOST, dst=TESTER) / unreachable(0, quote=AS_ARRIVED)),
            ),
            counters=merged(
                counters(
                    ipSystemStatsInReceives=1,
                    ipSystemStatsInForwDatagrams=1,
                    ipSystemStatsInNoRoutes=1,
                ),
                error_sent(3),
            ),
        )
        for name, carried in CARRIED
    ),
    Case(
        "rfc1812-4.3.3.1-no-route-unused-octets-zero",
        cites="792-fmt-a",
        title="what is unused in Destination Unreachable is zero",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=UNROUTED) / UDP),
            expect(ip(src=HOST, dst=TESTER) / unreachable(unused=bytes(3))),
        ),
    ),
    Case(
        "rfc1812-5.2.7.1-codes-6-and-8-not-used",
        cites="1812-5.2.7.1-a",
        title="neither network unknown nor source host isolated is the reason given",
        topology=Topology.ROUTER,
        control=(
            send(ip(dst=UNROUTED) / UDP),
            expect(ip(src=HOST, dst=TESTER) / unreachable()),
        ),
        steps=(
            send(ip(dst=UNROUTED) / UDP),
            silence(of=unreachable(one_of(6, 8))),
        ),
        rest_is_free=True,
    ),
    *(
        Case(
            f"rfc1812-4.3.3.1-silent-host-{name}",
            cites="1812-4.3.3.1-b",
            title=f"{name} to a host of a connected network that does not answer ARP: 3/1",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_ABSENT) / carried),
                expect(
                    ip(src=HOST, dst=TESTER) / unreachable(1, quote=AS_ARRIVED),
                    within=RESOLUTION,
                ),
            ),
        )
        for name, carried in CARRIED
    ),
    Case(
        "rfc1812-5.2.7.1-silent-host-is-no-unreachable-network",
        cites="1812-5.2.7.1-d",
        title="a silent host makes the host unreachable, not its network",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_ABSENT) / UDP),
            expect(
                ip(src=HOST, dst=TESTER) / unreachable(one_of(1, 7)),
                within=RESOLUTION,
            ),
        ),
    ),
    Case(
        "rfc1812-3.3.2-first-datagram-waits-for-arp",
        cites="1812-3.3.2-b",
        title="a datagram for a neighbour that has to be asked for first arrives",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_NEIGHBOUR) / UDP),
            expect(ip(src=TESTER, dst=FAR_NEIGHBOUR) / udp() / data(b"no way"), on=FAR),
        ),
    ),
    Case(
        "rfc1812-3.3.2-nothing-reported-before-arp-fails",
        cites="1812-3.3.2-b",
        title="a missing ARP entry alone is not reported, the failed search for it is",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_ABSENT) / UDP, ip(dst=FAR_ABSENT) / echo_request()),
            silence(of=unreachable(), within=ms(150)),
            expect(ip(src=HOST, dst=TESTER) / unreachable(), within=RESOLUTION),
        ),
        rest_is_free=True,
    ),
    *(
        Case(
            f"rfc1812-3.3.2-arp-reply-with-{name}-address",
            cites="1812-3.3.2-c",
            title=f"an ARP reply that names a link-layer {name} address is not believed",
            topology=Topology.ROUTER,
            given=(mute(FAR_NEIGHBOUR),),
            about=frozenset({Ambient.ARP}),
            no_control="the target asks, and takes the right reply that follows",
            steps=(
                send(ip(dst=FAR_NEIGHBOUR) / UDP),
                expect(arp(operation=1, target=FAR_NEIGHBOUR), on=FAR),
                send(
                    ether(dst=FAR_HOST_MAC, src=mac(FAR_NEIGHBOUR))
                    / arp(
                        operation=2,
                        sender=FAR_NEIGHBOUR,
                        sender_mac=claimed,
                        target=FAR_HOST,
                        target_mac=FAR_HOST_MAC,
                    ),
                    on=FAR,
                ),
                silence(of=ip(dst=FAR_NEIGHBOUR), on=FAR),
                # The search may be over by now: the next datagram begins another one then, which
                # only the second reply ends. To most routers the first one is enough.
                RIGHT_REPLY,
                send(ip(dst=FAR_NEIGHBOUR) / UDP),
                advance(ms(50)),
                RIGHT_REPLY,
                expect(
                    ether(dst=mac(FAR_NEIGHBOUR)) / ip(dst=FAR_NEIGHBOUR) / udp(),
                    on=FAR,
                ),
            ),
            rest_is_free=True,
        )
        for name, claimed in (
            ("broadcast", bytes.fromhex("ffffffffffff")),
            ("multicast", GROUP_FRAME),
        )
    ),
    Case(
        "rfc1812-4.3.3.3-no-source-quench",
        cites="1812-4.3.3.3-a",
        title="a router whose queue for a neighbour runs over sends no source quench",
        topology=Topology.ROUTER,
        control=(
            send(ip(dst=FAR_TESTER) / UDP),
            expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR),
        ),
        steps=(
            send(*(ip(dst=FAR_ABSENT) / udp() / data(pattern(1000)) for _ in range(40))),
            silence(of=source_quench(), within=seconds(0.5)),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1812-3.3.2-arp-request-answered",
        cites="1812-3.3.2-a",
        title="a router answers an ARP request for its address on the far link",
        topology=Topology.ROUTER,
        about=frozenset({Ambient.ARP}),
        steps=(
            send(arp(operation=1, sender=FAR_NEIGHBOUR, target=FAR_HOST), on=FAR),
            expect(
                ether(dst=mac(FAR_NEIGHBOUR))
                / arp(operation=2, sender=FAR_HOST, sender_mac=FAR_HOST_MAC, target=FAR_NEIGHBOUR),
                on=FAR,
            ),
        ),
    ),
)

"""RFC 1812 §5.3.4, §5.3.5, §4.2.3.1, §5.2.3: broadcasts of link and IP at a router."""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    CLOSED_PORT,
    FAR,
    FAR_HOST,
    FAR_TESTER,
    GROUP,
    HOST,
    HOST_MAC,
    LIMITED_BROADCAST,
    OPEN_PORT,
    SUBNET_BROADCAST,
    SUBNET_ZERO,
    TESTER,
    TESTER_PORT,
    Ambient,
    Case,
    Topology,
    arp,
    counters,
    data,
    default_route,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    open_udp,
    received,
    seconds,
    send,
    silence,
    udp,
    unreachable,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"to whom it may concern")
PASSES = (send(ip(dst=FAR_TESTER) / UDP), expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR))
ANSWERED = (send(ip() / echo_request()), expect(ip(src=HOST, dst=TESTER) / echo_reply()))
TO_OPEN = udp(sport=TESTER_PORT, dport=OPEN_PORT) / data(b"to everybody here")
OWN_GROUP_FRAME = bytes.fromhex("01005e000001")
"""Of 224.0.0.1: every node listens to it."""
FRAMES = (("broadcast", BROADCAST_MAC), ("multicast", OWN_GROUP_FRAME))

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-5.3.4-link-{name}-not-forwarded-{upper}",
            cites="1812-5.3.4-a",
            title=f"a datagram to one host inside a link-layer {name} is not forwarded ({upper})",
            topology=Topology.ROUTER,
            control=(
                send(ip(dst=FAR_TESTER) / carried),
                expect(ip(src=TESTER, dst=FAR_TESTER), on=FAR),
            ),
            steps=(send(ether(dst=frame) / ip(dst=FAR_TESTER) / carried), silence()),
        )
        for name, frame in FRAMES
        for upper, carried in (("udp", UDP), ("echo", echo_request()))
    ),
    Case(
        "rfc1812-5.3.4-link-broadcast-to-the-router-dropped",
        cites="1812-5.3.4-b",
        title="an echo request to the router's own address inside a link-layer broadcast: silence",
        topology=Topology.ROUTER,
        control=ANSWERED,
        steps=(send(ether(dst=BROADCAST_MAC) / ip() / echo_request()), silence()),
    ),
    Case(
        "rfc1812-5.3.5.1-limited-broadcast-not-forwarded",
        cites=("1812-5.3.5.1-a", "919-7-a"),
        title="a limited broadcast does not come out of any link, a default route or not",
        topology=Topology.ROUTER,
        given=(default_route(),),
        control=PASSES,
        steps=(send(ip(dst=LIMITED_BROADCAST) / UDP, on=FAR), silence()),
    ),
    Case(
        "rfc1812-5.3.5.1-limited-broadcast-received",
        cites="1812-5.3.5.1-a",
        title="a limited broadcast is not discarded: the router's own user gets it",
        topology=Topology.ROUTER,
        steps=(
            open_udp("s", port=OPEN_PORT),
            send(ip(dst=LIMITED_BROADCAST) / TO_OPEN),
            received("s", data=b"to everybody here"),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.2.3.1-{name}-is-a-broadcast",
            cites="1812-4.2.3.1-a",
            title=f"a datagram to {words} is a broadcast, whatever its frame: no port unreachable",
            topology=Topology.ROUTER,
            about=frozenset({Ambient.ARP}),
            control=(send(ip() / UDP), expect(ip(src=HOST, dst=TESTER) / unreachable(3))),
            steps=(
                send(ether(dst=HOST_MAC) / ip(dst=destination) / UDP),
                silence(of=arp(target=destination)),
                silence(of=ip()),
            ),
            rest_is_free=True,
        )
        for name, words, destination in (
            ("limited", LIMITED_BROADCAST, LIMITED_BROADCAST),
            ("directed", "{prefix, -1} of the link", SUBNET_BROADCAST),
        )
    ),
    *(
        Case(
            f"rfc1812-4.2.3.1-{name}-dropped",
            cites="1812-4.2.3.1-b",
            title=f"datagrams to {words}, the old broadcast, are silently dropped",
            topology=Topology.ROUTER,
            control=(
                *ANSWERED,
                send(ip() / UDP),
                expect(ip(src=HOST, dst=TESTER) / unreachable(3)),
            ),
            about=frozenset({Ambient.ARP}),
            steps=(
                send(ip(dst=destination) / echo_request(), ip(dst=destination) / UDP),
                # A router that has asked a moment before asks again within a second.
                silence(of=arp(target=destination), within=seconds(1.5)),
                silence(of=ip()),
            ),
            rest_is_free=True,
        )
        for name, words, destination in (
            ("zero-host", "{prefix, 0}", SUBNET_ZERO),
            ("all-zeros", "0.0.0.0", "0.0.0.0"),
        )
    ),
    Case(
        "rfc1812-5.2.3-own-far-address-delivered",
        cites="1812-5.2.3-a",
        title="a datagram for the router's address on another link is for the router itself",
        topology=Topology.ROUTER,
        steps=(
            send(ether(dst=HOST_MAC) / ip(dst=FAR_HOST) / echo_request()),
            expect(ip(src=FAR_HOST, dst=TESTER) / echo_reply()),
        ),
        counters=counters(
            ipSystemStatsInReceives=1,
            ipSystemStatsInDelivers=1,
            ipSystemStatsOutRequests=1,
            ipSystemStatsOutTransmits=1,
            icmpStatsInMsgs=1,
            icmpMsgStatsInPkts_8=1,
            icmpStatsOutMsgs=1,
            icmpMsgStatsOutPkts_0=1,
        ),
    ),
    Case(
        "rfc1812-5.2.3-foreign-group-not-forwarded-as-unicast",
        cites="1812-4.3.2.7-c",
        title="a datagram to a group that nobody routes is dropped without a word",
        topology=Topology.ROUTER,
        given=(default_route(),),
        control=PASSES,
        steps=(send(ip(dst=GROUP) / UDP), silence()),
    ),
    *(
        Case(
            f"rfc1812-5.2.3-{name}-group-stays-on-its-link",
            cites="1812-5.2.3-a",
            title=f"a datagram to {group}, which is never forwarded, stays on its link",
            topology=Topology.ROUTER,
            given=(default_route(),),
            control=PASSES,
            steps=(send(ip(dst=group) / UDP, on=FAR), silence(of=ip(dst=group) / udp())),
            rest_is_free=True,
        )
        for name, group in (("all-hosts", "224.0.0.1"), ("all-routers", "224.0.0.2"))
    ),
)

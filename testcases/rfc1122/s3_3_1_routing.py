"""RFC 1122 §3.3.1.1 to §3.3.1.3: on the link or by a gateway, and by which gateway."""

from __future__ import annotations

from harness.case import (
    ABSENT,
    BROADCAST_MAC,
    FAR,
    FAR_GATEWAY,
    FAR_HOST,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    GATEWAY,
    GATEWAY_2,
    GROUP,
    HOST,
    HOST_MAC,
    LIMITED_BROADCAST,
    NEIGHBOUR,
    OPEN_PORT,
    REMOTE,
    REMOTE_2,
    SUBNET_BROADCAST,
    TESTER_PORT,
    Ambient,
    Case,
    Topology,
    allow_broadcast,
    arp,
    classify,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    no_default_route,
    open_udp,
    redirect,
    second_gateway,
    send,
    send_udp,
    silence,
    udp,
    way,
)

BY_GATEWAY = ether(src=HOST_MAC, dst=mac(GATEWAY))
BY_SECOND = ether(src=HOST_MAC, dst=mac(GATEWAY_2))
DIRECTLY = ether(src=HOST_MAC, dst=mac(NEIGHBOUR))
ABOUT_REMOTE = ip(src=HOST, dst=REMOTE) / echo_reply()
MEET_SECOND = (
    send(ip(src=GATEWAY_2) / echo_request()),
    expect(ip(src=HOST, dst=GATEWAY_2) / echo_reply()),
)
"""So that the host knows the second gateway's link address before it is redirected to it."""
ASK_REMOTE = send(ip(src=REMOTE) / echo_request())

CASES: tuple[Case, ...] = (
    # 3.3.1.1 Local/remote decision
    Case(
        "rfc1122-3.3.1.1-on-link-direct",
        cites="1122-3.3.1.1-a",
        title="what goes to an address of the link's subnet goes straight to its owner",
        steps=(
            send(ip(src=NEIGHBOUR) / echo_request()),
            expect(DIRECTLY / ip(src=HOST, dst=NEIGHBOUR) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-on-link-direct-though-by-gateway",
        cites="1122-3.3.1.1-a",
        title="a neighbour is answered directly although its request came from the gateway's MAC",
        steps=(
            send(ether(src=mac(GATEWAY)) / ip(src=NEIGHBOUR) / echo_request()),
            expect(DIRECTLY / ip(src=HOST, dst=NEIGHBOUR) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-on-link-asked-for",
        cites="1122-3.3.1.1-a",
        title="an address of the link's subnet is asked for by ARP although nobody has it",
        about=frozenset({Ambient.ARP}),
        rest_is_free=True,
        steps=(
            send(ip(src=ABSENT) / echo_request()),
            expect(ether(dst=BROADCAST_MAC) / arp(operation=1, sender=HOST, target=ABSENT)),
            silence(of=ip(dst=ABSENT)),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-off-link-by-gateway",
        cites="1122-3.3.1.1-a",
        title="what goes to an address outside of the link's subnet goes to a gateway",
        steps=(
            send(ip(src=REMOTE) / echo_request()),
            expect(BY_GATEWAY / ip(src=HOST, dst=REMOTE) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-off-link-by-gateway-though-by-neighbour",
        cites="1122-3.3.1.2-c",
        title="a remote host is answered by the default gateway whatever MAC its request came from",
        steps=(
            send(ether(src=mac(NEIGHBOUR)) / ip(src=REMOTE) / echo_request()),
            expect(BY_GATEWAY / ip(src=HOST, dst=REMOTE) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-off-link-udp",
        cites="1122-3.3.1.2-c",
        title="UDP to a remote host that was never heard of goes to the default gateway",
        steps=(
            open_udp("first", port=OPEN_PORT),
            send_udp("first", b"first", to=REMOTE_2, port=TESTER_PORT),
            expect(BY_GATEWAY / ip(src=HOST, dst=REMOTE_2) / udp() / data(b"first")),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-group-straight",
        cites="1122-3.3.1.1-b",
        title="a datagram to a group goes straight to the link although there is a gateway",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            send_udp("sender", b"group", to=GROUP, port=TESTER_PORT),
            expect(ether(dst=mac(GROUP)) / ip(src=HOST, dst=GROUP) / udp() / data(b"group")),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-limited-broadcast-straight",
        cites="1122-3.3.1.1-b",
        title="a limited broadcast goes straight to the link although there is a gateway",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            allow_broadcast("sender"),
            send_udp("sender", b"all", to=LIMITED_BROADCAST, port=TESTER_PORT),
            expect(
                ether(dst=BROADCAST_MAC)
                / ip(src=HOST, dst=LIMITED_BROADCAST)
                / udp()
                / data(b"all")
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-no-gateway-echo",
        cites="1122-3.3.1.1-c",
        title="a host without any gateway answers its neighbours",
        given=(no_default_route(),),
        steps=(
            send(ip(src=NEIGHBOUR) / echo_request()),
            expect(DIRECTLY / ip(src=HOST, dst=NEIGHBOUR) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.3.1.1-no-gateway-udp",
        cites="1122-3.3.1.1-c",
        title="a host without any gateway sends to its neighbours and to all of them",
        given=(no_default_route(),),
        steps=(
            open_udp("sender", port=OPEN_PORT),
            allow_broadcast("sender"),
            send_udp("sender", b"one", to=NEIGHBOUR, port=TESTER_PORT),
            expect(DIRECTLY / ip(src=HOST, dst=NEIGHBOUR) / udp() / data(b"one")),
            send_udp("sender", b"all", to=SUBNET_BROADCAST, port=TESTER_PORT),
            expect(ether(dst=BROADCAST_MAC) / ip(dst=SUBNET_BROADCAST) / udp() / data(b"all")),
        ),
    ),
    # 3.3.1.2 Gateway selection, 3.3.1.3 route cache
    *(
        Case(
            f"rfc1122-3.3.1.2-redirect-one-destination-{name}",
            cites=cites,
            title=f"a {words} redirect moves the destination it names and no other",
            steps=(
                *MEET_SECOND,
                ASK_REMOTE,
                expect(BY_GATEWAY / ip(dst=REMOTE) / echo_reply()),
                send(ip(src=GATEWAY) / redirect(code, gateway=GATEWAY_2, quote=ABOUT_REMOTE)),
                ASK_REMOTE,
                expect(BY_SECOND / ip(dst=REMOTE) / echo_reply()),
                send(ip(src=REMOTE_2) / echo_request()),
                expect(BY_GATEWAY / ip(dst=REMOTE_2) / echo_reply()),
            ),
        )
        for name, words, code, cites in (
            ("host", "host", 1, "1122-3.3.1.2-a"),
            ("network", "network", 0, "1122-3.3.1.2-b"),
        )
    ),
    Case(
        "rfc1122-3.3.1.3-cache-scope",
        cites="1122-3.3.1.3-a",
        title="whether a redirect holds for one destination or its network is observed",
        steps=(
            *MEET_SECOND,
            ASK_REMOTE,
            expect(BY_GATEWAY / ip(dst=REMOTE) / echo_reply()),
            send(ip(src=GATEWAY) / redirect(1, gateway=GATEWAY_2, quote=ABOUT_REMOTE)),
            send(ip(src=REMOTE_2) / echo_request()),
            classify(
                "after a redirect for another host of its network, a destination",
                way("keeps its gateway", BY_GATEWAY / ip(dst=REMOTE_2) / echo_reply()),
                way("moves too", BY_SECOND / ip(dst=REMOTE_2) / echo_reply()),
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.1.3-cache-tos",
        cites="1122-3.3.1.3-b",
        title="whether a redirect for one TOS moves datagrams of another is observed",
        steps=(
            *MEET_SECOND,
            send(ip(src=REMOTE, tos=0x10) / echo_request()),
            expect(BY_GATEWAY / ip(dst=REMOTE) / echo_reply()),
            send(
                ip(src=GATEWAY)
                / redirect(
                    3,
                    gateway=GATEWAY_2,
                    quote=ip(src=HOST, dst=REMOTE, tos=0x10) / echo_reply(),
                )
            ),
            ASK_REMOTE,
            classify(
                "after a redirect for TOS 0x10, a datagram with TOS 0",
                way("keeps its gateway", BY_GATEWAY / ip(dst=REMOTE) / echo_reply()),
                way("moves too", BY_SECOND / ip(dst=REMOTE) / echo_reply()),
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.1.2-preferred-default",
        cites="1122-3.3.1.2-d",
        title="of two default gateways the preferred one is used while it is alive",
        given=(second_gateway(),),
        steps=(ASK_REMOTE, expect(BY_GATEWAY / ip(src=HOST, dst=REMOTE) / echo_reply())),
    ),
    Case(
        "rfc1122-3.2.1.3-mask-decides",
        cites="1122-3.2.1.3-g",
        title="the mask of the host's address tells neighbours from hosts behind the gateway",
        steps=(
            send(ip(src=NEIGHBOUR) / echo_request()),
            expect(DIRECTLY / ip(src=HOST, dst=NEIGHBOUR) / echo_reply()),
            send(ip(src=REMOTE) / echo_request()),
            expect(BY_GATEWAY / ip(src=HOST, dst=REMOTE) / echo_reply()),
        ),
    ),
    # 3.3.1.2 Static routes
    Case(
        "rfc1122-3.3.1.2-static-route",
        cites="1122-3.3.1.2-e",
        title="what goes to a network with a route of its own goes to that route's gateway",
        topology=Topology.MULTIHOMED,
        steps=(
            open_udp("sender", port=OPEN_PORT),
            send_udp("sender", b"static", to=FAR_TESTER, port=TESTER_PORT),
            expect(
                ether(dst=mac(FAR_GATEWAY)) / ip(dst=FAR_TESTER) / udp() / data(b"static"), on=FAR
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.1.2-static-route-redirected",
        cites="1122-3.3.1.2-f",
        title="whether a redirect overrides a static route is observed",
        topology=Topology.MULTIHOMED,
        no_control="whatever the host does is right",
        steps=(
            send(ip(src=FAR_NEIGHBOUR) / echo_request(), on=FAR),
            expect(ip(dst=FAR_NEIGHBOUR) / echo_reply(), on=FAR),
            send(ip(src=FAR_TESTER) / echo_request(), on=FAR),
            expect(ether(dst=mac(FAR_GATEWAY)) / ip(dst=FAR_TESTER) / echo_reply(), on=FAR),
            send(
                ip(src=FAR_GATEWAY)
                / redirect(
                    1, gateway=FAR_NEIGHBOUR, quote=ip(src=FAR_HOST, dst=FAR_TESTER) / echo_reply()
                ),
                on=FAR,
            ),
            send(ip(src=FAR_TESTER) / echo_request(), on=FAR),
            classify(
                "after a redirect, a destination with a static route",
                way("moves", ether(dst=mac(FAR_NEIGHBOUR)) / ip(dst=FAR_TESTER) / echo_reply()),
                way("stays", ether(dst=mac(FAR_GATEWAY)) / ip(dst=FAR_TESTER) / echo_reply()),
            ),
        ),
    ),
)

"""RFC 1122 §3.1: a host with two links does not act as a gateway unless its operator says so."""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_ABSENT,
    FAR_GATEWAY,
    FAR_HOST,
    FAR_NEIGHBOUR,
    FAR_SUBNET_BROADCAST,
    FAR_TESTER,
    GROUP,
    HOST,
    HOST_MAC,
    TESTER,
    TESTER_2,
    Case,
    Topology,
    counters,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    forwarding,
    fragments,
    ip,
    mac,
    pattern,
    record_route,
    send,
    silence,
    udp,
    unreachable,
)

TO_HOST = ether(dst=HOST_MAC)
BOTH_LINKS_ALIVE = (
    send(TO_HOST / ip() / echo_request()),
    expect(ip(src=HOST, dst=TESTER) / echo_reply()),
    send(ip() / echo_request(), on=FAR),
    expect(ip(src=FAR_HOST, dst=FAR_TESTER) / echo_reply(), on=FAR),
)
NOT_FOR_US = counters(ipSystemStatsInReceives=1, ipSystemStatsInAddrErrors=1)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.1-echo-answered",
        cites="1122-3.1-a",
        title="an echo request is answered: IP and ICMP are there",
        steps=(
            send(ip() / echo_request(data=b"are you there")),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"are you there")),
        ),
    ),
    Case(
        "rfc1122-3.1-both-links-answer",
        cites="1122-3.1-c",
        title="a host on two links answers on each of them for its address there",
        topology=Topology.MULTIHOMED,
        steps=(
            send(ip() / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
            send(ip() / echo_request(), on=FAR),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / echo_reply(), on=FAR),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.1-not-forwarded-to-{name}",
            cites="1122-3.1-f",
            title=f"by default an echo request to {words} is not forwarded, and nothing is said",
            topology=Topology.MULTIHOMED,
            control=BOTH_LINKS_ALIVE,
            steps=(send(TO_HOST / ip(dst=to) / echo_request()), silence()),
            counters=NOT_FOR_US,
        )
        for name, words, to in (
            ("far-neighbour", "a neighbour on the other link", FAR_NEIGHBOUR),
            ("far-remote", "a host behind the other link's gateway", FAR_TESTER),
            ("near-remote", "a host behind the gateway that it came from", TESTER_2),
            ("far-absent", "an address of the other link that nobody has", FAR_ABSENT),
        )
    ),
    Case(
        "rfc1122-3.1-not-forwarded-far-to-near",
        cites="1122-3.1-f",
        title="by default nothing is forwarded from the other link to this one either",
        topology=Topology.MULTIHOMED,
        control=BOTH_LINKS_ALIVE,
        steps=(send(ip(dst=TESTER) / echo_request(), on=FAR), silence()),
        counters=NOT_FOR_US,
    ),
    Case(
        "rfc1122-3.1-two-links-no-gateway",
        cites="1122-3.1-g",
        title="having two links does not make a host forward UDP between them",
        topology=Topology.MULTIHOMED,
        control=BOTH_LINKS_ALIVE,
        steps=(send(TO_HOST / ip(dst=FAR_TESTER) / udp() / data(b"through")), silence()),
        counters=NOT_FOR_US,
    ),
    *(
        Case(
            f"rfc1122-3.1-non-gateway-{name}",
            cites="1122-3.1-h",
            title=f"a host that is no gateway does not forward {words}",
            topology=Topology.MULTIHOMED,
            control=BOTH_LINKS_ALIVE,
            steps=(send(stimulus), silence()),
        )
        for name, words, stimulus in (
            (
                "far-broadcast",
                "a broadcast for the other link's subnet",
                TO_HOST / ip(dst=FAR_SUBNET_BROADCAST) / udp() / data(b"all"),
            ),
            (
                "group",
                "a datagram to a group",
                ip(dst=GROUP, ttl=8) / udp() / data(b"group"),
            ),
            (
                "recorded-route",
                "a datagram that records its route",
                TO_HOST / ip(dst=FAR_TESTER, options=(record_route(slots=3),)) / echo_request(),
            ),
            (
                "fragments",
                "fragments",
                fragments(
                    TO_HOST / ip(dst=FAR_TESTER) / echo_request(data=pattern(64)),
                    (0, 32),
                    (32, None),
                ),
            ),
        )
    ),
    *(
        Case(
            f"rfc1122-3.1-silent-discard-{name}",
            cites="1122-3.1-k",
            title=f"the silent discard of {words} brings no ICMP error",
            topology=Topology.MULTIHOMED,
            control=(
                *BOTH_LINKS_ALIVE,
                send(ip() / udp()),
                expect(ip(src=HOST, dst=TESTER) / unreachable(3)),
            ),
            steps=(send(TO_HOST / stimulus), silence()),
        )
        for name, words, stimulus in (
            ("ttl-one", "somebody else's datagram with TTL 1", ip(dst=FAR_TESTER, ttl=1) / udp()),
            (
                "no-fit",
                "a datagram with DF",
                ip(dst=FAR_TESTER, df=1) / udp() / data(pattern(1400)),
            ),
            ("absent", "a datagram to nobody", ip(dst=FAR_ABSENT) / udp()),
            (
                "protocol",
                "an unknown protocol",
                ip(dst=FAR_TESTER, protocol=253) / data(b"unknown"),
            ),
        )
    ),
    Case(
        "rfc1122-3.1-switch-on",
        cites="1122-3.1-e",
        title="with the gateway function switched on, the same datagram is forwarded",
        topology=Topology.MULTIHOMED,
        given=(forwarding(enabled=True),),
        steps=(
            send(TO_HOST / ip(dst=FAR_TESTER) / echo_request(data=b"through")),
            expect(
                ether(dst=mac(FAR_GATEWAY))
                / ip(src=TESTER, dst=FAR_TESTER, ttl=63)
                / echo_request(data=b"through"),
                on=FAR,
            ),
        ),
    ),
    Case(
        "rfc1122-3.1-switch-off",
        cites="1122-3.1-e",
        title="with the gateway function switched off, nothing is forwarded",
        topology=Topology.MULTIHOMED,
        given=(forwarding(enabled=False),),
        control=BOTH_LINKS_ALIVE,
        steps=(send(TO_HOST / ip(dst=FAR_TESTER) / echo_request(data=b"through")), silence()),
    ),
)

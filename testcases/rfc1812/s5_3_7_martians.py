"""RFC 1812 §5.3.7, §5.3.8, §4.2.2.11: addresses that no datagram may travel from or to.

Martian destinations are sent from the far side to a router with a default route on the near side:
nothing but the check itself keeps them from going there.
"""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_HOST_MAC,
    FAR_SUBNET_BROADCAST,
    FAR_TESTER,
    FAR_TESTER_2,
    HOST,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_PORT,
    UNROUTED,
    Case,
    Topology,
    classify,
    data,
    default_route,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    send,
    silence,
    udp,
    way,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"from nowhere")
ANSWERED = (send(ip() / echo_request()), expect(ip(src=HOST, dst=TESTER) / echo_reply()))

SOURCES = (
    ("all-zeros", "0.0.0.0", "0.0.0.0"),
    ("zero-network", "0.1.2.3", "0.1.2.3"),
    ("loopback", "127.0.0.1", "127.0.0.1"),
    ("other-loopback", "127.200.0.9", "127.200.0.9"),
    ("multicast", "224.0.0.5", "224.0.0.5"),
    ("administrative-multicast", "239.1.2.3", "239.1.2.3"),
    ("class-e", "240.0.0.1", "240.0.0.1"),
    ("limited-broadcast", "255.255.255.255", "255.255.255.255"),
    ("own-subnet-broadcast", "{prefix, -1} of its link", SUBNET_BROADCAST),
    ("far-subnet-broadcast", "{prefix, -1} of the far link", FAR_SUBNET_BROADCAST),
)
DESTINATIONS = (
    ("all-zeros", "0.0.0.0"),
    ("zero-network", "0.1.2.3"),
    ("loopback", "127.0.0.1"),
    ("other-loopback", "127.200.0.9"),
    ("class-e", "240.0.0.1"),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-5.3.7-{name}-source-not-forwarded",
            cites="1812-5.3.7-a",
            title=f"a datagram from {words} is not forwarded",
            topology=Topology.ROUTER,
            control=(
                send(ip(dst=FAR_TESTER) / UDP),
                expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR),
            ),
            steps=(
                send(ip(src=source, dst=FAR_TESTER) / UDP),
                silence(of=ip(dst=FAR_TESTER), on=FAR),
            ),
            rest_is_free=True,
        )
        for name, words, source in SOURCES
    ),
    *(
        Case(
            f"rfc1812-5.3.7-{name}-destination-not-forwarded",
            cites="1812-5.3.7-b",
            title=f"a datagram to {destination} is not forwarded along the default route",
            topology=Topology.ROUTER,
            given=(default_route(),),
            control=(
                send(ip(dst=UNROUTED) / UDP, on=FAR),
                expect(ip(src=FAR_TESTER, dst=UNROUTED) / udp(), on=0),
            ),
            steps=(
                send(ether(dst=FAR_HOST_MAC) / ip(dst=destination) / UDP, on=FAR),
                silence(of=ip(dst=destination), on=0),
            ),
            rest_is_free=True,
        )
        for name, destination in DESTINATIONS
    ),
    *(
        Case(
            f"rfc1812-4.2.2.11-{name}-source-not-answered",
            cites=cited,
            title=f"an echo request for the router from {words} is silently dropped",
            topology=Topology.ROUTER,
            given=(default_route(),),
            control=ANSWERED,
            steps=(send(ip(src=source) / echo_request()), silence()),
        )
        for name, words, cited, source in (
            ("all-zeros", "0.0.0.0", "1812-4.2.2.11-a", "0.0.0.0"),
            ("zero-network", "0.1.2.3", "1812-4.2.2.11-e", "0.1.2.3"),
            ("loopback", "127.0.0.1", "1812-4.2.2.11-e", "127.0.0.1"),
            ("multicast", "a group", "1812-4.2.2.11-e", "224.0.0.5"),
            ("limited-broadcast", "255.255.255.255", "1812-4.2.2.11-e", "255.255.255.255"),
            ("subnet-broadcast", "{prefix, -1}", "1812-4.2.2.11-e", SUBNET_BROADCAST),
        )
    ),
    Case(
        "rfc1812-4.2.2.11-loopback-stays-inside",
        cites="1812-4.2.2.11-b",
        title="an echo request to 127.0.0.1 from outside is neither answered nor passed on",
        topology=Topology.ROUTER,
        given=(default_route(),),
        control=ANSWERED,
        steps=(
            send(ip(dst="127.0.0.1") / echo_request()),
            silence(of=ip(src="127.0.0.1")),
            silence(of=ip(dst="127.0.0.1")),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1812-5.3.8-source-of-the-wrong-side",
        cites="1812-5.3.8-a",
        title="what a router does with a datagram whose source lies on the other side",
        topology=Topology.ROUTER,
        steps=(
            send(ip(src=FAR_TESTER_2, dst=FAR_TESTER) / UDP),
            classify(
                "source address validation",
                way("off, as by default", ip(src=FAR_TESTER_2, dst=FAR_TESTER) / udp()),
                way("on", None),
                on=FAR,
            ),
        ),
    ),
)

"""RFC 1812 §4.3.2.7: what a router sends no ICMP error about, whatever else is wrong with it.

The reason for an error is TTL 1 throughout; the control is answered with Time Exceeded.
"""

from __future__ import annotations

from harness.case import (
    BAD,
    BROADCAST_MAC,
    CLOSED_PORT,
    FAR_SUBNET_BROADCAST,
    FAR_TESTER,
    GROUP,
    HOST,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_2,
    TESTER_PORT,
    Case,
    Topology,
    data,
    default_route,
    echo_request,
    ether,
    expect,
    ip,
    parameter_problem,
    pattern,
    redirect,
    send,
    silence,
    source_quench,
    time_exceeded,
    udp,
    unreachable,
)

CARRIED = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"expired")
EXPIRES = ip(dst=FAR_TESTER, ttl=1)
OTHERS = ip(src=TESTER_2, dst=FAR_TESTER, ttl=1)
"""From another host, so that no limit on errors to one host hides a second one."""
REPORTED = expect(ip(src=HOST, dst=TESTER_2) / time_exceeded(0))
CONTROL = (send(OTHERS / CARRIED), REPORTED)
ECHO_CONTROL = (send(OTHERS / echo_request()), REPORTED)

ABOUT = ip(src=FAR_TESTER, dst=TESTER) / udp() / data(b"quoted")
"""What the errors in transit complain about: a datagram of the other side."""
ERRORS = (
    ("unreachable", unreachable(3, quote=ABOUT)),
    ("source-quench", source_quench(quote=ABOUT)),
    ("redirect", redirect(1, gateway=HOST, quote=ABOUT)),
    ("time-exceeded", time_exceeded(0, quote=ABOUT)),
    ("parameter-problem", parameter_problem(20, quote=ABOUT)),
)

GROUP_FRAME = bytes.fromhex("01005e000001")
"""Of 224.0.0.1: every node listens to it."""

SOURCES = (
    ("zero", "0.0.0.0"),
    ("zero-network", "0.1.2.3"),
    ("loopback", "127.0.0.1"),
    ("multicast", "224.0.0.5"),
    ("class-e", "240.0.0.1"),
    ("limited-broadcast", "255.255.255.255"),
    ("subnet-broadcast", SUBNET_BROADCAST),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-4.3.2.7-about-{name}",
            cites="1812-4.3.2.7-a",
            title=f"an ICMP error in transit ({name}) that expires is not reported",
            topology=Topology.ROUTER,
            control=ECHO_CONTROL,
            steps=(send(EXPIRES / error), silence()),
        )
        for name, error in ERRORS
    ),
    Case(
        "rfc1812-4.3.2.7-about-bad-checksum",
        cites=("1812-4.3.2.7-b", "1812-5.2.1-a"),
        title="a datagram with a wrong header checksum that expires is not reported",
        topology=Topology.ROUTER,
        control=CONTROL,
        steps=(
            send(ip(dst=FAR_TESTER, ttl=1, checksum=BAD) / CARRIED),
            silence(),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.3.2.7-about-{name}-destination",
            cites="1812-4.3.2.7-c",
            title=f"a datagram to a {words} address that expires is not reported",
            topology=Topology.ROUTER,
            control=CONTROL,
            steps=(send(ip(dst=destination, ttl=1) / CARRIED), silence()),
        )
        for name, words, destination in (
            ("group", "multicast", GROUP),
            ("limited-broadcast", "limited broadcast", "255.255.255.255"),
            ("directed-broadcast", "directed broadcast", FAR_SUBNET_BROADCAST),
        )
    ),
    *(
        Case(
            f"rfc1812-4.3.2.7-about-link-{name}",
            cites="1812-4.3.2.7-d",
            title=f"a datagram in a link-layer {name} that expires is not reported",
            topology=Topology.ROUTER,
            control=CONTROL,
            steps=(send(ether(dst=frame) / EXPIRES / CARRIED), silence()),
        )
        for name, frame in (("broadcast", BROADCAST_MAC), ("multicast", GROUP_FRAME))
    ),
    *(
        Case(
            f"rfc1812-4.3.2.7-about-{name}-source",
            cites="1812-4.3.2.7-e",
            title=f"a datagram from a source that is no host ({name}) is not reported",
            topology=Topology.ROUTER,
            given=(default_route(),),
            control=CONTROL,
            steps=(send(ip(src=source, dst=FAR_TESTER, ttl=1) / CARRIED), silence()),
        )
        for name, source in SOURCES
    ),
    Case(
        "rfc1812-4.3.2.7-about-later-fragment",
        cites=("1812-4.3.2.7-f", "792-intro-c"),
        title="a fragment other than the first that expires is not reported",
        topology=Topology.ROUTER,
        control=(
            send(ip(src=TESTER_2, dst=FAR_TESTER, ttl=1, mf=1) / data(pattern(64))),
            REPORTED,
        ),
        steps=(
            send(ip(dst=FAR_TESTER, ttl=1, offset=64) / data(pattern(64))),
            send(ip(dst=FAR_TESTER, ttl=1, offset=128, mf=1) / data(pattern(64))),
            silence(),
        ),
    ),
)

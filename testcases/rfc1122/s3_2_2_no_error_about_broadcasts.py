"""RFC 1122 §3.2.2: no ICMP error about a datagram that went to many.

To an IP broadcast or multicast address, or in a link-layer broadcast. Three kinds of trouble are
tried, because stacks report each from another place: a UDP port that nobody listens on, a
protocol that nobody handles, and an option whose pointer is impossible.
"""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    BROADCAST_MAC,
    GROUP,
    LIMITED_BROADCAST,
    SUBNET_BROADCAST,
    Case,
    classify,
    counters,
    data,
    ether,
    expect,
    ip,
    join,
    open_udp,
    parameter_problem,
    record_route,
    send,
    silence,
    udp,
    unreachable,
    way,
)

PROBED = "the probe sends the same to the host alone"
UNKNOWN_PROTOCOL = 197
BAD_OPTION = (record_route(slots=2, pointer=3),)
NOBODY = udp() / data(b"nobody listens here")
ALL_HOSTS_MAC = bytes.fromhex("01005e000001")

PORT_REPORTED = (send(ip() / NOBODY), expect(ip() / unreachable(3)))
PROTOCOL_REPORTED = (send(ip(protocol=UNKNOWN_PROTOCOL) / NOBODY), expect(ip() / unreachable(2)))
OPTION_REPORTED = (send(ip(options=BAD_OPTION) / NOBODY), expect(ip() / parameter_problem()))

TO_MANY = (
    ("limited-broadcast", LIMITED_BROADCAST),
    ("subnet-broadcast", SUBNET_BROADCAST),
    ("all-hosts-group", ALL_HOSTS),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.2-closed-port-by-{name}-not-reported",
            cites="1122-3.2.2-h",
            title=f"a datagram to a closed UDP port by {name.replace('-', ' ')} stays unanswered",
            control=PORT_REPORTED,
            steps=(send(ip(dst=address) / NOBODY), silence()),
        )
        for name, address in TO_MANY
    ),
    *(
        Case(
            f"rfc1122-3.2.2-unknown-protocol-by-{name}-not-reported",
            cites="1122-3.2.2-h",
            title=f"an unknown protocol at the {name.replace('-', ' ')} stays unanswered",
            provided=PROTOCOL_REPORTED,
            no_control=PROBED,
            steps=(send(ip(dst=address, protocol=UNKNOWN_PROTOCOL) / NOBODY), silence()),
            counters=counters(ipSystemStatsInReceives=1, ipSystemStatsInUnknownProtos=1),
        )
        for name, address in TO_MANY
    ),
    *(
        Case(
            f"rfc1122-3.2.2-bad-option-by-{name}-not-reported",
            cites="1122-3.2.2-h",
            title=f"an impossible option at the {name.replace('-', ' ')} stays unanswered",
            provided=OPTION_REPORTED,
            no_control=PROBED,
            steps=(send(ip(dst=address, options=BAD_OPTION) / NOBODY), silence()),
        )
        for name, address in TO_MANY
    ),
    Case(
        "rfc1122-3.2.2-closed-port-by-joined-group-not-reported",
        cites="1122-3.2.2-h",
        title="a datagram to a closed UDP port at a joined group stays unanswered",
        control=PORT_REPORTED,
        steps=(
            open_udp("member"),
            join("member", GROUP),
            send(ip(dst=GROUP) / NOBODY),
            silence(),
        ),
    ),
    Case(
        "rfc1122-3.2.2-closed-port-in-link-broadcast-not-reported",
        cites="1122-3.2.2-i",
        title="a datagram to a closed UDP port in a link broadcast stays unanswered",
        control=PORT_REPORTED,
        steps=(send(ether(dst=BROADCAST_MAC) / ip() / NOBODY), silence()),
    ),
    Case(
        "rfc1122-3.2.2-unknown-protocol-in-link-broadcast-not-reported",
        cites="1122-3.2.2-i",
        title="an unknown protocol in a link broadcast stays unanswered",
        provided=PROTOCOL_REPORTED,
        no_control=PROBED,
        steps=(
            send(ether(dst=BROADCAST_MAC) / ip(protocol=UNKNOWN_PROTOCOL) / NOBODY),
            silence(),
        ),
    ),
    Case(
        "rfc1122-3.2.2-bad-option-in-link-broadcast-not-reported",
        cites="1122-3.2.2-i",
        title="an impossible option in a link broadcast stays unanswered",
        provided=OPTION_REPORTED,
        no_control=PROBED,
        steps=(send(ether(dst=BROADCAST_MAC) / ip(options=BAD_OPTION) / NOBODY), silence()),
    ),
    Case(
        "rfc1122-3.2.2-closed-port-in-link-multicast-observed",
        cites="1122-3.2.2-i",
        title="what becomes of a datagram to a closed UDP port in a link multicast",
        steps=(
            send(ether(dst=ALL_HOSTS_MAC) / ip() / NOBODY),
            # Broadcasts alone are named here; RFC 1812 §4.3.2.7 adds multicasts for routers.
            classify(
                "an error about a link-layer multicast",
                way("none", None),
                way("port unreachable", ip() / unreachable(3)),
            ),
        ),
    ),
)

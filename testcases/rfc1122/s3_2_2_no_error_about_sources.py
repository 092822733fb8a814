"""RFC 1122 §3.2.2: no ICMP error to a source that is not one host.

The zero address, loopback, broadcasts, groups and class E. A wrong error shows: it would leave by
the default route, or as a broadcast.
"""

from __future__ import annotations

from harness.case import (
    SUBNET_BROADCAST,
    Case,
    classify,
    data,
    expect,
    ip,
    parameter_problem,
    record_route,
    send,
    silence,
    udp,
    unreachable,
    way,
)

PROBED = "the probe sends the same from one host"
UNKNOWN_PROTOCOL = 197
BAD_OPTION = (record_route(slots=2, pointer=3),)
NOBODY = udp() / data(b"nobody listens here")

PORT_REPORTED = (send(ip() / NOBODY), expect(ip() / unreachable(3)))
PROTOCOL_REPORTED = (send(ip(protocol=UNKNOWN_PROTOCOL) / NOBODY), expect(ip() / unreachable(2)))
OPTION_REPORTED = (send(ip(options=BAD_OPTION) / NOBODY), expect(ip() / parameter_problem()))

NOT_ONE_HOST = (
    ("zero", "0.0.0.0"),
    ("loopback", "127.0.0.1"),
    ("multicast", "224.0.0.5"),
    ("class-e", "240.0.0.1"),
    ("limited-broadcast", "255.255.255.255"),
    ("subnet-broadcast", SUBNET_BROADCAST),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.2-closed-port-from-{name}-not-reported",
            cites="1122-3.2.2-k",
            title=f"a datagram to a closed UDP port from a {name.replace('-', ' ')} address "
            "stays unanswered",
            control=PORT_REPORTED,
            steps=(send(ip(src=address) / NOBODY), silence()),
        )
        for name, address in NOT_ONE_HOST
    ),
    *(
        Case(
            f"rfc1122-3.2.2-unknown-protocol-from-{name}-not-reported",
            cites="1122-3.2.2-k",
            title=f"an unknown protocol from a {name.replace('-', ' ')} address stays unanswered",
            provided=PROTOCOL_REPORTED,
            no_control=PROBED,
            steps=(send(ip(src=address, protocol=UNKNOWN_PROTOCOL) / NOBODY), silence()),
        )
        for name, address in NOT_ONE_HOST
    ),
    *(
        Case(
            f"rfc1122-3.2.2-bad-option-from-{name}-not-reported",
            cites="1122-3.2.2-k",
            title=f"an impossible option from a {name.replace('-', ' ')} address stays unanswered",
            provided=OPTION_REPORTED,
            no_control=PROBED,
            steps=(send(ip(src=address, options=BAD_OPTION) / NOBODY), silence()),
        )
        for name, address in NOT_ONE_HOST
    ),
    Case(
        "rfc1122-3.2.2-closed-port-from-zero-network-observed",
        cites="1122-3.2.2-k",
        title="what becomes of a datagram to a closed UDP port from the network 0",
        steps=(
            send(ip(src="0.1.2.3") / NOBODY),
            # §3.2.1.3 (b) has {0, host} name one host, during initialisation.
            classify(
                "an error to a source in 0/8",
                way("none", None),
                way("port unreachable", ip() / unreachable(3)),
            ),
        ),
    ),
)

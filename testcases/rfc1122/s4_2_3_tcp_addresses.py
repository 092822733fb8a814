"""RFC 1122 §4.2.3.8 and §4.2.3.10: what TCP answers, seen by the resets of closed ports."""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    CLOSED_PORT,
    HOST,
    LIMITED_BROADCAST,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_PORT,
    Case,
    ether,
    expect,
    ip,
    mac,
    option,
    send,
    silence,
    tcp,
)

SYN = tcp(flags=0x02)
RST_ACK = 0x14
RESET = (
    send(ip() / SYN),
    expect(ip(src=HOST, dst=TESTER) / tcp(sport=CLOSED_PORT, dport=TESTER_PORT, flags=RST_ACK)),
)
TO_MANY = (
    ("limited-broadcast", LIMITED_BROADCAST),
    ("subnet-broadcast", SUBNET_BROADCAST),
    ("all-hosts-group", ALL_HOSTS),
)
ILLEGAL_SOURCES = (
    ("zero", "0.0.0.0"),
    ("loopback", "127.0.0.1"),
    ("multicast", "224.0.0.5"),
    ("limited-broadcast", "255.255.255.255"),
    ("subnet-broadcast", SUBNET_BROADCAST),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-4.2.3.10-syn-by-{name}-discarded",
            cites="1122-4.2.3.10-a",
            title=f"a SYN by {name.replace('-', ' ')} stays unanswered",
            control=RESET,
            steps=(send(ip(dst=address) / SYN), silence()),
        )
        for name, address in TO_MANY
    ),
    *(
        Case(
            f"rfc1122-4.2.3.10-syn-by-{name}-in-unicast-frame-discarded",
            cites="1122-4.2.3.10-a",
            title=f"a SYN by {name.replace('-', ' ')} in a frame for the host stays unanswered",
            control=RESET,
            steps=(send(ether(dst=mac(HOST)) / ip(dst=address) / SYN), silence()),
        )
        for name, address in TO_MANY
    ),
    *(
        Case(
            f"rfc1122-4.2.3.10-syn-from-{name}-ignored",
            cites="1122-4.2.3.10-b",
            title=f"a SYN from a {name.replace('-', ' ')} address stays unanswered",
            control=RESET,
            steps=(send(ip(src=address) / SYN), silence()),
        )
        for name, address in ILLEGAL_SOURCES
    ),
    Case(
        "rfc1122-4.2.3.8-unknown-option-ignored",
        cites="1122-4.2.3.8-a",
        title="a SYN with an IP option that nobody knows is answered like one without",
        control=RESET,
        steps=(
            send(ip(options=(option(222, b"\x01\x02\x03\x04"),)) / SYN),
            expect(ip(src=HOST, dst=TESTER) / tcp(sport=CLOSED_PORT, flags=RST_ACK)),
        ),
    ),
)

"""RFC 3021 §3.1: the subnet number as destination, on links that are no /31.

It is better dropped, but RFC 1122 §3.3.6 has hosts take it for a broadcast: either is observed.
What it may never bring, an ICMP error, is with the broadcasts of RFC 1122 §3.3.6.
"""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    SUBNET_ZERO,
    Case,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    send,
    silence,
)

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc3021-3.1-subnet-number-{name}",
        cites="3021-3.1-a",
        title=f"whether an echo request to the subnet number in {words} is dropped is observed",
        control=(
            send(ip(src=NEIGHBOUR) / echo_request()),
            expect(ip(src=HOST, dst=NEIGHBOUR) / echo_reply()),
        ),
        steps=(send(frame / ip(src=NEIGHBOUR, dst=SUBNET_ZERO) / echo_request()), silence()),
    )
    for name, words, frame in (
        ("in-unicast-frame", "a frame to the host", ether(dst=HOST_MAC)),
        ("in-link-broadcast", "a link broadcast", ether(dst=BROADCAST_MAC)),
    )
)

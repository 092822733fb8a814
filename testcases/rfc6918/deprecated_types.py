"""RFC 6918 §3: ICMP types that are deprecated and stay unanswered.

Information and Address Mask Request have cases of their own under RFC 1122; replies of theirs are
here.
"""

from __future__ import annotations

from harness.case import (
    LIMITED_BROADCAST,
    Case,
    echo_reply,
    echo_request,
    expect,
    icmp,
    ip,
    pattern,
    send,
    silence,
)

ANSWERED = (send(ip() / echo_request()), expect(ip() / echo_reply()))
TYPES = (
    (6, "alternate-host-address"),
    (15, "information-request"),
    (16, "information-reply"),
    (17, "address-mask-request"),
    (18, "address-mask-reply"),
    (30, "traceroute"),
    (31, "datagram-conversion-error"),
    (32, "mobile-host-redirect"),
    (33, "where-are-you"),
    (34, "i-am-here"),
    (35, "mobile-registration-request"),
    (36, "mobile-registration-reply"),
    (37, "domain-name-request"),
    (38, "domain-name-reply"),
    (39, "skip"),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc6918-3-{name}-silent",
            cites="6918-3-a",
            title=f"an ICMP message of type {kind}, {name.replace('-', ' ')}, stays unanswered",
            control=ANSWERED,
            steps=(
                send(
                    ip() / icmp(kind, rest=bytes(4), data=pattern(24)),
                    ip() / icmp(kind, code=1, rest=bytes(4), data=pattern(24)),
                ),
                silence(),
            ),
        )
        for kind, name in TYPES
    ),
    Case(
        "rfc6918-3-requests-by-broadcast-silent",
        cites="6918-3-a",
        title="deprecated requests by broadcast stay unanswered",
        control=ANSWERED,
        steps=(
            send(
                *(
                    ip(dst=LIMITED_BROADCAST) / icmp(kind, rest=bytes(4), data=bytes(4))
                    for kind in (15, 17, 33, 37)
                )
            ),
            silence(),
        ),
    ),
)

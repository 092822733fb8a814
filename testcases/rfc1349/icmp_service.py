"""RFC 1349 §5.1: the TOS of ICMP errors and replies (RFC 2474 §3 took its place)."""

from __future__ import annotations

from harness.case import Case, classify, echo_reply, echo_request, ip, send, way

# Delay, throughput, cost (ECT(0) today), Expedited Forwarding, CE alone, all ones.
OCTETS = (0x10, 0x08, 0x02, 0xB8, 0x03, 0xFF)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1349-5.1-echo-reply-to-tos-{tos}-observed",
            cites="1349-5.1-a",
            title=f"the TOS of a reply to an echo request of TOS {tos:#04x}",
            steps=(
                send(ip(tos=tos) / echo_request()),
                classify(
                    f"TOS of the reply to TOS {tos:#04x}",
                    way("the request's", ip(tos=tos) / echo_reply()),
                    way("the request's without ECN", ip(tos=tos & 0xFC) / echo_reply()),
                    way("zero", ip(tos=0) / echo_reply()),
                    way("the request's without DSCP", ip(tos=tos & 0x03) / echo_reply()),
                ),
            ),
        )
        for tos in OCTETS
    ),
)

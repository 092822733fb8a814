"""RFC 1122 §3.2.2.9: Address Mask messages, on a host whose mask was set by hand.

A mask that took the whole of the address space for one subnet would show: replies to a host
behind the gateway would be sent to it directly.
"""

from __future__ import annotations

from harness.case import (
    GATEWAY,
    HOST,
    LIMITED_BROADCAST,
    NEIGHBOUR,
    REMOTE,
    SUBNET_BROADCAST,
    Case,
    counters,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    mask_reply,
    mask_request,
    send,
    silence,
)

ANSWERED = (send(ip() / echo_request()), expect(ip() / echo_reply()))
STILL_BY_GATEWAY = (
    send(ip(src=REMOTE) / echo_request()),
    expect(ether(dst=mac(GATEWAY)) / ip(src=HOST, dst=REMOTE) / echo_reply()),
)
REPLIES = (
    ("gateway", "a gateway", GATEWAY, HOST),
    ("neighbour-by-broadcast", "a neighbour, by broadcast,", NEIGHBOUR, SUBNET_BROADCAST),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.2.9-mask-reply-from-{name}-ignored",
            cites="1122-3.2.2.9-h",
            title=f"an Address Mask Reply from {words} changes no mask",
            steps=(
                send(
                    ip(src=source, dst=destination) / mask_reply(mask="0.0.0.0"),
                    ip(src=source, dst=destination) / mask_reply(mask="192.0.0.0"),
                    ip(src=source, dst=destination) / mask_reply(mask="128.0.0.0"),
                ),
                *STILL_BY_GATEWAY,
            ),
            # A host that believes it does not find the way back to anybody behind the gateway.
            must_survive=True,
        )
        for name, words, source, destination in REPLIES
    ),
    Case(
        "rfc1122-3.2.2.9-mask-request-silent",
        cites="1122-3.2.2.9-j",
        title="an Address Mask Request stays unanswered",
        control=ANSWERED,
        steps=(send(ip() / mask_request()), silence()),
        counters=counters(
            ipSystemStatsInReceives=1,
            ipSystemStatsInDelivers=1,
            icmpStatsInMsgs=1,
            icmpMsgStatsInPkts_17=1,
        ),
    ),
    Case(
        "rfc1122-3.2.2.9-mask-request-by-broadcast-silent",
        cites="1122-3.2.2.9-j",
        title="an Address Mask Request by broadcast stays unanswered",
        control=ANSWERED,
        steps=(
            send(
                ip(dst=LIMITED_BROADCAST) / mask_request(),
                ip(dst=SUBNET_BROADCAST) / mask_request(),
            ),
            silence(),
        ),
    ),
    Case(
        "rfc1122-3.2.2.9-mask-reply-gives-no-authority",
        cites="1122-3.2.2.9-j",
        title="a host that was told a mask by Address Mask Reply does not pass it on",
        control=ANSWERED,
        steps=(
            send(ip(src=GATEWAY) / mask_reply(mask="255.255.255.0")),
            send(ip() / mask_request()),
            silence(),
        ),
    ),
)

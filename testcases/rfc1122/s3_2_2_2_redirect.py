"""RFC 1122 §3.2.2.2: hosts obey redirects and send none.

An echo from behind the gateway shows by its reply which gateway the host uses. The second gateway
makes itself known by ARP first, for a host may want to know a gateway before it uses it.
"""

from __future__ import annotations

from harness.case import (
    GATEWAY,
    GATEWAY_2,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    REMOTE,
    REMOTE_2,
    SUBNET_BROADCAST,
    Case,
    arp,
    classify,
    counters,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    redirect,
    seen,
    send,
    silence,
    way,
)

SECOND_IS_KNOWN = (send(arp(sender=GATEWAY_2)),)
FIRST_IN_USE = (
    *SECOND_IS_KNOWN,
    send(ip(src=REMOTE) / echo_request(data=b"before")),
    expect(ether(dst=mac(GATEWAY)) / ip(dst=REMOTE) / echo_reply(data=b"before"), label="before"),
)
AFTER = ip(dst=REMOTE) / echo_reply(data=b"after")
STILL_FIRST = (
    send(ip(src=REMOTE) / echo_request(data=b"after")),
    expect(ether(dst=mac(GATEWAY)) / AFTER),
)
NOW_SECOND = (
    send(ip(src=REMOTE) / echo_request(data=b"after")),
    expect(ether(dst=mac(GATEWAY_2)) / AFTER),
)
OTHERS_TOO = (
    send(ip(src=REMOTE_2) / echo_request(data=b"another")),
    expect(ether(dst=mac(GATEWAY)) / ip(dst=REMOTE_2) / echo_reply(data=b"another")),
)
CODES = (
    (0, "network", ("1122-3.2.2.2-b", "1122-3.2.2.2-c")),
    (1, "host", ("1122-3.2.2.2-b", "1122-3.2.2.2-c")),
    (2, "network-and-service", "1349-6.2-a"),
    (3, "host-and-service", "1349-6.2-a"),
)
OF_BEFORE = seen("before", "ip.datagram")
NO_ROUTER = (
    ("host-itself", "the host itself", HOST),
    ("broadcast", "the broadcast address", SUBNET_BROADCAST),
)
NOT_FIRST_HOP = (
    ("second-gateway", "a gateway that is not in use", GATEWAY_2),
    ("neighbour", "a neighbour", NEIGHBOUR),
    ("far-host", "a host behind the gateway", REMOTE_2),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.2.2-{name}-redirect-obeyed",
            cites=cites,
            title=f"after a redirect of code {code} the host uses the gateway that it names",
            steps=(
                *FIRST_IN_USE,
                send(ip(src=GATEWAY) / redirect(code, gateway=GATEWAY_2, quote=OF_BEFORE)),
                *NOW_SECOND,
            ),
        )
        for code, name, cites in CODES
    ),
    Case(
        "rfc1122-3.3.1.2-network-redirect-for-one-destination",
        cites="1122-3.3.1.2-b",
        title="after a network redirect the destination that it names has the new gateway, and "
        "another one of that network the old",
        steps=(
            *FIRST_IN_USE,
            send(ip(src=GATEWAY) / redirect(0, gateway=GATEWAY_2, quote=OF_BEFORE)),
            *NOW_SECOND,
            *OTHERS_TOO,
        ),
    ),
    Case(
        "rfc1122-3.2.2.2-redirect-to-off-link-ignored",
        cites="1122-3.2.2.2-d",
        title="a redirect to an address on another net changes nothing",
        steps=(
            *FIRST_IN_USE,
            send(ip(src=GATEWAY) / redirect(1, gateway=REMOTE_2, quote=OF_BEFORE)),
            *STILL_FIRST,
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.2.2-redirect-to-{name}-observed",
            cites="1122-3.2.2.2-d",
            title=f"what becomes of a redirect to {words}",
            steps=(
                *FIRST_IN_USE,
                send(ip(src=GATEWAY) / redirect(1, gateway=address, quote=OF_BEFORE)),
                send(ip(src=REMOTE) / echo_request(data=b"after")),
                # It is on the connected net, and so not among what the text has discarded.
                classify(
                    f"a redirect to {words}",
                    way("changes nothing", ether(dst=mac(GATEWAY)) / AFTER),
                    way("is obeyed", AFTER),
                    way("leaves no way to the destination", None),
                ),
            ),
        )
        for name, words, address in NO_ROUTER
    ),
    *(
        Case(
            f"rfc1122-3.2.2.2-redirect-from-{name}-ignored",
            cites="1122-3.2.2.2-d",
            title=f"a redirect from {words} changes nothing",
            steps=(
                *FIRST_IN_USE,
                send(ip(src=address) / redirect(1, gateway=GATEWAY_2, quote=OF_BEFORE)),
                *STILL_FIRST,
            ),
        )
        for name, words, address in NOT_FIRST_HOP
    ),
    Case(
        "rfc1122-3.2.2.2-host-sends-no-redirect",
        cites=("1122-3.2.2.2-a", "792-du-g"),
        title="a host that gets a datagram for a host behind the gateway says nothing",
        control=(
            send(ip(src=NEIGHBOUR) / echo_request()),
            expect(ip(dst=NEIGHBOUR) / echo_reply()),
        ),
        steps=(
            send(ether(dst=HOST_MAC) / ip(src=NEIGHBOUR, dst=REMOTE) / echo_request()),
            silence(),
        ),
        counters=counters(ipSystemStatsInReceives=1, ipSystemStatsInAddrErrors=1),
    ),
)

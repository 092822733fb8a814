"""RFC 3927 §2.6.2: destinations in 169.254/16, for hosts that have an address of another kind."""

from __future__ import annotations

from harness.case import (
    GATEWAY,
    Ambient,
    Case,
    arp,
    classify,
    echo_reply,
    echo_request,
    ether,
    ip,
    mac,
    send,
    way,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc3927-2.6.2-link-local-destination",
        cites="3927-2.6.2-a",
        title="whether 169.254/16 is on the link of every host is observed",
        about=frozenset({Ambient.ARP}),
        rest_is_free=True,
        no_control="whatever a host does that does not claim RFC 3927 is right",
        steps=(
            send(ether(src=mac(GATEWAY)) / ip(src="169.254.7.7") / echo_request()),
            classify(
                "a datagram to 169.254.7.7",
                way("asked for on the link", arp(operation=1, target="169.254.7.7")),
                way(
                    "sent to the gateway",
                    ether(dst=mac(GATEWAY)) / ip(dst="169.254.7.7") / echo_reply(),
                ),
                way("not sent", None),
            ),
        ),
    ),
)

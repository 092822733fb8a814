"""RFC 1122 §3.3.7: local multicasting; its parts are with RFC 1112."""

from __future__ import annotations

from harness.case import (
    GROUP,
    OPEN_PORT,
    TESTER,
    Case,
    data,
    ip,
    join,
    leave,
    nothing_received,
    open_udp,
    received,
    send,
    udp,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.3.7-join-receive-leave",
        cites="1122-3.3.7-a",
        title="a group is heard from its joining to its leaving",
        no_control="what comes while it is joined is heard",
        steps=(
            open_udp("member", port=OPEN_PORT),
            send(ip(dst=GROUP) / udp(dport=OPEN_PORT) / data(b"too early")),
            nothing_received("member"),
            join("member", GROUP),
            send(ip(dst=GROUP) / udp(dport=OPEN_PORT) / data(b"in time")),
            received("member", data=b"in time", source=TESTER, destination=GROUP),
            leave("member", GROUP),
            send(ip(dst=GROUP) / udp(dport=OPEN_PORT) / data(b"too late")),
            nothing_received("member"),
        ),
    ),
)

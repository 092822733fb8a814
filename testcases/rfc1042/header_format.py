"""RFC 1042: the framing of IEEE 802 networks, for hosts that send it."""

from __future__ import annotations

from harness.case import (
    HOST,
    TESTER,
    Case,
    data,
    echo_reply,
    echo_request,
    expect,
    ip,
    send,
    snap,
    udp,
    unreachable,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1042-header-snap",
        cites="1042-hdr-a",
        title="a host that answers in an 802.3 frame puts LLC AA-AA-03 and SNAP 00-00-00 there",
        provided=(
            send(snap() / ip() / echo_request()),
            expect(snap() / ip(src=HOST, dst=TESTER)),
        ),
        steps=(
            send(snap() / ip() / udp() / data(b"by SNAP")),
            expect(snap() / ip(src=HOST, dst=TESTER) / unreachable(3)),
            send(snap() / ip() / echo_request()),
            expect(snap() / ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
    ),
)

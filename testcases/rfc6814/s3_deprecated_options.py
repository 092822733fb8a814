"""RFC 6814 §3: options that were deprecated: as unknown as any other on receipt, and never sent."""

from __future__ import annotations

from harness.case import (
    Case,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    ip,
    option,
    send,
    without,
)

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc6814-3-option-{kind}-neither-obeyed-nor-returned",
        cites="6814-3-a",
        title=f"an echo request with {name} ({kind}) is answered without it",
        steps=(
            send(ip(options=(option(kind, body),)) / echo_request()),
            expect(ip(options=without(kind)) / echo_reply()),
        ),
        counters=echo_served(),
    )
    for kind, name, body in (
        (11, "MTU probe", b"\x02\x40"),
        (12, "MTU reply", b"\x02\x40"),
        (15, "ENCODE", b"\x00\x00"),
        # RFC 1393 §2.2: identifier, outbound and return hop count, originator.
        (82, "traceroute", b"\x00\x01\x00\x00\xff\xff\x00\x00\x00\x00"),
        (136, "stream identifier", b"\x00\x01"),
        (142, "VISA", b"\x00\x00"),
        (145, "extended internet protocol", b"\x00\x00"),
        (147, "address extension", b"\x07\x04" + bytes(6)),
        (149, "selective directed broadcast", b"\x00\x00\x00\x00"),
        (151, "dynamic packet state", b"\x00\x00"),
        (152, "upstream multicast packet", b"\x00\x00"),
    )
)

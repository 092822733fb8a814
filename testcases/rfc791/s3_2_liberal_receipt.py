"""RFC 791 §3.2, Discussion: a datagram whose meaning is clear is accepted, odd as it may be."""

from __future__ import annotations

from harness.case import (
    HOST,
    TESTER,
    Case,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    ip,
    nop,
    octets,
    option,
    pad,
    send,
)

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc791-3.2-{what}-accepted",
        cites="791-3.2-a",
        title=f"an echo request with {words} is answered",
        steps=(
            send(stimulus),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"clear")),
        ),
        counters=echo_served(),
    )
    for what, words, stimulus in (
        (
            "octets-behind-end-of-list",
            "octets that are not zero behind end of list",
            ip(options=(octets(b"\x01\x00\xff\xff"),)) / echo_request(data=b"clear"),
        ),
        (
            "needless-options",
            "forty octets of nothing but no-operations and an end of list",
            ip(options=((nop(),) * 39 + (octets(b"\x00"),))) / echo_request(data=b"clear"),
        ),
        (
            "option-unaligned",
            "an option that ends off a 32-bit boundary, and no end of list",
            ip(options=(nop(), option(94, b"\x01"))) / echo_request(data=b"clear"),
        ),
        (
            "identification-zero",
            "Identification zero",
            ip(identification=0) / echo_request(data=b"clear"),
        ),
        ("df-set", "DF set", ip(df=1) / echo_request(data=b"clear")),
        (
            "octets-behind-the-datagram",
            "octets that are not zero behind it in the frame",
            pad(ip() / echo_request(data=b"clear"), b"\xff" * 40),
        ),
    )
)

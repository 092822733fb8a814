"""RFC 2474 §3: packets with any code point are taken as if it were the default."""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    TESTER,
    Case,
    bits,
    data,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    ip,
    open_udp,
    received,
    send,
    udp,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc2474-3-every-code-point-answered",
        cites="2474-3-a",
        title="echo requests with each of the 64 code points are all answered",
        steps=(
            send(
                *(
                    ip(tos=code_point << 2) / echo_request(sequence=code_point)
                    for code_point in range(64)
                )
            ),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(), times=64, distinct="icmp.sequence"),
        ),
        counters=echo_served(64),
    ),
    *(
        Case(
            f"rfc2474-3-delivered-{code_point}",
            cites="2474-3-a",
            title=f"UDP with the code point {code_point} is delivered with it",
            steps=(
                open_udp("reader", port=OPEN_PORT),
                send(ip(tos=code_point << 2) / udp(dport=OPEN_PORT) / data(b"marked")),
                received("reader", data=b"marked", tos=bits(0xFC, code_point << 2)),
            ),
        )
        for code_point in (1, 3, 46, 63)
    ),
)

"""RFC 1122 §3.2.1.6: the service octet is the transport's to set, zero by default, and passed up.

The octet holds DSCP and ECN today (RFC 2474, RFC 3168); the two ECN bits may be the stack's own,
so no case sets them.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    bits,
    data,
    expect,
    ip,
    open_udp,
    received,
    send,
    send_udp,
    udp,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.2.1.6-default-zero",
        cites="1122-3.2.1.6-a",
        title="UDP that names no service octet leaves with zero",
        steps=(
            open_udp("plain", port=OPEN_PORT),
            send_udp("plain", b"plain", to=TESTER, port=TESTER_PORT),
            expect(ip(src=HOST, dst=TESTER, tos=bits(0xFC, 0)) / udp() / data(b"plain")),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.1.6-set-{tos:#04x}",
            cites="1122-3.2.1.6-a",
            title=f"UDP sent with service octet {tos:#04x} leaves with it, the next one without",
            steps=(
                open_udp("marked", port=OPEN_PORT),
                send_udp("marked", b"marked", to=TESTER, port=TESTER_PORT, tos=tos),
                expect(ip(dst=TESTER, tos=bits(0xFC, tos)) / udp() / data(b"marked")),
                send_udp("marked", b"plain", to=TESTER, port=TESTER_PORT),
                expect(ip(dst=TESTER, tos=bits(0xFC, 0)) / udp() / data(b"plain")),
            ),
        )
        for tos in (0x04, 0x08, 0x10, 0x28, 0xB8, 0xE0)
    ),
    *(
        Case(
            f"rfc1122-3.2.1.6-passed-up-{tos:#04x}",
            cites="1122-3.2.1.6-b",
            title=f"a received service octet {tos:#04x} is passed up to the user of UDP",
            steps=(
                open_udp("reader", port=OPEN_PORT),
                send(ip(tos=tos) / udp(dport=OPEN_PORT) / data(b"marked")),
                received("reader", data=b"marked", tos=bits(0xFC, tos)),
            ),
        )
        for tos in (0x00, 0x10, 0xB8)
    ),
)

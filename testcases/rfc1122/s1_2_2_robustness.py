"""RFC 1122 §1.2.2: values that nobody has defined do no harm, whatever else they do."""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    Case,
    data,
    echo_reply,
    echo_request,
    expect,
    icmp,
    igmp,
    ip,
    open_udp,
    option,
    received,
    send,
    tcp,
    udp,
    unreachable,
)

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc1122-1.2.2-undefined-{what}-survived",
        cites="1122-1.2.2-a",
        title=f"undefined {words} do no harm: the host answers and its user receives as before",
        steps=(
            open_udp("u", port=OPEN_PORT),
            *(send(each) for each in undefined),
            send(ip() / echo_request(data=b"well?")),
            expect(ip(src=HOST) / echo_reply(data=b"well?")),
            send(ip() / udp(dport=OPEN_PORT) / data(b"still there")),
            received("u", data=b"still there"),
        ),
        rest_is_free=True,
        must_survive=True,
    )
    for what, words, undefined in (
        (
            "icmp-types",
            "types of ICMP",
            tuple(ip() / icmp(kind) for kind in (1, 2, 7, 19, 39, 44, 127, 252, 255)),
        ),
        (
            "icmp-codes",
            "codes of ICMP messages",
            (
                *(ip() / unreachable(code) for code in (16, 17, 255)),
                *(ip() / icmp(kind, code=255) for kind in (0, 5, 8, 11, 12, 13)),
            ),
        ),
        (
            "options",
            "options",
            tuple(
                ip(options=(option(kind, b"\x01\x02"),)) / echo_request()
                for kind in (2, 31, 64, 95, 96, 127, 159, 191, 223, 255)
            ),
        ),
        (
            "protocols",
            "protocols",
            tuple(ip(protocol=number) / data(b"x" * 16) for number in (0, 146, 200, 252, 255)),
        ),
        (
            "igmp-types",
            "types of IGMP",
            tuple(ip(ttl=1) / igmp(kind) for kind in (0x00, 0x10, 0x15, 0x18, 0x21, 0x23, 0xFF)),
        ),
        (
            "tcp-flags",
            "combinations of flags of TCP",
            tuple(ip() / tcp(flags=flags) for flags in (0x00, 0x03, 0x06, 0x29, 0x3F, 0xC0, 0xFF)),
        ),
    )
)

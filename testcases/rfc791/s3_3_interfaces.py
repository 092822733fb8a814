"""RFC 791 §3.3: what the interface of a user takes, gives and refuses.

RFC 1122 §3.4 says more; `send_udp` and `received` stand for SEND and RECV.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    data,
    expect,
    ip,
    mtu,
    open_udp,
    pattern,
    received,
    router_alert,
    send,
    send_udp,
    udp,
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc791-3.3-send-parameters-on-the-wire",
        cites="791-3.3-a",
        title="destination, TTL, TOS, DF, options and data of a send call are in the datagram",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp(
                "u",
                b"parameters",
                to=TESTER,
                port=TESTER_PORT,
                ttl=77,
                tos=0x28,
                df=True,
                options=(router_alert(),),
            ),
            expect(
                ip(src=HOST, dst=TESTER, ttl=77, tos=0x28, df=1, options=(router_alert(),))
                / udp()
                / data(b"parameters")
            ),
        ),
    ),
    Case(
        "rfc791-3.3-source-of-a-send-checked",
        cites="791-3.3-e",
        title="a user can't send from an address that the host does not have",
        steps=(open_udp("u", port=OPEN_PORT, address=TESTER, refused=True),),
    ),
    Case(
        "rfc791-3.3-source-of-a-send-taken",
        cites="791-3.3-a",
        title="the address of the host that a user chose is the source of his datagram",
        steps=(
            open_udp("u", port=OPEN_PORT, address=HOST),
            send_udp("u", b"from here", to=TESTER, port=TESTER_PORT),
            expect(ip(src=HOST, dst=TESTER) / udp(sport=OPEN_PORT) / data(b"from here")),
        ),
    ),
    Case(
        "rfc791-3.3-received-with-what-the-header-says",
        cites="791-3.3-b",
        title="with the data a user gets source, destination, TOS and options",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(
                ip(tos=0x28, options=(router_alert(),)) / udp(dport=OPEN_PORT) / data(pattern(20))
            ),
            received(
                "u",
                data=pattern(20),
                source=TESTER,
                destination=HOST,
                tos=0x28,
                options=(router_alert(),),
            ),
        ),
    ),
    Case(
        "rfc791-3.3-too-big-to-send-uncut-refused",
        cites="791-3.3-c",
        title="a send with DF that the link can't take fails, and the user is told",
        given=(mtu(280),),
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", pattern(500), to=TESTER, port=TESTER_PORT, df=True, refused=True),
        ),
    ),
    Case(
        "rfc791-3.3-beyond-65535-octets-refused",
        cites="791-3.3-c",
        title="a send of more than a datagram can hold fails, and the user is told",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", bytes(65508), to=TESTER, port=TESTER_PORT, refused=True),
        ),
    ),
)

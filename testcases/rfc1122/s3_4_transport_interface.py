"""RFC 1122 §3.4 and §4.1.4: what of IP a transport, and its user, can set and see."""

from __future__ import annotations

from harness.case import (
    HOST,
    NEIGHBOUR,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    bits,
    connect,
    data,
    expect,
    ip,
    mtu,
    open_raw,
    open_udp,
    option,
    path_mtu,
    received,
    router_alert,
    send,
    send_raw,
    send_udp,
    udp,
)

LISTENING = (open_udp("s", port=OPEN_PORT),)
DSCP = 0xFC
"""RFC 2474 §3; the two bits below belong to ECN, and a host may keep them to itself."""

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-4.1.4-ttl-{ttl}-as-set",
            cites=("1122-4.1.4-b", "1122-3.4-a", "1122-4.1.4-a"),
            title=f"a datagram for which the user sets TTL {ttl} has it on the wire",
            steps=(
                *LISTENING,
                send_udp("s", b"ttl", to=TESTER, port=TESTER_PORT, ttl=ttl),
                expect(ip(src=HOST, dst=TESTER, ttl=ttl) / udp() / data(b"ttl")),
            ),
        )
        for ttl in (1, 17, 255)
    ),
    *(
        Case(
            f"rfc1122-4.1.4-tos-{tos}-as-set",
            cites=("1122-4.1.4-b", "1122-3.4-a", "1122-4.1.4-a"),
            title=f"a datagram for which the user sets TOS {tos:#04x} has it on the wire",
            steps=(
                *LISTENING,
                send_udp("s", b"tos", to=TESTER, port=TESTER_PORT, tos=tos),
                expect(ip(src=HOST, dst=TESTER, tos=bits(DSCP, tos)) / udp() / data(b"tos")),
            ),
        )
        for tos in (0x10, 0xB8)
    ),
    Case(
        "rfc1122-4.1.4-everything-set-at-once",
        cites=("1122-4.1.4-b", "1122-4.1.4-a"),
        title="TTL, TOS and options of one datagram are as set, and of the next one as ever",
        steps=(
            *LISTENING,
            send_udp(
                "s",
                b"all set",
                to=TESTER,
                port=TESTER_PORT,
                ttl=9,
                tos=0x28,
                options=(router_alert(),),
            ),
            expect(
                ip(src=HOST, dst=TESTER, ttl=9, tos=bits(DSCP, 0x28), options=(router_alert(),))
                / udp()
                / data(b"all set")
            ),
            send_udp("s", b"none set", to=TESTER, port=TESTER_PORT),
            expect(ip(src=HOST, dst=TESTER, tos=0, options=()) / udp() / data(b"none set")),
        ),
    ),
    Case(
        "rfc1122-4.1.4-tos-passed-up",
        cites="1122-4.1.4-c",
        title="the TOS of a datagram reaches the user",
        steps=(
            *LISTENING,
            send(ip(tos=0x28) / udp(dport=OPEN_PORT) / data(b"tos")),
            received("s", data=b"tos", tos=0x28),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.4-largest-size-at-mtu-{octets}",
            cites="1122-3.4-e",
            title=f"on a link of MTU {octets} a user is told that as the largest size",
            given=(mtu(octets),),
            steps=(
                *LISTENING,
                # Beyond the link RFC 1122 §3.3.3 may have it told 576.
                connect("s", to=NEIGHBOUR, port=TESTER_PORT),
                path_mtu("s", octets),
            ),
        )
        for octets in (600, 1400)
    ),
    Case(
        "rfc1122-3.4-raw-user-sets-header-fields",
        cites="1122-3.4-a",
        title="TTL, TOS and options that a transport sets are in the datagram sent",
        steps=(
            open_raw("r", protocol=198),
            send_raw("r", b"raw", to=TESTER, ttl=9, tos=0x28, options=(router_alert(),)),
            expect(
                ip(
                    src=HOST,
                    dst=TESTER,
                    protocol=198,
                    ttl=9,
                    tos=bits(DSCP, 0x28),
                    options=(router_alert(),),
                )
                / data(b"raw")
            ),
        ),
    ),
    Case(
        "rfc1122-3.4-raw-user-gets-options",
        cites="1122-3.4-c",
        title="a transport gets the options of a datagram, those that nobody knows among them",
        steps=(
            open_raw("r", protocol=198),
            send(
                ip(protocol=198, options=(router_alert(), option(222, b"\x01\x02\x03\x04")))
                / data(b"raw")
            ),
            received(
                "r",
                data=b"raw",
                source=TESTER,
                options=(router_alert(), option(222, b"\x01\x02\x03\x04")),
            ),
        ),
    ),
)

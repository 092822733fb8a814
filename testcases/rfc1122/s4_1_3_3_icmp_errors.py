"""RFC 1122 §4.1.3.3, §3.2.2.4, §3.2.2.5 and §3.4: ICMP errors reach the socket they are about."""

from __future__ import annotations

from harness.case import (
    GATEWAY,
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    counters,
    data,
    error_received,
    expect,
    ip,
    open_raw,
    open_udp,
    parameter_problem,
    received,
    seen,
    send,
    send_udp,
    time_exceeded,
    udp,
    unreachable,
)

SOCKET_SENDS = (
    open_udp("s", port=OPEN_PORT),
    send_udp("s", b"a datagram of the socket", to=TESTER, port=TESTER_PORT),
    expect(
        ip(src=HOST, dst=TESTER)
        / udp(sport=OPEN_PORT, dport=TESTER_PORT)
        / data(b"a datagram of the socket"),
        label="sent",
    ),
)
OF_SENT = seen("sent", "ip.datagram")
CODES = (0, 1, 2, 3, 5, 13, 14, 15)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-4.1.3.3-unreachable-code-{code}-reaches-socket",
            cites=("1122-4.1.3.3-a", "1122-3.2.2.1-d"),
            title=f"Destination Unreachable of code {code} reaches the socket that it is about",
            steps=(
                *SOCKET_SENDS,
                send(ip() / unreachable(code, quote=OF_SENT)),
                error_received("s", type=3, code=code),
            ),
        )
        for code in CODES
    ),
    Case(
        "rfc1122-4.1.3.3-fragmentation-needed-reaches-socket",
        cites=("1122-4.1.3.3-a", "1122-3.2.2.1-d"),
        title="Fragmentation Needed reaches the socket that it is about",
        steps=(
            *SOCKET_SENDS,
            send(ip() / unreachable(4, mtu=1400, quote=OF_SENT)),
            error_received("s", type=3, code=4),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.2.4-time-exceeded-{name}-reaches-socket",
            cites=cites,
            title=f"Time Exceeded {name.replace('-', ' ')} reaches the socket that it is about",
            steps=(
                *SOCKET_SENDS,
                send(ip() / time_exceeded(code, quote=OF_SENT)),
                error_received("s", type=11, code=code),
            ),
        )
        for code, name, cites in (
            (0, "in-transit", ("1122-3.2.2.4-a", "1122-4.1.3.3-a", "1122-3.4-h")),
            (1, "in-reassembly", "1122-3.2.2.4-a"),
        )
    ),
    *(
        Case(
            f"rfc1122-3.2.2.5-parameter-problem-code-{code}-reaches-socket",
            cites=cites,
            title=f"Parameter Problem of code {code} reaches the socket that it is about",
            steps=(
                *SOCKET_SENDS,
                send(ip() / parameter_problem(pointer, code=code, quote=OF_SENT)),
                error_received("s", type=12, code=code),
            ),
        )
        for code, pointer, cites in (
            (0, 8, ("1122-3.2.2.5-b", "1122-4.1.3.3-a")),
            (1, 130, ("1122-3.2.2.5-b", "1122-3.2.2.5-d", "1122-4.1.3.3-a")),
        )
    ),
    Case(
        "rfc1122-3.2.2.4-time-exceeded-is-no-failed-reassembly",
        cites="1122-3.2.2.4-a",
        title="a Time Exceeded that comes in counts as an ICMP message, not as a reassembly here",
        steps=(
            *SOCKET_SENDS,
            send(ip() / time_exceeded(0, quote=OF_SENT)),
            error_received("s", type=11, code=0),
        ),
        counters=counters(
            ipSystemStatsInReceives=1,
            ipSystemStatsInDelivers=1,
            ipSystemStatsReasmReqds=0,
            ipSystemStatsReasmFails=0,
            ipSystemStatsOutRequests=1,
            ipSystemStatsOutTransmits=1,
            icmpStatsInMsgs=1,
            icmpMsgStatsInPkts_11=1,
            udpOutDatagrams=1,
        ),
    ),
    Case(
        "rfc1122-4.1.3.3-error-of-gateway-reaches-socket",
        cites="1122-4.1.3.3-a",
        title="an error that a gateway sends reaches the socket, with the gateway's address",
        steps=(
            *SOCKET_SENDS,
            send(ip(src=GATEWAY) / unreachable(1, quote=OF_SENT)),
            error_received("s", type=3, code=1, source=GATEWAY),
        ),
    ),
    Case(
        "rfc1122-3.4-icmp-user-gets-whole-error",
        cites=("1122-3.4-i", "1122-3.4-h"),
        title="an ICMP user gets the error with the original header and all octets quoted",
        steps=(
            *SOCKET_SENDS,
            open_raw("icmp", protocol=1),
            send(ip() / unreachable(3, quote=OF_SENT), label="error"),
            received("icmp", data=seen("error", "ip.payload")),
        ),
    ),
)

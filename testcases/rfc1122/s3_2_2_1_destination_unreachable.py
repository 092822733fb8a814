"""RFC 1122 §3.2.2.1 and §3.3.8: Destination Unreachable, sent and received by a host."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    GATEWAY,
    HOST,
    OPEN_PORT,
    QUOTED,
    REMOTE,
    TESTER,
    TESTER_PORT,
    Case,
    close,
    connect,
    counters,
    data,
    echo_reply,
    echo_request,
    error_received,
    error_sent,
    ether,
    expect,
    ip,
    mac,
    merged,
    no_error_received,
    open_udp,
    parameter_problem,
    record_route,
    second_gateway,
    seen,
    send,
    send_udp,
    silence,
    tcp,
    udp,
    unreachable,
)

UNHANDLED = (143, 197, 252)
NOBODY = udp() / data(b"nobody listens here")
RST_ACK = 0x14
FROM_SOCKET = ip(src=HOST, dst=TESTER) / udp(sport=OPEN_PORT, dport=TESTER_PORT)
SOCKET_SENDS = (
    open_udp("s", port=OPEN_PORT),
    send_udp("s", b"first", to=TESTER, port=TESTER_PORT),
    expect(FROM_SOCKET / data(b"first"), label="first"),
)
TO_REMOTE = ip(src=HOST, dst=REMOTE) / udp(sport=OPEN_PORT, dport=TESTER_PORT)
RECORDS = (
    send(ip(options=(record_route(slots=1),)) / echo_request()),
    expect(ip(options=(record_route(HOST, pointer=8),)) / echo_reply()),
)
NEW_CODES = (6, 7, 8, 9, 10, 11, 12)
HINTS = (0, 1, 5)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.2.1-protocol-{protocol}-unreachable",
            cites="1122-3.2.2.1-b",
            title=f"a datagram of protocol {protocol}, that nobody handles, is answered by code 2",
            steps=(
                send(ip(protocol=protocol) / NOBODY),
                expect(ip(src=HOST, dst=TESTER) / unreachable(2, quote=QUOTED)),
            ),
            counters=merged(
                counters(ipSystemStatsInReceives=1, ipSystemStatsInUnknownProtos=1),
                error_sent(3),
            ),
        )
        for protocol in UNHANDLED
    ),
    Case(
        "rfc1122-3.2.2.1-port-unreachable",
        cites=("1122-3.2.2.1-c", "1122-4.1.3.1-a"),
        title="a datagram to a UDP port that nobody listens on is answered by code 3",
        steps=(
            send(ip() / NOBODY),
            expect(ip(src=HOST, dst=TESTER) / unreachable(3, quote=QUOTED)),
        ),
        counters=merged(
            counters(ipSystemStatsInReceives=1, ipSystemStatsInDelivers=1, udpNoPorts=1),
            error_sent(3),
        ),
    ),
    Case(
        "rfc1122-3.2.2.1-tcp-port-closed-by-reset",
        cites="1122-3.2.2.1-c",
        title="a segment to a closed TCP port is answered by a reset, not by code 3",
        steps=(
            send(ip() / tcp(flags=2)),
            expect(ip(src=HOST, dst=TESTER) / tcp(sport=CLOSED_PORT, flags=RST_ACK)),
            silence(),
        ),
        no_control="the reset shows that the segment came",
    ),
    *(
        Case(
            f"rfc1122-3.2.2.1-code-{code}-taken-in",
            cites=("1122-3.2.2.1-a", "1122-3.2.2.1-d"),
            title=f"Destination Unreachable of code {code} reaches the socket that it is about",
            steps=(
                *SOCKET_SENDS,
                send(ip() / unreachable(code, quote=seen("first", "ip.datagram"))),
                error_received("s", type=3, code=code),
            ),
        )
        for code in NEW_CODES
    ),
    Case(
        "rfc1122-3.2.2.1-connected-socket-told",
        cites=("1122-3.2.2.1-d", "1122-3.2.2.1-e"),
        title="Port Unreachable reaches the connected socket that it is about",
        steps=(
            open_udp("s", port=OPEN_PORT),
            connect("s", to=TESTER, port=TESTER_PORT),
            send_udp("s", b"first"),
            expect(FROM_SOCKET / data(b"first"), label="first"),
            send(ip() / unreachable(3, quote=seen("first", "ip.datagram"))),
            error_received("s", type=3, code=3),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.2.1-code-{code}-only-a-hint",
            cites="1122-3.2.2.1-g",
            title=f"after code {code} a socket still sends to the destination",
            steps=(
                *SOCKET_SENDS,
                send(ip() / unreachable(code, quote=seen("first", "ip.datagram"))),
                send_udp("s", b"second", to=TESTER, port=TESTER_PORT, cites="1122-3.2.2.1-g"),
                expect(FROM_SOCKET / data(b"second")),
            ),
        )
        for code in HINTS
    ),
    *(
        Case(
            f"rfc1122-3.2.2.1-code-{code}-leaves-gateway-in-use",
            cites="1122-3.2.2.1-h",
            title=f"after code {code} from a gateway the host goes on using it",
            given=(second_gateway(),),
            steps=(
                open_udp("s", port=OPEN_PORT),
                send_udp("s", b"first", to=REMOTE, port=TESTER_PORT),
                expect(ether(dst=mac(GATEWAY)) / TO_REMOTE / data(b"first"), label="first"),
                send(ip(src=GATEWAY) / unreachable(code, quote=seen("first", "ip.datagram"))),
                send_udp("s", b"second", to=REMOTE, port=TESTER_PORT),
                expect(ether(dst=mac(GATEWAY)) / TO_REMOTE / data(b"second")),
            ),
        )
        for code in HINTS
    ),
    Case(
        "rfc1122-3.2.2-error-about-tcp-not-for-udp",
        cites="1122-3.2.2-e",
        title="an error that quotes TCP is not given to the UDP socket with the same ports",
        control=(
            *SOCKET_SENDS,
            send(
                ip()
                / unreachable(
                    3,
                    quote=ip(src=HOST, dst=TESTER) / udp(sport=OPEN_PORT, dport=TESTER_PORT),
                )
            ),
            error_received("s", type=3, code=3),
            close("s"),
        ),
        steps=(
            *SOCKET_SENDS,
            send(
                ip()
                / unreachable(
                    3,
                    quote=ip(src=HOST, dst=TESTER) / tcp(sport=OPEN_PORT, dport=TESTER_PORT),
                )
            ),
            no_error_received("s"),
        ),
    ),
    Case(
        "rfc1122-3.3.8-errors-are-returned",
        cites="1122-3.3.8-a",
        title="a closed port and an unknown protocol are each reported",
        steps=(
            send(ip() / NOBODY),
            expect(ip() / unreachable(3, quote=QUOTED)),
            send(ip(protocol=197) / NOBODY),
            expect(ip() / unreachable(2, quote=QUOTED)),
        ),
    ),
    Case(
        "rfc1122-3.3.8-option-error-is-returned",
        cites="1122-3.3.8-a",
        title="an impossible option is reported by a host that implements it, and life goes on",
        provided=RECORDS,
        steps=(
            send(ip(options=(record_route(slots=2, pointer=3),)) / echo_request()),
            expect(ip() / parameter_problem(quote=QUOTED)),
            send(ip() / echo_request()),
            expect(ip() / echo_reply()),
        ),
    ),
)

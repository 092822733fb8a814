"""RFC 792, Message Formats and the checksum: what all ICMP messages have in common."""

from __future__ import annotations

from harness.case import (
    BAD,
    CLOSED_PORT,
    HOST,
    OPEN_PORT,
    QUOTED,
    TESTER,
    TESTER_PORT,
    Case,
    at_least,
    counters,
    data,
    echo_reply,
    echo_request,
    error_received,
    expect,
    icmp,
    ip,
    merged,
    no_error_received,
    open_udp,
    parameter_problem,
    record_route,
    seen,
    send,
    send_udp,
    silence,
    timestamp_reply,
    timestamp_request,
    udp,
    unreachable,
)

NOBODY = udp() / data(b"nobody listens here")
UNKNOWN_PROTOCOL = 197
BAD_OPTION = (record_route(slots=2, pointer=3),)
ANSWERED = (send(ip() / echo_request()), expect(ip() / echo_reply()))
PORT_REPORTED = (send(ip() / NOBODY), expect(ip() / unreachable(3)))
IN_ERROR = counters(
    ipSystemStatsInReceives=1,
    ipSystemStatsInDelivers=1,
    icmpStatsInMsgs=1,
    icmpStatsInErrors=1,
)
SOCKET_SENDS = (
    open_udp("s", port=OPEN_PORT),
    send_udp("s", b"sent", to=TESTER, port=TESTER_PORT),
    expect(ip(src=HOST, dst=TESTER) / udp() / data(b"sent"), label="sent"),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc792-checksum-{name}-discarded",
            cites="792-du-b",
            title=f"an echo request whose ICMP checksum is {words} stays unanswered",
            control=ANSWERED,
            steps=(send(ip() / echo_request(checksum=checksum)), silence()),
            counters=IN_ERROR,
        )
        for name, words, checksum in (
            ("off-by-one", "off by one", BAD),
            ("zero", "zero", 0x0000),
            ("all-ones", "all ones", 0xFFFF),
        )
    ),
    Case(
        "rfc792-checksum-covers-data",
        cites="792-du-b",
        title="an echo request whose checksum leaves out the data stays unanswered",
        control=(
            send(ip() / echo_request(identifier=0x7FFF, sequence=1, data=b"\x12\x34")),
            expect(ip() / echo_reply(data=b"\x12\x34")),
        ),
        steps=(
            # 0x0800 + 0x7FFF + 0x0001 and its complement; the data are not in it.
            send(
                ip()
                / echo_request(identifier=0x7FFF, sequence=1, data=b"\x12\x34", checksum=0x77FF)
            ),
            silence(),
        ),
        counters=IN_ERROR,
    ),
    Case(
        "rfc792-checksum-of-error-discarded",
        cites="792-du-b",
        title="an ICMP error with a wrong checksum does not reach the socket",
        no_control="the same error with the right checksum reaches it afterwards",
        steps=(
            *SOCKET_SENDS,
            send(ip() / unreachable(1, quote=seen("sent", "ip.datagram"), checksum=BAD)),
            send(ip() / unreachable(3, quote=seen("sent", "ip.datagram"))),
            error_received("s", type=3, code=3),
            no_error_received("s"),
        ),
    ),
    Case(
        "rfc792-unused-octets-of-port-unreachable-zero",
        cites="792-fmt-a",
        title="octets that Port Unreachable leaves unused are zero",
        provided=PORT_REPORTED,
        steps=(
            send(ip() / NOBODY),
            expect(ip() / unreachable(3, unused=bytes(3), quote=QUOTED)),
        ),
    ),
    Case(
        "rfc792-unused-octets-of-protocol-unreachable-zero",
        cites="792-fmt-a",
        title="octets that Protocol Unreachable leaves unused are zero",
        provided=(
            send(ip(protocol=UNKNOWN_PROTOCOL) / NOBODY),
            expect(ip() / unreachable(2)),
        ),
        steps=(
            send(ip(protocol=UNKNOWN_PROTOCOL) / NOBODY),
            expect(ip() / unreachable(2, unused=bytes(3), quote=QUOTED)),
        ),
    ),
    Case(
        "rfc792-unused-octets-of-parameter-problem-zero",
        cites="792-fmt-a",
        title="octets that Parameter Problem leaves unused are zero",
        provided=(
            send(ip(options=BAD_OPTION) / NOBODY),
            expect(ip() / parameter_problem()),
        ),
        steps=(
            send(ip(options=BAD_OPTION) / NOBODY),
            expect(ip() / parameter_problem(unused=bytes(2), quote=QUOTED)),
        ),
    ),
    Case(
        "rfc792-unused-octets-given-no-meaning",
        cites="792-fmt-b",
        title="an error with ones in octets that nobody uses reaches the socket all the same",
        steps=(
            *SOCKET_SENDS,
            send(
                ip() / unreachable(3, unused=b"\xff\x00\xff\xff", quote=seen("sent", "ip.datagram"))
            ),
            error_received("s", type=3, code=3),
        ),
    ),
    *(
        Case(
            f"rfc792-ttl-of-{name}-gets-back",
            cites="792-fmt-d",
            title=f"the TTL of {words} is not the 1 of the datagram that it answers",
            provided=provided,
            steps=(send(stimulus), expect(answer)),
        )
        for name, words, provided, stimulus, answer in (
            (
                "echo-reply",
                "an echo reply",
                (),
                ip(ttl=1) / echo_request(),
                ip(ttl=at_least(2)) / echo_reply(),
            ),
            (
                "port-unreachable",
                "Port Unreachable",
                PORT_REPORTED,
                ip(ttl=1) / NOBODY,
                ip(ttl=at_least(2)) / unreachable(3),
            ),
            (
                "timestamp-reply",
                "a timestamp reply",
                (send(ip() / timestamp_request()), expect(ip() / timestamp_reply())),
                ip(ttl=1) / timestamp_request(),
                ip(ttl=at_least(2)) / timestamp_reply(),
            ),
        )
    ),
    Case(
        "rfc792-message-source-is-the-host",
        cites="792-fmt-e",
        title="replies and errors come from the host's own address",
        provided=PORT_REPORTED,
        steps=(
            send(ip() / echo_request()),
            expect(ip(src=HOST) / echo_reply()),
            send(ip() / NOBODY),
            expect(ip(src=HOST) / unreachable(3)),
        ),
        counters=merged(
            counters(
                ipSystemStatsInReceives=2,
                ipSystemStatsInDelivers=2,
                ipSystemStatsOutRequests=2,
                ipSystemStatsOutTransmits=2,
                icmpStatsInMsgs=1,
                icmpMsgStatsInPkts_8=1,
                icmpStatsOutMsgs=2,
                icmpMsgStatsOutPkts_0=1,
                icmpMsgStatsOutPkts_3=1,
                udpNoPorts=1,
            ),
        ),
    ),
    Case(
        "rfc792-protocol-is-one",
        cites="792-fmt-c",
        title="an ICMP message is carried as protocol 1, TOS 0 where the request has it",
        steps=(
            send(ip(tos=0) / echo_request()),
            expect(ip(protocol=1, tos=0) / icmp(0)),
        ),
    ),
    Case(
        "rfc792-error-goes-to-the-source",
        cites="792-du-a",
        title="an error goes to the source of the datagram, of type 3, with its header and 64 bits",
        provided=PORT_REPORTED,
        steps=(
            send(ip(options=(record_route(HOST, TESTER),)) / udp(dport=CLOSED_PORT) / data(b"12")),
            expect(ip(src=HOST, dst=TESTER) / unreachable(quote=QUOTED)),
        ),
    ),
    Case(
        "rfc792-codes-of-unreachable-keep-their-meaning",
        cites="792-du-c",
        title="code 2 tells of a protocol, code 3 of a port",
        # Whether the two are reported at all is RFC 1122 §3.2.2.1's to say.
        provided=(
            send(ip(protocol=UNKNOWN_PROTOCOL) / NOBODY),
            expect(ip() / unreachable()),
            send(ip() / NOBODY),
            expect(ip() / unreachable()),
        ),
        steps=(
            send(ip(protocol=UNKNOWN_PROTOCOL) / NOBODY),
            expect(ip() / unreachable(2, quote=QUOTED)),
            send(ip() / NOBODY),
            expect(ip() / unreachable(3, quote=QUOTED)),
        ),
    ),
)

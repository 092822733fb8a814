"""RFC 768, Fields: the length and the source port of UDP (checksums stand under RFC 1122)."""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    classify,
    counters,
    data,
    expect,
    expect_train,
    ip,
    minus,
    nothing_received,
    open_udp,
    pattern,
    plus,
    received,
    send,
    send_udp,
    silence,
    udp,
    unreachable,
    way,
)

LISTENING = (open_udp("s", port=OPEN_PORT),)
# Without a checksum, as what is compared with them: a host may refuse that (RFC 1122 §4.1.3.4).
HEARD = (
    open_udp("c", port=OPEN_PORT),
    send(ip() / udp(dport=OPEN_PORT, checksum=0) / data(b"12345678")),
    received("c", data=b"12345678"),
)
REPORTED = (send(ip() / udp(checksum=0) / data(b"12345678")), expect(ip() / unreachable(3)))
IN_ERROR = counters(ipSystemStatsInReceives=1, ipSystemStatsInDelivers=1, udpInErrors=1)
SIZES = (0, 1, 2, 8, 9)
LARGE = 1472
"""Octets of data that fill an Ethernet frame; a host need not take in more than 548."""
WRONG_LENGTHS = (
    ("zero", 0),
    ("seven", 7),
    ("one-beyond-the-datagram", plus(1)),
    ("all-ones", 0xFFFF),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc768-fields-{size}-octets-received",
            cites=("768-fields-a", "768-fields-b"),
            title=f"a datagram with {size} octets of data reaches the socket with all of them",
            steps=(
                *LISTENING,
                send(ip() / udp(dport=OPEN_PORT) / data(pattern(size))),
                received("s", data=pattern(size), source=TESTER, source_port=TESTER_PORT),
            ),
            counters=counters(
                ipSystemStatsInReceives=1, ipSystemStatsInDelivers=1, udpInDatagrams=1
            ),
        )
        for size in SIZES
    ),
    Case(
        f"rfc768-fields-{LARGE}-octets-received",
        cites=("768-fields-a", "768-fields-b"),
        title=f"where the host takes in as much, a datagram with {LARGE} octets of data reaches "
        "the socket with all of them",
        provided=(
            send(ip() / udp() / data(pattern(LARGE))),
            expect(ip() / unreachable(3)),
        ),
        steps=(
            *LISTENING,
            send(ip() / udp(dport=OPEN_PORT) / data(pattern(LARGE))),
            received("s", data=pattern(LARGE), source=TESTER, source_port=TESTER_PORT),
        ),
        counters=counters(ipSystemStatsInReceives=1, ipSystemStatsInDelivers=1, udpInDatagrams=1),
    ),
    *(
        Case(
            f"rfc768-fields-{size}-octets-sent",
            cites=("768-fields-a", "768-fields-b"),
            title=f"a datagram sent with {size} octets of data has their length and checksum",
            steps=(
                *LISTENING,
                send_udp("s", pattern(size), to=TESTER, port=TESTER_PORT),
                # RFC 1122 §3.3.3 would have a large one cut where the path is not known.
                expect_train(
                    ip(src=HOST, dst=TESTER, total_length=28 + size)
                    / udp(
                        sport=OPEN_PORT,
                        dport=TESTER_PORT,
                        length=8 + size,
                        checksum_right=True,
                    )
                    / data(pattern(size))
                ),
            ),
        )
        for size in (*SIZES, LARGE)
    ),
    *(
        Case(
            f"rfc768-fields-length-{name}-discarded",
            cites="768-fields-a",
            title=f"a datagram whose UDP length is {name.replace('-', ' ')} "
            "does not reach the socket",
            control=HEARD,
            steps=(
                # No checksum: it is for the length alone that the datagram is refused.
                send(ip() / udp(dport=OPEN_PORT, length=length, checksum=0) / data(b"12345678")),
                nothing_received("c"),
                silence(),
            ),
            counters=IN_ERROR,
        )
        for name, length in WRONG_LENGTHS
    ),
    Case(
        "rfc768-fields-length-beyond-for-closed-port",
        cites="768-fields-a",
        title="what becomes of a datagram for a closed port that claims more than it has",
        control=REPORTED,
        steps=(
            send(ip() / udp(length=plus(1), checksum=0) / data(b"12345678")),
            classify(
                "a UDP length beyond the datagram at a closed port",
                way("goes unreported", None),
                way("is reported as port unreachable", ip() / unreachable(3)),
            ),
        ),
    ),
    Case(
        "rfc768-fields-surplus-cut-off",
        cites="768-fields-a",
        title="octets behind the UDP length do not reach the user",
        steps=(
            *LISTENING,
            # The surplus is zeros, so that the checksum is right with it and without it.
            send(ip() / udp(dport=OPEN_PORT, length=minus(3)) / data(b"12345\x00\x00\x00")),
            received("s", data=b"12345"),
        ),
    ),
    Case(
        "rfc768-fields-header-cut-off-silent",
        cites="768-fields-a",
        title="a datagram that ends within the UDP header is not reported",
        control=REPORTED,
        steps=(
            send(ip(protocol=17) / data(b"\x9c\x40\x9c\x40\x00\x07\x00")),
            silence(),
        ),
        counters=IN_ERROR,
    ),
    Case(
        "rfc768-fields-source-port-zero-heard",
        cites="768-fields-c",
        title="a datagram from port 0 reaches the socket, or not",
        steps=(
            *LISTENING,
            send(ip() / udp(sport=0, dport=OPEN_PORT) / data(b"no answer wanted")),
            received("s", data=b"no answer wanted", source_port=0),
        ),
    ),
    Case(
        "rfc768-fields-source-port-zero-to-closed-port-observed",
        cites="768-fields-c",
        title="what becomes of a datagram from port 0 to a port that nobody listens on",
        steps=(
            send(ip() / udp(sport=0) / data(b"no answer wanted")),
            classify(
                "a datagram from port 0 to a closed port",
                way("reported", ip(src=HOST, dst=TESTER) / unreachable(3)),
                way("ignored", None),
            ),
        ),
    ),
)

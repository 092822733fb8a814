"""RFC 1812 §5.2.2, §4.2.2.5: what a router checks before it does anything with a header.

The checks of §5.2.2 go before every other; the last two may be answered with Parameter Problem.
"""

from __future__ import annotations

from harness.case import (
    BAD,
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    HOST,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    at_most,
    balancing,
    classify,
    counters,
    data,
    echo_reply,
    echo_request,
    expect,
    icmp,
    ip,
    pad,
    parameter_problem,
    pattern,
    send,
    silence,
    truncate,
    udp,
    way,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(pattern(64))
WHOLE = ip(dst=FAR_TESTER) / UDP
PASSES = (send(WHOLE), expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR))
ANSWERED = (send(ip() / echo_request()), expect(ip(src=HOST, dst=TESTER) / echo_reply()))
SILENT = silence(of=ip(dst=FAR_TESTER, offset=at_most(0xFFFF)), on=FAR)
HEADER_ERROR = counters(ipSystemStatsInReceives=1, ipSystemStatsInHdrErrors=1)

BROKEN = (
    ("checksum", "a wrong checksum", {"checksum": BAD}),
    ("version-5", "version 5", {"version": 5}),
    ("version-0", "version 0", {"version": 0}),
)
REPORTABLE = (
    ("ihl-4", "a header length of four words", {"ihl": 4}),
    ("total-length-16", "a Total Length below the header's", {"total_length": 16}),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-5.2.2-{name}-not-forwarded",
            cites="1812-5.2.2-a",
            title=f"a datagram in transit with {words} is silently dropped",
            topology=Topology.ROUTER,
            control=PASSES,
            steps=(send(ip(dst=FAR_TESTER, **fields) / UDP), silence()),
            counters=HEADER_ERROR,
        )
        for name, words, fields in BROKEN
    ),
    *(
        Case(
            f"rfc1812-5.2.2-{name}-not-answered",
            cites="1812-5.2.2-a",
            title=f"an echo request for the router with {words} is silently dropped",
            topology=Topology.ROUTER,
            control=ANSWERED,
            steps=(send(ip(**fields) / echo_request()), silence()),
        )
        for name, words, fields in BROKEN
    ),
    *(
        Case(
            f"rfc1812-5.2.2-{name}-not-forwarded",
            cites="1812-5.2.2-a",
            title=f"a datagram in transit with {words} is dropped",
            topology=Topology.ROUTER,
            control=PASSES,
            steps=(send(ip(dst=FAR_TESTER, **fields) / UDP), SILENT),
            rest_is_free=True,
        )
        for name, words, fields in REPORTABLE
    ),
    *(
        Case(
            f"rfc1812-5.2.2-{name}-reported-or-not",
            cites="1812-5.2.2-b",
            title=f"whether a router reports a datagram with {words}",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, **fields) / UDP),
                classify(
                    words,
                    way("reported with Parameter Problem", parameter_problem()),
                    way("dropped silently", None),
                ),
            ),
        )
        for name, words, fields in REPORTABLE
    ),
    Case(
        "rfc1812-5.2.2-frame-of-16-octets",
        cites="1812-5.2.2-a",
        title="a frame that is too short for a header is silently dropped",
        topology=Topology.ROUTER,
        control=PASSES,
        steps=(send(truncate(WHOLE, 16)), silence()),
    ),
    Case(
        "rfc1812-5.2.2-truncated-datagram-dropped",
        cites="1812-5.2.2-c",
        title="a datagram in transit that the link cut short goes no further",
        topology=Topology.ROUTER,
        control=PASSES,
        steps=(send(truncate(WHOLE, 84)), SILENT),
        rest_is_free=True,
    ),
    Case(
        "rfc1812-5.2.2-truncated-datagram-reported",
        cites="1812-5.2.2-c",
        title="a datagram in transit that the link cut short is reported, at its Total Length",
        topology=Topology.ROUTER,
        control=PASSES,
        steps=(
            send(truncate(WHOLE, 84)),
            expect(ip(src=HOST, dst=TESTER) / parameter_problem(2)),
        ),
    ),
    Case(
        "rfc1812-4.2.2.5-checksum-zero-is-no-exception",
        cites="1812-4.2.2.5-a",
        title="a header checksum of zero where another is right is not taken for none at all",
        topology=Topology.ROUTER,
        control=PASSES,
        steps=(
            send(ip(dst=FAR_TESTER, identification=balancing(0x1234), checksum=0) / UDP),
            silence(),
        ),
        counters=HEADER_ERROR,
    ),
    *(
        Case(
            f"rfc1812-4.2.2.5-wrong-checksum-of-{name}",
            cites="1812-4.2.2.5-a",
            title=f"{words} with a wrong header checksum is silently dropped",
            topology=Topology.ROUTER,
            control=(
                send(ip(dst=FAR_TESTER, **fields) / carried),
                expect(ip(src=TESTER, dst=FAR_TESTER, **fields), on=FAR),
            ),
            steps=(send(ip(dst=FAR_TESTER, checksum=BAD, **fields) / carried), silence()),
        )
        for name, words, carried, fields in (
            ("an-echo", "an echo request", echo_request(), {}),
            ("a-fragment", "a later fragment", data(pattern(32)), {"offset": 64}),
            ("an-error", "an ICMP error", icmp(3, code=1, data=bytes(28)), {}),
        )
    ),
    Case(
        "rfc1812-5.2.2-total-length-with-padding",
        cites="791-3.1.len-a",
        title="octets behind the Total Length do not become part of what is forwarded",
        topology=Topology.ROUTER,
        steps=(
            send(pad(ip(dst=FAR_TESTER, protocol=253) / data(b"x"), b"not part of it")),
            expect(ip(src=TESTER, dst=FAR_TESTER, total_length=21) / data(b"x"), on=FAR),
        ),
    ),
)

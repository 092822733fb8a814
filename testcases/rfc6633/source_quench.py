"""RFC 6633: Source Quench is neither sent, nor heeded, nor given to sockets."""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    Step,
    Topology,
    counters,
    data,
    echo_reply,
    echo_request,
    error_received,
    expect,
    icmp,
    ip,
    no_error_received,
    open_udp,
    pattern,
    reply,
    seen,
    send,
    send_tcp,
    send_udp,
    silence,
    source_quench,
    tcp,
    tcp_state,
    udp,
    unreachable,
)

from testcases.connections import ENDED, opened

NONE_IS_SENT = "nothing is known to make every host send one"
ANSWERED = (
    send(ip() / echo_request()),
    expect(ip(src=HOST, dst=TESTER) / echo_reply(), label="reply"),
)
QUENCH = send(ip() / source_quench(quote=seen("reply", "ip.datagram")))


def sends_three(*meanwhile: Step) -> tuple[Step, ...]:
    """A connection that sends one segment, and once that has arrived three at once.

    One that begins with a window of one segment sends two, as it would after a Source Quench to
    which it reacts as RFC 1122 §4.2.3.9 wanted it; `meanwhile` is what happens in between.
    """
    return (
        *opened(mss=536, window=32_000),
        send_tcp("c", pattern(536)),
        expect(ip(src=HOST) / tcp() / data(pattern(536)), label="sent"),
        *meanwhile,
        send(ip() / reply("sent", after="syn", window=32_000)),
        send_tcp("c", pattern(3 * 536)),
        expect(ip(src=HOST, total_length=576) / tcp(), times=3),
    )


CASES: tuple[Case, ...] = (
    Case(
        "rfc6633-3-no-quench-when-nobody-reads",
        cites="6633-3-a",
        title="a socket that nobody reads makes the host send no Source Quench, however full",
        no_control=NONE_IS_SENT,
        steps=(
            open_udp("s", port=OPEN_PORT),
            send(*(ip() / udp(dport=OPEN_PORT) / data(pattern(1400)),) * 300),
            silence(of=icmp(4)),
        ),
    ),
    Case(
        "rfc6633-3-quench-stays-unanswered",
        cites=("6633-3-b", "6633-8-a"),
        title="Source Quench stays unanswered, and echo goes on",
        no_control="nothing answers a Source Quench; the echo after it shows life",
        steps=(*ANSWERED, QUENCH, silence(), *ANSWERED),
        counters=counters(
            ipSystemStatsInReceives=3,
            ipSystemStatsInDelivers=3,
            ipSystemStatsOutRequests=2,
            ipSystemStatsOutTransmits=2,
            icmpStatsInMsgs=3,
            icmpMsgStatsInPkts_8=2,
            icmpMsgStatsInPkts_4=1,
            icmpStatsOutMsgs=2,
            icmpMsgStatsOutPkts_0=2,
        ),
    ),
    Case(
        "rfc6633-5-udp-sends-on-after-quench",
        cites=("6633-5-a", "6633-8-a"),
        title="after a Source Quench a socket sends on at once",
        steps=(
            open_udp("s", port=OPEN_PORT),
            send_udp("s", b"before", to=TESTER, port=TESTER_PORT),
            expect(ip(src=HOST, dst=TESTER) / udp() / data(b"before"), label="before"),
            send(ip() / source_quench(quote=seen("before", "ip.datagram"))),
            send_udp("s", b"after", to=TESTER, port=TESTER_PORT, cites="6633-5-a"),
            expect(ip(src=HOST, dst=TESTER) / udp() / data(b"after")),
        ),
    ),
    Case(
        "rfc6633-4-router-ignores-quench",
        cites=("6633-4-a", "6633-8-a"),
        title="a router forwards on after a Source Quench, and says nothing",
        topology=Topology.ROUTER,
        no_control="nothing answers a Source Quench; the datagram after it shows life",
        steps=(
            *ANSWERED,
            QUENCH,
            silence(),
            send(ip(dst=FAR_TESTER) / udp() / data(b"through")),
            expect(ip(src=TESTER, dst=FAR_TESTER) / udp() / data(b"through"), on=FAR),
        ),
    ),
    Case(
        "rfc6633-5-source-quench-not-given-to-socket",
        cites="6633-5-a",
        title="Source Quench does not reach the socket that it is about",
        control=(
            open_udp("c", port=OPEN_PORT),
            send_udp("c", b"a control", to=TESTER, port=TESTER_PORT),
            expect(ip() / udp() / data(b"a control"), label="sent"),
            send(ip() / unreachable(3, quote=seen("sent", "ip.datagram"))),
            error_received("c", type=3, code=3),
        ),
        steps=(
            open_udp("s"),
            send_udp("s", b"a datagram of the socket", to=TESTER, port=TESTER_PORT),
            expect(ip() / udp() / data(b"a datagram of the socket"), label="sent"),
            send(ip() / source_quench(quote=seen("sent", "ip.datagram"))),
            no_error_received("s"),
        ),
    ),
    Case(
        "rfc6633-3-tcp-sends-on-after-quench",
        cites="6633-3-c",
        title="a connection sends three segments at once after a Source Quench, and is not told",
        control=(*sends_three(), *ENDED),
        steps=(
            *sends_three(send(ip() / source_quench(quote=seen("sent", "ip.datagram")))),
            no_error_received("c"),
            tcp_state("c", "ESTABLISHED"),
            *ENDED,
        ),
        rest_is_free=True,
    ),
)

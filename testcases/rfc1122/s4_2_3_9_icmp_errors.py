"""RFC 1122 §4.2.3.9, §3.2.2.1, §4.2.3.10: ICMP errors about connections; peers that none can be."""

from __future__ import annotations

from harness.case import (
    ACK,
    GATEWAY,
    GROUP,
    LIMITED_BROADCAST,
    NEXT,
    PSH,
    SUBNET_BROADCAST,
    SYN,
    TESTER,
    TESTER_PORT,
    Case,
    Step,
    connect_tcp,
    data,
    error_pending,
    expect,
    ip,
    open_tcp,
    parameter_problem,
    received_tcp,
    reply,
    reset,
    seen,
    send,
    send_tcp,
    silence,
    tcp,
    tcp_state,
    time_exceeded,
    unreachable,
)

from testcases.connections import ENDED, FROM_HOST, ONLY_SYN, opened

SENT = seen("sent", "ip.datagram")
SENDING = (
    *opened(mss=1000),
    send_tcp("c", b"on its way"),
    expect(FROM_HOST / tcp() / data(b"on its way"), label="sent"),
)
"""A connection with data that the peer has not acknowledged."""
GOES_ON = (
    send(
        ip(src=TESTER) / reply("sent", after="syn", flags=ACK | PSH) / data(b"it arrived"),
        label="hi",
    ),
    received_tcp("c", b"it arrived", cites="1122-4.2.3.9-a"),
    send_tcp("c", b"more", cites="1122-4.2.3.9-a"),
    expect(FROM_HOST / tcp(acknowledgment=seen("hi", NEXT)) / data(b"more")),
)
SOFT = (
    ("network-unreachable", "Destination Unreachable of code 0", unreachable(0, quote=SENT)),
    ("host-unreachable", "Destination Unreachable of code 1", unreachable(1, quote=SENT)),
    ("source-route-failed", "Destination Unreachable of code 5", unreachable(5, quote=SENT)),
    ("time-exceeded-in-transit", "Time Exceeded of code 0", time_exceeded(0, quote=SENT)),
    ("time-exceeded-in-reassembly", "Time Exceeded of code 1", time_exceeded(1, quote=SENT)),
    ("parameter-problem", "a Parameter Problem", parameter_problem(8, quote=SENT)),
)


def connecting(socket: str, label: str) -> tuple[Step, ...]:
    """A user opens a connection; its SYN is labelled."""
    return (
        open_tcp(socket),
        connect_tcp(socket, to=TESTER, port=TESTER_PORT),
        expect(FROM_HOST / ONLY_SYN, label=label),
    )


def answered(label: str) -> tuple[Step, ...]:
    """The peer takes the connection whose SYN has a label."""
    return (
        send(
            ip()
            / reply(
                label,
                sport=TESTER_PORT,
                dport=seen(label, "tcp.sport"),
                flags=SYN | ACK,
            )
        ),
        expect(FROM_HOST / tcp(dport=TESTER_PORT, sport=seen(label, "tcp.sport"), flags=ACK)),
    )


SOFT_ERRORS = (
    *(
        Case(
            f"rfc1122-4.2.3.9-{what}-survived",
            cites="1122-4.2.3.9-a",
            title=f"a connection goes on after {words} about its data",
            steps=(
                *SENDING,
                send(ip() / error),
                *GOES_ON,
                tcp_state("c", "ESTABLISHED", cites="1122-4.2.3.9-a"),
                *ENDED,
            ),
            rest_is_free=True,
        )
        for what, words, error in SOFT
    ),
    Case(
        "rfc1122-4.2.3.9-host-unreachable-while-connecting",
        cites="1122-4.2.3.9-a",
        title="a connection that is being opened is not given up for a Destination Unreachable",
        steps=(
            *connecting("a", "sent"),
            send(ip(src=GATEWAY) / unreachable(1, quote=SENT)),
            *answered("sent"),
            tcp_state("a", "ESTABLISHED"),
            reset("a"),
        ),
        rest_is_free=True,
    ),
    *(
        Case(
            f"rfc1122-4.2.3.9-{what}-told",
            cites="1122-4.2.3.9-d",
            title=f"whether the user of a connection learns of {words} while it lasts",
            steps=(
                *SENDING,
                send(ip() / error),
                error_pending("c", "ENETUNREACH", "EHOSTUNREACH", "EPROTO", "EINVAL"),
                *ENDED,
            ),
            rest_is_free=True,
        )
        for what, words, error in SOFT
        if what in ("network-unreachable", "host-unreachable", "time-exceeded-in-transit")
    ),
)

HARD_ERRORS = (
    *(
        Case(
            f"rfc1122-4.2.3.9-code-{code}-ends-connecting",
            cites=cites,
            title=f"Destination Unreachable of code {code} about a SYN ends the attempt",
            steps=(
                *connecting("a", "sent"),
                send(ip() / unreachable(code, quote=SENT)),
                tcp_state("a", "CLOSED"),
                reset("a"),
            ),
            rest_is_free=True,
        )
        for code, cites in (
            (2, ("1122-4.2.3.9-c", "1122-3.2.2.1-e")),
            (3, ("1122-3.2.2.1-f", "1122-4.2.3.9-c", "1122-3.2.2.1-e")),
        )
    ),
    Case(
        "rfc1122-4.2.3.9-error-for-one-of-two",
        cites="1122-4.2.3.9-b",
        title="an error about one of two connections to a peer ends that one and not the other",
        steps=(
            *connecting("a", "first"),
            *connecting("b", "second"),
            send(ip() / unreachable(3, quote=seen("second", "ip.datagram"))),
            tcp_state("b", "CLOSED", cites="1122-4.2.3.9-b"),
            *answered("first"),
            tcp_state("a", "ESTABLISHED", cites="1122-4.2.3.9-b"),
            reset("a"),
            reset("b"),
        ),
        rest_is_free=True,
    ),
)

NOBODY = tuple(
    Case(
        f"rfc1122-4.2.3.10-open-to-{what}-refused",
        cites="1122-4.2.3.10-c",
        title=f"a connection to a {what.replace('-', ' ')} address is refused, and no SYN goes out",
        control=(*connecting("k", "sent"), reset("k")),
        steps=(
            open_tcp("a"),
            connect_tcp("a", to=address, port=TESTER_PORT, refused=True),
            silence(of=ip(dst=address)),
            reset("a"),
        ),
        rest_is_free=True,
    )
    for what, address in (
        ("limited-broadcast", LIMITED_BROADCAST),
        ("subnet-broadcast", SUBNET_BROADCAST),
        ("multicast", GROUP),
    )
)

CASES: tuple[Case, ...] = (*SOFT_ERRORS, *HARD_ERRORS, *NOBODY)

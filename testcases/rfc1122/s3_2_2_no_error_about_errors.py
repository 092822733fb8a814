"""RFC 1122 §3.2.2: no ICMP error about an ICMP error, nor about a fragment that is not the first.

An error is made to be complained about in two ways: by an impossible option in its header, and by
being a first fragment that stays alone.
"""

from __future__ import annotations

from harness.case import (
    GATEWAY_2,
    HOST,
    OPEN_PORT,
    REASSEMBLY,
    TESTER,
    TESTER_PORT,
    Case,
    data,
    echo_request,
    expect,
    fragments,
    icmp,
    ip,
    parameter_problem,
    pattern,
    quote_of,
    record_route,
    redirect,
    seconds,
    send,
    silence,
    source_quench,
    time_exceeded,
    udp,
    unreachable,
)

PROBED = "the probe sends the same in what may be reported"
NOTHING_ANSWERS = "there is no ICMP error that is ever answered; the sentinel shows life"
UNKNOWN_PROTOCOL = 197
BAD_OPTION = (record_route(slots=2, pointer=3),)
SENT = ip(src=HOST, dst=TESTER) / udp(sport=OPEN_PORT, dport=TESTER_PORT) / data(b"sent by nobody")
LONG = data(pattern(40))

PORT_REPORTED = (send(ip() / udp() / LONG), expect(ip() / unreachable(3)))
PROTOCOL_REPORTED = (
    send(ip(protocol=UNKNOWN_PROTOCOL) / udp() / LONG),
    expect(ip() / unreachable(2)),
)
OPTION_REPORTED = (
    send(ip(options=BAD_OPTION) / echo_request()),
    expect(ip() / parameter_problem()),
)

ERRORS = (
    ("destination-unreachable", unreachable(1, quote=SENT)),
    ("source-quench", source_quench(quote=SENT)),
    ("redirect", redirect(1, gateway=GATEWAY_2, quote=SENT)),
    ("time-exceeded", time_exceeded(0, quote=SENT)),
    ("parameter-problem", parameter_problem(20, code=0, quote=SENT)),
)
UNDEFINED_CODES = (
    ("destination-unreachable", unreachable(200, quote=SENT)),
    ("redirect", redirect(99, gateway=GATEWAY_2, quote=SENT)),
    ("time-exceeded", time_exceeded(9, quote=SENT)),
    ("parameter-problem", parameter_problem(0, code=77, quote=SENT)),
)
WITHOUT_QUOTE = (
    ("destination-unreachable", 3),
    ("source-quench", 4),
    ("redirect", 5),
    ("time-exceeded", 11),
    ("parameter-problem", 12),
)
# 48 octets of payload: the header of UDP or whatever it is in the first piece alone.
CUTS = ((0, 24), (24, 32), (32, None))
LATER = (("middle", 1), ("last", 2))

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.2-bad-option-in-{name}-not-reported",
            cites="1122-3.2.2-g",
            title=f"an impossible option in the header of a {name.replace('-', ' ')} message "
            "is not reported",
            provided=OPTION_REPORTED,
            no_control=PROBED,
            steps=(send(ip(options=BAD_OPTION) / error), silence()),
        )
        for name, error in ERRORS
    ),
    *(
        Case(
            f"rfc1122-3.2.2-undefined-code-of-{name}-not-reported",
            cites="1122-3.2.2-g",
            title=f"a {name.replace('-', ' ')} message of a code that nobody defined "
            "stays unanswered",
            no_control=NOTHING_ANSWERS,
            steps=(send(ip() / error), silence()),
            must_survive=True,
        )
        for name, error in UNDEFINED_CODES
    ),
    *(
        Case(
            f"rfc1122-3.2.2-{name}-without-quote-not-reported",
            cites="1122-3.2.2-g",
            title=f"a {name.replace('-', ' ')} message that quotes no whole header stays "
            "unanswered",
            no_control=NOTHING_ANSWERS,
            steps=(
                send(
                    ip() / icmp(kind, rest=bytes(4)),
                    ip() / icmp(kind, rest=bytes(4), data=bytes(19)),
                    ip() / icmp(kind, rest=bytes(4), data=b"\x4f" + bytes(19)),
                ),
                silence(),
            ),
            must_survive=True,
        )
        for name, kind in WITHOUT_QUOTE
    ),
    Case(
        "rfc1122-3.2.2-lone-fragment-of-error-not-reported",
        cites="1122-3.2.2-g",
        title="a host that gives up reassembly of an ICMP error sends no Time Exceeded, "
        "of a UDP datagram it does",
        no_control="the UDP fragment sent beside it is reported",
        steps=(
            send(
                fragments(
                    ip() / icmp(3, code=1, rest=bytes(4), data=bytes(56)),
                    (0, 48),
                    (48, 64),
                    order=(0,),
                ),
                label="error",
            ),
            send(
                fragments(ip() / udp() / data(pattern(56)), (0, 48), (48, 64), order=(0,)),
                label="datagram",
            ),
            expect(
                ip() / time_exceeded(1, quote=quote_of("datagram")),
                within=REASSEMBLY + seconds(1),
                cites="1122-3.3.2-j",
            ),
            silence(of=ip() / time_exceeded(quote=quote_of("error"))),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.2-{where}-fragment-for-closed-port-not-reported",
            cites=("1122-3.2.2-j", "792-intro-c"),
            title=f"a {where} fragment alone, for a UDP port that nobody listens on, "
            "stays unanswered",
            control=PORT_REPORTED,
            steps=(send(fragments(ip() / udp() / LONG, *CUTS, order=(index,))), silence()),
        )
        for where, index in LATER
    ),
    *(
        Case(
            f"rfc1122-3.2.2-{where}-fragment-of-unknown-protocol-not-reported",
            cites=("1122-3.2.2-j", "792-intro-c"),
            title=f"a {where} fragment alone, of a protocol that nobody handles, stays unanswered",
            provided=PROTOCOL_REPORTED,
            no_control=PROBED,
            steps=(
                send(
                    fragments(ip(protocol=UNKNOWN_PROTOCOL) / udp() / LONG, *CUTS, order=(index,))
                ),
                silence(),
            ),
        )
        for where, index in LATER
    ),
    *(
        Case(
            f"rfc1122-3.2.2-bad-option-in-{where}-fragment-not-reported",
            cites=("1122-3.2.2-j", "792-intro-c"),
            title=f"an impossible option in a {where} fragment is not reported",
            provided=OPTION_REPORTED,
            no_control=PROBED,
            steps=(
                send(fragments(ip(options=BAD_OPTION) / udp() / LONG, *CUTS, order=(index,))),
                silence(),
            ),
        )
        for where, index in LATER
    ),
)

"""RFC 1122 §3.2.2: what ICMP errors quote, and with which TOS they are sent.

The header that comes back is the one that was sent, octet for octet, whatever stood in it.
"""

from __future__ import annotations

from harness.case import (
    QUOTED,
    Case,
    at_least,
    between,
    bits,
    classify,
    counters,
    data,
    error_sent,
    expect,
    fragments,
    ip,
    merged,
    nop,
    option,
    pattern,
    quote_of,
    record_route,
    router_alert,
    send,
    timestamp,
    udp,
    unreachable,
    way,
)

UNKNOWN_PROTOCOL = 197
NOBODY = udp() / data(b"nobody listens here")
PORT_REPORTED = (send(ip() / NOBODY), expect(ip() / unreachable(3)))
PROTOCOL_REPORTED = (send(ip(protocol=UNKNOWN_PROTOCOL) / NOBODY), expect(ip() / unreachable(2)))

HEADERS = (
    ("ttl-one", ip(ttl=1)),
    ("ttl-255", ip(ttl=255)),
    ("identification-of-two-different-octets", ip(identification=0x1234)),
    ("identification-zero", ip(identification=0)),
    ("identification-all-ones", ip(identification=0xFFFF)),
    ("dont-fragment", ip(df=1, identification=0x00FF)),
    ("precedence-and-service-bits", ip(tos=0xB8)),
)
OPTIONS = (
    ("forty-octets-of-options", (nop(),) * 40),
    ("router-alert", (router_alert(),)),
    ("unknown-option", (option(222, b"\x01\x02\x03\x04"),)),
    ("record-route", (record_route(slots=3),)),
    ("timestamp-option", (timestamp(0, slots=3),)),
)
SIZES = (0, 1, 7, 8, 9)
ENOUGH = quote_of(may_change=("tos", "ttl", "checksum", "options"))
"""How much is quoted counts here; whether it is unchanged counts in other cases."""
TOS = (0x00, 0x10, 0xB8)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.2-port-unreachable-quotes-{name}",
            cites="1122-3.2.2-d",
            title=f"Port Unreachable quotes a header with {name.replace('-', ' ')} as it came",
            provided=PORT_REPORTED,
            steps=(send(header / NOBODY), expect(ip() / unreachable(3, quote=QUOTED))),
        )
        for name, header in HEADERS
    ),
    *(
        Case(
            f"rfc1122-3.2.2-port-unreachable-quotes-{name}",
            cites="1122-3.2.2-d",
            title=f"Port Unreachable quotes a header with {name.replace('-', ' ')} as it came",
            provided=PORT_REPORTED,
            steps=(
                send(ip(options=options) / NOBODY),
                expect(ip() / unreachable(3, quote=QUOTED)),
            ),
        )
        for name, options in OPTIONS
    ),
    *(
        Case(
            f"rfc1122-3.2.2-protocol-unreachable-quotes-{name}",
            cites="1122-3.2.2-d",
            title=f"Protocol Unreachable quotes a header with {name.replace('-', ' ')} as it came",
            provided=PROTOCOL_REPORTED,
            steps=(
                send(ip(protocol=UNKNOWN_PROTOCOL, options=options) / NOBODY),
                expect(ip() / unreachable(2, quote=QUOTED)),
            ),
        )
        for name, options in OPTIONS
    ),
    *(
        Case(
            f"rfc1122-3.2.2-protocol-unreachable-quotes-{size}-octets-of-data",
            cites="1122-3.2.2-d",
            title=f"of a datagram with {size} octets of data as many as there are, up to 8, "
            "are quoted",
            provided=PROTOCOL_REPORTED,
            steps=(
                send(ip(protocol=UNKNOWN_PROTOCOL) / data(pattern(size, start=0x41))),
                expect(ip() / unreachable(2, quote=QUOTED)),
            ),
            counters=merged(
                counters(ipSystemStatsInReceives=1, ipSystemStatsInUnknownProtos=1),
                error_sent(3),
            ),
        )
        for size in SIZES
    ),
    *(
        Case(
            f"rfc1122-3.2.2-quote-enough-of-{name}",
            cites="1122-3.2.2-b",
            title=f"of a datagram with {words} the whole header and 8 octets of data are quoted",
            provided=PORT_REPORTED,
            steps=(send(header / NOBODY), expect(ip() / unreachable(3, quote=ENOUGH))),
        )
        for name, words, header in (
            ("short-header", "a header of 20 octets", ip()),
            ("long-header", "a header of 60 octets", ip(options=(nop(),) * 40)),
            ("header-with-record-route", "a record route", ip(options=(record_route(slots=9),))),
        )
    ),
    Case(
        "rfc1122-3.2.2-quote-length-observed",
        cites="1122-3.2.2-c",
        title="how much of a long datagram an error quotes",
        steps=(
            send(ip() / udp() / data(pattern(1400))),
            classify(
                "an error about a datagram of 1,428 octets",
                way("quotes the header and 8 octets", ip(total_length=56) / unreachable(3)),
                way("is 576 octets long", ip(total_length=576) / unreachable(3)),
                way("is shorter than 576", ip(total_length=between(57, 575)) / unreachable(3)),
                way("is longer than 576", ip(total_length=at_least(577)) / unreachable(3)),
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2-quote-of-long-datagram-is-its-beginning",
        cites="1122-3.2.2-d",
        title="however much is quoted of a long datagram is its beginning, unchanged",
        provided=(
            send(ip() / udp() / data(pattern(1400))),
            expect(ip() / unreachable(3)),
        ),
        steps=(
            send(ip() / udp() / data(pattern(1400))),
            expect(ip() / unreachable(3, quote=QUOTED)),
        ),
    ),
    Case(
        "rfc1122-3.2.2-quote-of-reassembled-datagram-observed",
        cites="1122-3.2.2-c",
        title="what is quoted of a datagram that came in fragments",
        steps=(
            send(
                fragments(ip() / udp() / data(pattern(56)), (0, 32), (32, None)),
                label="fragments",
            ),
            classify(
                "the quote of a datagram that came in two fragments",
                way("the first fragment", ip() / unreachable(3, quote=quote_of("fragments"))),
                way("the datagram put together", ip() / unreachable(3)),
            ),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.2-error-tos-for-tos-{tos}-observed",
            cites="1122-3.2.2-f",
            title=f"the TOS of an error about a datagram of TOS {tos:#04x}",
            steps=(
                send(ip(tos=tos) / NOBODY),
                classify(
                    f"TOS of an error about TOS {tos:#04x}",
                    way("zero", ip(tos=0) / unreachable(3)),
                    way("the datagram's", ip(tos=tos) / unreachable(3)),
                    way("precedence 6", ip(tos=bits(0xE0, 0xC0)) / unreachable(3)),
                    way("precedence 7", ip(tos=bits(0xE0, 0xE0)) / unreachable(3)),
                ),
            ),
        )
        for tos in TOS
    ),
)

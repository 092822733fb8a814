"""RFC 4884: extended ICMP messages, and those that are not."""

from __future__ import annotations

from harness.case import (
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    data,
    echo_reply,
    echo_request,
    error_received,
    expect,
    icmp,
    ip,
    not_,
    open_udp,
    pattern,
    quote_of,
    seen,
    send,
    send_udp,
    timestamp_reply,
    timestamp_request,
    udp,
    unreachable,
)

SOCKET_SENDS = (
    open_udp("s", port=OPEN_PORT),
    send_udp("s", pattern(8), to=TESTER, port=TESTER_PORT),
    expect(ip(src=HOST, dst=TESTER) / udp() / data(pattern(8)), label="sent"),
)
OF_SENT = seen("sent", "ip.datagram")
# RFC 4884 §7: version 2, checksum, and an object of 8 octets of a class that nobody knows.
EXTENSION = bytes.fromhex("2000e8ed0008f70100000008")
LENGTH_32 = b"\x00\x20"
"""The length octet: 32 words, so 128 octets of quote."""

CASES: tuple[Case, ...] = (
    Case(
        "rfc4884-4-extended-error-quotes-128-octets",
        cites="4884-4-a",
        title="where errors are extended, they quote 128 octets",
        provided=(
            send(ip() / udp() / data(pattern(400))),
            expect(ip() / icmp(3, code=3, rest=not_(bytes(4)))),
        ),
        steps=(
            send(ip() / udp() / data(pattern(400))),
            expect(ip() / unreachable(3, quote=quote_of(at_least=108))),
        ),
    ),
    Case(
        "rfc4884-4.6-echo-reply-not-extended",
        cites="4884-4.6-a",
        title="an echo reply ends with the data of its request",
        steps=(
            send(ip() / echo_request(data=pattern(8))),
            expect(ip(total_length=36) / echo_reply(data=pattern(8))),
        ),
    ),
    Case(
        "rfc4884-4.6-timestamp-reply-not-extended",
        cites="4884-4.6-a",
        title="a timestamp reply ends with the transmit time",
        provided=(send(ip() / timestamp_request()), expect(ip() / timestamp_reply())),
        steps=(
            send(ip() / timestamp_request()),
            expect(ip(total_length=40) / timestamp_reply()),
        ),
    ),
    Case(
        "rfc4884-5.4-error-without-extension-taken",
        cites="4884-5.4-a",
        title="an error with a long quote and no extension reaches the socket",
        steps=(
            *SOCKET_SENDS,
            send(ip() / unreachable(3, quote=OF_SENT, tail=pattern(8))),
            error_received("s", type=3, code=3),
        ),
    ),
    Case(
        "rfc4884-5.4-error-with-octets-behind-its-quote-taken",
        cites="4884-5.4-a",
        title="an error of length 0 with octets behind 128 octets of quote reaches the socket",
        steps=(
            *SOCKET_SENDS,
            send(ip() / unreachable(3, quote=OF_SENT, tail=bytes(100) + pattern(40))),
            error_received("s", type=3, code=3),
        ),
    ),
    Case(
        "rfc4884-4-extended-error-taken",
        cites="1122-4.1.3.3-a",
        title="an extended error reaches the socket like any other",
        steps=(
            *SOCKET_SENDS,
            send(
                ip() / unreachable(3, unused=LENGTH_32, quote=OF_SENT, tail=bytes(100) + EXTENSION)
            ),
            error_received("s", type=3, code=3),
        ),
    ),
)

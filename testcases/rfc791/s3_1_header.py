"""RFC 791 §3.1: the fixed fields of the header, version to flags, and Protocol.

Options have modules of their own. TTL in transit is the routers' matter, fragments are in §3.2.
"""

from __future__ import annotations

from harness.case import (
    BAD,
    HOST,
    OPEN_PORT,
    RECORD_ROUTE,
    TESTER,
    TESTER_PORT,
    Bad,
    Case,
    Option,
    at_most,
    bits,
    classify,
    counters,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    expect_train,
    fragments,
    ip,
    open_udp,
    pad,
    pattern,
    plus,
    record_route,
    send,
    send_udp,
    silence,
    truncate,
    udp,
    unreachable,
    way,
)

ECHO_CONTROL = (send(ip() / echo_request()), expect(ip() / echo_reply()))
"""A plain echo request is answered."""
LONG_CONTROL = (
    send(ip() / echo_request(data=pattern(64))),
    expect(ip() / echo_reply(data=pattern(64))),
)
"""One in a frame without padding is."""
ROUTE_RETURNED = (
    send(ip(options=(record_route(slots=3),)) / echo_request()),
    expect(ip(options=(Option(RECORD_ROUTE, length=15),)) / echo_reply()),
)
"""The target returns record route in echo replies."""

BAD_HEADER = counters(ipSystemStatsInReceives=1, ipSystemStatsInHdrErrors=1)

VERSION = tuple(
    Case(
        f"rfc791-3.1-version-4-in-{what}",
        cites="791-3.1.ver-a",
        title=f"the version of {what.replace('-', ' ')} is 4",
        steps=(send(stimulus), expect(answer)),
    )
    for what, stimulus, answer in (
        ("an-echo-reply", ip() / echo_request(), ip(version=4) / echo_reply()),
        ("an-icmp-error", ip() / udp(), ip(version=4) / unreachable(3)),
    )
)

SHORT_HEADER = tuple(
    Case(
        f"rfc791-3.1-ihl-{ihl}-discarded",
        cites="791-3.1.ihl-a",
        title=f"a datagram whose IHL says {ihl} words is not answered",
        control=ECHO_CONTROL,
        steps=(send(ip(ihl=ihl) / echo_request()), silence()),
        counters=BAD_HEADER,
        must_survive=True,
    )
    for ihl in (0, 1, 2, 3, 4)
)

HEADER_BEYOND = (
    Case(
        "rfc791-3.1-ihl-beyond-total-length",
        cites="791-3.1.ihl-c",
        title="an IHL of 15 words in a datagram of 40 octets: not answered, though more came",
        control=LONG_CONTROL,
        steps=(send(ip(ihl=15, total_length=40) / echo_request(data=bytes(64))), silence()),
        counters=BAD_HEADER,
        must_survive=True,
    ),
    Case(
        "rfc791-3.1-ihl-beyond-the-frame",
        cites="791-3.1.ihl-c",
        title="an IHL of 15 words with 36 octets in the frame: not answered",
        control=ECHO_CONTROL,
        steps=(send(ip(ihl=15) / echo_request(data=b"12345678")), silence()),
        must_survive=True,
    ),
    *(
        Case(
            f"rfc791-3.1-total-length-{octets}-discarded",
            cites="791-3.1.ihl-c",
            title=f"a Total Length of {octets} octets, less than the header, is not answered",
            control=LONG_CONTROL,
            steps=(
                send(ip(total_length=octets) / echo_request(data=pattern(64))),
                silence(),
            ),
            counters=BAD_HEADER,
            must_survive=True,
        )
        for octets in (0, 8, 19)
    ),
)

HEADER_LENGTH = (
    Case(
        "rfc791-3.1-ihl-5-without-options",
        cites="791-3.1.ihl-b",
        title="a reply without options has an IHL of five words, and its data right behind",
        steps=(
            send(ip() / echo_request(data=b"right behind")),
            expect(ip(ihl=5, total_length=40) / echo_reply(data=b"right behind")),
        ),
    ),
    Case(
        "rfc791-3.1-ihl-9-with-15-octets-of-options",
        cites="791-3.1.ihl-b",
        title="a reply with fifteen octets of options has an IHL of nine words",
        provided=ROUTE_RETURNED,
        steps=(
            send(ip(options=(record_route(slots=3),)) / echo_request(data=b"right behind")),
            expect(ip(ihl=9, total_length=56) / echo_reply(data=b"right behind")),
        ),
    ),
)

# Superseded by DSCP and ECN: what the target does is written down, nothing more.
SERVICE = tuple(
    Case(
        f"rfc791-3.1-tos-{what}",
        cites=f"791-3.1.tos-{row}",
        title=f"a datagram of a user who asks for no service has {what.replace('-', ' ')}",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", b"plain", to=TESTER, port=TESTER_PORT),
            expect(ip(src=HOST, dst=TESTER, tos=tos) / udp()),
        ),
    )
    for row, what, tos in (
        ("a", "its-last-two-bits-zero", bits(0x03, 0)),
        ("b", "no-delay-throughput-reliability", bits(0x1C, 0)),
        ("c", "no-network-control-precedence", at_most(0xBF)),
    )
)

PADDED = tuple(
    Case(
        f"rfc791-3.1-{octets}-octets-behind-the-datagram-ignored",
        cites="791-3.1.len-a",
        title=f"an echo of one octet with {octets} octets of link padding comes back as one octet",
        steps=(
            send(pad(ip() / echo_request(data=b"x"), b"\xa5" * octets)),
            expect(ip(total_length=29) / echo_reply(data=b"x")),
        ),
        counters=echo_served(),
    )
    for octets in (17, 18, 200)
)

TOO_LITTLE = tuple(
    Case(
        f"rfc791-3.1-{what}-discarded",
        cites="791-3.1.len-b",
        title=title,
        control=LONG_CONTROL,
        steps=(send(stimulus), silence()),
        counters=counters(ipSystemStatsInReceives=1, ipSystemStatsInTruncatedPkts=1),
        must_survive=True,
    )
    for what, title, stimulus in (
        (
            "total-length-1-too-many",
            "a Total Length of one octet more than came: not answered",
            ip(total_length=plus(1)) / echo_request(data=pattern(64)),
        ),
        (
            "total-length-65535",
            "a Total Length of 65,535 octets where 92 came: not answered",
            ip(total_length=65535) / echo_request(data=pattern(64)),
        ),
        (
            "datagram-cut-off",
            "a datagram that the link cut off after 80 octets is not answered",
            truncate(ip() / echo_request(data=pattern(64)), 80),
        ),
    )
)

LENGTH = (
    Case(
        "rfc791-3.1-576-octets-accepted-whole",
        cites="791-3.1.len-c",
        title="a datagram of 576 octets that arrives whole is answered",
        steps=(
            send(ip() / echo_request(data=pattern(548))),
            expect_train(ip() / echo_reply(data=pattern(548))),
        ),
    ),
    Case(
        "rfc791-3.1-above-576-octets-sent-unasked",
        cites="791-3.1.len-d",
        title="a user's 1,000 octets for somebody who never said what he takes",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", pattern(972), to=TESTER, port=TESTER_PORT),
            classify(
                "a datagram of 1,000 octets",
                way("leaves whole", ip(dst=TESTER, total_length=1000) / udp()),
                way("leaves in pieces", ip(dst=TESTER) / udp(), train=True),
                way("does not leave", None),
            ),
        ),
    ),
    Case(
        "rfc791-appendix.b-octet-order",
        cites="791-B-a",
        title="the length of a reply of 300 octets is sent with its high octet first",
        steps=(
            send(ip() / echo_request(sequence=0x0102, data=pattern(272))),
            expect(ip(total_length=300) / echo_reply(sequence=0x0102)),
        ),
    ),
)

FLAGS = (
    Case(
        "rfc791-3.1-reserved-flag-accepted",
        cites="791-3.1.flags-b",
        title="an echo request with the reserved flag set is answered all the same",
        steps=(send(ip(reserved=1) / echo_request()), expect(ip() / echo_reply())),
        counters=echo_served(),
    ),
    Case(
        "rfc791-3.1-reserved-flag-not-returned",
        cites="791-3.1.flags-a",
        title="the reply to a request with the reserved flag set has it clear",
        provided=(send(ip(reserved=1) / echo_request()), expect(ip() / echo_reply())),
        steps=(send(ip(reserved=1) / echo_request()), expect(ip(reserved=0) / echo_reply())),
    ),
    Case(
        "rfc791-3.2-whole-datagram-mf-and-offset-zero",
        cites="791-3.2.frag-b",
        title="a reply that is not cut has MF and Fragment Offset zero",
        steps=(send(ip() / echo_request()), expect(ip(mf=0, offset=0) / echo_reply())),
    ),
)

PROTOCOL = (
    Case(
        "rfc791-3.1-protocol-chooses-the-receiver",
        cites="791-3.1.proto-a",
        title="an echo request that goes by protocol 253 is not taken for ICMP",
        control=ECHO_CONTROL,
        steps=(
            send(ip(protocol=253) / echo_request()),
            silence(of=ip() / echo_reply()),
        ),
        rest_is_free=True,
    ),
)

CHECKSUM_SENT = tuple(
    Case(
        f"rfc791-3.1-checksum-right-in-{what}",
        cites="791-3.1.cksum-a",
        title=f"the header checksum of {what.replace('-', ' ')} is right",
        provided=provided,
        steps=(send(stimulus), expect(answer)),
    )
    for what, provided, stimulus, answer in (
        ("an-echo-reply", (), ip() / echo_request(data=b"odd"), ip() / echo_reply(data=b"odd")),
        ("an-icmp-error", (), ip() / udp(), ip() / unreachable(3)),
        (
            "a-header-with-options",
            ROUTE_RETURNED,
            ip(options=(record_route(slots=3),)) / echo_request(),
            ip(ihl=9) / echo_reply(),
        ),
    )
)

CHECKSUM_RECEIVED = (
    *(
        Case(
            f"rfc791-3.1-checksum-off-by-{delta}-discarded",
            cites="791-3.1.cksum-b",
            title=f"a header checksum that is {delta} too high: not answered",
            control=ECHO_CONTROL,
            steps=(send(ip(checksum=Bad(delta)) / echo_request()), silence()),
            counters=BAD_HEADER,
        )
        for delta in (1, 0x0080, 0x0100, 0x8000, 0xFFFE)
    ),
    Case(
        "rfc791-3.1-checksum-wrong-with-options-discarded",
        cites="791-3.1.cksum-b",
        title="a wrong checksum of a header with options: not answered",
        control=(
            send(ip(options=(record_route(slots=3),)) / echo_request()),
            expect(ip() / echo_reply()),
        ),
        steps=(
            send(ip(checksum=BAD, options=(record_route(slots=3),)) / echo_request()),
            silence(),
        ),
        counters=BAD_HEADER,
    ),
    Case(
        "rfc791-3.1-checksum-wrong-in-a-fragment-discarded",
        cites="791-3.1.cksum-b",
        title="a fragment with a wrong header checksum does not count: its train stays open",
        control=(
            send(fragments(ip() / echo_request(data=pattern(64)), (0, 32), (32, None))),
            expect(ip() / echo_reply(data=pattern(64))),
        ),
        steps=(
            send(
                fragments(
                    ip(identification=0x791B) / echo_request(sequence=1, data=pattern(64)),
                    (0, 32),
                    (32, None),
                    headers=((1, ip(checksum=BAD)),),
                )
            ),
            silence(),
            send(
                fragments(
                    ip(identification=0x791B) / echo_request(sequence=1, data=pattern(64)),
                    (32, None),
                )
            ),
            expect(ip() / echo_reply(data=pattern(64))),
        ),
    ),
)

CASES: tuple[Case, ...] = (
    *VERSION,
    *SHORT_HEADER,
    *HEADER_BEYOND,
    *HEADER_LENGTH,
    *SERVICE,
    *PADDED,
    *TOO_LITTLE,
    *LENGTH,
    *FLAGS,
    *PROTOCOL,
    *CHECKSUM_SENT,
    *CHECKSUM_RECEIVED,
)

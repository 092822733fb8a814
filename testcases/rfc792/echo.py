"""RFC 792, Echo or Echo Reply: what a reply is made of."""

from __future__ import annotations

from harness.case import (
    HOST,
    NEIGHBOUR,
    TESTER,
    Case,
    classify,
    counters,
    data,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    expect_train,
    icmp,
    ip,
    pad,
    pattern,
    send,
    silence,
    udp,
    unreachable,
    way,
)

SIZES = (0, 1, 2, 3, 7, 8, 9, 56, 57, 548)
# Beyond 576 octets of datagram a host need not take it in, and may send it in fragments (RFC 1122
# §3.3.2 and §3.3.3).
LARGE_SIZES = (1471, 1472)
# No case has one of these as identifier of its own.
IDENTIFIERS = (0x0000, 0x7FFF, 0x8000, 0xFFFF)
SEQUENCES = (0x0000, 0x0102, 0x8000, 0xFFFF)
CONTENTS = (
    ("zeros", bytes(33)),
    ("ones", b"\xff" * 33),
    ("an-ip-header", b"\x45\x00\x00\x1c" + bytes(16) + b"\x08\x00\xf7\xff" + bytes(4)),
)
# The right checksum is 0xA49A: 0x0800 + 0x7FFF + 0x0001 + 0x6F64 + 0x6400, and its complement.
ODD_CHECKSUMS = (
    ("without-last-octet", "whose checksum leaves out the last octet", 0x089B),
    ("padded-in-front", "whose checksum has the zero octet before the last octet", 0x0837),
)
ANSWERED = (send(ip() / echo_request()), expect(ip() / echo_reply()))

CASES: tuple[Case, ...] = (
    Case(
        "rfc792-echo-reply-swaps-addresses",
        cites="792-echo-a",
        title="an echo reply has the addresses of the request swapped, type 0 and code 0",
        steps=(
            send(ip(src=NEIGHBOUR) / echo_request(data=b"swap")),
            expect(ip(src=HOST, dst=NEIGHBOUR, protocol=1) / echo_reply(code=0, data=b"swap")),
        ),
        counters=echo_served(),
    ),
    Case(
        "rfc792-intro-icmp-is-there",
        cites="792-intro-a",
        title="the host implements ICMP: an echo request is answered",
        steps=ANSWERED,
    ),
    *(
        Case(
            f"rfc792-echo-{size}-octets-of-data",
            cites=("792-echo-b", "792-echo-c") if size % 2 else "792-echo-c",
            title=f"{size} octets of data come back, no more and no less",
            steps=(
                send(ip() / echo_request(data=pattern(size))),
                expect(
                    ip(src=HOST, dst=TESTER, total_length=28 + size)
                    / echo_reply(data=pattern(size))
                ),
            ),
            counters=echo_served(),
        )
        for size in SIZES
    ),
    *(
        Case(
            f"rfc792-echo-{size}-octets-of-data",
            cites=("792-echo-b", "792-echo-c") if size % 2 else "792-echo-c",
            title=f"{size} octets of data come back, no more and no less, where the host takes in "
            "as much",
            provided=(
                send(ip() / udp() / data(pattern(size))),
                expect(ip() / unreachable(3)),
            ),
            steps=(
                send(ip() / echo_request(data=pattern(size))),
                expect_train(
                    ip(src=HOST, dst=TESTER, total_length=28 + size)
                    / echo_reply(data=pattern(size))
                ),
            ),
        )
        for size in LARGE_SIZES
    ),
    *(
        Case(
            f"rfc792-echo-data-of-{name}",
            cites="792-echo-c",
            title=f"data of {name.replace('-', ' ')} come back unchanged",
            steps=(
                send(ip() / echo_request(data=octets)),
                expect(ip(src=HOST, dst=TESTER) / echo_reply(data=octets)),
            ),
        )
        for name, octets in CONTENTS
    ),
    Case(
        "rfc792-echo-link-padding-not-data",
        cites="792-echo-c",
        title="octets behind the end of the datagram do not come back",
        steps=(
            send(pad(ip() / echo_request(data=b"\x01\x02\x03"), b"\xee" * 15)),
            expect(ip(src=HOST, dst=TESTER, total_length=31) / echo_reply(data=b"\x01\x02\x03")),
        ),
    ),
    *(
        Case(
            f"rfc792-echo-identifier-{identifier:04x}-sequence-{sequence:04x}",
            cites="792-echo-d",
            title=f"identifier {identifier:#06x} and sequence {sequence:#06x} come back",
            steps=(
                send(ip() / echo_request(identifier=identifier, sequence=sequence)),
                expect(
                    ip(src=HOST, dst=TESTER) / echo_reply(identifier=identifier, sequence=sequence)
                ),
            ),
        )
        for identifier, sequence in zip(IDENTIFIERS, SEQUENCES, strict=True)
    ),
    Case(
        "rfc792-echo-code-one-observed",
        cites="792-echo-e",
        title="what becomes of an echo request of code 1",
        steps=(
            send(ip() / echo_request(code=1)),
            classify(
                "an echo request of code 1",
                way("answered with code 0", ip(src=HOST) / echo_reply(code=0)),
                way("answered with code 1", ip(src=HOST) / echo_reply(code=1)),
                way("ignored", None),
            ),
        ),
    ),
    Case(
        "rfc792-echo-cut-off-header-survived",
        cites="792-intro-a",
        title="an echo request that ends within its header does no harm",
        steps=(
            # Echo of 4 and of 7 octets, their checksums right.
            send(
                ip(protocol=1) / data(b"\x08\x00\xf7\xff"),
                ip(protocol=1) / data(b"\x08\x00\xf6\xff\x00\x00\x01"),
                ip(protocol=1) / data(b""),
            ),
            classify("an echo request that ends within its header", way("ignored", None)),
            send(ip() / icmp(8, rest=b"\x7f\xff\x00\x01", data=b"whole")),
            expect(
                ip(src=HOST, dst=TESTER) / echo_reply(identifier=0x7FFF, sequence=1, data=b"whole")
            ),
        ),
        must_survive=True,
    ),
    *(
        Case(
            f"rfc792-echo-odd-data-checksum-{name}-silent",
            cites="792-echo-b",
            title=f"an echo request of odd length {words} stays unanswered",
            control=(
                send(ip() / echo_request(identifier=0x7FFF, sequence=1, data=b"odd")),
                expect(ip() / echo_reply(data=b"odd")),
            ),
            steps=(
                send(
                    ip()
                    / echo_request(identifier=0x7FFF, sequence=1, data=b"odd", checksum=checksum)
                ),
                silence(),
            ),
            counters=counters(
                ipSystemStatsInReceives=1,
                ipSystemStatsInDelivers=1,
                icmpStatsInMsgs=1,
                icmpStatsInErrors=1,
            ),
        )
        for name, words, checksum in ODD_CHECKSUMS
    ),
)

"""RFC 791 §3.2: trains that contradict themselves, or would be longer than a datagram can be.

RFC 791 takes the later copy of overlapping octets, in a procedure that it calls an example; RFC
1858 §4 and RFC 3128 see attacks in overlaps; RFC 6864 §4.2 asks receivers to cope. So which octets
are taken is observed, never judged. The two copies differ in the order of their 16-bit words, so
that the checksum over the datagram is right whichever is taken.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    TESTER,
    Case,
    classify,
    data,
    echo_reply,
    echo_request,
    expect,
    expect_train,
    fragments,
    ip,
    pattern,
    send,
    silence,
    way,
)

FIRST = pattern(88)
"""Data of the echo request; it begins 8 octets into what IP carries."""
LATER = FIRST[:16] + FIRST[22:24] + FIRST[20:22] + FIRST[18:20] + FIRST[16:18] + FIRST[24:]
"""The same but for the octets that IP carries from 24 to 32."""
ONE = ip(identification=0x7921) / echo_request(sequence=1, data=FIRST)
OTHER = ip(identification=0x7921) / echo_request(sequence=1, data=LATER)

OVERLAPS = tuple(
    Case(
        f"rfc791-3.2-overlap-{what}",
        cites="791-3.2.reasm-f",
        title=f"a later fragment brings other octets {words}",
        steps=(
            send(*train),
            classify(
                f"octets that come twice, differently, {words}",
                way("the first copy is taken", ip() / echo_reply(data=FIRST)),
                way("the later copy is taken", ip() / echo_reply(data=LATER)),
                way("the datagram is dropped", None),
            ),
        ),
        must_survive=True,
    )
    for what, words, train in (
        (
            "with-the-end-of-an-earlier-one",
            "for the end of an earlier one",
            (
                fragments(ONE, (0, 32)),
                fragments(OTHER, (24, 56)),
                fragments(ONE, (56, None)),
            ),
        ),
        (
            "with-the-start-of-an-earlier-one",
            "for the start of an earlier one",
            (
                fragments(ONE, (24, 56)),
                fragments(OTHER, (0, 32)),
                fragments(ONE, (56, None)),
            ),
        ),
        (
            "inside-an-earlier-one",
            "inside an earlier one",
            (
                fragments(ONE, (0, 56)),
                fragments(OTHER, (24, 32)),
                fragments(ONE, (56, None)),
            ),
        ),
        (
            "around-an-earlier-one",
            "around an earlier one",
            (
                fragments(ONE, (24, 32)),
                fragments(OTHER, (0, 56)),
                fragments(ONE, (56, None)),
            ),
        ),
        (
            "in-the-place-of-an-earlier-one",
            "in the place of an earlier one",
            (
                fragments(ONE, (0, 24), (24, 32)),
                fragments(OTHER, (24, 32)),
                fragments(ONE, (32, None)),
            ),
        ),
        (
            "of-the-last-fragment",
            "in the last fragment",
            (
                fragments(ONE, (0, 32)),
                fragments(OTHER, (24, None)),
            ),
        ),
    )
)

SHORT = ip(identification=0x7922) / echo_request(sequence=1, data=pattern(64))
LONG = ip(identification=0x7922) / echo_request(sequence=1, data=pattern(64) + bytes(8))
"""Eight zeros longer: the checksum is the same."""

ENDS = tuple(
    Case(
        f"rfc791-3.2-{what}",
        cites="791-3.2.reasm-f",
        title=title,
        steps=(
            send(*train),
            classify(
                "where the datagram ends",
                way("at the nearer end", ip() / echo_reply(data=pattern(64))),
                way("at the farther end", ip() / echo_reply(data=pattern(64) + bytes(8))),
                way("nowhere: it is dropped", None),
            ),
        ),
        must_survive=True,
    )
    for what, title, train in (
        (
            "second-end-farther",
            "a second last fragment ends eight octets later than the first one",
            (
                fragments(SHORT, (40, None)),
                fragments(LONG, (40, None)),
                fragments(SHORT, (0, 40)),
            ),
        ),
        (
            "second-end-nearer",
            "a second last fragment ends eight octets earlier than the first one",
            (
                fragments(LONG, (40, None)),
                fragments(SHORT, (40, None)),
                fragments(SHORT, (0, 40)),
            ),
        ),
        (
            "more-behind-the-end",
            "a fragment with MF lies behind the end that a last fragment gave",
            (
                fragments(SHORT, (40, None)),
                ip(identification=0x7922, offset=72, mf=1, protocol=1) / data(bytes(8)),
                fragments(SHORT, (0, 40)),
            ),
        ),
        (
            "end-before-what-is-there",
            "a last fragment ends before what is there already",
            (
                fragments(LONG, (40, 80), headers=((0, ip(mf=1)),)),
                fragments(SHORT, (40, None)),
                fragments(SHORT, (0, 40)),
            ),
        ),
    )
)

ODD = tuple(
    Case(
        f"rfc791-3.2-{what}",
        cites="791-3.2.reasm-f",
        title=title,
        steps=(
            send(*train),
            classify(
                subject,
                way("it does not keep the datagram from completion", ip() / echo_reply()),
                way("the datagram is dropped", None),
            ),
        ),
        must_survive=True,
    )
    for what, title, subject, train in (
        (
            "12-octets-with-mf",
            "a fragment with MF has twelve octets, the next one begins after eight",
            "a fragment with MF whose length is no multiple of eight",
            (fragments(ONE, (0, 24), (24, 36), (32, None)),),
        ),
        (
            "no-octets-with-mf",
            "a fragment with MF has no data at all",
            "an empty fragment with MF",
            (
                ip(identification=0x7921, offset=24, mf=1, protocol=1) / data(b""),
                fragments(ONE, (0, 24), (24, None)),
            ),
        ),
        (
            "no-octets-at-the-end",
            "an empty last fragment gives the end, all data having MF",
            "an empty last fragment",
            (
                fragments(ONE, (0, 96), headers=((0, ip(mf=1)),)),
                ip(identification=0x7921, offset=96, protocol=1) / data(b""),
            ),
        ),
    )
)

HUGE = fragments(
    ip(identification=0x7923) / echo_request(sequence=1, data=pattern(65112)),
    *((start, start + 1480) for start in range(0, 65120, 1480)),
    headers=((43, ip(mf=1)),),
)
"""65,120 octets, and MF set to the last of them."""
TOO_BIG = (
    Case(
        "rfc791-3.2-last-octet-behind-65535",
        cites="791-3.2.reasm-h",
        title="a train that its last fragment carries past 65,535 octets is not delivered",
        control=(
            send(fragments(ip() / echo_request(data=pattern(2000)), (0, 1480), (1480, None))),
            expect_train(ip() / echo_reply(data=pattern(2000))),
        ),
        steps=(
            send(
                HUGE,
                ip(identification=0x7923, offset=65120, protocol=1) / data(pattern(1480)),
            ),
            silence(),
        ),
        must_survive=True,
    ),
    Case(
        "rfc791-3.2-header-and-data-behind-65535",
        cites="791-3.2.reasm-h",
        title="a train whose data fits 65,535 octets but not with its header is not delivered",
        control=(
            send(fragments(ip() / echo_request(data=pattern(2000)), (0, 1480), (1480, None))),
            expect_train(ip() / echo_reply(data=pattern(2000))),
        ),
        steps=(
            send(
                HUGE,
                # 65,520 octets of data, 65,540 with the header.
                ip(identification=0x7923, offset=65120, protocol=1) / data(bytes(400)),
            ),
            silence(),
        ),
        must_survive=True,
    ),
    Case(
        "rfc791-3.2-last-offset-and-1480-octets",
        cites="791-3.2.reasm-h",
        title="1,480 octets at offset 65,512 cannot be part of a datagram and do no harm",
        no_control="no fragment is answered by itself: what counts is that the target lives on",
        steps=(
            send(
                ip(identification=0x7924, offset=65512, protocol=1) / data(pattern(1480)),
                ip(identification=0x7925, offset=65528, mf=1, protocol=1) / data(pattern(1480)),
                ip(identification=0x7926, offset=65528, protocol=17) / data(pattern(9)),
            ),
            silence(),
            send(ip() / echo_request(data=b"still alive")),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"still alive")),
        ),
        must_survive=True,
    ),
)

LARGEST = (
    Case(
        "rfc791-3.1-65535-octets-exchanged",
        cites="791-3.1.len-e",
        title="what becomes of a datagram of 65,535 octets",
        steps=(
            send(
                fragments(
                    ip() / echo_request(data=pattern(65507)),
                    *((start, start + 1480) for start in range(0, 65120, 1480)),
                    (65120, None),
                )
            ),
            classify(
                "an echo request of 65,535 octets",
                way(
                    "answered whole",
                    ip(total_length=65535) / echo_reply(data=pattern(65507)),
                    train=True,
                ),
                way("not answered", None),
            ),
        ),
        must_survive=True,
    ),
)

CASES: tuple[Case, ...] = (*OVERLAPS, *ENDS, *ODD, *TOO_BIG, *LARGEST)

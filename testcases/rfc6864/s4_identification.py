"""RFC 6864 §4 and §5.2: the Identification field, for fragments and nothing else.

An *atomic* datagram has DF set and is no fragment; everything else is non-atomic. What is asked of
values applies to non-atomic datagrams alone, so those cases ask first whether the target sends any.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    HOST,
    OPEN_PORT,
    TESTER,
    TESTER_2,
    Case,
    Topology,
    classify,
    close,
    counters,
    data,
    differs_from,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    fragments,
    ip,
    merged,
    nothing_received,
    open_udp,
    pattern,
    received,
    send,
    udp,
    unreachable,
    way,
)

NON_ATOMIC = (
    send(ip() / echo_request()),
    expect(ip(df=0) / echo_reply()),
)
"""The target's echo replies are non-atomic: DF is clear."""
TWO = ((0, 48), (48, None))
TRAIN = ip(identification=0x6864) / echo_request(sequence=1, data=pattern(93))
REPLY = ip() / echo_reply(sequence=1, data=pattern(93))

MEANING = (
    *(
        Case(
            f"rfc6864-4-{what}-reassembled",
            cites="6864-4-a",
            title=title,
            steps=(
                send(fragments(datagram, *TWO, order=(1, 0))),
                expect(ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(93))),
            ),
            counters=merged(
                echo_served(),
                counters(
                    ipSystemStatsInReceives=1, ipSystemStatsReasmReqds=2, ipSystemStatsReasmOKs=1
                ),
            ),
        )
        for what, title, datagram in (
            (
                "identification-zero",
                "fragments with Identification 0 are put together like others",
                ip(identification=0) / echo_request(data=pattern(93)),
            ),
            (
                "identification-all-ones",
                "fragments with Identification 65,535 are put together like others",
                ip(identification=0xFFFF) / echo_request(data=pattern(93)),
            ),
            (
                "fragments-with-df",
                "fragments with DF set are fragments, not atomic, and are put together",
                ip(df=1) / echo_request(data=pattern(93)),
            ),
        )
    ),
    *(
        Case(
            f"rfc6864-4.1-{what}-with-one-identification",
            cites="6864-4.1-a",
            title=f"two echo requests {words} with one Identification are both answered",
            steps=(
                send(
                    ip(identification=0x6865, df=df) / echo_request(sequence=1, data=b"one"),
                    ip(identification=0x6865, df=df) / echo_request(sequence=2, data=b"two"),
                ),
                expect(ip() / echo_reply(sequence=1, data=b"one")),
                expect(ip() / echo_reply(sequence=2, data=b"two")),
            ),
            counters=echo_served(2),
        )
        for what, words, df in (
            ("atomic-datagrams", "with DF", 1),
            ("whole-datagrams", "without DF", 0),
        )
    ),
    Case(
        "rfc6864-4.1-same-datagram-twice",
        cites="6864-4.1-a",
        title="an echo request that comes twice, Identification and all, is answered twice",
        steps=(
            send(
                ip(identification=0x6866) / echo_request(sequence=1, data=b"same"),
                ip(identification=0x6866) / echo_request(sequence=1, data=b"same"),
            ),
            expect(ip() / echo_reply(sequence=1, data=b"same"), times=2),
        ),
    ),
    Case(
        "rfc6864-4.1-train-completed-twice",
        cites="6864-4.1-a",
        title="two trains with one Identification, one after the other, are both answered",
        steps=(
            send(fragments(TRAIN, *TWO)),
            expect(REPLY),
            send(fragments(TRAIN, *TWO)),
            expect(REPLY),
        ),
    ),
    Case(
        "rfc6864-4.1-atomic-identification-of-a-train",
        cites="6864-4.1-c",
        title="an atomic datagram with the Identification of a train leaves the train alone",
        steps=(
            send(fragments(TRAIN, *TWO, order=(0,))),
            send(ip(identification=0x6864, df=1) / echo_request(sequence=2, data=b"atomic")),
            expect(ip() / echo_reply(sequence=2, data=b"atomic")),
            send(fragments(TRAIN, *TWO, order=(1,))),
            expect(REPLY),
        ),
    ),
    Case(
        "rfc6864-4.1-identification-of-atomic-replies",
        cites="6864-4.1-b",
        title="which Identification replies have that may not be cut",
        steps=(
            send(ip(df=1) / echo_request()),
            classify(
                "the reply to a request with DF",
                way("is atomic, Identification 0", ip(df=1, identification=0) / echo_reply()),
                way("is atomic, with an Identification", ip(df=1) / echo_reply()),
                way("is not atomic", ip(df=0) / echo_reply()),
            ),
        ),
    ),
)

VALUES = (
    Case(
        "rfc6864-4.2-copies-have-fresh-identifications",
        cites="6864-4.2-a",
        title="a reply that repeats an earlier one octet for octet has another Identification",
        provided=NON_ATOMIC,
        steps=(
            send(ip() / echo_request(sequence=1, data=b"again")),
            expect(ip(df=0) / echo_reply(sequence=1, data=b"again"), label="first"),
            send(ip() / echo_request(sequence=1, data=b"again")),
            expect(
                ip(df=0, identification=differs_from("first", "ip.identification"))
                / echo_reply(sequence=1, data=b"again")
            ),
        ),
    ),
    Case(
        "rfc6864-4.3-no-value-twice",
        cites="6864-4.3-a",
        title="of 64 replies to one peer no two have one Identification",
        provided=NON_ATOMIC,
        steps=(
            send(*(ip() / echo_request(sequence=number) for number in range(64))),
            expect(ip(df=0) / echo_reply(), times=64, distinct="ip.identification"),
        ),
    ),
    Case(
        "rfc6864-4.3-no-value-twice-between-two-peers",
        cites="6864-4.3-a",
        title="replies to one peer differ in Identification when another is answered in between",
        provided=NON_ATOMIC,
        steps=(
            send(
                *(
                    ip(src=peer) / echo_request(sequence=number)
                    for number in range(16)
                    for peer in (TESTER, TESTER_2)
                )
            ),
            expect(ip(dst=TESTER, df=0) / echo_reply(), times=16, distinct="ip.identification"),
            expect(ip(dst=TESTER_2, df=0) / echo_reply(), times=16, distinct="ip.identification"),
        ),
    ),
    Case(
        "rfc6864-4.3-no-value-twice-in-errors",
        cites="6864-4.3-a",
        title="no two of 16 Port Unreachables to one peer have one Identification",
        provided=(send(ip() / udp()), expect(ip(df=0) / unreachable(3))),
        steps=(
            send(*(ip() / udp() / data(bytes((number,))) for number in range(16))),
            expect(ip(df=0) / unreachable(3), times=16, distinct="ip.identification"),
        ),
    ),
)

IN_TRANSIT = (
    Case(
        "rfc6864-4.3-df-stays-set",
        cites="6864-4.3-c",
        title="a router forwards a datagram with DF with DF",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, df=1) / udp() / data(b"whole")),
            expect(ip(dst=FAR_TESTER, df=1) / udp() / data(b"whole"), on=FAR),
        ),
    ),
    Case(
        "rfc6864-4.3-df-stays-set-in-fragments",
        cites="6864-4.3-c",
        title="a router forwards a fragment with DF with DF",
        topology=Topology.ROUTER,
        steps=(
            send(fragments(ip(dst=FAR_TESTER, df=1) / udp() / data(pattern(93)), *TWO)),
            expect(ip(dst=FAR_TESTER, df=1, mf=1, offset=0), on=FAR),
            expect(ip(dst=FAR_TESTER, df=1, mf=0, offset=48), on=FAR),
        ),
    ),
)

INTEGRITY = (
    Case(
        "rfc6864-5.2-wrongly-joined-data-not-delivered",
        cites="6864-5.2-b",
        title="UDP joined from pieces of two datagrams does not reach the user",
        control=(
            open_udp("right", port=OPEN_PORT),
            send(fragments(ip() / udp(dport=OPEN_PORT) / data(pattern(93)), *TWO)),
            received("right", data=pattern(93)),
            close("right"),
        ),
        steps=(
            open_udp("u", port=OPEN_PORT),
            send(
                fragments(
                    ip(identification=0x6867) / udp(dport=OPEN_PORT) / data(pattern(93)), (0, 48)
                ),
                fragments(
                    ip(identification=0x6867) / udp(dport=OPEN_PORT) / data(pattern(93, start=9)),
                    (48, None),
                ),
            ),
            nothing_received("u"),
        ),
    ),
)

CASES: tuple[Case, ...] = (*MEANING, *VALUES, *IN_TRANSIT, *INTEGRITY)

"""RFC 1812 §4.2.2.7, §4.2.2.8, §5.2.5, §5.2.6, §3.3.4: fragments at a router."""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    HOST,
    TESTER,
    Case,
    Topology,
    at_least,
    at_most,
    between,
    classify,
    count,
    counters,
    data,
    echo_reply,
    echo_request,
    expect,
    expect_train,
    fragments,
    ip,
    ms,
    mtu,
    pattern,
    send,
    silence,
    way,
)

SMALL = (mtu(576, on=FAR),)
BIG = pattern(1472)
OUT = ip(src=TESTER, dst=FAR_TESTER)
PIECE = ip(src=TESTER, dst=FAR_TESTER, offset=at_most(0xFFFF))

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-4.2.2.7-least-number-of-pieces-{octets}",
            cites="1812-4.2.2.7-b",
            title=f"{octets} octets over an MTU of 576 go on in {pieces} pieces, no more",
            topology=Topology.ROUTER,
            given=SMALL,
            steps=(
                send(ip(dst=FAR_TESTER) / echo_request(data=pattern(octets - 28))),
                count(PIECE, between(pieces, pieces), within=ms(250), on=FAR),
            ),
        )
        for octets, pieces in ((577, 2), (1128, 2), (1129, 3), (1500, 3))
    ),
    Case(
        "rfc1812-4.2.2.7-pieces-in-order",
        cites="1812-4.2.2.7-b",
        title="the pieces of a datagram go out in the order of their offsets",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER) / echo_request(data=BIG)),
            expect_train(OUT / echo_request(data=BIG), on=FAR, ordered=True),
        ),
        counters=counters(
            ipSystemStatsInReceives=1,
            ipSystemStatsInForwDatagrams=1,
            ipSystemStatsOutForwDatagrams=1,
            ipSystemStatsOutFragReqds=1,
            ipSystemStatsOutFragOKs=1,
            ipSystemStatsOutFragCreates=3,
            ipSystemStatsOutTransmits=3,
        ),
    ),
    Case(
        "rfc1812-4.2.2.7-size-of-the-first-piece",
        cites=("1812-4.2.2.7-c", "791-3.2.fragproc-b"),
        title="how a router shares out 1,500 octets among pieces for an MTU of 576",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER) / echo_request(data=BIG)),
            classify(
                "the first piece",
                way("as big as fits", ip(offset=0, mf=1, total_length=572)),
                way("one of equal pieces", ip(offset=0, mf=1, total_length=between(500, 571))),
                way("the small one", ip(offset=0, mf=1, total_length=at_most(499))),
                on=FAR,
            ),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1812-4.2.2.8-datagram-for-the-router-reassembled",
        cites="1812-4.2.2.8-a",
        title="an echo request for the router in three fragments is answered",
        topology=Topology.ROUTER,
        steps=(
            send(
                fragments(
                    ip() / echo_request(data=pattern(1000)),
                    (0, 400),
                    (400, 800),
                    (800, None),
                    order=(2, 0, 1),
                )
            ),
            expect_train(ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(1000))),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.3.3.6-echo-of-{octets}-octets",
            cites="1812-4.3.3.6-a",
            title=f"an echo request of {octets} octets for the router is answered, {words}",
            topology=Topology.ROUTER,
            steps=(
                send(stimulus),
                expect_train(ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(octets - 28))),
            ),
        )
        for octets, words, stimulus in (
            (576, "whole", ip() / echo_request(data=pattern(548))),
            (1500, "whole", ip() / echo_request(data=pattern(1472))),
            (
                1492,
                "in pieces",
                fragments(
                    ip() / echo_request(data=pattern(1464)), (0, 552), (552, 1104), (1104, None)
                ),
            ),
        )
    ),
    Case(
        "rfc1812-5.2.6-fragments-not-put-together",
        cites="1812-5.2.6-a",
        title="small fragments in transit come out as the same fragments",
        topology=Topology.ROUTER,
        steps=(
            send(
                fragments(ip(dst=FAR_TESTER) / echo_request(data=pattern(88)), (0, 48), (48, None))
            ),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=0, mf=1, total_length=68), on=FAR),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=48, mf=0, total_length=68), on=FAR),
        ),
        counters=counters(
            ipSystemStatsInReceives=2,
            ipSystemStatsInForwDatagrams=2,
            ipSystemStatsOutForwDatagrams=2,
            ipSystemStatsOutTransmits=2,
        ),
    ),
    *(
        Case(
            f"rfc1812-5.2.6-{name}-not-held-back",
            cites="1812-5.2.6-a",
            title=f"{words} in transit whose siblings never come is forwarded at once",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, offset=offset, mf=mf) / data(pattern(64))),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, offset=offset, mf=mf) / data(pattern(64)),
                    on=FAR,
                ),
            ),
        )
        for name, words, offset, mf in (
            ("first", "a first fragment", 0, 1),
            ("middle", "a middle fragment", 64, 1),
            ("last", "a last fragment", 128, 0),
        )
    ),
    Case(
        "rfc1812-5.2.6-overlapping-fragments-passed-on",
        cites="1812-5.2.6-a",
        title="what overlaps is for the destination to judge: both fragments are forwarded",
        topology=Topology.ROUTER,
        steps=(
            send(
                ip(dst=FAR_TESTER, mf=1, identification=0x7001) / data(pattern(64)),
                ip(dst=FAR_TESTER, offset=32, identification=0x7001) / data(pattern(64, 7)),
            ),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=0, mf=1) / data(pattern(64)), on=FAR),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=32, mf=0) / data(pattern(64, 7)), on=FAR),
        ),
    ),
    Case(
        "rfc1812-3.3.4-mtu-is-a-setting",
        cites="1812-3.3.4-a",
        title="with the far MTU set to 1,000 no piece is longer",
        topology=Topology.ROUTER,
        given=(mtu(1000, on=FAR),),
        steps=(
            send(ip(dst=FAR_TESTER) / echo_request(data=BIG)),
            silence(
                of=ip(dst=FAR_TESTER, offset=at_most(0xFFFF), total_length=at_least(1001)),
                on=FAR,
            ),
            expect_train(OUT / echo_request(data=BIG), on=FAR),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.2.2.3-reserved-flag-forwarded-{name}",
            cites="1812-4.2.2.3-b",
            title=f"{words} is not dropped because its reserved flag is set",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, reserved=1, df=df) / echo_request()),
                expect(ip(src=TESTER, dst=FAR_TESTER) / echo_request(), on=FAR),
            ),
        )
        for name, words, df in (("plain", "a datagram", 0), ("with-df", "a datagram with DF", 1))
    ),
    Case(
        "rfc1812-4.2.2.3-reserved-flag-to-the-router",
        cites="1812-4.2.2.3-b",
        title="an echo request for the router is answered although its reserved flag is set",
        topology=Topology.ROUTER,
        steps=(
            send(ip(reserved=1) / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
    ),
    Case(
        "rfc1812-5.2.5-reserved-flag-unchanged",
        cites="1812-5.2.5-a",
        title="the reserved flag passes through unchanged",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, reserved=1) / echo_request()),
            expect(ip(src=TESTER, dst=FAR_TESTER, reserved=1) / echo_request(), on=FAR),
        ),
    ),
    Case(
        "rfc1812-5.2.5-reserved-flag-in-each-fragment",
        cites="1812-5.2.5-a",
        title="a router that cuts a datagram copies its reserved flag into each piece",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER, reserved=1) / data(pattern(1000))),
            expect(ip(src=TESTER, dst=FAR_TESTER, offset=0, mf=1, reserved=1), on=FAR),
            expect(
                ip(src=TESTER, dst=FAR_TESTER, offset=at_least(8), mf=0, reserved=1),
                on=FAR,
            ),
        ),
        rest_is_free=True,
    ),
)

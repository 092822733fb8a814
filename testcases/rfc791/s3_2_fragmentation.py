"""RFC 791 §3.2 and appendix A: how datagrams are cut, by the host that sends them and in transit.

The host answers long echo requests over a link of 280 octets; what goes to it is cut to fit that
link too. Where pieces are cut is up to whoever cuts, so only what must hold for all of them is
named: what they make together, and what no piece may be.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    HOST,
    TESTER,
    Case,
    Option,
    Topology,
    at_least,
    at_most,
    between,
    classify,
    counters,
    data,
    differs_from,
    echo_reply,
    echo_request,
    expect,
    expect_train,
    fragments,
    including,
    ip,
    mtu,
    nop,
    option,
    pattern,
    send,
    silence,
    udp,
    unreachable,
    way,
    without,
)

BIG = fragments(
    ip(tos=0x28) / echo_request(data=pattern(1000)),
    (0, 256),
    (256, 512),
    (512, 768),
    (768, None),
)
"""An echo request of 1,028 octets whose reply does not fit."""
BIG_REPLY = ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(1000))
ANY_PIECE = at_least(0)
LATER_PIECE = at_least(8)
NOT_COPIED, COPIED = 94, 158
"""Types that nobody knows (RFC 4727 §3.3), without and with the copied flag."""

REPLIES = (
    Case(
        "rfc791-3.1-pieces-marked-with-mf",
        cites="791-3.1.flags-c",
        title="all pieces of a cut reply but the last have MF set",
        given=(mtu(280),),
        steps=(send(BIG), expect_train(BIG_REPLY)),
        counters=counters(
            ipSystemStatsInReceives=4,
            ipSystemStatsReasmReqds=4,
            ipSystemStatsReasmOKs=1,
            ipSystemStatsInDelivers=1,
            ipSystemStatsOutRequests=1,
            ipSystemStatsOutFragReqds=1,
            ipSystemStatsOutFragOKs=1,
            ipSystemStatsOutFragCreates=4,
            ipSystemStatsOutTransmits=4,
            icmpStatsInMsgs=1,
            icmpMsgStatsInPkts_8=1,
            icmpStatsOutMsgs=1,
            icmpMsgStatsOutPkts_0=1,
        ),
    ),
    Case(
        "rfc791-3.1-offsets-say-where-pieces-belong",
        cites="791-3.1.fo-a",
        title="the pieces of a cut reply, put where their offsets say, are the data of the request",
        given=(mtu(280),),
        steps=(send(BIG), expect_train(BIG_REPLY)),
    ),
    Case(
        "rfc791-3.2-pieces-cut-on-8-octets",
        cites="791-3.2.frag-c",
        title="a reply of odd length is cut on boundaries of eight octets",
        given=(mtu(281),),
        steps=(
            send(
                fragments(
                    ip() / echo_request(data=pattern(777)),
                    (0, 256),
                    (256, 512),
                    (512, 768),
                    (768, None),
                )
            ),
            expect_train(ip() / echo_reply(data=pattern(777))),
        ),
    ),
    Case(
        "rfc791-3.1-pieces-share-identification",
        cites="791-3.1.id-a",
        title="all pieces of a cut reply have one Identification",
        given=(mtu(280),),
        steps=(
            send(BIG),
            expect(ip(src=HOST, mf=1, offset=0) / echo_reply(), label="first"),
            silence(
                of=ip(
                    src=HOST,
                    offset=LATER_PIECE,
                    identification=differs_from("first", "ip.identification"),
                )
            ),
        ),
        rest_is_free=True,
    ),
    *(
        Case(
            f"rfc791-3.2-pieces-share-{field}",
            cites="791-3.2.frag-g",
            title=f"all pieces of a cut reply have the same {field.upper()}",
            given=(mtu(280),),
            steps=(
                send(BIG),
                expect(ip(src=HOST, mf=1, offset=0) / echo_reply(), label="first"),
                silence(of=other),
            ),
            rest_is_free=True,
        )
        for field, other in (
            ("tos", ip(src=HOST, offset=LATER_PIECE, tos=differs_from("first", "ip.tos"))),
            ("ttl", ip(src=HOST, offset=LATER_PIECE, ttl=differs_from("first", "ip.ttl"))),
            (
                "protocol",
                ip(src=HOST, offset=LATER_PIECE, protocol=differs_from("first", "ip.protocol")),
            ),
            ("df", ip(src=HOST, offset=LATER_PIECE, df=differs_from("first", "ip.df"))),
        )
    ),
    Case(
        "rfc791-3.2-pieces-as-large-as-fit",
        cites="791-3.2.fragproc-b",
        title="how large the first piece of a cut reply is",
        given=(mtu(280),),
        steps=(
            send(BIG),
            classify(
                "the first piece over a link of 280 octets",
                way("as large as fits", ip(mf=1, offset=0, total_length=276) / echo_reply()),
                way(
                    "smaller",
                    ip(mf=1, offset=0, total_length=between(28, 275)) / echo_reply(),
                ),
            ),
        ),
        rest_is_free=True,
    ),
)

# RFC 791 appendix A, example 2: 452 octets of data over 280 octets.
EXAMPLE = (
    Case(
        "rfc791-appendix.a-example-2",
        cites="791-A-a",
        title="472 octets over a link of 280 leave as 276 from 0 and 216 from 256",
        given=(mtu(280),),
        steps=(
            send(
                fragments(ip() / echo_request(data=pattern(444)), (0, 256), (256, None)),
            ),
            expect_train(
                ip() / echo_reply(data=pattern(444)),
                ip(offset=0, mf=1, total_length=276),
                ip(offset=256, mf=0, total_length=216),
            ),
        ),
    ),
    Case(
        "rfc791-appendix.a-example-2-in-transit",
        cites="791-A-a",
        title="the datagram of example 2, forwarded over 280 octets, is cut as in the example",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR),),
        steps=(
            send(
                ip(dst=FAR_TESTER, identification=111, ttl=123) / udp() / data(pattern(444)),
            ),
            expect_train(
                ip(dst=FAR_TESTER, identification=111) / udp() / data(pattern(444)),
                ip(offset=0, mf=1, total_length=276),
                ip(offset=256, mf=0, total_length=216),
                on=FAR,
            ),
        ),
    ),
)

TRANSIT = (
    Case(
        "rfc791-3.2-df-never-cut",
        cites="791-3.2.frag-f",
        title="a datagram with DF that does not fit the next link is not cut",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR),),
        control=(
            send(ip(dst=FAR_TESTER) / udp() / data(pattern(500))),
            expect_train(ip(dst=FAR_TESTER) / udp() / data(pattern(500)), on=FAR),
        ),
        steps=(
            send(ip(dst=FAR_TESTER, df=1) / udp() / data(pattern(500))),
            silence(of=ip(dst=FAR_TESTER, offset=ANY_PIECE), on=FAR),
            expect(ip(dst=TESTER) / unreachable(4), cites="1812-5.2.7.1-c"),
        ),
    ),
    Case(
        "rfc791-3.2-pieces-cut-again",
        cites="791-3.2.fragproc-a",
        title="pieces that are cut again keep their place, and MF all but the very last",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR),),
        steps=(
            send(
                fragments(ip(dst=FAR_TESTER) / udp() / data(pattern(1200)), (0, 600), (600, None))
            ),
            expect_train(ip(dst=FAR_TESTER) / udp() / data(pattern(1200)), on=FAR),
        ),
    ),
    Case(
        "rfc791-3.2-middle-piece-cut-again-keeps-mf",
        cites="791-3.2.fragproc-a",
        title="a piece from the middle, cut again, begins where it began and never says it is last",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR),),
        control=(
            send(ip(dst=FAR_TESTER) / udp() / data(pattern(500))),
            expect_train(ip(dst=FAR_TESTER) / udp() / data(pattern(500)), on=FAR),
        ),
        steps=(
            send(
                fragments(ip(dst=FAR_TESTER) / udp() / data(pattern(1200)), (400, 800)),
            ),
            silence(of=ip(dst=FAR_TESTER, offset=LATER_PIECE, mf=0), on=FAR),
            expect(ip(dst=FAR_TESTER, offset=400, mf=1), on=FAR),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.2-68-octets-pass-uncut",
        cites="791-3.2.frag-d",
        title="sixty octets of header and eight of data pass a link of 68 octets in one piece",
        topology=Topology.ROUTER,
        given=(mtu(68, on=FAR),),
        steps=(
            send(ip(dst=FAR_TESTER, options=(nop(),) * 40) / udp()),
            expect(ip(dst=FAR_TESTER, total_length=at_most(68)) / udp(), on=FAR),
        ),
    ),
    *(
        Case(
            f"rfc791-3.2-pieces-in-transit-share-{field}",
            cites="791-3.2.frag-g",
            title=f"a router that cuts a datagram leaves its {words} in every piece",
            topology=Topology.ROUTER,
            given=(mtu(280, on=FAR),),
            control=(
                send(ip(dst=FAR_TESTER) / udp() / data(pattern(500))),
                expect_train(ip(dst=FAR_TESTER) / udp() / data(pattern(500)), on=FAR),
            ),
            steps=(
                send(
                    ip(dst=FAR_TESTER, tos=0x28, identification=0x7913)
                    / udp()
                    / data(pattern(500)),
                    label="sent",
                ),
                silence(of=other, on=FAR),
                expect_train(ip(dst=FAR_TESTER) / udp() / data(pattern(500)), on=FAR),
            ),
        )
        for field, words, other in (
            (
                "identification",
                "Identification",
                ip(
                    dst=FAR_TESTER,
                    offset=ANY_PIECE,
                    identification=differs_from("sent", "ip.identification"),
                ),
            ),
            (
                "tos",
                "TOS",
                ip(dst=FAR_TESTER, offset=ANY_PIECE, tos=differs_from("sent", "ip.tos")),
            ),
        )
    ),
)

OPTIONS = (
    Case(
        "rfc791-3.1-copied-flag-decides",
        cites="791-3.1.opt-c",
        title="a later piece has the option with the copied flag and not the one without",
        topology=Topology.ROUTER,
        given=(mtu(280, on=FAR),),
        provided=(
            send(
                ip(dst=FAR_TESTER, options=(option(NOT_COPIED, b"\1\2"), option(COPIED, b"\3\4")))
                / udp()
            ),
            expect(
                ip(dst=FAR_TESTER, options=including(Option(NOT_COPIED), Option(COPIED))) / udp(),
                on=FAR,
            ),
        ),
        steps=(
            send(
                ip(dst=FAR_TESTER, options=(option(NOT_COPIED, b"\1\2"), option(COPIED, b"\3\4")))
                / udp()
                / data(pattern(500))
            ),
            silence(
                of=ip(dst=FAR_TESTER, offset=LATER_PIECE, options=without(COPIED)),
                on=FAR,
            ),
            silence(
                of=ip(dst=FAR_TESTER, offset=LATER_PIECE, options=including(Option(NOT_COPIED))),
                on=FAR,
            ),
            expect_train(
                ip(
                    dst=FAR_TESTER,
                    options=(option(NOT_COPIED, b"\1\2"), option(COPIED, b"\3\4")),
                )
                / udp()
                / data(pattern(500)),
                on=FAR,
            ),
        ),
    ),
)

CASES: tuple[Case, ...] = (*REPLIES, *EXAMPLE, *TRANSIT, *OPTIONS)

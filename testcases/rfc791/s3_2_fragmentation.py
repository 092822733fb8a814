"""RFC 791 §3.2 and appendix A: how a host cuts what it sends; routers have modules of their own.

The host answers long echo requests over a link of 280 octets; what goes to it is cut to fit that
link too. Where pieces are cut is up to whoever cuts, so only what must hold for all of them is
named: what they make together, and what no piece may be.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    TESTER,
    Case,
    at_least,
    between,
    classify,
    counters,
    differs_from,
    echo_reply,
    echo_request,
    expect,
    expect_train,
    fragments,
    ip,
    mtu,
    pattern,
    send,
    silence,
    way,
)

BIG = fragments(
    ip(tos=0x28) / echo_request(data=pattern(1000)),
    (0, 256),
    (256, 512),
    (512, 768),
    (768, None),
)
"""An echo request of 1,028 octets whose reply does not fit."""
FITS = (
    send(fragments(ip() / echo_request(data=pattern(93)), (0, 48), (48, None))),
    expect(ip() / echo_reply(data=pattern(93))),
)
"""A request in fragments whose reply fits is answered."""
BIG_REPLY = ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(1000))
LATER_PIECE = at_least(8)

REPLIES = (
    Case(
        "rfc791-3.1-pieces-marked-with-mf",
        cites="791-3.1.flags-c",
        title="all pieces of a cut reply but the last have MF set",
        given=(mtu(280),),
        control=FITS,
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
        control=FITS,
        steps=(send(BIG), expect_train(BIG_REPLY)),
    ),
    Case(
        "rfc791-3.2-pieces-cut-on-8-octets",
        cites="791-3.2.frag-c",
        title="a reply of odd length is cut on boundaries of eight octets",
        given=(mtu(281),),
        control=FITS,
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
        control=FITS,
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
            control=FITS,
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
        control=FITS,
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
        control=FITS,
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
)

CASES: tuple[Case, ...] = (*REPLIES, *EXAMPLE)

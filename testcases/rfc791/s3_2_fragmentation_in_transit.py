"""RFC 791 §3.2, fragmentation by a module on the way: cuts, flags, offsets, what is kept."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    at_least,
    at_most,
    counters,
    data,
    echo_request,
    expect,
    expect_train,
    fragments,
    ip,
    mtu,
    option,
    pattern,
    seen,
    send,
    silence,
    udp,
)

SMALL = (mtu(576, on=FAR),)
BIG = pattern(1400)
OUT = ip(src=TESTER, dst=FAR_TESTER)
ANY_PIECE = ip(dst=FAR_TESTER, offset=at_most(0xFFFF))
LATER = at_least(8)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc791-3.2-cut-to-mtu-{octets}",
            cites=("791-3.2.frag-c", "1812-4.2.2.7-a"),
            title=f"a datagram too big for an MTU of {octets} goes on in pieces of whole octets"
            " of eight that make it up",
            topology=Topology.ROUTER,
            given=(mtu(octets, on=FAR),),
            steps=(
                send(ip(dst=FAR_TESTER) / echo_request(data=BIG)),
                silence(
                    of=ip(
                        dst=FAR_TESTER,
                        total_length=at_least(octets + 1),
                        offset=at_most(0xFFFF),
                    ),
                    on=FAR,
                    cites="1812-3.3.4-a",
                ),
                expect_train(OUT / echo_request(data=BIG), on=FAR),
            ),
        )
        for octets in (68, 280, 576, 583, 1006)
    ),
    Case(
        "rfc791-3.2-cut-of-a-udp-datagram",
        cites="1812-4.2.2.7-a",
        title="a UDP datagram too big for the next link arrives complete in pieces",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER) / udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(BIG)),
            expect_train(OUT / udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(BIG), on=FAR),
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
        "rfc791-3.2-whole-datagram-flags",
        cites="791-3.2.frag-b",
        title="a datagram that fits goes on with MF 0 and offset 0",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER) / echo_request(data=pattern(548))),
            expect(
                ip(src=TESTER, dst=FAR_TESTER, mf=0, offset=0, total_length=576)
                / echo_request(data=pattern(548)),
                on=FAR,
            ),
        ),
    ),
    *(
        Case(
            f"rfc791-3.2-68-octets-pass-{name}",
            cites="791-3.2.frag-d",
            title=f"a datagram of 68 octets, {words}, passes a link of MTU 68 in one piece",
            topology=Topology.ROUTER,
            given=(mtu(68, on=FAR),),
            steps=(
                send(ip(dst=FAR_TESTER, options=options) / echo_request(data=carried)),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, mf=0, offset=0, total_length=68)
                    / echo_request(data=carried),
                    on=FAR,
                ),
            ),
        )
        for name, words, options, carried in (
            ("plain", "20 of them header", (), pattern(40)),
            ("longest-header", "60 of them header", (option(0x1A, bytes(38)),), b""),
        )
    ),
    *(
        Case(
            f"rfc791-3.2-df-never-cut-{name}",
            cites=("791-3.2.frag-f", cited),
            title=f"{words} with DF that is too big for the next link is dropped, not cut",
            topology=Topology.ROUTER,
            given=SMALL,
            control=(
                send(ip(dst=FAR_TESTER, mf=mf, offset=offset) / carried),
                expect(ip(dst=FAR_TESTER, offset=offset, mf=1), on=FAR),
            ),
            steps=(
                send(ip(dst=FAR_TESTER, df=1, mf=mf, offset=offset) / carried),
                silence(of=ANY_PIECE, on=FAR),
            ),
            rest_is_free=True,
            counters=changes,
        )
        for name, words, mf, offset, carried, cited, changes in (
            (
                "echo",
                "an echo request",
                0,
                0,
                echo_request(data=BIG),
                "792-du-e",
                counters(
                    ipSystemStatsInReceives=1,
                    ipSystemStatsInForwDatagrams=1,
                    ipSystemStatsOutForwDatagrams=1,
                    ipSystemStatsOutFragReqds=1,
                    ipSystemStatsOutFragFails=1,
                    ipSystemStatsOutRequests=1,
                    ipSystemStatsOutTransmits=1,
                    icmpStatsOutMsgs=1,
                    icmpMsgStatsOutPkts_3=1,
                ),
            ),
            ("udp", "a UDP datagram", 0, 0, udp() / data(BIG), "792-du-e", None),
            ("first-fragment", "a first fragment", 1, 0, data(BIG), "6864-4.3-b", None),
            ("later-fragment", "a later fragment", 1, 1400, data(BIG), "6864-4.3-b", None),
        )
    ),
    Case(
        "rfc791-3.2-fields-kept-in-fragments",
        cites="791-3.2.frag-g",
        title="the pieces have the TOS, Identification, protocol, addresses and DF of the datagram",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER, tos=0x28) / udp() / data(pattern(1000)), label="whole"),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    tos=0x28,
                    identification=seen("whole", "ip.identification"),
                    protocol=17,
                    df=0,
                    mf=1,
                    offset=0,
                ),
                on=FAR,
            ),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    tos=0x28,
                    identification=seen("whole", "ip.identification"),
                    protocol=17,
                    df=0,
                    mf=0,
                    offset=LATER,
                ),
                on=FAR,
            ),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.2-fragments-cut-again",
        cites="791-3.2.fragproc-a",
        title="fragments that are cut again still make up the datagram",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(
                fragments(
                    ip(dst=FAR_TESTER) / echo_request(data=pattern(3000)),
                    (0, 1200),
                    (1200, 2400),
                    (2400, None),
                )
            ),
            expect_train(OUT / echo_request(data=pattern(3000)), on=FAR),
        ),
    ),
    Case(
        "rfc791-3.2-middle-fragment-cut-again",
        cites="791-3.2.fragproc-a",
        title="the pieces of a middle fragment begin at its offset and all announce more",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER, mf=1, offset=1200) / data(pattern(800))),
            silence(of=ip(dst=FAR_TESTER, mf=0, offset=at_most(0xFFFF)), on=FAR),
            silence(of=ip(dst=FAR_TESTER, offset=at_most(1199)), on=FAR),
            expect(ip(src=TESTER, dst=FAR_TESTER, mf=1, offset=1200), on=FAR),
            expect(ip(src=TESTER, dst=FAR_TESTER, mf=1, offset=at_least(1208)), on=FAR),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.2-last-fragment-cut-again",
        cites="791-3.2.fragproc-a",
        title="of the pieces of a last fragment only the last one has MF 0",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER, mf=0, offset=1200) / data(pattern(800))),
            expect(ip(src=TESTER, dst=FAR_TESTER, mf=1, offset=1200), on=FAR),
            expect(ip(src=TESTER, dst=FAR_TESTER, mf=0, offset=at_least(1208)), on=FAR),
            silence(of=ip(dst=FAR_TESTER, mf=0, offset=at_most(0xFFFF)), on=FAR),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.2-highest-offset-cut-again",
        cites="791-3.2.fragproc-a",
        title="a last fragment that ends at octet 65,515 of the payload is cut with right offsets",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(ip(dst=FAR_TESTER, mf=0, offset=64712) / data(pattern(803))),
            expect(ip(src=TESTER, dst=FAR_TESTER, mf=1, offset=64712), on=FAR),
            expect(ip(src=TESTER, dst=FAR_TESTER, mf=0, offset=at_least(64720)), on=FAR),
        ),
        rest_is_free=True,
    ),
)

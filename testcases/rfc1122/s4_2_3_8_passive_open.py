"""RFC 1122 §4.2.3.8: connections that a peer opens by way of a source route.

The route that a SYN has come by, reversed, is the way of everything that the host sends on the
connection. The hops are tester addresses on the link. Judged where the target is told to take
source routes, as RFC 7126 §4.3 has many drop them.
"""

from __future__ import annotations

from harness.case import (
    ACK,
    FIN,
    HOST,
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    NEIGHBOUR_2,
    NEXT,
    OPEN_PORT,
    PSH,
    RST,
    STRICT_SOURCE_ROUTE,
    SYN,
    TESTER,
    Case,
    Option,
    bits,
    data,
    expect,
    including,
    ip,
    listen,
    ms,
    open_tcp,
    received_tcp,
    reply,
    reset,
    seconds,
    seen,
    send,
    send_tcp,
    shutdown,
    silence,
    source_route,
    syn,
    tcp,
)

from testcases.connections import (
    BACK,
    BACK_BY_OTHER,
    BY_HOP,
    BY_HOP_OPENED,
    BY_OTHER,
    ENDED,
    LISTENING,
    SYN_ACK,
)
from testcases.options import TAKES, complete

SOON = ms(600)
"""RFC 1122 §4.2.3.2: an acknowledgment may wait for half a second."""
IN_THE_END = send(ip() / reply("syn-ack", after="syn", flags=RST | ACK))
"""Of connections that nobody accepts."""

REVERSED = tuple(
    Case(
        f"rfc1122-4.2.3.8-syn-by-{what}-answered-along-it",
        cites=("1122-4.2.3.8-b", "1122-3.2.1.8c-d"),
        title=f"a SYN that came by {words} is answered by the same way back",
        given=TAKES,
        steps=(
            *LISTENING,
            send(ip(options=(complete(kind, *recorded),)) / syn(), label="syn"),
            expect(
                ip(src=HOST, dst=first, options=(source_route(kind, *back, pointer=4),)) / SYN_ACK,
                label="syn-ack",
            ),
            IN_THE_END,
            reset("l"),
        ),
    )
    for what, words, kind, recorded, first, back in (
        ("one-hop", "a hop", LOOSE_SOURCE_ROUTE, (NEIGHBOUR,), NEIGHBOUR, (TESTER,)),
        (
            "two-hops",
            "two hops",
            LOOSE_SOURCE_ROUTE,
            (NEIGHBOUR, NEIGHBOUR_2),
            NEIGHBOUR_2,
            (NEIGHBOUR, TESTER),
        ),
        ("one-strict-hop", "a strict hop", STRICT_SOURCE_ROUTE, (NEIGHBOUR,), NEIGHBOUR, (TESTER,)),
        (
            "two-strict-hops",
            "two strict hops",
            STRICT_SOURCE_ROUTE,
            (NEIGHBOUR, NEIGHBOUR_2),
            NEIGHBOUR_2,
            (NEIGHBOUR, TESTER),
        ),
        (
            "route-that-begins-with-its-source",
            "a route that begins with its source, which is not named twice,",
            LOOSE_SOURCE_ROUTE,
            (TESTER, NEIGHBOUR),
            NEIGHBOUR,
            (TESTER,),
        ),
        (
            "nine-hops",
            "the longest of routes",
            LOOSE_SOURCE_ROUTE,
            (NEIGHBOUR, *(NEIGHBOUR_2,) * 7, NEIGHBOUR),
            NEIGHBOUR,
            (*(NEIGHBOUR_2,) * 7, NEIGHBOUR, TESTER),
        ),
    )
)

ALL_SEGMENTS = (
    Case(
        "rfc1122-4.2.3.8-data-and-end-along-the-way-back",
        cites="1122-4.2.3.8-b",
        title="data, acknowledgments and the end of a connection go back by the route of its SYN",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            send_tcp("c", b"data of the host"),
            expect(BACK / tcp(checksum_right=True) / data(b"data of the host"), label="there"),
            send(
                BY_HOP / reply("there", after="syn", flags=ACK | PSH) / data(b"data of the peer"),
                label="hi",
            ),
            received_tcp("c", b"data of the peer"),
            expect(BACK / tcp(flags=ACK, acknowledgment=seen("hi", NEXT)), within=SOON),
            shutdown("c"),
            expect(BACK / tcp(flags=FIN | ACK, checksum_right=True), label="fin"),
            *ENDED,
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1122-4.2.3.8-reset-along-the-way-back",
        cites="1122-4.2.3.8-b",
        title="the reset of a connection that came by a source route goes back by it",
        given=TAKES,
        # RFC 9293 §3.10.5 sends it without ACK, many stacks set it.
        steps=(*BY_HOP_OPENED, reset("c"), expect(BACK / tcp(flags=bits(RST, RST))), reset("l")),
    ),
    Case(
        "rfc1122-4.2.3.8-syn-ack-again-along-the-way-back",
        cites="1122-4.2.3.8-b",
        title="a SYN-ACK that is sent again takes the same way as at first",
        given=TAKES,
        steps=(
            *LISTENING,
            send(BY_HOP / syn(), label="syn"),
            expect(BACK / SYN_ACK, label="syn-ack"),
            expect(BACK / SYN_ACK, within=seconds(4)),
            IN_THE_END,
            reset("l"),
        ),
    ),
    Case(
        "rfc1122-4.2.3.8-data-again-along-the-way-back",
        cites="1122-4.2.3.8-b",
        title="data that nobody acknowledges is sent again along the way back",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            send_tcp("c", b"twice"),
            expect(BACK / tcp() / data(b"twice")),
            expect(BACK / tcp() / data(b"twice"), within=seconds(4)),
            *ENDED,
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1122-4.2.3.8-way-back-kept-without-routes-later",
        cites="1122-4.2.3.8-b",
        title="the way back stays that of the SYN when later segments come without a route",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            send(
                ip() / reply("syn-ack", after="syn", flags=ACK | PSH) / data(b"straight"),
                label="hi",
            ),
            received_tcp("c", b"straight"),
            send_tcp("c", b"by the hop"),
            expect(BACK / tcp(acknowledgment=seen("hi", NEXT)) / data(b"by the hop")),
            *ENDED,
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1122-4.2.3.8-next-connection-without-way-back",
        cites="1122-4.2.3.8-b",
        title="a way back is one connection's: the next to the same port is answered straight",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            send(ip() / syn(sport=40_001), label="other"),
            expect(
                ip(src=HOST, dst=TESTER, options=())
                / tcp(dport=40_001, flags=SYN | ACK, acknowledgment=seen("other", NEXT)),
                label="answer",
            ),
            send(ip() / reply("answer", after="other", sport=40_001, flags=RST | ACK)),
            *ENDED,
        ),
        rest_is_free=True,
    ),
)

LATER = (
    Case(
        "rfc1122-4.2.3.8-later-route-overrides",
        cites="1122-4.2.3.8-e",
        title="when a later segment has come by another route, that one's way back is taken",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            send(
                BY_OTHER / reply("syn-ack", after="syn", flags=ACK | PSH) / data(b"another way"),
            ),
            received_tcp("c", b"another way"),
            send_tcp("c", b"the other way"),
            expect(BACK_BY_OTHER / tcp(checksum_right=True) / data(b"the other way")),
            *ENDED,
        ),
        rest_is_free=True,
    ),
)

TWO_ROUTES = (
    Case(
        "rfc1122-4.2.3.8-two-routes-never-sent",
        cites="1122-3.2.1.8c-e",
        title="a SYN with two source routes does not make the host answer with two",
        given=TAKES,
        control=(
            open_tcp("k", port=OPEN_PORT),
            listen("k"),
            send(BY_HOP / syn(), label="syn"),
            expect(BACK / SYN_ACK, label="syn-ack"),
            IN_THE_END,
            reset("k"),
        ),
        steps=(
            *LISTENING,
            send(
                ip(
                    options=(
                        complete(LOOSE_SOURCE_ROUTE, NEIGHBOUR),
                        complete(LOOSE_SOURCE_ROUTE, NEIGHBOUR_2),
                    )
                )
                / syn(sequence=5_000)
            ),
            silence(
                of=ip(
                    src=HOST,
                    options=including(Option(LOOSE_SOURCE_ROUTE), Option(LOOSE_SOURCE_ROUTE)),
                )
            ),
            reset("l"),
        ),
        rest_is_free=True,
        must_survive=True,
    ),
)

CASES: tuple[Case, ...] = (*REVERSED, *ALL_SEGMENTS, *LATER, *TWO_ROUTES)

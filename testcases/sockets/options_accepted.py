"""IP_OPTIONS on accepted connections: what is got, set and cleared there.

RFC 1122 §4.2.3.8 wants the way back of a SYN's source route saved and used. In what form the user
sees it, and what becomes of other options, is for each stack to say: that is observed.
"""

from __future__ import annotations

from harness.case import (
    ACK,
    HOST,
    LOOSE_SOURCE_ROUTE,
    NEIGHBOUR,
    NEIGHBOUR_2,
    PSH,
    RECORD_ROUTE,
    ROUTER_ALERT,
    STRICT_SOURCE_ROUTE,
    TESTER,
    Address,
    Case,
    Option,
    accept,
    classify,
    data,
    expect,
    get_option,
    including,
    ip,
    loose_source_route,
    nop,
    option,
    received_tcp,
    record_route,
    reply,
    reset,
    router_alert,
    send,
    send_tcp,
    set_option,
    source_route,
    syn,
    tcp,
    way,
    without,
)

from testcases.connections import (
    BACK_BY_OTHER,
    BY_HOP,
    BY_HOP_OPENED,
    ENDED,
    LISTENING,
    SYN_ACK,
)
from testcases.options import RAW, TAKES, complete


def berkeley_form(first: Address, route: Option) -> tuple[Option, ...]:
    """The first hop, a no-operation, and the option with the rest of the way."""
    return (Option(-1, None, None, None, (first,)), nop(), route)


GOT = tuple(
    Case(
        f"sockets-accept-{what}-got-in-berkeley-form",
        cites="sockets-accept-a",
        title=f"whether the way back of {words} is got with its first hop in front",
        given=TAKES,
        steps=(
            *LISTENING,
            send(ip(options=(complete(kind, *recorded),)) / syn(), label="syn"),
            expect(ip(src=HOST, dst=back[0]) / SYN_ACK, label="syn-ack"),
            send(ip() / reply("syn-ack", after="syn")),
            accept("c", listener="l"),
            get_option("c", RAW, octets=berkeley_form(back[0], source_route(kind, *back[1:]))),
            *ENDED,
        ),
        rest_is_free=True,
    )
    for what, words, kind, recorded, back in (
        ("one-hop", "one hop", LOOSE_SOURCE_ROUTE, (NEIGHBOUR,), (NEIGHBOUR, TESTER)),
        ("strict-hop", "one strict hop", STRICT_SOURCE_ROUTE, (NEIGHBOUR,), (NEIGHBOUR, TESTER)),
        (
            "two-hops",
            "two hops",
            LOOSE_SOURCE_ROUTE,
            (NEIGHBOUR, NEIGHBOUR_2),
            (NEIGHBOUR_2, NEIGHBOUR, TESTER),
        ),
        (
            "nine-hops",
            "nine hops, 44 octets,",
            LOOSE_SOURCE_ROUTE,
            (NEIGHBOUR_2, *(NEIGHBOUR,) * 8),
            (*(NEIGHBOUR,) * 8, NEIGHBOUR_2, TESTER),
        ),
    )
)

NO_ROUTE = tuple(
    Case(
        f"sockets-accept-{what}-not-got",
        cites="sockets-accept-b",
        title=f"whether a connection whose SYN had {words} has options to be got",
        steps=(
            *LISTENING,
            send(ip(options=options) / syn(), label="syn"),
            expect(ip(src=HOST) / SYN_ACK, label="syn-ack"),
            send(ip() / reply("syn-ack", after="syn")),
            accept("c", listener="l"),
            get_option("c", RAW, octets=b""),
            *ENDED,
        ),
        rest_is_free=True,
    )
    for what, words, options in (
        ("nothing", "no options", ()),
        ("router-alert", "a router alert", (router_alert(),)),
        ("unknown-option", "an option that nobody knows", (option(222, b"\x01\x02"),)),
        ("record-route", "a record route", (record_route(slots=2),)),
    )
)

INHERITED = (
    Case(
        "sockets-accept-options-of-the-listener-on-syn-ack",
        cites="sockets-accept-c",
        title="whether a SYN-ACK has the options that were set on the listening socket",
        steps=(
            *LISTENING,
            set_option("l", RAW, octets=(router_alert(),)),
            send(ip() / syn(), label="syn"),
            classify(
                "the options of a listening socket",
                way("sent", ip(src=HOST, options=including(Option(ROUTER_ALERT))) / SYN_ACK),
                way("not sent", ip(src=HOST, options=without(ROUTER_ALERT)) / SYN_ACK),
                way("not answered", None),
            ),
            reset("l"),
        ),
        rest_is_free=True,
    ),
    Case(
        "sockets-accept-options-of-the-listener-not-got",
        cites="sockets-accept-c",
        title="whether an accepted connection has the options of the listening socket",
        steps=(
            *LISTENING,
            set_option("l", RAW, octets=(router_alert(),)),
            send(ip() / syn(), label="syn"),
            expect(ip(src=HOST) / SYN_ACK, label="syn-ack"),
            send(ip() / reply("syn-ack", after="syn")),
            accept("c", listener="l"),
            get_option("c", RAW, octets=b""),
            *ENDED,
        ),
        rest_is_free=True,
    ),
)

CHANGED = (
    Case(
        "sockets-accept-other-options-set",
        cites="sockets-accept-d",
        title="options that a user sets on an accepted connection replace its way back",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            set_option("c", RAW, octets=(record_route(slots=2),)),
            send_tcp("c", b"recorded"),
            expect(
                ip(src=HOST, dst=TESTER, options=(Option(RECORD_ROUTE, length=11),))
                / tcp()
                / data(b"recorded")
            ),
            *ENDED,
        ),
        rest_is_free=True,
    ),
    Case(
        "sockets-accept-route-of-the-user-before-the-way-back",
        cites="sockets-accept-d",
        title="a route that the user sets on an accepted connection is taken, not the way back",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            set_option("c", "options", octets=(loose_source_route(NEIGHBOUR_2),)),
            send_tcp("c", b"my way"),
            expect(BACK_BY_OTHER / tcp(checksum_right=True) / data(b"my way"), label="mine"),
            *ENDED,
        ),
        rest_is_free=True,
    ),
    Case(
        "sockets-accept-route-of-the-user-before-a-later-one",
        cites="sockets-accept-d",
        title="a route that the user has set stays when a later segment has come by another",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            set_option("c", "options", octets=(loose_source_route(NEIGHBOUR_2),)),
            send(
                BY_HOP / reply("syn-ack", after="syn", flags=ACK | PSH) / data(b"your way"),
            ),
            received_tcp("c", b"your way"),
            send_tcp("c", b"my way"),
            expect(BACK_BY_OTHER / tcp() / data(b"my way")),
            *ENDED,
        ),
        rest_is_free=True,
    ),
    Case(
        "sockets-accept-accepted-connection-cleared",
        cites="sockets-accept-d",
        title="clearing the options of an accepted connection takes its way back away",
        given=TAKES,
        steps=(
            *BY_HOP_OPENED,
            set_option("c", RAW, octets=b""),
            send_tcp("c", b"straight"),
            expect(ip(src=HOST, dst=TESTER, options=()) / tcp() / data(b"straight")),
            *ENDED,
        ),
        rest_is_free=True,
    ),
)

CASES: tuple[Case, ...] = (*GOT, *NO_ROUTE, *INHERITED, *CHANGED)

"""RFC 2236 §2, §6: what is no query, and what else is ignored.

A case first sends a version 2 general query, so that a host with IGMP 3 speaks version 2
(RFC 9776 §7.2.1), and lets the unsolicited reports of a joining pass (10 seconds).
"""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    BAD,
    GATEWAY,
    GROUP,
    NEIGHBOUR,
    OPEN_PORT,
    Ambient,
    Case,
    advance,
    at_least,
    classify,
    count,
    data,
    expect,
    igmp,
    ip,
    join,
    ms,
    one_of,
    open_udp,
    router_alert,
    seconds,
    send,
    silence,
    way,
)

ABOUT_IGMP = frozenset({Ambient.IGMP})
QUERY, V1_REPORT, V2_REPORT = 0x11, 0x12, 0x16
FROM_QUERIER = ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, tos=0xC0, options=(router_alert(),))
REPORT = igmp(V2_REPORT, group=GROUP)
ANY_REPORT = igmp(one_of(V1_REPORT, V2_REPORT), group=GROUP)
VERSION_2 = (
    send(FROM_QUERIER / igmp(QUERY, max_response=1)),
    open_udp("member", port=OPEN_PORT),
    advance(ms(200)),
)
"""A version 2 querier is about; nothing is joined yet."""
JOINED = (
    *VERSION_2,
    join("member", GROUP),
    count(ANY_REPORT, at_least(1), within=seconds(10.5), cites="2236-3-c"),
)
"""GROUP was joined, and what a joining brings is over."""
ASKED_IN_ONE_SECOND = send(FROM_QUERIER / igmp(QUERY, max_response=10))
SHORT = b"\x11\x0a\xee\xf5\x00\x00\x00"
"""A query of seven octets, its checksum right."""
ANSWERED_STILL = (ASKED_IN_ONE_SECOND, expect(REPORT, within=ms(1200)))
"""What follows a silence in the place of a control: the host does answer what is right."""

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc2236-{section}-{name}",
            cites=cites,
            title=f"{words} is not answered",
            about=ABOUT_IGMP,
            rest_is_free=True,
            no_control="a right query follows, and is answered",
            steps=(
                *JOINED,
                send(stimulus),
                silence(of=ANY_REPORT, within=ms(1200)),
                *ANSWERED_STILL,
            ),
        )
        for section, name, cites, words, stimulus in (
            (
                "2.3",
                "bad-checksum",
                "2236-2.3-a",
                "a query with a wrong checksum",
                FROM_QUERIER / igmp(QUERY, max_response=10, checksum=BAD),
            ),
            (
                "2.3",
                "no-checksum",
                "2236-2.3-a",
                "a query with a checksum of zero",
                FROM_QUERIER / igmp(QUERY, max_response=10, checksum=0),
            ),
            (
                "6",
                "seven-octets",
                "2236-6-a",
                "a query of seven octets",
                ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, protocol=2, options=(router_alert(),))
                / data(SHORT),
            ),
            (
                "6",
                "unicast-group",
                "2236-6-a",
                "a query for a group that is a host's address",
                FROM_QUERIER / igmp(QUERY, max_response=10, group=NEIGHBOUR),
            ),
        )
    ),
    *(
        Case(
            f"rfc2236-2.1-unknown-type-{kind:#04x}",
            cites="2236-2.1-a",
            title=f"an IGMP message of the unknown type {kind:#04x} is ignored in silence",
            about=ABOUT_IGMP,
            no_control="IGMP messages need no answer",
            steps=(
                send(ip(src=GATEWAY, ttl=1, options=(router_alert(),)) / igmp(kind, group=GROUP)),
                silence(),
            ),
            must_survive=True,
        )
        for kind in (0x00, 0x10, 0x18, 0x42, 0xFF)
    ),
    Case(
        "rfc2236-2.5-longer-query",
        cites="2236-2.5-a",
        title="whether a query of ten octets is answered, as version 2 wants it, is observed",
        about=ABOUT_IGMP,
        rest_is_free=True,
        no_control="whatever the host does is right",
        steps=(
            *JOINED,
            send(FROM_QUERIER / igmp(QUERY, max_response=10, more=b"\0\0")),
            classify(
                "a query of ten octets",
                way("answered", ANY_REPORT),
                way("ignored", None),
                within=ms(1200),
            ),
        ),
    ),
)

"""RFC 9776 §4, §7 and §9: telling versions of queries apart, older versions, forged queries."""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    GATEWAY,
    GROUP,
    GROUP_2,
    NEIGHBOUR,
    OPEN_PORT,
    Ambient,
    Case,
    advance,
    at_least,
    classify,
    close,
    count,
    expect,
    igmp,
    ip,
    join,
    leave,
    ms,
    one_of,
    open_udp,
    router_alert,
    send,
    silence,
    way,
)

ABOUT_IGMP = frozenset({Ambient.IGMP})
QUERY, V1_REPORT, V2_REPORT, V3_REPORT = 0x11, 0x12, 0x16, 0x22
IS_EX, TO_EX = 2, 4
"""Types of group records (RFC 9776 §4.2.13)."""
FROM_QUERIER = ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, tos=0xC0, options=(router_alert(),))
ABOUT_GROUP = ip(src=GATEWAY, dst=GROUP, ttl=1, tos=0xC0, options=(router_alert(),))
PLAIN = bytes((0x02, 125, 0, 0))
"""Of a version 3 query: robustness 2, interval 125 s, no sources."""
SPEAKS_3 = (
    open_udp("probe"),
    join("probe", GROUP_2),
    expect(igmp(V3_REPORT, records=((TO_EX, GROUP_2),))),
    leave("probe", GROUP_2),
    close("probe"),
    advance(ms(1100)),
)
"""A host that says in version 3 that it joins; what leaving brings is over afterwards."""
JOINED = (open_udp("member", port=OPEN_PORT), join("member", GROUP), advance(ms(1500)))
"""GROUP was joined, and what a joining brings is over."""
STATE = igmp(V3_REPORT, records=((IS_EX, GROUP),))
GENERAL = igmp(QUERY, max_response=10, more=PLAIN)
OLDER = igmp(one_of(V1_REPORT, V2_REPORT), group=GROUP)
WITHIN = ms(1200)
"""The response time of most queries here is one second."""
ANSWERED_STILL = (send(FROM_QUERIER / GENERAL), expect(STATE, within=WITHIN))
"""What follows a silence in the place of a control."""
FOLLOWED = "a right query follows, and is answered"

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc9776-7.1-length-{8 + more}",
            cites="9776-7.1-a",
            title=f"a query of {8 + more} octets is of no version and ignored in silence",
            about=ABOUT_IGMP,
            rest_is_free=True,
            provided=SPEAKS_3,
            no_control=FOLLOWED,
            steps=(
                *JOINED,
                send(FROM_QUERIER / igmp(QUERY, max_response=10, more=bytes(more))),
                silence(of=STATE, within=WITHIN),
                silence(of=OLDER),
                *ANSWERED_STILL,
            ),
        )
        for more in (1, 2, 3)
    ),
    Case(
        "rfc9776-7.1-length-12",
        cites="9776-7.1-a",
        title="a query of 12 octets is one of version 3",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(*JOINED, *ANSWERED_STILL),
    ),
    *(
        Case(
            f"rfc9776-7.2.1-version-{version}-querier",
            cites="9776-7.2.1-a",
            title=f"after a general query of version {version} joining brings reports of it",
            about=ABOUT_IGMP,
            rest_is_free=True,
            provided=SPEAKS_3,
            steps=(
                send(FROM_QUERIER / query),
                advance(ms(200)),
                open_udp("member", port=OPEN_PORT),
                join("member", GROUP),
                expect(igmp(report, group=GROUP)),
                silence(of=igmp(V3_REPORT, records=((TO_EX, GROUP),))),
            ),
        )
        for version, query, report in (
            (1, igmp(QUERY), V1_REPORT),
            (2, igmp(QUERY, max_response=1), V2_REPORT),
        )
    ),
    Case(
        "rfc9776-7.2.1-older-query-answered",
        cites="9776-7.2.1-a",
        title="a version 2 general query is answered with a version 2 report",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *JOINED,
            send(FROM_QUERIER / igmp(QUERY, max_response=10)),
            expect(igmp(V2_REPORT, group=GROUP), within=WITHIN),
        ),
    ),
    Case(
        "rfc9776-7.2.1-version-3-query-changes-nothing",
        cites="9776-7.2.1-a",
        title="a version 3 query does not make a host forget the version 2 querier",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            send(FROM_QUERIER / igmp(QUERY, max_response=1)),
            advance(ms(200)),
            send(FROM_QUERIER / GENERAL),
            advance(ms(1200)),
            open_udp("member", port=OPEN_PORT),
            join("member", GROUP),
            expect(igmp(V2_REPORT, group=GROUP)),
        ),
    ),
    Case(
        "rfc9776-7.2.1-group-query-no-change",
        cites="9776-7.2.1-a",
        title="a version 2 query for one group does not change the version that a host speaks",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *JOINED,
            send(ABOUT_GROUP / igmp(QUERY, max_response=5, group=GROUP)),
            advance(ms(700)),
            join("member", GROUP_2),
            expect(igmp(V3_REPORT, records=((TO_EX, GROUP_2),))),
        ),
    ),
    Case(
        "rfc9776-7.2.2-suppressed",
        cites="9776-7.2.2-a",
        title="whether a version 2 report of another member stands for a version 3 record",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        no_control="whatever the host does is right",
        steps=(
            *JOINED,
            send(
                FROM_QUERIER / igmp(QUERY, max_response=20, more=PLAIN),
                ip(src=NEIGHBOUR, dst=GROUP, ttl=1, options=(router_alert(),))
                / igmp(V2_REPORT, group=GROUP),
            ),
            classify(
                "a record that another member reported in version 2",
                way("is reported again", STATE),
                way("is not", None),
                within=ms(2200),
            ),
        ),
    ),
    *(
        Case(
            f"rfc9776-9.1-no-router-alert-version-{version}",
            cites="9776-9.1-a",
            title=f"a version {version} query without router alert is ignored",
            about=ABOUT_IGMP,
            rest_is_free=True,
            provided=SPEAKS_3,
            no_control=FOLLOWED,
            steps=(
                *JOINED,
                send(ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, tos=0xC0) / query),
                silence(of=STATE, within=WITHIN),
                silence(of=OLDER),
                *ANSWERED_STILL,
            ),
        )
        for version, query in (
            (2, igmp(QUERY, max_response=10)),
            (3, GENERAL),
        )
    ),
    Case(
        "rfc9776-9.1-general-query-elsewhere",
        cites="9776-9.1-a",
        title="a general query to another group than 224.0.0.1 is ignored",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        no_control=FOLLOWED,
        steps=(
            *JOINED,
            send(ABOUT_GROUP / GENERAL),
            silence(of=STATE, within=WITHIN),
            *ANSWERED_STILL,
        ),
    ),
    *(
        Case(
            f"rfc9776-4-unknown-type-{kind:#04x}",
            cites="9776-4-b",
            title=f"an IGMP message of type {kind:#04x} to all hosts is ignored in silence",
            about=ABOUT_IGMP,
            rest_is_free=True,
            must_survive=True,
            no_control=FOLLOWED,
            provided=SPEAKS_3,
            steps=(
                *JOINED,
                send(FROM_QUERIER / igmp(kind, max_response=10, more=PLAIN)),
                silence(of=STATE, within=WITHIN),
                *ANSWERED_STILL,
            ),
        )
        for kind in (0x13, 0x23, 0xFF)
    ),
    Case(
        "rfc9776-4-version-2-spoken",
        cites="9776-4-b",
        title="a host with IGMP 3 still speaks version 2: it says so when it leaves",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            send(FROM_QUERIER / igmp(QUERY, max_response=1)),
            advance(ms(200)),
            open_udp("member", port=OPEN_PORT),
            join("member", GROUP),
            count(igmp(V2_REPORT, group=GROUP), at_least(1), within=ms(500)),
        ),
    ),
)

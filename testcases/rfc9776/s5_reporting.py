"""RFC 9776 §4 and §5: the host side of IGMP 3: what joining, leaving and queries bring.

Cases bind hosts with IGMP 3 alone: each asks first, by joining another group.
"""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    BAD,
    GATEWAY,
    GROUP,
    GROUP_2,
    HOST,
    IGMPV3_ROUTERS,
    OPEN_PORT,
    Ambient,
    Case,
    advance,
    at_least,
    between,
    bits,
    close,
    count,
    expect,
    igmp,
    including,
    ip,
    join,
    leave,
    ms,
    open_udp,
    router_alert,
    send,
    silence,
    starts_with,
)

ABOUT_IGMP = frozenset({Ambient.IGMP})
QUERY, V3_REPORT = 0x11, 0x22
IS_IN, IS_EX, TO_IN, TO_EX = 1, 2, 3, 4
"""Types of group records (RFC 9776 §4.2.13)."""
FROM_QUERIER = ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, tos=0xC0, options=(router_alert(),))
ABOUT_GROUP = ip(src=GATEWAY, dst=GROUP, ttl=1, tos=0xC0, options=(router_alert(),))
PLAIN = bytes((0x02, 125, 0, 0))
"""Of a version 3 query: robustness 2, interval 125 s, no sources."""
TWO_SOURCES = bytes((0x02, 125, 0, 2)) + bytes((192, 88, 99, 1)) + bytes((192, 88, 99, 2))
SPEAKS_3 = (
    open_udp("probe"),
    join("probe", GROUP_2),
    expect(igmp(V3_REPORT, records=((TO_EX, GROUP_2),))),
    leave("probe", GROUP_2),
    close("probe"),
    advance(ms(1100)),
)
"""A host that says in version 3 that it joins; what leaving brings is over afterwards."""
MEMBER = (open_udp("member", port=OPEN_PORT), join("member", GROUP))
JOINED = (*MEMBER, advance(ms(1500)))
"""GROUP was joined, and what a joining brings is over."""
JOIN_REPORT = igmp(V3_REPORT, records=((TO_EX, GROUP),))
LEAVE_REPORT = igmp(V3_REPORT, records=((TO_IN, GROUP),))
STATE = igmp(V3_REPORT, records=((IS_EX, GROUP),))
STATE_2 = igmp(V3_REPORT, records=((IS_EX, GROUP_2),))
BOTH_STATES = igmp(V3_REPORT, records=((IS_EX, GROUP), (IS_EX, GROUP_2)))
GENERAL = igmp(QUERY, max_response=10, more=PLAIN)
WITHIN = ms(1200)
"""The response time of most queries here is one second."""

CASES: tuple[Case, ...] = (
    # Messages
    *(
        Case(
            f"rfc9776-4-report-{name}",
            cites=cites,
            title=f"a version 3 report {words}",
            about=ABOUT_IGMP,
            rest_is_free=True,
            provided=SPEAKS_3,
            steps=(*MEMBER, expect(header / JOIN_REPORT)),
        )
        for name, cites, words, header in (
            ("ttl", "9776-4-a", "leaves with TTL 1", ip(src=HOST, ttl=1)),
            (
                "precedence",
                "9776-4-a",
                "leaves with the precedence of internetwork control",
                ip(src=HOST, tos=bits(0xE0, 0xC0)),
            ),
            (
                "router-alert",
                "9776-4-a",
                "leaves with a router alert",
                ip(src=HOST, options=including(router_alert())),
            ),
            ("destination", "9776-4.2-a", "goes to 224.0.0.22", ip(src=HOST, dst=IGMPV3_ROUTERS)),
        )
    ),
    Case(
        "rfc9776-4.2-report-no-auxiliary-data",
        cites="9776-4.2-a",
        title="the record of a report has no auxiliary data, and nothing follows it",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *MEMBER,
            # 24 octets of IP header with the router alert, 8 of report, 8 of one record.
            expect(
                ip(dst=IGMPV3_ROUTERS, ihl=6, total_length=40)
                / igmp(V3_REPORT, records=((TO_EX, GROUP),), more=starts_with(b"\x04\0\0\0"))
            ),
        ),
    ),
    # State changes
    Case(
        "rfc9776-5.1-join",
        cites="9776-5.1-a",
        title="joining brings a state-change report at once, and again within a second",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *MEMBER,
            expect(JOIN_REPORT),
            count(JOIN_REPORT, between(1, 6), within=ms(1500)),
        ),
    ),
    Case(
        "rfc9776-5.1-leave",
        cites="9776-5.1-a",
        title="leaving brings a state-change report at once, and again within a second",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *JOINED,
            leave("member", GROUP),
            expect(LEAVE_REPORT),
            count(LEAVE_REPORT, between(1, 6), within=ms(1500)),
        ),
    ),
    Case(
        "rfc9776-5.1-close",
        cites="9776-5.1-a",
        title="closing the only socket that joined a group brings the report of its leaving",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(*JOINED, close("member"), expect(LEAVE_REPORT)),
    ),
    Case(
        "rfc9776-5.1-second-member",
        cites="9776-5.1-a",
        title="a second socket that joins and leaves changes nothing: nothing is reported",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        no_control="the first socket's joining is reported",
        steps=(
            *MEMBER,
            expect(JOIN_REPORT),
            count(JOIN_REPORT, at_least(1), within=ms(1500)),
            open_udp("second"),
            join("second", GROUP),
            silence(of=JOIN_REPORT, within=ms(1200)),
            leave("second", GROUP),
            silence(of=LEAVE_REPORT, within=ms(1200)),
        ),
    ),
    # Queries
    Case(
        "rfc9776-5.2-general-query",
        cites="9776-5.2-b",
        title="a general query is answered with the state of each group",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *MEMBER,
            join("member", GROUP_2),
            advance(ms(1500)),
            send(FROM_QUERIER / GENERAL),
            expect(BOTH_STATES, within=WITHIN),
        ),
    ),
    Case(
        "rfc9776-5.2-general-query-within",
        cites="9776-5.2-a",
        title="a general query is answered within its response time, but not at once",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *JOINED,
            send(FROM_QUERIER / igmp(QUERY, max_response=60, more=PLAIN)),
            expect(STATE, within=ms(6200), after=ms(0.2)),
        ),
    ),
    Case(
        "rfc9776-5.2-group-query",
        cites="9776-5.2-b",
        title="a query for a joined group is answered for it alone",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *MEMBER,
            join("member", GROUP_2),
            advance(ms(1500)),
            send(ABOUT_GROUP / igmp(QUERY, max_response=10, group=GROUP, more=PLAIN)),
            expect(STATE, within=WITHIN),
            silence(of=STATE_2, within=WITHIN),
        ),
    ),
    Case(
        "rfc9776-5.2-group-query-not-joined",
        cites="9776-5.2-b",
        title="a query for a group that was not joined is not answered",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        no_control="the query for the joined group that follows is answered",
        steps=(
            *JOINED,
            send(
                ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, options=(router_alert(),))
                / igmp(QUERY, max_response=10, group=GROUP_2, more=PLAIN)
            ),
            silence(of=STATE_2, within=WITHIN),
            send(ABOUT_GROUP / igmp(QUERY, max_response=10, group=GROUP, more=PLAIN)),
            expect(STATE, within=WITHIN),
        ),
    ),
    Case(
        "rfc9776-5.2-group-left",
        cites="9776-5.2-b",
        title="a query for a group that was left before the answer was due is not answered",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        no_control="that queries for joined groups are answered is a case of its own",
        steps=(
            *JOINED,
            leave("member", GROUP),
            advance(ms(1500)),
            send(ABOUT_GROUP / igmp(QUERY, max_response=10, group=GROUP, more=PLAIN)),
            silence(of=STATE, within=WITHIN),
        ),
    ),
    Case(
        "rfc9776-5.2-source-query",
        cites="9776-5.2-b",
        title="a query for sources of a group joined for all brings IS_IN with those sources",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *JOINED,
            send(ABOUT_GROUP / igmp(QUERY, max_response=10, group=GROUP, more=TWO_SOURCES)),
            expect(
                igmp(V3_REPORT, records=((IS_IN, GROUP),), more=starts_with(b"\x01\0\0\x02")),
                within=WITHIN,
            ),
        ),
    ),
    Case(
        "rfc9776-5-all-hosts-not-reported",
        cites="9776-5-a",
        title="nothing is reported about 224.0.0.1, also where it was joined by hand",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        no_control="the joined group is reported",
        steps=(
            *JOINED,
            join("member", ALL_HOSTS),
            send(FROM_QUERIER / GENERAL),
            silence(of=igmp(V3_REPORT, records=((between(1, 6), ALL_HOSTS),)), within=WITHIN),
            expect(STATE, within=WITHIN),
        ),
    ),
    Case(
        "rfc9776-4.1.1-exponential-code",
        cites="9776-4.1.1-a",
        title="a response code of 0x80 is 12.8 s: the answer comes within it",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *JOINED,
            send(FROM_QUERIER / igmp(QUERY, max_response=0x80, more=PLAIN)),
            expect(STATE, within=ms(13_000)),
        ),
    ),
    Case(
        "rfc9776-4.1.10-additional-data",
        cites="9776-4.1.10-a",
        title="a query with 16 more octets is answered like one without",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *JOINED,
            send(FROM_QUERIER / igmp(QUERY, max_response=10, more=PLAIN + bytes(range(1, 17)))),
            expect(STATE, within=WITHIN),
        ),
    ),
    Case(
        "rfc9776-4.1.10-additional-data-summed",
        cites="9776-4.1.10-a",
        title="the checksum of a query covers the additional data: a wrong one is found",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        no_control="the same query with the right checksum follows, and is answered",
        steps=(
            *JOINED,
            send(
                FROM_QUERIER
                / igmp(QUERY, max_response=10, checksum=BAD, more=PLAIN + bytes(range(1, 17)))
            ),
            silence(of=STATE, within=WITHIN),
            send(FROM_QUERIER / igmp(QUERY, max_response=10, more=PLAIN + bytes(range(1, 17)))),
            expect(STATE, within=WITHIN),
        ),
    ),
    Case(
        "rfc9776-4.1.12-unicast-query",
        cites="9776-4.1.12-a",
        title="a query to the host's own address is answered",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=SPEAKS_3,
        steps=(
            *JOINED,
            send(
                ip(src=GATEWAY, dst=HOST, ttl=1, options=(router_alert(),))
                / igmp(QUERY, max_response=10, group=GROUP, more=PLAIN)
            ),
            expect(STATE, within=WITHIN),
        ),
    ),
)

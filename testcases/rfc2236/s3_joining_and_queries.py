"""RFC 2236 §3 and §9: joining, leaving, and answering queries, in version 2.

A case first sends a version 2 general query, so that a host with IGMP 3 speaks version 2
(RFC 9776 §7.2.1), and lets the unsolicited reports of a joining pass (10 seconds).
"""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    ALL_ROUTERS,
    GATEWAY,
    GROUP,
    GROUP_2,
    HOST,
    NEIGHBOUR,
    OPEN_PORT,
    Ambient,
    Case,
    advance,
    at_least,
    between,
    count,
    expect,
    igmp,
    including,
    ip,
    join,
    leave,
    ms,
    one_of,
    open_udp,
    router_alert,
    seconds,
    send,
    silence,
)

ABOUT_IGMP = frozenset({Ambient.IGMP})
QUERY, V1_REPORT, V2_REPORT, LEAVE = 0x11, 0x12, 0x16, 0x17
FROM_QUERIER = ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, tos=0xC0, options=(router_alert(),))
ABOUT_GROUP = ip(src=GATEWAY, dst=GROUP, ttl=1, tos=0xC0, options=(router_alert(),))
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
TWO_JOINED = (
    *VERSION_2,
    join("member", GROUP),
    join("member", GROUP_2),
    count(REPORT, at_least(1), within=seconds(10.5), cites="2236-3-c"),
    count(igmp(V2_REPORT, group=GROUP_2), at_least(1), within=ms(1), cites="2236-3-c"),
)
ANSWERED_STILL = (ASKED_IN_ONE_SECOND, expect(REPORT, within=ms(1200)))
"""What follows a silence in the place of a control: the host does answer what is right."""

CASES: tuple[Case, ...] = (
    Case(
        "rfc2236-3-join-reported",
        cites="2236-3-c",
        title="joining a group brings a report at once, and again within ten seconds",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *VERSION_2,
            join("member", GROUP),
            expect(REPORT),
            count(REPORT, between(1, 2), within=seconds(10.5)),
        ),
    ),
    Case(
        "rfc2236-2-header",
        cites="2236-2-a",
        title="a version 2 report leaves with TTL 1 and a router alert",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *VERSION_2,
            join("member", GROUP),
            expect(ip(src=HOST, ttl=1, options=including(router_alert())) / REPORT),
        ),
    ),
    Case(
        "rfc2236-9-report-destination",
        cites="2236-9-a",
        title="a version 2 report goes to the group that it is about",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(*VERSION_2, join("member", GROUP), expect(ip(src=HOST, dst=GROUP) / REPORT)),
    ),
    Case(
        "rfc2236-3-leave",
        cites="2236-3-d",
        title="a host that reported last says that it leaves",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *VERSION_2,
            join("member", GROUP),
            expect(REPORT),
            leave("member", GROUP),
            expect(igmp(LEAVE, group=GROUP)),
        ),
    ),
    Case(
        "rfc2236-9-leave-destination",
        cites="2236-9-a",
        title="a leave goes to all routers, with TTL 1 and a router alert",
        about=ABOUT_IGMP,
        rest_is_free=True,
        provided=(
            *VERSION_2,
            join("member", GROUP_2),
            expect(igmp(V2_REPORT, group=GROUP_2)),
            leave("member", GROUP_2),
            expect(igmp(LEAVE, group=GROUP_2)),
        ),
        steps=(
            join("member", GROUP),
            expect(REPORT),
            leave("member", GROUP),
            expect(
                ip(src=HOST, dst=ALL_ROUTERS, ttl=1, options=including(router_alert()))
                / igmp(LEAVE, group=GROUP)
            ),
        ),
    ),
    Case(
        "rfc2236-3-general-query",
        cites="2236-3-a",
        title="a general query with a response time of 1 s is answered within it",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(*JOINED, ASKED_IN_ONE_SECOND, expect(REPORT, within=ms(1200))),
    ),
    Case(
        "rfc2236-3-general-query-every-group",
        cites="2236-3-a",
        title="a general query brings a report for each group",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *TWO_JOINED,
            ASKED_IN_ONE_SECOND,
            count(REPORT, at_least(1), within=ms(1200)),
            count(igmp(V2_REPORT, group=GROUP_2), at_least(1), within=ms(1)),
        ),
    ),
    Case(
        "rfc2236-3-general-query-long",
        cites="2236-3-a",
        title="a general query with a response time of 5 s is answered within it, but not at once",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *JOINED,
            send(FROM_QUERIER / igmp(QUERY, max_response=50)),
            expect(REPORT, within=ms(5200), after=ms(0.1)),
        ),
    ),
    Case(
        "rfc2236-3-group-query",
        cites="2236-3-b",
        title="a query for one group is answered for that group alone",
        about=ABOUT_IGMP,
        rest_is_free=True,
        no_control="the group that was asked about is reported",
        steps=(
            *TWO_JOINED,
            send(ABOUT_GROUP / igmp(QUERY, max_response=10, group=GROUP)),
            count(REPORT, at_least(1), within=ms(1200)),
            silence(of=igmp(V2_REPORT, group=GROUP_2)),
        ),
    ),
    Case(
        "rfc2236-3-timer-shortened",
        cites="2236-3-b",
        title="a query with a shorter response time shortens the timer of a longer one",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *JOINED,
            send(FROM_QUERIER / igmp(QUERY, max_response=200)),
            send(ABOUT_GROUP / igmp(QUERY, max_response=5, group=GROUP)),
            expect(REPORT, within=ms(700)),
        ),
    ),
    Case(
        "rfc2236-3-timer-not-lengthened",
        cites="2236-3-b",
        title="a query with a longer response time leaves the timer of a shorter one alone",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *JOINED,
            send(ABOUT_GROUP / igmp(QUERY, max_response=10, group=GROUP)),
            send(FROM_QUERIER / igmp(QUERY, max_response=250)),
            expect(REPORT, within=ms(1200)),
        ),
    ),
    *(
        Case(
            f"rfc2236-5-suppressed-by-{name}",
            cites="2236-5-a",
            title=f"a version {version} report of another member stands for the host's own",
            about=ABOUT_IGMP,
            rest_is_free=True,
            no_control="a right query follows, and is answered",
            steps=(
                *JOINED,
                send(
                    FROM_QUERIER / igmp(QUERY, max_response=60),
                    ip(src=NEIGHBOUR, dst=GROUP, ttl=1, options=options) / igmp(kind, group=GROUP),
                ),
                silence(of=ANY_REPORT, within=ms(6200)),
                *ANSWERED_STILL,
            ),
        )
        for name, version, kind, options in (
            ("version-2", 2, V2_REPORT, (router_alert(),)),
            ("version-1", 1, V1_REPORT, ()),
        )
    ),
)

"""RFC 2236 §4, RFC 1112 appendix I: with a version 1 querier about."""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    GATEWAY,
    GROUP,
    OPEN_PORT,
    Ambient,
    Case,
    advance,
    at_least,
    classify,
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
    seconds,
    send,
    silence,
    way,
)

ABOUT_IGMP = frozenset({Ambient.IGMP})
QUERY, V1_REPORT, V2_REPORT, LEAVE = 0x11, 0x12, 0x16, 0x17
FROM_QUERIER = ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, tos=0xC0, options=(router_alert(),))
FROM_OLD_QUERIER = ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1)
ANY_REPORT = igmp(one_of(V1_REPORT, V2_REPORT), group=GROUP)
VERSION_1 = (
    send(FROM_OLD_QUERIER / igmp(QUERY)),
    open_udp("member", port=OPEN_PORT),
    advance(ms(200)),
)
ASKED_IN_ONE_SECOND = send(FROM_QUERIER / igmp(QUERY, max_response=10))

CASES: tuple[Case, ...] = (
    Case(
        "rfc2236-4-version-1-response-time",
        cites="2236-4-a",
        title="a response time of zero is taken as ten seconds",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *VERSION_1,
            join("member", GROUP),
            count(ANY_REPORT, at_least(1), within=seconds(10.5), cites="2236-3-c"),
            send(FROM_OLD_QUERIER / igmp(QUERY)),
            expect(ANY_REPORT, within=ms(10_300)),
        ),
    ),
    Case(
        "rfc2236-4-version-1-reports",
        cites="2236-4-b",
        title="after a version 1 query joining brings version 1 reports",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *VERSION_1,
            join("member", GROUP),
            expect(igmp(V1_REPORT, group=GROUP)),
            silence(of=igmp(V2_REPORT, group=GROUP)),
        ),
    ),
    Case(
        "rfc2236-4-version-1-remembered",
        cites="2236-4-b",
        title="a version 2 query does not make a host forget the version 1 querier",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *VERSION_1,
            join("member", GROUP),
            count(ANY_REPORT, at_least(1), within=seconds(10.5), cites="2236-3-c"),
            ASKED_IN_ONE_SECOND,
            expect(igmp(V1_REPORT, group=GROUP), within=ms(1200)),
            silence(of=igmp(V2_REPORT, group=GROUP)),
        ),
    ),
    Case(
        "rfc2236-4-version-1-leave",
        cites="2236-4-c",
        title="whether a host says that it leaves while the querier has version 1 is observed",
        about=ABOUT_IGMP,
        rest_is_free=True,
        no_control="whatever the host does is right",
        steps=(
            *VERSION_1,
            join("member", GROUP),
            expect(igmp(V1_REPORT, group=GROUP)),
            leave("member", GROUP),
            classify(
                "leaving a group with a version 1 querier about, a host",
                way("says so", igmp(LEAVE, group=GROUP)),
                way("says nothing", None),
            ),
        ),
    ),
)

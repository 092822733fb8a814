"""RFC 1112 appendix I: what IGMP 1 wants of reports, where later versions keep it."""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    GATEWAY,
    GROUP,
    HOST,
    NEIGHBOUR,
    OPEN_PORT,
    Ambient,
    Case,
    advance,
    at_least,
    count,
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
)

ABOUT_IGMP = frozenset({Ambient.IGMP})
QUERY, V1_REPORT, V2_REPORT = 0x11, 0x12, 0x16
FROM_QUERIER = ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1, tos=0xC0, options=(router_alert(),))
FROM_OLD_QUERIER = ip(src=GATEWAY, dst=ALL_HOSTS, ttl=1)
REPORT = igmp(V2_REPORT, group=GROUP)
ANY_REPORT = igmp(one_of(V1_REPORT, V2_REPORT), group=GROUP)
VERSION_2 = (
    send(FROM_QUERIER / igmp(QUERY, max_response=1)),
    open_udp("member", port=OPEN_PORT),
    advance(ms(200)),
)
"""A version 2 querier is about; nothing is joined yet."""
VERSION_1 = (
    send(FROM_OLD_QUERIER / igmp(QUERY)),
    open_udp("member", port=OPEN_PORT),
    advance(ms(200)),
)
JOINED = (
    *VERSION_2,
    join("member", GROUP),
    count(ANY_REPORT, at_least(1), within=seconds(10.5), cites="2236-3-c"),
)
"""GROUP was joined, and what a joining brings is over."""

CASES: tuple[Case, ...] = (
    Case(
        "rfc1112-appendix1-mismatched-report",
        cites="1112-A1-e",
        title="a report sent elsewhere than to its group does not stand for the host's own",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *JOINED,
            send(
                FROM_QUERIER / igmp(QUERY, max_response=20),
                ip(src=NEIGHBOUR, dst=ALL_HOSTS, ttl=1, options=(router_alert(),))
                / igmp(V2_REPORT, group=GROUP),
            ),
            expect(REPORT, within=ms(2200)),
        ),
    ),
    Case(
        "rfc1112-appendix1-report-format",
        cites="1112-A1-a",
        title="a version 1 report is 8 octets with TTL 1, version 1, type 2 and no response time",
        about=ABOUT_IGMP,
        rest_is_free=True,
        steps=(
            *VERSION_1,
            join("member", GROUP),
            expect(
                ip(src=HOST, dst=GROUP, ttl=1, protocol=2)
                / igmp(V1_REPORT, max_response=0, group=GROUP, more=b"")
            ),
        ),
    ),
)

"""RFC 1122 §3.2.3: IGMP is optional."""

from __future__ import annotations

from harness.case import (
    GROUP,
    OPEN_PORT,
    Ambient,
    Case,
    at_least,
    classify,
    igmp,
    join,
    open_udp,
    way,
)

ABOUT_IGMP = frozenset({Ambient.IGMP})
V1_REPORT, V2_REPORT, V3_REPORT = 0x12, 0x16, 0x22

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.2.3-which-igmp",
        cites="1122-3.2.3-a",
        title="whether and in which version a host reports that it joins a group is observed",
        about=ABOUT_IGMP,
        rest_is_free=True,
        no_control="whatever the host does is right",
        steps=(
            open_udp("member", port=OPEN_PORT),
            join("member", GROUP),
            classify(
                "when it joins a group a host sends",
                way("a report of IGMP 3", igmp(V3_REPORT, records=((at_least(1), GROUP),))),
                way("a report of IGMP 2", igmp(V2_REPORT, group=GROUP)),
                way("a report of IGMP 1", igmp(V1_REPORT, group=GROUP)),
                way("nothing", None),
            ),
        ),
    ),
)

"""RFC 1122 §3.3.5: a host as a hop of a source route: whether it forwards, and by which rules.

Every rule binds only hosts that forward: such cases ask first, by a source route back out of the
link that it came by (local source routing), or out of the other link (non-local).
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_HOST,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    HOST,
    HOST_MAC,
    TESTER,
    TESTER_2,
    Case,
    Topology,
    classify,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    including,
    ip,
    loose_source_route,
    mtu,
    pattern,
    record_route,
    send,
    silence,
    source_routing,
    strict_source_route,
    time_exceeded,
    time_of_day,
    timestamp,
    udp,
    unreachable,
    way,
)

TO_SECOND = ip(options=(loose_source_route(TESTER_2),))
HOPPED = ip(src=TESTER, dst=TESTER_2)
FOLLOWS_LOCAL = (send(TO_SECOND / echo_request()), expect(HOPPED / echo_request()))
THROUGH = ether(dst=HOST_MAC) / ip(options=(loose_source_route(FAR_TESTER),))
PASSED = ip(src=TESTER, dst=FAR_TESTER)
FOLLOWS_ACROSS = (send(THROUGH / echo_request()), expect(PASSED / echo_request(), on=FAR))
FAILED = unreachable(5)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.3.5-local-loose",
        cites=("1122-3.3.5-a", "1122-3.3.5-i"),
        title="what a host does with a source route that goes on by the same link is observed",
        steps=(
            send(TO_SECOND / echo_request()),
            classify(
                "a source route that goes on by the same link",
                way("forwarded", HOPPED / echo_request()),
                way("refused with code 5", ip(src=HOST, dst=TESTER) / FAILED),
                way("answered as if it ended here", ip(src=HOST) / echo_reply()),
                way("dropped in silence", None),
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.5-local-source-kept",
        cites="1122-3.3.5-f",
        title="a datagram that is forwarded along a source route keeps its source",
        given=(source_routing("forward"),),
        provided=FOLLOWS_LOCAL,
        steps=FOLLOWS_LOCAL,
    ),
    Case(
        "rfc1122-3.3.5-non-local-off-by-default",
        cites="1122-3.3.5-k",
        title="by default no source route is followed out of another link",
        topology=Topology.MULTIHOMED,
        rest_is_free=True,
        control=(
            send(ip() / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
            send(ip() / echo_request(), on=FAR),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / echo_reply(), on=FAR),
        ),
        steps=(send(THROUGH / echo_request()), silence(of=ip(dst=FAR_TESTER), on=FAR)),
    ),
    Case(
        "rfc1122-3.3.5-non-local-strict-off-by-default",
        cites="1122-3.3.5-k",
        title="by default no strict source route is followed out of another link",
        topology=Topology.MULTIHOMED,
        rest_is_free=True,
        control=(
            send(ip() / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
            send(ip() / echo_request(), on=FAR),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / echo_reply(), on=FAR),
        ),
        steps=(
            send(
                ether(dst=HOST_MAC)
                / ip(options=(strict_source_route(FAR_NEIGHBOUR),))
                / echo_request()
            ),
            silence(of=ip(dst=FAR_NEIGHBOUR), on=FAR),
        ),
    ),
    Case(
        "rfc1122-3.3.5-non-local-switch",
        cites="1122-3.3.5-j",
        title="a switch decides whether source routes are followed out of another link",
        topology=Topology.MULTIHOMED,
        given=(source_routing("forward"),),
        steps=(send(THROUGH / echo_request()), expect(PASSED / echo_request(), on=FAR)),
    ),
    Case(
        "rfc1122-3.3.5-not-followed-code-5-echo",
        cites="1122-3.3.5-m",
        title="an echo request with an unfinished source route not followed brings code 5",
        given=(source_routing("host"),),
        steps=(
            send(TO_SECOND / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / FAILED),
        ),
    ),
    Case(
        "rfc1122-3.3.5-not-followed-code-5-udp",
        cites="1122-3.3.5-m",
        title="UDP with an unfinished source route that is not followed brings code 5",
        given=(source_routing("host"),),
        steps=(
            send(TO_SECOND / udp() / data(b"onwards")),
            expect(ip(src=HOST, dst=TESTER) / FAILED),
        ),
    ),
    Case(
        "rfc1122-3.3.5-not-followed-error-spared",
        cites="1122-3.3.5-m",
        title="an ICMP error with an unfinished source route brings nothing",
        given=(source_routing("host"),),
        no_control="the probe is the control",
        provided=(
            send(TO_SECOND / udp() / data(b"onwards")),
            expect(ip(src=HOST, dst=TESTER) / FAILED),
        ),
        steps=(
            send(TO_SECOND / unreachable(1, quote=ip(src=HOST, dst=TESTER) / udp())),
            silence(),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.3.5-forwarding-{name}",
            cites=cites,
            title=title,
            topology=Topology.MULTIHOMED,
            given=given,
            provided=FOLLOWS_ACROSS,
            steps=steps,
        )
        for name, cites, title, given, steps in (
            (
                "ttl-lowered",
                "1122-3.3.5-c",
                "a host that follows a source route lowers TTL",
                (source_routing("forward"),),
                (
                    send(
                        ether(dst=HOST_MAC)
                        / ip(ttl=9, options=(loose_source_route(FAR_TESTER),))
                        / echo_request()
                    ),
                    expect(ip(dst=FAR_TESTER, ttl=8) / echo_request(), on=FAR),
                ),
            ),
            (
                "ttl-over",
                "1122-3.3.5-c",
                "a host that follows a source route reports that TTL is used up",
                (source_routing("forward"),),
                (
                    send(
                        ether(dst=HOST_MAC)
                        / ip(ttl=1, options=(loose_source_route(FAR_TESTER),))
                        / udp()
                    ),
                    expect(ip(dst=TESTER) / time_exceeded(0)),
                ),
            ),
            (
                "too-big",
                "1122-3.3.5-d",
                "a host that follows a source route reports that DF forbids a cut",
                (source_routing("forward"), mtu(600, on=FAR)),
                (
                    send(
                        ether(dst=HOST_MAC)
                        / ip(df=1, options=(loose_source_route(FAR_TESTER),))
                        / udp()
                        / data(pattern(800))
                    ),
                    expect(ip(dst=TESTER) / unreachable(4)),
                ),
            ),
            (
                "strict-off-link",
                "1122-3.3.5-e",
                "a strict next hop on no connected network brings code 5",
                (source_routing("forward"),),
                (
                    send(
                        ether(dst=HOST_MAC)
                        / ip(options=(strict_source_route(FAR_TESTER),))
                        / echo_request()
                    ),
                    expect(ip(dst=TESTER) / FAILED),
                ),
            ),
            (
                "record-route",
                "1122-3.3.5-g",
                "a host that follows a source route updates a record route that has room",
                (source_routing("forward"),),
                (
                    send(
                        ether(dst=HOST_MAC)
                        / ip(options=(loose_source_route(FAR_TESTER), record_route(slots=2)))
                        / echo_request()
                    ),
                    expect(
                        ip(dst=FAR_TESTER, options=including(record_route(FAR_HOST, slots=1)))
                        / echo_request(),
                        on=FAR,
                    ),
                ),
            ),
            (
                "timestamp",
                "1122-3.3.5-h",
                "a host that follows a source route adds the time to a timestamp option",
                (source_routing("forward"),),
                (
                    send(
                        ether(dst=HOST_MAC)
                        / ip(options=(loose_source_route(FAR_TESTER), timestamp(0, slots=2)))
                        / echo_request()
                    ),
                    expect(
                        ip(dst=FAR_TESTER, options=including(timestamp(0, time_of_day(), slots=1)))
                        / echo_request(),
                        on=FAR,
                    ),
                ),
            ),
        )
    ),
)

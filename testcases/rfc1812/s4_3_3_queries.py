"""RFC 1812 §4.3.3.2, §4.3.3.6 to §4.3.3.9, §4.2.2.1 (e): what a router does as a host."""

from __future__ import annotations

from harness.case import (
    FAR_HOST,
    GATEWAY,
    GATEWAY_2,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    TIMESTAMP,
    UNROUTED,
    Case,
    Option,
    Topology,
    advance,
    at_least,
    classify,
    data,
    default_route,
    echo_reply,
    echo_request,
    ether,
    expect,
    including,
    information_request,
    ip,
    mac,
    mask_reply,
    ms,
    open_udp,
    pattern,
    redirect,
    send,
    send_udp,
    silence,
    time_of_day,
    timestamp,
    timestamp_reply,
    timestamp_request,
    udp,
    unreachable,
    way,
)

ANSWERED = (send(ip() / echo_request()), expect(ip(src=HOST, dst=TESTER) / echo_reply()))
ANSWERS_STAMPED = (
    send(ip(options=(timestamp(0, slots=4),)) / echo_request()),
    expect(ip(src=HOST, dst=TESTER, options=including(Option(TIMESTAMP))) / echo_reply()),
)
"""Datagrams with the option, which RFC 7126 §4.7 advises routers to drop, are answered with it."""
OWN = udp(sport=OPEN_PORT, dport=TESTER_PORT)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1812-4.3.3.6-echo-answered-by-default",
        cites="1812-4.3.3.6-c",
        title="a router that nobody has told otherwise answers an echo request",
        topology=Topology.ROUTER,
        steps=ANSWERED,
    ),
    Case(
        "rfc1812-4.3.3.6-reply-from-the-address-asked",
        cites="1812-4.3.3.6-b",
        title="an echo request to the far address is answered from there, with all its data",
        topology=Topology.ROUTER,
        steps=(
            send(ether(dst=HOST_MAC) / ip(dst=FAR_HOST) / echo_request(data=pattern(900))),
            expect(ip(src=FAR_HOST, dst=TESTER) / echo_reply(data=pattern(900))),
        ),
    ),
    Case(
        "rfc1812-4.3.3.7-information-request-not-answered",
        cites="1812-4.3.3.7-a",
        title="a router does not answer an information request",
        topology=Topology.ROUTER,
        control=ANSWERED,
        steps=(send(ip() / information_request()), silence()),
    ),
    Case(
        "rfc1812-4.3.3.8-every-timestamp-request-answered",
        cites="1812-4.3.3.8-a",
        title="each of three timestamp requests is answered with a time that is about right",
        topology=Topology.ROUTER,
        provided=(
            send(ip() / timestamp_request()),
            expect(ip(src=HOST, dst=TESTER) / timestamp_reply()),
        ),
        steps=(
            send(*(ip() / timestamp_request(originate=number) for number in (1, 2, 3))),
            expect(
                ip(src=HOST, dst=TESTER)
                / timestamp_reply(receive=time_of_day(), transmit=time_of_day()),
                times=3,
                distinct="icmp.originate",
            ),
        ),
    ),
    Case(
        "rfc1812-4.3.3.9-mask-reply-not-believed",
        cites="1812-4.3.3.9-b",
        title="a mask reply that makes everything local changes nothing at a router",
        topology=Topology.ROUTER,
        steps=(
            send(ip(src=NEIGHBOUR) / mask_reply(mask="0.0.0.0")),
            silence(),
            send(ip(dst=UNROUTED) / udp() / data(b"still no way")),
            expect(ip(src=HOST, dst=TESTER) / unreachable()),
        ),
    ),
    Case(
        "rfc1812-4.3.3.2-redirect-to-a-router",
        cites="1812-4.3.3.2-a",
        title="whether a router follows a redirect with what it sends itself",
        topology=Topology.ROUTER,
        given=(default_route(),),
        steps=(
            open_udp("s", port=OPEN_PORT),
            send_udp("s", b"before", to=UNROUTED, port=TESTER_PORT),
            expect(ether(dst=mac(GATEWAY)) / ip(dst=UNROUTED) / udp() / data(b"before")),
            send(
                ip(src=GATEWAY)
                / redirect(1, gateway=GATEWAY_2, quote=ip(src=HOST, dst=UNROUTED) / OWN)
            ),
            advance(ms(50)),
            send_udp("s", b"after", to=UNROUTED, port=TESTER_PORT),
            classify(
                "a redirect for the router's own traffic",
                way("followed", ether(dst=mac(GATEWAY_2)) / ip(dst=UNROUTED) / udp()),
                way("ignored", ether(dst=mac(GATEWAY)) / ip(dst=UNROUTED) / udp()),
            ),
        ),
    ),
    Case(
        "rfc1812-4.2.2.1-timestamp-inserted",
        cites="1812-4.2.2.1-e",
        title="a router enters the time into the timestamp option of an echo request for itself",
        topology=Topology.ROUTER,
        provided=ANSWERS_STAMPED,
        steps=(
            send(ip(options=(timestamp(0, slots=1),)) / echo_request()),
            expect(
                ip(
                    src=HOST,
                    dst=TESTER,
                    options=including(Option(TIMESTAMP, 8, 9, None, (time_of_day(),))),
                )
                / echo_reply()
            ),
        ),
    ),
    Case(
        "rfc1812-4.2.2.1-timestamp-overflow-counted",
        cites="1812-4.2.2.1-e",
        title="a router counts the overflow of a timestamp option that is full",
        topology=Topology.ROUTER,
        provided=ANSWERS_STAMPED,
        steps=(
            send(ip(options=(timestamp(0, 1, overflow=2),)) / echo_request()),
            expect(
                ip(
                    src=HOST,
                    dst=TESTER,
                    options=including(Option(TIMESTAMP, 8, 9, at_least(0x30), (1,))),
                )
                / echo_reply()
            ),
        ),
    ),
)

"""RFC 1122 §3.3.1.4 and §3.3.1.5: a gateway dies, and another one gets its work."""

from __future__ import annotations

from harness.case import (
    GATEWAY,
    GATEWAY_2,
    HOST,
    HOST_MAC,
    OPEN_PORT,
    REMOTE,
    REMOTE_2,
    TESTER_PORT,
    Ambient,
    Case,
    advance,
    arp,
    arp_lifetime,
    at_least,
    at_most,
    count,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    mute,
    open_udp,
    redirect,
    second_gateway,
    seconds,
    send,
    send_udp,
    udp,
)

BY_GATEWAY = ether(src=HOST_MAC, dst=mac(GATEWAY))
BY_SECOND = ether(src=HOST_MAC, dst=mac(GATEWAY_2))
ABOUT_REMOTE = ip(src=HOST, dst=REMOTE) / echo_reply()
ASK_REMOTE = send(ip(src=REMOTE) / echo_request())
KEEP_ASKING = (ASK_REMOTE, advance(seconds(2)))
KEEP_TALKING = (
    send_udp("talker", b"on and on", to=REMOTE, port=TESTER_PORT),
    advance(seconds(2)),
)
AT_LAST = (
    *((send(ip(src=REMOTE) / echo_request(data=b"at last")), advance(seconds(2))) * 3),
    count(
        BY_SECOND / ip(src=HOST, dst=REMOTE) / echo_reply(data=b"at last"),
        at_least(1),
        within=seconds(3),
    ),
)
"""Three times: a host may look now and then whether the first gateway has come back."""

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.3.1.5-silent-default",
        cites="1122-3.3.1.5-a",
        title="when the preferred default gateway never answers ARP, the other one gets its work",
        given=(second_gateway(), mute(GATEWAY)),
        rest_is_free=True,
        steps=(
            *(KEEP_ASKING * 4),
            *AT_LAST,
        ),
    ),
    Case(
        "rfc1122-3.3.1.5-new-route-after-failure",
        cites="1122-3.3.1.5-a",
        title="once a default gateway has failed, a new destination is reached by the other one",
        given=(second_gateway(), mute(GATEWAY)),
        rest_is_free=True,
        steps=(
            *(KEEP_ASKING * 4),
            *((send(ip(src=REMOTE_2) / echo_request()), advance(seconds(2))) * 3),
            count(
                BY_SECOND / ip(src=HOST, dst=REMOTE_2) / echo_reply(),
                at_least(1),
                within=seconds(3),
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.1.4-dead-after-use",
        cites="1122-3.3.1.4-a",
        title="a gateway in use that no longer answers ARP is given up for the other one",
        given=(second_gateway(), mute(GATEWAY), arp_lifetime(6)),
        rest_is_free=True,
        steps=(
            send(arp(sender=GATEWAY)),
            ASK_REMOTE,
            expect(BY_GATEWAY / ip(src=HOST, dst=REMOTE) / echo_reply()),
            advance(seconds(7)),
            *(KEEP_ASKING * 8),
            *AT_LAST,
        ),
    ),
    Case(
        "rfc1122-3.3.1.4-not-for-ever",
        cites="1122-3.3.1.4-b",
        title="traffic in one direction does not keep a silent gateway in use for ever",
        given=(second_gateway(), mute(GATEWAY), arp_lifetime(6)),
        rest_is_free=True,
        steps=(
            send(arp(sender=GATEWAY)),
            open_udp("talker", port=OPEN_PORT),
            send_udp("talker", b"1", to=REMOTE, port=TESTER_PORT),
            expect(BY_GATEWAY / ip(src=HOST, dst=REMOTE) / udp() / data(b"1")),
            advance(seconds(7)),
            *(KEEP_TALKING * 8),
            *(
                (
                    send_udp("talker", b"at last", to=REMOTE, port=TESTER_PORT),
                    advance(seconds(2)),
                )
                * 3
            ),
            count(
                BY_SECOND / ip(src=HOST, dst=REMOTE) / udp() / data(b"at last"),
                at_least(1),
                within=seconds(3),
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.1.4-silence-of-arp-is-advice",
        cites="1122-3.3.1.4-g",
        title="a gateway to which a redirect points, but which never answers ARP, is given up",
        given=(mute(GATEWAY_2),),
        rest_is_free=True,
        steps=(
            ASK_REMOTE,
            expect(BY_GATEWAY / ip(src=HOST, dst=REMOTE) / echo_reply()),
            send(ip(src=GATEWAY) / redirect(1, gateway=GATEWAY_2, quote=ABOUT_REMOTE)),
            ASK_REMOTE,
            advance(seconds(5)),
            send(ip(src=REMOTE) / echo_request(data=b"at last")),
            expect(
                BY_GATEWAY / ip(src=HOST, dst=REMOTE) / echo_reply(data=b"at last"),
                within=seconds(5),
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.1.4-gateway-not-pinged-when-busy",
        cites="1122-3.3.1.4-c",
        title="a gateway in use is not pinged continuously",
        about=frozenset({Ambient.GATEWAY}),
        steps=(
            ASK_REMOTE,
            expect(BY_GATEWAY / ip(dst=REMOTE) / echo_reply()),
            advance(seconds(5)),
            ASK_REMOTE,
            expect(BY_GATEWAY / ip(dst=REMOTE) / echo_reply()),
            advance(seconds(5)),
            ASK_REMOTE,
            expect(BY_GATEWAY / ip(dst=REMOTE) / echo_reply()),
            count(ip(src=HOST, dst=GATEWAY) / echo_request(), at_most(2), within=seconds(5)),
        ),
    ),
    Case(
        "rfc1122-3.3.1.4-gateway-not-pinged-when-idle",
        cites="1122-3.3.1.4-d",
        title="a gateway that gets no traffic is not pinged",
        about=frozenset({Ambient.GATEWAY}),
        steps=(
            ASK_REMOTE,
            expect(BY_GATEWAY / ip(dst=REMOTE) / echo_reply()),
            advance(seconds(20)),
            count(ip(src=HOST, dst=GATEWAY) / echo_request(), at_most(0), within=seconds(10)),
        ),
    ),
)

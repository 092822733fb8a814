"""RFC 1122 §3.3.3: what a host may send over a link, and how it learns to."""

from __future__ import annotations

from harness.case import (
    HOST,
    NEIGHBOUR,
    OPEN_PORT,
    REMOTE,
    TESTER,
    TESTER_PORT,
    Case,
    at_least,
    classify,
    connect,
    echo_reply,
    echo_request,
    expect,
    fragments,
    ip,
    mtu,
    open_udp,
    path_mtu,
    pattern,
    send,
    send_udp,
    silence,
    udp,
    way,
)

BIG = fragments(
    ip() / echo_request(data=pattern(1000)), (0, 256), (256, 512), (512, 768), (768, None)
)
SMALL = (
    send(fragments(ip() / echo_request(data=pattern(93)), (0, 48), (48, None))),
    expect(ip() / echo_reply(data=pattern(93))),
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.3.3-intentional-fragmentation",
        cites="1122-3.3.3-a",
        title="what becomes of a reply that is too big for the link",
        given=(mtu(280),),
        steps=(
            send(BIG),
            classify(
                "an echo reply of 1,028 octets over 280",
                way("cut into fragments", ip() / echo_reply(data=pattern(1000)), train=True),
                way("cut short", ip() / echo_reply()),
                way("not sent", None),
            ),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.3.3-nothing-above-the-mtu-of-{octets}",
            cites="1122-3.3.3-c",
            title=f"no packet of a long reply is larger than the link's {octets} octets",
            given=(mtu(octets),),
            control=SMALL,
            steps=(
                send(BIG),
                silence(
                    of=ip(
                        src=HOST, dst=TESTER, offset=at_least(0), total_length=at_least(octets + 1)
                    )
                ),
            ),
            rest_is_free=True,
        )
        for octets in (280, 281, 576)
    ),
    *(
        Case(
            f"rfc1122-3.3.3-mtu-set-to-{octets}",
            cites="1122-3.3.3-f",
            title=f"with its MTU set to {octets} the link takes {octets} octets, and no more",
            given=(mtu(octets),),
            control=SMALL,
            steps=(
                send(
                    fragments(ip() / echo_request(data=pattern(octets - 28)), (0, 256), (256, None))
                ),
                expect(ip(total_length=octets) / echo_reply(data=pattern(octets - 28))),
                send(
                    fragments(ip() / echo_request(data=pattern(octets - 27)), (0, 256), (256, None))
                ),
                silence(of=ip(total_length=at_least(octets + 1), offset=at_least(0))),
            ),
            rest_is_free=True,
        )
        for octets in (296, 400)
    ),
    *(
        Case(
            f"rfc1122-3.3.3-mms-s-told-at-{octets}",
            cites="1122-3.3.3-b",
            title=f"a user who asks how much goes to a neighbour is told of {octets} octets",
            given=(mtu(octets),),
            steps=(
                open_udp("u", port=OPEN_PORT),
                connect("u", to=NEIGHBOUR, port=TESTER_PORT),
                path_mtu("u", octets, cites="1122-3.3.3-b"),
            ),
        )
        for octets in (600, 1400)
    ),
    Case(
        "rfc1122-3.3.3-no-more-than-mms-s-uncut",
        cites="1122-3.3.3-d",
        title="a host that does not cut datagrams sends none that is larger than the link takes",
        given=(mtu(280),),
        provided=(send(BIG), silence(of=ip(src=HOST, mf=1, offset=0) / echo_reply())),
        control=SMALL,
        steps=(
            send(BIG),
            silence(of=ip(src=HOST, dst=TESTER, total_length=at_least(281))),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc1122-3.3.3-off-link-size",
        cites="1122-3.3.3-e",
        title="how large a datagram leaves for a network of which nothing is known",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", pattern(1400), to=REMOTE, port=TESTER_PORT),
            classify(
                "1,428 octets for another network",
                way("one datagram", ip(dst=REMOTE, total_length=1428) / udp()),
                way("fragments", ip(dst=REMOTE) / udp(), train=True),
                way("not sent", None),
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.3-on-link-size",
        cites="1122-3.3.3-e",
        title="how large a datagram leaves for a neighbour",
        steps=(
            open_udp("u", port=OPEN_PORT),
            send_udp("u", pattern(1400), to=NEIGHBOUR, port=TESTER_PORT),
            classify(
                "1,428 octets for a neighbour",
                way("one datagram", ip(dst=NEIGHBOUR, total_length=1428) / udp()),
                way("fragments", ip(dst=NEIGHBOUR) / udp(), train=True),
                way("not sent", None),
            ),
        ),
    ),
)

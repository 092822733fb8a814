"""RFC 1122 §3.2.1.3: datagrams that are not destined for the host are silently discarded.

Each comes in a frame to the host's own link address, or to that of the group: nothing but the
IP destination says that it is for somebody else.
"""

from __future__ import annotations

from harness.case import (
    ABSENT,
    FAR,
    FAR_TESTER,
    GROUP,
    HOST,
    HOST_MAC,
    OPEN_PORT,
    REMOTE_2,
    TESTER,
    UNROUTED,
    Case,
    Topology,
    close,
    counters,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    join,
    nothing_received,
    open_udp,
    received,
    send,
    silence,
    udp,
    unreachable,
)

NOT_FOR_US = counters(ipSystemStatsInReceives=1, ipSystemStatsInAddrErrors=1)
TO_HOST = ether(dst=HOST_MAC)
ECHO_CONTROL = (
    send(TO_HOST / ip() / echo_request()),
    expect(ip(src=HOST, dst=TESTER) / echo_reply()),
)
UDP_CONTROL = (
    send(TO_HOST / ip() / udp()),
    expect(ip(src=HOST, dst=TESTER) / unreachable(3)),
)

STRANGERS = (
    ("neighbour", "another host of the link", ABSENT),
    ("off-link", "a host behind the gateway", REMOTE_2),
    ("unrouted", "a host of another network", UNROUTED),
    ("loopback", "127.0.0.1", "127.0.0.1"),
    ("loopback-other", "127.255.255.254", "127.255.255.254"),
    ("class-e", "240.0.0.1", "240.0.0.1"),
    ("this-network", "0.0.0.1", "0.0.0.1"),
    ("group", "a group that was not joined", GROUP),
    ("all-routers", "224.0.0.2", "224.0.0.2"),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.1.3-to-{name}-echo",
            cites="1122-3.2.1.3-i",
            title=f"an echo request to {words} in a frame to the host is dropped in silence",
            control=ECHO_CONTROL,
            steps=(send(TO_HOST / ip(dst=to) / echo_request()), silence()),
            counters=NOT_FOR_US,
        )
        for name, words, to in STRANGERS
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-to-{name}-udp",
            cites="1122-3.2.1.3-i",
            title=f"UDP to a closed port of {words} in a frame to the host causes no error",
            control=UDP_CONTROL,
            steps=(send(TO_HOST / ip(dst=to) / udp()), silence()),
            counters=NOT_FOR_US,
        )
        for name, words, to in STRANGERS
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-to-{name}-not-delivered",
            cites="1122-3.2.1.3-i",
            title=f"UDP to {words} is not delivered to a socket bound to any address",
            control=(
                open_udp("control", port=OPEN_PORT),
                send(TO_HOST / ip() / udp(dport=OPEN_PORT) / data(b"for us")),
                received("control", data=b"for us"),
                close("control"),
            ),
            steps=(
                open_udp("any", port=OPEN_PORT),
                send(TO_HOST / ip(dst=to) / udp(dport=OPEN_PORT) / data(b"not for us")),
                nothing_received("any"),
            ),
            counters=NOT_FOR_US,
        )
        for name, words, to in STRANGERS
        if name in ("neighbour", "loopback", "off-link")
    ),
    Case(
        "rfc1122-3.2.1.3-group-by-its-own-address",
        cites="1122-3.2.1.3-i",
        title="UDP to a group that was not joined, in a frame to the group, is dropped in silence",
        control=UDP_CONTROL,
        steps=(send(ip(dst=GROUP) / udp()), silence()),
        counters=NOT_FOR_US,
    ),
    Case(
        "rfc1122-3.2.1.3-group-of-the-other-link",
        cites="1122-3.2.1.3-j",
        title="a group joined on one link is not heard on the other",
        topology=Topology.MULTIHOMED,
        control=(
            open_udp("control", port=OPEN_PORT),
            join("control", GROUP, on=FAR),
            send(ip(src=FAR_TESTER, dst=GROUP) / udp(dport=OPEN_PORT) / data(b"there"), on=FAR),
            received("control", data=b"there"),
            close("control"),
        ),
        steps=(
            open_udp("member", port=OPEN_PORT),
            join("member", GROUP, on=FAR),
            send(ip(dst=GROUP) / udp(dport=OPEN_PORT) / data(b"here")),
            nothing_received("member"),
        ),
    ),
)

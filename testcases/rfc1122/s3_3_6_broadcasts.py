"""RFC 1122 §3.3.6: which destinations are broadcasts, and what may come in a link broadcast."""

from __future__ import annotations

from harness.case import (
    BROADCAST_MAC,
    HOST,
    HOST_MAC,
    LIMITED_BROADCAST,
    NEIGHBOUR,
    OPEN_PORT,
    SUBNET_BROADCAST,
    SUBNET_ZERO,
    TESTER,
    TESTER_PORT,
    Case,
    allow_broadcast,
    classify,
    close,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    nothing_received,
    open_udp,
    received,
    send,
    send_udp,
    silence,
    udp,
    unreachable,
    way,
)

TO_ALL = ether(dst=BROADCAST_MAC)
TO_GROUP = ether(dst=bytes.fromhex("01005e000001"))
TO_HOST = ether(dst=HOST_MAC)
FORMS = (
    ("limited", "255.255.255.255", LIMITED_BROADCAST),
    ("subnet", "the subnet's broadcast address", SUBNET_BROADCAST),
)
OLD_FORMS = (
    ("zero", "0.0.0.0", "0.0.0.0"),
    ("subnet-zero", "the subnet's zero address", SUBNET_ZERO),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.3.6-{name}-delivered",
            cites="1122-3.3.6-a",
            title=f"UDP to {words} is delivered to a socket bound to any address",
            steps=(
                open_udp("any", port=OPEN_PORT),
                send(ip(src=NEIGHBOUR, dst=to) / udp(dport=OPEN_PORT) / data(b"to all")),
                received("any", data=b"to all", source=NEIGHBOUR),
            ),
        )
        for name, words, to in FORMS
    ),
    *(
        Case(
            f"rfc1122-3.3.6-{name}-in-unicast-frame",
            cites="1122-3.3.6-a",
            title=f"UDP to {words} is recognised in a frame to the host alone",
            steps=(
                open_udp("any", port=OPEN_PORT),
                send(TO_HOST / ip(src=NEIGHBOUR, dst=to) / udp(dport=OPEN_PORT) / data(b"to all")),
                received("any", data=b"to all", source=NEIGHBOUR),
            ),
        )
        for name, words, to in FORMS
    ),
    Case(
        "rfc1122-3.3.6-subnet-from-elsewhere",
        cites="1122-3.3.6-a",
        title="UDP that a remote host sent to the subnet's broadcast address is delivered",
        steps=(
            open_udp("any", port=OPEN_PORT),
            send(ip(dst=SUBNET_BROADCAST) / udp(dport=OPEN_PORT) / data(b"to all")),
            received("any", data=b"to all", source=TESTER),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.3.6-old-{name}-delivered",
            cites="1122-3.3.6-b",
            title=f"whether UDP to {words}, an old form of broadcast, is delivered is observed",
            steps=(
                open_udp("any", port=OPEN_PORT),
                send(TO_ALL / ip(src=NEIGHBOUR, dst=to) / udp(dport=OPEN_PORT) / data(b"to all")),
                received("any", data=b"to all"),
            ),
        )
        for name, words, to in OLD_FORMS
    ),
    *(
        Case(
            f"rfc1122-3.3.6-old-{name}-no-error",
            cites="1122-3.2.2-h",
            title=f"UDP to a closed port of {words} causes no error",
            control=(
                send(ip(src=NEIGHBOUR) / udp()),
                expect(ip(src=HOST, dst=NEIGHBOUR) / unreachable(3)),
            ),
            steps=(send(TO_ALL / ip(src=NEIGHBOUR, dst=to) / udp()), silence()),
        )
        for name, words, to in OLD_FORMS
    ),
    Case(
        "rfc1122-3.3.6-sent-with-ones",
        cites="1122-3.3.6-d",
        title="a broadcast to the connected subnet leaves with a host part of ones",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            allow_broadcast("sender"),
            send_udp("sender", b"to all", to=SUBNET_BROADCAST, port=TESTER_PORT),
            expect(ip(src=HOST, dst=SUBNET_BROADCAST) / udp() / data(b"to all")),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.3.6-link-broadcast-carries-{name}",
            cites="1122-3.3.6-e",
            title=f"what is sent to {words} leaves in a link broadcast with that destination",
            steps=(
                open_udp("sender", port=OPEN_PORT),
                allow_broadcast("sender"),
                send_udp("sender", b"to all", to=to, port=TESTER_PORT),
                expect(TO_ALL / ip(src=HOST, dst=to) / udp() / data(b"to all")),
            ),
        )
        for name, words, to in FORMS
    ),
    Case(
        "rfc1122-3.3.6-unicast-not-in-link-broadcast",
        cites="1122-3.3.6-e",
        title="what is sent to one host of which nothing is known leaves in a frame for it alone",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            send_udp("sender", b"to one", to=NEIGHBOUR, port=TESTER_PORT),
            expect(ether(src=HOST_MAC) / ip(src=HOST, dst=NEIGHBOUR) / udp() / data(b"to one")),
            silence(of=TO_ALL / ip(dst=NEIGHBOUR)),
        ),
    ),
    Case(
        "rfc1122-3.3.6-limited-usable",
        cites="1122-3.3.6-g",
        title="the limited broadcast reaches the connected network",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            allow_broadcast("sender"),
            send_udp("sender", b"to all", to=LIMITED_BROADCAST, port=TESTER_PORT),
            expect(TO_ALL / ip(src=HOST, dst=LIMITED_BROADCAST) / udp() / data(b"to all")),
        ),
    ),
    Case(
        "rfc1122-3.3.6-unicast-in-link-broadcast-echo",
        cites="1122-3.3.6-f",
        title="an echo request to the host alone that comes in a link broadcast is dropped",
        control=(
            send(TO_HOST / ip() / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
        steps=(send(TO_ALL / ip() / echo_request()), silence()),
    ),
    Case(
        "rfc1122-3.3.6-unicast-in-link-broadcast-udp",
        cites="1122-3.3.6-f",
        title="UDP to the host alone that comes in a link broadcast is not delivered",
        control=(
            open_udp("control", port=OPEN_PORT),
            send(TO_HOST / ip() / udp(dport=OPEN_PORT) / data(b"to one")),
            received("control", data=b"to one"),
            close("control"),
        ),
        steps=(
            open_udp("any", port=OPEN_PORT),
            send(TO_ALL / ip() / udp(dport=OPEN_PORT) / data(b"to one in a frame to all")),
            nothing_received("any"),
        ),
    ),
    Case(
        "rfc1122-2.4-link-broadcast-told",
        cites="1122-2.4-a",
        title="UDP to a closed port in a link broadcast causes no error: IP knows of the broadcast",
        control=(
            send(TO_HOST / ip() / udp()),
            expect(ip(src=HOST, dst=TESTER) / unreachable(3)),
        ),
        steps=(send(TO_ALL / ip() / udp()), silence()),
    ),
    Case(
        "rfc1122-3.3.6-unicast-in-link-multicast",
        cites="1122-3.3.6-f",
        title="what an echo request to the host alone in a link multicast brings is observed",
        no_control="whatever the host does is right",
        steps=(
            send(TO_GROUP / ip() / echo_request()),
            classify(
                "a datagram to one host in a link multicast",
                way("answered", ip(src=HOST, dst=TESTER) / echo_reply()),
                way("dropped in silence", None),
            ),
        ),
    ),
)

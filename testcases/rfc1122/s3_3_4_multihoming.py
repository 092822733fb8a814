"""RFC 1122 §3.3.4: a host on two links: which address it speaks from, strong or weak model."""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_GATEWAY,
    FAR_HOST,
    FAR_HOST_MAC,
    FAR_NEIGHBOUR,
    FAR_TESTER,
    HOST,
    HOST_MAC,
    NEAR,
    NEIGHBOUR,
    OPEN_PORT,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    classify,
    connect,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    ip,
    mac,
    open_udp,
    send,
    send_udp,
    udp,
    unreachable,
    way,
)

FAR_ADDRESS_ON_NEAR_LINK = send(ether(dst=HOST_MAC) / ip(dst=FAR_HOST) / echo_request())
ANSWERED = ip(src=FAR_HOST, dst=TESTER) / echo_reply()
CROSSING = ip(src=FAR_HOST, dst=TESTER) / udp() / data(b"crossing")

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.3.4.2-reply-source-near",
        cites="1122-3.3.4.2-a",
        title="an echo request to the near address is answered from it",
        topology=Topology.MULTIHOMED,
        steps=(
            send(ip(dst=HOST) / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.3.4.2-reply-source-far",
        cites="1122-3.3.4.2-a",
        title="an echo request to the far address is answered from it",
        topology=Topology.MULTIHOMED,
        steps=(
            send(ip(dst=FAR_HOST) / echo_request(), on=FAR),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / echo_reply(), on=FAR),
        ),
    ),
    Case(
        "rfc1122-3.3.4.2-reply-source-against-route",
        cites="1122-3.3.4.2-a",
        title="the far address answers from itself even if the way back is by the near link",
        topology=Topology.MULTIHOMED,
        steps=(
            send(
                ether(dst=FAR_HOST_MAC, src=mac(FAR_GATEWAY))
                / ip(src=TESTER, dst=FAR_HOST)
                / echo_request(),
                on=FAR,
            ),
            expect(ip(src=FAR_HOST, dst=TESTER) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.3.4.2-error-source-far",
        cites="1122-3.3.4.2-a",
        title="port unreachable comes from the address that the datagram was sent to",
        topology=Topology.MULTIHOMED,
        steps=(
            send(ip(dst=FAR_HOST) / udp(), on=FAR),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / unreachable(3), on=FAR),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.3.4.2-bound-{name}",
            cites="1122-3.3.4.2-b",
            title=f"a socket bound to the {words} sends from it to {other}",
            topology=Topology.MULTIHOMED,
            steps=(
                open_udp("bound", port=OPEN_PORT, address=own),
                send_udp("bound", b"bound", to=to, port=TESTER_PORT),
                expect(ip(src=own, dst=to) / udp(sport=OPEN_PORT) / data(b"bound")),
            ),
        )
        for name, words, other, own, to in (
            ("near", "near address", "a host of the near side", HOST, TESTER),
            ("far", "far address", "a host of the far side", FAR_HOST, FAR_TESTER),
            ("near-to-far", "near address", "a host of the far side", HOST, FAR_TESTER),
            ("far-to-near", "far address", "a host of the near side", FAR_HOST, TESTER),
        )
    ),
    *(
        Case(
            f"rfc1122-3.3.4.2-chosen-{name}",
            cites="1122-3.3.4.2-c",
            title=f"for UDP to {words} the host chooses a source of its own",
            topology=Topology.MULTIHOMED,
            steps=(
                open_udp("any", port=OPEN_PORT),
                send_udp("any", b"any", to=to, port=TESTER_PORT),
                classify(
                    f"the source of UDP to {words}",
                    way("the near address", ip(src=HOST, dst=to) / udp() / data(b"any")),
                    way("the far address", ip(src=FAR_HOST, dst=to) / udp() / data(b"any")),
                    cites="1122-3.3.4.3-a",
                ),
            ),
        )
        for name, words, to in (
            ("near-remote", "a host behind the default gateway", TESTER),
            ("far-remote", "a host behind the far gateway", FAR_TESTER),
        )
    ),
    *(
        Case(
            f"rfc1122-3.3.4.3-source-{name}",
            cites="1122-3.3.4.3-a",
            title=f"UDP to {words} is sent from the address on that subnet",
            topology=Topology.MULTIHOMED,
            steps=(
                open_udp("any", port=OPEN_PORT),
                send_udp("any", b"any", to=to, port=TESTER_PORT),
                expect(ip(src=own, dst=to) / udp() / data(b"any"), on=link),
            ),
        )
        for name, words, to, own, link in (
            ("near-neighbour", "a neighbour on the near link", NEIGHBOUR, HOST, NEAR),
            ("far-neighbour", "a neighbour on the far link", FAR_NEIGHBOUR, FAR_HOST, FAR),
        )
    ),
    Case(
        "rfc1122-3.3.4.3-source-connected",
        cites="1122-3.3.4.3-a",
        title="a connected socket sends to a neighbour on the far link from the far address",
        topology=Topology.MULTIHOMED,
        steps=(
            open_udp("any", port=OPEN_PORT),
            connect("any", to=FAR_NEIGHBOUR, port=TESTER_PORT),
            send_udp("any", b"any"),
            expect(ip(src=FAR_HOST, dst=FAR_NEIGHBOUR) / udp() / data(b"any"), on=FAR),
        ),
    ),
    Case(
        "rfc1122-3.3.4.2-strong-or-weak-receiving",
        cites="1122-3.3.4.2-d",
        title="whether the far address is heard on the near link is observed",
        topology=Topology.MULTIHOMED,
        steps=(
            FAR_ADDRESS_ON_NEAR_LINK,
            classify(
                "a datagram for another link's address",
                way("answered: weak", ANSWERED),
                way("dropped in silence: strong", None),
            ),
        ),
    ),
    Case(
        "rfc1122-3.3.4.2-strong-or-weak-sending",
        cites="1122-3.3.4.2-e",
        title="by which link a datagram from the other link's address leaves is observed",
        topology=Topology.MULTIHOMED,
        rest_is_free=True,
        steps=(
            open_udp("bound", port=OPEN_PORT, address=FAR_HOST),
            send_udp("bound", b"crossing", to=TESTER, port=TESTER_PORT),
            classify(
                "a datagram from the far address to a host of the near side",
                way("by the near link: weak", CROSSING),
                way("not by the near link: strong", None),
                on=NEAR,
            ),
        ),
    ),
)

"""RFC 1122 §3.2.1.3: sources that are nobody's address, and the sources that a host itself uses.

An answer to such a source may never reach the wire (loopback), so each is tried twice: an echo
request must not be answered, and UDP to an open port must not be delivered.
"""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_HOST,
    FAR_NEIGHBOUR,
    FAR_SUBNET_BROADCAST,
    GROUP,
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
    Topology,
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

ECHO_CONTROL = (
    send(ip() / echo_request()),
    expect(ip(src=HOST, dst=TESTER) / echo_reply()),
)
UDP_CONTROL = (
    open_udp("control", port=OPEN_PORT),
    send(ip() / udp(dport=OPEN_PORT) / data(b"from somebody")),
    received("control", data=b"from somebody"),
    close("control"),
)

NOBODY = (
    ("loopback", "127.0.0.1", "127.0.0.1"),
    ("loopback-other", "127.1.2.3", "127.1.2.3"),
    ("limited-broadcast", "255.255.255.255", LIMITED_BROADCAST),
    ("subnet-broadcast", "the broadcast address of the link's subnet", SUBNET_BROADCAST),
    ("all-hosts", "224.0.0.1", "224.0.0.1"),
    ("group", "a group", GROUP),
)
DOUBTFUL = (
    ("class-e", "240.0.0.1", "240.0.0.1"),
    ("this-host", "0.0.0.0", "0.0.0.0"),
    ("this-network", "0.0.0.7", "0.0.0.7"),
    ("subnet-zero", "the zero address of the link's subnet", SUBNET_ZERO),
    ("own-address", "the host's own address", HOST),
)
BROADCASTS = (
    ("limited", "255.255.255.255", LIMITED_BROADCAST),
    ("subnet", "the subnet's broadcast address", SUBNET_BROADCAST),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.1.3-from-{name}-echo",
            cites="1122-3.2.1.3-l",
            title=f"an echo request from {words} is dropped in silence",
            control=ECHO_CONTROL,
            steps=(send(ip(src=source) / echo_request()), silence()),
        )
        for name, words, source in NOBODY
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-from-{name}-udp",
            cites="1122-3.2.1.3-l",
            title=f"UDP from {words} is not delivered to an open port",
            control=UDP_CONTROL,
            steps=(
                open_udp("open", port=OPEN_PORT),
                send(ip(src=source) / udp(dport=OPEN_PORT) / data(b"from nobody")),
                nothing_received("open"),
            ),
        )
        for name, words, source in NOBODY
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-from-{name}-closed-port",
            cites="1122-3.2.1.3-l",
            title=f"UDP from {words} to a closed port causes no error",
            control=(send(ip() / udp()), expect(ip(src=HOST, dst=TESTER) / unreachable(3))),
            steps=(send(ip(src=source) / udp()), silence()),
        )
        for name, words, source in NOBODY
        if name in ("limited-broadcast", "subnet-broadcast", "group")
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-from-{name}-echo",
            cites="1122-3.2.1.3-l",
            title=f"what an echo request from {words} brings is observed",
            no_control="whatever the host does is right",
            steps=(
                send(ip(src=source) / echo_request()),
                classify(
                    f"an echo request from {words}",
                    way("answered", ip(dst=source) / echo_reply()),
                    way("dropped in silence, or answered inside the host", None),
                ),
            ),
        )
        for name, words, source in DOUBTFUL
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-nothing-to-{name}",
            cites=cites,
            title=f"nothing is sent to {address}, also when something came from there",
            control=ECHO_CONTROL,
            rest_is_free=True,
            steps=(send(ip(src=address) / echo_request()), silence(of=ip(dst=address))),
        )
        for name, cites, address in (
            ("this-host", "1122-3.2.1.3-a", "0.0.0.0"),
            ("this-network", "1122-3.2.1.3-b", "0.0.0.9"),
            ("loopback", "1122-3.2.1.3-f", "127.0.0.1"),
        )
    ),
    Case(
        "rfc1122-3.2.1.3-nothing-from-loopback",
        cites="1122-3.2.1.3-f",
        title="nothing is sent from 127.0.0.1, also when something came for it",
        control=ECHO_CONTROL,
        rest_is_free=True,
        steps=(
            send(ether(dst=HOST_MAC) / ip(dst="127.0.0.1") / echo_request()),
            silence(of=ip(src="127.0.0.1")),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-{name}-broadcast-no-source",
            cites=cites,
            title=f"the reply to an echo request to {words} comes from the host's own address",
            provided=(
                send(ip(src=NEIGHBOUR, dst=to) / echo_request()),
                expect(ip(dst=NEIGHBOUR) / echo_reply()),
            ),
            steps=(
                send(ip(src=NEIGHBOUR, dst=to) / echo_request()),
                expect(ip(src=HOST, dst=NEIGHBOUR) / echo_reply()),
            ),
        )
        for name, words, to, cites in (
            ("limited", "255.255.255.255", LIMITED_BROADCAST, "1122-3.2.1.3-c"),
            ("subnet", "the subnet's broadcast address", SUBNET_BROADCAST, "1122-3.2.1.3-d"),
        )
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-{name}-broadcast-sent-from-own-address",
            cites="1122-3.2.1.3-h",
            title=f"UDP sent to {words} by a socket bound to any address has the host's as source",
            steps=(
                open_udp("any", port=OPEN_PORT),
                allow_broadcast("any"),
                send_udp("any", b"to all", to=to, port=TESTER_PORT),
                expect(ip(src=HOST, dst=to) / udp(sport=OPEN_PORT) / data(b"to all")),
            ),
        )
        for name, words, to in BROADCASTS
    ),
    Case(
        "rfc1122-3.2.1.3-unicast-sent-from-own-address",
        cites="1122-3.2.1.3-h",
        title="UDP sent by a socket bound to any address has the host's address as source",
        steps=(
            open_udp("any", port=OPEN_PORT),
            send_udp("any", b"to one", to=TESTER, port=TESTER_PORT),
            expect(ip(src=HOST, dst=TESTER) / udp(sport=OPEN_PORT) / data(b"to one")),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.1.3-specific-destination-{name}",
            cites="1122-3.2.1.3-k",
            title=f"an echo request to {words} is answered from the address of the link it came by",
            topology=Topology.MULTIHOMED,
            provided=(
                send(ip(src=FAR_NEIGHBOUR, dst=to) / echo_request(), on=FAR),
                expect(ip(dst=FAR_NEIGHBOUR) / echo_reply()),
            ),
            steps=(
                send(ip(src=FAR_NEIGHBOUR, dst=to) / echo_request(), on=FAR),
                expect(ip(src=FAR_HOST, dst=FAR_NEIGHBOUR) / echo_reply(), on=FAR),
            ),
        )
        for name, words, to in (
            ("limited", "255.255.255.255", LIMITED_BROADCAST),
            ("subnet", "the far subnet's broadcast address", FAR_SUBNET_BROADCAST),
            ("all-hosts", "224.0.0.1", "224.0.0.1"),
        )
    ),
)

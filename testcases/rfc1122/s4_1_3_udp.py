"""RFC 1122 §4.1.3: UDP checksums, options, multihoming, and sources that nobody can have."""

from __future__ import annotations

from harness.case import (
    BAD,
    FAR_HOST,
    FAR_TESTER,
    GROUP,
    HOST,
    OPEN_PORT,
    REMOTE,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_PORT,
    ZERO_SUM,
    Case,
    Topology,
    classify,
    connect,
    counters,
    data,
    expect,
    including,
    ip,
    join,
    not_,
    nothing_received,
    one_of,
    open_udp,
    option,
    received,
    record_route,
    router_alert,
    seen,
    send,
    send_udp,
    set_option,
    silence,
    udp,
    unreachable,
    way,
)

LISTENING = (open_udp("s", port=OPEN_PORT),)
TO_SOCKET = udp(dport=OPEN_PORT)
HEARD = (
    open_udp("c", port=OPEN_PORT),
    send(ip() / TO_SOCKET / data(b"control")),
    received("c", data=b"control"),
)
IN_CONTROL = "c"
# RFC 1122 §3.3.4: which of its addresses a host takes is not laid down.
OWN = one_of(HOST, FAR_HOST)
ILLEGAL_SOURCES = (
    ("limited-broadcast", "255.255.255.255"),
    ("subnet-broadcast", SUBNET_BROADCAST),
    ("multicast", "224.0.0.5"),
    ("loopback", "127.0.0.1"),
)
DELIVERED = counters(ipSystemStatsInReceives=1, ipSystemStatsInDelivers=1, udpInDatagrams=1)
UNKNOWN_OPTION = option(222, b"\x01\x02\x03\x04")

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-4.1.3.1-closed-port-silent-once-open",
        cites="1122-4.1.3.1-a",
        title="a datagram to a port is reported while nobody listens, and not once somebody does",
        steps=(
            send(ip() / TO_SOCKET / data(b"too early")),
            expect(ip(src=HOST, dst=TESTER) / unreachable(3)),
            *LISTENING,
            send(ip() / TO_SOCKET / data(b"in time")),
            received("s", data=b"in time", source=TESTER, source_port=TESTER_PORT),
            silence(),
        ),
        no_control="the report before shows that one would come",
    ),
    Case(
        "rfc1122-4.1.3.2-options-passed-up",
        cites=("1122-4.1.3.2-a", "1122-3.4-c"),
        title="the options of a datagram reach the user, those that nobody knows among them",
        steps=(
            *LISTENING,
            send(ip(options=(router_alert(), UNKNOWN_OPTION)) / TO_SOCKET / data(b"options")),
            received("s", data=b"options", options=including(router_alert(), UNKNOWN_OPTION)),
        ),
        counters=DELIVERED,
    ),
    Case(
        "rfc1122-4.1.3.2-record-route-passed-up",
        cites=("1122-4.1.3.2-a", "1122-3.4-c"),
        title="a record route reaches the user, the host's own entry in it or not",
        steps=(
            *LISTENING,
            send(ip(options=(record_route(slots=2),)) / TO_SOCKET / data(b"route")),
            received(
                "s",
                data=b"route",
                options=(
                    record_route(
                        one_of(HOST, "0.0.0.0"), "0.0.0.0", pointer=one_of(4, 8), length=11
                    ),
                ),
            ),
        ),
    ),
    Case(
        "rfc1122-4.1.3.2-user-gives-options",
        cites=("1122-4.1.3.2-b", "1122-4.1.3.2-c", "1122-3.4-a"),
        title="options that the user gives are in the datagram sent",
        steps=(
            *LISTENING,
            send_udp(
                "s",
                b"with options",
                to=TESTER,
                port=TESTER_PORT,
                options=(router_alert(),),
                cites="1122-4.1.3.2-b",
            ),
            expect(
                ip(src=HOST, dst=TESTER, options=(router_alert(),)) / udp() / data(b"with options")
            ),
        ),
    ),
    Case(
        "rfc1122-4.1.3.4-checksum-made-by-default",
        cites=("1122-4.1.3.4-a", "1122-4.1.3.4-c", "768-fields-b"),
        title="a datagram that the host sends has a checksum, and it is right",
        steps=(
            *LISTENING,
            send_udp("s", b"an odd number of octets", to=TESTER, port=TESTER_PORT),
            expect(
                ip(src=HOST, dst=TESTER)
                / udp(
                    sport=OPEN_PORT,
                    dport=TESTER_PORT,
                    length=31,
                    checksum=not_(0),
                    checksum_right=True,
                )
                / data(b"an odd number of octets")
            ),
        ),
        counters=counters(
            ipSystemStatsOutRequests=1, ipSystemStatsOutTransmits=1, udpOutDatagrams=1
        ),
    ),
    Case(
        "rfc1122-4.1.3.4-checksum-turned-off",
        cites="1122-4.1.3.4-b",
        title="whether a datagram of a user who wants no checksum goes without one",
        steps=(
            *LISTENING,
            set_option("s", "checksum", value=False, refused=None),
            send_udp("s", b"unchecked", to=TESTER, port=TESTER_PORT),
            classify(
                "a user who wants no checksum",
                way("none made", ip(src=HOST) / udp(checksum=0) / data(b"unchecked")),
                way("made all the same", ip(src=HOST) / udp() / data(b"unchecked")),
            ),
        ),
    ),
    *(
        Case(
            f"rfc1122-4.1.3.4-bad-checksum-{name}-discarded",
            cites=("1122-4.1.3.4-d", "1122-4.1.3.4-a"),
            title=f"a datagram with a wrong checksum, of {words}, does not reach the socket",
            control=HEARD,
            steps=(
                send(ip() / udp(dport=OPEN_PORT, checksum=BAD) / data(octets)),
                nothing_received(IN_CONTROL),
                silence(),
            ),
            counters=counters(ipSystemStatsInReceives=1, ipSystemStatsInDelivers=1, udpInErrors=1),
        )
        for name, words, octets in (
            ("even", "even length", b"even"),
            ("odd", "odd length", b"odd"),
            ("empty", "no data", b""),
        )
    ),
    Case(
        "rfc1122-4.1.3.4-bad-checksum-for-closed-port-silent",
        cites="1122-4.1.3.4-d",
        title="a datagram with a wrong checksum to a port that nobody listens on is not reported",
        control=(send(ip() / udp() / data(b"closed")), expect(ip() / unreachable(3))),
        steps=(send(ip() / udp(checksum=BAD) / data(b"closed")), silence()),
        counters=counters(ipSystemStatsInReceives=1, ipSystemStatsInDelivers=1, udpInErrors=1),
    ),
    Case(
        "rfc1122-4.1.3.4-checksum-of-odd-data-right",
        cites=("1122-4.1.3.4-a", "768-fields-b"),
        title="a datagram of odd length with the right checksum reaches the socket",
        steps=(
            *LISTENING,
            send(ip() / TO_SOCKET / data(b"odd")),
            received("s", data=b"odd"),
        ),
        counters=DELIVERED,
    ),
    Case(
        "rfc1122-4.1.3.4-no-checksum-accepted-observed",
        cites="1122-4.1.3.4-e",
        title="a datagram without a checksum is refused, or else reaches the socket",
        control=HEARD,
        steps=(
            send(ip() / udp(dport=OPEN_PORT, checksum=0) / data(b"unchecked")),
            nothing_received(IN_CONTROL),
        ),
    ),
    Case(
        "rfc1122-4.1.3.4-checksum-of-all-ones-accepted",
        cites="1122-4.1.3.4-f",
        title="a datagram whose sum is zero, sent as all ones, reaches the socket",
        steps=(
            *LISTENING,
            send(ip() / udp(dport=OPEN_PORT, checksum=ZERO_SUM) / data(b"sum to nil..")),
            received("s", source=TESTER, source_port=TESTER_PORT),
        ),
        counters=DELIVERED,
    ),
    Case(
        "rfc1122-4.1.3.4-zero-sum-sent-as-all-ones",
        cites="1122-4.1.3.4-f",
        title="a datagram whose sum is zero leaves with a checksum of all ones",
        steps=(
            *LISTENING,
            send(
                ip() / udp(dport=OPEN_PORT, checksum=ZERO_SUM) / data(b"sum to nil.."),
                label="there",
            ),
            send_udp("s", seen("there", "data.octets"), to=TESTER, port=TESTER_PORT),
            expect(
                ip(src=HOST, dst=TESTER) / udp(sport=OPEN_PORT, dport=TESTER_PORT, checksum=0xFFFF)
            ),
        ),
    ),
    Case(
        "rfc1122-4.1.3.5-specific-destination-of-broadcast",
        cites=("1122-4.1.3.5-a", "1122-3.4-b"),
        title="with a broadcast datagram the user gets the address of the interface",
        steps=(
            *LISTENING,
            send(ip(dst=SUBNET_BROADCAST) / TO_SOCKET / data(b"to all")),
            received(
                "s",
                data=b"to all",
                destination=SUBNET_BROADCAST,
                specific_destination=HOST,
            ),
        ),
    ),
    Case(
        "rfc1122-4.1.3.5-specific-destination-of-group",
        cites=("1122-4.1.3.5-a", "1122-3.4-b"),
        title="with a group datagram the user gets the address of the interface",
        steps=(
            *LISTENING,
            join("s", GROUP),
            send(ip(dst=GROUP) / TO_SOCKET / data(b"to some")),
            received("s", data=b"to some", destination=GROUP, specific_destination=HOST),
        ),
    ),
    Case(
        "rfc1122-4.1.3.5-specific-destination-of-one-host",
        cites=("1122-4.1.3.5-a", "1122-3.4-b"),
        title="with a datagram to the host alone the user gets the address it was sent to",
        steps=(
            *LISTENING,
            send(ip() / TO_SOCKET / data(b"to one")),
            received("s", data=b"to one", destination=HOST, specific_destination=HOST),
        ),
    ),
    Case(
        "rfc1122-4.1.3.5-bound-address-is-source",
        cites="1122-4.1.3.5-b",
        title="a socket bound to an address of the host sends from that address",
        topology=Topology.MULTIHOMED,
        steps=(
            open_udp("s", port=OPEN_PORT, address=FAR_HOST, cites="1122-4.1.3.5-b"),
            send_udp("s", b"from far", to=FAR_TESTER, port=TESTER_PORT),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / udp(sport=OPEN_PORT) / data(b"from far")),
        ),
    ),
    Case(
        "rfc1122-4.1.3.5-unbound-source-by-destination",
        cites=("1122-4.1.3.5-c", "1122-4.1.3.6-b", "1122-3.4-d"),
        title="a socket without an address sends, to peers on either link, from one of the host's",
        topology=Topology.MULTIHOMED,
        steps=(
            open_udp("s", port=OPEN_PORT, cites="1122-4.1.3.5-c"),
            send_udp("s", b"near", to=TESTER, port=TESTER_PORT),
            expect(ip(src=OWN, dst=TESTER) / udp() / data(b"near")),
            send_udp("s", b"far", to=FAR_TESTER, port=TESTER_PORT),
            expect(ip(src=OWN, dst=FAR_TESTER) / udp() / data(b"far")),
        ),
    ),
    Case(
        "rfc1122-4.1.3.5-connected-source-by-peer",
        cites=("1122-3.4-d", "1122-4.1.3.5-d"),
        title="a connected socket tells the address that it sends from, one of the host's",
        topology=Topology.MULTIHOMED,
        steps=(
            open_udp("s", port=OPEN_PORT),
            connect("s", to=FAR_TESTER, port=TESTER_PORT, local=OWN),
            send_udp("s", b"far"),
            expect(ip(src=OWN, dst=FAR_TESTER) / udp() / data(b"far"), label="far"),
            # Connected once more, it tells its address again.
            connect("s", to=FAR_TESTER, port=TESTER_PORT, local=seen("far", "ip.src")),
        ),
    ),
    *(
        Case(
            f"rfc1122-4.1.3.6-source-{name}-discarded",
            cites="1122-4.1.3.6-a",
            title=f"a datagram from a {name.replace('-', ' ')} address does not reach the socket",
            control=HEARD,
            steps=(
                send(ip(src=address) / TO_SOCKET / data(b"from nobody")),
                nothing_received(IN_CONTROL),
                silence(),
            ),
        )
        for name, address in ILLEGAL_SOURCES
    ),
    Case(
        "rfc1122-4.1.3.6-foreign-source-never-sent",
        cites="1122-4.1.3.6-b",
        title="a socket can't send from an address that the host does not have",
        control=(
            open_udp("c"),
            send_udp("c", b"from here", to=TESTER, port=TESTER_PORT),
            expect(ip(src=OWN, dst=TESTER) / udp() / data(b"from here")),
        ),
        steps=(
            # Whether the bind or the send is refused is the host's choice.
            open_udp("s", port=OPEN_PORT, address=REMOTE, refused=None),
            send_udp("s", b"from elsewhere", to=TESTER, port=TESTER_PORT, refused=None),
            silence(of=ip(src=REMOTE)),
        ),
        rest_is_free=True,
    ),
)

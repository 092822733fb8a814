"""RFC 1122 §3.2.2.6: the echo server, and the echo user."""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    FAR,
    FAR_HOST,
    FAR_TESTER,
    GROUP,
    HOST,
    LIMITED_BROADCAST,
    NEIGHBOUR,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_2,
    Case,
    Topology,
    advance,
    classify,
    data,
    echo_reply,
    echo_request,
    echo_served,
    expect,
    expect_train,
    fragments,
    ip,
    join,
    loose_source_route,
    ms,
    not_,
    one_of,
    open_raw,
    open_udp,
    pattern,
    received,
    record_route,
    send,
    send_raw,
    source_routing,
    starts_with,
    strict_source_route,
    timestamp,
    udp,
    unreachable,
    way,
)

# Echo and its reply with identifier 0x7FFF, that no case has, sequence 1, data 0xAA55.
REQUEST_OCTETS = bytes.fromhex("0800cda97fff0001aa55")
REPLY_OCTETS = bytes.fromhex("0000d5a97fff0001aa55")
TO_MANY = (
    ("limited-broadcast", LIMITED_BROADCAST, "1122-3.2.2.6-c"),
    ("subnet-broadcast", SUBNET_BROADCAST, "1122-3.2.2.6-c"),
    ("all-hosts-group", ALL_HOSTS, "1122-3.2.2.6-d"),
)
CUTS_OF_4000 = ((0, 1480), (1480, 2960), (2960, None))
# RFC 1122 §3.3.2: nobody must take in more than 576 octets.
TAKES_IN_4000 = (
    send(fragments(ip() / udp() / data(pattern(4000)), *CUTS_OF_4000)),
    expect(ip() / unreachable(3)),
)
STAMPED_ONCE_OR_TWICE = one_of(HOST, "0.0.0.0")

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.2.2.6-echo-answered",
        cites="1122-3.2.2.6-a",
        title="an echo request is answered",
        steps=(
            send(ip() / echo_request(data=b"is anybody there")),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"is anybody there")),
        ),
        counters=echo_served(),
    ),
    Case(
        "rfc1122-3.2.2.6-every-echo-answered",
        cites="1122-3.2.2.6-a",
        title="each of ten echo requests is answered by itself",
        steps=(
            send(*(ip() / echo_request(sequence=number) for number in range(1, 11))),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(), times=10, distinct="icmp.sequence"),
        ),
        counters=echo_served(10),
    ),
    *(
        Case(
            f"rfc1122-3.2.2.6-echo-by-{name}-observed",
            cites=cites,
            title=f"what becomes of an echo request by {name.replace('-', ' ')}",
            steps=(
                send(ip(dst=address) / echo_request()),
                classify(
                    f"an echo request by {name.replace('-', ' ')}",
                    way("answered", ip(src=HOST, dst=TESTER) / echo_reply()),
                    way("ignored", None),
                ),
            ),
        )
        for name, address, cites in TO_MANY
    ),
    *(
        Case(
            f"rfc1122-3.2.2.6-echo-by-{name}-answered-by-own-address",
            cites="1122-3.2.2.6-e",
            title=f"where an echo request by {name.replace('-', ' ')} is answered, the source is "
            "an address of the interface",
            provided=(send(ip(dst=address) / echo_request()), expect(ip() / echo_reply())),
            steps=(
                send(ip(dst=address) / echo_request()),
                expect(ip(src=HOST, dst=TESTER) / echo_reply()),
            ),
        )
        for name, address, _ in TO_MANY
    ),
    Case(
        "rfc1122-3.2.2.6-echo-by-joined-group-observed",
        cites="1122-3.2.2.6-d",
        title="what becomes of an echo request by a joined group",
        steps=(
            open_udp("member"),
            join("member", GROUP),
            send(ip(dst=GROUP) / echo_request()),
            classify(
                "an echo request by a joined group",
                way("answered", ip(src=HOST, dst=TESTER) / echo_reply()),
                way("ignored", None),
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-reply-source-of-each-interface",
        cites="1122-3.2.2.6-e",
        title="an echo request on either link is answered from the address that it was sent to",
        topology=Topology.MULTIHOMED,
        steps=(
            send(ip() / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
            send(ip(src=FAR_TESTER, dst=FAR_HOST) / echo_request(), on=FAR),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / echo_reply()),
        ),
        counters=echo_served(2),
    ),
    Case(
        "rfc1122-3.2.2.6-reply-source-of-other-interface",
        cites="1122-3.2.2.6-e",
        title="where the far address answers on the near link, it is the source of the reply",
        topology=Topology.MULTIHOMED,
        provided=(send(ip(dst=FAR_HOST) / echo_request()), expect(ip() / echo_reply())),
        steps=(
            send(ip(dst=FAR_HOST) / echo_request()),
            expect(ip(src=FAR_HOST, dst=TESTER) / echo_reply()),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-all-data-of-long-echo",
        cites="1122-3.2.2.6-f",
        title="an echo request of 4,000 octets of data comes back whole from a host that fragments",
        # RFC 1122 §3.3.3: a host may do without.
        provided=(
            send(fragments(ip() / echo_request(data=pattern(4000)), *CUTS_OF_4000)),
            expect(ip(src=HOST, dst=TESTER, mf=1)),
            advance(ms(100)),
        ),
        steps=(
            send(fragments(ip() / echo_request(data=pattern(4000)), *CUTS_OF_4000)),
            expect_train(ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(4000))),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-long-echo-whole-or-truncated",
        cites="1122-3.2.2.6-g",
        title="a reply longer than what is sent at once comes in fragments, or else cut to that",
        provided=TAKES_IN_4000,
        steps=(
            send(fragments(ip() / echo_request(data=pattern(4000)), *CUTS_OF_4000)),
            expect_train(
                # RFC 1122 §3.3.3: that may be 576 octets, header included.
                ip(src=HOST, dst=TESTER) / echo_reply(data=starts_with(pattern(548))),
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-echo-user-sends-and-hears",
        cites=("1122-3.2.2.6-b", "1122-3.2.2.6-h", "1122-3.4-h"),
        title="a user sends an echo request and gets the reply",
        steps=(
            open_raw("icmp", protocol=1),
            send_raw("icmp", REQUEST_OCTETS, to=TESTER),
            expect(
                ip(src=HOST, dst=TESTER)
                / echo_request(identifier=0x7FFF, sequence=1, data=b"\xaa\x55"),
                cites="1122-3.4-g",
            ),
            send(ip() / echo_reply(identifier=0x7FFF, sequence=1, data=b"\xaa\x55")),
            received("icmp", data=REPLY_OCTETS, source=TESTER),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-record-route-returned",
        cites="1122-3.2.2.6-i",
        title="a record route comes back with the host added behind the hops recorded, "
        "none of its room lost",
        steps=(
            send(ip(options=(record_route(TESTER_2, slots=3),)) / echo_request()),
            expect(
                ip(
                    dst=TESTER,
                    options=(
                        record_route(
                            TESTER_2,
                            HOST,
                            STAMPED_ONCE_OR_TWICE,
                            "0.0.0.0",
                            pointer=one_of(12, 16),
                            length=19,
                        ),
                    ),
                )
                / echo_reply()
            ),
        ),
        counters=echo_served(),
    ),
    Case(
        "rfc1122-3.2.2.6-full-record-route-returned",
        cites="1122-3.2.2.6-i",
        title="a record route that is full comes back as it was",
        steps=(
            send(ip(options=(record_route(TESTER_2, TESTER),)) / echo_request()),
            expect(
                ip(dst=TESTER, options=(record_route(TESTER_2, TESTER, pointer=12),)) / echo_reply()
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-timestamp-returned",
        cites="1122-3.2.2.6-i",
        title="a timestamp option comes back with the host's address and time added",
        steps=(
            send(ip(options=(timestamp(1, slots=6),)) / echo_request()),
            expect(
                ip(
                    dst=TESTER,
                    options=(
                        timestamp(
                            1,
                            HOST,
                            not_("0.0.0.0"),
                            STAMPED_ONCE_OR_TWICE,
                            not_(HOST),
                            "0.0.0.0",
                            "0.0.0.0",
                            pointer=one_of(13, 21),
                            length=28,
                        ),
                    ),
                )
                / echo_reply()
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-record-route-and-timestamp-returned",
        cites="1122-3.2.2.6-i",
        title="a record route and a timestamp in one header both come back",
        steps=(
            send(ip(options=(record_route(slots=2), timestamp(0, slots=3))) / echo_request()),
            expect(
                ip(
                    dst=TESTER,
                    options=(
                        record_route(HOST, STAMPED_ONCE_OR_TWICE, pointer=one_of(8, 12)),
                        timestamp(
                            0,
                            not_("0.0.0.0"),
                            not_(HOST),
                            "0.0.0.0",
                            pointer=one_of(9, 13),
                        ),
                    ),
                )
                / echo_reply()
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-loose-source-route-reversed",
        cites="1122-3.2.2.6-j",
        title="an echo request by a loose source route is answered back along it",
        given=(source_routing("host"),),
        steps=(
            send(ip(options=(loose_source_route(TESTER_2, pointer=8),)) / echo_request()),
            expect(
                ip(src=HOST, dst=TESTER_2, options=(loose_source_route(TESTER),)) / echo_reply()
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-longer-loose-source-route-reversed",
        cites="1122-3.2.2.6-j",
        title="the hops of a loose source route come back in the opposite order",
        given=(source_routing("host"),),
        steps=(
            send(
                ip(options=(loose_source_route(NEIGHBOUR, TESTER_2, pointer=12),)) / echo_request()
            ),
            expect(
                ip(src=HOST, dst=TESTER_2, options=(loose_source_route(NEIGHBOUR, TESTER),))
                / echo_reply()
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.6-strict-source-route-reversed",
        cites="1122-3.2.2.6-j",
        title="an echo request by a strict source route is answered back along it",
        given=(source_routing("host"),),
        steps=(
            send(ip(options=(strict_source_route(NEIGHBOUR, pointer=8),)) / echo_request()),
            expect(
                ip(src=HOST, dst=NEIGHBOUR, options=(strict_source_route(TESTER),)) / echo_reply()
            ),
        ),
    ),
)

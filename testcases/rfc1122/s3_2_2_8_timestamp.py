"""RFC 1122 §3.2.2.8: Timestamp and Timestamp Reply, an optional service."""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    FAR,
    FAR_HOST,
    FAR_TESTER,
    HOST,
    SUBNET_BROADCAST,
    TESTER,
    TESTER_2,
    Case,
    Topology,
    advance,
    bits,
    classify,
    differs_from,
    expect,
    ip,
    loose_source_route,
    ms,
    one_of,
    open_raw,
    received,
    record_route,
    seen,
    send,
    send_raw,
    source_routing,
    timestamp_reply,
    timestamp_request,
    way,
)

ANSWERED = (send(ip() / timestamp_request()), expect(ip() / timestamp_reply()))
IN_STANDARD_TIME = (
    send(ip() / timestamp_request()),
    expect(ip() / timestamp_reply(receive=bits(0x80000000, 0))),
)
# Timestamp with identifier 0x7FFF, that no case has, sequence 1, and three times.
REQUEST_OCTETS = bytes.fromhex("0d0072ff7fff0001") + bytes(12)
TO_MANY = (
    ("subnet-broadcast", SUBNET_BROADCAST, "1122-3.2.2.8-d"),
    ("all-hosts-group", ALL_HOSTS, "1122-3.2.2.8-e"),
)

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.2.2.8-timestamp-observed",
        cites="1122-3.2.2.8-a",
        title="whether a timestamp request is answered",
        steps=(
            send(ip() / timestamp_request()),
            classify(
                "a timestamp request",
                way("answered", ip(src=HOST, dst=TESTER) / timestamp_reply()),
                way("ignored", None),
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.8-every-timestamp-answered",
        cites="1122-3.2.2.8-b",
        title="each of ten timestamp requests is answered by itself",
        provided=ANSWERED,
        steps=(
            send(*(ip() / timestamp_request(sequence=number) for number in range(1, 11))),
            expect(
                ip(src=HOST, dst=TESTER) / timestamp_reply(),
                times=10,
                distinct="icmp.sequence",
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.8-clock-ticks",
        cites="1122-3.2.2.8-j",
        title="standard times 70 ms apart are different",
        provided=IN_STANDARD_TIME,
        steps=(
            send(ip() / timestamp_request(sequence=1)),
            expect(ip() / timestamp_reply(sequence=1), label="before"),
            advance(ms(70)),
            send(ip() / timestamp_request(sequence=2)),
            expect(
                ip() / timestamp_reply(sequence=2, receive=differs_from("before", "icmp.receive"))
            ),
        ),
    ),
    *(
        Case(
            f"rfc1122-3.2.2.8-timestamp-by-{name}-observed",
            cites=cites,
            title=f"what becomes of a timestamp request by {name.replace('-', ' ')}",
            provided=ANSWERED,
            steps=(
                send(ip(dst=address) / timestamp_request()),
                classify(
                    f"a timestamp request by {name.replace('-', ' ')}",
                    way("answered", ip(src=HOST, dst=TESTER) / timestamp_reply()),
                    way("ignored", None),
                ),
            ),
        )
        for name, address, cites in TO_MANY
    ),
    Case(
        "rfc1122-3.2.2.8-reply-source-of-each-interface",
        cites="1122-3.2.2.8-f",
        title="a timestamp request on either link is answered from the address it was sent to",
        topology=Topology.MULTIHOMED,
        provided=ANSWERED,
        steps=(
            send(ip() / timestamp_request()),
            expect(ip(src=HOST, dst=TESTER) / timestamp_reply()),
            send(ip(src=FAR_TESTER, dst=FAR_HOST) / timestamp_request(), on=FAR),
            expect(ip(src=FAR_HOST, dst=FAR_TESTER) / timestamp_reply()),
        ),
    ),
    Case(
        "rfc1122-3.2.2.8-source-route-reversed",
        cites="1122-3.2.2.8-g",
        title="a timestamp request by a loose source route is answered back along it",
        given=(source_routing("host"),),
        provided=ANSWERED,
        steps=(
            send(ip(options=(loose_source_route(TESTER_2, pointer=8),)) / timestamp_request()),
            expect(
                ip(src=HOST, dst=TESTER_2, options=(loose_source_route(TESTER),))
                / timestamp_reply()
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.8-record-route-returned",
        cites="1122-3.2.2.8-h",
        title="a record route in a timestamp request comes back with the host added",
        provided=ANSWERED,
        steps=(
            send(ip(options=(record_route(TESTER_2, slots=2),)) / timestamp_request()),
            expect(
                ip(
                    dst=TESTER,
                    options=(
                        record_route(
                            TESTER_2, HOST, one_of(HOST, "0.0.0.0"), pointer=one_of(12, 16)
                        ),
                    ),
                )
                / timestamp_reply()
            ),
        ),
    ),
    Case(
        "rfc1122-3.2.2.8-timestamp-user-hears-reply",
        cites=("1122-3.2.2.8-i", "1122-3.4-h"),
        title="a user who sent a timestamp request gets the reply",
        steps=(
            open_raw("icmp", protocol=1),
            send_raw("icmp", REQUEST_OCTETS, to=TESTER),
            expect(
                ip(src=HOST, dst=TESTER) / timestamp_request(identifier=0x7FFF, sequence=1),
                cites="1122-3.4-g",
            ),
            send(
                ip() / timestamp_reply(identifier=0x7FFF, sequence=1, receive=7, transmit=8),
                label="reply",
            ),
            received("icmp", data=seen("reply", "ip.payload"), source=TESTER),
        ),
    ),
)

"""RFC 1112 §4, §6 and §7, RFC 1122 §3.3.7: groups: sending, joining, receiving, leaving."""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    FAR,
    FAR_HOST,
    GROUP,
    GROUP_2,
    HOST,
    HOST_MAC,
    NEAR,
    OPEN_PORT,
    RECORD_ROUTE,
    REMOTE,
    TESTER,
    TESTER_PORT,
    Case,
    Option,
    Topology,
    at_least,
    close,
    data,
    echo_reply,
    echo_request,
    ether,
    expect,
    fragments,
    including,
    ip,
    join,
    mac,
    not_,
    nothing_received,
    open_udp,
    option,
    pattern,
    received,
    record_route,
    send,
    send_udp,
    set_option,
    silence,
    udp,
    unreachable,
)

TO_GROUP = send(ip(dst=GROUP) / udp(dport=OPEN_PORT) / data(b"to members"))
MEMBER = (open_udp("member", port=OPEN_PORT), join("member", GROUP))
HEARS = (
    open_udp("control", port=OPEN_PORT),
    join("control", GROUP),
    TO_GROUP,
    received("control", data=b"to members"),
    close("control"),
)
ASK_ALL_HOSTS = send(ip(dst=ALL_HOSTS, options=(record_route(slots=2),)) / echo_request())
NO_GROUP_RECORDED = Option(
    RECORD_ROUTE, pointer=at_least(4), slots=(not_(ALL_HOSTS), not_(ALL_HOSTS))
)
MANY = tuple(f"233.252.255.{last}" for last in range(1, 65))

CASES: tuple[Case, ...] = (
    # Sending
    Case(
        "rfc1112-6.1-ttl-default",
        cites="1112-6.1-a",
        title="a datagram to a group leaves with TTL 1 unless its sender wants another",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            send_udp("sender", b"near", to=GROUP, port=TESTER_PORT),
            expect(ip(src=HOST, dst=GROUP, ttl=1) / udp() / data(b"near")),
            send_udp("sender", b"farther", to=GROUP, port=TESTER_PORT, ttl=7),
            expect(ip(src=HOST, dst=GROUP, ttl=7) / udp() / data(b"farther")),
        ),
    ),
    *(
        Case(
            f"rfc1112-6.1-interface-{name}",
            cites="1112-6.1-b",
            title=f"the sender of a group datagram picks the {name} link, and no other carries it",
            topology=Topology.MULTIHOMED,
            steps=(
                open_udp("sender", port=OPEN_PORT),
                send_udp("sender", b"here", to=GROUP, port=TESTER_PORT, on=link),
                expect(ip(dst=GROUP) / udp() / data(b"here"), on=link),
                silence(of=ip(dst=GROUP), on=other),
            ),
        )
        for name, link, other in (("near", NEAR, FAR), ("far", FAR, NEAR))
    ),
    Case(
        "rfc1112-6.1-loopback-suppressed",
        cites="1112-6.1-c",
        title="a member that wants no copies of what it sends to its group gets none",
        control=(
            *MEMBER,
            send_udp("member", b"with a copy", to=GROUP, port=OPEN_PORT, on=NEAR),
            received("member", data=b"with a copy"),
        ),
        steps=(
            set_option("member", "multicast_loop", value=False, cites="1112-6.1-c"),
            send_udp("member", b"without", to=GROUP, port=OPEN_PORT, on=NEAR),
            expect(ip(src=HOST, dst=GROUP) / udp() / data(b"without")),
            nothing_received("member"),
        ),
        rest_is_free=True,
    ),
    *(
        Case(
            f"rfc1112-6.2-source-{name}",
            cites="1112-6.2-b",
            title=f"a group datagram on the {name} link has the host's address there as source",
            topology=Topology.MULTIHOMED,
            steps=(
                open_udp("sender", port=OPEN_PORT),
                send_udp("sender", b"here", to=GROUP, port=TESTER_PORT, on=link),
                expect(ip(src=own, dst=GROUP) / udp() / data(b"here"), on=link),
            ),
        )
        for name, link, own in (("near", NEAR, HOST), ("far", FAR, FAR_HOST))
    ),
    Case(
        "rfc1112-6.2-local-though-gateway",
        cites="1112-6.2-a",
        title="a group datagram with a large TTL goes to the link, not to the gateway",
        steps=(
            open_udp("sender", port=OPEN_PORT),
            send_udp("sender", b"far", to=GROUP, port=TESTER_PORT, ttl=64),
            expect(ether(dst=mac(GROUP)) / ip(dst=GROUP, ttl=64) / udp() / data(b"far")),
        ),
    ),
    Case(
        "rfc1112-6.2-no-group-as-source",
        cites="1112-6.2-c",
        title="the reply to an echo request to 224.0.0.1 comes from the host's own address",
        provided=(
            send(ip(dst=ALL_HOSTS) / echo_request()),
            expect(ip(dst=TESTER) / echo_reply()),
        ),
        steps=(
            send(ip(dst=ALL_HOSTS) / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
    ),
    Case(
        "rfc1112-6.2-no-group-recorded",
        cites="1112-6.2-c",
        title="a route recorded for an echo request to 224.0.0.1 names no group",
        provided=(
            ASK_ALL_HOSTS,
            expect(ip(dst=TESTER, options=including(Option(RECORD_ROUTE))) / echo_reply()),
        ),
        steps=(
            ASK_ALL_HOSTS,
            expect(ip(dst=TESTER, options=including(NO_GROUP_RECORDED)) / echo_reply()),
        ),
    ),
    *(
        Case(
            f"rfc1112-6.4-mapped-{name}",
            cites=cites,
            title=f"what is sent to {words} leaves for 01-00-5E and its low 23 bits",
            steps=(
                open_udp("sender", port=OPEN_PORT),
                send_udp("sender", b"mapped", to=group, port=TESTER_PORT),
                expect(ether(dst=address, src=HOST_MAC) / ip(dst=group) / udp() / data(b"mapped")),
            ),
        )
        for name, words, group, address, cites in (
            ("group", "a group", GROUP, mac(GROUP), "1112-6.4-a"),
            ("twin", "a group above those 23 bits", GROUP_2, mac(GROUP), "1112-6.4-a"),
            ("bit-24", "224.129.2.3", "224.129.2.3", bytes.fromhex("01005e010203"), "1112-6.4-a"),
            (
                "ones",
                "239.127.255.254",
                "239.127.255.254",
                bytes.fromhex("01005e7ffffe"),
                "1122-3.3.7-d",
            ),
            ("all-hosts", "224.0.0.1", ALL_HOSTS, bytes.fromhex("01005e000001"), "1122-3.3.7-d"),
        )
    ),
    # Receiving
    Case(
        "rfc1112-7.2-colliding-group",
        cites="1112-7.2-a",
        title="a group that shares its link address with a joined one is not heard",
        control=HEARS,
        steps=(
            *MEMBER,
            send(ip(dst=GROUP_2) / udp(dport=OPEN_PORT) / data(b"to others")),
            nothing_received("member"),
        ),
    ),
    Case(
        "rfc1112-7.2-colliding-group-no-error",
        cites="1112-7.2-a",
        title="a group that shares its link address with a joined one brings no error",
        control=(send(ip() / udp()), expect(ip(src=HOST, dst=TESTER) / unreachable(3))),
        steps=(
            *MEMBER,
            send(ip(dst=GROUP_2) / udp() / data(b"to others")),
            silence(),
        ),
    ),
    Case(
        "rfc1112-7.2-other-link",
        cites="1112-7.2-a",
        title="a group joined on the near link is not heard on the far one",
        topology=Topology.MULTIHOMED,
        control=HEARS,
        steps=(
            *MEMBER,
            send(ip(dst=GROUP) / udp(dport=OPEN_PORT) / data(b"there"), on=FAR),
            nothing_received("member"),
        ),
    ),
    Case(
        "rfc1112-7.2-ttl-one",
        cites="1112-7.2-b",
        title="a datagram to a joined group that arrives with TTL 1 is delivered",
        steps=(
            *MEMBER,
            send(ip(dst=GROUP, ttl=1) / udp(dport=OPEN_PORT) / data(b"last hop")),
            received("member", data=b"last hop"),
        ),
    ),
    Case(
        "rfc1112-7.2-ttl-not-lowered",
        cites="1112-7.2-b",
        title="the TTL of a delivered group datagram is the one that it arrived with",
        steps=(
            *MEMBER,
            send(ip(dst=GROUP, ttl=5) / udp(dport=OPEN_PORT) / data(b"five")),
            received("member", data=b"five", ttl=5),
        ),
    ),
    Case(
        "rfc1112-7.2-fragments",
        cites="1122-3.3.7-a",
        title="fragments to a joined group are put together and delivered",
        steps=(
            *MEMBER,
            send(
                fragments(
                    ip(dst=GROUP) / udp(dport=OPEN_PORT) / data(pattern(400)),
                    (0, 200),
                    (200, None),
                    order=(1, 0),
                )
            ),
            received("member", data=pattern(400)),
        ),
    ),
    Case(
        "rfc1112-7.2-group-as-source",
        cites="1112-7.2-c",
        title="UDP from a group address to a joined group is not delivered",
        control=HEARS,
        steps=(
            *MEMBER,
            send(ip(src=GROUP_2, dst=GROUP) / udp(dport=OPEN_PORT) / data(b"from many")),
            nothing_received("member"),
        ),
    ),
    *(
        Case(
            f"rfc1112-7.2-no-error-{name}",
            cites="1112-7.2-d",
            title=f"{words} to 224.0.0.1 brings no ICMP error",
            control=(send(ip() / udp()), expect(ip(src=HOST, dst=TESTER) / unreachable(3))),
            steps=(send(stimulus), silence()),
        )
        for name, words, stimulus in (
            ("port", "UDP to a closed port", ip(dst=ALL_HOSTS) / udp()),
            ("protocol", "an unknown protocol", ip(dst=ALL_HOSTS, protocol=253) / data(b"what")),
            (
                "option",
                "a malformed option",
                ip(dst=ALL_HOSTS, options=(option(7, b"\x04\0\0\0\0", length=2),)) / udp(),
            ),
            ("ttl", "UDP with TTL 0 to a closed port", ip(dst=ALL_HOSTS, ttl=0) / udp()),
        )
    ),
    Case(
        "rfc1112-7.2-no-error-joined-group",
        cites="1112-7.2-d",
        title="UDP to a closed port of a joined group brings no ICMP error",
        control=(send(ip() / udp()), expect(ip(src=HOST, dst=TESTER) / unreachable(3))),
        steps=(*MEMBER, send(ip(dst=GROUP) / udp()), silence()),
    ),
    Case(
        "rfc1112-7.2-all-hosts",
        cites="1112-7.2-e",
        title="UDP to 224.0.0.1 is delivered without joining",
        steps=(
            open_udp("any", port=OPEN_PORT),
            send(ip(dst=ALL_HOSTS) / udp(dport=OPEN_PORT) / data(b"to all hosts")),
            received("any", data=b"to all hosts"),
        ),
    ),
    Case(
        "rfc1112-7.2-all-hosts-every-link",
        cites="1122-3.3.7-c",
        title="UDP to 224.0.0.1 is delivered on both links of a host",
        topology=Topology.MULTIHOMED,
        steps=(
            open_udp("any", port=OPEN_PORT),
            send(ip(dst=ALL_HOSTS) / udp(dport=OPEN_PORT) / data(b"near")),
            received("any", data=b"near"),
            send(ip(dst=ALL_HOSTS) / udp(dport=OPEN_PORT) / data(b"far"), on=FAR),
            received("any", data=b"far"),
        ),
    ),
    Case(
        "rfc1112-7.4-many-groups",
        cites="1112-7.4-a",
        title="a host that has joined 64 groups hears the first and the last of them",
        steps=(
            open_udp("member", port=OPEN_PORT),
            *(join("member", group) for group in MANY),
            send(ip(dst=MANY[-1]) / udp(dport=OPEN_PORT) / data(b"last")),
            received("member", data=b"last"),
            send(ip(dst=MANY[0]) / udp(dport=OPEN_PORT) / data(b"first")),
            received("member", data=b"first"),
        ),
    ),
    Case(
        "rfc1112-4-no-group-zero",
        cites="1112-4-a",
        title="UDP to 224.0.0.0, which is no group, is not delivered",
        control=HEARS,
        steps=(
            open_udp("any", port=OPEN_PORT),
            send(ip(src=REMOTE, dst="224.0.0.0") / udp(dport=OPEN_PORT) / data(b"to none")),
            nothing_received("any"),
        ),
    ),
)

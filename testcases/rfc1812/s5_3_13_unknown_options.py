"""RFC 1812 §5.3.13.1, §5.3.13.3, §4.2.2.6: options that a router does not know, or must ignore."""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    HOST,
    STREAM_ID,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    data,
    echo_reply,
    echo_request,
    expect,
    ip,
    nop,
    option,
    send,
    udp,
)

CONTROL, COPIED = 0x1E, 0x9E
MEASUREMENT, COPIED_MEASUREMENT = 0x5E, 0xDE
"""RFC 4727 §3.2: types for experiments, which no router has to know."""
TRACEROUTE, MTU_PROBE, ADDRESS_EXTENSION = 82, 11, 147
"""RFC 6814: deprecated types, treated as unknown ones."""

OPTIONS = (
    ("control", option(CONTROL, b"abcdef")),
    ("copied", option(COPIED, b"abcdef")),
    ("measurement", option(MEASUREMENT, b"abcdef")),
    ("copied-measurement", option(COPIED_MEASUREMENT, b"abcdef")),
    ("stream-identifier", option(STREAM_ID, b"\x12\x34")),
    ("longest", option(CONTROL, bytes(range(38)))),
    ("shortest", option(CONTROL)),
)
DEPRECATED = (
    ("traceroute", option(TRACEROUTE, bytes(10))),
    ("mtu-probe", option(MTU_PROBE, b"\x05\xdc")),
    ("address-extension", option(ADDRESS_EXTENSION, bytes(8))),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1812-5.3.13-{name}-option-unchanged",
            cites="1812-5.3.13-a",
            title=f"an option that means nothing here ({name}) passes through unchanged",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, options=(passed,)) / echo_request()),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, options=(passed,)) / echo_request(),
                    on=FAR,
                ),
            ),
        )
        for name, passed in OPTIONS
    ),
    *(
        Case(
            f"rfc1812-4.2.2.6-unknown-option-ignored-{name}",
            cites="1812-4.2.2.6-a",
            title=f"an unknown option between no-operations does not stop a datagram ({name})",
            topology=Topology.ROUTER,
            steps=(
                send(
                    ip(dst=FAR_TESTER, options=(nop(), option(CONTROL, b"a"), nop())) / carried,
                ),
                expect(ip(src=TESTER, dst=FAR_TESTER) / carried, on=FAR),
            ),
        )
        for name, carried in (
            ("echo", echo_request(data=b"ignored")),
            ("udp", udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"ignored")),
        )
    ),
    Case(
        "rfc1812-4.2.2.1-unknown-option-to-router",
        cites="1812-4.2.2.1-a",
        title="an echo request for the router is answered in spite of an unknown option",
        topology=Topology.ROUTER,
        steps=(
            send(ip(options=(option(CONTROL, b"ab"),)) / echo_request(data=b"kept")),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"kept")),
        ),
    ),
    Case(
        "rfc1812-4.2.2.1-stream-identifier-to-router",
        cites="1812-4.2.2.1-b",
        title="an echo request for the router is answered in spite of a stream identifier",
        topology=Topology.ROUTER,
        steps=(
            send(ip(options=(option(STREAM_ID, b"\x12\x34"),)) / echo_request(data=b"stream")),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"stream")),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.2.2.6-deprecated-option-ignored-{name}",
            cites="1812-4.2.2.6-a",
            title=f"a deprecated option ({name}) does not stop a datagram",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, options=(old,)) / echo_request()),
                expect(ip(src=TESTER, dst=FAR_TESTER) / echo_request(), on=FAR),
            ),
        )
        for name, old in DEPRECATED
    ),
)

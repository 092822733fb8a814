"""RFC 1812 §5.3.13.1, §5.3.13.3, §4.2.2.6: options that a router does not know, or must ignore.

RFC 7126 §4.6 to §4.22 advise routers to drop datagrams with obsolete options and with those for
experiments: what a router does with them is observed. For options that nobody has assigned its
§4.23 names no default.
"""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    HOST,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    classify,
    data,
    echo_reply,
    echo_request,
    expect,
    ip,
    nop,
    option,
    parameter_problem,
    send,
    silence,
    udp,
    way,
)

from testcases.options import STREAM

CONTROL, COPIED = 0x1A, 0x9A
MEASUREMENT, COPIED_MEASUREMENT = 0x5A, 0xDA
"""Option 26, which nobody has assigned, of both classes, with and without the copied flag."""
EXPERIMENT, COPIED_EXPERIMENT = 0x1E, 0x9E
"""RFC 4727 §3.2: types for experiments."""
TRACEROUTE, MTU_PROBE, ADDRESS_EXTENSION = 82, 11, 147
"""RFC 6814: deprecated types."""

OPTIONS = (
    ("control", option(CONTROL, b"abcdef")),
    ("copied", option(COPIED, b"abcdef")),
    ("measurement", option(MEASUREMENT, b"abcdef")),
    ("copied-measurement", option(COPIED_MEASUREMENT, b"abcdef")),
    ("longest", option(CONTROL, bytes(range(38)))),
    ("shortest", option(CONTROL)),
)
ADVISED_AGAINST = (
    ("experiment", option(EXPERIMENT, b"abcdef")),
    ("copied-experiment", option(COPIED_EXPERIMENT, b"abcdef")),
    ("stream-identifier", STREAM),
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
        title="a stream identifier to the router is no reason to complain of it",
        topology=Topology.ROUTER,
        control=(
            send(ip() / echo_request(data=b"stream")),
            expect(ip(src=HOST, dst=TESTER) / echo_reply(data=b"stream")),
        ),
        steps=(
            send(ip(options=(STREAM,)) / echo_request(data=b"stream")),
            silence(of=ip(src=HOST) / parameter_problem()),
            classify(
                "a stream identifier to the router",
                way(
                    "answered as without it", ip(src=HOST, dst=TESTER) / echo_reply(data=b"stream")
                ),
                way("dropped silently", None),
            ),
        ),
    ),
    Case(
        "rfc1812-5.3.13-stream-identifier-option-unchanged",
        cites="1812-5.3.13-a",
        title="a stream identifier, where it does not stop a datagram, passes through unchanged",
        topology=Topology.ROUTER,
        provided=(
            send(ip(dst=FAR_TESTER, options=(STREAM,)) / echo_request()),
            expect(ip(src=TESTER, dst=FAR_TESTER) / echo_request(), on=FAR),
        ),
        steps=(
            send(ip(dst=FAR_TESTER, options=(STREAM,)) / echo_request()),
            expect(ip(src=TESTER, dst=FAR_TESTER, options=(STREAM,)) / echo_request(), on=FAR),
        ),
    ),
    *(
        Case(
            f"rfc1812-4.2.2.6-{name}-option-passed-or-not",
            cites="7126-4.6-a",
            title=f"what a router does with an option that it is advised to drop ({name})",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, options=(old,)) / echo_request()),
                classify(
                    name,
                    way(
                        "passed unchanged",
                        ip(src=TESTER, dst=FAR_TESTER, options=(old,)) / echo_request(),
                    ),
                    way("passed changed", ip(src=TESTER, dst=FAR_TESTER) / echo_request()),
                    way("reported with Parameter Problem", parameter_problem()),
                    way("dropped silently", None),
                ),
            ),
        )
        for name, old in ADVISED_AGAINST
    ),
)

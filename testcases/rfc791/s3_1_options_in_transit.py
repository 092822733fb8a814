"""RFC 791 §3.1, Options on the way: parsing, padding, and the copied flag at fragmentation."""

from __future__ import annotations

from harness.case import (
    EOL,
    FAR,
    FAR_TESTER,
    SECURITY,
    TESTER,
    Case,
    Option,
    Topology,
    at_least,
    data,
    echo_request,
    expect,
    including,
    ip,
    mtu,
    nop,
    octets,
    option,
    pattern,
    record_route,
    router_alert,
    send,
    silence,
    without,
)

SMALL = (mtu(576, on=FAR),)
BIG = pattern(1000)

UNKNOWN_COPIED = 0x9A
UNKNOWN_ONCE = 0x1A
MEASUREMENT_ONCE = 0x5A
MEASUREMENT_COPIED = 0xDA
"""Option 26, which nobody has assigned, of both classes, with and without the copied flag.

RFC 7126 §4.22 advises routers to drop the types for experiments; it leaves these to a setting.
"""

COPIED: tuple[tuple[str, Option, str], ...] = (
    ("unknown-control", option(UNKNOWN_COPIED, b"ab"), "791-3.1.opt-c"),
    ("unknown-measurement", option(MEASUREMENT_COPIED, b"ab"), "791-3.1.opt-c"),
    ("router-alert", router_alert(), "2113-2.1-a"),
    ("basic-security", option(SECURITY, b"\xab\x00"), "1108-2-a"),
)
ONCE: tuple[tuple[str, Option, str], ...] = (
    ("unknown-control", option(UNKNOWN_ONCE, b"ab"), "791-3.1.opt-c"),
    ("unknown-measurement", option(MEASUREMENT_ONCE, b"ab"), "791-3.1.opt-c"),
)

OVERRUN = octets(bytes((UNKNOWN_ONCE, 12, 0, 0)))

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc791-3.1-{name}-in-every-fragment",
            cites=cites,
            title=f"an option with the copied flag ({name}) is in every piece of a datagram",
            topology=Topology.ROUTER,
            given=SMALL,
            steps=(
                send(ip(dst=FAR_TESTER, options=(copied,)) / data(BIG)),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, offset=0, mf=1, options=including(copied)),
                    on=FAR,
                ),
                expect(
                    ip(
                        src=TESTER,
                        dst=FAR_TESTER,
                        offset=at_least(8),
                        mf=0,
                        options=including(copied),
                    ),
                    on=FAR,
                ),
            ),
            rest_is_free=True,
        )
        for name, copied, cites in COPIED
    ),
    *(
        Case(
            f"rfc791-3.1-{name}-in-first-fragment-alone",
            cites=cites,
            title=f"an option without the copied flag ({name}) is in the first piece alone",
            topology=Topology.ROUTER,
            given=SMALL,
            steps=(
                send(ip(dst=FAR_TESTER, options=(once,)) / data(BIG)),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, offset=0, mf=1, options=including(once)),
                    on=FAR,
                ),
                expect(
                    ip(
                        src=TESTER,
                        dst=FAR_TESTER,
                        offset=at_least(8),
                        mf=0,
                        options=without(once.type),
                    ),
                    on=FAR,
                ),
            ),
            rest_is_free=True,
        )
        for name, once, cites in ONCE
    ),
    Case(
        "rfc791-3.1-copied-and-uncopied-mixed",
        cites="791-3.1.opt-c",
        title="of three options on odd boundaries the later pieces have the copied one alone",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(
                ip(
                    dst=FAR_TESTER,
                    options=(
                        option(UNKNOWN_ONCE, b"1"),
                        option(UNKNOWN_COPIED, b"234"),
                        nop(),
                        option(MEASUREMENT_ONCE, b"56"),
                    ),
                )
                / data(BIG)
            ),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    offset=0,
                    mf=1,
                    options=(
                        option(UNKNOWN_ONCE, b"1"),
                        option(UNKNOWN_COPIED, b"234"),
                        option(MEASUREMENT_ONCE, b"56"),
                    ),
                ),
                on=FAR,
            ),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    offset=at_least(8),
                    mf=0,
                    options=(option(UNKNOWN_COPIED, b"234"),),
                ),
                on=FAR,
            ),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.1-later-fragment-cut-keeps-its-options",
        cites="791-3.1.opt-c",
        title="a later fragment that is cut again has its copied option in each piece",
        topology=Topology.ROUTER,
        given=SMALL,
        steps=(
            send(
                ip(dst=FAR_TESTER, offset=800, options=(option(UNKNOWN_COPIED, b"ab"),)) / data(BIG)
            ),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    offset=800,
                    mf=1,
                    options=including(option(UNKNOWN_COPIED, b"ab")),
                ),
                on=FAR,
            ),
            expect(
                ip(
                    src=TESTER,
                    dst=FAR_TESTER,
                    offset=at_least(808),
                    mf=0,
                    options=including(option(UNKNOWN_COPIED, b"ab")),
                ),
                on=FAR,
            ),
        ),
        rest_is_free=True,
    ),
    Case(
        "rfc791-3.1-end-of-list-ends-parsing-in-transit",
        cites="791-3.1.eol-a",
        title="what looks like a bad option behind an end of list does not stop a datagram",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, options=(nop(), octets(bytes((EOL, 7, 99))))) / echo_request()),
            expect(ip(src=TESTER, dst=FAR_TESTER) / echo_request(), on=FAR),
        ),
    ),
    Case(
        "rfc791-3.1-forty-no-operations-in-transit",
        cites="791-3.1.nop-a",
        title="a datagram with forty no-operations is forwarded",
        topology=Topology.ROUTER,
        steps=(
            send(ip(dst=FAR_TESTER, options=(nop(),) * 40) / echo_request()),
            expect(ip(src=TESTER, dst=FAR_TESTER) / echo_request(), on=FAR),
        ),
    ),
    *(
        Case(
            f"rfc791-3.1-option-{name}-in-transit",
            cites="791-3.1.opt-d",
            title=f"a datagram with an option {words} goes no further, and the router lives",
            topology=Topology.ROUTER,
            control=(
                send(ip(dst=FAR_TESTER, options=(option(UNKNOWN_ONCE, b"ab"),)) / echo_request()),
                expect(ip(src=TESTER, dst=FAR_TESTER) / echo_request(), on=FAR),
            ),
            steps=(
                send(ip(dst=FAR_TESTER, options=(bad,)) / echo_request()),
                silence(of=ip(dst=FAR_TESTER), on=FAR),
            ),
            rest_is_free=True,
            must_survive=True,
        )
        for name, words, bad in (
            ("length-0", "of length 0", octets(bytes((UNKNOWN_ONCE, 0, 0, 0)))),
            ("length-1", "of length 1", octets(bytes((UNKNOWN_ONCE, 1, 0, 0)))),
            ("overrun", "that is longer than the header", OVERRUN),
            (
                "record-route-overrun",
                "that is a record route longer than the header",
                record_route(slots=1, length=40),
            ),
            ("without-length", "that has no length octet", octets(bytes((1, 1, 1, UNKNOWN_ONCE)))),
        )
    ),
)

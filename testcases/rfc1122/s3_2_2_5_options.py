"""RFC 1122 §3.2.2.5: Parameter Problems about options that the host implements.

RFC 792 p. 8 lets the pointer name the octet with the error; which octet of a bad option that is the
text does not settle, so any of them will do, up to the last that is there.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    QUOTED,
    RECORD_ROUTE,
    TESTER,
    TIMESTAMP,
    Case,
    Option,
    between,
    counters,
    echo_reply,
    echo_request,
    error_sent,
    expect,
    ip,
    merged,
    nop,
    option,
    parameter_problem,
    record_route,
    send,
    timestamp,
    udp,
)

STAMPS = (
    send(ip(options=(timestamp(slots=1),)) / echo_request()),
    expect(ip(options=(Option(TIMESTAMP, length=8, pointer=9),)) / echo_reply()),
)
"""The target implements the timestamp option: it comes back with an entry filled."""
RECORDS = (
    send(ip(options=(record_route(slots=1),)) / echo_request()),
    expect(ip(options=(record_route(HOST, pointer=8),)) / echo_reply()),
)
"""The target implements record route."""
# Name, what is wrong, who implements it, the options, and the octets that the bad option takes.
FAULTS = (
    (
        "record-route-pointer-3",
        "a record route whose pointer is 3",
        RECORDS,
        (record_route(slots=2, pointer=3),),
        between(20, 30),
    ),
    (
        # Nothing behind it but the end of the list, so that nothing else is wrong.
        "record-route-length-2",
        "a record route of length 2",
        RECORDS,
        (option(RECORD_ROUTE, length=2),),
        between(20, 22),
    ),
    (
        "record-route-past-the-header",
        "a record route that goes past the header",
        RECORDS,
        (record_route(slots=2, length=20),),
        between(20, 31),
    ),
    (
        "record-route-behind-no-operations",
        "a record route whose pointer is 3, behind three no-operations,",
        RECORDS,
        (nop(), nop(), nop(), record_route(slots=2, pointer=3)),
        between(23, 33),
    ),
    (
        "timestamp-pointer-4",
        "a timestamp option whose pointer is 4",
        STAMPS,
        (timestamp(slots=2, pointer=4),),
        between(20, 31),
    ),
    (
        "timestamp-past-the-header",
        "a timestamp option that goes past the header",
        STAMPS,
        (timestamp(slots=2, length=20),),
        between(20, 31),
    ),
    (
        "timestamp-overflow-15",
        "a full timestamp option that has overflown 15 times",
        STAMPS,
        (timestamp(0, 1, 2, overflow=15),),
        between(20, 31),
    ),
)
TRIGGERS = (
    ("an-echo-request", "an echo request", echo_request()),
    ("udp", "a datagram to a port that nobody has", udp()),
)

CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc1122-3.2.2.5-{what}-reported-for-{trigger}",
        cites="1122-3.2.2.5-a",
        title=f"{words} in {said} is reported with the pointer in the option",
        provided=provided,
        steps=(
            send(ip(options=options) / upper),
            expect(ip(src=HOST, dst=TESTER) / parameter_problem(pointer, code=0, quote=QUOTED)),
        ),
        counters=merged(
            counters(ipSystemStatsInReceives=1, ipSystemStatsInHdrErrors=1),
            error_sent(12),
        ),
    )
    for what, words, provided, options, pointer in FAULTS
    for trigger, said, upper in TRIGGERS
)

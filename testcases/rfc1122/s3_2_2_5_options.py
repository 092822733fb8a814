"""RFC 1122 §3.2.2.5: Parameter Problems about options that the host implements.

RFC 792 p. 8 lets the pointer name the octet with the error; which octet of a bad option that is the
text does not settle, so any of them will do.
"""

from __future__ import annotations

from harness.case import (
    HOST,
    RECORD_ROUTE,
    TESTER,
    TIMESTAMP,
    Case,
    Option,
    between,
    echo_reply,
    echo_request,
    expect,
    ip,
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
# RFC 1122 §3.2.2.5 for options that the host implements, RFC 792 for the pointer.
CASES: tuple[Case, ...] = tuple(
    Case(
        f"rfc1122-3.2.2.5-{what}-reported-for-{trigger}",
        cites="1122-3.2.2.5-a",
        title=f"{words} in {said} is reported with the pointer in the option",
        provided=provided,
        steps=(
            send(ip(options=(bad,)) / upper),
            expect(ip(src=HOST, dst=TESTER) / parameter_problem(between(20, 23), code=0)),
        ),
    )
    for what, words, provided, bad in (
        (
            "record-route-pointer-3",
            "a record route whose pointer is 3",
            RECORDS,
            record_route(slots=2, pointer=3),
        ),
        (
            "record-route-length-2",
            "a record route of length 2",
            RECORDS,
            Option(RECORD_ROUTE, 2, 4, None, (0, 0)),
        ),
        (
            "record-route-past-the-header",
            "a record route that goes past the header",
            RECORDS,
            record_route(slots=2, length=20),
        ),
        (
            "timestamp-pointer-4",
            "a timestamp option whose pointer is 4",
            STAMPS,
            timestamp(slots=2, pointer=4),
        ),
        (
            "timestamp-past-the-header",
            "a timestamp option that goes past the header",
            STAMPS,
            timestamp(slots=2, length=20),
        ),
    )
    for trigger, said, upper in (
        ("an-echo-request", "an echo request", echo_request()),
        ("udp", "a datagram to a port that nobody has", udp()),
    )
)

"""RFC 792, Parameter Problem, as hosts send it (that they do: RFC 1122 §3.2.2.5).

The pointer counts octets from the start of the header. Which octet of an option is at fault the
text does not settle, so that any octet of the option is taken.
"""

from __future__ import annotations

from harness.case import (
    QUOTED,
    RECORD_ROUTE,
    Case,
    between,
    data,
    echo_reply,
    echo_request,
    expect,
    ip,
    nop,
    option,
    parameter_problem,
    record_route,
    send,
    silence,
    timestamp,
    udp,
)

# Name, what is wrong, the options, and the octets of the header that the bad option takes.
FAULTS = (
    (
        "record-route-pointer-3",
        "a record route whose pointer is 3",
        (record_route(slots=2, pointer=3),),
        between(20, 30),
    ),
    (
        "record-route-length-2",
        "a record route of length 2",
        # Nothing behind it but the end of the list, so that nothing else is wrong.
        (option(RECORD_ROUTE, length=2),),
        between(20, 22),
    ),
    (
        "record-route-beyond-header",
        "a record route longer than the header",
        (record_route(slots=2, length=40),),
        between(20, 30),
    ),
    (
        "timestamp-pointer-4",
        "a timestamp option whose pointer is 4",
        (timestamp(0, slots=2, pointer=4),),
        between(20, 31),
    ),
    (
        "timestamp-overflow-15",
        "a full timestamp option that has overflown 15 times",
        (timestamp(0, 1, 2, overflow=15),),
        between(20, 31),
    ),
    (
        "second-option",
        "a record route behind three no-operations",
        (nop(), nop(), nop(), record_route(slots=2, pointer=3)),
        between(23, 33),
    ),
)
NOBODY = udp() / data(b"nobody listens here")

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc792-parameter-problem-{name}-pointer",
            cites=("792-pp-a", "792-pp-d"),
            title=f"where {words} is reported, the pointer is within the option",
            provided=(
                send(ip(options=options) / echo_request()),
                expect(ip() / parameter_problem()),
            ),
            steps=(
                send(ip(options=options) / NOBODY),
                expect(ip() / parameter_problem(pointer, code=0, quote=QUOTED)),
            ),
        )
        for name, words, options, pointer in FAULTS
    ),
    *(
        Case(
            f"rfc792-parameter-problem-{name}-means-discarded",
            cites=("792-pp-b", "792-pp-c"),
            title=f"a datagram reported for {words} is not answered besides",
            provided=(
                send(ip(options=options) / echo_request()),
                expect(ip() / parameter_problem()),
            ),
            no_control="the report shows that the datagram came",
            steps=(
                send(ip(options=options) / echo_request()),
                expect(ip() / parameter_problem()),
                silence(of=ip() / echo_reply()),
            ),
        )
        for name, words, options, _ in FAULTS
    ),
)

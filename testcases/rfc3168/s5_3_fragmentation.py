"""RFC 3168 §5.3: reassembly neither loses nor makes up an indication of congestion.

Echo replies show the ECN field of the datagram that was put together, on a target that returns the
request's: so each case asks first whether it does.
"""

from __future__ import annotations

from harness.case import (
    Case,
    echo_reply,
    echo_request,
    expect,
    fragments,
    ip,
    one_of,
    pattern,
    send,
    silence,
)

NOT_ECT, ECT_1, ECT_0, CE = 0, 1, 2, 3
THREE = ((0, 32), (32, 64), (64, None))
RETURNED = (
    send(ip(tos=CE) / echo_request()),
    expect(ip(tos=CE) / echo_reply()),
    send(ip(tos=ECT_0) / echo_request()),
    expect(ip(tos=ECT_0) / echo_reply()),
)
"""A reply has the ECN field of its request."""
ALL_ECT = (
    send(fragments(ip(tos=ECT_0) / echo_request(data=pattern(93)), *THREE)),
    expect(ip() / echo_reply()),
)

KEPT = tuple(
    Case(
        f"rfc3168-5.3-ce-of-the-{what}-fragment-kept",
        cites="3168-5.3-a",
        title=f"CE in the {what} of three fragments is not lost",
        provided=RETURNED,
        control=ALL_ECT,
        steps=(
            send(
                fragments(
                    ip(tos=ect) / echo_request(data=pattern(93)),
                    *THREE,
                    order=order,
                    headers=((index, ip(tos=CE)),),
                )
            ),
            # A target may drop the datagram for any other reason.
            silence(of=ip(tos=one_of(NOT_ECT, ECT_1, ECT_0)) / echo_reply()),
        ),
        rest_is_free=True,
    )
    for what, index, ect, order in (
        ("first", 0, ECT_0, (0, 1, 2)),
        ("middle", 1, ECT_0, (0, 1, 2)),
        ("last", 2, ECT_0, (0, 1, 2)),
        ("last-and-earliest", 2, ECT_1, (2, 1, 0)),
    )
)

SAME = tuple(
    Case(
        f"rfc3168-5.3-{what}-in-all-fragments-unchanged",
        cites="3168-5.3-b",
        title=f"{words} in all fragments is what the datagram has",
        provided=RETURNED,
        steps=(
            send(fragments(ip(tos=point) / echo_request(data=pattern(93)), *THREE)),
            expect(ip(tos=point) / echo_reply(data=pattern(93))),
        ),
    )
    for what, words, point in (
        ("not-ect", "Not-ECT", NOT_ECT),
        ("ect-0", "ECT(0)", ECT_0),
        ("ect-1", "ECT(1)", ECT_1),
        ("ce", "CE", CE),
    )
)

MIXED = tuple(
    Case(
        f"rfc3168-5.3-ce-with-not-ect-dropped-{what}",
        cites="3168-5.3-b",
        title=f"CE and Not-ECT in one datagram make it neither: it is dropped, {words}",
        provided=RETURNED,
        control=ALL_ECT,
        steps=(
            send(
                fragments(
                    ip(tos=NOT_ECT) / echo_request(data=pattern(93)),
                    *THREE,
                    order=order,
                    headers=((index, ip(tos=CE)),),
                )
            ),
            silence(of=ip() / echo_reply()),
        ),
        rest_is_free=True,
    )
    for what, words, index, order in (
        ("ce-first", "CE in the first fragment", 0, (0, 1, 2)),
        ("ce-last", "CE in the last one", 2, (0, 1, 2)),
        ("ce-in-the-middle-and-late", "CE in the middle, which comes last", 1, (2, 0, 1)),
    )
)

CASES: tuple[Case, ...] = (*KEPT, *SAME, *MIXED)

"""RFC 1122 §3.2.2: ICMP messages of unknown type are silently discarded.

Each case sends one message of every type of a range: what IANA assigned to nobody, reserved, or
gave to experiments, and types that answer something that nobody asked.
"""

from __future__ import annotations

from harness.case import (
    Case,
    counters,
    echo_reply,
    echo_request,
    expect,
    icmp,
    ip,
    mask_reply,
    merged,
    pattern,
    send,
    silence,
    timestamp_reply,
)

ANSWERED = (send(ip() / echo_request()), expect(ip() / echo_reply()))
RANGES = (
    (1, 2),
    (7, 7),
    (19, 29),
    (40, 41),
    (43, 63),
    (64, 95),
    (96, 127),
    (128, 159),
    (160, 191),
    (192, 223),
    (224, 252),
    (253, 255),
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.2-icmp-types-{first}-to-{last}-silent",
            cites="1122-3.2.2-a",
            title=f"ICMP messages of types {first} to {last} stay unanswered",
            control=ANSWERED,
            steps=(
                send(
                    *(
                        ip() / icmp(kind, rest=bytes(4), data=pattern(24))
                        for kind in range(first, last + 1)
                    )
                ),
                silence(),
            ),
            counters=merged(
                counters(
                    ipSystemStatsInReceives=last + 1 - first,
                    ipSystemStatsInDelivers=last + 1 - first,
                    icmpStatsInMsgs=last + 1 - first,
                ),
                tuple((f"icmpMsgStatsInPkts.{kind}", 1) for kind in range(first, last + 1)),
            ),
        )
        for first, last in RANGES
    ),
    Case(
        "rfc1122-3.2.2-icmp-unknown-type-with-code-silent",
        cites="1122-3.2.2-a",
        title="an ICMP message of unknown type stays unanswered whatever its code",
        control=ANSWERED,
        steps=(
            send(*(ip() / icmp(99, code=code, rest=b"\xff\xff\xff\xff") for code in (1, 8, 255))),
            silence(),
        ),
        counters=merged(
            counters(ipSystemStatsInReceives=3, ipSystemStatsInDelivers=3, icmpStatsInMsgs=3),
            (("icmpMsgStatsInPkts.99", 3),),
        ),
    ),
    Case(
        "rfc1122-3.2.2-unasked-replies-silent",
        cites="1122-3.2.2-a",
        title="replies that nobody asked for stay unanswered",
        control=ANSWERED,
        steps=(
            send(ip() / echo_reply(), ip() / timestamp_reply(), ip() / mask_reply()),
            silence(),
        ),
    ),
)

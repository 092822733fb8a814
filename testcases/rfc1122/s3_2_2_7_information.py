"""RFC 1122 §3.2.2.7: Information Request is not answered."""

from __future__ import annotations

from harness.case import (
    LIMITED_BROADCAST,
    Case,
    counters,
    echo_reply,
    echo_request,
    expect,
    information_request,
    ip,
    send,
    silence,
)

ANSWERED = (send(ip() / echo_request()), expect(ip() / echo_reply()))

CASES: tuple[Case, ...] = (
    Case(
        "rfc1122-3.2.2.7-information-request-silent",
        cites="1122-3.2.2.7-a",
        title="an Information Request stays unanswered",
        control=ANSWERED,
        steps=(send(ip() / information_request()), silence()),
        counters=counters(
            ipSystemStatsInReceives=1,
            ipSystemStatsInDelivers=1,
            icmpStatsInMsgs=1,
            icmpMsgStatsInPkts_15=1,
        ),
    ),
    Case(
        "rfc1122-3.2.2.7-information-request-by-broadcast-silent",
        cites="1122-3.2.2.7-a",
        title="an Information Request by broadcast stays unanswered",
        control=ANSWERED,
        steps=(
            send(
                ip(dst=LIMITED_BROADCAST) / information_request(),
                ip(src="0.0.0.0", dst=LIMITED_BROADCAST) / information_request(),
            ),
            silence(),
        ),
    ),
)

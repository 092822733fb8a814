"""RFC 792, Timestamp or Timestamp Reply: an optional service (RFC 1122 §3.2.2.8)."""

from __future__ import annotations

from harness.case import (
    HOST,
    TESTER,
    Case,
    counters,
    expect,
    ip,
    not_,
    send,
    time_of_day,
    timestamp_reply,
    timestamp_request,
)

ANSWERED = (send(ip() / timestamp_request()), expect(ip() / timestamp_reply()))

CASES: tuple[Case, ...] = (
    Case(
        "rfc792-timestamp-reply-form",
        cites="792-tstamp-a",
        title="a timestamp reply has the addresses swapped, type 14 and code 0, in 20 octets",
        provided=ANSWERED,
        steps=(
            send(ip() / timestamp_request()),
            expect(ip(src=HOST, dst=TESTER, protocol=1, total_length=40) / timestamp_reply(code=0)),
        ),
        counters=counters(
            ipSystemStatsInReceives=1,
            ipSystemStatsInDelivers=1,
            ipSystemStatsOutRequests=1,
            ipSystemStatsOutTransmits=1,
            icmpStatsInMsgs=1,
            icmpMsgStatsInPkts_13=1,
            icmpStatsOutMsgs=1,
            icmpMsgStatsOutPkts_14=1,
        ),
    ),
    Case(
        "rfc792-timestamp-fields-returned",
        cites="792-tstamp-b",
        title="originate time, identifier and sequence come back; the other times are filled in",
        provided=ANSWERED,
        steps=(
            send(
                ip()
                / timestamp_request(
                    identifier=0x7FFF,
                    sequence=0x0102,
                    originate=0x01020304,
                    receive=0xFFFFFFFF,
                    transmit=0xFFFFFFFF,
                )
            ),
            expect(
                ip(src=HOST, dst=TESTER)
                / timestamp_reply(
                    identifier=0x7FFF,
                    sequence=0x0102,
                    originate=0x01020304,
                    receive=not_(0xFFFFFFFF),
                    transmit=not_(0xFFFFFFFF),
                )
            ),
        ),
    ),
    Case(
        "rfc792-timestamp-in-milliseconds",
        cites=("792-tstamp-c", "1122-3.2.2.8-k"),
        title="receive and transmit time are milliseconds since midnight UT, or say otherwise",
        provided=ANSWERED,
        steps=(
            send(ip() / timestamp_request()),
            expect(ip() / timestamp_reply(receive=time_of_day(), transmit=time_of_day())),
        ),
    ),
)

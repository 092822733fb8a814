"""RFC 1122 §3.2.1.2: the header checksum of every datagram is verified; a bad one is dropped."""

from __future__ import annotations

from harness.case import (
    BAD,
    HOST,
    TESTER,
    Bad,
    Case,
    counters,
    echo_reply,
    echo_request,
    expect,
    fragments,
    ip,
    nop,
    pattern,
    record_route,
    router_alert,
    send,
    silence,
    udp,
    unreachable,
)

BAD_HEADER = counters(ipSystemStatsInReceives=1, ipSystemStatsInHdrErrors=1)
ECHO_CONTROL = (
    send(ip() / echo_request()),
    expect(ip(src=HOST, dst=TESTER) / echo_reply()),
)
TRAIN = ip() / echo_request(data=pattern(64))

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc1122-3.2.1.2-{name}-echo",
            cites="1122-3.2.1.2-a",
            title=f"an echo request whose header checksum is {words} is dropped in silence",
            control=ECHO_CONTROL,
            steps=(send(ip(checksum=checksum) / echo_request()), silence()),
            counters=BAD_HEADER,
        )
        for name, words, checksum in (
            ("off-by-one", "one too high", BAD),
            ("zero", "zero", 0),
            ("all-ones", "all ones", 0xFFFF),
        )
    ),
    *(
        Case(
            f"rfc1122-3.2.1.2-{name}-udp",
            cites="1122-3.2.1.2-a",
            title=f"UDP to a closed port with a header checksum that is {words} causes no error",
            control=(send(ip() / udp()), expect(ip(src=HOST, dst=TESTER) / unreachable(3))),
            steps=(send(ip(checksum=checksum) / udp()), silence()),
            counters=BAD_HEADER,
        )
        for name, words, checksum in (
            ("off-by-one", "one too high", BAD),
            ("zero", "zero", 0),
        )
    ),
    *(
        Case(
            f"rfc1122-3.2.1.2-options-{name}",
            cites="1122-3.2.1.2-a",
            title=f"a wrong checksum of a header with {words} is found",
            control=(
                send(ip(options=options) / echo_request()),
                expect(ip(src=HOST, dst=TESTER) / echo_reply()),
            ),
            steps=(send(ip(options=options, checksum=BAD) / echo_request()), silence()),
            counters=BAD_HEADER,
        )
        for name, words, options in (
            ("nops", "four no-operations", (nop(), nop(), nop(), nop())),
            ("router-alert", "a router alert", (router_alert(),)),
            ("longest", "40 octets of options", (nop(), record_route(slots=9))),
        )
    ),
    Case(
        "rfc1122-3.2.1.2-options-not-summed",
        cites="1122-3.2.1.2-a",
        title="a checksum that is right for the first 20 octets alone is found wrong",
        # A router alert is 0x9404 0x0000: left out of the sum, the checksum is that much higher.
        control=(
            send(ip(options=(router_alert(),)) / echo_request()),
            expect(ip(src=HOST, dst=TESTER) / echo_reply()),
        ),
        steps=(
            send(ip(options=(router_alert(),), checksum=Bad(0x9404)) / echo_request()),
            silence(),
        ),
        counters=BAD_HEADER,
    ),
    *(
        Case(
            f"rfc1122-3.2.1.2-fragment-{name}",
            cites="1122-3.2.1.2-a",
            title=f"with a wrong checksum in its {words} fragment a datagram is never complete",
            control=(
                send(fragments(TRAIN, (0, 24), (24, 48), (48, None))),
                expect(ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(64))),
            ),
            steps=(
                send(
                    fragments(
                        TRAIN,
                        (0, 24),
                        (24, 48),
                        (48, None),
                        headers=((index, ip(checksum=BAD)),),
                    )
                ),
                silence(),
            ),
            counters=counters(
                ipSystemStatsInReceives=3, ipSystemStatsInHdrErrors=1, ipSystemStatsReasmReqds=2
            ),
        )
        for index, name, words in (
            (0, "first", "first"),
            (1, "middle", "middle"),
            (2, "last", "last"),
        )
    ),
)

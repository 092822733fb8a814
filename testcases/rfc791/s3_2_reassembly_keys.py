"""RFC 791 §3.2: fragments belong together by source, destination, protocol and Identification.

Trains are sent in several steps, so their Identification is written out, for the pieces to share.
"""

from __future__ import annotations

from harness.case import (
    ALL_HOSTS,
    HOST,
    TESTER,
    TESTER_2,
    Case,
    echo_reply,
    echo_request,
    expect,
    fragments,
    ip,
    pattern,
    send,
    silence,
)

TWO = ((0, 48), (48, None))
TRAIN = ip(identification=0x7914) / echo_request(sequence=1, data=pattern(93))
REPLY = ip(src=HOST, dst=TESTER) / echo_reply(data=pattern(93))
IN_ORDER = (
    send(fragments(ip() / echo_request(data=pattern(93)), *TWO)),
    expect(REPLY),
)
FOREIGN = pattern(93, start=7)

INTERLEAVED = (
    Case(
        "rfc791-3.2-two-trains-interleaved",
        cites="791-3.2.frag-a",
        title="two echo requests whose fragments come in turns are both answered with their own",
        steps=(
            send(
                fragments(TRAIN, *TWO, order=(1,)),
                fragments(
                    ip(identification=0x7915) / echo_request(sequence=2, data=FOREIGN),
                    *TWO,
                    order=(1,),
                ),
                fragments(TRAIN, *TWO, order=(0,)),
                fragments(
                    ip(identification=0x7915) / echo_request(sequence=2, data=FOREIGN),
                    *TWO,
                    order=(0,),
                ),
            ),
            expect(ip() / echo_reply(sequence=1, data=pattern(93))),
            expect(ip() / echo_reply(sequence=2, data=FOREIGN)),
        ),
    ),
    Case(
        "rfc791-3.2-trains-of-two-sources-interleaved",
        cites="791-3.2.frag-a",
        title="fragments of two sources with one Identification come in turns: both answered",
        steps=(
            send(
                fragments(TRAIN, *TWO, order=(0,)),
                fragments(
                    ip(src=TESTER_2, identification=0x7914)
                    / echo_request(sequence=2, data=FOREIGN),
                    *TWO,
                    order=(0,),
                ),
                fragments(TRAIN, *TWO, order=(1,)),
                fragments(
                    ip(src=TESTER_2, identification=0x7914)
                    / echo_request(sequence=2, data=FOREIGN),
                    *TWO,
                    order=(1,),
                ),
            ),
            expect(ip(dst=TESTER) / echo_reply(sequence=1, data=pattern(93))),
            expect(ip(dst=TESTER_2) / echo_reply(sequence=2, data=FOREIGN)),
        ),
    ),
)

# The first fragment; then an end that differs in one field of the key; then the right end.
KEYS = tuple(
    Case(
        f"rfc791-3.2-other-{what}-is-another-train",
        cites="791-3.2.frag-a",
        title=f"an end with another {what} does not complete a train, the right end does",
        control=IN_ORDER,
        steps=(
            send(fragments(TRAIN, *TWO, order=(0,)), fragments(foreign, *TWO, order=(1,))),
            silence(),
            send(fragments(TRAIN, *TWO, order=(1,))),
            expect(REPLY),
        ),
    )
    for what, foreign in (
        ("identification", ip(identification=0x7916) / echo_request(sequence=1, data=pattern(93))),
        (
            "source",
            ip(src=TESTER_2, identification=0x7914) / echo_request(sequence=1, data=pattern(93)),
        ),
        (
            "destination",
            ip(dst=ALL_HOSTS, identification=0x7914) / echo_request(sequence=1, data=pattern(93)),
        ),
        (
            "protocol",
            ip(protocol=17, identification=0x7914) / echo_request(sequence=1, data=pattern(93)),
        ),
    )
)


CASES: tuple[Case, ...] = (*INTERLEAVED, *KEYS)

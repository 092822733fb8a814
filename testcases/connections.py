"""What cases about TCP share: how connections are opened and ended."""

from __future__ import annotations

from harness.case import (
    ACK,
    FIN,
    HOST,
    NEIGHBOUR,
    NEIGHBOUR_2,
    NEXT,
    OPEN_PORT,
    RST,
    SYN,
    TESTER,
    TESTER_PORT,
    Layer,
    Step,
    accept,
    bits,
    expect,
    ip,
    listen,
    loose_source_route,
    open_tcp,
    reply,
    reset,
    seen,
    send,
    syn,
    tcp,
)

FROM_HOST = ip(src=HOST, dst=TESTER)
IS_SYN = bits(FIN | SYN | RST | ACK, SYN)
"""The flags of a target's SYN; those of ECN may be set beside it (RFC 3168 §6.1.1)."""
ONLY_SYN = tcp(dport=TESTER_PORT, flags=IS_SYN)
"""With this a target begins a connection to the tester."""
SYN_ACK = tcp(flags=SYN | ACK, acknowledgment=seen("syn", NEXT), checksum_right=True)
LISTENING = (open_tcp("l", port=OPEN_PORT), listen("l", backlog=2))
ENDED = (reset("c"), reset("l"))

BY_HOP = ip(options=(loose_source_route(NEIGHBOUR, pointer=8),))
"""The header of a segment that has come by way of one hop, its route complete."""
BACK = ip(src=HOST, dst=NEIGHBOUR, options=(loose_source_route(TESTER, pointer=4),))
"""The header of what goes back by that hop."""
BY_OTHER = ip(options=(loose_source_route(NEIGHBOUR_2, pointer=8),))
"""The same by way of another hop."""
BACK_BY_OTHER = ip(src=HOST, dst=NEIGHBOUR_2, options=(loose_source_route(TESTER, pointer=4),))


def opened(
    *,
    way: Layer = ip(),  # noqa: B008 - a value
    back: Layer = FROM_HOST,
    socket: str = "c",
    mss: int | None = None,
    window: int | None = None,
) -> tuple[Step, ...]:
    """A connection that the tester opens and the target's user accepts.

    `way` is the header of the tester's segments, `back` that of the target's; `mss` in octets.
    """
    return (
        *LISTENING,
        send(way / syn(mss=mss, window=window), label="syn"),
        expect(back / SYN_ACK, label="syn-ack"),
        send(way / reply("syn-ack", after="syn", window=window)),
        accept(socket, listener="l"),
    )


BY_HOP_OPENED = opened(way=BY_HOP, back=BACK)
"""A connection by way of a hop; its segments go back by it (RFC 1122 §4.2.3.8)."""

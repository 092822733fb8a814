"""RFC 6890 §2.2.2: special-purpose blocks that the registry calls not forwardable.

Blocks for documentation are what testers use for addresses; how a router treats such sources is
observed.
"""

from __future__ import annotations

from harness.case import (
    CLOSED_PORT,
    FAR,
    FAR_TESTER,
    TESTER,
    TESTER_PORT,
    Case,
    Topology,
    classify,
    data,
    expect,
    ip,
    send,
    silence,
    udp,
    way,
)

UDP = udp(sport=TESTER_PORT, dport=CLOSED_PORT) / data(b"special")
PASSES = (send(ip(dst=FAR_TESTER) / UDP), expect(ip(src=TESTER, dst=FAR_TESTER) / udp(), on=FAR))

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc6890-2.2.2-{name}-observed",
            cites="6890-2.2.2-a",
            title=f"what a router does with a datagram from {source}, {words}",
            topology=Topology.ROUTER,
            control=PASSES,
            steps=(
                send(ip(src=source, dst=FAR_TESTER) / UDP),
                classify(
                    f"a source in {words}",
                    way("forwarded", ip(src=source, dst=FAR_TESTER) / udp()),
                    way("dropped", None),
                    on=FAR,
                ),
            ),
            rest_is_free=True,
        )
        for name, source, words in (
            ("protocol-assignments", "192.0.0.200", "192.0.0.0/24, IETF protocol assignments"),
            ("documentation", "203.0.113.255", "203.0.113.0/24, TEST-NET-3"),
        )
    ),
    *(
        Case(
            f"rfc6890-2.2.2-{name}-not-forwarded",
            cites="6890-2.2.2-a",
            title=f"a datagram from {source}, {words}, is not forwarded",
            topology=Topology.ROUTER,
            control=PASSES,
            steps=(
                send(ip(src=source, dst=FAR_TESTER) / UDP),
                silence(of=ip(dst=FAR_TESTER), on=FAR),
            ),
            rest_is_free=True,
        )
        for name, source, words in (
            ("this-network", "0.200.1.1", "this network"),
            ("loopback", "127.1.1.1", "loopback"),
            ("reserved", "250.1.1.1", "reserved for the future"),
        )
    ),
)

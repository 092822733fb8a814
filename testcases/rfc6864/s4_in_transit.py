"""RFC 6864 §4.1, §4.3: Identification and DF on the way."""

from __future__ import annotations

from harness.case import (
    FAR,
    FAR_TESTER,
    TESTER,
    Case,
    Topology,
    echo_request,
    expect,
    ip,
    send,
)

CASES: tuple[Case, ...] = (
    *(
        Case(
            f"rfc6864-4.1-same-identification-twice-{name}",
            cites=cites,
            title=f"two {words} datagrams with one Identification are both forwarded",
            topology=Topology.ROUTER,
            steps=(
                send(
                    ip(dst=FAR_TESTER, identification=0x5151, df=df) / echo_request(sequence=1),
                    ip(dst=FAR_TESTER, identification=0x5151, df=df) / echo_request(sequence=2),
                ),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER) / echo_request(sequence=1),
                    on=FAR,
                ),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER) / echo_request(sequence=2),
                    on=FAR,
                ),
            ),
        )
        for name, words, df, cites in (
            ("atomic", "atomic", 1, ("6864-4.1-c", "6864-4.1-a")),
            ("non-atomic", "non-atomic", 0, ("6864-4.1-a",)),
        )
    ),
    *(
        Case(
            f"rfc6864-4.1-identification-{identification:04x}-untouched",
            cites=("6864-4-a", "791-3.2.frag-g"),
            title=f"a non-atomic datagram with Identification {identification:#06x} keeps it",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, identification=identification) / echo_request()),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, identification=identification) / echo_request(),
                    on=FAR,
                ),
            ),
        )
        for identification in (0, 0xFFFF)
    ),
    *(
        Case(
            f"rfc6864-4.3-df-kept-{name}",
            cites="6864-4.3-c",
            title=f"{words} with DF is forwarded with DF",
            topology=Topology.ROUTER,
            steps=(
                send(ip(dst=FAR_TESTER, df=1, mf=mf) / echo_request(data=bytes(56))),
                expect(
                    ip(src=TESTER, dst=FAR_TESTER, df=1, mf=mf, offset=0) / echo_request(),
                    on=FAR,
                ),
            ),
        )
        for name, words, mf in (("whole", "a datagram", 0), ("fragment", "a first fragment", 1))
    ),
)

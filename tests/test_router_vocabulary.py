"""What cases about routers say: balanced checksums, pieces in order, a default route."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.case import (
    BAD,
    FAR,
    FAR_TESTER,
    UNROUTED,
    Case,
    Topology,
    balancing,
    data,
    default_route,
    echo_request,
    expect,
    expect_train,
    ip,
    mtu,
    pattern,
    send,
    udp,
    unreachable,
)
from harness.catalogue import load
from harness.decode import decode
from harness.encode import Encoder
from harness.run.lockstep import LockstepRunner
from harness.verdict import Verdict
from tests.lease import lease
from tests.simulated import Through, VirtualTarget

LEASE = lease()
CATALOGUE = load()


def nothing(label: str, field: str) -> object:
    raise AssertionError(f"{label}.{field} was asked for")


@pytest.mark.parametrize("checksum", [0x0000, 0x0001, 0x1234, 0xFEFF, 0xFFFE])
@pytest.mark.parametrize("ttl", [1, 64, 255])
def test_the_identification_makes_the_checksum(checksum: int, ttl: int) -> None:
    template = ip(ttl=ttl, identification=balancing(checksum)) / echo_request()
    (frame,) = Encoder(LEASE).encode(template, 0, 1, nothing).frames
    header = decode(frame).parts["ip"].fields
    assert header["checksum"] == checksum
    assert header["checksum_right"]


def test_a_checksum_that_is_given_goes_beside_the_balance() -> None:
    for checksum in (0, BAD):
        template = ip(identification=balancing(0x1234), checksum=checksum) / echo_request()
        (frame,) = Encoder(LEASE).encode(template, 0, 1, nothing).frames
        header = decode(frame).parts["ip"].fields
        assert header["checksum"] == (0 if checksum == 0 else 0x1235)
        assert not header["checksum_right"]


class Backwards(Through):
    """What comes out at one moment comes out last first."""

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        return list(reversed(self.inner.poll(now)))


PIECES = Case(
    "rfc0-0-pieces",
    cites="1812-4.2.2.7-b",
    title="pieces in order",
    topology=Topology.ROUTER,
    given=(mtu(576, on=FAR),),
    steps=(
        send(ip(dst=FAR_TESTER) / echo_request(data=pattern(1000))),
        expect_train(ip() / echo_request(data=pattern(1000)), on=FAR, ordered=True),
    ),
)


def test_pieces_must_come_in_order_where_a_case_says_so() -> None:
    well = LockstepRunner(VirtualTarget(Through), CATALOGUE).result(PIECES)
    assert well.verdict is Verdict.PASS
    ill = LockstepRunner(VirtualTarget(Backwards), CATALOGUE).result(PIECES)
    assert ill.verdict is Verdict.DEVIATION
    (finding,) = ill.findings
    assert finding.explanation is not None
    assert finding.explanation.expected == "pieces in the order of their offsets"


def test_a_router_has_a_default_route_only_when_it_is_given_one() -> None:
    without = Case(
        "rfc0-0-without",
        cites="1812-5.2.4.3-b",
        title="without",
        topology=Topology.ROUTER,
        steps=(send(ip(dst=UNROUTED) / udp(), on=FAR), expect(unreachable(0))),
    )
    given = Case(
        "rfc0-0-given",
        cites="1812-5.2.4.3-b",
        title="given",
        topology=Topology.ROUTER,
        given=(default_route(),),
        steps=(
            send(ip(dst=UNROUTED) / udp() / data(b"x"), on=FAR),
            expect(ip(dst=UNROUTED) / udp() / data(b"x"), on=0),
        ),
    )
    runner = LockstepRunner(VirtualTarget(Through), CATALOGUE)
    assert runner.result(without).verdict is Verdict.PASS
    assert runner.result(given).verdict is Verdict.PASS

"""IGMP messages as neighbours send them, and reading what the node sends."""

from __future__ import annotations

import random

from stack.membership_v2 import MembershipV2, State
from stack.policy import NETSTACK
from stack.wire.ethernet import group_mac
from stack.wire.igmp import (
    MEMBERSHIP_QUERY,
    GroupRecord,
    IgmpFault,
    IgmpMessage,
    IgmpQueryV3,
    build_igmp,
    build_query_v3,
    parse_igmp,
    parse_report_v3,
)
from tests.stack.node_kit import PEER, SECOND, Sent, Wire, a, datagram

RECEIVED = "IGMP.PacketsReceived."
SENT = "IGMP.PacketsSent."
GROUP = "239.1.2.3"
OTHER = "239.1.2.4"
ALERT = b"\x94\x04\0\0"


def query(
    wire: Wire,
    payload: bytes,
    *,
    destination: str = "224.0.0.1",
    ttl: int = 1,
    options: bytes = ALERT,
    source: str = PEER,
) -> None:
    octets = datagram(payload, 2, destination=destination, ttl=ttl, options=options, source=source)
    wire.ip(octets, mac=group_mac(a("224.0.0.1")))


def v1() -> bytes:
    return build_igmp(MEMBERSHIP_QUERY, 0)


def v2(tenths: int = 100, group: str = "0.0.0.0") -> bytes:
    return build_igmp(MEMBERSHIP_QUERY, a(group), tenths)


def v3(
    code: int = 100, group: str = "0.0.0.0", sources: tuple[str, ...] = (), robustness: int = 2
) -> bytes:
    addresses = tuple(a(source) for source in sources)
    return build_query_v3(
        IgmpQueryV3(
            code,
            a(group),
            suppress=False,
            robustness=robustness,
            interval_code=125,
            sources=addresses,
        )
    )


def records(sent: Sent) -> tuple[GroupRecord, ...]:
    report = parse_report_v3(sent.packet.payload)
    assert not isinstance(report, IgmpFault)
    return report


def message(sent: Sent) -> tuple[int, int, str]:
    parsed = parse_igmp(sent.packet.payload)
    assert isinstance(parsed, IgmpMessage)
    return parsed.type, parsed.group, "" if not parsed.extra else "extra"


def kinds(sent: list[Sent]) -> list[tuple[int, int]]:
    """Type and group of each message."""
    return [message(each)[:2] for each in sent]


class Drawn(random.Random):
    """Random bits that are all the same."""

    def __init__(self, bit: int) -> None:
        super().__init__(1)
        self.bit = bit

    def getrandbits(self, k: int, /) -> int:
        return self.bit * ((1 << k) - 1)


def member() -> Wire:
    """A member of GROUP that has reported so and owes nothing any more."""
    wire = Wire()
    wire.node.join(1, GROUP)
    wire.sent(after=2 * SECOND)
    return wire


def switched_on(*, joined: bool = True) -> Wire:
    """A node with IGMP switched on, and one group that owes nothing any more."""
    wire = Wire(NETSTACK)
    wire.node.set_igmp(1, 2)
    if joined:
        wire.node.join(1, GROUP)
        wire.sent(after=10 * SECOND)
        assert state_of(wire) is State.IDLE
    return wire


def state_of(wire: Wire, group: str = GROUP) -> State:
    membership = wire.node._core.nics[1].membership
    assert isinstance(membership, MembershipV2)
    return membership.state(a(group))


def igmp_only(moved: dict[str, int]) -> dict[str, int]:
    """Without what every datagram with a router alert moves before IGMP sees it."""
    return {name: by for name, by in moved.items() if name.startswith("IGMP.")}

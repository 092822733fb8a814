"""Fragments that reach a node: S6.1, S6.15, S6.18, S6.19 and what is counted."""

from __future__ import annotations

from dataclasses import replace

from stack.hooks import Place, Seen
from stack.policy import NETSTACK, RFC, Policy
from stack.reassembly import OVERHEAD
from stack.wire.icmp import TIME_EXCEEDED
from stack.wire.ipv4 import FLAG_MF
from tests.stack.node_kit import HOST, PEER_MAC, SECOND, SECOND_MAC, Wire, datagram, udp
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.send_kit import ip_moving

WHOLE = udp(bytes(range(32)))[20:]
SECONDS = {RFC: 60, NETSTACK: 30}


def fragment(start: int, end: int, identification: int = 1) -> bytes:
    """A piece of a UDP datagram of 40 octets to port 9."""
    flags = FLAG_MF if end < len(WHOLE) else 0
    return datagram(
        WHOLE[start:end], 17, flags=flags, offset=start // 8, identification=identification
    )


@rfc_and_netstack
def test_s6_1_fragments_of_one_train_come_by_different_nics(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_nic(2, mac=SECOND_MAC)
    wire.node.add_address(2, HOST, 24)
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    wire.ip(fragment(0, 16))
    wire.ip(fragment(16, 40), mac=SECOND_MAC, nic=2)
    read = socket.receive()
    assert read is not None
    # S6.14: the NIC is that of the offset-0 fragment
    assert (read.data, read.nic) == (bytes(range(32)), 1)


@rfc_and_netstack
def test_s6_15_an_old_train_is_reported_if_its_first_fragment_came(policy: Policy) -> None:
    wire = Wire(policy)
    octets = fragment(0, 16)
    wire.ip(fragment(16, 32))
    wire.now += SECOND
    wire.ip(octets)
    wire.ip(fragment(16, 40, identification=2))
    assert wire.sent(after=(SECONDS[policy] - 1) * SECOND - 1) == []
    with ip_moving(wire) as moved:
        error = wire.one(after=1)
    assert (error.icmp.type, error.icmp.code) == (TIME_EXCEEDED, 1)
    assert error.icmp.data == octets
    # nothing but the error itself is counted
    assert moved == {"PacketsSent": 1}
    with ip_moving(wire) as moved:
        assert wire.sent(after=2 * SECOND) == []
    assert moved == {}
    assert wire.mib()["ipSystemStatsReasmFails"] == 2


@rfc_and_netstack
def test_s6_16_eviction_is_silent(policy: Policy) -> None:
    cost = 20 + 16 + OVERHEAD
    wire = Wire(replace(policy, reassembly_high_mark=2 * cost, reassembly_low_mark=cost))
    for identification in (1, 2):
        wire.ip(fragment(0, 16, identification))
    with ip_moving(wire) as moved:
        wire.ip(fragment(0, 16, 3))
    assert moved == {"PacketsReceived": 1}
    [error] = wire.sent(after=SECONDS[policy] * SECOND)
    assert error.icmp.data == fragment(0, 16, 3)


@rfc_and_netstack
def test_s6_18_a_router_puts_nothing_together(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    wire.node.add_route("203.0.113.0/24", 2)
    for start, end in ((0, 16), (16, 40)):
        flags = FLAG_MF if end < 40 else 0
        wire.ip(
            datagram(
                WHOLE[start:end], 17, destination="203.0.113.9", flags=flags, offset=start // 8
            ),
            sender=PEER_MAC,
        )
        sent = wire.one()
        assert (sent.nic, sent.packet.payload) == (2, WHOLE[start:end])
        assert sent.header.fragment_offset == start // 8
    assert len(wire.node._core.reassembly) == 0


@rfc_and_netstack
def test_s6_19_hooks_see_each_fragment_and_never_the_whole(policy: Policy) -> None:
    wire = Wire(policy)
    seen: list[tuple[Place, int]] = []

    def note(shown: Seen) -> bool:
        seen.append((shown.place, len(shown.payload)))
        return True

    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    for place in (Place.PREROUTING, Place.INPUT):
        wire.node.hooks.add(place, note)
    wire.ip(fragment(16, 40))
    wire.ip(fragment(0, 16))
    assert socket.receive() is not None
    assert seen == [
        (Place.PREROUTING, 24),
        (Place.INPUT, 24),
        (Place.PREROUTING, 16),
        (Place.INPUT, 16),
    ]


@rfc_and_netstack
def test_s6_12_only_the_last_fragment_of_a_lost_train_is_counted(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(fragment(0, 16))
    with ip_moving(wire) as moved:
        wire.ip(datagram(b"\xff" * 16, 17, flags=FLAG_MF, offset=1))
    assert moved == {
        "PacketsReceived": 1,
        "MalformedPacketsReceived": 1,
        "MalformedFragmentsReceived": 1,
    }
    assert wire.sent(after=100 * SECOND) == []

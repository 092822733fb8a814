"""Router discovery, the host side (RFC 1256 §5)."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from stack.policy import RFC, Policy
from stack.refusal import Reason, Refused
from stack.router_list import ROUTERS_LIMIT
from stack.wire.ethernet import BROADCAST_MAC, group_mac
from stack.wire.icmp import ROUTER_ADVERTISEMENT, IcmpMessage, build_icmp, redirect
from tests.stack.link_kit import SECOND_GATEWAY, SECOND_GATEWAY_MAC, send_udp, way
from tests.stack.node_kit import (
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND,
    Sent,
    Wire,
    a,
    datagram,
)
from tests.stack.preset_kit import each_preset

ON = replace(RFC, router_discovery=True, igmp_version=0)
NO_DEFAULT = -0x80000000


def searching(policy: Policy = ON) -> Wire:
    """A host without a route, that knows its neighbours."""
    wire = Wire(policy)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.node.add_neighbour(1, SECOND_GATEWAY, SECOND_GATEWAY_MAC)
    return wire


def message(
    *entries: tuple[str, int],
    lifetime: int = 1800,
    size: int = 2,
    number: int | None = None,
    code: int = 0,
    extra: bytes = b"",
) -> bytes:
    data = b"".join(
        struct.pack("!Ii", a(address), preference) + bytes(4 * size - 8)
        for address, preference in entries
    )
    rest = struct.pack("!BBH", len(entries) if number is None else number, size, lifetime)
    return build_icmp(IcmpMessage(ROUTER_ADVERTISEMENT, code, rest, data + extra))


def advertise(wire: Wire, octets: bytes, *, source: str = GATEWAY) -> None:
    packet = datagram(octets, source=source, destination="224.0.0.1", ttl=1)
    wire.ip(packet, mac=group_mac(a("224.0.0.1")), sender=GATEWAY_MAC)


def first_hop(wire: Wire) -> bytes | None:
    """By whom a remote destination is reached; None when there is no way."""
    if way(wire.node, REMOTE) is Reason.NO_ROUTE:
        return None
    send_udp(wire.node, REMOTE)
    return wire.one().mac


def solicitations(wire: Wire, seconds: int) -> list[tuple[int, Sent]]:
    found = []
    end = wire.now + seconds * SECOND
    while (due := wire.node.next_deadline()) is not None and due <= end:
        wire.now = due
        found += [(due, sent) for sent in wire.sent()]
    wire.frames(after=end - wire.now)
    return found


@each_preset
def test_it_is_off_unless_told(policy: Policy) -> None:
    wire = searching(policy)
    wire.frames(after=SECOND)
    assert solicitations(wire, 20) == []
    advertise(wire, message((GATEWAY, 0)))
    assert first_hop(wire) is None


def test_up_to_three_solicitations() -> None:
    wire = searching()
    sent = solicitations(wire, 30)
    times = [at for at, _ in sent]
    # A random wait, then every three seconds.
    assert 0 <= times[0] <= SECOND
    assert [at - times[0] for at in times] == [0, 3 * SECOND, 6 * SECOND]
    for _, each in sent:
        assert each.packet.payload == bytes.fromhex("0a00f5ff00000000")
        assert (each.header.source, each.header.destination) == (a(HOST), a("224.0.0.2"))
        assert (each.header.ttl, each.header.protocol) == (1, 1)
        assert each.mac == group_mac(a("224.0.0.2"))
    assert wire.mib()["icmpMsgStatsOutPkts.10"] == 3
    assert wire.node.next_deadline() is None


def test_a_solicitation_that_the_link_refuses_was_not_sent() -> None:
    wire = searching()
    wire.node.set_link_room(1, 0)
    wire.frames(after=SECOND)
    assert wire.mib()["icmpMsgStatsOutPkts.10"] == 1
    assert wire.node.counters.netstack()["ICMP.PacketsSent.Dropped"] == 1


def test_each_nic_solicits_in_its_own_time() -> None:
    wire = searching()
    wire.frames(after=SECOND)
    wire.second_nic(forwarding=False)
    sent = [each.nic for _, each in solicitations(wire, 30)]
    assert (sent.count(1), sent.count(2)) == (2, 3)


def test_solicitations_by_broadcast_and_without_an_address() -> None:
    wire = searching()
    wire.node.set_solicitation_address(1, "255.255.255.255")
    wire.node.remove_address(1, HOST)
    [(_, sent), *_] = solicitations(wire, 30)
    assert (sent.header.source, sent.header.destination) == (0, 0xFFFFFFFF)
    assert sent.mac == BROADCAST_MAC
    with pytest.raises(Refused) as refused:
        wire.node.set_solicitation_address(1, "224.0.0.1")
    assert refused.value.reason is Reason.INVALID_ARGUMENT


def test_an_advertised_router_becomes_the_default_gateway() -> None:
    wire = searching()
    assert first_hop(wire) is None
    advertise(wire, message((GATEWAY, 0)))
    assert first_hop(wire) == GATEWAY_MAC


@pytest.mark.parametrize(
    "octets",
    [
        message((GATEWAY, 0), code=1),
        message((GATEWAY, 0), number=0),
        message((GATEWAY, 0), number=2),
        message((GATEWAY, 0), size=2)[:-1] + b"",
        build_icmp(IcmpMessage(9, 0, b"\1\1\7\x08", a(GATEWAY).to_bytes(4, "big"))),
        message(),
    ],
    ids=["code", "no addresses", "too many addresses", "checksum", "entry size", "empty"],
)
def test_advertisements_that_are_not_valid_are_discarded(octets: bytes) -> None:
    wire = searching()
    advertise(wire, octets)
    assert first_hop(wire) is None
    assert len(solicitations(wire, 30)) == 3


def test_further_words_and_octets_are_ignored() -> None:
    wire = searching()
    advertise(wire, message((SECOND_GATEWAY, 1), (GATEWAY, 2), size=4, extra=b"more"))
    assert first_hop(wire) == GATEWAY_MAC


def test_addresses_that_are_no_neighbours_are_ignored() -> None:
    wire = searching()
    advertise(wire, message((REMOTE, 9), (HOST, 9), ("192.0.2.255", 9), ("192.0.2.0", 9)))
    assert first_hop(wire) is None
    assert len(solicitations(wire, 30)) == 3


def test_the_highest_preference_is_used_first() -> None:
    wire = searching()
    advertise(wire, message((GATEWAY, -5), (SECOND_GATEWAY, 0x7FFFFFFF)))
    assert first_hop(wire) == SECOND_GATEWAY_MAC
    # A newer advertisement replaces the older one.
    advertise(wire, message((SECOND_GATEWAY, -6)))
    assert first_hop(wire) == GATEWAY_MAC


def test_the_least_preference_means_no_default_gateway() -> None:
    wire = searching()
    advertise(wire, message((GATEWAY, NO_DEFAULT)))
    assert first_hop(wire) is None
    # It does not end the search.
    assert len(solicitations(wire, 30)) == 3
    advertise(wire, message((GATEWAY, 0)))
    advertise(wire, message((GATEWAY, NO_DEFAULT)))
    assert first_hop(wire) is None


def test_an_advertisement_ends_the_search() -> None:
    wire = searching()
    assert len(solicitations(wire, 2)) == 1
    advertise(wire, message((GATEWAY, 0), lifetime=9000))
    assert solicitations(wire, 30) == []


def test_a_lifetime_ends_and_begins_anew() -> None:
    wire = searching()
    advertise(wire, message((GATEWAY, 0), lifetime=60))
    wire.frames(after=59 * SECOND)
    advertise(wire, message((GATEWAY, 0), lifetime=60))
    wire.frames(after=60 * SECOND - 1)
    assert first_hop(wire) == GATEWAY_MAC
    wire.frames(after=1)
    assert first_hop(wire) is None


def test_of_equal_routers_the_first_one_stays_however_often_they_speak() -> None:
    wire = searching()
    for router in (GATEWAY, SECOND_GATEWAY, GATEWAY):
        advertise(wire, message((router, 0)))
        assert first_hop(wire) == GATEWAY_MAC
    # Nor is one forgotten whose route was given by hand for a while.
    wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    advertise(wire, message((GATEWAY, 1)))
    advertise(wire, message((GATEWAY, 1)))
    assert first_hop(wire) == GATEWAY_MAC
    # What is told anew of it counts.
    advertise(wire, message((GATEWAY, -1)))
    assert first_hop(wire) == SECOND_GATEWAY_MAC
    advertise(wire, message((SECOND_GATEWAY, 0), lifetime=10))
    wire.frames(after=10 * SECOND)
    assert first_hop(wire) == GATEWAY_MAC


def test_a_lifetime_of_zero_ends_at_once() -> None:
    wire = searching()
    advertise(wire, message((GATEWAY, 0)))
    advertise(wire, message((GATEWAY, 0), lifetime=0))
    assert first_hop(wire) is None


def test_routes_given_by_hand_stay_as_they_are() -> None:
    wire = searching()
    wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY, preference=3)
    advertise(wire, message((GATEWAY, -9), (SECOND_GATEWAY, 2), lifetime=10))
    assert first_hop(wire) == GATEWAY_MAC
    wire.frames(after=20 * SECOND)
    assert first_hop(wire) == GATEWAY_MAC
    with pytest.raises(Refused):
        wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    # One given by hand takes the place of one that was learned.
    advertise(wire, message((SECOND_GATEWAY, 2), lifetime=10))
    wire.node.add_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY, preference=9)
    wire.frames(after=20 * SECOND)
    assert first_hop(wire) == SECOND_GATEWAY_MAC


def test_a_redirect_outweighs_any_preference() -> None:
    wire = searching()
    advertise(wire, message((GATEWAY, 0)))
    quote = datagram(bytes(8), source=HOST, destination=REMOTE)
    wire.ip(datagram(build_icmp(redirect(1, a(PEER), quote)), source=GATEWAY))
    advertise(wire, message((SECOND_GATEWAY, 9)))
    assert first_hop(wire) == PEER_MAC


def test_routers_are_bounded_and_the_less_preferred_give_way() -> None:
    wire = searching()
    for number in range(ROUTERS_LIMIT):
        advertise(wire, message((f"192.0.2.{100 + number}", number)))
    routers = wire.node._core.routers.routers
    for preference, kept in ((0, False), (1, True)):
        advertise(wire, message((GATEWAY, preference)))
        assert ((1, a(GATEWAY)) in routers) is kept
        assert len(routers) == ROUTERS_LIMIT
    assert (1, a("192.0.2.100")) not in routers
    assert len(wire.node._core.routes._static) == ROUTERS_LIMIT


@pytest.mark.parametrize("one_nic", [False, True], ids=["all NICs", "one NIC"])
def test_a_router_has_routes_of_its_own(one_nic: bool) -> None:
    def switch(*, on: bool) -> None:
        if one_nic:
            wire.node.set_forwarding(1, on=on)
        else:
            wire.node.forwarding = on

    wire = searching()
    advertise(wire, message((GATEWAY, 0)))
    switch(on=True)
    assert first_hop(wire) is None
    advertise(wire, message((GATEWAY, 0)))
    assert first_hop(wire) is None
    assert solicitations(wire, 30) == []
    # RFC 1256 §5.3: it becomes a host again.
    switch(on=False)
    assert len(solicitations(wire, 30)) == 3


def test_a_router_without_the_nic_that_forwarded_is_a_host_again() -> None:
    wire = searching()
    wire.second_nic(forwarding=False)
    wire.node.set_forwarding(2, on=True)
    assert solicitations(wire, 30) == []
    wire.node.remove_nic(2)
    assert len(solicitations(wire, 30)) == 3


def test_the_events_that_begin_a_search() -> None:
    wire = searching(replace(ON, router_discovery=False))
    assert solicitations(wire, 30) == []
    wire.node.policy = ON
    assert len(solicitations(wire, 30)) == 3
    wire.node.disable(1)
    assert solicitations(wire, 30) == []
    wire.node.enable(1)
    assert len(solicitations(wire, 30)) == 3
    wire.node.policy = ON
    assert solicitations(wire, 30) == []
    wire.node.disable(1)
    wire.node.enable(1)
    wire.node.policy = RFC
    assert [each for _, each in solicitations(wire, 30) if each.header.protocol == 1] == []


def test_a_nic_takes_its_routers_with_it() -> None:
    wire = searching()
    wire.node.add_nic(9, mac=None, loopback=True)
    wire.second_nic(forwarding=False)
    advertise(wire, message((GATEWAY, 0)))
    wire.node.remove_nic(1)
    assert wire.node._core.routers.routers == {}
    assert wire.node._core.routers.asking.keys() == {2}

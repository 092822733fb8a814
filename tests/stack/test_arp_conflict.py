"""Trying, announcing and defending addresses (RFC 5227)."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from stack.address_probe import MAX_CONFLICTS, PROBE_MAX, PROBE_MIN, RATE_LIMIT_INTERVAL
from stack.address_trials import EVENTS_LIMIT, AddressEvent, Change
from stack.choices import Defence
from stack.policy import NETSTACK, RFC
from stack.refusal import Reason, Refused
from stack.wire.arp import ArpPacket, arp_reply, arp_request
from stack.wire.ethernet import BROADCAST_MAC
from tests.stack.count_kit import moving
from tests.stack.link_kit import OTHER_MAC, send_udp
from tests.stack.node_kit import HOST, HOST_MAC, PEER, PEER_MAC, SECOND, SECOND_MAC, Wire, a, ping

NEW = "192.0.2.50"
PROBE = (BROADCAST_MAC, arp_request(HOST_MAC, 0, a(NEW)))
ANNOUNCEMENT = (BROADCAST_MAC, arp_request(HOST_MAC, a(NEW), a(NEW)))
CONFLICT = arp_request(OTHER_MAC, a(HOST), a(PEER))


def trying(seed: int = 7) -> Wire:
    wire = Wire()
    wire.node._core.random = random.Random(seed)
    wire.node.add_address(1, NEW, 24, probe=True)
    return wire


def timed(wire: Wire, seconds: int) -> list[tuple[int, ArpPacket]]:
    """What ARP packets leave when."""
    found = []
    end = wire.now + seconds * SECOND
    while (due := wire.node.next_deadline()) is not None and due <= end:
        wire.now = due
        found += [(due, packet) for _, packet in wire.arps()]
    wire.frames(after=end - wire.now)
    return found


def events(wire: Wire) -> list[tuple[str, Change, bytes | None]]:
    return [(each.address, each.change, each.station) for each in wire.node.address_events()]


@pytest.mark.parametrize("seed", range(6))
def test_three_probes_then_two_announcements(seed: int) -> None:
    wire = trying(seed)
    assert wire.node.tentative_addresses(1) == [NEW]
    sent = timed(wire, 20)
    assert [packet for _, packet in sent] == [PROBE[1]] * 3 + [ANNOUNCEMENT[1]] * 2
    times = [at for at, _ in sent]
    assert 0 <= times[0] <= SECOND
    for earlier, later in ((0, 1), (1, 2)):
        assert PROBE_MIN <= times[later] - times[earlier] <= PROBE_MAX
    # ANNOUNCE_WAIT and ANNOUNCE_INTERVAL.
    assert times[3] - times[2] == 2 * SECOND
    assert times[4] - times[3] == 2 * SECOND
    assert wire.node.next_deadline() is None
    assert wire.node.tentative_addresses(1) == []
    assert events(wire) == [(NEW, Change.READY, None)]
    assert events(wire) == []


def test_addresses_are_tried_each_in_its_own_time() -> None:
    wire = trying()
    timed(wire, 2)
    wire.node.add_address(1, "192.0.2.51", 24, probe=True)
    sent = [packet for _, packet in timed(wire, 30)]
    assert sent.count(ANNOUNCEMENT[1]) == 2
    assert sent.count(arp_request(HOST_MAC, 0, a("192.0.2.51"))) == 3


def test_waits_are_random() -> None:
    assert len({timed(trying(seed), 1)[0][0] for seed in range(5)}) == 5


def test_nothing_is_done_with_an_address_that_is_being_tried() -> None:
    wire = trying()
    with moving(wire.node.counters, "IP.") as moved:
        wire.ip(ping(destination=NEW))
    assert moved == {"IP.PacketsReceived": 1, "IP.InvalidDestinationAddressesReceived": 1}
    wire.arp(arp_request(PEER_MAC, a(PEER), a(NEW)))
    assert wire.frames() == []
    assert [own.address for own in wire.node.primary_addresses(1)] == [a(HOST)]
    for probe in (True, False):
        with pytest.raises(Refused) as refused:
            wire.node.add_address(1, NEW, 24, probe=probe)
        assert refused.value.reason is Reason.DUPLICATE_ADDRESS
    timed(wire, 10)
    wire.ip(ping(destination=NEW))
    assert len(wire.sent()) == 1


def test_an_address_that_is_ours_is_not_tried() -> None:
    wire = Wire()
    with pytest.raises(Refused):
        wire.node.add_address(1, HOST, 24, probe=True)


def test_the_subnet_of_a_tried_address_is_connected_once_it_is_taken() -> None:
    wire = Wire()
    wire.node.add_neighbour(1, "10.0.0.9", PEER_MAC)
    wire.node.add_address(1, "10.0.0.1", 8, probe=True)
    send_udp(wire.node, "10.0.0.9")
    assert wire.one().mac != PEER_MAC
    timed(wire, 10)
    send_udp(wire.node, "10.0.0.9")
    assert wire.one().mac == PEER_MAC


@pytest.mark.parametrize("after", [0, 3, 6])
@pytest.mark.parametrize(
    "packet",
    [
        arp_request(OTHER_MAC, a(NEW), a(PEER)),
        arp_reply(OTHER_MAC, a(NEW), HOST_MAC, a(HOST)),
        arp_request(OTHER_MAC, 0, a(NEW)),
    ],
    ids=["request", "reply", "probe"],
)
def test_a_conflict_before_use(packet: ArpPacket, after: int) -> None:
    wire = trying(2)
    timed(wire, after)
    assert wire.node.tentative_addresses(1) == [NEW]
    wire.arp(packet)
    assert events(wire) == [(NEW, Change.REFUSED, OTHER_MAC)]
    assert wire.node.tentative_addresses(1) == []
    assert timed(wire, 20) == []
    assert wire.node.next_deadline() is None
    wire.node.link_up(1)
    assert wire.node.tentative_addresses(1) == []


@pytest.mark.parametrize(
    "packet",
    [
        arp_request(OTHER_MAC, a(PEER), a(NEW)),
        arp_request(OTHER_MAC, 0, a("192.0.2.51")),
        arp_reply(OTHER_MAC, 0, HOST_MAC, a(NEW)),
        # Echoed by a hub, or from another NIC of this host.
        arp_request(HOST_MAC, 0, a(NEW)),
        arp_request(SECOND_MAC, 0, a(NEW)),
    ],
)
def test_no_conflict_before_use(packet: ArpPacket) -> None:
    wire = trying()
    wire.second_nic(forwarding=False)
    wire.arp(packet)
    assert wire.node.tentative_addresses(1) == [NEW]
    assert wire.node.address_events() == []


def test_a_conflict_on_another_link_is_none() -> None:
    wire = trying()
    wire.second_nic(forwarding=False)
    wire.arp(arp_request(OTHER_MAC, a(NEW), a(PEER)), nic=2)
    assert wire.node.tentative_addresses(1) == [NEW]
    assert wire.node.tentative_addresses(2) == []


def test_after_ten_conflicts_trials_are_rare() -> None:
    wire = Wire()

    def refuse() -> int:
        started = wire.now
        wire.node.add_address(1, NEW, 24, probe=True)
        timed(wire, 0)
        while not (sent := wire.arps()):
            due = wire.node.next_deadline()
            assert due is not None
            wire.now = due
        assert sent == [PROBE]
        wire.arp(arp_request(OTHER_MAC, a(NEW), a(PEER)))
        return wire.now - started

    for _ in range(MAX_CONFLICTS):
        assert refuse() <= SECOND
    assert refuse() > RATE_LIMIT_INTERVAL - 2 * SECOND
    assert refuse() > RATE_LIMIT_INTERVAL - 2 * SECOND
    assert len(wire.node.address_events()) == MAX_CONFLICTS + 2


def test_conflicts_in_use_count_too() -> None:
    wire = Wire()
    for _ in range(MAX_CONFLICTS):
        wire.arp(CONFLICT)
    wire.frames(after=SECOND)
    wire.node.add_address(1, NEW, 24, probe=True)
    wire.arp(arp_request(OTHER_MAC, a(NEW), a(PEER)))
    wire.node.add_address(1, NEW, 24, probe=True)
    due = wire.node.next_deadline()
    assert due is not None
    assert due >= wire.now + RATE_LIMIT_INTERVAL


def test_without_anybody_to_ask_an_address_is_taken_at_once() -> None:
    wire = Wire()
    wire.node.add_nic(5, mac=None)
    wire.node.add_nic(6, mac=None, loopback=True)
    wire.node.set_arp(1, on=False)
    for nic in (1, 5, 6):
        wire.node.add_address(nic, "10.0.0.1", 24, probe=True)
    assert wire.node.next_deadline() is None or not wire.node.tentative_addresses(1)
    assert wire.node.address_events() == [
        AddressEvent(nic, "10.0.0.1", Change.READY, None) for nic in (1, 5, 6)
    ]


def test_when_the_link_comes_up_what_was_tried_is_tried_anew() -> None:
    wire = trying()
    timed(wire, 10)
    assert wire.node.address_events() != []
    wire.node.disable(1)
    wire.node.enable(1)
    assert wire.node.tentative_addresses(1) == [NEW]
    # What was never to be tried is used as before.
    assert [own.address for own in wire.node.primary_addresses(1)] == [a(HOST)]
    sent = [packet for _, packet in timed(wire, 10) if packet.target_address == a(NEW)]
    assert sent == [PROBE[1]] * 3 + [ANNOUNCEMENT[1]] * 2
    wire.node.link_up(1)
    assert wire.node.tentative_addresses(1) == [NEW]
    wire.arp(arp_request(OTHER_MAC, a(NEW), a(PEER)))
    assert [each.change for each in wire.node.address_events()] == [Change.READY, Change.REFUSED]


def test_while_the_link_is_down_trials_wait() -> None:
    wire = Wire()
    wire.node.add_nic(2, mac=SECOND_MAC)
    wire.node.disable(2)
    wire.frames(after=20 * SECOND)
    wire.node.add_address(2, NEW, 24, probe=True)
    assert wire.frames(after=20 * SECOND) == []
    wire.node.enable(2)
    timed(wire, 5)
    wire.node.disable(2)
    assert timed(wire, 20) == []
    wire.node.enable(2)
    assert [packet.sender_address for _, packet in timed(wire, 6)][:3] == [0, 0, 0]
    # Between the announcements.
    assert wire.node.address_events()[-1].change is Change.READY
    wire.node.disable(2)
    assert wire.arps(after=20 * SECOND) == []


def test_announcements_end_when_the_link_goes() -> None:
    wire = trying()
    while not wire.node.address_events():
        wire.now += SECOND
        wire.frames()
    wire.node.disable(1)
    assert wire.arps(after=20 * SECOND) == []


def test_removing_ends_a_trial() -> None:
    wire = trying()
    wire.node.remove_address(1, NEW)
    assert timed(wire, 20) == []
    with pytest.raises(Refused) as refused:
        wire.node.remove_address(1, NEW)
    assert refused.value.reason is Reason.BAD_LOCAL_ADDRESS
    wire.node.add_address(1, NEW, 24, probe=True)
    wire.node.add_nic(2, mac=SECOND_MAC)
    wire.node.add_address(2, "203.0.113.50", 24, probe=True)
    wire.node.remove_nic(1)
    assert wire.node._core.probes.tentative.keys() == {(2, a("203.0.113.50"))}
    assert len(timed(wire, 20)) == 5


def test_events_are_bounded() -> None:
    wire = Wire()
    wire.node.add_nic(5, mac=None)
    for number in range(EVENTS_LIMIT + 1):
        wire.node.add_address(5, 0x0A000000 + number, 8, probe=True)
    told = wire.node.address_events()
    assert (len(told), told[0].address) == (EVENTS_LIMIT, "10.0.0.1")


# Addresses in use (RFC 5227 §2.4)


def defending(defence: Defence | None) -> Wire:
    wire = Wire()
    wire.node.add_address(1, NEW, 24, defence=defence)
    return wire


def intrude(wire: Wire) -> list[tuple[bytes, ArpPacket]]:
    wire.arp(arp_reply(OTHER_MAC, a(NEW), PEER_MAC, a(PEER)))
    return wire.arps()


def test_a_the_address_is_given_up_at_once() -> None:
    wire = defending(Defence.ABANDON)
    assert intrude(wire) == []
    assert events(wire) == [(NEW, Change.LOST, OTHER_MAC)]
    wire.arp(arp_request(PEER_MAC, a(PEER), a(NEW)))
    assert wire.arps() == []
    # Others are not touched.
    assert [own.address for own in wire.node.primary_addresses(1)] == [a(HOST)]


def test_b_the_address_is_defended_once_and_given_up_when_that_was_in_vain() -> None:
    wire = defending(Defence.ONCE)
    assert intrude(wire) == [ANNOUNCEMENT]
    wire.frames(after=10 * SECOND)
    assert intrude(wire) == [ANNOUNCEMENT]
    wire.frames(after=10 * SECOND - 1)
    assert intrude(wire) == []
    changes = [change for _, change, _ in events(wire)]
    assert changes == [Change.DEFENDED, Change.DEFENDED, Change.LOST]
    # A new start.
    wire.node.add_address(1, NEW, 24, defence=Defence.ONCE)
    assert intrude(wire) == [ANNOUNCEMENT]


@pytest.mark.parametrize("defence", [Defence.KEEP, None])
def test_c_the_address_is_kept_and_announced_at_most_once_in_ten_seconds(
    defence: Defence | None,
) -> None:
    wire = defending(defence)
    assert intrude(wire) == [ANNOUNCEMENT]
    wire.frames(after=10 * SECOND - 1)
    assert intrude(wire) == []
    wire.frames(after=1)
    assert intrude(wire) == [ANNOUNCEMENT]
    # The user is told no more often than others are.
    assert events(wire) == [(NEW, Change.DEFENDED, OTHER_MAC)] * 2
    wire.ip(ping(destination=NEW))
    assert len(wire.sent()) == 1


def test_the_policy_says_what_is_done_about_other_addresses() -> None:
    wire = Wire(replace(RFC, address_defence=Defence.ABANDON))
    wire.arp(CONFLICT)
    assert events(wire) == [(HOST, Change.LOST, OTHER_MAC)]
    assert wire.node.primary_addresses(1) == []


def test_conflicts_need_not_be_looked_for() -> None:
    wire = Wire(NETSTACK)
    wire.arp(CONFLICT)
    assert wire.frames() == []
    assert wire.node.address_events() == []
    assert [own.address for own in wire.node.primary_addresses(1)] == [a(HOST)]


def test_another_nic_of_this_host_is_no_conflict() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    wire.arp(arp_request(SECOND_MAC, a(HOST), a(PEER)))
    assert wire.frames() == []
    assert wire.node.address_events() == []


def test_what_is_given_up_is_not_announced_any_more() -> None:
    wire = Wire()
    wire.node.add_address(1, NEW, 24, probe=True, defence=Defence.ABANDON)
    while not wire.node.address_events():
        wire.now += SECOND
        wire.frames()
    assert intrude(wire) == []
    assert timed(wire, 20) == []
    wire.node.link_up(1)
    assert wire.node.tentative_addresses(1) == []

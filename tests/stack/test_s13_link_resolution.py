"""Finding link addresses: the queue, the requests, the table (S13.7 to S13.10, S7.16, S14.53)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.core import OUTBOX_LIMIT
from stack.neighbours import LEARNED_LIMIT, PENDING_LIMIT, RESOLVING_LIMIT
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.refusal import Reason
from stack.wire.arp import arp_reply, arp_request
from stack.wire.ethernet import BROADCAST_MAC
from stack.wire.icmp import DESTINATION_UNREACHABLE, HOST_UNREACHABLE
from tests.stack.count_kit import moving
from tests.stack.link_kit import OTHER_MAC, send_udp
from tests.stack.node_kit import (
    FAR_MAC,
    HOST,
    HOST_MAC,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND,
    Wire,
    a,
    ping,
    refusal,
)
from tests.stack.preset_kit import each_preset, rfc_and_netstack


def wide(policy: Policy) -> Wire:
    """A node on 10.0.0.0/8 with nobody known, and no default route."""
    wire = Wire(policy, neighbours=False)
    wire.node.add_address(1, "10.0.0.1", 8)
    return wire


def station(number: int) -> str:
    return f"10.1.{number >> 8}.{number & 255}"


def teach(wire: Wire, number: int) -> None:
    wire.arp(arp_request(OTHER_MAC, a(station(number)), a("10.0.0.1")))


@rfc_and_netstack
def test_s13_7_the_least_recently_used_of_512_learned_entries_goes(policy: Policy) -> None:
    wire = wide(policy)
    wire.node.add_neighbour(1, "10.9.9.9", PEER_MAC)
    for number in range(LEARNED_LIMIT):
        teach(wire, number)
    wire.frames()
    # The oldest is used, so the second oldest is the one to go.
    send_udp(wire.node, station(0))
    teach(wire, LEARNED_LIMIT)
    known = [wire.node.neighbour(1, station(n)) is not None for n in (0, 1, 2, LEARNED_LIMIT)]
    assert known == [True, False, True, True]
    assert wire.node.neighbour(1, "10.9.9.9") == PEER_MAC


@rfc_and_netstack
def test_s13_7_entries_by_hand_have_no_limit(policy: Policy) -> None:
    wire = wide(policy)
    for number in range(LEARNED_LIMIT + 100):
        wire.node.add_neighbour(1, station(number), PEER_MAC)
    assert wire.node.neighbour(1, station(0)) == PEER_MAC
    # ARP does not change them.
    teach(wire, 0)
    assert wire.node.neighbour(1, station(0)) == PEER_MAC


def test_s13_7_one_in_resolution_is_not_what_goes() -> None:
    wire = wide(RFC)
    send_udp(wire.node, station(1000))
    for number in range(LEARNED_LIMIT + 5):
        teach(wire, number)
    wire.frames()
    wire.arp(arp_reply(PEER_MAC, a(station(1000)), HOST_MAC, a(HOST)))
    assert wire.one().mac == PEER_MAC


@rfc_and_netstack
def test_s13_7_256_packets_wait_for_a_next_hop_and_the_oldest_is_lost(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    with moving(wire.node.counters, "IP.Out") as moved:
        for number in range(PENDING_LIMIT + 1):
            send_udp(wire.node, PEER, bytes([number >> 8, number & 255]))
    assert moved == {"IP.OutgoingPacketErrors": 1}
    wire.answer_arp(PEER, PEER_MAC)
    data = [sent.udp.data for sent in wire.sent()]
    assert (len(data), data[0]) == (PENDING_LIMIT, b"\0\1")


@rfc_and_netstack
def test_s13_7_a_65th_next_hop_fails_the_oldest_with_all_its_packets(policy: Policy) -> None:
    wire = wide(policy)
    for number in range(RESOLVING_LIMIT):
        send_udp(wire.node, station(number))
    send_udp(wire.node, station(0))
    with moving(wire.node.counters, "IP.Out") as moved:
        send_udp(wire.node, station(RESOLVING_LIMIT))
        wire.frames()
    assert moved == {"IP.OutgoingPacketErrors": 2}
    for number in range(RESOLVING_LIMIT + 1):
        wire.arp(arp_reply(PEER_MAC, a(station(number)), HOST_MAC, a(HOST)))
    assert len(wire.sent()) == RESOLVING_LIMIT


def test_s13_7_one_given_up_early_is_not_asked_for_twice_in_a_second() -> None:
    wire = wide(RFC)
    for number in range(RESOLVING_LIMIT + 1):
        send_udp(wire.node, station(number))
    assert len(wire.arps()) == RESOLVING_LIMIT + 1
    # RFC 1122 §2.3.2.1: at most one request a second for one address.
    send_udp(wire.node, station(0))
    assert wire.arps(after=SECOND - 1) == []
    targets = [packet.target_address for _, packet in wire.arps(after=1)]
    assert targets.count(a(station(0))) == 1


def test_s13_7_what_is_remembered_of_requests_is_bounded() -> None:
    wire = wide(RFC)
    for number in range(600):
        send_udp(wire.node, station(number))
    table = wire.node._core.nics[1].neighbours
    assert len(table._asked_at) == 512


@rfc_and_netstack
def test_s13_8_requests_at_0_1_and_2_seconds_and_failure_at_3(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    with moving(wire.node.counters, "IP.OutgoingPacketErrors") as moved:
        send_udp(wire.node, PEER)
        send_udp(wire.node, PEER)
        for after in (0, SECOND, SECOND):
            assert wire.arps(after=after) == [
                (BROADCAST_MAC, arp_request(HOST_MAC, a(HOST), a(PEER)))
            ]
        assert wire.arps(after=SECOND - 1) == []
        assert wire.node.counters.get("IP.OutgoingPacketErrors") == 0
        assert wire.arps(after=1) == []
    assert moved == {"IP.OutgoingPacketErrors": 2}
    assert wire.node.next_deadline() is None


@rfc_and_netstack
def test_s13_8_the_sender_is_the_source_if_it_is_on_that_nic(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    wire.node.add_address(1, "192.0.2.2", 24)
    socket = wire.node.udp_socket()
    socket.bind("192.0.2.2", 5000)
    socket.send(b"", (PEER, 9))
    [(_, request)] = wire.arps()
    assert request.sender_address == a("192.0.2.2")


@rfc_and_netstack
def test_s13_8_else_the_sender_is_the_main_address(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    wire.second_nic()
    wire.ip(ping(destination="203.0.113.77"))
    [(_, request)] = wire.arps()
    assert request.sender_address == a("203.0.113.1")


def test_s13_8_without_an_address_nobody_is_asked() -> None:
    wire = Wire()
    wire.second_nic()
    wire.node.add_route("10.0.0.0/8", 2)
    wire.node.remove_address(2, "203.0.113.1")
    with moving(wire.node.counters, "ARP") as moved:
        wire.ip(ping(destination="10.0.0.9"))
        assert wire.arps(after=4 * SECOND) == []
    assert moved == {"ARP.OutgoingRequestInterfaceHasNoLocalAddressErrors": 3}


@rfc_and_netstack
@pytest.mark.parametrize("seed", range(5))
def test_s13_8_entries_are_good_for_15_to_45_seconds(policy: Policy, seed: int) -> None:
    wire = Wire(policy, neighbours=False)
    wire.node._core.random.getrandbits(seed + 1)
    wire.arp(arp_request(PEER_MAC, a(PEER), a(HOST)))
    wire.frames(after=15 * SECOND - 1)
    send_udp(wire.node, PEER)
    assert wire.node.next_deadline() is None
    wire.frames(after=30 * SECOND + 1)
    send_udp(wire.node, PEER)
    assert wire.node.next_deadline() == wire.now + 5 * SECOND


@rfc_and_netstack
def test_s13_8_a_stale_entry_is_used_for_5_s_then_asked_three_times_by_unicast(
    policy: Policy,
) -> None:
    wire = Wire(policy, neighbours=False)
    wire.arp(arp_request(PEER_MAC, a(PEER), a(HOST)))
    wire.frames(after=50 * SECOND)
    send_udp(wire.node, PEER)
    assert wire.one().mac == PEER_MAC
    assert wire.arps(after=5 * SECOND - 1) == []
    unicast = (PEER_MAC, arp_request(HOST_MAC, a(HOST), a(PEER)))
    for after in (1, SECOND, SECOND):
        assert wire.arps(after=after) == [unicast]
        send_udp(wire.node, PEER)
        assert wire.one().mac == PEER_MAC
    assert wire.arps(after=SECOND) == []
    assert wire.node.neighbour(1, PEER) is None
    assert wire.node.counters.get("IP.OutgoingPacketErrors") == 0
    send_udp(wire.node, PEER)
    assert [mac for mac, _ in wire.arps()] == [BROADCAST_MAC]


@rfc_and_netstack
def test_s13_8_a_stale_entry_that_answers_is_good_again(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    wire.arp(arp_request(PEER_MAC, a(PEER), a(HOST)))
    wire.frames(after=50 * SECOND)
    send_udp(wire.node, PEER)
    wire.frames(after=5 * SECOND)
    wire.answer_arp(PEER, PEER_MAC)
    assert wire.arps(after=60 * SECOND) == []
    assert wire.node.neighbour(1, PEER) == PEER_MAC


@each_preset
def test_s13_9_each_packet_that_waited_is_an_error_and_no_icmp_is_sent(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    nic = wire.node.nic_counters(1)
    with moving(wire.node.counters) as stack_moved, moving(nic) as nic_moved:
        wire.ip(ping(b"one"))
        wire.ip(ping(b"two"))
        assert wire.sent(after=4 * SECOND) == []
    for moved in (stack_moved, nic_moved):
        assert moved["IP.OutgoingPacketErrors"] == 2
        assert "ICMP.PacketsSent.DstUnreachable" not in moved
        assert "ICMP.PacketsReceived.DstUnreachable" not in moved


def test_s13_9_a_udp_user_hears_a_hint_of_it() -> None:
    # RFC 1122 §2.4, §4.1.3.3: the link's word reaches the user as ICMP's would.
    wire = Wire(neighbours=False)
    socket = wire.node.udp_socket()
    socket.send(b"data", (PEER, 9))
    wire.frames(after=3 * SECOND)
    [error] = socket.errors()
    assert (error.type, error.code, error.hard) == (
        DESTINATION_UNREACHABLE,
        HOST_UNREACHABLE,
        False,
    )
    assert error.offender == HOST
    assert error.quoted[16:20] == a(PEER).to_bytes(4, "big")


def test_s13_9_udp_hears_nothing() -> None:
    wire = Wire(NETSTACK, neighbours=False)
    socket = wire.node.udp_socket()
    socket.connect(PEER, 9)
    socket.send(b"data")
    wire.frames(after=3 * SECOND)
    assert socket.errors() == []
    socket.send(b"more")


@pytest.mark.parametrize(
    ("policy", "told"),
    [(RFC, True), (NETSTACK, False), (NETSTACK_LATER, True)],
    ids=["RFC", "NETSTACK", "LATER"],
)
def test_s13_9_who_sent_a_forwarded_packet_is_told_by_3_1(policy: Policy, told: bool) -> None:
    # Without what it reports of its groups.
    wire = Wire(replace(policy, igmp_version=0))
    wire.second_nic()
    wire.ip(ping(destination="203.0.113.77"))
    with moving(wire.node.counters, "IP.OutgoingPacketErrors") as moved:
        sent = wire.sent(after=4 * SECOND)
    assert moved == {"IP.OutgoingPacketErrors": 1}
    assert [(each.icmp.type, each.icmp.code, each.nic) for each in sent] == [(3, 1, 1)] * told


@rfc_and_netstack
def test_s13_10_the_next_try_starts_anew(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    send_udp(wire.node, PEER)
    assert len(wire.arps(after=3 * SECOND)) == 3
    send_udp(wire.node, PEER)
    assert len(wire.arps(after=0)) == 1
    wire.answer_arp(PEER, PEER_MAC)
    assert wire.one().mac == PEER_MAC


def test_s7_16_what_is_queued_counts_as_sent_and_as_an_error_too() -> None:
    wire = Wire(NETSTACK, neighbours=False)
    with moving(wire.node.counters, "IP.") as moved:
        send_udp(wire.node, PEER)
    assert moved == {"IP.PacketsSent": 1}
    with moving(wire.node.counters, "IP.") as moved:
        wire.frames(after=3 * SECOND)
    assert moved == {"IP.OutgoingPacketErrors": 1}
    send_udp(wire.node, PEER)
    with moving(wire.node.counters, "IP.") as moved:
        wire.answer_arp(PEER, PEER_MAC)
        assert len(wire.sent()) == 1
    assert moved == {}


def test_s14_53_sent_is_what_left() -> None:
    wire = Wire(RFC, neighbours=False)
    with moving(wire.node.counters, "IP.") as moved:
        send_udp(wire.node, PEER)
    assert moved == {}
    with moving(wire.node.counters, "IP.") as moved:
        wire.frames(after=3 * SECOND)
    assert moved == {"IP.OutgoingPacketErrors": 1}
    send_udp(wire.node, PEER)
    with moving(wire.node.counters, "IP.") as moved:
        wire.answer_arp(PEER, PEER_MAC)
        assert len(wire.sent()) == 1
    assert moved == {"IP.PacketsSent": 1}


@pytest.mark.parametrize("to", [PEER, "10.7.0.9"])
@rfc_and_netstack
def test_s7_15_what_the_link_refuses_is_an_error(policy: Policy, to: str) -> None:
    wire = Wire(policy)
    wire.node.add_nic(7, mac=None)
    wire.node.add_address(7, "10.7.0.1", 24)
    wire.frames()
    wire.node._core.outbox.extend([(1, b"")] * OUTBOX_LIMIT)
    with moving(wire.node.counters, "IP.") as moved:
        assert refusal(lambda: send_udp(wire.node, to)) is Reason.NO_BUFFER_SPACE
    assert moved == {"IP.OutgoingPacketErrors": 1}
    # S6.25: every piece that was not sent.
    with moving(wire.node.counters, "IP.") as moved:
        assert refusal(lambda: send_udp(wire.node, to, bytes(3000))) is Reason.NO_BUFFER_SPACE
    assert moved == {"IP.OutgoingPacketErrors": 3}


@rfc_and_netstack
def test_s7_15_the_link_may_refuse_what_waited_and_arp_itself(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    send_udp(wire.node, PEER)
    wire.frames()
    wire.node._core.outbox.extend([(1, b"")] * OUTBOX_LIMIT)
    with moving(wire.node.counters) as moved:
        wire.answer_arp(PEER, FAR_MAC)
        wire.arp(arp_request(PEER_MAC, a(REMOTE), a(HOST)))
        send_udp(wire.node, "192.0.2.88")
    assert moved["IP.OutgoingPacketErrors"] == 1
    assert moved["ARP.OutgoingRepliesDropped"] == 1
    assert moved["ARP.OutgoingRequestsDropped"] == 1

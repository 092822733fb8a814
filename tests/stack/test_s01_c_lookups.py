"""Which addresses are ours (S1.14 to S1.20)."""

from __future__ import annotations

import pytest

from stack.address_index import AddressIndex
from stack.addresses import TEMPORARY_LIMIT, AddressTable
from stack.own_address import Kind, Place
from stack.policy import Policy
from stack.refusal import Reason
from stack.wire.address import LIMITED_BROADCAST
from stack.wire.arp import arp_request
from stack.wire.icmp import build_icmp, error
from tests.stack.address_kit import add, found, hold, numbers, table_of
from tests.stack.node_kit import (
    FAR_MAC,
    HOST,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND_MAC,
    Wire,
    a,
    datagram,
    ping,
    refusal,
    udp,
)
from tests.stack.preset_kit import rfc_and_netstack


@rfc_and_netstack
def test_s1_14_assigned(policy: Policy) -> None:
    table = table_of(policy)
    add(table, "10.0.0.1")
    assert table.find(a("10.0.0.1")) is not None
    table.switch(on=False)
    assert table.find(a("10.0.0.1")) is None
    assert table.own(a("10.0.0.1")) is None
    table.switch(on=True)
    table.switch(on=True)
    assert table.find(a("10.0.0.1")) is not None
    hold(table, "10.0.0.1")
    table.remove(a("10.0.0.1"))
    assert table.find(a("10.0.0.1")) is None
    assert table.find(a("10.0.0.1"), temporaries=True) is not None


@rfc_and_netstack
def test_s1_15_an_entry_for_the_very_address_ends_the_search(policy: Policy) -> None:
    table = table_of(policy)
    add(table, "10.0.0.1", 24)
    add(table, "10.0.0.255", 32)
    hold(table, "10.0.0.255")
    assert found(table, "10.0.0.255").address == a("10.0.0.255")
    table.remove(a("10.0.0.255"))
    # The expired entry says no, though the subnet of another address has this broadcast.
    assert table.find(a("10.0.0.255")) is None
    assert found(table, "10.0.0.255", temporaries=True).kind is Kind.EXPIRED


@rfc_and_netstack
def test_s1_15_then_the_subnets_answer_then_temporaries(policy: Policy) -> None:
    table = table_of(policy)
    add(table, "10.0.0.1", 24)
    assert found(table, "10.0.0.255", temporaries=True).address == a("10.0.0.1")
    assert table.find(a("10.0.0.9")) is None
    made = found(table, "10.0.0.9", temporaries=True)
    assert (made.address, made.prefix.length, made.kind) == (a("10.0.0.9"), 32, Kind.TEMPORARY)
    # It lives as long as it is held.
    assert table.find(a("10.0.0.9")) is None
    held = hold(table, "10.0.0.9", temporaries=True)
    assert found(table, "10.0.0.9").address == a("10.0.0.9")
    held.release()
    assert table.find(a("10.0.0.9")) is None
    assert table.hold(a("10.0.0.9")) is None


@rfc_and_netstack
def test_s1_15_a_loopback_nic_owns_its_whole_subnet(policy: Policy) -> None:
    table = table_of(policy, loopback=True)
    add(table, "127.0.0.1", 8)
    assert found(table, "127.9.9.9").address == a("127.0.0.1")
    assert table.find(a("128.0.0.1")) is None
    add(table, "127.0.0.5", 32)
    hold(table, "127.0.0.5")
    table.remove(a("127.0.0.5"))
    assert table.find(a("127.0.0.5")) is None


@rfc_and_netstack
def test_s1_15_the_loopback_subnet_and_its_shadow_across_the_stack(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_nic(9, mac=None, loopback=True)
    wire.node.add_address(9, "127.0.0.1", 8)
    core = wire.node._core
    assert core.owner(a("127.0.0.5")) is core.nics[9]
    wire.node.add_address(9, "127.0.0.5")
    socket = wire.node.udp_socket()
    socket.bind("127.0.0.5", 1)
    wire.node.remove_address(9, "127.0.0.5")
    assert core.owner(a("127.0.0.5")) is None
    assert not wire.node.owns("127.0.0.5")


@pytest.mark.parametrize("length", range(33))
def test_s1_16_the_broadcast_address_of_a_prefix(length: int) -> None:
    table = table_of()
    add(table, "10.20.30.41", length)
    network = a("10.20.30.41") >> (32 - length) << (32 - length)
    last = network | (0xFFFFFFFF >> length)
    assert (table.broadcast(last) is not None) is (length <= 30)
    # The all-zero host part is none, and is told apart from it (S14.20).
    assert table.broadcast(network) is None or network == last
    assert (table.all_zeros(network) is not None) is (length <= 30)
    table.remove(a("10.20.30.41"))
    assert table.broadcast(last) is None
    assert table.all_zeros(network) is None


def test_s1_16_subnets_that_share_a_broadcast_address() -> None:
    table = table_of()
    add(table, "10.0.0.1", 8)
    add(table, "10.255.255.1", 24)
    add(table, "10.255.255.2", 24)
    assert found(table, "10.255.255.255").address == a("10.0.0.1")
    table.remove(a("10.0.0.1"))
    assert found(table, "10.255.255.255").address == a("10.255.255.1")
    table.remove(a("10.255.255.1"))
    assert found(table, "10.255.255.255").address == a("10.255.255.2")


def test_s1_15_temporary_addresses_are_bounded() -> None:
    table = table_of()
    holds = [table.hold(number, temporaries=True) for number in range(1, TEMPORARY_LIMIT + 2)]
    assert [each is None for each in holds].count(True) == 1
    assert holds[0] is not None
    holds[0].release()
    # Room for one, however often it is held.
    again = [table.hold(5000, temporaries=True) for _ in range(2)]
    assert None not in again
    assert table.hold(5001, temporaries=True) is None
    # One that is promoted is no longer temporary.
    table.add(2, 32, place=Place.NEVER, deprecated=False)
    assert table.hold(5001, temporaries=True) is not None


@rfc_and_netstack
def test_s1_17_on_a_promiscuous_nic_every_destination_is_ours(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    wire.node.set_nic_option(1, "promiscuous", value=True)
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    for destination in (REMOTE, "203.0.113.9", "239.7.7.7", HOST, "192.0.2.77"):
        # Frames for other stations are let in too.
        wire.ip(udp(destination=destination), mac=FAR_MAC)
        received = socket.receive()
        assert received is not None
        assert received.destination == destination
    # Nothing arriving there is forwarded.
    assert wire.sent() == []
    assert wire.node.counters.get("ipSystemStatsInForwDatagrams") == 0
    # The other NIC forwards as before.
    wire.ip(udp(source="203.0.113.9", destination=PEER), mac=SECOND_MAC, nic=2)
    assert wire.one().nic == 1


@rfc_and_netstack
def test_s1_17_a_promiscuous_nic_answers_for_groups_and_only_spoofing_for_hosts(
    policy: Policy,
) -> None:
    wire = Wire(policy)
    wire.node.set_nic_option(1, "promiscuous", value=True)
    wire.ip(ping(destination="239.7.7.7"))
    assert wire.one().header.source == a(HOST)
    wire.ip(ping(destination=REMOTE))
    wire.ip(udp(destination=REMOTE))
    assert wire.sent() == []
    wire.node.set_nic_option(1, "spoofing", value=True)
    wire.ip(ping(destination=REMOTE))
    assert wire.one().header.source == a(REMOTE)
    wire.node.set_nic_option(1, "spoofing", value=False)
    wire.node.set_nic_option(1, "promiscuous", value=False)
    wire.ip(ping(destination="239.7.7.7"))
    assert wire.sent() == []


@rfc_and_netstack
def test_s1_18_a_spoofing_nic_sends_from_any_source(policy: Policy) -> None:
    wire = Wire(policy)
    udp_socket, icmp, raw = (
        wire.node.udp_socket(),
        wire.node.icmp_socket(1),
        wire.node.raw_socket(9),
    )
    binds = (
        lambda: udp_socket.bind(REMOTE, 5),
        lambda: icmp.bind(REMOTE),
        lambda: raw.bind(REMOTE),
    )
    for bind in binds:
        assert refusal(bind) is Reason.BAD_LOCAL_ADDRESS
    wire.node.set_nic_option(1, "spoofing", value=True)
    for bind in binds:
        bind()
    udp_socket.send(b"x", (PEER, 7))
    icmp.send_echo(PEER, 1)
    raw.send(b"x", PEER)
    assert [each.header.source for each in wire.sent()] == [a(REMOTE)] * 3
    # What a socket holds is ours while it does.
    wire.ip(udp(destination=REMOTE, port=5))
    assert udp_socket.receive() is not None
    for socket in (udp_socket, icmp, raw):
        assert wire.node.owns(REMOTE)
        socket.close()
    assert not wire.node.owns(REMOTE)


@rfc_and_netstack
def test_s1_18_spoofing_needs_a_usable_nic_and_one_host(policy: Policy) -> None:
    wire = Wire(policy)
    core = wire.node._core
    wire.node.set_nic_option(1, "spoofing", value=True)
    for address in ("239.1.1.1", "255.255.255.255"):
        assert not core.may_send_from(a(address))
        assert core.hold(a(address)) is None
    wire.node.disable_endpoint(1)
    assert not core.may_send_from(a(REMOTE))
    assert core.hold(a(REMOTE)) is None


@rfc_and_netstack
def test_s1_18_a_spoofing_nic_answers_arp_for_any_address(policy: Policy) -> None:
    wire = Wire(policy)
    wire.arp(arp_request(PEER_MAC, a(PEER), a("192.0.2.200")))
    assert wire.arps() == []
    wire.node.set_nic_option(1, "spoofing", value=True)
    wire.arp(arp_request(PEER_MAC, a(PEER), a("192.0.2.200")))
    assert [packet.sender_address for _, packet in wire.arps()] == [a("192.0.2.200")]


def test_s1_18_a_spoofing_nic_takes_errors_about_any_source() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    quote = udp(source=REMOTE, destination=PEER, source_port=9, port=7)
    port_unreachable = datagram(build_icmp(error(3, 3, quote)))
    wire.ip(port_unreachable)
    assert socket.errors() == []
    wire.node.set_nic_option(1, "spoofing", value=True)
    wire.ip(port_unreachable)
    assert len(socket.errors()) == 1


@rfc_and_netstack
def test_s1_19_owned_by_the_stack_means_ours_on_any_nic(policy: Policy) -> None:
    wire = Wire(policy)
    assert not wire.node.owns("203.0.113.1")
    wire.second_nic()
    for address in (HOST, "192.0.2.255", "203.0.113.1", "203.0.113.255", "255.255.255.255"):
        assert wire.node.owns(address)
    for address in (PEER, "192.0.2.0", "239.1.1.1", "0.0.0.0"):
        assert not wire.node.owns(address)
    # No temporaries.
    for setting in ("promiscuous", "spoofing"):
        wire.node.set_nic_option(1, setting, value=True)
    assert not wire.node.owns(PEER)
    wire.node.disable(2)
    assert not wire.node.owns("203.0.113.1")
    assert not wire.node.owns("203.0.113.255")
    assert wire.node.owns("255.255.255.255")


@rfc_and_netstack
def test_s1_19_the_lowest_nic_number_answers(policy: Policy) -> None:
    wire = Wire(policy)
    core = wire.node._core
    for number in (7, 3, 5):
        wire.node.add_nic(number, mac=bytes((2, 0, 0, 0, 1, number)))
        wire.node.add_address(number, "10.0.0.1", 24)
    assert core.owner(a("10.0.0.1")) is core.nics[3]
    assert core.owner(a("10.0.0.255")) is None
    assert core.owner(a("10.0.0.255"), broadcasts=True) is core.nics[3]
    # The entry for the very address says no on 3 (S1.15), not on 5.
    wire.node.add_address(3, "10.0.0.255")
    assert core.owner(a("10.0.0.255")) is core.nics[3]
    socket = wire.node.udp_socket()
    socket.bind("10.0.0.255", 1)
    wire.node.remove_address(3, "10.0.0.255")
    assert core.owner(a("10.0.0.255"), broadcasts=True) is core.nics[5]
    for number in (5, 7):
        wire.node.remove_nic(number)
    assert core.owner(a("10.0.0.255"), broadcasts=True) is None


@rfc_and_netstack
def test_s1_20_the_lists_of_addresses(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "10.0.0.1", primary=Place.NEVER)
    wire.node.add_address(1, "10.0.0.2", primary=Place.FIRST)
    wire.node.add_address(1, "10.0.0.3")
    socket = wire.node.udp_socket()
    socket.bind("10.0.0.3", 1)
    wire.node.remove_address(1, "10.0.0.3")

    def lists() -> list[list[int]]:
        node = wire.node
        return [[each.address for each in of(1)] for of in (node.primary_addresses, node.addresses)]

    primary = numbers("10.0.0.2", HOST)
    assert lists() == [primary, [*primary, LIMITED_BROADCAST, a("10.0.0.1")]]
    wire.node.disable_endpoint(1)
    assert lists() == [primary, [*primary, a("10.0.0.1")]]
    # What is handed out is a copy.
    wire.node.addresses(1)[0].deprecated = True
    assert wire.node.main_address(1) == a("10.0.0.2")


@rfc_and_netstack
def test_s1_20_the_limited_broadcast_is_never_a_source(policy: Policy) -> None:
    wire = Wire(policy, neighbours=False)
    wire.node.remove_address(1, HOST)
    table = wire.node._core.nics[1].addresses
    assert table.main() is None
    assert table.outgoing() is None
    assert table.source_for(a(PEER)) is None
    socket = wire.node.icmp_socket(1)
    assert refusal(lambda: socket.bind("255.255.255.255")) is Reason.BAD_LOCAL_ADDRESS


def test_look_ups_cost_the_same_however_many_nics_and_addresses_there_are() -> None:
    index = AddressIndex()
    for number in range(1, 2001):
        table = AddressTable(owns_whole_prefix=False, index=index, number=number)
        table.add(number << 8 | 1, 24, place=Place.CAN_BE, deprecated=False)
        table.switch(on=True)
    for number in (7, 2000):
        assert index.hosts[number << 8 | 1] == [number]
        assert index.broadcasts[number << 8 | 255] == [number]


def test_the_longest_prefix_says_which_address_is_on_the_link() -> None:
    table = table_of()
    add(table, "10.0.0.1", 8)
    add(table, "10.1.0.1", 16)
    own = table.on_link(a("10.1.2.3"))
    assert own is not None
    assert own.address == a("10.1.0.1")
    assert table.own(a("10.1.2.3")) is None
    assert table.on_link(a("11.0.0.1")) is None

"""Addresses of a NIC: which one speaks, which are broadcasts (S1.8 to S1.16)."""

from __future__ import annotations

from stack.addresses import AddressTable, Place
from stack.refusal import Reason
from tests.stack.node_kit import HOST, PEER, Wire, a, ping


def test_the_main_address_is_the_first_that_is_not_deprecated() -> None:
    table = AddressTable(owns_whole_prefix=False)
    assert table.main() is None
    assert table.source_for(a(PEER)) is None
    for number, place in ((1, Place.NEVER), (2, Place.CAN_BE), (3, Place.FIRST)):
        assert table.add(number, 32, place=place, deprecated=False) is None
    assert table.main() == 3
    assert [own.address for own in table.listed()] == [3, 2, 1]
    assert table.remove(3) is None
    assert table.remove(1) is None
    assert table.remove(1) is Reason.BAD_LOCAL_ADDRESS
    assert table.main() == 2
    assert table.add(2, 24, place=Place.FIRST, deprecated=False) is Reason.DUPLICATE_ADDRESS


def test_a_deprecated_address_speaks_only_when_there_is_no_other() -> None:
    table = AddressTable(owns_whole_prefix=False)
    table.add(a("10.0.0.1"), 24, place=Place.CAN_BE, deprecated=True)
    table.add(a("10.0.0.2"), 24, place=Place.CAN_BE, deprecated=True)
    assert table.main() == a("10.0.0.1")
    assert table.source_for(a("10.0.0.9")) == a("10.0.0.1")
    assert table.source_for(a("10.9.9.9")) == a("10.0.0.1")
    table.add(a("192.0.2.1"), 24, place=Place.CAN_BE, deprecated=False)
    assert table.source_for(a("10.0.0.9")) == a("192.0.2.1")
    table.add(a("10.0.0.3"), 24, place=Place.CAN_BE, deprecated=False)
    assert table.source_for(a("10.0.0.9")) == a("10.0.0.3")


def test_the_longest_prefix_says_which_address_is_on_the_link() -> None:
    table = AddressTable(owns_whole_prefix=False)
    table.add(a("10.0.0.1"), 8, place=Place.CAN_BE, deprecated=False)
    table.add(a("10.1.0.1"), 16, place=Place.CAN_BE, deprecated=False)
    own = table.on_link(a("10.1.2.3"))
    assert own is not None
    assert own.address == a("10.1.0.1")
    assert table.broadcast(a("10.255.255.255")) is not None
    assert table.all_zeros(a("10.1.0.0")) is not None
    assert table.own(a("10.1.2.3")) is None


def test_the_source_is_on_the_subnet_of_the_next_hop() -> None:
    wire = Wire()
    wire.node.add_address(1, "10.0.0.1", 24)
    wire.node.add_neighbour(1, "10.0.0.9", b"\2\0\0\0\0\x0a")
    socket = wire.node.icmp_socket(1)
    for peer, source in (("10.0.0.9", "10.0.0.1"), (PEER, HOST), ("198.51.100.1", HOST)):
        socket.send_echo(peer, 1)
        assert wire.one().header.source == a(source)


def test_an_address_removed_is_no_longer_ours() -> None:
    wire = Wire()
    wire.node.remove_address(1, HOST)
    wire.ip(ping())
    assert wire.frames() == []

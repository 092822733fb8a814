"""The addresses of a NIC: kinds, order, which one speaks, which are ours (S1.8 to S1.13)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.own_address import Kind, Origin, Place
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason
from tests.stack.address_kit import add, found, hold, listed, numbers, table_of
from tests.stack.node_kit import PEER, Wire, a, ping
from tests.stack.preset_kit import rfc_and_netstack


def test_s1_8_kinds_of_addresses() -> None:
    table = table_of()
    add(table, "10.0.0.1")
    assert found(table, "10.0.0.1").kind is Kind.PERMANENT
    hold(table, "10.0.0.1")
    table.remove(a("10.0.0.1"))
    assert found(table, "10.0.0.1", temporaries=True).kind is Kind.EXPIRED
    assert found(table, "10.9.9.9", temporaries=True).kind is Kind.TEMPORARY
    assert (
        table.add(a("10.0.0.2"), 24, place=Place.CAN_BE, deprecated=False, tentative=True) is None
    )
    assert table.find(a("10.0.0.2")) is None
    assert table.main() is None


def test_s1_8_a_tentative_address_is_ours_once_it_is_confirmed() -> None:
    table = table_of()
    address = a("10.0.0.2")
    for _ in range(2):
        table.add(address, 24, place=Place.CAN_BE, deprecated=False, tentative=True)
        # S1.14: not assigned, and in none of the look-ups; yet nobody else may have it.
        assert table.own(address) is None
        assert table.on_link(a("10.0.0.9")) is None
        again = table.add(address, 24, place=Place.CAN_BE, deprecated=False)
        assert again is Reason.DUPLICATE_ADDRESS
        assert table.remove(address) is None
    table.add(address, 24, place=Place.CAN_BE, deprecated=False, tentative=True)
    assert table.confirm(address) is None
    assert table.main() == address
    assert table.confirm(address) is Reason.BAD_LOCAL_ADDRESS
    assert table.confirm(1) is Reason.BAD_LOCAL_ADDRESS


@rfc_and_netstack
def test_s1_8_a_socket_that_holds_an_address_keeps_it_as_expired(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "192.0.2.77", 24)
    table = wire.node._core.nics[1].addresses
    bound, connected = wire.node.udp_socket(), wire.node.udp_socket()
    bound.bind("192.0.2.77", 5)
    connected.bind("192.0.2.77", 6)
    connected.connect(PEER, 7)
    connected.connect(PEER, 8)
    wire.node.remove_address(1, "192.0.2.77")
    assert not wire.node.owns("192.0.2.77")
    wire.ip(ping(destination="192.0.2.77"))
    assert wire.sent() == []
    assert found(table, "192.0.2.77", temporaries=True).kind is Kind.EXPIRED
    bound.close()
    assert found(table, "192.0.2.77", temporaries=True).kind is Kind.EXPIRED
    connected.close()
    assert found(table, "192.0.2.77", temporaries=True).kind is Kind.TEMPORARY


@rfc_and_netstack
@pytest.mark.parametrize("kind", ["raw", "icmp"])
def test_s1_8_raw_and_icmp_sockets_hold_the_address_they_are_bound_to(
    policy: Policy, kind: str
) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "192.0.2.77", 24)
    wire.node.add_address(1, "192.0.2.78", 24)
    table = wire.node._core.nics[1].addresses
    socket = wire.node.raw_socket(99) if kind == "raw" else wire.node.icmp_socket(1)
    socket.bind("192.0.2.78")
    socket.bind("192.0.2.77")
    for address in ("192.0.2.77", "192.0.2.78"):
        wire.node.remove_address(1, address)
    # Only the address it is bound to now.
    assert found(table, "192.0.2.78", temporaries=True).kind is Kind.TEMPORARY
    assert found(table, "192.0.2.77", temporaries=True).kind is Kind.EXPIRED
    socket.close()
    assert found(table, "192.0.2.77", temporaries=True).kind is Kind.TEMPORARY


@rfc_and_netstack
def test_s1_9_a_permanent_address_cannot_be_added_twice(policy: Policy) -> None:
    table = table_of(policy)
    add(table, "10.0.0.1", 24)
    again = table.add(a("10.0.0.1"), 8, place=Place.FIRST, deprecated=True)
    assert again is Reason.DUPLICATE_ADDRESS
    assert found(table, "10.0.0.1").prefix.length == 24
    assert not found(table, "10.0.0.1").deprecated


@pytest.mark.parametrize("first", ["expired", "temporary"])
@rfc_and_netstack
def test_s1_9_promotion_takes_flag_origin_and_place(policy: Policy, first: str) -> None:
    table = table_of(policy)
    add(table, "10.0.0.9")
    if first == "expired":
        add(table, "10.0.0.1", 32)
        hold(table, "10.0.0.1")
        table.remove(a("10.0.0.1"))
    else:
        hold(table, "10.0.0.1", temporaries=True)
    own = found(table, "10.0.0.1", temporaries=True)
    add(table, "10.0.0.1", 8, place=Place.FIRST, deprecated=True, origin=Origin.LEARNED)
    assert found(table, "10.0.0.1") is own
    assert (own.kind, own.deprecated, own.origin) == (Kind.PERMANENT, True, Origin.LEARNED)
    assert listed(table) == numbers("10.0.0.1", "10.0.0.9")


@pytest.mark.parametrize(("policy", "length"), [(RFC, 8), (NETSTACK, 32)], ids=["rfc", "netstack"])
def test_s14_52_promotion_keeps_the_first_prefix_or_takes_the_new_one(
    policy: Policy, length: int
) -> None:
    table = table_of(policy)
    held = hold(table, "10.0.0.1", temporaries=True)
    add(table, "10.0.0.1", 8)
    assert found(table, "10.0.0.1").prefix.length == length
    assert (table.broadcast(a("10.255.255.255")) is None) is (length == 32)
    # It is permanent: letting go of it does not end it.
    held.release()
    assert table.main() == a("10.0.0.1")


@rfc_and_netstack
def test_s1_9_without_a_prefix_length_the_address_stands_alone(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "10.0.0.1")
    assert wire.node.addresses(1)[1].prefix.length == 32


@rfc_and_netstack
def test_s1_10_places_in_the_primary_list(policy: Policy) -> None:
    table = table_of(policy)
    for number, place in enumerate(
        (Place.CAN_BE, Place.FIRST, Place.NEVER, Place.FIRST, Place.CAN_BE), 1
    ):
        add(table, f"10.0.0.{number}", place=place)
    assert listed(table) == numbers("10.0.0.4", "10.0.0.2", "10.0.0.1", "10.0.0.5")


@pytest.mark.parametrize(
    ("place", "order"),
    [
        (Place.CAN_BE, ("10.0.0.1", "10.0.0.2", "10.0.0.3")),
        (Place.FIRST, ("10.0.0.2", "10.0.0.1", "10.0.0.3")),
        (Place.NEVER, ("10.0.0.1", "10.0.0.3")),
    ],
    ids=["can be", "first", "never"],
)
@rfc_and_netstack
def test_s1_10_on_promotion_a_listed_address_stays_leads_or_goes(
    policy: Policy, place: Place, order: tuple[str, ...]
) -> None:
    table = table_of(policy)
    for address in ("10.0.0.1", "10.0.0.2", "10.0.0.3"):
        add(table, address)
    hold(table, "10.0.0.2")
    table.remove(a("10.0.0.2"))
    add(table, "10.0.0.2", place=place)
    assert listed(table) == numbers(*order)


@rfc_and_netstack
def test_s1_11_removing(policy: Policy) -> None:
    table = table_of(policy)
    assert table.remove(a("10.0.0.1")) is Reason.BAD_LOCAL_ADDRESS
    add(table, "10.0.0.1", 32)
    first, second = hold(table, "10.0.0.1"), hold(table, "10.0.0.1")
    assert table.remove(a("10.0.0.1")) is None
    # It is expired now, and no longer permanent.
    assert table.remove(a("10.0.0.1")) is Reason.BAD_LOCAL_ADDRESS
    first.release()
    assert found(table, "10.0.0.1", temporaries=True).kind is Kind.EXPIRED
    second.release()
    assert found(table, "10.0.0.1", temporaries=True).kind is Kind.TEMPORARY
    hold(table, "10.0.0.5", temporaries=True)
    assert table.remove(a("10.0.0.5")) is Reason.BAD_LOCAL_ADDRESS


@rfc_and_netstack
def test_s1_12_the_main_address(policy: Policy) -> None:
    table = table_of(policy)
    assert table.main() is None
    hold(table, "10.0.0.7", temporaries=True, place=Place.FIRST)
    add(table, "10.0.0.8", place=Place.NEVER)
    assert table.main() is None
    add(table, "10.0.0.1", deprecated=True)
    add(table, "10.0.0.2", deprecated=True)
    assert table.main() == a("10.0.0.1")
    add(table, "10.0.0.3")
    assert table.main() == a("10.0.0.3")
    # It does not depend on the enabled state.
    table.switch(on=False)
    assert table.main() == a("10.0.0.3")


@rfc_and_netstack
def test_s1_12_the_main_address_of_a_nic(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "10.0.0.1", primary=Place.FIRST)
    wire.node.disable(1)
    assert wire.node.main_address(1) == a("10.0.0.1")


@rfc_and_netstack
def test_s1_13_the_outgoing_source_does_not_mind_the_destination(policy: Policy) -> None:
    table = table_of(policy)
    assert table.outgoing() is None
    add(table, "10.0.0.1", deprecated=True)
    assert table.outgoing() == a("10.0.0.1")
    add(table, "10.1.0.1")
    add(table, "10.2.0.1")
    assert table.outgoing() == a("10.1.0.1")
    table.switch(on=False)
    assert table.outgoing() is None


@rfc_and_netstack
def test_s1_13_temporary_addresses_count_and_expired_ones_on_a_spoofing_nic(
    policy: Policy,
) -> None:
    table = table_of(policy)
    add(table, "10.0.0.1", place=Place.FIRST)
    hold(table, "10.0.0.1")
    table.remove(a("10.0.0.1"))
    assert table.outgoing() is None
    held = hold(table, "10.0.0.2", temporaries=True, place=Place.CAN_BE)
    assert table.outgoing() == a("10.0.0.2")
    table.spoofing = True
    assert table.outgoing() == a("10.0.0.1")
    table.spoofing = False
    held.release()
    assert table.outgoing() is None


def test_s14_44_the_source_is_on_the_subnet_of_the_next_hop() -> None:
    table = table_of()
    assert table.source_for(a("10.0.0.9")) is None
    add(table, "10.0.0.1", deprecated=True)
    add(table, "10.0.0.2", deprecated=True)
    assert table.source_for(a("10.0.0.9")) == a("10.0.0.1")
    assert table.source_for(a("10.9.9.9")) == a("10.0.0.1")
    add(table, "192.0.2.1")
    assert table.source_for(a("10.0.0.9")) == a("192.0.2.1")
    add(table, "10.0.0.3")
    assert table.source_for(a("10.0.0.9")) == a("10.0.0.3")
    # One that is in no list does not speak, and a wider subnet only speaks when it comes first.
    add(table, "10.7.0.1", 24, place=Place.NEVER)
    assert table.source_for(a("10.7.0.9")) == a("192.0.2.1")
    add(table, "10.7.0.2", 8)
    add(table, "10.7.0.3", 24)
    assert table.source_for(a("10.7.0.9")) == a("10.7.0.2")
    assert table.source_for(a("192.0.2.9")) == a("192.0.2.1")
    add(table, "10.8.0.1", 24, place=Place.FIRST)
    assert table.source_for(a("10.8.0.9")) == a("10.8.0.1")
    table.switch(on=False)
    assert table.source_for(a("10.0.0.9")) is None


def test_s14_44_netstack_takes_the_first_primary_address() -> None:
    table = table_of(NETSTACK)
    add(table, "192.0.2.1")
    add(table, "10.0.0.1")
    assert table.source_for(a("10.0.0.9")) == a("192.0.2.1")
    table.policy = replace(NETSTACK, source_on_next_hop_subnet=True)
    assert table.source_for(a("10.0.0.9")) == a("10.0.0.1")

"""From symbols to numbers: leases that do not meet, on links of every size."""

from __future__ import annotations

import dataclasses
import ipaddress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.addresses import (
    Lease,
    LeasePool,
    LinkPlan,
    Unresolved,
    group_mac,
    tester_mac,
)
from harness.case import (
    ABSENT,
    CLOSED_PORT,
    FAR_HOST,
    FAR_HOST_MAC,
    FAR_NEIGHBOUR,
    FAR_SUBNET_BROADCAST,
    FAR_TESTER,
    GATEWAY,
    GATEWAY_2,
    GROUP,
    GROUP_2,
    HOST,
    HOST_MAC,
    NEIGHBOUR,
    NEIGHBOUR_2,
    OPEN_PORT,
    REMOTE,
    REMOTE_2,
    SUBNET_BROADCAST,
    SUBNET_ZERO,
    TESTER,
    TESTER_2,
    TESTER_PORT,
    UNROUTED,
    mac,
)
from harness.case.symbols import FAR_SENTINEL, SENTINEL
from harness.run.realtime import MOST_IN_FLIGHT
from tests.lease import FAR_PLAN, NEAR_PLAN

LINKS = (NEAR_PLAN, FAR_PLAN)
SENTINELS = (SENTINEL, FAR_SENTINEL)


def everything(lease: Lease) -> set[object]:
    """All that must be a lease's own: addresses, sentinels' ones too, ports and identifiers."""
    sentinels = {lease.addresses[s] for s in SENTINELS if s in lease.addresses}
    ports = {("port", port) for port in lease.ports.values()}
    return {*lease.own(), *sentinels, *ports, lease.identifier, lease.sentinel_identifier}


@settings(max_examples=20)
@given(st.integers(0, 200_000))
def test_the_leases_of_all_cases_in_flight_are_disjoint(start: int) -> None:
    pool = LeasePool(LINKS)
    taken: set[object] = set()
    for number in range(start, start + MOST_IN_FLIGHT):
        mine = everything(pool.numbered(number, None))
        assert not mine & taken
        taken |= mine


def test_leases_with_addresses_on_the_link_are_disjoint_until_the_link_has_no_more() -> None:
    for answering in (2, 3, 4, 5, 8, 9, 90):
        near = dataclasses.replace(
            NEAR_PLAN,
            neighbours=NEAR_PLAN.neighbours[:answering],
            absent=tuple(f"192.0.2.{last}" for last in range(150, 200)),
        )
        nobody = tuple(f"198.51.100.{last}" for last in range(150, 200))
        far = dataclasses.replace(FAR_PLAN, absent=nobody)
        pool = LeasePool((near, far))
        leases = [pool.lease() for _ in range(answering // 2 * 2)]
        for first in range(answering // 2):
            window = leases[first : first + answering // 2]
            used = [a for one in window for a in one.own()]
            assert len(used) == len(set(used))
        assert {lease.address(NEIGHBOUR) for lease in leases} <= set(near.neighbours)


@pytest.mark.parametrize("link", [NEAR_PLAN, dataclasses.replace(NEAR_PLAN, remotes=None)])
def test_a_lease_never_has_an_address_twice_or_anyone_elses(link: LinkPlan) -> None:
    lease = LeasePool((link,)).lease()
    distinct = [lease.address(s) for s in (HOST, GATEWAY, GATEWAY_2, ABSENT, NEIGHBOUR, TESTER_2)]
    assert len(set(distinct)) == len(distinct)
    assert lease.address(TESTER) != lease.address(TESTER_2)
    assert not lease.own() & {link.target, link.gateway, link.second_gateway}


def test_equal_numbers_give_equal_leases() -> None:
    assert LeasePool(LINKS).numbered(17, 3) == LeasePool(LINKS).numbered(17, 3)
    assert LeasePool(LINKS).numbered(17, 3) != LeasePool(LINKS).numbered(18, 3)


def test_cases_that_name_none_take_no_address_on_the_link() -> None:
    """A link has few: a case that needs none must not wait for one."""
    pool = LeasePool(LINKS)
    off = [pool.lease(on_link=False) for _ in range(3)]
    for first, second in pairwise(off):
        assert not first.own() & second.own()
    for symbol in (NEIGHBOUR, NEIGHBOUR_2, ABSENT, FAR_NEIGHBOUR):
        with pytest.raises(Unresolved, match=symbol.name):
            off[0].address(symbol)
    assert pool.lease().address(NEIGHBOUR) == NEAR_PLAN.neighbours[0]


def test_without_remotes_the_tester_is_a_neighbour() -> None:
    """Then every case needs addresses on the link, whatever it names."""
    pool = LeasePool((dataclasses.replace(NEAR_PLAN, remotes=None, gateway=None),))
    first, second = pool.lease(on_link=False), pool.lease(on_link=False)
    assert first.address(TESTER) == first.address(NEIGHBOUR) == NEAR_PLAN.neighbours[0]
    assert first.address(TESTER_2) == first.address(SENTINEL) == first.address(NEIGHBOUR_2)
    assert not {first.address(TESTER), first.address(TESTER_2)} & second.own()
    assert first.next_hop(TESTER) == first.address(TESTER)
    assert first.link_address(mac(TESTER)) == tester_mac(first.address(TESTER))
    for symbol in (REMOTE, REMOTE_2, GATEWAY):
        with pytest.raises(Unresolved, match=f"no address for {symbol.name} here"):
            first.address(symbol)


@pytest.mark.parametrize(("prefix_length", "has"), [(29, True), (30, True), (31, False)])
def test_a_link_of_two_has_neither_broadcast_nor_zero_address(
    prefix_length: int, has: bool
) -> None:
    """RFC 3021 §2.1."""
    near = LinkPlan("p2p", "192.0.2.1", prefix_length, "192.0.2.0", None, (), (), "198.18.0.0/24")
    far = dataclasses.replace(FAR_PLAN, prefix_length=prefix_length)
    lease = LeasePool((near, far)).lease()
    for symbol in (SUBNET_BROADCAST, SUBNET_ZERO, FAR_SUBNET_BROADCAST):
        assert (symbol in lease.addresses) is has
    if has:
        assert lease.address(SUBNET_ZERO) == "192.0.2.0"
        last = {29: "192.0.2.7", 30: "192.0.2.3"}[prefix_length]
        assert lease.address(SUBNET_BROADCAST) == last
    assert lease.address(TESTER) == lease.address(REMOTE)
    assert NEIGHBOUR not in lease.addresses
    assert lease.next_hop(REMOTE) == "192.0.2.0"


def test_a_link_without_neighbours_and_remotes_leaves_no_tester() -> None:
    lease = LeasePool((dataclasses.replace(NEAR_PLAN, neighbours=(), remotes=None),)).lease()
    with pytest.raises(Unresolved, match="TESTER"):
        lease.resolve(TESTER)
    assert lease.resolve(HOST) == NEAR_PLAN.target


def test_a_host_with_one_link_has_no_far_side() -> None:
    lease = LeasePool((NEAR_PLAN,)).lease()
    assert not any(symbol.far for symbol in lease.addresses)
    assert lease.targets == {NEAR_PLAN.target}
    assert LeasePool(LINKS).lease().targets == {NEAR_PLAN.target, FAR_PLAN.target}


def test_what_is_behind_the_gateway_is_reached_by_it() -> None:
    lease = LeasePool(LINKS).lease()
    assert lease.next_hop(REMOTE) == NEAR_PLAN.gateway
    assert lease.next_hop(NEIGHBOUR) == lease.address(NEIGHBOUR)
    assert lease.next_hop(FAR_TESTER) == FAR_PLAN.gateway
    assert lease.resolve(mac(REMOTE)) == tester_mac("192.0.2.254")
    assert lease.resolve(mac(GATEWAY_2)) == tester_mac("192.0.2.253")
    assert tester_mac("192.0.2.254") == bytes.fromhex("0254c00002fe")


def test_symbols_of_every_kind_are_resolved() -> None:
    lease = LeasePool(LINKS).lease()
    assert lease.resolve(FAR_HOST) == FAR_PLAN.target
    assert lease.resolve(HOST_MAC) == NEAR_PLAN.target_mac
    assert lease.resolve(FAR_HOST_MAC) == FAR_PLAN.target_mac
    assert lease.resolve(OPEN_PORT) == lease.resolve(TESTER_PORT)
    assert lease.resolve(OPEN_PORT) != lease.resolve(CLOSED_PORT)


def test_a_bare_ip_link_has_no_link_addresses() -> None:
    bare = dataclasses.replace(NEAR_PLAN, bare_ip=True, target_mac=None)
    with pytest.raises(Unresolved, match="no link addresses"):
        LeasePool((bare,)).lease().resolve(HOST_MAC)


@given(st.integers(0, 1_000_000))
def test_what_is_leased_is_what_it_should_be(number: int) -> None:
    lease = LeasePool(LINKS).numbered(number, number)
    remotes = ipaddress.IPv4Network(str(NEAR_PLAN.remotes))
    for symbol in (REMOTE, REMOTE_2, SENTINEL):
        assert ipaddress.IPv4Address(lease.address(symbol)) in remotes
    assert len({lease.address(s) for s in (REMOTE, REMOTE_2, SENTINEL)}) == 3
    assert lease.address(UNROUTED).startswith("203.0.113.")
    assert all(1024 < port < 65536 for port in lease.ports.values())
    assert 0 < lease.identifier < 0x8000 <= lease.sentinel_identifier <= 0xFFFF


@given(st.integers(0, 1_000_000))
def test_the_two_groups_of_a_case_have_one_link_address(number: int) -> None:
    """RFC 1112 §6.4: 23 bits of a group are in its Ethernet address."""
    lease = LeasePool(LINKS).numbered(number)
    first, second = lease.address(GROUP), lease.address(GROUP_2)
    assert first != second
    assert ipaddress.IPv4Address(first).is_multicast
    assert ipaddress.IPv4Address(second).is_multicast
    assert group_mac(first) == group_mac(second) == lease.resolve(mac(GROUP))

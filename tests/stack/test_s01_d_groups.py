"""Groups of a NIC (S1.21 to S1.24)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.refusal import Reason
from stack.wire.address import ALL_HOSTS, ALL_ROUTERS
from tests.stack.node_kit import HOST, SECOND_MAC, Wire, a, ping, refusal
from tests.stack.preset_kit import rfc_and_netstack

GROUP = "239.1.2.3"


def members(wire: Wire, nic: int = 1) -> dict[int, int]:
    return wire.node._core.nics[nic].groups


@rfc_and_netstack
@pytest.mark.parametrize(
    "address", ["223.255.255.255", "240.0.0.0", "192.0.2.7", "255.255.255.255"]
)
def test_s1_21_only_groups_are_joined(policy: Policy, address: str) -> None:
    wire = Wire(policy)
    assert refusal(lambda: wire.node.join(1, address)) is Reason.BAD_ADDRESS
    assert members(wire) == {ALL_HOSTS: 1}
    assert refusal(lambda: wire.node.join(2, GROUP)) is Reason.UNKNOWN_NIC
    assert refusal(lambda: wire.node.leave(2, GROUP)) is Reason.UNKNOWN_NIC


def test_s1_21_no_group_has_the_first_address_of_the_class() -> None:
    # RFC 1112 §4: 224.0.0.0 is guaranteed not to be assigned to any group.
    wire = Wire()
    assert refusal(lambda: wire.node.join(1, "224.0.0.0")) is Reason.BAD_ADDRESS


@rfc_and_netstack
def test_s1_21_joins_are_counted_for_each_group_and_nic(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_nic(2, mac=SECOND_MAC)
    wire.node.join(1, GROUP)
    wire.node.join(1, GROUP)
    wire.node.join(2, GROUP)
    wire.node.leave(1, GROUP)
    wire.ip(ping(destination=GROUP))
    assert [each.header.source for each in wire.sent() if each.header.protocol == 1] == [a(HOST)]
    wire.node.leave(1, GROUP)
    wire.ip(ping(destination=GROUP))
    assert [each for each in wire.sent() if each.header.protocol == 1] == []
    assert members(wire, 2)[a(GROUP)] == 1
    assert refusal(lambda: wire.node.leave(1, GROUP)) is Reason.BAD_LOCAL_ADDRESS


@pytest.mark.parametrize(
    "policy", [NETSTACK, replace(RFC, igmp_version=0)], ids=["netstack", "off"]
)
def test_s1_22_a_nic_listens_to_its_groups_with_igmp_off(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.join(1, GROUP)
    assert wire.sent() == []
    wire.ip(ping(destination=GROUP))
    assert wire.one().icmp.type == 0


@rfc_and_netstack
def test_s1_22_a_disabled_endpoint_keeps_its_memberships(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.join(1, GROUP)
    wire.node.disable_endpoint(1)
    # Joining and leaving go on meanwhile.
    wire.node.join(1, "239.9.9.9")
    wire.node.join(1, GROUP)
    wire.node.leave(1, GROUP)
    wire.node.enable_endpoint(1)
    wire.sent()
    for group in (GROUP, "239.9.9.9"):
        wire.ip(ping(destination=group))
        assert [each.icmp.type for each in wire.sent() if each.header.protocol == 1] == [0]


@pytest.mark.parametrize("version", [2, 3])
@rfc_and_netstack
def test_s1_23_an_address_lets_waiting_reports_go(policy: Policy, version: int) -> None:
    wire = Wire(replace(policy, igmp_version=version, igmp_version_3_known=True))
    wire.node.remove_address(1, HOST)
    wire.node.join(1, GROUP)
    assert wire.sent() == []
    assert refusal(lambda: wire.node.add_address(1, HOST, 33)) is Reason.INVALID_ARGUMENT
    assert refusal(lambda: wire.node.add_address(1, 1 << 32)) is Reason.INVALID_ARGUMENT
    assert wire.sent() == []
    wire.node.add_address(1, HOST, 24)
    assert [each.header.protocol for each in wire.sent()] == [2]


def test_s1_24_forwarding_joins_all_routers_and_leaves_it() -> None:
    wire = Wire(NETSTACK_LATER)
    wire.node.add_nic(2, mac=SECOND_MAC)
    for _ in range(2):
        # Turning on what is on changes nothing.
        wire.node.forwarding = True
        assert [members(wire, nic)[ALL_ROUTERS] for nic in (1, 2)] == [1, 1]
    wire.node.add_nic(3, mac=bytes.fromhex("020000000003"))
    assert members(wire, 3)[ALL_ROUTERS] == 1
    wire.node.join(1, ALL_ROUTERS)
    wire.node.forwarding = False
    assert [members(wire, nic).get(ALL_ROUTERS) for nic in (1, 2, 3)] == [1, None, None]


@rfc_and_netstack
def test_s1_24_other_presets_join_nothing(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.forwarding = True
    wire.node.add_nic(2, mac=SECOND_MAC)
    assert [members(wire, nic) for nic in (1, 2)] == [{ALL_HOSTS: 1}] * 2
    # A membership that forwarding did not bring is not ended by it.
    wire.node.join(1, ALL_ROUTERS)
    wire.node.forwarding = False
    assert members(wire)[ALL_ROUTERS] == 1

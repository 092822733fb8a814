"""Settings by name, and what they are to begin with (S13.1 to S13.6, S14.20)."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import partial

import pytest

from stack.choices import OverlapRule
from stack.policy import NETSTACK, RFC, SECOND, Policy
from stack.refusal import Reason, Refused
from stack.settings import Value
from stack.wire.ipv4 import FLAG_MF
from tests.stack.node_kit import HOST, HOST_MAC, PEER, REMOTE, Wire, a, datagram, ping, refusal, udp
from tests.stack.preset_kit import each_preset, rfc_and_netstack

NAMES = [field.name for field in fields(Policy)]


def other(value: Value) -> Value:
    """A value of the same type that is not this one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    members = list(type(value))
    return members[(members.index(value) + 1) % len(members)]


@each_preset
@pytest.mark.parametrize("name", NAMES)
def test_s13_1_every_choice_is_read_and_set_while_running(policy: Policy, name: str) -> None:
    wire = Wire(policy)
    value = wire.node.option(name)
    assert value == getattr(policy, name)
    wanted = 2 if name == "igmp_version" else other(value)
    wire.node.set_option(name, wanted)
    assert wire.node.option(name) == wanted == getattr(wire.node.policy, name)
    unchanged = [each for each in NAMES if each != name]
    assert all(wire.node.option(each) == getattr(policy, each) for each in unchanged)


@rfc_and_netstack
@pytest.mark.parametrize(
    ("name", "value"), [("forwarding", True), ("default_ttl", 9)], ids=["forwarding", "ttl"]
)
def test_s13_1_settings_of_the_stack(policy: Policy, name: str, value: Value) -> None:
    wire = Wire(policy)
    assert wire.node.option(name) != value
    wire.node.set_option(name, value)
    assert wire.node.option(name) == value


@rfc_and_netstack
@pytest.mark.parametrize(
    ("name", "value"),
    [("mtu", 576), ("promiscuous", True), ("spoofing", True), ("igmp_version", 2)],
)
def test_s13_1_settings_of_a_nic(policy: Policy, name: str, value: Value) -> None:
    wire = Wire(policy)
    wire.second_nic()
    assert wire.node.nic_option(1, name) != value
    wire.node.set_nic_option(1, name, value)
    assert wire.node.nic_option(1, name) == value
    assert wire.node.nic_option(2, name) != value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("forwarding", 1),
        ("default_ttl", True),
        ("default_ttl", 256),
        ("default_ttl", -1),
        ("default_ttl", OverlapRule.EQUAL_TOLERATED),
        ("icmp_rate", -1),
        ("icmp_rate", True),
        ("handle_local", 1),
        ("overlap", 1),
    ],
)
def test_s13_1_a_value_that_cannot_work_is_refused(name: str, value: Value) -> None:
    wire = Wire()
    before = wire.node.option(name)
    assert refusal(lambda: wire.node.set_option(name, value)) is Reason.INVALID_ARGUMENT
    assert wire.node.option(name) == before


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mtu", 67),
        ("mtu", 65536),
        ("mtu", True),
        ("promiscuous", 1),
        ("spoofing", 0),
        ("igmp_version", 1),
        ("igmp_version", True),
        ("forwarding", 1),
    ],
)
def test_s13_1_a_value_that_cannot_work_on_a_nic_is_refused(name: str, value: Value) -> None:
    wire = Wire()
    before = wire.node.nic_option(1, name)
    assert refusal(lambda: wire.node.set_nic_option(1, name, value)) is Reason.INVALID_ARGUMENT
    assert wire.node.nic_option(1, name) == before


@rfc_and_netstack
def test_s13_1_no_setting_reaches_back_to_a_train_already_begun(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(datagram(bytes(8), 17, flags=FLAG_MF))
    due = wire.node.next_deadline()
    assert due == policy.reassembly_timeout
    wire.node.set_option("reassembly_timeout", 5 * SECOND)
    assert wire.node.next_deadline() == due
    wire.ip(datagram(bytes(8), 17, flags=FLAG_MF, identification=2))
    assert wire.node.next_deadline() == 5 * SECOND


def test_s13_1_a_datagram_that_waits_for_its_link_address_stays_as_it_is() -> None:
    wire = Wire(neighbours=False)
    wire.node.icmp_socket(1).send_echo(PEER, 1)
    wire.node.set_option("default_ttl", 9)
    wire.frames()
    wire.answer_arp(PEER, b"\2\0\0\0\0\x99")
    assert wire.one().header.ttl == 64


@each_preset
def test_s13_2_the_default_ttl_is_64_and_may_be_set_at_any_time(policy: Policy) -> None:
    wire = Wire(policy)
    socket = wire.node.icmp_socket(1)
    assert wire.node.default_ttl == 64
    for ttl in (64, 1, 255):
        wire.node.default_ttl = ttl
        socket.send_echo(PEER, 1)
        assert wire.one().header.ttl == ttl


def test_s13_2_zero_is_no_default_but_for_netstack() -> None:
    # RFC 1122 §3.2.1.7: MUST NOT send with TTL 0. S7.3: NETSTACK lets it be set.
    wire = Wire(RFC)
    assert refusal(lambda: wire.node.set_option("default_ttl", 0)) is Reason.INVALID_ARGUMENT
    wire = Wire(NETSTACK)
    wire.node.set_option("default_ttl", 0)
    assert wire.node.default_ttl == 0


@each_preset
@pytest.mark.parametrize("fields_of_it", [{"source": "127.0.0.1"}, {"destination": "127.0.0.1"}])
def test_s13_3_loopback_traffic_from_outside(policy: Policy, fields_of_it: dict[str, str]) -> None:
    assert policy.drop_external_loopback is (policy is not NETSTACK)
    for drop in (policy.drop_external_loopback, not policy.drop_external_loopback):
        wire = Wire(policy)
        wire.node.set_option("drop_external_loopback", drop)
        # What else the preset says of such sources is not asked here.
        wire.node.set_option("refuse_illegal_sources", value=False)
        wire.node.add_address(1, "127.0.0.1", 8)
        wire.node.set_option("handle_local", value=False)
        socket = wire.node.udp_socket()
        socket.bind(None, 9)
        wire.ip(udp(**fields_of_it))  # type: ignore[arg-type]
        assert (socket.receive() is None) is drop


@each_preset
def test_s13_4_handle_local(policy: Policy) -> None:
    assert policy.handle_local is (policy is RFC)
    for on in (policy.handle_local, not policy.handle_local):
        wire = Wire(policy)
        wire.node.set_option("handle_local", on)
        socket = wire.node.udp_socket()
        socket.bind(None, 9)
        # One's own address as source, from outside.
        wire.ip(udp(source=HOST, destination="192.0.2.255"))
        assert (socket.receive() is None) is on


def test_s13_4_the_rfc_preset_leaves_the_promiscuous_part_out() -> None:
    wire = Wire(RFC)
    wire.node.set_nic_option(1, "promiscuous", value=True)
    wire.ip(ping())
    assert wire.one().icmp.type == 0


@each_preset
def test_s13_5_what_the_settings_are_to_begin_with(policy: Policy) -> None:
    wire = Wire(policy)
    settings = {name: wire.node.option(name) for name in (*NAMES, "forwarding", "default_ttl")}
    expected = {
        "forwarding": False,
        "default_ttl": 64,
        "igmp_version": 0 if policy is NETSTACK else 3,
        "icmp_rate": 1000,
        "icmp_burst": 50,
        "reassembly_high_mark": 4 * 1024 * 1024,
        "reassembly_low_mark": 3 * 1024 * 1024,
        "reassembly_timeout": (60 if policy is RFC else 30) * SECOND,
    }
    assert {name: settings[name] for name in expected} == expected
    assert wire.node.nic_option(1, "promiscuous") is False
    assert wire.node.nic_option(1, "spoofing") is False


@each_preset
def test_s13_5_igmp_is_off_in_netstack_and_on_in_the_others(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.join(1, "239.1.2.3")
    assert len(wire.sent()) == (0 if policy is NETSTACK else 1)


@rfc_and_netstack
def test_s13_5_the_mtu_of_a_nic_is_at_least_68(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_mtu(1, 68)
    assert wire.node.nic_option(1, "mtu") == 68
    assert refusal(lambda: wire.node.set_mtu(1, 67)) is Reason.INVALID_ARGUMENT
    assert refusal(lambda: wire.node.add_nic(4, mac=None, mtu=67)) is Reason.INVALID_ARGUMENT
    wire.ip(ping(bytes(100)), mac=HOST_MAC)
    assert all(len(each.packet.octets) <= 68 for each in wire.sent())


def test_s13_1_forwarding_of_one_nic() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    wire.node.set_nic_option(2, "forwarding", value=True)
    assert [wire.node.nic_option(nic, "forwarding") for nic in (1, 2)] == [False, True]
    early = Wire(NETSTACK).node
    turn_on = partial(early.set_nic_option, 1, "forwarding", value=True)
    assert refusal(turn_on) is Reason.NOT_SUPPORTED


@rfc_and_netstack
@pytest.mark.parametrize("name", ["", "ttl", "__class__", "mtu"])
def test_s13_6_an_unknown_setting_is_refused(policy: Policy, name: str) -> None:
    node = Wire(policy).node
    unknown = Reason.UNKNOWN_PROTOCOL_OPTION
    assert unknown.value == "unknown protocol option"
    assert refusal(lambda: node.option(name)) is unknown
    assert refusal(lambda: node.set_option(name, 1)) is unknown
    for each in ("", "default_ttl"):
        assert refusal(partial(node.nic_option, 1, each)) is unknown
        assert refusal(partial(node.set_nic_option, 1, each, 1)) is unknown


def hears(wire: Wire, destination: str) -> bool:
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    wire.ip(udp(destination=destination))
    heard = socket.receive() is not None
    socket.close()
    return heard


@pytest.mark.parametrize("destination", ["192.0.2.0", "0.0.0.0"])
def test_s14_20_a_host_takes_the_all_zero_host_part_a_router_does_not(destination: str) -> None:
    wire = Wire(RFC)
    assert hears(wire, destination)
    wire.node.forwarding = True
    assert not hears(wire, destination)
    assert wire.node.counters.get("ipSystemStatsInAddrErrors") == 1
    assert wire.sent() == []


@pytest.mark.parametrize("destination", ["192.0.2.0", "0.0.0.0"])
def test_s14_20_netstack_does_not_take_it_for_ours(destination: str) -> None:
    wire = Wire(NETSTACK)
    assert not hears(wire, destination)
    assert wire.node.counters.get("IP.InvalidDestinationAddressesReceived") == 1


def test_s14_20_as_a_source_it_is_a_broadcast_only_where_it_is_taken_for_one() -> None:
    for policy, heard in ((RFC, False), (NETSTACK, True)):
        wire = Wire(policy)
        assert wire.node._core.is_subnet_broadcast(a("192.0.2.0")) is not heard
        socket = wire.node.udp_socket()
        socket.bind(None, 9)
        wire.ip(udp(source="192.0.2.0"))
        assert (socket.receive() is not None) is heard
        assert not wire.node._core.is_subnet_broadcast(a(REMOTE))


@rfc_and_netstack
def test_s13_1_a_choice_about_addresses_reaches_the_nics_there_are(policy: Policy) -> None:
    wire = Wire(policy)
    for takes in (True, False):
        wire.node.set_option("promotion_takes_prefix", takes)
        wire.node.add_address(1, "10.0.0.1", 32)
        socket = wire.node.udp_socket()
        socket.bind("10.0.0.1", 1)
        wire.node.remove_address(1, "10.0.0.1")
        wire.node.add_address(1, "10.0.0.1", 8)
        assert wire.node.addresses(1)[1].prefix.length == (8 if takes else 32)
        socket.close()
        wire.node.remove_address(1, "10.0.0.1")


def versions(wire: Wire) -> list[int]:
    return [nic.membership.version for nic in wire.node._core.nics.values()]


@each_preset
def test_s13_1_the_version_of_igmp_is_set_for_every_nic(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic(forwarding=False)
    wire.node.add_nic(9, mac=None, loopback=True)
    wire.frames()
    wire.node.set_option("igmp_version", 2)
    assert versions(wire) == [2, 2, 0]
    wire.node.join(2, "239.1.2.3")
    assert wire.node.counters.get("IGMP.PacketsSent.V2MembershipReport") == 1
    wire.node.set_option("igmp_version", 0)
    assert versions(wire) == [0, 0, 0]
    # A choice made for one NIC holds until the next one for all.
    wire.node.set_igmp(1, 2)
    wire.node.set_option("default_ttl", 9)
    assert versions(wire) == [2, 0, 0]
    wire.node.policy = replace(wire.node.policy, igmp_version=2)
    assert versions(wire) == [2, 2, 0]


@each_preset
def test_s13_1_the_rules_of_igmp_change_with_the_policy(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_option("igmp_version", 2)
    wire.node.join(1, "239.1.2.3")
    before = wire.node._core.nics[1].membership
    wire.node.set_option("igmp_later_rules", not policy.igmp_later_rules)
    after = wire.node._core.nics[1].membership
    assert type(after) is not type(before)
    assert after.version == 2
    # What has changed nothing lets the groups be.
    wire.node.set_igmp(1, 2)
    assert wire.node._core.nics[1].membership is after


@pytest.mark.parametrize(
    ("policy", "version", "reason"),
    [
        (RFC, 1, Reason.INVALID_ARGUMENT),
        (NETSTACK, 3, Reason.NOT_SUPPORTED),
        (NETSTACK, 4, Reason.INVALID_ARGUMENT),
    ],
)
def test_s13_1_no_other_version_of_igmp(policy: Policy, version: int, reason: Reason) -> None:
    wire = Wire(policy)
    before = versions(wire)
    with pytest.raises(Refused) as refused:
        wire.node.set_option("igmp_version", version)
    assert refused.value.reason is reason
    for take in (partial(setattr, wire.node, "policy"), Wire):
        with pytest.raises(Refused) as refused:
            take(replace(policy, igmp_version=version))
        assert refused.value.reason is reason
    assert wire.node.option("igmp_version") == policy.igmp_version
    assert versions(wire) == before

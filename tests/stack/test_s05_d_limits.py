"""Section 5, S5.18, S5.28, S5.29: the rate limiter, and what came later."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack import icmp_errors
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.rate_limit import TokenBucket
from stack.refusal import Reason
from stack.route_choice import choose
from tests.stack.icmp_kit import Watch, about, message, octets, report, unknown
from tests.stack.node_kit import (
    GATEWAY,
    PEER,
    REMOTE,
    SECOND,
    Wire,
    a,
    datagram,
    ping,
    udp,
)
from tests.stack.preset_kit import each_preset

OUT = "ICMP.PacketsSent."
UNREACHABLE = {OUT + "DstUnreachable": 1}
BAD = octets("68 4 4 0")


@each_preset
def test_s5_18_the_limiter_may_refuse(policy: Policy) -> None:
    wire = Wire(replace(policy, icmp_burst=1, icmp_rate=1))
    watch = Watch(wire)
    wire.ip(unknown())
    wire.ip(unknown())
    assert len(wire.sent()) == 1
    assert watch.moved()[OUT + "RateLimited"] == 1
    assert watch.moved()[OUT + "DstUnreachable"] == 1


@each_preset
@pytest.mark.parametrize("why", ["about an error", "no room"])
def test_s5_18_when_the_token_is_spent(policy: Policy, why: str) -> None:
    """S14.30, S5.29: before S5.19 and S5.21, or after all other checks."""
    wire = Wire(replace(policy, icmp_burst=1, icmp_rate=0, cut_errors=False))
    if why == "no room":
        wire.node.set_mtu(1, 68)
        sent = udp(options=octets("1", 40))
    else:
        sent = datagram(message(3), options=BAD)
    wire.ip(sent)
    assert wire.sent() == []
    wire.node.set_mtu(1, 1500)
    watch = Watch(wire)
    wire.ip(unknown())
    spent = policy is NETSTACK
    assert len(wire.sent()) == int(not spent)
    assert (OUT + "RateLimited" in watch.moved()) is spent


@each_preset
def test_s5_18_no_route_spends_no_token(policy: Policy) -> None:
    wire = Wire(replace(policy, icmp_burst=1, icmp_rate=0))
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    if policy is not RFC:
        report(wire, about(wire, unknown(source=REMOTE)))
    report(wire, about(wire, unknown()))
    assert len(wire.sent()) == 1


@each_preset
def test_s14_30_what_is_limited(policy: Policy) -> None:
    wire = Wire(replace(policy, icmp_burst=1, icmp_rate=0))
    for _ in range(3):
        wire.ip(ping())
    assert len(wire.sent()) == (1 if policy is NETSTACK else 3)
    wire.ip(unknown())
    assert len(wire.sent()) == (0 if policy is NETSTACK else 1)


def test_s5_28_the_bucket() -> None:
    bucket = TokenBucket(1000, 50)
    assert [bucket.take(0) for _ in range(51)] == [True] * 50 + [False]
    assert not bucket.take(999)
    assert bucket.take(1000)
    assert not bucket.take(1000)
    assert [bucket.take(10 * SECOND) for _ in range(51)] == [True] * 50 + [False]
    # A clock that stands or falls back gives nothing.
    assert not bucket.take(9 * SECOND)


@each_preset
def test_s5_28_one_bucket_for_the_stack_that_can_be_set(policy: Policy) -> None:
    assert (policy.icmp_rate, policy.icmp_burst) == (1000, 50)
    wire = Wire(policy)
    wire.second_nic(forwarding=False)
    for _ in range(30):
        wire.ip(unknown())
        wire.ip(unknown(source="203.0.113.9", destination="203.0.113.1"), nic=2,
                mac=bytes.fromhex("020000000002"))  # fmt: skip
    assert len(wire.sent()) == 50
    wire.node.policy = replace(policy, icmp_rate=2, icmp_burst=3)
    wire.frames(after=10 * SECOND)
    for _ in range(9):
        wire.ip(unknown())
    assert len(wire.sent()) == 3
    wire.frames(after=SECOND)
    for _ in range(9):
        wire.ip(unknown())
    assert len(wire.sent()) == 2


@each_preset
def test_s5_29_fragmentation_needed_is_not_limited_later(policy: Policy) -> None:
    wire = Wire(replace(policy, icmp_burst=0))
    report(wire, about(wire, udp()), 3, 4, mtu=1000)
    sent = wire.sent()
    assert len(sent) == int(policy is NETSTACK_LATER)
    report(wire, about(wire, udp()), 3, 3)
    assert wire.sent() == []


@each_preset
def test_s5_29_where_errors_are_counted(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    wire.frames()
    wire.node.add_route("203.0.113.0/24", 1, gateway=GATEWAY)
    # Booked on NIC 2 and going out by NIC 1.
    inbound = about(wire, udp(source=PEER), nic=2)
    core = wire.node._core
    route = choose(core, a(PEER))
    assert not isinstance(route, Reason)
    chosen = icmp_errors._counters(core, inbound, route)
    left_by = policy in (RFC, NETSTACK_LATER)
    assert chosen is wire.node.nic_counters(1 if left_by else 2)


# Ways out that only their own policies or routes lead to


def test_s5_17_no_way_back_along_a_recorded_route() -> None:
    wire = Wire(RFC)
    wire.second_nic()
    wire.frames()
    area = bytes((131, 11, 8)) + octets("10 0 0 1 198 51 100 7 1")
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    watch, mib = Watch(wire), wire.mib()
    wire.ip(udp(options=area, destination="203.0.113.9", ttl=1))
    assert wire.sent() == []
    assert "ICMP.PacketsSent.TimeExceeded" not in watch.moved()
    assert wire.moved(mib)["ipSystemStatsOutNoRoutes"] == 1


def test_s5_17_an_error_that_was_not_to_be_is_not_missed() -> None:
    wire = Wire(NETSTACK)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    for sent, missed in ((unknown(source=REMOTE), 1), (datagram(message(3), source=REMOTE), 0)):
        mib = wire.mib()
        report(wire, about(wire, sent))
        assert wire.moved(mib).get("ipSystemStatsOutNoRoutes", 0) == missed


def test_s5_18_redirects_are_limited_and_need_a_route() -> None:
    wire = Wire(replace(RFC, icmp_burst=1, icmp_rate=0))
    core, nic = wire.node._core, wire.node._core.nics[1]
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    icmp_errors.report_redirect(core, about(wire, udp(source=REMOTE)), nic, 1, a(PEER))
    assert wire.sent() == []
    for wanted in (1, 0):
        icmp_errors.report_redirect(core, about(wire, udp()), nic, 1, a(GATEWAY))
        assert len(wire.sent()) == wanted
    assert wire.node.counters.get("ICMP.PacketsSent.RateLimited") == 1
    assert wire.node.counters.get("ipSystemStatsOutNoRoutes") == 1

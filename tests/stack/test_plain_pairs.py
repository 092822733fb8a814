"""Addresses that were looked at before are taken as they would be taken now (S2.6 to S2.14)."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from stack.hooks import Place
from stack.policy import NETSTACK, RFC, Policy
from stack.receive import PLAIN_LIMIT
from stack.wire.ethernet import build_ethernet
from tests.stack.node_kit import HOST, HOST_MAC, PEER, PEER_MAC, Wire, ping
from tests.stack.preset_kit import each_preset
from tests.stack.test_route_memory import GATEWAYS, OWN, PEERS, mend, step

Do = Callable[[Wire], object]


@each_preset
@pytest.mark.parametrize("seed", range(6))
def test_s2_13_a_node_with_memory_does_what_one_without_does(policy: Policy, seed: int) -> None:
    wires = Wire(policy), Wire(policy)
    twins = [(wire, random.Random(seed)) for wire in wires]
    dice = random.Random(seed + 100)
    remembered = 0
    for _ in range(150):
        mending = dice.random() < 0.3
        for wire, same in twins:
            if mending:
                mend(wire)
            else:
                step(wire, same)
        for _ in range(20):
            source = dice.choice([*PEERS, *OWN, *GATEWAYS, "0.0.0.0", "224.0.0.5"])
            destination = dice.choice([*OWN, "192.0.2.255", "224.0.0.1", PEERS[0]])
            nic = dice.choice([1, 2, 3])
            octets = ping(source=source, destination=destination)
            mac = bytes((2, 0, 0, 0, 9, nic)) if dice.random() < 0.7 else HOST_MAC
            for wire in wires:
                wire.frame(build_ethernet(mac, PEER_MAC, 0x0800, octets), nic)
            # This one is to have none.
            wires[1].node._core.plain.clear()
        assert wires[0].frames() == wires[1].frames()
        assert wires[0].mib() == wires[1].mib()
        remembered += len(wires[0].node._core.plain)
    assert remembered


CHANGES: dict[str, tuple[Policy, Do]] = {
    "the address goes": (RFC, lambda wire: wire.node.remove_address(1, HOST)),
    "the source becomes ours": (RFC, lambda wire: wire.node.add_address(1, PEER, 24)),
    "the source becomes a broadcast address": (
        RFC,
        lambda wire: wire.node.add_address(1, "192.0.2.8", 30),
    ),
    "the endpoint goes": (RFC, lambda wire: wire.node.disable_endpoint(1)),
    "what is taken from outside changes": (
        replace(NETSTACK, handle_local=True),
        lambda wire: wire.node.set_nic_option(1, "promiscuous", value=True),
    ),
    "a hook drops": (
        RFC,
        lambda wire: wire.node.hooks.add(Place.PREROUTING, lambda _: False),
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_s2_13_what_changes_the_answer_is_not_outlived_by_the_memory(name: str) -> None:
    policy, change = CHANGES[name]
    wire = Wire(policy)
    source = "192.0.2.11" if "broadcast" in name else PEER
    for _ in range(2):
        wire.ip(ping(source=source))
    assert len(wire.node._core.plain) == 1
    delivered = wire.node.counters.netstack()["IP.PacketsDelivered"]
    assert delivered == 2
    change(wire)
    wire.ip(ping(source=source))
    assert wire.node.counters.netstack()["IP.PacketsDelivered"] == delivered


def test_s2_13_another_policy_asks_anew() -> None:
    wire = Wire(replace(RFC, refuse_illegal_sources=False))
    wire.ip(ping(source="240.0.0.1"))
    assert wire.node.counters.netstack()["IP.PacketsDelivered"] == 1
    wire.node.policy = RFC
    wire.ip(ping(source="240.0.0.1"))
    assert wire.node.counters.netstack()["IP.PacketsDelivered"] == 1


def test_s2_13_the_memory_is_bounded() -> None:
    wire = Wire(RFC)
    for last in range(2 * PLAIN_LIMIT):
        wire.ip(ping(source=f"198.18.{last >> 8}.{last & 0xFF}"))
        assert len(wire.node._core.plain) <= PLAIN_LIMIT
    assert wire.node._core.plain

"""A route remembered is the route that would be chosen now, whatever has happened since."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from stack import route_choice
from stack.own_address import Place
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.refusal import Refused
from stack.route_choice import CHOSEN_LIMIT, choose
from tests.stack.node_kit import Wire
from tests.stack.preset_kit import each_preset

OWN = ["192.0.2.1", "192.0.2.7", "203.0.113.1", "198.51.100.1", "127.0.0.1"]
PEERS = ["192.0.2.9", "203.0.113.9", "198.51.100.9", "198.18.8.8", "169.254.3.3", "192.0.2.255"]
GATEWAYS = ["192.0.2.254", "192.0.2.253", "203.0.113.254"]
PREFIXES = ["0.0.0.0/0", "198.0.0.0/8", "198.18.8.0/24", "198.51.100.0/24"]


def number(address: str) -> int:
    return int.from_bytes(bytes(map(int, address.split("."))), "big")


def step(wire: Wire, dice: random.Random) -> None:
    """Change something that routes may rest on."""
    node, core = wire.node, wire.node._core
    nic = dice.choice([1, 2, 3])
    own, gateway, peer = dice.choice(OWN), dice.choice(GATEWAYS), number(dice.choice(PEERS))
    distant = number("198.18.8.8")
    port: Any = core.nics.get(nic)
    changes: list[Callable[[], object]] = [
        lambda: node.add_nic(nic, mac=bytes((2, 0, 0, 0, 9, nic)), loopback=nic == 3),
        lambda: node.remove_nic(nic),
        lambda: node.enable(nic),
        lambda: node.disable(nic),
        lambda: node.enable_endpoint(nic),
        lambda: node.disable_endpoint(nic),
        lambda: node.add_address(
            nic, own, dice.choice([24, 31, 32]), primary=dice.choice(list(Place)),
            deprecated=dice.random() < 0.3,
        ),
        lambda: node.remove_address(nic, own),
        lambda: node.add_route(
            dice.choice(PREFIXES), nic, gateway=dice.choice([None, gateway]),
            preference=dice.randrange(2),
        ),
        lambda: node.remove_route(dice.choice(PREFIXES), nic, gateway=dice.choice([None, gateway])),
        lambda: node.set_nic_option(nic, "spoofing", dice.random() < 0.5),
        lambda: node.set_option("forwarding", dice.random() < 0.3),
        lambda: core.routes.redirect(peer, dice.choice([None, 0, 8]), port, number(gateway)),
        lambda: core.routes.forget_redirects(),
        lambda: core.routes.neighbour_silent(number(gateway), core.now),
        lambda: core.routes.neighbour_heard(number(gateway)),
        lambda: core.routes.transport_advice(distant, ok=False, now=core.now),
        lambda: core.routes.transport_advice(distant, ok=dice.random() < 0.5, now=core.now),
        lambda: core.hold(peer),
        lambda: setattr(node, "policy", dice.choice([RFC, NETSTACK, NETSTACK_LATER])),
        lambda: wire.frames(after=dice.randrange(3_000_000)),
    ]  # fmt: skip
    if port is None:
        changes = changes[:1] + changes[13:17] + changes[18:]
    change: Callable[[], object] = dice.choice(changes)
    with suppress(Refused):
        change()


def mend(wire: Wire) -> None:
    """Have all NICs there and usable, so that changes meet something to change."""
    for nic, addresses in ((1, OWN[:2]), (2, OWN[2:3]), (3, OWN[4:])):
        with suppress(Refused):
            wire.node.add_nic(nic, mac=bytes((2, 0, 0, 0, 9, nic)), loopback=nic == 3)
        wire.node.enable(nic)
        for address in addresses:
            with suppress(Refused):
                wire.node.add_address(nic, address, 24)
    for gateway in GATEWAYS[:2]:
        with suppress(Refused):
            wire.node.add_route("0.0.0.0/0", 1, gateway=gateway)


@each_preset
@pytest.mark.parametrize("seed", range(8))
def test_s7_19_what_is_remembered_is_what_would_be_chosen(policy: Policy, seed: int) -> None:
    dice = random.Random(seed)
    wire = Wire(policy)
    core = wire.node._core
    questions: list[Any] = [
        (number(peer), None if own is None else number(own), nic, tos)
        for peer in (*PEERS, OWN[1], "224.0.0.5", "255.255.255.255")
        for own in (None, OWN[0], OWN[2], PEERS[0])
        for nic in (None, 1)
        for tos in (0, 8)
    ]
    for _ in range(150):
        if dice.random() < 0.3:
            mend(wire)
        else:
            step(wire, dice)
        for destination, source, number_of_nic, tos in questions:
            nic = None if number_of_nic is None else core.nics.get(number_of_nic)
            # Asked before the first look-up has spoken for a gateway, which may take its turn.
            fresh = route_choice._choose(core, destination, source, nic, tos)
            assert choose(core, destination, source=source, nic=nic, tos=tos) == fresh


def test_s7_19_the_memory_is_bounded() -> None:
    wire = Wire(RFC)
    core = wire.node._core
    for last in range(2 * CHOSEN_LIMIT):
        choose(core, number("192.0.2.9"), tos=last)
        assert len(core.chosen) <= CHOSEN_LIMIT

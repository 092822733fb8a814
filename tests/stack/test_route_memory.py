"""A route remembered is the route that would be chosen now, whatever has happened since."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from stack import route_choice
from stack.gateways import COMPLAINTS
from stack.own_address import Place
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.refusal import Refused
from stack.route_choice import CHOSEN_LIMIT, Route, choose
from tests.stack.link_kit import SECOND_GATEWAY, two_nics
from tests.stack.node_kit import GATEWAY, HOST, PEER, REMOTE, Wire, a
from tests.stack.preset_kit import each_preset

OWN = ["192.0.2.1", "192.0.2.7", "203.0.113.1", "198.51.100.1", "127.0.0.1"]
PEERS = ["192.0.2.9", "203.0.113.9", "198.51.100.9", "198.18.8.8", "169.254.3.3", "192.0.2.255"]
GATEWAYS = ["192.0.2.254", "192.0.2.253", "203.0.113.254"]
PREFIXES = ["0.0.0.0/0", "198.0.0.0/8", "198.18.8.0/24", "198.51.100.0/24"]


def step(wire: Wire, dice: random.Random) -> None:
    """Change something that routes may rest on."""
    node, core = wire.node, wire.node._core
    nic = dice.choice([1, 2, 3])
    own, gateway, peer = dice.choice(OWN), dice.choice(GATEWAYS), a(dice.choice(PEERS))
    distant = a("198.18.8.8")
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
        lambda: node.set_nic_option(nic, "promiscuous", dice.random() < 0.5),
        lambda: node.set_option("forwarding", dice.random() < 0.3),
        lambda: core.routes.redirect(peer, dice.choice([None, 0, 8]), port, a(gateway)),
        lambda: core.routes.forget_redirects(),
        lambda: core.routes.neighbour_silent(a(gateway), core.now),
        lambda: core.routes.neighbour_heard(a(gateway)),
        lambda: core.routes.transport_advice(distant, ok=False, now=core.now),
        lambda: core.routes.transport_advice(distant, ok=dice.random() < 0.5, now=core.now),
        lambda: core.hold(peer),
        lambda: setattr(node, "policy", dice.choice([RFC, NETSTACK, NETSTACK_LATER])),
        lambda: wire.frames(after=dice.randrange(3_000_000)),
    ]  # fmt: skip
    if port is None:
        changes = changes[:1] + changes[14:18] + changes[19:]
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
        (a(peer), None if own is None else a(own), nic, tos)
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


Do = Callable[[Wire], object]


class Change(NamedTuple):
    """Something that makes another way of the one chosen before."""

    what: str
    change: Do
    before: Do = lambda wire: None
    to: str = REMOTE
    source: str | None = None
    policy: Policy = RFC


FAR = "10.0.0.9"
SECOND_ADDRESS = "192.0.2.7"
STRONG = replace(RFC, weak_host=False)


def first_address(wire: Wire) -> None:
    wire.node.add_address(1, SECOND_ADDRESS, 24, primary=Place.FIRST)


def spoof(wire: Wire, nic: int = 1, *, on: bool = True) -> None:
    wire.node.set_nic_option(nic, "spoofing", on)


def far_by_second(wire: Wire) -> None:
    wire.node.add_route("10.0.0.0/8", 2, preference=1)


def far_by_both(wire: Wire) -> None:
    far_by_second(wire)
    wire.node.add_route("10.0.0.0/8", 1)


def forward_far(wire: Wire, *, on: bool = True) -> None:
    far_by_second(wire)
    wire.node.forwarding = on


def far_by_disabled(wire: Wire) -> None:
    far_by_second(wire)
    wire.node.disable_endpoint(2)


def bare_second(wire: Wire) -> None:
    """NIC 2 has a route and no address, not even the one that enabling gave it."""
    far_by_second(wire)
    wire.node.remove_address(2, "203.0.113.1")
    wire.node.remove_address(2, "255.255.255.255")


def second_gateway(wire: Wire) -> None:
    wire.node.add_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY)


def redirect(wire: Wire) -> None:
    core = wire.node._core
    core.routes.redirect(a(REMOTE), None, core.nics[1], a(SECOND_GATEWAY))


def silent(gateway: str) -> Do:
    return lambda wire: wire.node._core.routes.neighbour_silent(a(gateway), wire.now)


def complain(wire: Wire) -> None:
    for _ in range(COMPLAINTS):
        wire.node._core.routes.transport_advice(a(REMOTE), ok=False, now=wire.now)


def let_go(wire: Wire) -> None:
    table = wire.node._core.nics[1].addresses
    own = table.entry(a(PEER))
    assert own is not None
    table.let_go(own)


def hold(wire: Wire) -> None:
    spoof(wire)
    assert wire.node._core.hold(a(PEER)) is not None


CHANGES = [
    Change("an address comes", first_address, to=PEER),
    Change(
        "an address goes",
        lambda wire: wire.node.remove_address(1, SECOND_ADDRESS),
        first_address,
        to=PEER,
    ),
    Change("an address is made up", hold, spoof, to=PEER),
    Change("one made up is let go", let_go, hold, to=PEER),
    Change("a network comes", lambda wire: wire.node.add_address(2, "198.51.100.1", 24)),
    Change(
        "a network goes",
        lambda wire: wire.node.remove_address(2, "203.0.113.1"),
        to="203.0.113.9",
    ),
    Change("an endpoint goes", lambda wire: wire.node.disable_endpoint(1)),
    Change(
        "an endpoint without addresses goes",
        lambda wire: wire.node.disable_endpoint(2),
        bare_second,
        FAR,
        HOST,
    ),
    Change(
        "an endpoint comes",
        lambda wire: wire.node.enable_endpoint(2),
        far_by_disabled,
        FAR,
    ),
    Change("a NIC goes", lambda wire: wire.node.remove_nic(2), far_by_second, FAR),
    Change("a route comes", far_by_second, to=FAR),
    Change(
        "a route goes",
        lambda wire: wire.node.remove_route("10.0.0.0/8", 2),
        far_by_second,
        FAR,
    ),
    Change("spoofing is turned on", lambda wire: spoof(wire, 2), far_by_both, FAR, HOST),
    Change("spoofing is turned off", lambda wire: spoof(wire, on=False), spoof, source=PEER),
    Change("forwarding is turned on", forward_far, to=FAR, source=HOST, policy=STRONG),
    Change(
        "forwarding is turned off",
        lambda wire: setattr(wire.node, "forwarding", False),
        forward_far,
        FAR,
        HOST,
        STRONG,
    ),
    Change(
        "the policy is replaced",
        lambda wire: setattr(wire.node, "policy", replace(RFC, source_on_next_hop_subnet=False)),
        lambda wire: wire.node.add_address(1, "10.0.0.1", 8),
        FAR,
    ),
    Change("a redirect comes", redirect),
    Change(
        "redirects are forgotten",
        lambda wire: wire.node._core.routes.forget_redirects(),
        redirect,
    ),
    Change("a gateway falls silent", silent(GATEWAY), second_gateway),
    Change("the gateway of a redirect falls silent", silent(SECOND_GATEWAY), redirect),
    Change("transport complains of a gateway", complain, second_gateway),
]


@pytest.mark.parametrize("case", CHANGES, ids=[each.what for each in CHANGES])
def test_s7_19_what_changes_the_way_is_not_outlived_by_the_memory(case: Change) -> None:
    wire = two_nics(case.policy)
    core = wire.node._core
    case.before(wire)
    to, source = a(case.to), None if case.source is None else a(case.source)
    remembered = choose(core, to, source=source)
    assert isinstance(remembered, Route)
    assert choose(core, to, source=source) is remembered
    case.change(wire)
    now = route_choice._choose(core, to, source, None, 0)
    assert now != remembered
    assert choose(core, to, source=source) == now


def test_s7_19_the_memory_is_bounded() -> None:
    wire = Wire(RFC)
    core = wire.node._core
    for last in range(2 * CHOSEN_LIMIT):
        choose(core, a("192.0.2.9"), tos=last)
        assert len(core.chosen) <= CHOSEN_LIMIT

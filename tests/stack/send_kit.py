"""Counters that move, and refusals, for tests of what a node sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from stack.hooks import Place, Seen
from stack.inbound import Cast
from stack.policy import NETSTACK, NETSTACK_LATER, RFC
from stack.refusal import Reason, Refused
from stack.route_choice import Route
from tests.stack.node_kit import PEER, Wire, a

PRESETS = pytest.mark.parametrize("policy", [RFC, NETSTACK], ids=["RFC", "NETSTACK"])
ALL_PRESETS = pytest.mark.parametrize(
    "policy", [RFC, NETSTACK, NETSTACK_LATER], ids=["RFC", "NETSTACK", "LATER"]
)

Moved = dict[str, int]


def refusal(call: Callable[[], object]) -> Reason:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.reason


@contextmanager
def moving(wire: Wire) -> Iterator[Moved]:
    """Fill in the IP counters of NETSTACK that moved meanwhile; those of forwarding left out."""
    before = wire.node.counters.netstack()
    moved: Moved = {}
    yield moved
    for name, value in wire.node.counters.netstack().items():
        if name.startswith("IP.Forwarding.") or not name.startswith("IP."):
            continue
        if value != before[name]:
            moved[name.removeprefix("IP.")] = value - before[name]


def route_to(wire: Wire, destination: str = PEER, source: str = "192.0.2.1") -> Route:
    nic = wire.node._core.nics[1]
    return Route(nic, a(source), a(destination), a(destination), Cast.UNICAST, inside=False)


def watch(wire: Wire) -> list[Seen]:
    """Everything that any hook gets to see from now on."""
    seen: list[Seen] = []

    def inspect(shown: Seen) -> bool:
        seen.append(shown)
        return True

    for place in Place:
        wire.node.hooks.add(place, inspect)
    return seen

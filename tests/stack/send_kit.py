"""Counters that move, and refusals, for tests of what a node sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stack.hooks import Place, Seen
from stack.inbound import Cast
from stack.route_choice import Route
from tests.stack.count_kit import moving
from tests.stack.node_kit import PEER, Wire, a

Moved = dict[str, int]


@contextmanager
def ip_moving(wire: Wire) -> Iterator[Moved]:
    """Fill in the IP counters of NETSTACK that moved meanwhile; those of forwarding left out."""
    found: Moved = {}
    with moving(wire.node.counters, "IP.") as moved:
        yield found
    for name, by in moved.items():
        if not name.startswith("IP.Forwarding."):
            found[name.removeprefix("IP.")] = by


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

"""What the output and postrouting hooks do to a datagram, and where it goes then (S7.4, S7.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from stack.inbound import UNICAST
from stack.refusal import Reason
from stack.route_choice import choose
from stack.wire.ipv4 import Ipv4Header

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Passage
    from stack.inbound import Inbound
    from stack.nic import Nic
    from stack.route_choice import Route


class Leaving(NamedTuple):
    """A datagram that may go on, and which way."""

    route: Route
    header: Ipv4Header
    payload: bytes
    passage: Passage | None


def output(
    core: Core, route: Route, header: Ipv4Header, payload: bytes, passage: Passage | None = None
) -> Leaving | None:
    """Ask the output hook; None when the datagram goes nowhere, which is counted."""
    hook = core.hooks.output
    # Whoever calls has looked, so that nothing is made where nothing was set (S10.2).
    assert hook is not None
    before = header.destination
    shown = hook.leaving(core, route.nic, header, payload, passage=passage)
    if shown is None:
        route.nic.counters.inc("IP.IPTablesOutputDropped")
        route.nic.counters.inc("ipSystemStatsOutDiscards")
        return None
    if shown.header is not header or header.destination != before:
        way = _rewritten_route(core, route, shown.header)
        if isinstance(way, Reason):
            route.nic.counters.inc("ipSystemStatsOutNoRoutes")
            return None
        route = way
    return Leaving(route, shown.header, shown.payload, shown.passage)


def _rewritten_route(core: Core, route: Route, header: Ipv4Header) -> Route | Reason:
    destination = header.destination
    owner = core.owner(destination)
    if owner is not None:
        # S7.5: it is delivered here.
        return replace(
            route,
            nic=owner,
            destination=destination,
            next_hop=destination,
            cast=UNICAST,
            inside=True,
        )
    if destination == route.destination or not core.policy.five_hooks:
        return replace(route, destination=destination)
    # S10.12: routed anew.
    return choose(core, destination, source=header.source, tos=header.tos)


def postrouting(
    core: Core,
    nic: Nic,
    header: Ipv4Header,
    payload: bytes,
    passage: Passage | None,
    about: Inbound | None,
) -> tuple[Ipv4Header, bytes] | None:
    """Ask the postrouting hook; None when the datagram is dropped, which is counted."""
    hook = core.hooks.postrouting
    assert hook is not None
    shown = hook.leaving(core, nic, header, payload, passage=passage, about=about)
    if shown is None:
        nic.counters.inc("IP.IPTablesPostroutingDropped")
        nic.counters.inc("ipSystemStatsOutDiscards")
        return None
    return shown.header, shown.payload

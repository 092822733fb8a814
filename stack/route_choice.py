"""Choosing how a datagram of one's own leaves: NIC, next hop, source address (RFC 1122 §3.3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stack.inbound import BROADCAST, MULTICAST, UNICAST, Cast
from stack.nic import Nic
from stack.refusal import Reason
from stack.wire.address import (
    LIMITED_BROADCAST,
    is_class_e,
    is_loopback,
    is_multicast,
    is_zero_network,
)

if TYPE_CHECKING:
    from stack.core import Core

CHOSEN_LIMIT: Final = 1024
"""Routes remembered; when there is no room all are forgotten."""

Question = tuple[int, int | None, Nic | None, int]
"""Destination, source, NIC, TOS, as `choose` is asked."""


@dataclass(slots=True, frozen=True)
class Route:
    """The way of one datagram, chosen before its transport checksum is made."""

    nic: Nic
    source: int
    destination: int
    """What stands in the header."""
    next_hop: int
    cast: Cast
    inside: bool
    """The destination is an address of this very stack: nothing goes to the link."""
    probes: bool = False
    """The link's MTU counts alone, and not what is known of the path."""


def choose(
    core: Core,
    destination: int,
    *,
    source: int | None = None,
    nic: Nic | None = None,
    tos: int = 0,
) -> Route | Reason:
    """Find the way to a destination; `source` and `nic` are the caller's wish.

    RFC 1122 §3.3.4.2: the application may choose the source, else the stack does. The order of
    the questions is that of S7.19.
    """
    question = (destination, source, nic, tos)
    route = core.chosen.get(question)
    if route is not None:
        return route
    answer = _choose(core, destination, source, nic, tos)
    if isinstance(answer, Route) and core.routes.is_settled:
        if len(core.chosen) >= CHOSEN_LIMIT:
            core.chosen.clear()
        core.chosen[question] = answer
    return answer


def _choose(
    core: Core, destination: int, source: int | None, nic: Nic | None, tos: int
) -> Route | Reason:
    if source is not None and not core.may_send_from(source):
        # S7.19, S1.17: no route has a source that is not ours.
        return Reason.NO_ROUTE
    if destination == LIMITED_BROADCAST or is_multicast(destination):
        return _without_gateway(core, destination, source, nic, tos)
    policy = core.policy
    if policy.handle_local:
        owner = core.owner(destination)
        if owner is not None:
            return Route(
                owner, destination if source is None else source, destination, destination,
                UNICAST, inside=True,
            )  # fmt: skip
    if policy.refuse_illegal_destinations:
        # RFC 1122 §3.2.1.3 (a), (b), (g): 0/8 and 127/8 are never sent to; class E is no host.
        if is_loopback(destination):
            return Reason.BAD_LOCAL_ADDRESS
        if is_zero_network(destination) or is_class_e(destination):
            return Reason.NO_ROUTE
    elif nic is not None and is_loopback(destination):
        return _straight(core, nic, destination, source, Reason.BAD_LOCAL_ADDRESS)
    hop = core.routes.find(destination, tos=tos, source=source, nic=nic, numbered=True)
    if hop is None:
        return Reason.NO_ROUTE
    if source is None:
        # There is one, or the table would have found nothing; a named NIC lends its own (S7.20).
        source = _source(core, nic or hop.nic, hop.next_hop) or 0
    cast = UNICAST
    if hop.gateway is None and _is_broadcast(core, hop.nic, destination, source):
        cast = BROADCAST
    return Route(hop.nic, source, destination, hop.next_hop, cast, inside=False)


def _source(core: Core, nic: Nic, peer: int) -> int | None:
    """Our address to speak from, on the NIC that a datagram leaves by."""
    if core.policy.source_on_next_hop_subnet:
        # RFC 1122 §3.3.4.3: an address on the subnet of the next hop.
        return nic.addresses.source_for(peer)
    # S1.13: the destination plays no part.
    return nic.addresses.main()


def _is_broadcast(core: Core, nic: Nic, destination: int, source: int) -> bool:
    """Whether this goes to all stations of the link (S7.23)."""
    subnet = nic.addresses.broadcast(destination)
    if subnet is None or core.policy.broadcast_any_subnet:
        return subnet is not None
    own = nic.addresses.own(source)
    return own is not None and own.prefix.broadcast() == destination


def _without_gateway(
    core: Core, destination: int, source: int | None, nic: Nic | None, tos: int
) -> Route | Reason:
    """RFC 1122 §3.3.1.1 (b): limited broadcast and groups go straight to an interface."""
    if nic is None:
        nic = _interface_for(core, destination, source, tos)
    if nic is None:
        return Reason.NETWORK_UNREACHABLE
    return _straight(core, nic, destination, source, Reason.NETWORK_UNREACHABLE)


def _straight(
    core: Core, nic: Nic, destination: int, source: int | None, otherwise: Reason
) -> Route | Reason:
    """By this NIC without a look at the table, or the reason why not (S7.19)."""
    if not nic.enabled:
        return otherwise
    if source is None:
        source = _source(core, nic, destination)
    elif nic.addresses.own(source) is None:
        # RFC 1112 §6.2: the source is an address of the interface it leaves by.
        source = None
    if source is None:
        return otherwise
    cast = UNICAST
    if destination == LIMITED_BROADCAST:
        cast = BROADCAST
    elif is_multicast(destination):
        cast = MULTICAST
    return Route(nic, source, destination, destination, cast, inside=False)


def loops(core: Core, route: Route, *, asked: bool) -> bool:
    """Answer whether what leaves for many also comes back in (S7.13); `asked`: of group copies.

    On a loopback NIC nothing does, for the link itself brings it back.
    """
    if route.nic.loopback:
        return False
    if route.cast is BROADCAST:
        return True
    # RFC 1112 §6.1: a copy for this host if it is a member.
    member = route.destination in route.nic.groups or not core.policy.loop_to_members_only
    return asked and member


def recheck(route: Route) -> Reason | None:
    """Answer why a route that is held can no longer be written on (S7.21)."""
    if route.nic.enabled and (route.inside or route.nic.addresses.own(route.source) is not None):
        return None
    return Reason.INVALID_STATE


def _interface_for(core: Core, destination: int, source: int | None, tos: int) -> Nic | None:
    if not core.policy.longest_prefix:
        # S7.19: groups and broadcasts are looked up like everything else.
        hop = core.routes.find(destination, source=source)
        return None if hop is None else hop.nic
    if source is not None:
        # RFC 1112 §6.2: the source is an address of the interface it leaves by.
        return core.owner(source)
    hop = core.routes.find(destination, tos=tos)
    if hop is not None:
        return hop.nic
    for nic in core.nics.values():
        if nic.enabled and not nic.loopback and nic.addresses.main() is not None:
            return nic
    return None

"""Choosing how a datagram of one's own leaves: NIC, next hop, source address (RFC 1122 §3.3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stack.inbound import Cast
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


class Route(NamedTuple):
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

    RFC 1122 §3.3.4.2: the application may choose the source, else the stack does.
    """
    if source is not None and not core.may_send_from(source):
        # S7.19, S1.17: no route has a source that is not ours.
        return Reason.NO_ROUTE
    if destination == LIMITED_BROADCAST or is_multicast(destination):
        return _without_gateway(core, destination, source, nic, tos)
    owner = core.owner(destination)
    if owner is not None:
        return Route(
            owner, destination if source is None else source, destination, destination,
            Cast.UNICAST, inside=True,
        )  # fmt: skip
    # RFC 1122 §3.2.1.3 (a), (b), (g): 0/8 and 127/8 are never sent to; class E is no host.
    if is_loopback(destination):
        return Reason.BAD_LOCAL_ADDRESS
    if is_zero_network(destination) or is_class_e(destination):
        return Reason.NO_ROUTE
    hop = core.routes.find(destination, tos=tos, source=source, nic=nic)
    if hop is None:
        return Reason.NO_ROUTE
    if source is None:
        # RFC 1122 §3.3.4.3: an address on the subnet of the next hop.
        source = hop.nic.addresses.source_for(hop.next_hop)
        if source is None:
            return Reason.NO_ROUTE
    broadcast = hop.gateway is None and hop.nic.addresses.broadcast(destination) is not None
    cast = Cast.BROADCAST if broadcast else Cast.UNICAST
    return Route(hop.nic, source, destination, hop.next_hop, cast, inside=False)


def _without_gateway(
    core: Core, destination: int, source: int | None, nic: Nic | None, tos: int
) -> Route | Reason:
    """RFC 1122 §3.3.1.1 (b): limited broadcast and groups go straight to an interface."""
    if nic is None:
        nic = _interface_for(core, destination, source, tos)
    if nic is None or not nic.enabled:
        return Reason.NETWORK_UNREACHABLE
    if source is None:
        source = nic.addresses.main()
        if source is None:
            return Reason.NETWORK_UNREACHABLE
    cast = Cast.BROADCAST if destination == LIMITED_BROADCAST else Cast.MULTICAST
    return Route(nic, source, destination, destination, cast, inside=False)


def _interface_for(core: Core, destination: int, source: int | None, tos: int) -> Nic | None:
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

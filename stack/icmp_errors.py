"""Whether an ICMP error may be sent, and sending it.

`may_report` is the one place that holds the prohibitions of RFC 1122 §3.2.2 and RFC 1812 §4.3.2.7;
they go before every rule that asks for an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import send
from stack.inbound import Cast
from stack.refusal import Reason
from stack.route_choice import Route, choose
from stack.send import Wish
from stack.source_route import reverse
from stack.wire.address import is_class_e, is_loopback, is_multicast, is_zero_network
from stack.wire.icmp import (
    PARAMETER_PROBLEM,
    QUERY_TYPES,
    IcmpMessage,
    build_icmp,
    error,
    fragmentation_needed,
    parameter_problem,
    redirect,
)
from stack.wire.ipv4 import PROTOCOL_ICMP

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.nic import Nic

LARGEST_ERROR: Final = 576
"""Octets. RFC 1812 §4.3.2.3: as much as fits without exceeding 576 octets."""
_HEADERS: Final = 28
_PRECEDENCE: Final = 0xC0
"""RFC 1812 §4.3.2.5: internetwork control."""
_TOS: Final = 0x1C
"""The TOS bits of RFC 791; bit 6 belongs to ECN today (RFC 3168 §5)."""


def may_report(core: Core, inbound: Inbound) -> bool:
    """Answer whether an error about this datagram is allowed at all."""
    header = inbound.header
    # RFC 1122 §3.2.2: not about a datagram to an IP broadcast or multicast address,
    if inbound.cast is not Cast.UNICAST or is_multicast(header.destination):
        return False
    if header.destination >> 28 == 0xF or core.is_subnet_broadcast(header.destination):
        return False
    # nor one sent as a link-layer broadcast (RFC 1812 §4.3.2.7: or multicast),
    if inbound.link is not Cast.UNICAST and core.policy.mind_link_broadcast:
        return False
    # nor a non-initial fragment,
    if header.fragment_offset and core.policy.spare_later_fragments:
        return False
    # nor one whose source does not define a single host,
    if not _is_single_host(core, header.source, looped=inbound.looped):
        return False
    # nor an ICMP error message; RFC 792's queries are known, everything else may be an error.
    if header.protocol == PROTOCOL_ICMP and header.fragment_offset == 0:
        return bool(inbound.payload) and inbound.payload[0] in QUERY_TYPES
    return True


def _is_single_host(core: Core, source: int, *, looped: bool) -> bool:
    """RFC 1122 §3.2.2: not a zero, loopback, broadcast, multicast or class E address."""
    if source == 0:
        return False
    if not core.policy.spare_illegal_sources or looped:
        return True
    return not (
        is_zero_network(source)
        or is_loopback(source)
        or is_multicast(source)
        or is_class_e(source)
        or source == 0xFFFFFFFF
        or core.is_subnet_broadcast(source)
    )


def report(
    core: Core, inbound: Inbound, kind: int, code: int, *, pointer: int = 0, mtu: int = 0
) -> None:
    """Send an error about a datagram that was discarded, if it may be sent.

    `pointer` goes into a parameter problem, `mtu` (octets) into fragmentation needed.
    """
    if not may_report(core, inbound):
        return
    route = _way_back(core, inbound)
    options = _return_route(core, inbound, kind)
    quote = _quote(inbound, route, len(options[1]) + 3 & ~3)
    if kind == PARAMETER_PROBLEM:
        message = parameter_problem(pointer, quote)
    elif mtu:
        # RFC 1191 §4, RFC 1812 §5.2.7.1: the MTU of the next hop.
        message = fragmentation_needed(mtu, quote)
    else:
        message = error(kind, code, quote)
    if options[1] and not isinstance(route, Reason):
        # RFC 1812 §4.3.2.6: back along the recorded part of the route.
        route = choose(core, options[0], source=route.source)
    _send(core, inbound, message, route, options[1])


def report_redirect(core: Core, inbound: Inbound, nic: Nic, code: int, gateway: int) -> None:
    """Tell a host on this link of a better first hop (RFC 1812 §5.2.7.2)."""
    if not may_report(core, inbound):
        return
    # RFC 1812 §5.2.7.2: from an address on the same subnet as the host it goes to.
    source = nic.addresses.source_for(inbound.header.source)
    route = choose(core, inbound.header.source, source=source, nic=nic)
    message = redirect(code, gateway, _quote(inbound, route, 0))
    _send(core, inbound, message, route, b"")


def _way_back(core: Core, inbound: Inbound) -> Route | Reason:
    source = inbound.local or None
    tos = _tos(core, inbound)
    if not core.policy.router_error_source_outgoing:
        # S5.17: on the NIC that the datagram is booked on.
        return choose(core, inbound.header.source, source=source, nic=inbound.nic, tos=tos)
    if source is not None and core.forwarding:
        # RFC 1812 §4.3.2.4: a router's error comes from the interface it leaves by.
        route = choose(core, inbound.header.source, tos=tos)
        if isinstance(route, Reason) or route.nic.addresses.own(source) is None:
            return route
    # RFC 1122 §3.3.4.2: else from the address that was meant.
    return choose(core, inbound.header.source, source=source, tos=tos)


def _return_route(core: Core, inbound: Inbound, kind: int) -> tuple[int, bytes]:
    """First hop and option of an error about a source-routed datagram in transit."""
    if not core.forwarding or kind == PARAMETER_PROBLEM or not inbound.return_route:
        return 0, b""
    return inbound.return_hop, inbound.return_route


def _tos(core: Core, inbound: Inbound) -> int:
    if core.forwarding and core.policy.router_error_tos:
        return inbound.header.tos & _TOS | _PRECEDENCE
    # RFC 1122 §3.2.2: a host SHOULD send errors with TOS zero.
    return 0


def _quote(inbound: Inbound, route: Route | Reason, options_length: int) -> bytes:
    mtu = LARGEST_ERROR if isinstance(route, Reason) else min(route.nic.mtu, LARGEST_ERROR)
    room = mtu - _HEADERS - options_length
    # RFC 1122 §3.2.2: the header and at least the first 8 data octets, as received. Where the link
    # is too small for that the error is cut like any other datagram.
    return inbound.octets[: max(room, inbound.header.header_length + 8)]


def _send(
    core: Core, inbound: Inbound, message: IcmpMessage, route: Route | Reason, options: bytes
) -> None:
    counters = inbound.nic.counters if isinstance(route, Reason) else route.nic.counters
    # RFC 1812 §4.3.2.8: errors are rate limited; the token is asked for after all other checks.
    if not core.limiter.take(core.now):
        counters.icmp_out_error()
        return
    counters.icmp_out(message.type)
    if isinstance(route, Reason):
        counters.inc("ipSystemStatsOutRequests")
        counters.inc("ipSystemStatsOutNoRoutes")
        return
    # RFC 792: TTL large enough to get back; RFC 1812 §4.3.2.2: not that of the datagram.
    wish = Wish(PROTOCOL_ICMP, core.default_ttl, _tos(core, inbound), options)
    send.originate(core, route, build_icmp(message), wish)


def remember_return_route(inbound: Inbound, recorded: tuple[int, ...], kind: int) -> None:
    """Keep the way back along the hops that a source route has recorded."""
    back = reverse(recorded, inbound.header.source, kind)
    if back is not None:
        inbound.return_route = back.option
        inbound.return_hop = back.first_hop

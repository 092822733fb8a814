"""Whether an ICMP error may be sent, and sending it.

`may_report` is the one place that holds the prohibitions of RFC 1122 §3.2.2 and RFC 1812 §4.3.2.7;
they go before every rule that asks for an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import send
from stack.choices import SourceRouting
from stack.inbound import UNICAST
from stack.options import pad
from stack.refusal import Reason
from stack.route_choice import Route, choose
from stack.send import Wish
from stack.source_route import SourceRoute, reverse, sound_route
from stack.wire.address import (
    is_class_e,
    is_limited_broadcast,
    is_loopback,
    is_multicast,
    is_zero_network,
)
from stack.wire.icmp import (
    ADDRESS_MASK_REPLY,
    ADDRESS_MASK_REQUEST,
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    ECHO_REQUEST,
    FRAGMENTATION_NEEDED,
    INFORMATION_REPLY,
    INFORMATION_REQUEST,
    PARAMETER_PROBLEM,
    REDIRECT,
    ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION,
    TIMESTAMP,
    TIMESTAMP_REPLY,
    IcmpMessage,
    build_icmp,
    error,
    fragmentation_needed,
    parameter_problem,
    redirect,
)
from stack.wire.ipv4 import MINIMUM_HEADER, PROTOCOL_ICMP

if TYPE_CHECKING:
    from stack.core import Core
    from stack.counters import Counters
    from stack.inbound import Inbound
    from stack.nic import Nic

LARGEST_ERROR: Final = 576
"""Octets. RFC 1812 §4.3.2.3: as much as fits without exceeding 576 octets."""
_ICMP_HEADER: Final = 8
_PRECEDENCE: Final = 0xC0
"""RFC 1812 §4.3.2.5: internetwork control."""
_TOS: Final = 0x1C
"""The TOS bits of RFC 791; bit 6 belongs to ECN today (RFC 3168 §5)."""

_MAY_BE_REPORTED: Final = frozenset(
    {ECHO_REPLY, ECHO_REQUEST, TIMESTAMP, TIMESTAMP_REPLY, INFORMATION_REQUEST, INFORMATION_REPLY}
)
"""S5.19: the ICMP types that an error may be about; all others may be errors themselves."""


_QUERIES: Final = _MAY_BE_REPORTED | {
    ROUTER_ADVERTISEMENT, ROUTER_SOLICITATION, ADDRESS_MASK_REQUEST, ADDRESS_MASK_REPLY
}  # fmt: skip
"""The queries of RFC 792, 950 and 1256, none of them an error (RFC 1122 §3.2.2)."""


def may_report(core: Core, inbound: Inbound) -> bool:
    """Answer whether an error about this datagram is allowed at all.

    Where the token comes first (S5.18), `report` asks afterwards whether it is about an error.
    """
    if not _may_hear(core, inbound):
        return False
    return not core.policy.rate_limit_errors_only or not _is_about_error(core, inbound)


def _may_hear(core: Core, inbound: Inbound) -> bool:
    """Whether source and destination are such that the source may get an error."""
    header = inbound.header
    # RFC 1122 §3.2.2: not about a datagram to an IP broadcast or multicast address,
    if inbound.cast is not UNICAST or is_multicast(header.destination):
        return False
    if core.policy.spare_all_broadcasts and (
        header.destination >> 28 == 0xF or core.is_subnet_broadcast(header.destination)
    ):
        return False
    # nor one sent as a link-layer broadcast (RFC 1812 §4.3.2.7: or multicast),
    if inbound.link is not UNICAST and core.policy.mind_link_broadcast:
        return False
    # nor a non-initial fragment,
    if header.fragment_offset and core.policy.spare_later_fragments:
        return False
    # nor one whose source does not define a single host.
    return _is_single_host(core, header.source, looped=inbound.looped)


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
        or is_limited_broadcast(source)
        or core.is_subnet_broadcast(source)
    )


def _is_about_error(core: Core, inbound: Inbound) -> bool:
    """RFC 1122 §3.2.2: no error about an ICMP error; what is no known query counts as one.

    The fragment offset is not looked at here (S5.20).
    """
    if inbound.header.protocol != PROTOCOL_ICMP:
        return False
    if core.policy.report_all_queries:
        return not inbound.payload or inbound.payload[0] not in _QUERIES
    return len(inbound.payload) < _ICMP_HEADER or inbound.payload[0] not in _MAY_BE_REPORTED


def report(
    core: Core,
    inbound: Inbound,
    kind: int,
    code: int,
    *,
    pointer: int = 0,
    mtu: int = 0,
    options: bytes = b"",
) -> None:
    """Send an error about a datagram that was discarded, if it may be sent.

    `pointer` goes into a parameter problem, `mtu` (octets) into fragmentation needed; `options` is
    what the error's own header is to carry.
    """
    if not may_report(core, inbound):
        return
    first_hop, return_route = _return_route(core, inbound, kind)
    # RFC 792: to the source that is quoted; hooks may have put another into the header since.
    source = int.from_bytes(inbound.octets[12:16], "big")
    # RFC 1812 §4.3.2.6: back along the recorded part of a source route.
    route = _way_back(core, inbound, first_hop or source)
    if isinstance(route, Reason):
        _count_no_route(core, inbound, kind)
        return
    early = not core.policy.rate_limit_errors_only
    # S5.18, S5.19: here the token is spent even if there is to be no error after all.
    if early and (not _token(core, inbound, route, kind, code) or _is_about_error(core, inbound)):
        return
    area = pad(options + return_route)
    quote = _quote(core, inbound, route, len(area))
    if quote is None:
        return
    if kind == PARAMETER_PROBLEM:
        message = parameter_problem(pointer, quote, code)
    elif mtu:
        # RFC 1191 §4, RFC 1812 §5.2.7.1: the MTU of the next hop.
        message = fragmentation_needed(mtu, quote)
    else:
        message = error(kind, code, quote)
    # RFC 1812 §4.3.2.8: errors are rate limited; the token is asked for after all other checks.
    if early or _token(core, inbound, route, kind, code):
        _send(core, inbound, message, route, area)


def report_redirect(core: Core, inbound: Inbound, nic: Nic, code: int, gateway: int) -> None:
    """Tell a host on this link of a better first hop (RFC 1812 §5.2.7.2)."""
    if not may_report(core, inbound):
        return
    # RFC 1812 §5.2.7.2: from an address on the same subnet as the host it goes to.
    source = nic.addresses.source_for(inbound.header.source)
    route = choose(core, inbound.header.source, source=source, nic=nic)
    if isinstance(route, Reason):
        _count_no_route(core, inbound, REDIRECT)
        return
    quote = _quote(core, inbound, route, 0)
    if quote is not None and _token(core, inbound, route, REDIRECT, code):
        _send(core, inbound, redirect(code, gateway, quote), route, b"")


def _way_back(core: Core, inbound: Inbound, towards: int) -> Route | Reason:
    source = inbound.local or None
    tos = _tos(core, inbound)
    if not core.policy.router_error_source_outgoing:
        # S5.17: on the NIC that the datagram is booked on.
        return choose(core, towards, source=source, nic=inbound.nic, tos=tos)
    if source is not None and core.forwarding:
        # RFC 1812 §4.3.2.4: a router's error comes from the interface it leaves by.
        route = choose(core, towards, tos=tos)
        if isinstance(route, Reason) or route.nic.addresses.own(source) is None:
            return route
    # RFC 1122 §3.3.4.2: else from the address that was meant.
    return choose(core, towards, source=source, tos=tos)


def _return_route(core: Core, inbound: Inbound, kind: int) -> tuple[int, bytes]:
    """First hop and option of a router's error about a source-routed datagram."""
    if not core.forwarding:
        return 0, b""
    if kind == PARAMETER_PROBLEM and not inbound.return_route:
        # The pass over the options ended before it knew of a route as a whole.
        _find_return_route(core, inbound)
    return inbound.return_hop, inbound.return_route


def _find_return_route(core: Core, inbound: Inbound) -> None:
    """RFC 1812 §4.3.2.6: unless the problem is the source route itself, which is not sound then."""
    route = sound_route(inbound.header.options)
    if route is not None and core.policy.source_route is not SourceRouting.NONE:
        remember_return_route(core, inbound, route)


def _tos(core: Core, inbound: Inbound) -> int:
    if core.forwarding and core.policy.router_error_tos:
        return inbound.header.tos & _TOS | _PRECEDENCE
    # RFC 1122 §3.2.2: a host SHOULD send errors with TOS zero.
    return 0


def _quote(core: Core, inbound: Inbound, route: Route, options_length: int) -> bytes | None:
    """What is quoted (S5.21, S5.22); None when the link has no room for what must be."""
    room = min(route.nic.mtu, LARGEST_ERROR) - MINIMUM_HEADER - _ICMP_HEADER - options_length
    # RFC 1122 §3.2.2: the header and at least the first 8 data octets, as received.
    least = inbound.header.header_length + 8
    if room < least and core.policy.cut_errors:
        room = least
    if room < least:
        return None
    return inbound.octets[:room]


def _token(core: Core, inbound: Inbound, route: Route, kind: int, code: int) -> bool:
    """Ask the rate limiter (S5.18, S5.28)."""
    too_big = kind == DESTINATION_UNREACHABLE and code == FRAGMENTATION_NEEDED
    if (too_big and not core.policy.rate_limit_too_big) or core.limiter.take(core.now):
        return True
    _counters(core, inbound, route).icmp_out_error()
    return False


def _counters(core: Core, inbound: Inbound, route: Route) -> Counters:
    """S5.29: of the NIC that an error leaves by, or of the one that it is about."""
    leaving = core.policy.count_errors_where_they_leave
    return route.nic.counters if leaving else inbound.nic.counters


def _send(core: Core, inbound: Inbound, message: IcmpMessage, route: Route, options: bytes) -> None:
    counters = _counters(core, inbound, route)
    # RFC 792: TTL large enough to get back; RFC 1812 §4.3.2.2: not that of the datagram.
    wish = Wish(PROTOCOL_ICMP, core.default_ttl, _tos(core, inbound), options)
    if send.originate(core, route, build_icmp(message), wish) is None:
        counters.icmp_out(message.type)
    else:
        counters.icmp_refused(message.type)


def _count_no_route(core: Core, inbound: Inbound, kind: int) -> None:
    """S5.17: nothing tells of it but the MIB, unless there was not to be an error anyway."""
    if not _is_about_error(core, inbound):
        inbound.nic.counters.icmp_no_route(kind)


def remember_return_route(core: Core, inbound: Inbound, route: SourceRoute) -> None:
    """Keep the way back along the hops that a source route has recorded (RFC 1122 §3.2.1.8 c).

    RFC 1812 §5.3.13.4, RFC 1112 §6.2: a hop is one host; over a broadcast nobody goes back.
    """
    recorded = route.recorded
    while recorded and core.owns(recorded[-1]):
        # The way back begins here: it does not lead through this node once more.
        recorded = recorded[:-1]
    if not recorded or any(map(core.is_subnet_broadcast, recorded)):
        return
    back = reverse(recorded, inbound.header.source, route.type)
    if back is not None:
        inbound.return_route = back.option
        inbound.return_hop = back.first_hop

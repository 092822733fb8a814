"""Forwarding, when the node is told to be a router (RFC 1812 §5, RFC 1122 §3.3.5).

A datagram comes here when its destination is not ours, or when it is ours but a source route in it
goes on. Fragments are forwarded one by one (RFC 1812 §5.2.6). Groups have a table of their own, see
`multicast_forward`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stack import icmp_errors, send
from stack.choices import SourceRouting
from stack.inbound import Cast
from stack.option_work import rewrite_options, run_options
from stack.options import Use
from stack.refusal import Reason
from stack.routes import LINK_LOCAL, Hop
from stack.wire.address import (
    is_class_e,
    is_limited_broadcast,
    is_loopback,
    is_multicast,
    is_zero_network,
)
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    HOST_UNREACHABLE,
    NET_UNREACHABLE,
    PARAMETER_PROBLEM,
    REDIRECT_HOST,
    SOURCE_ROUTE_FAILED,
    TIME_EXCEEDED,
    TTL_EXCEEDED,
)
from stack.wire.ipv4 import Ipv4Header, build_ipv4, copy_header

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.neighbours import Failure, Waiting
    from stack.nic import Nic
    from stack.source_route import SourceRoute

_DESTINATION_POINTER = 16
_DISCARDED = frozenset(
    {
        "UnexpectedMulticastInputInterface",
        "NoMulticastPendingQueueBufferSpace",
        "UnknownOutputEndpoint",
    }
)
"""S11: reasons that have ipSystemStatsInDiscards as their nearest object."""


class _Course(NamedTuple):
    """Where a datagram goes from here."""

    destination: int
    hop: Hop
    cast: Cast
    source_routed: bool
    """It has a source route, ours to follow or not: then no redirect (RFC 1812 §5.2.7.2)."""
    take_hop: bool
    """We are a listed hop of it."""


def failed(core: Core, nic: Nic, name: str | None = None) -> None:
    """Count a datagram that was not forwarded (S8.12); `name` is that of the reason's counter."""
    if not core.policy.count_forwarding:
        return
    if name is not None:
        nic.counters.inc(f"IP.Forwarding.{name}")
        if name in _DISCARDED:
            nic.counters.inc("ipSystemStatsInDiscards")
    nic.counters.inc("IP.Forwarding.Errors")


def transit(core: Core, inbound: Inbound) -> Nic | None:
    """Forward a datagram whose destination is not ours on the NIC it came by.

    Answers the NIC of ours whose address it turns out to be for, if it does (S8.4).
    """
    policy = core.policy
    header = inbound.header
    if not _may_be_forwarded(core, inbound):
        return None
    inbound.nic.counters.inc("ipSystemStatsInForwDatagrams")
    if not policy.own_address_before_ttl and _expired(core, inbound):
        # S8.2: before anyone asks whose the destination is.
        return None
    source_routed = False
    if header.options:
        judged = _judge_options(core, inbound)
        if judged is None:
            return None
        source_routed = judged
    if not policy.own_address_before_ttl:
        # S1.19: broadcast addresses included.
        owner = core.owner(header.destination, broadcasts=True)
        if owner is not None:
            # S8.12: the forward hook sees these too.
            return owner if let_pass(core, inbound, owner, header) else None
    hop = core.routes.find(header.destination, tos=header.tos)
    if hop is None or hop.nic.loopback:
        failed(core, inbound.nic, "Unrouteable")
        if policy.router_unreachables:
            # RFC 1812 §4.3.3.1: no route at all gives code 0.
            icmp_errors.report(core, inbound, DESTINATION_UNREACHABLE, NET_UNREACHABLE)
        return None
    if is_multicast(header.destination):
        # S7.19: a gateway is used for unicast only.
        hop = Hop(hop.nic, header.destination, None)
    cast = _cast(core, inbound, header.destination, hop)
    if cast is None:
        inbound.nic.counters.inc("ipSystemStatsInAddrErrors")
        return None
    if policy.own_address_before_ttl and _expired(core, inbound):
        return None
    _pass_on(core, inbound, _Course(header.destination, hop, cast, source_routed, take_hop=False))
    return None


def _may_be_forwarded(core: Core, inbound: Inbound) -> bool:
    header = inbound.header
    if inbound.link is not Cast.UNICAST and core.policy.mind_link_broadcast:
        # RFC 1812 §5.3.4: MUST NOT forward what was received as a link-layer broadcast, nor as a
        # link-layer multicast unless it goes to a group.
        inbound.nic.counters.inc("ipSystemStatsInDiscards")
        return False
    if not source_may_travel(core, inbound):
        return False
    if core.policy.forward_unicast_only and not _may_travel(header.destination):
        # RFC 1812 §5.3.7, RFC 1112 §7.2, RFC 3927 §2.7: silently discarded.
        inbound.nic.counters.inc("ipSystemStatsInAddrErrors")
        return False
    return True


def source_may_travel(core: Core, inbound: Inbound) -> bool:
    """Answer whether datagrams from this source may be forwarded; count one that may not."""
    policy = core.policy
    source = inbound.header.source
    initializing = policy.drop_initializing_source and is_zero_network(source)
    if initializing:
        # S8.12, RFC 1122 §3.2.1.3 (a): a host that does not know its address yet.
        failed(core, inbound.nic, "InitializingSource")
    if policy.forward_unicast_only and not _may_travel(source):
        # RFC 1812 §5.3.7: martians are silently discarded.
        inbound.nic.counters.inc("ipSystemStatsInAddrErrors")
        return False
    return not initializing


def _judge_options(core: Core, inbound: Inbound) -> bool | None:
    """Run the options; None for a datagram that ends here, else whether it is source-routed."""
    # S14.10: entries name the outgoing side, so they are written when that is known; else now.
    stamps_later = core.policy.stamp_outgoing_address
    result = run_options(core, inbound, Use.VERIFY if stamps_later else Use.FORWARD)
    if result is None:
        failed(core, inbound.nic)
        return None
    if result.source_route is None:
        return False
    return True if _may_pass(core, inbound, result.source_route) else None


def _may_travel(address: int) -> bool:
    """Whether a datagram from or to this address may go from one network to another."""
    return not (
        is_zero_network(address)
        or is_loopback(address)
        or is_multicast(address)
        or is_class_e(address)
        or is_limited_broadcast(address)
        or LINK_LOCAL.contains(address)
    )


def _may_pass(core: Core, inbound: Inbound, route: SourceRoute) -> bool:
    """Judge a source route in a datagram that is not addressed to this node."""
    if core.policy.drop_transit_source_routes:
        # RFC 7126 §4.3.5: dropped, where the operator wants it so.
        inbound.nic.counters.inc("ipSystemStatsInDiscards")
        return False
    if route.is_strict and not route.is_complete:
        # RFC 1812 §5.2.2: a strict route leads through listed hops only; point at the destination.
        inbound.nic.counters.inc("ipSystemStatsInHdrErrors")
        icmp_errors.report(core, inbound, PARAMETER_PROBLEM, 0, pointer=_DESTINATION_POINTER)
        return False
    return True


def _cast(core: Core, inbound: Inbound, destination: int, hop: Hop) -> Cast | None:
    """Unicast, or a directed broadcast that may go on; None for one that may not."""
    if hop.gateway is not None:
        return Cast.UNICAST
    if is_multicast(destination):
        return Cast.MULTICAST
    addresses = hop.nic.addresses
    if core.policy.zero_host_is_broadcast and addresses.all_zeros(destination) is not None:
        # RFC 1812 §4.2.3.1: the old form SHOULD be silently discarded.
        return None
    if addresses.broadcast(destination) is None:
        return Cast.UNICAST
    # RFC 2644 §3: off unless told; RFC 919 §6: never back onto the network it came from.
    if core.policy.forward_directed_broadcasts and hop.nic is not inbound.nic:
        return Cast.BROADCAST
    return None


def ends_here(core: Core, inbound: Inbound, use: Use) -> bool:
    """Run the options of a datagram for this host; False when it is dropped or goes on.

    It goes on when a source route in it is not complete.
    """
    result = run_options(core, inbound, use)
    if result is None:
        return False
    if result.source_route is None or result.source_route.is_complete:
        return True
    _next_listed_hop(core, inbound, result.source_route)
    return False


def _next_listed_hop(core: Core, inbound: Inbound, route: SourceRoute) -> None:
    """Send a source-routed datagram on to the next address of its route (RFC 1122 §3.3.5)."""
    count = inbound.nic.counters.inc
    count("ipSystemStatsInForwDatagrams")
    if inbound.cast is not Cast.UNICAST:
        count("ipSystemStatsInDiscards")
        return
    if core.forwarding and not source_may_travel(core, inbound):
        return
    following = core.policy.source_route is SourceRouting.FORWARD
    destination = route.next_hop
    if not following or destination is None or not _may_travel(destination):
        _source_route_failed(core, inbound)
        return
    owner = core.owner(destination)
    if owner is not None:
        _to_ourselves(core, inbound, owner, destination)
        return
    hop = core.routes.find(destination, tos=inbound.header.tos)
    # RFC 791 §3.1: a strict route goes straight to the next address.
    if hop is None or hop.nic.loopback or (route.is_strict and hop.gateway is not None):
        _source_route_failed(core, inbound)
        return
    cast = _cast(core, inbound, destination, hop)
    if cast is not Cast.UNICAST:
        _source_route_failed(core, inbound)
        return
    if _expired(core, inbound):
        return
    _pass_on(core, inbound, _Course(destination, hop, cast, source_routed=True, take_hop=True))


def _source_route_failed(core: Core, inbound: Inbound) -> None:
    """RFC 1122 §3.3.5: a route that is not followed SHOULD give code 5."""
    inbound.nic.counters.inc("ipSystemStatsInDiscards")
    icmp_errors.report(core, inbound, DESTINATION_UNREACHABLE, SOURCE_ROUTE_FAILED)


def _to_ourselves(core: Core, inbound: Inbound, owner: Nic, destination: int) -> None:
    """The next listed hop is this node again."""
    if _expired(core, inbound):
        return
    header = _onward_header(core, inbound, destination, destination, take_hop=True)
    send.loop_back(core, owner, build_ipv4(header, inbound.payload))


def _expired(core: Core, inbound: Inbound) -> bool:
    # RFC 1812 §5.3.1: lowered by one; zero then means discarded, and Time Exceeded.
    if inbound.header.ttl > 1 or (inbound.header.ttl and not core.policy.ttl_one_expires):
        return False
    inbound.nic.counters.inc("ipSystemStatsInHdrErrors")
    failed(core, inbound.nic, "ExhaustedTTL")
    icmp_errors.report(core, inbound, TIME_EXCEEDED, TTL_EXCEEDED)
    return True


def _onward_header(
    core: Core, inbound: Inbound, destination: int, stamp_address: int | None, *, take_hop: bool
) -> Ipv4Header:
    """The header for the way on: TTL, destination and options change, nothing else does."""
    header = copy_header(inbound.header)
    header.destination = destination
    header.ttl -= 1
    if header.options and (take_hop or core.policy.stamp_outgoing_address):
        # RFC 1812 §4.2.2.2: the address written is that of the interface it leaves by.
        header.options = rewrite_options(
            core, inbound, Use.FORWARD, stamp_address=stamp_address, take_hop=take_hop
        ).area
    elif header.options:
        header.options = inbound.area
    return header


def _pass_on(core: Core, inbound: Inbound, course: _Course) -> None:
    policy = core.policy
    nic = course.hop.nic
    stamp_address = nic.addresses.source_for(course.hop.next_hop)
    header = _onward_header(
        core, inbound, course.destination, stamp_address, take_hop=course.take_hop
    )
    # S8.9: not seen by hooks, or by all of them (S14.46).
    if not let_pass(core, inbound, nic, header):
        return
    if not policy.transit_header_untouched:
        _claim(core, header, stamp_address)
    if nic is inbound.nic and not course.source_routed and core.forwarding:
        _redirect(core, inbound, nic, course)
    nic.counters.inc("ipSystemStatsOutForwDatagrams")
    refused = send.put_out(
        core,
        nic,
        header,
        inbound.payload,
        next_hop=course.hop.next_hop,
        cast=course.cast,
        mtu=nic.mtu,
        about=inbound,
    )
    if refused is Reason.MESSAGE_TOO_LONG:
        failed(core, inbound.nic, "PacketTooBig")
        # RFC 1191 §4: code 4 with the MTU of the link that it did not fit.
        icmp_errors.report(
            core, inbound, DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED, mtu=nic.mtu
        )
    elif refused is not None:
        # S8.9: the sender is not told.
        failed(core, inbound.nic, "OutgoingDeviceNoBufferSpace")


def let_pass(core: Core, inbound: Inbound, out: Nic, header: Ipv4Header) -> bool:
    """S8.12: ask the forward hook."""
    hook = core.hooks.forward
    if hook is None or hook.leaving(core, out, header, inbound.payload, about=inbound) is not None:
        return True
    inbound.nic.counters.inc("IP.IPTablesForwardDropped")
    inbound.nic.counters.inc("ipSystemStatsInDiscards")
    return False


def _claim(core: Core, header: Ipv4Header, source: int | None) -> None:
    """S8.7: what is forwarded passes for a datagram of one's own that brings its header (S7.8)."""
    if header.source == 0:
        header.source = source or 0
    if header.identification == 0 and not header.is_atomic:
        value = core.identification.next_included(
            header.source, header.destination, header.protocol, core.now
        )
        header.identification = value or 0


def _redirect(core: Core, inbound: Inbound, nic: Nic, course: _Course) -> None:
    """RFC 1812 §5.2.7.2: the source is on the subnet of the next hop, the datagram turns back."""
    source = nic.addresses.on_link(inbound.header.source)
    next_hop = nic.addresses.on_link(course.hop.next_hop)
    if not core.policy.redirects or source is None or source != next_hop:
        return
    if course.hop.next_hop == inbound.header.source:
        # The better gateway would be the sender itself.
        return
    # Codes 0 and 2 MUST NOT be generated; code 1 may stand for code 3.
    icmp_errors.report_redirect(core, inbound, nic, REDIRECT_HOST, course.hop.next_hop)


def next_hop_silent(core: Core, failure: Failure) -> None:
    """RFC 1812 §3.3.2, §4.3.3.1: report host unreachable once resolution has failed."""
    for inbound in _datagrams(failure.waiting):
        failed(core, inbound.nic, "HostUnreachable")
        if core.policy.router_unreachables:
            icmp_errors.report(core, inbound, DESTINATION_UNREACHABLE, HOST_UNREACHABLE)


def link_closed(core: Core, dropped: list[Waiting]) -> None:
    """S11: the link that these waited for is closed; their senders are not told (S8.9)."""
    for inbound in _datagrams(dropped):
        failed(core, inbound.nic, "OutgoingDeviceClosedForSend")


def _datagrams(packets: list[Waiting]) -> list[Inbound]:
    """The forwarded datagrams among waiting packets; the pieces of one stand for it together."""
    return list({id(each.about): each.about for each in packets if each.about is not None}.values())

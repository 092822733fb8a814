"""Local delivery: options, reassembly, and the protocol that gets the data (S2.16 to S2.30).

RFC 1122 §3.2.1.8: options are processed before reassembly, so every fragment is verified and a
source route that goes on is followed or refused fragment by fragment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import forward, icmp, icmp_errors, igmp, raw, tcp, udp
from stack.inbound import Inbound
from stack.option_work import run_options
from stack.options import Use
from stack.reassembly import Complete, Refused
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    REASSEMBLY_TIME_EXCEEDED,
    TIME_EXCEEDED,
)
from stack.wire.ipv4 import (
    PROTOCOL_ICMP,
    PROTOCOL_IGMP,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    Ipv4Packet,
)

if TYPE_CHECKING:
    from stack.core import Core

_PROTOCOLS = {
    PROTOCOL_ICMP: icmp.receive,
    PROTOCOL_IGMP: igmp.receive,
    PROTOCOL_TCP: tcp.receive,
    PROTOCOL_UDP: udp.receive,
}


def local(core: Core, inbound: Inbound) -> None:
    """Deliver a datagram or fragment whose destination is this host."""
    nic = inbound.nic
    hook = core.hooks.input
    if hook is not None and not hook.received(core, inbound):
        nic.counters.inc("IP.IPTablesInputDropped")
        nic.counters.inc("ipSystemStatsInDiscards")
        return
    header = inbound.header
    if header.options and not _route_ends_here(core, inbound):
        return
    if header.is_fragment:
        whole = _reassemble(core, inbound)
        if whole is None:
            return
        inbound = whole
        if inbound.header.options and run_options(core, inbound, Use.RECEIVE) is None:
            return
    _hand_up(core, inbound)


def _route_ends_here(core: Core, inbound: Inbound) -> bool:
    # A fragment's options are only judged; those of the whole datagram are written into.
    use = Use.VERIFY if inbound.header.is_fragment else Use.RECEIVE
    result = run_options(core, inbound, use)
    if result is None:
        return False
    if result.source_route is None or result.source_route.is_complete:
        return True
    forward.next_listed_hop(core, inbound, result.source_route)
    return False


def _reassemble(core: Core, inbound: Inbound) -> Inbound | None:
    count = inbound.nic.counters.inc
    count("ipSystemStatsReasmReqds")
    packet = Ipv4Packet(inbound.header, inbound.payload, inbound.octets)
    evicted = core.reassembly.evictions
    outcome = core.reassembly.add(packet, core.now, inbound)
    count("ipSystemStatsReasmFails", core.reassembly.evictions - evicted)
    if isinstance(outcome, Refused):
        count("IP.MalformedPacketsReceived")
        count("IP.MalformedFragmentsReceived")
        count("ipSystemStatsReasmFails")
        return None
    if not isinstance(outcome, Complete):
        return None
    count("ipSystemStatsReasmOKs")
    first = _inbound(outcome.context)
    # RFC 1122 §3.2.2: what errors quote is the first fragment as it was received.
    whole = Inbound(
        first.nic,
        outcome.packet.header,
        outcome.packet.payload,
        first.octets,
        first.link,
        first.looped,
        first.cast,
        first.local,
    )
    whole.reassembled = True
    return whole


def _inbound(context: object) -> Inbound:
    """What was given to the reassembly store with a fragment."""
    assert isinstance(context, Inbound)
    return context


def give_up_reassembly(core: Core) -> None:
    """Drop the datagrams whose time is over (RFC 1122 §3.3.2)."""
    for expired in core.reassembly.expire(core.now):
        inbound = _inbound(expired.context)
        inbound.nic.counters.inc("ipSystemStatsReasmFails")
        # RFC 1122 §3.3.2: Time Exceeded only if fragment zero has been received.
        if expired.first is not None:
            icmp_errors.report(core, inbound, TIME_EXCEEDED, REASSEMBLY_TIME_EXCEEDED)


def _hand_up(core: Core, inbound: Inbound) -> None:
    header = inbound.header
    count = inbound.nic.counters.inc
    taken = raw.receive(core, inbound)
    receiver = _PROTOCOLS.get(header.protocol)
    if receiver is None and not taken:
        # RFC 1122 §3.2.2.1: the designated transport protocol is not supported.
        count("ipSystemStatsInUnknownProtos")
        core.counters.inc("UnknownProtocolRcvdPackets")
        icmp_errors.report(core, inbound, DESTINATION_UNREACHABLE, PROTOCOL_UNREACHABLE)
        return
    # RFC 4293: successfully delivered, so only after option work (S14.49).
    count("ipSystemStatsInDelivers")
    count("IP.PacketsDelivered")
    if receiver is not None:
        receiver(core, inbound)

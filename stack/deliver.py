"""Local delivery: options, reassembly, and the protocol that gets the data (S2.16 to S2.30).

RFC 1122 §3.2.1.8: options are processed before reassembly, so every fragment is verified and a
source route that goes on is followed or refused fragment by fragment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import forward, icmp, icmp_errors, igmp, raw, tcp, udp
from stack.choices import SecurityRule
from stack.counters import IN_DELIVERS, PACKETS_DELIVERED
from stack.inbound import Inbound
from stack.option_work import security_holds
from stack.options import Use
from stack.reassembly import Complete, Refused
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    REASSEMBLY_TIME_EXCEEDED,
    TIME_EXCEEDED,
)
from stack.wire.ipv4 import (
    FLAG_MF,
    PROTOCOL_ICMP,
    PROTOCOL_IGMP,
    PROTOCOL_TCP,
    PROTOCOL_UDP,
    Ipv4Packet,
)

if TYPE_CHECKING:
    from stack.core import Core

_REQUIRED: Final = SecurityRule.REQUIRE
_SHORTEST_HEADER = {PROTOCOL_TCP: 20, PROTOCOL_UDP: 8}
"""S2.26: octets of the transport header that are separated before a protocol gets its data."""
_SHORT_COUNTERS = {PROTOCOL_TCP: ("tcpInSegs", "tcpInErrs"), PROTOCOL_UDP: ("udpInErrors",)}
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
    if core.policy.basic_security is _REQUIRED and not security_holds(core, inbound):
        return
    if header.fragment_offset or header.flags & FLAG_MF:
        nic.counters.inc("ipSystemStatsReasmReqds")
        if not inbound.payload:
            # S2.17: before anything else about it is looked at.
            _refuse_fragment(inbound)
            return
        if header.options and not forward.ends_here(core, inbound, Use.VERIFY):
            return
        whole = _reassemble(core, inbound)
        if whole is None:
            return
        if not core.policy.raw_after_options:
            raw.receive_early(core, whole)
        inbound = whole
    _whole(core, inbound)


def _whole(core: Core, inbound: Inbound) -> None:
    """S2.23 to S2.25: options of the whole datagram, and when it counts as delivered."""
    policy = core.policy
    header = inbound.header
    if not policy.count_delivery_after_options:
        _count_delivery(inbound)
    if header.protocol == PROTOCOL_ICMP and not policy.count_delivery_after_options:
        # S2.24: options are ICMP's own business then.
        _hand_up(core, inbound)
        return
    if header.options and not forward.ends_here(core, inbound, Use.RECEIVE):
        return
    _hand_up(core, inbound)


def _count_delivery(inbound: Inbound) -> None:
    numbers = inbound.nic.counters.numbers
    numbers[IN_DELIVERS] += 1
    numbers[PACKETS_DELIVERED] += 1


def _refuse_fragment(inbound: Inbound) -> None:
    inbound.nic.counters.inc("IP.MalformedPacketsReceived")
    inbound.nic.counters.inc("IP.MalformedFragmentsReceived")
    inbound.nic.counters.inc("ipSystemStatsReasmFails")


def _reassemble(core: Core, inbound: Inbound) -> Inbound | None:
    count = inbound.nic.counters.inc
    packet = Ipv4Packet(inbound.header, inbound.payload, inbound.octets)
    evicted = core.reassembly.evictions
    outcome = core.reassembly.add(packet, core.now, inbound)
    count("ipSystemStatsReasmFails", core.reassembly.evictions - evicted)
    if isinstance(outcome, Refused):
        # S2.19, S2.20.
        _refuse_fragment(inbound)
        return None
    if not isinstance(outcome, Complete):
        return None
    count("ipSystemStatsReasmOKs")
    first = _inbound(outcome.context)
    # RFC 1122 §3.2.2: what errors quote is the first fragment as it was received (S14.15).
    as_received = core.policy.headers_as_received
    whole = Inbound(
        first.nic,
        outcome.packet.header,
        outcome.packet.payload,
        first.octets if as_received else outcome.packet.octets,
        first.link,
        first.looped,
        cast=first.cast,
        local=first.local,
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
    protocol = inbound.header.protocol
    policy = core.policy
    receiver = _PROTOCOLS.get(protocol)
    taken = False
    if protocol != PROTOCOL_ICMP:
        # S2.24: ICMP knows itself which messages are for raw sockets. S2.26: a protocol that has
        # one is known.
        taken = raw.receive(core, inbound)
    if receiver is None and not taken:
        # RFC 1122 §3.2.2.1: the designated transport protocol is not supported.
        inbound.nic.counters.inc("ipSystemStatsInUnknownProtos")
        core.counters.inc("UnknownProtocolRcvdPackets")
        icmp_errors.report(core, inbound, DESTINATION_UNREACHABLE, PROTOCOL_UNREACHABLE)
        return
    if policy.count_delivery_after_options:
        # RFC 4293: successfully delivered, so only after option work (S14.49).
        _count_delivery(inbound)
    if receiver is None:
        return
    if len(inbound.payload) < _SHORTEST_HEADER.get(protocol, 0):
        # S2.26: no transport header to be separated.
        core.counters.inc("MalformedRcvdPackets")
        for name in _SHORT_COUNTERS[protocol]:
            core.counters.inc(name)
        return
    receiver(core, inbound)

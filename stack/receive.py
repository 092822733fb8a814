"""From the link to a decision: is the datagram sound, may its source speak, whose is it (S2).

The order is that of RFC 1122 §3.2.1 and RFC 1812 §5.2.1: the link, the header, the source, the
destination, then local delivery or forwarding. Every way out moves a counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import arp, deliver, forward, icmp_errors
from stack.inbound import Cast, Inbound
from stack.policy import Policy
from stack.wire.address import (
    LIMITED_BROADCAST,
    is_class_e,
    is_loopback,
    is_multicast,
    is_zero_network,
)
from stack.wire.ethernet import ETHERTYPE_ARP, ETHERTYPE_IPV4, EthernetFrame, parse_ethernet
from stack.wire.icmp import PARAMETER_PROBLEM
from stack.wire.ipv4 import (
    PROTOCOL_IGMP,
    PROTOCOL_UDP,
    HeaderFault,
    Ipv4Header,
    Ipv4Packet,
    parse_ipv4,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Passage
    from stack.nic import Nic

_TOTAL_LENGTH_POINTER = 2


def frame(core: Core, nic: Nic, octets: bytes) -> None:
    """Take in one frame from the link of a NIC."""
    if not nic.enabled:
        # S1.7: a NIC that is off hands nothing up.
        nic.counters.inc("IP.DisabledPacketsReceived")
        return
    if nic.mac is None:
        datagram(core, nic, octets, Cast.UNICAST)
        return
    parsed = parse_ethernet(octets)
    if parsed is None:
        return
    link = _link_cast(nic, parsed)
    if link is None:
        return
    if parsed.ethertype == ETHERTYPE_IPV4:
        datagram(core, nic, parsed.payload, link)
    elif parsed.ethertype == ETHERTYPE_ARP:
        arp.receive(core, nic, parsed.payload)
    else:
        core.counters.inc("UnknownProtocolRcvdPackets")


def _link_cast(nic: Nic, parsed: EthernetFrame) -> Cast | None:
    """RFC 1122 §2.4: tell IP how the frame was addressed; None when it is for another station."""
    if parsed.destination == nic.mac:
        return Cast.UNICAST
    if parsed.is_broadcast:
        return Cast.BROADCAST
    if parsed.is_group_addressed:
        return Cast.MULTICAST
    return None


def datagram(
    core: Core,
    nic: Nic,
    octets: bytes,
    link: Cast,
    *,
    looped: bool = False,
    passage: Passage | None = None,
) -> None:
    """Take in one datagram; `looped` when this very stack sent it."""
    count = nic.counters.inc
    count("ipSystemStatsInReceives")
    if not nic.enabled:
        count("IP.DisabledPacketsReceived")
        count("ipSystemStatsInDiscards")
        return
    packet = parse_ipv4(octets)
    if isinstance(packet, HeaderFault):
        count("ipSystemStatsInOctets", len(octets))
        _refuse_header(core, nic, octets, packet, link)
        return
    inbound = Inbound(nic, packet.header, packet.payload, packet.octets, link, looped)
    inbound.passage = passage
    count("ipSystemStatsInOctets", len(packet.octets))
    _count_casts(inbound)
    hook = core.hooks.prerouting
    if hook is not None and not (
        # S10.11: looped copies are not seen here, unless all datagrams are.
        (looped and not core.policy.all_hooks) or hook.received(core, inbound)
    ):
        count("IP.IPTablesPreroutingDropped")
        count("ipSystemStatsInDiscards")
        return
    if not _source_may_speak(core, inbound):
        # RFC 1122 §3.2.1.3: MUST be silently discarded.
        count("IP.InvalidSourceAddressesReceived")
        count("ipSystemStatsInHdrErrors")
        return
    _decide(core, inbound)


def _refuse_header(core: Core, nic: Nic, octets: bytes, fault: HeaderFault, link: Cast) -> None:
    count = nic.counters.inc
    count("IP.MalformedPacketsReceived")
    if fault not in (HeaderFault.TRUNCATED, HeaderFault.TOO_SHORT):
        count("ipSystemStatsInHdrErrors")
        return
    # RFC 4293: the frame did not carry enough data.
    count("ipSystemStatsInTruncatedPkts")
    if not core.forwarding or fault is HeaderFault.TOO_SHORT:
        return
    total = int.from_bytes(octets[2:4], "big")
    if (octets[0] & 15) * 4 > len(octets):
        return
    # RFC 1812 §5.2.2: a router SHOULD point at the total length of a truncated packet.
    whole = parse_ipv4(octets + bytes(total - len(octets)))
    # Being truncated was its only fault.
    assert isinstance(whole, Ipv4Packet)
    payload = octets[whole.header.header_length :]
    inbound = Inbound(nic, whole.header, payload, octets, link)
    if _source_may_speak(core, inbound):
        icmp_errors.report(core, inbound, PARAMETER_PROBLEM, 0, pointer=_TOTAL_LENGTH_POINTER)


def _count_casts(inbound: Inbound) -> None:
    destination = inbound.header.destination
    if is_multicast(destination):
        inbound.nic.counters.inc("ipSystemStatsInMcastPkts")
        inbound.nic.counters.inc("ipSystemStatsInMcastOctets", len(inbound.octets))
    elif (
        destination == LIMITED_BROADCAST or inbound.nic.addresses.broadcast(destination) is not None
    ):
        inbound.nic.counters.inc("ipSystemStatsInBcastPkts")


def _source_may_speak(core: Core, inbound: Inbound) -> bool:
    """RFC 1122 §3.2.1.3: the source must name a single host, and not this one."""
    source = inbound.header.source
    if is_multicast(source) or source == LIMITED_BROADCAST:
        return False
    if core.is_subnet_broadcast(source):
        return False
    if inbound.looped:
        return True
    policy = core.policy
    if policy.drop_external_loopback and is_loopback(source):
        return False
    if policy.handle_local and inbound.nic.addresses.own(source) is not None:
        return False
    return not policy.refuse_illegal_sources or _is_legal(inbound.header)


def _is_legal(header: Ipv4Header) -> bool:
    source = header.source
    if is_zero_network(source):
        # RFC 1122 §3.2.1.3 (a): a host that does not know its address yet; RFC 1812 §4.2.2.11:
        # only where the protocol has a use for it (BOOTP over UDP, IGMP).
        return source == 0 and header.protocol in (PROTOCOL_UDP, PROTOCOL_IGMP)
    return not (is_loopback(source) or is_class_e(source))


def _decide(core: Core, inbound: Inbound) -> None:
    """RFC 1812 §5.2.3: for this host, to be forwarded, or neither."""
    count = inbound.nic.counters.inc
    cast = _for_us(core, inbound)
    if cast is None:
        if core.forwarding and not inbound.looped:
            forward.transit(core, inbound)
            return
        # RFC 1122 §3.2.1.3: a datagram not for this host MUST be silently discarded.
        count("ipSystemStatsInAddrErrors")
        return
    inbound.cast = cast
    if (
        cast is Cast.UNICAST
        and inbound.link is not Cast.UNICAST
        and core.policy.mind_link_broadcast
    ):
        # RFC 1122 §3.3.6: a link-layer broadcast SHOULD carry an IP broadcast or multicast.
        count("ipSystemStatsInDiscards")
        return
    if cast is Cast.UNICAST:
        inbound.local = inbound.header.destination
    else:
        # RFC 1122 §3.2.1.3: then the specific destination is an address of the interface.
        inbound.local = inbound.nic.addresses.source_for(inbound.header.source) or 0
    deliver.local(core, inbound)


def _for_us(core: Core, inbound: Inbound) -> Cast | None:
    """How a destination that is ours is addressed; None when it is not ours."""
    nic = inbound.nic
    destination = inbound.header.destination
    if nic.addresses.own(destination) is not None:
        # RFC 1122 §3.2.1.3 (g): 127/8 does not appear outside a host.
        outside = is_loopback(destination) and not inbound.looped
        return None if outside and core.policy.drop_external_loopback else Cast.UNICAST
    if destination == LIMITED_BROADCAST:
        return Cast.BROADCAST
    if is_multicast(destination):
        # RFC 1122 §3.2.1.3: joined on the interface it arrived by.
        return Cast.MULTICAST if destination in nic.groups else None
    if nic.addresses.broadcast(destination) is not None:
        return Cast.BROADCAST if _hears_directed(core, core.policy, inbound) else None
    if destination == 0 or nic.addresses.all_zeros(destination) is not None:
        # RFC 1122 §3.3.6: hosts SHOULD take the old forms; RFC 1812 §4.2.3.1: routers SHOULD NOT.
        old_form = core.policy.zero_host_is_broadcast and not core.forwarding
        return Cast.BROADCAST if old_form else None
    if core.forwarding and not inbound.looped:
        # RFC 1812 §5.2.3: any address of the router, whichever link the packet came by.
        owner = core.owner(destination)
        if owner is not None and not is_loopback(destination):
            inbound.nic = owner
            return Cast.UNICAST
    return None


def _hears_directed(core: Core, policy: Policy, inbound: Inbound) -> bool:
    """RFC 2644 §3: a router MUST NOT receive directed broadcasts unless it is told to."""
    return not core.forwarding or inbound.looped or policy.forward_directed_broadcasts

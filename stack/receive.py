"""From the link to a decision: is the datagram sound, may its source speak, whose is it (S2).

The order is that of RFC 1122 §3.2.1 and RFC 1812 §5.2.1: the link, the header, the source, the
destination, then local delivery or forwarding. Every way out moves a counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import arp, deliver, forward, icmp_errors, multicast_forward, packet_socket, raw
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
    if not nic.up:
        # S1.7: a NIC that is off hands nothing up.
        nic.received_disabled.add(octets)
        return
    if nic.mac is None:
        nic.received.add(octets)
        if core.packet_sockets:
            packet_socket.show(core, nic, ETHERTYPE_IPV4, octets)
        datagram(core, nic, octets, Cast.UNICAST)
        return
    parsed = parse_ethernet(octets)
    if parsed is None:
        return
    link = _link_cast(nic, parsed)
    if link is None:
        return
    nic.received.add(octets)
    ethertype = parsed.ethertype
    if ethertype not in (ETHERTYPE_IPV4, ETHERTYPE_ARP):
        core.counters.inc("UnknownProtocolRcvdPackets")
        return
    if core.packet_sockets:
        # S2.1: packet sockets get their copy now, before IP looks.
        packet_socket.show(core, nic, ethertype, octets)
    if ethertype == ETHERTYPE_IPV4:
        datagram(core, nic, parsed.payload, link)
    else:
        arp.receive(core, nic, parsed.payload)


def _link_cast(nic: Nic, parsed: EthernetFrame) -> Cast | None:
    """RFC 1122 §2.4: tell IP how the frame was addressed; None when it is for another station."""
    if parsed.destination == nic.mac:
        return Cast.UNICAST
    if parsed.is_broadcast:
        return Cast.BROADCAST
    if parsed.is_group_addressed:
        return Cast.MULTICAST
    # S1.17: a promiscuous NIC takes what is for other stations.
    return Cast.UNICAST if nic.promiscuous else None


def datagram(
    core: Core,
    nic: Nic,
    octets: bytes,
    link: Cast,
    *,
    looped: bool = False,
    built: bool = False,
    passage: Passage | None = None,
) -> None:
    """Take in one datagram; `looped` when this very stack sent it, `built` when it made it too."""
    count = nic.counters.inc
    count("ipSystemStatsInReceives")
    if not nic.enabled:
        count("IP.DisabledPacketsReceived")
        count("ipSystemStatsInDiscards")
        return
    # S3.10: RFC 1122 §3.2.1.2 MUST verify, unless the link has and the policy takes its word.
    packet = parse_ipv4(
        octets, verified=nic.verifies_checksum and not core.policy.always_verify_checksum
    )
    if isinstance(packet, HeaderFault):
        count("ipSystemStatsInOctets", len(octets))
        _refuse_header(core, nic, octets, packet, link)
        return
    inbound = Inbound(nic, packet.header, packet.payload, packet.octets, link, looped, built)
    inbound.passage = passage
    count("ipSystemStatsInOctets", len(packet.octets))
    _count_casts(inbound)
    # S2.6: what this very host sent skips all this.
    inside = looped or nic.loopback
    if not inside and not _may_come_from_outside(core, inbound):
        return
    hook = core.hooks.prerouting
    # S2.9. S10.11: looped copies are not seen here, unless all datagrams are.
    seen = hook is not None and (core.policy.all_hooks or not inside)
    if hook is not None and seen and not hook.received(core, inbound):
        count("IP.IPTablesPreroutingDropped")
        count("ipSystemStatsInDiscards")
        return
    owner = _enter(core, inbound)
    if owner is not None:
        # S8.4: now that NIC's in everything, and going nowhere else.
        inbound.nic = owner
        _enter(core, inbound, handed_over=True)


def _may_come_from_outside(core: Core, inbound: Inbound) -> bool:
    """S2.7, S2.8: addresses that are only ever spoken from inside this host."""
    policy = core.policy
    nic = inbound.nic
    source = inbound.header.source
    if policy.drop_external_loopback:
        # RFC 1122 §3.2.1.3 (g): 127/8 does not appear outside a host.
        if is_loopback(source):
            _refuse_source(nic)
            return False
        if is_loopback(inbound.header.destination):
            nic.counters.inc("ipSystemStatsInAddrErrors")
            return False
    if policy.handle_local:
        addresses = nic.addresses
        everything = nic.promiscuous and not policy.handle_local_spares_promiscuous
        if (
            everything
            or source == LIMITED_BROADCAST
            or addresses.own(source) is not None
            or addresses.broadcast(source) is not None
        ):
            _refuse_source(nic)
            return False
    return True


def _refuse_source(nic: Nic) -> None:
    # RFC 1122 §3.2.1.3: MUST be silently discarded.
    nic.counters.inc("IP.InvalidSourceAddressesReceived")
    nic.counters.inc("ipSystemStatsInHdrErrors")


def _refuse_header(core: Core, nic: Nic, octets: bytes, fault: HeaderFault, link: Cast) -> None:
    count = nic.counters.inc
    count("IP.MalformedPacketsReceived")
    if fault not in (HeaderFault.TRUNCATED, HeaderFault.TOO_SHORT):
        count("ipSystemStatsInHdrErrors")
        return
    # RFC 4293: the frame did not carry enough data.
    count("ipSystemStatsInTruncatedPkts")
    if not core.policy.router_reports_truncation:
        # S2.4: never an ICMP error.
        return
    if not nic.forwarding or fault is HeaderFault.TOO_SHORT:
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
    if _may_get_answer(core, inbound):
        icmp_errors.report(core, inbound, PARAMETER_PROBLEM, 0, pointer=_TOTAL_LENGTH_POINTER)


def _may_get_answer(core: Core, inbound: Inbound) -> bool:
    """Whether a source is one that the whole datagram would have been heard from."""
    if inbound.nic.addresses.own(inbound.header.source) is not None:
        return False
    return _source_may_speak(core, inbound)


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
    """S2.11, S2.12, RFC 1122 §3.2.1.3: the source must name a single host."""
    source = inbound.header.source
    if is_multicast(source) or source == LIMITED_BROADCAST:
        return False
    if not core.policy.refuse_illegal_sources:
        return inbound.nic.addresses.broadcast(source) is None
    if core.is_subnet_broadcast(source):
        return False
    return inbound.looped or inbound.nic.loopback or _is_legal(inbound.header)


def _is_legal(header: Ipv4Header) -> bool:
    source = header.source
    if is_zero_network(source):
        # RFC 1122 §3.2.1.3 (a): a host that does not know its address yet; RFC 1812 §4.2.2.11:
        # only where the protocol has a use for it (BOOTP over UDP, IGMP).
        return source == 0 and header.protocol in (PROTOCOL_UDP, PROTOCOL_IGMP)
    return not (is_loopback(source) or is_class_e(source))


def _enter(core: Core, inbound: Inbound, *, handed_over: bool = False) -> Nic | None:
    """S2.10 to S2.15: a valid datagram is booked on its NIC, and it is found out whose it is.

    Answers another NIC of ours when the datagram is for that one (S8.4).
    """
    policy = core.policy
    nic = inbound.nic
    header = inbound.header
    if policy.count_valid_packets:
        nic.counters.inc("IP.ValidPacketsReceived")
    raw.receive_early(core, inbound)
    if not _source_may_speak(core, inbound):
        _refuse_source(nic)
        return None
    forwarding = nic.forwarding and not inbound.looped and not handed_over
    if is_multicast(header.destination) and policy.groups_apart:
        # S2.31: a group goes its own way, and may be for us as well.
        forwarding = multicast_forward.runs(core, inbound)
        if forwarding:
            multicast_forward.transit(core, inbound)
            if header.destination not in nic.groups:
                return None
    cast = _for_us(core, inbound)
    if cast is not None:
        inbound.cast = cast
        _for_this_host(core, inbound)
        return None
    if forwarding:
        return forward.transit(core, inbound)
    # RFC 1122 §3.2.1.3: a datagram not for this host MUST be silently discarded.
    nic.counters.inc("ipSystemStatsInAddrErrors")
    return None


def _for_this_host(core: Core, inbound: Inbound) -> None:
    unicast = inbound.cast is Cast.UNICAST
    if unicast and inbound.link is not Cast.UNICAST and core.policy.mind_link_broadcast:
        # RFC 1122 §3.3.6: a link-layer broadcast SHOULD carry an IP broadcast or multicast.
        inbound.nic.counters.inc("ipSystemStatsInDiscards")
        return
    if unicast:
        inbound.local = inbound.header.destination
    else:
        # RFC 1122 §3.2.1.3: then the specific destination is an address of the interface.
        inbound.local = inbound.nic.addresses.source_for(inbound.header.source) or 0
    deliver.local(core, inbound)


def _for_us(core: Core, inbound: Inbound) -> Cast | None:
    """How a destination that is ours is addressed; None when it is not ours (S2.13, S2.14)."""
    nic = inbound.nic
    destination = inbound.header.destination
    if destination == LIMITED_BROADCAST:
        return Cast.BROADCAST
    own = nic.addresses.own(destination)
    # A loopback NIC owns its whole subnet, the broadcast address as such included (S1.16).
    if own is not None and (own.address == destination or not nic.loopback):
        return Cast.UNICAST
    if nic.addresses.broadcast(destination) is not None:
        return Cast.BROADCAST if _hears_directed(core, core.policy, inbound) else None
    if own is not None:
        return Cast.UNICAST
    if is_multicast(destination):
        # RFC 1122 §3.2.1.3: joined on the interface it arrived by; S1.17.
        return Cast.MULTICAST if destination in nic.groups or nic.promiscuous else None
    if _is_old_broadcast(core, nic, destination):
        return Cast.BROADCAST
    if nic.promiscuous and not inbound.looped:
        # S1.17: every destination is ours.
        return Cast.UNICAST
    if core.policy.own_address_before_ttl and nic.forwarding and not inbound.looped:
        # RFC 1812 §5.2.3: any address of the router, whichever link the packet came by.
        owner = core.owner(destination)
        if owner is not None:
            inbound.nic = owner
            return Cast.UNICAST
    return None


def _is_old_broadcast(core: Core, nic: Nic, destination: int) -> bool:
    # RFC 1122 §3.3.6: hosts SHOULD take the old forms; RFC 1812 §4.2.3.1: routers SHOULD NOT.
    if core.forwarding or not core.policy.zero_host_is_broadcast:
        return False
    return destination == 0 or nic.addresses.all_zeros(destination) is not None


def _hears_directed(core: Core, policy: Policy, inbound: Inbound) -> bool:
    """RFC 2644 §3: a router MUST NOT receive directed broadcasts unless it is told to."""
    if not core.forwarding or inbound.looped:
        return True
    return policy.forward_directed_broadcasts or not policy.drop_directed_broadcasts

"""From the link to a decision: is the datagram sound, may its source speak, whose is it (S2).

The order is that of RFC 1122 §3.2.1 and RFC 1812 §5.2.1: the link, the header, the source, the
destination, then local delivery or forwarding. Every way out moves a counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import arp, deliver, forward, icmp_errors, multicast_forward, packet_socket, raw
from stack.counters import IN_OCTETS, IN_RECEIVES
from stack.inbound import BROADCAST, MULTICAST, UNICAST, Cast, Inbound
from stack.policy import Policy
from stack.wire.address import (
    LIMITED_BROADCAST,
    is_loopback,
    is_multicast,
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
    split_ipv4,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Passage
    from stack.nic import Nic

PLAIN_LIMIT: Final = 1024
"""Pairs of addresses remembered; when there is no room all are forgotten."""
_TOTAL_LENGTH_POINTER = 2
_IPV4: Final = ETHERTYPE_IPV4.to_bytes(2, "big")


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
        datagram(core, nic, octets, UNICAST)
        return
    if octets[12:14] == _IPV4 and octets[:6] == nic.mac and not core.packet_sockets:
        # What most frames are, and what the rest of this function makes of them.
        received = nic.received
        received.packets += 1
        received.octets += len(octets)
        datagram(core, nic, octets[14:], UNICAST)
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
        return UNICAST
    if parsed.is_broadcast:
        return BROADCAST
    if parsed.is_group_addressed:
        return MULTICAST
    # S1.17: a promiscuous NIC takes what is for other stations.
    return UNICAST if nic.promiscuous else None


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
    numbers = nic.counters.numbers
    numbers[IN_RECEIVES] += 1
    if not nic.enabled:
        nic.counters.inc("IP.DisabledPacketsReceived")
        nic.counters.inc("ipSystemStatsInDiscards")
        return
    # S3.10: RFC 1122 §3.2.1.2 MUST verify, unless the link has and the policy takes its word.
    parts = split_ipv4(
        octets, verified=nic.verifies_checksum and not core.policy.always_verify_checksum
    )
    if not isinstance(parts, tuple):
        numbers[IN_OCTETS] += len(octets)
        _refuse_header(core, nic, octets, parts, link)
        return
    header, payload, octets = parts
    inbound = Inbound(nic, header, payload, octets, link, looped, built)
    if passage is not None:
        inbound.passage = passage
    numbers[IN_OCTETS] += header.total_length
    destination = header.destination
    # S2.6: what this very host sent skips all this.
    inside = looped or nic.loopback
    hook = core.hooks.prerouting
    if not inside and hook is None and (nic, header.source, destination) in core.plain:
        _book(core, inbound)
        inbound.cast = UNICAST
        _for_this_host(core, inbound)
        return
    if is_multicast(destination) or destination in core.address_index.broadcasts:
        _count_casts(inbound)
    if not inside and not _may_come_from_outside(core, inbound):
        return
    # S2.9. S10.11: looped copies are not seen here, unless all datagrams are.
    seen = hook is not None and (core.policy.all_hooks or not inside)
    if hook is not None and seen and not hook.received(core, inbound):
        nic.counters.inc("IP.IPTablesPreroutingDropped")
        nic.counters.inc("ipSystemStatsInDiscards")
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
        everything = nic.promiscuous and not policy.handle_local_spares_promiscuous
        if (
            everything
            or source == LIMITED_BROADCAST
            or nic.addresses.own(source) is not None
            or (
                source in core.address_index.broadcasts
                and nic.addresses.broadcast(source) is not None
            )
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
    # Its checksum is right, or not to be looked at (S3.10): being truncated was its only fault.
    whole = parse_ipv4(octets + bytes(total - len(octets)), verified=True)
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
    first = header.source >> 24
    if first == 0:
        # RFC 1122 §3.2.1.3 (a): a host that does not know its address yet; RFC 1812 §4.2.2.11:
        # only where the protocol has a use for it (BOOTP over UDP, IGMP).
        return header.source == 0 and header.protocol in (PROTOCOL_UDP, PROTOCOL_IGMP)
    # Neither of 127/8 nor of class E; the limited broadcast has been refused already.
    return first != 127 and first < 240


def _enter(core: Core, inbound: Inbound, *, handed_over: bool = False) -> Nic | None:
    """S2.10 to S2.15: a valid datagram is booked on its NIC, and it is found out whose it is.

    Answers another NIC of ours when the datagram is for that one (S8.4).
    """
    policy = core.policy
    nic = inbound.nic
    destination = inbound.header.destination
    _book(core, inbound)
    if not _source_may_speak(core, inbound):
        _refuse_source(nic)
        return None
    forwarding = nic.forwarding and not inbound.looped and not handed_over
    if policy.groups_apart and is_multicast(destination):
        # S2.31: a group goes its own way, and may be for us as well.
        forwarding = multicast_forward.runs(core, inbound)
        if forwarding:
            multicast_forward.transit(core, inbound)
            if destination not in nic.groups:
                return None
    cast = _for_us(core, inbound)
    if cast is not None:
        if cast is UNICAST and inbound.nic is nic and not handed_over:
            _remember(core, inbound)
        inbound.cast = cast
        _for_this_host(core, inbound)
        return None
    if forwarding:
        return forward.transit(core, inbound)
    # RFC 1122 §3.2.1.3: a datagram not for this host MUST be silently discarded.
    nic.counters.inc("ipSystemStatsInAddrErrors")
    return None


def _book(core: Core, inbound: Inbound) -> None:
    policy = core.policy
    if policy.count_valid_packets:
        inbound.nic.counters.inc("IP.ValidPacketsReceived")
    if not policy.raw_after_options:
        raw.receive_early(core, inbound)


def _remember(core: Core, inbound: Inbound) -> None:
    """Ask nothing more about these addresses, if all was asked and of what was received."""
    nic, header = inbound.nic, inbound.header
    inside = inbound.looped or nic.loopback
    # Whether the source 0 may speak is another question for each protocol.
    if inside or core.hooks.prerouting is not None or not header.source:
        return
    if len(core.plain) >= PLAIN_LIMIT:
        core.plain.clear()
    core.plain.add((nic, header.source, header.destination))


def _for_this_host(core: Core, inbound: Inbound) -> None:
    unicast = inbound.cast is UNICAST
    if unicast and inbound.link is not UNICAST and core.policy.mind_link_broadcast:
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
        return BROADCAST
    own = nic.addresses.own(destination)
    # A loopback NIC owns its whole subnet, the broadcast address as such included (S1.16).
    if own is not None and (own.address == destination or not nic.loopback):
        return UNICAST
    if nic.addresses.broadcast(destination) is not None:
        return BROADCAST if _hears_directed(core, core.policy, inbound) else None
    if own is not None:
        return UNICAST
    if is_multicast(destination):
        # RFC 1122 §3.2.1.3: joined on the interface it arrived by; S1.17.
        return MULTICAST if destination in nic.groups or nic.promiscuous else None
    if _is_old_broadcast(core, nic, destination):
        return BROADCAST
    if nic.promiscuous and not inbound.looped:
        # S1.17: every destination is ours.
        return UNICAST
    if core.policy.own_address_before_ttl and nic.forwarding and not inbound.looped:
        # RFC 1812 §5.2.3: any address of the router, whichever link the packet came by.
        owner = core.owner(destination)
        if owner is not None:
            inbound.nic = owner
            return UNICAST
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

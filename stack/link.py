"""Handing datagrams to a link: link addresses, waiting for them, the frame (RFC 894).

Every datagram and fragment that leaves passes `transmit`; ARP packets pass `send_arp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.core import LOOPED_LIMIT, OUTBOX_LIMIT, Looped
from stack.inbound import Cast
from stack.neighbours import Waiting
from stack.nic import NO_MAC
from stack.wire.arp import ArpPacket, arp_request, build_arp
from stack.wire.ethernet import (
    BROADCAST_MAC,
    ETHERTYPE_ARP,
    ETHERTYPE_IPV4,
    build_ethernet,
    group_mac,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.nic import Nic


def transmit(
    core: Core,
    nic: Nic,
    packet: bytes,
    *,
    next_hop: int,
    cast: Cast = Cast.UNICAST,
    about: Inbound | None = None,
) -> None:
    """Hand one datagram or fragment to the link, or keep it until its next hop is resolved.

    `about` is the datagram being forwarded, for the error if the next hop never answers.
    """
    if nic.mac is None or nic.loopback:
        emit(core, nic, packet, NO_MAC, cast)
        return
    if cast is Cast.BROADCAST:
        # RFC 894: the broadcast Internet address maps to the broadcast Ethernet address.
        mac: bytes | None = BROADCAST_MAC
    elif cast is Cast.MULTICAST:
        mac = group_mac(next_hop)
    else:
        source = int.from_bytes(packet[12:16], "big")
        own = nic.addresses.own(source)
        # RFC 1122 §3.2.1.3: only an address of ours may stand as sender in a request.
        sender = source if own is not None else nic.addresses.source_for(next_hop) or 0
        mac = nic.neighbours.resolve(next_hop, sender, Waiting(packet, about), core.now)
    if mac is not None:
        emit(core, nic, packet, mac, cast)


def emit(core: Core, nic: Nic, packet: bytes, mac: bytes, cast: Cast = Cast.UNICAST) -> None:
    """Put a datagram on the link; what leaves is counted here (RFC 4293, S14.53)."""
    count = nic.counters.inc
    if nic.loopback:
        if len(core.looped) >= LOOPED_LIMIT:
            count("ipSystemStatsOutDiscards")
            return
        core.looped.append(Looped(nic, packet))
    else:
        frame = packet
        if nic.mac is not None:
            frame = build_ethernet(mac, nic.mac, ETHERTYPE_IPV4, packet)
        if not _put(core, nic, frame):
            count("ipSystemStatsOutDiscards")
            return
    count("ipSystemStatsOutTransmits")
    count("ipSystemStatsOutOctets", len(packet))
    if cast is Cast.MULTICAST:
        count("ipSystemStatsOutMcastPkts")
        count("ipSystemStatsOutMcastOctets", len(packet))
    elif cast is Cast.BROADCAST:
        count("ipSystemStatsOutBcastPkts")


def _put(core: Core, nic: Nic, frame: bytes) -> bool:
    if is_full(core):
        return False
    core.outbox.append((nic.number, frame))
    return True


def is_full(core: Core) -> bool:
    """Answer whether the link refuses the next frame."""
    return len(core.outbox) >= OUTBOX_LIMIT


def send_to_group(core: Core, nic: Nic, packet: bytes, group: int) -> bool:
    """Put a datagram to a group on the link without counting it; answer whether it was taken."""
    frame = packet
    if nic.mac is not None:
        frame = build_ethernet(group_mac(group), nic.mac, ETHERTYPE_IPV4, packet)
    return _put(core, nic, frame)


def discard(nic: Nic) -> None:
    """Count a datagram that waited in vain for a link address (S13.7, S13.9)."""
    nic.counters.inc("ipSystemStatsOutDiscards")
    nic.counters.inc("IP.OutgoingPacketErrors")


def release(core: Core, nic: Nic, waiting: list[Waiting], mac: bytes) -> None:
    """Send the packets that waited for a link address that is known now."""
    for each in waiting:
        emit(core, nic, each.packet, mac)


def send_arp(core: Core, nic: Nic, packet: ArpPacket, destination: bytes) -> None:
    """Put an ARP packet on the link."""
    _put(core, nic, build_ethernet(destination, nic.station, ETHERTYPE_ARP, build_arp(packet)))


def ask(core: Core, nic: Nic, target: int, source: int, mac: bytes | None) -> None:
    """Send an ARP request, to one station when its address is known, else to all (RFC 826)."""
    request = arp_request(nic.station, source, target)
    send_arp(core, nic, request, mac or BROADCAST_MAC)

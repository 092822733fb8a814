"""Handing datagrams to a link: link addresses, waiting for them, the frame (RFC 894).

Every datagram and fragment that leaves passes `transmit`; ARP packets pass `send_arp`. Only IGMP,
where the policy says that it goes straight to the link, has a way of its own, `send_to_group`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.core import LOOPED_LIMIT, OUTBOX_LIMIT, Looped
from stack.counters import OUT_OCTETS, OUT_TRANSMITS
from stack.inbound import BROADCAST, MULTICAST, UNICAST, Cast
from stack.neighbours import Waiting
from stack.nic import NO_MAC
from stack.refusal import Reason
from stack.wire.arp import REPLY, ArpPacket, arp_request, build_arp
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
    cast: Cast = UNICAST,
    about: Inbound | None = None,
) -> Reason | None:
    """Hand one datagram or fragment to the link, or keep it until its next hop is resolved.

    `about` is the datagram being forwarded, for the error if the next hop never answers. Answers
    why the link refused, if it did; what waits for its next hop counts as handed over (S7.16).
    """
    if nic.mac is None or nic.loopback:
        return emit(core, nic, packet, NO_MAC, cast)
    if cast is BROADCAST:
        # RFC 894: the broadcast Internet address maps to the broadcast Ethernet address.
        mac: bytes | None = BROADCAST_MAC
    elif cast is MULTICAST:
        mac = group_mac(next_hop)
    elif not core.policy.handle_local and nic.addresses.own(next_hop) is not None:
        # S7.13: what goes to oneself over the link goes to one's own link address.
        mac = nic.mac
    else:
        mac = nic.neighbour_table.ready(next_hop, core.now)
        if mac is None:
            mac = _resolve(core, nic, packet, next_hop, about)
        if core.routes.returning:
            _look_for_gateways(core)
    if mac is not None:
        return emit(core, nic, packet, mac, cast)
    if not core.policy.count_sent_when_leaving:
        # S7.16: queued is handed over.
        _count_sent(nic, packet, cast)
    return None


def _resolve(
    core: Core, nic: Nic, packet: bytes, next_hop: int, about: Inbound | None
) -> bytes | None:
    source = int.from_bytes(packet[12:16], "big")
    if nic.addresses.own(source) is None:
        # S13.8; RFC 1122 §3.2.1.3: only an address of ours may stand as sender in a request.
        source = nic.addresses.main() or 0
    return nic.neighbours.resolve(next_hop, source, Waiting(packet, about), core.now)


def _look_for_gateways(core: Core) -> None:
    """RFC 1122 §3.3.1.5: ask slowly for better gateways that fell silent, while there is traffic.

    An answer brings them back (`RouteTable.neighbour_heard`).
    """
    for number, gateway in core.routes.take_returning():
        nic = core.nics.get(number)
        if nic is not None and nic.enabled:
            ask(core, nic, gateway, nic.addresses.main() or 0, None)


def emit(core: Core, nic: Nic, packet: bytes, mac: bytes, cast: Cast = UNICAST) -> Reason | None:
    """Put a datagram on the link, if it takes it; what leaves is counted here (RFC 4293, S14.53).

    What the link refuses is for the caller to count (S6.25, S7.15).
    """
    if not _hand_over(core, nic, packet, mac):
        return Reason.NO_BUFFER_SPACE
    _count_sent(nic, packet, cast)
    return None


def _hand_over(core: Core, nic: Nic, packet: bytes, mac: bytes) -> bool:
    if nic.loopback:
        if len(core.looped) >= LOOPED_LIMIT:
            return False
        core.looped.append(Looped(nic, packet))
        return True
    if is_full(core, nic):
        return False
    own = nic.mac
    if own is not None:
        packet = build_ethernet(mac, own, ETHERTYPE_IPV4, packet)
    nic.waiting += 1
    core.outbox.append((nic.number, packet))
    return True


def _count_sent(nic: Nic, packet: bytes, cast: Cast) -> None:
    numbers = nic.counters.numbers
    numbers[OUT_TRANSMITS] += 1
    numbers[OUT_OCTETS] += len(packet)
    if cast is UNICAST:
        return
    count = nic.counters.inc
    if cast is MULTICAST:
        count("ipSystemStatsOutMcastPkts")
        count("ipSystemStatsOutMcastOctets", len(packet))
    else:
        count("ipSystemStatsOutBcastPkts")


def _put(core: Core, nic: Nic, frame: bytes) -> bool:
    if is_full(core, nic):
        return False
    nic.waiting += 1
    core.outbox.append((nic.number, frame))
    return True


def is_full(core: Core, nic: Nic) -> bool:
    """Answer whether the link refuses the next frame."""
    if nic.polls != core.polls:
        # All that waited has been fetched.
        nic.polls = core.polls
        nic.waiting = 0
    return nic.waiting >= nic.link_room or len(core.outbox) >= OUTBOX_LIMIT


def send_to_group(core: Core, nic: Nic, packet: bytes, group: int) -> bool:
    """Put a datagram to a group on the link without counting it; answer whether it was taken."""
    frame = packet
    if nic.mac is not None:
        frame = build_ethernet(group_mac(group), nic.mac, ETHERTYPE_IPV4, packet)
    return _put(core, nic, frame)


def discard(nic: Nic) -> None:
    """Count a datagram that waited in vain: no link address (S13.7, S13.9), or no room then."""
    nic.counters.inc("ipSystemStatsOutDiscards")
    nic.counters.inc("IP.OutgoingPacketErrors")


def release(core: Core, nic: Nic, waiting: list[Waiting], mac: bytes) -> None:
    """Send the packets that waited for a link address that is known now."""
    for each in waiting:
        if not _hand_over(core, nic, each.packet, mac):
            discard(nic)
        elif core.policy.count_sent_when_leaving:
            _count_sent(nic, each.packet, UNICAST)


def send_arp(core: Core, nic: Nic, packet: ArpPacket, destination: bytes) -> None:
    """Put an ARP packet on the link, and count it (S13.11)."""
    frame = build_ethernet(destination, nic.station, ETHERTYPE_ARP, build_arp(packet))
    kind = "Replies" if packet.operation == REPLY else "Requests"
    sent = _put(core, nic, frame)
    nic.counters.inc(f"ARP.Outgoing{kind}{'Sent' if sent else 'Dropped'}")


def ask(core: Core, nic: Nic, target: int, source: int, mac: bytes | None) -> None:
    """Send an ARP request, to one station when its address is known, else to all (RFC 826)."""
    if not nic.arp:
        return
    if not source:
        # RFC 5227 §1.1: with a sender address of zero it would be a probe.
        nic.counters.inc("ARP.OutgoingRequestInterfaceHasNoLocalAddressErrors")
        return
    request = arp_request(nic.station, source, target)
    send_arp(core, nic, request, mac or BROADCAST_MAC)

"""ARP packets received (RFC 826, RFC 5227 §2.4, RFC 3927 §2.5, S13.11).

The order is that of RFC 826: hardware and protocol first, then the table is updated if the sender
is known, then "am I the target?", and only last the operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import address_probe, link
from stack.address_trials import Change
from stack.choices import Defence
from stack.routes import LINK_LOCAL
from stack.wire.address import is_loopback, is_multicast, is_zero_network
from stack.wire.arp import REPLY, REQUEST, ArpPacket, arp_reply, parse_arp
from stack.wire.ethernet import BROADCAST_MAC, is_mac

if TYPE_CHECKING:
    from stack.core import Core
    from stack.neighbours import Waiting
    from stack.nic import Nic

DEFEND_INTERVAL: Final = 10_000_000
"""Microseconds. RFC 5227 §1.1: the least time between two defences of an address."""


def receive(core: Core, nic: Nic, octets: bytes) -> None:
    """Take in one ARP packet."""
    packet = _read(nic, octets)
    if packet is None:
        return
    if core.probes.tentative and not _is_our_station(core, packet.sender_mac):
        address_probe.heard(core, nic, packet)
    if nic.addresses.own(packet.sender_address) is not None and _defend(core, nic, packet):
        return
    # S1.18: a spoofing NIC answers for any address.
    own = nic.addresses.own(packet.target_address, temporaries=nic.spoofing) is not None
    if packet.operation == REQUEST and not own:
        nic.counters.inc("ARP.RequestsReceivedUnknownTargetAddress")
    if _names_a_station(core, packet.sender_address):
        waiting = _learn(core, nic, packet, own=own)
        core.routes.neighbour_heard(packet.sender_address)
        link.release(core, nic, waiting, packet.sender_mac)
    if own and packet.operation == REQUEST:
        _answer(core, nic, packet)


def _read(nic: Nic, octets: bytes) -> ArpPacket | None:
    """Count a packet and read it; None when it is not to be believed."""
    count = nic.counters.inc
    count("ARP.PacketsReceived")
    if not nic.arp:
        count("ARP.DisabledPacketsReceived")
        return None
    packet = parse_arp(octets)
    if packet is None or not packet.is_for_ethernet_ipv4:
        count("ARP.MalformedPacketsReceived")
        return None
    if packet.operation not in (REQUEST, REPLY):
        return None
    count("ARP.RequestsReceived" if packet.operation == REQUEST else "ARP.RepliesReceived")
    # RFC 1812 §3.3.2: a broadcast or multicast link address is not believed. Our own packets may
    # come back to us (RFC 5227 §2.1.1).
    if not is_mac(packet.sender_mac) or packet.sender_mac == nic.mac:
        return None
    return packet


def _is_our_station(core: Core, mac: bytes) -> bool:
    """RFC 5227 §2.1.1: on any of the host's interfaces."""
    return any(nic.mac == mac for nic in core.nics.values())


def _names_a_station(core: Core, address: int) -> bool:
    """RFC 5227 §2.5: a probe's sender address of zero is no address to keep; nor is a broadcast."""
    return not (
        is_zero_network(address)
        or is_loopback(address)
        or is_multicast(address)
        or address >> 28 == 0xF
        or core.is_subnet_broadcast(address)
    )


def _learn(core: Core, nic: Nic, packet: ArpPacket, *, own: bool) -> list[Waiting]:
    address, mac = packet.sender_address, packet.sender_mac
    if core.policy.arp_takes_new_address:
        # RFC 826: merge first; a new entry only if we are the target.
        return nic.neighbours.heard(address, mac, core.now, create=own)
    # S13.11: requests for others teach nothing, replies nothing new.
    if packet.operation == REPLY:
        return nic.neighbours.confirmed(address, mac, core.now)
    return nic.neighbours.heard(address, mac, core.now, create=True) if own else []


def _answer(core: Core, nic: Nic, request: ArpPacket) -> None:
    reply = arp_reply(
        nic.station, request.target_address, request.sender_mac, request.sender_address
    )
    # RFC 3927 §2.5: with a link-local sender address, replies too are broadcast.
    local = LINK_LOCAL.contains(request.target_address)
    link.send_arp(core, nic, reply, BROADCAST_MAC if local else request.sender_mac)


def _defend(core: Core, nic: Nic, packet: ArpPacket) -> bool:
    """RFC 5227 §2.4: another station speaks as one of our addresses.

    False when conflicts are not looked for.
    """
    address = packet.sender_address
    defence = nic.defence.get(address, core.policy.address_defence)
    if defence is Defence.NONE:
        return False
    if _is_our_station(core, packet.sender_mac):
        return True
    core.probes.conflict(nic)
    last = nic.defended.get(address)
    recent = last is not None and core.now - last < DEFEND_INTERVAL
    if defence is Defence.ABANDON or (defence is Defence.ONCE and recent):
        address_probe.give_up(core, nic, address, packet.sender_mac)
    elif not recent:
        nic.defended[address] = core.now
        address_probe.announce(core, nic, address)
        core.probes.note(nic, address, Change.DEFENDED, packet.sender_mac)
    return True

"""ARP packets received (RFC 826, RFC 5227 §2.4, RFC 3927 §2.5).

The order is that of RFC 826: hardware and protocol first, then the table is updated if the sender
is known, then "am I the target?", and only last the operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import link
from stack.routes import LINK_LOCAL
from stack.wire.address import is_loopback, is_multicast, is_zero_network
from stack.wire.arp import REPLY, REQUEST, ArpPacket, arp_reply, arp_request, parse_arp
from stack.wire.ethernet import BROADCAST_MAC, is_mac

if TYPE_CHECKING:
    from stack.core import Core
    from stack.nic import Nic

DEFEND_INTERVAL: Final = 10_000_000
"""Microseconds. RFC 5227 §1.1: the least time between two defences of an address."""


def receive(core: Core, nic: Nic, octets: bytes) -> None:
    """Take in one ARP packet."""
    packet = parse_arp(octets)
    if packet is None or not packet.is_for_ethernet_ipv4:
        return
    if packet.operation not in (REQUEST, REPLY) or not is_mac(packet.sender_mac):
        # RFC 1812 §3.3.2: a broadcast or multicast link address is not believed.
        return
    if packet.sender_mac == nic.mac:
        return
    if nic.addresses.own(packet.sender_address) is not None:
        _defend(core, nic, packet.sender_address)
        return
    # S1.18: a spoofing NIC answers for any address.
    own = nic.addresses.own(packet.target_address, temporaries=nic.spoofing)
    if _names_a_station(core, packet.sender_address):
        # RFC 826: merge first; a new entry only if we are the target.
        waiting = nic.neighbours.heard(
            packet.sender_address, packet.sender_mac, core.now, create=own is not None
        )
        core.routes.neighbour_heard(packet.sender_address)
        link.release(core, nic, waiting, packet.sender_mac)
    if own is not None and packet.operation == REQUEST:
        _answer(core, nic, packet)


def _names_a_station(core: Core, address: int) -> bool:
    """RFC 5227 §2.5: a probe's sender address of zero is no address to keep; nor is a broadcast."""
    return not (
        is_zero_network(address)
        or is_loopback(address)
        or is_multicast(address)
        or address >> 28 == 0xF
        or core.is_subnet_broadcast(address)
    )


def _answer(core: Core, nic: Nic, request: ArpPacket) -> None:
    reply = arp_reply(
        nic.station, request.target_address, request.sender_mac, request.sender_address
    )
    # RFC 3927 §2.5: with a link-local sender address, replies too are broadcast.
    local = LINK_LOCAL.contains(request.target_address)
    link.send_arp(core, nic, reply, BROADCAST_MAC if local else request.sender_mac)


def _defend(core: Core, nic: Nic, address: int) -> None:
    """RFC 5227 §2.4 (c): keep the address, announce it at most once in ten seconds."""
    last = nic.defended.get(address)
    if last is not None and core.now - last < DEFEND_INTERVAL:
        return
    nic.defended[address] = core.now
    link.send_arp(core, nic, arp_request(nic.station, address, address), BROADCAST_MAC)

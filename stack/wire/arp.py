"""ARP packets (RFC 826). What a field means is judged by the receiver, not here."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

HARDWARE_ETHERNET: Final = 1
HARDWARE_IEEE802: Final = 6
"""RFC 1042: IEEE 802 networks may use 6; receivers take both."""
PROTOCOL_IPV4: Final = 0x0800
REQUEST: Final = 1
REPLY: Final = 2

_PACKET = struct.Struct("!HHBBH6sI6sI")


class ArpPacket(NamedTuple):
    """One packet for 6-octet hardware and 4-octet protocol addresses."""

    hardware_type: int
    protocol_type: int
    hardware_length: int
    protocol_length: int
    operation: int
    sender_mac: bytes
    sender_address: int
    target_mac: bytes
    target_address: int

    @property
    def is_for_ethernet_ipv4(self) -> bool:
        """RFC 826: "do I have the hardware type", "do I speak the protocol", lengths checked."""
        return (
            self.hardware_type in (HARDWARE_ETHERNET, HARDWARE_IEEE802)
            and self.protocol_type == PROTOCOL_IPV4
            and self.hardware_length == 6
            and self.protocol_length == 4
        )


def parse_arp(octets: bytes) -> ArpPacket | None:
    """Read a packet, ignoring link padding; None when it is too short.

    The fields are read at the places they have for Ethernet and IPv4; `is_for_ethernet_ipv4` tells
    whether they mean that.
    """
    if len(octets) < _PACKET.size:
        return None
    return ArpPacket(*_PACKET.unpack_from(octets))


def build_arp(packet: ArpPacket) -> bytes:
    """Write a packet."""
    return _PACKET.pack(*packet)


def arp_request(
    sender_mac: bytes, sender_address: int, target_address: int, target_mac: bytes = bytes(6)
) -> ArpPacket:
    """Ask who has an address; a probe (RFC 5227 §2.1.1) has sender address zero."""
    return ArpPacket(
        HARDWARE_ETHERNET, PROTOCOL_IPV4, 6, 4, REQUEST,
        sender_mac, sender_address, target_mac, target_address,
    )  # fmt: skip


def arp_reply(
    sender_mac: bytes, sender_address: int, target_mac: bytes, target_address: int
) -> ArpPacket:
    """Tell the target who we are."""
    return ArpPacket(
        HARDWARE_ETHERNET, PROTOCOL_IPV4, 6, 4, REPLY,
        sender_mac, sender_address, target_mac, target_address,
    )  # fmt: skip

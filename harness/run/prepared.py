"""Frames that the tester sends by the thousand: built once with scapy, then patched."""

from __future__ import annotations

from functools import cache
from socket import inet_aton

from harness import scapy_layers
from harness.addresses import tester_mac
from harness.internet_checksum import internet_checksum

_DATA = b"ip4spec sentinel"


@cache
def _echo() -> bytes:
    """An echo request as an IP packet: 20 octets of header, 8 of ICMP, data."""
    message = scapy_layers.icmp(8, 0, {"id": 0, "seq": 0}) + _DATA
    fields = {
        "version": 4,
        "ihl": None,
        "tos": 0,
        "total_length": None,
        "identification": 0,
        "flags": 0,
        "offset": 0,
        "ttl": 64,
        "protocol": 1,
        "checksum": 0,
        "src": "0.0.0.0",
        "dst": "0.0.0.0",
    }
    return scapy_layers.ipv4(fields, b"", len(message)) + message


def echo_packet(src: str, dst: str, identifier: int, sequence: int) -> bytes:
    """An ICMP echo request from one address to another, as an IP packet."""
    packet = bytearray(_echo())
    packet[4:6] = sequence.to_bytes(2, "big")
    packet[10:20] = b"\x00\x00" + inet_aton(src) + inet_aton(dst)
    packet[10:12] = internet_checksum(bytes(packet[:20])).to_bytes(2, "big")
    packet[22:28] = b"\x00\x00" + identifier.to_bytes(2, "big") + sequence.to_bytes(2, "big")
    packet[22:24] = internet_checksum(bytes(packet[20:])).to_bytes(2, "big")
    return bytes(packet)


@cache
def _arp_head() -> bytes:
    fields = {
        "hardware_type": 1,
        "protocol_type": 0x0800,
        "hardware_length": 6,
        "protocol_length": 4,
        "operation": 2,
        "sender_mac": bytes(6),
        "sender": "0.0.0.0",
        "target_mac": bytes(6),
        "target": "0.0.0.0",
    }
    return scapy_layers.arp(fields)[:8]


def arp_reply(sender: str, to_mac: bytes, to: str) -> bytes:
    """An ARP reply frame by which the tester says where one of its addresses is."""
    own = tester_mac(sender)
    link = scapy_layers.ethernet(to_mac, own, 0x0806)
    return link + _arp_head() + own + inet_aton(sender) + to_mac + inet_aton(to)


def ethernet_frame(dst: bytes, src: bytes, packet: bytes) -> bytes:
    """An IP packet in an Ethernet II frame."""
    return scapy_layers.ethernet(dst, src, 0x0800) + packet

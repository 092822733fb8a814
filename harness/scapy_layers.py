"""The one place that touches scapy's packet classes: headers from field values.

scapy's route tables and IPv6 are left alone on import: they cost time and are not used. Each
header is built by itself and joined to its payload here, which is several times cheaper than
scapy's own stacking and keeps trailing octets visible.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from scapy.config import conf

conf.route_autoload = False
conf.route6_autoload = False
conf.ipv6_enabled = False

from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: E402 - after the configuration
from scapy.layers.l2 import ARP, LLC, SNAP, Dot3, Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402


@lru_cache(maxsize=4096)
def ethernet(dst: bytes, src: bytes, ethertype: int) -> bytes:
    """An Ethernet II header."""
    return bytes(Ether(dst=_mac(dst), src=_mac(src), type=ethertype))


def ethernet_snap(dst: bytes, src: bytes, ethertype: int, length: int) -> bytes:
    """An 802.3 header with LLC and SNAP; `length` counts from the LLC header on."""
    header = Dot3(dst=_mac(dst), src=_mac(src), len=length)
    return bytes(header) + bytes(LLC(dsap=0xAA, ssap=0xAA, ctrl=3)) + bytes(SNAP(code=ethertype))


def arp(fields: dict[str, Any]) -> bytes:
    """An ARP packet; addresses are octets of their own."""
    return bytes(
        ARP(
            hwtype=fields["hardware_type"],
            ptype=fields["protocol_type"],
            hwlen=fields["hardware_length"],
            plen=fields["protocol_length"],
            op=fields["operation"],
            hwsrc=_mac(fields["sender_mac"]),
            psrc=fields["sender"],
            hwdst=_mac(fields["target_mac"]),
            pdst=fields["target"],
        )
    )


def ipv4(fields: dict[str, Any], options: bytes, payload_length: int) -> bytes:
    """An IPv4 header; fields that are None are computed."""
    header_length = 20 + (len(options) + 3) // 4 * 4
    total = fields["total_length"]
    return bytes(
        IP(
            version=fields["version"],
            ihl=fields["ihl"],
            tos=fields["tos"],
            len=header_length + payload_length if total is None else total,
            id=fields["identification"],
            flags=fields["flags"],
            frag=fields["offset"],
            ttl=fields["ttl"],
            proto=fields["protocol"],
            chksum=fields["checksum"],
            src=fields["src"],
            dst=fields["dst"],
            options=[Raw(options)] if options else [],
        )
    )


def icmp(kind: int, code: int, fields: dict[str, Any]) -> bytes:
    """The eight (timestamps: twenty) octets of an ICMP header, its checksum zero."""
    return bytes(ICMP(type=kind, code=code, chksum=0, **fields))


def udp(sport: int, dport: int, length: int) -> bytes:
    """A UDP header, its checksum zero."""
    return bytes(UDP(sport=sport, dport=dport, len=length, chksum=0))


def tcp(fields: dict[str, Any]) -> bytes:
    """A TCP header without options, its checksum zero."""
    return bytes(
        TCP(
            sport=fields["sport"],
            dport=fields["dport"],
            seq=fields["sequence"],
            ack=fields["acknowledgment"],
            flags=fields["flags"],
            window=fields["window"],
            dataofs=5,
            chksum=0,
        )
    )


def _mac(octets: bytes) -> str:
    return octets.hex(":")

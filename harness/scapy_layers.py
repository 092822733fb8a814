"""The one place that touches scapy's packet classes: headers from field values.

scapy's route tables and IPv6 are left alone on import: they cost time and are not used. Each
header is built by itself and joined to its payload here, which is several times cheaper than
scapy's own stacking and keeps trailing octets visible.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any

from scapy.config import conf

from harness.internet_checksum import internet_checksum

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
    """An ARP packet with addresses of Ethernet and IPv4, whatever types and lengths it names."""
    packet = bytes(
        ARP(
            op=fields["operation"],
            hwsrc=_mac(fields["sender_mac"]),
            psrc=fields["sender"],
            hwdst=_mac(fields["target_mac"]),
            pdst=fields["target"],
        )
    )
    # scapy writes addresses by the types that are named; they go in afterwards.
    types = fields["hardware_type"], fields["protocol_type"]
    lengths = fields["hardware_length"], fields["protocol_length"]
    return struct.pack("!HHBB", *types, *lengths) + packet[6:]


def ipv4(fields: dict[str, Any], options: bytes, payload_length: int) -> bytes:
    """An IPv4 header; fields that are None are computed.

    What differs from one datagram to the next (length, Identification, checksum) is written into
    a header that scapy has built once.
    """
    header = bytearray(
        _ipv4(
            fields["version"],
            fields["ihl"],
            fields["tos"],
            fields["flags"],
            fields["offset"],
            fields["ttl"],
            fields["protocol"],
            fields["src"],
            fields["dst"],
            options,
        )
    )
    total = fields["total_length"]
    if total is None:
        total = (len(header) + payload_length) & 0xFFFF
    struct.pack_into("!HH", header, 2, total, fields["identification"])
    checksum = fields["checksum"]
    if checksum is None:
        checksum = internet_checksum(bytes(header))
    struct.pack_into("!H", header, 10, checksum)
    return bytes(header)


@lru_cache(maxsize=4096)
def _ipv4(  # one argument a field: they are the key of what is kept
    version: int,
    ihl: int | None,
    tos: int,
    flags: int,
    offset: int,
    ttl: int,
    protocol: int,
    src: str,
    dst: str,
    options: bytes,
) -> bytes:
    """An IPv4 header with length, Identification and checksum zero."""
    return bytes(
        IP(
            version=version,
            ihl=ihl,
            tos=tos,
            len=0,
            id=0,
            flags=flags,
            frag=offset,
            ttl=ttl,
            proto=protocol,
            chksum=0,
            src=src,
            dst=dst,
            options=[Raw(options)] if options else [],
        )
    )


def icmp(kind: int, code: int, fields: dict[str, Any]) -> bytes:
    """The eight (timestamps: twenty) octets of an ICMP header, its checksum zero."""
    return _icmp(kind, code, tuple(fields.items()))


@lru_cache(maxsize=4096)
def _icmp(kind: int, code: int, fields: tuple[tuple[str, Any], ...]) -> bytes:
    return bytes(ICMP(type=kind, code=code, chksum=0, **dict(fields)))


@lru_cache(maxsize=4096)
def udp(sport: int, dport: int, length: int) -> bytes:
    """A UDP header, its checksum zero."""
    return bytes(UDP(sport=sport, dport=dport, len=length, chksum=0))


def tcp(fields: dict[str, Any]) -> bytes:
    """A TCP header up to its options, its checksum zero; `words` is its length with them."""
    return bytes(
        TCP(
            sport=fields["sport"],
            dport=fields["dport"],
            seq=fields["sequence"],
            ack=fields["acknowledgment"],
            flags=fields["flags"],
            window=fields["window"],
            urgptr=fields["urgent"],
            dataofs=fields["words"],
            chksum=0,
        )
    )


def _mac(octets: bytes) -> str:
    return octets.hex(":")

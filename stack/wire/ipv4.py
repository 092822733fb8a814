"""The IPv4 header (RFC 791 §3.1).

Parsing holds the receive checks of RFC 1122 §3.2.1 and RFC 1812 §5.2.2; each failing has a name of
its own. What is behind Total Length is link padding and is cut off before anyone else sees it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

MINIMUM_HEADER: Final = 20
MAXIMUM_HEADER: Final = 60
MAXIMUM_DATAGRAM: Final = 65535
"""Octets of the largest datagram, header included (RFC 791 §3.1)."""
MINIMUM_MTU: Final = 68
"""RFC 791 §3.2: every module forwards 68 octets without further cutting."""

FLAG_RESERVED: Final = 4
FLAG_DF: Final = 2
FLAG_MF: Final = 1

PROTOCOL_ICMP: Final = 1
PROTOCOL_IGMP: Final = 2
PROTOCOL_TCP: Final = 6
PROTOCOL_UDP: Final = 17

_number = int.from_bytes
_HEADER = struct.Struct("!HHHHBBHII")


class HeaderFault(Enum):
    """Why a datagram is silently discarded before anything in its header is believed."""

    TOO_SHORT = "fewer than 20 octets"
    HEADER_LENGTH = "IHL below 5"
    TRUNCATED = "the header or Total Length goes past what was received"
    CHECKSUM = "header checksum wrong"
    VERSION = "version is not 4"
    TOTAL_LENGTH = "Total Length is less than the header"


@dataclass(slots=True)
class Ipv4Header:
    """The fields of a header. `total_length` and `checksum` are those read; building makes them."""

    source: int
    destination: int
    protocol: int
    ttl: int = 64
    tos: int = 0
    identification: int = 0
    flags: int = 0
    """Three bits: FLAG_RESERVED, FLAG_DF, FLAG_MF."""
    fragment_offset: int = 0
    """In units of eight octets."""
    options: bytes = b""
    """The option area; built headers fill it with zeros to a multiple of four."""
    total_length: int = 0
    """Octets of header and data."""
    checksum: int = 0

    @property
    def header_length(self) -> int:
        """Octets of the header, options included."""
        return 20 + (len(self.options) + 3 & ~3)

    @property
    def df(self) -> bool:
        """Don't Fragment."""
        return self.flags & FLAG_DF != 0

    @property
    def mf(self) -> bool:
        """More Fragments."""
        return self.flags & FLAG_MF != 0

    @property
    def is_fragment(self) -> bool:
        """A piece of a datagram: MF set or an offset."""
        return self.flags & FLAG_MF != 0 or self.fragment_offset != 0

    @property
    def is_atomic(self) -> bool:
        """RFC 6864 §4: neither a piece nor to be cut, so its Identification means nothing."""
        return self.flags & (FLAG_DF | FLAG_MF) == FLAG_DF and self.fragment_offset == 0


@dataclass(slots=True)
class Ipv4Packet:
    """A header that passed all checks, with what it carries."""

    header: Ipv4Header
    payload: bytes
    octets: bytes
    """Header and payload exactly as received, link padding cut off; what errors quote."""


def parse_ipv4(octets: bytes, *, verified: bool = False) -> Ipv4Packet | HeaderFault:
    """Check and read a packet; RFC 1122 §3.2.1.1, §3.2.1.2: what fails is silently discarded.

    `verified`: the link has looked at the checksum already (S3.10).
    """
    parts = split_ipv4(octets, verified=verified)
    return Ipv4Packet(*parts) if isinstance(parts, tuple) else parts


def split_ipv4(
    octets: bytes, *, verified: bool = False
) -> tuple[Ipv4Header, bytes, bytes] | HeaderFault:
    """As `parse_ipv4`; answers the parts of the packet: header, payload, octets."""
    size = len(octets)
    if size < 20:
        return HeaderFault.TOO_SHORT
    first, total, identification, fragment, ttl, protocol, checksum, source, destination = (
        _HEADER.unpack_from(octets)
    )
    header_length = (first >> 8 & 15) * 4
    if header_length < 20:
        return HeaderFault.HEADER_LENGTH
    if header_length > size:
        return HeaderFault.TRUNCATED
    head = octets[:header_length]
    # RFC 1122 §3.2.1.2: the checksum of every datagram is verified.
    # The version octet is never zero here, so a right sum is a multiple of 0xFFFF.
    if not verified and _number(head) % 0xFFFF:
        return HeaderFault.CHECKSUM
    # RFC 1122 §3.2.1.1: version other than 4 is silently discarded.
    if first >> 12 != 4:
        return HeaderFault.VERSION
    if total < header_length:
        return HeaderFault.TOTAL_LENGTH
    if total > size:
        return HeaderFault.TRUNCATED
    header = Ipv4Header(
        source, destination, protocol, ttl, first & 0xFF, identification,
        fragment >> 13, fragment & 0x1FFF, head[20:] if header_length > 20 else b"",
        total, checksum,
    )  # fmt: skip
    whole = octets if total == size else octets[:total]
    return header, whole[header_length:], whole


def build_header(header: Ipv4Header, payload_length: int) -> bytes:
    """Write a header for that many octets of payload: IHL, Total Length and checksum are made.

    Options beyond 40 octets are the caller's mistake. Total Length keeps its low 16 bits: whether
    more than 65,535 octets may be sent is for the caller to judge.
    """
    options = header.options
    if len(options) & 3:
        # RFC 791 §3.1: padding is zero.
        options += bytes(-len(options) & 3)
    length = 20 + len(options)
    first = 0x4000 | length << 6 | header.tos
    total = length + payload_length & 0xFFFF
    fragment = header.flags << 13 | header.fragment_offset
    source, destination = header.source, header.destination
    # RFC 1071: the ones-complement sum, which is that of all fields as numbers modulo 0xFFFF; it
    # cannot be that of zeros, for the version is not zero.
    number = first + total + header.identification + fragment + source + destination
    number += header.ttl << 8 | header.protocol
    if options:
        number += _number(options)
    head = _HEADER.pack(
        first, total, header.identification, fragment, header.ttl, header.protocol,
        -number % 0xFFFF, source, destination,
    )  # fmt: skip
    return head + options if options else head


def build_ipv4(header: Ipv4Header, payload: bytes) -> bytes:
    """Write a packet: the header as `build_header` makes it, then the payload."""
    return build_header(header, len(payload)) + payload


def copy_header(header: Ipv4Header) -> Ipv4Header:
    """An equal header that can be changed without touching the first."""
    return Ipv4Header(
        header.source, header.destination, header.protocol, header.ttl, header.tos,
        header.identification, header.flags, header.fragment_offset, header.options,
        header.total_length, header.checksum,
    )  # fmt: skip

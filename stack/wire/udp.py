"""UDP datagrams (RFC 768)."""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final, NamedTuple

from stack.wire.checksum import checksum_is_right, internet_checksum, pseudo_header

HEADER_LENGTH: Final = 8
_HEADER = struct.Struct("!HHHH")
_PROTOCOL: Final = 17


class UdpFault(Enum):
    """Why a datagram is discarded."""

    TOO_SHORT = "fewer than 8 octets"
    LENGTH = "the length is below 8 or goes past the payload"
    CHECKSUM = "checksum present and wrong"


class UdpDatagram(NamedTuple):
    """One datagram."""

    source_port: int
    destination_port: int
    length: int
    """Octets of header and data, as the header says."""
    checksum: int
    """0 when the sender made none."""
    data: bytes


def read_ports(octets: bytes) -> tuple[int, int] | None:
    """Source and destination port, of UDP and TCP alike; None when they are not there."""
    if len(octets) < 4:
        return None
    return octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]


def parse_udp(
    octets: bytes,
    source: int,
    destination: int,
    *,
    length_rules: bool = True,
    trusted: bool = False,
) -> UdpDatagram | UdpFault:
    """Check and read a datagram that came between these addresses.

    RFC 768: the UDP length rules, octets behind it are cut off. With `length_rules` off (S14.50)
    the surplus stays and a length below eight is not caught. `trusted`: the checksum is known to
    be right (S7.14).
    """
    if len(octets) < HEADER_LENGTH:
        return UdpFault.TOO_SHORT
    source_port, destination_port, length, checksum = _HEADER.unpack_from(octets)
    if length > len(octets) or (length_rules and length < HEADER_LENGTH):
        return UdpFault.LENGTH
    body = octets[:length] if length_rules else octets
    # RFC 1122 §4.1.3.4: a checksum that is there and wrong means silent discard.
    if (
        checksum
        and not trusted
        and not checksum_is_right(pseudo_header(source, destination, _PROTOCOL, len(body)) + body)
    ):
        return UdpFault.CHECKSUM
    return UdpDatagram(source_port, destination_port, length, checksum, body[HEADER_LENGTH:])


def build_udp(
    source: int,
    destination: int,
    source_port: int,
    destination_port: int,
    data: bytes,
    *,
    checksum: bool = True,
) -> bytes:
    """Write a datagram. The destination is the final one, also on a source route."""
    length = HEADER_LENGTH + len(data)
    head = _HEADER.pack(source_port, destination_port, length & 0xFFFF, 0)
    if not checksum:
        return head + data
    made = internet_checksum(pseudo_header(source, destination, _PROTOCOL, length) + head + data)
    # RFC 768: a sum that comes out as zero is sent as all ones; zero means none was made.
    return head[:6] + (made or 0xFFFF).to_bytes(2, "big") + data

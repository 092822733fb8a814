"""The TCP segment header (RFC 9293 §3.1), as far as answering needs it."""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final, NamedTuple

from stack.wire.checksum import checksum_is_right, internet_checksum, pseudo_header

FIN: Final = 1
SYN: Final = 2
RST: Final = 4
PSH: Final = 8
ACK: Final = 16
URG: Final = 32

HEADER_LENGTH: Final = 20
_HEADER = struct.Struct("!HHIIBBHHH")
_PROTOCOL: Final = 6


class TcpFault(Enum):
    """Why a segment is discarded."""

    TOO_SHORT = "fewer than 20 octets"
    DATA_OFFSET = "the data offset is below 5 or goes past the payload"
    CHECKSUM = "checksum wrong"


class TcpSegment(NamedTuple):
    """One segment without its checksum."""

    source_port: int
    destination_port: int
    sequence: int
    acknowledgment: int
    flags: int
    """Eight bits: FIN lowest, CWR highest."""
    window: int
    urgent: int
    options: bytes
    """The option area, a multiple of four octets."""
    data: bytes

    @property
    def sequence_length(self) -> int:
        """How much sequence space the segment takes: its data, SYN and FIN."""
        return len(self.data) + (self.flags & SYN != 0) + (self.flags & FIN != 0)


def parse_tcp(
    octets: bytes, source: int, destination: int, *, trusted: bool = False
) -> TcpSegment | TcpFault:
    """Check and read a segment that came between these addresses.

    `trusted`: the checksum is known to be right (S7.14).
    """
    if len(octets) < HEADER_LENGTH:
        return TcpFault.TOO_SHORT
    source_port, destination_port, sequence, acknowledgment, offset, flags, window, _, urgent = (
        _HEADER.unpack_from(octets)
    )
    header_length = (offset >> 4) * 4
    if not HEADER_LENGTH <= header_length <= len(octets):
        return TcpFault.DATA_OFFSET
    # RFC 1122 §4.2.2.7: the receiver MUST check the checksum.
    pseudo = pseudo_header(source, destination, _PROTOCOL, len(octets))
    if not trusted and not checksum_is_right(pseudo, octets):
        return TcpFault.CHECKSUM
    return TcpSegment(
        source_port, destination_port, sequence, acknowledgment, flags, window, urgent,
        octets[HEADER_LENGTH:header_length], octets[header_length:],
    )  # fmt: skip


def build_tcp(segment: TcpSegment, source: int, destination: int) -> bytes:
    """Write a segment. The destination is the final one, also on a source route."""
    options = segment.options + bytes(-len(segment.options) & 3)
    head = _HEADER.pack(
        segment.source_port,
        segment.destination_port,
        segment.sequence & 0xFFFFFFFF,
        segment.acknowledgment & 0xFFFFFFFF,
        (HEADER_LENGTH + len(options)) << 2,
        segment.flags,
        segment.window,
        0,
        segment.urgent,
    )
    rest = options + segment.data
    pseudo = pseudo_header(source, destination, _PROTOCOL, len(head) + len(rest))
    checksum = internet_checksum(pseudo, head, rest)
    return head[:16] + checksum.to_bytes(2, "big") + head[18:] + rest


def reset_for(segment: TcpSegment) -> TcpSegment | None:
    """What a closed port answers (RFC 9293 §3.10.7.1); None for a reset, which gets no answer."""
    if segment.flags & RST:
        return None
    if segment.flags & ACK:
        sequence, acknowledgment, flags = segment.acknowledgment, 0, RST
    else:
        sequence, acknowledgment = 0, segment.sequence + segment.sequence_length & 0xFFFFFFFF
        flags = RST | ACK
    return TcpSegment(
        segment.destination_port, segment.source_port, sequence, acknowledgment, flags, 0, 0, b"",
        b"",
    )  # fmt: skip

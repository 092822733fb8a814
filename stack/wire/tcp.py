"""The TCP segment: header, Maximum Segment Size, sequence numbers (RFC 9293 §3.1, §3.4).

Of the options only Maximum Segment Size is read; a TCP ignores those that it does not know
(RFC 1122 §4.2.2.5).
"""

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
DEFAULT_MSS: Final = 536
"""Octets. RFC 1122 §4.2.2.6: what a peer that sent no option takes."""

_HEADER = struct.Struct("!HHIIBBHHH")
_PORTS_AND_SEQUENCE = struct.Struct("!HHI")
_END_OF_LIST: Final = 0
_NO_OPERATION: Final = 1
_MAXIMUM_SEGMENT_SIZE: Final = 2
_MODULUS: Final = 0xFFFFFFFF
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
    if not trusted and not checksum_is_right(pseudo + octets):
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
    checksum = internet_checksum(pseudo + head + rest)
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


def maximum_segment_size(options: bytes) -> int | None:
    """The peer's limit in octets of data, None when its option area has none.

    RFC 9293 §3.1, MUST-7: an option area that is wrong ends where it goes wrong.
    """
    at = 0
    while at < len(options) and options[at] != _END_OF_LIST:
        if options[at] == _NO_OPERATION:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2 or at + length > len(options):
            return None
        if options[at] == _MAXIMUM_SEGMENT_SIZE and length == 4:
            return int.from_bytes(options[at + 2 : at + 4], "big")
        at += length
    return None


def maximum_segment_size_option(octets: int) -> bytes:
    """The option that tells a peer how much data one segment may bring."""
    return bytes((_MAXIMUM_SEGMENT_SIZE, 4)) + octets.to_bytes(2, "big")


def read_start(octets: bytes) -> tuple[int, int, int] | None:
    """Ports and sequence number from the eight octets that an ICMP error quotes at least."""
    if len(octets) < _PORTS_AND_SEQUENCE.size:
        return None
    source_port, destination_port, sequence = _PORTS_AND_SEQUENCE.unpack_from(octets)
    return source_port, destination_port, sequence


def add(sequence: int, octets: int) -> int:
    """A sequence number further on, or back (RFC 9293 §3.4: modulo 2**32)."""
    return sequence + octets & _MODULUS


def distance(start: int, end: int) -> int:
    """How far `end` lies behind `start`, negative when it lies before it."""
    away = end - start & _MODULUS
    return away - _MODULUS - 1 if away >> 31 else away

"""The fields of a TCP header, and where a datagram ends that transport checksums cover."""

from __future__ import annotations

import struct
from typing import Any

HEADER = 20
_TCP = struct.Struct("!HHIIBBHHH")
_SYN_AND_FIN = (0x02, 0x01)
_END_OF_LIST, _NO_OPERATION, _MSS = 0, 1, 2
_SOURCE_ROUTES = (131, 137)


def tcp_fields(segment: bytes) -> tuple[dict[str, Any], int]:
    """The fields of a segment of 20 octets at least, and how long its header is.

    `next_sequence` is the sequence number behind the segment: what its receiver acknowledges and
    its sender goes on with. `mss` is there when the option is.
    """
    sport, dport, sequence, acknowledgment, words, flags, window, checksum, urgent = (
        _TCP.unpack_from(segment)
    )
    header = min(max(HEADER, (words >> 4) * 4), len(segment))
    taken = len(segment) - header + sum(bool(flags & bit) for bit in _SYN_AND_FIN)
    fields: dict[str, Any] = {
        "sport": sport,
        "dport": dport,
        "sequence": sequence,
        "acknowledgment": acknowledgment,
        "flags": flags,
        "window": window,
        "checksum": checksum,
        "urgent": urgent,
        "options": segment[HEADER:header],
        "next_sequence": sequence + taken & 0xFFFFFFFF,
    }
    mss = _maximum_segment_size(fields["options"])
    if mss is not None:
        fields["mss"] = mss
    return fields, header


def _maximum_segment_size(area: bytes) -> int | None:
    at = 0
    while at + 1 < len(area) and area[at] != _END_OF_LIST:
        length = 1 if area[at] == _NO_OPERATION else area[at + 1]
        if length < 1 or at + length > len(area):
            return None
        if area[at] == _MSS and length == 4:
            return int.from_bytes(area[at + 2 : at + 4], "big")
        at += length
    return None


def final_destination(header: bytes) -> bytes:
    """The destination that a transport checksum covers: of a source route under way its end."""
    at = HEADER
    while at + 2 < len(header) and header[at] != _END_OF_LIST:
        length = 1 if header[at] == _NO_OPERATION else header[at + 1]
        if length < 1 or at + length > len(header):
            break
        if header[at] in _SOURCE_ROUTES and length >= 7 and header[at + 2] <= length:
            return header[at + length - 4 : at + length]
        at += length
    return header[16:20]

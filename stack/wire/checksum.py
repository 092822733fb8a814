"""The Internet checksum (RFC 1071) and the pseudo header that UDP and TCP put in front of it.

The ones-complement sum of 16-bit words is the number that the octets spell, modulo 0xFFFF, with one
trap: a sum that is a multiple of 0xFFFF but not zero is 0xFFFF, not 0, so its complement is 0.
"""

from __future__ import annotations

import struct
from typing import Final

_LONG: Final = 512
"""Octets from which on a sum pays in front of the division."""
_number = int.from_bytes
_PSEUDO_HEADER = struct.Struct("!IIBBH")


def internet_checksum(octets: bytes, before: int = 0) -> int:
    """The checksum: complement of the ones-complement sum.

    An odd number of octets is filled up with a zero octet (RFC 1071 §4.1). `before`: a 16-bit word
    that stands in front of them.
    """
    if len(octets) & 1:
        octets += b"\0"
    number = (_number(octets) if len(octets) < _LONG else _sum_of_halves(octets)) + before
    return -(number % 0xFFFF) % 0xFFFF if number else 0xFFFF


def checksum_is_right(octets: bytes) -> bool:
    """Whether the sum over everything, checksum field included, is 0xFFFF.

    RFC 1624 §3: only the sum is judged, so a field of 0xFFFF where 0 is usual passes when it fits.
    """
    if len(octets) & 1:
        octets += b"\0"
    number = _number(octets) if len(octets) < _LONG else _sum_of_halves(octets)
    return number != 0 and number % 0xFFFF == 0


def _sum_of_halves(octets: bytes) -> int:
    """A number with the same remainder, for an even number of octets.

    It has half as many digits to divide, which is most of the work.
    """
    middle = len(octets) // 4 * 2
    return _number(octets[:middle]) + _number(octets[middle:])


def pseudo_header(source: int, destination: int, protocol: int, length: int) -> bytes:
    """The twelve octets of RFC 768; `length` is that of the transport header and data."""
    return _PSEUDO_HEADER.pack(source, destination, 0, protocol, length & 0xFFFF)

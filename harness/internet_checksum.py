"""The Internet checksum as the judge computes it (RFC 1071), apart from the stack's."""

from __future__ import annotations


def ones_complement_sum(octets: bytes) -> int:
    """The ones-complement sum of 16-bit words; 0xFFFF over octets that hold a right checksum.

    An odd octet counts as the high half of a word.
    """
    if len(octets) & 1:
        octets += b"\x00"
    number = int.from_bytes(octets, "big")
    # A number is congruent to the sum of its 16-bit words modulo 0xFFFF; of the two zeros of
    # the ones-complement sum only all-zero octets give 0.
    return number % 0xFFFF or (0xFFFF if number else 0)


def internet_checksum(octets: bytes) -> int:
    """The checksum field that makes the octets right, its place in them being zero."""
    return ~ones_complement_sum(octets) & 0xFFFF

"""What an ICMP error quotes of the datagram that it is about (RFC 792, RFC 1122 §3.2.2)."""

from __future__ import annotations

from typing import NamedTuple

from stack.wire.ipv4 import MINIMUM_HEADER


class Quote(NamedTuple):
    """What an error tells of the datagram it is about."""

    source: int
    destination: int
    protocol: int
    tos: int
    total_length: int
    fragment_offset: int
    payload: bytes


def read_quote(octets: bytes, *, check_length: bool = True) -> Quote | None:
    """Read the quoted datagram; its version and checksum are not judged (S5.32).

    With `check_length` an IHL below 5 makes it worthless; else IHL is believed (S14.42).
    """
    if len(octets) < MINIMUM_HEADER:
        return None
    header_length = (octets[0] & 15) * 4
    if len(octets) < header_length or (check_length and header_length < MINIMUM_HEADER):
        return None
    return Quote(
        source=int.from_bytes(octets[12:16], "big"),
        destination=int.from_bytes(octets[16:20], "big"),
        protocol=octets[9],
        tos=octets[1],
        total_length=int.from_bytes(octets[2:4], "big"),
        fragment_offset=int.from_bytes(octets[6:8], "big") & 0x1FFF,
        payload=octets[header_length:],
    )

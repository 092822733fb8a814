"""Header and transport checksums of encoded templates: right, wrong on purpose, or balanced."""

from __future__ import annotations

from typing import Any

from harness.case.packet import Bad, Balancing
from harness.internet_checksum import internet_checksum


class TemplateError(ValueError):
    """A template that can't be encoded: a mistake in a case."""


def balanced(header: bytes, balance: Balancing, checksum: Any) -> bytes:
    """A header whose Identification makes the right checksum the one wanted."""
    blank = header[:4] + b"\x00\x00" + header[6:10] + b"\x00\x00" + header[12:]
    identification = (internet_checksum(blank) - balance.checksum) % 0xFFFF
    sent = checksum if isinstance(checksum, int) else balance.checksum
    return (
        blank[:4]
        + identification.to_bytes(2, "big")
        + blank[6:10]
        + sent.to_bytes(2, "big")
        + blank[12:]
    )


def spoiled(header: bytes, at: int, checksum: Any) -> bytes:
    """A header whose checksum is right, made wrong when the template says so."""
    if not isinstance(checksum, Bad):
        return header
    right = int.from_bytes(header[at : at + 2], "big")
    return header[:at] + _wrong(right, checksum) + header[at + 2 :]


def _wrong(right: int, bad: Bad) -> bytes:
    # Modulo 0xFFFF, so that the two forms of zero are never mistaken for a wrong value.
    return ((right + bad.delta - 1) % 0xFFFF + 1).to_bytes(2, "big")


def finished(segment: bytes, at: int, checksum: Any, pseudo: bytes) -> bytes:
    """A segment with its checksum at `at` computed over pseudo-header and segment, or as given."""
    if isinstance(checksum, int):
        return segment[:at] + checksum.to_bytes(2, "big") + segment[at + 2 :]
    right = internet_checksum(pseudo + segment)
    octets = _wrong(right, checksum) if isinstance(checksum, Bad) else right.to_bytes(2, "big")
    return segment[:at] + octets + segment[at + 2 :]


def summing_to_zero(header: bytes, carried: bytes, pseudo: bytes) -> bytes:
    """A UDP datagram whose last two octets of data make the checksum come out as zero."""
    if len(carried) % 2 or not carried:
        raise TemplateError("an even number of octets is needed to make a checksum zero")
    rest = internet_checksum(pseudo + header + carried[:-2])
    return header[:6] + b"\xff\xff" + carried[:-2] + rest.to_bytes(2, "big")


def with_checksum_for_claimed_length(header: bytes, ihl: int, payload: bytes) -> bytes:
    """The checksum over as many octets as a wrong IHL claims, where they are there."""
    claimed = ihl * 4
    if not 20 <= claimed <= len(header) + len(payload):
        claimed = len(header)
    blank = header[:10] + b"\x00\x00" + header[12:]
    right = internet_checksum((blank + payload)[:claimed])
    return header[:10] + right.to_bytes(2, "big") + header[12:]

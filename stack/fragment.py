"""Cutting a datagram into fragments (RFC 791 §3.2, RFC 1812 §4.2.2.7).

Pieces are as large as fit and come in order, so there are as few as can be. Each repeats the
header: TOS, Identification, TTL, protocol, addresses and the reserved flag stay (RFC 1812 §5.2.5).
"""

from __future__ import annotations

from typing import NamedTuple

from stack.option_copying import options_for_later_fragments
from stack.policy import Policy
from stack.wire.ipv4 import (
    FLAG_MF,
    MAXIMUM_DATAGRAM,
    MINIMUM_HEADER,
    MINIMUM_MTU,
    Ipv4Header,
    build_ipv4,
    copy_header,
)

_MAXIMUM_OFFSET = 0x1FFF


class Piece(NamedTuple):
    """One packet: a header that is complete but for lengths and checksum, and what it carries."""

    header: Ipv4Header
    payload: bytes


def fits(header: Ipv4Header, payload: bytes, mtu: int) -> bool:
    """Whether the datagram goes out whole over a link of that MTU in octets."""
    return header.header_length + len(payload) <= mtu


def transport_mtu(mtu: int) -> int:
    """Octets of the largest payload that an MTU carries uncut, no options counted (S7.17)."""
    if mtu < MINIMUM_MTU:
        return 0
    return min(mtu, MAXIMUM_DATAGRAM) - MINIMUM_HEADER


def fragment(header: Ipv4Header, payload: bytes, mtu: int, policy: Policy) -> list[bytes]:
    """The packets that carry a datagram over a link of that MTU in octets, in order.

    None at all when it cannot be cut. Whether it may be is for the caller to judge.
    """
    return [build_ipv4(piece.header, piece.payload) for piece in cut(header, payload, mtu, policy)]


def cut(header: Ipv4Header, payload: bytes, mtu: int, policy: Policy) -> list[Piece]:
    """The pieces of a datagram, in order: one when it fits.

    None at all when the MTU leaves no room for eight octets, or when the pieces of a hostile
    fragment would lie beyond the last offset.
    """
    if fits(header, payload, mtu):
        return [Piece(header, payload)]
    # RFC 791 §3.2: the old offset is added, and the last piece has the old MF; S6.24 counts anew.
    base = header.fragment_offset if policy.refragment_adds_offset else 0
    if mtu < header.header_length + 8 or base + (len(payload) - 1) // 8 > _MAXIMUM_OFFSET:
        return []
    options = header.options
    pieces: list[Piece] = []
    start = 0
    while True:
        head = copy_header(header)
        head.options = options
        head.fragment_offset = base + start // 8
        # S6.21: as much as fits, in units of eight octets; the last piece is the rest.
        room = mtu - head.header_length
        if len(payload) - start <= room:
            pieces.append(Piece(head, payload[start:]))
            return pieces
        end = start + (room & ~7)
        head.flags |= FLAG_MF
        pieces.append(Piece(head, payload[start:end]))
        if start == 0 and policy.copied_flag_decides:
            # RFC 791 §3.1: only options with the copied flag go into the later pieces.
            options = options_for_later_fragments(options)
        start = end

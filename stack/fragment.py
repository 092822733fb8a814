"""Cutting a datagram into fragments (RFC 791 §3.2, RFC 1812 §4.2.2.7).

Pieces are as large as fit and come in order, so there are as few as can be. Each repeats the
header: TOS, Identification, TTL, protocol, addresses and the reserved flag stay (RFC 1812 §5.2.5).
"""

from __future__ import annotations

from stack.options import options_for_later_fragments
from stack.policy import Policy
from stack.wire.ipv4 import FLAG_DF, FLAG_MF, Ipv4Header, build_ipv4, copy_header

_MAXIMUM_OFFSET = 0x1FFF


def fits(header: Ipv4Header, payload: bytes, mtu: int) -> bool:
    """Whether the datagram goes out whole over a link of that MTU in octets."""
    return header.header_length + len(payload) <= mtu


def fragment(header: Ipv4Header, payload: bytes, mtu: int, policy: Policy) -> list[bytes]:
    """The packets that carry a datagram over a link of that MTU in octets, in order.

    One when it fits. None at all when it may not or cannot be cut: DF is set, the MTU leaves no
    room for eight octets, or the pieces of a hostile fragment would lie beyond the last offset.
    """
    if fits(header, payload, mtu):
        return [build_ipv4(header, payload)]
    # RFC 791 §2.3, RFC 6864 §4.3: DF=1 MUST NOT be fragmented, pieces with DF included.
    if policy.honour_df and header.flags & FLAG_DF:
        return []
    # RFC 791 §3.2: the old offset is added, and the last piece has the old MF.
    base = header.fragment_offset if policy.refragment_adds_offset else 0
    if mtu < header.header_length + 8 or base + (len(payload) - 1) // 8 > _MAXIMUM_OFFSET:
        return []
    piece = copy_header(header)
    later = copy_header(header)
    if policy.copied_flag_decides:
        # RFC 791 §3.1: only options with the copied flag go into the later pieces.
        later.options = options_for_later_fragments(header.options)
    pieces: list[bytes] = []
    start = 0
    while len(payload) - start > mtu - piece.header_length:
        end = start + (mtu - piece.header_length & ~7)
        piece.flags = header.flags | FLAG_MF
        piece.fragment_offset = base + start // 8
        pieces.append(build_ipv4(piece, payload[start:end]))
        start, piece = end, later
    piece.flags = header.flags
    piece.fragment_offset = base + start // 8
    pieces.append(build_ipv4(piece, payload[start:]))
    return pieces

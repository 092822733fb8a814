"""Which options go into which piece of a datagram that is cut (RFC 791 §3.1)."""

from __future__ import annotations

from stack.options import COPIED, END_OF_LIST, NO_OPERATION, pad


def options_for_later_fragments(area: bytes) -> bytes:
    """The options that go into every piece but the first, filled to a multiple of four.

    RFC 791 §3.1: those with the copied flag. No-operation and end-of-list may be left out. What
    stands behind an impossible length cannot be told apart and is left out.
    """
    kept = bytearray()
    at = 0
    while at < len(area):
        kind = area[at]
        if kind == END_OF_LIST:
            break
        if kind == NO_OPERATION:
            at += 1
            continue
        if _length_is_impossible(area, at):
            break
        length = area[at + 1]
        if kind & COPIED:
            kept += area[at : at + length]
        at += length
    return pad(bytes(kept))


def _length_is_impossible(area: bytes, at: int) -> bool:
    """The length octet is not there, below 2, or runs past the area."""
    return at + 1 == len(area) or not 2 <= area[at + 1] <= len(area) - at

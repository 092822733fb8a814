"""Which options go into which piece of a datagram that is cut (RFC 791 §3.1)."""

from __future__ import annotations

from stack.option_walk import walk
from stack.options import COPIED, pad


def options_for_later_fragments(area: bytes) -> bytes:
    """The options that go into every piece but the first, filled to a multiple of four.

    RFC 791 §3.1: those with the copied flag. No-operation and end-of-list may be left out. What
    stands behind an impossible length cannot be told apart and is left out.
    """
    return pad(b"".join(option for _, option in walk(area) if option and option[0] & COPIED))

"""Going through an option area, option by option, without judging what they hold (RFC 791 §3.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

END_OF_LIST: Final = 0
NO_OPERATION: Final = 1


def walk(area: bytes) -> Iterator[tuple[int, bytes]]:
    """Give each option with where it begins, but for no-operation and end-of-list.

    What stands behind an impossible length cannot be told apart: the last option given is then
    empty.
    """
    at, end = 0, len(area)
    while at < end and area[at] != END_OF_LIST:
        if area[at] == NO_OPERATION:
            at += 1
            continue
        length = area[at + 1] if at + 1 < end else 0
        if not 2 <= length <= end - at:
            yield at, b""
            return
        yield at, area[at : at + length]
        at += length

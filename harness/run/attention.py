"""What the tester has had an eye for: a busy machine must not make a target look slow."""

from __future__ import annotations

import gc
from collections.abc import Callable

BLINK = 20_000
"""Microseconds between two looks at the links that cost nothing: targets are given far longer."""
LATE = 100_000
"""Microseconds after which a complaint may be the tester's own fault."""


class Attention:
    """When the tester looked at its links, on the machine's clock in microseconds."""

    def __init__(self, now: int) -> None:
        self.seen = now
        """All that came before has been looked at."""
        self.missed = 0
        """Time without an eye for the links, all told; blinks are left out."""

    def look(self, now: int, asleep: int) -> int:
        """Note a look at the links after a sleep that frames would have ended.

        Gives how long nobody looked.
        """
        away = max(0, now - self.seen - asleep)
        self.seen = now
        self.missed += max(0, away - BLINK)
        return away


def spared_from_the_collector() -> Callable[[], None]:
    """Keep Python's collector from its longest pauses; gives the way back.

    A look at all objects that have lived for long takes a tenth of a second and more, and finds
    next to nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(*before[:2], _NEVER)
    return lambda: gc.set_threshold(*before)


_NEVER = 1_000_000_000

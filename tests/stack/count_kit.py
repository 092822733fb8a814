"""What moves while something happens, for tests of counters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stack.counters import Counters


def all_of(counters: Counters) -> dict[str, int]:
    """Give every counter by every name it has."""
    return counters.mib() | counters.netstack()


@contextmanager
def moving(counters: Counters) -> Iterator[dict[str, int]]:
    """Fill a dictionary with what NETSTACK's counters grew by inside the block."""
    before = counters.netstack()
    moved: dict[str, int] = {}
    yield moved
    after = counters.netstack()
    moved.update({name: n - before[name] for name, n in after.items() if n != before[name]})

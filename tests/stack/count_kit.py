"""What moves while something happens, for tests of counters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stack.counters import Counters
from tests.stack.node_kit import Wire


def all_of(counters: Counters) -> dict[str, int]:
    """Give every counter by every name it has."""
    return counters.mib() | counters.netstack()


def grown(counters: Counters, before: dict[str, int]) -> dict[str, int]:
    """What NETSTACK's counters grew by since `counters.netstack()` was taken."""
    after = counters.netstack()
    return {name: n - before[name] for name, n in after.items() if n != before[name]}


def netstack_moved(wire: Wire, before: dict[str, int]) -> dict[str, int]:
    """What NETSTACK's counters of the node grew by."""
    return grown(wire.node.counters, before)


@contextmanager
def moving(counters: Counters, prefix: str = "") -> Iterator[dict[str, int]]:
    """Fill a dictionary with what NETSTACK's counters of that prefix grew by inside the block."""
    before = counters.netstack()
    found: dict[str, int] = {}
    yield found
    found.update(
        (name, by) for name, by in grown(counters, before).items() if name.startswith(prefix)
    )

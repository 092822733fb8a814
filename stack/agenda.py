"""When each of many, such as the NICs, has something to do by itself, and what they share.

The soonest is found without asking all of them.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

_SLACK: Final = 64
"""Entries gone out of date that are kept besides as many as there are deadlines."""

_Who = TypeVar("_Who", int, tuple[int, int])
"""A NIC number, or that and an address."""


class Agenda(Generic[_Who]):
    """Deadlines in microseconds."""

    __slots__ = ("_common", "_due", "_heap")

    def __init__(self) -> None:
        self._common: int | None = None
        self._due: dict[_Who, int] = {}
        # What `_due` does not confirm is out of date and left out when it comes up.
        self._heap: list[tuple[int, _Who]] = []

    def note(self, who: _Who, due: int | None) -> None:
        """Take down when one is due next; None: never, as it stands."""
        if due is None:
            self._due.pop(who, None)
            return
        if self._due.get(who) == due:
            return
        self._due[who] = due
        heappush(self._heap, (due, who))
        if len(self._heap) > 2 * len(self._due) + _SLACK:
            self._heap = [(each, key) for key, each in self._due.items()]
            heapify(self._heap)

    def note_common(self, due: int | None) -> None:
        """Take down when what they share is due next."""
        self._common = due

    def soonest(self) -> int | None:
        """Answer the first deadline."""
        if not self._heap:
            return self._common
        due = self._first()
        if due is None or (self._common is not None and self._common < due):
            return self._common
        return due

    def _first(self) -> int | None:
        """Answer the first deadline that is not shared."""
        heap = self._heap
        while heap:
            due, who = heap[0]
            if self._due.get(who) == due:
                return due
            heappop(heap)
        return None

    def take_due(self, now: int) -> list[_Who]:
        """Answer who is due, in rising order; they are to be noted again."""
        found = []
        while (due := self._first()) is not None and due <= now:
            who = heappop(self._heap)[1]
            del self._due[who]
            found.append(who)
        return sorted(found)

"""When each NIC, and the stack, has something to do by itself.

The soonest is found without asking all of them.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

_SLACK: Final = 64
"""Entries gone out of date that are kept besides as many as there are NICs with a deadline."""


class Agenda:
    """Deadlines by NIC number, in microseconds."""

    __slots__ = ("_common", "_due", "_heap")

    def __init__(self) -> None:
        self._common: int | None = None
        self._due: dict[int, int] = {}
        # What `_due` does not confirm is out of date and left out when it comes up.
        self._heap: list[tuple[int, int]] = []

    def note(self, number: int, due: int | None) -> None:
        """Take down when a NIC is due next; None: never, as it stands."""
        if due is None:
            self._due.pop(number, None)
            return
        if self._due.get(number) == due:
            return
        self._due[number] = due
        heappush(self._heap, (due, number))
        if len(self._heap) > 2 * len(self._due) + _SLACK:
            self._heap = [(each, key) for key, each in self._due.items()]
            heapify(self._heap)

    def note_common(self, due: int | None) -> None:
        """Take down when what belongs to no NIC is due next."""
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
        """Answer the first deadline of a NIC."""
        heap = self._heap
        while heap:
            due, number = heap[0]
            if self._due.get(number) == due:
                return due
            heappop(heap)
        return None

    def take_due(self, now: int) -> list[int]:
        """Answer who is due, in rising order; they are to be noted again."""
        found = []
        while (due := self._first()) is not None and due <= now:
            number = heappop(self._heap)[1]
            del self._due[number]
            found.append(number)
        return sorted(found)

"""When each NIC has something to do by itself; the soonest is found without asking all of them."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

_SLACK: Final = 64
"""Entries gone out of date that are kept besides as many as there are NICs with a deadline."""


class Agenda:
    """Deadlines by NIC number, in microseconds."""

    __slots__ = ("_due", "_heap")

    def __init__(self) -> None:
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

    def soonest(self) -> int | None:
        """Answer the first deadline."""
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
        while (due := self.soonest()) is not None and due <= now:
            number = heappop(self._heap)[1]
            del self._due[number]
            found.append(number)
        return sorted(found)

"""The table of multicast forwarding: routes, datagrams that wait for one, news for the controller.

There is no multicast routing protocol here. A controller outside enters the routes and is told of
datagrams that have none or come in where they should not (S8.14).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from stack.inbound import Inbound

PENDING_LIMIT: Final = 3
"""S8.14: datagrams that wait for one route."""
PENDING_TIME: Final = 10_000_000
"""S8.14: microseconds from the first of them on."""
PENDING_KEYS: Final = 1024
"""Sources and groups whose datagrams wait; while there are so many, others find no room."""
EVENT_LIMIT: Final = 1024
"""Events that wait for the controller; the oldest is lost."""

Key = tuple[int, int]
"""Source and group."""


class Output(NamedTuple):
    """One way out of a route."""

    nic: int
    least_ttl: int
    """A datagram that arrives with less is not sent here (RFC 1075 §7: the threshold)."""


class MulticastRoute(NamedTuple):
    """Where datagrams of one source and group come in and go out."""

    input_nic: int
    outputs: tuple[Output, ...]


class News(Enum):
    """What a controller is told."""

    MISSING_ROUTE = "a datagram has no route and waits"
    WRONG_INPUT = "a datagram came in on another NIC than its route says"


class Event(NamedTuple):
    """One piece of news."""

    news: News
    source: int
    group: int
    nic: int
    """Where the datagram came in."""
    expected: int | None
    """WRONG_INPUT: where the route expects it."""


@dataclass(slots=True)
class _Pending:
    deadline: int
    waiting: list[Inbound] = field(default_factory=list)


class MulticastTable:
    """Routes and waiting datagrams; both bounded but for the routes, which the user enters."""

    def __init__(self) -> None:
        self.on = False
        """The switch of the stack; each NIC has its own."""
        self.routes: dict[Key, MulticastRoute] = {}
        self.events: deque[Event] = deque(maxlen=EVENT_LIMIT)
        self._pending: dict[Key, _Pending] = {}

    def wait(self, key: Key, inbound: Inbound, now: int) -> bool:
        """Keep a datagram until there is a route; False when there is no room.

        The controller is told when the first one of a source and group begins to wait.
        """
        self._forget_old(now)
        pending = self._pending.get(key)
        if pending is None:
            if len(self._pending) >= PENDING_KEYS:
                return False
            pending = self._pending[key] = _Pending(now + PENDING_TIME)
            self.events.append(Event(News.MISSING_ROUTE, *key, inbound.nic.number, None))
        if len(pending.waiting) >= PENDING_LIMIT:
            return False
        pending.waiting.append(inbound)
        return True

    def take_waiting(self, key: Key, now: int) -> list[Inbound]:
        """Give the datagrams that waited for a route, in the order they came."""
        self._forget_old(now)
        pending = self._pending.pop(key, None)
        return [] if pending is None else pending.waiting

    def _forget_old(self, now: int) -> None:
        # All wait equally long, so the first entered is the first to go.
        while self._pending:
            key, pending = next(iter(self._pending.items()))
            if pending.deadline > now:
                return
            del self._pending[key]

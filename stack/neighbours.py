"""The neighbour table of one NIC: link addresses learned, packets that wait for one.

RFC 1122 §2.3.2.1 wants stale entries flushed and requests limited to one a second for each
address; §2.3.2.2 wants at least the latest packet kept while an address is being resolved. An
entry is believed for 15 to 45 seconds by default; then its first use starts a wait of five seconds
and up to three unicast requests (S13.7 to S13.10), so nothing is asked about a neighbour nobody
talks to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from stack.inbound import Inbound

SECOND: Final = 1_000_000
"""Microseconds."""
REQUESTS: Final = 3
"""How often an address is asked for before resolution has failed."""
REQUEST_INTERVAL: Final = SECOND
"""RFC 1122 §2.3.2.1: at most one request a second for one address."""
DELAY_FIRST_PROBE: Final = 5 * SECOND
"""How long a stale entry is used before its station is asked."""
LEARNED_LIMIT: Final = 512
"""Entries; the least recently used goes first."""
PENDING_LIMIT: Final = 256
"""Packets that wait for one address; the oldest goes first."""
RESOLVING_LIMIT: Final = 64
"""Addresses in resolution at a time; one more fails the oldest."""


class State(Enum):
    """How much an entry is to be believed."""

    INCOMPLETE = "asked for, nothing heard"
    KNOWN = "heard of; stale once its time has passed"
    DELAY = "stale and in use"
    PROBE = "stale and being asked"


class Waiting(NamedTuple):
    """A packet that waits for the link address of its next hop."""

    packet: bytes
    about: Inbound | None
    """The datagram that is being forwarded; None for what this stack originates."""


class Failure(NamedTuple):
    """An address that did not answer, with the packets that waited for it."""

    address: int
    waiting: list[Waiting]


@dataclass(slots=True)
class _Entry:
    mac: bytes
    state: State
    source: int
    """Our address in the requests."""
    due: int = 0
    """When the state must be looked at again; for KNOWN when it turns stale."""
    asked: int = 0
    waiting: deque[Waiting] = field(default_factory=deque)


class NeighbourTable:
    """Entries of one NIC. `ask(target, source, mac)` sends a request, to all if mac is None.

    `lifetime()` is how long an entry is believed on average, in microseconds (RFC 1122 §2.3.2.1:
    configurable).
    """

    def __init__(
        self,
        *,
        ask: Callable[[int, int, bytes | None], None],
        discard: Callable[[Waiting], None],
        random_bits: Callable[[int], int],
        lifetime: Callable[[], int],
    ) -> None:
        self._ask = ask
        self._discard = discard
        self._random_bits = random_bits
        self._lifetime = lifetime
        self._entries: dict[int, _Entry] = {}
        self._timed: dict[int, _Entry] = {}
        self._failures: list[Failure] = []
        self._static: dict[int, bytes] = {}

    def resolve(self, address: int, source: int, waiting: Waiting, now: int) -> bytes | None:
        """Answer the link address of a neighbour, or keep the packet until it is known."""
        static = self._static.get(address)
        if static is not None:
            return static
        entry = self._entries.pop(address, None)
        if entry is None:
            self._start(address, source, waiting, now)
            return None
        self._entries[address] = entry
        if entry.state is State.INCOMPLETE:
            # RFC 1122 §2.3.2.2: the latest packet is kept, the oldest gives way.
            entry.waiting.append(waiting)
            if len(entry.waiting) > PENDING_LIMIT:
                self._discard(entry.waiting.popleft())
            return None
        if entry.state is State.KNOWN and entry.due <= now:
            entry.state = State.DELAY
            entry.source = source
            entry.due = now + DELAY_FIRST_PROBE
            self._timed[address] = entry
        return entry.mac

    def _start(self, address: int, source: int, waiting: Waiting, now: int) -> None:
        resolving = [key for key, each in self._timed.items() if each.state is State.INCOMPLETE]
        if len(resolving) >= RESOLVING_LIMIT:
            self._fail(resolving[0])
        entry = _Entry(b"", State.INCOMPLETE, source, now + REQUEST_INTERVAL, 1)
        entry.waiting.append(waiting)
        self._insert(address, entry)
        self._timed[address] = entry
        self._ask(address, source, None)

    def _insert(self, address: int, entry: _Entry) -> None:
        self._entries[address] = entry
        if len(self._entries) > LEARNED_LIMIT:
            # There is one: far fewer than these may be in resolution.
            self.forget(
                next(
                    key for key, each in self._entries.items() if each.state is not State.INCOMPLETE
                )
            )

    def heard(self, address: int, mac: bytes, now: int, *, create: bool) -> list[Waiting]:
        """Take in what an ARP packet says of its sender; answer the packets that may go now.

        RFC 826: an entry that exists is updated at once, whatever the packet was about; a new one
        is made only if the packet was for us.
        """
        entry = self._entries.get(address)
        if entry is None:
            if not create:
                return []
            entry = _Entry(mac, State.KNOWN, 0)
            self._insert(address, entry)
        released = list(entry.waiting)
        entry.waiting.clear()
        self._timed.pop(address, None)
        entry.mac = mac
        entry.state = State.KNOWN
        entry.asked = 0
        # Between 0.5 and 1.5 times the lifetime (S13.8).
        lifetime = self._lifetime()
        entry.due = now + lifetime // 2 + (lifetime * self._random_bits(16) >> 16)
        return released

    def set_static(self, address: int, mac: bytes) -> list[Waiting]:
        """Enter a neighbour by hand; answer the packets that may go now."""
        self._static[address] = mac
        entry = self._entries.get(address)
        released = list(entry.waiting) if entry is not None else []
        self.forget(address)
        return released

    def known(self, address: int) -> bytes | None:
        """Answer the link address held for a neighbour, if there is one."""
        entry = self._entries.get(address)
        if entry is not None and entry.mac:
            return entry.mac
        return self._static.get(address)

    def forget(self, address: int) -> None:
        """Drop one learned entry."""
        self._entries.pop(address, None)
        self._timed.pop(address, None)

    def clear(self) -> None:
        """Drop everything, static entries and waiting packets included (S1.5)."""
        for entry in self._entries.values():
            for waiting in entry.waiting:
                self._discard(waiting)
        self._entries.clear()
        self._timed.clear()
        self._static.clear()

    def next_deadline(self) -> int | None:
        """Answer when `expire` has something to do, in microseconds."""
        return min((entry.due for entry in self._timed.values()), default=None)

    def expire(self, now: int) -> None:
        """Repeat requests and give up on those that were never answered."""
        for address in [key for key, entry in self._timed.items() if entry.due <= now]:
            entry = self._timed[address]
            if entry.asked >= REQUESTS:
                self._fail(address)
                continue
            if entry.state is State.DELAY:
                entry.state = State.PROBE
            entry.asked += 1
            entry.due += REQUEST_INTERVAL
            # RFC 1122 §2.3.2.1 (2): a known station is asked by unicast.
            self._ask(address, entry.source, entry.mac or None)

    def _fail(self, address: int) -> None:
        entry = self._timed[address]
        self.forget(address)
        self._failures.append(Failure(address, list(entry.waiting)))

    def take_failures(self) -> list[Failure]:
        """Give the resolutions that failed since the last call."""
        failures, self._failures = self._failures, []
        return failures

"""The neighbour table of one NIC: link addresses learned, packets that wait for one.

RFC 1122 §2.3.2.1 wants stale entries flushed and requests limited to one a second for each
address; §2.3.2.2 wants at least the latest packet kept while an address is being resolved. An
entry is believed for 15 to 45 seconds by default; then its first use starts a wait of five seconds
and up to three unicast requests (S13.7 to S13.10), so nothing is asked about a neighbour nobody
talks to. When somebody says that a neighbour seems dead it is asked at once (`doubt`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

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
ASKED_LIMIT: Final = 512
"""Addresses of which is remembered when they were asked for last."""


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


_KNOWN: Final = State.KNOWN


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


class Station(Protocol):
    """What the table of a NIC needs of the rest of the stack."""

    def ask(self, target: int, source: int, mac: bytes | None) -> None:
        """Send a request, to all if `mac` is None."""

    def discard(self) -> None:
        """Count a packet that waited in vain."""

    def lifetime(self) -> int:
        """Draw how long an entry is believed, in microseconds."""


class NeighbourTable:
    """Entries of one NIC."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._entries: dict[int, _Entry] = {}
        self._timed: dict[int, _Entry] = {}
        self._resolving: dict[int, None] = {}
        self._asked_at: dict[int, int] = {}
        self._failures: list[Failure] = []
        self._static: dict[int, bytes] = {}
        self._next: int | None = None
        self._next_is_known = True

    def ready(self, address: int, now: int) -> bytes | None:
        """Answer a link address that nothing needs to be done for; None: `resolve` is to be asked.

        No timer changes.
        """
        mac = self._static.get(address)
        if mac is not None:
            return mac
        entry = self._entries.get(address)
        if entry is None or not entry.mac or (entry.due <= now and entry.state is _KNOWN):
            return None
        # S13.7: the least recently used entry is the first in order.
        self._entries[address] = self._entries.pop(address)
        return entry.mac

    def resolve(self, address: int, source: int, waiting: Waiting, now: int) -> bytes | None:
        """Answer the link address of a learned neighbour, or keep the packet until it is known.

        For addresses that are not `ready`.
        """
        entry = self._entries.pop(address, None)
        if entry is None:
            self._start(address, source, waiting, now)
            return None
        # S13.7: the least recently used entry is the first in order.
        self._entries[address] = entry
        if entry.state is State.INCOMPLETE:
            # RFC 1122 §2.3.2.2: the latest packet is kept, the oldest gives way.
            entry.waiting.append(waiting)
            if len(entry.waiting) > PENDING_LIMIT:
                entry.waiting.popleft()
                self._station.discard()
            return None
        # What was believed is stale, and in use from now on.
        entry.state = State.DELAY
        entry.source = source
        self._set_timer(address, entry, now + DELAY_FIRST_PROBE)
        return entry.mac

    def _start(self, address: int, source: int, waiting: Waiting, now: int) -> None:
        if len(self._resolving) >= RESOLVING_LIMIT:
            self._fail(next(iter(self._resolving)))
        entry = _Entry(b"", State.INCOMPLETE, source)
        entry.waiting.append(waiting)
        self._insert(address, entry)
        self._resolving[address] = None
        # One that was given up early (S13.7) may have been asked for within this second.
        last = self._asked_at.get(address, now - REQUEST_INTERVAL)
        if now - last < REQUEST_INTERVAL:
            self._set_timer(address, entry, last + REQUEST_INTERVAL)
        else:
            self._request(address, entry, now)

    def _request(self, address: int, entry: _Entry, now: int) -> None:
        entry.asked += 1
        self._set_timer(address, entry, now + REQUEST_INTERVAL)
        self._asked_at.pop(address, None)
        self._asked_at[address] = now
        if len(self._asked_at) > ASKED_LIMIT:
            del self._asked_at[next(iter(self._asked_at))]
        # RFC 1122 §2.3.2.1 (2): a known station is asked by unicast.
        self._station.ask(address, entry.source, entry.mac or None)

    def _set_timer(self, address: int, entry: _Entry, due: int) -> None:
        entry.due = due
        self._timed[address] = entry
        self._next_is_known = False

    def _stop_timer(self, address: int) -> None:
        if self._timed.pop(address, None) is not None:
            self._next_is_known = False

    def _insert(self, address: int, entry: _Entry) -> None:
        self._entries[address] = entry
        if len(self._entries) > LEARNED_LIMIT:
            # There is one: far fewer than these may be in resolution.
            self.forget(next(key for key in self._entries if key not in self._resolving))

    def heard(self, address: int, mac: bytes, now: int, *, create: bool) -> list[Waiting]:
        """Take in what an ARP packet says of its sender; answer the packets that may go now.

        RFC 826: an entry that exists is updated at once, whatever the packet was about; a new one
        is made only if the packet was for us. What was entered by hand stays.
        """
        entry = self._entries.get(address)
        if entry is None:
            if not create or address in self._static:
                return []
            entry = _Entry(mac, State.KNOWN, 0)
            self._insert(address, entry)
        return self._believe(address, entry, mac, now)

    def confirmed(self, address: int, mac: bytes, now: int) -> list[Waiting]:
        """Take in a reply as S13.11 has it; answer the packets that may go now.

        Nothing new is learned from it, and of another hardware address only that something is
        wrong: the entry is stale from now on.
        """
        entry = self._entries.get(address)
        if entry is None:
            return []
        if entry.state is State.INCOMPLETE or entry.mac == mac:
            return self._believe(address, entry, mac, now)
        if entry.state is State.KNOWN:
            entry.due = min(entry.due, now)
        return []

    def _believe(self, address: int, entry: _Entry, mac: bytes, now: int) -> list[Waiting]:
        released = list(entry.waiting)
        entry.waiting.clear()
        self._stop_timer(address)
        self._resolving.pop(address, None)
        entry.mac = mac
        entry.state = State.KNOWN
        entry.asked = 0
        entry.due = now + self._station.lifetime()
        return released

    def doubt(self, address: int, source: int, now: int) -> None:
        """Ask a neighbour at once whether it is still there; `source` is our address.

        RFC 1122 §2.3.2.1 (4): advice from higher layers. Not more than once a second.
        """
        entry = self._entries.get(address)
        if entry is None or entry.state not in (State.KNOWN, State.DELAY):
            return
        if now - self._asked_at.get(address, now - REQUEST_INTERVAL) < REQUEST_INTERVAL:
            return
        entry.state = State.PROBE
        entry.source = source
        self._request(address, entry, now)

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
        self._resolving.pop(address, None)
        self._stop_timer(address)

    def clear(self) -> list[Waiting]:
        """Drop everything, static entries included (S1.5); give what waited, discarded now."""
        dropped = [waiting for entry in self._entries.values() for waiting in entry.waiting]
        for _ in dropped:
            self._station.discard()
        self._entries.clear()
        self._timed.clear()
        self._resolving.clear()
        self._asked_at.clear()
        self._static.clear()
        self._next_is_known = False
        return dropped

    def next_deadline(self) -> int | None:
        """Answer when `expire` has something to do, in microseconds."""
        if not self._next_is_known:
            self._next = min((entry.due for entry in self._timed.values()), default=None)
            self._next_is_known = True
        return self._next

    def expire(self, now: int) -> None:
        """Repeat requests and give up on those that were never answered."""
        for address in [key for key, entry in self._timed.items() if entry.due <= now]:
            entry = self._timed[address]
            if entry.asked >= REQUESTS:
                self._fail(address)
                continue
            if entry.state is State.DELAY:
                entry.state = State.PROBE
            self._request(address, entry, entry.due)

    def _fail(self, address: int) -> None:
        entry = self._timed[address]
        self.forget(address)
        self._failures.append(Failure(address, list(entry.waiting)))

    def take_failures(self) -> list[Failure]:
        """Give the resolutions that failed since the last call."""
        failures, self._failures = self._failures, []
        return failures

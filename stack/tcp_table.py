"""All TCP connections and listeners of a stack, and when each has to be looked at."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from stack.rate_limit import TokenBucket
from stack.tcp_connection import ESTABLISHED, Connection, Key, State
from stack.user_options import NO_OPTIONS, UserOptions

if TYPE_CHECKING:
    from stack.identification import RandomSource
    from stack.socket_settings import Settings

ORPHANS: Final = 4096
"""Connections that their user has closed and that still end; the oldest goes first."""
CHALLENGES: Final = 100
"""Challenge acknowledgments in a second (RFC 5961 §7 wants a limit)."""
LARGEST_BACKLOG: Final = 4096
"""The most that a listener may ask for."""
FIRST_EPHEMERAL: Final = 49152
"""RFC 6335 §6: the dynamic ports."""
EPHEMERAL_PORTS: Final = 16384
"""How many those are."""
_CLOCK: Final = 4
"""Microseconds in which the initial sequence number grows by one (RFC 9293 §3.4.1)."""
_KEY_BITS: Final = 128
_SPARE: Final = 64
"""Times of connections that are no more, kept before they are looked for."""


@dataclass(slots=True, eq=False)
class Listener:
    """A passive open: connections that come to it wait here until they are accepted."""

    address: int | None
    """None: any of ours."""
    port: int
    backlog: int
    """Connections that may wait, half open ones included."""
    settings: Settings
    options: UserOptions = NO_OPTIONS
    """S12.4: for the resets of the listening socket itself."""
    half_open: dict[Connection, None] = field(default_factory=dict)
    ready: deque[Connection] = field(default_factory=deque)

    @property
    def is_full(self) -> bool:
        """Whether one more connection would be too many."""
        return len(self.half_open) + len(self.ready) >= self.backlog


class TcpTable:
    """The TCP state of one stack."""

    __slots__ = (
        "_due",
        "_orphans",
        "_secret",
        "_serial",
        "bound",
        "challenges",
        "connections",
        "established",
        "listeners",
    )

    def __init__(self) -> None:
        self.connections: dict[Key, Connection] = {}
        self.listeners: dict[int, list[Listener]] = {}
        """By port."""
        self.bound: dict[int, list[int | None]] = {}
        """Local addresses that sockets hold, by port."""
        self.established = 0
        """RFC 4022 tcpCurrEstab, a gauge."""
        self.challenges = TokenBucket(CHALLENGES, CHALLENGES)
        self._serial = 0
        self._secret = b""
        self._due: list[tuple[int, int, Connection]] = []
        self._orphans: dict[Connection, None] = {}

    def listener(self, address: int, port: int) -> Listener | None:
        """Find who takes a connection to this address: one bound to it before one for any."""
        anyone = None
        for listener in self.listeners.get(port, ()):
            if listener.address == address:
                return listener
            if listener.address is None:
                anyone = listener
        return anyone

    def is_taken(self, address: int | None, port: int) -> bool:
        """Answer whether a socket holds this address and port, or one that covers it."""
        holders = self.bound.get(port, ())
        return any(address is None or each is None or each == address for each in holders)

    def free_port(self, local: int | None, remote: tuple[int, int], random: RandomSource) -> int:
        """Draw a port of the dynamic range that is not in use; 0 when all are."""
        start = random.getrandbits(14)
        for step in range(EPHEMERAL_PORTS):
            port = FIRST_EPHEMERAL + (start + step) % EPHEMERAL_PORTS
            if self.is_taken(local, port):
                continue
            if local is None or (local, port, *remote) not in self.connections:
                return port
        return 0

    def initial_sequence(self, key: Key, now: int, random: RandomSource) -> int:
        """Choose the initial sequence number of a connection: RFC 6528 §3, M + F(ends, secret)."""
        if not self._secret:
            self._secret = random.getrandbits(_KEY_BITS).to_bytes(_KEY_BITS // 8, "big")
        ends = b"".join(part.to_bytes(4, "big") for part in key)
        digest = blake2b(ends, digest_size=4, key=self._secret).digest()
        return int.from_bytes(digest, "big") + now // _CLOCK & 0xFFFFFFFF

    def enter(self, connection: Connection, state: State) -> None:
        """Change a connection's state."""
        was, now = connection.state in ESTABLISHED, state in ESTABLISHED
        self.established += now - was
        connection.state = state

    def add(self, connection: Connection) -> None:
        """Let a connection hear what comes for it."""
        self.connections[connection.key] = connection

    def of_address(self, local: int) -> list[Connection]:
        """Give the connections that speak as this address of ours."""
        return [each for each in self.connections.values() if each.local == local]

    def remove(self, connection: Connection) -> None:
        """Forget a connection."""
        self.enter(connection, State.CLOSED)
        self.connections.pop(connection.key, None)
        self._orphans.pop(connection, None)
        connection.retransmit_at = connection.close_at = connection.scheduled = None
        connection.buffer.clear()
        connection.early.clear()
        if connection.listener is not None:
            connection.listener.half_open.pop(connection, None)

    def orphan(self, connection: Connection) -> Connection | None:
        """Note that a connection has no user any more; answer one that has to go for it."""
        self._orphans[connection] = None
        return next(iter(self._orphans)) if len(self._orphans) > ORPHANS else None

    def schedule(self, connection: Connection) -> None:
        """Look at a connection when its timer is due."""
        due = connection.deadline
        # A timer that moved back is found when the old time comes: few pushes, no search.
        if due is not None and (connection.scheduled is None or due < connection.scheduled):
            self._serial += 1
            connection.scheduled = due
            heapq.heappush(self._due, (due, self._serial, connection))
            if len(self._due) > 2 * len(self.connections) + _SPARE:
                # Those that are gone or were moved forward would be kept until their time came.
                self._due = [entry for entry in self._due if entry[2].scheduled == entry[0]]
                heapq.heapify(self._due)

    def next_deadline(self) -> int | None:
        """Answer when the next timer is due, in microseconds."""
        while self._due:
            at, _, connection = self._due[0]
            if connection.deadline == at:
                return at
            self._take_first()
            self.schedule(connection)
        return None

    def take_due(self, now: int) -> Connection | None:
        """Give a connection that has a timer due."""
        due = self.next_deadline()
        if due is None or due > now:
            return None
        return self._take_first()

    def _take_first(self) -> Connection:
        at, _, connection = heapq.heappop(self._due)
        if connection.scheduled == at:
            connection.scheduled = None
        return connection

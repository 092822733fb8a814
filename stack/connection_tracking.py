"""Which conversations there are, and between whom they really run (S10.8, S10.12).

A connection is known by two flows: that of its first datagram as it came, and that of the answers
as they will come. Translation is the difference of the two. Entries have no timer: they are looked
at when a datagram comes, and the table is bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stack.nat import ECHO, Flow
from stack.wire.ipv4 import PROTOCOL_ICMP, PROTOCOL_TCP
from stack.wire.tcp import ACK, FIN, RST, SYN

SECOND: Final = 1_000_000
UNUSED_TIMEOUT: Final = 120 * SECOND
"""S10.8: how long an entry lives unused."""
ESTABLISHED_TIMEOUT: Final = 5 * 86_400 * SECOND
"""S10.8: how long one of an established TCP connection does."""
CONNECTIONS_LIMIT: Final = 8192
"""Entries; the one unused for longest makes room, those of established connections last."""
ATTEMPTS_LIMIT: Final = 1024
"""Ports tried before an address counts as used up."""
PRIVILEGED_PORTS: Final = (1, 1023)
OTHER_PORTS: Final = (1024, 0xFFFF)
IDENTIFIERS: Final = (0, 0xFFFF)

_FLAGS_AT: Final = 13


@dataclass(slots=True, eq=False)
class Connection:
    """One conversation. `reply` ends where translation takes it; times are microseconds."""

    original: Flow
    """The first datagram as it came."""
    reply: Flow
    """The answers as they come."""
    destination_settled: bool = False
    source_settled: bool = False
    last_used: int = 0
    established: bool = False
    """TCP: three segments of a handshake went by, and no end yet."""
    _shakes: int = 0
    _fins: int = 0

    @property
    def timeout(self) -> int:
        """How long it may be unused."""
        return ESTABLISHED_TIMEOUT if self.established else UNUSED_TIMEOUT

    def note_segment(self, payload: bytes, *, is_reply: bool) -> None:
        """Follow the handshake and the end of a TCP connection (RFC 9293 §3.5, §3.6)."""
        flags = payload[_FLAGS_AT]
        if flags & RST:
            self.established, self._shakes = False, 0
        elif flags & SYN:
            if not is_reply:
                self.established, self._shakes, self._fins = False, 1, 0
            elif flags & ACK and self._shakes == 1:
                self._shakes = 2
        elif flags & ACK and self._shakes == 2 and not is_reply:
            self.established, self._shakes = True, 3
        if flags & FIN:
            self._fins |= 2 if is_reply else 1
            # Both directions have ended.
            self.established = self.established and self._fins != 3


class ConnectionTable:
    """All connections by both of their flows."""

    def __init__(self) -> None:
        self._flows: dict[Flow, Connection] = {}
        self._brief: OrderedDict[Connection, None] = OrderedDict()
        self._lasting: OrderedDict[Connection, None] = OrderedDict()
        """Both by last use, the longest unused first."""

    def __len__(self) -> int:
        return len(self._brief) + len(self._lasting)

    def find(self, flow: Flow, now: int) -> Connection | None:
        """Find the connection of a flow in either direction."""
        found = self._flows.get(flow)
        if found is not None and now - found.last_used >= found.timeout:
            self._forget(found)
            return None
        return found

    def use(
        self, connection: Connection, protocol: int, payload: bytes, now: int, *, is_reply: bool
    ) -> None:
        """Note that a datagram of the connection went by."""
        before = self._queue(connection)
        connection.last_used = now
        if protocol == PROTOCOL_TCP:
            connection.note_segment(payload, is_reply=is_reply)
        if connection in before:
            del before[connection]
            self._queue(connection)[connection] = None

    def enter(self, connection: Connection, now: int) -> None:
        """Take in a connection whose flows are free."""
        self._make_room(now)
        connection.last_used = now
        self._flows[connection.original] = connection
        self._flows[connection.reply] = connection
        self._queue(connection)[connection] = None

    def is_free(self, reply: Flow, connection: Connection, now: int) -> bool:
        """Answer whether no other connection has answers that look so."""
        found = self.find(reply, now)
        return found is None or found is connection

    def claim_source(
        self, connection: Connection, address: int, ports: tuple[int, int] | None, drawn: int,
        now: int,
    ) -> Flow | None:  # fmt: skip
        """Find answers' flow for another source address; None when its ports are used up.

        The port stays if it may. `ports`: lowest and highest wanted; `drawn`: where the search
        begins, any number.
        """
        reply = connection.reply
        port = reply.destination_port
        for candidate in _candidates(connection.original.protocol, port, ports, drawn):
            flow = reply._replace(destination=address, destination_port=candidate)
            if self.is_free(flow, connection, now):
                return flow
        return None

    def claim_destination(
        self, connection: Connection, address: int, ports: tuple[int, int] | None, drawn: int,
        now: int,
    ) -> Flow | None:  # fmt: skip
        """Find answers' flow for another destination; without `ports` the port stays."""
        reply = connection.reply
        port = reply.source_port
        wanted = ports or (port, port)
        for candidate in _candidates(connection.original.protocol, port, wanted, drawn):
            flow = reply._replace(source=address, source_port=candidate)
            if ports is None or self.is_free(flow, connection, now):
                return flow
        return None

    def _queue(self, connection: Connection) -> OrderedDict[Connection, None]:
        return self._lasting if connection.established else self._brief

    def _make_room(self, now: int) -> None:
        for queue in (self._brief, self._lasting):
            while queue:
                oldest = next(iter(queue))
                if now - oldest.last_used < oldest.timeout and len(self) < CONNECTIONS_LIMIT:
                    break
                self._forget(oldest)

    def _forget(self, connection: Connection) -> None:
        del self._queue(connection)[connection]
        for flow in (connection.original, connection.reply):
            if self._flows.get(flow) is connection:
                del self._flows[flow]


def _candidates(
    protocol: int, port: int, wanted: tuple[int, int] | None, drawn: int
) -> Iterator[int]:
    """The port itself if it is wanted, then others of the range from a drawn one on."""
    any_will_do = wanted is None
    if port == ECHO:
        # The answering end of an echo has no number to change.
        wanted = (port, port)
    elif wanted is None:
        wanted = _like(protocol, port)
    low, high = wanted
    # Where any will do that includes 0, by which a sender of UDP has none (RFC 768).
    if any_will_do or low <= port <= high:
        yield port
    size = high - low + 1
    for step in range(min(size, ATTEMPTS_LIMIT)):
        yield low + (drawn + step) % size


def _like(protocol: int, port: int) -> tuple[int, int]:
    """The ports that may stand for one: servers believe that low ones are privileged."""
    if protocol == PROTOCOL_ICMP:
        return IDENTIFIERS
    return PRIVILEGED_PORTS if port <= PRIVILEGED_PORTS[1] else OTHER_PORTS

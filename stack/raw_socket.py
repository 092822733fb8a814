"""Raw sockets: datagrams of one protocol, with IP's or the caller's header (S7.8, S12.18)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stack.header_included import Call, send_from_socket
from stack.refusal import Reason, Refused, check
from stack.socket_base import Address, Ask, Bound, Socket
from stack.wire.address import as_address, format_address

if TYPE_CHECKING:
    from stack.inbound import Inbound
    from stack.wire.ipv4 import Ipv4Header

SEND_ONLY = 255
"""S7.12: a socket of this protocol receives nothing and brings its own headers."""


class RawDatagram(NamedTuple):
    """A whole datagram, header first."""

    octets: bytes
    source: str
    specific_destination: str
    nic: int


@dataclass(slots=True, eq=False)
class RawSocket(Socket):
    """One raw socket; made by `Node.raw_socket`."""

    protocol: int = SEND_ONLY
    _address: int | None = None
    _peer: int | None = None
    _queue: deque[RawDatagram] = field(default_factory=deque)
    _bound: Bound = field(default_factory=Bound)

    def bind(self, address: Address) -> None:
        """Take a local address: it is the source of what is sent."""
        local = as_address(address)
        if not self.core.owns(local):
            raise Refused(Reason.BAD_LOCAL_ADDRESS)
        self._address = local

    def connect(self, address: Address) -> None:
        """Fix the peer: only it is heard."""
        self._peer = as_address(address)

    def send(
        self,
        payload: bytes,
        to: Address | None = None,
        *,
        header_included: bool = False,
        ttl: int | None = None,
        tos: int | None = None,
        options: bytes | None = None,
        df: bool | None = None,
    ) -> None:
        """Send one datagram. With `header_included` the payload begins with the IP header."""
        if self.closed:
            raise Refused(Reason.CLOSED)
        destination = None if to is None else as_address(to)
        if header_included or self.protocol == SEND_ONLY:
            self._send_header(payload, destination, options)
            return
        if destination is None:
            destination = self._peer
        if destination is None:
            raise Refused(Reason.NO_DESTINATION)
        ask = Ask(destination, self._address, ttl, tos, options, df)
        route, wish = self._prepare(self.protocol, ask)
        self._hand_over(route, payload, wish)

    def _send_header(self, octets: bytes, to: int | None, options: bytes | None) -> None:
        wanted = self._options if options is None else self._take(options)
        call = Call(to, self._peer, self._address, wanted.area, wanted.first_hop)
        check(send_from_socket(self.core, octets, call))

    def wants(self, protocol: int, header: Ipv4Header) -> bool:
        """Answer whether the socket gets a copy of a datagram."""
        if protocol != self.protocol or protocol == SEND_ONLY:
            return False
        if self._peer is not None and header.source != self._peer:
            return False
        if self._address is None:
            return True
        by_destination = self.core.policy.raw_bind_is_destination
        return self._address == (header.destination if by_destination else header.source)

    def put(self, octets: bytes, inbound: Inbound) -> bool:
        """Queue a received datagram; False when there is no room."""
        if not self._bound.has_room(len(octets)):
            return False
        source = format_address(inbound.header.source)
        local = format_address(inbound.local)
        self._queue.append(RawDatagram(octets, source, local, inbound.nic.number))
        return True

    def receive(self) -> RawDatagram | None:
        """Read the next datagram; None when there is none."""
        if not self._queue:
            return None
        datagram = self._queue.popleft()
        self._bound.taken(len(datagram.octets))
        return datagram

    def close(self) -> None:
        """Receive and send no more."""
        self.closed = True
        if self in self.core.sockets.raw:
            self.core.sockets.raw.remove(self)
        self._queue.clear()

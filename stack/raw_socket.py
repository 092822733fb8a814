"""Raw sockets: datagrams of one protocol, with IP's or the caller's header (S7.8, S12.18)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stack import send
from stack.policy import HeaderIncludedOptions
from stack.refusal import Reason, Refused, check
from stack.route_choice import Route, choose
from stack.socket_base import Address, Ask, Bound, Socket
from stack.wire.address import as_address, format_address
from stack.wire.ipv4 import MAXIMUM_DATAGRAM, Ipv4Header

if TYPE_CHECKING:
    from stack.inbound import Inbound

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
        destination = self._peer if to is None else as_address(to)
        if header_included or self.protocol == SEND_ONLY:
            self._send_header(payload, destination, options)
            return
        if destination is None:
            raise Refused(Reason.NO_DESTINATION)
        ask = Ask(destination, self._address, ttl, tos, options, df)
        route, wish = self._prepare(self.protocol, ask)
        self._hand_over(route, payload, wish)

    def _send_header(self, octets: bytes, to: int | None, options: bytes | None) -> None:
        header = _read_header(octets)
        if header is None:
            raise Refused(Reason.INVALID_ARGUMENT)
        payload = octets[header.header_length :]
        wanted = self._options if options is None else self._take(options)
        if wanted.area and self.core.policy.header_included_options is HeaderIncludedOptions.EITHER:
            # S12.16: the socket's options go into a header that has none.
            if header.options:
                raise Refused(Reason.INVALID_ARGUMENT)
            header.options = wanted.area
        if header.header_length + len(payload) > MAXIMUM_DATAGRAM:
            raise Refused(Reason.MESSAGE_TOO_LONG)
        if header.ttl == 0:
            # RFC 1122 §3.2.1.7: MUST NOT be sent with TTL 0.
            raise Refused(Reason.INVALID_ARGUMENT)
        if header.destination == 0 and to is not None:
            header.destination = to
        route = choose(self.core, to or header.destination, source=self._address)
        if isinstance(route, Reason):
            raise Refused(route)
        check(self._complete_and_send(route, header, payload))

    def _complete_and_send(self, route: Route, header: Ipv4Header, payload: bytes) -> Reason | None:
        core = self.core
        if header.source == 0:
            header.source = route.source
        if header.identification == 0 and not header.is_atomic:
            # S7.8: 0 asks for a value.
            header.identification = (
                core.identification.next(
                    header.source, header.destination, header.protocol, core.now
                )
                or 0
            )
        route.nic.counters.inc("ipSystemStatsOutRequests")
        return send.send_prepared(core, route, header, payload, brought=True)

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


def _read_header(octets: bytes) -> Ipv4Header | None:
    """The caller's header (S7.12); Total Length must be plausible and is made anew."""
    if len(octets) < 20:
        return None
    length = (octets[0] & 15) * 4
    total = int.from_bytes(octets[2:4], "big")
    if octets[0] >> 4 != 4 or length < 20 or not length <= total <= len(octets):
        return None
    fragment = int.from_bytes(octets[6:8], "big")
    return Ipv4Header(
        source=int.from_bytes(octets[12:16], "big"),
        destination=int.from_bytes(octets[16:20], "big"),
        protocol=octets[9],
        ttl=octets[8],
        tos=octets[1],
        identification=int.from_bytes(octets[4:6], "big"),
        flags=fragment >> 13,
        fragment_offset=fragment & 0x1FFF,
        options=octets[20:length],
    )

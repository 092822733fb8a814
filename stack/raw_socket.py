"""Raw sockets: datagrams of one protocol, with IP's or the caller's header (S7.8, S12.18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from stack.header_included import Call, send_from_socket
from stack.portless_socket import PortlessSocket
from stack.refusal import check
from stack.socket_base import Address, Ask, Inbox
from stack.socket_options import COMMON, SocketOption, flag_value
from stack.socket_table import leave
from stack.wire.address import as_address, format_address

if TYPE_CHECKING:
    from stack.inbound import Inbound
    from stack.wire.ipv4 import Ipv4Header
    from stack.wire.quote import Quote

SEND_ONLY = 255
"""S7.12: a socket of this protocol receives nothing and brings its own headers."""


class RawDatagram(NamedTuple):
    """A whole datagram, header first."""

    octets: bytes
    source: str
    specific_destination: str
    nic: int
    truncated: bool = False
    """The user's buffer was too small, and the rest is lost."""


def _set_header_included(socket: RawSocket, value: Any) -> None:
    socket.header_included = flag_value(value)


@dataclass(slots=True, eq=False)
class RawSocket(PortlessSocket):
    """One raw socket; made by `Node.raw_socket`."""

    protocol: int = SEND_ONLY
    header_included: bool = False
    """Everything sent begins with the IP header (S7.8)."""
    _inbox: Inbox[RawDatagram] = field(default_factory=Inbox)

    option_table: ClassVar[Mapping[str, SocketOption]] = {
        **COMMON,
        "header_included": SocketOption(
            lambda socket: socket.header_included or socket.protocol == SEND_ONLY,
            _set_header_included,
        ),
    }

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
        self._check_open()
        if header_included or self.header_included or self.protocol == SEND_ONLY:
            self._send_header(payload, None if to is None else as_address(to), options)
            return
        ask = Ask(self._goal(to), self._address, ttl, tos, options, df, len(payload))
        route, wish = self._prepare(self.protocol, ask)
        self._hand_over(route, payload, wish)

    def _send_header(self, octets: bytes, to: int | None, options: bytes | None) -> None:
        wanted = self._options if options is None else self._take(options)
        call = Call(to, self._peer, self._address, wanted.area, wanted.first_hop)
        check(send_from_socket(self.core, octets, call))

    def wants(self, header: Ipv4Header) -> bool:
        """Answer whether the socket gets a copy of a datagram of its protocol."""
        if self.protocol == SEND_ONLY:
            return False
        if self._peer is not None and header.source != self._peer:
            return False
        if self._address is None:
            return True
        by_destination = self.core.policy.raw_bind_is_destination
        return self._address == (header.destination if by_destination else header.source)

    def has_sent(self, quote: Quote) -> bool:
        """Answer whether an error about a datagram of its protocol may be for this socket."""
        if self._address not in (None, quote.source):
            return False
        return self._goes_to(quote.destination)

    def put(self, octets: bytes, inbound: Inbound) -> bool:
        """Queue a received datagram; False when there is no room (S12.19)."""
        if self._shut_read or not self._inbox.has_room(len(octets)):
            return False
        source = format_address(inbound.header.source)
        local = format_address(inbound.local)
        self._inbox.add(len(octets), RawDatagram(octets, source, local, inbound.nic.number))
        return True

    def receive(self, size: int | None = None, *, peek: bool = False) -> RawDatagram | None:
        """Read the next datagram; None when there is none. `UdpSocket.receive` says the rest."""
        self._raise_pending()
        datagram = self._inbox.next(peek=peek)
        if datagram is None or size is None or len(datagram.octets) <= size:
            return datagram
        return datagram._replace(octets=datagram.octets[:size], truncated=True)

    def close(self) -> None:
        """Receive and send no more; leave the groups that this socket joined."""
        self._end()
        leave(self.core.sockets.raw, self.protocol, self)
        self._inbox.clear()

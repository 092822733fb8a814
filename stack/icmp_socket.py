"""The ICMP user interface: send echo or timestamp requests, read the replies.

RFC 1122 §3.2.2.6: a host SHOULD have an interface for sending echo requests and receiving replies;
§3.2.2.8: timestamp replies MUST reach the user.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stack.portless_socket import PortlessSocket
from stack.refusal import Refused
from stack.socket_base import Address, Ask, Inbox
from stack.socket_table import leave
from stack.wire.address import format_address
from stack.wire.icmp import ECHO_REQUEST, TIMESTAMP, ZERO_REST, IcmpMessage, build_icmp, echo
from stack.wire.ipv4 import PROTOCOL_ICMP

if TYPE_CHECKING:
    from stack.inbound import Inbound
    from stack.wire.quote import Quote


class IcmpReply(NamedTuple):
    """A reply that was read."""

    source: str
    specific_destination: str
    type: int
    code: int
    identifier: int
    sequence: int
    data: bytes
    options: bytes
    """The option area as IP hands it up."""
    ttl: int
    tos: int


@dataclass(slots=True, eq=False)
class IcmpSocket(PortlessSocket):
    """One ICMP socket; made by `Node.icmp_socket`."""

    identifier: int = 0
    _inbox: Inbox[IcmpReply] = field(default_factory=Inbox)

    def send_echo(
        self,
        to: Address | None,
        sequence: int,
        data: bytes = b"",
        *,
        ttl: int | None = None,
        tos: int | None = None,
        options: bytes | None = None,
        df: bool | None = None,
    ) -> None:
        """Send an echo request; `to` None: to the peer."""
        request = echo(ECHO_REQUEST, self.identifier, sequence & 0xFFFF, data)
        self._send(request, Ask(self._goal(to), self._address, ttl, tos, options, df))

    def send_timestamp(self, to: Address | None, sequence: int) -> None:
        """Send a timestamp request with this host's time (RFC 792)."""
        time = self.core.time_of_day().to_bytes(4, "big")
        request = echo(TIMESTAMP, self.identifier, sequence & 0xFFFF, time + ZERO_REST * 2)
        self._send(request, Ask(self._goal(to), self._address, None, None, None, None))

    def _send(self, message: IcmpMessage, ask: Ask) -> None:
        octets = build_icmp(message)
        route, wish = self._prepare(PROTOCOL_ICMP, ask._replace(size=len(octets)))
        # S11.2: what a socket sends counts for the whole stack and for no NIC.
        try:
            self._hand_over(route, octets, wish)
        except Refused:
            self.core.counters.inc("ICMP.PacketsSent.Dropped")
            raise
        self.core.counters.icmp_out(message.type)

    def wants(self, inbound: Inbound) -> bool:
        """Answer whether a message with its identifier is for this socket: it is from the peer."""
        return self._peer in (None, inbound.header.source)

    def has_sent(self, quote: Quote) -> bool:
        """Answer whether an error about a request with its identifier may be for this socket."""
        return self._goes_to(quote.destination)

    def put(self, inbound: Inbound, message: IcmpMessage) -> None:
        """Queue a reply, if it is one and there is room."""
        if message.type == ECHO_REQUEST or not self._inbox.has_room(len(message.data)):
            # S11, S12.19: no reply, or the queue is full.
            self.core.counters.inc("DroppedPackets")
            return
        header = inbound.header
        reply = IcmpReply(
            source=format_address(header.source),
            specific_destination=format_address(inbound.local),
            type=message.type,
            code=message.code,
            identifier=message.identifier,
            sequence=message.sequence,
            data=message.data,
            options=inbound.area,
            ttl=header.ttl,
            tos=header.tos,
        )
        self._inbox.add(len(message.data), reply)

    def receive(self, *, peek: bool = False) -> IcmpReply | None:
        """Read the next reply; None when there is none. With `peek` it stays.

        What is held against a socket with a peer is raised first, once.
        """
        self._raise_pending()
        return self._inbox.next(peek=peek)

    def close(self) -> None:
        """Receive and send no more."""
        self._end()
        leave(self.core.sockets.icmp, self.identifier, self)
        self._inbox.clear()

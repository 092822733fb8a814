"""The ICMP user interface: send echo or timestamp requests, read the replies.

RFC 1122 §3.2.2.6: a host SHOULD have an interface for sending echo requests and receiving replies;
§3.2.2.8: timestamp replies MUST reach the user.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stack.refusal import Reason, Refused
from stack.socket_base import Address, Ask, Bound, Socket
from stack.wire.address import as_address, format_address
from stack.wire.icmp import ECHO_REQUEST, TIMESTAMP, ZERO_REST, IcmpMessage, build_icmp, echo
from stack.wire.ipv4 import PROTOCOL_ICMP

if TYPE_CHECKING:
    from stack.inbound import Inbound


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
class IcmpSocket(Socket):
    """One ICMP socket; made by `Node.icmp_socket`."""

    identifier: int = 0
    _address: int | None = None
    _queue: deque[IcmpReply] = field(default_factory=deque)
    _bound: Bound = field(default_factory=Bound)

    def bind(self, address: Address) -> None:
        """Take a local address: it is the source of what is sent."""
        local = as_address(address)
        if not self.core.may_send_from(local):
            raise Refused(Reason.BAD_LOCAL_ADDRESS)
        self._address = local
        self._keep(local)

    def send_echo(
        self,
        to: Address,
        sequence: int,
        data: bytes = b"",
        *,
        ttl: int | None = None,
        tos: int | None = None,
        options: bytes | None = None,
        df: bool | None = None,
    ) -> None:
        """Send an echo request."""
        request = echo(ECHO_REQUEST, self.identifier, sequence & 0xFFFF, data)
        self._send(request, Ask(as_address(to), self._address, ttl, tos, options, df))

    def send_timestamp(self, to: Address, sequence: int) -> None:
        """Send a timestamp request with this host's time (RFC 792)."""
        time = self.core.time_of_day().to_bytes(4, "big")
        request = echo(TIMESTAMP, self.identifier, sequence & 0xFFFF, time + ZERO_REST * 2)
        self._send(request, Ask(as_address(to), self._address, None, None, None, None))

    def _send(self, message: IcmpMessage, ask: Ask) -> None:
        route, wish = self._prepare(PROTOCOL_ICMP, ask)
        self._hand_over(route, build_icmp(message), wish)
        route.nic.counters.icmp_out(message.type)

    def put(self, inbound: Inbound, message: IcmpMessage) -> None:
        """Queue a reply, if there is room."""
        if not self._bound.has_room(len(message.data)):
            self.core.counters.inc("DroppedPackets")
            return
        header = inbound.header
        self._queue.append(
            IcmpReply(
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
        )

    def receive(self) -> IcmpReply | None:
        """Read the next reply; None when there is none."""
        if not self._queue:
            return None
        reply = self._queue.popleft()
        self._bound.taken(len(reply.data))
        return reply

    def close(self) -> None:
        """Receive and send no more."""
        self.closed = True
        self._keep()
        if self in self.core.sockets.icmp:
            self.core.sockets.icmp.remove(self)
        self._queue.clear()

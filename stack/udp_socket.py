"""UDP sockets (RFC 768, RFC 1122 §4.1.4: the whole of the IP/transport interface)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from stack.inbound import Cast
from stack.refusal import Reason, Refused, check
from stack.return_options import return_options
from stack.route_choice import Route, recheck
from stack.send_many import send_many
from stack.socket_base import Address, Ask, Inbox, Socket
from stack.socket_options import COMMON, SocketOption, flag_value
from stack.socket_table import enter, leave
from stack.wire.address import LIMITED_BROADCAST, as_address, format_address, is_multicast
from stack.wire.ipv4 import MAXIMUM_DATAGRAM, PROTOCOL_UDP
from stack.wire.udp import HEADER_LENGTH, UdpDatagram, build_udp

if TYPE_CHECKING:
    from stack.inbound import Inbound

FIRST_EPHEMERAL = 49152
"""RFC 6335 §6: the dynamic ports."""
_EPHEMERAL_PORTS = 16384


class Datagram(NamedTuple):
    """What a user reads, with all that RFC 1122 §3.4 and §4.1 want passed up."""

    data: bytes
    source: str
    source_port: int
    destination: str | None
    """As in the header; like the next and `nic` None with the option pktinfo off."""
    specific_destination: str | None
    """RFC 1122 §4.1.3.5: for broadcasts and groups the address of the interface."""
    options: bytes
    """RFC 1122 §4.1.3.2: the option area as IP hands it up; none with recvopts off (S12.15)."""
    ttl: int | None
    """None with recvttl off."""
    tos: int | None
    """None with recvtos off."""
    nic: int | None
    return_options: bytes = b""
    """With retopts on: the options of an answer, for `send` or `set_options`."""
    truncated: bool = False
    """The user's buffer was too small, and the rest is lost."""


def _set_checksum(socket: UdpSocket, value: Any) -> None:
    socket.checksum = flag_value(value)


@dataclass(slots=True, eq=False)
class UdpSocket(Socket):
    """One UDP socket; made by `Node.udp_socket`."""

    _address: int | None = None
    _port: int = 0
    _peer: tuple[int, int] | None = None
    _chosen: int | None = None
    _inbox: Inbox[Datagram] = field(default_factory=Inbox)
    _route: Route | None = None
    """The way chosen when the peer was fixed."""
    checksum: bool = True
    """RFC 1122 §4.1.3.4: made unless the application turns it off."""

    option_table: ClassVar[Mapping[str, SocketOption]] = {
        **COMMON,
        "checksum": SocketOption(lambda socket: socket.checksum, _set_checksum),
    }

    def bind(self, address: Address | None = None, port: int = 0) -> None:
        """Take a local address (None: any) and port (0: one is chosen).

        Two sockets may have a port with different addresses, the more exact one is the better
        (S2.27); the same address only if both have the option reuse.
        """
        if self.closed or self._port:
            raise Refused(Reason.CLOSED if self.closed else Reason.INVALID_STATE)
        local = None if address is None else as_address(address) or None
        if local is not None and not self._may_bind(local):
            # RFC 791 §3.3, RFC 1122 §4.1.3.6: the source is one of the host's own addresses.
            raise Refused(Reason.BAD_LOCAL_ADDRESS)
        if not 0 <= port <= 0xFFFF:
            raise Refused(Reason.INVALID_ARGUMENT)
        table = self.core.sockets.udp
        if port == 0:
            port = self._free_port()
        elif any(
            other.local == (local, port) and not (other.settings.reuse and self.settings.reuse)
            for other in table.get(port, ())
        ):
            raise Refused(Reason.ADDRESS_IN_USE)
        self._address, self._port = local, port
        self._keep(local)
        enter(table, port, self)

    def _may_bind(self, address: int) -> bool:
        core = self.core
        return (
            core.may_send_from(address)
            or is_multicast(address)
            or address == LIMITED_BROADCAST
            or core.is_subnet_broadcast(address)
        )

    def _free_port(self) -> int:
        start = self.core.random.getrandbits(14)
        for step in range(_EPHEMERAL_PORTS):
            port = FIRST_EPHEMERAL + (start + step) % _EPHEMERAL_PORTS
            if port not in self.core.sockets.udp:
                return port
        raise Refused(Reason.ADDRESS_IN_USE)

    @property
    def local(self) -> tuple[int | None, int]:
        """Address (None: any) and port the socket is bound to."""
        return self._address, self._port

    @property
    def local_name(self) -> tuple[str, int]:
        """Address and port as an application sees them (RFC 1122 §4.1.3.5)."""
        address = self._address if self._address is not None else self._chosen
        return format_address(address or 0), self._port

    def connect(self, address: Address, port: int) -> None:
        """Fix the peer: only it is heard, and the local address is chosen."""
        self._check_open()
        peer = as_address(address)
        if not 0 <= port <= 0xFFFF:
            raise Refused(Reason.INVALID_ARGUMENT)
        route = self._way(peer, self._options, self._sender(), self.settings.tos)
        if isinstance(route, Reason):
            raise Refused(route)
        if route.cast is Cast.BROADCAST and not self.settings.broadcast:
            raise Refused(Reason.BROADCAST_DISABLED)
        if not self._port:
            self.bind()
        self._peer = (peer, port)
        self._chosen = route.source
        self._keep(self._address, route.source)
        self._route = route

    def disconnect(self) -> None:
        """Have no peer any more; the port stays."""
        self._peer = self._chosen = self._route = None
        self._keep(self._address)

    def peer_address(self) -> int | None:
        """Answer the peer's address."""
        return None if self._peer is None else self._peer[0]

    def _sender(self) -> int | None:
        """The bound address where it can be a source: it may be a group or a broadcast."""
        if self._address is None or not self.core.may_send_from(self._address):
            return None
        return self._address

    def send(
        self,
        data: bytes,
        to: tuple[Address, int] | None = None,
        *,
        source: Address | None = None,
        ttl: int | None = None,
        tos: int | None = None,
        options: bytes | None = None,
        df: bool | None = None,
    ) -> None:
        """Send one datagram; what is None is as set on the socket."""
        self._check_open()
        peer, local = self._ends(to, source)
        size = HEADER_LENGTH + len(data)
        if size > MAXIMUM_DATAGRAM:
            raise Refused(Reason.MESSAGE_TOO_LONG)
        ask = Ask(peer[0], local, ttl, tos, options, df, size)
        route, wish = self._prepare(PROTOCOL_UDP, ask)
        # S12.8: the checksum covers the final destination, not the first hop.
        payload = build_udp(
            route.source, peer[0], self._port, peer[1], data, checksum=self.checksum
        )
        try:
            self._hand_over(route, payload, wish)
        except Refused:
            # S11: IP or the link refused the write.
            self.core.counters.inc("UDP.PacketSendErrors")
            raise
        self.core.counters.inc("udpOutDatagrams")

    def _ends(
        self, to: tuple[Address, int] | None, source: Address | None
    ) -> tuple[tuple[int, int], int | None]:
        """Whom a call sends to, and from which address; None: as the way has it."""
        peer = self._peer if to is None else (as_address(to[0]), to[1])
        if peer is None:
            raise Refused(Reason.NO_DESTINATION)
        if not 0 <= peer[1] <= 0xFFFF:
            raise Refused(Reason.INVALID_ARGUMENT)
        if not self._port:
            self.bind()
        local = self._sender() if source is None else as_address(source)
        if local is not None and not self.core.may_send_from(local):
            raise Refused(Reason.BAD_LOCAL_ADDRESS)
        if local is None and self._route is not None and peer == self._peer:
            # S7.21: its NIC is off, or its source is gone.
            check(recheck(self._route))
            local = self._chosen
        return peer, local

    def send_many(self, datagrams: Sequence[bytes], to: tuple[Address, int] | None = None) -> int:
        """Send several datagrams to one peer at once, with the socket's settings (S7.18).

        Answers how many packets became of what was sent: each piece counts. Refused only when
        nothing was sent.
        """
        self._check_open()
        peer, local = self._ends(to, None)
        size = HEADER_LENGTH + max(map(len, datagrams), default=0)
        ask = Ask(peer[0], local, None, None, None, None, size)
        route, wish = self._prepare(PROTOCOL_UDP, ask)
        payloads = [
            build_udp(route.source, peer[0], self._port, peer[1], data, checksum=self.checksum)
            for data in datagrams
        ]
        written = send_many(self.core, route, payloads, wish)
        self.core.counters.inc("udpOutDatagrams", written.datagrams)
        self.core.counters.inc("UDP.PacketSendErrors", len(payloads) - written.datagrams)
        if not written.packets:
            check(written.reason)
        return written.packets

    def receive(self, size: int | None = None, *, peek: bool = False) -> Datagram | None:
        """Read the next datagram; None when there is none.

        `size`: octets of the user's buffer. With `peek` the datagram stays for the next call. What
        is held against the socket is raised first, once.
        """
        self._raise_pending()
        datagram = self._inbox.next(peek=peek)
        if datagram is None or size is None or len(datagram.data) <= size:
            return datagram
        return datagram._replace(data=datagram.data[:size], truncated=True)

    def fit(self, destination: int, remote: tuple[int, int]) -> int | None:
        """Answer how well a datagram suits this socket; None when not at all."""
        fit = 0
        if self._address is not None:
            if self._address != destination:
                return None
            fit += 1
        if self._peer is not None:
            if self._peer != remote:
                return None
            fit += 2
        return fit

    def has_sent(self, local: tuple[int, int], remote: tuple[int, int]) -> int | None:
        """Answer how well the ends of a datagram that an error quotes suit this socket.

        S12.8: with a source route the header's destination is a hop, so the ports have to do.
        """
        if self._peer is not None and self._options.first_hop is not None:
            remote = (self._peer[0], remote[1])
        return self.fit(local[0], remote)

    def put(self, inbound: Inbound, datagram: UdpDatagram) -> bool:
        """Queue a received datagram; False when there is no room (S12.19)."""
        if self._shut_read or not self._inbox.has_room(len(datagram.data)):
            return False
        header, settings = inbound.header, self.settings
        options = returned = b""
        if header.options and self.core.policy.received_options_to_udp:
            # RFC 1122 §3.2.1.8 (e): with the time of arrival already in a timestamp option.
            options = inbound.area if settings.recvopts else b""
            returned = return_options(self.core, inbound) if settings.retopts else b""
        told = settings.pktinfo
        read = Datagram(
            data=datagram.data,
            source=format_address(header.source),
            source_port=datagram.source_port,
            destination=format_address(header.destination) if told else None,
            specific_destination=format_address(inbound.local) if told else None,
            options=options,
            ttl=header.ttl if settings.recvttl else None,
            tos=header.tos if settings.recvtos else None,
            nic=inbound.nic.number if told else None,
            return_options=returned,
        )
        self._inbox.add(len(datagram.data), read)
        return True

    def close(self) -> None:
        """Give the port back and leave the groups that this socket joined."""
        self._end()
        leave(self.core.sockets.udp, self._port, self)
        self._inbox.clear()

"""UDP sockets (RFC 768, RFC 1122 §4.1.4: the whole of the IP/transport interface)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stack import groups
from stack.inbound import Cast
from stack.refusal import Reason, Refused, check
from stack.route_choice import Route, choose, recheck
from stack.socket_base import Address, Ask, Bound, Socket
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
    destination: str
    """As in the header."""
    specific_destination: str
    """RFC 1122 §4.1.3.5: for broadcasts and groups the address of the interface."""
    options: bytes
    """RFC 1122 §4.1.3.2: the option area as IP hands it up."""
    ttl: int
    tos: int
    nic: int


@dataclass(slots=True, eq=False)
class UdpSocket(Socket):
    """One UDP socket; made by `Node.udp_socket`."""

    _address: int | None = None
    _port: int = 0
    _peer: tuple[int, int] | None = None
    _chosen: int | None = None
    _route: Route | None = None
    """The way chosen when the peer was fixed."""
    _queue: deque[Datagram] = field(default_factory=deque)
    _bound: Bound = field(default_factory=Bound)
    checksum: bool = True
    """RFC 1122 §4.1.3.4: made unless the application turns it off."""

    def bind(self, address: Address | None = None, port: int = 0) -> None:
        """Take a local address (None: any) and port (0: one is chosen)."""
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
        elif any(other.local == (local, port) for other in table.get(port, ())):
            raise Refused(Reason.ADDRESS_IN_USE)
        self._address, self._port = local, port
        table.setdefault(port, []).append(self)

    def _may_bind(self, address: int) -> bool:
        core = self.core
        return (
            core.owns(address)
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
        peer = as_address(address)
        route = choose(self.core, peer, source=self._sender())
        if isinstance(route, Reason):
            raise Refused(route)
        if route.cast is Cast.BROADCAST and not self.settings.broadcast:
            raise Refused(Reason.BROADCAST_DISABLED)
        if not self._port:
            self.bind()
        self._peer = (peer, port)
        self._chosen = route.source
        self._route = route

    def _sender(self) -> int | None:
        """The bound address where it can be a source: it may be a group or a broadcast."""
        if self._address is None or not self.core.owns(self._address):
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
        peer = self._peer if to is None else (as_address(to[0]), to[1])
        if peer is None:
            raise Refused(Reason.NO_DESTINATION)
        if not 0 <= peer[1] <= 0xFFFF:
            raise Refused(Reason.INVALID_ARGUMENT)
        if not self._port and not self.closed:
            self.bind()
        local = self._sender() if source is None else as_address(source)
        if local is not None and not self.core.owns(local):
            raise Refused(Reason.BAD_LOCAL_ADDRESS)
        if local is None and self._route is not None and peer == self._peer:
            # S7.21: its NIC is off, or its source is gone.
            check(recheck(self._route))
            local = self._chosen
        if len(data) > MAXIMUM_DATAGRAM - HEADER_LENGTH:
            raise Refused(Reason.MESSAGE_TOO_LONG)
        route, wish = self._prepare(PROTOCOL_UDP, Ask(peer[0], local, ttl, tos, options, df))
        # S12.8: the checksum covers the final destination, not the first hop.
        payload = build_udp(
            route.source, peer[0], self._port, peer[1], data, checksum=self.checksum
        )
        self._hand_over(route, payload, wish)
        self.core.counters.inc("udpOutDatagrams")

    def receive(self) -> Datagram | None:
        """Read the next datagram; None when there is none."""
        if not self._queue:
            return None
        datagram = self._queue.popleft()
        self._bound.taken(len(datagram.data))
        return datagram

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

    def put(self, inbound: Inbound, datagram: UdpDatagram) -> bool:
        """Queue a received datagram; False when there is no room."""
        if not self._bound.has_room(len(datagram.data)):
            return False
        header = inbound.header
        # RFC 1122 §3.2.1.8 (e): with the time of arrival already in a timestamp option.
        options = inbound.area if self.core.policy.received_options_to_udp else b""
        self._queue.append(
            Datagram(
                data=datagram.data,
                source=format_address(header.source),
                source_port=datagram.source_port,
                destination=format_address(header.destination),
                specific_destination=format_address(inbound.local),
                options=options,
                ttl=header.ttl,
                tos=header.tos,
                nic=inbound.nic.number,
            )
        )
        return True

    def join(self, nic: int, group: Address) -> None:
        """Become a member of a group on a NIC (RFC 1112 §7.1); see also `Node.join`."""
        check(groups.join(self.core, nic, as_address(group)))

    def leave(self, nic: int, group: Address) -> None:
        """End a membership."""
        check(groups.leave(self.core, nic, as_address(group)))

    def close(self) -> None:
        """Give the port back."""
        self.closed = True
        sharing = self.core.sockets.udp.get(self._port, [])
        if self in sharing:
            sharing.remove(self)
            if not sharing:
                del self.core.sockets.udp[self._port]
        self._queue.clear()

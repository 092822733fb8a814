"""TCP sockets (RFC 9293 §3.9, RFC 1122 §4.2.4). Nothing blocks.

    socket = node.tcp_socket()
    socket.connect("198.51.100.7", 80)        # sends the SYN; `state` tells how it goes
    socket.send(b"data")                      # octets taken, or Refused(WOULD_BLOCK)
    socket.receive()                          # b"" once the peer has sent all

A connection that failed tells why once, from the next call that sends, receives or connects, or
from `take_error`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack import tcp_end, tcp_listen, tcp_output
from stack.inbound import Cast
from stack.refusal import Reason, Refused, check
from stack.socket_base import Address, Socket
from stack.socket_table import enter, leave
from stack.tcp_connection import (
    OPENING,
    RECEIVE_BUFFER,
    RECEIVING,
    SEND_BUFFER,
    Connection,
    State,
)
from stack.tcp_table import LARGEST_BACKLOG, Listener
from stack.wire.address import LIMITED_BROADCAST, as_address, format_address, is_multicast

if TYPE_CHECKING:
    from stack.tcp_output import Aim
    from stack.user_options import UserOptions

DEFAULT_BACKLOG = 16
"""Connections that wait to be accepted, unless `listen` is told."""


@dataclass(slots=True, eq=False)
class TcpSocket(Socket):
    """One TCP socket; made by `Node.tcp_socket`, or by `accept`."""

    no_delay: bool = False
    """RFC 1122 §4.2.3.4: send small segments at once; see `set_no_delay`."""
    give_up_after: int | None = None
    """RFC 1122 §4.2.3.5: R2 of connections begun from now on, microseconds; None: 100 s of data,
    180 s of a SYN."""
    _address: int | None = None
    _port: int = 0
    _bound: bool = False
    _connection: Connection | None = None
    _listener: Listener | None = None

    # Opening

    def bind(self, address: Address | None = None, port: int = 0) -> None:
        """Take a local address (None: any) and port (0: one is chosen)."""
        if self.closed or self._port:
            raise Refused(Reason.CLOSED if self.closed else Reason.INVALID_STATE)
        local = None if address is None else as_address(address) or None
        if local is not None and not self.core.owns(local):
            # RFC 1122 §4.2.3.7: one of the host's own addresses.
            raise Refused(Reason.BAD_LOCAL_ADDRESS)
        if not 0 <= port <= 0xFFFF:
            raise Refused(Reason.INVALID_ARGUMENT)
        table = self.core.tcp
        if port and table.is_taken(local, port):
            raise Refused(Reason.ADDRESS_IN_USE)
        self._hold(local, port or self._draw_port(local, (0, 0)))

    def _draw_port(self, local: int | None, remote: tuple[int, int]) -> int:
        port = self.core.tcp.free_port(local, remote, self.core.random)
        if not port:
            raise Refused(Reason.ADDRESS_IN_USE)
        return port

    def _hold(self, local: int | None, port: int) -> None:
        self._address, self._port, self._bound = local, port, True
        enter(self.core.tcp.bound, port, local)

    def listen(self, backlog: int = DEFAULT_BACKLOG) -> None:
        """Open passively; `backlog` connections may wait, half open ones included."""
        if self.closed or self._connection is not None:
            raise Refused(Reason.CLOSED if self.closed else Reason.INVALID_STATE)
        wanted = min(max(backlog, 1), LARGEST_BACKLOG)
        if self._listener is not None:
            self._listener.backlog = wanted
            return
        if not self._port:
            self.bind()
        listener = Listener(self._address, self._port, wanted, self.settings, self._options)
        enter(self.core.tcp.listeners, self._port, listener)
        self._listener = listener

    def accept(self) -> TcpSocket:
        """Take a connection that is established."""
        if self._listener is None:
            raise Refused(Reason.INVALID_STATE)
        if not self._listener.ready:
            raise Refused(Reason.WOULD_BLOCK)
        connection = self._listener.ready.popleft()
        connection.listener = None
        socket = TcpSocket(
            self.core,
            settings=connection.settings,
            errors_seen=connection.errors_seen,
            _address=connection.local,
            _port=connection.local_port,
            _connection=connection,
        )
        socket.give_up_after = connection.give_up_after = self.give_up_after
        socket.set_no_delay(on=self.no_delay)
        return socket

    def connect(self, address: Address, port: int) -> None:
        """Open actively: the SYN leaves now, `state` tells when the connection is established."""
        self._may_connect()
        remote = as_address(address)
        if not 1 <= port <= 0xFFFF:
            raise Refused(Reason.INVALID_ARGUMENT)
        local = self._choose_source(remote)
        local_port = self._port or self._draw_port(local, (remote, port))
        connection = Connection(local, local_port, remote, port, self.settings)
        if connection.key in self.core.tcp.connections:
            raise Refused(Reason.ADDRESS_IN_USE)
        connection.errors_seen = self.errors_seen
        connection.options = self._options
        connection.user_options = bool(self._options.given)
        connection.no_delay = self.no_delay
        connection.give_up_after = self.give_up_after
        if not self._port:
            self._hold(local, local_port)
        self._connection = connection
        self.core.counters.inc("tcpActiveOpens")
        tcp_listen.begin(self.core, connection)
        self.core.tcp.enter(connection, State.SYN_SENT)
        check(tcp_output.send_syn(self.core, connection))

    def _may_connect(self) -> None:
        if self.closed:
            raise Refused(Reason.CLOSED)
        if self._listener is not None:
            raise Refused(Reason.INVALID_STATE)
        connection = self._connection
        if connection is not None and connection.state is not State.CLOSED:
            opening = connection.state in OPENING
            raise Refused(Reason.IN_PROGRESS if opening else Reason.ALREADY_CONNECTED)
        self._connection = None

    def _choose_source(self, remote: int) -> int:
        """RFC 1122 §4.2.3.7: the address bound, else that of the way the connection takes."""
        route = self._way(remote, self._options, self._address, self.settings.tos)
        if isinstance(route, Reason):
            self.core.counters.inc("ipSystemStatsOutNoRoutes")
            raise Refused(route)
        many = is_multicast(remote) or remote == LIMITED_BROADCAST
        if many or route.cast is not Cast.UNICAST or self.core.is_subnet_broadcast(remote):
            # RFC 1122 §4.2.3.10: an OPEN to a broadcast or multicast address is an error.
            raise Refused(Reason.BAD_ADDRESS)
        return route.source

    # State

    @property
    def state(self) -> State:
        """Where the connection is; LISTEN after `listen`, CLOSED without a connection."""
        if self._listener is not None:
            return State.LISTEN
        return State.CLOSED if self._connection is None else self._connection.state

    @property
    def local_name(self) -> tuple[str, int]:
        """Address, "0.0.0.0" for any, and port."""
        connection = self._connection
        address = self._address if connection is None else connection.local
        return format_address(address or 0), self._port

    @property
    def peer_name(self) -> tuple[str, int] | None:
        """Address and port of the other end."""
        connection = self._connection
        if connection is None:
            return None
        return format_address(connection.remote), connection.remote_port

    def peer_address(self) -> int | None:
        """Answer the address of the other end; None without a connection."""
        return None if self._connection is None else self._connection.remote

    @property
    def maximum_segment(self) -> int:
        """Octets of data that one segment may carry now (RFC 1122 §4.2.2.6, S12.10)."""
        connection = self._connected()
        way: Aim | Reason = tcp_output.aim_of(self.core, connection)
        if isinstance(way, Reason):
            raise Refused(way)
        return tcp_output.segment_size(connection, way.mtu)

    def take_error(self) -> Reason | None:
        """Why the connection failed, else the latest soft error; told once (SO_ERROR)."""
        connection = self._connection
        if connection is None:
            return None
        if connection.error is None:
            connection.error, connection.soft_error = connection.soft_error, None
        error, connection.error = connection.error, None
        return error

    def _connected(self) -> Connection:
        if self._connection is None:
            raise Refused(Reason.CLOSED if self.closed else Reason.NOT_CONNECTED)
        error, self._connection.error = self._connection.error, None
        if error is not None:
            raise Refused(error)
        return self._connection

    # Settings

    def set_no_delay(self, *, on: bool) -> None:
        """Turn the Nagle algorithm off or on (RFC 1122 §4.2.3.4)."""
        self.no_delay = on
        if self._connection is not None:
            self._connection.no_delay = on

    def set_options(self, buffer: bytes | None) -> None:
        """Set the IP options of all that is sent from now on (S12.4); none clears.

        RFC 1122 §4.2.3.8: this precedes a source route that was received.
        """
        self._options = self._take(buffer or b"")
        if self._connection is not None:
            self._connection.options = self._options
            self._connection.user_options = True
        if self._listener is not None:
            self._listener.options = self._options

    @property
    def _in_force(self) -> UserOptions:
        """What was set, or the way back of an accepted connection (S12.11, S12.12)."""
        return self._options if self._connection is None else self._connection.options

    # Data

    def send(self, data: bytes) -> int:
        """Queue octets and send what may leave; answers how many were taken."""
        connection = self._connected()
        if connection.state in OPENING:
            raise Refused(Reason.WOULD_BLOCK)
        if connection.fin_queued:
            raise Refused(Reason.SHUT_DOWN)
        if connection.state is State.CLOSED:
            raise Refused(Reason.NOT_CONNECTED)
        room = SEND_BUFFER - len(connection.buffer)
        if data and not room:
            raise Refused(Reason.WOULD_BLOCK)
        connection.buffer += data[:room]
        tcp_output.push(self.core, connection)
        return min(len(data), room)

    def receive(self, maximum: int = RECEIVE_BUFFER) -> bytes:
        """Read at most so many octets, in order; none when the peer has sent all."""
        connection = self._connected()
        if not connection.received:
            if connection.fin_received or connection.deaf:
                return b""
            closed = connection.state is State.CLOSED
            raise Refused(Reason.NOT_CONNECTED if closed else Reason.WOULD_BLOCK)
        octets = bytes(connection.received[:maximum])
        del connection.received[:maximum]
        if connection.state in RECEIVING and connection.widen(connection.peer_mss):
            # RFC 1122 §4.2.3.3: the peer may be waiting for room.
            tcp_output.acknowledge(self.core, connection)
        return octets

    def waiting(self) -> tuple[int, bool]:
        """Answer how many octets wait to be read, and whether the peer has sent all."""
        connection = self._connected()
        return len(connection.received), connection.fin_received

    def shutdown(self, *, read: bool = False, write: bool = False) -> None:
        """Receive nothing more, or send nothing more (RFC 1122 §4.2.2.13: a half-closed one).

        Without reading, what has come and what comes is lost, but acknowledged.
        """
        connection = self._connected()
        if connection.state in (State.CLOSED, State.SYN_SENT):
            raise Refused(Reason.NOT_CONNECTED)
        connection.deaf = connection.deaf or read
        if read:
            connection.received.clear()
        if write:
            tcp_end.finish_sending(self.core, connection)

    # Ending

    def close(self) -> None:
        """End it in order; connections that wait to be accepted are reset."""
        self._release(abort=False)

    def reset(self) -> None:
        """Abort: a reset goes to the peer and everything under way is lost."""
        self._release(abort=True)

    def _release(self, *, abort: bool) -> None:
        if self.closed:
            return
        self._end()
        self._stop_listening()
        if self._bound:
            leave(self.core.tcp.bound, self._port, self._address)
        connection, self._connection = self._connection, None
        if connection is not None:
            (tcp_end.abort if abort else tcp_end.let_go)(self.core, connection)

    def _stop_listening(self) -> None:
        listener, self._listener = self._listener, None
        if listener is None:
            return
        leave(self.core.tcp.listeners, listener.port, listener)
        for connection in (*listener.half_open, *listener.ready):
            tcp_end.abort(self.core, connection)

"""The TCP calls of the upper tester on the bundled stack's sockets."""

from __future__ import annotations

import errno
from collections.abc import Callable, Container, Mapping
from typing import Any, TypeAlias

from harness.upper import bundled_words as words
from harness.upper import protocol
from harness.upper.bundled_node import Node, TcpSocket
from harness.upper.protocol import Fault

ANY = "0.0.0.0"
DEFAULT_BACKLOG = 16

Value: TypeAlias = dict[str, Any]


class Held:
    """An open socket, and what the node's own socket does not keep."""

    __slots__ = ("options", "peer", "socket", "way_back")

    def __init__(self, socket: TcpSocket, peer: str | None, *, accepted: bool) -> None:
        self.socket = socket
        self.way_back = accepted
        """Its options are those that the stack made of a received source route."""
        self.options = b""
        """As the protocol has them: source routes without the final destination."""
        self.peer = peer


class TcpSockets:
    """The open TCP sockets by name, and the calls on them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._held: dict[str, Held] = {}

    def holds(self, name: Any) -> bool:
        """Whether a TCP socket has this name."""
        return name in self._held

    def concerns(self, operation: str, name: Any) -> bool:
        """Whether a call is for TCP: by its name, or by the socket that it names."""
        opens = operation in ("open_udp", "open_raw")
        return operation in protocol.TCP_CALLS or (self.holds(name) and not opens)

    def call(self, operation: str, arguments: Mapping[str, Any], *, taken: Container[str]) -> Value:
        """Make a call; `taken` are names of sockets of other kinds."""
        given = dict(arguments)
        name = given.pop("socket")
        if operation in _OPENING:
            if name in self._held or name in taken:
                raise OSError(errno.EEXIST, f"socket {name} is open")
            self._held[name] = _OPENING[operation](self, **given)
            return _address(self._held[name])
        if name not in self._held:
            if name in taken:
                raise Fault(f"{name} is no TCP socket")
            raise OSError(errno.EBADF, f"no socket {name}")
        if operation in ("close", "reset"):
            socket = self._held.pop(name).socket
            (socket.close if operation == "close" else socket.reset)()
            return {}
        if operation not in _ON_SOCKET:
            raise Fault(f"{operation} is not for TCP sockets")
        return _ON_SOCKET[operation](self._held[name], **given)

    def open_tcp(self, port: int = 0, address: str | None = None) -> Held:
        """Open and bind."""
        socket = self._node.tcp_socket()
        socket.bind(address, port)
        return Held(socket, None, accepted=False)

    def accept(self, listener: str) -> Held:
        """Take a connection."""
        if listener not in self._held:
            raise OSError(errno.EBADF, f"no TCP socket {listener}")
        socket = self._held[listener].socket.accept()
        peer = socket.peer_name
        return Held(socket, None if peer is None else peer[0], accepted=True)


def _address(held: Held) -> Value:
    address, port = held.socket.local_name
    return {"address": address, "port": port}


def _listen(held: Held, backlog: int = DEFAULT_BACKLOG) -> Value:
    held.socket.listen(backlog)
    return {}


def _connect_tcp(held: Held, to: str, port: int) -> Value:
    held.peer = to
    if held.options:
        # Only now is it known where a source route ends.
        held.socket.set_options(words.with_final(held.options, to))
    held.socket.connect(to, port)
    return _address(held)


def _send_tcp(held: Held, octets: bytes) -> Value:
    return {"taken": held.socket.send(octets)}


def _receive_tcp(held: Held, at_least: int = 1) -> Value:
    there, ended = held.socket.waiting()
    if there < at_least and not ended:
        raise OSError(errno.EAGAIN, f"{there} octets wait")
    octets = held.socket.receive(protocol.MAX_OCTETS) if there else b""
    return {"data": octets, "ended": ended}


def _state(held: Held) -> Value:
    return {"state": held.socket.state.value}


def _shutdown(held: Held) -> Value:
    held.socket.shutdown(write=True)
    return {}


def _errors(held: Held) -> Value:
    told = [words.error(error, udp=False) for error in held.socket.errors()]
    reason = held.socket.take_error()
    pending = None
    if reason is not None:
        pending = protocol.error_name(words.REFUSALS.get(reason.name))
    return {"errors": told, "pending": pending}


def _set_option(held: Held, name: str, octets: bytes = b"", **value: Any) -> Value:
    if value:
        raise Fault(f"a socket option {name} of TCP sockets has octets")
    if name == "options":
        held.socket.set_options(words.with_final(octets, held.peer or ANY))
        held.options = octets
    elif name == "options_raw":
        held.socket.set_options(octets)
        held.options = b""
    else:
        raise OSError(errno.ENOSYS, f"no socket option {name} of TCP sockets")
    held.way_back = False
    return {}


def _get_option(held: Held, name: str, size: int | None = None) -> Value:
    if name == "options_raw":
        return {"octets": held.socket.get_options(size)}
    if name == "options":
        told = held.options or held.socket.get_options()
        return {"octets": (_hops_of(told) if held.way_back and told else told)[:size]}
    raise OSError(errno.ENOSYS, f"no socket option {name} of TCP sockets")


def _hops_of(told: bytes) -> bytes:
    """The way back of an accepted connection, told with its first hop in front, as an option.

    As everywhere in the protocol it lists the hops, the peer not among them.
    """
    hop, option = told[:4], told[5:]
    return option[:3] + hop + option[3:-4] + b"\0"


_OPENING: Mapping[str, Callable[..., Held]] = {
    "open_tcp": TcpSockets.open_tcp,
    "accept": TcpSockets.accept,
}
_ON_SOCKET: Mapping[str, Callable[..., Value]] = {
    "listen": _listen,
    "connect_tcp": _connect_tcp,
    "send_tcp": _send_tcp,
    "receive_tcp": _receive_tcp,
    "state": _state,
    "shutdown": _shutdown,
    "errors": _errors,
    "set_option": _set_option,
    "get_option": _get_option,
    "address": _address,
}

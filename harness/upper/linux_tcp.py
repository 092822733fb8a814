"""The TCP calls of the upper tester on Linux sockets."""

from __future__ import annotations

import errno
import socket as net
from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any

from harness.upper import protocol
from harness.upper.linux_held import Held

DEFAULT_BACKLOG = 16
STATES = (
    "CLOSED",
    "ESTABLISHED",
    "SYN-SENT",
    "SYN-RECEIVED",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "CLOSED",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
    "SYN-RECEIVED",
)
"""By the kernel's numbers."""
_LINGER = Struct("=ii")


class TcpHeld(Held):
    """An open TCP socket. IP_RECVERR stays off: it would make soft errors end connections."""

    __slots__ = ()

    told = ()


def open_tcp(port: int = 0, address: str = "0.0.0.0") -> Held:
    """Open and bind; what is left of earlier connections does not stand in the way."""
    opened = net.socket(net.AF_INET, net.SOCK_STREAM)
    try:
        opened.setsockopt(net.SOL_SOCKET, net.SO_REUSEADDR, 1)
        held = TcpHeld(opened, raw=False)
        opened.bind((address, port))
    except OSError:
        opened.close()
        raise
    return held


def accept(listener: Held) -> Held:
    """Take a connection that a peer has opened."""
    return TcpHeld(listener.socket.accept()[0], raw=False)


def is_tcp(held: Held) -> bool:
    """Whether a socket is one of TCP."""
    return isinstance(held, TcpHeld)


def _listen(held: Held, backlog: int = DEFAULT_BACKLOG) -> dict[str, Any]:
    held.socket.listen(backlog)
    return {}


def _connect_tcp(held: Held, to: str, port: int) -> dict[str, Any]:
    number = held.socket.connect_ex((to, port))
    if number not in (0, errno.EINPROGRESS):
        raise OSError(number, "refused at once")
    address, own = held.socket.getsockname()
    return {"address": address, "port": own}


def _send_tcp(held: Held, octets: bytes) -> dict[str, Any]:
    return {"taken": held.socket.send(octets, net.MSG_NOSIGNAL)}


def _receive_tcp(held: Held, at_least: int = 1) -> dict[str, Any]:
    # A peek tells how much waits, but not whether more will come: reading beyond it does.
    there = len(held.socket.recv(protocol.MAX_OCTETS, net.MSG_PEEK))
    if there == 0:
        return {"data": b"", "ended": True}
    ended = _peer_has_ended(held)
    if there < at_least and not ended:
        raise OSError(errno.EAGAIN, f"{there} octets wait")
    return {"data": held.socket.recv(there), "ended": ended}


def _peer_has_ended(held: Held) -> bool:
    return _state_name(held) in ("CLOSE-WAIT", "LAST-ACK", "CLOSING", "TIME-WAIT", "CLOSED")


def _state_name(held: Held) -> str:
    number = held.socket.getsockopt(net.IPPROTO_TCP, net.TCP_INFO, 1)[0]
    return STATES[number] if number < len(STATES) else "CLOSED"


def _state(held: Held) -> dict[str, Any]:
    return {"state": _state_name(held)}


def _shutdown(held: Held) -> dict[str, Any]:
    held.socket.shutdown(net.SHUT_WR)
    return {}


def reset(held: Held) -> None:
    """Close with a reset."""
    held.socket.setsockopt(net.SOL_SOCKET, net.SO_LINGER, _LINGER.pack(1, 0))
    held.socket.close()


CALLS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "listen": _listen,
    "connect_tcp": _connect_tcp,
    "send_tcp": _send_tcp,
    "receive_tcp": _receive_tcp,
    "state": _state,
    "shutdown": _shutdown,
}
"""Calls on an open TCP socket. `open_tcp`, `accept`, `reset` change which sockets are open."""

"""What tests of sockets share."""

from __future__ import annotations

from stack.raw_socket import RawSocket
from stack.udp_socket import Datagram, UdpSocket
from stack.wire.icmp import IcmpMessage, build_icmp
from tests.stack.node_kit import GATEWAY, Sent, Wire, datagram, quad


def bound(
    wire: Wire, port: int = 9, address: str | None = None, *, reuse: bool = False
) -> UdpSocket:
    socket = wire.node.udp_socket()
    socket.setsockopt("reuse", reuse)
    socket.bind(address, port)
    return socket


def read(socket: UdpSocket) -> Datagram:
    datagram = socket.receive()
    assert datagram is not None
    return datagram


def addresses(*listed: str) -> bytes:
    return b"".join(map(quad, listed))


def route(kind: int, *hops: str) -> bytes:
    """A source route as users write it."""
    return bytes((kind, 3 + 4 * len(hops), 4)) + addresses(*hops)


def netstack(wire: Wire) -> dict[str, int]:
    return wire.node.counters.netstack()


def complain(
    wire: Wire, about: Sent | bytes, kind: int = 3, code: int = 3, rest: bytes = bytes(4)
) -> None:
    """Let the gateway send an ICMP error about a datagram of the node's."""
    quoted = about if isinstance(about, bytes) else about.packet.octets
    wire.ip(datagram(build_icmp(IcmpMessage(kind, code, rest, quoted)), source=GATEWAY))


def any_socket(wire: Wire, kind: str) -> UdpSocket | RawSocket:
    return wire.node.udp_socket() if kind == "udp" else wire.node.raw_socket(253)


def send(socket: UdpSocket | RawSocket, to: str, options: bytes | None = None) -> None:
    """Send one octet."""
    if isinstance(socket, UdpSocket):
        socket.send(b"x", (to, 7), options=options)
    else:
        socket.send(b"x", to, options=options)

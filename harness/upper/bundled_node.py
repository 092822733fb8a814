"""What the upper tester uses of a node, by shape: no class of the stack is named here."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any, Protocol


class Settings(Protocol):
    """What is set on a socket until it is set anew."""

    multicast_nic: int | None


class SocketError(Protocol):
    """An ICMP error about a datagram of a socket."""

    @property
    def type(self) -> int:
        """Of the ICMP message."""

    @property
    def code(self) -> int:
        """Of the ICMP message."""

    @property
    def mtu(self) -> int:
        """Octets that pass by now."""

    @property
    def pointer(self) -> int:
        """Of a parameter problem."""

    @property
    def offender(self) -> str:
        """Who sent the error."""

    @property
    def quoted(self) -> bytes:
        """The datagram in question from its IP header on, as far as quoted."""


class Datagram(Protocol):
    """What a UDP socket received; None is what its user does not want to know."""

    @property
    def data(self) -> bytes:
        """The user's data."""

    @property
    def source(self) -> str:
        """Its sender."""

    @property
    def source_port(self) -> int:
        """The sender's port."""

    @property
    def destination(self) -> str | None:
        """As in the header."""

    @property
    def specific_destination(self) -> str | None:
        """The node's own address in its stead, for broadcasts and groups."""

    @property
    def options(self) -> bytes:
        """The option area."""

    @property
    def return_options(self) -> bytes:
        """The options of an answer."""

    @property
    def ttl(self) -> int | None:
        """As in the header."""

    @property
    def tos(self) -> int | None:
        """As in the header."""

    @property
    def nic(self) -> int | None:
        """Where it came in."""


class RawDatagram(Protocol):
    """What a raw socket received."""

    @property
    def octets(self) -> bytes:
        """The datagram from its IP header on."""

    @property
    def specific_destination(self) -> str:
        """The node's own address."""

    @property
    def nic(self) -> int:
        """Where it came in."""


class Socket(Protocol):
    """What UDP and raw sockets have in common."""

    @property
    def settings(self) -> Settings:
        """To be read and changed at any time."""

    def set_options(self, buffer: bytes) -> None:
        """Options for all datagrams; a source route ends with the final destination."""

    def get_options(self, size: int | None = None) -> bytes:
        """The options as they were set, or as much as fits into that size."""

    def setsockopt(self, name: str, value: Any) -> None:
        """Set a socket option by name."""

    def getsockopt(self, name: str) -> Any:
        """Read a socket option by name."""

    def join(self, nic: int, group: str) -> None:
        """Join a group on a NIC until the socket closes."""

    def leave(self, nic: int, group: str) -> None:
        """Leave a group."""

    def errors(self) -> Sequence[SocketError]:
        """The ICMP errors since the last call."""

    def take_error(self) -> Enum | None:
        """The reason that is held against the socket, once."""

    def maximum_payload(self, to: str) -> int:
        """Octets of IP payload that the path is held to take, less the options set."""

    def close(self) -> None:
        """Give everything back."""


class UdpSocket(Socket, Protocol):
    """A UDP socket."""

    @property
    def local_name(self) -> tuple[str, int]:
        """Address, "0.0.0.0" for any, and port."""

    def bind(self, address: str | None, port: int) -> None:
        """Take an address (None: any) and a port (0: one is chosen)."""

    def connect(self, address: str, port: int) -> None:
        """Fix the peer."""

    def send(
        self,
        data: bytes,
        to: tuple[str, int] | None,
        *,
        source: str | None,
        ttl: int | None = None,
        tos: int | None = None,
        options: bytes | None,
        df: bool | None = None,
    ) -> None:
        """Send a datagram; options None: those of the socket."""

    def receive(self) -> Datagram | None:
        """The next datagram."""


class RawSocket(Socket, Protocol):
    """A raw socket."""

    def bind(self, address: str) -> None:
        """Take an address."""

    def connect(self, address: str) -> None:
        """Fix the peer."""

    def send(
        self,
        payload: bytes,
        to: str | None,
        *,
        header_included: bool,
        ttl: int | None = None,
        tos: int | None = None,
        options: bytes | None,
        df: bool | None = None,
    ) -> None:
        """Send a datagram."""

    def receive(self) -> RawDatagram | None:
        """The next datagram."""


class TcpState(Protocol):
    """A state of a connection."""

    @property
    def value(self) -> str:
        """Its name in RFC 9293."""


class TcpSocket(Protocol):
    """A TCP socket. No call blocks."""

    @property
    def local_name(self) -> tuple[str, int]:
        """Address, "0.0.0.0" for any, and port."""

    @property
    def peer_name(self) -> tuple[str, int] | None:
        """Address and port of the other end."""

    @property
    def state(self) -> TcpState:
        """Where its connection is."""

    def bind(self, address: str | None, port: int) -> None:
        """Take an address (None: any) and a port (0: one is chosen)."""

    def listen(self, backlog: int) -> None:
        """Open passively."""

    def connect(self, address: str, port: int) -> None:
        """Open actively."""

    def accept(self) -> TcpSocket:
        """Take a connection that a peer has opened."""

    def send(self, data: bytes) -> int:
        """Queue octets; answers how many were taken."""

    def receive(self, maximum: int) -> bytes:
        """Read; none at the end of the data."""

    def waiting(self) -> tuple[int, bool]:
        """Octets that wait to be read, and whether there will be more."""

    def shutdown(self, *, write: bool) -> None:
        """End sending."""

    def close(self) -> None:
        """End the connection in order."""

    def reset(self) -> None:
        """Abort the connection."""

    def set_options(self, buffer: bytes) -> None:
        """Options for everything that is sent."""

    def get_options(self, size: int | None = None) -> bytes:
        """What was set, or the way back of an accepted connection."""

    def errors(self) -> Sequence[SocketError]:
        """The ICMP errors since the last call."""

    def take_error(self) -> Enum | None:
        """Why the connection failed, once."""


class Node(Protocol):
    """A node. What it refuses it raises, with a `reason` that is a member of an enum."""

    @property
    def default_ttl(self) -> int:
        """TTL of what names none."""

    def tcp_socket(self) -> TcpSocket:
        """Open a TCP socket."""

    def udp_socket(self) -> UdpSocket:
        """Open a UDP socket."""

    def raw_socket(self, protocol: int) -> RawSocket:
        """Open a raw socket."""

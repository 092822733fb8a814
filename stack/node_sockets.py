"""The part of the facade that opens sockets."""

from __future__ import annotations

from stack.core import Core
from stack.handlers import Handler
from stack.icmp_socket import IcmpSocket
from stack.packet_socket import PacketSocket
from stack.raw_socket import SEND_ONLY, RawSocket
from stack.refusal import Reason, Refused
from stack.socket_table import enter
from stack.tcp_socket import TcpSocket
from stack.udp_socket import UdpSocket


class Opener:
    """Opens sockets on a stack; `Node` is one."""

    _core: Core

    def udp_socket(self) -> UdpSocket:
        """Open a UDP socket."""
        return UdpSocket(self._core)

    def tcp_socket(self) -> TcpSocket:
        """Open a TCP socket."""
        return TcpSocket(self._core)

    @property
    def tcp_established(self) -> int:
        """Connections in ESTABLISHED or CLOSE-WAIT (RFC 4022 tcpCurrEstab)."""
        return self._core.tcp.established

    def raw_socket(self, protocol: int) -> RawSocket:
        """Open a raw socket; protocol 255 only sends, with its own headers."""
        if not 0 <= protocol <= SEND_ONLY:
            raise Refused(Reason.INVALID_ARGUMENT)
        socket = RawSocket(self._core, protocol=protocol)
        enter(self._core.sockets.raw, protocol, socket)
        return socket

    def icmp_socket(self, identifier: int | None = None) -> IcmpSocket:
        """Open an ICMP socket; the identifier tells its requests apart (None: one is drawn)."""
        if identifier is None:
            identifier = self._core.random.getrandbits(16)
        identifier &= 0xFFFF
        socket = IcmpSocket(self._core, identifier=identifier)
        enter(self._core.sockets.icmp, identifier, socket)
        return socket

    def packet_socket(self, nic: int | None = None, ethertype: int | None = None) -> PacketSocket:
        """Listen to the frames that one NIC or all take in, of one Ethertype or both (S2.1)."""
        socket = PacketSocket(self._core, nic, ethertype)
        self._core.packet_sockets.append(socket)
        return socket

    def set_default_handler(self, protocol: int, handler: Handler | None) -> None:
        """Set who takes the datagrams of a known protocol that no socket wants (S2.28)."""
        self._core.handlers.pop(protocol, None)
        if handler is not None:
            self._core.handlers[protocol] = handler

"""Which socket a datagram, a reply or an error belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from stack.wire.icmp import ECHO_REPLY, ECHO_REQUEST, TIMESTAMP, TIMESTAMP_REPLY, IcmpMessage
from stack.wire.ipv4 import PROTOCOL_ICMP, PROTOCOL_UDP, Ipv4Header
from stack.wire.udp import read_ports

if TYPE_CHECKING:
    from stack.icmp_socket import IcmpSocket
    from stack.inbound import Inbound
    from stack.raw_socket import RawSocket
    from stack.udp_socket import UdpSocket
    from stack.wire.quote import Quote

EndPoint = tuple[int, int]
"""Address and port."""


Key = TypeVar("Key")
Holder = TypeVar("Holder")


def enter(table: dict[Key, list[Holder]], key: Key, holder: Holder) -> None:
    """Put one more behind those that share a key."""
    table.setdefault(key, []).append(holder)


def leave(table: dict[Key, list[Holder]], key: Key, holder: Holder) -> None:
    """Take one away, if it is there, and the key with the last one."""
    sharing = table.get(key, [])
    if holder in sharing:
        sharing.remove(holder)
        if not sharing:
            del table[key]


class SocketTable:
    """All open sockets, oldest first."""

    def __init__(self) -> None:
        self.udp: dict[int, list[UdpSocket]] = {}
        """By local port."""
        self.raw: dict[int, list[RawSocket]] = {}
        """By protocol."""
        self.icmp: dict[int, list[IcmpSocket]] = {}
        """By identifier."""

    def udp_receivers(self, local: EndPoint, remote: EndPoint, *, many: bool) -> list[UdpSocket]:
        """Find who gets a datagram: every match if it was sent to many, else the best one (S2.27).

        The best is the one that says most about its peer and its own address.
        """
        fits = [(socket.fit(local[0], remote), socket) for socket in self.udp.get(local[1], ())]
        if many:
            return [socket for fit, socket in fits if fit is not None]
        best = _best(fits)
        return [] if best is None else [best]

    def udp_sender(self, local: EndPoint, remote: EndPoint) -> UdpSocket | None:
        """Find the socket that sent a datagram which an error quotes (S5.35)."""
        sharing = self.udp.get(local[1], ())
        return _best([(socket.has_sent(local, remote), socket) for socket in sharing])

    def raw_receivers(self, header: Ipv4Header) -> list[RawSocket]:
        """Find the raw sockets that get a copy of a datagram."""
        return [socket for socket in self.raw.get(header.protocol, ()) if socket.wants(header)]

    def icmp_message(self, inbound: Inbound, message: IcmpMessage) -> bool:
        """Give a reply to those who asked (RFC 1122 §3.2.2.6, §3.2.2.8); answer whether any did."""
        found = False
        if message.type in (ECHO_REPLY, TIMESTAMP_REPLY, ECHO_REQUEST):
            for socket in self.icmp.get(message.identifier, ()):
                if socket.wants(inbound):
                    socket.put(inbound, message)
                    found = True
        return found

    def icmp_error(self, inbound: Inbound, message: IcmpMessage, quote: Quote, mtu: int) -> None:
        """Give an error to the socket whose datagram it quotes (RFC 1122 §3.2.2, S5.35)."""
        if quote.protocol == PROTOCOL_UDP:
            ports = read_ports(quote.payload)
            if ports is None:
                return
            sender = self.udp_sender((quote.source, ports[0]), (quote.destination, ports[1]))
            if sender is not None:
                sender.hear(inbound, message, mtu)
        elif quote.protocol == PROTOCOL_ICMP:
            self._icmp_query_failed(inbound, message, quote, mtu)
        for raw in self.raw.get(quote.protocol, ()):
            if raw.has_sent(quote):
                raw.hear(inbound, message, mtu)

    def _icmp_query_failed(
        self, inbound: Inbound, message: IcmpMessage, quote: Quote, mtu: int
    ) -> None:
        payload = quote.payload
        if len(payload) < 8 or payload[0] not in (ECHO_REQUEST, TIMESTAMP):
            return
        for socket in self.icmp.get(payload[4] << 8 | payload[5], ()):
            if socket.has_sent(quote):
                socket.hear(inbound, message, mtu)


def _best(fits: list[tuple[int | None, UdpSocket]]) -> UdpSocket | None:
    """The socket that fits best, of equal ones the oldest."""
    best: UdpSocket | None = None
    best_fit = -1
    for fit, socket in fits:
        if fit is not None and fit > best_fit:
            best, best_fit = socket, fit
    return best

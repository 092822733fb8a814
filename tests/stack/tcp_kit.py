"""A TCP peer by hand, for tests: it says what it is told to and reads what comes."""

from __future__ import annotations

from typing import Unpack

from stack.policy import RFC, Policy
from stack.tcp_connection import Connection, State
from stack.tcp_socket import TcpSocket
from stack.wire.icmp import IcmpMessage, build_icmp
from stack.wire.tcp import (
    ACK,
    FIN,
    SYN,
    TcpFault,
    TcpSegment,
    add,
    build_tcp,
    maximum_segment_size_option,
    parse_tcp,
)
from tests.stack.node_kit import HOST, PEER, Fields, Sent, Wire, a, datagram

PORT = 80
PEER_PORT = 4000
PEER_ISS = 0xFFFFFF00
"""Near the end, so that sequence numbers wrap early in every test."""


def tcp(
    control: int,
    *,
    sequence: int = 0,
    acknowledgment: int = 0,
    data: bytes = b"",
    window: int = 65535,
    tcp_options: bytes = b"",
    port: int = PORT,
    source_port: int = PEER_PORT,
    **fields: Unpack[Fields],
) -> bytes:
    """A segment from PEER to HOST."""
    source, destination = fields.get("source", PEER), fields.get("destination", HOST)
    segment = TcpSegment(
        source_port, port, sequence, acknowledgment, control, window, 0, tcp_options, data
    )
    return datagram(build_tcp(segment, a(source), a(destination)), 6, **fields)


def segment_of(sent: Sent, *, final: str | None = None) -> TcpSegment:
    """Read a segment; `final` is whom it is for when a source route leads there."""
    destination = sent.header.destination if final is None else a(final)
    read = parse_tcp(sent.packet.payload, sent.header.source, destination)
    assert not isinstance(read, TcpFault), read
    return read


def tcp_moved(wire: Wire, before: dict[str, int]) -> dict[str, int]:
    """What TCP's MIB objects moved by, since `wire.mib()` was taken."""
    return {name: by for name, by in wire.moved(before).items() if name.startswith("tcp")}


class Peer:
    """The other end of one connection, with its sequence numbers."""

    def __init__(
        self, wire: Wire, *, address: str = PEER, port: int = PORT, window: int = 65535
    ) -> None:
        self.wire = wire
        self.address = address
        self.port = port
        """Of the node."""
        self.own_port = PEER_PORT
        self.window = window
        self.sequence = PEER_ISS
        self.acknowledgment = 0

    def say(
        self,
        control: int,
        data: bytes = b"",
        *,
        ahead: int = 0,
        acknowledgment: int | None = None,
        tcp_options: bytes = b"",
        **fields: Unpack[Fields],
    ) -> None:
        """Send a segment and move on; with `ahead` it lies so far off and nothing moves."""
        fields.setdefault("source", self.address)
        self.wire.ip(
            tcp(
                control,
                sequence=add(self.sequence, ahead),
                acknowledgment=self.acknowledgment if acknowledgment is None else acknowledgment,
                data=data,
                window=self.window,
                tcp_options=tcp_options,
                port=self.port,
                source_port=self.own_port,
                **fields,
            )
        )
        if not ahead:
            self.sequence = add(
                self.sequence, len(data) + bool(control & SYN) + bool(control & FIN)
            )

    def hear(self, after: int = 0) -> TcpSegment:
        """Take the one segment that the node sent, and be ready to acknowledge it."""
        return self.take(self.wire.one(after))

    def take(self, sent: Sent) -> TcpSegment:
        segment = segment_of(sent, final=self.address)
        if segment.sequence_length:
            self.acknowledgment = add(segment.sequence, segment.sequence_length)
        return segment

    def hear_all(self, after: int = 0) -> list[TcpSegment]:
        return [self.take(sent) for sent in self.wire.sent(after)]

    @property
    def connection(self) -> Connection:
        """The node's side of it."""
        table = self.wire.node._core.tcp.connections
        return table[a(HOST), self.port, a(self.address), self.own_port]


def listening(wire: Wire, port: int = PORT, **how: int) -> TcpSocket:
    socket = wire.node.tcp_socket()
    socket.bind(None, port)
    socket.listen(**how)
    return socket


def accepted(
    policy: Policy = RFC,
    *,
    mss: int | None = None,
    window: int = 65535,
    mtu: int = 1500,
    **fields: Unpack[Fields],
) -> tuple[TcpSocket, Peer]:
    """A connection that the peer opened."""
    wire = Wire(policy, mtu=mtu)
    listener = listening(wire)
    peer = Peer(wire, address=fields.get("source", PEER), window=window)
    option = b"" if mss is None else maximum_segment_size_option(mss)
    peer.say(SYN, tcp_options=option, **fields)
    assert peer.hear().flags == SYN | ACK
    peer.say(ACK)
    socket = listener.accept()
    listener.close()
    assert socket.state is State.ESTABLISHED
    return socket, peer


def connecting(policy: Policy = RFC, *, options: bytes = b"") -> tuple[TcpSocket, Peer]:
    """A socket in SYN-SENT whose SYN the peer has."""
    wire = Wire(policy)
    socket = wire.node.tcp_socket()
    if options:
        socket.set_options(options)
    socket.connect(PEER, PEER_PORT)
    peer = Peer(wire, port=socket.local_name[1])
    assert peer.hear().flags == SYN
    return socket, peer


def connected(policy: Policy = RFC, *, options: bytes = b"") -> tuple[TcpSocket, Peer]:
    """A connection that the node opened."""
    socket, peer = connecting(policy, options=options)
    peer.say(SYN | ACK)
    assert peer.hear().flags == ACK
    assert socket.state is State.ESTABLISHED
    return socket, peer


def icmp_about(wire: Wire, message: IcmpMessage, *, source: str = "192.0.2.254") -> None:
    """Let a router send an ICMP error."""
    wire.ip(datagram(build_icmp(message), 1, source=source))

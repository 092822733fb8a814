"""What faults of IP_OPTIONS and of TCP's options are made of: functions put in others' places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from harness.target.base import VirtualLaboratory
from stack import tcp, tcp_end, tcp_errors, tcp_options
from stack.options import pad
from stack.refusal import Reason
from stack.user_options import NO_OPTIONS, OptionRefusal, UserOptions
from tests.faults.framework import Patch, WrappedLaboratory, both, wrapped

SETTING = ("stack.socket_base.Socket.set_options", "stack.tcp_socket.TcpSocket.set_options")


def setting(around: Any) -> Patch:
    """`around(original, socket, buffer)` instead of setting options, on whichever socket."""
    return both(*(wrapped(path, around) for path in SETTING))


def getting(around: Any) -> Patch:
    """`around(original, socket, size)` instead of getting them."""
    return wrapped("stack.socket_base.Socket.get_options", around)


def added(original: Any, socket: Any, buffer: bytes | None) -> None:
    """What is set comes behind what was set before."""
    original(socket, socket.get_options() + buffer if buffer else buffer)


def never_cleared(original: Any, socket: Any, buffer: bytes | None) -> None:
    """No octets change nothing."""
    if buffer:
        original(socket, buffer)


def once_sent(original: Any, socket: Any, protocol: int, ask: Any) -> Any:
    """Options go out with one datagram and are forgotten."""
    made = original(socket, protocol, ask)
    socket._options = NO_OPTIONS
    return made


def cut_to_fit(original: Any, buffer: bytes, policy: Any) -> Any:
    """What is too long is cut."""
    return original(buffer if len(buffer) <= 40 else buffer[:40], policy)


def unjudged(original: Any, buffer: bytes, policy: Any) -> Any:
    """Whatever has room is taken as it is."""
    taken = original(buffer, policy)
    if taken is OptionRefusal.INVALID and len(buffer) <= 40:
        return UserOptions(buffer, pad(buffer))
    return taken


def first_hop_kept(original: Any, buffer: bytes, policy: Any) -> Any:
    """The option on the wire lists the first hop too."""
    taken = original(buffer, policy)
    if isinstance(taken, UserOptions) and taken.first_hop is not None:
        return replace(taken, area=pad(buffer))
    return taken


def for_everybody() -> Patch:
    """There is one place for the options of all sockets."""
    held: list[Any] = [None, NO_OPTIONS]

    def set_options(original: Any, socket: Any, buffer: bytes | None) -> None:
        original(socket, buffer)
        held[:] = [socket.core, socket._options]

    def opened(original: Any, socket: Any, *arguments: Any) -> Any:
        if held[0] is socket.core:
            socket._options = held[1]
        return original(socket, *arguments)

    return both(
        setting(set_options),
        wrapped("stack.socket_base.Socket._prepare", opened),
        wrapped("stack.tcp_socket.TcpSocket.connect", opened),
    )


def taken_from_received(original: Any, socket: Any, inbound: Any, datagram: Any) -> Any:
    """A UDP socket's options become those that were received."""
    if inbound.area:
        socket._options = UserOptions(inbound.area, inbound.area)
    return original(socket, inbound, datagram)


def bare_header(original: Any, core: Any, octets: bytes, call: Any) -> Any:
    """Options in a caller's header are thrown away."""
    length = (octets[0] & 15) * 4
    bare = bytes((0x45,)) + octets[1:20] + octets[length:]
    total = (len(bare)).to_bytes(2, "big")
    return original(core, bare[:2] + total + bare[4:], call)


def header_cut_off(original: Any, socket: Any, octets: bytes, inbound: Any) -> Any:
    """A raw socket reads a header without its options."""
    length = (octets[0] & 15) * 4
    return original(socket, bytes((0x45,)) + octets[1:20] + octets[length:], inbound)


def always_told(original: Any, socket: Any, inbound: Any, datagram: Any) -> Any:
    """Whether the user wants options with datagrams is not asked."""
    socket.settings.recvopts = True
    return original(socket, inbound, datagram)


def way_back_stays(original: Any, socket: Any, buffer: bytes | None) -> None:
    """What a user sets on an accepted connection changes nothing."""
    connection = socket._connection
    if connection is None or not connection.passive or connection.options is NO_OPTIONS:
        original(socket, buffer)


def later_route_wins(connection: Any, inbound: Any) -> None:
    """The route that a segment came by is taken whatever the user wants."""
    connection.options = tcp_options.way_back(inbound) or connection.options


def bare_connect(original: Any, socket: Any, *arguments: Any) -> None:
    """An active open forgets what was set."""
    socket._options = NO_OPTIONS
    original(socket, *arguments)


def none_with_options(core: Any, inbound: Any) -> None:
    """TCP drops segments whose datagram has options that are no source route."""
    if inbound.header.options[:1] in (b"", b"\x83", b"\x89"):
        tcp.receive(core, inbound)


def no_room(original: Any, connection: Any, mtu: int) -> Any:
    """The options of the user are not counted in the size of segments."""
    return original(connection, mtu) + len(connection.options.area)


def soft_is_hard() -> Patch:
    """Every ICMP error ends the connection that it is about."""

    def receive(original: Any, core: Any, inbound: Any, message: Any, quote: Any, mtu: int) -> None:
        found = tcp_errors._find(core, message.data, quote.payload)
        if found is not None and (message.type, message.code) != (3, 4):
            tcp_end.drop(core, found[0], Reason.HOST_UNREACHABLE)

    return wrapped("stack.tcp_errors.receive", receive)


def any_connection(original: Any, core: Any, datagram: bytes, segment: bytes) -> Any:
    """An error is taken to be about the connection that was opened first."""
    found = original(core, datagram, segment)
    if found is None:
        return None
    first = next(iter(core.tcp.connections.values()))
    return first, first.snd_una


class _Mortal(WrappedLaboratory):
    """A stack that never comes back from an IGMP message of a type that nobody has defined."""

    dead = False

    def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        is_igmp = frame[12:15] == b"\x08\x00\x45" and frame[23:24] == b"\x02"
        self.dead = self.dead or (is_igmp and frame[34:35] in (b"\x10", b"\x15"))
        return () if self.dead else (frame,)


def mortal(inner: VirtualLaboratory) -> VirtualLaboratory:
    """A laboratory with such a stack."""
    return _Mortal(inner)

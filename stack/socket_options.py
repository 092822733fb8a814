"""The options of sockets by name: `setsockopt(name, value)`, `getsockopt(name)`.

Names and values are those that socket programmers know, in small letters and without prefix. A
socket class has `COMMON` and may add its own. What is not there is an unknown protocol option; so
is setting what can only be read. A value of another kind or out of range is an invalid argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stack.refusal import Reason, Refused
from stack.socket_settings import MtuDiscover
from stack.wire.address import parse_address

if TYPE_CHECKING:
    from stack.socket_base import Socket

_MOST_NICS: Final = (1 << 31) - 1

Value = bool | int | str | bytes | Reason | None
"""What an option may be."""


class SocketOption(NamedTuple):
    """How an option is read and set; the socket comes first."""

    read: Callable[[Any], Value]
    write: Callable[[Any, Any], None] | None = None
    """None: the option can only be read."""


def write(socket: Socket, table: Mapping[str, SocketOption], name: str, value: Any) -> None:
    """Set an option of a socket."""
    option = table.get(name)
    if option is None or option.write is None:
        raise Refused(Reason.UNKNOWN_PROTOCOL_OPTION)
    option.write(socket, value)


def read(socket: Socket, table: Mapping[str, SocketOption], name: str) -> Value:
    """Read an option of a socket."""
    option = table.get(name)
    if option is None:
        raise Refused(Reason.UNKNOWN_PROTOCOL_OPTION)
    return option.read(socket)


def flag_value(value: Any) -> bool:
    """Take True or False and nothing else."""
    if not isinstance(value, bool):
        raise Refused(Reason.INVALID_ARGUMENT)
    return value


def number_value(value: Any, least: int, most: int) -> int:
    """Take a number of a range."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(Reason.INVALID_ARGUMENT)
    return value


def _flag(name: str) -> SocketOption:
    def write_flag(socket: Socket, value: Any) -> None:
        setattr(socket.settings, name, flag_value(value))

    return SocketOption(lambda socket: getattr(socket.settings, name), write_flag)


def _received_options(name: str) -> SocketOption:
    """S12.15: where the policy passes no options up, nobody may believe that they come."""

    def write_flag(socket: Socket, value: Any) -> None:
        if flag_value(value) and not socket.core.policy.received_options_to_udp:
            raise Refused(Reason.NOT_SUPPORTED)
        setattr(socket.settings, name, value)

    def read_flag(socket: Socket) -> Value:
        told: bool = getattr(socket.settings, name)
        return told and socket.core.policy.received_options_to_udp

    return SocketOption(read_flag, write_flag)


def _ttl(socket: Socket) -> Value:
    # S7.3: 0 stands for the default too.
    return socket.settings.ttl or socket.core.default_ttl


def _set_ttl(socket: Socket, value: Any) -> None:
    # RFC 1122 §3.2.1.7: MUST NOT send with TTL 0.
    number = number_value(value, -1, 255)
    if number == 0:
        raise Refused(Reason.INVALID_ARGUMENT)
    socket.settings.ttl = None if number < 0 else number


def _set_tos(socket: Socket, value: Any) -> None:
    socket.settings.tos = number_value(value, 0, 255)


def _set_multicast_ttl(socket: Socket, value: Any) -> None:
    # RFC 1112 §6.1: 1 unless the user says otherwise, which -1 takes back.
    number = number_value(value, -1, 255)
    socket.settings.multicast_ttl = 1 if number < 0 else number


def _set_mtu_discover(socket: Socket, value: Any) -> None:
    try:
        socket.settings.mtu_discover = MtuDiscover(value)
    except ValueError:
        raise Refused(Reason.INVALID_ARGUMENT) from None


def _set_multicast_interface(socket: Socket, value: Any) -> None:
    """A NIC's number, an address of ours on it, or None for the route table's choice."""
    if isinstance(value, str):
        try:
            nic = socket.core.owner(parse_address(value))
        except ValueError:
            raise Refused(Reason.INVALID_ARGUMENT) from None
        if nic is None:
            raise Refused(Reason.BAD_LOCAL_ADDRESS)
        value = nic.number
    if value is not None and number_value(value, 0, _MOST_NICS) not in socket.core.nics:
        raise Refused(Reason.UNKNOWN_NIC)
    socket.settings.multicast_nic = value


def _set_recverr(socket: Socket, value: Any) -> None:
    socket.settings.recverr = flag_value(value)
    if not value:
        socket.errors_seen.take()


def _set_options(socket: Socket, value: Any) -> None:
    if not isinstance(value, bytes):
        raise Refused(Reason.INVALID_ARGUMENT)
    socket.set_options(value)


COMMON: Final[Mapping[str, SocketOption]] = {
    "ttl": SocketOption(_ttl, _set_ttl),
    "tos": SocketOption(lambda socket: socket.settings.tos, _set_tos),
    "options": SocketOption(lambda socket: socket.get_options(), _set_options),
    "mtu_discover": SocketOption(
        lambda socket: socket.settings.mtu_discover.value, _set_mtu_discover
    ),
    "mtu": SocketOption(lambda socket: socket.path_mtu()),
    "broadcast": _flag("broadcast"),
    "reuse": _flag("reuse"),
    "error": SocketOption(lambda socket: socket.take_error()),
    "multicast_ttl": SocketOption(lambda socket: socket.settings.multicast_ttl, _set_multicast_ttl),
    "multicast_loop": _flag("multicast_loop"),
    "multicast_interface": SocketOption(
        lambda socket: socket.settings.multicast_nic, _set_multicast_interface
    ),
    "recvopts": _received_options("recvopts"),
    "retopts": _received_options("retopts"),
    "recverr": SocketOption(lambda socket: socket.queues_errors, _set_recverr),
    "recvttl": _flag("recvttl"),
    "recvtos": _flag("recvtos"),
    "pktinfo": _flag("pktinfo"),
}
"""What every socket has."""

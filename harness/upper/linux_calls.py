"""The calls of the upper tester on Linux sockets.

An `OSError` that leaves a call is the target's refusal. What the kernel holds against a socket
because of an ICMP error (SO_ERROR) never becomes the refusal of a later call: it is put aside for
`errors`.
"""

from __future__ import annotations

import errno
import os
import socket as net
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from struct import Struct
from typing import Any

from harness.upper import linux_ancillary as ancillary
from harness.upper import linux_tcp, protocol
from harness.upper.linux_held import IP_RECVERR, IP_RECVTTL, Held
from harness.upper.protocol import Fault

IP_MTU_DISCOVER = 10
IP_MTU = 14
IP_PMTUDISC_DONT = 0
IP_PMTUDISC_DO = 2
MTU_DISCOVER = {"dont": IP_PMTUDISC_DONT, "want": 1, "do": IP_PMTUDISC_DO, "probe": 3}
"""Values of IP_MTU_DISCOVER by what the protocol calls them."""

TCP_ONLY = frozenset((*linux_tcp.CALLS, "reset"))
NOT_TCP = frozenset({"connect", "send_udp", "send_raw", "receive"})
"""Calls for one kind of socket; on another they are a mistake of the client."""

NUMBERS = {"ttl": net.IP_TTL, "tos": net.IP_TOS, "multicast_ttl": net.IP_MULTICAST_TTL}
FLAGS = {
    "multicast_loop": (net.IPPROTO_IP, net.IP_MULTICAST_LOOP),
    "recvopts": (net.IPPROTO_IP, net.IP_RECVOPTS),
    "retopts": (net.IPPROTO_IP, net.IP_RETOPTS),
    "recverr": (net.IPPROTO_IP, IP_RECVERR),
    "recvttl": (net.IPPROTO_IP, IP_RECVTTL),
    "recvtos": (net.IPPROTO_IP, net.IP_RECVTOS),
    "pktinfo": (net.IPPROTO_IP, ancillary.IP_PKTINFO),
    "broadcast": (net.SOL_SOCKET, net.SO_BROADCAST),
}
SO_NO_CHECK = 11
NOT_FLAGS = {"checksum": (net.SOL_SOCKET, SO_NO_CHECK)}
"""What the kernel has the other way round."""
SPECIAL = ("mtu_discover", "multicast_interface")
OPTIONS = tuple(sorted((*NUMBERS, *FLAGS, *NOT_FLAGS, *protocol.OCTET_OPTIONS, *SPECIAL)))
"""Names that set_option and get_option know."""

MAX_OPTION_AREA = 40
MAX_OPTION_BUFFER = 44
"""Octets: what a source route may need with the first hop in it."""
_NUMBER = Struct("=i")
_PACKET_INFO = Struct("=i4s4s")


class Calls:
    """All calls, on the sockets that the client opened by name."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}
        self._without_socket: dict[str, Callable[..., dict[str, Any]]] = {
            "hello": self._hello,
            "capabilities": self._capabilities,
        }
        self._opening: dict[str, Callable[..., Held]] = {
            "open_udp": _open_udp,
            "open_tcp": linux_tcp.open_tcp,
            "accept": self._accept,
        }
        if _raw_sockets_work():
            self._opening["open_raw"] = _open_raw
            self._on_socket = {**_ON_SOCKET, **linux_tcp.CALLS, "send_raw": _send_raw}
        else:
            self._on_socket = {**_ON_SOCKET, **linux_tcp.CALLS}

    def make(self, call: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Make a call.

        Raises:
            OSError: the target refuses, or there is no such call (ENOSYS).
            Fault: the arguments are wrong.
        """
        if call not in self.names:
            raise OSError(errno.ENOSYS, f"no call {call}")
        protocol.check_arguments(call, arguments)
        if call in self._without_socket:
            return self._without_socket[call](**arguments)
        name = arguments.pop("socket")
        if call in self._opening:
            return self._open(name, self._opening[call], arguments)
        if name not in self._held:
            raise OSError(errno.EBADF, f"no socket {name}")
        held = self._held[name]
        if call == "close":
            self._held.pop(name).socket.close()
            return {}
        if (call in TCP_ONLY and not linux_tcp.is_tcp(held)) or (
            call in NOT_TCP and linux_tcp.is_tcp(held)
        ):
            raise Fault(f"{call} is not for this kind of socket")
        if call == "reset":
            linux_tcp.reset(self._held.pop(name))
            return {}
        return self._on_socket[call](self._held[name], **arguments)

    @property
    def names(self) -> frozenset[str]:
        """The calls that are to be had here."""
        return frozenset(
            (*self._without_socket, *self._opening, *self._on_socket, "close", "reset")
        )

    def close(self) -> None:
        """Close every socket."""
        for held in self._held.values():
            held.socket.close()
        self._held.clear()

    def _open(
        self, name: str, opening: Callable[..., Held], arguments: dict[str, Any]
    ) -> dict[str, Any]:
        if name in self._held:
            raise OSError(errno.EEXIST, f"socket {name} is open")
        held = opening(**arguments)
        self._held[name] = held
        return _address(held)

    def _accept(self, listener: str) -> Held:
        if listener not in self._held:
            raise OSError(errno.EBADF, f"no socket {listener}")
        if not linux_tcp.is_tcp(self._held[listener]):
            raise Fault("accept is for TCP sockets")
        return linux_tcp.accept(self._held[listener])

    def _hello(self, version: int = protocol.VERSION) -> dict[str, Any]:
        if version != protocol.VERSION:
            raise OSError(errno.EPROTONOSUPPORT, f"version {protocol.VERSION} is spoken here")
        system = os.uname()
        return {
            "protocol": protocol.NAME,
            "version": protocol.VERSION,
            "target": f"{system.sysname} {system.release}",
        }

    def _capabilities(self) -> dict[str, Any]:
        return {"calls": sorted(self.names), "socket_options": list(OPTIONS)}


def _raw_sockets_work() -> bool:
    try:
        net.socket(net.AF_INET, net.SOCK_RAW, net.IPPROTO_ICMP).close()
    except OSError:
        return False
    return True


def _open_udp(port: int = 0, address: str = "0.0.0.0", reuse: bool = False) -> Held:
    opened = net.socket(net.AF_INET, net.SOCK_DGRAM)
    try:
        if reuse:
            opened.setsockopt(net.SOL_SOCKET, net.SO_REUSEADDR, 1)
        held = Held(opened, raw=False)
        opened.bind((address, port))
    except OSError:
        opened.close()
        raise
    return held


def _open_raw(protocol: int, address: str | None = None, header_included: bool = False) -> Held:
    opened = net.socket(net.AF_INET, net.SOCK_RAW, protocol)
    try:
        opened.setsockopt(net.IPPROTO_IP, net.IP_HDRINCL, int(header_included))
        held = Held(opened, raw=True)
        if address is not None:
            opened.bind((address, 0))
    except OSError:
        opened.close()
        raise
    return held


def _connect(held: Held, to: str, port: int = 0) -> dict[str, Any]:
    held.put_aside()
    held.socket.connect((to, port))
    return _address(held)


def _send_udp(
    held: Held, octets: bytes, to: str | None = None, port: int | None = None, **how: Any
) -> dict[str, Any]:
    if held.raw:
        raise Fault("send_udp is for UDP sockets")
    if (to is None) is not (port is None):
        raise Fault("to and port go together")
    return _send(held, octets, None if to is None or port is None else (to, port), **how)


def _send_raw(held: Held, octets: bytes, to: str | None = None, **how: Any) -> dict[str, Any]:
    if not held.raw:
        raise Fault("send_raw is for raw sockets")
    return _send(held, octets, None if to is None else (to, 0), **how)


def _send(
    held: Held,
    octets: bytes,
    to: tuple[str, int] | None,
    ttl: int | None = None,
    tos: int | None = None,
    df: bool | None = None,
    options: bytes | None = None,
    on: str | None = None,
) -> dict[str, Any]:
    with_it: list[tuple[int, int, bytes]] = []
    settings: list[tuple[int, int | bytes]] = []
    if ttl is not None:
        # IP_TTL beside a datagram refuses 0, which is a meaning for groups: not beyond this host.
        if to is not None and _is_group(to[0]):
            settings.append((net.IP_MULTICAST_TTL, ttl))
        else:
            with_it.append((net.IPPROTO_IP, net.IP_TTL, _NUMBER.pack(ttl)))
    if tos is not None:
        with_it.append((net.IPPROTO_IP, net.IP_TOS, _NUMBER.pack(tos)))
    if on is not None:
        # The source address chooses the link of groups and of 255.255.255.255.
        info = _PACKET_INFO.pack(0, net.inet_aton(on), bytes(4))
        with_it.append((net.IPPROTO_IP, ancillary.IP_PKTINFO, info))
    if df is not None:
        settings.append((IP_MTU_DISCOVER, IP_PMTUDISC_DO if df else IP_PMTUDISC_DONT))
    if options is not None:
        settings.append((net.IP_OPTIONS, options))
    held.put_aside()
    with _for_one_datagram(held.socket, settings):
        if to is None:
            held.socket.sendmsg([octets], with_it)
        else:
            held.socket.sendmsg([octets], with_it, 0, to)
    return {}


def _is_group(address: str) -> bool:
    return net.inet_aton(address)[0] >> 4 == 0xE


@contextmanager
def _for_one_datagram(
    socket: net.socket, settings: Sequence[tuple[int, int | bytes]]
) -> Iterator[None]:
    before: list[tuple[int, int | bytes]] = []
    try:
        for option, value in settings:
            if isinstance(value, bytes):
                old: int | bytes = socket.getsockopt(net.IPPROTO_IP, option, MAX_OPTION_AREA)
            else:
                old = socket.getsockopt(net.IPPROTO_IP, option)
            socket.setsockopt(net.IPPROTO_IP, option, value)
            before.append((option, old))
        yield
    finally:
        for option, old in before:
            socket.setsockopt(net.IPPROTO_IP, option, old)


def _allow_broadcast(held: Held) -> dict[str, Any]:
    held.socket.setsockopt(net.SOL_SOCKET, net.SO_BROADCAST, 1)
    return {}


def _membership(option: int) -> Callable[..., dict[str, Any]]:
    def change(held: Held, group: str, on: str = "0.0.0.0") -> dict[str, Any]:
        wanted = net.inet_aton(group) + net.inet_aton(on)
        held.socket.setsockopt(net.IPPROTO_IP, option, wanted)
        return {}

    return change


def _set_option(held: Held, name: str, value: Any = None, octets: bytes = b"") -> dict[str, Any]:
    socket = held.socket
    if name in protocol.OCTET_OPTIONS:
        # The kernel's own form of a source route is that of the protocol's `options`.
        socket.setsockopt(net.IPPROTO_IP, net.IP_OPTIONS, octets)
    elif name in NUMBERS and not isinstance(value, bool) and isinstance(value, int):
        socket.setsockopt(net.IPPROTO_IP, NUMBERS[name], value)
    elif name in FLAGS and isinstance(value, bool):
        socket.setsockopt(*FLAGS[name], int(value))
    elif name in NOT_FLAGS and isinstance(value, bool):
        socket.setsockopt(*NOT_FLAGS[name], int(not value))
    elif name == "mtu_discover" and value in MTU_DISCOVER:
        socket.setsockopt(net.IPPROTO_IP, IP_MTU_DISCOVER, MTU_DISCOVER[value])
    elif name == "multicast_interface" and isinstance(value, str):
        try:
            link = net.inet_aton(value)
        except OSError:
            raise Fault("multicast_interface is an address") from None
        socket.setsockopt(net.IPPROTO_IP, net.IP_MULTICAST_IF, link)
    elif name in OPTIONS:
        raise Fault(f"a socket option {name} is not like this")
    else:
        raise OSError(errno.ENOSYS, f"no socket option {name}")
    return {}


def _get_option(held: Held, name: str, size: int | None = None) -> dict[str, Any]:
    protocol.check_size(name, size)
    socket = held.socket
    if name in protocol.OCTET_OPTIONS:
        room = MAX_OPTION_BUFFER if size is None else size
        return {"octets": socket.getsockopt(net.IPPROTO_IP, net.IP_OPTIONS, room)}
    if name in NUMBERS:
        return {"value": socket.getsockopt(net.IPPROTO_IP, NUMBERS[name])}
    if name in FLAGS:
        return {"value": bool(socket.getsockopt(*FLAGS[name]))}
    if name in NOT_FLAGS:
        return {"value": not socket.getsockopt(*NOT_FLAGS[name])}
    if name == "mtu_discover":
        mode = socket.getsockopt(net.IPPROTO_IP, IP_MTU_DISCOVER)
        return {"value": {number: word for word, number in MTU_DISCOVER.items()}.get(mode, "")}
    if name == "multicast_interface":
        return {"value": net.inet_ntoa(socket.getsockopt(net.IPPROTO_IP, net.IP_MULTICAST_IF, 4))}
    raise OSError(errno.ENOSYS, f"no socket option {name}")


def _receive(held: Held) -> dict[str, Any]:
    datagrams: list[dict[str, Any]] = []
    octets = 0
    held.put_aside()
    for _ in range(protocol.MAX_DATAGRAMS):
        try:
            told = held.socket.recvmsg(ancillary.MAX_DATA, ancillary.ROOM)
        except BlockingIOError:
            break
        except OSError as problem:  # an ICMP error came between
            held.pending = problem.errno
            continue
        datagrams.append(ancillary.datagram(told, raw=held.raw))
        octets += len(told[0])
        if octets >= protocol.MAX_OCTETS:
            break
    return {"datagrams": datagrams}


def _errors(held: Held) -> dict[str, Any]:
    held.put_aside()
    pending = None if held.pending is None else protocol.error_name(held.pending)
    held.pending = None
    errors: list[dict[str, Any]] = []
    while len(errors) < protocol.MAX_DATAGRAMS:
        try:
            told = held.socket.recvmsg(ancillary.MAX_DATA, ancillary.ROOM, net.MSG_ERRQUEUE)
        except BlockingIOError:
            break
        error = ancillary.icmp_error(told)
        if error is not None:
            errors.append(error)
    return {"errors": errors, "pending": pending}


def _address(held: Held) -> dict[str, Any]:
    address, port = held.socket.getsockname()
    return {"address": address} if held.raw else {"address": address, "port": port}


def _mtu(held: Held) -> dict[str, Any]:
    return {"mtu": held.socket.getsockopt(net.IPPROTO_IP, IP_MTU)}


_ON_SOCKET: dict[str, Callable[..., dict[str, Any]]] = {
    "connect": _connect,
    "send_udp": _send_udp,
    "allow_broadcast": _allow_broadcast,
    "join": _membership(net.IP_ADD_MEMBERSHIP),
    "leave": _membership(net.IP_DROP_MEMBERSHIP),
    "set_option": _set_option,
    "get_option": _get_option,
    "receive": _receive,
    "errors": _errors,
    "address": _address,
    "mtu": _mtu,
}

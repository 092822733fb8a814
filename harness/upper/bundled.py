"""The upper tester of the bundled stack: the calls of the protocol on a node in this process.

Called like an agent, it answers like one: same calls, same arguments, same refusals by errno name.
It gets the node as an argument and imports nothing of the stack; `bundled_node` says what of a
node it uses, `bundled_words` turns the stack's words into the protocol's.
"""

from __future__ import annotations

import errno
import socket as net
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeAlias

from harness.target.base import Answer
from harness.upper import bundled_words as words
from harness.upper import protocol
from harness.upper.bundled_node import Node, RawSocket, UdpSocket
from harness.upper.bundled_tcp import TcpSockets
from harness.upper.protocol import Fault

MAX_PROTOCOL = 255
ANY = "0.0.0.0"
GROUPS = 0xE
"""First four bits of a group address."""

Value: TypeAlias = dict[str, Any]


class Held:
    """An open socket, and what the node's own socket does not keep."""

    __slots__ = ("address", "header_included", "options", "peer", "pending", "raw", "udp")

    def __init__(self, udp: UdpSocket | None, raw: RawSocket | None, address: str) -> None:
        self.udp = udp
        self.raw = raw
        self.address = address
        self.header_included = False
        self.options = b""
        """As the protocol has them: source routes without the final destination."""
        self.peer: str | None = None
        self.pending: str | None = None
        # Like any other agent's sockets this one is told of ICMP errors.
        self.socket.setsockopt("recverr", value=True)

    @property
    def socket(self) -> UdpSocket | RawSocket:
        """The one of the two that it is."""
        if self.udp is not None:
            return self.udp
        if self.raw is not None:
            return self.raw
        raise OSError(errno.EBADF, "no socket")

    def put_aside(self) -> None:
        """Take what is held against the socket, so that no call stumbles over it."""
        reason = self.socket.take_error()
        if reason is not None:
            self.pending = protocol.error_name(words.REFUSALS.get(reason.name))


class NodeUpper:
    """An upper tester for a node.

    `link_addresses` are the node's addresses on its links; the link of the first one is NIC 0 of
    the node, of the second NIC 1. In calls `on` is one of them.
    """

    def __init__(self, node: Node, link_addresses: Sequence[str]) -> None:
        self._node = node
        self._links = {address: nic for nic, address in enumerate(link_addresses)}
        self._held: dict[str, Held] = {}
        self._tcp = TcpSockets(node)

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Answer:
        """Make a call; octets are `bytes` in arguments and answers."""
        try:
            if operation not in protocol.CALLS:
                raise OSError(errno.ENOSYS, f"no call {operation}")
            protocol.check_arguments(operation, arguments)
            if self._tcp.concerns(operation, arguments.get("socket")):
                return Answer(self._tcp.call(operation, arguments, taken=self._held))
            return Answer(_CALLS[operation](self, **arguments))
        except Fault as fault:
            return Answer({"text": str(fault)}, protocol.NOT_UNDERSTOOD)
        except OSError as refusal:
            error = protocol.error_name(refusal.errno)
            told = {"text": refusal.strerror} if error in protocol.NOT_THE_TARGETS else {}
            return Answer(told, error)
        except Exception as refusal:
            # The stack's own refusals are known by their reason: its class can't be imported here.
            reason = getattr(refusal, "reason", None)
            if not isinstance(reason, Enum):
                raise
            return Answer({}, protocol.error_name(words.REFUSALS.get(reason.name)))

    def capabilities(self) -> frozenset[str]:
        """The calls that are to be had."""
        return frozenset(protocol.CALLS)

    def _of(self, name: str) -> Held:
        held = self._held.get(name)
        if held is None:
            raise OSError(errno.EBADF, f"no socket {name}")
        return held

    def _nic(self, on: str) -> int:
        if on not in self._links:
            raise OSError(errno.ENODEV, f"no link with address {on}")
        return self._links[on]

    def _free(self, name: str) -> None:
        if name in self._held or self._tcp.holds(name):
            raise OSError(errno.EEXIST, f"socket {name} is open")

    def _hello(self, version: int = protocol.VERSION) -> Value:
        if version != protocol.VERSION:
            raise OSError(errno.EPROTONOSUPPORT, f"version {protocol.VERSION} is spoken here")
        return {"protocol": protocol.NAME, "version": protocol.VERSION, "target": "bundled"}

    def _capabilities(self) -> Value:
        return {"calls": sorted(protocol.CALLS), "socket_options": sorted((*_KINDS, *_SPECIAL))}

    def _open_udp(
        self, socket: str, port: int = 0, address: str | None = None, reuse: bool = False
    ) -> Value:
        self._free(socket)
        opened = self._node.udp_socket()
        opened.setsockopt("reuse", reuse)
        opened.bind(address, port)
        self._held[socket] = Held(opened, None, "")
        return self._address(socket)

    def _open_raw(
        self,
        socket: str,
        protocol: int,
        address: str | None = None,
        header_included: bool = False,
    ) -> Value:
        self._free(socket)
        if protocol > MAX_PROTOCOL:
            raise OSError(errno.EINVAL, "a protocol is one octet")
        opened = self._node.raw_socket(protocol)
        held = Held(None, opened, address or ANY)
        held.header_included = header_included
        if address is not None:
            try:
                opened.bind(address)
            except Exception:
                opened.close()
                raise
        self._held[socket] = held
        return self._address(socket)

    def _connect(self, socket: str, to: str, port: int = 0) -> Value:
        held = self._of(socket)
        held.put_aside()
        if held.udp is not None:
            held.udp.connect(to, port)
        elif held.raw is not None:
            held.raw.connect(to)
        held.peer = to
        return self._address(socket)

    def _send_udp(
        self,
        socket: str,
        octets: bytes,
        to: str | None = None,
        port: int | None = None,
        on: str | None = None,
        options: bytes | None = None,
        **how: Any,
    ) -> Value:
        held = self._of(socket)
        udp = held.udp
        if udp is None:
            raise Fault("send_udp is for UDP sockets")
        if (to is None) is not (port is None):
            raise Fault("to and port go together")
        peer = None if to is None or port is None else (to, port)
        area = self._area(held, options, to)
        held.put_aside()
        with _by_link(udp, None if on is None else self._nic(on)):
            udp.send(octets, peer, source=on, options=area, **how)
        return {}

    def _send_raw(
        self,
        socket: str,
        octets: bytes,
        to: str | None = None,
        on: str | None = None,
        options: bytes | None = None,
        **how: Any,
    ) -> Value:
        held = self._of(socket)
        raw = held.raw
        if raw is None:
            raise Fault("send_raw is for raw sockets")
        area = self._area(held, options, to)
        if on is not None and net.inet_aton(to or held.peer or ANY)[0] >> 4 != GROUPS:
            raise OSError(errno.ENOSYS, "a raw socket's link is chosen for groups alone")
        whole = held.header_included
        held.put_aside()
        with _by_link(raw, None if on is None else self._nic(on)):
            raw.send(octets, to, header_included=whole, options=area, **how)
        return {}

    def _area(self, held: Held, options: bytes | None, to: str | None) -> bytes | None:
        area = held.options if options is None else options
        final = to or held.peer
        if area and final is not None:
            area = words.with_final(area, final)
        return area if area or options is not None else None

    def _allow_broadcast(self, socket: str) -> Value:
        self._of(socket).socket.setsockopt("broadcast", value=True)
        return {}

    def _receive(self, socket: str) -> Value:
        held = self._of(socket)
        held.put_aside()
        datagrams: list[Value] = []
        octets = 0
        while len(datagrams) < protocol.MAX_DATAGRAMS and octets < protocol.MAX_OCTETS:
            told = _read(held)
            if told is None:
                break
            octets += len(told["data"])
            datagrams.append(told)
        return {"datagrams": datagrams}

    def _errors(self, socket: str) -> Value:
        held = self._of(socket)
        held.put_aside()
        told = [words.error(error, udp=held.udp is not None) for error in held.socket.errors()]
        pending, held.pending = held.pending, None
        return {"errors": told, "pending": pending}

    def _join(self, socket: str, group: str, on: str | None = None) -> Value:
        self._of(socket).socket.join(0 if on is None else self._nic(on), group)
        return {}

    def _leave(self, socket: str, group: str, on: str | None = None) -> Value:
        self._of(socket).socket.leave(0 if on is None else self._nic(on), group)
        return {}

    def _set_option(self, socket: str, name: str, value: Any = None, octets: bytes = b"") -> Value:
        held = self._of(socket)
        if name == "options":
            # Set once for the stack's judgement; each datagram then brings its own.
            held.socket.set_options(words.with_final(octets, held.peer or ANY))
            held.socket.set_options(b"")
            held.options = octets
        elif name == "options_raw":
            held.socket.set_options(octets)
            held.options = b""
        elif name == "multicast_interface" and isinstance(value, str):
            held.socket.setsockopt(name, self._nic(value))
        elif name in _KINDS and type(value) is _KINDS[name] and _is_word_of(name, value):
            held.socket.setsockopt(name, value)
        elif name in _KINDS or name in _SPECIAL:
            raise Fault(f"a socket option {name} is not like this")
        else:
            raise OSError(errno.ENOSYS, f"no socket option {name}")
        return {}

    def _get_option(self, socket: str, name: str, size: int | None = None) -> Value:
        held = self._of(socket)
        protocol.check_size(name, size)
        if name == "options":
            given = held.options or words.without_final(held.socket.get_options())
            return {"octets": given[:size]}
        if name == "options_raw":
            if held.options:
                return {"octets": words.with_final(held.options, held.peer or ANY)[:size]}
            return {"octets": held.socket.get_options(size)}
        if name == "multicast_interface":
            nics: dict[int | None, str] = {nic: on for on, nic in self._links.items()}
            return {"value": nics.get(held.socket.getsockopt(name), ANY)}
        if name in _KINDS:
            return {"value": held.socket.getsockopt(name)}
        raise OSError(errno.ENOSYS, f"no socket option {name}")

    def _address(self, socket: str) -> Value:
        held = self._of(socket)
        if held.udp is None:
            return {"address": held.address}
        address, port = held.udp.local_name
        return {"address": address, "port": port}

    def _mtu(self, socket: str) -> Value:
        held = self._of(socket)
        if held.peer is None:
            raise OSError(errno.ENOTCONN, "no peer")
        return {"mtu": held.socket.maximum_payload(held.peer) + words.MINIMUM_HEADER}

    def _close(self, socket: str) -> Value:
        held = self._of(socket)
        del self._held[socket]
        held.socket.close()
        return {}


_MTU_DISCOVER = frozenset({"dont", "want", "do", "probe"})
_KINDS: Mapping[str, type] = {
    "ttl": int,
    "tos": int,
    "broadcast": bool,
    "multicast_ttl": int,
    "multicast_loop": bool,
    "mtu_discover": str,
    "checksum": bool,
    **dict.fromkeys(("recvopts", "retopts", "recverr", "recvttl", "recvtos", "pktinfo"), bool),
}
"""Socket options that the node's sockets have by the same name."""
_SPECIAL = ("options", "options_raw", "multicast_interface")


def _is_word_of(name: str, value: Any) -> bool:
    return name != "mtu_discover" or value in _MTU_DISCOVER


_CALLS: Mapping[str, Callable[..., Value]] = {
    name: getattr(NodeUpper, f"_{name}")
    for name in protocol.CALLS.keys() - protocol.TCP_CALLS.keys()
}


@contextmanager
def _by_link(socket: UdpSocket | RawSocket, nic: int | None) -> Iterator[None]:
    """Groups are reached by this NIC meanwhile."""
    if nic is None:
        yield
        return
    before = socket.settings.multicast_nic
    socket.settings.multicast_nic = nic
    try:
        yield
    finally:
        socket.settings.multicast_nic = before


def _read(held: Held) -> Value | None:
    if held.udp is not None:
        datagram = held.udp.receive()
        return None if datagram is None else words.datagram(datagram)
    raw = None if held.raw is None else held.raw.receive()
    return None if raw is None else words.raw_datagram(raw)

"""From the words of the bundled stack's sockets to those of the upper-tester protocol, and back."""

from __future__ import annotations

import errno
import socket as net
from collections.abc import Callable, Mapping
from typing import Any

from harness.upper.bundled_node import Datagram, RawDatagram, SocketError

REFUSALS: Mapping[str, int] = {
    "ADDRESS_IN_USE": errno.EADDRINUSE,
    "ALREADY_CONNECTED": errno.EISCONN,
    "BAD_ADDRESS": errno.EINVAL,
    "BAD_LOCAL_ADDRESS": errno.EADDRNOTAVAIL,
    "BROADCAST_DISABLED": errno.EACCES,
    "CLOSED": errno.EBADF,
    "CONNECTION_REFUSED": errno.ECONNREFUSED,
    "CONNECTION_RESET": errno.ECONNRESET,
    "DUPLICATE_ADDRESS": errno.EEXIST,
    "HOST_UNREACHABLE": errno.EHOSTUNREACH,
    "IN_PROGRESS": errno.EALREADY,
    "INVALID_ARGUMENT": errno.EINVAL,
    "INVALID_OPTION_VALUE": errno.EINVAL,
    "INVALID_STATE": errno.EINVAL,
    "MALFORMED_HEADER": errno.EINVAL,
    "MESSAGE_TOO_LONG": errno.EMSGSIZE,
    "NETWORK_UNREACHABLE": errno.ENETUNREACH,
    "NO_BUFFER_SPACE": errno.ENOBUFS,
    "NO_DESTINATION": errno.EDESTADDRREQ,
    "NOT_CONNECTED": errno.ENOTCONN,
    "NO_ROUTE": errno.ENETUNREACH,
    "NOT_PERMITTED": errno.EPERM,
    "NOT_SUPPORTED": errno.EOPNOTSUPP,
    "PROTOCOL_UNREACHABLE": errno.ENOPROTOOPT,
    "SHUT_DOWN": errno.EPIPE,
    "TIMED_OUT": errno.ETIMEDOUT,
    "UNKNOWN_NIC": errno.ENODEV,
    "UNKNOWN_PROTOCOL_OPTION": errno.ENOPROTOOPT,
    "WOULD_BLOCK": errno.EAGAIN,
}
"""The stack's reasons to refuse, by name, as socket programmers know them."""

END_OF_LIST = 0
NO_OPERATION = 1
SOURCE_ROUTES = frozenset({131, 137})
SHORTEST_ROUTE = 7
"""Octets of a source route with one hop."""

MINIMUM_HEADER = 20
UDP_HEADER = 8
UNREACHABLE = 3
FRAGMENTATION_NEEDED = 4
PARAMETER_PROBLEM = 12


def with_final(area: bytes, final: str) -> bytes:
    """An option area whose source routes end with the final destination, as the stack wants it.

    In the protocol they list the hops alone. What is no well-formed route stays as it is, for the
    stack to judge.
    """
    end = net.inet_aton(final)
    return _with_routes(area, lambda route: bytes((route[0], len(route) + 4)) + route[2:] + end)


def without_final(area: bytes) -> bytes:
    """The same the other way: source routes list the hops alone."""
    return _with_routes(area, lambda route: bytes((route[0], len(route) - 4)) + route[2:-4])


def _with_routes(area: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """An option area with its source routes changed."""
    made = bytearray()
    at = 0
    while at < len(area) and area[at] != END_OF_LIST:
        length = 1 if area[at] == NO_OPERATION else int.from_bytes(area[at + 1 : at + 2], "big")
        if not 1 <= length <= len(area) - at:
            break
        option = area[at : at + length]
        at += length
        made += (
            change(option) if option[0] in SOURCE_ROUTES and length >= SHORTEST_ROUTE else option
        )
    return bytes(made) + area[at:]


def datagram(read: Datagram) -> dict[str, Any]:
    """What a UDP socket received, as far as its user wants to know."""
    told = {
        "data": read.data,
        "source": read.source,
        "source_port": read.source_port,
        "destination": read.destination,
        "specific_destination": read.specific_destination,
        "interface": read.nic,
        "ttl": read.ttl,
        "tos": read.tos,
        "options": read.options,
    }
    if read.return_options:
        told["return_options"] = read.return_options
    return {name: value for name, value in told.items() if value is not None}


def raw_datagram(read: RawDatagram) -> dict[str, Any]:
    """What a raw socket received; the header tells the rest."""
    octets = read.octets
    length = _header_length(octets)
    return {
        "data": octets[length:],
        "header": octets[:length],
        "source": net.inet_ntoa(octets[12:16]),
        "destination": net.inet_ntoa(octets[16:20]),
        "specific_destination": read.specific_destination,
        "interface": read.nic,
        "ttl": octets[8],
        "tos": octets[1],
        "options": octets[MINIMUM_HEADER:length],
    }


def error(told: SocketError, *, udp: bool) -> dict[str, Any]:
    """An ICMP error that a socket was told of."""
    quoted = told.quoted
    length = _header_length(quoted)
    value: dict[str, Any] = {
        "type": told.type,
        "code": told.code,
        "source": told.offender,
        "quote": quoted[length + UDP_HEADER :] if udp else quoted[length:],
        "destination": net.inet_ntoa(quoted[16:20]),
    }
    if udp:
        value["port"] = int.from_bytes(quoted[length + 2 : length + 4], "big")
    if (told.type, told.code) == (UNREACHABLE, FRAGMENTATION_NEEDED):
        value["mtu"] = told.mtu
    elif told.type == PARAMETER_PROBLEM:
        value["pointer"] = told.pointer
    return value


def _header_length(octets: bytes) -> int:
    return (octets[0] & 0x0F) * 4

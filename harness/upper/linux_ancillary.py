"""What Linux tells beside a datagram, and about ICMP errors, in the protocol's words.

Numbers that Python's socket module lacks are those of linux/in.h and linux/errqueue.h.
"""

from __future__ import annotations

import socket as net
from struct import Struct, error
from typing import Any, TypeAlias

from harness.upper.protocol import error_name

IP_PKTINFO = 8
IP_RECVERR = 11
MAX_DATA = 65_535
ROOM = 512
"""Octets for ancillary data: two option areas and a few numbers fit well."""

ORIGIN_ICMP = 2
UNREACHABLE = 3
FRAGMENTATION_NEEDED = 4
PARAMETER_PROBLEM = 12

Told: TypeAlias = tuple[bytes, list[tuple[int, int, bytes]], int, Any]
"""What `socket.recvmsg` returns."""

_NUMBER = Struct("=i")
_PACKET_INFO = Struct("=i4s4s")
"""in_pktinfo: interface index, local address, destination of the header."""
_EXTENDED_ERROR = Struct("=IBBBBII")
"""sock_extended_err: errno, origin, type, code, padding, info, data."""
_OFFENDER = Struct("=HH4s")
"""sockaddr_in: family, port, address."""


def datagram(told: Told, *, raw: bool) -> dict[str, Any]:
    """A received datagram; a raw socket's comes with its header, which tells the rest."""
    data, told_beside, _flags, (source, source_port) = told
    values: dict[str, Any] = {"data": data, "source": source, "options": b""}
    if raw:
        _take_header_off(values)
    else:
        values["source_port"] = source_port
    for level, kind, octets in told_beside:
        if level != net.IPPROTO_IP:
            continue
        if kind == IP_PKTINFO and len(octets) >= _PACKET_INFO.size:
            index, local, destination = _PACKET_INFO.unpack_from(octets)
            values["interface"] = index
            values["specific_destination"] = net.inet_ntoa(local)
            values["destination"] = net.inet_ntoa(destination)
        elif kind == net.IP_TTL and len(octets) >= _NUMBER.size:
            values["ttl"] = _NUMBER.unpack_from(octets)[0]
        elif kind == net.IP_TOS and octets:
            values["tos"] = octets[0]
        elif kind == net.IP_RECVOPTS:
            values["options"] = octets
        elif kind == net.IP_RETOPTS:
            values["return_options"] = octets
    return values


def _take_header_off(values: dict[str, Any]) -> None:
    whole: bytes = values["data"]
    length = (whole[0] & 0x0F) * 4 if whole else 0
    values["header"] = whole[:length]
    values["data"] = whole[length:]


def icmp_error(told: Told) -> dict[str, Any] | None:
    """An error of the error queue; None for one that did not come by ICMP.

    A local error (a datagram too big for the path with DF) has already been the refusal of the
    call that tried.
    """
    data, told_beside, _flags, name = told
    for level, kind, octets in told_beside:
        if level == net.IPPROTO_IP and kind == IP_RECVERR:
            try:
                return _extended(data, octets, name)
            except error:
                return None
    return None


def _extended(data: bytes, octets: bytes, name: Any) -> dict[str, Any] | None:
    number, origin, type_, code, _pad, info, _data = _EXTENDED_ERROR.unpack_from(octets)
    if origin != ORIGIN_ICMP:
        return None
    _family, _port, offender = _OFFENDER.unpack_from(octets, _EXTENDED_ERROR.size)
    told: dict[str, Any] = {
        "type": type_,
        "code": code,
        "errno": error_name(number),
        "source": net.inet_ntoa(offender),
        "quote": data,
    }
    if name:
        told["destination"], told["port"] = name[:2]
    if (type_, code) == (UNREACHABLE, FRAGMENTATION_NEEDED):
        told["mtu"] = info
    elif type_ == PARAMETER_PROBLEM:
        told["pointer"] = info
    return told

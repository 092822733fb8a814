"""What a network interface does to frames behind the stack's back, and how to stop it.

With transmit offloads a stack hands over unfinished frames: checksums partly summed, segments
not yet cut. A raw socket on the other end of a veth pair sees them so. Receive offloads merge
frames before the raw socket sees them. The requests are those of linux/ethtool.h.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import Final

SIOCETHTOOL: Final = 0x8946
NAME_LENGTH: Final = 16
"""IFNAMSIZ, with the closing zero."""


@dataclass(frozen=True, slots=True)
class Offload:
    """A kind of offload: ethtool's short and long name, and the requests for it."""

    short: str
    name: str
    ask: int
    change: int
    flag: int = 0
    """The bit in the flag word, for those that have no request of their own."""


LARGE_RECEIVE: Final = Offload("lro", "large receive offload", 0x25, 0x26, 1 << 15)
GENERIC_RECEIVE: Final = Offload("gro", "generic receive offload", 0x2B, 0x2C)
RECEIVE_CHECKSUM: Final = Offload("rx", "receive checksumming", 0x14, 0x15)
TRANSMIT_CHECKSUM: Final = Offload("tx", "transmit checksumming", 0x16, 0x17)
SCATTER_GATHER: Final = Offload("sg", "scatter-gather", 0x18, 0x19)
TCP_SEGMENTATION: Final = Offload("tso", "TCP segmentation offload", 0x1E, 0x1F)
GENERIC_SEGMENTATION: Final = Offload("gso", "generic segmentation offload", 0x23, 0x24)

ALL: Final = (
    TRANSMIT_CHECKSUM,
    RECEIVE_CHECKSUM,
    SCATTER_GATHER,
    TCP_SEGMENTATION,
    GENERIC_SEGMENTATION,
    GENERIC_RECEIVE,
    LARGE_RECEIVE,
)
MERGING: Final = (GENERIC_RECEIVE, LARGE_RECEIVE)
"""What spoils the tester's own interface: two frames become one."""


class _Value(ctypes.Structure):
    """struct ethtool_value."""

    _fields_ = (("request", ctypes.c_uint32), ("data", ctypes.c_uint32))


class _Request(ctypes.Structure):
    """struct ifreq with a pointer in it; the union has 24 octets."""

    _fields_ = (
        ("name", ctypes.c_char * NAME_LENGTH),
        ("value", ctypes.POINTER(_Value)),
        ("rest", ctypes.c_char * 16),
    )


def is_on(interface: str, offload: Offload) -> bool:
    """Whether an interface of this thread's namespace has an offload on; no, if it has none."""
    with closing(_socket()) as control:
        return _is_on(control, interface, offload)


def switch_off(interface: str) -> tuple[Offload, ...]:
    """Switch every offload off; those that stayed on.

    Raises:
        OSError: no such interface, or no right to change it.
    """
    with closing(_socket()) as control:
        return tuple(offload for offload in ALL if not _switched_off(control, interface, offload))


def switch_on(interface: str, offload: Offload) -> None:
    """Switch one of those on that have a request of their own.

    Raises:
        OSError: no such interface, no such offload, or no right to change it.
    """
    with closing(_socket()) as control:
        _asked(control, interface, offload.change, 1)


def _socket() -> socket.socket:
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _switched_off(control: socket.socket, interface: str, offload: Offload) -> bool:
    if not _is_on(control, interface, offload):
        return True
    data = 0
    if offload.flag:
        data = _asked(control, interface, offload.ask, 0) & ~offload.flag
    try:
        _asked(control, interface, offload.change, data)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
    return not _is_on(control, interface, offload)


def _is_on(control: socket.socket, interface: str, offload: Offload) -> bool:
    try:
        data = _asked(control, interface, offload.ask, 0)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            return False
        raise
    return bool(data & offload.flag if offload.flag else data)


def _asked(control: socket.socket, interface: str, request: int, data: int) -> int:
    value = _Value(request, data)
    asked = _Request(interface.encode(), ctypes.pointer(value), b"")
    fcntl.ioctl(control, SIOCETHTOOL, asked)
    return int(value.data)

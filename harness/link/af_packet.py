"""A raw socket on a named interface: whole frames out, whole frames in.

The interface needs no address, and the tester's own kernel stays silent on it for as long as it
has none. The socket takes every frame, whomever it is for: the tester's link addresses are its
own, not the interface's.
"""

from __future__ import annotations

import errno
import select
import socket
import struct
from collections.abc import Sequence
from typing import Final

from harness.target.base import TargetError, TargetGone

# linux/if_ether.h, linux/if_packet.h and asm-generic/socket.h, where Python names none.
ETH_P_ALL: Final = 0x0003
SOL_PACKET: Final = 263
PACKET_ADD_MEMBERSHIP: Final = 1
PACKET_STATISTICS: Final = 6
PACKET_IGNORE_OUTGOING: Final = 23
PACKET_MR_PROMISC: Final = 1
SO_RCVBUFFORCE: Final = 33

RECEIVE_BUFFER: Final = 16 * 1024 * 1024
"""Octets that may wait: bursts of a thousand cases come in one turn of the event loop."""
LONGEST_FRAME: Final = 65536 + 64
BATCH: Final = 512
"""Frames of one `receive`: a flood must not keep the event loop from its timers."""
PATIENCE_MS: Final = 20
SEND_TRIES: Final = 50

LINK_IS_GONE: Final = frozenset({errno.ENETDOWN, errno.ENODEV, errno.ENXIO, errno.ENETUNREACH})
QUEUE_IS_FULL: Final = frozenset({errno.ENOBUFS, errno.EAGAIN})


class PacketLink:
    """An AF_PACKET socket on an interface of the calling thread's network namespace.

    Raises:
        TargetError: no such interface, or no right to open a raw socket on it.
    """

    def __init__(self, interface: str) -> None:
        self.interface = interface
        self._buffer = bytearray(LONGEST_FRAME)
        self._view = memoryview(self._buffer)
        self._socket = _opened(interface)
        self._trouble: OSError | None = None
        self._lost = 0

    def fileno(self) -> int:
        """For the event loop."""
        return self._socket.fileno()

    def send(self, frame: bytes) -> None:
        """Put a frame on the link, waiting a moment for a full queue.

        Raises:
            TargetGone: the link is down or gone.
            OSError: the interface can't carry it; EMSGSIZE for a frame beyond its MTU.
        """
        for _ in range(SEND_TRIES):
            try:
                self._socket.send(frame)
                return
            except OSError as error:
                if error.errno in LINK_IS_GONE:
                    raise self._gone(error) from error
                if error.errno not in QUEUE_IS_FULL:
                    raise
            self._wait_for_room()
        raise TargetGone(f"{self.interface} takes no more frames: its queue stays full")

    def receive(self) -> Sequence[bytes]:
        """The frames that wait, at most `BATCH`, without blocking.

        Raises:
            TargetGone: the link is down or gone, and what came before it went has been given.
        """
        frames: list[bytes] = []
        while len(frames) < BATCH:
            try:
                length = self._socket.recv_into(self._buffer)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno == errno.ENOBUFS:
                    continue
                if self._trouble is not None:
                    break
                self._trouble = error  # told once, and before the frames that wait
            else:
                frames.append(bytes(self._view[:length]))
        if self._trouble is not None and not frames:
            trouble, self._trouble = self._trouble, None
            raise self._gone(trouble) from trouble
        return frames

    def lost(self) -> int:
        """Frames that came and found no room, since the link was opened."""
        raw = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        _, dropped = struct.unpack("=II", raw)
        self._lost += int(dropped)  # the kernel forgets what it has told
        return self._lost

    def close(self) -> None:
        """Give the socket back; harmless when called twice."""
        self._socket.close()

    def _gone(self, error: OSError) -> TargetGone:
        return TargetGone(f"{self.interface} is down or gone: {error.strerror}")

    def _wait_for_room(self) -> None:
        poller = select.poll()
        poller.register(self._socket, select.POLLOUT)
        # A full device queue (ENOBUFS) leaves the socket writable: the pause is then the poll
        # of nothing at all.
        if poller.poll(PATIENCE_MS):
            select.poll().poll(1)


def _opened(interface: str) -> socket.socket:
    try:
        number = socket.if_nametoindex(interface)
    except OSError as error:
        raise TargetError(f"there is no interface {interface!r}; `ip link` lists them") from error
    try:
        # Protocol 0 receives nothing: no frame of another interface slips in before the bind.
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    except PermissionError as error:
        raise TargetError("raw sockets need root or CAP_NET_RAW") from error
    try:
        _prepare(raw, number)
        raw.bind((interface, ETH_P_ALL))
    except OSError as error:
        raw.close()
        raise TargetError(f"{interface} can't be opened: {error.strerror}") from error
    return raw


def _prepare(raw: socket.socket, number: int) -> None:
    raw.setblocking(False)  # noqa: FBT003 - the name says it
    # Linux 4.20. Without it the socket shows the tester its own frames.
    raw.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    try:
        raw.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    except PermissionError:
        # In a user namespace the limit of net.core.rmem_max holds.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    membership = struct.pack("=iHH8x", number, PACKET_MR_PROMISC, 0)
    raw.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)

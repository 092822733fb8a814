"""What the Linux agent keeps of an open socket."""

from __future__ import annotations

import socket as net
from collections.abc import Sequence

from harness.upper import linux_ancillary as ancillary

IP_RECVERR = 11
IP_RECVTTL = 12


class Held:
    """An open socket, and the last error that was held against it."""

    __slots__ = ("pending", "raw", "socket")

    told: Sequence[int] = (
        ancillary.IP_PKTINFO,
        IP_RECVTTL,
        net.IP_RECVTOS,
        net.IP_RECVOPTS,
        IP_RECVERR,
    )
    """What the kernel is asked to tell with each datagram, and IP_RECVERR."""

    def __init__(self, socket: net.socket, *, raw: bool) -> None:
        socket.settimeout(0)
        for option in self.told:
            socket.setsockopt(net.IPPROTO_IP, option, 1)
        self.socket = socket
        self.raw = raw
        self.pending: int | None = None

    def put_aside(self) -> None:
        """Take what the kernel holds against the socket, so that no call stumbles over it."""
        self.pending = self.socket.getsockopt(net.SOL_SOCKET, net.SO_ERROR) or self.pending

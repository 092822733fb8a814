"""Packet sockets: copies of the frames that a NIC takes in, before IP looks (S2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stack.socket_base import Inbox

if TYPE_CHECKING:
    from stack.core import Core
    from stack.nic import Nic


class PacketFrame(NamedTuple):
    """One frame as it came from the link."""

    nic: int
    ethertype: int
    """0x0800 on a link without Ethernet, whose frames are bare datagrams."""
    octets: bytes
    """With the link header, where there is one, and padding."""


class PacketSocket:
    """One packet socket; made by `Node.packet_socket`. It only listens."""

    def __init__(self, core: Core, nic: int | None, ethertype: int | None) -> None:
        self._core = core
        self._nic = nic
        self._ethertype = ethertype
        self._inbox: Inbox[PacketFrame] = Inbox()

    def put(self, frame: PacketFrame) -> bool:
        """Queue a frame if it is wanted; False when it is and there is no room."""
        if self._nic not in (None, frame.nic) or self._ethertype not in (None, frame.ethertype):
            return True
        if not self._inbox.has_room(len(frame.octets)):
            return False
        self._inbox.add(len(frame.octets), frame)
        return True

    def receive(self) -> PacketFrame | None:
        """Read the next frame; None when there is none."""
        return self._inbox.next(peek=False)

    def close(self) -> None:
        """Listen no more."""
        if self in self._core.packet_sockets:
            self._core.packet_sockets.remove(self)
        self._inbox.clear()


def show(core: Core, nic: Nic, ethertype: int, octets: bytes) -> None:
    """Give a frame to every packet socket that wants it."""
    frame = PacketFrame(nic.number, ethertype, octets)
    for socket in core.packet_sockets:
        if not socket.put(frame):
            # S12.19.
            core.counters.inc("DroppedPackets")

"""What a user may set on a socket, and what holds until it is set (RFC 1122 §3.4, §4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class MtuDiscover(Enum):
    """What a socket does about the path's MTU (RFC 1191), by the words of `setsockopt`."""

    DONT = "dont"
    """DF stays clear, and what is too big is cut."""
    WANT = "want"
    """DF is set on what fits; what is too big is cut."""
    DO = "do"
    """DF is set, and what is too big is refused."""
    PROBE = "probe"
    """DF is set, and only the link's own MTU is heeded."""


@dataclass(slots=True)
class Settings:
    """What a user may set on a socket at any time; `setsockopt` checks what it is given."""

    ttl: int | None = None
    """None, and 0 as well (S7.3): the node's default."""
    tos: int = 0
    mtu_discover: MtuDiscover = MtuDiscover.DONT
    broadcast: bool = False
    """Permission to send to broadcast addresses (S7.22)."""
    reuse: bool = False
    """Permission for others to have the same address and port, if they give it too."""
    multicast_ttl: int = 1
    """RFC 1112 §6.1: 1 unless set."""
    multicast_loop: bool = True
    """RFC 1112 §6.1: whether this host gets a copy of what it sends to a group it is in."""
    multicast_nic: int | None = None
    """RFC 1112 §6.1: which interface groups are sent by; None: by the route table."""
    recvopts: bool = True
    """RFC 1122 §4.1.3.2: options are passed up with each datagram, where the policy has it."""
    retopts: bool = False
    """The options of an answer, made of those received, are passed up too."""
    recverr: bool | None = None
    """S12.20: whether errors are queued; None: as the policy has it."""
    recvttl: bool = True
    """RFC 1122 §3.4: the TTL is passed up with each datagram."""
    recvtos: bool = True
    """RFC 1122 §4.1.4: and the TOS."""
    pktinfo: bool = True
    """RFC 1122 §4.1.3.5: and the destination, the specific destination, and the NIC."""

    @property
    def df(self) -> bool:
        """Whether each datagram has DF and none is cut."""
        return self.mtu_discover in (MtuDiscover.DO, MtuDiscover.PROBE)

    @df.setter
    def df(self, on: bool) -> None:
        self.mtu_discover = MtuDiscover.DO if on else MtuDiscover.DONT

"""One network interface: its link, its addresses, its groups, its neighbours (S1.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from stack.addresses import AddressTable
from stack.counters import Counters
from stack.membership import Membership
from stack.neighbours import NeighbourTable

NO_MAC: Final = bytes(6)


@dataclass(slots=True)
class LinkCount:
    """Frames of one NIC; there is no sum for the whole stack."""

    packets: int = 0
    octets: int = 0
    """Link header and padding included."""

    def add(self, frame: bytes) -> None:
        """Count one frame."""
        self.packets += 1
        self.octets += len(frame)


@dataclass(slots=True, eq=False)
class Nic:
    """What the stack keeps for one NIC."""

    number: int
    mac: bytes | None
    """Six octets; None on a link without Ethernet, where datagrams travel bare."""
    mtu: int
    """Octets of the largest datagram of the link."""
    loopback: bool
    counters: Counters
    addresses: AddressTable
    neighbours: NeighbourTable
    membership: Membership
    enabled: bool = False
    promiscuous: bool = False
    """S1.17: whatever arrives is for this host."""
    forwarding: bool = False
    """S8.12: what arrives here is forwarded if it is for others; see `Core.set_forwarding`."""
    received: LinkCount = field(default_factory=LinkCount)
    """S2.1: frames taken in."""
    received_disabled: LinkCount = field(default_factory=LinkCount)
    """S1.7: frames that came while the NIC was off."""
    multicast_forwarding: bool = False
    """S8.14: groups that arrive here are forwarded by the multicast table."""
    groups: dict[int, int] = field(default_factory=dict)
    """Groups joined here and how often (S1.21)."""
    defended: dict[int, int] = field(default_factory=dict)
    """When an address of ours was last defended, in microseconds (RFC 5227 §2.4)."""

    @property
    def station(self) -> bytes:
        """The link address that goes into frames; zeros where there is none."""
        return self.mac or NO_MAC

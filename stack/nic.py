"""One network interface: its link, its addresses, its groups, its neighbours (S1.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from stack.addresses import AddressTable
from stack.counters import Counters
from stack.membership import Membership
from stack.membership_v2 import MembershipV2
from stack.neighbours import NeighbourTable

NO_MAC: Final = bytes(6)


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
    membership: Membership | MembershipV2
    enabled: bool = False
    groups: dict[int, int] = field(default_factory=dict)
    """Groups joined here and how often (S1.21)."""
    name: str = ""
    """What hook rules call it (S10.4)."""
    defended: dict[int, int] = field(default_factory=dict)
    """When an address of ours was last defended, in microseconds (RFC 5227 §2.4)."""

    @property
    def station(self) -> bytes:
        """The link address that goes into frames; zeros where there is none."""
        return self.mac or NO_MAC

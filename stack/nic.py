"""One network interface: its link, its addresses, its groups, its neighbours (S1.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from stack.addresses import AddressTable
from stack.choices import Defence
from stack.counters import Counters
from stack.membership import Membership
from stack.membership_v2 import MembershipV2
from stack.neighbours import NeighbourTable

NO_MAC: Final = bytes(6)
LINK_ROOM: Final = 8192
"""Frames that wait on one link unless set otherwise."""


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
    """What the stack keeps for one NIC, the IPv4 endpoint on it included."""

    number: int
    mac: bytes | None
    """Six octets; None on a link without Ethernet, where datagrams travel bare."""
    mtu: int
    """Octets of the largest datagram of the link."""
    loopback: bool
    counters: Counters
    addresses: AddressTable
    touched: set[int]
    """Numbers of the NICs whose timers may have changed; one set for the whole stack."""
    neighbour_table: NeighbourTable = field(init=False)
    """For `stack.timers` alone; all others go by `neighbours`."""
    group_membership: Membership | MembershipV2 = field(init=False)
    """For `stack.timers` alone; all others go by `membership`."""
    up: bool = False
    """The NIC's own switch (S1.2)."""
    enabled: bool = False
    """Whether the endpoint is enabled; it cannot be while the NIC is off, so: usable (S1.2)."""
    link_room: int = LINK_ROOM
    """Frames that the link takes until they are fetched; it refuses what comes on top."""
    waiting: int = 0
    """Frames that the link took since `polls` was the core's."""
    polls: int = 0
    promiscuous: bool = False
    """S1.17: every destination is ours."""
    spoofing: bool = False
    """S1.18: every source may be used."""
    in_all_routers: bool = False
    """Whether forwarding made this NIC join 224.0.0.2 (S1.24)."""
    verifies_checksum: bool = False
    """S3.10: the link has verified the header checksum of what it hands up."""
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
    arp: bool = True
    """Whether ARP is spoken here; else packets leave to neighbours entered by hand only."""
    defence: dict[int, Defence] = field(default_factory=dict)
    """What is done when another station uses an address of ours, where not as the policy says."""
    name: str = ""
    """What hook rules call it (S10.4)."""
    defended: dict[int, int] = field(default_factory=dict)
    """When an address of ours was last defended, in microseconds (RFC 5227 §2.4)."""

    @property
    def station(self) -> bytes:
        """The link address that goes into frames; zeros where there is none."""
        return self.mac or NO_MAC

    @property
    def neighbours(self) -> NeighbourTable:
        """The neighbour table; whoever reaches for it may change its timers."""
        self.touched.add(self.number)
        return self.neighbour_table

    @property
    def membership(self) -> Membership | MembershipV2:
        """What IGMP owes; whoever reaches for it may change its timers."""
        self.touched.add(self.number)
        return self.group_membership

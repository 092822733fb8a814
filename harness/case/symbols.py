"""Names for addresses and ports that stand in cases until a run resolves them.

RFC 5737 addresses never appear in a case: a case is the same on every network. *Near* is the
first link of a topology and the only one of a host; *far* is the second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NEAR = 0
"""The first link."""
FAR = 1
"""The second link of a multihomed host or router."""


class Address(Enum):
    """An IPv4 address by its place in the topology."""

    HOST = "HOST"
    FAR_HOST = "FAR_HOST"
    TESTER = "TESTER"
    TESTER_2 = "TESTER_2"
    NEIGHBOUR = "NEIGHBOUR"
    NEIGHBOUR_2 = "NEIGHBOUR_2"
    REMOTE = "REMOTE"
    REMOTE_2 = "REMOTE_2"
    GATEWAY = "GATEWAY"
    GATEWAY_2 = "GATEWAY_2"
    ABSENT = "ABSENT"
    FAR_TESTER = "FAR_TESTER"
    FAR_TESTER_2 = "FAR_TESTER_2"
    FAR_NEIGHBOUR = "FAR_NEIGHBOUR"
    FAR_GATEWAY = "FAR_GATEWAY"
    FAR_ABSENT = "FAR_ABSENT"
    UNROUTED = "UNROUTED"
    SENTINEL = "SENTINEL"
    FAR_SENTINEL = "FAR_SENTINEL"
    SUBNET_BROADCAST = "SUBNET_BROADCAST"
    SUBNET_ZERO = "SUBNET_ZERO"
    FAR_SUBNET_BROADCAST = "FAR_SUBNET_BROADCAST"
    GROUP = "GROUP"
    GROUP_2 = "GROUP_2"

    @property
    def far(self) -> bool:
        """Whether the address lies on the far side."""
        return self.name.startswith("FAR_")


HOST = Address.HOST
"""The target's address on the near link."""
FAR_HOST = Address.FAR_HOST
"""The target's address on the far link."""
TESTER = Address.TESTER
"""The case's own address on the near side: a neighbour or behind the gateway, as offered."""
TESTER_2 = Address.TESTER_2
"""A second one, of the same kind."""
NEIGHBOUR = Address.NEIGHBOUR
"""The case's own address on the near link itself; the tester answers ARP for it."""
NEIGHBOUR_2 = Address.NEIGHBOUR_2
"""A second one."""
REMOTE = Address.REMOTE
"""The case's own address behind the tester's gateway."""
REMOTE_2 = Address.REMOTE_2
"""A second one."""
GATEWAY = Address.GATEWAY
"""The tester as router on the near link: the target's next hop to REMOTE."""
GATEWAY_2 = Address.GATEWAY_2
"""A second router on the near link, that redirects can name."""
ABSENT = Address.ABSENT
"""An address on the near link that nobody answers for; the case's own."""
FAR_TESTER = Address.FAR_TESTER
"""The case's own address behind the tester's router on the far side."""
FAR_TESTER_2 = Address.FAR_TESTER_2
"""A second one."""
FAR_NEIGHBOUR = Address.FAR_NEIGHBOUR
"""The case's own address on the far link itself."""
FAR_GATEWAY = Address.FAR_GATEWAY
"""The tester as router on the far link."""
FAR_ABSENT = Address.FAR_ABSENT
"""An address on the far link that nobody answers for; the case's own."""
UNROUTED = Address.UNROUTED
"""An address that a router under test has no route to; the case's own."""
SENTINEL = Address.SENTINEL
"""The source of sentinels on the near side; cases name it in faults of the tester only."""
FAR_SENTINEL = Address.FAR_SENTINEL
"""The destination of sentinels that a router forwards."""
SUBNET_BROADCAST = Address.SUBNET_BROADCAST
"""{network, subnet, -1} of the near link (RFC 1122 §3.2.1.3)."""
SUBNET_ZERO = Address.SUBNET_ZERO
"""{network, subnet, 0} of the near link."""
FAR_SUBNET_BROADCAST = Address.FAR_SUBNET_BROADCAST
"""{network, subnet, -1} of the far link."""
GROUP = Address.GROUP
"""A multicast group of the case's own."""
GROUP_2 = Address.GROUP_2
"""Another group, whose low 23 bits are those of GROUP (RFC 1112 §6.4)."""

LIMITED_BROADCAST = "255.255.255.255"
ALL_HOSTS = "224.0.0.1"
ALL_ROUTERS = "224.0.0.2"
IGMPV3_ROUTERS = "224.0.0.22"


class Port(Enum):
    """A UDP or TCP port by its use."""

    OPEN_PORT = "OPEN_PORT"
    CLOSED_PORT = "CLOSED_PORT"
    TESTER_PORT = "TESTER_PORT"


OPEN_PORT = Port.OPEN_PORT
"""A port of the target's that the upper tester may open for this case."""
CLOSED_PORT = Port.CLOSED_PORT
"""A port of the target's that nobody opens."""
TESTER_PORT = Port.TESTER_PORT
"""The tester's port."""


@dataclass(frozen=True, slots=True)
class Mac:
    """The link address that belongs to an IPv4 address of the topology."""

    of: Address


HOST_MAC = Mac(HOST)
"""The target's link address on the near link."""
FAR_HOST_MAC = Mac(FAR_HOST)
"""The target's link address on the far link."""
BROADCAST_MAC = bytes.fromhex("ffffffffffff")
"""The link broadcast."""


def mac(of: Address) -> Mac:
    """The link address of one of the addresses of the topology."""
    return Mac(of)


Symbol = Address | Port | Mac

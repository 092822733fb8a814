"""What all parts of one stack share. No part keeps a state of its own elsewhere.

The parts are modules of functions that take the `Core` first. Below, in the order in which they
may call each other: link, send, errors, then what receives. What has to go back up (datagrams to
one's own address) is put into `looped` and taken from there by the node.
"""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

from stack.counters import Counters
from stack.hooks import Hooks
from stack.identification import IdentificationSource, RandomSource
from stack.nic import Nic
from stack.path_mtu import PathMtu
from stack.policy import Policy
from stack.rate_limit import TokenBucket
from stack.reassembly import ReassemblyStore
from stack.routes import RouteTable
from stack.socket_table import SocketTable
from stack.tcp_table import TcpTable

OUTBOX_LIMIT: Final = 8192
"""Frames that wait to be taken by `poll`; what comes on top is lost, as on a full link."""
LOOPED_LIMIT: Final = 1024
"""Datagrams on their way back into this stack."""
DAY: Final = 86_400_000
"""Milliseconds."""


class Looped(NamedTuple):
    """A datagram that goes back into the stack."""

    nic: Nic
    packet: bytes


class Core:
    """The state of one stack."""

    __slots__ = (
        "counters",
        "default_ttl",
        "forwarding",
        "hooks",
        "identification",
        "limiter",
        "looped",
        "midnight",
        "nics",
        "now",
        "outbox",
        "path_mtu",
        "policy",
        "random",
        "reassembly",
        "routes",
        "sockets",
        "tcp",
    )

    def __init__(self, policy: Policy, random: RandomSource, time_of_day: int) -> None:
        self.policy = policy
        self.random = random
        self.now = 0
        """Microseconds; moves only when the node is told the time."""
        self.midnight = time_of_day
        """Milliseconds between midnight UT and time 0."""
        self.forwarding = False
        """RFC 1122 §3.1: the switch MUST begin in the non-forwarding position."""
        self.default_ttl = 64
        """RFC 1122 §3.2.1.7: configurable."""
        self.counters = Counters()
        self.nics: dict[int, Nic] = {}
        self.routes = RouteTable(self.nics)
        self.path_mtu = PathMtu()
        self.reassembly = ReassemblyStore(policy)
        self.identification = IdentificationSource(policy, random)
        self.limiter = TokenBucket(policy.icmp_rate, policy.icmp_burst)
        self.hooks = Hooks()
        self.sockets = SocketTable()
        self.tcp = TcpTable()
        self.outbox: deque[tuple[int, bytes]] = deque()
        self.looped: deque[Looped] = deque()

    def set_policy(self, policy: Policy) -> None:
        """Replace the policy; what is already under way keeps its times (S13.1)."""
        self.policy = policy
        self.reassembly.policy = policy
        self.identification.policy = policy
        self.limiter.rate = policy.icmp_rate
        self.limiter.burst = policy.icmp_burst

    def time_of_day(self) -> int:
        """Answer milliseconds since midnight UT (RFC 792: the standard value, high bit zero)."""
        return (self.midnight + self.now // 1000) % DAY

    def owner(self, address: int) -> Nic | None:
        """Find the NIC that has this unicast address, on any that is enabled."""
        for nic in self.nics.values():
            if nic.enabled and nic.addresses.own(address) is not None:
                return nic
        return None

    def owns(self, address: int) -> bool:
        """Answer whether a unicast address is ours on any NIC."""
        return self.owner(address) is not None

    def is_subnet_broadcast(self, address: int) -> bool:
        """Answer whether this is the broadcast address, old form included, of a subnet of ours."""
        for nic in self.nics.values():
            addresses = nic.addresses
            if addresses.broadcast(address) is not None or addresses.all_zeros(address) is not None:
                return True
        return False

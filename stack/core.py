"""What all parts of one stack share. No part keeps a state of its own elsewhere.

The parts are modules of functions that take the `Core` first. Below, in the order in which they
may call each other: link, send, errors, then what receives. What has to go back up (datagrams to
one's own address) is put into `looped` and taken from there by the node.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.counters import Counters
from stack.hooks import Hooks
from stack.identification import IdentificationSource, RandomSource
from stack.multicast_table import MulticastTable
from stack.nic import Nic
from stack.path_mtu import PathMtu
from stack.policy import Policy
from stack.rate_limit import TokenBucket
from stack.reassembly import ReassemblyStore
from stack.routes import RouteTable
from stack.socket_table import SocketTable

if TYPE_CHECKING:
    from stack.handlers import Handler
    from stack.packet_socket import PacketSocket

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
        "forward_new_nics",
        "forwarding",
        "handlers",
        "hooks",
        "identification",
        "limiter",
        "looped",
        "midnight",
        "multicast",
        "nics",
        "now",
        "outbox",
        "packet_sockets",
        "path_mtu",
        "policy",
        "random",
        "reassembly",
        "routes",
        "sockets",
    )

    def __init__(self, policy: Policy, random: RandomSource, time_of_day: int) -> None:
        self.policy = policy
        self.random = random
        self.now = 0
        """Microseconds; moves only when the node is told the time."""
        self.midnight = time_of_day
        """Milliseconds between midnight UT and time 0."""
        self.forwarding = False
        """Whether any NIC forwards. RFC 1122 §3.1: MUST begin in the non-forwarding position."""
        self.forward_new_nics = False
        """What the switch of a NIC that is added says."""
        self.multicast = MulticastTable()
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
        self.packet_sockets: list[PacketSocket] = []
        self.handlers: dict[int, Handler] = {}
        """By protocol; see `stack.handlers`."""
        self.outbox: deque[tuple[int, bytes]] = deque()
        self.looped: deque[Looped] = deque()

    def set_policy(self, policy: Policy) -> None:
        """Replace the policy; what is already under way keeps its times (S13.1)."""
        self.policy = policy
        self.reassembly.policy = policy
        self.identification.policy = policy
        self.limiter.rate = policy.icmp_rate
        self.limiter.burst = policy.icmp_burst

    def set_forwarding(self, *, on: bool) -> None:
        """Turn forwarding on or off for all NICs, those to come too."""
        self.forward_new_nics = on
        for nic in self.nics.values():
            nic.forwarding = on
        self.refresh_forwarding()
        if on:
            # RFC 1812 §5.2.7.2: a router forwards by its own routes, not by redirects.
            self.routes.forget_redirects()

    def set_nic_forwarding(self, nic: Nic, *, on: bool) -> None:
        """Turn the forwarding of what arrives on one NIC on or off (S8.12)."""
        nic.forwarding = on
        self.refresh_forwarding()

    def refresh_forwarding(self) -> None:
        """Find out anew whether this node is a router: a switch changed, or a NIC is gone."""
        self.forwarding = self.forward_new_nics or any(nic.forwarding for nic in self.nics.values())

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

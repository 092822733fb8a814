"""What all parts of one stack share. No part keeps a state of its own elsewhere.

The parts are modules of functions that take the `Core` first. Below, in the order in which they
may call each other: link, send, errors, then what receives. What has to go back up (datagrams to
one's own address) is put into `looped` and taken from there by the node.
"""

from __future__ import annotations

from collections import deque
from heapq import merge
from typing import TYPE_CHECKING, Final, NamedTuple

from stack import groups
from stack.address_index import AddressIndex
from stack.address_trials import AddressProbes
from stack.addresses import Hold
from stack.agenda import Agenda
from stack.counters import Counters
from stack.hook_packet import Passage
from stack.hooks import Hooks
from stack.identification import IdentificationSource, RandomSource
from stack.multicast_table import MulticastTable
from stack.nic import Nic
from stack.path_mtu import PathMtu
from stack.policy import Policy
from stack.rate_limit import TokenBucket
from stack.reassembly import ReassemblyStore
from stack.router_list import RouterList
from stack.routes import RouteTable
from stack.socket_table import SocketTable
from stack.tcp_table import TcpTable
from stack.wire.address import LIMITED_BROADCAST, is_multicast

if TYPE_CHECKING:
    from stack.handlers import Handler
    from stack.packet_socket import PacketSocket
    from stack.route_choice import Question, Route

OUTBOX_LIMIT: Final = 8192
"""Frames that wait to be taken by `poll`; what comes on top is lost, as on a full link."""
LOOPED_LIMIT: Final = 1024
"""Datagrams on their way back into this stack."""
NEVER: Final = 1 << 63
"""Microseconds: later than any time."""
DAY: Final = 86_400_000
"""Milliseconds."""


class Looped(NamedTuple):
    """A datagram that goes back into the stack."""

    nic: Nic
    packet: bytes
    built: bool = False
    """S7.14: this stack built it, so its transport checksum is taken as right."""
    passage: Passage | None = None
    """What the hooks know of it already."""


class Core:
    """The state of one stack."""

    __slots__ = (
        "_probes",
        "_reassembly",
        "_routers",
        "_tcp",
        "address_index",
        "agenda",
        "chosen",
        "counters",
        "default_ttl",
        "due",
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
        "plain",
        "policy",
        "polls",
        "random",
        "routes",
        "sockets",
        "spoofing",
        "stirred",
        "touched",
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
        self.address_index = AddressIndex()
        """What the usable NICs have."""
        self.chosen: dict[Question, Route] = {}
        """Answers of `stack.route_choice.choose`, emptied when something changes that they rest on:
        addresses, NICs, routes, what is known of gateways, forwarding, spoofing, the policy."""
        self.plain: set[tuple[Nic, int, int]] = set()
        """NICs, sources and destinations of datagrams for this host that came from outside, with
        addresses that `stack.receive` had nothing to say about. Emptied when something changes that
        this rests on: addresses, NICs, promiscuity, the policy."""
        self.address_index.changed = self._forget_addresses
        self.routes = RouteTable(self)
        self.address_index.connected = self.routes.connect
        self._probes = AddressProbes()
        self._routers = RouterList()
        self.spoofing: set[int] = set()
        """Numbers of the NICs that send from any source address (S1.18)."""
        self.touched: set[int] = set()
        """Numbers of the NICs whose timers may have changed."""
        self.agenda: Agenda[int] = Agenda()
        """When the NICs have something to do."""
        self.path_mtu = PathMtu()
        self._reassembly = ReassemblyStore(policy)
        self.identification = IdentificationSource(policy, random)
        self.limiter = TokenBucket(policy.icmp_rate, policy.icmp_burst)
        self.hooks = Hooks()
        self.sockets = SocketTable()
        self.packet_sockets: list[PacketSocket] = []
        self.handlers: dict[int, Handler] = {}
        """By protocol; see `stack.handlers`."""
        self._tcp = TcpTable()
        self.stirred = True
        """Whether the timers of these four may have changed, for `stack.timers`."""
        self.due = NEVER
        """When the next timer is due, as `stack.timers` found last."""
        self.outbox: list[tuple[int, bytes]] = []
        self.looped: deque[Looped] = deque()
        self.polls = 0
        """How often the outbox was emptied."""

    @property
    def probes(self) -> AddressProbes:
        """Addresses being tried; whoever reaches for them may change their timers."""
        self.stirred = True
        return self._probes

    @property
    def routers(self) -> RouterList:
        """Routers that advertised themselves; timers as with `probes`."""
        self.stirred = True
        return self._routers

    @property
    def reassembly(self) -> ReassemblyStore:
        """Datagrams of which pieces are there; timers as with `probes`."""
        self.stirred = True
        return self._reassembly

    @property
    def tcp(self) -> TcpTable:
        """Connections and listeners; timers as with `probes`."""
        self.stirred = True
        return self._tcp

    def _forget_addresses(self) -> None:
        self.chosen.clear()
        self.plain.clear()

    def set_policy(self, policy: Policy) -> None:
        """Replace the policy; what is already under way keeps its times (S13.1)."""
        self.policy = policy
        self._forget_addresses()
        self.reassembly.policy = policy
        self.identification.policy = policy
        self.limiter.rate = policy.icmp_rate
        self.limiter.burst = policy.icmp_burst
        for nic in self.nics.values():
            nic.addresses.policy = policy

    def set_forwarding(self, *, on: bool) -> None:
        """Turn forwarding on or off for all NICs, those to come too."""
        self.forward_new_nics = on
        for number in sorted(self.nics):
            self._switch_forwarding(self.nics[number], on=on)
        self.refresh_forwarding()

    def set_nic_forwarding(self, nic: Nic, *, on: bool) -> None:
        """Turn the forwarding of what arrives on one NIC on or off (S8.12)."""
        self._switch_forwarding(nic, on=on)
        self.refresh_forwarding()

    def _switch_forwarding(self, nic: Nic, *, on: bool) -> None:
        if nic.forwarding is not on:
            nic.forwarding = on
            groups.follow_forwarding(self, nic, on=on)

    def refresh_forwarding(self) -> None:
        """Find out anew whether this node is a router: a switch changed, or a NIC is gone."""
        self.forwarding = self.forward_new_nics or any(nic.forwarding for nic in self.nics.values())
        self.chosen.clear()
        if self.forwarding:
            # RFC 1812 §5.2.7.2: a router forwards by its own routes, not by redirects.
            self.routes.forget_redirects()

    def time_of_day(self) -> int:
        """Answer milliseconds since midnight UT (RFC 792: the standard value, high bit zero)."""
        return (self.midnight + self.now // 1000) % DAY

    def owner(self, address: int, *, broadcasts: bool = False) -> Nic | None:
        """Find the usable NIC that has this unicast address.

        With `broadcasts` this is "owned by the stack" (S1.19): the broadcast addresses of our
        subnets and 255.255.255.255 count too.
        """
        index = self.address_index
        found = index.hosts.get(address)
        if found is None:
            for number in index.whole(address):
                # An entry for the very address may say no (S1.15).
                if self.nics[number].addresses.own(address) is not None:
                    found = [number]
                    break
        if broadcasts and address in index.broadcasts:
            for number in merge(index.broadcasts[address], found or ()):
                if self.nics[number].addresses.find(address) is not None:
                    return self.nics[number]
            return None
        return self.nics[found[0]] if found else None

    def owns(self, address: int) -> bool:
        """Answer whether a unicast address is ours on any NIC."""
        return address in self.address_index.hosts or self.owner(address) is not None

    def is_subnet_broadcast(self, address: int) -> bool:
        """Answer whether this is the broadcast address of a subnet of ours.

        S14.20: the old form with a host part of zeros is one too, where it is taken for one.
        """
        index = self.address_index
        if address in index.broadcasts:
            return True
        return address in index.old_broadcasts and self.policy.zero_host_is_broadcast

    def may_send_from(self, address: int) -> bool:
        """Answer whether a local user may use this source: ours, or any on a spoofing NIC."""
        if self.owns(address):
            return True
        return bool(self.spoofing) and self._spoofer(address) is not None

    def _spoofer(self, address: int) -> Nic | None:
        """Find the NIC that makes up this address as a source (S1.18)."""
        if is_multicast(address) or address == LIMITED_BROADCAST:
            return None
        usable = [number for number in self.spoofing if self.nics[number].enabled]
        return self.nics[min(usable)] if usable else None

    def hold(self, address: int) -> Hold | None:
        """Hold an address as source; None for what no NIC has or makes up (S1.8, S1.11, S1.18)."""
        nic = self.owner(address)
        if nic is not None:
            return nic.addresses.hold(address)
        nic = self._spoofer(address)
        return None if nic is None else nic.addresses.hold(address, temporaries=True)

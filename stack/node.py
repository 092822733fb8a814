"""The facade: one IPv4 node, host or router, without input, output, clock or thread.

    node = Node(random=random.Random(1))
    node.add_nic(1, mac=bytes.fromhex("020000000001"))
    node.add_address(1, "192.0.2.1", 24)
    node.add_route("0.0.0.0/0", 1, gateway="192.0.2.254")
    node.receive(1, frame, now)
    for nic, frame in node.poll(now): ...

Times are microseconds on a clock of the caller's choice that starts near zero and never runs
backwards. Addresses are dotted quads or their numbers. A call that cannot be done raises `Refused`
with a `Reason`; octets handed to `receive` never raise, whatever they are.

The order of a driver's work: `poll(t)` for every `t` that `next_deadline` names, `receive` whenever
a frame is there, and `poll` after it to collect what the node has to send.
"""

from __future__ import annotations

from collections.abc import Callable

from stack import groups, igmp, link, receive, timers
from stack.addresses import AddressTable, OwnAddress, Place
from stack.core import Core
from stack.counters import Counters
from stack.hooks import Hooks
from stack.icmp_socket import IcmpSocket
from stack.identification import RandomSource
from stack.inbound import Cast
from stack.membership import Membership
from stack.neighbours import NeighbourTable
from stack.nic import Nic
from stack.policy import RFC, Policy
from stack.raw_socket import RawSocket
from stack.refusal import Reason, Refused, check
from stack.routes import StaticRoute
from stack.socket_base import Address
from stack.tcp_socket import TcpSocket
from stack.udp_socket import UdpSocket
from stack.wire.address import ALL_HOSTS, Prefix, as_address
from stack.wire.ethernet import is_mac
from stack.wire.ipv4 import MAXIMUM_DATAGRAM, MINIMUM_MTU


class Node:
    """One stack with its NICs.

    `random` gives every random number (initial Identification values, delays, ports);
    `time_of_day_ms` is the milliseconds since midnight UT at time 0.
    """

    def __init__(
        self, policy: Policy = RFC, *, random: RandomSource, time_of_day_ms: int = 0
    ) -> None:
        self._core = Core(policy, random, time_of_day_ms)

    # Frames and time

    def receive(self, nic: int, frame: bytes, now: int) -> None:
        """Take in one frame from the link of a NIC (a bare datagram where there is no Ethernet)."""
        self._advance(now)
        port = self._core.nics.get(nic)
        if port is not None:
            receive.frame(self._core, port, bytes(frame))
            self._settle()

    def poll(self, now: int) -> list[tuple[int, bytes]]:
        """Run the timers due and take all frames that are ready, as (nic, frame), in order."""
        self._advance(now)
        frames = list(self._core.outbox)
        self._core.outbox.clear()
        return frames

    def next_deadline(self) -> int | None:
        """Answer when `poll` has a timer to run, in microseconds; None when none is running."""
        return timers.next_deadline(self._core)

    def _advance(self, now: int) -> None:
        core = self._core
        self._settle()
        while (due := timers.next_deadline(core)) is not None and due <= now:
            # Timers run at their own time, so that a long step does what many short ones do.
            core.now = max(core.now, due)
            timers.run(core)
            self._settle()
        core.now = max(core.now, now)

    def _settle(self) -> None:
        """Let in what this node sent to itself, until there is nothing left."""
        core = self._core
        timers.take_failures(core)
        while core.looped:
            packet = core.looped.popleft()
            receive.datagram(core, packet.nic, packet.packet, Cast.UNICAST, looped=True)
            timers.take_failures(core)

    # NICs and addresses

    def add_nic(
        self, nic: int, *, mac: bytes | None, mtu: int = 1500, loopback: bool = False
    ) -> None:
        """Attach a NIC and enable it. `mac` None: a bare IP link, without Ethernet and ARP.

        `mtu` in octets (RFC 1122 §3.3.3: configurable for each interface).
        """
        core = self._core
        if nic in core.nics or (mac is not None and not is_mac(mac)):
            raise Refused(Reason.INVALID_ARGUMENT)
        _check_mtu(mtu)
        bits: Callable[[int], int] = core.random.getrandbits
        made: Nic
        neighbours = NeighbourTable(
            ask=lambda target, source, to: link.ask(core, made, target, source, to),
            discard=lambda _: link.discard(made),
            random_bits=bits,
            lifetime=lambda: core.policy.neighbour_lifetime,
        )
        membership = Membership(
            version=0 if loopback else core.policy.igmp_version,
            report=lambda records: igmp.send_report(core, made, records),
            message=lambda kind, group: igmp.send_message(core, made, kind, group),
            random_bits=bits,
        )
        made = Nic(
            number=nic,
            mac=mac,
            mtu=mtu,
            loopback=loopback,
            counters=Counters(core.counters),
            addresses=AddressTable(owns_whole_prefix=loopback),
            neighbours=neighbours,
            membership=membership,
        )
        core.nics[nic] = made
        self.enable(nic)

    def enable(self, nic: int) -> None:
        """Turn a NIC on: it joins 224.0.0.1 and reports its groups (S1.3)."""
        port = self._nic(nic)
        if port.enabled:
            return
        port.enabled = True
        port.membership.start(self._core.now)
        # RFC 1112 §7.2, RFC 1122 §3.3.7: a member of the all-hosts group for as long as it is up.
        check(groups.join(self._core, nic, ALL_HOSTS))
        self._settle()

    def disable(self, nic: int) -> None:
        """Turn a NIC off: it leaves its groups and forgets its neighbours (S1.4, S1.5)."""
        port = self._nic(nic)
        if not port.enabled:
            return
        check(groups.leave(self._core, nic, ALL_HOSTS))
        port.membership.stop(self._core.now)
        port.neighbours.clear()
        port.enabled = False
        self._settle()

    def remove_nic(self, nic: int) -> None:
        """Detach a NIC; its addresses and routes go with it (S1.6)."""
        self.disable(nic)
        del self._core.nics[nic]
        self._core.routes.nic_removed(nic)

    def set_mtu(self, nic: int, mtu: int) -> None:
        """Set the MTU of a link, in octets."""
        _check_mtu(mtu)
        self._nic(nic).mtu = mtu

    def add_address(
        self,
        nic: int,
        address: Address,
        prefix_length: int = 32,
        *,
        primary: Place = Place.CAN_BE,
        deprecated: bool = False,
    ) -> None:
        """Give a NIC an address (RFC 791 §2.3: as many as wanted; RFC 1122 §3.2.1.3: any mask)."""
        port = self._nic(nic)
        if not 0 <= prefix_length <= 32:
            raise Refused(Reason.INVALID_ARGUMENT)
        table = port.addresses
        check(table.add(as_address(address), prefix_length, place=primary, deprecated=deprecated))
        port.membership.address_added(self._core.now)
        self._settle()

    def remove_address(self, nic: int, address: Address) -> None:
        """Take an address away from a NIC."""
        check(self._nic(nic).addresses.remove(as_address(address)))

    def addresses(self, nic: int) -> list[OwnAddress]:
        """List the addresses of a NIC, the main one first."""
        return list(self._nic(nic).addresses.listed())

    def _nic(self, nic: int) -> Nic:
        port = self._core.nics.get(nic)
        if port is None:
            raise Refused(Reason.UNKNOWN_NIC)
        return port

    # Routes, neighbours, groups

    def add_route(
        self, prefix: str, nic: int, *, gateway: Address | None = None, preference: int = 0
    ) -> None:
        """Add a route, "0.0.0.0/0" for a default; gateway None: destinations are on the link.

        RFC 1122 §3.3.1.6: several default gateways, the one with the highest preference first.
        """
        self._nic(nic)
        via = None if gateway is None else as_address(gateway)
        check(self._core.routes.add(StaticRoute(Prefix.parse(prefix), nic, via, preference)))

    def remove_route(self, prefix: str, nic: int, *, gateway: Address | None = None) -> None:
        """Remove a route."""
        via = None if gateway is None else as_address(gateway)
        check(self._core.routes.remove(Prefix.parse(prefix), nic, via))

    def add_neighbour(self, nic: int, address: Address, mac: bytes) -> None:
        """Enter a neighbour's link address by hand; it stays until the NIC is disabled."""
        port = self._nic(nic)
        if not is_mac(mac):
            raise Refused(Reason.INVALID_ARGUMENT)
        link.release(self._core, port, port.neighbours.set_static(as_address(address), mac), mac)

    def neighbour(self, nic: int, address: Address) -> bytes | None:
        """Answer the link address that is known for a neighbour."""
        return self._nic(nic).neighbours.known(as_address(address))

    def join(self, nic: int, group: Address) -> None:
        """Join a group on a NIC; joins are counted (S1.21)."""
        check(groups.join(self._core, nic, as_address(group)))
        self._settle()

    def leave(self, nic: int, group: Address) -> None:
        """Leave a group on a NIC."""
        check(groups.leave(self._core, nic, as_address(group)))
        self._settle()

    # Settings

    @property
    def forwarding(self) -> bool:
        """Whether the node is a router. Off at start (RFC 1122 §3.1)."""
        return self._core.forwarding

    @forwarding.setter
    def forwarding(self, on: bool) -> None:
        self._core.forwarding = on
        if on:
            # RFC 1812 §5.2.7.2: a router forwards by its own routes, not by redirects.
            self._core.routes.forget_redirects()

    @property
    def default_ttl(self) -> int:
        """TTL of what names none (RFC 1122 §3.2.1.7: configurable)."""
        return self._core.default_ttl

    @default_ttl.setter
    def default_ttl(self, ttl: int) -> None:
        # RFC 1122 §3.2.1.7: MUST NOT send with TTL 0.
        if not 1 <= ttl <= 255:
            raise Refused(Reason.INVALID_ARGUMENT)
        self._core.default_ttl = ttl

    @property
    def policy(self) -> Policy:
        """The choices in force; may be replaced while running."""
        return self._core.policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        self._core.set_policy(policy)

    @property
    def hooks(self) -> Hooks:
        """Where inspectors are added and removed."""
        return self._core.hooks

    @property
    def counters(self) -> Counters:
        """The counters of the whole stack."""
        return self._core.counters

    def nic_counters(self, nic: int) -> Counters:
        """Give the counters of one NIC."""
        return self._nic(nic).counters

    # Sockets

    def udp_socket(self) -> UdpSocket:
        """Open a UDP socket."""
        return UdpSocket(self._core)

    def tcp_socket(self) -> TcpSocket:
        """Open a TCP socket."""
        return TcpSocket(self._core)

    @property
    def tcp_established(self) -> int:
        """Connections in ESTABLISHED or CLOSE-WAIT (RFC 4022 tcpCurrEstab)."""
        return self._core.tcp.established

    def raw_socket(self, protocol: int) -> RawSocket:
        """Open a raw socket; protocol 255 only sends, with its own headers."""
        socket = RawSocket(self._core, protocol=protocol)
        self._core.sockets.raw.append(socket)
        return socket

    def icmp_socket(self, identifier: int | None = None) -> IcmpSocket:
        """Open an ICMP socket; the identifier tells its requests apart (None: one is drawn)."""
        if identifier is None:
            identifier = self._core.random.getrandbits(16)
        socket = IcmpSocket(self._core, identifier=identifier & 0xFFFF)
        self._core.sockets.icmp.append(socket)
        return socket


def _check_mtu(mtu: int) -> None:
    # RFC 791 §3.2: every link carries 68 octets.
    if not MINIMUM_MTU <= mtu <= MAXIMUM_DATAGRAM:
        raise Refused(Reason.INVALID_ARGUMENT)

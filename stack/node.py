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

from copy import copy

from stack import (
    address_probe,
    groups,
    igmp,
    link,
    nics,
    receive,
    router_discovery,
    settings,
    timers,
)
from stack.address_trials import AddressEvent, Wanted
from stack.choices import Defence
from stack.core import Core
from stack.counters import Counters
from stack.identification import RandomSource
from stack.inbound import Cast
from stack.multicast_forward import MulticastForwarding
from stack.nic import Nic
from stack.node_hooks import HookKeeper
from stack.node_sockets import Opener
from stack.own_address import Origin, OwnAddress, Place
from stack.policy import RFC, Policy
from stack.refusal import Reason, Refused, check
from stack.routes import StaticRoute
from stack.settings import Value
from stack.socket_base import Address
from stack.wire.address import Prefix, as_address, format_address
from stack.wire.ethernet import is_mac


class Node(Opener, HookKeeper):
    """One stack with its NICs.

    `random` gives every random number (initial Identification values, delays, ports);
    `time_of_day_ms` is the milliseconds since midnight UT at time 0. Refused, as when it is set
    later, is a version of IGMP that is none or that the policy does not know (S9.18).
    """

    def __init__(
        self, policy: Policy = RFC, *, random: RandomSource, time_of_day_ms: int = 0
    ) -> None:
        check(igmp.version_refusal(policy, policy.igmp_version))
        self._core = Core(policy, random, time_of_day_ms)

    # Frames and time

    def receive(self, nic: int, frame: bytes, now: int) -> None:
        """Take in one frame from the link of a NIC (a bare datagram where there is no Ethernet)."""
        self._advance(now)
        core = self._core
        port = core.nics.get(nic)
        if port is not None:
            receive.frame(core, port, bytes(frame))
            if core.touched or core.looped:
                self._settle()

    def poll(self, now: int) -> list[tuple[int, bytes]]:
        """Run the timers due and take all frames that are ready, as (nic, frame), in order."""
        self._advance(now)
        core = self._core
        frames = core.outbox
        core.outbox = []
        core.polls += 1
        return frames

    def next_deadline(self) -> int | None:
        """Answer when `poll` has a timer to run, in microseconds; None when none is running."""
        return timers.next_deadline(self._core)

    def _advance(self, now: int) -> None:
        core = self._core
        if core.touched or core.stirred or core.looped:
            self._settle()
        while core.due <= now:
            # Timers run at their own time, so that a long step does what many short ones do.
            core.now = max(core.now, core.due)
            timers.run(core)
            self._settle()
        if now > core.now:
            core.now = now

    def _settle(self) -> None:
        """Let in what this node sent to itself, until there is nothing left."""
        core = self._core
        while core.touched or core.looped:
            timers.take_failures(core)
            if core.looped:
                packet = core.looped.popleft()
                receive.datagram(
                    core,
                    packet.nic,
                    packet.packet,
                    Cast.UNICAST,
                    looped=True,
                    built=packet.built,
                    passage=packet.passage,
                )
        timers.next_deadline(core)

    # NICs and addresses

    def add_nic(
        self,
        nic: int,
        *,
        mac: bytes | None,
        mtu: int = 1500,
        loopback: bool = False,
        name: str | None = None,
    ) -> None:
        """Attach a NIC and enable it. `mac` None: a bare IP link, without Ethernet and ARP.

        `mtu` in octets (RFC 1122 §3.3.3: configurable for each interface). Hook rules call it by
        `name`, "nic" and its number if none is given.
        """
        check(nics.attach(self._core, nic, mac=mac, mtu=mtu, loopback=loopback, name=name))
        self.enable(nic)

    def enable(self, nic: int) -> None:
        """Turn a NIC on: it joins 224.0.0.1 and reports its groups (S1.3)."""
        check(nics.enable(self._core, self._nic(nic)))
        self._settle()

    def disable(self, nic: int) -> None:
        """Turn a NIC off: it leaves its groups and forgets its neighbours (S1.4, S1.5)."""
        nics.disable(self._core, self._nic(nic))
        self._settle()

    def enable_endpoint(self, nic: int) -> None:
        """Turn IPv4 on where it was turned off; refused while the NIC is off (S1.3)."""
        check(nics.enable_endpoint(self._core, self._nic(nic)))
        self._settle()

    def disable_endpoint(self, nic: int) -> None:
        """Turn IPv4 off on a NIC; the NIC stays on and keeps its neighbours (S1.4)."""
        nics.disable_endpoint(self._core, self._nic(nic))
        self._settle()

    def remove_nic(self, nic: int) -> None:
        """Detach a NIC; its addresses and routes go with it (S1.6)."""
        nics.detach(self._core, self._nic(nic))
        self._settle()

    def set_mtu(self, nic: int, mtu: int) -> None:
        """Set the MTU of a link, in octets."""
        self.set_nic_option(nic, "mtu", mtu)

    def set_link_room(self, nic: int, frames: int) -> None:
        """Set how many frames the link of a NIC takes between two polls; it refuses more (S6.25).

        What the link refuses is lost, and the sender is told.
        """
        if frames < 0:
            raise Refused(Reason.INVALID_ARGUMENT)
        self._nic(nic).link_room = frames

    def add_address(
        self,
        nic: int,
        address: Address,
        prefix_length: int = 32,
        *,
        primary: Place = Place.CAN_BE,
        deprecated: bool = False,
        origin: Origin = Origin.STATIC,
        probe: bool = False,
        defence: Defence | None = None,
    ) -> None:
        """Give a NIC an address (RFC 791 §2.3: as many as wanted; RFC 1122 §3.2.1.3: any mask).

        With `probe` the link is asked first and the address is taken after some seconds if nobody
        has it; `address_events` tells. `defence`: what is done about a station that uses it too,
        None as the policy says (RFC 5227 §2.1, §2.4).
        """
        wanted = Wanted(as_address(address), prefix_length, primary, deprecated, defence, origin)
        begin = address_probe.begin if probe else address_probe.take
        check(begin(self._core, self._nic(nic), wanted))
        self._settle()

    def remove_address(self, nic: int, address: Address) -> None:
        """Take an address away from a NIC; sockets that hold it keep it as expired (S1.11)."""
        check(address_probe.remove(self._core, self._nic(nic), as_address(address)))

    def addresses(self, nic: int) -> list[OwnAddress]:
        """List the permanent addresses of a NIC: the primary ones in order, then the others.

        While the endpoint is enabled 255.255.255.255 is among the others (S1.20).
        """
        return [copy(own) for own in self._nic(nic).addresses.permanent()]

    def primary_addresses(self, nic: int) -> list[OwnAddress]:
        """List the permanent addresses that may be sources, in their order (S1.20)."""
        return [copy(own) for own in self._nic(nic).addresses.primary()]

    def main_address(self, nic: int) -> int | None:
        """Answer the main address of a NIC (S1.12)."""
        return self._nic(nic).addresses.main()

    def owns(self, address: Address) -> bool:
        """Answer whether an address is owned by the stack, broadcast addresses included (S1.19)."""
        return self._core.owner(as_address(address), broadcasts=True) is not None

    def tentative_addresses(self, nic: int) -> list[str]:
        """List the addresses that are being tried on a NIC (RFC 5227 §2.1)."""
        return [format_address(key[1]) for key in self._core.probes.tentative if key[0] == nic]

    def address_events(self) -> list[AddressEvent]:
        """Give what became of addresses since the last call, oldest first (RFC 5227 §2.4)."""
        events = list(self._core.probes.events)
        self._core.probes.events.clear()
        return events

    def link_up(self, nic: int) -> None:
        """Tell that a link works again: what was tried before is tried anew (RFC 5227 §2.1)."""
        address_probe.link_up(self._core, self._nic(nic))

    def set_arp(self, nic: int, *, on: bool) -> None:
        """Switch ARP on a NIC; off, only neighbours entered by hand are reached."""
        self._nic(nic).arp = on

    def set_solicitation_address(self, nic: int, address: Address) -> None:
        """Choose where router solicitations go, 224.0.0.2 or 255.255.255.255 (RFC 1256 §5.1)."""
        if as_address(address) not in router_discovery.SOLICITATION_ADDRESSES:
            raise Refused(Reason.INVALID_ARGUMENT)
        self._core.routers.destination[self._nic(nic).number] = as_address(address)

    def set_checksum_verified(self, nic: int, *, on: bool) -> None:
        """Say whether the link has verified the header checksum of what it hands up (S3.10).

        Believed only where the policy lets it be.
        """
        self._nic(nic).verifies_checksum = on

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

    def set_igmp(self, nic: int, version: int) -> None:
        """Choose the IGMP version of a NIC: 3, 2, or 0 for off (S9.1, S9.18)."""
        self.set_nic_option(nic, "igmp_version", version)

    # Settings

    def option(self, name: str) -> Value:
        """Read a setting of the stack: default_ttl, forwarding, or a field of `Policy` (S13.1)."""
        return _told(settings.get(self._core, name))

    def set_option(self, name: str, value: Value) -> None:
        """Set a setting of the stack; a name that is none is refused (S13.6)."""
        check(settings.put(self._core, name, value))
        self._settle()

    def nic_option(self, nic: int, name: str) -> Value:
        """Read a setting of a NIC: mtu, promiscuous, spoofing, igmp_version, forwarding (S13.5)."""
        return _told(settings.get_of_nic(self._nic(nic), name))

    def set_nic_option(self, nic: int, name: str, value: Value) -> None:
        """Set a setting of a NIC; a name that is none is refused (S13.6)."""
        check(settings.put_of_nic(self._core, self._nic(nic), name, value))
        self._settle()

    @property
    def forwarding(self) -> bool:
        """Whether the node is a router. Off at start (RFC 1122 §3.1)."""
        return self._core.forwarding

    @forwarding.setter
    def forwarding(self, on: bool) -> None:
        self.set_option("forwarding", on)

    def set_forwarding(self, nic: int, on: bool) -> None:
        """Turn the forwarding of what arrives on one NIC on or off (S8.12)."""
        self.set_nic_option(nic, "forwarding", on)

    @property
    def multicast(self) -> MulticastForwarding:
        """Forwarding to groups, for a multicast routing controller (S8.14)."""
        return MulticastForwarding(self._core)

    @property
    def default_ttl(self) -> int:
        """TTL of what names none (RFC 1122 §3.2.1.7: configurable)."""
        return self._core.default_ttl

    @default_ttl.setter
    def default_ttl(self, ttl: int) -> None:
        self.set_option("default_ttl", ttl)

    @property
    def policy(self) -> Policy:
        """The choices in force; may be replaced while running."""
        return self._core.policy

    @policy.setter
    def policy(self, policy: Policy) -> None:
        check(settings.replace_policy(self._core, policy))
        self._settle()

    @property
    def counters(self) -> Counters:
        """The counters of the whole stack."""
        return self._core.counters

    def nic_counters(self, nic: int) -> Counters:
        """Give the counters of one NIC."""
        return self._nic(nic).counters

    def link_counters(self, nic: int) -> dict[str, int]:
        """Give what a NIC counts of its frames, for itself alone (S1.7, S2.1)."""
        port = self._nic(nic)
        return {
            "Rx.Packets": port.received.packets,
            "Rx.Octets": port.received.octets,
            "DisabledRx.Packets": port.received_disabled.packets,
            "DisabledRx.Octets": port.received_disabled.octets,
        }


def _told(value: Value | Reason) -> Value:
    if isinstance(value, Reason):
        raise Refused(value)
    return value

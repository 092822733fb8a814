"""Attaching NICs and switching them, their MTU, spoofing (S1.1 to S1.7, S1.18).

Two switches count, the NIC's and that of the IPv4 endpoint on it (S1.2). The endpoint cannot be on
while the NIC is off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import address_probe, forward, groups, igmp, link, router_discovery
from stack.addresses import AddressTable
from stack.neighbours import NeighbourTable
from stack.nic import Nic
from stack.own_address import Place
from stack.refusal import Reason
from stack.wire.address import ALL_HOSTS, LIMITED_BROADCAST
from stack.wire.ethernet import is_mac
from stack.wire.ipv4 import MAXIMUM_DATAGRAM, MINIMUM_MTU

if TYPE_CHECKING:
    from stack.core import Core


class _Station:
    """What the neighbour table of a NIC asks and tells."""

    __slots__ = ("_core", "_nic")

    def __init__(self, core: Core, nic: Nic) -> None:
        self._core = core
        self._nic = nic

    def ask(self, target: int, source: int, mac: bytes | None) -> None:
        link.ask(self._core, self._nic, target, source, mac)

    def discard(self) -> None:
        link.discard(self._nic)

    def lifetime(self) -> int:
        # RFC 1122 §2.3.2.1: configurable; between 0.5 and 1.5 times that (S13.8).
        average = self._core.policy.neighbour_lifetime
        return average // 2 + (average * self._core.random.getrandbits(16) >> 16)


def attach(
    core: Core, number: int, *, mac: bytes | None, mtu: int, loopback: bool, name: str | None
) -> Reason | None:
    """Attach a NIC, off at first."""
    if number in core.nics or (mac is not None and not is_mac(mac)) or not _is_mtu(mtu):
        return Reason.INVALID_ARGUMENT
    made = Nic(
        number=number,
        mac=mac,
        mtu=mtu,
        loopback=loopback,
        counters=core.counters.add_nic(number),
        addresses=AddressTable(
            owns_whole_prefix=loopback,
            policy=core.policy,
            index=core.address_index,
            number=number,
        ),
        touched=core.touched,
        name=f"nic{number}" if name is None else name,
    )
    made.neighbour_table = NeighbourTable(_Station(core, made))
    made.group_membership = igmp.membership(core, made, 0 if loopback else core.policy.igmp_version)
    core.nics[number] = made
    if core.forward_new_nics:
        made.forwarding = True
        groups.follow_forwarding(core, made, on=True)
    return None


def enable(core: Core, nic: Nic) -> Reason | None:
    """Turn a NIC on, and the endpoint with it."""
    if nic.up:
        return None
    nic.up = True
    return enable_endpoint(core, nic)


def enable_endpoint(core: Core, nic: Nic) -> Reason | None:
    """Turn an endpoint on: S1.3, in that order."""
    if not nic.up:
        return Reason.NOT_PERMITTED
    if nic.enabled:
        return None
    nic.enabled = True
    nic.addresses.switch(on=True)
    # RFC 1122 §3.2.1.3 (c): the limited broadcast is for every host on the link.
    reason = nic.addresses.add(LIMITED_BROADCAST, 32, place=Place.NEVER, deprecated=False)
    if reason is not None:
        return reason
    address_probe.link_up(core, nic)
    router_discovery.switched(core, nic)
    nic.membership.start(core.now)
    # RFC 1112 §7.2, RFC 1122 §3.3.7: a member of the all-hosts group for as long as it is up.
    return groups.join(core, nic.number, ALL_HOSTS)


def disable_endpoint(core: Core, nic: Nic) -> None:
    """Turn an endpoint off: S1.4, in that order. Memberships and their counts stay."""
    if not nic.enabled:
        return
    # Not being a member, or not having the address, is fine: a user may have seen to it.
    groups.leave(core, nic.number, ALL_HOSTS)
    nic.membership.stop(core.now)
    nic.addresses.remove(LIMITED_BROADCAST)
    nic.enabled = False
    nic.addresses.switch(on=False)
    address_probe.link_down(core, nic)
    router_discovery.switched(core, nic)


def disable(core: Core, nic: Nic) -> None:
    """Turn a NIC off: its endpoint, its neighbours, then the NIC (S1.5). Its routes stay."""
    disable_endpoint(core, nic)
    forward.link_closed(core, nic.neighbours.clear())
    nic.up = False


def detach(core: Core, nic: Nic) -> None:
    """Remove a NIC: disable it, close its endpoint, detach it (S1.6)."""
    disable(core, nic)
    for own in nic.addresses.permanent():
        nic.addresses.remove(own.address)
    core.spoofing.discard(nic.number)
    router_discovery.nic_removed(core, nic.number)
    address_probe.nic_removed(core, nic.number)
    core.counters.remove_nic(nic.number)
    # What it still counts, such as trains it had begun, counts for the stack (S11.2).
    nic.counters = core.counters
    del core.nics[nic.number]
    core.routes.nic_removed(nic.number)
    was_router = core.forwarding
    core.refresh_forwarding()
    if core.forwarding is not was_router:
        router_discovery.update(core)


def set_mtu(nic: Nic, mtu: int) -> Reason | None:
    """Set the MTU of a link, in octets (RFC 1122 §3.3.3: configurable; S13.5)."""
    if not _is_mtu(mtu):
        return Reason.INVALID_ARGUMENT
    nic.mtu = mtu
    return None


def _is_mtu(mtu: int) -> bool:
    # RFC 791 §3.2: every link carries 68 octets.
    return MINIMUM_MTU <= mtu <= MAXIMUM_DATAGRAM


def set_spoofing(core: Core, nic: Nic, *, on: bool) -> None:
    """Let a NIC send from any source address, or end that (S1.18)."""
    nic.spoofing = nic.addresses.spoofing = on
    core.chosen.clear()
    if on:
        core.spoofing.add(nic.number)
    else:
        core.spoofing.discard(nic.number)

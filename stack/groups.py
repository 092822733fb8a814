"""Joining and leaving groups on a NIC (RFC 1112 §7.1, S1.21, S1.22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.refusal import Reason
from stack.wire.address import ALL_ROUTERS, is_multicast

if TYPE_CHECKING:
    from stack.core import Core
    from stack.nic import Nic

_NO_GROUP: Final = 0xE0000000
"""RFC 1112 §4: 224.0.0.0 is guaranteed not to be assigned to any group."""


def join(core: Core, number: int, group: int) -> Reason | None:
    """Join once more; the first time the network is told."""
    nic = core.nics.get(number)
    if nic is None:
        return Reason.UNKNOWN_NIC
    if not is_multicast(group) or group == _NO_GROUP:
        return Reason.BAD_ADDRESS
    joins = nic.groups.get(group, 0)
    nic.groups[group] = joins + 1
    if not joins:
        nic.membership.joined(group, core.now)
    return None


def leave(core: Core, number: int, group: int) -> Reason | None:
    """Leave once; the last time membership ends."""
    nic = core.nics.get(number)
    if nic is None:
        return Reason.UNKNOWN_NIC
    joins = nic.groups.get(group, 0)
    if not joins:
        return Reason.BAD_LOCAL_ADDRESS
    if joins > 1:
        nic.groups[group] = joins - 1
        return None
    del nic.groups[group]
    nic.membership.left(group, core.now)
    return None


def follow_forwarding(core: Core, nic: Nic, *, on: bool) -> None:
    """Forwarding was turned on or off on a NIC (S1.24, later)."""
    if not on:
        # Not being a member is fine: the policy may have changed in between.
        if nic.in_all_routers:
            nic.in_all_routers = False
            leave(core, nic.number, ALL_ROUTERS)
    elif core.policy.routers_join_all_routers:
        nic.in_all_routers = True
        join(core, nic.number, ALL_ROUTERS)

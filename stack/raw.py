"""Copies of received datagrams for raw sockets (S12.18): who gets one, and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.wire.ipv4 import PROTOCOL_IGMP, build_ipv4

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


def receive(core: Core, inbound: Inbound) -> bool:
    """Give every raw socket of the protocol the whole datagram; answer whether there is one.

    This is the place of S2.26, behind option work. Where raw sockets stand before it (S2.31) they
    have theirs already.
    """
    if not core.sockets.raw:
        return False
    if not core.policy.raw_after_options:
        return bool(core.sockets.raw_receivers(inbound.header))
    if inbound.header.protocol == PROTOCOL_IGMP and not core.policy.igmp_to_raw_sockets:
        # S2.25: raw sockets never see IGMP.
        return False
    return copy_to_sockets(core, inbound)


def receive_early(core: Core, inbound: Inbound) -> None:
    """Give a whole datagram to raw sockets before anyone asks whose it is (S2.31).

    For policies that do not have them after the options.
    """
    if not inbound.header.is_fragment:
        copy_to_sockets(core, inbound)


def copy_to_sockets(core: Core, inbound: Inbound) -> bool:
    """Copy the datagram, IP header included, to the raw sockets that want it."""
    sockets = core.sockets.raw_receivers(inbound.header)
    if not sockets:
        return False
    octets = inbound.octets
    if inbound.reassembled and core.policy.headers_as_received:
        # Errors quote the first fragment; a user gets the datagram.
        octets = build_ipv4(inbound.header, inbound.payload)
    for socket in sockets:
        if not socket.put(octets, inbound):
            # S12.19: no room there.
            core.counters.inc("DroppedPackets")
    return True

"""Copies of received datagrams for raw sockets (S12.18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.wire.ipv4 import PROTOCOL_IGMP, build_ipv4

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


def receive(core: Core, inbound: Inbound) -> bool:
    """Give every raw socket of the protocol the whole datagram; answer whether one took it."""
    protocol = inbound.header.protocol
    if protocol == PROTOCOL_IGMP and not core.policy.igmp_to_raw_sockets:
        return False
    sockets = core.sockets.raw_receivers(protocol, inbound.header)
    if not sockets:
        return False
    octets = inbound.octets
    if inbound.reassembled:
        octets = build_ipv4(inbound.header, inbound.payload)
    for socket in sockets:
        if not socket.put(octets, inbound):
            core.counters.inc("DroppedPackets")
    return True

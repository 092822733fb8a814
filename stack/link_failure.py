"""What follows when a next hop did not answer ARP (S13.9, RFC 1122 §2.4, RFC 1812 §3.3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import forward, icmp_report, link, tcp_errors
from stack.inbound import Inbound
from stack.wire.icmp import DESTINATION_UNREACHABLE, HOST_UNREACHABLE, ZERO_REST, IcmpMessage
from stack.wire.ipv4 import PROTOCOL_ICMP, Ipv4Header

if TYPE_CHECKING:
    from stack.core import Core
    from stack.neighbours import Failure
    from stack.nic import Nic


def draw_consequences(core: Core, nic: Nic, failure: Failure) -> None:
    """Count what waited in vain, and tell those whom it concerns."""
    # RFC 1122 §3.3.1.4: negative advice about a gateway.
    core.routes.neighbour_silent(failure.address, core.now)
    for waiting in failure.waiting:
        link.discard(nic)
        if waiting.about is None:
            _tell_user(core, nic, waiting.packet)
            tcp_errors.next_hop_silent(core, waiting.packet)
    forward.next_hop_silent(core, failure)


def _tell_user(core: Core, nic: Nic, packet: bytes) -> None:
    """Treat a packet of this host as if a host unreachable quoted it; no message is counted.

    RFC 1122 §2.4: a destination that the link cannot reach is no longer silence, but it is no
    proof either; what follows from it is what follows from ICMP's word (§4.2.3.9).
    """
    source = int.from_bytes(packet[12:16], "big")
    header = Ipv4Header(source, source, PROTOCOL_ICMP)
    message = IcmpMessage(DESTINATION_UNREACHABLE, HOST_UNREACHABLE, ZERO_REST, packet)
    icmp_report.error(core, Inbound(nic, header, b"", b"", local=source), message)

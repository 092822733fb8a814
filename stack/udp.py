"""UDP datagrams received (RFC 768, RFC 1122 §4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import icmp_errors
from stack.inbound import Cast
from stack.wire.icmp import DESTINATION_UNREACHABLE, PORT_UNREACHABLE
from stack.wire.udp import UdpFault, parse_udp

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


def receive(core: Core, inbound: Inbound) -> None:
    """Take in one datagram."""
    header = inbound.header
    count = core.counters.inc
    datagram = parse_udp(
        inbound.payload,
        header.source,
        header.destination,
        length_rules=core.policy.udp_length_rules,
        trusted=inbound.built,
    )
    if isinstance(datagram, UdpFault):
        # RFC 1122 §4.1.3.4: silently discarded, before anyone looks for a port.
        count("udpInErrors")
        wrong_sum = datagram is UdpFault.CHECKSUM
        count("UDP.ChecksumErrors" if wrong_sum else "UDP.MalformedPacketsReceived")
        return
    sockets = core.sockets.udp_receivers(
        (header.destination, datagram.destination_port),
        (header.source, datagram.source_port),
        many=inbound.cast is not Cast.UNICAST,
    )
    if not sockets:
        count("udpNoPorts")
        count("UDP.UnknownPortErrors")
        # RFC 1122 §4.1.3.1: SHOULD send port unreachable.
        icmp_errors.report(core, inbound, DESTINATION_UNREACHABLE, PORT_UNREACHABLE)
        return
    count("UDP.PacketsReceived")
    delivered = False
    for socket in sockets:
        if socket.put(inbound, datagram):
            delivered = True
        else:
            # S12.19: lost for this socket; the others have theirs.
            count("UDP.ReceiveBufferErrors")
            count("DroppedPackets")
    count("udpInDatagrams" if delivered else "udpInErrors")

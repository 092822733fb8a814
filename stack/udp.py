"""UDP datagrams received (RFC 768, RFC 1122 §4.1, S2.27, S2.28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import handlers, icmp_errors
from stack.inbound import Cast
from stack.wire.icmp import DESTINATION_UNREACHABLE, PORT_UNREACHABLE
from stack.wire.udp import UdpDatagram, UdpFault, parse_udp, read_ports

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.udp_socket import UdpSocket


def receive(core: Core, inbound: Inbound) -> None:
    """Take in one datagram; `deliver` found that it has a whole UDP header."""
    header = inbound.header
    datagram = parse_udp(
        inbound.payload,
        header.source,
        header.destination,
        length_rules=core.policy.udp_length_rules,
        trusted=inbound.built,
    )
    ports = read_ports(inbound.payload)
    assert ports is not None
    sockets = core.sockets.udp_receivers(
        (header.destination, ports[1]),
        (header.source, ports[0]),
        many=inbound.cast is not Cast.UNICAST,
    )
    if not sockets:
        _nobody(core, inbound, datagram)
    elif isinstance(datagram, UdpFault):
        _bad(core, datagram)
    else:
        _give(core, inbound, datagram, sockets)


def _nobody(core: Core, inbound: Inbound, datagram: UdpDatagram | UdpFault) -> None:
    """S2.28: no socket at the port."""
    count = core.counters.inc
    # S2.28: moved by the look-up already, whatever becomes of the datagram.
    count("UDP.UnknownPortErrors")
    if handlers.take(core, inbound):
        return
    if isinstance(datagram, UdpFault):
        _bad(core, datagram)
        count("MalformedRcvdPackets")
        return
    count("udpNoPorts")
    # RFC 1122 §4.1.3.1: SHOULD send port unreachable.
    icmp_errors.report(core, inbound, DESTINATION_UNREACHABLE, PORT_UNREACHABLE)


def _bad(core: Core, fault: UdpFault) -> None:
    # RFC 1122 §4.1.3.4: silently discarded.
    core.counters.inc("udpInErrors")
    wrong_sum = fault is UdpFault.CHECKSUM
    core.counters.inc("UDP.ChecksumErrors" if wrong_sum else "UDP.MalformedPacketsReceived")


def _give(core: Core, inbound: Inbound, datagram: UdpDatagram, sockets: list[UdpSocket]) -> None:
    count = core.counters.inc
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

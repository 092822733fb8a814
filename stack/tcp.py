"""TCP segments received: checked and given to whom they belong (RFC 9293 §3.10.7, S2.27, S2.28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import tcp_end, tcp_input, tcp_listen
from stack.inbound import Cast
from stack.socket_base import Settings
from stack.tcp_connection import Connection, State
from stack.user_options import NO_OPTIONS
from stack.wire.tcp import ACK, RST, SYN, TcpFault, TcpSegment, distance, parse_tcp, read_start

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound

_UNSET: Final = Settings()
"""What holds where no socket says otherwise."""


def receive(core: Core, inbound: Inbound) -> None:
    """Take in one segment."""
    count = core.counters.inc
    count("tcpInSegs")
    source, local = inbound.header.source, inbound.header.destination
    if inbound.cast is not Cast.UNICAST or source == 0 or local == 0:
        # RFC 1122 §4.2.3.10: a segment to a broadcast or multicast address MUST be discarded.
        count("TCP.InvalidSegmentsReceived")
        return
    segment = parse_tcp(inbound.payload, source, local)
    if isinstance(segment, TcpFault):
        count("tcpInErrs")
        count(_name_of_fault(core, inbound, segment))
        return
    table = core.tcp
    key = (local, segment.destination_port, source, segment.source_port)
    connection = table.connections.get(key)
    if connection is not None and not _reopens(core, connection, segment):
        tcp_input.arrive(core, connection, segment, inbound)
        return
    listener = table.listener(local, segment.destination_port)
    if listener is not None:
        tcp_listen.arrive(core, listener, segment, inbound)
    else:
        tcp_listen.refuse(core, segment, inbound, NO_OPTIONS, _UNSET)


def _name_of_fault(core: Core, inbound: Inbound, fault: TcpFault) -> str:
    """S2.26, S2.28: what is damaged is the stack's when no socket can be found, else TCP's."""
    start = read_start(inbound.payload)
    if fault is TcpFault.TOO_SHORT or start is None:
        return "MalformedRcvdPackets"
    source, local = inbound.header.source, inbound.header.destination
    known = (local, start[1], source, start[0]) in core.tcp.connections
    if known or core.tcp.listener(local, start[1]) is not None:
        return "TCP.InvalidSegmentsReceived"
    return "MalformedRcvdPackets"


def _reopens(core: Core, connection: Connection, segment: TcpSegment) -> bool:
    """RFC 1122 §4.2.2.13: a SYN MAY begin anew in TIME-WAIT when its number is a later one."""
    if connection.state is not State.TIME_WAIT or segment.flags & (SYN | ACK | RST) != SYN:
        return False
    if distance(connection.rcv_nxt, segment.sequence) <= 0:
        return False
    if core.tcp.listener(connection.local, connection.local_port) is None:
        return False
    tcp_end.drop(core, connection, None)
    return True

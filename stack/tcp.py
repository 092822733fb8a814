"""TCP segments received: checked and given to whom they belong (RFC 9293 §3.10.7, S2.27, S2.28)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import handlers, tcp_end, tcp_input, tcp_listen
from stack.inbound import Cast
from stack.socket_settings import Settings
from stack.tcp_connection import Connection, State
from stack.user_options import NO_OPTIONS
from stack.wire.tcp import (
    ACK,
    HEADER_LENGTH,
    RST,
    SYN,
    TcpFault,
    TcpSegment,
    distance,
    parse_tcp,
    read_start,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.tcp_table import Listener

_UNSET: Final = Settings()
"""What holds where no socket says otherwise."""
_NOWHERE: Final = (0, 0, 0)
"""The ports of what has none: nobody has port 0."""


def receive(core: Core, inbound: Inbound) -> None:
    """Take in one segment."""
    count = core.counters.inc
    count("tcpInSegs")
    source, local = inbound.header.source, inbound.header.destination
    if inbound.cast is not Cast.UNICAST or source == 0 or local == 0:
        # RFC 1122 §4.2.3.10: a segment to a broadcast or multicast address MUST be discarded.
        count("TCP.InvalidSegmentsReceived")
        return
    table = core.tcp
    whole = len(inbound.payload) >= HEADER_LENGTH
    source_port, port, _ = (whole and read_start(inbound.payload)) or _NOWHERE
    connection = table.connections.get((local, port, source, source_port))
    listener = table.listener(local, port)
    segment = parse_tcp(inbound.payload, source, local, trusted=inbound.built)
    if connection is None and listener is None:
        _nobody(core, inbound, segment)
    elif isinstance(segment, TcpFault):
        # RFC 1122 §4.2.2.7: the checksum MUST be checked; nothing is answered.
        count("tcpInErrs")
        count("TCP.InvalidSegmentsReceived")
    elif connection is not None and not _reopens(core, connection, listener, segment):
        tcp_input.arrive(core, connection, segment, inbound)
    else:
        # Without a connection, and to begin one anew, there is a listener.
        assert listener is not None
        tcp_listen.arrive(core, listener, segment, inbound, before=connection)


def _nobody(core: Core, inbound: Inbound, segment: TcpSegment | TcpFault) -> None:
    """S2.28: no socket wants it."""
    if handlers.take(core, inbound):
        # But somebody does.
        return
    if isinstance(segment, TcpFault):
        core.counters.inc("tcpInErrs")
        core.counters.inc("MalformedRcvdPackets")
        return
    tcp_listen.refuse(core, segment, inbound, NO_OPTIONS, _UNSET)


def _reopens(
    core: Core, connection: Connection, listener: Listener | None, segment: TcpSegment
) -> bool:
    """RFC 1122 §4.2.2.13: a SYN MAY begin anew in TIME-WAIT when its number is a later one."""
    if connection.state is not State.TIME_WAIT or segment.flags & (SYN | ACK | RST) != SYN:
        return False
    if listener is None or listener.is_full:
        return False
    if distance(connection.rcv_nxt, segment.sequence) <= 0:
        return False
    tcp_end.drop(core, connection, None)
    return True

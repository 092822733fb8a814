"""Segments for a listening port (RFC 9293 §3.10.7.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stack import tcp_input, tcp_output
from stack.tcp_connection import Connection, State
from stack.tcp_options import way_back
from stack.user_options import NO_OPTIONS
from stack.wire.tcp import ACK, RST, SYN, TcpSegment, add, reset_for

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.socket_settings import Settings
    from stack.tcp_table import Listener
    from stack.user_options import UserOptions


def arrive(core: Core, listener: Listener, segment: TcpSegment, inbound: Inbound) -> None:
    """Take in a segment that belongs to no connection."""
    if segment.flags & RST:
        return
    if segment.flags & ACK:
        refuse(core, segment, inbound, listener.options, listener.settings)
    elif segment.flags & SYN and not listener.is_full:
        _open(core, listener, segment, inbound)


def refuse(
    core: Core, segment: TcpSegment, inbound: Inbound, options: UserOptions, settings: Settings
) -> None:
    """Answer by a reset, unless the segment is one (RFC 9293 §3.10.7.1)."""
    reset = reset_for(segment)
    if reset is None:
        return
    remote = inbound.header.source
    way = tcp_output.aim(core, inbound.header.destination, remote, options, settings)
    core.counters.inc("tcpOutRsts")
    if isinstance(way, tcp_output.Aim):
        core.counters.inc("tcpOutSegs")
        tcp_output.put(core, way, reset, remote, options, settings)


def _open(core: Core, listener: Listener, segment: TcpSegment, inbound: Inbound) -> None:
    connection = Connection(
        local=inbound.header.destination,
        local_port=segment.destination_port,
        remote=inbound.header.source,
        remote_port=segment.source_port,
        settings=replace(listener.settings),
        listener=listener,
        passive=True,
        # S12.14: for everything that the connection sends, beginning with its SYN.
        options=way_back(inbound) or NO_OPTIONS,
    )
    core.counters.inc("tcpPassiveOpens")
    begin(core, connection)
    core.tcp.enter(connection, State.SYN_RECEIVED)
    listener.half_open[connection] = None
    tcp_input.greet(connection, segment)
    tcp_output.send_syn(core, connection)


def begin(core: Core, connection: Connection) -> None:
    """Choose the initial sequence number and let the connection hear."""
    iss = core.tcp.initial_sequence(connection.key, core.now, core.random)
    connection.iss = connection.snd_una = connection.snd_nxt = connection.snd_max = iss
    connection.start = add(iss, 1)
    core.tcp.add(connection)

"""Segments for a listening port (RFC 9293 §3.10.7.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stack import tcp_input, tcp_output
from stack.tcp_connection import Connection, State
from stack.tcp_options import way_back
from stack.user_options import NO_OPTIONS
from stack.wire.tcp import ACK, RST, SYN, TcpSegment, add, distance, reset_for

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.socket_settings import Settings
    from stack.tcp_table import Listener
    from stack.user_options import UserOptions


def arrive(
    core: Core,
    listener: Listener,
    segment: TcpSegment,
    inbound: Inbound,
    *,
    before: Connection | None = None,
) -> None:
    """Take in a segment that belongs to no connection, or no more to the one `before`."""
    if segment.flags & RST:
        return
    if segment.flags & ACK:
        refuse(core, segment, inbound, listener.options, listener.settings)
    elif segment.flags & SYN and not listener.is_full:
        _open(core, listener, segment, inbound, before)


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


def _open(
    core: Core,
    listener: Listener,
    segment: TcpSegment,
    inbound: Inbound,
    before: Connection | None,
) -> None:
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
    begin(core, connection, before)
    core.tcp.enter(connection, State.SYN_RECEIVED)
    listener.half_open[connection] = None
    tcp_input.greet(connection, segment)
    tcp_output.send_syn(core, connection)


def begin(core: Core, connection: Connection, before: Connection | None = None) -> None:
    """Choose the initial sequence number and let the connection hear.

    `before`: the connection between the same ends that this one takes the place of.
    """
    iss = core.tcp.initial_sequence(connection.key, core.now, core.random)
    if before is not None and distance(before.snd_max, iss) < 0:
        # RFC 1122 §4.2.2.13 (1): larger than all that was used; the clock may be slower than data.
        iss = before.snd_max
    connection.iss = connection.snd_una = connection.snd_nxt = connection.snd_max = iss
    connection.start = add(iss, 1)
    core.tcp.add(connection)

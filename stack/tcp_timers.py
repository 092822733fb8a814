"""What TCP does when a timer is due (RFC 6298 §5, RFC 1122 §4.2.3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import tcp_end, tcp_output
from stack.refusal import Reason
from stack.tcp_connection import OPENING, Connection
from stack.wire.tcp import distance

if TYPE_CHECKING:
    from stack.core import Core

ADVISE_AFTER: Final = 3
"""Retransmissions. RFC 1122 §4.2.3.5, R1: at least 3."""
GIVE_UP_AFTER: Final = 100_000_000
"""Microseconds. RFC 1122 §4.2.3.5, R2: at least 100 seconds."""
GIVE_UP_SYN_AFTER: Final = 180_000_000
"""Microseconds. RFC 1122 §4.2.3.5: R2 of a SYN MUST be at least 3 minutes."""


def run(core: Core) -> None:
    """Do what is due at the node's time."""
    while (connection := core.tcp.take_due(core.now)) is not None:
        if connection.close_at is not None and connection.close_at <= core.now:
            tcp_end.drop(core, connection, None)
        else:
            _retransmit(core, connection)


def _retransmit(core: Core, connection: Connection) -> None:
    connection.retransmit_at = None
    if core.now - connection.stalled_since >= _patience(connection):
        # RFC 1122 §4.2.3.9: a soft error is told when the connection times out.
        tcp_end.drop(core, connection, connection.soft_error or Reason.TIMED_OUT)
        return
    connection.attempts += 1
    if connection.attempts >= ADVISE_AFTER:
        # RFC 1122 §4.2.3.5 (a), §3.3.1.4: negative advice, so that IP may try another gateway.
        advise(core, connection, ok=False)
    connection.rtt.back_off()
    connection.timed = None
    if connection.state in OPENING:
        tcp_output.send_syn(core, connection)
    elif connection.buffer and _window_is_the_matter(connection):
        tcp_output.probe(core, connection)
        tcp_output.arm(core, connection)
    else:
        _go_back(core, connection)


def _patience(connection: Connection) -> int:
    if connection.give_up_after is not None:
        return connection.give_up_after
    return GIVE_UP_SYN_AFTER if connection.state in OPENING else GIVE_UP_AFTER


def _window_is_the_matter(connection: Connection) -> bool:
    return connection.snd_wnd == 0 or connection.snd_una == connection.snd_max


def _go_back(core: Core, connection: Connection) -> None:
    """RFC 5681 §3.1: a loss halves the threshold, and one segment begins anew."""
    way = tcp_output.aim_of(core, connection)
    if isinstance(way, tcp_output.Aim):
        size = tcp_output.segment_size(connection, way.mtu)
        in_flight = distance(connection.snd_una, connection.snd_max)
        connection.ssthresh = max(in_flight // 2, 2 * size)
        connection.cwnd = size
    tcp_output.restart(connection)
    tcp_output.push(core, connection)


def advise(core: Core, connection: Connection, *, ok: bool) -> None:
    """Tell IP whether the way of a connection works."""
    first_hop = connection.options.first_hop
    destination = connection.remote if first_hop is None else first_hop
    core.routes.transport_advice(destination, ok=ok, now=core.now)


def heard(core: Core, connection: Connection) -> None:
    """Something new was acknowledged: the way works (RFC 1122 §3.3.1.4, positive advice)."""
    if connection.attempts >= ADVISE_AFTER:
        advise(core, connection, ok=True)
    connection.attempts = 0

"""How a TCP connection ends, for whatever reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import tcp_output
from stack.tcp_connection import BOTH_CLOSED, ESTABLISHED, OPENING, Connection, State

if TYPE_CHECKING:
    from stack.core import Core
    from stack.refusal import Reason

SEGMENT_LIFETIME: Final = 120_000_000
"""Microseconds. RFC 9293 §3.4.2: MSL is 2 minutes."""
FIN_WAIT_LIMIT: Final = 60_000_000
"""Microseconds. How long a connection without user waits for a FIN; the peer may be gone."""


def drop(core: Core, connection: Connection, error: Reason | None) -> None:
    """Delete a connection; `error` is for its user."""
    if connection.state is State.CLOSED:
        return
    # RFC 4022: what never became a connection, and what ended without FIN.
    if connection.state in OPENING:
        core.counters.inc("tcpAttemptFails")
    elif connection.state in ESTABLISHED:
        core.counters.inc("tcpEstabResets")
    if error is not None:
        connection.error = error
        connection.received.clear()
    core.tcp.remove(connection)


def abort(core: Core, connection: Connection, error: Reason | None = None) -> None:
    """RFC 9293 §3.10.5: reset the peer where there is one, and delete the connection."""
    if connection.state not in BOTH_CLOSED | {State.CLOSED, State.SYN_SENT}:
        tcp_output.reset(core, connection)
    drop(core, connection, error)


def wait_out(core: Core, connection: Connection) -> None:
    """RFC 9293 §3.3.2: TIME-WAIT lasts two segment lifetimes, from the peer's last FIN."""
    core.tcp.enter(connection, State.TIME_WAIT)
    connection.retransmit_at = None
    connection.close_at = core.now + 2 * SEGMENT_LIFETIME
    core.tcp.schedule(connection)


def limit_fin_wait(core: Core, connection: Connection) -> None:
    """Without a user nobody would end a connection whose peer never sends FIN."""
    if connection.state is State.FIN_WAIT_2 and not connection.held:
        connection.close_at = core.now + FIN_WAIT_LIMIT
        core.tcp.schedule(connection)


def finish_sending(core: Core, connection: Connection) -> None:
    """RFC 9293 §3.10.4: no more data from the user; a FIN follows what is queued."""
    if connection.fin_queued:
        return
    connection.fin_queued = True
    # In SYN-RECEIVED it waits for the handshake.
    if connection.state is State.ESTABLISHED:
        core.tcp.enter(connection, State.FIN_WAIT_1)
    elif connection.state is State.CLOSE_WAIT:
        core.tcp.enter(connection, State.LAST_ACK)
    tcp_output.push(core, connection)


def let_go(core: Core, connection: Connection) -> None:
    """The user closed: the connection ends by itself (RFC 1122 §4.2.2.13)."""
    if connection.state is State.CLOSED:
        return
    connection.held = False
    unread = connection.received and connection.state not in BOTH_CLOSED
    if connection.state is State.SYN_SENT or unread:
        # A user that leaves data unread lets the peer know by a reset, unless that has closed and
        # been told of the end: TIME-WAIT MUST be waited out (RFC 1122 §4.2.2.13).
        abort(core, connection)
        return
    finish_sending(core, connection)
    limit_fin_wait(core, connection)
    victim = core.tcp.orphan(connection)
    if victim is not None:
        drop(core, victim, None)

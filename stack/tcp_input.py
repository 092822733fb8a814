"""TCP segments that belong to a connection (RFC 9293 §3.10.7.3, §3.10.7.4; RFC 5961)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import tcp_end, tcp_output, tcp_timers
from stack.refusal import Reason
from stack.tcp_connection import (
    BOTH_CLOSED,
    OUT_OF_ORDER_SEGMENTS,
    RECEIVE_BUFFER,
    RECEIVING,
    Connection,
    State,
)
from stack.tcp_options import take_return_route
from stack.tcp_output import Aim
from stack.wire.tcp import (
    ACK,
    FIN,
    RST,
    SYN,
    TcpSegment,
    add,
    distance,
    maximum_segment_size,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


def arrive(core: Core, connection: Connection, segment: TcpSegment, inbound: Inbound) -> None:
    """Take in a segment of a connection; its checksum is right."""
    if connection.state is State.SYN_SENT:
        _answer_to_syn(core, connection, segment)
        return
    first = segment.sequence == connection.irs and segment.flags & SYN
    if first and connection.state is State.SYN_RECEIVED:
        if not segment.flags & ACK:
            # The peer did not get our SYN.
            tcp_output.send_syn(core, connection)
            return
        # Both opened at once (RFC 9293 §3.5, figure 7): of this SYN only the ACK is new.
        segment = segment._replace(sequence=connection.rcv_nxt, flags=segment.flags & ~SYN)
    if not _is_acceptable(connection, segment):
        _unacceptable(core, connection, segment)
        return
    if segment.flags & RST:
        _reset(core, connection, segment)
        return
    if segment.flags & SYN:
        # RFC 5961 §4.2: whatever its sequence number.
        tcp_output.challenge(core, connection)
        return
    if not segment.flags & ACK or not _acknowledgment(core, connection, segment):
        return
    take_return_route(connection, inbound)
    _text(core, connection, segment)
    tcp_output.push(core, connection)


def _answer_to_syn(core: Core, connection: Connection, segment: TcpSegment) -> None:
    """RFC 9293 §3.10.7.3."""
    flags = segment.flags
    ours = segment.acknowledgment == connection.snd_max
    if flags & ACK and not ours:
        if not flags & RST:
            tcp_output.answer_reset(core, connection, segment)
        return
    if flags & RST:
        if flags & ACK:
            tcp_end.drop(core, connection, Reason.CONNECTION_REFUSED)
        return
    if not flags & SYN:
        return
    greet(connection, segment)
    if flags & ACK:
        _establish(core, connection, segment)
        connection.ack_owed = True
        tcp_output.push(core, connection)
        return
    # Both opened at once (RFC 9293 §3.5, RFC 1122 §4.2.2.10).
    core.tcp.enter(connection, State.SYN_RECEIVED)
    tcp_output.send_syn(core, connection)


def greet(connection: Connection, segment: TcpSegment) -> None:
    """Take in what the peer's SYN says."""
    connection.irs = segment.sequence
    connection.rcv_nxt = add(segment.sequence, 1)
    connection.rcv_edge = add(connection.rcv_nxt, RECEIVE_BUFFER)
    told = maximum_segment_size(segment.options)
    if told is not None:
        connection.peer_mss = told


def _establish(core: Core, connection: Connection, segment: TcpSegment) -> None:
    core.tcp.enter(connection, State.ESTABLISHED)
    connection.snd_una = connection.snd_nxt = connection.snd_max
    connection.retransmit_at = None
    syn_was_lost = connection.attempts > 0
    if syn_was_lost:
        connection.rtt.syn_was_lost()
    else:
        connection.rtt.sample(core.now - connection.stalled_since)
    tcp_timers.heard(core, connection)
    connection.soft_error = None
    _take_window(connection, segment)
    way = tcp_output.aim_of(core, connection)
    if isinstance(way, Aim):
        connection.segment = tcp_output.segment_size(connection, way.mtu)
    tcp_output.open_initial_window(connection, syn_was_lost=syn_was_lost)
    listener = connection.listener
    if listener is not None:
        del listener.half_open[connection]
        listener.ready.append(connection)
    if connection.fin_queued:
        # RFC 9293 §3.10.4: closed before the handshake was over.
        core.tcp.enter(connection, State.FIN_WAIT_1)


def _is_acceptable(connection: Connection, segment: TcpSegment) -> bool:
    """RFC 9293 §3.4, table 6."""
    window = connection.window
    length = segment.sequence_length
    begin = distance(connection.rcv_nxt, segment.sequence)
    if begin < 0:
        return window > 0 and length > 0 and 0 <= begin + length - 1 < window
    # At a closed window what begins right here still brings an ACK; its data are cut off.
    return begin < window or begin == 0


def _unacceptable(core: Core, connection: Connection, segment: TcpSegment) -> None:
    if segment.flags & RST:
        return
    if connection.state is State.TIME_WAIT and segment.flags & FIN:
        # The last ACK was lost: the wait begins anew.
        tcp_end.wait_out(core, connection)
    tcp_output.acknowledge(core, connection)


def _reset(core: Core, connection: Connection, segment: TcpSegment) -> None:
    if segment.sequence != connection.rcv_nxt:
        # RFC 5961 §3.2: a reset in the window but not at its edge may be forged.
        tcp_output.challenge(core, connection)
        return
    error: Reason | None = Reason.CONNECTION_RESET
    if connection.state is State.SYN_RECEIVED:
        error = Reason.CONNECTION_REFUSED
    elif connection.state in BOTH_CLOSED:
        # RFC 9293 §3.10.7.4: nothing is lost, so the user is told of nothing.
        error = None
    tcp_end.drop(core, connection, error)


def _acknowledgment(core: Core, connection: Connection, segment: TcpSegment) -> bool:
    """Take in the ACK field; False when nothing else of the segment counts."""
    ack = segment.acknowledgment
    if connection.state is State.SYN_RECEIVED:
        if ack != connection.snd_max:
            tcp_output.answer_reset(core, connection, segment)
            return False
        _establish(core, connection, segment)
        return True
    new = distance(connection.snd_una, ack)
    if distance(connection.snd_max, ack) > 0 or new < -connection.max_window:
        # RFC 5961 §5.2: neither of now nor of lately.
        tcp_output.challenge(core, connection)
        return False
    if new > 0:
        _forget_acknowledged(core, connection, ack)
    if new >= 0:
        _take_new_window(core, connection, segment)
    if connection.fin_acknowledged:
        return _fin_acknowledged(core, connection)
    return True


def _forget_acknowledged(core: Core, connection: Connection, ack: int) -> None:
    acknowledged = distance(connection.snd_una, ack)
    data = min(distance(connection.start, ack), len(connection.buffer))
    del connection.buffer[:data]
    connection.start = add(connection.start, data)
    connection.snd_una = ack
    if distance(connection.snd_nxt, ack) > 0:
        connection.snd_nxt = ack
    if connection.timed is not None and distance(connection.timed[0], ack) >= 0:
        connection.rtt.sample(core.now - connection.timed[1])
        connection.timed = None
    tcp_timers.heard(core, connection)
    # RFC 6298 §5.3: the timer starts anew, where something is still outstanding.
    connection.retransmit_at = None
    tcp_output.open_congestion_window(connection, acknowledged)
    tcp_output.arm(core, connection)


def _take_new_window(core: Core, connection: Connection, segment: TcpSegment) -> None:
    newer = distance(connection.snd_wl1, segment.sequence)
    if newer < 0 or (newer == 0 and distance(connection.snd_wl2, segment.acknowledgment) < 0):
        return
    was_closed = connection.snd_wnd == 0
    _take_window(connection, segment)
    if not was_closed:
        return
    # RFC 1122 §4.2.2.17: a connection stays open as long as its probes are answered.
    connection.attempts = 0
    connection.stalled_since = core.now
    if connection.snd_wnd:
        tcp_output.restart(connection)


def _take_window(connection: Connection, segment: TcpSegment) -> None:
    connection.snd_wnd = segment.window
    connection.snd_wl1 = segment.sequence
    connection.snd_wl2 = segment.acknowledgment
    connection.max_window = max(connection.max_window, segment.window)


def _fin_acknowledged(core: Core, connection: Connection) -> bool:
    if connection.state is State.FIN_WAIT_1:
        core.tcp.enter(connection, State.FIN_WAIT_2)
        tcp_end.limit_fin_wait(core, connection)
    elif connection.state is State.CLOSING:
        tcp_end.wait_out(core, connection)
    elif connection.state is State.LAST_ACK:
        tcp_end.drop(core, connection, None)
        return False
    return True


def _text(core: Core, connection: Connection, segment: TcpSegment) -> None:
    """RFC 9293 §3.10.7.4, seventh and eighth: data and FIN."""
    if not segment.sequence_length:
        return
    connection.ack_owed = True
    if connection.state not in RECEIVING:
        return
    if segment.data and not connection.held:
        # RFC 1122 §4.2.2.13: the user has closed, nobody will read this.
        tcp_end.abort(core, connection)
        connection.ack_owed = False
        return
    begin = distance(connection.rcv_nxt, segment.sequence)
    data = segment.data[max(0, -begin) : connection.window - begin]
    whole = begin + segment.sequence_length <= connection.window
    fin = bool(segment.flags & FIN) and whole
    if begin > 0:
        _keep(connection, segment.sequence, data, fin=fin)
        return
    _take(core, connection, data, fin=fin)
    _take_early(core, connection)


def _keep(connection: Connection, sequence: int, data: bytes, *, fin: bool) -> None:
    """RFC 9293 §3.10.7.4: out of order segments SHOULD be kept, here within bounds."""
    held = sum(len(octets) for octets, _ in connection.early.values())
    if len(connection.early) < OUT_OF_ORDER_SEGMENTS and held + len(data) <= RECEIVE_BUFFER:
        connection.early.setdefault(sequence, (data, fin))


def _take(core: Core, connection: Connection, data: bytes, *, fin: bool) -> None:
    connection.rcv_nxt = add(connection.rcv_nxt, len(data))
    if connection.deaf:
        connection.widen(len(data))
    else:
        connection.received += data
    if fin:
        _fin(core, connection)


def _take_early(core: Core, connection: Connection) -> None:
    while (sequence := _next_early(connection)) is not None:
        data, fin = connection.early.pop(sequence)
        known = distance(sequence, connection.rcv_nxt)
        if known <= len(data):
            _take(core, connection, data[known:], fin=fin)


def _next_early(connection: Connection) -> int | None:
    for sequence in connection.early:
        if distance(sequence, connection.rcv_nxt) >= 0:
            return sequence
    return None


def _fin(core: Core, connection: Connection) -> None:
    connection.fin_received = True
    connection.rcv_nxt = add(connection.rcv_nxt, 1)
    connection.early.clear()
    if connection.state is State.ESTABLISHED:
        core.tcp.enter(connection, State.CLOSE_WAIT)
    elif connection.state is State.FIN_WAIT_1:
        core.tcp.enter(connection, State.CLOSING)
    else:
        tcp_end.wait_out(core, connection)

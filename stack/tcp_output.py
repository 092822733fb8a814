"""TCP segments on their way out (RFC 9293 §3.8, RFC 1122 §4.2.3).

Congestion control is slow start and congestion avoidance with a timeout as the only sign of loss
(RFC 5681 §3.1); there is no fast retransmit. Every segment that takes sequence space is
acknowledged at once, and urgent data are ordinary data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stack import send
from stack.refusal import Reason
from stack.route_choice import Route, choose
from stack.send import Wish
from stack.tcp_connection import (
    INITIAL_SEGMENTS,
    LARGEST_CONGESTION_WINDOW,
    SENDING,
    Connection,
    State,
)
from stack.wire.ipv4 import MINIMUM_HEADER, PROTOCOL_TCP
from stack.wire.tcp import (
    ACK,
    FIN,
    HEADER_LENGTH,
    PSH,
    RST,
    SYN,
    TcpSegment,
    add,
    build_tcp,
    distance,
    maximum_segment_size_option,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.socket_settings import Settings
    from stack.user_options import UserOptions

_HEADERS = MINIMUM_HEADER + HEADER_LENGTH


class Aim(NamedTuple):
    """The way of a segment."""

    route: Route
    mtu: int
    """Octets that pass uncut as far as is known."""


def aim(
    core: Core, local: int, remote: int, options: UserOptions, settings: Settings
) -> Aim | Reason:
    """Find the way between two ends; a source route begins at its first hop (S12.7)."""
    first_hop = remote if options.first_hop is None else options.first_hop
    route = choose(core, first_hop, source=local, tos=settings.tos)
    if isinstance(route, Reason):
        core.counters.inc("ipSystemStatsOutNoRoutes")
        return route
    return Aim(route, send.path_mtu(core, route))


def aim_of(core: Core, connection: Connection) -> Aim | Reason:
    """Find the way of a connection as it is now (RFC 1122 §3.3.1.4: routes may change)."""
    if not core.may_send_from(connection.local):
        # S7.21: its source is gone, or the NIC that has it is off.
        return Reason.INVALID_STATE
    return aim(core, connection.local, connection.remote, connection.options, connection.settings)


def segment_size(connection: Connection, mtu: int) -> int:
    """How much data one segment may carry (RFC 1122 §4.2.2.6, RFC 6691 §2; S12.10)."""
    room = min(connection.peer_mss + HEADER_LENGTH, mtu - MINIMUM_HEADER)
    if connection.size_bound is not None:
        room = min(room, connection.size_bound)
    return max(1, room - HEADER_LENGTH - len(connection.options.area))


def put(
    core: Core, way: Aim, segment: TcpSegment, remote: int, options: UserOptions, settings: Settings
) -> None:
    """Hand a segment to IP. The checksum covers the final destination (S12.8)."""
    octets = build_tcp(segment, way.route.source, remote)
    # RFC 1191 §3, RFC 9293 §3.7.2: DF finds the path's MTU; what can't be smaller goes without.
    fits = MINIMUM_HEADER + len(options.area) + len(octets) <= way.mtu
    ttl = settings.ttl or core.default_ttl
    wish = Wish(
        PROTOCOL_TCP, ttl, settings.tos, options.area, df=core.policy.tcp_finds_mtu and fits
    )
    send.originate(core, way.route, octets, wish)


def send_segment(
    core: Core,
    connection: Connection,
    way: Aim | Reason,
    sequence: int,
    flags: int,
    data: bytes = b"",
    tcp_options: bytes = b"",
) -> None:
    """Send one segment of a connection; without a way it is lost, as on any link."""
    if isinstance(way, Reason):
        return
    segment = TcpSegment(
        connection.local_port,
        connection.remote_port,
        sequence,
        connection.rcv_nxt if flags & ACK else 0,
        flags,
        connection.window,
        0,
        tcp_options,
        data,
    )
    if flags & ACK:
        connection.ack_owed = False
    _count(core, connection, segment)
    put(core, way, segment, connection.remote, connection.options, connection.settings)


def _count(core: Core, connection: Connection, segment: TcpSegment) -> None:
    # RFC 4022: OutSegs leaves out segments that hold nothing but retransmitted octets.
    length = segment.sequence_length
    if length and distance(segment.sequence, connection.snd_max) > 0:
        core.counters.inc("tcpRetransSegs")
        if distance(add(segment.sequence, length), connection.snd_max) >= 0:
            return
    core.counters.inc("tcpOutSegs")


def send_syn(core: Core, connection: Connection) -> Reason | None:
    """Send SYN, or SYN with ACK once the peer's SYN is here; answer why it can't be sent."""
    way = aim_of(core, connection)
    flags = SYN | ACK if connection.state is State.SYN_RECEIVED else SYN
    if isinstance(way, Aim):
        # RFC 6691 §2, RFC 1191 §3.1: what the link takes, IP options not taken off.
        option = maximum_segment_size_option(max(way.route.nic.mtu - _HEADERS, 0))
        send_segment(core, connection, way, connection.iss, flags, b"", option)
    connection.snd_max = add(connection.iss, 1)
    arm(core, connection)
    return way if isinstance(way, Reason) else None


def acknowledge(core: Core, connection: Connection) -> None:
    """Send an acknowledgment without data."""
    sequence = connection.snd_max
    opening = connection.state is State.SYN_RECEIVED
    if not opening and distance(connection.snd_una, sequence) > connection.snd_wnd:
        # A peer with a small window takes only what lies in it (RFC 9293 §3.10.7.4).
        sequence = add(connection.snd_una, connection.snd_wnd)
    send_segment(core, connection, aim_of(core, connection), sequence, ACK)


def challenge(core: Core, connection: Connection) -> None:
    """RFC 5961 §3, §4, §5: ask whether the peer means it; limited as §7 wants."""
    if core.tcp.challenges.take(core.now):
        acknowledge(core, connection)


def push(core: Core, connection: Connection) -> None:
    """Send what the windows let, and an acknowledgment if one is still owed."""
    if connection.state in SENDING and connection.outstanding:
        way = aim_of(core, connection)
        if isinstance(way, Aim):
            _send_data(core, connection, way)
        arm(core, connection)
    if connection.ack_owed:
        acknowledge(core, connection)


def _send_data(core: Core, connection: Connection, way: Aim) -> None:
    size = connection.segment = segment_size(connection, way.mtu)
    while True:
        at = distance(connection.start, connection.snd_nxt)
        unsent = len(connection.buffer) - at
        in_flight = distance(connection.snd_una, connection.snd_nxt)
        usable = min(connection.snd_wnd, connection.cwnd) - in_flight
        length = max(0, min(unsent, size, usable))
        last = length == unsent
        fin = last and connection.fin_queued
        if not fin and not _is_worth_it(connection, length, size, last=last, in_flight=in_flight):
            return
        flags = ACK | (PSH if last and length else 0) | (FIN if fin else 0)
        octets = bytes(connection.buffer[at : at + length])
        send_segment(core, connection, way, connection.snd_nxt, flags, octets)
        advance(core, connection, add(connection.snd_nxt, length + fin))


def _is_worth_it(
    connection: Connection, length: int, size: int, *, last: bool, in_flight: int
) -> bool:
    """RFC 1122 §4.2.3.4: silly windows avoided, and the Nagle algorithm."""
    if length == 0:
        return False
    if length == size or connection.snd_nxt != connection.snd_max:
        return True
    if last:
        return connection.no_delay or in_flight == 0
    return length * 2 >= connection.max_window


def advance(core: Core, connection: Connection, to: int) -> None:
    """Note that everything up to a sequence number has been sent."""
    connection.snd_nxt = to
    if distance(connection.snd_max, to) > 0:
        connection.snd_max = to
        if connection.timed is None:
            # RFC 6298 §3: only what was never sent before is timed.
            connection.timed = (to, core.now)


def probe(core: Core, connection: Connection) -> None:
    """RFC 1122 §4.2.2.17: try a window that is closed, or too small to be worth while."""
    way = aim_of(core, connection)
    if isinstance(way, Aim):
        length = min(max(connection.snd_wnd, 1), segment_size(connection, way.mtu))
        octets = bytes(connection.buffer[:length])
        send_segment(core, connection, way, connection.snd_una, ACK | PSH, octets)
        end = add(connection.snd_una, len(octets))
        if distance(connection.snd_nxt, end) > 0:
            advance(core, connection, end)
            connection.timed = None


def restart(connection: Connection) -> None:
    """Send again from what was acknowledged last."""
    connection.snd_nxt = connection.snd_una
    connection.timed = None


def arm(core: Core, connection: Connection) -> None:
    """RFC 6298 §5: the timer runs while something is outstanding."""
    if connection.outstanding:
        if connection.retransmit_at is None:
            connection.retransmit_at = core.now + connection.rtt.timeout
            if connection.attempts == 0:
                connection.stalled_since = core.now
    else:
        connection.retransmit_at = None
    core.tcp.schedule(connection)


def open_initial_window(connection: Connection, *, syn_was_lost: bool) -> None:
    """RFC 5681 §3.1: two to four segments, by their size; one MUST do after a lost SYN."""
    size = connection.segment
    segments = next(number for largest, number in INITIAL_SEGMENTS if size <= largest)
    connection.cwnd = size if syn_was_lost else segments * size


def open_congestion_window(connection: Connection, acknowledged: int) -> None:
    """RFC 5681 §3.1: by the octets that an acknowledgment brings, one segment at the most; later
    by one segment for each round trip."""
    size = connection.segment
    if connection.cwnd < connection.ssthresh:
        grown = connection.cwnd + min(acknowledged, size)
    else:
        grown = connection.cwnd + max(1, size * size // connection.cwnd)
    connection.cwnd = min(grown, LARGEST_CONGESTION_WINDOW)


def reset(core: Core, connection: Connection) -> None:
    """Tell the peer that the connection is no more (RFC 9293 §3.10.5)."""
    core.counters.inc("tcpOutRsts")
    send_segment(core, connection, aim_of(core, connection), connection.snd_max, RST | ACK)


def answer_reset(core: Core, connection: Connection, segment: TcpSegment) -> None:
    """RFC 9293 §3.10.7.3: a reset for an acknowledgment of something never sent."""
    core.counters.inc("tcpOutRsts")
    way = aim_of(core, connection)
    send_segment(core, connection, way, segment.acknowledgment, RST)

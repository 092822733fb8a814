"""ICMP errors about TCP segments (RFC 1122 §4.2.3.9, RFC 1191 §6.4, RFC 5927; S5.35 to S5.37).

Soft errors are kept and told, they never end a connection: RFC 5461 notes that many stacks let
them end one that is being opened, and that is NETSTACK's way too. Source quench is not passed up
(RFC 6633 §5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import tcp_end, tcp_output
from stack.path_mtu import SMALLEST_MTU
from stack.refusal import Reason
from stack.socket_errors import told_errors
from stack.source_route import sound_route
from stack.tcp_connection import OPENING, SENDING, Connection
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    PARAMETER_PROBLEM,
    PORT_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    SOURCE_ROUTE_FAILED,
    IcmpMessage,
)
from stack.wire.ipv4 import MINIMUM_HEADER, PROTOCOL_TCP
from stack.wire.tcp import distance, read_start

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.wire.quote import Quote

_NETWORK_CODES: Final = frozenset({0, 6, 9, 11})
_HARD_CODES: Final = frozenset({PROTOCOL_UNREACHABLE, PORT_UNREACHABLE})
_REASONS: Final = {
    PROTOCOL_UNREACHABLE: Reason.PROTOCOL_UNREACHABLE,
    PORT_UNREACHABLE: Reason.CONNECTION_REFUSED,
    SOURCE_ROUTE_FAILED: Reason.NOT_SUPPORTED,
    **dict.fromkeys(_NETWORK_CODES, Reason.NETWORK_UNREACHABLE),
}


def receive(core: Core, inbound: Inbound, message: IcmpMessage, quote: Quote, mtu: int) -> None:
    """Take in an error that quotes a segment; `mtu` is the path's by now, 0 when not known."""
    found = _find(core, message.data, quote.payload)
    if found is None:
        return
    connection, sequence = found
    if core.policy.tcp_error_sequence and not _is_in_flight(connection, sequence):
        # RFC 5927 §4.1: whoever does not know the sequence number has not seen the segment.
        return
    if told_errors(core.policy, connection.settings):
        connection.errors_seen.put(inbound, message, mtu)
    if message.type != DESTINATION_UNREACHABLE:
        problem = message.type == PARAMETER_PROBLEM
        _soft(connection, Reason.MALFORMED_HEADER if problem else Reason.HOST_UNREACHABLE)
    elif message.code == FRAGMENTATION_NEEDED:
        _too_big(core, connection, message, quote, mtu)
    else:
        _unreachable(core, connection, message.code)


def next_hop_silent(core: Core, packet: bytes) -> None:
    """A datagram of ours waited in vain for its next hop's link address (S13.9)."""
    later_piece = int.from_bytes(packet[6:8], "big") & 0x1FFF
    if packet[9] != PROTOCOL_TCP or later_piece:
        return
    found = _find(core, packet, packet[(packet[0] & 15) * 4 :])
    if found is not None:
        _fail_or_keep(core, found[0], Reason.HOST_UNREACHABLE)


def _find(core: Core, datagram: bytes, segment: bytes) -> tuple[Connection, int] | None:
    """The connection that a datagram of this host belongs to, and its sequence number (S5.35)."""
    start = read_start(segment)
    if start is None:
        return None
    local_port, remote_port, sequence = start
    local = int.from_bytes(datagram[12:16], "big")
    remote = _final_destination(datagram)
    connection = core.tcp.connections.get((local, local_port, remote, remote_port))
    return None if connection is None else (connection, sequence)


def _final_destination(octets: bytes) -> int:
    """Where a datagram goes: the end of its source route while it is under way (S12.8)."""
    route = sound_route(octets[MINIMUM_HEADER : (octets[0] & 15) * 4])
    if route is None or route.is_complete:
        return int.from_bytes(octets[16:20], "big")
    return int.from_bytes(route.octets[-4:], "big")


def _is_in_flight(connection: Connection, sequence: int) -> bool:
    """RFC 5927 §4.1: SND.UNA =< SEG.SEQ < SND.NXT."""
    away = distance(connection.snd_una, sequence)
    return 0 <= away < distance(connection.snd_una, connection.snd_max)


def _soft(connection: Connection, reason: Reason) -> None:
    """RFC 1122 §4.2.3.9: MUST NOT abort; the user can ask, and is told on a timeout."""
    connection.soft_error = reason


def _unreachable(core: Core, connection: Connection, code: int) -> None:
    reason = _REASONS.get(code, Reason.HOST_UNREACHABLE)
    policy = core.policy
    if policy.soft_and_hard_errors:
        if code in _HARD_CODES:
            # RFC 1122 §4.2.3.9: codes 2 and 3 SHOULD abort.
            tcp_end.drop(core, connection, reason)
        else:
            _soft(connection, reason)
    elif code != PORT_UNREACHABLE or policy.all_unreachables_reach_transport:
        # S5.36, S5.37.
        _fail_or_keep(core, connection, reason)


def _fail_or_keep(core: Core, connection: Connection, reason: Reason) -> None:
    if connection.state in OPENING:
        tcp_end.drop(core, connection, reason)
    else:
        _soft(connection, reason)


def _too_big(
    core: Core, connection: Connection, message: IcmpMessage, quote: Quote, mtu: int
) -> None:
    if core.policy.tcp_finds_mtu:
        # RFC 1191 §6.4: what was dropped is sent again at once, in smaller segments.
        smaller = 0 < mtu < quote.total_length
    else:
        # S5.31, S5.36: the bound is the router's MTU without the IP header.
        told = message.next_hop_mtu
        bound = told - MINIMUM_HEADER if told >= SMALLEST_MTU else 0
        smaller = connection.size_bound is None or bound < connection.size_bound
        if smaller:
            connection.size_bound = bound
    if smaller and connection.state in SENDING:
        tcp_output.restart(connection)
        tcp_output.push(core, connection)

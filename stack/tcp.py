"""TCP with nothing listening: what arrives is answered by a reset (RFC 9293 §3.10.7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import handlers, send
from stack.inbound import Cast
from stack.refusal import Reason
from stack.route_choice import choose
from stack.send import Wish
from stack.wire.ipv4 import PROTOCOL_TCP
from stack.wire.tcp import TcpFault, build_tcp, parse_tcp, reset_for

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


def receive(core: Core, inbound: Inbound) -> None:
    """Take in one segment."""
    source, local = inbound.header.source, inbound.header.destination
    if inbound.cast is not Cast.UNICAST or source == 0:
        # RFC 1122 §4.2.3.10: a segment to a broadcast or multicast address MUST be discarded.
        core.counters.inc("TCP.InvalidSegmentsReceived")
        return
    if handlers.take(core, inbound):
        # S2.28: no socket wants it, but somebody does.
        return
    segment = parse_tcp(inbound.payload, source, local, trusted=inbound.built)
    if isinstance(segment, TcpFault):
        core.counters.inc("TCP.InvalidSegmentsReceived")
        return
    reset = reset_for(segment)
    if reset is None:
        return
    route = choose(core, source, source=local)
    if isinstance(route, Reason):
        return
    wish = Wish(PROTOCOL_TCP, core.default_ttl)
    send.originate(core, route, build_tcp(reset, local, source), wish)

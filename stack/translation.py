"""Address translation at the hooks: recognise, rewrite, and remember (S10.7, S10.8, S10.12).

With `Policy.five_hooks` the destination is rewritten where a datagram is first met and the source
at the last place it passes; without it both are at the first place, and for TCP alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.connection_tracking import Connection
from stack.hook_packet import FIRST_PLACES, Passage, Place
from stack.nat import (
    ECHO,
    Flow,
    read_flow,
    read_quoted_flow,
    rewrite_destination,
    rewrite_quote,
    rewrite_source,
    with_destination,
    with_source,
)
from stack.wire.ipv4 import PROTOCOL_ICMP, PROTOCOL_TCP

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Shown


def recognise(core: Core, shown: Shown) -> None:
    """Find the connection of a datagram, and rewrite it as the connection says."""
    five = core.policy.five_hooks
    first = shown.place in FIRST_PLACES
    if first and shown.passage is None:
        shown.passage = _find(core, shown, five=five)
    passage = shown.passage
    if passage is None or passage.connection is None:
        return
    if five or (first and passage.settled):
        rewrite(core, shown, passage.connection)


def _find(core: Core, shown: Shown, *, five: bool) -> Passage | None:
    flow = read_flow(shown.header, shown.payload)
    if flow is None:
        return _find_quoted(core, shown) if five else None
    if not (five or flow.protocol == PROTOCOL_TCP):
        return None
    connections = core.hooks.connections
    connection = connections.find(flow, core.now)
    settled = connection is not None
    if connection is None:
        if flow.source_port == ECHO:
            # An answer that nobody asked for begins nothing.
            return None
        connection = Connection(flow, flow.reversed())
    is_reply = flow != connection.original
    connections.use(connection, flow.protocol, shown.payload, core.now, is_reply=is_reply)
    return Passage(connection, is_reply, settled)


def _find_quoted(core: Core, shown: Shown) -> Passage | None:
    """S10.14: the connection that an ICMP error is about, whose age stays as it is."""
    quoted = read_quoted_flow(shown.header, shown.payload)
    if quoted is None or quoted.source != shown.header.destination:
        return None
    answer = quoted.reversed()
    connection = core.hooks.connections.find(answer, core.now)
    if connection is None:
        return None
    return Passage(connection, answer != connection.original, settled=True, is_error=True)


def rewrite(core: Core, shown: Shown, connection: Connection) -> None:
    """Write the addresses of the connection into a datagram, as far as they belong here."""
    passage = shown.passage
    assert passage is not None
    other = connection.original if passage.is_reply else connection.reply
    if core.policy.five_hooks:
        if shown.place is Place.FORWARD:
            return
        first = shown.place in FIRST_PLACES
        if passage.is_error:
            _rewrite_error(shown, other, first=first)
        elif first:
            set_destination(shown, other.source, other.source_port)
        else:
            set_source(shown, other.destination, other.destination_port)
        return
    # S10.7: the checksum of TCP is redone at output only.
    checksum = shown.place is Place.OUTPUT
    if passage.is_reply:
        set_source(shown, other.destination, other.destination_port, checksum=checksum)
    else:
        set_destination(shown, other.source, other.source_port, checksum=checksum)


def set_source(shown: Shown, address: int, port: int, *, checksum: bool = True) -> None:
    """Give a datagram another source, if it is another."""
    flow = _flow(shown)
    if flow.source_end != (address, port):
        shown.header, shown.payload = rewrite_source(
            shown.header, shown.payload, address, port, checksum=checksum
        )


def set_destination(shown: Shown, address: int, port: int, *, checksum: bool = True) -> None:
    """Give a datagram another destination, if it is another."""
    flow = _flow(shown)
    if flow.destination_end != (address, port):
        shown.header, shown.payload = rewrite_destination(
            shown.header, shown.payload, address, port, checksum=checksum
        )


def _rewrite_error(shown: Shown, other: Flow, *, first: bool) -> None:
    """RFC 5508 §4.2: the quote becomes what its sender sent, and the error goes there.

    REQ-5: the error comes from an address that its receiver knows, if it is about one that was
    translated.
    """
    quoted = read_quoted_flow(shown.header, shown.payload)
    # It was found by its quote.
    assert quoted is not None
    before, after = quoted.source_end, other.source_end
    if not first:
        before, after = quoted.destination_end, other.destination_end
    if before == after:
        return
    header, (address, port) = shown.header, after
    shown.payload = rewrite_quote(shown.payload, address, port, source=first)
    if first:
        shown.header = with_destination(header, address)
    else:
        shown.header = with_source(header, header.source if before[0] == address else address)


def _flow(shown: Shown) -> Flow:
    flow = read_flow(shown.header, shown.payload)
    # Whoever rewrites has looked before.
    assert flow is not None
    return flow


def is_settled(core: Core, shown: Shown) -> bool:
    """Answer whether it is decided what becomes of a datagram's addresses at this place."""
    passage = shown.passage
    if passage is None:
        # Errors belong to what they are about: no rule may begin anything with them.
        header = shown.header
        no_request = header.protocol == PROTOCOL_ICMP and not header.is_fragment
        return core.policy.five_hooks and no_request
    connection = passage.connection
    if not core.policy.five_hooks or connection is None:
        return passage.settled
    return connection.destination_settled if shown.place in FIRST_PLACES else _has_source(shown)


def _has_source(shown: Shown) -> bool:
    assert shown.passage is not None
    connection = shown.passage.connection
    return connection is not None and connection.source_settled


def settle(core: Core, shown: Shown) -> bool:
    """Take note that no rule wants anything (else) here; False drops a datagram without a port."""
    passage = shown.passage
    if passage is None or passage.connection is None:
        return True
    connection = passage.connection
    if shown.place in FIRST_PLACES:
        connection.destination_settled = True
        if not core.policy.five_hooks and not passage.settled:
            # S10.8: a no-op entry, so that later rules do not seize its replies.
            core.hooks.connections.enter(connection, core.now)
            passage.settled = True
        return True
    if not core.policy.five_hooks or shown.place is Place.FORWARD or connection.source_settled:
        return True
    return claim_source(core, shown, connection, None, None)


def claim_source(
    core: Core,
    shown: Shown,
    connection: Connection,
    address: int | None,
    ports: tuple[int, int] | None,
) -> bool:
    """Settle the source of a connection and remember it; False when there is no free port."""
    connections = core.hooks.connections
    same = connections.find(connection.original, core.now)
    if same is not None:
        # Another datagram of the flow was on its way through as well, and is through by now.
        shown.passage = Passage(same, connection.original != same.original, settled=True)
        rewrite(core, shown, same)
        return True
    drawn = core.random.getrandbits(16)
    if address is None:
        address = connection.reply.destination
    reply = connections.claim_source(connection, address, ports, drawn, core.now)
    if reply is None:
        return False
    connection.reply = reply
    connection.source_settled = True
    connections.enter(connection, core.now)
    rewrite(core, shown, connection)
    return True


def claim_destination(
    core: Core,
    shown: Shown,
    connection: Connection,
    address: int,
    ports: tuple[int, int] | None,
) -> bool:
    """Settle the destination of a connection; False when there is no free port."""
    drawn = core.random.getrandbits(16)
    reply = core.hooks.connections.claim_destination(connection, address, ports, drawn, core.now)
    if reply is None:
        return False
    connection.reply = reply
    connection.destination_settled = True
    if not core.policy.five_hooks:
        core.hooks.connections.enter(connection, core.now)
        assert shown.passage is not None
        shown.passage.settled = True
    rewrite(core, shown, connection)
    return True

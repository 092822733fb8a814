"""IP options of TCP connections (RFC 1122 §4.2.3.8, S12.12 to S12.14).

A connection that was opened passively goes back along the source route that the client's SYN came
by. Options set on the listening socket are for that socket's own resets: accepted connections do
not inherit them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.option_walk import NO_OPERATION
from stack.options import pad
from stack.user_options import UserOptions

if TYPE_CHECKING:
    from stack.inbound import Inbound
    from stack.tcp_connection import Connection


def way_back(inbound: Inbound) -> UserOptions | None:
    """The source route of a received segment, reversed; None when it came by none (S12.13).

    What a user is told is the first hop, a no-operation for alignment, and the option (S12.12).
    """
    option = inbound.return_route
    if not option:
        return None
    told = inbound.return_hop.to_bytes(4, "big") + bytes((NO_OPERATION,)) + option
    return UserOptions(
        given=told,
        area=pad(option),
        first_hop=inbound.return_hop,
        final=inbound.header.source,
    )


def take_return_route(connection: Connection, inbound: Inbound) -> None:
    """RFC 1122 §4.2.3.8: a later source route SHOULD override an earlier one.

    It is for passive opens alone, and never against what the user wanted.
    """
    if connection.user_options or not connection.passive:
        return
    connection.options = way_back(inbound) or connection.options

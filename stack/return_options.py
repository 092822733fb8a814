"""The options of an answer, made of those received, for users who answer by themselves (S12.15).

What comes out may be given to `set_options`, or with a datagram, as it is: the source route turned
round, first hop first and the asker last (S12.7); record route and timestamp as this host has
filled them, so that the way back fills them further.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.option_work import rewrite_options
from stack.options import MAXIMUM_AREA, RECORD_ROUTE, TIMESTAMP, Use, pad

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound

_FIRST_HOP: Final = 4
"""Octets that the first hop takes in a user's buffer and not on the wire."""


def return_options(core: Core, inbound: Inbound) -> bytes:
    """Make the buffer for an answer to a datagram with options; empty when none is returned."""
    route = inbound.return_route
    if route:
        hop = inbound.return_hop.to_bytes(_FIRST_HOP, "big")
        route = bytes((route[0], route[1] + _FIRST_HOP, route[2])) + hop + route[3:]
    result = rewrite_options(core, inbound, Use.ECHO, stamp_address=inbound.local or None)
    if RECORD_ROUTE not in result.types and TIMESTAMP not in result.types:
        return pad(route)
    room = MAXIMUM_AREA + (_FIRST_HOP if route else 0)
    # RFC 1122 §3.2.1.8 (c): the route back must be used; what else there is has to fit beside it.
    both = pad(route + result.area)
    return both if len(both) <= room else pad(route)

"""Options that a user sets on a socket, and what of them goes on the wire (S12.1 to S12.8).

In the user's buffer a source route lists the hops in travelling order, the final destination last.
On the wire the first hop is the header's destination and the option lists the rest (RFC 1122
§3.2.1.8 c, form A). Other options go as they are: a tester must be able to send odd ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from stack.choices import SourceRouting
from stack.option_walk import walk
from stack.options import MAXIMUM_AREA, pad
from stack.policy import Policy
from stack.source_route import ROUTE_TYPES

MAXIMUM_BUFFER: Final = 44
"""Octets: ten addresses of a source route, of which nine stay in the 40 of the wire (S12.7)."""


class OptionRefusal(Enum):
    """Why a buffer is not taken."""

    INVALID = "invalid argument"
    NOT_SUPPORTED = "source routes are not supported"


@dataclass(frozen=True, slots=True)
class UserOptions:
    """A buffer that was taken."""

    given: bytes
    """The buffer as set, which is what get returns."""
    area: bytes
    """The option area for the wire, a multiple of four."""
    first_hop: int | None = None
    """What the header's destination becomes; None without a source route."""
    final: int | None = None
    """The last address listed, for transport checksums; None without a source route."""


NO_OPTIONS: Final = UserOptions(b"", b"")


def take_user_options(buffer: bytes, policy: Policy) -> UserOptions | OptionRefusal:
    """Check a buffer and turn it into what goes on the wire (S12.5 to S12.7)."""
    if len(buffer) > MAXIMUM_BUFFER:
        return OptionRefusal.INVALID
    place = _find_route(buffer, known=policy.source_route is not SourceRouting.NONE)
    if isinstance(place, OptionRefusal):
        return place
    if place is None:
        wire, first_hop, final = buffer, None, None
    else:
        length = buffer[place + 1]
        route = buffer[place : place + length]
        first_hop = int.from_bytes(route[3:7], "big")
        final = int.from_bytes(route[-4:], "big")
        shorter = bytes((route[0], length - 4, 4)) + route[7:]
        wire = buffer[:place] + shorter + buffer[place + length :]
    area = pad(wire)
    if len(area) > MAXIMUM_AREA:
        return OptionRefusal.INVALID
    return UserOptions(buffer, area, first_hop, final)


def _find_route(buffer: bytes, *, known: bool) -> int | OptionRefusal | None:
    """Where the one source route begins, None when there is none; lengths are checked on the way.

    S12.17: a policy that knows no source routes supports none, however they are made.
    RFC 1122 §3.2.1.8 c: a header with more than one source route MUST NOT be sent.
    """
    found: int | None = None
    for at, option in walk(buffer):
        if not option:
            return OptionRefusal.INVALID
        if option[0] in ROUTE_TYPES:
            if not known:
                return OptionRefusal.NOT_SUPPORTED
            length = len(option)
            if found is not None or length < 7 or length % 4 != 3 or option[2] != 4:
                return OptionRefusal.INVALID
            found = at
    return found

"""Loose and strict source routes (RFC 791 §3.1, RFC 1122 §3.2.1.8 c).

A source route in a datagram is complete when its pointer is past the option: then the datagram has
reached its final destination and the option is a recorded route. Reversed, it is the way back.

Addresses in a list that a user gives stand in travelling order, the final destination last (S12.7);
on the wire the first of them is the header's destination and the option lists the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from stack.option_walk import walk
from stack.wire.address import (
    is_class_e,
    is_limited_broadcast,
    is_loopback,
    is_multicast,
    is_zero_network,
)

LOOSE: Final = 131
STRICT: Final = 137
ROUTE_TYPES: Final = frozenset({LOOSE, STRICT})

MAXIMUM_HOPS: Final = 9
"""Addresses that fit into the 40 octets of an option area."""
_FIRST_POINTER: Final = 4


class SourceRoute(NamedTuple):
    """A source route as it stands in a received option area."""

    type: int
    """LOOSE or STRICT."""
    at: int
    """Octets from the start of the option area to the type octet."""
    length: int
    pointer: int
    """From 1 at the type octet."""
    octets: bytes
    """The option, type octet first, as received."""

    @property
    def is_strict(self) -> bool:
        """No gateway but the listed ones may be passed."""
        return self.type == STRICT

    @property
    def is_complete(self) -> bool:
        """RFC 791 §3.1: the pointer is greater than the length, so the destination decides."""
        return self.pointer > self.length

    @property
    def recorded(self) -> tuple[int, ...]:
        """The hops already passed, in travelling order."""
        return _addresses(self.octets[3 : min(self.pointer, self.length + 1) - 1])

    @property
    def next_hop(self) -> int | None:
        """Where the datagram is to go from here; None when the route is complete."""
        if self.is_complete:
            return None
        return int.from_bytes(self.octets[self.pointer - 1 : self.pointer + 3], "big")


def sound_route(area: bytes) -> SourceRoute | None:
    """The first source route of an area, if it is sound and everything before it can be read."""
    for at, option in walk(area):
        if option and option[0] in ROUTE_TYPES:
            if len(option) < _FIRST_POINTER - 1:
                return None
            kind, length, pointer = option[:3]
            fits = pointer >= _FIRST_POINTER and (pointer > length or pointer + 3 <= length)
            return SourceRoute(kind, at, length, pointer, option) if fits else None
    return None


class ReturnRoute(NamedTuple):
    """How a datagram finds its way along a list of hops."""

    first_hop: int
    """The destination that goes into the IP header."""
    option: bytes
    """The option octets, without padding."""
    final: int
    """The last address, for the transport checksum."""


def route(hops: Sequence[int], option_type: int = LOOSE) -> ReturnRoute | None:
    """The header's destination and option for hops in travelling order, final destination last.

    None when there are none, or more than fit. A single hop needs no option at all.
    """
    if not 1 <= len(hops) <= MAXIMUM_HOPS + 1:
        return None
    first, *rest = hops
    if not rest:
        return ReturnRoute(first, b"", first)
    # RFC 1122 §3.2.1.8 c: {>>G2, G3, ... Gn, D} with G1 as destination is the correct form.
    option = struct.pack(f"!BBB{len(rest)}I", option_type, 3 + 4 * len(rest), _FIRST_POINTER, *rest)
    return ReturnRoute(first, option, hops[-1])


def reverse(recorded: Sequence[int], source: int, option_type: int = LOOSE) -> ReturnRoute | None:
    """The way back along a recorded route to the datagram's source.

    None when nothing was recorded: then there is no route to follow (S12.13). None too when a
    recorded address can be no hop.
    """
    hops = list(recorded)
    # RFC 1122 §3.2.1.8 c, case (B): a recorded route may wrongly begin with the source; the return
    # route is correctly formed all the same, so the source is not listed twice.
    while hops and hops[0] == source:
        del hops[0]
    # RFC 1112 §6.2: a group is never a hop; nor is anything else that is not one host.
    if not hops or not all(map(can_be_hop, hops)):
        return None
    return route([*reversed(hops), source], option_type)


def can_be_hop(address: int) -> bool:
    """Whether an address can be that of one host on the way."""
    return not (
        is_multicast(address)
        or is_limited_broadcast(address)
        or is_class_e(address)
        or is_zero_network(address)
        or is_loopback(address)
    )


def take_hop(source_route: SourceRoute, recorded_address: int) -> bytes:
    """The option after this hop, of the same length; the route must not be complete.

    RFC 791 §3.1: the recorded route address replaces the one just used, the pointer grows by four.
    The recorded address is our own as known where the datagram goes next.
    """
    at = source_route.pointer - 1
    option = source_route.octets
    return (
        option[:2]
        + bytes((source_route.pointer + 4,))
        + option[3:at]
        + recorded_address.to_bytes(4, "big")
        + option[at + 4 :]
    )


def _addresses(octets: bytes) -> tuple[int, ...]:
    """The whole addresses in route data."""
    count = len(octets) // 4
    addresses: tuple[int, ...] = struct.unpack_from(f"!{count}I", octets)
    return addresses

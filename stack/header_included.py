"""Datagrams that bring their header: of raw sockets, and what is copied rather than built (S7.8).

Under policies that copy, echo replies and forwarded datagrams take this way too.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from stack import send
from stack.choices import HeaderIncludedOptions
from stack.refusal import Reason
from stack.route_choice import Route, choose
from stack.wire.ipv4 import MAXIMUM_DATAGRAM, MINIMUM_HEADER, Ipv4Header

if TYPE_CHECKING:
    from stack.core import Core

_HEADER: Final = struct.Struct("!BBHHHBBHII")


class Call(NamedTuple):
    """What a raw socket wants besides the datagram itself."""

    to: int | None
    """The destination given with the call."""
    peer: int | None
    """The destination the socket is connected to."""
    source: int | None
    """The address the socket is bound to."""
    options: bytes
    """The option area set on the socket or given with the call, empty if none."""
    first_hop: int | None
    """Where a source route in that area begins."""


def send_from_socket(core: Core, octets: bytes, call: Call) -> Reason | None:
    """Send what a raw socket's user wrote, header first; answer why it was refused, if it was."""
    header = _plausible(octets)
    if header is None:
        return Reason.INVALID_OPTION_VALUE
    destination = _destination(header, call)
    if destination is None:
        return Reason.NO_DESTINATION
    if call.options and core.policy.header_included_options is HeaderIncludedOptions.EITHER:
        # S12.16: the socket's options go into a header that has none.
        if header.options:
            return Reason.INVALID_ARGUMENT
        if call.first_hop is not None:
            # S12.7: a source route begins in the header's destination.
            destination = header.destination = call.first_hop
        octets = octets[MINIMUM_HEADER:]
        header.options = call.options + bytes(-len(call.options) & 3)
    else:
        octets = octets[header.header_length :]
    route = choose(core, destination, source=call.source)
    if isinstance(route, Reason):
        core.counters.inc("ipSystemStatsOutNoRoutes")
        return route
    return _send(core, route, header, octets)


def _plausible(octets: bytes) -> Ipv4Header | None:
    """S7.12: the caller's header; its Total Length must be possible, though it is made anew."""
    header = _read(octets)
    if header is None or octets[0] >> 4 != 4:
        return None
    if not header.header_length <= header.total_length <= len(octets):
        return None
    return header


def _destination(header: Ipv4Header, call: Call) -> int | None:
    """S7.12: what is said with the call, else what the header says, else the peer."""
    if call.to is not None:
        return call.to
    return header.destination or call.peer


def send_header_included(
    core: Core,
    route: Route,
    octets: bytes,
    *,
    output_hook: bool | None = None,
) -> Reason | None:
    """Send a datagram, header first (S7.8 to S7.11); answer why it was refused, if it was.

    `output_hook` None: as the policy says.
    """
    header = _read(octets)
    if header is None or octets[0] >> 4 != 4:
        return Reason.MALFORMED_HEADER
    payload = octets[header.header_length :]
    return _send(core, route, header, payload, output_hook=output_hook)


def _read(octets: bytes) -> Ipv4Header | None:
    """A header that is there, whatever it says; None when it is not."""
    if len(octets) < MINIMUM_HEADER:
        return None
    first, tos, total, identification, fragment, ttl, protocol, _, source, destination = (
        _HEADER.unpack_from(octets)
    )
    length = (first & 15) * 4
    if not MINIMUM_HEADER <= length <= len(octets):
        return None
    return Ipv4Header(
        source, destination, protocol, ttl, tos, identification,
        fragment >> 13, fragment & 0x1FFF, octets[MINIMUM_HEADER:length], total,
    )  # fmt: skip


def _send(
    core: Core,
    route: Route,
    header: Ipv4Header,
    payload: bytes,
    *,
    output_hook: bool | None = None,
) -> Reason | None:
    reason = _complete(core, route, header, header.header_length + len(payload))
    if reason is not None:
        return reason
    if output_hook is None:
        output_hook = core.policy.header_included_output_hook
    route.nic.counters.inc("ipSystemStatsOutRequests")
    return send.send_prepared(core, route, header, payload, output_hook=output_hook)


def _complete(core: Core, route: Route, header: Ipv4Header, size: int) -> Reason | None:
    """Fill in what a header leaves open; what it says itself stays (S7.9)."""
    if core.policy.header_included_strict:
        # S14.45. RFC 791 §3.1: Total Length is 65,535 at most; RFC 1122 §3.2.1.7: no TTL 0.
        if size > MAXIMUM_DATAGRAM:
            return Reason.MESSAGE_TOO_LONG
        if header.ttl == 0:
            return Reason.INVALID_ARGUMENT
    elif size & 0xFFFF < header.header_length:
        # S7.10: Total Length wraps, and then section 3 must still hold (S3.3).
        return Reason.MALFORMED_HEADER
    if header.source == 0:
        header.source = route.source
    if header.destination == 0 or not core.policy.header_included_destination:
        header.destination = route.destination
    if header.identification == 0 and not header.is_atomic:
        # S7.8: 0 asks for a value.
        value = core.identification.next_included(
            header.source, header.destination, header.protocol, core.now
        )
        if value is None:
            # RFC 6864 §5.2: every value may still be alive.
            return Reason.WOULD_BLOCK
        header.identification = value
    return None

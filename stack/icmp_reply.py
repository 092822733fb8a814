"""Answers to ICMP queries: echo, timestamp, address mask (RFC 1122 §3.2.2.6 to §3.2.2.9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from stack import send
from stack.header_included import send_header_included
from stack.inbound import UNICAST
from stack.option_walk import END_OF_LIST, NO_OPERATION
from stack.options import MAXIMUM_AREA, pad
from stack.refusal import Reason
from stack.route_choice import Route, choose
from stack.send import Wish
from stack.wire.icmp import (
    ADDRESS_MASK_REPLY,
    ECHO_REPLY,
    IcmpMessage,
    build_icmp,
    timestamp_reply,
)
from stack.wire.ipv4 import (
    MAXIMUM_DATAGRAM,
    MAXIMUM_HEADER,
    MINIMUM_HEADER,
    PROTOCOL_ICMP,
    Ipv4Header,
    build_ipv4,
    copy_header,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound

_MESSAGE_HEADER: Final = 8
_ALWAYS_ROOM: Final = MAXIMUM_DATAGRAM - MAXIMUM_HEADER - _MESSAGE_HEADER
"""Octets of data that fit whatever the options are."""
_FILLING: Final = bytes((END_OF_LIST, NO_OPERATION))


def echo(core: Core, inbound: Inbound, request: IcmpMessage) -> None:
    """RFC 1122 §3.2.2.6: every host MUST answer echo requests."""
    if inbound.nic.promiscuous and not core.policy.answer_temporary and _is_temporary(inbound):
        return
    # RFC 792: the reply has code 0.
    code = 0 if core.policy.echo_reply_code_zero else request.code
    # RFC 1122 §3.2.2.6: data received in the request MUST be entirely included in the reply.
    message = IcmpMessage(ECHO_REPLY, code, request.rest, request.data)
    if core.policy.echo_reply_fresh_header:
        _reply(core, inbound, message)
    else:
        _repeat(core, inbound, message)


def _is_temporary(inbound: Inbound) -> bool:
    """S1.17, S5.13: the destination is ours only because the NIC takes everything."""
    if inbound.cast is not UNICAST:
        return False
    return inbound.nic.addresses.own(inbound.header.destination) is None


def timestamp(core: Core, inbound: Inbound, request: IcmpMessage) -> None:
    """RFC 1122 §3.2.2.8: a host MAY answer, but not what was sent to many."""
    if not core.policy.answer_timestamp or inbound.cast is not UNICAST:
        return
    now = core.time_of_day()
    reply = timestamp_reply(request, now, now)
    if reply is None:
        inbound.nic.counters.inc("icmpStatsInErrors")
        return
    _reply(core, inbound, reply)


def address_mask(core: Core, inbound: Inbound, request: IcmpMessage) -> None:
    """RFC 1122 §3.2.2.9: only a system told to be an authoritative agent answers."""
    own = inbound.nic.addresses.own(inbound.local) if inbound.local else None
    if not core.policy.answer_address_mask or own is None:
        return
    mask = own.prefix.netmask.to_bytes(4, "big")
    message = IcmpMessage(ADDRESS_MASK_REPLY, 0, request.rest, mask)
    if inbound.header.source:
        _reply(core, inbound, message)
        return
    # RFC 1122 §3.2.2.9: to one that does not know its address the reply is broadcast; RFC 1812
    # §4.3.3.9: as {prefix, -1}, and not where it is not clear which mask was asked for.
    everyone = own.prefix.broadcast()
    lengths = {each.prefix.length for each in inbound.nic.addresses.permanent()} - {32}
    if everyone is not None and len(lengths) == 1:
        _send(core, inbound, message, choose(core, everyone, source=own.address), b"")


def _reply(core: Core, inbound: Inbound, message: IcmpMessage) -> None:
    if not inbound.local:
        # Sent to many, and this interface has no address to speak from.
        return
    options = b""
    if inbound.reply_area or inbound.return_route:
        options = _options(core, inbound)
    # RFC 1122 §3.2.2.6: the source is the specific-destination address; a source route in the
    # request MUST be reversed and used.
    header = inbound.header
    first_hop = inbound.return_hop if inbound.return_route else header.source
    route = choose(core, first_hop, source=inbound.local, tos=header.tos)
    # RFC 1122 §3.2.2.6: a reply that cannot be sent whole is truncated to the largest size.
    if len(message.data) > _ALWAYS_ROOM:
        room = MAXIMUM_DATAGRAM - MINIMUM_HEADER - (len(options) + 3 & ~3) - _MESSAGE_HEADER
        message = replace(message, data=message.data[:room])
    _send(core, inbound, message, route, options)


def _send(
    core: Core, inbound: Inbound, message: IcmpMessage, route: Route | Reason, options: bytes
) -> None:
    if not isinstance(route, Route):
        inbound.nic.counters.icmp_no_route(message.type)
        return
    # RFC 1349 §5.1, RFC 1812 §4.3.2.5: a reply has the TOS and precedence of its request.
    wish = Wish(PROTOCOL_ICMP, core.default_ttl, inbound.header.tos, options)
    _count_sent(route, message, send.originate(core, route, build_icmp(message), wish))


def _repeat(core: Core, inbound: Inbound, message: IcmpMessage) -> None:
    """S5.5 to S5.9: the reply has the header of the request, but for addresses, options and TTL."""
    one = inbound.cast is UNICAST
    source = inbound.header.destination if one else None
    route = choose(core, inbound.header.source, source=source, nic=inbound.nic)
    if isinstance(route, Reason):
        inbound.nic.counters.icmp_no_route(message.type)
        return
    header = copy_header(inbound.header)
    header.source = route.source
    header.destination = route.destination
    header.ttl = core.default_ttl
    header.options = inbound.reply_area
    _count_sent(route, message, _send_with_header(core, route, header, build_icmp(message)))


def _send_with_header(
    core: Core, route: Route, header: Ipv4Header, payload: bytes
) -> Reason | None:
    """Send by the header-included path (S7.8), where no hook looks but the later ones (S5.13)."""
    octets = build_ipv4(header, payload)
    return send_header_included(core, route, octets, output_hook=core.policy.five_hooks)


def _count_sent(route: Route, message: IcmpMessage, refused: Reason | None) -> None:
    counters = route.nic.counters
    if refused is None:
        counters.icmp_out(message.type)
    else:
        counters.icmp_refused(message.type)


def _options(core: Core, inbound: Inbound) -> bytes:
    """RFC 1122 §3.2.2.6: record route and timestamp SHOULD be updated and returned."""
    area = inbound.reply_area
    if core.policy.echo_known_options_only and not area.strip(_FILLING):
        area = b""
    if len(pad(inbound.return_route + area)) > MAXIMUM_AREA:
        return inbound.return_route
    return inbound.return_route + area

"""Answers to ICMP queries: echo and timestamp (RFC 1122 §3.2.2.6, §3.2.2.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import send
from stack.inbound import Cast
from stack.option_work import rewrite_options
from stack.options import MAXIMUM_AREA, RECORD_ROUTE, TIMESTAMP, Use, pad
from stack.refusal import Reason
from stack.route_choice import choose
from stack.send import Wish
from stack.wire.icmp import ECHO_REPLY, IcmpMessage, build_icmp, timestamp_reply
from stack.wire.ipv4 import MAXIMUM_DATAGRAM, MINIMUM_HEADER, PROTOCOL_ICMP

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound

_MESSAGE_HEADER: Final = 8


def echo(core: Core, inbound: Inbound, request: IcmpMessage) -> None:
    """RFC 1122 §3.2.2.6: every host MUST answer echo requests."""
    # RFC 792: the reply has code 0.
    code = 0 if core.policy.echo_reply_code_zero else request.code
    # RFC 1122 §3.2.2.6: data received in the request MUST be entirely included in the reply.
    _reply(core, inbound, IcmpMessage(ECHO_REPLY, code, request.rest, request.data))


def timestamp(core: Core, inbound: Inbound, request: IcmpMessage) -> None:
    """RFC 1122 §3.2.2.8: a host MAY answer, but not what was sent to many."""
    if not core.policy.answer_timestamp or inbound.cast is not Cast.UNICAST:
        return
    now = core.time_of_day()
    reply = timestamp_reply(request, now, now)
    if reply is None:
        inbound.nic.counters.inc("icmpStatsInErrors")
        return
    _reply(core, inbound, reply)


def _reply(core: Core, inbound: Inbound, message: IcmpMessage) -> None:
    if not inbound.local:
        # Sent to many, and this interface has no address to speak from.
        return
    options = _options(core, inbound)
    # RFC 1122 §3.2.2.6: the source is the specific-destination address; a source route in the
    # request MUST be reversed and used.
    first_hop = inbound.return_hop if inbound.return_route else inbound.header.source
    # RFC 1349 §5.1, RFC 1812 §4.3.2.5: a reply has the TOS and precedence of its request.
    tos = inbound.header.tos
    route = choose(core, first_hop, source=inbound.local, tos=tos)
    if isinstance(route, Reason):
        counters = inbound.nic.counters
        counters.icmp_out(message.type)
        counters.inc("ipSystemStatsOutRequests")
        counters.inc("ipSystemStatsOutNoRoutes")
        return
    # RFC 1122 §3.2.2.6: a reply that cannot be sent whole is truncated to the largest size.
    room = MAXIMUM_DATAGRAM - MINIMUM_HEADER - len(pad(options)) - _MESSAGE_HEADER
    if len(message.data) > room:
        message = message._replace(data=message.data[:room])
    route.nic.counters.icmp_out(message.type)
    wish = Wish(PROTOCOL_ICMP, core.default_ttl, tos, options)
    send.originate(core, route, build_icmp(message), wish)


def _options(core: Core, inbound: Inbound) -> bytes:
    """RFC 1122 §3.2.2.6: record route and timestamp SHOULD be updated and returned."""
    if not inbound.header.options:
        return b""
    result = rewrite_options(core, inbound, Use.ECHO, stamp_address=inbound.local)
    area = b""
    if RECORD_ROUTE in result.types or TIMESTAMP in result.types:
        area = result.area
    if len(pad(inbound.return_route + area)) > MAXIMUM_AREA:
        return inbound.return_route
    return inbound.return_route + area

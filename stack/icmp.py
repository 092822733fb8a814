"""ICMP messages received: checked, counted, and given to whom they concern (S5.1 to S5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import forward, handlers, icmp_reply, icmp_report, raw, router_discovery
from stack.counters import ICMP_TYPE_NAMES
from stack.options import Use
from stack.wire.icmp import (
    ADDRESS_MASK_REQUEST,
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    ECHO_REQUEST,
    PARAMETER_PROBLEM,
    REDIRECT,
    ROUTER_ADVERTISEMENT,
    TIME_EXCEEDED,
    TIMESTAMP,
    IcmpFault,
    IcmpMessage,
    parse_icmp,
    read_icmp,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound

_HANDLERS = {
    ECHO_REQUEST: icmp_reply.echo,
    TIMESTAMP: icmp_reply.timestamp,
    ADDRESS_MASK_REQUEST: icmp_reply.address_mask,
    REDIRECT: icmp_report.redirect,
    ROUTER_ADVERTISEMENT: router_discovery.advertisement,
    DESTINATION_UNREACHABLE: icmp_report.error,
    TIME_EXCEEDED: icmp_report.error,
    PARAMETER_PROBLEM: icmp_report.error,
}
"""What IP itself does with a type. RFC 6633 §3, §4: source quench is not among them. RFC 1122
§3.2.2.7, RFC 6918: nor is information. RFC 1122 §3.2.2: a message of a type nobody knows MUST be
silently discarded."""
_ECHO: Final = (ECHO_REPLY, ECHO_REQUEST)


def receive(core: Core, inbound: Inbound) -> None:
    """Take in one message."""
    counters = inbound.nic.counters
    message = parse_icmp(inbound.payload)
    if not isinstance(message, IcmpMessage):
        counters.icmp_in_error()
        if message is IcmpFault.CHECKSUM and inbound.payload[0] == ECHO_REQUEST:
            # S5.2: users of raw sockets see these all the same.
            _hand_over(core, inbound, read_icmp(inbound.payload))
        return
    policy = core.policy
    # S2.24, S5.3: where delivery comes before option work, ICMP does its own.
    if (
        inbound.header.options
        and not policy.count_delivery_after_options
        and not forward.ends_here(core, inbound, Use.RECEIVE)
    ):
        return
    kind = message.type
    counters.icmp_in(kind)
    if kind not in ICMP_TYPE_NAMES and not policy.count_unknown_icmp_by_type:
        # S5.4: NETSTACK knows eleven types.
        counters.inc("ICMP.PacketsReceived.Invalid")
    if (
        kind == ECHO_REQUEST
        and not policy.rate_limit_errors_only
        and not core.limiter.take(core.now)
    ):
        # S5.5: before anyone sees the request.
        counters.icmp_out_error()
        return
    taken = False
    if kind in _ECHO or policy.errors_reach_transport:
        # RFC 1122 §3.2.2.6, §3.2.2.8: replies MUST be passed to the ICMP user interface.
        taken = _hand_over(core, inbound, message)
    handler = _HANDLERS.get(kind)
    if handler is not None and (policy.echo_despite_handler or not taken):
        handler(core, inbound, message)


def _hand_over(core: Core, inbound: Inbound, message: IcmpMessage) -> bool:
    """Give a message to raw sockets, and a reply to the echo socket that asked.

    Answers whether a default handler took what no echo socket wants (S2.28, S5.13).
    """
    if not core.policy.icmp_transport:
        # S5.12: a stack without ICMP for its users.
        core.counters.inc("UnknownProtocolRcvdPackets")
        return False
    sockets = core.sockets
    if sockets.raw:
        raw.receive(core, inbound)
    if sockets.icmp and sockets.icmp_message(inbound, message):
        return False
    return bool(core.handlers) and handlers.take(core, inbound)

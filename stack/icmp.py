"""ICMP messages received: checked, counted, and given to whom they concern (S5.1 to S5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import icmp_reply, icmp_report, router_discovery
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    ECHO_REQUEST,
    PARAMETER_PROBLEM,
    REDIRECT,
    ROUTER_ADVERTISEMENT,
    TIME_EXCEEDED,
    TIMESTAMP,
    IcmpFault,
    parse_icmp,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound

_HANDLERS = {
    ECHO_REQUEST: icmp_reply.echo,
    TIMESTAMP: icmp_reply.timestamp,
    REDIRECT: icmp_report.redirect,
    ROUTER_ADVERTISEMENT: router_discovery.advertisement,
    DESTINATION_UNREACHABLE: icmp_report.error,
    TIME_EXCEEDED: icmp_report.error,
    PARAMETER_PROBLEM: icmp_report.error,
}
"""What IP itself does with a type. RFC 6633 §3, §4: source quench is not among them. RFC 1122
§3.2.2.7, RFC 6918: nor are information and address mask. RFC 1122 §3.2.2: a message of a type
nobody knows MUST be silently discarded."""


def receive(core: Core, inbound: Inbound) -> None:
    """Take in one message."""
    counters = inbound.nic.counters
    message = parse_icmp(inbound.payload)
    if isinstance(message, IcmpFault):
        counters.icmp_in_error()
        return
    counters.icmp_in(message.type)
    handler = _HANDLERS.get(message.type)
    if handler is not None:
        handler(core, inbound, message)
    # RFC 1122 §3.2.2.6, §3.2.2.8: replies MUST be passed to the ICMP user interface.
    core.sockets.icmp_message(inbound, message)

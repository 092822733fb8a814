"""ICMP messages received: checked, counted, and given to whom they concern (S5.1 to S5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import icmp_reply, icmp_report, raw
from stack.option_work import run_options
from stack.options import Use
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    ECHO_REQUEST,
    PARAMETER_PROBLEM,
    REDIRECT,
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
    if (
        inbound.header.options
        and not core.policy.count_delivery_after_options
        # S2.24, S5.3: where delivery comes before option work, ICMP does its own.
        and run_options(core, inbound, Use.RECEIVE) is None
    ):
        return
    counters.icmp_in(message.type)
    if core.policy.errors_reach_transport or message.type in (ECHO_REQUEST, ECHO_REPLY):
        # S5.12, S14.37.
        raw.receive(core, inbound)
    handler = _HANDLERS.get(message.type)
    if handler is not None:
        handler(core, inbound, message)
    # RFC 1122 §3.2.2.6, §3.2.2.8: replies MUST be passed to the ICMP user interface.
    core.sockets.icmp_message(inbound, message)

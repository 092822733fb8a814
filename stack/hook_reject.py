"""Target that drops a datagram and says so to its sender (S10.13)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final

from stack import icmp_errors, send
from stack.hook_packet import Passage, Place
from stack.inbound import Inbound
from stack.nat import Flow, read_flow
from stack.refusal import Reason
from stack.route_choice import choose
from stack.send import Wish
from stack.wire.icmp import (
    COMMUNICATION_PROHIBITED,
    DESTINATION_UNREACHABLE,
    HOST_PROHIBITED,
    HOST_UNREACHABLE,
    NET_PROHIBITED,
    NET_UNREACHABLE,
    PORT_UNREACHABLE,
)
from stack.wire.ipv4 import PROTOCOL_TCP, build_ipv4
from stack.wire.tcp import TcpFault, build_tcp, parse_tcp, reset_for

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Shown

_PLACES: Final = frozenset({Place.INPUT, Place.FORWARD, Place.OUTPUT})


class RejectWith(Enum):
    """What the sender is told: a code of destination unreachable, or a reset."""

    NET_UNREACHABLE = NET_UNREACHABLE
    HOST_UNREACHABLE = HOST_UNREACHABLE
    PORT_UNREACHABLE = PORT_UNREACHABLE
    NET_PROHIBITED = NET_PROHIBITED
    HOST_PROHIBITED = HOST_PROHIBITED
    COMMUNICATION_PROHIBITED = COMMUNICATION_PROHIBITED
    TCP_RESET = "reset"


@dataclass(frozen=True, slots=True)
class Reject:
    """Drop, and tell the sender; at input, forward and output."""

    answer: RejectWith = RejectWith.PORT_UNREACHABLE
    later: ClassVar[bool] = True

    def apply(self, core: Core, shown: Shown) -> bool:
        """Reject one datagram."""
        if shown.place not in _PLACES:
            return False
        about = shown.about or _as_if_received(shown)
        if self.answer is not RejectWith.TCP_RESET:
            icmp_errors.report(core, about, DESTINATION_UNREACHABLE, int(self.answer.value))
        elif icmp_errors.may_report(core, about):
            # RFC 1122 §4.2.3.10: what goes to many, or comes from no single host, is not answered.
            _reset(core, shown)
        return False


def _as_if_received(shown: Shown) -> Inbound:
    """What was made here, so that its sender can be told like any other."""
    nic = shown.leaves_by
    assert nic is not None
    octets = build_ipv4(shown.header, shown.payload)
    return Inbound(nic, shown.header, shown.payload, octets, looped=True)


def _as_sent(shown: Shown) -> Flow:
    """The flow of a segment as its sender knows it, before any rewriting."""
    passage = shown.passage
    if passage is not None and passage.connection is not None:
        connection = passage.connection
        return connection.reply if passage.is_reply else connection.original
    flow = read_flow(shown.header, shown.payload)
    # Its header was read before.
    assert flow is not None
    return flow


def _reset(core: Core, shown: Shown) -> None:
    header = shown.header
    if header.protocol != PROTOCOL_TCP or header.is_fragment:
        return
    segment = parse_tcp(shown.payload, header.source, header.destination)
    if isinstance(segment, TcpFault):
        return
    # RFC 9293 §3.10.7.1: as if the port were closed; a reset is never answered.
    reset = reset_for(segment)
    if reset is None:
        return
    flow = _as_sent(shown)
    route = choose(core, flow.source)
    if isinstance(route, Reason):
        return
    # It speaks for the other end.
    route = replace(route, source=flow.destination)
    reset = reset._replace(source_port=flow.destination_port, destination_port=flow.source_port)
    octets = build_tcp(reset, flow.destination, flow.source)
    # It is part of that connection, and in its own words already: none begins with it.
    passage = Passage(settled=True)
    send.originate(core, route, octets, Wish(PROTOCOL_TCP, core.default_ttl, passage=passage))

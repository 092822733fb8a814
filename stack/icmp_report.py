"""ICMP errors received: what they teach IP, and to whom they are passed (S5.30 to S5.37).

RFC 1122 §3.2.2: an error is passed to the protocol that the quoted header names. A quote that is
too short, or is not of a datagram that this host can have sent, is worth nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import tcp_errors
from stack.path_mtu import SMALLEST_MTU
from stack.routes import Hop
from stack.wire.address import is_multicast
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    HOST_UNREACHABLE,
    PORT_UNREACHABLE,
    REDIRECT_HOST_FOR_TOS,
    IcmpMessage,
)
from stack.wire.ipv4 import MINIMUM_HEADER, PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP
from stack.wire.quote import Quote, read_quote

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound

_HEARD_CODES: Final = (HOST_UNREACHABLE, PORT_UNREACHABLE, FRAGMENTATION_NEEDED)
_WITH_PORTS: Final = (PROTOCOL_ICMP, PROTOCOL_TCP, PROTOCOL_UDP)


def _own_quote(core: Core, inbound: Inbound, message: IcmpMessage) -> Quote | None:
    any_nic = core.policy.quoted_source_any_nic
    quote = read_quote(message.data, check_length=any_nic)
    if quote is None:
        inbound.nic.counters.inc("icmpStatsInErrors")
        return None
    if inbound.nic.spoofing:
        # S1.18: it can have sent from any address.
        return quote
    # S5.33: else ours on the very NIC that the error came in on.
    ours = core.owns(quote.source) if any_nic else inbound.nic.addresses.own(quote.source)
    return quote if ours else None


def error(core: Core, inbound: Inbound, message: IcmpMessage) -> None:
    """Take in destination unreachable, time exceeded or parameter problem.

    RFC 1122 §3.2.2.1, §3.2.2.4, §3.2.2.5: MUST be passed to the transport layer. Nothing is
    concluded about routes: codes 0, 1 and 5 are hints only.
    """
    if not _is_heard(core, message):
        return
    quote = _own_quote(core, inbound, message)
    if quote is None:
        return
    mtu = 0
    if message.type == DESTINATION_UNREACHABLE and message.code == FRAGMENTATION_NEEDED:
        mtu = _too_big(core, quote, message.next_hop_mtu)
    if quote.fragment_offset or (quote.protocol in _WITH_PORTS and len(quote.payload) < 8):
        # S5.34, S5.35: what the eight octets behind the header tell finds the socket.
        return
    if quote.protocol == PROTOCOL_TCP:
        tcp_errors.receive(core, inbound, message, quote, mtu)
    core.sockets.icmp_error(inbound, message, quote, mtu)


def _is_heard(core: Core, message: IcmpMessage) -> bool:
    """Whether this error concerns anybody at all (S5.4, S5.31, S5.37)."""
    if core.policy.errors_reach_transport:
        return True
    if message.type != DESTINATION_UNREACHABLE:
        return False
    return core.policy.all_unreachables_reach_transport or message.code in _HEARD_CODES


def _too_big(core: Core, quote: Quote, next_hop_mtu: int) -> int:
    """RFC 1191 §3: lower the estimate of the path; answer what it is now.

    In octets of a whole datagram: a header of 20, and M of S5.31 behind it.
    """
    if not core.policy.pmtu_plateaus:
        # S5.31: the field as it stands, or no room at all; the path is not remembered.
        return next_hop_mtu if next_hop_mtu >= SMALLEST_MTU else MINIMUM_HEADER
    hop = core.routes.find(quote.destination, tos=quote.tos, source=quote.source)
    if hop is None:
        return 0
    return core.path_mtu.too_big(
        quote.destination, next_hop_mtu, quote.total_length, hop.nic.mtu, core.now
    )


def redirect(core: Core, inbound: Inbound, message: IcmpMessage) -> None:
    """RFC 1122 §3.2.2.2: a host MUST update its routing information accordingly."""
    # RFC 1812 §5.2.7.2: a router does not follow redirects; with forwarding off it is a host.
    if core.forwarding or not core.policy.redirects:
        return
    quote = _own_quote(core, inbound, message)
    if quote is None or message.code > REDIRECT_HOST_FOR_TOS:
        return
    if not _may_redirect(core, inbound, message.gateway, quote):
        return
    # RFC 1122 §3.3.1.2: a network redirect is taken for the destination alone. RFC 1349 §6.2:
    # codes 2 and 3 are honoured; only code 3 is for one TOS.
    tos = quote.tos if message.code == REDIRECT_HOST_FOR_TOS else None
    core.routes.redirect(quote.destination, tos, inbound.nic, message.gateway)


def _may_redirect(core: Core, inbound: Inbound, gateway: int, quote: Quote) -> bool:
    nic = inbound.nic
    # RFC 1122 §3.2.2.2: the new gateway is on the net through which the redirect arrived,
    if nic.addresses.on_link(gateway) is None or core.owns(gateway):
        return False
    if core.is_subnet_broadcast(gateway) or is_multicast(quote.destination):
        return False
    # and the redirect comes from the current first hop for the destination.
    hop = core.routes.find(quote.destination, tos=quote.tos, source=quote.source)
    return isinstance(hop, Hop) and hop.gateway == inbound.header.source and hop.nic is nic

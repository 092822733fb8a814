"""Sending: from what a local protocol hands over to packets on a link (RFC 791 §3.3, S7).

`originate` builds the header; `send_prepared` takes one that is ready. Both end in `put_out`,
which keeps inside what is for this stack, cuts what is too big, and hands the rest to the link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stack import hook_output, link
from stack.core import LOOPED_LIMIT, Looped
from stack.fragment import fragment
from stack.inbound import Cast
from stack.options import originate as stamp_options
from stack.refusal import Reason
from stack.wire.ipv4 import (
    FLAG_DF,
    MAXIMUM_DATAGRAM,
    MAXIMUM_HEADER,
    Ipv4Header,
    build_ipv4,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Passage
    from stack.inbound import Inbound
    from stack.nic import Nic
    from stack.route_choice import Route


class Wish(NamedTuple):
    """What a local protocol may ask for (RFC 1122 §3.4)."""

    protocol: int
    ttl: int
    tos: int = 0
    """RFC 1122 §3.2.1.6: zero unless the transport says otherwise."""
    options: bytes = b""
    df: bool = False
    loop: bool = False
    """Also give a copy to this host, if it is a member (RFC 1112 §6.1)."""
    passage: Passage | None = None
    """What the hooks shall know of it (S10.13)."""


def originate(core: Core, route: Route, payload: bytes, wish: Wish) -> Reason | None:
    """Send one datagram of a local protocol; answer why it was refused, if it was."""
    header = Ipv4Header(
        route.source,
        route.destination,
        wish.protocol,
        ttl=wish.ttl,
        tos=wish.tos,
        flags=FLAG_DF if wish.df else 0,
        options=wish.options,
    )
    reason = _refusal(core, route, header, len(payload))
    if reason is not None:
        return reason
    route.nic.counters.inc("ipSystemStatsOutRequests")
    if header.options:
        # RFC 1122 §3.2.1.8 (e): the originator records its timestamp.
        header.options = stamp_options(
            header.options,
            policy=core.policy,
            own_addresses=core.owns,
            stamp_address=route.source,
            time_ms=core.time_of_day(),
        )
    if not header.is_atomic:
        # RFC 6864 §4.3: unique for source, destination and protocol while it may live.
        value = core.identification.next(route.source, route.destination, wish.protocol, core.now)
        if value is None:
            # RFC 6864 §5.2: no value is free; only an atomic datagram may leave.
            header.flags |= FLAG_DF
        else:
            header.identification = value
    return send_prepared(core, route, header, payload, loop=wish.loop, passage=wish.passage)


def _refusal(core: Core, route: Route, header: Ipv4Header, payload_length: int) -> Reason | None:
    length = header.header_length
    if length > MAXIMUM_HEADER or length + payload_length > MAXIMUM_DATAGRAM:
        return Reason.MESSAGE_TOO_LONG
    if header.ttl == 0 and route.cast is not Cast.MULTICAST:
        # RFC 1122 §3.2.1.7: a host MUST NOT send a datagram with TTL 0.
        return Reason.INVALID_ARGUMENT
    if header.df and not route.inside and length + payload_length > _mtu(core, route):
        route.nic.counters.inc("ipSystemStatsOutFragFails")
        return Reason.MESSAGE_TOO_LONG
    return None


def _mtu(core: Core, route: Route) -> int:
    """RFC 1191 §3: never larger than the path's MTU as far as it is known."""
    return core.path_mtu.estimate(route.destination, route.nic.mtu, core.now)


def send_prepared(
    core: Core,
    route: Route,
    header: Ipv4Header,
    payload: bytes,
    *,
    loop: bool = False,
    brought: bool = False,
    passage: Passage | None = None,
) -> Reason | None:
    """Send a datagram whose header is complete but for lengths and checksum.

    `brought`: the header came from outside IP (S7.8).
    """
    # S7.11, S10.11: the output hook does not see those, unless it sees all datagrams.
    if core.hooks.output is not None and (core.policy.all_hooks or not brought):
        leaving = hook_output.output(core, route, header, payload, passage)
        if leaving is None:
            return None
        route, header, payload, passage = leaving
    nic = route.nic
    if route.inside:
        loop_back(core, nic, build_ipv4(header, payload), passage)
        return None
    if route.cast is Cast.BROADCAST or (loop and route.destination in nic.groups):
        loop_back(core, nic, build_ipv4(header, payload), passage)
    if header.ttl == 0:
        # RFC 1112 §6.1: TTL 0 restricts a group datagram to this host.
        return None
    return put_out(
        core,
        nic,
        header,
        payload,
        next_hop=route.next_hop,
        cast=route.cast,
        mtu=_mtu(core, route),
        passage=passage,
    )


def loop_back(core: Core, nic: Nic, packet: bytes, passage: Passage | None = None) -> None:
    """Give a datagram back to this stack, as if it had come in on that NIC (S7.14)."""
    if len(core.looped) >= LOOPED_LIMIT:
        nic.counters.inc("ipSystemStatsOutDiscards")
        return
    core.looped.append(Looped(nic, packet, passage))


def put_out(
    core: Core,
    nic: Nic,
    header: Ipv4Header,
    payload: bytes,
    *,
    next_hop: int,
    cast: Cast = Cast.UNICAST,
    mtu: int,
    about: Inbound | None = None,
    passage: Passage | None = None,
) -> Reason | None:
    """Hand a datagram to the link, cut if it must be and may be."""
    count = nic.counters.inc
    if core.hooks.postrouting is not None:
        leaving = hook_output.postrouting(core, nic, header, payload, passage, about)
        if leaving is None:
            return None
        header, payload = leaving
    if header.header_length + len(payload) <= mtu:
        link.transmit(
            core, nic, build_ipv4(header, payload), next_hop=next_hop, cast=cast, about=about
        )
        return None
    count("ipSystemStatsOutFragReqds")
    # RFC 791 §3.2, RFC 6864 §4.3: DF forbids cutting, in pieces already cut too.
    pieces = fragment(header, payload, mtu, core.policy)
    if not pieces:
        count("ipSystemStatsOutFragFails")
        return Reason.MESSAGE_TOO_LONG
    count("ipSystemStatsOutFragOKs")
    count("ipSystemStatsOutFragCreates", len(pieces))
    for piece in pieces:
        link.transmit(core, nic, piece, next_hop=next_hop, cast=cast, about=about)
    return None

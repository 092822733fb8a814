"""Sending: from what a local protocol hands over to packets on a link (RFC 791 §3.3, S7).

`originate` builds the header; `stack.header_included` is for datagrams that bring their own, and
`stack.send_many` for several at once. `send_prepared` keeps inside what is for this stack;
`put_out` cuts what is too big and hands the rest to the link.

Each answers None for success, also when a hook swallowed the datagram (S7.4), or why it failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack import hook_output, link
from stack.core import LOOPED_LIMIT, Looped
from stack.counters import OUT_REQUESTS
from stack.fragment import fragment
from stack.inbound import MULTICAST, UNICAST, Cast
from stack.options import originate as stamp_options
from stack.refusal import Reason
from stack.route_choice import loops
from stack.wire.ipv4 import (
    FLAG_DF,
    MAXIMUM_DATAGRAM,
    MAXIMUM_HEADER,
    MINIMUM_HEADER,
    MINIMUM_MTU,
    Ipv4Header,
    build_header,
    build_ipv4,
)

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Passage
    from stack.inbound import Inbound
    from stack.nic import Nic
    from stack.route_choice import Route


@dataclass(slots=True)
class Wish:
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
    header = make_header(core, route, len(payload), wish)
    if not isinstance(header, Ipv4Header):
        return header
    route.nic.counters.numbers[OUT_REQUESTS] += 1
    return send_prepared(
        core, route, header, payload, loop=wish.loop, built=True, passage=wish.passage
    )


def make_header(core: Core, route: Route, payload_length: int, wish: Wish) -> Ipv4Header | Reason:
    """Build the header of one datagram (S7.2), or say why it cannot be sent."""
    ttl, options = wish.ttl, wish.options
    policy = core.policy
    length = MINIMUM_HEADER + (len(options) + 3 & ~3)
    if length > MAXIMUM_HEADER or length + payload_length > MAXIMUM_DATAGRAM:
        # S7.2: nothing is counted.
        return Reason.MESSAGE_TOO_LONG
    if ttl == 0 and policy.ttl_zero_stays and route.cast is not MULTICAST:
        # RFC 1122 §3.2.1.7: a host MUST NOT send a datagram with TTL 0.
        return Reason.INVALID_ARGUMENT
    flags = FLAG_DF if wish.df and policy.senders_set_df else 0
    if flags:
        reason = _whole_only(core, route, length + payload_length)
        if reason is not None:
            return reason
    source, destination = route.source, route.destination
    if options:
        # RFC 1122 §3.2.1.8 (e): the originator records its timestamp.
        options = stamp_options(
            options,
            policy=policy,
            own_addresses=core.owns,
            stamp_address=source,
            time_ms=core.time_of_day(),
        )
    identification = 0
    # RFC 6864 §4.1: with DF a datagram is an atomic one, whose Identification means nothing.
    if not flags:
        # RFC 6864 §4.3: unique for source, destination and protocol while it may live.
        value = core.identification.next(source, destination, wish.protocol, core.now)
        if value is None:
            # RFC 6864 §5.2: no value is free; only an atomic datagram may leave.
            flags = FLAG_DF
            reason = _whole_only(core, route, length + payload_length)
            if reason is not None:
                return reason
        else:
            identification = value
    return Ipv4Header(
        source, destination, wish.protocol, ttl, wish.tos, identification, flags, 0, options
    )


def _whole_only(core: Core, route: Route, length: int) -> Reason | None:
    """S14.23: local senders are told when a datagram with DF does not fit."""
    if not core.policy.honour_df or route.inside:
        return None
    if length <= path_mtu(core, route):
        return None
    route.nic.counters.inc("ipSystemStatsOutFragFails")
    return Reason.MESSAGE_TOO_LONG


def path_mtu(core: Core, route: Route) -> int:
    """RFC 1191 §3: never larger than the path's MTU as far as it is known."""
    if route.probes or not core.path_mtu.known:
        return route.nic.mtu
    return core.path_mtu.estimate(route.destination, route.nic.mtu, core.now)


def send_prepared(
    core: Core,
    route: Route,
    header: Ipv4Header,
    payload: bytes,
    *,
    loop: bool = False,
    built: bool = False,
    output_hook: bool = True,
    passage: Passage | None = None,
) -> Reason | None:
    """Send a datagram whose header is complete but for lengths and checksum.

    `built`: this stack made the transport header, so a looped copy's checksum is right (S7.14).
    """
    if output_hook and core.hooks.output is not None:
        leaving = hook_output.output(core, route, header, payload, passage)
        if leaving is None:
            return None
        route, header, payload, passage = leaving
    nic = route.nic
    if route.inside:
        loop_back(core, nic, build_ipv4(header, payload), built=built, passage=passage)
        return None
    if route.cast is not UNICAST and loops(core, route, asked=loop):
        # S6.27: whole, whatever becomes of the datagram on the link.
        loop_back(core, nic, build_ipv4(header, payload), built=built, passage=passage)
    if header.ttl == 0 and stays(core, header):
        return None
    return put_out(
        core,
        nic,
        header,
        payload,
        next_hop=route.next_hop,
        cast=route.cast,
        mtu=path_mtu(core, route),
        passage=passage,
    )


def stays(core: Core, header: Ipv4Header) -> bool:
    """RFC 1112 §6.1, S14.54: TTL 0 restricts a group datagram to this host."""
    return header.ttl == 0 and core.policy.ttl_zero_stays


def loop_back(
    core: Core, nic: Nic, packet: bytes, *, built: bool = False, passage: Passage | None = None
) -> None:
    """Give a datagram back to this stack, as if it had come in on that NIC (S7.14)."""
    if len(core.looped) >= LOOPED_LIMIT:
        nic.counters.inc("ipSystemStatsOutDiscards")
        return
    core.looped.append(Looped(nic, packet, built, passage))


def put_out(
    core: Core,
    nic: Nic,
    header: Ipv4Header,
    payload: bytes,
    *,
    next_hop: int,
    cast: Cast = UNICAST,
    mtu: int,
    about: Inbound | None = None,
    passage: Passage | None = None,
) -> Reason | None:
    """Hand a datagram to the link, cut if it must be and may be."""
    if core.hooks.postrouting is not None:
        leaving = hook_output.postrouting(core, nic, header, payload, passage, about)
        if leaving is None:
            return None
        header, payload = leaving
    length = MINIMUM_HEADER + (len(header.options) + 3 & ~3)
    if not MINIMUM_MTU <= mtu <= MAXIMUM_DATAGRAM or length > MAXIMUM_HEADER:
        reason = unfit(length, mtu)
        if reason is not None:
            return failed(nic, 1, reason)
        mtu = MAXIMUM_DATAGRAM
    if length + len(payload) <= mtu:
        packet = build_header(header, len(payload)) + payload
        reason = link.transmit(core, nic, packet, next_hop=next_hop, cast=cast, about=about)
        return None if reason is None else failed(nic, 1, reason)
    count = nic.counters.inc
    count("ipSystemStatsOutFragReqds")
    # RFC 791 §3.2, RFC 6864 §4.3: DF forbids cutting, in pieces already cut too.
    honour_df = core.policy.honour_df if about is None else core.policy.honour_df_in_transit
    pieces: Sequence[bytes] = ()
    if not (header.df and honour_df):
        pieces = fragment(header, payload, mtu, core.policy)
    if not pieces:
        count("ipSystemStatsOutFragFails")
        if about is None:
            count("IP.OutgoingPacketErrors")
        return Reason.MESSAGE_TOO_LONG
    count("ipSystemStatsOutFragOKs")
    count("ipSystemStatsOutFragCreates", len(pieces))
    _, reason = hand_over(core, nic, pieces, next_hop=next_hop, cast=cast, about=about)
    return reason


def unfit(header_length: int, mtu: int) -> Reason | None:
    """S6.20: why a datagram with such a header cannot leave by a link of that MTU, in octets."""
    if mtu < MINIMUM_MTU:
        return Reason.INVALID_STATE
    if header_length > MAXIMUM_HEADER:
        return Reason.MALFORMED_HEADER
    return None


def hand_over(
    core: Core,
    nic: Nic,
    packets: Sequence[bytes],
    *,
    next_hop: int,
    cast: Cast,
    about: Inbound | None = None,
) -> tuple[int, Reason | None]:
    """Hand packets to the link until it refuses one; answer how many it took (S6.25)."""
    for number, packet in enumerate(packets):
        reason = link.transmit(core, nic, packet, next_hop=next_hop, cast=cast, about=about)
        if reason is not None:
            return number, failed(nic, len(packets) - number, reason)
    return len(packets), None


def failed(nic: Nic, packets: int, reason: Reason) -> Reason:
    """S6.20, S6.25, S7.15: count the packets that did not leave."""
    nic.counters.inc("ipSystemStatsOutDiscards", packets)
    nic.counters.inc("IP.OutgoingPacketErrors", packets)
    return reason

"""Several datagrams of one route at once (S7.18).

The difference to sending them one by one can be seen: the output hook looks at the pieces that go
to the link, not at the datagrams, and what fails fails for all that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from stack import hook_output, send
from stack.fragment import Piece, cut
from stack.inbound import Cast
from stack.refusal import Reason
from stack.wire.ipv4 import MAXIMUM_DATAGRAM, Ipv4Header, build_ipv4

if TYPE_CHECKING:
    from stack.core import Core
    from stack.route_choice import Route
    from stack.send import Wish


class Written(NamedTuple):
    """What became of the datagrams."""

    packets: int
    """Packets that were delivered here, handed to the link, or dropped by a hook."""
    datagrams: int
    """Datagrams of which nothing is left to send."""
    reason: Reason | None
    """Why the rest was not sent; None when all was."""


class _Packet(NamedTuple):
    datagram: int
    """Which of the datagrams it belongs to."""
    header: Ipv4Header
    payload: bytes


def send_many(core: Core, route: Route, payloads: Sequence[bytes], wish: Wish) -> Written:
    """Send datagrams of a local protocol that share a route and a wish."""
    if route.inside or route.cast is Cast.BROADCAST or wish.loop:
        # S7.18: not on a route that loops.
        return Written(0, 0, Reason.NOT_SUPPORTED)
    datagrams: list[Piece] = []
    for payload in payloads:
        header = send.make_header(core, route, len(payload), wish)
        if isinstance(header, Reason):
            return Written(0, 0, header)
        datagrams.append(Piece(header, payload))
    if not datagrams:
        return Written(0, 0, None)
    route.nic.counters.inc("ipSystemStatsOutRequests", len(datagrams))
    if send.stays(core, datagrams[0].header):
        # Neither looped nor let out: all count as written.
        return Written(len(datagrams), len(datagrams), None)
    mtu = min(send.path_mtu(core, route), MAXIMUM_DATAGRAM)
    reason = send.unfit(datagrams[0].header.header_length, mtu)
    if reason is not None:
        return Written(0, 0, send.failed(route.nic, len(datagrams), reason))
    return _hand_over(core, route, _cut_all(core, route, datagrams, mtu))


def _cut_all(core: Core, route: Route, datagrams: list[Piece], mtu: int) -> list[_Packet]:
    """The pieces take the place of what is too big."""
    packets: list[_Packet] = []
    for number, (header, payload) in enumerate(datagrams):
        pieces = cut(header, payload, mtu, core.policy)
        if len(pieces) > 1:
            count = route.nic.counters.inc
            count("ipSystemStatsOutFragReqds")
            count("ipSystemStatsOutFragOKs")
            count("ipSystemStatsOutFragCreates", len(pieces))
        packets += (_Packet(number, *piece) for piece in pieces)
    return packets


def _hand_over(core: Core, route: Route, packets: list[_Packet]) -> Written:
    last = packets[-1].datagram
    leaving: list[_Packet] = []
    for packet in packets:
        kept = _pass_hooks(core, route, packet)
        if kept is not None:
            leaving.append(kept)
    dealt_with = len(packets) - len(leaving)
    written, reason = send.hand_over(
        core,
        route.nic,
        [build_ipv4(packet.header, packet.payload) for packet in leaving],
        next_hop=route.next_hop,
        cast=route.cast,
    )
    done = last + 1 if reason is None else leaving[written].datagram
    return Written(dealt_with + written, done, reason)


def _pass_hooks(core: Core, route: Route, packet: _Packet) -> _Packet | None:
    """Show a packet to the hooks of the way out; None when it is dealt with."""
    header, payload, passage = packet.header, packet.payload, None
    if core.hooks.output is not None:
        shown = hook_output.output(core, route, header, payload)
        if shown is None:
            return None
        way, header, payload, passage = shown
        if way.inside:
            octets = build_ipv4(header, payload)
            send.loop_back(core, way.nic, octets, built=True, passage=passage)
            return None
        if way.nic is not route.nic or way.next_hop != route.next_hop:
            # S10.12: routed anew.
            send.put_out(
                core, way.nic, header, payload,
                next_hop=way.next_hop, cast=way.cast, mtu=way.nic.mtu, passage=passage,
            )  # fmt: skip
            return None
    if core.hooks.postrouting is not None:
        left = hook_output.postrouting(core, route.nic, header, payload, passage, None)
        if left is None:
            return None
        header, payload = left
    return _Packet(packet.datagram, header, payload)

"""Forwarding datagrams to groups by the multicast table (S8.14, RFC 1112 §7, RFC 1812 §5.2.1.3).

No ICMP error is ever sent about a datagram to a group (RFC 1122 §3.2.2). A group that is joined on
the NIC of arrival is delivered as well; that is `receive`'s business.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from stack import forward, send
from stack.inbound import Cast
from stack.multicast_table import Event, MulticastRoute, News, Output
from stack.option_work import run_options
from stack.options import OptionProblem, Use, process
from stack.refusal import Reason, Refused
from stack.wire.address import as_address, is_link_local_multicast, is_multicast
from stack.wire.ipv4 import copy_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.core import Core
    from stack.inbound import Inbound
    from stack.nic import Nic


def runs(core: Core, inbound: Inbound) -> bool:
    """Answer whether datagrams to groups that come in here are forwarded at all."""
    return (
        core.multicast.on
        and core.policy.groups_apart
        and inbound.nic.multicast_forwarding
        and not inbound.looped
        # RFC 1112 §7.2, RFC 5771 §4: 224.0.0/24 never goes on, whatever its TTL.
        and not is_link_local_multicast(inbound.header.destination)
    )


def transit(core: Core, inbound: Inbound) -> None:
    """Forward a datagram to a group."""
    if inbound.link is Cast.BROADCAST and core.policy.mind_link_broadcast:
        # RFC 1812 §5.3.4: MUST NOT forward what was received as a link-layer broadcast.
        inbound.nic.counters.inc("ipSystemStatsInDiscards")
        return
    if not forward.source_may_travel(core, inbound):
        return
    inbound.nic.counters.inc("ipSystemStatsInForwDatagrams")
    if inbound.header.options and run_options(core, inbound, Use.VERIFY) is None:
        forward.failed(core, inbound.nic)
        return
    key = (inbound.header.source, inbound.header.destination)
    route = core.multicast.routes.get(key)
    if route is not None:
        _by_route(core, inbound, route)
    elif core.multicast.wait(key, _kept(inbound), core.now):
        forward.failed(core, inbound.nic, "Unrouteable")
    else:
        forward.failed(core, inbound.nic, "NoMulticastPendingQueueBufferSpace")


def _kept(inbound: Inbound) -> Inbound:
    """A copy that local delivery, which may follow, does not write into."""
    return replace(inbound, header=copy_header(inbound.header))


def _by_route(core: Core, inbound: Inbound, route: MulticastRoute) -> None:
    nic = inbound.nic
    if nic.number != route.input_nic:
        # RFC 1812 §5.2.1.3: received on the proper interface, or silently discarded.
        header = inbound.header
        core.multicast.events.append(
            Event(News.WRONG_INPUT, header.source, header.destination, nic.number, route.input_nic)
        )
        forward.failed(core, nic, "UnexpectedMulticastInputInterface")
        return
    for output in route.outputs:
        out = core.nics.get(output.nic)
        if out is None or not out.enabled:
            forward.failed(core, nic, "UnknownOutputEndpoint")
        elif _too_near(core, inbound, output):
            forward.failed(core, nic, "ExhaustedTTL")
        else:
            _send(core, inbound, out)


def _too_near(core: Core, inbound: Inbound, output: Output) -> bool:
    ttl = inbound.header.ttl
    # RFC 1122 §3.2.1.7: never sent with TTL 0, unless the policy lets it (S14.21).
    return ttl < output.least_ttl or ttl == 0 or (ttl == 1 and core.policy.ttl_one_expires)


def _send(core: Core, inbound: Inbound, out: Nic) -> None:
    header = copy_header(inbound.header)
    header.ttl -= 1
    if header.options:
        area = _stamped(core, inbound, out)
        if area is None:
            return
        header.options = area
    if not forward.let_pass(core, inbound, out, header):
        return
    out.counters.inc("ipSystemStatsOutForwDatagrams")
    refused = send.put_out(
        core,
        out,
        header,
        inbound.payload,
        next_hop=header.destination,
        cast=Cast.MULTICAST,
        mtu=out.mtu,
        about=inbound,
    )
    if refused is Reason.MESSAGE_TOO_LONG:
        forward.failed(core, inbound.nic, "PacketTooBig")
    elif refused is not None:
        forward.failed(core, inbound.nic, "OutgoingDeviceNoBufferSpace")


def _stamped(core: Core, inbound: Inbound, out: Nic) -> bytes | None:
    """The options with the entries of the NIC it leaves by (RFC 1812 §4.2.2.2).

    None when they cannot be made: the policy, or the addresses of the NIC, may be others now than
    when the datagram came in and was found sound.
    """
    result = process(
        inbound.header.options,
        use=Use.FORWARD,
        policy=core.policy,
        own_addresses=core.owns,
        stamp_address=out.addresses.main(),
        time_ms=core.time_of_day(),
    )
    return None if isinstance(result, OptionProblem) else result.area


class MulticastForwarding:
    """What a controller says and hears; `Node.multicast`.

    Off at start in every preset. Nothing is forwarded until the stack's switch, that of the NIC of
    arrival, and a route are there.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def on(self) -> bool:
        """The switch of the stack."""
        return self._core.multicast.on

    @on.setter
    def on(self, on: bool) -> None:
        if on and not self._core.policy.groups_apart:
            raise Refused(Reason.NOT_SUPPORTED)
        self._core.multicast.on = on

    def set_nic(self, nic: int, on: bool) -> None:
        """The switch of one NIC, for what arrives there."""
        self._nic(nic).multicast_forwarding = on

    def add_route(
        self, source: int | str, group: int | str, input_nic: int, outputs: Mapping[int, int]
    ) -> None:
        """Enter or replace a route. `outputs` gives each NIC its least TTL, 0 to 255.

        What waited for it goes on its way.
        """
        core = self._core
        key = as_address(source), as_address(group)
        if not core.multicast.on:
            raise Refused(Reason.NOT_PERMITTED)
        if not is_multicast(key[1]) or is_link_local_multicast(key[1]):
            raise Refused(Reason.BAD_ADDRESS)
        if not outputs or input_nic in outputs:
            raise Refused(Reason.INVALID_ARGUMENT)
        for nic in (input_nic, *outputs):
            self._nic(nic)
        if not all(0 <= least <= 255 for least in outputs.values()):
            raise Refused(Reason.INVALID_ARGUMENT)
        route = MulticastRoute(input_nic, tuple(Output(*each) for each in outputs.items()))
        core.multicast.routes[key] = route
        for waiting in core.multicast.take_waiting(key, core.now):
            _by_route(core, waiting, route)

    def remove_route(self, source: int | str, group: int | str) -> None:
        """Take a route away."""
        key = as_address(source), as_address(group)
        if self._core.multicast.routes.pop(key, None) is None:
            raise Refused(Reason.NO_ROUTE)

    def route(self, source: int | str, group: int | str) -> MulticastRoute | None:
        """Give the route of a source and group."""
        return self._core.multicast.routes.get((as_address(source), as_address(group)))

    def events(self) -> list[Event]:
        """Give the news since the last call, oldest first."""
        events = list(self._core.multicast.events)
        self._core.multicast.events.clear()
        return events

    def _nic(self, nic: int) -> Nic:
        port = self._core.nics.get(nic)
        if port is None:
            raise Refused(Reason.UNKNOWN_NIC)
        return port

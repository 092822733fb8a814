"""Running the options of a received datagram, and answering for what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import icmp_errors
from stack.options import OptionCounts, OptionProblem, OptionResult, Use, process
from stack.wire.icmp import PARAMETER_PROBLEM

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


def run_options(
    core: Core,
    inbound: Inbound,
    use: Use,
    *,
    stamp_address: int | None = None,
    take_hop: bool = False,
    count: bool = True,
) -> OptionResult | None:
    """Process the option area; None when the datagram had to be discarded.

    `stamp_address` is what goes into route and timestamp entries; without one it is the address
    of ours that the datagram was for (RFC 791 §3.1, RFC 1812 §4.2.2.2). With `count` off the
    options were counted by an earlier pass.
    """
    result = process(
        inbound.header.options,
        use=use,
        policy=core.policy,
        own_addresses=core.owns,
        stamp_address=stamp_address or inbound.local or None,
        time_ms=core.time_of_day(),
        take_source_route_hop=take_hop,
    )
    if count:
        _count(inbound, result.counts)
    if isinstance(result, OptionProblem):
        # RFC 4293: ipInHdrErrors has the errors found in processing the options.
        inbound.nic.counters.inc("ipSystemStatsInHdrErrors")
        inbound.nic.counters.inc("IP.MalformedPacketsReceived")
        core.counters.inc("MalformedRcvdPackets")
        if result.pointer is not None:
            # RFC 1122 §3.2.2.5: a host SHOULD generate Parameter Problem messages.
            icmp_errors.report(core, inbound, PARAMETER_PROBLEM, 0, pointer=result.pointer)
        return None
    inbound.area = result.area
    inbound.router_alert = result.router_alert
    route = result.source_route
    if route is not None and route.recorded:
        # RFC 1122 §3.2.1.8 (c): the way back is the recorded route reversed.
        icmp_errors.remember_return_route(inbound, route.recorded, route.type)
    return result


def _count(inbound: Inbound, counts: OptionCounts) -> None:
    count = inbound.nic.counters.inc
    count("IP.OptionTimestampReceived", counts.timestamp)
    count("IP.OptionRecordRouteReceived", counts.record_route)
    count("IP.OptionRouterAlertReceived", counts.router_alert)
    count("IP.OptionUnknownReceived", counts.unknown)

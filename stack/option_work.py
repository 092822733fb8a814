"""Running the options of a received datagram, and answering for what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import icmp_errors
from stack.inbound import Cast
from stack.options import OptionCounts, OptionProblem, OptionResult, Use, process
from stack.wire.address import is_multicast
from stack.wire.icmp import PARAMETER_PROBLEM

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


def run_options(core: Core, inbound: Inbound, use: Use) -> OptionResult | None:
    """Judge the option area of a received datagram, and write into it if the use is to.

    None when the datagram had to be discarded.
    """
    result = _process(core, inbound, use, None, take_hop=False)
    _count(inbound, result.counts)
    if isinstance(result, OptionProblem):
        _refuse(core, inbound, result.pointer)
        return None
    inbound.area = result.area
    inbound.router_alert = result.router_alert
    route = result.source_route
    if route is not None and route.recorded:
        # RFC 1122 §3.2.1.8 (c): the way back is the recorded route reversed.
        icmp_errors.remember_return_route(inbound, route.recorded, route.type)
    goes_on = route is not None and not route.is_complete
    if use is not Use.VERIFY and not goes_on and not core.policy.headers_as_received:
        _write_back(inbound)
    return result


def _refuse(core: Core, inbound: Inbound, pointer: int | None) -> None:
    if pointer is None:
        # S4.27: the only problem without ICMP is a missing address; nothing tells of it.
        return
    # RFC 4293: ipInHdrErrors has the errors found in processing the options.
    inbound.nic.counters.inc("ipSystemStatsInHdrErrors")
    inbound.nic.counters.inc("IP.MalformedPacketsReceived")
    if core.policy.option_problems_count_twice:
        core.counters.inc("MalformedRcvdPackets")
    # RFC 1122 §3.2.2.5: a host SHOULD generate Parameter Problem messages.
    icmp_errors.report(core, inbound, PARAMETER_PROBLEM, 0, pointer=pointer)


def _write_back(inbound: Inbound) -> None:
    """S4.12, S4.29: the new area over the old one; the header checksum stays as it was."""
    header = inbound.header
    end = header.header_length
    header.options = inbound.area
    inbound.octets = inbound.octets[:20] + inbound.area + inbound.octets[end:]


def rewrite_options(
    core: Core,
    inbound: Inbound,
    use: Use,
    *,
    stamp_address: int | None,
    take_hop: bool = False,
) -> OptionResult:
    """Make the area that goes out, from one that `run_options` found to be sound.

    `stamp_address` is what goes into route and timestamp entries; without one it is the address
    of ours that the datagram was for (RFC 791 §3.1, RFC 1812 §4.2.2.2).
    """
    result = _process(core, inbound, use, stamp_address, take_hop=take_hop)
    # Every use applies the same rules.
    assert isinstance(result, OptionResult)
    return result


def _process(
    core: Core, inbound: Inbound, use: Use, stamp_address: int | None, *, take_hop: bool
) -> OptionResult | OptionProblem:
    if core.policy.stamp_outgoing_address:
        stamp_address = stamp_address or inbound.local or None
    else:
        # S4.13: the main address of the arrival NIC, or what the datagram was sent to.
        stamp_address = inbound.nic.addresses.main()
        to_one = inbound.cast is Cast.UNICAST and not is_multicast(inbound.header.destination)
        if stamp_address is None and to_one:
            stamp_address = inbound.header.destination
    return process(
        inbound.header.options,
        use=use,
        policy=core.policy,
        own_addresses=core.owns,
        stamp_address=stamp_address,
        time_ms=core.time_of_day(),
        take_source_route_hop=take_hop,
    )


def _count(inbound: Inbound, counts: OptionCounts) -> None:
    count = inbound.nic.counters.inc
    count("IP.OptionTimestampReceived", counts.timestamp)
    count("IP.OptionRecordRouteReceived", counts.record_route)
    count("IP.OptionRouterAlertReceived", counts.router_alert)
    count("IP.OptionUnknownReceived", counts.unknown)

"""Running the options of a received datagram, and answering for what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import icmp_errors
from stack.counters import (
    OPTION_RECORD_ROUTE,
    OPTION_ROUTER_ALERT,
    OPTION_TIMESTAMP,
    OPTION_UNKNOWN,
)
from stack.inbound import UNICAST
from stack.options import OptionCounts, OptionProblem, OptionResult, Use, process
from stack.security_option import UNCLASSIFIED_OPTION, judge_security
from stack.wire import icmp
from stack.wire.address import is_multicast
from stack.wire.ipv4 import PROTOCOL_ICMP

_VERIFY: Final = Use.VERIFY
_RECEIVE: Final = Use.RECEIVE
_ECHO: Final = Use.ECHO
_ECHO_TYPE: Final = bytes((icmp.ECHO_REQUEST,))
_TIMESTAMP_TYPE: Final = bytes((icmp.TIMESTAMP,))

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound


def run_options(core: Core, inbound: Inbound, use: Use) -> OptionResult | None:
    """Judge the option area of a received datagram, and write into it if the use is to.

    With RECEIVE an echo request gets the ECHO use (S4.2). None when the datagram was discarded.
    """
    if use is _RECEIVE and _wants_reply(core, inbound):
        use = _ECHO
    result = _process(core, inbound, use, None, take_hop=False)
    _count(inbound, result.counts)
    if not isinstance(result, OptionResult):
        _refuse(core, inbound, result.pointer)
        return None
    inbound.router_alert = result.router_alert
    inbound.area = result.area
    if use is _ECHO:
        inbound.reply_area = result.area
        # S4.12: in the datagram itself what is left over becomes zero.
        inbound.area = result.area.ljust(len(inbound.header.options), b"\0")
    route = result.source_route
    if route is not None:
        icmp_errors.remember_return_route(core, inbound, route)
    goes_on = route is not None and not route.is_complete
    if use is not _VERIFY and not goes_on and not core.policy.headers_as_received:
        _write_back(inbound)
    return result


def _wants_reply(core: Core, inbound: Inbound) -> bool:
    """Whether this may be a request whose options go into the reply (S5.3, RFC 1122 §3.2.2.8)."""
    if inbound.header.protocol != PROTOCOL_ICMP:
        return False
    kind = inbound.payload[:1]
    return kind == _ECHO_TYPE or (kind == _TIMESTAMP_TYPE and core.policy.answer_timestamp)


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
    icmp_errors.report(core, inbound, icmp.PARAMETER_PROBLEM, 0, pointer=pointer)


def _write_back(inbound: Inbound) -> None:
    """S4.12, S4.29: the new area over the old one; the header checksum stays as it was."""
    header = inbound.header
    end = header.header_length
    header.options = inbound.area
    inbound.octets = inbound.octets[:20] + inbound.area + inbound.octets[end:]


def security_holds(core: Core, inbound: Inbound) -> bool:
    """Judge a datagram where the policy requires a basic security option (RFC 1108 §2.7.2)."""
    fault = judge_security(inbound.header.options)
    if fault is None:
        return True
    inbound.nic.counters.inc("ipSystemStatsInHdrErrors")
    inbound.nic.counters.inc("IP.MalformedPacketsReceived")
    if inbound.header.protocol != PROTOCOL_ICMP:
        # RFC 1108 §2.8: no response to ICMP; §2.8.1: the response is labelled.
        icmp_errors.report(
            core,
            inbound,
            icmp.PARAMETER_PROBLEM,
            fault.code,
            pointer=fault.pointer,
            options=UNCLASSIFIED_OPTION,
        )
    return False


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
    if stamp_address is None or not core.policy.stamp_outgoing_address:
        stamp_address = _own_address(core, inbound)
    return process(
        inbound.header.options,
        use=use,
        policy=core.policy,
        own_addresses=core.owns,
        stamp_address=stamp_address,
        time_ms=core.time_of_day(),
        take_source_route_hop=take_hop,
    )


def _own_address(core: Core, inbound: Inbound) -> int | None:
    """Our address for stamping (S4.13, S14.10)."""
    one = inbound.cast is UNICAST and not is_multicast(inbound.header.destination)
    if one and core.policy.stamp_outgoing_address:
        # The specific-destination address; in transit there is none, and nothing is written.
        return inbound.local or None
    main = inbound.nic.addresses.main()
    return inbound.header.destination if main is None and one else main


def _count(inbound: Inbound, counts: OptionCounts) -> None:
    numbers = inbound.nic.counters.numbers
    numbers[OPTION_TIMESTAMP] += counts.timestamp
    numbers[OPTION_RECORD_ROUTE] += counts.record_route
    numbers[OPTION_ROUTER_ALERT] += counts.router_alert
    numbers[OPTION_UNKNOWN] += counts.unknown

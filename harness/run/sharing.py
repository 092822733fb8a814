"""Which cases may run side by side on one host, and how long they wait: derived from the cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.case.model import Ambient, Case, Topology
from harness.case.packet import Fragments, Layer, Packet, Padded, Stimulus, Truncated
from harness.case.steps import (
    Advance,
    Call,
    Classify,
    Count,
    Expect,
    NothingReceived,
    Received,
    Send,
    Silence,
    Step,
)
from harness.case.symbols import ABSENT, FAR_ABSENT, FAR_NEIGHBOUR, NEIGHBOUR, NEIGHBOUR_2, Address
from harness.case.time import Duration
from harness.judge.counters import judged
from harness.run.bench import microseconds
from harness.target.base import Offers, TargetError

ON_LINK = frozenset({NEIGHBOUR, NEIGHBOUR_2, ABSENT, FAR_NEIGHBOUR, FAR_ABSENT})
"""Addresses of which a link has few: leased only to cases that name them."""
_OWN_SENDERS = ON_LINK | {None}
IGMP_QUERY = 0x11
WIDTH = (Topology.HOST, Topology.MULTIHOMED, Topology.ROUTER)
"""The links of each topology are links of the next."""


def all_steps(case: Case) -> tuple[Step, ...]:
    """Every step that a case may take, probe and control included."""
    return (*case.provided, *case.control, *case.steps)


def runs_alone(case: Case, offers: Offers) -> bool:
    """Whether a case touches what a whole host shares, so that no other may run beside it.

    That is: counters that are judged, IGMP (a query is for everybody), and the neighbour table's
    entries for the routers and for the target itself.
    """
    if case.counters is not None and offers.counters and judged(case.counters, offers):
        return True
    if case.about - {Ambient.ARP}:
        return True
    if case.mutes - ON_LINK:
        return True
    return any(
        layer.kind == "arp" and layer.get("sender") not in _OWN_SENDERS
        for step in all_steps(case)
        if isinstance(step, Send)
        for stimulus in step.stimuli
        for layer in layers_of(stimulus)
    )


def changes_igmp_version(case: Case) -> bool:
    """Whether a case sends a query of IGMP 1 or 2: then a host speaks that version for minutes."""
    return any(
        layer.kind == "igmp" and layer.get("type") == IGMP_QUERY and layer.get("more") is None
        for step in all_steps(case)
        if isinstance(step, Send)
        for stimulus in step.stimuli
        for layer in layers_of(stimulus)
    )


def leaves_reports(case: Case) -> bool:
    """Whether the host may go on to report groups after the case: no counter stands still then."""
    return Ambient.IGMP in case.about or "join" in case.calls


def layers_of(stimulus: Stimulus) -> tuple[Layer, ...]:
    """The layers of whatever is sent."""
    match stimulus:
        case Layer():
            return (stimulus,)
        case Packet():
            return stimulus.layers
        case Fragments(datagram=packet) | Truncated(packet=packet) | Padded(packet=packet):
            return packet.layers


def uses_on_link(case: Case) -> bool:
    """Whether a case names an address of which a link has few."""
    named = case.mutes | {a for step in all_steps(case) for a in _addresses(step)}
    # Where a router is mute, sentinels come from an address on the link.
    return bool(named & ON_LINK) or bool(case.mutes) or sends_arp(case)


def widest(*topologies: Topology) -> Topology:
    """The topology whose links are those of all the others and more."""
    return max(topologies, key=WIDTH.index)


def names(case: Case, symbol: Address) -> bool:
    """Whether a case says an address anywhere."""
    return symbol in case.mutes or any(symbol in _addresses(step) for step in all_steps(case))


def sends_arp(case: Case) -> bool:
    """Whether a case sends ARP packets: their sender is NEIGHBOUR unless it is given."""
    return any(
        layer.kind == "arp"
        for step in all_steps(case)
        if isinstance(step, Send)
        for stimulus in step.stimuli
        for layer in layers_of(stimulus)
    )


def _addresses(value: Any) -> Iterator[Address]:
    """The address symbols anywhere inside a step."""
    if isinstance(value, Address):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _addresses(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _addresses(getattr(value, name))


def longest_seconds(case: Case, timers: Mapping[str, float]) -> float:
    """At most how long the steps of a case wait, in seconds; sentinels are answered at once.

    A time that the profile does not say counts for nothing: the case says so when it runs.
    """
    return sum(_waits(step, timers) for step in all_steps(case)) / 1_000_000


def _waits(step: Step, timers: Mapping[str, float]) -> int:
    match step:
        case Advance(duration=duration):
            return _known(duration, timers)
        case Silence(within=within) | Count(within=within) | Expect(within=within):
            return _known(within, timers)
        case Classify(within=within) | Received(within=within) | NothingReceived(within=within):
            return _known(within, timers)
        case Call(within=waited) if waited is not None:
            return _known(waited, timers)
    return 0


def _known(duration: Duration, timers: Mapping[str, float]) -> int:
    try:
        return microseconds(duration, timers)
    except TargetError:
        return 0

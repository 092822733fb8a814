"""What a case is: a value, built once at import, holding no I/O and no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from harness.case.steps import Call, NothingReceived, Received, Step
from harness.case.symbols import FAR, NEAR, Address

CounterChanges: TypeAlias = tuple[tuple[str, int], ...]
"""Counter names (MIB objects of RFC 4293 and 4113) and by how much each moves."""

CASE_ID = re.compile(r"(?:rfc\d+|sockets)-[a-z0-9.]+(?:-[a-z0-9.]+)+")


class Topology(Enum):
    """What is wired to what."""

    HOST = "host"
    """One link; a default route to the tester."""
    MULTIHOMED = "multihomed"
    """Two links; no forwarding."""
    ROUTER = "router"
    """Two links; forwarding on; routes to the tester's networks on both sides, no default."""


class Ambient(Enum):
    """Traffic that belongs to nobody unless a case is about it."""

    ARP = "arp"
    IGMP = "igmp"
    GATEWAY = "gateway"
    """Datagrams that the target sends to the tester's routers themselves."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the target must be set to before the case; `on` names the link, if one."""

    name: str
    value: Any
    on: int | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """The tester does not answer ARP for one of its addresses during the case."""

    address: Address


Given: TypeAlias = Setting | Mute


def mtu(octets: int, *, on: int = NEAR) -> Setting:
    """The MTU of a link, in octets of IP packet."""
    return Setting("mtu", octets, on)


def source_routing(policy: str) -> Setting:
    """What the target does with source routes: "none", "host" or "forward"."""
    return Setting("source_routing", policy)


def default_ttl(ttl: int) -> Setting:
    """The TTL that the target gives to what it originates."""
    return Setting("default_ttl", ttl)


def no_default_route() -> Setting:
    """A host without any gateway."""
    return Setting("default_route", value=False)


def default_route() -> Setting:
    """A router with a default route by GATEWAY; it has none otherwise."""
    return Setting("default_route", value=True)


def second_gateway() -> Setting:
    """A second default route, by GATEWAY_2, less preferred."""
    return Setting("second_gateway", value=True)


def forwarding(enabled: bool) -> Setting:
    """Forwarding between links, where it is not the topology's own choice."""
    return Setting("forwarding", enabled)


def arp_lifetime(seconds: int) -> Setting:
    """How long the target trusts a learned neighbour without hearing of it."""
    return Setting("arp_lifetime", seconds)


def mute(address: Address) -> Mute:
    """The tester leaves ARP requests for this address unanswered."""
    return Mute(address)


@dataclass(frozen=True, slots=True)
class Case:
    """One test purpose.

    Attributes:
        id: `rfc<n>-<section>-<phrase>`, for ever; `sockets-...` where no RFC says what is asked.
        cites: catalogue ids that the outcome is about; steps may cite others.
        title: the situation and the outcome, in the present tense.
        steps: what happens, in order.
        control: the same stimulus without the defect, and its answer. It runs first; without
            the answer the case is inconclusive. A case that wants silence has one, or
            `no_control` says why it cannot.
        provided: steps that show that the target has an optional service; unanswered, the case
            is not applicable.
        topology: what is wired to what.
        given: what target and tester must be set to.
        counters: how counters move over the steps; what is not named must not move on targets
            whose counters are closed.
        about: ambient traffic that counts as the case's own.
        rest_is_free: frames that nobody expected are nobody's business.
        must_survive: no life after the steps is a failure of the cited requirement.
    """

    id: str
    cites: str | tuple[str, ...]
    title: str
    steps: tuple[Step, ...]
    control: tuple[Step, ...] = ()
    no_control: str | None = None
    provided: tuple[Step, ...] = ()
    topology: Topology = Topology.HOST
    given: tuple[Given, ...] = ()
    counters: CounterChanges | None = None
    about: frozenset[Ambient] = field(default_factory=frozenset)
    rest_is_free: bool = False
    must_survive: bool = False

    def __post_init__(self) -> None:
        if not CASE_ID.fullmatch(self.id):
            raise ValueError(f"{self.id!r} is not a case id: rfc<n>-<section>-<phrase>")
        if not self.steps:
            raise ValueError(f"{self.id}: a case has at least one step")

    @property
    def requirements(self) -> tuple[str, ...]:
        """The catalogue ids that the case as a whole is about."""
        return (self.cites,) if isinstance(self.cites, str) else self.cites

    @property
    def settings(self) -> tuple[Setting, ...]:
        """What the target must be set to."""
        return tuple(given for given in self.given if isinstance(given, Setting))

    @property
    def mutes(self) -> frozenset[Address]:
        """Tester addresses that do not answer ARP."""
        return frozenset(given.address for given in self.given if isinstance(given, Mute))

    @property
    def calls(self) -> frozenset[str]:
        """The upper-tester operations that the case needs."""
        needed = set()
        for step in (*self.provided, *self.control, *self.steps):
            if isinstance(step, Call):
                needed.add(step.operation)
            elif isinstance(step, Received | NothingReceived):
                needed.add("errors" if step.errors else "receive")
        return frozenset(needed)

    @property
    def links(self) -> tuple[int, ...]:
        """The links of the topology."""
        return (NEAR,) if self.topology is Topology.HOST else (NEAR, FAR)


def counters(**changes: int) -> CounterChanges:
    """Counter changes by MIB name; a message type is written `icmpMsgStatsInPkts_8`."""
    return tuple((name.replace("_", "."), change) for name, change in changes.items())


def merged(*changes: CounterChanges) -> CounterChanges:
    """Counter changes added up."""
    total: dict[str, int] = {}
    for part in changes:
        for name, change in part:
            total[name] = total.get(name, 0) + change
    return tuple(total.items())


def echo_served(times: int = 1) -> CounterChanges:
    """What `times` whole echo requests, each answered by one packet, move."""
    return counters(
        ipSystemStatsInReceives=times,
        ipSystemStatsInDelivers=times,
        ipSystemStatsOutRequests=times,
        ipSystemStatsOutTransmits=times,
        icmpStatsInMsgs=times,
        icmpMsgStatsInPkts_8=times,
        icmpStatsOutMsgs=times,
        icmpMsgStatsOutPkts_0=times,
    )


def error_sent(type_: int) -> CounterChanges:
    """What one ICMP error of a type moves besides what its cause moved."""
    return (
        ("ipSystemStatsOutRequests", 1),
        ("ipSystemStatsOutTransmits", 1),
        ("icmpStatsOutMsgs", 1),
        (f"icmpMsgStatsOutPkts.{type_}", 1),
    )

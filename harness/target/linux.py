"""Target `linux`: the running kernel, in a network namespace for each laboratory.

    tester's namespace          target's namespace
    near (no address) --------- near 192.0.2.1/24       default route by 192.0.2.254
    far  (no address) --------- far  198.51.100.1/24    198.19.0.0/16 by 198.51.100.254

The far link is that of multihomed hosts and routers; a router has no default route but one to
198.18.0.0/16 on the near side. The tester's namespace has no address and no IPv6: its kernel
stays silent, and every frame from there is the tester's. Offloads are off at both ends, so that
frames are what the stack made.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from harness.addresses import LinkPlan
from harness.case.model import Setting, Topology
from harness.case.symbols import FAR, NEAR
from harness.link import offloads
from harness.link.af_packet import PacketLink
from harness.target.base import (
    Answer,
    Configuration,
    Counters,
    Link,
    Offers,
    TargetError,
    Unsettable,
    Upper,
)
from harness.target.linux_counters import exact_of, parsed, read_counters
from harness.target.namespaces import Namespace
from harness.target.profile import Profile
from harness.upper.launch import LaunchedUpper

NAMES: Final = ("near", "far")
"""The links, at both ends."""
TARGET_MACS: Final = (bytes.fromhex("024950340001"), bytes.fromhex("024950340002"))
TESTER_MACS: Final = (bytes.fromhex("025400000001"), bytes.fromhex("025400000002"))
"""Of the tester's interfaces; the tester itself uses others (`harness.addresses`)."""

NEAR_LINK: Final = LinkPlan(
    name="near",
    target="192.0.2.1",
    prefix_length=24,
    gateway="192.0.2.254",
    second_gateway="192.0.2.253",
    neighbours=tuple(f"192.0.2.{number}" for number in range(10, 200)),
    absent=tuple(f"192.0.2.{number}" for number in range(200, 240)),
    remotes="198.18.0.0/16",
    target_mac=TARGET_MACS[NEAR],
)
FAR_LINK: Final = LinkPlan(
    name="far",
    target="198.51.100.1",
    prefix_length=24,
    gateway="198.51.100.254",
    second_gateway="198.51.100.253",
    neighbours=tuple(f"198.51.100.{number}" for number in range(10, 200)),
    absent=tuple(f"198.51.100.{number}" for number in range(200, 240)),
    remotes="198.19.0.0/16",
    target_mac=TARGET_MACS[FAR],
)

SOURCE_ROUTING: Final[Mapping[str, int]] = MappingProxyType({"none": 0, "host": 1, "forward": 1})
"""accept_source_route for each policy."""


class LinuxTarget:
    """The running kernel.

    Raises:
        TargetError: the right to make namespaces is missing.
    """

    virtual = False
    side_by_side = True

    def __init__(self, profile: Profile) -> None:
        Namespace().close()
        self.name = profile.name
        self.timers: Mapping[str, float] = profile.timers
        self.offers: Offers = replace(profile.offers, exact_counters=_exact_here())
        self._profile = profile
        self._open: list[LinuxLaboratory] = []

    def laboratory(self, configuration: Configuration) -> LinuxLaboratory:
        """Two namespaces and the links between them, set up as asked.

        Raises:
            TargetError: it can't be set up.
        """
        laboratory = LinuxLaboratory(configuration, self._profile.sysctl, self._open.remove)
        self._open.append(laboratory)
        return laboratory

    def describe(self) -> Mapping[str, Any]:
        """The kernel and what it is told, for the report."""
        kernel = os.uname()
        return {
            "kernel": f"{kernel.sysname} {kernel.release}",
            "build": kernel.version,
            "machine": kernel.machine,
            "link": "veth, offloads off",
            "sysctl": {f"net/{name}": value for name, value in self._profile.sysctl.items()},
        }

    def close(self) -> None:
        """Close the laboratories that are still open."""
        for laboratory in tuple(self._open):
            laboratory.close()


class LinuxLaboratory:
    """Two namespaces, the links between them, and an upper tester once somebody calls it."""

    links: tuple[LinkPlan, ...]
    wires: tuple[Link, ...]
    upper: Upper | None

    def __init__(
        self,
        configuration: Configuration,
        sysctl: Mapping[str, int | str],
        on_close: Callable[[LinuxLaboratory], None],
    ) -> None:
        self.configuration = configuration
        self._sysctl = sysctl
        self._on_close = on_close
        self._resources = ExitStack()
        self._closed = False
        self._build()

    def counters(self) -> Counters:
        """The counters of the target's namespace."""
        return read_counters(self._tables)

    def restart(self) -> bool:
        """Make everything anew: `wires` and `upper` are others afterwards."""
        self._resources.close()
        self._build()
        return True

    def close(self) -> None:
        """Take it all away; harmless when called twice."""
        if not self._closed:
            self._closed = True
            self._resources.close()
            self._on_close(self)

    def _build(self) -> None:
        wanted = Wanted(self.configuration)
        with ExitStack() as stack:
            tester, target = Namespace(), Namespace()
            stack.callback(target.close)
            stack.callback(tester.close)
            _wire(tester, target, wanted)
            _set_up(target, wanted, self._sysctl)
            with tester.network() as network:
                for plan in wanted.links:
                    network.await_carrier(plan.name)
            # The membership that a link asks for waits for the kernel to have finished with it.
            with tester.entered():
                wires = tuple(PacketLink(plan.name) for plan in wanted.links)
            for wire in wires:
                stack.callback(wire.close)
            self._tables = tuple(target.table(name) for name in ("snmp", "netstat"))
            for table in self._tables:
                stack.callback(os.close, table)
            upper = LazyUpper(target)
            stack.callback(upper.close)
            self.links, self.wires, self.upper = wanted.links, wires, upper
            self._resources = stack.pop_all()


class LazyUpper:
    """The upper tester in a namespace, started by the first call."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._launched: LaunchedUpper | None = None

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Answer:
        """Make a call.

        Raises:
            TargetError: the agent can't be started, or lacks the call.
            TargetGone: the agent does not answer any more.
        """
        if self._launched is None:
            self._launched = LaunchedUpper(self._namespace.path)
        return self._launched.upper.call(operation, arguments)

    @property
    def process(self) -> int | None:
        """The agent's process id; None before the first call."""
        return None if self._launched is None else self._launched.process

    def close(self) -> None:
        """End the agent, if it was ever started."""
        if self._launched is not None:
            self._launched.close()


class Wanted:
    """What a configuration means for a Linux namespace.

    Raises:
        TargetError: Linux can't be set so.
    """

    def __init__(self, configuration: Configuration) -> None:
        topology = configuration.topology
        self.links: tuple[LinkPlan, ...] = (
            (NEAR_LINK,) if topology is Topology.HOST else (NEAR_LINK, FAR_LINK)
        )
        self.router = topology is Topology.ROUTER
        self.forwarding = self.router
        self.default_route = not self.router
        self.second_gateway = False
        self.after: dict[str, int | str] = {}
        """What is set last, by name below net/."""
        for setting in configuration.settings:
            self._take(setting)
        self.after["ipv4/ip_forward"] = int(self.forwarding)

    def _take(self, setting: Setting) -> None:
        match setting:
            case Setting("mtu", int() as octets, on):
                self._take_mtu(octets, on or NEAR)
            case Setting("default_ttl", int() as ttl):
                self.after["ipv4/ip_default_ttl"] = ttl
            case Setting("default_route", bool() as wanted):
                self.default_route = wanted
                if not wanted:
                    near = replace(self.links[NEAR], gateway=None, remotes=None)
                    self.links = (near, *self.links[1:])
            case Setting("second_gateway", bool() as wanted):
                self.second_gateway = wanted
            case Setting("forwarding", bool() as wanted):
                self.forwarding = wanted
            case Setting("arp_lifetime", int() as seconds):
                self._take_arp_lifetime(seconds)
            case Setting("source_routing", str() as policy) if policy in SOURCE_ROUTING:
                self._take_source_routing(policy)
            case _:
                raise Unsettable(f"linux can't be set to {setting.name} = {setting.value}")

    def _take_mtu(self, octets: int, on: int) -> None:
        if on >= len(self.links):
            raise Unsettable(f"linux has no link {on} in this topology to set the MTU of")
        self.links = tuple(
            replace(plan, mtu=octets) if number == on else plan
            for number, plan in enumerate(self.links)
        )

    def _take_arp_lifetime(self, seconds: int) -> None:
        # The kernel draws the lifetime between half and one and a half of the base, and then
        # gives other layers a while to confirm the neighbour before it asks.
        self.after["ipv4/neigh/*/base_reachable_time_ms"] = seconds * 1000 * 2 // 3
        self.after["ipv4/neigh/*/delay_first_probe_time"] = 0

    def _take_source_routing(self, policy: str) -> None:
        if policy == "forward" and not self.router:
            raise Unsettable("linux follows source routes for others as a router only")
        self.after["ipv4/conf/*/accept_source_route"] = SOURCE_ROUTING[policy]


def _wire(tester: Namespace, target: Namespace, wanted: Wanted) -> None:
    for namespace in (tester, target):
        for scope in ("all", "default"):
            namespace.set(f"ipv6/conf/{scope}/disable_ipv6", 1)
    with tester.network() as network:
        for number, plan in enumerate(wanted.links):
            network.add_pair(plan.name, TESTER_MACS[number], plan.name, TARGET_MACS[number], target)
            network.set_mtu(plan.name, plan.mtu)
    for namespace in (tester, target):
        with namespace.entered():
            for plan in wanted.links:
                _offloads_off(plan.name)
    with tester.network() as network:
        for plan in wanted.links:
            network.bring_up(plan.name)


def _offloads_off(interface: str) -> None:
    left = offloads.switch_off(interface)
    if left:
        raise TargetError(f"{interface}: {left[0].name} can't be switched off")


def _set_up(target: Namespace, wanted: Wanted, sysctl: Mapping[str, int | str]) -> None:
    _set_all(target, sysctl, wanted.links)
    _set_all(target, wanted.after, wanted.links)
    with target.network() as network:
        network.bring_up("lo")
        for plan in wanted.links:
            network.set_mtu(plan.name, plan.mtu)
            network.add_address(plan.name, plan.target, plan.prefix_length)
            network.bring_up(plan.name)
        for destination, gateway in _routes(wanted):
            network.add_route(destination, gateway)


def _routes(wanted: Wanted) -> Iterator[tuple[str, str]]:
    """Destination and gateway of each route that is not a link's own, preferred ones first."""
    near, *others = wanted.links
    if wanted.router and near.remotes is not None:
        yield near.remotes, _given(near.gateway)
    if wanted.default_route:
        yield "0.0.0.0/0", _given(near.gateway)
    if wanted.second_gateway:
        yield "0.0.0.0/0", _given(near.second_gateway)
    for link in others:
        yield _given(link.remotes), _given(link.gateway)


def _given(text: str | None) -> str:
    if text is None:
        raise TargetError("a link of linux lacks an address")
    return text


def _set_all(target: Namespace, sysctl: Mapping[str, int | str], links: Iterable[LinkPlan]) -> None:
    """Set what the kernel has; older kernels lack some, newer ones may have lost some."""
    scopes = ("all", "default", *(plan.name for plan in links))
    for name, value in sysctl.items():
        for scope in scopes if "*" in name else ("",):
            target.set(name.replace("*", scope), value)


def _exact_here() -> frozenset[str]:
    return exact_of(parsed(Path("/proc/thread-self/net/snmp").read_text()))

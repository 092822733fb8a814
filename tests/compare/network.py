"""What both sides are set to: the plan of the bundled stack, and who is there."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

from harness.addresses import LinkPlan, tester_mac
from harness.case.model import Setting, Topology
from harness.case.symbols import FAR
from harness.target.base import Configuration
from harness.target.bundled import BundledLaboratory
from stack.policy import RFC

UDP_PORTS: Final = (20000, 20001)
"""Somebody listens: the port that the cases open, and the one after it."""
RAW_PROTOCOL: Final = 41
"""A raw socket takes it, so that nobody says Protocol Unreachable."""
GROUP: Final = "233.252.0.1"
"""Joined on the near link; the cases' own group."""
FAR_MTU: Final = 620
"""Of a router's far link: what comes from the near one must be cut. No multiple of eight."""
WATCHER: Final = 199
"""The last octet of the sentinel's source on each link; nobody in the corpus uses it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One topology: its links and routes (destination, gateway)."""

    topology: Topology
    links: tuple[LinkPlan, ...]
    routes: tuple[tuple[str, str], ...]

    @property
    def own(self) -> frozenset[str]:
        """The addresses of the target."""
        return frozenset(link.target for link in self.links)


def configuration(topology: Topology) -> Configuration:
    """What the bundled laboratory is asked for: what Linux is told by its own switches."""
    if topology is not Topology.ROUTER:
        return Configuration(topology)
    settings = (Setting("source_routing", "forward"), Setting("mtu", FAR_MTU, FAR))
    return Configuration(topology, settings)


def plan(topology: Topology) -> Plan:
    """The plan of a topology, read off the bundled laboratory."""
    links = BundledLaboratory(configuration(topology), RFC).links
    near, *others = links
    routes = [(str(link.remotes), str(link.gateway)) for link in others]
    if topology is Topology.ROUTER:
        routes.append((str(near.remotes), str(near.gateway)))
    else:
        routes.append(("0.0.0.0/0", str(near.gateway)))
    return Plan(topology, links, tuple(routes))


def neighbours(link: LinkPlan) -> tuple[tuple[str, bytes], ...]:
    """Every other address of the subnet and its link address: nobody has to be asked for.

    The lowest one is among them: where it is taken for a host's, no question shall blur that.
    """
    first = int(link.subnet.network_address)
    there = (str(IPv4Address(first + last)) for last in range(link.subnet.num_addresses - 1))
    return tuple((address, tester_mac(address)) for address in there if address != link.target)


def watcher(link: LinkPlan) -> str:
    """The sentinel's source on a link."""
    return str(IPv4Address(int(link.subnet.network_address) + WATCHER))

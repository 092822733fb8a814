"""The bundled reference stack as a target. The only module of the harness that imports it.

It gets no shortcut: what the tester learns of it are frames, calls and counters.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.addresses import LinkPlan
from harness.case.model import Setting, Topology
from harness.case.symbols import FAR, NEAR
from harness.target.base import (
    Configuration,
    Counters,
    Laboratory,
    TargetError,
    Upper,
)
from harness.target.profile import Profile
from stack import choices, policy
from stack.node import Node
from stack.policy import Policy

SEED = 0x1994
"""Runs repeat octet for octet."""
NOON_MS = 43_200_000
_NEAR_LINK = LinkPlan(
    name="near",
    target="192.0.2.1",
    prefix_length=24,
    gateway="192.0.2.254",
    second_gateway="192.0.2.253",
    neighbours=tuple(f"192.0.2.{last}" for last in range(10, 200)),
    absent=tuple(f"192.0.2.{last}" for last in range(200, 240)),
    remotes="198.18.0.0/16",
    target_mac=bytes.fromhex("020000000001"),
)
_FAR_LINK = LinkPlan(
    name="far",
    target="198.51.100.1",
    prefix_length=24,
    gateway="198.51.100.254",
    second_gateway=None,
    neighbours=tuple(f"198.51.100.{last}" for last in range(10, 200)),
    absent=tuple(f"198.51.100.{last}" for last in range(200, 240)),
    remotes="198.19.0.0/16",
    target_mac=bytes.fromhex("020000000002"),
)


class BundledTarget:
    """The reference stack under one of its policies, as a profile says."""

    virtual = True
    side_by_side = True

    def __init__(self, profile: Profile) -> None:
        """Raises TargetError when the profile names a policy that the stack does not have."""
        self.name = profile.name
        self.offers = profile.offers
        self.timers: Mapping[str, float] = profile.timers
        chosen = getattr(policy, profile.options.get("policy", "RFC"), None)
        if not isinstance(chosen, Policy):
            raise TargetError(f"profile {profile.path}: no such policy of the bundled stack")
        self._policy = _with_igmp(chosen, profile)
        self._profile = profile

    def laboratory(self, configuration: Configuration) -> Laboratory:
        """A fresh node on fresh links, its clock at zero."""
        return BundledLaboratory(configuration, self._policy, fixed=self._profile.settings.keys())

    def describe(self) -> Mapping[str, Any]:
        """What is judged, for the report."""
        return {
            "kind": "bundled",
            "description": self._profile.description,
            "profile": self._profile.path.name,
            "policy": self._profile.options.get("policy", "RFC"),
            "igmp": str(self._policy.igmp_version),
            "settings": dict(self._profile.settings),
            "clock": "virtual",
            "timers": dict(self.timers),
        }

    def close(self) -> None:
        """Nothing is held between cases."""


class BundledLaboratory:
    """One node, one tester, a loopback pair of links for each NIC."""

    time_of_day_ms = NOON_MS

    def __init__(
        self, configuration: Configuration, chosen: Policy, *, fixed: Collection[str] = ()
    ) -> None:
        """`fixed` names settings that are the policy's alone, whatever is asked for."""
        self.configuration = configuration
        settings = {(s.name, s.on): s.value for s in configuration.settings}
        self._node = Node(
            _policy(chosen, [each for each in configuration.settings if each.name not in fixed]),
            random=random.Random(SEED),
            time_of_day_ms=NOON_MS,
        )
        links = [_NEAR_LINK]
        if configuration.topology is not Topology.HOST:
            links.append(_FAR_LINK)
        if not settings.get(("default_route", None), True):
            links[NEAR] = replace(_NEAR_LINK, gateway=None, remotes=None)
        self.links = tuple(
            replace(link, mtu=settings.get(("mtu", number), link.mtu))
            for number, link in enumerate(links)
        )
        for number, link in enumerate(self.links):
            self._node.add_nic(number, mac=link.target_mac, mtu=link.mtu)
            self._node.add_address(number, link.target, link.prefix_length)
            self._node.add_route(str(link.subnet), number)
        self._routes(settings)
        self._node.forwarding = bool(
            settings.get(("forwarding", None), configuration.topology is Topology.ROUTER)
        )
        ttl = settings.get(("default_ttl", None))
        if ttl is not None:
            self._node.default_ttl = ttl
        self._upper: Upper | None = None

    @property
    def upper(self) -> Upper:
        """The upper tester: calls into the node's sockets."""
        if self._upper is None:
            from harness.upper.bundled import NodeUpper

            self._upper = NodeUpper(self._node, [link.target for link in self.links])
        return self._upper

    def _routes(self, settings: Mapping[tuple[str, int | None], Any]) -> None:
        near = self.links[NEAR]
        if self.configuration.topology is Topology.ROUTER:
            for number, link in enumerate(self.links):
                if link.remotes is not None:
                    self._node.add_route(link.remotes, number, gateway=link.gateway)
            if settings.get(("default_route", None), False):
                self._node.add_route("0.0.0.0/0", NEAR, gateway=near.gateway)
            return
        # The longer prefix first: a policy may go by the order of the table.
        if len(self.links) > FAR:
            far = self.links[FAR]
            self._node.add_route(str(far.remotes), FAR, gateway=far.gateway)
        if settings.get(("default_route", None), True):
            self._node.add_route("0.0.0.0/0", NEAR, gateway=near.gateway, preference=1)
        if settings.get(("second_gateway", None), False):
            self._node.add_route("0.0.0.0/0", NEAR, gateway=near.second_gateway, preference=0)

    def inject(self, link: int, frame: bytes, now: int) -> None:
        """Give the node a frame.

        The link carries no more than its MTU and an Ethernet header would on a real wire: a
        longer frame is the case's wish and goes in as it is.
        """
        self._node.receive(link, frame, now)

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        """The frames that the node sends by now."""
        return self._node.poll(now)

    def next_deadline(self) -> int | None:
        """The node's next timer."""
        return self._node.next_deadline()

    def counters(self) -> Counters | None:
        """The node's counters by MIB name."""
        return self._node.counters.mib()

    def close(self) -> None:
        """Nothing to give back."""


def _with_igmp(chosen: Policy, profile: Profile) -> Policy:
    """The policy with IGMP switched as the profile says.

    Raises:
        TargetError: the policy knows no such version.
    """
    wanted = profile.options.get("igmp", str(chosen.igmp_version))
    if wanted not in ("0", "2", "3") or (wanted == "3" and not chosen.igmp_version_3_known):
        raise TargetError(f"profile {profile.path}: no IGMP of version {wanted} under this policy")
    return replace(chosen, igmp_version=int(wanted))


def _policy(chosen: Policy, settings: Sequence[Setting]) -> Policy:
    """The policy with what a case asks for."""
    for setting in settings:
        if setting.name == "source_routing":
            chosen = replace(chosen, source_route=choices.SourceRouting[setting.value.upper()])
        if setting.name == "arp_lifetime":
            # The stack draws the lifetime between half and one and a half of the base.
            chosen = replace(chosen, neighbour_lifetime=setting.value * 1_000_000 * 2 // 3)
    return chosen

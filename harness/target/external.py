"""Target `external`: a stack on a cable, as it is.

The tester can't set it to anything: what its profile states as fixed is all that cases may ask
for. There is one of it, so one laboratory is open at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

from harness.addresses import LinkPlan
from harness.case.model import Topology
from harness.case.symbols import NEAR
from harness.link.af_packet import PacketLink
from harness.target.base import (
    Configuration,
    Counters,
    Link,
    Offers,
    TargetError,
    TargetGone,
    Upper,
)
from harness.target.preflight import examine
from harness.target.profile import Profile
from harness.target.topology import short_link
from harness.upper.client import UnixUpper

TWO_LINKS: Final = frozenset({Topology.MULTIHOMED.value, Topology.ROUTER.value})


def links_of(
    profile: Profile,
    interface: str | None,
    target_address: str | None,
    tester_addresses: str | None,
) -> tuple[LinkPlan, ...]:
    """The links of the profile, or the one that the command line describes.

    An interface alone replaces that of a profile with one link.

    Raises:
        TargetError: neither describes a link.
    """
    if target_address is None and tester_addresses is None:
        if not profile.links:
            raise TargetError(
                f"{profile.name} needs --interface, --target-address and --tester-addresses, "
                f"or a profile with [[link]] tables"
            )
        if interface is None:
            return profile.links
        if len(profile.links) > 1:
            raise TargetError("--interface is for profiles with one link")
        return (replace(profile.links[NEAR], name=interface),)
    if interface is None or target_address is None or tester_addresses is None:
        raise TargetError(
            "--interface, --target-address and --tester-addresses describe a link together"
        )
    return (short_link(interface, target_address, tester_addresses),)


class ExternalTarget:
    """A stack on a cable.

    Raises:
        TargetError: the profile claims what can't be, or the preflight found trouble.
    """

    virtual = False
    side_by_side = False

    def __init__(self, profile: Profile, links: tuple[LinkPlan, ...]) -> None:
        self.name = profile.name
        self.timers: Mapping[str, float] = profile.timers
        self.offers = _offers(profile, links)
        self._profile = profile
        self._resources = ExitStack()
        self._open: ExternalLaboratory | None = None
        with ExitStack() as stack:
            self._upper: UnixUpper | None = None
            if "upper" in profile.options:
                self._upper = _met(profile.options["upper"])
                stack.callback(self._upper.close)
            self.links = tuple(examine(link, self._upper) for link in links)
            self._resources = stack.pop_all()

    def laboratory(self, configuration: Configuration) -> ExternalLaboratory:
        """The target on its links.

        Raises:
            TargetError: another laboratory is open, or a link went away.
        """
        if self._open is not None:
            raise TargetError(f"{self.name} is one target: its laboratories come one by one")
        links = self.links[:1] if configuration.topology is Topology.HOST else self.links
        self._open = ExternalLaboratory(configuration, links, self._upper, self._let_go)
        return self._open

    def describe(self) -> Mapping[str, Any]:
        """What the profile states and the preflight found, for the report."""
        return {
            "description": self._profile.description,
            "profile": str(self._profile.path),
            "settings": dict(self._profile.settings),
            "links": [_described(link) for link in self.links],
        }

    def close(self) -> None:
        """Close what is open; the target itself is left as it is."""
        if self._open is not None:
            self._open.close()
        self._resources.close()

    def _let_go(self) -> None:
        self._open = None


class ExternalLaboratory:
    """The target on its links, as it is."""

    upper: Upper | None
    wires: tuple[Link, ...]

    def __init__(
        self,
        configuration: Configuration,
        links: tuple[LinkPlan, ...],
        upper: Upper | None,
        on_close: Callable[[], None],
    ) -> None:
        self.configuration = configuration
        self.links = links
        self.upper = upper
        self._resources = ExitStack()
        with ExitStack() as stack:
            stack.callback(on_close)
            wires = tuple(PacketLink(link.name) for link in links)
            for wire in wires:
                stack.callback(wire.close)
            self.wires = wires
            self._resources = stack.pop_all()

    def counters(self) -> Counters | None:
        """None: it shows none."""
        return None

    def restart(self) -> bool:
        """False: that is beyond the tester."""
        return False

    def close(self) -> None:
        """Let go of the links; harmless when called twice."""
        self._resources.close()


def _met(path: str) -> UnixUpper:
    """The upper tester at a path, which refuses what nobody has."""
    try:
        upper = UnixUpper(path)
        try:
            upper.check_honesty()
        except BaseException:
            upper.close()
            raise
    except TargetGone as gone:
        raise TargetError(str(gone)) from gone
    return upper


def _offers(profile: Profile, links: tuple[LinkPlan, ...]) -> Offers:
    offers = replace(profile.offers, counters=False, closed_counters=False, restart=False)
    where = f"profile {profile.path}"
    if len(links) == 1 and offers.topologies & TWO_LINKS:
        claimed = ", ".join(sorted(offers.topologies & TWO_LINKS))
        raise TargetError(f"{where}: it offers {claimed} with one link")
    if Topology.ROUTER.value in offers.topologies and len(offers.topologies) > 1:
        others = ", ".join(sorted(offers.topologies - {Topology.ROUTER.value}))
        raise TargetError(
            f"{where}: it offers router and {others}, and what is on a cable forwards or does "
            f"not: use a profile for each"
        )
    if not offers.topologies:
        raise TargetError(f"{where}: [offers] names no topologies")
    if offers.calls and "upper" not in profile.options:
        raise TargetError(f"{where}: it offers calls and names no upper tester")
    free = sorted(offers.settings - profile.settings.keys())
    if free:
        raise TargetError(f"{where}: an external target can't be set to any {free[0]}")
    return offers


def _described(link: LinkPlan) -> Mapping[str, Any]:
    mac = None if link.target_mac is None else link.target_mac.hex(":")
    return {
        "interface": link.name,
        "target": f"{link.target}/{link.prefix_length}",
        "mac": mac,
        "gateway": link.gateway,
        "remotes": link.remotes,
        "mtu": link.mtu,
    }

"""Where a datagram goes next (RFC 1122 §3.3.1, RFC 1812 §5.2.4.3).

Connected networks come from the addresses of the NICs. Static routes are given by hand, several
default gateways among them. What redirects taught stands beside them, one entry a destination
(RFC 1122 §3.3.1.2). A gateway that does not answer is passed over while another one is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from stack.nic import Nic
from stack.refusal import Reason
from stack.wire.address import Prefix

TOS_MASK: Final = 0x1E
"""RFC 1349 §3: the TOS field inside the octet."""
REDIRECTED_LIMIT: Final = 1024
"""Destinations remembered from redirects; the oldest goes first."""
LINK_LOCAL: Final = Prefix.of(0xA9FE0000, 16)
"""169.254/16 (RFC 3927)."""


class StaticRoute(NamedTuple):
    """A route given by hand."""

    prefix: Prefix
    nic: int
    gateway: int | None
    """None: the destinations are on the link."""
    preference: int
    """Among routes of equal prefix the higher one is used first (as in RFC 1256)."""


class Hop(NamedTuple):
    """Where to hand a datagram: the NIC, and the neighbour on its link."""

    nic: Nic
    next_hop: int
    gateway: int | None
    """The gateway when the next hop is one, None when it is the destination itself."""


class RouteTable:
    """All routes of the stack."""

    def __init__(self, nics: dict[int, Nic]) -> None:
        self._nics = nics
        self._static: list[StaticRoute] = []
        self._redirected: dict[tuple[int, int | None], tuple[int, int]] = {}
        self._silent: dict[int, int] = {}

    def add(self, route: StaticRoute) -> Reason | None:
        """Add a route; refused when the same is there already."""
        if route in self._static:
            return Reason.DUPLICATE_ADDRESS
        self._static.append(route)
        return None

    def remove(self, prefix: Prefix, nic: int, gateway: int | None) -> Reason | None:
        """Remove a route, whatever its preference."""
        left = [each for each in self._static if each[:3] != (prefix, nic, gateway)]
        if len(left) == len(self._static):
            return Reason.NO_ROUTE
        self._static = left
        return None

    def find(
        self, destination: int, *, tos: int = 0, source: int | None = None, nic: Nic | None = None
    ) -> Hop | None:
        """Choose the next hop; `nic` and `source` narrow or sway the choice when given."""
        redirected = self._find_redirected(destination, tos)
        if redirected is not None and (nic is None or redirected.nic is nic):
            return redirected
        best: Hop | None = None
        best_rank: tuple[int, ...] = ()
        for hop, rank in self._candidates(destination, nic):
            own = source is None or hop.nic.addresses.own(source) is not None
            # RFC 1812 §5.2.4.3 (2): the longest match wins; the rest only breaks ties.
            ranked = (rank[0], -self._silent.get(hop.next_hop, 0), int(own), rank[1])
            if best is None or ranked > best_rank:
                best, best_rank = hop, ranked
        return best

    def _candidates(
        self, destination: int, nic: Nic | None
    ) -> Iterator[tuple[Hop, tuple[int, int]]]:
        nics = self._nics.values() if nic is None else (nic,)
        for each in nics:
            if not each.enabled:
                continue
            own = each.addresses.on_link(destination)
            if own is not None:
                yield Hop(each, destination, None), (own.prefix.length, 1 << 32)
            elif LINK_LOCAL.contains(destination) and not each.loopback:
                # RFC 3927 §2.6.2: asked for on the link, never sent to a router.
                yield Hop(each, destination, None), (32, 0)
        for route in self._static:
            out = self._nics.get(route.nic)
            if out is None or not out.enabled or (nic is not None and out is not nic):
                continue
            if route.prefix.contains(destination) and not LINK_LOCAL.contains(destination):
                next_hop = destination if route.gateway is None else route.gateway
                yield Hop(out, next_hop, route.gateway), (route.prefix.length, route.preference)

    def _find_redirected(self, destination: int, tos: int) -> Hop | None:
        if not self._redirected:
            return None
        # RFC 1122 §3.3.1.3: the TOS is part of the key.
        found = self._redirected.get((destination, tos & TOS_MASK))
        if found is None:
            found = self._redirected.get((destination, None))
        if found is None:
            return None
        nic = self._nics.get(found[0])
        if nic is None or not nic.enabled:
            return None
        gateway = found[1]
        return Hop(nic, gateway, None if gateway == destination else gateway)

    def redirect(self, destination: int, tos: int | None, nic: Nic, gateway: int) -> None:
        """Take a redirect that was found valid, for one TOS or for all.

        RFC 1122 §3.3.1.2: a network redirect is taken for the one destination it names.
        """
        if tos is None:
            # RFC 1349 §7.1: an entry for all TOS values replaces those for single ones.
            for key in [key for key in self._redirected if key[0] == destination]:
                del self._redirected[key]
        key = (destination, None if tos is None else tos & TOS_MASK)
        self._redirected.pop(key, None)
        self._redirected[key] = (nic.number, gateway)
        if len(self._redirected) > REDIRECTED_LIMIT:
            del self._redirected[next(iter(self._redirected))]

    def neighbour_silent(self, address: int, now: int) -> None:
        """A next hop did not answer ARP: RFC 1122 §3.3.1.4, negative advice from the link."""
        for key in [key for key, hop in self._redirected.items() if hop[1] == address]:
            del self._redirected[key]
        if any(route.gateway == address for route in self._static):
            # RFC 1122 §3.3.1.5: another default gateway is chosen; the one silent longest if all
            # are. Times are shifted by one so that a failure at time 0 counts.
            self._silent[address] = now + 1

    def transport_advice(self, destination: int, *, ok: bool, now: int) -> None:
        """RFC 1122 §3.3.1.4: what transport found out about the way to a destination."""
        hop = self.find(destination)
        if hop is None or hop.gateway is None:
            return
        if ok:
            self.neighbour_heard(hop.gateway)
        else:
            self.neighbour_silent(hop.gateway, now)

    def neighbour_heard(self, address: int) -> None:
        """A next hop spoke: it may be used again."""
        if self._silent:
            self._silent.pop(address, None)

    def forget_redirects(self) -> None:
        """Forget what redirects taught."""
        self._redirected.clear()

    def nic_removed(self, nic: int) -> None:
        """Forget the routes that use a NIC which is no more."""
        self._static = [route for route in self._static if route.nic != nic]
        for key in [key for key, hop in self._redirected.items() if hop[0] == nic]:
            del self._redirected[key]

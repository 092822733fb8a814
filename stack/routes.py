"""Where a datagram goes next (RFC 1122 §3.3.1, RFC 1812 §5.2.4.3, S7.19, S7.20).

Connected networks come from the addresses of the NICs and head the table; routes given by hand and
routers discovered follow in the order they came. Entries are found by their prefix, one dictionary
for each prefix length in use, so a look-up costs the same however many there are. What redirects
taught stands beside them, one entry a destination (RFC 1122 §3.3.1.2). A gateway that seems dead is
passed over while another one is left.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.gateways import Gateways
from stack.nic import Nic
from stack.redirects import Redirects
from stack.refusal import Reason
from stack.wire.address import Prefix

if TYPE_CHECKING:
    from stack.core import Core

LINK_LOCAL: Final = Prefix.of(0xA9FE0000, 16)
"""169.254/16 (RFC 3927)."""
DEFAULT: Final = Prefix.of(0, 0)
"""The prefix of default routes."""
_CONNECTED: Final = 1 << 32
"""Preference of connected networks: above that of any route, which has 32 bits (RFC 1256 §3)."""
_LINK_LOCAL_BITS: Final = 0xA9FE


class StaticRoute(NamedTuple):
    """A route given by hand, or learned from a router (RFC 1256)."""

    prefix: Prefix
    nic: int
    gateway: int | None
    """None: the destinations are on the link."""
    preference: int
    """Among routes of equal prefix the higher one is used first (as in RFC 1256)."""
    learned: bool = False
    """From a router; what is given by hand has precedence (RFC 1256 §5.3)."""


class Hop(NamedTuple):
    """Where to hand a datagram: the NIC, and the neighbour on its link."""

    nic: Nic
    next_hop: int
    gateway: int | None
    """The gateway when the next hop is one, None when it is the destination itself."""


class _Entry(NamedTuple):
    nic: int
    gateway: int | None
    preference: int
    order: tuple[int, int]
    """Its place in the table: connected networks by NIC, then the others as they came."""


class RouteTable:
    """All routes of the stack."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._nics = core.nics
        self._static: dict[tuple[Prefix, int, int | None], StaticRoute] = {}
        self._levels: list[tuple[int, dict[int, list[_Entry]]]] = []
        self._gateway_uses: dict[int, int] = {}
        self._order = 0
        self._redirected = Redirects()
        self._gateways = Gateways()
        self.returning: list[tuple[int, int]] = []
        """NIC and address of better gateways to be asked for, see `take_returning`."""

    # What is in the table

    def add(self, route: StaticRoute) -> Reason | None:
        """Add a route; refused when the same is there already, given by hand."""
        key = route[:3]
        old = self._static.get(key)
        if old is not None:
            if route.learned or not old.learned:
                return Reason.DUPLICATE_ADDRESS
            self._take_out(key)
        self._static[key] = route
        self._order += 1
        entry = _Entry(route.nic, route.gateway, route.preference, (1, self._order))
        self._put_in(route.prefix, entry)
        if route.gateway is not None:
            self._gateway_uses[route.gateway] = self._gateway_uses.get(route.gateway, 0) + 1
        return None

    def remove(self, prefix: Prefix, nic: int, gateway: int | None) -> Reason | None:
        """Remove a route, whatever its preference."""
        key = (prefix, nic, gateway)
        if key not in self._static:
            return Reason.NO_ROUTE
        self._take_out(key)
        return None

    def learn(self, nic: int, gateway: int, preference: int) -> None:
        """Enter a default gateway that a router told of, or its new preference."""
        route = StaticRoute(DEFAULT, nic, gateway, preference, learned=True)
        # What is there already keeps its place, so that equal routers do not take turns.
        if self._static.get(route[:3]) != route:
            self.forget_learned(nic, gateway)
            self.add(route)

    def forget_learned(self, nic: int, gateway: int) -> None:
        """Take a default gateway out that was learned; one given by hand stays (RFC 1256 §5.3)."""
        key = (DEFAULT, nic, gateway)
        route = self._static.get(key)
        if route is not None and route.learned:
            self._take_out(key)

    def connect(self, prefix: Prefix, nic: int, enter: bool) -> None:
        """A usable NIC has addresses with this prefix, or has none any more (RFC 1122 §3.3.1.1)."""
        if enter:
            self._put_in(prefix, _Entry(nic, None, _CONNECTED, (0, nic)))
        else:
            self._drop(prefix, nic, None, connected=True)

    def nic_removed(self, nic: int) -> None:
        """Forget the routes that use a NIC which is no more."""
        for route in [route for route in self._static if route[1] == nic]:
            self._take_out(route)
        self._redirected.forget_nic(nic)

    def _take_out(self, key: tuple[Prefix, int, int | None]) -> None:
        del self._static[key]
        prefix, nic, gateway = key
        self._drop(prefix, nic, gateway, connected=False)
        if gateway is not None:
            self._gateway_uses[gateway] -= 1
            if not self._gateway_uses[gateway]:
                del self._gateway_uses[gateway]
                self._gateways.good(gateway)

    def _put_in(self, prefix: Prefix, entry: _Entry) -> None:
        self._core.chosen.clear()
        shift = 32 - prefix.length
        level = next((level for level in self._levels if level[0] == shift), None)
        if level is None:
            level = (shift, {})
            self._levels.append(level)
            self._levels.sort(key=lambda each: each[0])
        level[1].setdefault(prefix.network >> shift, []).append(entry)

    def _drop(self, prefix: Prefix, nic: int, gateway: int | None, *, connected: bool) -> None:
        self._core.chosen.clear()
        shift = 32 - prefix.length
        level = next(level for level in self._levels if level[0] == shift)
        key = prefix.network >> shift
        left = [
            entry
            for entry in level[1][key]
            if (entry.nic, entry.gateway, entry.preference == _CONNECTED)
            != (nic, gateway, connected)
        ]
        if left:
            level[1][key] = left
            return
        del level[1][key]
        if not level[1]:
            self._levels.remove(level)

    # Looking up

    @property
    def is_settled(self) -> bool:
        """Whether a look-up has the same answer again until something is changed.

        What is known against gateways passes with time.
        """
        return not self._gateways

    def find(
        self,
        destination: int,
        *,
        tos: int = 0,
        source: int | None = None,
        nic: Nic | None = None,
        numbered: bool = False,
    ) -> Hop | None:
        """Choose the next hop.

        `nic` narrows the choice; `source` sways it, or narrows it where the policy says so (S7.19,
        S7.20). With `numbered` a NIC without an address is of no use.
        """
        if not self._core.policy.longest_prefix:
            return self._first(destination, source, nic)
        if self._redirected:
            hop = self._find_redirected(destination, tos)
            if hop is not None and self._usable(hop.nic.number, source, nic, numbered=numbered):
                return hop
        if destination >> 16 == _LINK_LOCAL_BITS:
            return self._link_local(destination, source, nic, numbered=numbered)
        passed_over: Hop | None = None
        for shift, buckets in self._levels:
            bucket = buckets.get(destination >> shift)
            if bucket is None:
                continue
            # RFC 1812 §5.2.4.3 (2): the longest match wins; the rest only breaks ties.
            hop = self._best(bucket, destination, source, nic, numbered=numbered)
            if hop is None:
                continue
            if not self._gateways or self._core.forwarding or not self._fails(hop.gateway):
                self._ask_for(passed_over)
                return hop
            # RFC 1122 §3.3.1.5: a host may fall back on a default gateway.
            passed_over = passed_over or hop
        return passed_over

    def _usable(
        self, number: int, source: int | None, nic: Nic | None, *, numbered: bool = False
    ) -> Nic | None:
        """The NIC of an entry if it can be used for this look-up (S7.19)."""
        out = self._nics.get(number)
        if out is None or not out.enabled or (nic is not None and out is not nic):
            return None
        if source is None:
            return None if numbered and out.addresses.main() is None else out
        if self._core.forwarding or self._core.policy.weak_host:
            return out
        return out if _speaks(out, source) else None

    def _best(
        self,
        bucket: list[_Entry],
        destination: int,
        source: int | None,
        nic: Nic | None,
        *,
        numbered: bool,
    ) -> Hop | None:
        best: tuple[Nic, _Entry] | None = None
        best_rank: tuple[int, bool, int, tuple[int, int]] | None = None
        for entry in bucket:
            out = self._usable(entry.nic, source, nic, numbered=numbered)
            if out is None:
                continue
            if len(bucket) == 1:
                return _hop(out, entry.gateway, destination)
            # RFC 1122 §3.3.1.5: one that works, else the one that failed longest ago.
            failed = self._fails(entry.gateway)
            elsewhere = source is not None and not _speaks(out, source)
            rank = (failed, elsewhere, -entry.preference, entry.order)
            if best_rank is None or rank < best_rank:
                best, best_rank = (out, entry), rank
        if best is None:
            return None
        for entry in bucket if self._gateways else ():
            if entry.preference > best[1].preference and entry.nic in self._nics:
                self._ask_for(_hop(self._nics[entry.nic], entry.gateway, destination))
        return _hop(best[0], best[1].gateway, destination)

    def _first(self, destination: int, source: int | None, nic: Nic | None) -> Hop | None:
        """S7.19: table order decides, not prefix length."""
        if nic is not None and not _can_lend(nic, source):
            return None
        best: Hop | None = None
        best_rank: tuple[bool, tuple[int, int]] | None = None
        for shift, buckets in self._levels:
            for entry in buckets.get(destination >> shift, ()):
                # S7.20: with forwarding on another NIC will do than the named one, or the one that
                # has the source, if it must; the source is that NIC's all the same.
                elsewhere = nic is not None and self._core.forwarding and entry.nic != nic.number
                out = self._usable(entry.nic, source, None if elsewhere else nic, numbered=True)
                if out is None:
                    continue
                if nic is None:
                    elsewhere = source is not None and not _speaks(out, source)
                rank = (elsewhere, entry.order)
                if best_rank is None or rank < best_rank:
                    best, best_rank = _hop(out, entry.gateway, destination), rank
        return best

    def _link_local(
        self, destination: int, source: int | None, nic: Nic | None, *, numbered: bool
    ) -> Hop | None:
        """RFC 3927 §2.6.2: asked for on the link, never sent to a router."""
        for shift, buckets in self._levels:
            bucket = [
                entry
                for entry in buckets.get(destination >> shift, ())
                if entry.gateway is None and not self._nics[entry.nic].loopback
            ]
            hop = self._best(bucket, destination, source, nic, numbered=numbered)
            if hop is not None:
                return hop
        # Any link may be the one: best that of the source (S7.20).
        owner = None if source is None else self._core.owner(source)
        for each in chain(() if owner is None else (owner,), self._nics.values()):
            if not each.loopback and self._usable(each.number, source, nic, numbered=numbered):
                return Hop(each, destination, None)
        return None

    # Redirects

    def _find_redirected(self, destination: int, tos: int) -> Hop | None:
        found = self._redirected.find(destination, tos)
        if found is None:
            return None
        gateway = found[1]
        return Hop(self._nics[found[0]], gateway, None if gateway == destination else gateway)

    def redirect(self, destination: int, tos: int | None, nic: Nic, gateway: int) -> None:
        """Take a redirect that was found valid, for one TOS or for all.

        RFC 1122 §3.3.1.2: a network redirect is taken for the one destination it names.
        """
        self._core.chosen.clear()
        hop = self.find(destination, tos=tos or 0)
        if hop is not None and hop.gateway is not None:
            # RFC 1122 §3.3.1.4: positive advice about the gateway that sent it.
            self._gateways.good(hop.gateway)
        self._redirected.put(destination, tos, nic.number, gateway)

    def forget_redirects(self) -> None:
        """Forget what redirects taught."""
        self._core.chosen.clear()
        self._redirected.clear()

    # Advice about gateways (RFC 1122 §3.3.1.4)

    def neighbour_silent(self, address: int, now: int) -> None:
        """A next hop did not answer ARP: negative advice from the link."""
        self._core.chosen.clear()
        self._redirected.forget_gateway(address)
        if address in self._gateway_uses:
            self._gateways.silent(address, now)

    def neighbour_heard(self, address: int) -> None:
        """A next hop spoke on the link: it may be used again."""
        if self._gateways:
            self._gateways.heard(address)

    def transport_advice(self, destination: int, *, ok: bool, now: int) -> None:
        """Take a transport's word on the way to a destination; it need not give any.

        `ok`: new data arrived there. Else: retransmission seems in vain. Then the link is asked at
        once whether the gateway is there, and after some complaints another gateway is taken.
        """
        hop = self.find(destination)
        if hop is None or hop.gateway is None:
            return
        if ok:
            self._gateways.good(hop.gateway)
            return
        self._core.chosen.clear()
        hop.nic.neighbours.doubt(hop.gateway, hop.nic.addresses.main() or 0, now)
        if self._gateways.complaint(hop.gateway, now):
            self._redirected.forget_gateway(hop.gateway)

    def _fails(self, gateway: int | None) -> int:
        if gateway is None or not self._gateways:
            return 0
        return self._gateways.failed_since(gateway, self._core.now)

    def _ask_for(self, hop: Hop | None) -> None:
        """Have a gateway that was passed over asked for, if it is time."""
        if hop is None or hop.gateway is None or not self._fails(hop.gateway):
            return
        if self._gateways.ask_again(hop.gateway, self._core.now):
            self.returning.append((hop.nic.number, hop.gateway))

    def take_returning(self) -> list[tuple[int, int]]:
        """Give the gateways to be asked for, by NIC and address, and forget that they are."""
        returning, self.returning = self.returning, []
        return returning


def _speaks(nic: Nic, source: int) -> bool:
    """Whether a source is an address of this NIC (S7.19), any where it spoofs (S1.18)."""
    return nic.addresses.own(source, temporaries=nic.spoofing) is not None


def _can_lend(nic: Nic, source: int | None) -> bool:
    """Whether a NIC has the source that is asked for, or any if none is."""
    return nic.addresses.main() is not None if source is None else _speaks(nic, source)


def _hop(nic: Nic, gateway: int | None, destination: int) -> Hop:
    return Hop(nic, destination if gateway is None else gateway, gateway)

"""The addresses of one NIC: which are ours, which are broadcasts, which one speaks.

RFC 791 §2.3 lets a host have several addresses on one interface; RFC 1122 §3.2.1.3 says what
each kind of address may be used for. The primary list is ordered (S1.10): its first address
that is not deprecated is the main address.

Nothing here costs more because there are many addresses: look-ups are by dictionary, and what is
chosen by order stands at the head of a sorted list.
"""

from __future__ import annotations

from typing import Final

from stack.address_index import AddressIndex
from stack.own_address import Kind, Order, Origin, OwnAddress, Place, precedence
from stack.own_networks import Networks
from stack.policy import RFC, Policy
from stack.refusal import Reason
from stack.wire.address import LIMITED_BROADCAST, Prefix

TEMPORARY_LIMIT: Final = 1024
"""Temporary addresses that one NIC holds at a time."""


class Hold:
    """One user's hold on an address; `release` ends it (S1.11)."""

    __slots__ = ("_table", "own")

    def __init__(self, table: AddressTable, own: OwnAddress) -> None:
        self._table = table
        self.own = own

    def release(self) -> None:
        """Let go; the last one to let go of an expired or temporary address ends it."""
        self._table.let_go(self.own)


class AddressTable:
    """Addresses of one NIC. `number` is the NIC's, under which `index` knows it."""

    def __init__(
        self,
        *,
        owns_whole_prefix: bool,
        policy: Policy = RFC,
        index: AddressIndex | None = None,
        number: int = 0,
    ) -> None:
        self.policy = policy
        self.usable = False
        """S1.2: no address is assigned while this is off (S1.14)."""
        self.spoofing = False
        """S1.18."""
        self._index = AddressIndex() if index is None else index
        self._number = number
        self._owns_whole_prefix = owns_whole_prefix
        self._entries: dict[int, OwnAddress] = {}
        self._hosts: dict[int, OwnAddress] = {}
        self._networks = Networks(self._index, number, whole=owns_whole_prefix)
        self._primary = Order()
        """The permanent ones of the primary list."""
        self._others: dict[Kind, Order] = {}
        """Its other ones by kind; most NICs have none."""
        self._back = 0
        self._front = 0
        self._serial = 0
        self._temporaries = 0

    # Changes

    def switch(self, *, on: bool) -> None:
        """The NIC becomes usable, or ceases to be (S1.2)."""
        if on is self.usable:
            return
        self.usable = on
        self._index.changed()
        for address in self._hosts:
            self._index.host(address, self._number, enter=on)
        if LIMITED_BROADCAST in self._entries:
            self._index.limited_broadcast(LIMITED_BROADCAST, self._number, enter=on)
        self._networks.switch(on=on)

    def add(
        self,
        address: int,
        length: int,
        *,
        place: Place,
        deprecated: bool,
        origin: Origin = Origin.STATIC,
        tentative: bool = False,
    ) -> Reason | None:
        """Add a permanent address; refused when it is permanent already (S1.9)."""
        own = self._entries.get(address)
        if own is None:
            own = self._make(address, length)
        elif own.kind in (Kind.PERMANENT, Kind.TENTATIVE):
            return Reason.DUPLICATE_ADDRESS
        else:
            self._hide(own)
            if self.policy.promotion_takes_prefix:
                # S14.52; else it keeps the one it was first made with.
                own.prefix = Prefix.of(address, length)
        own.kind = Kind.TENTATIVE if tentative else Kind.PERMANENT
        own.deprecated = deprecated
        own.origin = origin
        self._put(own, place)
        self._show(own)
        return None

    def confirm(self, address: int) -> Reason | None:
        """A tentative address has proved to be unique: it is permanent from now on."""
        own = self.entry(address)
        if own is None or own.kind is not Kind.TENTATIVE:
            return Reason.BAD_LOCAL_ADDRESS
        self._become(own, Kind.PERMANENT)
        return None

    def remove(self, address: int) -> Reason | None:
        """Remove a permanent address; while someone holds it, it is expired (S1.11)."""
        own = self.entry(address)
        if own is None or own.kind not in (Kind.PERMANENT, Kind.TENTATIVE):
            return Reason.BAD_LOCAL_ADDRESS
        if own.holds:
            self._become(own, Kind.EXPIRED)
        else:
            self._hide(own)
            del self._entries[address]
        return None

    def hold(
        self, address: int, *, temporaries: bool = False, place: Place = Place.NEVER
    ) -> Hold | None:
        """Hold the address of ours that answers for this one (S1.15); None when none does.

        With `temporaries` one is made up, `place` says where it stands in the primary list. There
        are `TEMPORARY_LIMIT` of them at most; one more is not made.
        """
        own = self.find(address, temporaries=temporaries)
        if own is None:
            return None
        if not own.serial:
            if self._temporaries >= TEMPORARY_LIMIT:
                return None
            self._temporaries += 1
            own = self._make(address, 32)
            self._put(own, place)
            self._show(own)
        own.holds += 1
        return Hold(self, own)

    def let_go(self, own: OwnAddress) -> None:
        """End one hold."""
        own.holds -= 1
        if own.holds or own.kind in (Kind.PERMANENT, Kind.TENTATIVE):
            return
        self._hide(own)
        del self._entries[own.address]

    def _make(self, address: int, length: int) -> OwnAddress:
        self._serial += 1
        own = OwnAddress(address, Prefix.of(address, length), serial=self._serial)
        self._entries[address] = own
        return own

    def _put(self, own: OwnAddress, place: Place) -> None:
        if place is Place.NEVER:
            own.rank = None
        elif place is Place.FIRST:
            self._front -= 1
            own.rank = self._front
        elif own.rank is None:
            own.rank = self._back
            self._back += 1

    def _become(self, own: OwnAddress, kind: Kind) -> None:
        self._hide(own)
        own.kind = kind
        self._show(own)

    def _show(self, own: OwnAddress) -> None:
        """Let the look-ups see an address; its kind, prefix and place stay until `_hide`."""
        self._index.changed()
        if own.rank is not None:
            self._list_of(own.kind).add(own)
        if own.kind in (Kind.PERMANENT, Kind.TEMPORARY):
            self._tell_assigned(own, enter=True)

    def _hide(self, own: OwnAddress) -> None:
        self._index.changed()
        if own.rank is not None:
            self._list_of(own.kind).remove(own)
        if own.kind in (Kind.PERMANENT, Kind.TEMPORARY):
            self._tell_assigned(own, enter=False)
        if own.kind is Kind.TEMPORARY:
            self._temporaries -= 1

    def _list_of(self, kind: Kind) -> Order:
        if kind is Kind.PERMANENT:
            return self._primary
        return self._others.setdefault(kind, Order())

    def _tell_assigned(self, own: OwnAddress, *, enter: bool) -> None:
        address = own.address
        if address == LIMITED_BROADCAST:
            if self.usable:
                self._index.limited_broadcast(address, self._number, enter=enter)
            return
        if enter:
            self._hosts[address] = own
        else:
            del self._hosts[address]
        if self.usable:
            self._index.host(address, self._number, enter=enter)
        if own.kind is Kind.PERMANENT:
            if enter:
                self._networks.enter(own)
            else:
                self._networks.leave(own)

    # Questions

    def entry(self, address: int) -> OwnAddress | None:
        """Answer the entry for this very address, whatever its kind and whether usable or not."""
        return self._entries.get(address)

    def own(self, address: int, *, temporaries: bool = False) -> OwnAddress | None:
        """Answer the address of ours that a unicast destination names."""
        if not self.usable:
            return None
        found = self._hosts.get(address)
        if found is None and (temporaries or self._owns_whole_prefix):
            found = self._unlisted(address, temporaries=temporaries)
        return found

    def _unlisted(self, address: int, *, temporaries: bool) -> OwnAddress | None:
        own = self._entries.get(address)
        if own is not None:
            # S1.15 (1): an entry for the very address decides, also when it says no. S1.14:
            # an expired one is accepted where temporaries are.
            return own if temporaries and own.kind is Kind.EXPIRED else None
        if self._owns_whole_prefix:
            # RFC 1122 §3.2.1.3 (g): everything in 127/8 comes back inside the host.
            found = self.on_link(address)
            if found is not None:
                return found
        # S1.15 (3). It is entered only when it is held, so that looking costs nothing.
        return OwnAddress(address, Prefix.of(address, 32)) if temporaries else None

    def find(self, address: int, *, temporaries: bool = False) -> OwnAddress | None:
        """Answer the address of ours that answers for this one, broadcasts included (S1.15)."""
        if not self.usable:
            return None
        own = self._entries.get(address)
        if own is None:
            found = self.broadcast(address)
            if found is not None:
                return found
        elif address == LIMITED_BROADCAST and own.kind is Kind.PERMANENT:
            return own
        return self.own(address, temporaries=temporaries)

    def broadcast(self, address: int) -> OwnAddress | None:
        """Answer the address of ours whose subnet has this broadcast address (RFC 922 §7)."""
        return self._networks.broadcast(address)

    def all_zeros(self, address: int) -> OwnAddress | None:
        """Answer the address of ours whose subnet has this {prefix, 0} address."""
        return self._networks.all_zeros(address)

    def on_link(self, address: int) -> OwnAddress | None:
        """Answer our address with the longest prefix that contains this address."""
        return self._networks.on_link(address)

    def on_primary_subnet(self, address: int) -> bool:
        """Answer whether an address is in the subnet of one of the primary addresses (S9.4)."""
        return self._networks.speaker(address) is not None

    def main(self) -> int | None:
        """Answer the main address (S1.12): first in primary order, deprecated ones last."""
        own = self._primary.first()
        return None if own is None else own.address

    def outgoing(self) -> int | None:
        """Answer the outgoing source (S1.13), whatever the destination."""
        if not self.usable:
            return None
        lists = [self._primary, self._others.get(Kind.TEMPORARY)]
        if self.spoofing:
            lists.append(self._others.get(Kind.EXPIRED))
        heads = [own for each in lists if each is not None and (own := each.first()) is not None]
        return min(heads, key=precedence).address if heads else None

    def source_for(self, peer: int) -> int | None:
        """Choose our address to speak to a peer on this link.

        RFC 1122 §3.3.4.3: an address on the subnet of the next hop, else the main one. Deprecated
        ones speak only when there is no other.
        """
        if not self.policy.source_on_next_hop_subnet:
            # S14.44: the destination plays no part.
            return self.outgoing()
        if not self.usable:
            return None
        main = self._primary.first()
        if main is None:
            return None
        best = self._networks.speaker(peer)
        if best is None or (best.deprecated and not main.deprecated):
            return main.address
        return best.address

    def primary(self) -> list[OwnAddress]:
        """List the permanent addresses of the primary list, in its order (S1.20)."""
        return [own for own in self.permanent() if own.rank is not None]

    def permanent(self) -> list[OwnAddress]:
        """List all permanent addresses: the primary ones in order, then the others by age."""
        found = [own for own in self._entries.values() if own.kind is Kind.PERMANENT]
        return sorted(found, key=_listing)


def _listing(own: OwnAddress) -> tuple[bool, int]:
    return own.rank is None, own.serial if own.rank is None else own.rank

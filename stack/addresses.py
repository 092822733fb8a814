"""The addresses of one NIC: which are ours, which are broadcasts, which one speaks.

RFC 791 §2.3 lets a host have several addresses on one interface; RFC 1122 §3.2.1.3 says what
each kind of address may be used for. The primary list is ordered (S1.10): its first address
that is not deprecated is the main address.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from stack.refusal import Reason
from stack.wire.address import Prefix


class Place(Enum):
    """Where an address goes in the primary list (S1.10)."""

    CAN_BE = "can be"
    FIRST = "first"
    NEVER = "never"


class OwnAddress(NamedTuple):
    """One address of a NIC with the prefix of its subnet."""

    address: int
    prefix: Prefix
    deprecated: bool


class AddressTable:
    """Addresses of one NIC, found in constant time however many there are."""

    def __init__(self, *, owns_whole_prefix: bool) -> None:
        self._owned: dict[int, OwnAddress] = {}
        self._primary: list[int] = []
        self._ordered: list[OwnAddress] = []
        self._broadcasts: dict[int, OwnAddress] = {}
        self._all_zeros: dict[int, OwnAddress] = {}
        self._owns_whole_prefix = owns_whole_prefix

    def add(self, address: int, length: int, *, place: Place, deprecated: bool) -> Reason | None:
        """Add one address; refused when it is there already (S1.9)."""
        if address in self._owned:
            return Reason.DUPLICATE_ADDRESS
        self._owned[address] = OwnAddress(address, Prefix.of(address, length), deprecated)
        if place is Place.FIRST:
            self._primary.insert(0, address)
        elif place is Place.CAN_BE:
            self._primary.append(address)
        self._arrange()
        return None

    def remove(self, address: int) -> Reason | None:
        """Remove one address; refused when it is not there (S1.11)."""
        if self._owned.pop(address, None) is None:
            return Reason.BAD_LOCAL_ADDRESS
        if address in self._primary:
            self._primary.remove(address)
        self._arrange()
        return None

    def _arrange(self) -> None:
        first = [self._owned[address] for address in self._primary]
        others = [own for own in self._owned.values() if own.address not in self._primary]
        self._ordered = first + others
        self._broadcasts = {}
        self._all_zeros = {}
        for own in self._owned.values():
            # RFC 3021 §2.1: a /31 has two hosts and no broadcast; a /32 has room for none.
            broadcast = own.prefix.broadcast()
            if broadcast is not None:
                self._broadcasts.setdefault(broadcast, own)
                # RFC 1122 §3.3.6: the old form with a host part of zeros.
                self._all_zeros.setdefault(own.prefix.network, own)

    def own(self, address: int) -> OwnAddress | None:
        """Answer the address of ours that a unicast destination names."""
        found = self._owned.get(address)
        if found is None and self._owns_whole_prefix:
            # RFC 1122 §3.2.1.3 (g): everything in 127/8 comes back inside the host.
            found = self.on_link(address)
        return found

    def broadcast(self, address: int) -> OwnAddress | None:
        """Answer the address of ours whose subnet has this broadcast address (RFC 922 §7)."""
        return self._broadcasts.get(address)

    def all_zeros(self, address: int) -> OwnAddress | None:
        """Answer the address of ours whose subnet has this {prefix, 0} address."""
        return self._all_zeros.get(address)

    def on_link(self, address: int) -> OwnAddress | None:
        """Answer our address with the longest prefix that contains this address.

        RFC 1122 §3.3.1.1: the masked comparison decides what is on the connected network.
        """
        best: OwnAddress | None = None
        for own in self._ordered:
            if own.prefix.contains(address) and (
                best is None or own.prefix.length > best.prefix.length
            ):
                best = own
        return best

    def on_primary_subnet(self, address: int) -> bool:
        """Answer whether an address is in the subnet of one of the primary addresses (S9.4)."""
        return any(self._owned[own].prefix.contains(address) for own in self._primary)

    def main(self) -> int | None:
        """Answer the main address (S1.12): first in primary order, deprecated ones last."""
        fallback: int | None = None
        for address in self._primary:
            if not self._owned[address].deprecated:
                return address
            if fallback is None:
                fallback = address
        return fallback

    def source_for(self, peer: int) -> int | None:
        """Choose our address to speak to a peer on this link.

        RFC 1122 §3.3.4.3: an address on the subnet of the next hop, else the main one.
        """
        fallback: int | None = None
        for address in self._primary:
            own = self._owned[address]
            if own.prefix.contains(peer):
                if not own.deprecated:
                    return address
                fallback = fallback if fallback is not None else address
        main = self.main()
        if main is not None and not self._owned[main].deprecated:
            return main
        return fallback if fallback is not None else main

    def listed(self) -> list[OwnAddress]:
        """Give all addresses: the primary ones in order, then the others, oldest first."""
        return self._ordered

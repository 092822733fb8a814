"""What redirects taught: a first hop for one destination each (RFC 1122 §3.3.1.2, §3.2.2.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

TOS_MASK: Final = 0x1E
"""RFC 1349 §3: the TOS field inside the octet."""
REDIRECTED_LIMIT: Final = 1024
"""Destinations remembered from redirects; the oldest goes first."""

Key = tuple[int, int | None]
"""Destination, and the TOS or None for all."""


class Redirects:
    """NIC number and gateway by destination and TOS."""

    def __init__(self) -> None:
        self._hops: dict[Key, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._hops)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._hops)

    def find(self, destination: int, tos: int) -> tuple[int, int] | None:
        """Answer NIC number and gateway for a destination."""
        # RFC 1122 §3.3.1.3: the TOS is part of the key.
        found = self._hops.get((destination, tos & TOS_MASK))
        return self._hops.get((destination, None)) if found is None else found

    def put(self, destination: int, tos: int | None, nic: int, gateway: int) -> None:
        """Remember one redirect, for one TOS or for all."""
        if tos is None:
            # RFC 1349 §7.1: an entry for all TOS values replaces those for single ones.
            for each in range(0, TOS_MASK + 1, 2):
                self._hops.pop((destination, each), None)
        key = (destination, None if tos is None else tos & TOS_MASK)
        self._hops.pop(key, None)
        self._hops[key] = (nic, gateway)
        if len(self._hops) > REDIRECTED_LIMIT:
            del self._hops[next(iter(self._hops))]

    def forget_gateway(self, gateway: int) -> None:
        """Forget the redirects to a gateway."""
        self._hops = {key: hop for key, hop in self._hops.items() if hop[1] != gateway}

    def forget_nic(self, nic: int) -> None:
        """Forget the redirects that use a NIC."""
        self._hops = {key: hop for key, hop in self._hops.items() if hop[0] != nic}

    def clear(self) -> None:
        """Forget all."""
        self._hops.clear()

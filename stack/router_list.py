"""Routers that advertised themselves, and what is still to be asked (RFC 1256 §5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

ROUTERS_LIMIT: Final = 64
"""Routers remembered; RFC 1256 §5.3: the less preferred ones give way."""


class Router(NamedTuple):
    """A default gateway by its own word."""

    preference: int
    """Signed, 32 bits; higher is better."""
    due: int
    """When its word is worth nothing any more, in microseconds."""


@dataclass(slots=True)
class Asking:
    """Solicitations of one NIC."""

    due: int
    left: int


@dataclass(slots=True)
class RouterList:
    """What router discovery keeps for all NICs."""

    routers: dict[tuple[int, int], Router] = field(default_factory=dict)
    """By NIC number and address."""
    asking: dict[int, Asking] = field(default_factory=dict)
    """By NIC number: who still solicits."""
    running: set[int] = field(default_factory=set)
    """Numbers of the NICs that perform router discovery."""
    destination: dict[int, int] = field(default_factory=dict)
    """SolicitationAddress by NIC number, where it is not the default (RFC 1256 §5.1)."""

    def next_deadline(self) -> int | None:
        """Answer when something is due, in microseconds."""
        if not self.routers and not self.asking:
            return None
        due = [router.due for router in self.routers.values()]
        due += [asking.due for asking in self.asking.values()]
        return min(due)

    def least(self) -> tuple[int, int] | None:
        """Answer the router that must give way to a better one; None while there is room."""
        if len(self.routers) < ROUTERS_LIMIT:
            return None
        return min(self.routers, key=lambda key: self.routers[key].preference)

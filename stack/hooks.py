"""The five places where a datagram can be looked at, dropped and rewritten (S10.1, S14.46).

An inspector is a plain callable. It sees the header and payload as they are at that place and says
whether the datagram may go on. Behind the inspectors come the tables of rules (`stack.hook_tables`)
with address translation (`stack.connection_tracking`). A place where nothing was set is None, and
costs nothing (S10.2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from stack import translation
from stack.connection_tracking import ConnectionTable
from stack.hook_packet import LATER_PLACES, Passage, Place, Shown
from stack.hook_tables import NAT, ORDER, Table
from stack.wire.ipv4 import Ipv4Header, build_ipv4

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.nic import Nic

__all__ = ["Hook", "Hooks", "Inspector", "Place", "Seen"]


class Seen(NamedTuple):
    """What an inspector sees."""

    place: Place
    nic: int
    """Where the datagram came in; from FORWARD on where it goes out."""
    header: Ipv4Header
    payload: bytes


Inspector = Callable[[Seen], bool]
"""Answers True to let the datagram pass, False to drop it."""


class Hook:
    """One place at which something was set."""

    def __init__(
        self, place: Place, inspectors: list[Inspector], tables: list[tuple[str, Table]] | None
    ) -> None:
        self.place = place
        self._inspectors = inspectors
        self._tables = tables
        """Those that are asked here, in order; None as long as no table was ever set (S10.2)."""

    def received(self, core: Core, inbound: Inbound, out: Nic | None = None) -> bool:
        """Show a datagram received, rewrite it, and answer whether it may go on.

        `out` is where it goes out, if it is forwarded.
        """
        shown = Shown(
            self.place, inbound.nic, out, inbound.header, inbound.payload, inbound.passage, inbound
        )
        if not self._lets_pass(core, shown):
            return False
        inbound.passage = shown.passage
        if shown.header is not inbound.header:
            inbound.header, inbound.payload = shown.header, shown.payload
            if not core.policy.headers_as_received:
                # S14.15: quotes and raw sockets show what became of it.
                inbound.octets = build_ipv4(shown.header, shown.payload)
        return True

    def leaving(
        self,
        core: Core,
        nic: Nic,
        header: Ipv4Header,
        payload: bytes,
        *,
        passage: Passage | None = None,
        about: Inbound | None = None,
    ) -> Shown | None:
        """Show a datagram on its way out; None when it is dropped.

        `about` is the datagram received that is being forwarded.
        """
        came_by = None
        if about is not None:
            came_by, passage = about.nic, about.passage
        shown = Shown(self.place, came_by, nic, header, payload, passage, about)
        return shown if self._lets_pass(core, shown) else None

    def _lets_pass(self, core: Core, shown: Shown) -> bool:
        if self.place in LATER_PLACES and not core.policy.five_hooks:
            # S10.1: forward and postrouting are never called.
            return True
        if self._inspectors:
            nic = shown.leaves_by or shown.came_by
            assert nic is not None
            seen = Seen(self.place, nic.number, shown.header, shown.payload)
            if not all(inspector(seen) for inspector in self._inspectors):
                return False
        return self._tables is None or self._ask_tables(core, shown, self._tables)

    def _ask_tables(self, core: Core, shown: Shown, tables: list[tuple[str, Table]]) -> bool:
        translation.recognise(core, shown)
        for name, table in tables:
            # S10.3: the nat table is skipped for what is rewritten already.
            if name == NAT and translation.is_settled(core, shown):
                continue
            if not table.accepts(core, shown):
                return False
        return translation.settle(core, shown)


class Hooks:
    """What was set at the five places."""

    def __init__(self) -> None:
        self._inspectors: dict[Place, list[Inspector]] = {place: [] for place in Place}
        self._tables: dict[str, Table] = {}
        self.connections = ConnectionTable()
        self.prerouting: Hook | None = None
        self.input: Hook | None = None
        self.forward: Hook | None = None
        self.output: Hook | None = None
        self.postrouting: Hook | None = None

    def add(self, place: Place, inspector: Inspector) -> None:
        """Put an inspector behind those already there."""
        self._inspectors[place].append(inspector)
        self._arrange()

    def remove(self, place: Place, inspector: Inspector) -> None:
        """Take an inspector away."""
        self._inspectors[place].remove(inspector)
        self._arrange()

    def set_table(self, name: str, table: Table) -> None:
        """Put a table in the place of the one of that name; `Table.refusal` says if it may be."""
        self._tables[name] = table
        self._arrange()

    def _arrange(self) -> None:
        self.prerouting = self._hook(Place.PREROUTING)
        self.input = self._hook(Place.INPUT)
        self.forward = self._hook(Place.FORWARD)
        self.output = self._hook(Place.OUTPUT)
        self.postrouting = self._hook(Place.POSTROUTING)

    def _hook(self, place: Place) -> Hook | None:
        inspectors = self._inspectors[place]
        if not inspectors and not self._tables:
            return None
        tables = None
        if self._tables:
            tables = [(name, self._tables[name]) for name in ORDER[place] if name in self._tables]
        return Hook(place, inspectors, tables)

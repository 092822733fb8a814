"""The part of the facade that sets packet hooks."""

from __future__ import annotations

from stack.core import Core
from stack.hook_tables import Table
from stack.hooks import Hooks
from stack.nat import Flow
from stack.refusal import check
from stack.socket_base import Address
from stack.wire.address import as_address


class HookKeeper:
    """Keeps the hooks of a stack; `Node` is one."""

    _core: Core

    @property
    def hooks(self) -> Hooks:
        """Where inspectors are added and removed."""
        return self._core.hooks

    def set_table(self, name: str, table: Table) -> None:
        """Replace one of the tables "raw", "mangle", "nat", "filter" (S10.3); raw: S10.12."""
        check(table.refusal(name, later=self._core.policy.five_hooks))
        self._core.hooks.set_table(name, table)

    def original_destination(
        self, protocol: int, local: tuple[Address, int], peer: tuple[Address, int]
    ) -> tuple[int, int] | None:
        """Answer to whom a peer spoke before hooks led it here (S10.9): address and port.

        `local` and `peer` are what this host's user sees; None: no such connection is known.
        """
        answers = Flow(protocol, as_address(local[0]), local[1], as_address(peer[0]), peer[1])
        found = self._core.hooks.connections.find(answers, self._core.now)
        if found is None or found.reply != answers or found.original.reversed() == answers:
            return None
        return found.original.destination, found.original.destination_port

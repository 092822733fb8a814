"""Targets of the nat table: redirect, DNAT, SNAT, masquerade (S10.7, S10.12).

All begin and rewrite connections; what has no ports (fragments) or is of a protocol that a target
does not know is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from stack.hook_packet import FIRST_PLACES, Passage, Place
from stack.nat import read_flow
from stack.translation import claim_destination, claim_source, set_destination
from stack.wire.ipv4 import PROTOCOL_TCP, PROTOCOL_UDP

if TYPE_CHECKING:
    from stack.core import Core
    from stack.hook_packet import Shown

LOOPBACK: Final = 0x7F000001
_SOURCE_PLACES: Final = frozenset({Place.INPUT, Place.POSTROUTING})


def _is_rewritten(shown: Shown) -> bool:
    passage = shown.passage
    if passage is None or passage.settled:
        return passage is not None
    return passage.connection is not None and passage.connection.destination_settled


@dataclass(frozen=True, slots=True)
class Redirect:
    """To a port of this host: UDP and TCP, at prerouting and output (S10.7)."""

    port: int
    later: ClassVar[bool] = False

    def apply(self, core: Core, shown: Shown) -> bool:
        """Redirect one datagram."""
        if shown.place not in FIRST_PLACES:
            return False
        if _is_rewritten(shown):
            return True
        flow = read_flow(shown.header, shown.payload)
        if flow is None or flow.protocol not in (PROTOCOL_UDP, PROTOCOL_TCP):
            return False
        if flow.protocol == PROTOCOL_UDP and not core.policy.five_hooks:
            self._rewrite_alone(shown)
            return True
        address = _redirect_address(shown)
        passage = shown.passage
        # Whatever has ports, and is no reply to anything, was entered as a connection before.
        assert passage is not None
        assert passage.connection is not None
        if address is None:
            return False
        return claim_destination(core, shown, passage.connection, address, (self.port, self.port))

    def _rewrite_alone(self, shown: Shown) -> None:
        """S10.7: a datagram of UDP for itself, with no way back."""
        output = shown.place is Place.OUTPUT
        address = LOOPBACK if output else shown.header.destination
        set_destination(shown, address, self.port, checksum=output)
        shown.passage = Passage(settled=True)


def _redirect_address(shown: Shown) -> int | None:
    if shown.place is Place.OUTPUT:
        return LOOPBACK
    assert shown.came_by is not None
    return shown.came_by.addresses.main()


@dataclass(frozen=True, slots=True)
class Dnat:
    """To another destination, at prerouting and output (S10.12).

    `ports`: lowest and highest; without them the port stays.
    """

    address: int
    ports: tuple[int, int] | None = None
    later: ClassVar[bool] = True

    def apply(self, core: Core, shown: Shown) -> bool:
        """Translate one datagram."""
        if shown.place not in FIRST_PLACES:
            return False
        passage = shown.passage
        if passage is None or passage.connection is None:
            return False
        connection = passage.connection
        return connection.destination_settled or claim_destination(
            core, shown, connection, self.address, self.ports
        )


@dataclass(frozen=True, slots=True)
class Snat:
    """From another source, at input and postrouting (S10.12).

    `ports`: lowest and highest; without them the port stays if it is free.
    """

    address: int
    ports: tuple[int, int] | None = None
    later: ClassVar[bool] = True

    def apply(self, core: Core, shown: Shown) -> bool:
        """Translate one datagram."""
        if shown.place not in _SOURCE_PLACES:
            return False
        return _translate_source(core, shown, self.address, self.ports)


@dataclass(frozen=True, slots=True)
class Masquerade:
    """From the address that the outgoing NIC speaks with, at postrouting (S10.12)."""

    ports: tuple[int, int] | None = None
    later: ClassVar[bool] = True

    def apply(self, core: Core, shown: Shown) -> bool:
        """Translate one datagram."""
        if shown.place is not Place.POSTROUTING or shown.leaves_by is None:
            return False
        address = shown.leaves_by.addresses.source_for(shown.header.destination)
        if address is None:
            return False
        return _translate_source(core, shown, address, self.ports)


def _translate_source(
    core: Core, shown: Shown, address: int, ports: tuple[int, int] | None
) -> bool:
    passage = shown.passage
    if passage is None or passage.connection is None:
        return False
    connection = passage.connection
    return connection.source_settled or claim_source(core, shown, connection, address, ports)

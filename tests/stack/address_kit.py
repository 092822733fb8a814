"""An address table in few words, for tests."""

from __future__ import annotations

from stack.addresses import AddressTable, Hold
from stack.own_address import Origin, OwnAddress, Place
from stack.policy import RFC, Policy
from tests.stack.node_kit import a


def table_of(policy: Policy = RFC, *, loopback: bool = False) -> AddressTable:
    table = AddressTable(owns_whole_prefix=loopback, policy=policy)
    table.switch(on=True)
    return table


def add(
    table: AddressTable,
    address: str,
    length: int = 24,
    *,
    place: Place = Place.CAN_BE,
    deprecated: bool = False,
    origin: Origin = Origin.STATIC,
) -> None:
    reason = table.add(a(address), length, place=place, deprecated=deprecated, origin=origin)
    assert reason is None


def hold(
    table: AddressTable, address: str, *, temporaries: bool = False, place: Place = Place.NEVER
) -> Hold:
    held = table.hold(a(address), temporaries=temporaries, place=place)
    assert held is not None
    return held


def found(table: AddressTable, address: str, *, temporaries: bool = False) -> OwnAddress:
    own = table.find(a(address), temporaries=temporaries)
    assert own is not None
    return own


def listed(table: AddressTable) -> list[int]:
    return [own.address for own in table.primary()]


def numbers(*addresses: str) -> list[int]:
    return [a(address) for address in addresses]

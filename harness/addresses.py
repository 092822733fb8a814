"""From symbols to numbers: which addresses a case has in one laboratory.

IPv4 addresses are dotted strings everywhere in the harness, link addresses are six octets.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from harness.case.symbols import FAR, NEAR, Address, Mac, Port, Symbol

TESTER_MAC_PREFIX = b"\x02\x54"
"""Locally administered; the tester's link addresses are this and the IPv4 address."""


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """The addresses of one link, as the profile or topology file gives them.

    Attributes:
        name: the interface as people know it.
        target: the target's address.
        prefix_length: of the link's subnet.
        gateway: the tester's address that the target has routes by; None where it has none.
        second_gateway: the tester's other router.
        neighbours: on-link addresses of the tester, leased to cases.
        absent: on-link addresses that nobody answers for, leased to cases.
        remotes: the network behind the gateway, leased to cases; None where there is no route.
        target_mac: the target's link address once known; None on a bare-IP link.
        bare_ip: no link header and no ARP.
        mtu: in octets of IP packet.
    """

    name: str
    target: str
    prefix_length: int
    gateway: str | None
    second_gateway: str | None
    neighbours: tuple[str, ...]
    absent: tuple[str, ...]
    remotes: str | None
    target_mac: bytes | None = None
    bare_ip: bool = False
    mtu: int = 1500

    @property
    def subnet(self) -> ipaddress.IPv4Network:
        """The link's subnet."""
        return _network(f"{self.target}/{self.prefix_length}")

    @property
    def broadcast(self) -> str | None:
        """The subnet's broadcast address; a /31 and a /32 have none (RFC 3021 §2.1)."""
        return str(self.subnet.broadcast_address) if self.prefix_length <= 30 else None

    def has(self, address: str) -> bool:
        """Whether an address is on the link."""
        return _is_in(address, self.subnet)


def broadcasts(links: Iterable[LinkPlan]) -> frozenset[str]:
    """The subnet broadcast addresses of some links."""
    return frozenset(link.broadcast for link in links if link.broadcast is not None)


@lru_cache(maxsize=64)
def _network(text: str) -> ipaddress.IPv4Network:
    return ipaddress.IPv4Network(text, strict=False)


@lru_cache(maxsize=4096)
def _is_in(address: str, network: ipaddress.IPv4Network) -> bool:
    return ipaddress.IPv4Address(address) in network


def tester_mac(address: str) -> bytes:
    """The link address that the tester uses for one of its IPv4 addresses."""
    return TESTER_MAC_PREFIX + socket.inet_aton(address)


def group_mac(group: str) -> bytes:
    """The Ethernet address of a group: 01-00-5E and its low 23 bits (RFC 1112 §6.4)."""
    low = int.from_bytes(socket.inet_aton(group), "big") & 0x7FFFFF
    return b"\x01\x00\x5e" + low.to_bytes(3, "big")


class Unresolved(Exception):
    """A symbol that has no meaning in this laboratory; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The addresses and ports of one run of one case."""

    links: tuple[LinkPlan, ...]
    addresses: dict[Address, str]
    ports: dict[Port, int]
    identifier: int
    """The identifier of the case's ICMP queries; sentinels have its highest bit turned."""

    @property
    def sentinel_identifier(self) -> int:
        """The identifier of the case's sentinels."""
        return self.identifier ^ 0x8000

    def address(self, symbol: Address) -> str:
        """The address that a symbol stands for.

        Raises:
            Unresolved: the laboratory has no such address.
        """
        try:
            return self.addresses[symbol]
        except KeyError:
            raise Unresolved(f"no address for {symbol.name} here") from None

    def resolve(self, symbol: Symbol) -> str | int | bytes:
        """What a symbol stands for: a dotted address, a port number or a link address."""
        if isinstance(symbol, Address):
            return self.address(symbol)
        if isinstance(symbol, Port):
            return self.ports[symbol]
        return self.link_address(symbol)

    def link_address(self, symbol: Mac) -> bytes:
        """The link address that belongs to a symbol's address."""
        if symbol.of in (Address.HOST, Address.FAR_HOST):
            target_mac = self.links[NEAR if symbol.of is Address.HOST else FAR].target_mac
            if target_mac is None:
                raise Unresolved("this link has no link addresses")
            return target_mac
        if symbol.of in (Address.GROUP, Address.GROUP_2):
            return group_mac(self.address(symbol.of))
        return tester_mac(self.next_hop(symbol.of))

    def next_hop(self, symbol: Address) -> str:
        """The on-link tester address by which the target reaches one of the tester's."""
        address = self.address(symbol)
        link = self.links[FAR if symbol.far else NEAR]
        if link.has(address) or link.gateway is None:
            return address
        return link.gateway

    @property
    def targets(self) -> frozenset[str]:
        """The target's own addresses."""
        return frozenset(link.target for link in self.links)

    def own(self) -> frozenset[str]:
        """The addresses by which frames are known to belong to the case."""
        return frozenset(
            address for symbol, address in self.addresses.items() if symbol in OWN_SYMBOLS
        )


OWN_SYMBOLS = frozenset(
    {
        Address.TESTER,
        Address.TESTER_2,
        Address.NEIGHBOUR,
        Address.NEIGHBOUR_2,
        Address.REMOTE,
        Address.REMOTE_2,
        Address.ABSENT,
        Address.FAR_TESTER,
        Address.FAR_TESTER_2,
        Address.FAR_NEIGHBOUR,
        Address.FAR_ABSENT,
        Address.UNROUTED,
        Address.GROUP,
        Address.GROUP_2,
    }
)
"""Addresses that no other case has at the same time."""

FIRST_GROUP = int(ipaddress.IPv4Address("233.252.0.0"))
"""MCAST-TEST-NET (RFC 5771 §9.2); the second group of a case differs above its low 23 bits."""
FIRST_UNROUTED = "203.0.113.0"
FIRST_OPEN_PORT = 20_000
FIRST_CLOSED_PORT = 40_000
LEASES_OF_PORTS = 10_000
REMOTES_OF_A_LEASE = 4
NEIGHBOURS_OF_A_LEASE = 2


class LeasePool:
    """Hands out leases on one laboratory, in turn, so that none comes back soon."""

    def __init__(self, links: tuple[LinkPlan, ...]) -> None:
        self.links = links
        self._numbers = count()
        self._on_link = count()

    def lease(self, *, on_link: bool = True) -> Lease:
        """The next lease; `on_link` says whether the case names addresses on the links.

        A link has few of those: a case that names none gets none, unless the tester itself is a
        neighbour.
        """
        number = next(self._numbers)
        if not on_link and self.links[NEAR].remotes is not None:
            return self.numbered(number, None)
        return self.numbered(number, next(self._on_link))

    def numbered(self, number: int, on_link: int | None = 0) -> Lease:
        """The lease of a number; equal numbers give equal leases.

        `on_link` numbers the addresses on the links; None leaves them out.
        """
        addresses: dict[Address, str] = {}
        _take_near(addresses, self.links[NEAR], number, on_link)
        if len(self.links) > FAR:
            _take_far(addresses, self.links[FAR], number, on_link)
        group = FIRST_GROUP + 1 + number % 0xFFFE
        addresses[Address.GROUP] = str(ipaddress.IPv4Address(group))
        addresses[Address.GROUP_2] = str(ipaddress.IPv4Address(group - (1 << 24)))
        addresses[Address.UNROUTED] = _nth(FIRST_UNROUTED, 1 + number % 254)
        ports = {
            Port.OPEN_PORT: FIRST_OPEN_PORT + number % LEASES_OF_PORTS,
            Port.CLOSED_PORT: FIRST_CLOSED_PORT + number % LEASES_OF_PORTS,
            Port.TESTER_PORT: FIRST_OPEN_PORT + number % LEASES_OF_PORTS,
        }
        return Lease(self.links, addresses, ports, 1 + number % 0x7FFE)


def _take_near(
    addresses: dict[Address, str], link: LinkPlan, number: int, on_link: int | None
) -> None:
    addresses[Address.HOST] = link.target
    _subnet(addresses, link, Address.SUBNET_BROADCAST, Address.SUBNET_ZERO)
    _gateways(addresses, link)
    if on_link is not None:
        _on_link(addresses, link, on_link)
    if link.remotes is not None:
        leased = _remotes(link.remotes, number)
        addresses[Address.REMOTE], addresses[Address.REMOTE_2], addresses[Address.SENTINEL] = leased
        addresses[Address.TESTER] = addresses[Address.REMOTE]
        addresses[Address.TESTER_2] = addresses[Address.REMOTE_2]
    elif Address.NEIGHBOUR in addresses:
        addresses[Address.TESTER] = addresses[Address.NEIGHBOUR]
        addresses[Address.TESTER_2] = addresses[Address.NEIGHBOUR_2]
        addresses[Address.SENTINEL] = addresses[Address.NEIGHBOUR_2]


def _take_far(
    addresses: dict[Address, str], link: LinkPlan, number: int, on_link: int | None
) -> None:
    addresses[Address.FAR_HOST] = link.target
    _subnet(addresses, link, Address.FAR_SUBNET_BROADCAST, None)
    if link.gateway is not None:
        addresses[Address.FAR_GATEWAY] = link.gateway
    if link.neighbours and on_link is not None:
        addresses[Address.FAR_NEIGHBOUR] = link.neighbours[on_link % len(link.neighbours)]
    if link.absent and on_link is not None:
        addresses[Address.FAR_ABSENT] = link.absent[on_link % len(link.absent)]
    if link.remotes is not None:
        tester, second, sentinel = _remotes(link.remotes, number)
        addresses[Address.FAR_TESTER] = tester
        addresses[Address.FAR_TESTER_2] = second
        addresses[Address.FAR_SENTINEL] = sentinel


def _remotes(network: str, number: int) -> tuple[str, str, str]:
    """Three addresses of a network that no other number has, as far as it has room."""
    remotes = ipaddress.IPv4Network(network)
    room = (remotes.num_addresses - 2) // REMOTES_OF_A_LEASE
    first = remotes.network_address + 1 + number % room * REMOTES_OF_A_LEASE
    return str(first), str(first + 1), str(first + 2)


def _nth(first: str, number: int) -> str:
    return str(ipaddress.IPv4Address(first) + number)


def _subnet(
    addresses: dict[Address, str], link: LinkPlan, broadcast: Address, zero: Address | None
) -> None:
    if link.broadcast is not None:
        addresses[broadcast] = link.broadcast
        if zero is not None:
            addresses[zero] = str(link.subnet.network_address)


def _gateways(addresses: dict[Address, str], link: LinkPlan) -> None:
    if link.gateway is not None:
        addresses[Address.GATEWAY] = link.gateway
    if link.second_gateway is not None:
        addresses[Address.GATEWAY_2] = link.second_gateway


def _on_link(addresses: dict[Address, str], link: LinkPlan, number: int) -> None:
    room = len(link.neighbours) // NEIGHBOURS_OF_A_LEASE
    if room:
        first = number % room * NEIGHBOURS_OF_A_LEASE
        addresses[Address.NEIGHBOUR] = link.neighbours[first]
        addresses[Address.NEIGHBOUR_2] = link.neighbours[first + 1]
    if link.absent:
        addresses[Address.ABSENT] = link.absent[number % len(link.absent)]

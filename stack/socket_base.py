"""What all sockets have in common: their settings, and the way from a call to IP.

RFC 1122 §3.4: the user sets TTL, TOS and options and is told them of what arrives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stack import send
from stack.inbound import Cast
from stack.refusal import Reason, Refused, check
from stack.route_choice import Route, choose
from stack.send import Wish
from stack.socket_errors import ErrorQueue, SocketError
from stack.user_options import NO_OPTIONS, OptionRefusal, UserOptions, take_user_options
from stack.wire.address import as_address, is_multicast

if TYPE_CHECKING:
    from stack.addresses import Hold
    from stack.core import Core

QUEUE_LIMIT = 256
"""Datagrams that wait in one socket."""
QUEUE_OCTETS = 1 << 20
"""Octets that wait in one socket; one datagram always fits."""

Address = str | int
"""A dotted quad or its number."""


@dataclass(slots=True)
class Settings:
    """What a user may set on a socket at any time."""

    ttl: int | None = None
    """None: the node's default."""
    tos: int = 0
    df: bool = False
    broadcast: bool = False
    """Permission to send to broadcast addresses (S7.22)."""
    multicast_ttl: int = 1
    """RFC 1112 §6.1: 1 unless set."""
    multicast_loop: bool = True
    """RFC 1112 §6.1: whether this host gets a copy of what it sends to a group it is in."""
    multicast_nic: int | None = None
    """RFC 1112 §6.1: which interface groups are sent by; None: by the route table."""


class Ask(NamedTuple):
    """What one call wants; None means: as set on the socket."""

    destination: int
    source: int | None
    ttl: int | None
    tos: int | None
    options: bytes | None
    df: bool | None


@dataclass(slots=True, eq=False)
class Socket:
    """Settings, options and errors of one socket."""

    core: Core
    settings: Settings = field(default_factory=Settings)
    errors_seen: ErrorQueue = field(default_factory=ErrorQueue)
    closed: bool = False
    _options: UserOptions = NO_OPTIONS
    _holds: list[Hold] = field(default_factory=list)

    def _keep(self, *addresses: int | None) -> None:
        """Hold these sources and no others: removed ones live on as expired (S1.8, S1.11)."""
        kept = [hold for hold in self._holds if hold.own.address in addresses]
        for hold in self._holds:
            if hold not in kept:
                hold.release()
        held = {hold.own.address for hold in kept}
        wanted = {each for each in addresses if each is not None} - held
        new = (self.core.hold(address) for address in sorted(wanted))
        self._holds = kept + [hold for hold in new if hold is not None]

    def set_options(self, buffer: bytes) -> None:
        """Set the IP options of all that is sent from now on (S12.2 to S12.8)."""
        self._options = self._take(buffer)

    def get_options(self) -> bytes:
        """Give what was set (S12.11)."""
        return self._options.given

    def errors(self) -> list[SocketError]:
        """Give the ICMP errors that came since the last call (RFC 1122 §4.1.3.3)."""
        return self.errors_seen.take()

    def _take(self, buffer: bytes) -> UserOptions:
        taken = take_user_options(buffer, self.core.policy)
        if taken is OptionRefusal.NOT_SUPPORTED:
            raise Refused(Reason.NOT_SUPPORTED)
        if isinstance(taken, OptionRefusal):
            raise Refused(Reason.INVALID_ARGUMENT)
        return taken

    def _prepare(self, protocol: int, ask: Ask) -> tuple[Route, Wish]:
        """Find the way for one call and say what its header is to be."""
        if self.closed:
            raise Refused(Reason.CLOSED)
        settings = self.settings
        options = self._options if ask.options is None else self._take(ask.options)
        # RFC 1122 §3.2.1.8 (c): a source route begins in the header's destination.
        destination = ask.destination if options.first_hop is None else options.first_hop
        group = is_multicast(destination)
        nic = None
        if group and settings.multicast_nic is not None:
            nic = self.core.nics.get(settings.multicast_nic)
            if nic is None:
                raise Refused(Reason.UNKNOWN_NIC)
        tos = settings.tos if ask.tos is None else ask.tos
        route = choose(self.core, destination, source=ask.source, nic=nic, tos=tos)
        if isinstance(route, Reason):
            self.core.counters.inc("ipSystemStatsOutNoRoutes")
            raise Refused(route)
        if route.cast is Cast.BROADCAST and not settings.broadcast:
            raise Refused(Reason.BROADCAST_DISABLED)
        ttl = settings.ttl if ask.ttl is None else ask.ttl
        if ttl is None:
            ttl = settings.multicast_ttl if group else self.core.default_ttl
        df = settings.df if ask.df is None else ask.df
        loop = group and settings.multicast_loop
        if not (0 <= ttl <= 255 and 0 <= tos <= 255):
            raise Refused(Reason.INVALID_ARGUMENT)
        return route, Wish(protocol, ttl, tos, options.area, df, loop)

    def _hand_over(self, route: Route, payload: bytes, wish: Wish) -> None:
        check(send.originate(self.core, route, payload, wish))

    def maximum_payload(self, to: Address) -> int:
        """Answer the largest IP payload that reaches a destination uncut (RFC 1122 §3.4, MMS_S)."""
        destination = as_address(to)
        route = choose(self.core, destination)
        if isinstance(route, Reason):
            raise Refused(route)
        mtu = self.core.path_mtu.estimate(destination, route.nic.mtu, self.core.now)
        return mtu - 20 - len(self._options.area)


@dataclass(slots=True)
class Bound:
    """How much a queue of received datagrams may hold."""

    octets: int = 0
    number: int = 0

    def has_room(self, size: int) -> bool:
        """Answer whether one more fits, and book it if so."""
        full = self.number >= QUEUE_LIMIT or (self.number and self.octets + size > QUEUE_OCTETS)
        if full:
            return False
        self.number += 1
        self.octets += size
        return True

    def taken(self, size: int) -> None:
        """One of that size was read."""
        self.number -= 1
        self.octets -= size

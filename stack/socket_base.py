"""What all sockets have in common: their settings, and the way from a call to IP.

RFC 1122 §3.4: the user sets TTL, TOS and options and is told them of what arrives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from stack import groups, send, socket_options
from stack.fragment import transport_mtu
from stack.inbound import Cast
from stack.refusal import Reason, Refused, check
from stack.route_choice import Route, choose
from stack.send import Wish
from stack.socket_errors import ErrorQueue, SocketError, hard_reason, told_errors
from stack.socket_options import COMMON, SocketOption, Value
from stack.socket_settings import MtuDiscover, Settings
from stack.user_options import NO_OPTIONS, OptionRefusal, UserOptions, take_user_options
from stack.wire.address import as_address, is_multicast
from stack.wire.ipv4 import MINIMUM_HEADER

if TYPE_CHECKING:
    from stack.addresses import Hold
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.wire.icmp import IcmpMessage

QUEUE_LIMIT = 256
"""Datagrams that wait in one socket."""
QUEUE_OCTETS = 1 << 20
"""Octets that wait in one socket; one datagram always fits."""

Address = str | int
"""A dotted quad or its number."""


class Ask(NamedTuple):
    """What one call wants; None means: as set on the socket."""

    destination: int
    source: int | None
    ttl: int | None
    tos: int | None
    options: bytes | None
    df: bool | None
    size: int = 0
    """Octets of IP payload."""


@dataclass(slots=True, eq=False)
class Socket(ABC):
    """Settings, options, memberships and errors of one socket."""

    core: Core
    settings: Settings = field(default_factory=Settings)
    errors_seen: ErrorQueue = field(default_factory=ErrorQueue)
    closed: bool = False
    _options: UserOptions = NO_OPTIONS
    _pending: Reason | None = None
    _memberships: set[tuple[int, int]] = field(default_factory=set)
    _shut_read: bool = False
    _shut_write: bool = False
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

    option_table: ClassVar[Mapping[str, SocketOption]] = COMMON
    """What `setsockopt` and `getsockopt` know."""

    # Options

    def set_options(self, buffer: bytes | None) -> None:
        """Set the IP options of all that is sent from now on; none or no octets clear them.

        At most 44 octets; a source route lists the hops in travelling order, the final destination
        last (S12.2 to S12.8). A buffer that is refused changes nothing.
        """
        self._options = self._take(buffer or b"")

    def get_options(self, size: int | None = None) -> bytes:
        """Give what was set, or as much as fits into a buffer of that size (S12.11)."""
        return self._in_force.given[:size]

    @property
    def _in_force(self) -> UserOptions:
        """The options of all that is sent now."""
        return self._options

    def setsockopt(self, name: str, value: Any) -> None:
        """Set the option of that name (`socket_options`)."""
        if self.closed:
            raise Refused(Reason.CLOSED)
        socket_options.write(self, self.option_table, name, value)

    def getsockopt(self, name: str, size: int | None = None) -> Value:
        """Read the option of that name; of octets as much as fits into a buffer of that size."""
        if self.closed:
            raise Refused(Reason.CLOSED)
        value = socket_options.read(self, self.option_table, name)
        return value[:size] if isinstance(value, bytes) else value

    # Errors

    @property
    def queues_errors(self) -> bool:
        """Whether ICMP errors are queued for `errors` (S12.20)."""
        return told_errors(self.core.policy, self.settings)

    def errors(self) -> list[SocketError]:
        """Give the ICMP errors that came since the last call (RFC 1122 §4.1.3.3)."""
        return self.errors_seen.take()

    def take_error(self) -> Reason | None:
        """Give what is held against the socket, and forget it (SO_ERROR of POSIX)."""
        pending, self._pending = self._pending, None
        return pending

    def hear(self, inbound: Inbound, message: IcmpMessage, mtu: int) -> None:
        """Take in an ICMP error about a datagram of this socket (S5.36, S12.20)."""
        if self.queues_errors:
            self.errors_seen.put(inbound, message, mtu)
        reason = hard_reason(message)
        if reason is None or self.peer_address() is None:
            # POSIX: who has no peer is told of nothing that one destination did.
            return
        if reason is Reason.MESSAGE_TOO_LONG and not self._minds_path():
            return
        # S5.36: port unreachable alone; S14.38: every hard error.
        if reason is Reason.CONNECTION_REFUSED or self.core.policy.soft_and_hard_errors:
            self._pending = reason

    def _minds_path(self) -> bool:
        """Whether the path's MTU can stop this socket's datagrams: else they are cut."""
        return self.settings.mtu_discover is not MtuDiscover.DONT

    def _raise_pending(self) -> None:
        check(self.take_error())

    # Peer and groups

    @abstractmethod
    def peer_address(self) -> int | None:
        """Answer the address of the peer; None where there is none."""

    def path_mtu(self) -> int:
        """Answer the octets of a datagram that the path to the peer is held to take."""
        peer = self.peer_address()
        if peer is None:
            raise Refused(Reason.NOT_CONNECTED)
        return self.maximum_payload(peer) + MINIMUM_HEADER + len(self._in_force.area)

    def join(self, nic: int, group: Address) -> None:
        """Become a member of a group on a NIC until `leave` or `close` (RFC 1112 §7.1)."""
        if self.closed:
            raise Refused(Reason.CLOSED)
        membership = (nic, as_address(group))
        if membership in self._memberships:
            raise Refused(Reason.ADDRESS_IN_USE)
        check(groups.join(self.core, *membership))
        self._memberships.add(membership)

    def leave(self, nic: int, group: Address) -> None:
        """End a membership that this socket has."""
        membership = (nic, as_address(group))
        if membership not in self._memberships:
            unknown = nic not in self.core.nics
            raise Refused(Reason.UNKNOWN_NIC if unknown else Reason.BAD_LOCAL_ADDRESS)
        self._memberships.remove(membership)
        check(groups.leave(self.core, *membership))

    def shutdown(self, *, read: bool = False, write: bool = False) -> None:
        """Receive nothing more, or send nothing more; for sockets with a peer."""
        if self.peer_address() is None:
            raise Refused(Reason.NOT_CONNECTED)
        self._shut_read = self._shut_read or read
        self._shut_write = self._shut_write or write

    def _end(self) -> None:
        """What every socket does when it closes."""
        self.closed = True
        for membership in sorted(self._memberships):
            # The NIC may be gone, and its groups with it.
            groups.leave(self.core, *membership)
        self._memberships.clear()
        self._keep()

    # Sending

    def _check_open(self) -> None:
        """Refuse a call of sending when there is a reason to."""
        if self.closed:
            raise Refused(Reason.CLOSED)
        if self._shut_write:
            raise Refused(Reason.SHUT_DOWN)
        self._raise_pending()

    def _take(self, buffer: bytes) -> UserOptions:
        taken = take_user_options(buffer, self.core.policy)
        if taken is OptionRefusal.NOT_SUPPORTED:
            raise Refused(Reason.NOT_SUPPORTED)
        if isinstance(taken, OptionRefusal):
            raise Refused(Reason.INVALID_ARGUMENT)
        return taken

    def _prepare(self, protocol: int, ask: Ask) -> tuple[Route, Wish]:
        """Find the way for one call and say what its header is to be."""
        self._check_open()
        settings = self.settings
        options = self._options if ask.options is None else self._take(ask.options)
        tos = settings.tos if ask.tos is None else ask.tos
        route = self._way(ask.destination, options, ask.source, tos)
        if isinstance(route, Reason):
            self.core.counters.inc("ipSystemStatsOutNoRoutes")
            raise Refused(route)
        if route.cast is Cast.BROADCAST and not settings.broadcast:
            raise Refused(Reason.BROADCAST_DISABLED)
        group = is_multicast(route.destination)
        ttl = self._ttl(group=group) if ask.ttl is None else ask.ttl
        if not (0 <= ttl <= 255 and 0 <= tos <= 255):
            raise Refused(Reason.INVALID_ARGUMENT)
        df = ask.df
        if df is None:
            df = settings.df or self._fits(route, ask.size + len(options.area))
        loop = group and settings.multicast_loop
        if settings.mtu_discover is MtuDiscover.PROBE:
            route = replace(route, probes=True)
        return route, Wish(protocol, ttl, tos, options.area, df, loop)

    def _way(
        self, to: int, options: UserOptions, source: int | None = None, tos: int = 0
    ) -> Route | Reason:
        """Find the way that a datagram with these options takes."""
        # RFC 1122 §3.2.1.8 (c): a source route begins in the header's destination.
        destination = to if options.first_hop is None else options.first_hop
        nic = None
        if is_multicast(destination) and self.settings.multicast_nic is not None:
            nic = self.core.nics.get(self.settings.multicast_nic)
            if nic is None:
                raise Refused(Reason.UNKNOWN_NIC)
        return choose(self.core, destination, source=source, nic=nic, tos=tos)

    def _ttl(self, *, group: bool) -> int:
        """S7.3: to a group the multicast TTL as it is, else the socket's own or the default."""
        if group:
            return self.settings.multicast_ttl
        return self.settings.ttl or self.core.default_ttl

    def _fits(self, route: Route, size: int) -> bool:
        """Whether a datagram gets DF because it passes anyway (RFC 1191 §2)."""
        if self.settings.mtu_discover is not MtuDiscover.WANT:
            return False
        return MINIMUM_HEADER + size <= send.path_mtu(self.core, route)

    def _hand_over(self, route: Route, payload: bytes, wish: Wish) -> None:
        check(send.originate(self.core, route, payload, wish))

    def maximum_payload(self, to: Address) -> int:
        """Answer the largest IP payload that reaches a destination uncut (RFC 1122 §3.4, MMS_S).

        S12.10: the socket's options take their room; what is larger is cut, or with DF refused.
        """
        route = self._way(as_address(to), self._in_force)
        if isinstance(route, Reason):
            raise Refused(route)
        mtu = send.path_mtu(self.core, route)
        return max(0, transport_mtu(mtu) - len(self._in_force.area))


Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """What a socket received and its user has not read, oldest first, bounded."""

    __slots__ = ("_items", "_octets")

    def __init__(self) -> None:
        self._items: deque[tuple[int, Item]] = deque()
        self._octets = 0

    def has_room(self, size: int) -> bool:
        """Answer whether something of that many octets fits; alone it always does."""
        held = len(self._items)
        return held < QUEUE_LIMIT and (not held or self._octets + size <= QUEUE_OCTETS)

    def add(self, size: int, item: Item) -> None:
        """Put something behind what is there."""
        self._octets += size
        self._items.append((size, item))

    def next(self, *, peek: bool) -> Item | None:
        """Give the oldest and, unless the user only peeks, forget it."""
        if not self._items:
            return None
        size, item = self._items[0]
        if not peek:
            self._items.popleft()
            self._octets -= size
        return item

    def clear(self) -> None:
        """Forget all."""
        self._items.clear()
        self._octets = 0

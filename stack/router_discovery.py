"""Router discovery, the host side (RFC 1256 §5): default gateways by their own word.

A NIC performs it when the policy says so, the NIC is on and the node is no router. RFC 1256 is
elective, so it is off unless told.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from stack import send
from stack.inbound import Cast
from stack.route_choice import Route
from stack.router_list import Asking, Router
from stack.send import Wish
from stack.wire.address import ALL_ROUTERS, LIMITED_BROADCAST
from stack.wire.icmp import ROUTER_SOLICITATION, ZERO_REST, IcmpMessage, build_icmp
from stack.wire.ipv4 import PROTOCOL_ICMP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.core import Core
    from stack.inbound import Inbound
    from stack.nic import Nic

SECOND: Final = 1_000_000
"""Microseconds."""
MAX_SOLICITATION_DELAY: Final = 1 * SECOND
"""RFC 1256 §6, as the next two: the longest wait before the first solicitation."""
SOLICITATION_INTERVAL: Final = 3 * SECOND
"""From one solicitation to the next."""
MAX_SOLICITATIONS: Final = 3
"""Solicitations while nobody answers."""
NO_DEFAULT: Final = -0x80000000
"""RFC 1256 §5.1: a router with this preference is no default gateway."""
SOLICITATION_ADDRESSES: Final = (ALL_ROUTERS, LIMITED_BROADCAST)
"""RFC 1256 §5.1: the only permissible values."""

_ENTRY = struct.Struct("!Ii")


def update(core: Core) -> None:
    """Begin or cease on every NIC; called when the policy or forwarding was switched."""
    for nic in core.nics.values():
        switched(core, nic)
    if core.forwarding:
        # RFC 1812 §5.2: a router has routes of its own.
        _forget(core, list(core.routers.routers))


def switched(core: Core, nic: Nic) -> None:
    """Begin or cease on a NIC, as things are now; called when it was switched on or off."""
    routers = core.routers
    wanted = core.policy.router_discovery and nic.enabled and not nic.loopback
    if not wanted or core.forwarding:
        routers.running.discard(nic.number)
        routers.asking.pop(nic.number, None)
    elif nic.number not in routers.running:
        # RFC 1256 §5.3: after one of these events, and a random wait.
        routers.running.add(nic.number)
        wait = core.random.getrandbits(32) * MAX_SOLICITATION_DELAY >> 32
        routers.asking[nic.number] = Asking(core.now + wait, MAX_SOLICITATIONS)


def nic_removed(core: Core, nic: int) -> None:
    """Forget a NIC that is no more; it is off already."""
    _forget(core, [key for key in core.routers.routers if key[0] == nic])
    core.routers.destination.pop(nic, None)


def _forget(core: Core, keys: list[tuple[int, int]]) -> None:
    for key in keys:
        del core.routers.routers[key]
        core.routes.forget_learned(*key)


def expire(core: Core) -> None:
    """Ask again where nobody answered, and forget those whose time is over."""
    routers = core.routers
    for number, asking in list(routers.asking.items()):
        if asking.due <= core.now:
            _solicit(core, core.nics[number])
            asking.left -= 1
            # RFC 1256 §5.3: without randomization.
            asking.due += SOLICITATION_INTERVAL
            if not asking.left:
                del routers.asking[number]
    _forget(core, [key for key, router in routers.routers.items() if router.due <= core.now])


def _solicit(core: Core, nic: Nic) -> None:
    destination = core.routers.destination.get(nic.number, ALL_ROUTERS)
    cast = Cast.BROADCAST if destination == LIMITED_BROADCAST else Cast.MULTICAST
    # RFC 1256 §3: the source is zero as long as there is no address.
    route = Route(nic, nic.addresses.main() or 0, destination, destination, cast, inside=False)
    message = IcmpMessage(ROUTER_SOLICITATION, 0, ZERO_REST, b"")
    # RFC 1256 §3: TTL 1.
    refused = send.originate(core, route, build_icmp(message), Wish(PROTOCOL_ICMP, 1))
    if refused is None:
        nic.counters.icmp_out(ROUTER_SOLICITATION)
    else:
        nic.counters.icmp_refused(ROUTER_SOLICITATION)


def advertisement(core: Core, inbound: Inbound, message: IcmpMessage) -> None:
    """Take in a router advertisement."""
    nic = inbound.nic
    if nic.number not in core.routers.running or not _is_valid(message):
        return
    lifetime = message.sequence * SECOND
    for address, preference in _entries(message):
        # RFC 1256 §5.3: addresses that are no neighbours are ignored.
        if nic.addresses.on_link(address) is None or core.owns(address):
            continue
        if core.is_subnet_broadcast(address):
            continue
        _heard_of(core, nic, address, Router(preference, core.now + lifetime))
        if preference != NO_DEFAULT:
            # RFC 1256 §5.3: MUST desist from soliciting.
            core.routers.asking.pop(nic.number, None)


def _is_valid(message: IcmpMessage) -> bool:
    """RFC 1256 §5.2; the checksum was verified before."""
    number, size = message.rest[0], message.rest[1]
    return (
        message.code == 0 and number >= 1 and size >= 2 and len(message.data) >= number * size * 4
    )


def _entries(message: IcmpMessage) -> Iterator[tuple[int, int]]:
    """Address and preference of each entry; further words of an entry are ignored."""
    number, size = message.rest[0], message.rest[1]
    for place in range(number):
        address, preference = _ENTRY.unpack_from(message.data, place * size * 4)
        yield address, preference


def _heard_of(core: Core, nic: Nic, address: int, router: Router) -> None:
    key = (nic.number, address)
    routers = core.routers.routers
    if router.preference == NO_DEFAULT or router.due <= core.now:
        if key in routers:
            _forget(core, [key])
        return
    least = None if key in routers else core.routers.least()
    if least is not None:
        # RFC 1256 §5.3: those with lower preference are discarded in favour of higher ones.
        if routers[least].preference >= router.preference:
            return
        _forget(core, [least])
    routers[key] = router
    core.routes.learn(nic.number, address, router.preference)

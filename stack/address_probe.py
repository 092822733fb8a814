"""Trying an address before it is used, and telling others of it (RFC 5227 §2.1 to §2.3).

An address that is to be tried is nobody's until the link has stayed silent about it: it is not in
the address table, so nothing is received for it or sent from it. When the link comes up again all
addresses that were tried once are tried anew. Conflicts about addresses in use are seen by
`stack.arp`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import link, tcp_end
from stack.address_trials import Change, Trial, Wanted
from stack.own_address import Kind
from stack.refusal import Reason
from stack.wire.arp import REQUEST, ArpPacket, arp_request
from stack.wire.ethernet import BROADCAST_MAC

if TYPE_CHECKING:
    from stack.core import Core
    from stack.nic import Nic

SECOND: Final = 1_000_000
"""Microseconds."""
PROBE_WAIT: Final = 1 * SECOND
"""RFC 5227 §1.1, as all names below: the longest wait before the first probe."""
PROBE_NUM: Final = 3
"""Probes for one address."""
PROBE_MIN: Final = 1 * SECOND
"""The shortest wait from one probe to the next."""
PROBE_MAX: Final = 2 * SECOND
"""The longest one."""
ANNOUNCE_WAIT: Final = 2 * SECOND
"""From the last probe to the first announcement."""
ANNOUNCE_NUM: Final = 2
"""Announcements of one address."""
ANNOUNCE_INTERVAL: Final = 2 * SECOND
"""From one announcement to the next."""
MAX_CONFLICTS: Final = 10
"""Conflicts on a NIC after which trials are rare."""
RATE_LIMIT_INTERVAL: Final = 60 * SECOND
"""From one of those rare trials to the next."""


def take(core: Core, nic: Nic, wanted: Wanted) -> Reason | None:
    """Give a NIC an address at once."""
    if (nic.number, wanted.address) in core.probes.tentative:
        return Reason.DUPLICATE_ADDRESS
    if not _is_possible(wanted):
        return Reason.INVALID_ARGUMENT
    refused = nic.addresses.add(
        wanted.address,
        wanted.length,
        place=wanted.place,
        deprecated=wanted.deprecated,
        origin=wanted.origin,
    )
    if refused is not None:
        return refused
    if wanted.defence is not None:
        nic.defence[wanted.address] = wanted.defence
    # S1.23: reports that waited for a source can go.
    nic.membership.address_added(core.now)
    return None


def begin(core: Core, nic: Nic, wanted: Wanted) -> Reason | None:
    """Try an address on the link, and take it if nobody objects."""
    key = (nic.number, wanted.address)
    if not _is_possible(wanted):
        return Reason.INVALID_ARGUMENT
    there = nic.addresses.entry(wanted.address)
    if key in core.probes.tentative or (there is not None and there.kind is Kind.PERMANENT):
        return Reason.DUPLICATE_ADDRESS
    core.probes.tried[key] = wanted
    _try(core, nic, wanted)
    return None


def _is_possible(wanted: Wanted) -> bool:
    return 0 <= wanted.length <= 32 and 0 <= wanted.address <= 0xFFFFFFFF


def _try(core: Core, nic: Nic, wanted: Wanted) -> None:
    probes = core.probes
    if nic.mac is None or nic.loopback or not nic.arp:
        # There is nobody on the link that could be asked.
        take(core, nic, wanted)
        probes.note(nic, wanted.address, Change.READY)
        return
    trial = probes.tentative[nic.number, wanted.address] = Trial(wanted, PROBE_NUM, ANNOUNCE_NUM)
    if nic.enabled:
        # RFC 5227 §2.1.1: after a random wait, and rarely where there were many conflicts.
        start = core.now
        if probes.conflicts.get(nic.number, 0) >= MAX_CONFLICTS:
            start = max(start, probes.last_attempt.get(nic.number, 0) + RATE_LIMIT_INTERVAL)
        probes.last_attempt[nic.number] = start
        probes.go_on((nic.number, wanted.address), trial, start + _random(core, 0, PROBE_WAIT))


def _random(core: Core, least: int, most: int) -> int:
    return least + (core.random.getrandbits(32) * (most - least) >> 32)


def expire(core: Core) -> None:
    """Send the probes and announcements that are due, and take what nobody objected to."""
    probes = core.probes
    for key in probes.take_due(core.now):
        nic = core.nics[key[0]]
        trial = probes.tentative.get(key)
        if trial is not None:
            _go_on(core, nic, trial, trial.due)
        else:
            trial = probes.announcing[key]
            _announce(core, nic, trial, trial.due)


def _go_on(core: Core, nic: Nic, trial: Trial, now: int) -> None:
    address = trial.wanted.address
    key = (nic.number, address)
    if trial.probes:
        trial.probes -= 1
        # RFC 5227 §2.1.1: the sender address is zero, so that no cache is spoiled.
        link.send_arp(core, nic, arp_request(nic.station, 0, address), BROADCAST_MAC)
        wait = _random(core, PROBE_MIN, PROBE_MAX) if trial.probes else ANNOUNCE_WAIT
        core.probes.go_on(key, trial, now + wait)
        return
    del core.probes.tentative[key]
    take(core, nic, trial.wanted)
    core.probes.note(nic, address, Change.READY)
    core.probes.announcing[key] = trial
    _announce(core, nic, trial, now)


def _announce(core: Core, nic: Nic, trial: Trial, now: int) -> None:
    """RFC 5227 §2.3: twice, so that caches that name another station are set right."""
    announce(core, nic, trial.wanted.address)
    key = (nic.number, trial.wanted.address)
    trial.announcements -= 1
    if trial.announcements:
        core.probes.go_on(key, trial, now + ANNOUNCE_INTERVAL)
    else:
        core.probes.end(key)


def announce(core: Core, nic: Nic, address: int) -> None:
    """Tell all that an address is ours (RFC 5227 §2.3)."""
    link.send_arp(core, nic, arp_request(nic.station, address, address), BROADCAST_MAC)


def heard(core: Core, nic: Nic, packet: ArpPacket) -> None:
    """Look whether an ARP packet of another station is about an address being tried."""
    used = (nic.number, packet.sender_address)
    if used not in core.probes.tentative:
        # RFC 5227 §2.1.1: another station that tries the same address is a conflict too.
        used = (nic.number, packet.target_address)
        if packet.operation != REQUEST or packet.sender_address:
            return
    trial = core.probes.tentative.get(used)
    if trial is not None:
        core.probes.end(used)
        core.probes.conflict(nic)
        core.probes.tried.pop(used, None)
        core.probes.note(nic, trial.wanted.address, Change.REFUSED, packet.sender_mac)


def give_up(core: Core, nic: Nic, address: int, station: bytes) -> None:
    """Cease using an address that another station uses (RFC 5227 §2.4 a, b)."""
    for connection in core.tcp.of_address(address):
        # RFC 5227 §2.4: connections SHOULD be reset while the address can still say so.
        tcp_end.abort(core, connection, Reason.BAD_LOCAL_ADDRESS)
    remove(core, nic, address)
    core.probes.note(nic, address, Change.LOST, station)


def remove(core: Core, nic: Nic, address: int) -> Reason | None:
    """Take an address away from a NIC, in use or being tried."""
    key = (nic.number, address)
    core.probes.tried.pop(key, None)
    if key in core.probes.tentative:
        core.probes.end(key)
        return None
    return _withdraw(core, nic, address)


def _withdraw(core: Core, nic: Nic, address: int) -> Reason | None:
    core.probes.end((nic.number, address))
    nic.defence.pop(address, None)
    nic.defended.pop(address, None)
    return nic.addresses.remove(address)


def link_up(core: Core, nic: Nic) -> None:
    """The link works again: what was tried before is tried anew (RFC 5227 §2.1)."""
    for key, wanted in list(core.probes.tried.items()):
        if key[0] == nic.number:
            _withdraw(core, nic, wanted.address)
            _try(core, nic, wanted)


def link_down(core: Core, nic: Nic) -> None:
    """The link is gone: trials wait for it."""
    probes = core.probes
    for key in [key for key in probes.tentative if key[0] == nic.number]:
        probes.pause(key)
    for key in [key for key in probes.announcing if key[0] == nic.number]:
        probes.end(key)


def nic_removed(core: Core, nic: int) -> None:
    """Forget a NIC that is no more."""
    probes = core.probes
    for table in (probes.tentative, probes.announcing, probes.tried):
        for key in [key for key in table if key[0] == nic]:
            probes.end(key)
            probes.tried.pop(key, None)
    probes.conflicts.pop(nic, None)
    probes.last_attempt.pop(nic, None)

"""What happens by itself: timers are data, looked at when the node is told the time.

Each part that waits for something says when (`next_deadline`) and does it (`expire`). Nothing else
in the stack acts on its own. A part is asked again only when someone has reached for it
(`Nic.neighbours`, `Nic.membership`, `Core.tcp` and its like), so that a packet costs the same
however many NICs there are, and nothing for timers that it leaves alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import address_probe, deliver, link_failure, router_discovery, tcp_timers
from stack.core import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stack.core import Core
    from stack.nic import Nic


def next_deadline(core: Core) -> int | None:
    """Answer when the next timer is due, in microseconds; None when none runs.

    `Core.due` says so from now on.
    """
    for number in core.touched:
        _note(core, number)
    if core.stirred:
        # Every part of the stack that has a timer of its own stands here, and in `run`.
        parts = (core.reassembly, core.probes, core.routers, core.tcp)
        core.agenda.note_common(_soonest(part.next_deadline() for part in parts))
        core.stirred = False
    due = core.agenda.soonest()
    core.due = NEVER if due is None else due
    return due


def _nic_deadline(nic: Nic) -> int | None:
    """Every part of a NIC that has a timer stands here, and in `_expire`."""
    parts = (nic.neighbour_table, nic.group_membership)
    return _soonest(part.next_deadline() for part in parts)


def _soonest(due: Iterable[int | None]) -> int | None:
    return min((each for each in due if each is not None), default=None)


def _expire(nic: Nic, now: int) -> None:
    nic.membership.expire(now)
    nic.neighbours.expire(now)


def _note(core: Core, number: int) -> None:
    nic = core.nics.get(number)
    core.agenda.note(number, None if nic is None else _nic_deadline(nic))


def run(core: Core) -> None:
    """Do what is due at the node's time."""
    deliver.give_up_reassembly(core)
    for number in core.agenda.take_due(core.now):
        # What is removed has taken its deadline with it.
        _expire(core.nics[number], core.now)
    address_probe.expire(core)
    router_discovery.expire(core)
    tcp_timers.run(core)
    take_failures(core)


def take_failures(core: Core) -> None:
    """Draw the consequences of next hops that did not answer (S13.9)."""
    while core.touched:
        numbers = sorted(core.touched)
        core.touched.clear()
        for number in numbers:
            nic = core.nics.get(number)
            if nic is not None:
                for failure in nic.neighbour_table.take_failures():
                    link_failure.draw_consequences(core, nic, failure)
            _note(core, number)

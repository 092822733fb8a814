"""What happens by itself: timers are data, looked at when the node is told the time.

Each part that waits for something says when (`next_deadline`) and does it (`expire`). Nothing else
in the stack acts on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack import deliver, forward, tcp_errors, tcp_timers

if TYPE_CHECKING:
    from stack.core import Core
    from stack.nic import Nic


def next_deadline(core: Core) -> int | None:
    """Answer when the next timer is due, in microseconds; None when none runs."""
    due = [core.reassembly.next_deadline(), core.tcp.next_deadline()]
    for nic in core.nics.values():
        due += (nic.neighbours.next_deadline(), nic.membership.next_deadline())
    return min((each for each in due if each is not None), default=None)


def run(core: Core) -> None:
    """Do what is due at the node's time."""
    deliver.give_up_reassembly(core)
    tcp_timers.run(core)
    for nic in list(core.nics.values()):
        nic.membership.expire(core.now)
        nic.neighbours.expire(core.now)
    take_failures(core)


def take_failures(core: Core) -> None:
    """Draw the consequences of next hops that did not answer (S13.9)."""
    for nic in list(core.nics.values()):
        for failure in nic.neighbours.take_failures():
            core.routes.neighbour_silent(failure.address, core.now)
            for waiting in failure.waiting:
                _lost(nic)
                tcp_errors.next_hop_silent(core, waiting.packet)
            forward.next_hop_silent(core, failure)


def _lost(nic: Nic) -> None:
    nic.counters.inc("ipSystemStatsOutDiscards")
    nic.counters.inc("IP.OutgoingPacketErrors")

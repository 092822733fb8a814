"""Deadlines of many NICs: the first is found without asking all of them."""

from __future__ import annotations

from stack.agenda import Agenda
from stack.node import Node
from tests.stack.node_kit import PEER, SECOND, Wire, a


def test_the_soonest_deadline_counts() -> None:
    agenda = Agenda()
    assert agenda.soonest() is None
    assert agenda.take_due(100) == []
    for number, due in ((1, 30), (2, 20), (3, 20), (4, 40), (2, 20)):
        agenda.note(number, due)
    assert agenda.soonest() == 20
    agenda.note(3, 50)
    agenda.note(4, None)
    agenda.note(9, None)
    assert agenda.take_due(30) == [1, 2]
    assert agenda.soonest() == 50
    assert agenda.take_due(49) == []
    assert agenda.take_due(50) == [3]
    assert agenda.soonest() is None


def test_deadlines_that_change_all_the_time_do_not_pile_up() -> None:
    agenda = Agenda()
    agenda.note(2, 7)
    for due in range(100_000, 0, -1):
        agenda.note(1, due)
    assert len(agenda._heap) <= 68
    assert agenda.take_due(7) == [1, 2]


def test_a_deadline_is_known_right_after_a_socket_was_used() -> None:
    wire = Wire(neighbours=False)
    assert wire.node.next_deadline() is None
    wire.node.icmp_socket(1).send_echo(PEER, 1)
    assert wire.node.next_deadline() == SECOND


def test_timers_of_several_nics_run_at_their_own_times() -> None:
    wire = Wire(neighbours=False)
    wire.second_nic(forwarding=False)
    wire.node.icmp_socket(1).send_echo(PEER, 1)
    wire.frames(SECOND // 2)
    wire.node.icmp_socket(1).send_echo("203.0.113.77", 1)
    asked = [nic for nic, _ in wire.frames(29 * SECOND // 10)]
    assert asked == [2, 1, 2, 1, 2]
    assert wire.node.counters.get("IP.OutgoingPacketErrors") == 1


def connected(node: Node, destination: str, nic: int) -> int | None:
    core = node._core
    hop = core.routes.find(a(destination), nic=core.nics[nic])
    return None if hop is None else hop.nic.number


def test_the_connected_networks_of_one_nic() -> None:
    wire = Wire()
    wire.second_nic()
    assert connected(wire.node, "203.0.113.9", 2) == 2
    assert connected(wire.node, PEER, 2) is None
    wire.node.add_address(1, "169.254.1.1", 16)
    # RFC 3927 §2.6.2: such a neighbour is on every link that has no address of that kind too.
    for nic in (1, 2):
        assert connected(wire.node, "169.254.9.9", nic) == nic

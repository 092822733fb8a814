"""TCP timers (RFC 6298, RFC 1122 §4.2.2.17, §4.2.3.5, §3.3.1.4)."""

from __future__ import annotations

import pytest

from stack.refusal import Reason, Refused
from stack.routes import RouteTable
from stack.socket_settings import Settings
from stack.tcp_connection import Connection, State
from stack.tcp_round_trip import LONGEST_TIMEOUT, RoundTrip
from stack.tcp_socket import TcpSocket
from stack.tcp_table import TcpTable
from stack.wire.tcp import ACK, PSH, SYN, add
from tests.stack.node_kit import GATEWAY, GATEWAY_MAC, REMOTE, SECOND, Wire
from tests.stack.tcp_kit import accepted, connected, connecting, segment_of, tcp_moved

SECOND_GATEWAY = "192.0.2.253"


def seconds_of(wire: Wire, until: int) -> list[int]:
    """When segments leave, in whole seconds from now."""
    start, found = wire.now, []
    while wire.now < start + until * SECOND:
        found += [(wire.now - start) // SECOND for _ in wire.sent(SECOND)]
    return found


def error_of(socket: TcpSocket) -> Reason:
    with pytest.raises(Refused) as refused:
        socket.send(b"x")
    return refused.value.reason


def test_the_timeout_follows_the_round_trips() -> None:
    rtt = RoundTrip()
    assert rtt.timeout == SECOND
    rtt.sample(2 * SECOND)
    assert rtt.timeout == 6 * SECOND
    rtt.sample(2 * SECOND)
    assert rtt.timeout == 5 * SECOND
    rtt.sample(4 * SECOND)
    assert rtt.timeout == 6_500_000
    for _ in range(10):
        rtt.back_off()
    assert rtt.timeout == LONGEST_TIMEOUT
    for _ in range(100):
        rtt.sample(1000)
    assert rtt.timeout == SECOND


def test_lost_data_are_repeated_ever_more_slowly_and_given_up() -> None:
    socket, peer = connected()
    before = peer.wire.mib()
    socket.send(b"data")
    assert seconds_of(peer.wire, 200) == [1, 1, 3, 7, 15, 31, 63]
    assert socket.state is State.CLOSED
    assert error_of(socket) is Reason.TIMED_OUT
    assert tcp_moved(peer.wire, before) == {
        "tcpOutSegs": 1,
        "tcpRetransSegs": 6,
        "tcpEstabResets": 1,
    }
    assert peer.wire.node.next_deadline() is None


def test_a_syn_is_repeated_for_three_minutes() -> None:
    socket, peer = connecting()
    assert seconds_of(peer.wire, 170) == [1, 3, 7, 15, 31, 63, 123]
    assert socket.state is State.SYN_SENT
    peer.wire.frames(20 * SECOND)
    assert (socket.state, error_of(socket)) == (State.CLOSED, Reason.TIMED_OUT)


def test_the_user_may_say_when_to_give_up() -> None:
    wire = Wire()
    socket = wire.node.tcp_socket()
    socket.give_up_after = 5 * SECOND
    socket.connect("192.0.2.9", 9)
    wire.frames(8 * SECOND)
    assert socket.state is State.CLOSED


def test_after_a_lost_syn_data_begin_with_three_seconds() -> None:
    socket, peer = connecting()
    peer.wire.frames(SECOND)
    peer.say(SYN | ACK)
    peer.hear()
    socket.send(b"x")
    peer.hear()
    assert peer.wire.node.next_deadline() == peer.wire.now + 3 * SECOND


def test_a_round_trip_is_measured_only_of_what_was_sent_once() -> None:
    socket, peer = connected()
    peer.wire.now += 10
    socket.send(b"x")
    assert len(peer.hear_all(3 * SECOND)) == 3
    assert peer.connection.timed is None
    peer.say(ACK)
    # RFC 6298 §5: backed off until there is a new measurement.
    assert peer.connection.rtt.timeout > SECOND
    socket.send(b"y")
    peer.hear()
    peer.say(ACK)
    assert peer.connection.rtt.timeout == SECOND


def test_a_timeout_goes_back_to_one_segment() -> None:
    socket, peer = accepted(mss=1000)
    socket.send(bytes(8000))
    assert len(peer.hear_all()) == 4
    start = peer.connection.snd_una
    again = peer.hear_all(SECOND)
    assert [(each.sequence, len(each.data)) for each in again] == [(start, 1000)]
    peer.say(ACK)
    # Slow start from there, over what was sent before and beyond.
    assert [each.sequence for each in peer.hear_all()] == [add(start, 1000), add(start, 2000)]
    # An ACK for all that came the first time moves on to what was never sent.
    peer.say(ACK, acknowledgment=add(start, 4000))
    assert next(each.sequence for each in peer.hear_all()) == add(start, 4000)


def test_a_closed_window_is_probed_as_long_as_the_peer_answers() -> None:
    socket, peer = accepted(window=0)
    socket.send(b"hello")
    assert peer.wire.frames() == []
    waits = []
    for _ in range(12):
        began = peer.wire.now
        while not (heard := peer.wire.sent()):
            due = peer.wire.node.next_deadline()
            assert due is not None
            peer.wire.now = due
        waits.append((peer.wire.now - began) // SECOND)
        probe = segment_of(heard[0])
        assert (probe.data, probe.flags) == (b"h", ACK | PSH)
        peer.acknowledgment = probe.sequence
        peer.say(ACK)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]
    assert socket.state is State.ESTABLISHED
    # Acknowledgments of a side with a closed window lie in that window.
    peer.say(ACK, b"x")
    assert segment_of(peer.wire.sent()[0]).sequence == peer.acknowledgment
    peer.window = 100
    peer.say(ACK)
    sent = peer.hear()
    assert (sent.sequence, sent.data) == (probe.sequence, b"hello")


def test_a_probe_may_be_taken() -> None:
    socket, peer = accepted(window=0)
    socket.send(b"hello")
    assert peer.hear(SECOND).data == b"h"
    peer.window = 3
    peer.say(ACK)
    # Three octets are half of the largest window seen.
    assert peer.hear().data == b"ell"


def test_a_silly_window_is_used_when_nothing_else_happens() -> None:
    socket, peer = accepted(mss=1000, window=1000)
    socket.send(bytes(1000))
    peer.hear()
    peer.window = 100
    peer.say(ACK)
    socket.send(bytes(500))
    assert peer.wire.frames() == []
    assert len(peer.hear(SECOND).data) == 100


def test_silent_probes_are_given_up() -> None:
    socket, peer = accepted(window=0)
    socket.send(b"hello")
    assert len(peer.wire.sent(200 * SECOND)) == 6
    assert (socket.state, error_of(socket)) == (State.CLOSED, Reason.TIMED_OUT)


def test_a_probe_without_a_way_is_tried_again() -> None:
    socket, peer = accepted(window=0, source=REMOTE)
    node = peer.wire.node
    node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    socket.send(b"hello")
    assert peer.wire.frames(SECOND) == []
    node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert peer.hear(2 * SECOND).data == b"h"
    # One more probe repeats the same octet.
    assert peer.hear(4 * SECOND).data == b"h"


@pytest.mark.parametrize("routed", [False, True])
def test_repeated_retransmission_makes_ip_try_another_gateway(routed: bool) -> None:
    wire = Wire()
    wire.node.add_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY, preference=-1)
    wire.node.add_neighbour(1, SECOND_GATEWAY, b"\x02\0\0\0\0\x66")
    socket = wire.node.tcp_socket()
    if routed:
        socket.set_options(b"\x01\x83\x0b\x04\xc6\x33\x64\x08\xc6\x33\x64\x07")
    socket.connect(REMOTE, 9)
    macs = [each.mac for each in wire.sent(170 * SECOND)]
    # RFC 1122 §4.2.3.5, R1: not before three retransmissions.
    assert macs[:3] == [GATEWAY_MAC] * 3
    assert b"\x02\0\0\0\0\x66" in macs[3:]


def test_advice_to_ip_begins_at_r1_and_ends_with_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[tuple[int, bool]] = []
    monkeypatch.setattr(
        RouteTable,
        "transport_advice",
        lambda _, destination, ok, now: told.append((destination, ok)),
    )
    socket, peer = accepted(source=REMOTE)
    socket.send(b"x")
    peer.hear_all(3 * SECOND)
    assert told == []
    peer.hear_all(13 * SECOND)
    assert told == [(0xC6336407, False)] * 2
    peer.say(ACK)
    assert told[2:] == [(0xC6336407, True)]
    socket.send(b"y")
    peer.hear_all()
    peer.say(ACK)
    assert len(told) == 3


def test_advice_about_a_neighbour_or_without_a_route_is_nothing() -> None:
    wire = Wire()
    routes = wire.node._core.routes
    before = routes.find(0xC6336407)
    routes.transport_advice(0xC0000209, ok=False, now=5)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    routes.transport_advice(0xC6336407, ok=False, now=5)
    wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    routes.transport_advice(0xC6336407, ok=False, now=6)
    routes.transport_advice(0xC6336407, ok=True, now=7)
    assert routes.find(0xC6336407) == before


def test_many_timers_are_kept_in_order() -> None:
    wire = Wire()
    sockets = [wire.node.tcp_socket() for _ in range(20)]
    for number, socket in enumerate(sockets):
        wire.now = number * 10_000
        socket.connect("192.0.2.9", 100 + number)
        wire.frames()
    for socket in sockets[::2]:
        socket.close()
    ports: list[int] = []
    while len(ports) < 10:
        due = wire.node.next_deadline()
        assert due is not None
        wire.now = due
        ports += [segment_of(each).destination_port for each in wire.sent()]
    assert ports == [101 + 2 * number for number in range(10)]


def test_times_of_connections_that_are_gone_are_not_kept() -> None:
    table = TcpTable()
    first = Connection(1, 1, 1, 1, Settings())
    first.close_at = 1
    table.add(first)
    table.schedule(first)
    for port in range(2, 1000):
        connection = Connection(1, 1, 1, port, Settings())
        connection.close_at = 240 * SECOND
        table.add(connection)
        table.schedule(connection)
        table.remove(connection)
    assert len(table._due) < 100
    assert table.next_deadline() == 1


def test_a_timer_that_moves_forward_is_not_missed() -> None:
    socket, peer = connected()
    connection = peer.connection
    connection.rtt.timeout = 60 * SECOND
    socket.send(b"x")
    peer.hear()
    connection.rtt.timeout = SECOND
    peer.say(ACK)
    socket.send(b"y")
    peer.hear()
    assert peer.hear(SECOND).data == b"y"
    peer.say(ACK)
    assert peer.wire.node.next_deadline() is None
    assert peer.wire.frames(100 * SECOND) == []

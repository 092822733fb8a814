"""TCP connections that end (RFC 9293 §3.6, §3.10.4, §3.10.5; RFC 1122 §4.2.2.13)."""

from __future__ import annotations

import pytest

from stack import tcp_table
from stack.refusal import Reason, Refused
from stack.tcp_connection import State
from stack.wire.tcp import ACK, FIN, PSH, RST, SYN, add
from tests.stack.node_kit import SECOND, Wire
from tests.stack.tcp_kit import (
    PEER_ISS,
    PORT,
    Peer,
    accepted,
    connected,
    connecting,
    listening,
    tcp_moved,
)


def test_the_peer_closes_first() -> None:
    socket, peer = accepted()
    peer.say(ACK | FIN, b"last")
    assert peer.hear().acknowledgment == peer.sequence
    assert (socket.state, peer.wire.node.tcp_established) == (State.CLOSE_WAIT, 1)
    assert (socket.receive(), socket.receive()) == (b"last", b"")
    assert socket.send(b"bye") == 3
    peer.hear()
    socket.shutdown(write=True)
    fin = peer.hear()
    assert (fin.flags, socket.state) == (FIN | ACK, State.LAST_ACK)
    # What still comes in LAST-ACK is acknowledged and not read.
    peer.say(ACK, b"x", acknowledgment=add(peer.acknowledgment, -1))
    assert peer.hear().flags == ACK
    before = peer.wire.mib()
    peer.sequence = add(peer.sequence, -1)
    peer.say(ACK)
    assert socket.state is State.CLOSED
    assert tcp_moved(peer.wire, before) == {"tcpInSegs": 1}
    assert socket.receive() == b""
    with pytest.raises(Refused) as refused:
        socket.send(b"x")
    assert refused.value.reason is Reason.SHUT_DOWN
    assert peer.wire.node._core.tcp.connections == {}


def test_this_side_closes_first_and_waits() -> None:
    socket, peer = accepted()
    socket.shutdown(write=True)
    socket.shutdown(write=True)
    assert (peer.hear().flags, socket.state) == (FIN | ACK, State.FIN_WAIT_1)
    peer.say(ACK)
    assert socket.state is State.FIN_WAIT_2
    peer.say(ACK, b"more")
    assert peer.hear().flags == ACK
    assert socket.receive() == b"more"
    peer.say(ACK | FIN)
    assert (peer.hear().flags, socket.state) == (ACK, State.TIME_WAIT)
    # The last ACK was lost: the FIN comes again and the wait begins anew.
    peer.wire.frames(100 * SECOND)
    peer.say(ACK | FIN, ahead=-1)
    assert peer.hear().flags == ACK
    peer.say(ACK, b"x", ahead=-5)
    assert peer.hear().flags == ACK
    peer.wire.frames(239 * SECOND)
    assert socket.state.value == "TIME-WAIT"
    peer.wire.frames(SECOND)
    assert socket.state.value == "CLOSED"
    assert peer.wire.node.next_deadline() is None


def test_fin_follows_what_is_queued_and_is_repeated() -> None:
    socket, peer = accepted(mss=1000, window=1000)
    socket.send(bytes(1500))
    socket.shutdown(write=True)
    assert len(peer.hear().data) == 1000
    peer.say(ACK)
    last = peer.hear()
    assert (len(last.data), last.flags) == (500, ACK | PSH | FIN)
    again = peer.hear(SECOND)
    assert again == last
    peer.say(ACK)
    assert socket.state is State.FIN_WAIT_2


def test_a_fin_needs_no_window() -> None:
    socket, peer = accepted(window=0)
    socket.shutdown(write=True)
    assert peer.hear().flags == FIN | ACK
    assert peer.hear(SECOND).flags == FIN | ACK


def test_both_sides_close_at_once() -> None:
    socket, peer = accepted()
    socket.shutdown(write=True)
    fin = peer.hear()
    peer.say(ACK | FIN, acknowledgment=fin.sequence)
    assert (peer.hear().flags, socket.state) == (ACK, State.CLOSING)
    peer.say(ACK)
    assert socket.state is State.TIME_WAIT


def test_fin_and_its_acknowledgment_may_come_together() -> None:
    socket, peer = accepted()
    socket.shutdown(write=True)
    peer.hear()
    peer.say(ACK | FIN)
    assert socket.state is State.TIME_WAIT


def test_shutdown_before_the_handshake_is_over() -> None:
    socket, peer = connecting()
    peer.say(SYN)
    peer.hear()
    socket.shutdown(write=True)
    assert (socket.state, peer.wire.frames()) == (State.SYN_RECEIVED, [])
    peer.say(ACK)
    assert (peer.hear().flags, socket.state) == (FIN | ACK, State.FIN_WAIT_1)


def test_close_leaves_the_rest_to_the_stack() -> None:
    socket, peer = connected()
    socket.send(b"bye")
    socket.close()
    assert [each.flags for each in peer.hear_all()] == [ACK | PSH, FIN | ACK]
    connection = peer.connection
    peer.say(ACK)
    assert connection.state is State.FIN_WAIT_2
    # A peer that never ends does not keep it for ever.
    peer.wire.frames(60 * SECOND)
    assert connection.state.value == "CLOSED"
    with pytest.raises(Refused) as refused:
        socket.send(b"x")
    assert refused.value.reason is Reason.CLOSED


def test_close_of_a_connection_that_waits_for_the_peer_s_fin() -> None:
    socket, peer = connected()
    connection = peer.connection
    socket.shutdown(write=True)
    peer.hear()
    peer.say(ACK)
    socket.close()
    assert connection.close_at is not None
    peer.say(ACK | FIN)
    assert connection.state is State.TIME_WAIT


def test_data_for_a_user_that_is_gone_are_reset() -> None:
    for unread in (False, True):
        socket, peer = connected()
        connection = peer.connection
        if unread:
            peer.say(ACK, b"unread")
            peer.hear()
            socket.close()
        else:
            socket.close()
            assert peer.hear().flags == FIN | ACK
            peer.say(ACK, b"new")
        assert peer.hear().flags == RST | ACK
        assert connection.state is State.CLOSED
        assert peer.wire.node.next_deadline() is None


def test_a_reset_by_the_user() -> None:
    socket, peer = connected()
    before = peer.wire.mib()
    socket.send(b"lost")
    peer.hear()
    socket.reset()
    gone = peer.hear()
    assert (gone.flags, gone.sequence, gone.data) == (RST | ACK, peer.acknowledgment, b"")
    assert tcp_moved(peer.wire, before) == {
        "tcpOutSegs": 2,
        "tcpOutRsts": 1,
        "tcpEstabResets": 1,
    }


def test_closing_what_is_only_being_opened_says_nothing() -> None:
    for end in ("close", "reset"):
        socket, peer = connecting()
        connection = peer.connection
        before = peer.wire.mib()
        getattr(socket, end)()
        assert (connection.state, peer.wire.frames()) == (State.CLOSED, [])
        assert tcp_moved(peer.wire, before) == {"tcpAttemptFails": 1}


def test_closing_what_is_closed_already() -> None:
    for end in ("close", "reset"):
        socket, peer = connected()
        peer.say(RST)
        getattr(socket, end)()
        assert peer.wire.frames() == []


def test_a_listener_resets_those_who_wait() -> None:
    wire = Wire()
    listener = listening(wire)
    done, half = Peer(wire), Peer(wire)
    half.own_port = 9
    for peer in (done, half):
        peer.say(SYN)
        peer.hear()
    done.say(ACK)
    listener.close()
    assert [each.flags for each in done.hear_all()] == [RST | ACK, RST | ACK]
    done.say(SYN)
    assert done.hear().flags == RST | ACK
    assert wire.node._core.tcp.bound == {}
    assert wire.node._core.tcp.listeners == {}


def test_two_listeners_on_a_port_end_apart() -> None:
    wire = Wire()
    wire.node.add_address(1, "192.0.2.5", 24)
    sockets = [wire.node.tcp_socket() for _ in range(2)]
    for socket, address in zip(sockets, ("192.0.2.1", "192.0.2.5"), strict=True):
        socket.bind(address, PORT)
        socket.listen()
    sockets[0].close()
    assert wire.node._core.tcp.bound == {PORT: [0xC0000205]}
    assert len(wire.node._core.tcp.listeners[PORT]) == 1


def in_time_wait(*, listens: bool = True) -> Peer:
    wire = Wire()
    listener = listening(wire)
    peer = Peer(wire)
    peer.say(SYN)
    peer.hear()
    peer.say(ACK)
    socket = listener.accept()
    if not listens:
        listener.close()
    socket.close()
    peer.hear()
    peer.say(ACK | FIN)
    peer.hear()
    assert peer.connection.state is State.TIME_WAIT
    return peer


def test_a_new_syn_ends_time_wait() -> None:
    peer = in_time_wait()
    old = peer.connection
    peer.say(SYN)
    # RFC 1122 §4.2.2.13: a number that is not a later one is no new connection.
    assert peer.hear().flags == ACK
    peer.sequence = add(peer.sequence, 1000)
    peer.say(SYN)
    assert peer.hear().flags == SYN | ACK
    assert (old.state, peer.connection.state) == (State.CLOSED, State.SYN_RECEIVED)


def test_a_connection_begun_anew_has_later_numbers_than_the_one_before() -> None:
    peer = in_time_wait()
    # So much data that the clock of initial sequence numbers is left behind.
    last = peer.connection.snd_max = add(peer.connection.snd_max, 1_000_000)
    peer.sequence = add(peer.sequence, 1000)
    peer.say(SYN)
    assert peer.hear().sequence == last


def test_time_wait_goes_on_where_the_backlog_is_full() -> None:
    peer = in_time_wait()
    other = Peer(peer.wire)
    other.own_port = 9
    (listener,) = peer.wire.node._core.tcp.listeners[PORT]
    listener.backlog = 1
    other.say(SYN)
    other.hear()
    peer.say(SYN, ahead=1000)
    assert peer.hear().flags == ACK
    assert peer.connection.state is State.TIME_WAIT


@pytest.mark.parametrize("end", ["close", "reset by the peer"])
def test_what_was_not_read_when_both_had_closed(end: str) -> None:
    socket, peer = accepted()
    socket.shutdown(write=True)
    peer.hear()
    peer.say(ACK)
    peer.say(ACK | FIN, b"last words")
    peer.hear()
    connection = peer.connection
    if end == "close":
        socket.close()
        # RFC 1122 §4.2.2.13: TIME-WAIT is waited out all the same.
        assert connection.state is State.TIME_WAIT
    else:
        peer.say(RST)
        assert connection.state.value == "CLOSED"
        # RFC 9293 §3.10.7.4: the peer had said all.
        assert (socket.receive(), socket.take_error()) == (b"last words", None)
    assert peer.wire.frames() == []


def test_time_wait_stays_where_nobody_listens_and_ends_by_a_reset() -> None:
    peer = in_time_wait(listens=False)
    old = peer.connection
    peer.say(SYN, ahead=1000)
    assert peer.hear().flags == ACK
    assert old.state is State.TIME_WAIT
    before = peer.wire.mib()
    peer.say(RST)
    assert old.state.value == "CLOSED"
    assert tcp_moved(peer.wire, before) == {"tcpInSegs": 1}


def test_connections_without_user_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp_table, "ORPHANS", 2)
    wire = Wire()
    listener = listening(wire)
    for number in range(4):
        peer = Peer(wire)
        peer.own_port = 100 + number
        peer.sequence = PEER_ISS
        peer.say(SYN)
        peer.hear()
        peer.say(ACK)
        listener.accept().close()
        wire.frames()
    left = [connection.remote_port for connection in wire.node._core.tcp.connections.values()]
    assert left == [102, 103]


def test_who_reads_no_more_still_sends() -> None:
    socket, peer = connected()
    peer.say(ACK, b"before")
    peer.hear()
    socket.shutdown(read=True)
    assert socket.receive() == b""
    for _ in range(40):
        peer.say(ACK, bytes(1000))
        assert peer.hear().window > 30000
    assert (socket.receive(), socket.send(b"x")) == (b"", 1)
    assert peer.hear().data == b"x"
    socket.shutdown()
    assert socket.state is State.ESTABLISHED
    assert socket.peer_address() == 0xC0000209
    assert Wire().node.tcp_socket().peer_address() is None

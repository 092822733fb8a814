"""TCP data: order, windows, what is kept and what is not (RFC 9293 §3.8, §3.10.7.4; RFC 5961)."""

from __future__ import annotations

import pytest

from stack.refusal import Reason, Refused
from stack.tcp_connection import OUT_OF_ORDER_SEGMENTS, RECEIVE_BUFFER, SEND_BUFFER, State
from stack.tcp_table import CHALLENGES
from stack.wire.tcp import ACK, FIN, PSH, RST, SYN, add
from tests.stack.node_kit import GATEWAY, REMOTE, SECOND, Wire
from tests.stack.tcp_kit import Peer, accepted, connected, listening, tcp_moved


def test_data_arrive_and_are_acknowledged() -> None:
    socket, peer = accepted()
    peer.say(ACK | PSH, b"hello ")
    answer = peer.hear()
    assert (answer.flags, answer.acknowledgment) == (ACK, peer.sequence)
    assert answer.window == RECEIVE_BUFFER - 6
    peer.say(ACK, b"world")
    peer.hear()
    assert socket.waiting() == (11, False)
    assert (socket.receive(3), socket.receive()) == (b"hel", b"lo world")
    with pytest.raises(Refused, match="again"):
        socket.receive()
    # Nothing new in an empty acknowledgment: no answer.
    peer.say(ACK)
    assert peer.wire.frames() == []


def test_data_leave_with_push_and_are_forgotten_when_acknowledged() -> None:
    socket, peer = connected()
    before = peer.wire.mib()
    assert socket.send(b"hello") == 5
    sent = peer.hear()
    assert (sent.flags, sent.data) == (ACK | PSH, b"hello")
    assert peer.wire.node.next_deadline() == SECOND
    peer.say(ACK)
    assert peer.wire.node.next_deadline() is None
    assert peer.wire.frames(100 * SECOND) == []
    assert tcp_moved(peer.wire, before) == {"tcpInSegs": 1, "tcpOutSegs": 1}


def test_an_acknowledgment_rides_on_data() -> None:
    socket, peer = accepted()
    peer.connection.ack_owed = True
    socket.send(b"x")
    assert peer.hear().data == b"x"


def test_out_of_order_segments_are_put_in_order() -> None:
    socket, peer = accepted()
    text = b"abcdefghij"
    for at, end in ((2, 4), (6, 8), (1, 7), (6, 8), (8, 10)):
        peer.say(ACK, text[at:end], ahead=at)
        assert peer.hear().acknowledgment == peer.sequence
    peer.say(ACK, b"a")
    assert peer.hear().acknowledgment == add(peer.sequence, 9)
    assert socket.receive() == text


def test_old_and_overlapping_data_are_cut() -> None:
    socket, peer = accepted()
    peer.say(ACK, b"abcd")
    peer.hear()
    peer.say(ACK, b"abcd", ahead=-4)
    assert peer.hear().acknowledgment == peer.sequence
    peer.say(ACK, b"cdef", ahead=-2)
    assert peer.hear().acknowledgment == add(peer.sequence, 2)
    assert socket.receive() == b"abcdef"


def test_a_fin_that_came_early_waits_for_its_turn() -> None:
    socket, peer = accepted()
    peer.say(ACK | FIN, b"b", ahead=1)
    peer.say(ACK, b"c", ahead=2)
    assert len(peer.hear_all()) == 2
    peer.say(ACK, b"a")
    assert peer.hear().acknowledgment == add(peer.sequence, 2)
    assert (socket.state, socket.receive(), socket.receive()) == (State.CLOSE_WAIT, b"ab", b"")


def test_what_is_kept_out_of_order_is_bounded() -> None:
    _, peer = accepted()
    for at in range(OUT_OF_ORDER_SEGMENTS + 10):
        peer.say(ACK, b"x", ahead=2 + 2 * at)
    assert len(peer.connection.early) == OUT_OF_ORDER_SEGMENTS
    _, peer = accepted()
    for at in range(30):
        peer.say(ACK, bytes(1400), ahead=1 + at)
    assert sum(len(data) for data, _ in peer.connection.early.values()) <= RECEIVE_BUFFER


def test_a_full_buffer_closes_the_window_and_reading_opens_it() -> None:
    socket, peer = accepted()
    for _ in range(RECEIVE_BUFFER // 1024):
        peer.say(ACK, bytes(1024))
    assert peer.hear_all()[-1].window == 0
    # RFC 9293 §3.10.7.4: at a closed window a segment brings its ACK and no data.
    peer.say(ACK | FIN, b"no", ahead=1 << 32)
    answer = peer.hear()
    assert (answer.window, answer.acknowledgment) == (0, peer.sequence)
    peer.say(ACK, b"far", ahead=100)
    assert peer.hear().window == 0
    # RFC 1122 §4.2.3.3: a little room is not worth a word.
    assert len(socket.receive(100)) == 100
    assert peer.wire.frames() == []
    assert len(socket.receive(1000)) == 1000
    assert peer.hear().window == 1100


def test_what_lies_beyond_the_window_is_cut_off() -> None:
    socket, peer = accepted()
    peer.say(ACK, bytes(RECEIVE_BUFFER - 10))
    peer.hear()
    peer.say(ACK | FIN, b"0123456789abc", ahead=1 << 32)
    answer = peer.hear()
    assert (answer.window, answer.acknowledgment) == (0, add(peer.sequence, 10))
    assert (len(socket.receive()), socket.state) == (RECEIVE_BUFFER, State.ESTABLISHED)


def test_data_wait_for_the_peer_s_window() -> None:
    socket, peer = accepted(mss=1000, window=2500)
    assert socket.send(bytes(6000)) == 6000
    # Two full segments, and a part only when it is half of the largest window (RFC 1122 §4.2.3.4).
    assert [len(each.data) for each in peer.hear_all()] == [1000, 1000]
    peer.say(ACK)
    assert [len(each.data) for each in peer.hear_all()] == [1000, 1000]
    peer.window = 1300
    peer.say(ACK)
    assert [len(each.data) for each in peer.hear_all()] == [1000]
    peer.window = 65535
    peer.say(ACK)
    assert [(len(each.data), each.flags) for each in peer.hear_all()] == [(1000, ACK | PSH)]


def test_a_small_window_is_filled_when_it_was_never_larger() -> None:
    socket, peer = accepted(mss=1000, window=600)
    socket.send(bytes(1000))
    assert [len(each.data) for each in peer.hear_all()] == [600]


def test_small_segments_wait_for_an_acknowledgment_unless_told_otherwise() -> None:
    socket, peer = connected()
    socket.send(b"a")
    assert peer.hear().data == b"a"
    socket.send(b"b")
    socket.send(b"c")
    assert peer.wire.frames() == []
    peer.say(ACK)
    assert peer.hear().data == b"bc"
    socket.set_no_delay(on=True)
    socket.send(b"d")
    assert peer.hear().data == b"d"


def test_slow_start_and_congestion_avoidance() -> None:
    socket, peer = accepted(mss=1000)
    socket.send(bytes(SEND_BUFFER))
    flights = []
    for _ in range(4):
        heard = peer.hear_all()
        flights.append(len(heard))
        peer.say(ACK)
    assert flights == [4, 5, 6, 7]
    connection = peer.connection
    connection.ssthresh = connection.cwnd
    before = connection.cwnd
    peer.hear_all()
    peer.say(ACK)
    assert connection.cwnd == before + 1000 * 1000 // before
    connection.cwnd = 65000
    connection.ssthresh = 65535
    peer.hear_all()
    peer.say(ACK)
    assert connection.cwnd == 65535


@pytest.mark.parametrize(
    ("mss", "segments"), [(1095, 4), (1096, 3), (1460, 3), (2190, 3), (2191, 2), (8960, 2)]
)
def test_the_first_flight_is_of_two_to_four_segments(mss: int, segments: int) -> None:
    socket, peer = accepted(mss=mss, mtu=9000)
    socket.send(bytes(SEND_BUFFER))
    assert [len(each.data) for each in peer.hear_all()] == [mss] * segments


def test_after_a_lost_syn_the_first_flight_is_one_segment() -> None:
    wire = Wire()
    listener = listening(wire)
    peer = Peer(wire)
    peer.say(SYN)
    peer.hear()
    peer.hear(after=SECOND)
    peer.say(ACK)
    listener.accept().send(bytes(SEND_BUFFER))
    assert len(peer.hear().data) == 536


def test_the_congestion_window_grows_by_what_a_segment_of_this_side_holds() -> None:
    # The peer would take segments that no link between carries.
    socket, peer = accepted(mss=65000)
    socket.send(bytes(SEND_BUFFER))
    first = peer.hear_all()[0]
    before = peer.connection.cwnd
    size = len(first.data)
    peer.say(ACK, acknowledgment=add(first.sequence, size))
    assert (peer.connection.cwnd, size) == (before + size, 1460)
    # RFC 5681 §3.1: many acknowledgments of a few octets each gain nothing.
    peer.say(ACK, acknowledgment=add(first.sequence, size + 1))
    assert peer.connection.cwnd == before + size + 1


def test_the_send_buffer_is_bounded() -> None:
    socket, peer = accepted(window=0)
    assert socket.send(bytes(SEND_BUFFER + 5)) == SEND_BUFFER
    with pytest.raises(Refused) as refused:
        socket.send(b"x")
    assert refused.value.reason is Reason.WOULD_BLOCK
    assert socket.send(b"") == 0
    assert peer.wire.frames() == []


# RFC 5961


def test_a_reset_counts_only_at_the_very_next_number() -> None:
    socket, peer = connected()
    for ahead in (1, RECEIVE_BUFFER - 1):
        peer.say(RST, ahead=ahead)
        challenge = peer.hear()
        assert (challenge.flags, challenge.acknowledgment) == (ACK, peer.sequence)
    for ahead in (-1, RECEIVE_BUFFER):
        peer.say(RST, ahead=ahead)
        assert peer.wire.frames() == []
    before = peer.wire.mib()
    assert socket.state is State.ESTABLISHED
    peer.say(RST)
    assert socket.state.value == "CLOSED"
    with pytest.raises(Refused) as refused:
        socket.send(b"x")
    assert refused.value.reason is Reason.CONNECTION_RESET
    assert tcp_moved(peer.wire, before) == {"tcpInSegs": 1, "tcpEstabResets": 1}
    assert peer.wire.node.tcp_established == 0


def test_a_syn_in_a_connection_is_challenged() -> None:
    socket, peer = connected()
    peer.say(SYN, ahead=5)
    assert peer.hear().flags == ACK
    assert socket.state is State.ESTABLISHED


def test_challenges_are_limited() -> None:
    _, peer = connected()
    for _ in range(CHALLENGES + 20):
        peer.say(SYN, ahead=5)
    assert len(peer.wire.sent()) == CHALLENGES


@pytest.mark.parametrize("off", [1, -65536 - 10])
def test_acknowledgments_of_another_time_are_challenged(off: int) -> None:
    socket, peer = connected()
    socket.send(b"x")
    peer.hear()
    peer.say(ACK, b"bad", acknowledgment=add(peer.acknowledgment, off))
    assert peer.hear().acknowledgment == add(peer.sequence, -3)
    with pytest.raises(Refused, match="again"):
        socket.receive()


def test_a_segment_without_ack_or_outside_the_window_brings_nothing() -> None:
    socket, peer = connected()
    peer.say(0, b"x", ahead=1 << 32)
    assert peer.wire.frames() == []
    peer.say(ACK, b"x", ahead=RECEIVE_BUFFER)
    assert peer.hear().acknowledgment == peer.sequence
    with pytest.raises(Refused, match="again"):
        socket.receive()


def test_syn_received_acknowledges_behind_its_own_syn() -> None:
    wire = Wire()
    listening(wire)
    peer = Peer(wire)
    peer.say(SYN)
    answer = peer.hear()
    # RFC 9293 §3.10.7.4: what lies outside the window brings <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>.
    peer.say(ACK, b"far off", ahead=100_000)
    heard = peer.hear()
    assert (heard.flags, heard.sequence) == (ACK, add(answer.sequence, 1))


def test_old_segments_don_t_change_the_window() -> None:
    socket, peer = accepted(window=1000)
    peer.say(ACK, b"ab")
    peer.hear()
    peer.window = 5
    peer.say(ACK, b"zabc", ahead=-3)
    assert peer.connection.snd_wnd == 1000
    peer.sequence = add(peer.sequence, 1)
    peer.window = 1000
    peer.say(ACK)
    peer.wire.frames()
    socket.send(b"x")
    peer.hear()
    peer.say(ACK)
    peer.window = 7
    peer.say(ACK, acknowledgment=add(peer.acknowledgment, -1))
    assert peer.connection.snd_wnd == 1000


def test_data_without_a_way_wait_for_one() -> None:
    socket, peer = accepted(source=REMOTE)
    peer.wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert socket.send(b"data") == 4
    with pytest.raises(Refused) as refused:
        _ = socket.maximum_segment
    assert refused.value.reason is Reason.NO_ROUTE
    assert peer.wire.frames(2 * SECOND) == []
    peer.wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert [each.data for each in peer.hear_all(10 * SECOND)] == [b"data", b"data"]


def test_data_under_way_outlive_a_missing_way() -> None:
    socket, peer = accepted(source=REMOTE)
    socket.send(b"data")
    peer.hear()
    peer.wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    peer.say(ACK, b"x", acknowledgment=add(peer.acknowledgment, -4))
    assert peer.wire.frames(2 * SECOND) == []
    peer.wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert peer.hear(3 * SECOND).data == b"data"


def test_a_connection_is_established_even_when_the_way_has_gone() -> None:
    socket, peer = connected()
    assert socket.state is State.ESTABLISHED
    wire = peer.wire
    listener = listening(wire)
    other = Peer(wire, address=REMOTE)
    other.say(SYN)
    other.hear()
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    other.say(ACK)
    assert listener.accept().state is State.ESTABLISHED

"""TCP connections being opened (RFC 9293 §3.5, §3.10.7.1 to §3.10.7.4)."""

from __future__ import annotations

import pytest

from stack.refusal import Reason
from stack.tcp_connection import RECEIVE_BUFFER, State
from stack.tcp_table import EPHEMERAL_PORTS
from stack.wire.tcp import (
    ACK,
    DEFAULT_MSS,
    FIN,
    RST,
    SYN,
    add,
    maximum_segment_size,
    maximum_segment_size_option,
)
from tests.stack.node_kit import (
    GATEWAY,
    HOST,
    PEER,
    REMOTE,
    SECOND,
    SUBNET_BROADCAST,
    Wire,
    a,
    refusal,
)
from tests.stack.tcp_kit import (
    PEER_ISS,
    PEER_PORT,
    PORT,
    Peer,
    accepted,
    connected,
    connecting,
    listening,
    segment_of,
    tcp,
    tcp_moved,
)


def test_a_connection_is_opened_by_the_peer() -> None:
    wire = Wire()
    listener = listening(wire)
    assert (listener.state, listener.local_name) == (State.LISTEN, ("0.0.0.0", PORT))
    assert refusal(listener.accept) is Reason.WOULD_BLOCK
    before = wire.mib()
    peer = Peer(wire)
    peer.say(SYN, tcp_options=maximum_segment_size_option(1000))
    answer = peer.hear()
    assert (answer.flags, answer.acknowledgment) == (SYN | ACK, add(PEER_ISS, 1))
    assert answer.window == RECEIVE_BUFFER
    assert maximum_segment_size(answer.options) == 1460
    assert refusal(listener.accept) is Reason.WOULD_BLOCK
    peer.say(ACK)
    socket = listener.accept()
    assert (socket.state, socket.maximum_segment) == (State.ESTABLISHED, 1000)
    assert (socket.local_name, socket.peer_name) == ((HOST, PORT), (PEER, PEER_PORT))
    assert tcp_moved(wire, before) == {"tcpPassiveOpens": 1, "tcpInSegs": 2, "tcpOutSegs": 1}
    assert wire.node.tcp_established == 1
    assert wire.node.next_deadline() is None


def test_a_connection_is_opened_here() -> None:
    wire = Wire()
    before = wire.mib()
    socket = wire.node.tcp_socket()
    assert (socket.state, socket.peer_name) == (State.CLOSED, None)
    socket.connect(PEER, PEER_PORT)
    peer = Peer(wire, port=socket.local_name[1])
    syn = peer.hear()
    assert (syn.flags, syn.acknowledgment, syn.window) == (SYN, 0, RECEIVE_BUFFER)
    assert socket.state is State.SYN_SENT
    assert refusal(socket.send, b"x") is Reason.WOULD_BLOCK
    assert refusal(socket.receive) is Reason.WOULD_BLOCK
    peer.say(SYN | ACK)
    assert (peer.hear().flags, socket.state) == (ACK, State.ESTABLISHED)
    assert socket.maximum_segment == DEFAULT_MSS
    assert tcp_moved(wire, before) == {"tcpActiveOpens": 1, "tcpInSegs": 1, "tcpOutSegs": 2}


def test_both_ends_may_open_at_once() -> None:
    socket, peer = connecting()
    peer.say(SYN, tcp_options=maximum_segment_size_option(700))
    answer = peer.hear()
    assert (answer.flags, socket.state) == (SYN | ACK, State.SYN_RECEIVED)
    # The peer's own SYN-ACK: its SYN is known, its ACK is new (RFC 1122 §4.2.2.10).
    peer.sequence = PEER_ISS
    peer.say(SYN | ACK)
    assert (socket.state, socket.maximum_segment) == (State.ESTABLISHED, 700)
    assert refusal(socket.connect, PEER, 1) is Reason.ALREADY_CONNECTED


def test_a_node_may_talk_to_itself() -> None:
    wire = Wire()
    listener = listening(wire)
    socket = wire.node.tcp_socket()
    socket.connect(HOST, PORT)
    wire.frames()
    other = listener.accept()
    assert socket.send(b"hello") == 5
    wire.frames()
    assert other.receive() == b"hello"
    alone = wire.node.tcp_socket()
    alone.bind(None, 7)
    alone.connect(HOST, 7)
    wire.frames()
    assert alone.state is State.ESTABLISHED


def test_a_refused_connection_says_so_once() -> None:
    socket, peer = connecting()
    before = peer.wire.mib()
    peer.say(RST | ACK)
    assert socket.state is State.CLOSED
    assert refusal(socket.send, b"x") is Reason.CONNECTION_REFUSED
    assert refusal(socket.send, b"x") is Reason.NOT_CONNECTED
    assert tcp_moved(peer.wire, before) == {"tcpAttemptFails": 1, "tcpInSegs": 1}
    assert peer.wire.node.next_deadline() is None
    # The socket may try again, from the same port.
    port = socket.local_name[1]
    socket.connect(PEER, PEER_PORT)
    assert socket.local_name[1] == port


@pytest.mark.parametrize(
    ("flags", "acknowledges", "answered"),
    [
        (RST, 0, False),
        (RST | ACK, 5, False),
        (ACK, 5, True),
        (SYN | ACK, -1, True),
        (ACK, 0, False),
        (FIN, 0, False),
    ],
)
def test_syn_sent_takes_no_notice_of_what_does_not_answer_its_syn(
    flags: int, acknowledges: int, answered: bool
) -> None:
    socket, peer = connecting()
    wanted = add(peer.acknowledgment, acknowledges)
    peer.say(flags, acknowledgment=wanted)
    assert socket.state is State.SYN_SENT
    if answered:
        reset = peer.hear()
        assert (reset.flags, reset.sequence) == (RST, wanted)
    else:
        assert peer.wire.frames() == []


def test_syn_received_answers_a_wrong_acknowledgment_by_a_reset() -> None:
    wire = Wire()
    listening(wire)
    peer = Peer(wire)
    peer.say(SYN)
    peer.hear()
    peer.say(ACK, acknowledgment=12345)
    reset = peer.hear()
    assert (reset.flags, reset.sequence) == (RST, 12345)
    assert peer.connection.state is State.SYN_RECEIVED


def test_syn_received_repeats_its_answer_to_a_repeated_syn() -> None:
    wire = Wire()
    listening(wire)
    peer = Peer(wire)
    peer.say(SYN)
    first = peer.hear()
    peer.sequence = PEER_ISS
    before = wire.mib()
    peer.say(SYN)
    assert peer.hear() == first
    assert tcp_moved(wire, before) == {"tcpInSegs": 1, "tcpRetransSegs": 1}


@pytest.mark.parametrize("after", [0, SECOND])
def test_a_reset_in_syn_received_returns_to_listening(after: int) -> None:
    wire = Wire()
    listener = listening(wire, backlog=1)
    peer = Peer(wire)
    peer.say(SYN)
    peer.hear()
    before = wire.mib()
    peer.say(RST)
    assert tcp_moved(wire, before) == {"tcpInSegs": 1, "tcpAttemptFails": 1}
    assert refusal(listener.accept) is Reason.WOULD_BLOCK
    assert wire.frames(after) == []
    peer.say(SYN)
    assert peer.hear().flags == SYN | ACK


@pytest.mark.parametrize("flags", [RST, RST | ACK, FIN, 0])
def test_a_listener_ignores_what_opens_nothing(flags: int) -> None:
    wire = Wire()
    listening(wire)
    wire.ip(tcp(flags))
    assert wire.frames() == []


def test_the_backlog_bounds_who_waits() -> None:
    wire = Wire()
    listener = listening(wire, backlog=2)
    peers = [Peer(wire) for _ in range(3)]
    for number, peer in enumerate(peers):
        peer.own_port += number
        peer.say(SYN)
    greetings = wire.sent()
    assert len(greetings) == 2
    peers[0].take(greetings[0])
    peers[0].say(ACK)
    peers[2].say(SYN)
    assert wire.frames() == []
    assert listener.accept().peer_name == (PEER, PEER_PORT)
    peers[2].say(SYN)
    assert len(wire.sent()) == 1
    listener.listen(5)
    peer = Peer(wire)
    peer.own_port = 9
    peer.say(SYN)
    assert len(wire.sent()) == 1


def test_a_listener_for_one_address_comes_before_one_for_any() -> None:
    wire = Wire()
    wire.node.add_address(1, "192.0.2.5", 24)
    one, two = wire.node.tcp_socket(), wire.node.tcp_socket()
    one.bind(HOST, PORT)
    one.listen()
    two.bind("192.0.2.5", PORT)
    two.listen()
    assert refusal(wire.node.tcp_socket().bind, None, PORT) is Reason.ADDRESS_IN_USE
    assert refusal(wire.node.tcp_socket().bind, HOST, PORT) is Reason.ADDRESS_IN_USE
    for address, owner in ((HOST, one), ("192.0.2.5", two)):
        wire.ip(tcp(SYN, destination=address))
        assert segment_of(wire.one()).flags == SYN | ACK
        assert len(owner._listener.half_open) == 1  # type: ignore[union-attr]
    one.close()
    two.close()
    anyone = listening(wire)
    wire.frames()
    wire.ip(tcp(SYN, source_port=1))
    assert segment_of(wire.one()).flags == SYN | ACK
    assert anyone.state is State.LISTEN


def test_a_half_open_connection_is_given_up_after_three_minutes() -> None:
    wire = Wire()
    listener = listening(wire, backlog=1)
    wire.ip(tcp(SYN))
    times = []
    for _ in range(250):
        times += [wire.now // SECOND for _ in wire.sent(SECOND)]
    assert times == [1, 1, 3, 7, 15, 31, 63, 123]
    assert wire.node.next_deadline() is None
    assert not listener._listener.half_open  # type: ignore[union-attr]


def test_a_syn_ack_without_a_way_is_tried_again() -> None:
    wire = Wire()
    listening(wire)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.ip(tcp(SYN, source=REMOTE))
    assert wire.frames() == []
    wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert segment_of(wire.one(SECOND)).flags == SYN | ACK


def test_initial_sequence_numbers_follow_a_clock_and_the_ends() -> None:
    wire = Wire()
    listening(wire)
    found = []
    for source_port, pause in ((1, 0), (1, 4_000), (2, 0)):
        wire.now += pause
        wire.ip(tcp(SYN, source_port=source_port))
        found.append(segment_of(wire.one()).sequence)
        wire.ip(tcp(RST, sequence=1, source_port=source_port))
    # RFC 9293 §3.4.1: one in 4 microseconds; RFC 6528: ends apart are far apart.
    assert add(found[0], 1000) == found[1]
    assert found[2] != found[1]


def test_sockets_refuse_what_can_t_be() -> None:
    wire = Wire()
    socket = wire.node.tcp_socket()
    assert socket.take_error() is None
    assert refusal(socket.bind, "192.0.2.99") is Reason.BAD_LOCAL_ADDRESS
    assert refusal(socket.bind, None, 65536) is Reason.INVALID_ARGUMENT
    assert refusal(socket.connect, PEER, 0) is Reason.INVALID_ARGUMENT
    for address in (SUBNET_BROADCAST, "255.255.255.255", "224.0.0.9"):
        assert refusal(socket.connect, address, 9) is Reason.BAD_ADDRESS
    for call in (socket.send, socket.receive, socket.shutdown):
        arguments = (b"x",) if call == socket.send else ()
        assert refusal(call, *arguments) is Reason.NOT_CONNECTED
    assert refusal(lambda: socket.maximum_segment) is Reason.NOT_CONNECTED
    assert refusal(socket.accept) is Reason.INVALID_STATE
    socket.bind(HOST)
    assert socket.local_name[1] >= 49152
    assert refusal(socket.bind) is Reason.INVALID_STATE
    socket.connect(PEER, PEER_PORT)
    assert refusal(socket.connect, PEER, PEER_PORT) is Reason.IN_PROGRESS
    assert refusal(socket.listen) is Reason.INVALID_STATE
    assert refusal(socket.shutdown, write=True) is Reason.NOT_CONNECTED
    socket.close()
    socket.close()
    for again in (socket.bind, socket.listen, socket.receive):
        assert refusal(again) is Reason.CLOSED
    assert refusal(socket.connect, PEER, 9) is Reason.CLOSED
    listener = listening(wire)
    assert refusal(listener.connect, PEER, 9) is Reason.INVALID_STATE


def test_connecting_needs_a_way() -> None:
    wire = Wire()
    socket = wire.node.tcp_socket()
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    before = wire.mib()
    assert refusal(socket.connect, REMOTE, 9) is Reason.NO_ROUTE
    assert wire.moved(before) == {"ipSystemStatsOutNoRoutes": 1}
    assert (socket.state, wire.frames()) == (State.CLOSED, [])


def test_a_pair_of_ends_has_one_connection() -> None:
    socket, peer = accepted()
    other = peer.wire.node.tcp_socket()
    other.bind(HOST, PORT)
    assert refusal(other.connect, PEER, PEER_PORT) is Reason.ADDRESS_IN_USE
    assert socket.state is State.ESTABLISHED


def test_listening_needs_no_port_of_one_s_choice() -> None:
    wire = Wire()
    listener = wire.node.tcp_socket()
    listener.set_no_delay(on=True)
    listener.listen()
    peer = Peer(wire, port=listener.local_name[1])
    peer.say(SYN)
    peer.hear()
    peer.say(ACK)
    assert listener.accept().no_delay


def test_ports_run_out() -> None:
    wire = Wire()
    table = wire.node._core.tcp
    for port in range(49152, 49152 + EPHEMERAL_PORTS - 1):
        table.bound[port] = [a(HOST)]
    socket = wire.node.tcp_socket()
    socket.connect(PEER, PEER_PORT)
    assert socket.local_name[1] == 65535
    assert refusal(wire.node.tcp_socket().bind) is Reason.ADDRESS_IN_USE
    socket.close()
    # A port without socket whose connection to the same peer still ends is not drawn either.
    listener = listening(wire, 65535)
    peer = Peer(wire, port=65535)
    peer.say(SYN)
    wire.frames()
    table.bound[65535].clear()
    assert refusal(wire.node.tcp_socket().connect, PEER, PEER_PORT) is Reason.ADDRESS_IN_USE
    assert listener.state is State.LISTEN


@pytest.mark.parametrize(
    ("options", "size"),
    [
        (b"", None),
        (b"\x01\x02\x04\x02\x00", 512),
        (b"\x03\x03\x07\x02\x04\x05\xb4", 1460),
        (b"\x00\x02\x04\x05\xb4", None),
        (b"\x02", None),
        (b"\x02\x00\x05\xb4", None),
        (b"\x02\x05\x05\xb4", None),
        (b"\x02\x03\x05\x02\x04\x00\x64", 100),
        (b"\xfd\x01", None),
    ],
)
def test_the_maximum_segment_size_is_read_as_far_as_options_are_sound(
    options: bytes, size: int | None
) -> None:
    assert maximum_segment_size(options) == size


@pytest.mark.parametrize("size", [0, 1, 65535])
def test_any_maximum_segment_size_is_bearable(size: int) -> None:
    socket, peer = accepted(mss=size)
    assert socket.maximum_segment == min(max(size, 1), 1460)
    assert socket.send(b"abc") == 3
    assert peer.wire.sent()


def test_connected_helper_leaves_no_timer() -> None:
    _, peer = connected()
    assert peer.wire.node.next_deadline() is None

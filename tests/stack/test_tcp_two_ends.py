"""Two nodes talk TCP over a link that loses, repeats and reorders; and TCP under hostile octets."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stack.node import Node
from stack.policy import Policy
from stack.refusal import Reason, Refused
from stack.tcp_connection import State
from stack.tcp_socket import TcpSocket
from stack.wire.tcp import ACK, SYN, add
from tests.stack.node_kit import HOST, PEER, SECOND, Wire
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.tcp_kit import PORT, Peer, accepted, connected, listening, tcp

NEVER = 100_000 * SECOND
MACS = [bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")]
ADDRESSES = [HOST, PEER]


def two_nodes(policy: Policy, seed: int) -> list[Node]:
    nodes = []
    for own in (0, 1):
        node = Node(policy, random=random.Random(seed + own))
        node.add_nic(1, mac=MACS[own])
        node.add_address(1, ADDRESSES[own], 24)
        node.add_neighbour(1, ADDRESSES[1 - own], MACS[1 - own])
        nodes.append(node)
    return nodes


def read_all(socket: TcpSocket, into: bytearray) -> bool:
    """Whether the end of the data has come."""
    while True:
        try:
            octets = socket.receive(4000)
        except Refused as refused:
            if refused.reason is not Reason.WOULD_BLOCK:
                raise
            return False
        if not octets:
            return True
        into += octets


def write(socket: TcpSocket, left: bytearray) -> None:
    """Give the socket what it takes, and end when all is given."""
    if not left:
        return
    try:
        del left[: socket.send(bytes(left))]
    except Refused as refused:
        if refused.reason is not Reason.WOULD_BLOCK:
            raise
    if not left:
        socket.shutdown(write=True)


@rfc_and_netstack
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 1 << 16), loss=st.sampled_from([0.0, 0.05, 0.15]))
@example(seed=96, loss=0.15)
def test_all_data_arrive_in_order_whatever_the_link_does(
    policy: Policy, seed: int, loss: float
) -> None:
    chance = random.Random(seed)
    nodes = two_nodes(policy, seed)
    listener = nodes[1].tcp_socket()
    listener.bind(None, PORT)
    listener.listen()
    client = nodes[0].tcp_socket()
    # RFC 1122 §4.2.3.5: R2; else bad luck with a bad link ends the connection, as it may.
    client.give_up_after = listener.give_up_after = NEVER
    client.connect(PEER, PORT)
    texts = [chance.randbytes(chance.randrange(1, 90_000)) for _ in nodes]
    left = [bytearray(text) for text in texts]
    got = [bytearray(), bytearray()]
    ends: list[TcpSocket | None] = [client, None]
    on_the_way: list[tuple[int, int, bytes]] = []
    done = [False, False]
    now = 0
    for _ in range(20_000):
        for own, node in enumerate(nodes):
            for _, frame in node.poll(now):
                for _ in range(2 if chance.random() < loss / 3 else 1):
                    if chance.random() >= loss:
                        on_the_way.append((now + chance.randrange(1000, 30_000), 1 - own, frame))
        on_the_way.sort(key=lambda each: each[0])
        due = [node.next_deadline() for node in nodes]
        times = [each for each in due if each is not None] + [each[0] for each in on_the_way[:1]]
        if all(done) or not times:
            break
        now = max(now, min(times))
        while on_the_way and on_the_way[0][0] <= now:
            _, to, frame = on_the_way.pop(0)
            nodes[to].receive(1, frame, now)
        if ends[1] is None:
            try:
                ends[1] = listener.accept()
            except Refused:
                continue
        for number, end in enumerate(ends):
            if end is not None and end.state not in (State.SYN_SENT, State.SYN_RECEIVED):
                write(end, left[number])
                done[number] = done[number] or read_all(end, got[number])
    assert [bytes(text) for text in got] == texts[::-1]


flags_and_fields = st.tuples(
    st.integers(0, 255),
    st.integers(-3, 70_000),
    st.integers(-3, 70_000),
    st.binary(max_size=40),
    st.integers(0, 65535),
    st.binary(max_size=12).map(lambda octets: octets + bytes(-len(octets) % 4)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(flags_and_fields, max_size=25), st.sampled_from(["listen", "open", "closing"]))
def test_no_segments_whatever_make_tcp_fail(
    segments: list[tuple[int, int, int, bytes, int, bytes]], begin: str
) -> None:
    wire = Wire()
    if begin == "listen":
        listening(wire)
        peer = Peer(wire)
    else:
        socket, peer = connected() if begin == "open" else accepted()
        wire = peer.wire
        if begin == "closing":
            socket.send(b"some data")
            socket.close()
    for flags, off, acknowledged, data, window, tcp_options in segments:
        wire.ip(
            tcp(
                flags,
                sequence=add(peer.sequence, off),
                acknowledgment=add(peer.acknowledgment, acknowledged),
                data=data,
                window=window,
                tcp_options=tcp_options,
                port=peer.port,
            )
        )
        wire.frames(SECOND // 7)
    for _ in range(40):
        wire.frames(20 * SECOND)
    for connection in wire.node._core.tcp.connections.values():
        assert connection.window >= 0
        assert connection.deadline is None or connection.deadline > wire.now


def test_a_flood_of_openings_leaves_nothing_behind() -> None:
    wire = Wire()
    listening(wire, backlog=10)
    for number in range(2000):
        wire.ip(tcp(SYN, source_port=1024 + number))
    assert len(wire.node._core.tcp.connections) == 10
    assert len(wire.sent()) == 10
    wire.ip(tcp(ACK, source_port=1))
    for _ in range(30):
        wire.frames(10 * SECOND)
    assert wire.node._core.tcp.connections == {}
    assert wire.node.next_deadline() is None

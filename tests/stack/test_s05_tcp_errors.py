"""ICMP errors and TCP (S2.27, S2.28, S5.35 to S5.37, S13.9, S14.38, RFC 1122 §4.2.3.9)."""

from __future__ import annotations

import pytest

from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.refusal import Reason, Refused
from stack.tcp_connection import State
from stack.tcp_socket import TcpSocket
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    PARAMETER_PROBLEM,
    SOURCE_QUENCH,
    TIME_EXCEEDED,
    IcmpMessage,
    error,
    fragmentation_needed,
    parameter_problem,
)
from stack.wire.ipv4 import build_ipv4
from stack.wire.tcp import SYN
from tests.stack.node_kit import (
    PEER,
    REMOTE,
    SECOND,
    Sent,
    Wire,
)
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.tcp_kit import (
    PEER_PORT,
    Peer,
    accepted,
    icmp_about,
    segment_of,
    tcp_moved,
)

ALL = {"RFC": RFC, "NETSTACK": NETSTACK, "LATER": NETSTACK_LATER}
EVERY = pytest.mark.parametrize("policy", ALL.values(), ids=ALL)


def quoted(sent: Sent, length: int = 8) -> bytes:
    return build_ipv4(sent.header, sent.packet.payload)[: sent.header.header_length + length]


def unreachable(code: int, sent: Sent, length: int = 8) -> IcmpMessage:
    return error(DESTINATION_UNREACHABLE, code, quoted(sent, length))


def opening(policy: Policy) -> tuple[TcpSocket, Peer, Sent]:
    wire = Wire(policy)
    socket = wire.node.tcp_socket()
    socket.connect(PEER, PEER_PORT)
    return socket, Peer(wire, port=socket.local_name[1]), wire.one()


def with_data(policy: Policy, size: int = 5) -> tuple[TcpSocket, Peer, Sent]:
    socket, peer = accepted(policy, mss=1460)
    socket.send(bytes(size))
    return socket, peer, peer.wire.sent()[0]


def refusal_of(socket: TcpSocket) -> Reason:
    with pytest.raises(Refused) as refused:
        socket.receive()
    return refused.value.reason


@EVERY
def test_s5_35_an_error_needs_eight_octets_and_a_connection(policy: Policy) -> None:
    socket, peer, syn = opening(policy)
    icmp_about(peer.wire, unreachable(1, syn, 7))
    other = quoted(syn)[:20] + b"\0\x01" + quoted(syn)[22:]
    icmp_about(peer.wire, error(DESTINATION_UNREACHABLE, 1, other))
    assert socket.state is State.SYN_SENT
    assert (socket.take_error(), socket.errors()) == (None, [])


def test_s5_36_netstack_host_unreachable_fails_a_connection_attempt() -> None:
    socket, peer, syn = opening(NETSTACK)
    before = peer.wire.mib()
    icmp_about(peer.wire, unreachable(1, syn))
    assert socket.state is State.CLOSED
    assert refusal_of(socket) is Reason.HOST_UNREACHABLE
    assert refusal_of(socket) is Reason.NOT_CONNECTED
    assert tcp_moved(peer.wire, before) == {"tcpAttemptFails": 1}
    assert peer.wire.frames(60 * SECOND) == []


def test_s5_36_netstack_host_unreachable_is_kept_on_an_open_connection() -> None:
    socket, peer, data = with_data(NETSTACK)
    icmp_about(peer.wire, unreachable(1, data))
    assert socket.state is State.ESTABLISHED
    assert socket.take_error() is Reason.HOST_UNREACHABLE
    assert socket.take_error() is None


def test_s5_36_netstack_port_unreachable_is_ignored() -> None:
    for socket, peer, sent in (opening(NETSTACK), with_data(NETSTACK)):
        state = socket.state
        icmp_about(peer.wire, unreachable(3, sent))
        assert (socket.state, socket.take_error()) == (state, None)


@pytest.mark.parametrize("code", [0, 2, 5, 9, 13])
def test_s5_36_netstack_other_codes_and_types_reach_nobody(code: int) -> None:
    socket, peer, syn = opening(NETSTACK)
    icmp_about(peer.wire, unreachable(code, syn))
    icmp_about(peer.wire, error(TIME_EXCEEDED, 0, quoted(syn)))
    icmp_about(peer.wire, parameter_problem(0, quoted(syn)))
    assert (socket.state, socket.take_error(), socket.errors()) == (State.SYN_SENT, None, [])


@pytest.mark.parametrize(
    ("told", "size"), [(620, 580), (1500, 1460), (9000, 1460), (68, 28), (67, 1), (0, 1)]
)
def test_s5_36_netstack_too_big_lowers_the_segment_size(told: int, size: int) -> None:
    socket, peer, data = with_data(NETSTACK, 1460)
    icmp_about(peer.wire, fragmentation_needed(told, quoted(data)))
    assert socket.maximum_segment == size
    again = peer.wire.sent()
    if size == 1460:
        assert [len(segment_of(each).data) for each in again] in ([], [1460])
    else:
        assert len(segment_of(again[0]).data) == size
        assert segment_of(again[0]).sequence == segment_of(data).sequence


def test_s5_36_netstack_a_larger_bound_changes_nothing() -> None:
    socket, peer, data = with_data(NETSTACK, 1460)
    icmp_about(peer.wire, fragmentation_needed(620, quoted(data)))
    peer.wire.sent()
    icmp_about(peer.wire, fragmentation_needed(1006, quoted(data)))
    assert peer.wire.sent() == []
    assert socket.maximum_segment == 580


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, Reason.NETWORK_UNREACHABLE),
        (1, Reason.HOST_UNREACHABLE),
        (2, Reason.PROTOCOL_UNREACHABLE),
        (3, Reason.CONNECTION_REFUSED),
        (5, Reason.NOT_SUPPORTED),
        (6, Reason.NETWORK_UNREACHABLE),
        (7, Reason.HOST_UNREACHABLE),
        (8, Reason.HOST_UNREACHABLE),
        (9, Reason.NETWORK_UNREACHABLE),
        (10, Reason.HOST_UNREACHABLE),
        (11, Reason.NETWORK_UNREACHABLE),
        (12, Reason.HOST_UNREACHABLE),
        (13, Reason.HOST_UNREACHABLE),
        (14, Reason.HOST_UNREACHABLE),
        (15, Reason.HOST_UNREACHABLE),
    ],
)
def test_s5_37_later_all_codes_reach_tcp(code: int, reason: Reason) -> None:
    socket, peer, syn = opening(NETSTACK_LATER)
    icmp_about(peer.wire, unreachable(code, syn))
    assert (socket.state, socket.take_error()) == (State.CLOSED, reason)
    socket, peer, data = with_data(NETSTACK_LATER)
    icmp_about(peer.wire, unreachable(code, data))
    assert (socket.state, socket.take_error()) == (State.ESTABLISHED, reason)


@pytest.mark.parametrize("make", [opening, with_data], ids=["opening", "open"])
@pytest.mark.parametrize("code", [0, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13])
def test_s14_38_rfc_soft_errors_are_told_and_end_nothing(make: object, code: int) -> None:
    socket, peer, sent = opening(RFC) if make is opening else with_data(RFC)
    state = socket.state
    icmp_about(peer.wire, unreachable(code, sent))
    assert socket.state is state
    assert socket.take_error() is not None
    told = socket.errors()
    assert [(each.type, each.code, each.hard) for each in told] == [(3, code, False)]


@pytest.mark.parametrize("make", [opening, with_data], ids=["opening", "open"])
@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (TIME_EXCEEDED, Reason.HOST_UNREACHABLE),
        (PARAMETER_PROBLEM, Reason.MALFORMED_HEADER),
    ],
)
def test_s14_38_rfc_time_exceeded_and_parameter_problem_are_soft(
    make: object, message: int, reason: Reason
) -> None:
    socket, peer, sent = opening(RFC) if make is opening else with_data(RFC)
    state = socket.state
    icmp_about(peer.wire, error(message, 0, quoted(sent)))
    assert (socket.state, socket.take_error()) == (state, reason)


@pytest.mark.parametrize("make", [opening, with_data], ids=["opening", "open"])
@pytest.mark.parametrize("code", [2, 3])
def test_s14_38_rfc_hard_errors_abort(make: object, code: int) -> None:
    socket, peer, sent = opening(RFC) if make is opening else with_data(RFC)
    counted = "tcpAttemptFails" if make is opening else "tcpEstabResets"
    before = peer.wire.mib()
    icmp_about(peer.wire, unreachable(code, sent))
    wanted = Reason.CONNECTION_REFUSED if code == 3 else Reason.PROTOCOL_UNREACHABLE
    assert (socket.state, refusal_of(socket)) == (State.CLOSED, wanted)
    assert tcp_moved(peer.wire, before) == {counted: 1}
    assert peer.wire.frames(60 * SECOND) == []


def test_s14_38_rfc_a_soft_error_is_the_reason_when_time_is_over() -> None:
    socket, peer, syn = opening(RFC)
    icmp_about(peer.wire, unreachable(0, syn))
    peer.wire.sent(400 * SECOND)
    assert refusal_of(socket) is Reason.NETWORK_UNREACHABLE


@pytest.mark.parametrize("off", [-1, 5, 1 << 31])
def test_s14_38_rfc_errors_name_octets_in_flight(off: int) -> None:
    socket, peer, data = with_data(RFC)
    octets = quoted(data)
    sequence = int.from_bytes(octets[24:28], "big") + off & 0xFFFFFFFF
    forged = octets[:24] + sequence.to_bytes(4, "big")
    icmp_about(peer.wire, error(DESTINATION_UNREACHABLE, 3, forged))
    assert (socket.state, socket.errors()) == (State.ESTABLISHED, [])
    socket, peer, data = with_data(NETSTACK)
    icmp_about(peer.wire, error(DESTINATION_UNREACHABLE, 1, quoted(data)[:24] + forged[24:]))
    assert socket.take_error() is Reason.HOST_UNREACHABLE


def test_s14_38_rfc_source_quench_is_ignored() -> None:
    socket, peer, data = with_data(RFC, 1460 * 4)
    window = peer.connection.cwnd
    icmp_about(peer.wire, error(SOURCE_QUENCH, 0, quoted(data)))
    assert (peer.connection.cwnd, socket.errors()) == (window, [])


def test_s14_39_rfc_too_big_is_obeyed_and_repeated_at_once() -> None:
    socket, peer, data = with_data(RFC, 1460)
    assert data.header.df
    before = peer.wire.mib()
    icmp_about(peer.wire, fragmentation_needed(1006, quoted(data)))
    again = peer.wire.sent()
    assert [len(segment_of(each).data) for each in again] == [966, 494]
    assert socket.maximum_segment == 966
    assert tcp_moved(peer.wire, before) == {"tcpRetransSegs": 2}
    assert [(each.code, each.mtu) for each in socket.errors()] == [(4, 1006)]
    # What is known already changes nothing (RFC 1191 §6.4).
    icmp_about(peer.wire, fragmentation_needed(1006, quoted(again[0])))
    assert peer.wire.sent() == []


def test_s14_39_rfc_too_big_about_a_syn_waits_for_its_timer() -> None:
    socket, peer, syn = opening(RFC)
    icmp_about(peer.wire, fragmentation_needed(0, quoted(syn)))
    assert (socket.state, peer.wire.sent()) == (State.SYN_SENT, [])
    assert segment_of(peer.wire.one(SECOND)).flags == SYN


@rfc_and_netstack
def test_s7_2_df_is_for_those_who_look_for_the_path_s_mtu(policy: Policy) -> None:
    _, _, data = with_data(policy)
    assert data.header.df is (policy is RFC)


def test_what_can_t_be_cut_to_fit_goes_without_df() -> None:
    socket, peer = accepted(mtu=68)
    socket.set_options(bytes([1]) * 40)
    socket.send(b"ab")
    sent = peer.wire.sent()
    assert socket.maximum_segment == 1
    assert all(not each.header.df for each in sent)


def test_s12_8_an_error_on_the_way_is_matched_by_the_final_destination() -> None:
    for options, good in (
        (b"\x01\x83\x0b\x04\xc0\x00\x02\x4d\xc6\x33\x64\x07", True),
        (b"\x07\x03\x04", True),
    ):
        wire = Wire()
        wire.node.add_neighbour(1, "192.0.2.77", b"\x02\0\0\0\0\x55")
        socket = wire.node.tcp_socket()
        socket.set_options(options)
        socket.connect(REMOTE, PEER_PORT)
        icmp_about(wire, unreachable(3, wire.one()))
        assert (socket.state is State.CLOSED) is good


@pytest.mark.parametrize("area", [b"\x83\x00\x04\x00", b"\x83\x09\x04\x00", b"\x00\x83\x07\x04"])
def test_a_quoted_option_area_that_is_damaged_says_nothing(area: bytes) -> None:
    socket, peer, syn = opening(RFC)
    octets = quoted(syn)
    octets = b"\x46" + octets[1:20] + area + octets[20:]
    icmp_about(peer.wire, error(DESTINATION_UNREACHABLE, 3, octets))
    assert socket.state is State.CLOSED

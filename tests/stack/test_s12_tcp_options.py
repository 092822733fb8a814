"""IP options with TCP (S12.4, S12.10, S12.12 to S12.14, RFC 1122 §4.2.3.8)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.choices import SourceRouting
from stack.policy import (
    NETSTACK,
    RFC,
    Policy,
)
from stack.refusal import Reason, Refused
from stack.tcp_connection import State
from stack.tcp_socket import TcpSocket
from stack.wire.tcp import ACK, FIN, PSH, RST, SYN, maximum_segment_size
from tests.stack.node_kit import GATEWAY, HOST, PEER, REMOTE, SECOND, Sent, Wire, a
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.socket_kit import addresses
from tests.stack.tcp_kit import PEER_PORT, Peer, accepted, connected, listening, segment_of, tcp

ALERT = b"\x94\x04\x00\x00"
STAMPS = b"\x44\x0c\x05\x00" + bytes(8)
HOP, HOP_2 = "192.0.2.77", "192.0.2.78"


def recorded(*hops: str, kind: int = 131) -> bytes:
    """A source route that has come to its end, padded."""
    option = bytes((kind, 3 + 4 * len(hops), 4 + 4 * len(hops))) + addresses(*hops)
    return option + b"\0"


def onward(*hops: str, kind: int = 131) -> bytes:
    """A source route that begins."""
    return bytes((kind, 3 + 4 * len(hops), 4)) + addresses(*hops) + b"\0"


def routed(wire: Wire) -> Wire:
    for hop in (HOP, HOP_2):
        wire.node.add_neighbour(1, hop, b"\x02\0\0\0\0\x55")
    return wire


def opened_by(options: bytes, policy: Policy = RFC) -> tuple[TcpSocket, Wire, Peer, Sent]:
    """A connection whose SYN came from REMOTE with these options; the SYN-ACK too."""
    wire = routed(Wire(policy))
    listener = listening(wire)
    listener.set_options(ALERT)
    peer = Peer(wire, address=REMOTE)
    peer.say(SYN, options=options)
    greeting = wire.one()
    peer.take(greeting)
    peer.say(ACK)
    return listener.accept(), wire, peer, greeting


@rfc_and_netstack
def test_s12_4_options_go_into_everything_a_connection_sends(policy: Policy) -> None:
    socket, peer = connected(policy, options=ALERT)
    wire = peer.wire
    socket.send(b"data")
    data = wire.one()
    again = wire.one(SECOND)
    assert data.header.options == again.header.options == ALERT
    assert peer.take(again).data == b"data"
    peer.say(ACK, b"answer")
    assert wire.one().header.options == ALERT
    socket.set_options(STAMPS)
    socket.send(b"x")
    assert wire.one().header.options[:1] == b"\x44"
    socket.set_options(b"")
    socket.reset()
    gone = wire.one()
    assert (gone.header.options, segment_of(gone).flags) == (b"", RST | ACK)


@rfc_and_netstack
def test_s12_4_a_reset_carries_options_too(policy: Policy) -> None:
    socket, peer = connected(policy, options=ALERT)
    socket.reset()
    sent = peer.wire.one()
    assert (segment_of(sent).flags, sent.header.options) == (RST | ACK, ALERT)


@rfc_and_netstack
def test_s12_4_a_listening_socket_sets_them_for_its_own_resets(policy: Policy) -> None:
    wire = Wire(policy)
    listener = listening(wire)
    listener.set_options(ALERT)
    wire.ip(tcp(ACK, sequence=7, acknowledgment=9))
    sent = wire.one()
    assert (segment_of(sent).flags, segment_of(sent).sequence) == (RST, 9)
    assert sent.header.options == ALERT
    assert listener.get_options() == ALERT


@rfc_and_netstack
def test_s12_5_a_malformed_buffer_leaves_the_old_options_in_force(policy: Policy) -> None:
    socket, peer = connected(policy, options=ALERT)
    for buffer in (bytes(45), b"\x07\x01\x04\x00", b"\x07\x09\x04\x00"):
        with pytest.raises(Refused) as refused:
            socket.set_options(buffer)
        assert refused.value.reason is Reason.INVALID_ARGUMENT
    socket.send(b"data")
    assert peer.wire.one().header.options == ALERT
    assert socket.get_options() == ALERT


def test_s12_7_an_active_open_goes_along_a_source_route() -> None:
    wire = routed(Wire())
    socket = wire.node.tcp_socket()
    buffer = b"\x01\x83\x0b\x04" + addresses(HOP, REMOTE)
    socket.set_options(buffer)
    socket.connect(REMOTE, PEER_PORT)
    sent = wire.one()
    assert sent.header.destination == a(HOP)
    assert sent.header.options == b"\x01\x83\x07\x04" + addresses(REMOTE)
    assert segment_of(sent, final=REMOTE).flags == SYN
    assert socket.get_options() == buffer


def test_s12_8_the_listed_address_is_on_the_wire_the_one_named_counts() -> None:
    wire = routed(Wire())
    socket = wire.node.tcp_socket()
    socket.set_options(b"\x01\x83\x0b\x04" + addresses(HOP, HOP_2))
    socket.connect(REMOTE, PEER_PORT)
    sent = wire.one()
    assert sent.header.options == b"\x01\x83\x07\x04" + addresses(HOP_2)
    peer = Peer(wire, address=REMOTE, port=socket.local_name[1])
    assert peer.take(sent).flags == SYN
    peer.say(SYN | ACK)
    assert socket.state is State.ESTABLISHED


@rfc_and_netstack
def test_s12_9_the_originator_stamps_a_segment(policy: Policy) -> None:
    _, peer = connected(policy, options=STAMPS)
    peer.say(ACK, b"x")
    assert peer.wire.one().header.options == STAMPS[:2] + b"\x09\0" + (3_600_000).to_bytes(
        4, "big"
    ) + bytes(4)


@rfc_and_netstack
@pytest.mark.parametrize("options", [b"", ALERT, bytes([1]) * 40])
def test_s12_10_segments_leave_room_for_the_options(policy: Policy, options: bytes) -> None:
    socket, peer = accepted(policy, mss=1460)
    socket.set_options(options)
    assert socket.maximum_segment == 1460 - len(options)
    socket.send(bytes(3000))
    sent = peer.wire.sent()
    assert len(segment_of(sent[0]).data) == 1460 - len(options)
    assert max(each.header.header_length + len(each.packet.payload) for each in sent) == 1500


def test_s12_10_the_option_that_tells_the_peer_is_not_made_smaller() -> None:
    wire = Wire()
    socket = wire.node.tcp_socket()
    socket.set_options(ALERT)
    socket.connect(PEER, PEER_PORT)
    assert maximum_segment_size(segment_of(wire.one()).options) == 1460


def test_s12_11_get_returns_what_was_set_and_as_much_as_fits() -> None:
    socket = Wire().node.tcp_socket()
    assert socket.get_options() == b""
    socket.set_options(ALERT + b"\x01")
    assert socket.get_options() == ALERT + b"\x01"
    assert socket.get_options(3) == ALERT[:3]
    assert socket.get_options(0) == b""


def test_s12_12_an_accepted_socket_tells_the_reversed_route() -> None:
    socket, _, _, _ = opened_by(recorded(HOP_2, HOP))
    told = socket.get_options()
    assert told == addresses(HOP) + b"\x01\x83\x0b\x04" + addresses(HOP_2, REMOTE)
    assert socket.get_options(10) == told[:10]


def test_s12_12_the_strict_type_is_kept_and_nine_hops_make_44_octets() -> None:
    hops = [HOP_2] * 8 + [HOP]
    socket, _, _, greeting = opened_by(recorded(*hops, kind=137))
    told = socket.get_options()
    assert len(told) == 44
    assert told[:8] == addresses(HOP) + b"\x01\x89\x27\x04"
    assert told[-4:] == addresses(REMOTE)
    assert len(greeting.header.options) == 40


@rfc_and_netstack
def test_s12_12_without_a_source_route_there_is_nothing_to_tell(policy: Policy) -> None:
    socket, wire, _, greeting = opened_by(b"\x07\x07\x04" + bytes(5), policy)
    assert socket.get_options() == b""
    assert greeting.header.options == b""
    socket.send(b"x")
    assert wire.one().header.options == b""


def test_s12_12_where_source_routes_are_unknown_options_none_is_told() -> None:
    socket, _, _, greeting = opened_by(recorded(HOP), NETSTACK)
    assert socket.get_options() == b""
    assert (greeting.header.options, greeting.header.destination) == (b"", a(REMOTE))


def test_s12_13_one_hop_gives_that_hop_and_the_client() -> None:
    socket, _, _, greeting = opened_by(recorded(HOP))
    assert socket.get_options() == addresses(HOP) + b"\x01\x83\x07\x04" + addresses(REMOTE)
    assert greeting.header.destination == a(HOP)
    assert greeting.header.options == onward(REMOTE)


def test_s12_13_a_source_in_its_own_list_is_not_repeated() -> None:
    _, _, _, greeting = opened_by(recorded(REMOTE, HOP))
    assert greeting.header.destination == a(HOP)
    assert greeting.header.options == onward(REMOTE)


def test_s12_13_no_recorded_hop_no_route() -> None:
    socket, _, _, greeting = opened_by(b"\x83\x03\x04\x00")
    assert socket.get_options() == b""
    assert (greeting.header.destination, greeting.header.options) == (a(REMOTE), b"")


def test_s12_14_the_reversed_route_is_used_for_everything() -> None:
    socket, wire, peer, greeting = opened_by(recorded(HOP_2, HOP))
    way = (a(HOP), onward(HOP_2, REMOTE))
    assert (greeting.header.destination, greeting.header.options) == way
    assert peer.take(greeting).flags == SYN | ACK
    socket.send(b"data")
    sent = [wire.one()]
    sent.append(wire.one(SECOND))
    peer.say(ACK, b"more")
    sent.append(wire.one())
    socket.shutdown(write=True)
    sent.append(wire.one())
    assert [segment_of(each, final=REMOTE).flags for each in sent] == [
        ACK | PSH,
        ACK | PSH,
        ACK,
        FIN | ACK,
    ]
    socket.receive()
    # What a user asks about the path is about that to the first hop, the option's room taken off.
    wire.node._core.path_mtu.too_big(a(HOP), 1000, 1500, 1500, wire.now)
    assert (socket.getsockopt("mtu"), socket.maximum_payload(REMOTE)) == (1000, 968)
    socket.reset()
    sent.append(wire.one())
    assert {(each.header.destination, each.header.options) for each in sent} == {way}


def test_s12_14_what_the_user_sets_overrides_and_clearing_removes() -> None:
    socket, wire, peer, _ = opened_by(recorded(HOP))
    socket.set_options(b"\x01\x83\x0b\x04" + addresses(HOP_2, REMOTE))
    socket.send(b"a")
    sent = wire.one()
    assert (sent.header.destination, sent.header.options[:4]) == (a(HOP_2), b"\x01\x83\x07\x04")
    peer.take(sent)
    # RFC 1122 §4.2.3.8: the user's choice precedes what a datagram brings.
    peer.say(ACK, b"x", options=recorded(HOP))
    assert wire.one().header.destination == a(HOP_2)
    socket.set_options(b"")
    peer.say(ACK, b"y", options=recorded(HOP))
    sent = wire.one()
    assert (sent.header.destination, sent.header.options) == (a(REMOTE), b"")
    assert socket.get_options() == b""


def test_s12_14_a_later_source_route_overrides_an_earlier_one() -> None:
    socket, wire, peer, _ = opened_by(recorded(HOP))
    peer.say(ACK, b"x", options=recorded(HOP_2))
    assert wire.one().header.destination == a(HOP_2)
    # One without source route changes nothing, nor does one outside the window.
    peer.say(ACK, b"y")
    assert wire.one().header.destination == a(HOP_2)
    peer.say(ACK, b"z", ahead=1 << 20, options=recorded(HOP))
    assert wire.one().header.destination == a(HOP_2)
    assert socket.get_options()[:4] == addresses(HOP_2)


def test_s12_14_an_active_open_does_not_follow_a_received_route() -> None:
    wire = routed(Wire())
    socket = wire.node.tcp_socket()
    socket.connect(REMOTE, PEER_PORT)
    peer = Peer(wire, address=REMOTE, port=socket.local_name[1])
    peer.hear()
    peer.say(SYN | ACK, options=recorded(HOP))
    peer.hear()
    peer.say(ACK, b"x", options=recorded(HOP))
    assert wire.one().header.destination == a(REMOTE)


def test_s12_17_without_source_routing_tcp_sockets_refuse_it() -> None:
    for policy in (NETSTACK, replace(RFC, source_route=SourceRouting.NONE)):
        socket = Wire(policy).node.tcp_socket()
        with pytest.raises(Refused) as refused:
            socket.set_options(b"\x01\x83\x0b\x04" + addresses(GATEWAY, HOST))
        assert refused.value.reason is Reason.NOT_SUPPORTED

"""Options sent, and options received and passed up (S12.8 to S12.10, S12.15, S12.16)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason
from stack.wire.udp import UdpDatagram, parse_udp
from tests.stack.node_kit import (
    GATEWAY,
    HOST,
    PEER,
    REMOTE,
    Wire,
    a,
    datagram,
    refusal,
    udp,
)
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.socket_kit import addresses, bound, complain, read, route

ALERT = b"\x94\x04\x00\x00"
SLOT = b"\x07\x07\x04" + bytes(5)
MIDNIGHT = 3_600_000
"""Milliseconds: the time of day at time 0 on these wires."""


def test_s12_8_checksums_and_replies_go_by_the_destination_of_the_call() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.set_options(route(131, GATEWAY, "198.51.100.66"))
    socket.connect(REMOTE, 7)
    socket.send(b"x")
    sent = wire.one()
    assert sent.header.options[:7] == route(131, "198.51.100.66")
    payload = sent.packet.payload
    assert isinstance(parse_udp(payload, a(HOST), a(REMOTE)), UdpDatagram)
    port = socket.local_name[1]
    wire.ip(udp(b"no", port, 7, source="198.51.100.66"))
    wire.ip(udp(b"yes", port, 7, source=REMOTE))
    assert read(socket).data == b"yes"
    assert socket.receive() is None


def test_s12_8_the_final_destination_is_summed_and_not_the_first_hop() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.send(b"x", (REMOTE, 7), options=route(137, GATEWAY, REMOTE))
    sent = wire.one()
    assert sent.header.destination == a(GATEWAY)
    assert isinstance(parse_udp(sent.packet.payload, a(HOST), a(REMOTE)), UdpDatagram)
    assert not isinstance(parse_udp(sent.packet.payload, a(HOST), a(GATEWAY)), UdpDatagram)


def test_s12_8_errors_about_a_routed_datagram_find_its_socket() -> None:
    wire = Wire()
    socket, other = wire.node.udp_socket(), wire.node.udp_socket()
    socket.set_options(route(131, GATEWAY, REMOTE))
    socket.connect(REMOTE, 7)
    other.connect(REMOTE, 7)
    socket.send(b"x")
    complain(wire, wire.one())
    assert [told.code for told in socket.errors()] == [3]
    raw = wire.node.raw_socket(253)
    raw.set_options(route(131, GATEWAY, REMOTE))
    raw.connect(REMOTE)
    raw.send(b"x")
    complain(wire, wire.one())
    assert [told.code for told in raw.errors()] == [3]


@rfc_and_netstack
def test_s12_9_the_originator_fills_no_slot_of_a_record_route(policy: Policy) -> None:
    wire = Wire(policy)
    socket = bound(wire)
    socket.set_options(SLOT)
    socket.send(b"x", (PEER, 7))
    assert wire.one().header.options == SLOT


@rfc_and_netstack
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        pytest.param(
            b"\x44\x08\x05\x00" + bytes(4),
            b"\x44\x08\x09\x00" + MIDNIGHT.to_bytes(4, "big"),
            id="times",
        ),
        pytest.param(
            b"\x44\x0c\x05\x01" + bytes(8),
            b"\x44\x0c\x0d\x01" + addresses(HOST) + MIDNIGHT.to_bytes(4, "big"),
            id="addresses",
        ),
        pytest.param(
            b"\x44\x0c\x05\x03" + addresses(HOST) + bytes(4),
            b"\x44\x0c\x0d\x03" + addresses(HOST) + MIDNIGHT.to_bytes(4, "big"),
            id="own first",
        ),
        pytest.param(
            b"\x44\x0c\x05\x03" + addresses(PEER) + bytes(4),
            b"\x44\x0c\x05\x03" + addresses(PEER) + bytes(4),
            id="another's first",
        ),
        pytest.param(b"\x44\x04\x05\x00", b"\x44\x04\x05\x00", id="no room"),
    ],
)
def test_s12_9_the_originator_stamps_a_timestamp_that_has_room(
    policy: Policy, given: bytes, sent: bytes
) -> None:
    wire = Wire(policy)
    socket = bound(wire)
    socket.set_options(given)
    socket.send(b"x", (PEER, 7))
    assert wire.one().header.options == sent
    assert socket.get_options() == given


@rfc_and_netstack
def test_s12_10_options_take_their_room_from_the_cutting_point(policy: Policy) -> None:
    wire = Wire(policy)
    socket = bound(wire)
    assert socket.maximum_payload(PEER) == 1480
    socket.set_options(ALERT + b"\x01")
    assert socket.maximum_payload(PEER) == 1472
    socket.send(bytes(1464), (PEER, 7))
    assert len(wire.sent()) == 1
    socket.send(bytes(1465), (PEER, 7))
    assert len(wire.sent()) == 2
    socket.set_options(None)
    socket.send(bytes(1472), (PEER, 7))
    assert len(wire.sent()) == 1


def test_s12_10_the_path_is_that_to_the_first_hop() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.setsockopt("mtu_discover", "do")
    socket.send(bytes(1000), (GATEWAY, 7))
    complain(wire, wire.one(), 3, 4, bytes((0, 0, 2, 88)))
    assert socket.maximum_payload(REMOTE) == 1480
    socket.set_options(route(131, GATEWAY, REMOTE))
    assert socket.maximum_payload(REMOTE) == 600 - 28


RECEIVED = b"\x01" + SLOT[:7] + ALERT


@rfc_and_netstack
def test_s12_15_get_never_tells_received_options(policy: Policy) -> None:
    wire = Wire(policy)
    socket = bound(wire)
    wire.ip(udp(options=RECEIVED))
    assert read(socket).data == b"data"
    assert socket.get_options() == b""


def test_s12_15_with_recvopts_each_datagram_carries_its_options() -> None:
    wire = Wire()
    socket = bound(wire)
    assert socket.getsockopt("recvopts") is True
    wire.ip(udp(options=RECEIVED))
    assert read(socket).options == b"\x01\x07\x07\x08" + addresses(HOST) + ALERT
    wire.ip(udp())
    assert read(socket).options == b""
    socket.setsockopt("recvopts", value=False)
    wire.ip(udp(options=RECEIVED))
    assert read(socket).options == b""


def test_s12_15_netstack_passes_no_options_up() -> None:
    wire = Wire(NETSTACK)
    socket = bound(wire)
    wire.ip(udp(options=ALERT))
    told = read(socket)
    assert (told.options, told.return_options) == (b"", b"")
    for name in ("recvopts", "retopts"):
        assert socket.getsockopt(name) is False
        assert refusal(socket.setsockopt, name, True) is Reason.NOT_SUPPORTED  # noqa: FBT003
        socket.setsockopt(name, value=False)


def test_s12_15_retopts_are_ready_for_the_answer() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.setsockopt("retopts", value=True)
    recorded = b"\x83\x0b\x0c" + addresses(GATEWAY, "198.51.100.3") + b"\x01"
    wire.ip(udp(source=REMOTE, options=recorded))
    told = read(socket)
    assert told.return_options == route(131, "198.51.100.3", GATEWAY, REMOTE) + b"\x00"
    socket.send(b"answer", (REMOTE, 4000), options=told.return_options)
    header = wire.one().header
    assert header.destination == a("198.51.100.3")
    assert header.options == route(131, GATEWAY, REMOTE) + b"\x00"


def test_s12_15_retopts_keep_what_is_filled_on_the_way() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.setsockopt("retopts", value=True)
    stamp = b"\x44\x0c\x05\x00" + bytes(8)
    wire.ip(udp(options=b"\x07\x0b\x04" + bytes(8) + stamp + b"\x00"))
    told = read(socket)
    stamped = b"\x44\x0c\x09\x00" + MIDNIGHT.to_bytes(4, "big") + bytes(4)
    assert told.return_options == b"\x07\x0b\x08" + addresses(HOST) + bytes(4) + stamped + b"\x00"
    # Nothing to return: other options, or none at all.
    wire.ip(udp(options=ALERT))
    wire.ip(udp())
    assert [read(socket).return_options for _ in range(2)] == [b"", b""]
    socket.setsockopt("retopts", value=False)
    wire.ip(udp(options=SLOT))
    assert read(socket).return_options == b""


def test_s12_15_a_route_back_goes_before_all_else() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.setsockopt("retopts", value=True)
    hops = [f"198.51.100.{last}" for last in range(2, 6)]
    recorded = b"\x89\x13\x14" + addresses(*hops)
    slots = bytes((7, 19, 4)) + bytes(16)
    wire.ip(udp(source=REMOTE, options=recorded + slots + bytes(2)))
    both = read(socket).return_options
    assert both[:23] == route(137, *reversed(hops), REMOTE)
    assert both[23:26] == bytes((7, 19, 8))
    assert len(both) == 44
    # What would not fit beside it is left out, not the route.
    wire.ip(udp(source=REMOTE, options=recorded + slots + b"\x01\x01"))
    assert read(socket).return_options == route(137, *reversed(hops), REMOTE) + b"\x00"


def test_s12_16_options_go_into_headers_that_ip_builds() -> None:
    for policy in (RFC, NETSTACK):
        wire = Wire(policy)
        raw = wire.node.raw_socket(253)
        raw.set_options(ALERT)
        raw.send(b"x", PEER)
        assert wire.one().header.options == ALERT


def test_s12_16_either_the_socket_or_the_caller_has_the_options() -> None:
    wire = Wire()
    raw = wire.node.raw_socket(253)
    raw.set_options(ALERT)
    bare = datagram(b"x", 253, source=HOST, destination=PEER)
    raw.send(bare, PEER, header_included=True)
    assert wire.one().header.options == ALERT
    full = datagram(b"x", 253, source=HOST, destination=PEER, options=SLOT)
    both = refusal(lambda: raw.send(full, PEER, header_included=True))
    assert both is Reason.INVALID_ARGUMENT
    assert wire.sent() == []
    raw.set_options(None)
    raw.send(full, PEER, header_included=True)
    assert wire.one().header.options == SLOT


def test_s12_16_netstack_ignores_the_sockets_options() -> None:
    wire = Wire(NETSTACK)
    raw = wire.node.raw_socket(253)
    raw.set_options(ALERT)
    raw.setsockopt("header_included", value=True)
    assert raw.getsockopt("header_included") is True
    for options in (b"", SLOT):
        raw.send(datagram(b"x", 253, source=HOST, destination=PEER, options=options), PEER)
        assert wire.one().header.options == options


def test_s12_16_which_of_the_two_is_a_choice_of_its_own() -> None:
    wire = Wire(replace(NETSTACK, header_included_options=RFC.header_included_options))
    raw = wire.node.raw_socket(253)
    raw.set_options(ALERT)
    raw.send(datagram(b"x", 253, source=HOST, destination=PEER), PEER, header_included=True)
    assert wire.one().header.options == ALERT


def test_s12_7_a_connected_udp_socket_speaks_from_the_address_of_its_first_hop() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    socket = bound(wire)
    hop = "203.0.113.9"
    socket.set_options(route(131, hop, REMOTE))
    # By the route table REMOTE is behind NIC 1.
    socket.connect(REMOTE, 7)
    assert socket.local_name == ("203.0.113.1", 9)
    socket.send(b"x")
    sent = wire.one()
    assert (sent.nic, sent.header.destination) == (2, a(hop))
    # And where no route leads to the end the hop will do.
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    socket.connect(REMOTE, 8)
    socket.send(b"x")
    assert wire.one().nic == 2

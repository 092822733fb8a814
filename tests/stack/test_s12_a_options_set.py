"""IP options set on a socket: what is taken, refused and given back (S12.1 to S12.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.option_walk import END_OF_LIST, NO_OPERATION
from stack.options import (
    EXTENDED_SECURITY,
    RECORD_ROUTE,
    ROUTER_ALERT,
    SECURITY,
    STREAM_IDENTIFIER,
    TIMESTAMP,
)
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason
from stack.source_route import LOOSE, STRICT
from stack.user_options import OptionRefusal, UserOptions, take_user_options
from tests.stack.node_kit import GATEWAY, PEER, REMOTE, Wire, a, refusal
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.socket_kit import addresses, any_socket, bound, route, send

KINDS = pytest.mark.parametrize("kind", ["udp", "raw"])
SLOTS = b"\x07\x0b\x04" + bytes(8) + b"\x00"
ALERT = b"\x94\x04\x00\x00"


@pytest.mark.parametrize(
    ("number", "name", "buffer"),
    [
        (0, END_OF_LIST, b"\x00"),
        (1, NO_OPERATION, b"\x01"),
        (130, SECURITY, b"\x82\x03\xab"),
        (133, EXTENDED_SECURITY, b"\x85\x05\x01\x02\x03"),
        (131, LOOSE, route(131, PEER, REMOTE)),
        (137, STRICT, route(137, PEER, REMOTE)),
        (68, TIMESTAMP, b"\x44\x04\x05\x00"),
        (7, RECORD_ROUTE, SLOTS),
        (136, STREAM_IDENTIFIER, b"\x88\x04\x12\x34"),
        (148, ROUTER_ALERT, ALERT),
    ],
)
def test_s12_1_ten_options_are_known_by_name(number: int, name: int, buffer: bytes) -> None:
    assert number == name
    wire = Wire()
    socket = bound(wire)
    socket.set_options(buffer)
    socket.send(b"x", (REMOTE, 7))
    assert wire.one().header.options[:1] == buffer[:1]


@rfc_and_netstack
def test_s12_1_obsolete_options_are_carried_as_they_are(policy: Policy) -> None:
    wire = Wire(policy)
    socket = bound(wire)
    area = b"\x82\x04\xff\xff" + b"\x85\x04\x00\x09" + b"\x88\x04\x12\x34"
    socket.set_options(area)
    socket.send(b"x", (REMOTE, 7))
    assert wire.one().header.options == area


@rfc_and_netstack
@KINDS
def test_s12_2_options_are_set_and_read_on_every_socket(policy: Policy, kind: str) -> None:
    wire = Wire(policy)
    socket = any_socket(wire, kind)
    assert socket.get_options() == b""
    socket.set_options(SLOTS)
    assert socket.get_options() == SLOTS
    socket.setsockopt("options", ALERT)
    assert socket.getsockopt("options") == ALERT
    assert refusal(lambda: socket.setsockopt("options", "text")) is Reason.INVALID_ARGUMENT


def test_s12_2_a_buffer_holds_up_to_44_octets() -> None:
    socket = bound(Wire())
    most = b"\x01" + route(131, *[f"198.51.100.{last}" for last in range(1, 11)])
    assert len(most) == 44
    socket.set_options(most)
    assert socket.get_options() == most
    assert refusal(lambda: socket.set_options(most + b"\x00")) is Reason.INVALID_ARGUMENT


@rfc_and_netstack
@KINDS
def test_s12_3_the_buffer_is_the_area_of_the_header(policy: Policy, kind: str) -> None:
    wire = Wire(policy)
    socket = any_socket(wire, kind)
    area = ALERT + SLOTS + b"\x05\x04ab"
    socket.set_options(area)
    send(socket, PEER)
    assert wire.one().header.options == area


@rfc_and_netstack
@KINDS
def test_s12_4_what_is_set_goes_into_every_datagram_until_it_is_replaced(
    policy: Policy, kind: str
) -> None:
    wire = Wire(policy)
    socket = any_socket(wire, kind)
    socket.set_options(SLOTS)
    for _ in range(2):
        send(socket, PEER)
        assert wire.one().header.options == SLOTS
    socket.set_options(ALERT)
    send(socket, PEER)
    assert wire.one().header.options == ALERT
    for none in (b"", None):
        socket.set_options(ALERT)
        socket.set_options(none)
        assert socket.get_options() == b""
        send(socket, PEER)
        assert wire.one().header.options == b""


REFUSED = [
    pytest.param(bytes(45), id="above 44"),
    pytest.param(b"\x07\x01", id="length 1"),
    pytest.param(b"\x07\x00", id="length 0"),
    pytest.param(b"\x01\x07", id="no length octet"),
    pytest.param(b"\x07\x08\x04" + bytes(4), id="length past the buffer"),
    pytest.param(route(131, PEER, REMOTE) + route(131, PEER, REMOTE), id="two routes"),
    pytest.param(route(131, PEER, REMOTE) + route(137, PEER, REMOTE), id="two kinds of route"),
    pytest.param(b"\x83\x03\x04", id="route without address"),
    pytest.param(b"\x83\x08\x04" + bytes(5), id="route of odd length"),
    pytest.param(b"\x83\x07\x08" + bytes(4), id="pointer not 4"),
    pytest.param(b"\x01" * 41, id="41 octets for the wire"),
    pytest.param(b"\x01" * 2 + route(131, *[PEER] * 9) + b"\x01" * 4, id="route and 41 octets"),
]


@pytest.mark.parametrize("buffer", REFUSED)
def test_s12_5_a_refused_buffer_leaves_the_old_options_in_force(buffer: bytes) -> None:
    wire = Wire()
    socket = bound(wire)
    socket.set_options(ALERT)
    assert refusal(lambda: socket.set_options(buffer)) is Reason.INVALID_ARGUMENT
    assert refusal(lambda: send(socket, PEER, buffer)) is Reason.INVALID_ARGUMENT
    assert socket.get_options() == ALERT
    send(socket, PEER)
    assert wire.one().header.options == ALERT


@rfc_and_netstack
@pytest.mark.parametrize(
    ("buffer", "area"),
    [
        (b"\x94\x04\0\0\x01", b"\x94\x04\0\0\x01\0\0\0"),
        (b"\x07\x07\x04" + bytes(4), b"\x07\x07\x04" + bytes(5)),
        # Odd ones: a pointer, a length and a flag that make no sense, a type nobody knows.
        (b"\x07\x05\x00\x01\x02", b"\x07\x05\x00\x01\x02\0\0\0"),
        (b"\x44\x04\x03\x0f", b"\x44\x04\x03\x0f"),
        (b"\xfe\x03\x01", b"\xfe\x03\x01\0"),
        (ALERT + ALERT, ALERT + ALERT),
        # Behind an end-of-list nothing is looked at, and nothing is changed.
        (b"\x00\x07\x00\x83", b"\x00\x07\x00\x83"),
        (ALERT + b"\x00\x83\x83", ALERT + b"\x00\x83\x83\x00"),
    ],
)
def test_s12_6_odd_contents_go_as_they_are_filled_up_with_zeros(
    policy: Policy, buffer: bytes, area: bytes
) -> None:
    wire = Wire(policy)
    socket = bound(wire)
    socket.set_options(buffer)
    assert socket.get_options() == buffer
    socket.send(b"x", (PEER, 7))
    assert wire.one().header.options == area


@given(st.binary(max_size=48))
def test_s12_6_every_buffer_is_taken_or_refused(buffer: bytes) -> None:
    for policy in (RFC, NETSTACK):
        taken = take_user_options(buffer, policy)
        if isinstance(taken, UserOptions):
            assert taken.given == buffer
            assert len(taken.area) <= 40
            assert len(taken.area) % 4 == 0
        else:
            assert isinstance(taken, OptionRefusal)


@KINDS
@pytest.mark.parametrize("option", [LOOSE, STRICT])
def test_s12_7_the_first_hop_becomes_the_destination(kind: str, option: int) -> None:
    wire = Wire()
    socket = any_socket(wire, kind)
    given_buffer = b"\x01" + route(option, GATEWAY, "198.51.100.3", REMOTE)
    socket.set_options(given_buffer)
    assert socket.get_options() == given_buffer
    send(socket, REMOTE)
    header = wire.one().header
    assert header.destination == a(GATEWAY)
    assert header.options == b"\x01" + route(option, "198.51.100.3", REMOTE)


def test_s12_7_ten_addresses_leave_nine_on_the_wire() -> None:
    wire = Wire()
    socket = bound(wire)
    hops = [GATEWAY, *(f"198.51.100.{last}" for last in range(2, 10)), REMOTE]
    socket.set_options(b"\x01" + route(131, *hops))
    send(socket, REMOTE)
    header = wire.one().header
    assert header.destination == a(GATEWAY)
    assert header.options == b"\x01\x83\x27\x04" + addresses(*hops[1:])
    assert len(header.options) == 40


def test_s12_7_a_single_address_leaves_an_empty_list() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.set_options(ALERT + route(137, PEER))
    send(socket, PEER)
    header = wire.one().header
    assert header.destination == a(PEER)
    assert header.options == ALERT + b"\x89\x03\x04\x00"


@rfc_and_netstack
def test_s12_11_get_returns_what_was_set_or_as_much_as_fits(policy: Policy) -> None:
    socket = bound(Wire(policy))
    assert socket.get_options(8) == b""
    socket.set_options(SLOTS[:11])
    assert socket.get_options() == SLOTS[:11]
    for size in (0, 1, 10, 11, 44):
        assert socket.get_options(size) == SLOTS[: min(size, 11)]
        assert socket.getsockopt("options", size) == SLOTS[: min(size, 11)]


@pytest.mark.parametrize("option", [LOOSE, STRICT])
def test_s12_17_netstack_supports_no_source_routes(option: int) -> None:
    socket = bound(Wire(NETSTACK))
    for buffer in (route(option, PEER, REMOTE), bytes((option, 3, 9)), ALERT + bytes((option, 2))):
        assert refusal(socket.set_options, buffer) is Reason.NOT_SUPPORTED
    assert socket.get_options() == b""
    # What is no option at all stays an invalid argument.
    assert refusal(lambda: socket.set_options(bytes((option, 1)))) is Reason.INVALID_ARGUMENT


def test_s12_17_the_rfcs_originate_source_routes() -> None:
    wire = Wire()
    socket = bound(wire)
    socket.set_options(route(LOOSE, GATEWAY, REMOTE))
    send(socket, REMOTE)
    assert wire.one().header.options == route(LOOSE, REMOTE) + b"\x00"

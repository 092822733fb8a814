"""Socket options by name, and the calls that socket programmers know (RFC 1122 §3.4, §4.1)."""

from __future__ import annotations

from typing import Any

import pytest

from stack.policy import Policy
from stack.refusal import Reason
from stack.socket_base import Socket
from stack.wire.ethernet import BROADCAST_MAC, group_mac
from tests.stack.node_kit import (
    HOST,
    PEER,
    REMOTE,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    refusal,
    udp,
)
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.socket_kit import bound, complain, read

GROUP = "239.1.2.3"
OPTIONS = [
    ("ttl", 64, [1, 255], [0, 256, -2, True, "9", None]),
    ("tos", 0, [255, 0], [-1, 256, False]),
    ("mtu_discover", "dont", ["want", "do", "probe", "dont"], ["no", 1, None, True]),
    ("broadcast", False, [True, False], [1, None, "on"]),
    ("reuse", False, [True, False], [1]),
    ("multicast_ttl", 1, [0, 255], [-2, 256, True]),
    ("multicast_loop", True, [False, True], [0]),
    ("multicast_interface", None, [1, None], [-1, True, b"", "x"]),
    ("recvopts", True, [False, True], [1]),
    ("retopts", False, [True, False], [1]),
    ("recverr", True, [False, True], [1]),
    ("recvttl", True, [False, True], [1]),
    ("recvtos", True, [False, True], [1]),
    ("pktinfo", True, [False, True], [1]),
    ("options", b"", [b"\x01\x01", b""], [None, "text", 1]),
]


def sockets(wire: Wire) -> list[Socket]:
    return [wire.node.udp_socket(), wire.node.raw_socket(253), wire.node.icmp_socket()]


@pytest.mark.parametrize(("name", "first", "good", "bad"), OPTIONS)
def test_every_option_is_read_set_and_guarded(
    name: str, first: Any, good: list[Any], bad: list[Any]
) -> None:
    for socket in sockets(Wire()):
        assert socket.getsockopt(name) == first
        for value in good:
            socket.setsockopt(name, value)
            assert socket.getsockopt(name) == value
        before = socket.getsockopt(name)
        for value in bad:
            refused = refusal(socket.setsockopt, name, value)
            assert refused is Reason.INVALID_ARGUMENT
        assert socket.getsockopt(name) == before


def test_each_kind_has_its_own_options_too() -> None:
    plain, raw, ping = sockets(Wire())
    for socket, name in ((plain, "checksum"), (raw, "header_included")):
        assert socket.getsockopt(name) is (name == "checksum")
        socket.setsockopt(name, name != "checksum")
        assert socket.getsockopt(name) is (name != "checksum")
        assert refusal(socket.setsockopt, name, 1) is Reason.INVALID_ARGUMENT
        assert refusal(ping.getsockopt, name) is Reason.UNKNOWN_PROTOCOL_OPTION
    assert Wire().node.raw_socket(255).getsockopt("header_included") is True


def test_what_is_no_option_or_can_only_be_read_is_unknown() -> None:
    for socket in sockets(Wire()):
        unknown = Reason.UNKNOWN_PROTOCOL_OPTION
        assert refusal(socket.setsockopt, "colour", 1) is unknown
        assert refusal(socket.getsockopt, "colour") is unknown
        for name in ("mtu", "error"):
            assert refusal(socket.setsockopt, name, 1) is unknown
        assert socket.getsockopt("error") is None
        assert refusal(socket.getsockopt, "mtu") is Reason.NOT_CONNECTED
        socket.close()  # type: ignore[attr-defined]
        assert refusal(socket.setsockopt, "tos", 1) is Reason.CLOSED
        assert refusal(socket.getsockopt, "tos") is Reason.CLOSED


def test_minus_one_takes_a_ttl_back() -> None:
    wire = Wire()
    socket = bound(wire)
    for name, default in (("ttl", 64), ("multicast_ttl", 1)):
        socket.setsockopt(name, 9)
        socket.setsockopt(name, -1)
        assert socket.getsockopt(name) == default
    wire.node.default_ttl = 33
    assert socket.getsockopt("ttl") == 33


@rfc_and_netstack
def test_s7_3_a_ttl_of_zero_stands_for_the_default(policy: Policy) -> None:
    wire = Wire(policy)
    socket = bound(wire)
    socket.settings.ttl = 0
    socket.send(b"x", (PEER, 7))
    assert wire.one().header.ttl == 64
    assert socket.getsockopt("ttl") == 64


def test_options_take_effect_on_what_is_sent() -> None:
    wire = Wire()
    plain, raw = wire.node.udp_socket(), wire.node.raw_socket(253)
    plain.connect(PEER, 7)
    raw.connect(PEER)
    for socket in (plain, raw):
        for name, value in (("ttl", 9), ("tos", 0x28), ("options", b"\x01")):
            socket.setsockopt(name, value)
        socket.send(b"x")
        header = wire.one().header
        assert (header.ttl, header.tos, header.options) == (9, 0x28, b"\x01\0\0\0")
    plain.setsockopt("checksum", value=False)
    plain.send(b"x")
    assert wire.one().udp.checksum == 0


def test_the_nic_of_groups_may_be_named_by_an_address_of_ours() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    socket = bound(wire)
    socket.setsockopt("multicast_interface", "203.0.113.1")
    assert socket.getsockopt("multicast_interface") == 2
    socket.send(b"x", (GROUP, 9))
    assert wire.one().nic == 2
    not_ours = refusal(lambda: socket.setsockopt("multicast_interface", PEER))
    assert not_ours is Reason.BAD_LOCAL_ADDRESS
    assert refusal(lambda: socket.setsockopt("multicast_interface", 7)) is Reason.UNKNOWN_NIC


def test_path_mtu_discovery_by_mode() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.connect(REMOTE, 7)
    socket.setsockopt("mtu_discover", "do")
    socket.send(bytes(1400))
    assert wire.one().header.df
    wire.ip(datagram(b"", 253))
    socket.send(bytes(1400))
    complain(wire, wire.sent()[-1], 3, 4, bytes((0, 0, 2, 88)))
    assert socket.take_error() is Reason.MESSAGE_TOO_LONG
    assert refusal(lambda: socket.send(bytes(573))) is Reason.MESSAGE_TOO_LONG
    socket.send(bytes(572))
    assert wire.one().header.df
    socket.setsockopt("mtu_discover", "want")
    socket.send(bytes(572))
    assert wire.one().header.df
    socket.send(bytes(573))
    pieces = wire.sent()
    assert [piece.header.df for piece in pieces] == [False, False]
    socket.setsockopt("mtu_discover", "probe")
    socket.send(bytes(1472))
    assert wire.one().header.df
    assert refusal(lambda: socket.send(bytes(1473))) is Reason.MESSAGE_TOO_LONG
    socket.setsockopt("mtu_discover", "dont")
    socket.send(bytes(1472))
    assert [piece.header.df for piece in wire.sent()] == [False] * 3
    assert socket.getsockopt("mtu") == 600


def test_the_df_setting_is_one_of_the_modes() -> None:
    settings = bound(Wire()).settings
    settings.df = True
    assert settings.mtu_discover.value == "do"
    settings.df = False
    assert settings.mtu_discover.value == "dont"


def test_what_the_user_does_not_want_to_know_is_left_out() -> None:
    wire = Wire()
    socket = bound(wire)
    for name in ("recvttl", "recvtos", "pktinfo"):
        socket.setsockopt(name, value=False)
    wire.ip(udp())
    told = read(socket)
    assert (told.ttl, told.tos, told.nic) == (None, None, None)
    assert (told.destination, told.specific_destination) == (None, None)
    assert (told.source, told.data) == (PEER, b"data")


def test_a_short_buffer_gets_the_beginning_and_a_peek_takes_nothing() -> None:
    wire = Wire()
    socket = bound(wire)
    wire.ip(udp(b"long one"))
    wire.ip(udp(b"next"))
    for _ in range(2):
        peeked = socket.receive(4, peek=True)
        assert peeked is not None
        assert (peeked.data, peeked.truncated) == (b"long", True)
    whole = socket.receive(8)
    assert whole is not None
    assert (whole.data, whole.truncated) == (b"long one", False)
    none = socket.receive(0)
    assert none is not None
    assert (none.data, none.truncated) == (b"", True)
    assert socket.receive(peek=True) is None


def test_a_raw_socket_peeks_and_cuts_too() -> None:
    wire = Wire()
    raw = wire.node.raw_socket(253)
    octets = datagram(b"data", 253)
    wire.ip(octets)
    peeked = raw.receive(20, peek=True)
    assert peeked is not None
    assert (peeked.octets, peeked.truncated) == (octets[:20], True)
    whole = raw.receive(24)
    assert whole is not None
    assert (whole.octets, whole.truncated) == (octets, False)
    assert raw.receive() is None


def test_ports_are_shared_by_those_who_all_agree() -> None:
    wire = Wire()
    first, second = bound(wire, reuse=True), bound(wire, reuse=True)
    assert refusal(lambda: bound(wire)) is Reason.ADDRESS_IN_USE
    stranger = bound(wire, 10)
    assert refusal(lambda: bound(wire, 10, reuse=True)) is Reason.ADDRESS_IN_USE
    wire.node.join(1, GROUP)
    wire.ip(udp(b"b", destination=SUBNET_BROADCAST), mac=BROADCAST_MAC)
    wire.ip(udp(b"g", destination=GROUP), mac=group_mac(a(GROUP)))
    for socket in (first, second):
        assert [read(socket).data for _ in range(2)] == [b"b", b"g"]
    wire.ip(udp())
    assert read(first).data == b"data"
    assert second.receive() is None
    assert stranger.receive() is None


def test_memberships_belong_to_their_socket() -> None:
    wire = Wire()
    one, other = bound(wire, 10), bound(wire, 11)
    one.join(1, GROUP)
    other.join(1, GROUP)
    assert refusal(lambda: one.join(1, GROUP)) is Reason.ADDRESS_IN_USE
    listening = bound(wire)

    def hears() -> bool:
        wire.ip(udp(destination=GROUP), mac=group_mac(a(GROUP)))
        return listening.receive() is not None

    one.close()
    assert hears()
    other.leave(1, GROUP)
    assert refusal(lambda: other.leave(1, GROUP)) is Reason.BAD_LOCAL_ADDRESS
    assert not hears()
    assert refusal(wire.node.leave, 1, GROUP) is Reason.BAD_LOCAL_ADDRESS
    for each in (wire.node.raw_socket(253), wire.node.tcp_socket()):
        each.join(1, GROUP)
        assert hears()
        each.close()
        assert not hears()
        assert refusal(each.join, 1, GROUP) is Reason.CLOSED


def test_a_membership_outlives_its_nic_without_harm() -> None:
    wire = Wire()
    wire.second_nic()
    socket = bound(wire)
    socket.join(2, GROUP)
    wire.node.remove_nic(2)
    socket.close()


def test_a_socket_is_shut_down_one_way_or_both() -> None:
    wire = Wire()
    socket = bound(wire)
    assert refusal(lambda: socket.shutdown(read=True)) is Reason.NOT_CONNECTED
    socket.connect(PEER, 4000)
    wire.ip(udp(b"before"))
    socket.shutdown(write=True)
    assert refusal(lambda: socket.send(b"x")) is Reason.SHUT_DOWN
    wire.ip(udp(b"between"))
    socket.shutdown(read=True)
    wire.ip(udp(b"after"))
    assert [read(socket).data for _ in range(2)] == [b"before", b"between"]
    assert socket.receive() is None
    raw = wire.node.raw_socket(253)
    raw.connect(PEER)
    raw.shutdown(write=True)
    assert refusal(lambda: raw.send(b"x")) is Reason.SHUT_DOWN


def test_a_peer_is_given_up_and_the_port_stays() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.connect(PEER, 4000)
    assert socket.peer_address() == a(PEER)
    port = socket.local_name[1]
    socket.disconnect()
    assert socket.local_name == ("0.0.0.0", port)
    own = wire.node._core.nics[1].addresses.entry(a(HOST))
    assert own is not None
    assert own.holds == 0
    assert refusal(lambda: socket.send(b"x")) is Reason.NO_DESTINATION
    wire.ip(udp(b"from anyone", port, source=REMOTE))
    assert read(socket).data == b"from anyone"
    assert refusal(lambda: socket.connect(PEER, 65536)) is Reason.INVALID_ARGUMENT
    socket.connect(PEER, 1)
    assert socket.local_name == (HOST, port)

"""Out or back, and several at once: S7.14, S7.15, S7.17, S7.18."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack import send
from stack.core import LOOPED_LIMIT
from stack.fragment import transport_mtu
from stack.header_included import send_header_included
from stack.hooks import Place, Seen
from stack.inbound import Cast
from stack.policy import RFC, Policy
from stack.refusal import Reason
from stack.route_choice import Route
from stack.send import Wish
from stack.send_many import Written, send_many
from stack.wire.ipv4 import Ipv4Header, build_ipv4
from stack.wire.tcp import SYN, TcpSegment, build_tcp
from stack.wire.udp import build_udp
from tests.stack.node_kit import GATEWAY, HOST, PEER, SUBNET_BROADCAST, Wire, a, refusal
from tests.stack.preset_kit import rfc_and_later, rfc_and_netstack
from tests.stack.send_kit import ip_moving, route_to, watch

WISH = Wish(253, 9)


def inside(wire: Wire, destination: str = HOST) -> Route:
    return replace(route_to(wire, destination), inside=True)


def bad_udp() -> bytes:
    octets = build_udp(a(HOST), a(HOST), 4000, 9, b"data")
    return octets[:-1] + b"?"


@rfc_and_netstack
def test_s7_14_a_looped_copy_is_received_from_the_header_on(policy: Policy) -> None:
    wire = Wire(policy)
    seen = watch(wire)
    receiver = wire.node.raw_socket(253)
    with ip_moving(wire) as moved:
        assert send.originate(wire.node._core, inside(wire), b"x", WISH) is None
        assert wire.frames() == []
    assert receiver.receive() is not None
    assert moved == {"PacketsReceived": 1, "PacketsDelivered": 1}
    # S14.46: under the RFCs hooks see all datagrams.
    received = [Place.PREROUTING, Place.INPUT] if policy.all_hooks else [Place.INPUT]
    assert [each.place for each in seen] == [Place.OUTPUT, *received]


@rfc_and_netstack
def test_s7_14_the_transport_checksum_of_what_was_built_is_right(policy: Policy) -> None:
    wire = Wire(policy)
    core = wire.node._core
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    assert send.originate(core, inside(wire), bad_udp(), Wish(17, 9)) is None
    wire.frames()
    read = socket.receive()
    assert read is not None
    assert read.data == b"dat?"
    segment = build_tcp(TcpSegment(1, 2, 3, 4, SYN, 5, 0, b"", b""), a(HOST), a(HOST))
    broken = segment[:-1] + b"?"
    assert send.originate(core, inside(wire), broken, Wish(6, 9)) is None
    wire.frames()
    assert core.counters.get("TCP.InvalidSegmentsReceived") == 0


@rfc_and_netstack
def test_s7_14_that_of_header_included_datagrams_is_checked(policy: Policy) -> None:
    wire = Wire(policy)
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    octets = build_ipv4(Ipv4Header(a(HOST), a(HOST), 17, 9), bad_udp())
    assert send_header_included(wire.node._core, inside(wire), octets) is None
    wire.frames()
    assert socket.receive() is None
    assert wire.node.counters.get("UDP.ChecksumErrors") == 1
    # S7.5: what a hook sends back was built as well
    wire.node.hooks.add(Place.OUTPUT, to_us)
    assert send.originate(wire.node._core, route_to(wire), bad_udp(), Wish(17, 9)) is None
    wire.frames()
    assert socket.receive() is not None


def to_us(shown: Seen) -> bool:
    shown.header.destination = a(HOST)
    return True


@rfc_and_netstack
def test_s7_14_looped_copies_are_bounded(policy: Policy) -> None:
    wire = Wire(policy)
    for _ in range(LOOPED_LIMIT + 2):
        assert send.originate(wire.node._core, inside(wire), b"x", WISH) is None
    assert wire.mib()["ipSystemStatsOutDiscards"] == 2


@rfc_and_netstack
def test_s7_15_what_leaves_and_what_does_not(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(253)
    with ip_moving(wire) as moved:
        raw.send(b"x", PEER)
    assert moved == {"PacketsSent": 1}
    wire.node.set_link_room(1, 1)
    with ip_moving(wire) as moved:
        assert refusal(lambda: raw.send(b"x", PEER)) is Reason.NO_BUFFER_SPACE
    assert moved == {"OutgoingPacketErrors": 1}
    assert wire.mib()["ipSystemStatsOutDiscards"] == 1
    assert len(wire.sent()) == 1
    with ip_moving(wire) as moved:
        raw.send(b"x", PEER)
    assert moved == {"PacketsSent": 1}


@pytest.mark.parametrize(
    ("mtu", "told"), [(67, 0), (68, 48), (1500, 1480), (65535, 65515), (70000, 65515)]
)
@rfc_and_netstack
def test_s7_17_the_mtu_told_to_transport(policy: Policy, mtu: int, told: int) -> None:
    assert transport_mtu(mtu) == told
    wire = Wire(policy)
    wire.node._core.nics[1].mtu = mtu
    assert wire.node.udp_socket().maximum_payload(PEER) == told


# S7.18


@rfc_and_netstack
@pytest.mark.parametrize("kind", ["inside", "broadcast", "loop"])
def test_s7_18_not_on_a_route_that_loops(policy: Policy, kind: str) -> None:
    wire = Wire(policy)
    core = wire.node._core
    route, wish = route_to(wire), WISH
    if kind == "inside":
        route = inside(wire)
    elif kind == "broadcast":
        route = replace(route_to(wire, SUBNET_BROADCAST), cast=Cast.BROADCAST)
    else:
        wish = replace(wish, loop=True)
    with ip_moving(wire) as moved:
        assert send_many(core, route, [b"x"], wish) == Written(0, 0, Reason.NOT_SUPPORTED)
    assert moved == {}


def test_s7_18_what_neither_loops_nor_leaves_counts_as_written() -> None:
    wire = Wire(RFC)
    route = replace(route_to(wire, "239.1.1.1"), cast=Cast.MULTICAST)
    with ip_moving(wire) as moved:
        assert send_many(wire.node._core, route, [b"x"] * 3, Wish(253, 0)) == Written(3, 3, None)
    assert moved == {}
    assert wire.frames() == []


@rfc_and_netstack
def test_s7_18_a_header_that_cannot_be_made_ends_it_at_once(policy: Policy) -> None:
    wire = Wire(policy)
    with ip_moving(wire) as moved:
        result = send_many(wire.node._core, route_to(wire), [b"x", bytes(65516)], WISH)
    assert result == Written(0, 0, Reason.MESSAGE_TOO_LONG)
    assert moved == {}
    assert wire.frames() == []
    assert wire.mib()["ipSystemStatsOutRequests"] == 0
    assert send_many(wire.node._core, route_to(wire), [], WISH) == Written(0, 0, None)


@rfc_and_netstack
def test_s7_18_a_link_that_cannot_carry_them_counts_them_all(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node._core.nics[1].mtu = 67
    with ip_moving(wire) as moved:
        result = send_many(wire.node._core, route_to(wire), [b"x"] * 3, WISH)
    assert result == Written(0, 0, Reason.INVALID_STATE)
    assert moved == {"OutgoingPacketErrors": 3}


@rfc_and_netstack
def test_s7_18_pieces_take_the_place_of_what_is_too_big(policy: Policy) -> None:
    wire = Wire(policy, mtu=68)
    with ip_moving(wire) as moved:
        result = send_many(wire.node._core, route_to(wire), [b"a", bytes(100), b"b"], WISH)
    assert result == Written(5, 3, None)
    assert moved == {"PacketsSent": 5}
    sent = wire.sent()
    assert [len(each.packet.payload) for each in sent] == [1, 48, 48, 4, 1]
    assert [each.header.fragment_offset for each in sent] == [0, 0, 6, 12, 0]
    assert len({each.header.identification for each in sent}) == 3
    mib = wire.mib()
    assert mib["ipSystemStatsOutRequests"] == 3
    assert mib["ipSystemStatsOutFragReqds"] == mib["ipSystemStatsOutFragOKs"] == 1
    assert mib["ipSystemStatsOutFragCreates"] == 3


@rfc_and_netstack
def test_s7_18_the_output_hook_sees_pieces(policy: Policy) -> None:
    wire = Wire(policy, mtu=68)
    receiver = wire.node.raw_socket(253)

    def inspect(shown: Seen) -> bool:
        # the first is dropped, the middle of the second comes back to us
        if shown.payload == b"a":
            return False
        if shown.header.fragment_offset == 6 or shown.payload == b"b":
            shown.header.destination = a(HOST)
        return True

    wire.node.hooks.add(Place.OUTPUT, inspect)
    with ip_moving(wire) as moved:
        result = send_many(wire.node._core, route_to(wire), [b"a", bytes(100), b"b"], WISH)
    assert result == Written(5, 3, None)
    assert moved == {"PacketsSent": 2, "IPTablesOutputDropped": 1}
    assert [each.header.fragment_offset for each in wire.sent()] == [0, 12]
    read = receiver.receive()
    assert read is not None
    assert read.octets[20:] == b"b"


@rfc_and_netstack
def test_s7_18_what_the_link_refuses(policy: Policy) -> None:
    wire = Wire(policy, mtu=68)
    wire.node.set_link_room(1, 2)
    with ip_moving(wire) as moved:
        result = send_many(wire.node._core, route_to(wire), [b"a", bytes(100), b"b"], WISH)
    assert result == Written(2, 1, Reason.NO_BUFFER_SPACE)
    assert moved == {"PacketsSent": 2, "OutgoingPacketErrors": 3}


@rfc_and_later
def test_s7_18_what_is_rewritten_for_elsewhere_is_routed_anew(policy: Policy) -> None:
    wire = Wire(policy)
    # A router may send by another NIC than its source's (S7.20).
    wire.second_nic(forwarding=True)
    wire.frames()
    gone = "198.18.0.1"

    def inspect(shown: Seen) -> bool:
        shown.header.destination = a("203.0.113.9" if shown.payload == b"a" else gone)
        return shown.payload != b"b"

    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.node.hooks.add(Place.OUTPUT, inspect)
    with ip_moving(wire) as moved:
        result = send_many(wire.node._core, route_to(wire), [b"a", b"b", b"c"], WISH)
    assert result == Written(3, 3, None)
    assert moved == {"PacketsSent": 1, "IPTablesOutputDropped": 1}
    sent = wire.one()
    assert (sent.nic, sent.header.destination) == (2, a("203.0.113.9"))
    assert wire.mib()["ipSystemStatsOutNoRoutes"] == 1


@rfc_and_later
def test_s7_18_the_postrouting_hook_sees_what_leaves(policy: Policy) -> None:
    wire = Wire(policy)

    def inspect(shown: Seen) -> bool:
        shown.header.tos = 8
        return shown.payload != b"a"

    wire.node.hooks.add(Place.POSTROUTING, inspect)
    with ip_moving(wire) as moved:
        result = send_many(wire.node._core, route_to(wire), [b"a", b"b"], WISH)
    assert result == Written(2, 2, None)
    assert moved == {"PacketsSent": 1, "IPTablesPostroutingDropped": 1}
    assert wire.one().header.tos == 8


@rfc_and_netstack
def test_s7_18_a_udp_socket_sends_several(policy: Policy) -> None:
    wire = Wire(policy)
    socket = wire.node.udp_socket()
    assert refusal(lambda: socket.send_many([b"x"])) is Reason.NO_DESTINATION
    assert refusal(lambda: socket.send_many([b"x"], (PEER, 70000))) is Reason.INVALID_ARGUMENT
    assert refusal(lambda: socket.send_many([bytes(65508)], (PEER, 9))) is Reason.MESSAGE_TOO_LONG
    assert socket.send_many([b"one", b"two", bytes(2000)], (PEER, 9)) == 4
    sent = wire.sent()
    assert [each.udp.data for each in sent[:2]] == [b"one", b"two"]
    assert sent[0].udp.destination_port == 9
    assert wire.node.counters.get("UDP.PacketsSent") == 3
    socket.connect(PEER, 10)
    wire.node.set_link_room(1, 1)
    errors = wire.node.counters.get("UDP.PacketSendErrors")
    assert socket.send_many([b"one", b"two"]) == 1
    assert wire.node.counters.get("UDP.PacketSendErrors") == errors + 1
    assert refusal(lambda: socket.send_many([b"one", b"two"])) is Reason.NO_BUFFER_SPACE
    assert wire.node.counters.get("UDP.PacketsSent") == 4
    assert wire.node.counters.get("UDP.PacketSendErrors") == errors + 3
    assert wire.one().udp.destination_port == 10
    socket.close()
    assert refusal(lambda: socket.send_many([b"x"])) is Reason.CLOSED

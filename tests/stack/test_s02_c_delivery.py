"""S2.23 to S2.31: delivery to protocols, raw sockets and those who take what nobody wants."""

from __future__ import annotations

import pytest

from stack.handlers import Unclaimed
from stack.policy import NETSTACK, RFC, Policy
from stack.wire.ethernet import BROADCAST_MAC
from stack.wire.icmp import DESTINATION_UNREACHABLE
from tests.stack.flow_kit import FAR, LATER, SECOND_HOST, keeper, listener, moves, router, takes
from tests.stack.node_kit import (
    HOST,
    REMOTE,
    SUBNET_BROADCAST,
    Wire,
    datagram,
    ping,
    udp,
)
from tests.stack.preset_kit import both_netstacks, each_preset

DELIVERED = {"IP.PacketsReceived": 1, "IP.PacketsDelivered": 1}
UNREACHABLE = {"ICMP.PacketsSent.DstUnreachable": 1, "IP.PacketsSent": 1}
BAD_ROUTE = b"\x07\x07\x03\0\0\0\0\0"
IGMP_QUERY = b"\x11\x64\xee\x9b\0\0\0\0"
RESET_WORTHY = bytes((0, 9, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0))


@each_preset
def test_s2_23_when_delivery_is_counted(policy: Policy) -> None:
    wire = Wire(policy)
    moved = takes(wire, udp(options=BAD_ROUTE))
    # After option work under RFC 4293, so this one was not delivered.
    assert moved.get("IP.PacketsDelivered", 0) == int(policy is not RFC)
    assert moved["IP.MalformedPacketsReceived"] == 1
    assert ("ipSystemStatsInDelivers", int(policy is not RFC)) in wire.mib().items()
    moved = takes(wire, datagram(bytes(8), 253))
    assert moved.get("IP.PacketsDelivered", 0) == int(policy is not RFC)
    assert takes(wire, ping())["IP.PacketsDelivered"] == 1


@both_netstacks
def test_s2_24_icmp_does_its_own_option_work_after_its_checks(policy: Policy) -> None:
    bad_sum = ping(options=BAD_ROUTE)
    bad_sum = bad_sum[:-1] + bytes((bad_sum[-1] ^ 1,))
    expected = {**DELIVERED, "ICMP.PacketsReceived.Invalid": 1}
    assert takes(Wire(policy), bad_sum) == expected
    # RFC 1122 §3.2.1.8: options are IP's business.
    moved = takes(Wire(), bad_sum)
    assert moved["IP.MalformedPacketsReceived"] == 1
    assert "ICMP.PacketsReceived.Invalid" not in moved
    moved = takes(Wire(policy), ping(options=BAD_ROUTE))
    assert moved["ICMP.PacketsSent.ParamProblem"] == 1
    assert moved["IP.PacketsDelivered"] == 1


@each_preset
def test_s2_25_option_problems_end_delivery(policy: Policy) -> None:
    wire = Wire(policy)
    heard = listener(wire)
    moved = takes(wire, udp(options=BAD_ROUTE))
    assert moved.pop("MalformedRcvdPackets", 0) == int(policy is not LATER)
    assert moved.pop("IP.PacketsDelivered", 0) == int(policy is not RFC)
    assert moved == {
        "IP.PacketsReceived": 1,
        "IP.OptionRecordRouteReceived": 1,
        "IP.MalformedPacketsReceived": 1,
        "ICMP.PacketsSent.ParamProblem": 1,
        "IP.PacketsSent": 1,
    }
    assert not heard()
    assert wire.one().icmp.pointer == 22


@both_netstacks
def test_s2_25_without_an_address_to_write_the_end_is_silent(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.remove_address(1, HOST)
    heard = listener(wire)
    octets = udp(destination="224.0.0.1", options=b"\x94\x04\0\0")
    assert takes(wire, octets) == DELIVERED
    assert not heard()


def test_s2_25_new_options_overwrite_the_old_and_the_checksum_stays() -> None:
    wire = Wire(NETSTACK)
    raw = wire.node.raw_socket(17)
    # What stands behind the end of the list becomes zero.
    octets = udp(options=b"\x44\x08\x05\x00" + bytes(4) + b"\0\x09\x09\x09")
    wire.ip(octets)
    read = raw.receive()
    assert read is not None
    area = b"\x44\x08\x09\x00" + (3_600_000).to_bytes(4, "big") + bytes(4)
    assert read.octets == octets[:20] + area + octets[32:]


@each_preset
def test_s2_25_igmp_and_raw_sockets(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(2)
    octets = datagram(IGMP_QUERY, 2, destination="224.0.0.1", ttl=1, options=b"\x94\x04\0\0")
    moved = takes(wire, octets)
    assert moved["IGMP.PacketsReceived.MembershipQuery"] == 1
    # S2.31: later they have theirs before.
    assert (raw.receive() is not None) is (policy is not NETSTACK)


@each_preset
def test_s2_26_unknown_protocols(policy: Policy) -> None:
    wire = Wire(policy)
    octets = datagram(b"12345678", 253)
    moved = takes(wire, octets)
    assert moved.pop("IP.PacketsDelivered", 0) == int(policy is not RFC)
    assert moved == {"IP.PacketsReceived": 1, "UnknownProtocolRcvdPackets": 1, **UNREACHABLE}
    error = wire.one().icmp
    assert (error.type, error.code, error.data) == (DESTINATION_UNREACHABLE, 2, octets)


@each_preset
def test_s2_26_a_raw_socket_makes_its_protocol_known(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(253)
    assert takes(wire, datagram(b"12345678", 253)) == DELIVERED
    assert wire.sent() == []
    assert raw.receive() is not None
    assert raw.receive() is None


@each_preset
@pytest.mark.parametrize(("protocol", "size"), [(17, 7), (6, 19), (17, 0)])
def test_s2_26_no_transport_header_to_be_separated(
    policy: Policy, protocol: int, size: int
) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(protocol)
    expected = {**DELIVERED, "MalformedRcvdPackets": 1}
    assert takes(wire, datagram(bytes(size), protocol)) == expected
    # To a broadcast as well: this is before S2.27.
    octets = datagram(bytes(size), protocol, destination=SUBNET_BROADCAST)
    assert takes(wire, octets, mac=BROADCAST_MAC) == expected
    assert wire.frames() == []
    # Raw sockets come first.
    assert raw.receive() is not None
    assert wire.mib()["udpInErrors"] == 2 * (protocol == 17)


@each_preset
def test_s2_26_of_reassembled_datagrams_too(policy: Policy) -> None:
    wire = Wire(policy)
    wire.ip(datagram(bytes(8), 6, flags=1))
    assert takes(wire, datagram(bytes(8), 6, offset=1)) == {**DELIVERED, "MalformedRcvdPackets": 1}
    assert wire.frames() == []


@each_preset
def test_s2_27_udp_to_many_goes_to_every_socket_and_unicast_to_one(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "192.0.2.2", 24)
    wire.node.join(1, "239.1.1.1")
    general, special = wire.node.udp_socket(), wire.node.udp_socket()
    general.bind(None, 9)
    special.bind(HOST, 9)
    best = wire.node.udp_socket()
    best.bind(SUBNET_BROADCAST, 9)
    wire.ip(udp())
    assert (general.receive(), best.receive()) == (None, None)
    assert special.receive() is not None
    wire.ip(udp(destination=SUBNET_BROADCAST), mac=BROADCAST_MAC)
    assert special.receive() is None
    assert general.receive() is not None
    assert best.receive() is not None
    wire.ip(udp(destination="239.1.1.1"))
    assert general.receive() is not None


@each_preset
def test_s2_27_tcp_to_many_is_invalid_and_not_answered(policy: Policy) -> None:
    wire = Wire(policy)
    for destination in (SUBNET_BROADCAST, "255.255.255.255", "224.0.0.1"):
        octets = datagram(RESET_WORTHY, 6, destination=destination)
        moved = takes(wire, octets, mac=BROADCAST_MAC)
        assert moved == {**DELIVERED, "TCP.InvalidSegmentsReceived": 1}
    assert wire.frames() == []


def bad_length() -> bytes:
    """A UDP length that goes past the payload."""
    octets = udp()
    return datagram(octets[20:24] + b"\0\xff\0\0" + octets[28:], 17)


def bad_sum() -> bytes:
    octets = udp()
    return octets[:-1] + bytes((octets[-1] ^ 1,))


@each_preset
def test_s2_28_udp_without_a_socket(policy: Policy) -> None:
    wire = Wire(policy)
    nobody = {**DELIVERED, "UDP.UnknownPortErrors": 1}
    assert takes(wire, bad_length()) == {
        **nobody,
        "UDP.MalformedPacketsReceived": 1,
        "MalformedRcvdPackets": 1,
    }
    assert takes(wire, bad_sum()) == {
        **nobody,
        "UDP.ChecksumErrors": 1,
        "MalformedRcvdPackets": 1,
    }
    assert wire.frames() == []
    # RFC 4113: an error is an error, not a missing port.
    assert (wire.mib()["udpInErrors"], wire.mib()["udpNoPorts"]) == (2, 0)
    octets = udp()
    assert takes(wire, octets) == {**nobody, **UNREACHABLE}
    error = wire.one().icmp
    assert (error.type, error.code, error.data) == (DESTINATION_UNREACHABLE, 3, octets)
    assert wire.mib()["udpNoPorts"] == 1


@each_preset
def test_s2_28_udp_with_a_socket(policy: Policy) -> None:
    wire = Wire(policy)
    heard = listener(wire)
    assert takes(wire, bad_length()) == {**DELIVERED, "UDP.MalformedPacketsReceived": 1}
    assert takes(wire, bad_sum()) == {**DELIVERED, "UDP.ChecksumErrors": 1}
    assert not heard()
    assert wire.frames() == []
    assert wire.mib()["udpInErrors"] == 2


@each_preset
def test_s2_28_a_default_handler_takes_what_no_socket_wants(policy: Policy) -> None:
    wire = Wire(policy)
    taken: list[Unclaimed] = []
    answer = [True]

    def handler(unclaimed: Unclaimed) -> bool:
        taken.append(unclaimed)
        return answer[0]

    wire.node.set_default_handler(17, handler)
    assert takes(wire, udp()) == {**DELIVERED, "UDP.UnknownPortErrors": 1}
    assert [(each.nic, each.payload) for each in taken] == [(1, udp()[20:])]
    # A refusal leaves all as it is without one; a socket goes before.
    answer[0] = False
    assert takes(wire, udp()) == {**DELIVERED, "UDP.UnknownPortErrors": 1, **UNREACHABLE}
    heard = listener(wire)
    wire.ip(udp())
    assert heard()
    assert len(taken) == 2
    wire.node.set_default_handler(17, None)
    wire.ip(udp(port=10))
    assert len(taken) == 2


@each_preset
def test_s2_28_a_segment_that_the_default_handler_takes_is_not_reset(policy: Policy) -> None:
    wire = Wire(policy)
    taken: list[Unclaimed] = []
    wire.node.set_default_handler(6, keeper(taken, answer=True))
    assert takes(wire, datagram(RESET_WORTHY, 6)) == DELIVERED
    assert [each.payload for each in taken] == [RESET_WORTHY]
    assert wire.frames() == []


@each_preset
def test_s2_29_a_raw_socket_does_not_stop_port_unreachable(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(17)
    wire.ip(udp())
    assert raw.receive() is not None
    error = wire.one().icmp
    assert (error.type, error.code) == (DESTINATION_UNREACHABLE, 3)


@each_preset
@pytest.mark.parametrize("ttl", [0, 1])
def test_s2_30_ttl_is_not_looked_at(policy: Policy, ttl: int) -> None:
    wire = router(policy)
    heard = listener(wire)
    wire.ip(udp(ttl=ttl))
    assert heard()
    wire.ip(ping(ttl=ttl))
    assert wire.one().icmp.data == b"data"


def valid(wire: Wire, octets: bytes) -> int:
    before = wire.node.counters.get("IP.ValidPacketsReceived")
    moves(wire, lambda: wire.ip(octets))
    return wire.node.counters.get("IP.ValidPacketsReceived") - before


@each_preset
def test_s2_31_valid_packets_are_counted(policy: Policy) -> None:
    wire = Wire(policy)
    for octets in (ping(), ping(destination=REMOTE), ping(source="224.0.0.1")):
        assert valid(wire, octets) == int(policy is LATER)
    assert valid(wire, b"junk") == 0


@each_preset
def test_s2_31_raw_sockets_come_before_the_addresses(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(17)
    for octets in (udp(destination=REMOTE), udp(source="224.0.0.1"), udp(port=9)):
        wire.ip(octets)
    early = []
    while (read := raw.receive()) is not None:
        early.append(read.octets)
    last = [udp(port=9)]
    all_of_them = [udp(destination=REMOTE), udp(source="224.0.0.1"), *last]
    assert early == (all_of_them if policy is LATER else last)


def test_s2_31_raw_sockets_get_reassembled_datagrams_once() -> None:
    for policy in (RFC, NETSTACK, LATER):
        wire = Wire(policy)
        raw = wire.node.raw_socket(17)
        body = udp(bytes(16))[20:]
        wire.ip(datagram(body[:16], 17, flags=1))
        assert raw.receive() is None
        wire.ip(datagram(body[16:], 17, offset=2))
        read = raw.receive()
        assert read is not None
        assert read.octets[20:] == body
        assert raw.receive() is None


def test_s2_31_groups_are_apart_from_unicast() -> None:
    for policy, forwarded in ((RFC, False), (NETSTACK, True), (LATER, False)):
        wire = router(policy)
        wire.node.add_route("239.0.0.0/8", 2)
        moved = takes(wire, udp(destination="239.1.1.1"))
        assert len(wire.sent()) == int(forwarded)
        assert ("IP.InvalidDestinationAddressesReceived" in moved) is not forwarded


def test_s2_31_the_hand_over_enters_at_the_same_step_again() -> None:
    wire = router(LATER)
    assert valid(wire, udp(destination=SECOND_HOST)) == 2
    assert valid(wire, udp(destination=FAR)) == 1

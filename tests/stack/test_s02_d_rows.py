"""Rows of section 14 about delivery."""

from __future__ import annotations

from dataclasses import replace

from stack.policy import NETSTACK, RFC
from tests.stack.flow_kit import LATER, takes
from tests.stack.node_kit import PEER, Wire, datagram, ping, udp

BAD_ROUTE = b"\x07\x07\x03\0\0\0\0\0"
IGMP_QUERY = b"\x11\x64\xee\x9b\0\0\0\0"


def test_s14_48_igmp_and_raw_sockets() -> None:
    octets = datagram(IGMP_QUERY, 2, destination="224.0.0.1", ttl=1, options=b"\x94\x04\0\0")
    for policy, delivered in (
        (RFC, True),
        (NETSTACK, False),
        (replace(NETSTACK, igmp_to_raw_sockets=True), True),
        (replace(RFC, igmp_to_raw_sockets=False), False),
        # S2.31: there they have it before it is known what it is.
        (LATER, True),
    ):
        wire = Wire(policy)
        raw = wire.node.raw_socket(2)
        wire.ip(octets)
        assert (raw.receive() is not None) is delivered
        assert raw.receive() is None


def test_s14_49_delivery_is_success_or_not() -> None:
    for policy, early in (
        (RFC, False),
        (NETSTACK, True),
        (LATER, True),
        (replace(NETSTACK, count_delivery_after_options=True), False),
        (replace(RFC, count_delivery_after_options=False), True),
    ):
        wire = Wire(policy)
        for failing in (udp(options=BAD_ROUTE), datagram(bytes(8), 253)):
            moved = takes(wire, failing)
            assert moved.get("IP.PacketsDelivered", 0) == int(early)
        assert wire.mib()["ipSystemStatsInDelivers"] == 2 * early
        assert takes(wire, ping())["IP.PacketsDelivered"] == 1


def short_length(length: int) -> bytes:
    """A UDP header that names fewer octets than are there; no checksum."""
    return datagram(bytes((15, 160, 0, 9, 0, length, 0, 0)) + b"datamore", 17)


def test_s14_50_udp_length_below_the_payload() -> None:
    for policy in (RFC, NETSTACK, LATER):
        wire = Wire(policy)
        socket = wire.node.udp_socket()
        socket.bind(None, 9)
        wire.ip(short_length(12))
        read = socket.receive()
        assert read is not None
        assert read.data == (b"data" if policy is RFC else b"datamore")
        assert read.source == PEER
        wire.ip(short_length(7))
        assert (socket.receive() is None) is (policy is RFC)

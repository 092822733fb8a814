"""What a host accepts: header, source, destination, link address (RFC 1122 §3.2.1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.hooks import Place, Seen
from stack.policy import RFC
from stack.wire.checksum import internet_checksum
from stack.wire.ethernet import BROADCAST_MAC, group_mac
from stack.wire.icmp import DESTINATION_UNREACHABLE, PARAMETER_PROBLEM, TIME_EXCEEDED
from tests.stack.node_kit import (
    HOST,
    HOST_MAC,
    PEER_MAC,
    REMOTE,
    SECOND,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
    udp,
)

SERVED = {
    "ipSystemStatsInReceives": 1,
    "ipSystemStatsInDelivers": 1,
    "ipSystemStatsOutRequests": 1,
    "ipSystemStatsOutTransmits": 1,
    "icmpStatsInMsgs": 1,
    "icmpMsgStatsInPkts.8": 1,
    "icmpStatsOutMsgs": 1,
    "icmpMsgStatsOutPkts.0": 1,
}


def damaged(octets: bytes, at: int, value: int, *, right_sum: bool = True) -> bytes:
    head = bytearray(octets[:20])
    head[at] = value
    if right_sum:
        head[10:12] = bytes(2)
        head[10:12] = internet_checksum(bytes(head)).to_bytes(2, "big")
    return bytes(head) + octets[20:]


@pytest.mark.parametrize("ttl", [0, 1, 2, 64, 255])
def test_an_echo_served_moves_eight_objects(ttl: int) -> None:
    wire = Wire()
    before = wire.mib()
    wire.ip(ping(ttl=ttl))
    assert wire.one().header.ttl == 64
    assert wire.moved(before) == SERVED


@pytest.mark.parametrize(
    ("octets", "counter"),
    [
        (damaged(ping(), 0, 0x35), "ipSystemStatsInHdrErrors"),
        (damaged(ping(), 0, 0x44), "ipSystemStatsInHdrErrors"),
        (damaged(ping(), 10, 0x12, right_sum=False), "ipSystemStatsInHdrErrors"),
        (damaged(ping(), 3, 19), "ipSystemStatsInHdrErrors"),
        (damaged(ping(), 2, 9), "ipSystemStatsInTruncatedPkts"),
    ],
)
def test_unsound_headers_are_silently_dropped(octets: bytes, counter: str) -> None:
    wire = Wire()
    before = wire.mib()
    wire.ip(octets)
    assert wire.frames() == []
    assert wire.moved(before) == {"ipSystemStatsInReceives": 1, counter: 1}


@pytest.mark.parametrize("flags", [0, 2, 4, 6])
@pytest.mark.parametrize("tos", [0, 0xFF])
def test_reserved_bits_and_tos_are_no_reason_to_refuse(flags: int, tos: int) -> None:
    wire = Wire()
    wire.ip(ping(flags=flags, tos=tos))
    reply = wire.one()
    assert (reply.header.flags, reply.header.tos) == (0, tos)


@pytest.mark.parametrize(
    "source",
    [
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "224.0.0.5",
        "239.1.2.3",
        "240.0.0.1",
        "255.255.255.255",
        SUBNET_BROADCAST,
        "192.0.2.0",
        HOST,
    ],
)
def test_sources_that_are_not_one_host_get_nothing(source: str) -> None:
    wire = Wire()
    for octets in (ping(source=source), datagram(b"x" * 8, 253, source=source)):
        before = wire.mib()
        wire.ip(octets)
        assert wire.frames() == []
        counter = "ipSystemStatsInHdrErrors"
        assert wire.moved(before) == {"ipSystemStatsInReceives": 1, counter: 1}


def test_source_zero_is_heard_by_udp_alone_and_gets_no_error() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.bind(None, 67)
    wire.ip(udp(port=67, source="0.0.0.0"))
    assert socket.receive() is not None
    wire.ip(udp(port=68, source="0.0.0.0"))
    assert wire.frames() == []


@pytest.mark.parametrize(
    "destination",
    ["192.0.2.2", REMOTE, "198.51.100.255", "224.0.0.9", "239.9.9.9", "127.0.0.1", "240.0.0.1"],
)
def test_what_is_not_for_this_host_is_silently_dropped(destination: str) -> None:
    wire = Wire()
    before = wire.mib()
    wire.ip(ping(destination=destination))
    assert wire.frames() == []
    moved = wire.moved(before)
    assert moved.pop("ipSystemStatsInMcastPkts", 1) == 1
    assert moved == {"ipSystemStatsInReceives": 1, "ipSystemStatsInAddrErrors": 1}


@pytest.mark.parametrize(
    "destination", ["255.255.255.255", SUBNET_BROADCAST, "192.0.2.0", "0.0.0.0", "224.0.0.1"]
)
def test_broadcast_forms_and_all_hosts_are_ours_and_get_no_errors(destination: str) -> None:
    wire = Wire()
    wire.ip(ping(destination=destination), mac=BROADCAST_MAC)
    assert wire.one().header.source == a(HOST)
    for octets in (
        udp(destination=destination),
        datagram(bytes(8), 253, destination=destination),
        ping(destination=destination, options=b"\x07\x07\x03\0\0\0\0\0"),
        datagram(bytes(20), 6, destination=destination),
    ):
        wire.ip(octets, mac=BROADCAST_MAC)
    assert wire.sent() == []


def test_slash_31_has_no_broadcast() -> None:
    wire = Wire()
    wire.node.add_address(1, "10.0.0.1", 31)
    wire.node.add_address(1, "10.0.0.0", 31)
    wire.node.add_neighbour(1, "10.0.0.1", PEER_MAC)
    wire.ip(ping(destination="10.0.0.0"))
    assert wire.one().header.source == a("10.0.0.0")


@pytest.mark.parametrize("mac", [BROADCAST_MAC, group_mac(a("224.0.0.1"))])
def test_unicast_in_a_link_broadcast_is_dropped(mac: bytes) -> None:
    wire = Wire()
    before = wire.mib()
    wire.ip(ping(), mac=mac)
    wire.ip(udp(), mac=mac)
    assert wire.frames() == []
    assert wire.moved(before)["ipSystemStatsInDiscards"] == 2


def test_frames_for_other_stations_are_not_looked_at() -> None:
    wire = Wire()
    before = wire.mib()
    wire.ip(ping(), mac=bytes.fromhex("0200000000cc"))
    assert wire.frames() == []
    assert wire.moved(before) == {}


def test_ieee_802_framing_is_received() -> None:
    wire = Wire()
    octets = ping()
    snap = b"\xaa\xaa\x03\0\0\0\x08\0" + octets
    wire.frame(HOST_MAC + PEER_MAC + len(snap).to_bytes(2, "big") + snap)
    assert wire.one().icmp.data == b"data"


def test_padding_is_not_part_of_the_datagram() -> None:
    wire = Wire()
    wire.ip(ping(b"x") + b"junk junk junk")
    assert wire.one().packet.payload[8:] == b"x"


def test_several_addresses_answer_as_themselves() -> None:
    wire = Wire()
    wire.node.add_address(1, "192.0.2.2", 24)
    wire.node.add_address(1, "10.1.1.1", 8)
    for address in ("192.0.2.2", "10.1.1.1"):
        wire.ip(ping(destination=address))
        assert wire.one().header.source == a(address)


def test_another_nic_s_address_is_not_ours_here_unless_forwarding() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    wire.ip(ping(destination="203.0.113.1"))
    assert wire.frames() == []
    wire.node.forwarding = True
    wire.ip(ping(destination="203.0.113.1", ttl=0))
    assert wire.one().header.source == a("203.0.113.1")


@pytest.mark.parametrize("protocol", [0, 41, 253, 255])
def test_unknown_protocols_are_reported(protocol: int) -> None:
    wire = Wire()
    before = wire.mib()
    octets = datagram(b"12345678", protocol, tos=0x10)
    wire.ip(octets)
    error = wire.one()
    assert error.icmp_fields[:3] == (DESTINATION_UNREACHABLE, 2, bytes(4))
    assert error.icmp.data == octets
    assert error.header.tos == 0
    moved = wire.moved(before)
    assert moved["ipSystemStatsInUnknownProtos"] == 1
    assert "ipSystemStatsInDelivers" not in moved


def test_errors_quote_up_to_576_octets_as_received() -> None:
    wire = Wire()
    octets = udp(bytes(1000), ttl=3, options=b"\x07\x07\x04\0\0\0\0\0")
    wire.ip(octets)
    error = wire.one()
    assert error.header.total_length == 576
    assert error.icmp.data == octets[:548]


def test_option_problems_are_reported_with_their_pointer() -> None:
    wire = Wire()
    before = wire.mib()
    octets = ping(options=b"\x01\x07\x07\x03\0\0\0\0")
    wire.ip(octets)
    error = wire.one()
    assert error.icmp_fields[:3] == (PARAMETER_PROBLEM, 0, bytes((23, 0, 0, 0)))
    assert error.icmp.data == octets
    moved = wire.moved(before)
    assert moved["ipSystemStatsInHdrErrors"] == 1
    assert "ipSystemStatsInDelivers" not in moved


@pytest.mark.parametrize(
    "options",
    [b"\x88\x04\0\1", b"\x94\4\0\1", b"\x5e\4ab", b"\x82\x0b" + bytes(10), b"\0\x07\x03\x02"],
)
def test_options_of_no_concern_are_ignored(options: bytes) -> None:
    wire = Wire()
    wire.ip(ping(options=options))
    assert wire.one().header.options == b""


def test_fragments_are_put_together_whatever_their_order() -> None:
    wire = Wire()
    whole = ping(bytes(range(64)))[20:]
    before = wire.mib()
    for offset, flags in ((3, 1), (6, 0), (0, 1), (0, 1)):
        end = offset * 8 + 24 if flags else len(whole)
        wire.ip(datagram(whole[offset * 8 : end], flags=flags, offset=offset, identification=9))
    reply = wire.one()
    assert reply.icmp.data == bytes(range(64))
    assert not reply.header.is_fragment
    moved = wire.moved(before)
    # The copy that came after the end began a new train.
    assert moved["ipSystemStatsReasmReqds"] == 4
    assert moved["ipSystemStatsReasmOKs"] == 1
    assert moved["ipSystemStatsInDelivers"] == 1


def test_time_exceeded_quotes_fragment_zero_as_received() -> None:
    wire = Wire()
    later = datagram(bytes(8), 17, offset=6, identification=3)
    first = datagram(bytes(range(40)), 17, flags=1, identification=3, ttl=9)
    wire.ip(later)
    wire.frames(after=5 * SECOND)
    wire.ip(first)
    assert wire.sent(after=55 * SECOND - 1) == []
    error = wire.one(after=1)
    assert error.icmp_fields[:3] == (TIME_EXCEEDED, 1, bytes(4))
    assert error.icmp.data == first
    assert wire.mib()["ipSystemStatsReasmFails"] == 1


def test_without_fragment_zero_the_timeout_is_silent() -> None:
    wire = Wire()
    wire.ip(datagram(bytes(8), 17, offset=5, identification=3))
    assert wire.sent(after=120 * SECOND) == []
    wire.ip(datagram(bytes(9), 17, flags=1, identification=4))
    assert wire.sent(after=120 * SECOND) == []


def test_errors_about_a_reassembled_datagram_quote_its_first_fragment() -> None:
    wire = Wire()
    body = udp(bytes(40))[20:]
    first = datagram(body[:24], 17, flags=1, identification=8)
    wire.ip(datagram(body[24:], 17, offset=3, identification=8))
    wire.ip(first)
    assert wire.one().icmp.data == first


def test_a_later_fragment_never_gets_an_error() -> None:
    wire = Wire()
    wire.ip(datagram(bytes(8), 17, offset=5, options=b"\x07\x07\x03\0\0\0\0\0"))
    assert wire.sent() == []


def test_hooks_see_and_drop() -> None:
    wire = Wire()
    seen: list[Seen] = []

    def watch(packet: Seen) -> bool:
        seen.append(packet)
        return True

    for place in Place:
        wire.node.hooks.add(place, watch)
    wire.ip(ping())
    assert wire.one().icmp.data == b"data"
    places = [Place.PREROUTING, Place.INPUT, Place.OUTPUT, Place.POSTROUTING]
    assert [packet.place for packet in seen] == places
    for place in places:
        wire.node.hooks.add(place, lambda _: False)
        wire.ip(ping())
        assert wire.sent() == []
        wire.node.hooks.remove(place, wire.node.hooks._inspectors[place][-1])
    assert wire.node.counters.get("IP.IPTablesInputDropped") == 1


def test_policy_can_be_replaced_while_running() -> None:
    wire = Wire()
    wire.node.policy = replace(RFC, zero_host_is_broadcast=False, icmp_burst=1, icmp_rate=0)
    wire.ip(ping(destination="192.0.2.0"))
    assert wire.frames() == []
    wire.ip(udp())
    wire.ip(udp())
    assert len(wire.sent()) == 1
    assert wire.mib()["icmpStatsOutErrors"] == 1
    assert wire.mib()["icmpStatsOutMsgs"] == 2


def test_a_loopback_nic_brings_back_what_it_is_given() -> None:
    wire = Wire()
    wire.node.add_nic(9, mac=None, loopback=True, mtu=65535)
    wire.node.add_address(9, "127.0.0.1", 8)
    pinger = wire.node.icmp_socket(3)
    pinger.send_echo("127.0.0.5", 1, b"home")
    assert wire.frames() == []
    reply = pinger.receive()
    assert reply is not None
    assert (reply.source, reply.data) == ("127.0.0.5", b"home")
    pinger.send_echo(HOST, 2)
    assert wire.frames() == []
    assert pinger.receive() is not None

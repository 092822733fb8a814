"""ICMP: replies, the way back along a source route, when no error is sent, what errors do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    ECHO_REQUEST,
    TIME_EXCEEDED,
    TIMESTAMP,
    TIMESTAMP_REPLY,
    IcmpMessage,
    build_icmp,
    echo,
    timestamp_times,
)
from stack.wire.udp import build_udp
from tests.stack.node_kit import (
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    PEER,
    REMOTE,
    SECOND,
    Wire,
    a,
    datagram,
    ping,
    quad,
)

HOUR_MS = 3_600_000


@pytest.mark.parametrize("size", [0, 1, 8, 9, 1472, 1473, 4000, 65507])
def test_all_data_comes_back(size: int) -> None:
    wire = Wire()
    data = bytes(number & 0xFF for number in range(size))
    octets = build_icmp(echo(ECHO_REQUEST, 0xFFFF, 0, data))
    for start in range(0, len(octets), 1480):
        more = start + 1480 < len(octets)
        piece = octets[start : start + 1480]
        wire.ip(datagram(piece, flags=int(more), offset=start // 8, identification=5))
    replies = wire.sent()
    body = b"".join(each.packet.payload for each in replies)
    assert (body[0], body[8:]) == (ECHO_REPLY, data)
    assert all(each.header.total_length <= 1500 for each in replies)
    assert len({each.header.identification for each in replies}) == 1


def test_a_reply_that_options_make_too_long_is_truncated() -> None:
    wire = Wire()
    route = b"\x07\x07\x04\0\0\0\0\0"
    octets = build_icmp(echo(ECHO_REQUEST, 1, 1, bytes(65535 - 28 - 8)))
    for start in range(0, len(octets), 1472):
        more = start + 1472 < len(octets)
        piece = octets[start : start + 1472]
        options = route if start == 0 else b""
        wire.ip(datagram(piece, flags=int(more), offset=start // 8, options=options))
    assert sum(len(each.packet.payload) for each in wire.sent()) == len(octets)


def test_record_route_and_timestamp_come_back_updated() -> None:
    wire = Wire()
    route = b"\x07\x0b\x08" + quad(GATEWAY) + bytes(4)
    times = b"\x44\x0c\x05\x01" + bytes(8)
    wire.ip(ping(options=route + b"\x01" + times + b"\x82\x04\0\0"))
    options = wire.one().header.options
    assert options[:11] == b"\x07\x0b\x0c" + quad(GATEWAY) + quad(HOST)
    assert options[12:] == b"\x44\x0c\x0d\x01" + quad(HOST) + HOUR_MS.to_bytes(4, "big")


def test_a_full_timestamp_counts_overflow_in_the_reply() -> None:
    wire = Wire()
    wire.ip(ping(options=b"\x44\x08\x09\x00" + bytes(4)))
    assert wire.one().header.options == b"\x44\x08\x09\x10" + bytes(4)


@pytest.mark.parametrize("recorded", [["10.0.0.1", GATEWAY], [PEER, "10.0.0.1", GATEWAY]])
def test_a_completed_source_route_is_reversed(recorded: list[str]) -> None:
    wire = Wire()
    length = 3 + 4 * len(recorded)
    option = bytes((131, length, length + 1)) + b"".join(map(quad, recorded))
    wire.ip(ping(options=option))
    reply = wire.one()
    assert reply.mac == GATEWAY_MAC
    assert reply.header.destination == a(GATEWAY)
    assert reply.header.options == b"\x83\x0b\x04" + quad("10.0.0.1") + quad(PEER) + b"\0"


def test_source_route_and_record_route_share_the_reply() -> None:
    wire = Wire()
    option = b"\x83\x07\x08" + quad(GATEWAY) + b"\x07\x07\x04" + bytes(4)
    wire.ip(ping(options=option))
    options = wire.one().header.options
    assert options == b"\x83\x07\x04" + quad(PEER) + b"\x07\x07\x08" + quad(HOST) + b"\0\0"


def test_what_does_not_fit_beside_the_route_is_left_out() -> None:
    wire = Wire()
    option = b"\x83\x07\x08" + quad(GATEWAY) + b"\x07\x1f\x04" + bytes(28) + b"\1\1"
    wire.ip(ping(options=option))
    assert wire.one().header.options == b"\x83\x07\x04" + quad(PEER) + b"\0"


def test_a_route_that_goes_on_is_refused_by_a_host() -> None:
    wire = Wire()
    octets = ping(options=b"\x83\x07\x04" + quad(REMOTE))
    wire.ip(octets)
    error = wire.one()
    assert error.icmp_fields[:2] == (DESTINATION_UNREACHABLE, 5)
    assert error.icmp.data == octets
    # RFC 1122 §3.3.5: not when the datagram was itself an ICMP error,
    inner = datagram(b"x" * 8, 17, source=HOST, destination=PEER)
    message = build_icmp(IcmpMessage(3, 1, bytes(4), inner))
    wire.ip(datagram(message, options=b"\x83\x07\x04" + quad(REMOTE)))
    # nor when it was sent to many.
    wire.ip(ping(options=b"\x83\x07\x04" + quad(REMOTE), destination="224.0.0.1"))
    assert wire.sent() == []


def test_timestamp_requests_are_answered() -> None:
    wire = Wire()
    wire.frames(after=5 * SECOND)
    request = IcmpMessage(TIMESTAMP, 0, b"\1\2\3\4", (99).to_bytes(4, "big") + bytes(8))
    wire.ip(datagram(build_icmp(request), tos=8))
    reply = wire.one()
    assert reply.icmp.type == TIMESTAMP_REPLY
    assert reply.icmp.rest == b"\1\2\3\4"
    assert timestamp_times(reply.icmp) == (99, HOUR_MS + 5000, HOUR_MS + 5000)
    assert reply.header.tos == 8
    wire.ip(datagram(build_icmp(replace(request, data=bytes(4)))))
    wire.ip(datagram(build_icmp(request), destination="192.0.2.255"))
    assert wire.sent() == []
    assert wire.mib()["icmpStatsInErrors"] == 1


@pytest.mark.parametrize("octets", [b"", b"\x08", bytes(7), b"\x08\0\0\0" + bytes(20)])
def test_damaged_messages_are_dropped(octets: bytes) -> None:
    wire = Wire()
    wire.ip(datagram(octets))
    assert wire.frames() == []
    mib = wire.mib()
    assert (mib["icmpStatsInMsgs"], mib["icmpStatsInErrors"]) == (1, 1)


def test_a_host_without_address_stays_silent() -> None:
    wire = Wire()
    wire.node.remove_address(1, HOST)
    wire.ip(ping(destination="224.0.0.1"))
    assert wire.sent() == []


def test_no_way_back_is_counted() -> None:
    wire = Wire()
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    before = wire.mib()
    wire.ip(ping(source=REMOTE))
    wire.ip(datagram(bytes(8), 253, source=REMOTE))
    assert wire.sent() == []
    moved = wire.moved(before)
    assert moved["ipSystemStatsOutNoRoutes"] == 2
    assert moved["ipSystemStatsOutRequests"] == 2
    assert moved["icmpStatsOutMsgs"] == 2


def test_errors_reach_the_socket_they_are_about() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.bind(HOST, 4000)
    socket.connect(REMOTE, 9)
    other = wire.node.udp_socket()
    other.bind(HOST, 4001)
    pinger = wire.node.icmp_socket(77)
    raw = wire.node.raw_socket(253)
    quote = datagram(
        build_udp(a(HOST), a(REMOTE), 4000, 9, b"data"), 17, source=HOST, destination=REMOTE
    )
    for kind, code, rest in ((3, 3, 0), (3, 1, 0), (11, 0, 0), (12, 0, 20), (4, 0, 0)):
        message = IcmpMessage(kind, code, bytes((rest, 0, 0, 0)), quote)
        wire.ip(datagram(build_icmp(message), source=GATEWAY))
    errors = socket.errors()
    assert [(each.type, each.code, each.hard) for each in errors] == [
        (3, 3, True),
        (3, 1, False),
        (11, 0, False),
        (12, 0, False),
    ]
    assert errors[0].quoted == quote
    assert errors[0].offender == GATEWAY
    assert errors[3].pointer == 20
    assert socket.errors() == []
    assert other.errors() == []
    for payload, protocol in ((build_icmp(echo(8, 77, 1, b"")), 1), (b"12345678", 253)):
        inner = datagram(payload, protocol, source=HOST, destination=REMOTE)
        wire.ip(datagram(build_icmp(IcmpMessage(TIME_EXCEEDED, 0, bytes(4), inner))))
    assert len(pinger.errors()) == 1
    assert len(raw.errors()) == 1
    assert wire.sent() == []


@pytest.mark.parametrize(
    "quote",
    [
        b"",
        bytes(19),
        datagram(b"12345678", 17, source=PEER),
        datagram(b"12345678", 17, source=HOST, offset=1),
        datagram(b"123", 17, source=HOST),
        datagram(b"123", 1, source=HOST),
        datagram(bytes(8), 1, source=HOST),
        b"\x44" + bytes(30),
        b"\x4f" + bytes(30),
        b"\x65" + bytes(30),
    ],
)
def test_quotes_that_prove_nothing_are_ignored(quote: bytes) -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.bind(HOST, 4000)
    wire.ip(datagram(build_icmp(IcmpMessage(3, 3, bytes(4), quote))))
    wire.ip(datagram(build_icmp(IcmpMessage(5, 1, quad(GATEWAY), quote))))
    assert socket.errors() == []
    assert wire.frames() == []


def test_the_icmp_user_sees_replies_and_stamps_its_own_options() -> None:
    wire = Wire()
    socket = wire.node.icmp_socket(9)
    socket.bind(HOST)
    socket.send_echo(PEER, 3, b"hi", options=b"\x44\x08\x05\0" + bytes(4), ttl=9, tos=4, df=True)
    request = wire.one()
    assert request.icmp == echo(ECHO_REQUEST, 9, 3, b"hi")
    # RFC 1122 §3.2.1.8 (e): the originator stamps an option with room.
    assert request.header.options == b"\x44\x08\x09\0" + HOUR_MS.to_bytes(4, "big")
    assert (request.header.ttl, request.header.tos, request.header.flags) == (9, 4, 2)
    wire.ip(datagram(build_icmp(echo(ECHO_REPLY, 9, 3, b"hi")), options=b"\1\1\1\0", ttl=5))
    reply = socket.receive()
    assert reply is not None
    assert (reply.source, reply.sequence, reply.data, reply.ttl) == (PEER, 3, b"hi", 5)
    assert reply.options == b"\1\1\1\0"
    assert socket.receive() is None
    socket.send_timestamp(PEER, 4)
    asked = timestamp_times(wire.one().icmp)
    assert asked == (HOUR_MS, 0, 0)
    wire.ip(datagram(build_icmp(IcmpMessage(TIMESTAMP_REPLY, 0, b"\0\x09\0\x04", bytes(12)))))
    assert socket.receive() is not None
    socket.close()
    socket.close()
    wire.ip(datagram(build_icmp(echo(ECHO_REPLY, 9, 3, b"hi"))))
    assert socket.receive() is None

"""Raw sockets through the facade (S7.8, S12.16, S12.18)."""

from __future__ import annotations

from dataclasses import replace

from stack.choices import HeaderIncludedOptions
from stack.policy import RFC
from stack.refusal import Reason
from stack.socket_base import QUEUE_LIMIT
from stack.wire.ipv4 import Ipv4Header, build_ipv4
from tests.stack.node_kit import HOST, PEER, REMOTE, Wire, a, datagram, ping, refusal


def test_raw_sockets_get_whole_datagrams_as_received() -> None:
    wire = Wire()
    raw, igmp, icmp = (wire.node.raw_socket(number) for number in (253, 2, 1))
    octets = datagram(b"hello", 253, options=b"\x07\x07\x04" + bytes(5), ttl=4)
    wire.ip(octets)
    read = raw.receive()
    assert read is not None
    assert (read.octets, read.source, read.specific_destination) == (octets, PEER, HOST)
    assert raw.receive() is None
    # One that took a copy is a user of the protocol, so there is no error.
    assert wire.sent() == []
    wire.ip(ping())
    assert icmp.receive() is not None
    wire.ip(datagram(bytes(8), 2))
    assert igmp.receive() is not None
    wire.ip(datagram(bytes(8), 253, flags=1))
    wire.ip(datagram(bytes(4), 253, offset=1))
    read = raw.receive()
    assert read is not None
    assert read.octets == datagram(bytes(12), 253)
    assert wire.node.raw_socket(255).wants(Ipv4Header(0, 0, 255)) is False
    raw.close()
    raw.close()
    wire.frames()
    wire.ip(octets)
    assert wire.one().icmp.code == 2
    assert refusal(lambda: raw.send(b"", PEER)) is Reason.CLOSED


def test_raw_sockets_can_be_bound_and_connected() -> None:
    wire = Wire()
    wire.node.add_address(1, "192.0.2.2", 24)
    raw = wire.node.raw_socket(253)
    raw.bind("192.0.2.2")
    wire.ip(datagram(b"x", 253))
    assert raw.receive() is None
    wire.frames()
    raw.connect(PEER)
    wire.ip(datagram(b"x", 253, destination="192.0.2.2"))
    wire.ip(datagram(b"x", 253, destination="192.0.2.2", source=REMOTE))
    assert raw.receive() is not None
    assert raw.receive() is None
    wire.frames()
    raw.send(b"out", tos=8)
    sent = wire.one()
    assert (sent.header.source, sent.header.protocol, sent.header.tos) == (a("192.0.2.2"), 253, 8)
    for _ in range(QUEUE_LIMIT + 1):
        wire.ip(datagram(b"x", 253, destination="192.0.2.2"))
    assert wire.node.counters.get("DroppedPackets") == 1


def own(**fields: int) -> bytes:
    header = Ipv4Header(
        fields.get("source", 0), fields.get("destination", a(PEER)), 253, fields.get("ttl", 9)
    )
    header.identification = fields.get("identification", 0)
    header.flags = fields.get("flags", 0)
    return build_ipv4(header, bytes(fields.get("size", 4)))


def test_headers_of_the_caller_are_kept_but_for_what_is_missing() -> None:
    wire = Wire()
    raw = wire.node.raw_socket(255)
    raw.send(own(identification=77, flags=6, source=a("10.9.9.9")))
    header = wire.one().header
    assert (header.source, header.identification, header.flags) == (a("10.9.9.9"), 77, 6)
    raw.send(own())
    header = wire.one().header
    assert header.source == a(HOST)
    assert header.identification
    raw.send(own(destination=0), PEER)
    assert wire.one().header.destination == a(PEER)
    wire.node.raw_socket(253).send(own(), PEER, header_included=True, options=b"\x94\x04\0\0")
    assert wire.one().header.options == b"\x94\x04\0\0"
    # Small link: cut like anything else.
    raw.send(own(size=2000))
    assert len(wire.sent()) == 2


def test_headers_of_the_caller_that_cannot_go() -> None:
    wire = Wire()
    raw = wire.node.raw_socket(255)
    with_options = datagram(b"", 253, source=HOST, destination=PEER, options=b"\x01\x01\x01\0")
    cases = [
        (lambda: raw.send(b"short"), Reason.INVALID_OPTION_VALUE),
        (lambda: raw.send(b"\x44" + own()[1:]), Reason.INVALID_OPTION_VALUE),
        (lambda: raw.send(b"\x65" + own()[1:]), Reason.INVALID_OPTION_VALUE),
        (lambda: raw.send(own(ttl=0)), Reason.INVALID_ARGUMENT),
        (lambda: raw.send(own(destination=a("240.0.0.1"))), Reason.NO_ROUTE),
        (lambda: raw.send(own(flags=2, size=2000)), Reason.MESSAGE_TOO_LONG),
        (lambda: raw.send(own() + bytes(65535)), Reason.MESSAGE_TOO_LONG),
        (lambda: raw.send(with_options, options=b"\x94\x04\0\0"), Reason.INVALID_ARGUMENT),
    ]
    for call, reason in cases:
        assert refusal(call) is reason
    wire.node.policy = replace(RFC, header_included_options=HeaderIncludedOptions.IGNORE)
    raw.send(with_options, options=b"\x94\x04\0\0")
    assert wire.one().header.options == b"\x01\x01\x01\0"


def test_a_protocol_has_eight_bits() -> None:
    for protocol in (-1, 256):
        assert refusal(Wire().node.raw_socket, protocol) is Reason.INVALID_ARGUMENT


def test_a_closed_socket_takes_no_address() -> None:
    node = Wire().node
    for socket in (node.raw_socket(253), node.icmp_socket()):
        socket.close()
        assert refusal(socket.bind, HOST) is Reason.CLOSED

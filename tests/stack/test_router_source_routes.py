"""What a router refuses to follow, and by which way its error goes (RFC 1812 §4.3.2.6, §5.3.7)."""

from __future__ import annotations

from stack.wire.icmp import PARAMETER_PROBLEM
from tests.stack.flow_kit import FAR, router
from tests.stack.node_kit import HOST, PEER, a, datagram
from tests.stack.socket_kit import addresses


def test_a_problem_of_the_source_route_itself_is_reported_without_it() -> None:
    wire = router()
    # No whole address is left behind the pointer.
    odd = b"\x83\x08\x08" + addresses(PEER) + b"\0"
    wire.ip(datagram(b"x", 253, options=odd, destination=FAR))
    sent = wire.one()
    assert sent.icmp.type == PARAMETER_PROBLEM
    assert sent.header.options == b""
    # A problem of another option is reported along the route.
    sound = b"\x83\x07\x08" + addresses(PEER) + b"\x07\x07\x03" + bytes(6)
    wire.ip(datagram(b"x", 253, options=sound, destination=FAR))
    sent = wire.one()
    assert sent.icmp.type == PARAMETER_PROBLEM
    assert sent.header.destination == a(PEER)


def test_a_source_that_may_not_travel_is_led_on_by_no_route() -> None:
    wire = router()
    before = wire.mib()
    listed = b"\x83\x07\x04" + addresses(FAR)
    octets = datagram(b"x", 253, options=listed + b"\0", source="169.254.1.1", destination=HOST)
    wire.ip(octets)
    assert wire.sent() == []
    assert wire.moved(before)["ipSystemStatsInAddrErrors"] == 1

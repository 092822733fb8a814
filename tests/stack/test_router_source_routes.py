"""What a router refuses to follow, and by which way answers go (RFC 1812 §4.3.2.6, §5.3.7)."""

from __future__ import annotations

import pytest

from stack.wire.icmp import ECHO_REPLY, PARAMETER_PROBLEM
from tests.stack.flow_kit import FAR, SECOND_HOST, router
from tests.stack.node_kit import HOST, PEER, REMOTE, Wire, a, datagram, ping
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


def test_s12_13_an_errors_way_back_does_not_lead_through_the_router_itself() -> None:
    wire = router()
    # The hops were a neighbour and, under another address, this very router.
    options = b"\x83\x0b\x0c" + addresses(PEER, SECOND_HOST) + b"\x07\x07\x03" + bytes(6)
    wire.ip(datagram(b"x", 253, options=options, source=REMOTE, destination=HOST))
    sent = wire.one()
    assert sent.icmp.type == PARAMETER_PROBLEM
    assert (sent.header.source, sent.header.destination) == (a(HOST), a(PEER))
    assert sent.header.ttl == 64
    assert sent.header.options == b"\x83\x07\x04" + addresses(REMOTE) + b"\0"


@pytest.mark.parametrize("hops", [(HOST,), (PEER, HOST), (PEER, HOST, HOST)])
def test_s12_13_a_hosts_reply_does_not_lead_through_itself(hops: tuple[str, ...]) -> None:
    wire = Wire()
    length = 3 + 4 * len(hops)
    options = bytes((131, length, length + 1)) + addresses(*hops) + b"\0"
    wire.ip(ping(options=options, source=REMOTE))
    sent = wire.one()
    assert sent.icmp.type == ECHO_REPLY
    back = b"\x83\x07\x04" + addresses(REMOTE) + b"\0" if PEER in hops else b""
    assert sent.header.options == back
    assert sent.header.destination == a(PEER if PEER in hops else REMOTE)

"""The TCP calls of both upper testers: the bundled stack's and the Linux agent's."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from harness.target.base import Answer
from harness.upper.bundled import NodeUpper
from harness.upper.client import UnixUpper
from harness.upper.launch import LaunchedUpper
from stack.node import Node
from stack.wire.address import parse_address
from stack.wire.icmp import build_icmp, error
from stack.wire.ipv4 import Ipv4Header, Ipv4Packet, build_ipv4, parse_ipv4
from stack.wire.tcp import ACK, SYN, TcpSegment, build_tcp

LOOPBACK = "127.0.0.1"
HOST, PEER, HOP = "192.0.2.1", "192.0.2.9", "192.0.2.77"
ALERT = bytes((148, 4, 0, 0))
PATIENCE = 5.0


class OneNode:
    """A node that talks to itself over its loopback address, and its upper tester."""

    def __init__(self) -> None:
        self.node = Node(random=random.Random(1))
        self.node.add_nic(0, mac=None)
        self.node.add_address(0, HOST, 24)
        self.node.add_nic(1, mac=None, loopback=True)
        self.node.add_address(1, LOOPBACK, 8)
        self.node.poll(0)
        self.upper = NodeUpper(self.node, [HOST, LOOPBACK])

    def call(self, operation: str, arguments: dict[str, Any]) -> Answer:
        answer = self.upper.call(operation, arguments)
        self.node.poll(0)
        return answer

    def sent(self) -> list[Ipv4Packet]:
        return [
            packet
            for _, octets in self.node.poll(0)
            if isinstance(packet := parse_ipv4(octets), Ipv4Packet)
        ]


@pytest.fixture(scope="module")
def linux() -> Iterator[UnixUpper]:
    with LaunchedUpper() as launched:
        yield launched.upper


@pytest.fixture(params=["bundled", "linux"])
def upper(request: pytest.FixtureRequest) -> Any:
    if request.param == "bundled":
        return OneNode()
    if sys.platform != "linux":
        pytest.skip("the agent is for Linux")
    return request.getfixturevalue("linux")


def until_taken(upper: Any, operation: str, **arguments: Any) -> Answer:
    """Ask again as long as the answer is EAGAIN."""
    end = time.monotonic() + PATIENCE
    while True:
        answer: Answer = upper.call(operation, arguments)
        if answer.error != "EAGAIN" or time.monotonic() > end:
            return answer


def pair(upper: Any) -> int:
    """A listener l, a client a and its accepted other end b; the listener's port."""
    port: int = upper.call("open_tcp", {"socket": "l", "address": LOOPBACK}).value["port"]
    assert upper.call("listen", {"socket": "l", "backlog": 3}).error is None
    upper.call("open_tcp", {"socket": "a"})
    told = upper.call("connect_tcp", {"socket": "a", "to": LOOPBACK, "port": port})
    assert (told.error, told.value["address"]) == (None, LOOPBACK)
    accepted = until_taken(upper, "accept", socket="b", listener="l")
    assert (accepted.error, accepted.value["port"]) == (None, port)
    return port


def end(upper: Any, *names: str) -> None:
    for name in names:
        assert upper.call("reset", {"socket": name}).error is None


def state(upper: Any, name: str) -> str:
    told: str = upper.call("state", {"socket": name}).value["state"]
    return told


def test_a_connection_from_end_to_end(upper: Any) -> None:
    pair(upper)
    assert (state(upper, "l"), state(upper, "a"), state(upper, "b")) == (
        "LISTEN",
        "ESTABLISHED",
        "ESTABLISHED",
    )
    assert upper.call("receive_tcp", {"socket": "b"}).error == "EAGAIN"
    assert upper.call("send_tcp", {"socket": "a", "octets": b"hel"}).value == {"taken": 3}
    assert upper.call("receive_tcp", {"socket": "b", "at_least": 5}).error == "EAGAIN"
    upper.call("send_tcp", {"socket": "a", "octets": b"lo"})
    read = until_taken(upper, "receive_tcp", socket="b", at_least=5)
    assert read.value == {"data": b"hello", "ended": False}
    upper.call("send_tcp", {"socket": "a", "octets": b"bye"})
    assert upper.call("shutdown", {"socket": "a"}).error is None
    read = until_taken(upper, "receive_tcp", socket="b", at_least=9)
    assert read.value == {"data": b"bye", "ended": True}
    assert upper.call("receive_tcp", {"socket": "b"}).value == {"data": b"", "ended": True}
    assert upper.call("close", {"socket": "b"}).error is None
    assert upper.call("close", {"socket": "a"}).error is None
    assert upper.call("close", {"socket": "l"}).error is None


def test_a_reset_is_told_to_the_other_end(upper: Any) -> None:
    pair(upper)
    end(upper, "a")
    assert until_taken(upper, "receive_tcp", socket="b").error == "ECONNRESET"
    assert state(upper, "b") == "CLOSED"
    end(upper, "b", "l")


def test_a_refused_connection_is_told_by_errors(upper: Any) -> None:
    port = pair(upper)
    end(upper, "a", "b", "l")
    upper.call("open_tcp", {"socket": "a"})
    told = upper.call("connect_tcp", {"socket": "a", "to": LOOPBACK, "port": port})
    assert told.error in (None, "ECONNREFUSED")
    if told.error is None:
        assert upper.call("errors", {"socket": "a"}).value["pending"] == "ECONNREFUSED"
    assert state(upper, "a") == "CLOSED"
    assert upper.call("errors", {"socket": "a"}).value == {"errors": [], "pending": None}
    end(upper, "a")


def test_options_are_set_and_read(upper: Any) -> None:
    pair(upper)
    for name in ("a", "b"):
        assert upper.call("get_option", {"socket": name, "name": "options"}).value["octets"] == b""
        told = upper.call("set_option", {"socket": name, "name": "options", "octets": ALERT})
        assert told.error is None
        read = upper.call("get_option", {"socket": name, "name": "options"})
        assert read.value["octets"] == ALERT
    end(upper, "a", "b", "l")


def test_calls_are_for_their_own_kind_of_socket(upper: Any) -> None:
    pair(upper)
    upper.call("open_udp", {"socket": "u", "address": LOOPBACK})
    for operation in ("listen", "state", "shutdown", "reset", "receive_tcp"):
        assert upper.call(operation, {"socket": "u"}).error == "EBADMSG"
        assert upper.call(operation, {"socket": "nobody"}).error == "EBADF"
    for operation, how in (("receive", {}), ("connect", {"to": LOOPBACK, "port": 9})):
        assert upper.call(operation, {"socket": "a", **how}).error == "EBADMSG"
    for name in ("a", "u"):
        assert upper.call("open_udp", {"socket": name}).error == "EEXIST"
        assert upper.call("open_tcp", {"socket": name}).error == "EEXIST"
        assert upper.call("accept", {"socket": name, "listener": "l"}).error == "EEXIST"
    assert upper.call("accept", {"socket": "c", "listener": "nobody"}).error == "EBADF"
    assert upper.call("accept", {"socket": "c", "listener": "u"}).error in ("EBADMSG", "EBADF")
    assert upper.call("accept", {"socket": "c", "listener": "a"}).error == "EINVAL"
    assert upper.call("open_tcp", {"socket": "c", "address": "192.0.2.200"}).error == (
        "EADDRNOTAVAIL"
    )
    upper.call("close", {"socket": "u"})
    end(upper, "a", "b", "l")


def test_a_socket_may_listen_with_what_is_usual(upper: Any) -> None:
    told = upper.call("open_tcp", {"socket": "l", "address": LOOPBACK})
    assert upper.call("address", {"socket": "l"}).value == told.value
    assert upper.call("listen", {"socket": "l"}).error is None
    assert upper.call("connect_tcp", {"socket": "l", "to": LOOPBACK, "port": 9}).error is not None
    end(upper, "l")


def test_what_the_node_s_tcp_sockets_lack() -> None:
    one = OneNode()
    one.call("open_tcp", {"socket": "a"})
    for name, how in (("ttl", {"value": 3}), ("ttl", {})):
        told = one.call("set_option", {"socket": "a", "name": name, **how})
        assert told.error == ("EBADMSG" if how else "ENOSYS")
    assert one.call("get_option", {"socket": "a", "name": "ttl"}).error == "ENOSYS"


def test_a_source_route_begins_with_the_connection_that_it_is_for() -> None:
    one = OneNode()
    one.call("open_tcp", {"socket": "a"})
    hops = bytes((131, 7, 4)) + parse_address(HOP).to_bytes(4, "big") + b"\0"
    assert one.call("set_option", {"socket": "a", "name": "options", "octets": hops}).error is None
    one.upper.call("connect_tcp", {"socket": "a", "to": PEER, "port": 9})
    header = one.sent()[0].header
    assert header.destination == parse_address(HOP)
    assert header.options == bytes((131, 7, 4)) + parse_address(PEER).to_bytes(4, "big") + b"\0"
    read = one.call("get_option", {"socket": "a", "name": "options"})
    assert read.value["octets"] == hops
    raw = bytes((1, 131, 11, 4)) + parse_address(HOP).to_bytes(4, "big")
    raw += parse_address(PEER).to_bytes(4, "big")
    one.call("set_option", {"socket": "a", "name": "options_raw", "octets": raw})
    read = one.call("get_option", {"socket": "a", "name": "options_raw"})
    assert read.value["octets"] == raw


def test_an_accepted_socket_tells_its_way_back() -> None:
    one = OneNode()
    one.call("open_tcp", {"socket": "l", "port": 80})
    one.call("listen", {"socket": "l"})
    host, peer = parse_address(HOST), parse_address(PEER)
    hop = parse_address(HOP).to_bytes(4, "big")
    recorded = bytes((131, 7, 8)) + hop + b"\0"

    def segment(flags: int, sequence: int, acknowledgment: int) -> None:
        made = TcpSegment(4000, 80, sequence, acknowledgment, flags, 9000, 0, b"", b"")
        header = Ipv4Header(peer, host, 6, options=recorded)
        one.node.receive(0, build_ipv4(header, build_tcp(made, peer, host)), 0)

    segment(SYN, 7, 0)
    answer = one.sent()[0]
    segment(ACK, 8, int.from_bytes(answer.payload[4:8], "big") + 1 & 0xFFFFFFFF)
    assert one.call("accept", {"socket": "c", "listener": "l"}).error is None
    read = one.call("get_option", {"socket": "c", "name": "options"})
    assert read.value["octets"] == bytes((131, 7, 4)) + hop + b"\0"
    raw = one.call("get_option", {"socket": "c", "name": "options_raw"}).value["octets"]
    assert raw == hop + bytes((1, 131, 7, 4)) + peer.to_bytes(4, "big")
    # An error about it is told with what it quotes.
    one.upper.call("send_tcp", {"socket": "c", "octets": b"data"})
    quoted = one.sent()[0].octets[:36]
    icmp = build_icmp(error(11, 0, quoted))
    one.node.receive(0, build_ipv4(Ipv4Header(parse_address(HOP), host, 1), icmp), 0)
    told = one.call("errors", {"socket": "c"}).value
    assert told["pending"] == "EHOSTUNREACH"
    assert [(each["type"], each["source"]) for each in told["errors"]] == [(11, HOP)]
    assert one.call("set_option", {"socket": "c", "name": "options"}).error is None
    assert one.call("get_option", {"socket": "c", "name": "options"}).value == {"octets": b""}

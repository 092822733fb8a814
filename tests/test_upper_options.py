"""IP options of sockets through both upper testers, and what depends on such settings."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from harness.target.base import Answer
from harness.upper.bundled import NodeUpper
from harness.upper.bundled_words import with_final, without_final
from harness.upper.client import UnixUpper
from harness.upper.launch import LaunchedUpper
from stack.node import Node
from stack.policy import NETSTACK
from tests.test_upper_node import NEAR, PEER, REMOTE, Wired

LOOPBACK = "127.0.0.1"
RECORD_ROUTE = bytes((7, 7, 4, 0, 0, 0, 0, 0))
HOPS = bytes((131, 7, 4, 192, 0, 2, 254))
TO_REMOTE = bytes((131, 11, 4, 192, 0, 2, 254, 203, 0, 113, 9))


@pytest.fixture
def wired() -> Wired:
    return Wired()


@pytest.fixture(scope="module")
def linux() -> Iterator[UnixUpper]:
    if sys.platform != "linux":
        pytest.skip("the agent is for Linux")
    with LaunchedUpper() as launched:
        yield launched.upper


@pytest.fixture(params=["bundled", "linux"])
def upper(request: pytest.FixtureRequest) -> Iterator[Any]:
    """An upper tester of each kind with a socket named s."""
    if request.param == "linux":
        made: Any = request.getfixturevalue("linux")
    else:
        made = Wired().upper
    assert made.call("open_udp", {"socket": "s"}).error is None
    yield made
    made.call("close", {"socket": "s"})


def ask(upper: Any, call: str, **arguments: Any) -> Answer:
    answer = upper.call(call, {"socket": "s", "name": "options_raw", **arguments})
    assert isinstance(answer, Answer)
    return answer


def test_raw_octets_go_to_the_target_and_come_back_untouched(upper: Any) -> None:
    assert ask(upper, "get_option") == Answer({"octets": b""})
    assert ask(upper, "set_option", octets=RECORD_ROUTE) == Answer({})
    assert ask(upper, "get_option") == Answer({"octets": RECORD_ROUTE})
    assert ask(upper, "get_option", name="options") == Answer({"octets": RECORD_ROUTE})
    assert ask(upper, "set_option") == Answer({})
    assert ask(upper, "get_option") == Answer({"octets": b""})


def test_a_buffer_too_short_gets_as_much_as_fits(upper: Any) -> None:
    ask(upper, "set_option", octets=RECORD_ROUTE)
    for size in (1, 4, 8, 44, 1024):
        assert ask(upper, "get_option", size=size) == Answer({"octets": RECORD_ROUTE[:size]})
    assert ask(upper, "get_option", name="options", size=3).value == {"octets": RECORD_ROUTE[:3]}
    for size in (0, 1025):
        assert ask(upper, "get_option", size=size).error == "EBADMSG"
    assert ask(upper, "get_option", name="ttl", size=4).error == "EBADMSG"


def test_a_refused_buffer_leaves_the_old_one(upper: Any) -> None:
    ask(upper, "set_option", octets=RECORD_ROUTE)
    assert ask(upper, "set_option", octets=b"\x07\x01") == Answer({}, "EINVAL")
    assert ask(upper, "set_option", octets=bytes(48)) == Answer({}, "EINVAL")
    assert ask(upper, "get_option") == Answer({"octets": RECORD_ROUTE})


def test_a_checksum_is_made_unless_it_is_turned_off(upper: Any) -> None:
    assert ask(upper, "get_option", name="checksum").value == {"value": True}
    assert ask(upper, "set_option", name="checksum", value=False) == Answer({})
    assert ask(upper, "get_option", name="checksum").value == {"value": False}
    assert ask(upper, "set_option", name="checksum", value=1).error == "EBADMSG"


@pytest.mark.parametrize(
    "name", ["recvopts", "retopts", "recverr", "recvttl", "recvtos", "pktinfo"]
)
def test_what_is_told_can_be_chosen(upper: Any, name: str) -> None:
    before = ask(upper, "get_option", name=name).value["value"]
    assert before is (name != "retopts")
    assert ask(upper, "set_option", name=name, value=not before) == Answer({})
    assert ask(upper, "get_option", name=name).value == {"value": not before}


def test_a_raw_source_route_of_the_bundled_stack_has_its_final_destination(wired: Wired) -> None:
    wired.open()
    setting = {"socket": "a", "name": "options_raw"}
    assert wired.upper.call("set_option", {**setting, "octets": TO_REMOTE}) == Answer({})
    assert wired.upper.call("get_option", setting).value == {"octets": TO_REMOTE}
    assert wired.call("get_option", socket="a", name="options").value == {"octets": HOPS}
    wired.send(to=REMOTE)
    header = wired.sent_one().header
    assert header.destination.to_bytes(4, "big") == TO_REMOTE[3:7]
    assert header.options == bytes((131, 7, 4, 203, 0, 113, 9, 0))
    # Setting the one name replaces what was set by the other.
    wired.call("set_option", socket="a", name="options", octets=HOPS)
    wired.call("connect", socket="a", to=REMOTE, port=9)
    assert wired.upper.call("get_option", setting).value == {"octets": TO_REMOTE}
    wired.upper.call("set_option", {**setting, "octets": RECORD_ROUTE})
    assert wired.call("get_option", socket="a", name="options").value == {"octets": RECORD_ROUTE}


def test_the_two_forms_of_a_route_are_each_others_reverse() -> None:
    assert with_final(HOPS, REMOTE) == TO_REMOTE
    assert without_final(b"\x01" + TO_REMOTE) == b"\x01" + HOPS
    assert without_final(RECORD_ROUTE) == RECORD_ROUTE


def test_a_reply_gets_its_options_when_the_user_wants_them(wired: Wired) -> None:
    wired.open(port=2000)
    wired.inject_udp(b"x", 2000, options=RECORD_ROUTE)
    assert "return_options" not in wired.read()[0]
    wired.call("set_option", socket="a", name="retopts", value=True)
    wired.inject_udp(b"x", 2000, options=RECORD_ROUTE)
    wired.inject_udp(b"x", 2000)
    told, bare = wired.read()
    assert told["return_options"] == bytes((7, 7, 8, 192, 0, 2, 1, 0))
    assert "return_options" not in bare


def test_linux_readies_the_options_of_a_reply_too(linux: UnixUpper) -> None:
    opened = linux.call("open_udp", {"socket": "s", "address": LOOPBACK}).value
    assert ask(linux, "set_option", name="retopts", value=True) == Answer({})
    send = {"socket": "s", "octets": b"x", "to": LOOPBACK, "port": opened["port"]}
    assert linux.call("send_udp", {**send, "options": RECORD_ROUTE}) == Answer({})
    (told,) = linux.call("receive", {"socket": "s"}).value["datagrams"]
    assert told["return_options"] == bytes((7, 7, 8, 127, 0, 0, 1, 0))
    assert linux.call("close", {"socket": "s"}) == Answer({})


def test_what_the_user_does_not_want_is_left_out(wired: Wired) -> None:
    wired.open(port=2000)
    for name in ("recvopts", "recvttl", "recvtos", "pktinfo"):
        wired.call("set_option", socket="a", name=name, value=False)
    wired.inject_udp(b"x", 2000, options=RECORD_ROUTE)
    assert wired.read() == [{"data": b"x", "source": PEER, "source_port": 9, "options": b""}]


def test_ports_are_shared_when_all_agree(wired: Wired) -> None:
    wired.open("a", port=2000, reuse=True)
    wired.open("b", port=2000, reuse=True)
    assert wired.call("open_udp", socket="c", port=2000).error == "EADDRINUSE"
    wired.inject_udp(b"all", 2000, to="192.0.2.255")
    assert [len(wired.read(name)) for name in ("a", "b")] == [1, 1]


def test_an_error_is_held_against_a_connected_socket_and_stops_no_call(wired: Wired) -> None:
    wired.open(port=2000)
    wired.call("connect", socket="a", to=PEER, port=9)
    wired.call("send_udp", socket="a", octets=b"lost")
    wired.inject_error(3, 3, wired.sent_one())
    assert wired.call("send_udp", socket="a", octets=b"goes") == Answer({})
    assert wired.sent_one().payload[8:] == b"goes"
    told = wired.call("errors", socket="a").value
    assert (len(told["errors"]), told["pending"]) == (1, "ECONNREFUSED")
    assert wired.call("errors", socket="a").value == {"errors": [], "pending": None}


def test_what_a_policy_does_not_have_is_refused() -> None:
    node = Node(NETSTACK, random=random.Random(1))
    node.add_nic(0, mac=None)
    node.add_address(0, NEAR, 24)
    upper = NodeUpper(node, [NEAR])
    assert upper.call("open_udp", {"socket": "s"}).error is None
    assert ask(upper, "set_option", octets=TO_REMOTE).error == "EOPNOTSUPP"
    assert ask(upper, "set_option", name="recvopts", value=True).error == "EOPNOTSUPP"


def test_linux_has_the_hops_alone(linux: UnixUpper) -> None:
    opened = linux.call("open_udp", {"socket": "s", "address": LOOPBACK})
    assert opened.error is None
    assert ask(linux, "set_option", octets=b"\x01" + HOPS) == Answer({})
    assert ask(linux, "get_option") == Answer({"octets": b"\x01" + HOPS})
    assert linux.call("close", {"socket": "s"}) == Answer({})

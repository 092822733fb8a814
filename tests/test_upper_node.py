"""The upper tester of the bundled stack, on a real node."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.target.base import Answer
from harness.upper import protocol
from harness.upper.bundled import NodeUpper
from harness.upper.bundled_words import REFUSALS, with_final
from stack.node import Node
from stack.refusal import Reason
from stack.wire.address import parse_address
from stack.wire.icmp import IcmpMessage, build_icmp
from stack.wire.ipv4 import Ipv4Header, Ipv4Packet, build_ipv4, parse_ipv4
from stack.wire.udp import build_udp

NEAR, FAR = "192.0.2.1", "198.51.100.1"
PEER, FAR_PEER = "192.0.2.9", "198.51.100.9"
GATEWAY = "192.0.2.254"
REMOTE = "203.0.113.9"
GROUP = "233.252.0.1"
RECORD_ROUTE = bytes((7, 7, 4, 0, 0, 0, 0, 0))
ROUTER_ALERT = bytes((148, 4, 0, 0))


class Wired:
    """A node with two bare IP links, its upper tester, and what it sends."""

    def __init__(self) -> None:
        self.node = Node(random=random.Random(1))
        self.now = 0
        for nic, address in enumerate((NEAR, FAR)):
            self.node.add_nic(nic, mac=None)
            self.node.add_address(nic, address, 24)
            self.node.add_route(f"{address.rsplit('.', 1)[0]}.0/24", nic)
        self.node.add_route("0.0.0.0/0", 0, gateway=GATEWAY)
        self.upper = NodeUpper(self.node, [NEAR, FAR])
        self.sent()

    def call(self, operation: str, **arguments: Any) -> Answer:
        return self.upper.call(operation, arguments)

    def open(self, socket: str = "a", **arguments: Any) -> dict[str, Any]:
        answer = self.call("open_udp", socket=socket, **arguments)
        assert answer.error is None
        return dict(answer.value)

    def send(self, octets: bytes = b"hi", **arguments: Any) -> Answer:
        to = {"to": PEER, "port": 9, **arguments}
        return self.call("send_udp", socket="a", octets=octets, **to)

    def sent(self) -> list[tuple[int, Ipv4Packet]]:
        """What left since the last look."""
        told = []
        for nic, octets in self.node.poll(self.now):
            packet = parse_ipv4(octets)
            assert isinstance(packet, Ipv4Packet)
            told.append((nic, packet))
        return told

    def sent_one(self) -> Ipv4Packet:
        ((_, packet),) = self.sent()
        return packet

    def inject(
        self, payload: bytes, protocol: int = 17, *, nic: int = 0, source: str = PEER, **how: Any
    ) -> None:
        to = how.pop("to", (NEAR, FAR)[nic])
        header = Ipv4Header(parse_address(source), parse_address(to), protocol, **how)
        self.node.receive(nic, build_ipv4(header, payload), self.now)

    def inject_udp(self, data: bytes, port: int, **how: Any) -> None:
        source = how.get("source", PEER)
        to = how.get("to", (NEAR, FAR)[how.get("nic", 0)])
        datagram = build_udp(parse_address(source), parse_address(to), 9, port, data)
        self.inject(datagram, **how)

    def inject_error(
        self, type_: int, code: int, about: Ipv4Packet, *, rest: bytes = bytes(4)
    ) -> None:
        message = build_icmp(IcmpMessage(type_, code, rest, about.octets))
        self.inject(message, 1, source=GATEWAY)

    def read(self, socket: str = "a") -> list[dict[str, Any]]:
        return [dict(told) for told in self.call("receive", socket=socket).value["datagrams"]]


@pytest.fixture
def wired() -> Wired:
    return Wired()


def _dotted(address: int) -> str:
    return ".".join(str(octet) for octet in address.to_bytes(4, "big"))


def test_it_has_every_call_of_the_protocol(wired: Wired) -> None:
    assert wired.upper.capabilities() == set(protocol.CALLS)
    assert wired.call("hello", version=1).value["protocol"] == protocol.NAME
    assert wired.call("hello", version=9).error == "EPROTONOSUPPORT"
    told = wired.call("capabilities").value
    assert told["calls"] == sorted(protocol.CALLS)
    assert told["socket_options"] == sorted(told["socket_options"])


def test_what_it_lacks_is_no_refusal(wired: Wired) -> None:
    assert wired.call("unknown", socket="a").error == "ENOSYS"
    assert wired.call("open_udp", socket="a", port="x").error == "EBADMSG"
    assert wired.call("open_udp", socket="a", colour=1).error == "EBADMSG"
    assert wired.call("open_udp").error == "EBADMSG"
    wired.open()
    assert wired.call("send_raw", socket="a", octets=b"").error == "EBADMSG"
    assert wired.call("send_udp", socket="a", octets=b"", to=PEER).error == "EBADMSG"


def test_every_reason_of_the_stack_has_an_errno() -> None:
    assert set(REFUSALS) == set(Reason.__members__)


def test_an_accident_is_not_taken_for_a_refusal() -> None:
    class Broken(Node):
        def udp_socket(self) -> Any:
            raise ZeroDivisionError

    upper = NodeUpper(Broken(random=random.Random(1)), [])
    with pytest.raises(ZeroDivisionError):
        upper.call("open_udp", {"socket": "a"})


def test_a_datagram_leaves_as_asked(wired: Wired) -> None:
    assert wired.open(port=2000) == {"address": "0.0.0.0", "port": 2000}
    assert wired.send(ttl=7, tos=0x28, df=True, options=ROUTER_ALERT) == Answer({})
    header = wired.sent_one().header
    assert (header.ttl, header.tos, header.df, header.options) == (7, 0x28, True, ROUTER_ALERT)
    wired.send()
    header = wired.sent_one().header
    assert (header.ttl, header.tos, header.df, header.options) == (64, 0, False, b"")


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"to": "255.255.255.255"}, "EACCES"),
        ({"ttl": 0}, "EINVAL"),
        ({"ttl": 256}, "EINVAL"),
        ({"tos": 256}, "EINVAL"),
        ({"options": bytes(48)}, "EINVAL"),
        ({"options": bytes((7, 1, 4, 0))}, "EINVAL"),
        ({"octets": bytes(65_508)}, "EMSGSIZE"),
        ({"octets": bytes(2000), "df": True}, "EMSGSIZE"),
        ({"on": PEER}, "ENODEV"),
        ({"to": "240.0.0.1"}, "ENETUNREACH"),
    ],
)
def test_the_stack_refuses(wired: Wired, how: dict[str, Any], error: str) -> None:
    wired.open()
    assert wired.send(**how) == Answer({}, error)
    assert wired.sent() == []


def test_names_are_held_once(wired: Wired) -> None:
    wired.open(port=2000)
    assert wired.call("open_udp", socket="a").error == "EEXIST"
    assert wired.call("open_raw", socket="a", protocol=253).error == "EEXIST"
    assert wired.call("open_udp", socket="b", port=2000).error == "EADDRINUSE"
    assert wired.call("open_udp", socket="b", address=PEER).error == "EADDRNOTAVAIL"
    assert wired.call("receive", socket="b").error == "EBADF"
    assert wired.call("close", socket="a") == Answer({})
    assert wired.call("close", socket="a").error == "EBADF"
    assert wired.open("b", port=2000)["port"] == 2000


def test_a_datagram_is_received_with_all_that_is_known(wired: Wired) -> None:
    wired.open(port=2000)
    wired.inject_udp(b"in", 2000, to="192.0.2.255", tos=0x10, ttl=3, options=RECORD_ROUTE)
    (told,) = wired.read()
    assert told.pop("options")[:2] == RECORD_ROUTE[:2]
    assert told == {
        "data": b"in",
        "source": PEER,
        "source_port": 9,
        "destination": "192.0.2.255",
        "specific_destination": NEAR,
        "interface": 0,
        "ttl": 3,
        "tos": 0x10,
    }
    assert wired.read() == []


def test_an_answer_is_bounded_and_loses_nothing(wired: Wired) -> None:
    wired.open(port=2000)
    for number in range(protocol.MAX_DATAGRAMS + 6):
        wired.inject_udp(bytes((number,)), 2000)
    assert len(wired.read()) == protocol.MAX_DATAGRAMS
    assert [told["data"][0] for told in wired.read()] == list(
        range(protocol.MAX_DATAGRAMS, protocol.MAX_DATAGRAMS + 6)
    )


def test_a_connected_socket_sends_to_its_peer(wired: Wired) -> None:
    wired.open(port=2000)
    assert wired.call("send_udp", socket="a", octets=b"").error == "EDESTADDRREQ"
    assert wired.call("mtu", socket="a").error == "ENOTCONN"
    assert wired.call("connect", socket="a", to=PEER, port=9).value == {
        "address": NEAR,
        "port": 2000,
    }
    assert wired.call("send_udp", socket="a", octets=b"") == Answer({})
    assert _dotted(wired.sent_one().header.destination) == PEER
    assert wired.call("mtu", socket="a").value == {"mtu": 1500}


def test_a_source_route_lists_the_hops_and_ends_in_the_destination(wired: Wired) -> None:
    wired.open()
    hops = bytes((131, 11, 4, 192, 0, 2, 254, 198, 51, 100, 9, 0))
    assert wired.send(to=REMOTE, options=hops) == Answer({})
    header = wired.sent_one().header
    assert _dotted(header.destination) == GATEWAY
    assert header.options == bytes((131, 11, 4, 198, 51, 100, 9, 203, 0, 113, 9, 0))
    assert wired.send(to=REMOTE, options=hops[:11] * 2).error == "EINVAL"


def test_a_source_route_of_the_socket_goes_with_every_datagram(wired: Wired) -> None:
    wired.open()
    hops = bytes((137, 7, 4, 192, 0, 2, 254))
    setting = {"socket": "a", "name": "options"}
    assert wired.upper.call("set_option", {**setting, "octets": hops}) == Answer({})
    for to in (REMOTE, "203.0.113.10"):
        wired.send(to=to)
        header = wired.sent_one().header
        assert _dotted(header.destination) == GATEWAY
        assert _dotted(int.from_bytes(header.options[3:7], "big")) == to
    assert wired.send(options=b"") == Answer({})
    assert wired.sent_one().header.options == b""
    assert wired.upper.call("set_option", {**setting, "octets": b"\x07\x01"}).error == "EINVAL"
    assert wired.upper.call("get_option", setting).value == {"octets": hops}
    wired.upper.call("set_option", setting)
    assert wired.upper.call("get_option", setting).value == {"octets": b""}


@given(st.binary(max_size=44))
def test_options_that_are_no_routes_stay_as_they_are(area: bytes) -> None:
    made = with_final(area, PEER)
    if made != area:
        assert {131, 137} & set(area)
        assert (len(made) - len(area)) % 4 == 0


def test_groups_and_broadcasts_leave_by_the_link_that_is_named(wired: Wired) -> None:
    wired.open()
    wired.call("allow_broadcast", socket="a")
    for to in (GROUP, "255.255.255.255"):
        for nic, on in enumerate((NEAR, FAR)):
            assert wired.send(to=to, on=on) == Answer({})
            ((left_by, packet),) = wired.sent()
            assert (left_by, _dotted(packet.header.source)) == (nic, on)
    wired.send(to=GROUP, ttl=5)
    assert wired.sent_one().header.ttl == 5
    wired.send(to=GROUP, ttl=0)
    assert wired.sent() == []


def test_a_group_is_joined_until_its_socket_closes(wired: Wired) -> None:
    wired.open(port=2000)
    membership = {"socket": "a", "group": GROUP, "on": FAR}
    assert wired.upper.call("leave", membership).error == "EADDRNOTAVAIL"
    assert wired.upper.call("join", membership) == Answer({})
    assert wired.upper.call("join", membership).error == "EADDRINUSE"
    assert [nic for nic, packet in wired.sent() if packet.header.protocol == 2] == [1]
    wired.inject_udp(b"g", 2000, nic=1, source=FAR_PEER, to=GROUP)
    wired.inject_udp(b"not here", 2000, to=GROUP)
    (told,) = wired.read()
    assert (told["destination"], told["specific_destination"]) == (GROUP, FAR)
    assert wired.upper.call("leave", membership) == Answer({})
    assert wired.upper.call("join", {"socket": "a", "group": GROUP}) == Answer({})
    wired.sent()
    assert wired.call("close", socket="a") == Answer({})
    assert [nic for nic, packet in wired.sent() if packet.header.protocol == 2] == [0]
    assert wired.call("join", socket="a", group=GROUP).error == "EBADF"
    wired.open()
    assert wired.call("join", socket="a", group=PEER).error == "EINVAL"
    assert wired.call("join", socket="a", group=GROUP, on=PEER).error == "ENODEV"


def test_an_icmp_error_is_told_once(wired: Wired) -> None:
    wired.open(port=2000)
    wired.send(b"lost", df=True)
    about = wired.sent_one()
    wired.inject_error(3, 3, about)
    wired.inject_error(3, 4, about, rest=bytes((0, 0, 2, 88)))
    wired.inject_error(12, 0, about, rest=bytes((20, 0, 0, 0)))
    common = {"source": GATEWAY, "quote": b"lost", "destination": PEER, "port": 9}
    assert wired.call("errors", socket="a").value == {
        "errors": [
            {"type": 3, "code": 3, **common},
            {"type": 3, "code": 4, "mtu": 600, **common},
            {"type": 12, "code": 0, "pointer": 20, **common},
        ],
        "pending": None,
    }
    assert wired.call("errors", socket="a").value == {"errors": [], "pending": None}


def test_a_raw_socket_shows_the_header(wired: Wired) -> None:
    opened = wired.call("open_raw", socket="r", protocol=253)
    assert opened.value == {"address": "0.0.0.0"}
    wired.inject(b"in", 253, options=RECORD_ROUTE, ttl=9, tos=8)
    (told,) = wired.read("r")
    header = told.pop("header")
    assert (len(header), header[9]) == (28, 253)
    assert told == {
        "data": b"in",
        "source": PEER,
        "destination": NEAR,
        "specific_destination": NEAR,
        "interface": 0,
        "ttl": 9,
        "tos": 8,
        "options": header[20:],
    }
    assert wired.call("send_udp", socket="r", octets=b"").error == "EBADMSG"


def test_a_raw_socket_sends(wired: Wired) -> None:
    assert wired.call("open_raw", socket="r", protocol=256).error == "EINVAL"
    assert wired.call("open_raw", socket="r", protocol=253, address=PEER).error == "EADDRNOTAVAIL"
    wired.call("open_raw", socket="r", protocol=253, address=NEAR)
    assert wired.call("address", socket="r").value == {"address": NEAR}
    send = {"socket": "r", "octets": b"raw"}
    assert wired.upper.call("send_raw", send).error == "EDESTADDRREQ"
    assert wired.upper.call("send_raw", {**send, "to": PEER, "ttl": 3}) == Answer({})
    packet = wired.sent_one()
    assert (packet.header.protocol, packet.header.ttl, packet.payload) == (253, 3, b"raw")
    assert wired.upper.call("connect", {"socket": "r", "to": PEER}).error is None
    assert wired.upper.call("send_raw", send) == Answer({})
    about = wired.sent_one()
    wired.inject_error(11, 0, about)
    (told,) = wired.call("errors", socket="r").value["errors"]
    assert (told["type"], told["quote"], told["destination"]) == (11, b"raw", PEER)
    assert wired.upper.call("send_raw", {**send, "on": NEAR}).error == "ENOSYS"
    group = {**send, "to": GROUP, "on": FAR}
    assert wired.upper.call("send_raw", group).error == "ENETUNREACH"
    wired.call("open_raw", socket="g", protocol=253)
    assert wired.upper.call("send_raw", {**group, "socket": "g"}) == Answer({})
    ((nic, _),) = wired.sent()
    assert nic == 1


def test_a_raw_socket_takes_whole_datagrams(wired: Wired) -> None:
    wired.call("open_raw", socket="r", protocol=253, header_included=True)
    whole = build_ipv4(
        Ipv4Header(parse_address(NEAR), parse_address(PEER), 253, ttl=77, identification=5), b"own"
    )
    assert wired.call("send_raw", socket="r", octets=whole, to=PEER) == Answer({})
    packet = wired.sent_one()
    assert (packet.header.ttl, packet.header.identification, packet.payload) == (77, 5, b"own")


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("ttl", 9, "blue"),
        ("tos", 8, True),
        ("multicast_ttl", 0, "blue"),
        ("multicast_loop", False, 1),
        ("multicast_interface", FAR, 5),
        ("broadcast", True, 1),
        ("mtu_discover", "do", "blue"),
        ("mtu_discover", "want", 1),
        ("recvopts", False, 1),
        ("retopts", True, 1),
        ("recverr", False, "blue"),
        ("recvttl", False, 1),
        ("recvtos", False, 1),
        ("pktinfo", False, 1),
    ],
)
def test_an_option_is_set_and_read(wired: Wired, name: str, value: Any, wrong: Any) -> None:
    wired.open()
    before = wired.call("get_option", socket="a", name=name).value
    assert before != {"value": value}
    assert wired.call("set_option", socket="a", name=name, value=value) == Answer({})
    assert wired.call("get_option", socket="a", name=name).value == {"value": value}
    assert wired.call("set_option", socket="a", name=name, value=wrong).error == "EBADMSG"


def test_other_options_are_not_to_be_had(wired: Wired) -> None:
    wired.open()
    assert wired.call("set_option", socket="a", name="colour", value=True).error == "ENOSYS"
    assert wired.call("get_option", socket="a", name="colour").error == "ENOSYS"
    link = {"socket": "a", "name": "multicast_interface", "value": PEER}
    assert wired.upper.call("set_option", link).error == "ENODEV"
    assert wired.call("set_option", socket="a", name="ttl", value=0).error == "EINVAL"

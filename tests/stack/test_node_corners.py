"""Corners: policies of other stacks, limits, and what happens while settings change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.choices import SourceRouting
from stack.core import LOOPED_LIMIT
from stack.membership import SOURCES_LIMIT, Membership
from stack.policy import NETSTACK, RFC
from stack.refusal import Reason, Refused
from stack.wire.ethernet import BROADCAST_MAC
from stack.wire.icmp import (
    ECHO_REPLY,
    ECHO_REQUEST,
    IcmpMessage,
    build_icmp,
    echo,
)
from stack.wire.igmp import MEMBERSHIP_QUERY, IgmpQueryV3, build_igmp, build_query_v3
from stack.wire.tcp import SYN, TcpSegment, build_tcp
from tests.stack.node_kit import (
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
    quad,
    udp,
)

ALERT = b"\x94\x04\0\0"


def test_a_router_may_be_told_to_keep_its_unreachables() -> None:
    wire = Wire(replace(RFC, router_unreachables=False))
    wire.second_nic()
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.ip(ping(destination=REMOTE))
    wire.ip(ping(destination="203.0.113.77"))
    assert wire.sent(after=4 * SECOND) == []


def test_pieces_that_wait_for_a_silent_next_hop_have_one_error_between_them() -> None:
    wire = Wire()
    wire.second_nic(mtu=280)
    wire.ip(udp(bytes(600), destination="203.0.113.77"))
    assert len(wire.sent(after=4 * SECOND)) == 1
    assert wire.mib()["ipSystemStatsOutDiscards"] == 3


def test_no_redirect_to_the_sender_itself_nor_about_an_error() -> None:
    wire = Wire()
    wire.node.forwarding = True
    wire.ip(udp(source=GATEWAY, destination=REMOTE), sender=GATEWAY_MAC)
    assert wire.one().mac == GATEWAY_MAC
    inner = datagram(bytes(8), 17, source=REMOTE, destination=PEER)
    wire.ip(datagram(build_icmp(IcmpMessage(3, 3, bytes(4), inner)), destination=REMOTE))
    assert wire.one().header.destination == a(REMOTE)
    wire.node.policy = replace(RFC, redirects=False)
    wire.ip(udp(destination=REMOTE))
    assert wire.one().header.destination == a(REMOTE)


@pytest.mark.parametrize("destination", ["224.0.0.1", SUBNET_BROADCAST, "240.0.0.1"])
def test_truncated_packets_to_many_get_no_error(destination: str) -> None:
    wire = Wire()
    wire.node.forwarding = True
    wire.ip(datagram(bytes(100), 17, destination=destination)[:90], mac=BROADCAST_MAC)
    wire.ip(datagram(bytes(100), 17, destination=destination)[:90])
    wire.ip(datagram(bytes(100), 17)[:90], mac=BROADCAST_MAC)
    assert wire.frames() == []


def test_a_reply_longer_than_a_datagram_can_be_is_truncated() -> None:
    wire = Wire()
    options = b"\x83\x07\x08" + quad(GATEWAY) + b"\x07\x07\x04" + bytes(4) + b"\1\1"
    octets = build_icmp(echo(ECHO_REQUEST, 1, 1, bytes(65535 - 36 - 8)))
    for start in range(0, len(octets), 1456):
        more = start + 1456 < len(octets)
        piece = octets[start : start + 1456]
        area = options if start == 0 else options[:7] + b"\0"
        wire.ip(datagram(piece, flags=int(more), offset=start // 8, options=area))
    assert sum(len(each.packet.payload) for each in wire.sent()) == len(octets) - 4


def test_options_can_become_a_problem_while_fragments_wait() -> None:
    wire = Wire()
    wire.ip(ping(bytes(8), options=b"\x94\x04\0\1", flags=1))
    wire.node.policy = replace(RFC, router_alert_any_value=False)
    wire.ip(datagram(bytes(8), offset=2))
    assert wire.one().icmp.pointer == 22


def test_a_host_without_any_address_for_its_entry() -> None:
    for policy, answered in ((RFC, True), (replace(RFC, stamp_without_address=False), False)):
        wire = Wire(policy)
        wire.node.remove_address(1, HOST)
        socket = wire.node.udp_socket()
        socket.bind(None, 9)
        wire.ip(udp(destination="224.0.0.1", options=b"\x07\x07\x04" + bytes(4)))
        read = socket.receive()
        assert (read is not None) is answered
        if read is not None:
            assert read.options == b"\x07\x07\x04" + bytes(5)
            assert read.specific_destination == "0.0.0.0"


def test_a_listed_hop_without_an_address_there_records_the_one_it_was_reached_by() -> None:
    wire = Wire(replace(RFC, source_route=SourceRouting.FORWARD))
    wire.node.add_nic(2, mac=None)
    wire.node.add_route("10.0.0.0/8", 2)
    wire.ip(ping(options=b"\x83\x07\x04" + quad("10.0.0.7")))
    [(nic, octets)] = wire.frames()
    assert nic == 2
    assert octets[20:27] == b"\x83\x07\x08" + quad(HOST)


def test_netstack_stamps_the_main_address_of_the_arrival_nic() -> None:
    wire = Wire(NETSTACK)
    wire.node.add_address(1, "192.0.2.2", 24)
    wire.ip(ping(destination="192.0.2.2", options=b"\x07\x07\x04" + bytes(5)))
    assert wire.one().header.options[3:7] == quad(HOST)
    wire.node.remove_address(1, HOST)
    wire.node.remove_address(1, "192.0.2.2")
    wire.node.add_nic(2, mac=None)
    wire.node.add_address(2, "203.0.113.1")
    wire.node.forwarding = True
    wire.node.add_route("10.0.0.0/8", 2)
    wire.ip(ping(destination="10.0.0.1", options=b"\x07\x07\x04" + bytes(5)))
    [(_, octets)] = wire.frames()
    assert octets[23:27] == quad("10.0.0.1")
    raw = wire.node.raw_socket(2)
    wire.ip(datagram(build_igmp(MEMBERSHIP_QUERY, 0), 2, destination="224.0.0.1"))
    assert raw.receive() is None


def test_groups_on_a_loopback_nic() -> None:
    wire = Wire()
    wire.node.add_nic(9, mac=None, loopback=True)
    wire.node.add_address(9, "127.0.0.1", 8)
    wire.node.join(9, "239.1.1.1")
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    socket.settings.multicast_nic = 9
    socket.settings.multicast_loop = False
    socket.send(b"x", ("239.1.1.1", 9))
    assert wire.frames() == []
    read = socket.receive()
    assert read is not None
    assert (read.nic, read.source) == (9, "127.0.0.1")
    for _ in range(LOOPED_LIMIT):
        socket.send(b"x", ("239.1.1.1", 9))
    with pytest.raises(Refused) as refused:
        socket.send(b"x", ("239.1.1.1", 9))
    assert refused.value.reason is Reason.NO_BUFFER_SPACE
    assert wire.mib()["ipSystemStatsOutDiscards"] == 1


def test_what_was_looped_is_lost_when_its_nic_goes_down() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    socket.send(b"x", (HOST, 9))
    wire.node.disable(1)
    assert wire.frames() == []
    assert socket.receive() is None
    assert wire.mib()["ipSystemStatsInDiscards"] == 1


def test_a_report_that_waits_is_not_sent_twice() -> None:
    wire = Wire()
    wire.node.join(1, "239.1.1.1")
    wire.node.join(1, "239.1.1.2")
    wire.sent(after=3 * SECOND)
    wire.node.add_address(1, "192.0.2.2", 24)
    assert wire.sent() == []


def test_queried_sources_are_bounded() -> None:
    wire = Wire(mtu=9000)
    wire.node.join(1, "239.1.1.1")
    wire.sent(after=3 * SECOND)
    sources = tuple(range(a("10.0.0.0"), a("10.0.0.0") + SOURCES_LIMIT))
    for _ in range(2):
        query = IgmpQueryV3(
            100,
            a("239.1.1.1"),
            suppress=False,
            robustness=2,
            interval_code=125,
            sources=sources,
        )
        wire.ip(datagram(build_query_v3(query), 2, ttl=1, destination="239.1.1.1", options=ALERT))
    membership = wire.node._core.nics[1].membership
    assert isinstance(membership, Membership)
    assert len(membership._groups[a("239.1.1.1")].sources) == SOURCES_LIMIT
    assert len(wire.sent(after=10 * SECOND)) == 1


def test_replies_and_errors_go_to_the_socket_with_their_identifier() -> None:
    wire = Wire()
    first, second = wire.node.icmp_socket(1), wire.node.icmp_socket(2)
    wire.ip(datagram(build_icmp(echo(ECHO_REPLY, 2, 1, b""))))
    request = datagram(build_icmp(echo(ECHO_REQUEST, 2, 1, b"")), source=HOST, destination=PEER)
    wire.ip(datagram(build_icmp(IcmpMessage(3, 1, bytes(4), request))))
    assert first.receive() is None
    assert first.errors() == []
    assert second.receive() is not None
    assert len(second.errors()) == 1
    raw = wire.node.raw_socket(99)
    wire.ip(datagram(build_icmp(IcmpMessage(3, 1, bytes(4), request))))
    assert raw.errors() == []
    for _ in range(300):
        wire.ip(datagram(build_icmp(echo(ECHO_REPLY, 2, 1, b""))))
    assert wire.node.counters.get("DroppedPackets") == 44


def test_no_way_back_for_a_reset() -> None:
    wire = Wire()
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    segment = TcpSegment(1, 2, 3, 4, SYN, 5, 0, b"", b"")
    wire.ip(datagram(build_tcp(segment, a(REMOTE), a(HOST)), 6, source=REMOTE))
    assert wire.frames() == []


def test_ports_can_run_out() -> None:
    wire = Wire()
    table = wire.node._core.sockets.udp
    for port in range(49152, 65536):
        table[port] = []
    with pytest.raises(Refused) as refused:
        wire.node.udp_socket().bind()
    assert refused.value.reason is Reason.ADDRESS_IN_USE
    del table[50000]
    socket = wire.node.udp_socket()
    socket.bind()
    assert socket.local == (None, 50000)


def test_a_socket_bound_to_a_group_speaks_from_an_address() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.bind("239.1.1.1", 9)
    socket.send(b"x", (PEER, 9))
    assert wire.one().header.source == a(HOST)
    with pytest.raises(Refused):
        socket.connect("255.255.255.255", 9)
    socket.settings.broadcast = True
    socket.connect("255.255.255.255", 9)
    assert wire.node.policy is RFC


def test_the_neighbour_lifetime_is_a_setting() -> None:
    wire = Wire(replace(RFC, neighbour_lifetime=2 * SECOND), neighbours=False)
    wire.answer_arp(PEER, PEER_MAC)
    wire.frames(after=3 * SECOND)
    wire.ip(ping())
    assert wire.one().mac == PEER_MAC
    assert len(wire.arps(after=5 * SECOND)) == 1


def test_a_socket_that_was_never_bound_draws_a_port() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.send(b"x", (PEER, 9))
    assert wire.one().udp.source_port == socket.local_name[1] >= 49152

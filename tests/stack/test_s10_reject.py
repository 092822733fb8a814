"""Rejecting: a datagram is dropped, and its sender is told (S10.13)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.hook_match import HeaderFilter, Ports
from stack.hook_packet import Place
from stack.hook_reject import Reject, RejectWith
from stack.hook_tables import Chain, Rule, Table, Verdict
from stack.nat_targets import Dnat, Redirect
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.refusal import Refused
from stack.wire.tcp import ACK, RST, SYN
from tests.stack.count_kit import netstack_moved
from tests.stack.hook_kit import INSIDE, QUIET_LATER, at, ends, router, tcp
from tests.stack.node_kit import HOST, PEER, REMOTE, Wire, a, datagram, udp
from tests.stack.tcp_kit import segment_of

LATER = pytest.mark.parametrize("policy", [RFC, QUIET_LATER], ids=["RFC", "NETSTACK_LATER"])
UDP = HeaderFilter(protocol=17)
TCP = HeaderFilter(protocol=6)
RESET = Reject(RejectWith.TCP_RESET)


@LATER
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (RejectWith.NET_UNREACHABLE, 0),
        (RejectWith.HOST_UNREACHABLE, 1),
        (RejectWith.PORT_UNREACHABLE, 3),
        (RejectWith.NET_PROHIBITED, 9),
        (RejectWith.HOST_PROHIBITED, 10),
        (RejectWith.COMMUNICATION_PROHIBITED, 13),
    ],
)
def test_s10_13_codes_at_input(policy: Policy, answer: RejectWith, code: int) -> None:
    wire = Wire(policy)
    wire.node.set_table("filter", at(Place.INPUT, Reject(answer), UDP))
    before = wire.node.counters.netstack()
    packet = udp()
    wire.ip(packet)
    sent = wire.one()
    assert (sent.icmp.type, sent.icmp.code, sent.icmp.data) == (3, code, packet)
    assert sent.header.source == a(HOST)
    moved = netstack_moved(wire, before)
    assert moved["IP.IPTablesInputDropped"] == moved["ICMP.PacketsSent.DstUnreachable"] == 1
    assert "IP.PacketsDelivered" not in moved


@LATER
def test_s10_13_at_forward(policy: Policy) -> None:
    wire = router(policy)
    wire.node.set_table("filter", at(Place.FORWARD, Reject(), UDP))
    wire.ip(udp(source=REMOTE, destination=INSIDE))
    sent = wire.one()
    assert (sent.nic, sent.icmp.type, sent.icmp.code) == (1, 3, 3)
    assert sent.header.destination == a(REMOTE)
    assert wire.node.counters.get("IP.IPTablesForwardDropped") == 1


@LATER
def test_s10_13_at_output_the_local_sender_is_told(policy: Policy) -> None:
    wire = Wire(replace(policy, handle_local=True))
    wire.node.set_table("filter", at(Place.OUTPUT, Reject(), UDP))
    wire.node.udp_socket().send(b"", to=(PEER, 9))
    assert wire.sent() == []
    assert wire.node.counters.get("IP.IPTablesOutputDropped") == 1
    assert wire.node.counters.get("ICMP.PacketsReceived.DstUnreachable") == 1


@LATER
@pytest.mark.parametrize("place", [Place.INPUT, Place.FORWARD], ids=["input", "forward"])
def test_s10_13_a_reset(policy: Policy, place: Place) -> None:
    wire = router(policy)
    wire.node.set_table("filter", at(place, RESET, TCP))
    to = HOST if place is Place.INPUT else INSIDE
    wire.ip(tcp(REMOTE, 4000, to, 80, flags=SYN, sequence=100))
    sent = wire.one()
    assert (sent.nic, ends(sent.packet)) == (1, (to, 80, REMOTE, 4000))
    reset = segment_of(sent)
    assert (reset.flags, reset.acknowledgment) == (RST | ACK, 101)


def test_s10_13_a_reset_at_output_goes_to_the_local_sender() -> None:
    wire = Wire()
    to_web = Rule(RESET, matchers=(Ports(6, destination=(80, 80)),))
    wire.node.set_table("filter", Table({Place.OUTPUT: Chain((to_web,), Verdict.ACCEPT)}))
    raw = wire.node.raw_socket(6)
    raw.send(tcp(HOST, 4000, PEER, 80)[20:], to=PEER)
    assert wire.sent() == []
    received = raw.receive()
    assert received is not None
    assert received.source == PEER


def test_s10_13_a_reset_comes_from_whom_the_sender_spoke_to() -> None:
    wire = router()
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(8080), HeaderFilter(protocol=6)))
    wire.node.set_table("filter", at(Place.INPUT, RESET, TCP))
    wire.ip(tcp(PEER, 4000, REMOTE, 80))
    sent = wire.one()
    assert ends(sent.packet) == (REMOTE, 80, PEER, 4000)
    segment_of(sent)


def test_s10_13_a_reset_of_an_answer_comes_from_the_far_end() -> None:
    wire = router()
    wire.node.set_table(
        "nat",
        Table({Place.PREROUTING: Chain((Rule(Dnat(a(INSIDE)), HeaderFilter(6)),), Verdict.ACCEPT)}),
    )
    wire.ip(tcp(REMOTE, 4000, HOST, 80))
    wire.sent()
    wire.node.set_table("filter", at(Place.FORWARD, RESET, TCP))
    octets = tcp(INSIDE, 80, REMOTE, 4000, flags=SYN | ACK, acknowledgment=55)
    wire.ip(octets, nic=2, mac=bytes.fromhex("020000000002"))
    sent = wire.one()
    assert (sent.nic, ends(sent.packet)) == (2, (REMOTE, 4000, INSIDE, 80))
    assert segment_of(sent).sequence == 55


@pytest.mark.parametrize(
    "packet",
    [
        tcp(PEER, 4000, HOST, 80, flags=RST),
        tcp(PEER, 4000, HOST, 80)[:-1] + b"\x01",
        tcp(PEER, 4000, "192.0.2.255", 80),
        udp(),
        datagram(tcp(PEER, 4000, HOST, 80)[20:], 6, flags=1),
    ],
    ids=["reset", "bad sum", "broadcast", "udp", "fragment"],
)
def test_s10_13_what_is_never_answered_by_a_reset(packet: bytes) -> None:
    wire = Wire()
    wire.node.set_table("filter", at(Place.INPUT, RESET))
    wire.ip(packet)
    assert wire.sent() == []
    assert wire.node.counters.get("IP.IPTablesInputDropped") == 1


def test_s10_13_a_reset_without_a_way_back() -> None:
    wire = Wire()
    wire.node.set_table("filter", at(Place.INPUT, RESET))
    wire.node.remove_route("0.0.0.0/0", 1, gateway="192.0.2.254")
    wire.ip(tcp(REMOTE, 4000, HOST, 80))
    assert wire.sent() == []


def test_s10_13_a_looped_segment_that_no_hook_saw_before() -> None:
    wire = Wire(NETSTACK_LATER)
    wire.node.add_address(1, "192.0.2.50", 24)
    wire.node.policy = replace(NETSTACK_LATER, handle_local=True)
    to_web = Rule(RESET, matchers=(Ports(6, destination=(80, 80)),))
    wire.node.set_table("filter", Table({Place.INPUT: Chain((to_web,), Verdict.ACCEPT)}))
    listening = wire.node.raw_socket(6)
    raw = wire.node.raw_socket(255)
    raw.send(tcp(HOST, 4000, "192.0.2.50", 80))
    wire.sent()
    assert wire.node.counters.get("IP.IPTablesInputDropped") == 1
    # S2.31: the segment itself was for raw sockets too.
    listening.receive()
    reset = listening.receive()
    assert reset is not None
    assert reset.source == "192.0.2.50"


def test_s10_13_elsewhere_it_is_a_drop_and_before_it_does_not_exist() -> None:
    wire = Wire()
    wire.node.set_table("mangle", at(Place.PREROUTING, Reject()))
    wire.ip(udp())
    assert wire.sent() == []
    with pytest.raises(Refused, match="not supported"):
        Wire(NETSTACK).node.set_table("filter", at(Place.INPUT, Reject()))


def test_an_error_is_never_rejected_with_an_error() -> None:
    wire = Wire()
    wire.node.set_table("filter", at(Place.OUTPUT, Reject()))
    wire.ip(udp())
    assert wire.sent() == []
    assert wire.node.counters.get("IP.IPTablesOutputDropped") == 1

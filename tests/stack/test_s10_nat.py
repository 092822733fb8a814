"""Translation of both ends of UDP, TCP and echo (S10.12)."""

from __future__ import annotations

import pytest

from stack.connection_tracking import ATTEMPTS_LIMIT, Connection, ConnectionTable
from stack.hook_match import HeaderFilter, Masked, Named
from stack.hook_packet import Place
from stack.hook_tables import Chain, Rule, Table, Verdict
from stack.nat import Flow
from stack.nat_targets import Dnat, Masquerade, Snat
from stack.policy import RFC, Policy
from stack.wire.icmp import ECHO_REPLY, IcmpMessage, build_icmp
from stack.wire.tcp import ACK, SYN
from tests.stack.count_kit import netstack_moved
from tests.stack.hook_kit import INSIDE, QUIET_LATER, at, ends, ping_between, router, tcp
from tests.stack.node_kit import (
    FAR_MAC,
    GATEWAY_MAC,
    HOST,
    PEER,
    REMOTE,
    SECOND,
    SECOND_MAC,
    Wire,
    a,
    datagram,
    udp,
)
from tests.stack.tcp_kit import segment_of

LATER = pytest.mark.parametrize("policy", [RFC, QUIET_LATER], ids=["RFC", "NETSTACK_LATER"])
OUTSIDE = HeaderFilter(leaves_by=Named("nic1"))
IDLE_ROW = Flow(17, 1, 5, 2, 53)


def inward(wire: Wire, packet: bytes) -> None:
    """From outside."""
    wire.ip(packet, sender=GATEWAY_MAC)


def outward(wire: Wire, packet: bytes) -> None:
    """From the inside host."""
    wire.ip(packet, nic=2, mac=SECOND_MAC, sender=FAR_MAC)


def masquerading(policy: Policy, ports: tuple[int, int] | None = None) -> Wire:
    wire = router(policy)
    wire.node.set_table("nat", at(Place.POSTROUTING, Masquerade(ports), OUTSIDE))
    return wire


@LATER
def test_s10_12_masquerade_udp_tcp_and_echo(policy: Policy) -> None:
    wire = masquerading(policy)
    outward(wire, udp(source=INSIDE, destination=REMOTE, source_port=4000, port=53))
    sent = wire.one()
    assert (sent.nic, ends(sent.packet)) == (1, (HOST, 4000, REMOTE, 53))
    assert sent.udp.data == b"data"
    inward(wire, udp(source=REMOTE, destination=HOST, source_port=53, port=4000))
    back = wire.one()
    assert (back.nic, ends(back.packet)) == (2, (REMOTE, 53, INSIDE, 4000))
    assert back.udp.data == b"data"
    outward(wire, tcp(INSIDE, 4000, REMOTE, 80))
    sent = wire.one()
    assert ends(sent.packet) == (HOST, 4000, REMOTE, 80)
    assert segment_of(sent).flags == SYN
    inward(wire, tcp(REMOTE, 80, HOST, 4000, flags=SYN | ACK))
    back = wire.one()
    assert ends(back.packet) == (REMOTE, 80, INSIDE, 4000)
    assert segment_of(back).flags == SYN | ACK
    outward(wire, ping_between(INSIDE, REMOTE))
    sent = wire.one()
    assert (sent.header.source, sent.icmp.identifier) == (a(HOST), 7)
    inward(wire, ping_between(REMOTE, HOST, kind=ECHO_REPLY))
    back = wire.one()
    assert (back.nic, back.header.destination, back.icmp.identifier) == (2, a(INSIDE), 7)


def test_s10_12_ports_stay_apart() -> None:
    wire = masquerading(RFC)
    wire.node.add_neighbour(2, "203.0.113.10", FAR_MAC)
    other = "203.0.113.10"
    sent = []
    for source in (INSIDE, other):
        outward(wire, udp(source=source, destination=REMOTE, source_port=4000, port=53))
        sent.append(ends(wire.one().packet)[1])
        outward(wire, udp(source=source, destination=REMOTE, source_port=500, port=53))
        sent.append(ends(wire.one().packet)[1])
        outward(wire, ping_between(source, REMOTE))
        sent.append(0x10000 | wire.one().icmp.identifier)
    assert sent[:3] == [4000, 500, 0x10007]
    assert len(set(sent)) == 6
    # A low port stands for a low one.
    assert 1024 <= sent[3] <= 0xFFFF
    assert 1 <= sent[4] < 1024
    inward(wire, udp(source=REMOTE, destination=HOST, source_port=53, port=sent[3]))
    assert ends(wire.one().packet) == (REMOTE, 53, other, 4000)


def test_s10_12_a_datagram_without_source_port_goes_on_without() -> None:
    wire = router()
    wire.node.set_table("mangle", Table({}))
    outward(wire, udp(source=INSIDE, destination=REMOTE, source_port=0, port=53))
    assert ends(wire.one().packet) == (INSIDE, 0, REMOTE, 53)


@LATER
def test_s10_12_port_ranges_and_their_end(policy: Policy) -> None:
    wire = masquerading(policy, (6000, 6001))
    found = set()
    for port in (4000, 6000):
        outward(wire, udp(source=INSIDE, destination=REMOTE, source_port=port, port=53))
        found.add(ends(wire.one().packet)[1])
    assert found == {6000, 6001}
    before = wire.node.counters.netstack()
    outward(wire, udp(source=INSIDE, destination=REMOTE, source_port=4001, port=53))
    assert wire.sent() == []
    assert netstack_moved(wire, before)["IP.IPTablesPostroutingDropped"] == 1
    # A port is free again when its connection has gone.
    wire.frames(after=120 * SECOND)
    outward(wire, udp(source=INSIDE, destination=REMOTE, source_port=4001, port=53))
    assert ends(wire.one().packet)[1] in found


@LATER
def test_s10_12_dnat_at_prerouting(policy: Policy) -> None:
    wire = router(policy)
    only = HeaderFilter(protocol=17, came_by=Named("nic1"))
    wire.node.set_table("nat", at(Place.PREROUTING, Dnat(a(INSIDE), (5300, 5301)), only))
    inward(wire, udp(source=REMOTE, destination=HOST, source_port=9000, port=53))
    sent = wire.one()
    assert sent.nic == 2
    assert ends(sent.packet)[:3] == (REMOTE, 9000, INSIDE)
    port = ends(sent.packet)[3]
    assert port in (5300, 5301)
    assert sent.udp.data == b"data"
    outward(wire, udp(source=INSIDE, destination=REMOTE, source_port=port, port=9000))
    assert ends(wire.one().packet) == (HOST, 53, REMOTE, 9000)


def test_s10_12_dnat_of_an_echo_keeps_its_identifier() -> None:
    wire = router()
    only = HeaderFilter(came_by=Named("nic1"))
    wire.node.set_table("nat", at(Place.PREROUTING, Dnat(a(INSIDE), (1, 2)), only))
    inward(wire, ping_between(REMOTE, HOST))
    sent = wire.one()
    assert (sent.nic, sent.header.destination, sent.icmp.identifier) == (2, a(INSIDE), 7)
    outward(wire, ping_between(INSIDE, REMOTE, kind=ECHO_REPLY))
    assert wire.one().header.source == a(HOST)


def test_s10_12_dnat_without_a_free_port_drops() -> None:
    wire = router()
    wire.node.set_table("nat", at(Place.PREROUTING, Dnat(a(INSIDE), (53, 53))))
    before = wire.node.counters.netstack()
    for destination in (HOST, "192.0.2.77"):
        inward(wire, udp(source=REMOTE, destination=destination, source_port=9000, port=99))
    assert len(wire.sent()) == 1
    assert netstack_moved(wire, before)["IP.IPTablesPreroutingDropped"] == 1


def test_s10_12_dnat_at_output_is_routed_anew() -> None:
    wire = router()
    wire.node.set_table("nat", at(Place.OUTPUT, Dnat(a(INSIDE)), HeaderFilter(protocol=17)))
    socket = wire.node.udp_socket()
    socket.bind(port=4000)
    socket.send(b"ask", to=(REMOTE, 53))
    sent = wire.one()
    assert (sent.nic, sent.mac) == (2, FAR_MAC)
    assert ends(sent.packet) == (HOST, 4000, INSIDE, 53)
    assert sent.udp.data == b"ask"
    outward(wire, udp(source=INSIDE, destination=HOST, source_port=53, port=4000))
    received = socket.receive()
    assert received is not None
    assert (received.source, received.source_port) == (REMOTE, 53)


def test_s10_12_dnat_at_output_without_a_route_goes_nowhere() -> None:
    wire = Wire()
    wire.node.set_table("nat", at(Place.OUTPUT, Dnat(a("127.0.0.1"))))
    before = wire.mib()
    wire.node.udp_socket().send(b"", to=(PEER, 5))
    assert wire.sent() == []
    assert wire.moved(before)["ipSystemStatsOutNoRoutes"] == 1


@LATER
def test_s10_12_snat_at_input(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_table("nat", at(Place.INPUT, Snat(a(PEER), (7000, 7000))))
    socket = wire.node.udp_socket()
    socket.bind(port=53)
    inward(wire, udp(source=REMOTE, destination=HOST, source_port=9000, port=53))
    received = socket.receive()
    assert received is not None
    assert (received.source, received.source_port) == (PEER, 7000)
    socket.send(b"back", to=(PEER, 7000))
    sent = wire.one()
    assert (sent.mac, ends(sent.packet)) == (GATEWAY_MAC, (HOST, 53, REMOTE, 9000))
    assert sent.udp.data == b"back"


@LATER
def test_s10_12_snat_at_postrouting_of_one_s_own(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "192.0.2.50", 24)
    wire.node.set_table("nat", at(Place.POSTROUTING, Snat(a("192.0.2.50")), HeaderFilter(17)))
    socket = wire.node.udp_socket()
    socket.bind(HOST, 4000)
    socket.send(b"ask", to=(PEER, 53))
    assert ends(wire.one().packet) == ("192.0.2.50", 4000, PEER, 53)
    wire.ip(udp(destination="192.0.2.50", source_port=53, port=4000))
    assert socket.receive() is not None


def test_s10_12_both_ends_at_once() -> None:
    wire = router()
    rules = {
        Place.PREROUTING: Chain(
            (Rule(Dnat(a(INSIDE)), HeaderFilter(destination=Masked.of(HOST + "/32"))),),
            Verdict.ACCEPT,
        ),
        Place.POSTROUTING: Chain((Rule(Snat(a("203.0.113.1"))),), Verdict.ACCEPT),
    }
    wire.node.set_table("nat", Table(rules))
    inward(wire, tcp(REMOTE, 4000, HOST, 80))
    sent = wire.one()
    assert ends(sent.packet) == ("203.0.113.1", 4000, INSIDE, 80)
    segment_of(sent)
    outward(wire, tcp(INSIDE, 80, "203.0.113.1", 4000, flags=SYN | ACK))
    back = wire.one()
    assert ends(back.packet) == (HOST, 80, REMOTE, 4000)
    segment_of(back)


@pytest.mark.parametrize(
    ("place", "target"),
    [
        (Place.INPUT, Dnat(1)),
        (Place.OUTPUT, Snat(1)),
        (Place.INPUT, Masquerade()),
        (Place.PREROUTING, Snat(1)),
    ],
    ids=["dnat", "snat", "masquerade", "snat early"],
)
def test_s10_12_targets_at_places_that_are_not_theirs(
    place: Place, target: Dnat | Snat | Masquerade
) -> None:
    wire = Wire()
    wire.node.set_table("nat", at(place, target, HeaderFilter(protocol=17)))
    wire.ip(udp())
    wire.node.udp_socket().send(b"", to=(PEER, 5))
    dropped = [
        wire.node.counters.get(f"IP.IPTables{name}Dropped")
        for name in ("Prerouting", "Input", "Output")
    ]
    places = [Place.PREROUTING, Place.INPUT, Place.OUTPUT]
    assert dropped == [int(each is place) for each in places]


def test_s10_12_what_cannot_be_translated() -> None:
    wire = router()
    rules = {
        Place.PREROUTING: Chain((Rule(Dnat(a(INSIDE))),)),
        Place.POSTROUTING: Chain((Rule(Snat(a(HOST))),), Verdict.ACCEPT),
    }
    wire.node.set_table("nat", Table(rules))
    before = wire.node.counters.netstack()
    wire.ip(datagram(bytes(8), 17, flags=1))
    wire.ip(datagram(bytes(20), 132))
    assert netstack_moved(wire, before)["IP.IPTablesPreroutingDropped"] == 2
    wire.node.set_table("nat", Table({Place.POSTROUTING: rules[Place.POSTROUTING]}))
    outward(wire, datagram(bytes(20), 132, source=INSIDE, destination=REMOTE))
    assert netstack_moved(wire, before)["IP.IPTablesPostroutingDropped"] == 1
    # An error is about another datagram, and an answer that nobody asked for begins nothing:
    # both go on as they are.
    quote = udp(source=REMOTE, destination=INSIDE)[:28]
    error = build_icmp(IcmpMessage(3, 3, bytes(4), quote))
    outward(wire, datagram(error, 1, source=INSIDE, destination=REMOTE))
    outward(wire, ping_between(INSIDE, REMOTE, kind=ECHO_REPLY))
    assert [sent.header.source for sent in wire.sent()] == [a(INSIDE), a(INSIDE)]


def test_s10_12_a_nic_without_an_address_cannot_masquerade() -> None:
    wire = masquerading(RFC)
    wire.node.remove_address(1, HOST)
    outward(wire, udp(source=INSIDE, destination=REMOTE))
    assert wire.sent() == []
    assert wire.node.counters.get("IP.IPTablesPostroutingDropped") == 1


def test_s10_12_the_first_rule_that_translates_decides() -> None:
    wire = router()
    rules = (Rule(Dnat(a(INSIDE))), Rule(Dnat(1)))
    mangle = Table({Place.PREROUTING: Chain(rules[:1], Verdict.ACCEPT)})
    wire.node.set_table("mangle", mangle)
    wire.node.set_table("nat", Table({Place.PREROUTING: Chain(rules[1:])}))
    wire.node.set_table("raw", mangle)
    inward(wire, udp(source=REMOTE))
    assert wire.one().header.destination == a(INSIDE)
    snat = Chain((Rule(Snat(a(HOST))),), Verdict.ACCEPT)
    wire.node.set_table("mangle", Table({Place.POSTROUTING: snat}))
    wire.node.set_table("filter", Table({Place.INPUT: snat}))
    wire.node.set_table("nat", Table({Place.POSTROUTING: snat, Place.INPUT: snat}))
    outward(wire, udp(source=INSIDE, destination=REMOTE, source_port=77))
    assert ends(wire.one().packet)[:2] == (HOST, 77)


def test_two_datagrams_of_one_new_flow_on_their_way_at_once() -> None:
    wire = Wire()
    wire.node.set_table("nat", at(Place.INPUT, Verdict.ACCEPT))
    server = wire.node.udp_socket()
    server.bind(HOST, 53)
    client = wire.node.udp_socket()
    client.bind(HOST, 4000)
    for number in range(3):
        client.send(bytes((number,)), to=(HOST, 53))
    wire.frames()
    received = [server.receive() for _ in range(3)]
    assert [each and each.source_port for each in received] == [4000] * 3
    assert len(wire.node.hooks.connections) == 1


def test_the_search_for_a_port_has_an_end() -> None:
    table = ConnectionTable()
    for port in range(1024, 1024 + ATTEMPTS_LIMIT):
        reply = Flow(17, 2, 53, 9, port)
        table.enter(Connection(Flow(17, port, 5, 2, 53), reply), 0)
    new = Connection(IDLE_ROW, IDLE_ROW.reversed())
    assert table.claim_source(new, 9, (1024, 0xFFFF), 0, 0) is None
    found = table.claim_source(new, 9, (1024, 0xFFFF), 1, 0)
    assert found == Flow(17, 2, 53, 9, 1024 + ATTEMPTS_LIMIT)

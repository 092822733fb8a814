"""Redirection and the tracking of connections (S10.7 to S10.9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.connection_tracking import CONNECTIONS_LIMIT, Connection, ConnectionTable
from stack.hook_match import HeaderFilter, Masked
from stack.hook_packet import Place
from stack.hook_tables import Chain, Rule, Table, Verdict
from stack.hooks import Seen
from stack.nat import Flow
from stack.nat_targets import Redirect
from stack.policy import NETSTACK, RFC, Policy
from stack.wire.address import format_address
from stack.wire.checksum import checksum_is_right, pseudo_header
from stack.wire.ipv4 import Ipv4Packet
from stack.wire.tcp import ACK, FIN, RST, SYN
from stack.wire.udp import build_udp
from tests.stack.count_kit import netstack_moved
from tests.stack.hook_kit import at, ends, loopback, router, tcp
from tests.stack.node_kit import HOST, PEER, REMOTE, SECOND, Wire, a, datagram, ping, udp
from tests.stack.preset_kit import rfc_and_netstack
from tests.stack.tcp_kit import segment_of

DAY = 86_400 * SECOND
FOREIGN = "198.51.100.80"
"""An address that is not ours."""


def seen_at(wire: Wire, place: Place) -> list[Ipv4Packet]:
    """What passes a place from now on."""
    found: list[Ipv4Packet] = []

    def note(seen: Seen) -> bool:
        found.append(Ipv4Packet(seen.header, seen.payload, b""))
        return True

    wire.node.hooks.add(place, note)
    return found


def sum_is_right(packet: Ipv4Packet) -> bool:
    header = packet.header
    length = len(packet.payload)
    pseudo = pseudo_header(header.source, header.destination, header.protocol, length)
    return checksum_is_right(pseudo + packet.payload)


def test_s10_7_udp_at_prerouting_under_netstack_changes_the_port_alone() -> None:
    wire = Wire(NETSTACK)
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(5353)))
    found = seen_at(wire, Place.INPUT)
    socket = wire.node.udp_socket()
    socket.bind(HOST, 5353)
    before = wire.node.counters.netstack()
    wire.ip(udp(port=53))
    (packet,) = found
    assert ends(packet) == (PEER, 4000, HOST, 5353)
    assert not sum_is_right(packet)
    assert netstack_moved(wire, before)["UDP.ChecksumErrors"] == 1
    # Without a checksum in it the datagram arrives.
    octets = build_udp(a(PEER), a(HOST), 4000, 53, b"data", checksum=False)
    wire.ip(datagram(octets, 17))
    received = socket.receive()
    assert received is not None
    assert received.data == b"data"
    # Nothing leads back.
    socket.send(b"back", to=(PEER, 4000))
    assert ends(wire.one().packet) == (HOST, 5353, PEER, 4000)


def test_s10_7_udp_at_prerouting_goes_to_the_nic_and_back() -> None:
    wire = router()
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(5353), HeaderFilter(protocol=17)))
    found = seen_at(wire, Place.INPUT)
    socket = wire.node.udp_socket()
    socket.bind(HOST, 5353)
    wire.ip(udp(destination=FOREIGN, port=53))
    (packet,) = found
    assert ends(packet) == (PEER, 4000, HOST, 5353)
    assert sum_is_right(packet)
    assert socket.receive() is not None
    socket.send(b"back", to=(PEER, 4000))
    reply = wire.one()
    assert ends(reply.packet) == (FOREIGN, 53, PEER, 4000)
    assert reply.udp.data == b"back"


@rfc_and_netstack
def test_s10_7_udp_at_output_goes_to_the_loopback_address(policy: Policy) -> None:
    wire = Wire(policy)
    loopback(wire)
    wire.node.set_table("nat", at(Place.OUTPUT, Redirect(5353), HeaderFilter(protocol=17)))
    server = wire.node.udp_socket()
    server.bind("127.0.0.1", 5353)
    client = wire.node.udp_socket()
    before = wire.node.counters.netstack()
    client.send(b"ask", to=(REMOTE, 53))
    wire.frames()
    received = server.receive()
    assert received is not None
    assert received.data == b"ask"
    # S7.5: it did not go to the link.
    assert "IP.PacketsSent" not in netstack_moved(wire, before)


@rfc_and_netstack
def test_s10_7_tcp_at_prerouting_and_its_replies(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.forwarding = True
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(8080), HeaderFilter(protocol=6)))
    found = seen_at(wire, Place.INPUT)
    wire.ip(tcp(PEER, 4000, FOREIGN, 80))
    (packet,) = found
    assert ends(packet) == (PEER, 4000, HOST, 8080)
    # The checksum is redone at output only, or always right.
    assert sum_is_right(packet) is (policy is RFC)
    wire.sent()
    raw = wire.node.raw_socket(6)
    raw.send(tcp(HOST, 8080, PEER, 4000, flags=SYN | ACK)[20:], to=PEER)
    reply = wire.one()
    assert ends(reply.packet) == (FOREIGN, 80, PEER, 4000)
    assert segment_of(reply).flags == SYN | ACK
    # The next segment of the connection goes the same way, without a rule.
    wire.node.set_table("nat", at(Place.PREROUTING, Verdict.ACCEPT))
    wire.ip(tcp(PEER, 4000, FOREIGN, 80, flags=ACK))
    assert ends(found[1]) == (PEER, 4000, HOST, 8080)


@rfc_and_netstack
def test_s10_7_tcp_at_output_and_its_replies(policy: Policy) -> None:
    # Without it 127.0.0.1 has no route to the other addresses of the stack (S7.19).
    wire = Wire(replace(policy, handle_local=True))
    loopback(wire)
    wire.node.set_table("nat", at(Place.OUTPUT, Redirect(8080), HeaderFilter(protocol=6)))
    found = seen_at(wire, Place.INPUT)
    raw = wire.node.raw_socket(6)
    raw.bind(HOST)
    raw.send(tcp(HOST, 4000, REMOTE, 80)[20:], to=REMOTE)
    wire.frames()
    # The closed port answers with a reset, and that has come back as if from the other end.
    assert ends(found[0]) == (HOST, 4000, "127.0.0.1", 8080)
    assert sum_is_right(found[0])
    back = raw.receive() or raw.receive()
    assert back is not None
    reset = found[1]
    assert (format_address(reset.header.destination), reset.payload[13] & RST) == (HOST, RST)
    if not policy.all_hooks:
        # Under the RFCs input rewrites it after the inspectors have looked.
        assert ends(reset) == (REMOTE, 80, HOST, 4000)
        assert sum_is_right(reset)


@rfc_and_netstack
def test_s10_7_what_has_no_transport_header_or_another_protocol_is_dropped(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(53)))
    before = wire.node.counters.netstack()
    wire.ip(udp())
    drops = "IP.IPTablesPreroutingDropped"
    assert drops not in netstack_moved(wire, before)
    for packet in (datagram(bytes(8), 17, flags=1), ping(), datagram(bytes(40), 132)):
        wire.ip(packet)
    assert netstack_moved(wire, before)[drops] == 3


def test_s10_7_without_an_address_nothing_can_be_redirected_to_the_nic() -> None:
    wire = Wire()
    wire.node.remove_address(1, HOST)
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(53)))
    before = wire.node.counters.netstack()
    wire.ip(udp())
    assert netstack_moved(wire, before)["IP.IPTablesPreroutingDropped"] == 1


@rfc_and_netstack
def test_s10_7_redirection_is_for_prerouting_and_output_only(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_table("nat", at(Place.INPUT, Redirect(53), HeaderFilter(protocol=17)))
    before = wire.node.counters.netstack()
    wire.ip(udp())
    assert netstack_moved(wire, before)["IP.IPTablesInputDropped"] == 1


@rfc_and_netstack
@pytest.mark.parametrize("protocol", [17, 6])
def test_s10_7_what_is_rewritten_already_is_accepted_as_it_is(
    policy: Policy, protocol: int
) -> None:
    wire = Wire(policy)
    found = seen_at(wire, Place.INPUT)
    only = HeaderFilter(protocol=protocol)
    wire.node.set_table("mangle", at(Place.PREROUTING, Redirect(1111), only))
    two = (Rule(Redirect(2222), only), Rule(Verdict.DROP))
    wire.node.set_table("nat", Table({Place.PREROUTING: Chain(two)}))
    wire.ip(udp() if protocol == 17 else tcp(PEER, 4000, HOST, 80))
    assert ends(found[0])[3] == 1111
    # The rule itself says so too, where the table does not.
    again = Chain((Rule(Redirect(3333), only), Rule(Redirect(4444), only)))
    wire.node.set_table("filter", Table({Place.OUTPUT: again}))
    wire.node.set_table("mangle", at(Place.OUTPUT, Redirect(1111), only))
    loopback(wire)
    if protocol == 17:
        wire.node.udp_socket().send(b"", to=(REMOTE, 5))
    else:
        wire.node.raw_socket(6).send(tcp(HOST, 7, REMOTE, 80)[20:], to=REMOTE)
    wire.frames()
    assert ends(found[1])[2:] == ("127.0.0.1", 1111)


@rfc_and_netstack
def test_s10_8_a_connection_seen_first_is_not_seized_later(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_table("mangle", at(Place.OUTPUT, Verdict.ACCEPT))
    raw = wire.node.raw_socket(6)
    raw.send(tcp(HOST, 4000, PEER, 80)[20:], to=PEER)
    wire.sent()
    found = seen_at(wire, Place.INPUT)
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(8080), HeaderFilter(protocol=6)))
    wire.ip(tcp(PEER, 80, HOST, 4000, flags=SYN | ACK))
    assert ends(found[0]) == (PEER, 80, HOST, 4000)
    # S10.8: after 120 s unused it is a stranger.
    wire.frames(after=120 * SECOND)
    wire.ip(tcp(PEER, 80, HOST, 4000, flags=SYN | ACK))
    assert ends(found[1]) == (PEER, 80, HOST, 8080)


def test_s10_8_netstack_tracks_tcp_alone() -> None:
    for policy, entries in ((NETSTACK, 1), (RFC, 3)):
        wire = Wire(policy)
        wire.node.set_table("nat", at(Place.PREROUTING, Verdict.ACCEPT))
        for packet in (udp(), ping(), tcp(PEER, 4000, HOST, 80)):
            wire.ip(packet)
        assert len(wire.node.hooks.connections) == entries


def entry(number: int = 0) -> Connection:
    flow = Flow(6, number, 1, 2, 80)
    return Connection(flow, flow.reversed())


def shake(table: ConnectionTable, connection: Connection, now: int = 0) -> None:
    for flags, is_reply in ((SYN, False), (SYN | ACK, True), (ACK, False)):
        table.use(connection, 6, bytes(13) + bytes((flags,)), now, is_reply=is_reply)


def test_s10_8_timeouts() -> None:
    table = ConnectionTable()
    idle, busy = entry(), entry(1)
    table.enter(idle, 0)
    table.enter(busy, 0)
    shake(table, busy)
    assert table.find(idle.original, 120 * SECOND - 1) is idle
    assert table.find(idle.original, 120 * SECOND) is None
    assert table.find(idle.reply, 0) is None
    assert table.find(busy.reply, 5 * DAY - 1) is busy
    assert table.find(busy.reply, 5 * DAY) is None
    assert len(table) == 0


@pytest.mark.parametrize(
    ("segments", "established"),
    [
        (((SYN, 0), (SYN | ACK, 1)), False),
        (((SYN, 0), (SYN | ACK, 1), (ACK, 0)), True),
        (((SYN, 0), (SYN | ACK, 1), (ACK, 1)), False),
        (((SYN, 0), (ACK, 0)), False),
        (((SYN, 0), (SYN, 1), (ACK, 0)), False),
        (((SYN | ACK, 1), (ACK, 0)), False),
        (((SYN, 0), (SYN | ACK, 1), (ACK, 0), (RST, 1)), False),
        (((SYN, 0), (SYN | ACK, 1), (ACK, 0), (FIN | ACK, 0)), True),
        (((SYN, 0), (SYN | ACK, 1), (ACK, 0), (FIN | ACK, 0), (FIN | ACK, 1)), False),
        (((SYN, 0), (SYN | ACK, 1), (ACK, 0), (SYN, 0)), False),
    ],
)
def test_s10_8_when_tcp_counts_as_established(
    segments: tuple[tuple[int, int], ...], established: bool
) -> None:
    table = ConnectionTable()
    connection = entry()
    table.enter(connection, 0)
    for flags, is_reply in segments:
        table.use(connection, 6, bytes(13) + bytes((flags,)), 1, is_reply=bool(is_reply))
    assert connection.established is established
    assert table.find(connection.original, 120 * SECOND + 1) is (
        connection if established else None
    )


def test_s10_8_the_table_is_bounded_and_the_longest_unused_goes_first() -> None:
    table = ConnectionTable()
    lasting = entry(1)
    table.enter(lasting, 0)
    shake(table, lasting)
    for number in range(2, CONNECTIONS_LIMIT + 1):
        table.enter(entry(number), 1)
    assert len(table) == CONNECTIONS_LIMIT
    second = table.find(Flow(6, 2, 1, 2, 80), 1)
    assert second is not None
    table.use(second, 17, b"", 2, is_reply=False)
    table.enter(entry(0), 3)
    assert len(table) == CONNECTIONS_LIMIT
    assert table.find(lasting.original, 3) is lasting
    assert table.find(second.original, 3) is second
    assert table.find(Flow(6, 3, 1, 2, 80), 3) is None
    # What has timed out makes room before that.
    table.enter(entry(CONNECTIONS_LIMIT + 5), 200 * SECOND)
    assert len(table) == 2


def test_s10_8_one_that_speaks_to_itself_is_one_flow() -> None:
    table = ConnectionTable()
    flow = Flow(17, 1, 5, 1, 5)
    table.enter(Connection(flow, flow.reversed()), 0)
    assert table.find(flow, 120 * SECOND) is None
    assert len(table) == 0


def test_s10_8_only_established_ones_left() -> None:
    table = ConnectionTable()
    for number in range(CONNECTIONS_LIMIT + 1):
        connection = entry(number)
        table.enter(connection, number)
        shake(table, connection, number)
    assert len(table) == CONNECTIONS_LIMIT
    assert table.find(Flow(6, 0, 1, 2, 80), 1) is None


@rfc_and_netstack
def test_s10_9_the_original_destination_can_be_asked_for(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.forwarding = True
    only = HeaderFilter(protocol=6, destination=Masked.of(HOST + "/32", inverted=True))
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(8080), only))
    wire.ip(tcp(PEER, 4000, FOREIGN, 80))
    ask = wire.node.original_destination
    assert ask(6, (HOST, 8080), (PEER, 4000)) == (a(FOREIGN), 80)
    assert ask(6, (HOST, 8080), (PEER, 4001)) is None
    # Asked from the wrong side, and about a connection that was not redirected.
    assert ask(6, (PEER, 4000), (FOREIGN, 80)) is None
    wire.ip(tcp(PEER, 5000, HOST, 80))
    assert ask(6, (HOST, 80), (PEER, 5000)) is None
    wire.frames(after=120 * SECOND)
    assert ask(6, (HOST, 8080), (PEER, 4000)) is None


@rfc_and_netstack
@pytest.mark.parametrize("protocol", [17, 6])
def test_s10_3_the_nat_table_is_skipped_for_what_is_rewritten(
    policy: Policy, protocol: int
) -> None:
    wire = Wire(policy)
    found = seen_at(wire, Place.INPUT)
    only = HeaderFilter(protocol=protocol)
    wire.node.set_table("mangle", at(Place.PREROUTING, Redirect(1111), only))
    wire.node.set_table("nat", Table({Place.PREROUTING: Chain((Rule(Verdict.DROP),))}))
    wire.ip(udp() if protocol == 17 else tcp(PEER, 4000, HOST, 80))
    assert ends(found[0])[3] == 1111


def test_s10_3_netstack_skips_the_nat_table_at_input_too() -> None:
    wire = Wire(NETSTACK)
    only = HeaderFilter(protocol=17, destination=Masked.of(HOST + "/32"))
    redirect = Chain((Rule(Redirect(1111), only),), Verdict.ACCEPT)
    nat = Table({Place.PREROUTING: redirect, Place.INPUT: Chain((Rule(Verdict.DROP),))})
    wire.node.set_table("nat", nat)
    for packet, dropped in ((udp(), 0), (udp(destination="192.0.2.255"), 1)):
        wire.ip(packet)
        assert wire.node.counters.get("IP.IPTablesInputDropped") == dropped


@rfc_and_netstack
def test_s10_6_a_quote_shows_what_came_or_what_became_of_it(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(1111), HeaderFilter(protocol=17)))
    octets = build_udp(a(PEER), a(HOST), 4000, 53, b"", checksum=False)
    wire.ip(datagram(octets, 17))
    quoted = wire.one().icmp.data[20:24]
    assert int.from_bytes(quoted[2:], "big") == (53 if policy is RFC else 1111)

"""ICMP errors about translated datagrams reach who sent them (S10.14, RFC 3022 §4.3, RFC 5508)."""

from __future__ import annotations

import pytest

from stack.hook_packet import Place
from stack.hook_tables import Chain, Rule, Table, Verdict
from stack.nat_targets import Dnat, Masquerade, Redirect, Snat
from stack.policy import RFC, Policy
from stack.wire.checksum import checksum_is_right
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    ECHO_REPLY,
    PORT_UNREACHABLE,
    REDIRECT,
    TIME_EXCEEDED,
    IcmpMessage,
    build_icmp,
)
from stack.wire.ipv4 import Ipv4Packet
from tests.stack.hook_kit import INSIDE, QUIET_LATER, at, ping_between, router, tcp
from tests.stack.node_kit import (
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    PEER,
    REMOTE,
    SECOND,
    Wire,
    a,
    datagram,
    udp,
)
from tests.stack.test_s10_nat import OUTSIDE, inward, outward

LATER = pytest.mark.parametrize("policy", [RFC, QUIET_LATER], ids=["RFC", "NETSTACK_LATER"])


def error(
    quote: bytes, source: str, destination: str, kind: int = DESTINATION_UNREACHABLE
) -> bytes:
    message = IcmpMessage(kind, PORT_UNREACHABLE if kind == 3 else 0, b"\0\0\0\0", quote)
    return datagram(build_icmp(message), source=source, destination=destination)


def later(packet: bytes) -> bytes:
    """A packet as it is one hop on."""
    checksum = (int.from_bytes(packet[10:12], "big") + 0x100) % 0xFFFF
    ttl = bytes((packet[8] - 1,))
    return packet[:8] + ttl + packet[9:10] + checksum.to_bytes(2, "big") + packet[12:]


def masquerading(policy: Policy = RFC, ports: tuple[int, int] = (6000, 6000)) -> Wire:
    wire = router(policy)
    wire.node.set_table("nat", at(Place.POSTROUTING, Masquerade(ports), OUTSIDE))
    return wire


@LATER
@pytest.mark.parametrize(
    "packet",
    [
        udp(source=INSIDE, destination=REMOTE, port=53),
        udp(source=INSIDE, destination=REMOTE, port=53, options=bytes([1, 1, 1, 0])),
        tcp(INSIDE, 4000, REMOTE, 80),
        ping_between(INSIDE, REMOTE),
    ],
    ids=["udp", "udp with options", "tcp", "echo"],
)
def test_s10_14_an_error_from_outside_reaches_the_inside(policy: Policy, packet: bytes) -> None:
    wire = masquerading(policy)
    outward(wire, packet)
    sent = wire.one()
    assert sent.packet.octets != later(packet)
    inward(wire, error(sent.packet.octets, GATEWAY, HOST, TIME_EXCEEDED))
    back = wire.one()
    assert (back.nic, back.header.source) == (2, a(GATEWAY))
    assert back.header.destination == a(INSIDE)
    # All checksums are those of the original; `icmp` checks the one outside.
    assert (back.icmp.type, back.icmp.data) == (TIME_EXCEEDED, later(packet))


def test_s10_14_eight_quoted_octets_are_enough() -> None:
    wire = masquerading()
    packet = tcp(INSIDE, 4000, REMOTE, 80)
    outward(wire, packet)
    inward(wire, error(wire.one().packet.octets[:28], REMOTE, HOST))
    back = wire.one()
    assert (back.header.source, back.header.destination) == (a(REMOTE), a(INSIDE))
    assert back.icmp.data == later(packet)[:28]


@LATER
def test_s10_14_an_error_from_inside_comes_from_the_address_outside(policy: Policy) -> None:
    wire = router(policy)
    rule = Rule(Dnat(a(INSIDE), (53, 53)))
    wire.node.set_table("nat", Table({Place.PREROUTING: Chain((rule,), Verdict.ACCEPT)}))
    packet = udp(source=REMOTE, destination=HOST, source_port=9000, port=8053)
    inward(wire, packet)
    outward(wire, error(wire.one().packet.octets, INSIDE, REMOTE))
    sent = wire.one()
    assert (sent.nic, sent.header.source) == (1, a(HOST))
    assert (sent.header.destination, sent.icmp.data) == (a(REMOTE), later(packet))


def test_s10_14_a_port_alone_hides_no_address() -> None:
    wire = router()
    wire.node.set_table("nat", at(Place.PREROUTING, Dnat(a(INSIDE), (53, 53))))
    packet = udp(source=REMOTE, destination=INSIDE, source_port=9000, port=8053)
    inward(wire, packet)
    outward(wire, error(wire.one().packet.octets, "203.0.113.7", REMOTE))
    sent = wire.one()
    assert (sent.header.source, sent.icmp.data) == (a("203.0.113.7"), later(packet))


@LATER
def test_s10_14_errors_about_answers_go_the_other_way(policy: Policy) -> None:
    wire = masquerading(policy)
    outward(wire, ping_between(INSIDE, REMOTE))
    answer = ping_between(REMOTE, HOST, wire.one().icmp.identifier, ECHO_REPLY)
    inward(wire, answer)
    outward(wire, error(wire.one().packet.octets, INSIDE, REMOTE))
    sent = wire.one()
    assert (sent.nic, sent.header.source, sent.header.destination) == (1, a(HOST), a(REMOTE))
    assert sent.icmp.data == later(answer)


@pytest.mark.parametrize("target", [Dnat(a(INSIDE)), None], ids=["destination", "source"])
def test_s10_14_a_socket_of_one_s_own_hears_of_what_it_sent(target: Dnat | None) -> None:
    wire = router()
    chains = {Place.POSTROUTING: Chain((Rule(Masquerade((6000, 6000))),), Verdict.ACCEPT)}
    if target is not None:
        chains[Place.OUTPUT] = Chain((Rule(target),), Verdict.ACCEPT)
    wire.node.set_table("nat", Table(chains))
    socket = wire.node.udp_socket()
    socket.connect(REMOTE, 53)
    socket.send(b"ask")
    sent = wire.one()
    source = "203.0.113.1" if target else HOST
    assert sent.header.source == a(source)
    inward(wire, error(sent.packet.octets, GATEWAY, source))
    (told,) = socket.errors()
    assert (told.quoted[16:20], told.hard) == (a(REMOTE).to_bytes(4, "big"), True)


@LATER
def test_s10_14_an_error_of_one_s_own_goes_to_whom_the_source_was_taken_from(
    policy: Policy,
) -> None:
    wire = Wire(policy)
    wire.node.set_table("nat", at(Place.INPUT, Snat(a(PEER), (7000, 7000))))
    packet = udp(source=REMOTE, destination=HOST, source_port=9000, port=53)
    inward(wire, packet)
    sent = wire.one()
    assert (sent.mac, sent.header.destination) == (GATEWAY_MAC, a(REMOTE))
    assert sent.icmp.data == packet


@LATER
def test_s10_14_an_error_of_one_s_own_about_a_redirected_datagram(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "192.0.2.50", 24)
    wire.node.set_table("nat", at(Place.PREROUTING, Redirect(7)))
    packet = udp(destination="192.0.2.50")
    wire.ip(packet)
    sent = wire.one()
    assert (sent.header.destination, sent.icmp.data) == (a(PEER), packet)


def quoting(wire: Wire) -> bytes:
    """What an error from outside quotes of a datagram translated."""
    outward(wire, udp(source=INSIDE, destination=REMOTE, port=53))
    return wire.one().packet.octets


def here(wire: Wire, packet: bytes) -> Ipv4Packet | None:
    """What is forwarded of an error that comes from outside."""
    inward(wire, packet)
    sent = wire.sent()
    return sent[0].packet if sent else None


def test_s10_14_what_is_of_no_flow_stays_as_it_is() -> None:
    wire = masquerading()
    quote = quoting(wire)
    other = udp(source=HOST, destination=REMOTE, source_port=6001, port=53)
    later_piece = udp(source=HOST, destination=REMOTE, source_port=6000, port=53, offset=1)
    for odd in (
        error(other, GATEWAY, HOST),
        error(later_piece, GATEWAY, HOST),
        error(quote[:27], GATEWAY, HOST),
        error(quote[:19], GATEWAY, HOST),
        error(datagram(bytes(8), 132, source=HOST, destination=REMOTE), GATEWAY, HOST),
        # Not to whom it quotes.
        error(quote, GATEWAY, "192.0.2.50"),
        # For its own link alone.
        error(quote, GATEWAY, HOST, REDIRECT),
        # A piece of an error.
        datagram(error(quote, GATEWAY, HOST)[20:], source=GATEWAY, flags=1),
    ):
        assert here(wire, odd) is None
    assert here(wire, error(quote, GATEWAY, HOST)) is not None


def test_s10_14_damage_stays_visible() -> None:
    wire = masquerading()
    packet = bytearray(error(quoting(wire), GATEWAY, HOST))
    packet[-1] ^= 1
    forwarded = here(wire, bytes(packet))
    assert forwarded is not None
    assert not checksum_is_right(forwarded.payload)


def test_s10_14_an_error_keeps_no_connection_alive() -> None:
    wire = masquerading()
    quote = quoting(wire)
    wire.frames(after=119 * SECOND)
    assert here(wire, error(quote, GATEWAY, HOST)) is not None
    wire.frames(after=SECOND)
    assert here(wire, error(quote, GATEWAY, HOST)) is None

"""A host's routes: redirects, gateways that fall silent, path MTU (RFC 1122 §3.3.1, RFC 1191)."""

from __future__ import annotations

import pytest

from stack.path_mtu import DESTINATIONS, FORGET_AFTER, PathMtu
from stack.refusal import Reason, Refused
from stack.wire.icmp import IcmpMessage, build_icmp, fragmentation_needed, redirect
from tests.stack.node_kit import (
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND,
    Wire,
    a,
    datagram,
    ping,
)

SECOND_GATEWAY = "192.0.2.253"
SECOND_GATEWAY_MAC = bytes.fromhex("0200000000fd")


@pytest.fixture
def wire() -> Wire:
    made = Wire()
    made.node.add_neighbour(1, SECOND_GATEWAY, SECOND_GATEWAY_MAC)
    return made


def say_redirect(
    wire: Wire,
    *,
    code: int = 1,
    gateway: str = SECOND_GATEWAY,
    sender: str = GATEWAY,
    about: str = REMOTE,
    tos: int = 0,
    origin: str = HOST,
) -> None:
    quote = datagram(bytes(8), source=origin, destination=about, tos=tos)
    wire.ip(datagram(build_icmp(redirect(code, a(gateway), quote)), source=sender))


def first_hop(wire: Wire, peer: str = REMOTE, tos: int = 0) -> bytes:
    wire.ip(ping(source=peer, tos=tos))
    return wire.one().mac


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_redirect_moves_one_destination(wire: Wire, code: int) -> None:
    assert first_hop(wire) == GATEWAY_MAC
    say_redirect(wire, code=code)
    assert first_hop(wire) == SECOND_GATEWAY_MAC
    assert first_hop(wire, "198.51.100.8") == GATEWAY_MAC


def test_a_redirect_for_a_tos_moves_that_tos(wire: Wire) -> None:
    say_redirect(wire, code=3, tos=0x08)
    assert first_hop(wire, tos=0x08) == SECOND_GATEWAY_MAC
    assert first_hop(wire) == GATEWAY_MAC
    say_redirect(wire, gateway=PEER, sender=GATEWAY)
    assert first_hop(wire, tos=0x08) == PEER_MAC


def test_a_redirect_may_name_the_destination_itself(wire: Wire) -> None:
    say_redirect(wire, gateway="192.0.2.50", about=REMOTE)
    wire.node.add_neighbour(1, "192.0.2.50", PEER_MAC)
    assert first_hop(wire) == PEER_MAC


@pytest.mark.parametrize(
    "wrong",
    [
        {"gateway": "198.51.100.1"},
        {"gateway": HOST},
        {"gateway": "192.0.2.255"},
        {"sender": SECOND_GATEWAY},
        {"sender": PEER},
        {"about": "224.1.2.3"},
        {"origin": PEER},
    ],
)
def test_redirects_that_break_the_rules_are_dropped(wire: Wire, wrong: dict[str, str]) -> None:
    before = wire.mib()
    say_redirect(
        wire,
        gateway=wrong.get("gateway", SECOND_GATEWAY),
        sender=wrong.get("sender", GATEWAY),
        about=wrong.get("about", REMOTE),
        origin=wrong.get("origin", HOST),
    )
    say_redirect(wire, code=4)
    assert wire.frames() == []
    assert wire.moved(before)["icmpMsgStatsInPkts.5"] == 2
    assert first_hop(wire) == GATEWAY_MAC


@pytest.mark.parametrize("one_nic", [False, True], ids=["all NICs", "one NIC"])
def test_a_router_does_not_follow_redirects(wire: Wire, one_nic: bool) -> None:
    say_redirect(wire)
    if one_nic:
        wire.node.set_forwarding(1, on=True)
    else:
        wire.node.forwarding = True
    say_redirect(wire)
    assert first_hop(wire) == GATEWAY_MAC


def test_redirected_destinations_are_bounded(wire: Wire) -> None:
    for number in range(1100):
        say_redirect(wire, about=f"10.0.{number >> 8}.{number & 255}")
    assert len(list(wire.node._core.routes._redirected)) == 1024
    assert first_hop(wire, "10.0.0.5") == GATEWAY_MAC


def test_several_default_gateways_by_preference() -> None:
    wire = Wire()
    wire.node.add_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY, preference=5)
    wire.node.add_neighbour(1, SECOND_GATEWAY, SECOND_GATEWAY_MAC)
    assert first_hop(wire) == SECOND_GATEWAY_MAC


def test_a_gateway_that_falls_silent_is_replaced() -> None:
    wire = Wire(neighbours=False)
    wire.node.add_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY, preference=-1)
    wire.ip(ping(source=REMOTE))
    assert wire.sent(after=4 * SECOND) == []
    wire.ip(ping(source=REMOTE))
    wire.answer_arp(SECOND_GATEWAY, SECOND_GATEWAY_MAC)
    assert wire.one().mac == SECOND_GATEWAY_MAC
    # It speaks again: it is the preferred one again.
    wire.answer_arp(GATEWAY, GATEWAY_MAC)
    wire.ip(ping(source=REMOTE))
    assert wire.one().mac == GATEWAY_MAC


def test_when_all_are_silent_the_one_silent_longest_is_tried() -> None:
    wire = Wire(neighbours=False)
    wire.node.add_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY, preference=-1)
    asked = []
    for _ in range(4):
        wire.ip(ping(source=REMOTE))
        asked.append(wire.arps(after=4 * SECOND)[0][1].target_address)
    assert asked == [a(GATEWAY), a(SECOND_GATEWAY), a(GATEWAY), a(SECOND_GATEWAY)]


def test_a_redirect_to_a_silent_gateway_is_forgotten() -> None:
    wire = Wire()
    say_redirect(wire)
    wire.ip(ping(source=REMOTE))
    assert wire.sent(after=4 * SECOND) == []
    assert first_hop(wire) == GATEWAY_MAC


def test_on_link_is_a_masked_comparison() -> None:
    wire = Wire(neighbours=False)
    wire.node.remove_address(1, HOST)
    wire.node.add_address(1, HOST, 25)
    for peer, asked in (("192.0.2.126", "192.0.2.126"), ("192.0.2.128", GATEWAY)):
        wire.ip(ping(source=peer))
        assert wire.arps(after=4 * SECOND)[0][1].target_address == a(asked)


def test_link_local_destinations_never_go_to_a_router() -> None:
    wire = Wire(neighbours=False)
    wire.ip(ping(source="169.254.3.3"))
    assert wire.arps()[0][1].target_address == a("169.254.3.3")


def test_routes_can_be_given_and_taken() -> None:
    wire = Wire()
    node = wire.node
    with pytest.raises(Refused) as refused:
        node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert refused.value.reason is Reason.DUPLICATE_ADDRESS
    node.add_route("10.0.0.0/8", 1)
    node.add_neighbour(1, "10.0.0.7", PEER_MAC)
    assert first_hop(wire, "10.0.0.7") == PEER_MAC
    node.remove_route("10.0.0.0/8", 1)
    with pytest.raises(Refused):
        node.remove_route("10.0.0.0/8", 1)
    with pytest.raises(Refused):
        node.add_route("10.0.0.0/8", 77)
    say_redirect(wire)
    node.remove_nic(1)
    wire.ip(ping())
    assert wire.frames() == []


def test_a_redirect_is_of_no_use_while_its_nic_is_off() -> None:
    wire = Wire()
    wire.second_nic(forwarding=False)
    say_redirect(wire)
    wire.node.add_route("0.0.0.0/0", 2, gateway="203.0.113.9", preference=-1)
    wire.node.disable(1)
    wire.frames()
    wire.node.icmp_socket(1).send_echo(REMOTE, 1)
    assert wire.one().nic == 2


def test_path_mtu_is_lowered_by_fragmentation_needed() -> None:
    wire = Wire()
    socket = wire.node.icmp_socket(1)
    socket.send_echo(REMOTE, 1, bytes(1400), df=True)
    sent = wire.one()
    wire.ip(
        datagram(build_icmp(fragmentation_needed(1000, sent.packet.octets[:548])), source=GATEWAY)
    )
    assert [each.mtu for each in socket.errors()] == [1000]
    assert socket.maximum_payload(REMOTE) == 980
    with pytest.raises(Refused) as refused:
        socket.send_echo(REMOTE, 2, bytes(1400), df=True)
    assert refused.value.reason is Reason.MESSAGE_TOO_LONG
    socket.send_echo(REMOTE, 3, bytes(1400))
    assert [each.header.total_length for each in wire.sent()] == [996, 452]
    wire.ip(
        datagram(build_icmp(fragmentation_needed(1400, sent.packet.octets[:548])), source=GATEWAY)
    )
    assert socket.maximum_payload(REMOTE) == 980
    wire.frames(after=FORGET_AFTER)
    assert socket.maximum_payload(REMOTE) == 1480


def test_path_mtu_without_a_route_is_of_no_interest() -> None:
    wire = Wire()
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    quote = datagram(bytes(8), 17, source=HOST, destination=REMOTE)
    wire.ip(datagram(build_icmp(IcmpMessage(3, 4, (100).to_bytes(4, "big"), quote))))
    assert wire.frames() == []


@pytest.mark.parametrize(
    ("told", "length", "expected"),
    [(0, 1500, 1492), (0, 1492, 1006), (20, 1006, 508), (67, 70, 68), (0, 60, 68), (68, 1500, 68)],
)
def test_old_routers_are_answered_by_the_plateaus(told: int, length: int, expected: int) -> None:
    assert PathMtu().too_big(1, told, length, 1500, 0) == expected


def test_path_mtu_table_is_bounded() -> None:
    table = PathMtu()
    for destination in range(DESTINATIONS + 1):
        table.too_big(destination, 1000, 1500, 1500, 0)
    assert table.estimate(0, 1500, 0) == 1500
    assert table.estimate(1, 1500, 0) == 1000
    assert table.estimate(1, 900, 0) == 900

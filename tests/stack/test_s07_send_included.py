"""Datagrams that bring their header: S7.8 to S7.12, S14.26, S14.45, S12.16."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stack.header_included import send_header_included
from stack.hooks import Place, Seen
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.refusal import Reason
from stack.wire.ipv4 import (
    FLAG_DF,
    FLAG_MF,
    FLAG_RESERVED,
    Ipv4Header,
    build_ipv4,
)
from tests.stack.node_kit import (
    GATEWAY,
    GATEWAY_MAC,
    HOST,
    PEER,
    PEER_MAC,
    REMOTE,
    Wire,
    a,
    refusal,
)
from tests.stack.preset_kit import each_preset, rfc_and_netstack
from tests.stack.send_kit import ip_moving, route_to, watch

ELSEWHERE = "192.0.2.77"


def own(payload: bytes = b"data", *, total: int | None = None, **fields: int | bytes) -> bytes:
    """A datagram as a user of a raw socket may write it; what is not named is zero."""
    header = Ipv4Header(0, 0, 253, 9)
    for name, value in fields.items():
        setattr(header, name, value)
    octets = build_ipv4(header, payload)
    # the checksum is the stack's to make
    octets = octets[:10] + b"\xde\xad" + octets[12:]
    return octets if total is None else octets[:2] + total.to_bytes(2, "big") + octets[4:]


def deliver(wire: Wire, octets: bytes, destination: str = PEER) -> Reason | None:
    return send_header_included(wire.node._core, route_to(wire, destination), octets)


@rfc_and_netstack
@pytest.mark.parametrize(
    "octets",
    [b"", own()[:19], b"\x44" + own()[1:], b"\x46" + own(b"")[1:], b"\x55" + own()[1:]],
    ids=["nothing", "19 octets", "IHL 4", "IHL 6 of 20 octets", "version 5"],
)
def test_s7_8_what_has_no_header_is_malformed_and_not_counted(
    policy: Policy, octets: bytes
) -> None:
    wire = Wire(policy)
    with ip_moving(wire) as moved:
        assert deliver(wire, octets) is Reason.MALFORMED_HEADER
    assert moved == {}
    assert wire.mib()["ipSystemStatsOutRequests"] == 0
    assert wire.frames() == []


@each_preset
def test_s7_8_what_is_open_is_filled_in(policy: Policy) -> None:
    wire = Wire(policy)
    with ip_moving(wire) as moved:
        assert deliver(wire, own(total=7, destination=a(ELSEWHERE))) is None
    sent = wire.one()
    # Total Length is the size and the checksum right, or the kit had refused it
    assert sent.header.total_length == 24
    assert sent.header.source == a(HOST)
    overwritten = policy is NETSTACK
    assert sent.header.destination == a(PEER if overwritten else ELSEWHERE)
    assert sent.header.identification
    assert moved == {"PacketsSent": 1}
    assert wire.mib()["ipSystemStatsOutRequests"] == 1
    assert deliver(wire, own()) is None
    assert wire.one().header.destination == a(PEER)


@rfc_and_netstack
@pytest.mark.parametrize(
    ("flags", "offset", "is_atomic"),
    [(0, 0, False), (FLAG_DF, 0, True), (FLAG_DF | FLAG_MF, 0, False), (FLAG_DF, 3, False)],
)
def test_s7_8_identification_0_is_replaced_unless_atomic(
    policy: Policy, flags: int, offset: int, is_atomic: bool
) -> None:
    wire = Wire(policy)
    assert deliver(wire, own(b"data" * 2, flags=flags, fragment_offset=offset)) is None
    assert (wire.one().header.identification == 0) is is_atomic


def test_s7_8_shared_counters_are_picked_without_the_protocol() -> None:
    source = Wire(NETSTACK).node._core.identification
    first = source.next_included(1, 2, 17, 0)
    assert first is not None
    assert source.next_included(1, 2, 99, 0) == first + 1 & 0xFFFF
    assert source.next(1, 2, 0, 0) == first + 2 & 0xFFFF


@rfc_and_netstack
def test_s7_9_what_is_given_stays(policy: Policy) -> None:
    wire = Wire(policy)
    octets = own(
        bytes(range(16)), source=a("10.9.9.9"), destination=a(PEER), tos=0xFF, ttl=3,
        identification=77, flags=FLAG_RESERVED | FLAG_MF, fragment_offset=5,
        options=b"\x07\xff\x00\x83",
    )  # fmt: skip
    assert deliver(wire, octets) is None
    sent = wire.one().packet.octets
    assert sent[:10] + sent[12:] == octets[:10] + octets[12:]


def test_s7_10_total_length_wraps() -> None:
    wire = Wire(NETSTACK, mtu=65535)
    # 65,546 octets: Total Length would be 10
    assert deliver(wire, own() + bytes(65522)) is Reason.MALFORMED_HEADER
    assert wire.frames() == []
    assert deliver(wire, own() + bytes(65532)) is None
    assert [len(each.packet.octets) for each in wire.sent()] == [65532, 44]
    # looped, it is as long as Total Length says
    core = wire.node._core
    receiver = wire.node.raw_socket(253)
    inside = replace(route_to(wire, HOST), inside=True)
    assert send_header_included(core, inside, own() + bytes(65536)) is None
    wire.frames()
    read = receiver.receive()
    assert read is not None
    assert len(read.octets) == 24


@pytest.mark.parametrize(
    ("policy", "place", "is_seen"),
    [
        (RFC, Place.OUTPUT, True),
        (RFC, Place.POSTROUTING, True),
        (NETSTACK, Place.OUTPUT, False),
        (NETSTACK, Place.POSTROUTING, False),
        (NETSTACK_LATER, Place.OUTPUT, False),
        (NETSTACK_LATER, Place.POSTROUTING, True),
    ],
)
def test_s7_11_which_hooks_see_it(policy: Policy, place: Place, is_seen: bool) -> None:
    wire = Wire(policy)
    seen: list[Seen] = []

    def drop(shown: Seen) -> bool:
        seen.append(shown)
        return False

    wire.node.hooks.add(place, drop)
    with ip_moving(wire) as moved:
        assert deliver(wire, own()) is None
    assert (len(seen) == 1) is is_seen
    name = "IPTablesOutputDropped" if place is Place.OUTPUT else "IPTablesPostroutingDropped"
    assert moved == ({name: 1} if is_seen else {"PacketsSent": 1})
    # and when the caller wants it otherwise
    route = route_to(wire)
    assert send_header_included(wire.node._core, route, own(), output_hook=True) is None
    assert len(seen) >= (place is Place.OUTPUT)


@rfc_and_netstack
@pytest.mark.parametrize(
    "octets",
    [
        own()[:19],
        b"\x44" + own()[1:],
        b"\x55" + own()[1:],
        own(total=19),
        own(total=25),
        b"\x47" + own()[1:],
    ],
    ids=["19 octets", "IHL 4", "version 5", "total below IHL", "total above size", "IHL 7 of 24"],
)
def test_s7_12_a_caller_s_header_must_be_plausible(policy: Policy, octets: bytes) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(253)
    with ip_moving(wire) as moved:
        assert refusal(lambda: raw.send(octets, PEER, header_included=True)) is (
            Reason.INVALID_OPTION_VALUE
        )
    assert moved == {}


@rfc_and_netstack
def test_s7_12_total_length_is_plausible_and_then_overwritten(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.raw_socket(255).send(own(total=20), PEER)
    assert wire.one().header.total_length == 24


@rfc_and_netstack
def test_s7_12_which_destination_picks_the_route(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(255)
    assert refusal(lambda: raw.send(own())) is Reason.NO_DESTINATION
    raw.send(own(destination=a(REMOTE)))
    assert wire.one().mac == GATEWAY_MAC
    # given with the call: it counts
    raw.send(own(destination=a(REMOTE)), PEER)
    assert wire.one().mac == PEER_MAC
    # only connected: the header's counts, if it has one
    raw.connect(PEER)
    raw.send(own(destination=a(REMOTE)))
    assert wire.one().mac == GATEWAY_MAC
    raw.send(own())
    sent = wire.one()
    assert (sent.mac, sent.header.destination) == (PEER_MAC, a(PEER))
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert refusal(lambda: raw.send(own(destination=a(REMOTE)))) is Reason.NO_ROUTE
    assert wire.mib()["ipSystemStatsOutNoRoutes"] == 1


@rfc_and_netstack
def test_s7_12_the_source_is_the_bound_address(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_address(1, "192.0.2.2", 24)
    raw = wire.node.raw_socket(255)
    raw.bind("192.0.2.2")
    raw.send(own(), PEER)
    assert wire.one().header.source == a("192.0.2.2")


@rfc_and_netstack
def test_s7_12_a_send_only_socket_receives_nothing(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(255)
    wire.ip(build_ipv4(Ipv4Header(a(PEER), a(HOST), 255), b"data"))
    assert raw.receive() is None


@rfc_and_netstack
def test_s14_45_strictness(policy: Policy) -> None:
    wire = Wire(policy)
    raw = wire.node.raw_socket(255)
    long = own() + bytes(65512)
    if policy is RFC:
        assert refusal(lambda: raw.send(long, PEER)) is Reason.MESSAGE_TOO_LONG
        assert refusal(lambda: raw.send(own(ttl=0), PEER)) is Reason.INVALID_ARGUMENT
        assert wire.frames() == []
        raw.send(own(destination=a(REMOTE)), PEER)
        assert wire.one().header.destination == a(REMOTE)
        return
    assert refusal(lambda: raw.send(long, PEER)) is Reason.MALFORMED_HEADER
    raw.send(own(ttl=0), PEER)
    assert wire.one().header.ttl == 0
    raw.send(own(destination=a(REMOTE)), PEER)
    assert wire.one().header.destination == a(PEER)


def in_transit(identification: int, source: str = REMOTE) -> bytes:
    header = Ipv4Header(a(source), a("203.0.113.9"), 253, 9, identification=identification)
    return build_ipv4(header, bytes(100))


def test_s14_26_netstack_fills_in_what_it_forwards() -> None:
    wire = Wire(NETSTACK)
    wire.second_nic()
    wire.node.add_route("203.0.113.0/24", 2)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    seen = watch(wire)
    for packet in (in_transit(0, "0.0.0.0"), in_transit(0), in_transit(5)):
        with ip_moving(wire) as moved:
            wire.ip(packet)
        assert moved == {"PacketsReceived": 1, "PacketsSent": 1}
    first, second, third = wire.sent()
    assert first.header.source == a("203.0.113.1")
    assert second.header.source == a(REMOTE)
    assert first.header.identification
    assert second.header.identification
    assert third.header.identification == 5
    # S8.9: no hook of sending; and no request of a local user
    assert {shown.place for shown in seen} == {Place.PREROUTING}
    assert wire.mib()["ipSystemStatsOutRequests"] == 0


def test_s14_26_only_the_source_sets_the_identification() -> None:
    wire = Wire(RFC)
    wire.second_nic()
    wire.ip(build_ipv4(Ipv4Header(a(PEER), a("203.0.113.9"), 253, 9), bytes(4)))
    assert wire.one().header.identification == 0


def test_s12_16_options_of_the_socket_go_into_a_header_that_has_none() -> None:
    wire = Wire(RFC)
    raw = wire.node.raw_socket(255)
    alert = b"\x94\x04\0\0"
    raw.send(own(destination=a(PEER)), options=alert)
    sent = wire.one()
    assert (sent.header.options, sent.packet.payload) == (alert, b"data")
    with_options = own(destination=a(PEER), options=b"\1\1\1\0")
    assert refusal(lambda: raw.send(with_options, options=alert)) is Reason.INVALID_ARGUMENT
    # S12.7: a source route begins in the header's destination
    hop = a("192.0.2.254").to_bytes(4, "big")
    raw.send(
        own(destination=a(REMOTE)), options=b"\x83\x0b\x04" + hop + a(REMOTE).to_bytes(4, "big")
    )
    sent = wire.one()
    assert sent.header.destination == a("192.0.2.254")
    assert sent.header.options == b"\x83\x07\x04" + a(REMOTE).to_bytes(4, "big") + b"\0"
    wire.node.policy = replace(NETSTACK, header_included_destination=True)
    raw.send(own(destination=a(PEER)), options=alert)
    assert wire.one().header.options == b""

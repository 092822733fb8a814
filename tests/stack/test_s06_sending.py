"""Sending in pieces through a node: S6.20 to S6.27, S14.23 to S14.25."""

from __future__ import annotations

import pytest

from stack import send
from stack.header_included import send_header_included
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason
from stack.wire.ethernet import ETHERTYPE_IPV4, parse_ethernet
from stack.wire.ipv4 import FLAG_DF, FLAG_MF, FLAG_RESERVED, Ipv4Header, build_ipv4
from tests.stack.node_kit import HOST, PEER, SUBNET_BROADCAST, Wire, a, ping, refusal
from tests.stack.preset_kit import both_netstacks, each_preset, rfc_and_netstack
from tests.stack.send_kit import Moved, ip_moving, route_to

ALERT = b"\x94\x04\0\0"
ROUTE = b"\x07\x07\x04\0\0\0\0\0"


def header(**fields: int) -> Ipv4Header:
    return Ipv4Header(
        a(HOST), a(PEER), 253, identification=7, flags=fields.get("flags", 0),
        fragment_offset=fields.get("offset", 0),
    )  # fmt: skip


def put_out(wire: Wire, head: Ipv4Header, payload: bytes, mtu: int) -> Reason | None:
    nic = wire.node._core.nics[1]
    return send.put_out(wire.node._core, nic, head, payload, next_hop=a(PEER), mtu=mtu)


@rfc_and_netstack
def test_s6_20_a_link_below_68_octets_carries_nothing(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node._core.nics[1].mtu = 67
    with ip_moving(wire) as moved:
        assert refusal(lambda: wire.node.raw_socket(253).send(bytes(4), PEER)) is (
            Reason.INVALID_STATE
        )
    assert moved == {"OutgoingPacketErrors": 1}
    wire.node._core.nics[1].mtu = 68
    wire.node.raw_socket(253).send(bytes(48), PEER)
    assert len(wire.one().packet.octets) == 68


@rfc_and_netstack
def test_s6_20_a_header_above_60_octets_is_malformed(policy: Policy) -> None:
    wire = Wire(policy)
    head = header()
    head.options = bytes(44)
    with ip_moving(wire) as moved:
        assert put_out(wire, head, b"", 1500) is Reason.MALFORMED_HEADER
    assert moved == {"OutgoingPacketErrors": 1}
    assert wire.frames() == []


@rfc_and_netstack
def test_s6_20_no_more_than_65535_octets_however_large_the_link(policy: Policy) -> None:
    wire = Wire(policy)
    assert put_out(wire, header(), bytes(65516), 70000) is None
    assert [len(sent.packet.octets) for sent in wire.sent()] == [65532, 24]


@rfc_and_netstack
def test_s6_21_pieces_are_as_large_as_fits_and_come_in_order(policy: Policy) -> None:
    wire = Wire(policy, mtu=283)
    raw = wire.node.raw_socket(253)
    raw.send(bytes(263), PEER)
    assert len(wire.one().packet.payload) == 263
    data = bytes(range(256)) * 3
    raw.send(data, PEER)
    sent = wire.sent()
    assert [len(each.packet.payload) for each in sent] == [256, 256, 256]
    raw.send(data + b"z", PEER)
    sent = wire.sent()
    assert [len(each.packet.payload) for each in sent] == [256, 256, 257]
    assert b"".join(each.packet.payload for each in sent) == data + b"z"


@both_netstacks
def test_s6_22_df_does_not_stop_the_cutting(policy: Policy) -> None:
    wire = Wire(policy, mtu=68)
    assert (
        send_header_included(
            wire.node._core, route_to(wire), build_ipv4(header(flags=FLAG_DF), bytes(60))
        )
        is None
    )
    assert [each.header.flags for each in wire.sent()] == [FLAG_DF | FLAG_MF, FLAG_DF]


def test_s14_23_df_is_kept_and_senders_are_told() -> None:
    wire = Wire(RFC, mtu=68)
    raw = wire.node.raw_socket(253)
    assert refusal(lambda: raw.send(bytes(60), PEER, df=True)) is Reason.MESSAGE_TOO_LONG
    octets = build_ipv4(header(flags=FLAG_DF), bytes(60))
    with ip_moving(wire) as moved:
        assert refusal(lambda: raw.send(octets, header_included=True)) is Reason.MESSAGE_TOO_LONG
    assert moved == {"OutgoingPacketErrors": 1}
    assert wire.mib()["ipSystemStatsOutFragFails"] == 2
    assert wire.frames() == []


@each_preset
def test_s14_23_df_in_transit(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic(mtu=68)
    wire.node.add_route("203.0.113.0/24", 2)
    # What it reports of its groups.
    wire.sent()
    wire.ip(ping(bytes(60), destination="203.0.113.9", flags=FLAG_DF))
    sent = wire.sent()
    if policy is NETSTACK:
        assert [each.header.flags for each in sent] == [FLAG_DF | FLAG_MF, FLAG_DF]
        return
    assert [(each.nic, each.icmp.type, each.icmp.code) for each in sent] == [(1, 3, 4)]
    assert sent[0].icmp.rest[2:] == bytes((0, 68))


@rfc_and_netstack
def test_s6_23_each_piece_has_the_header_of_the_whole(policy: Policy) -> None:
    wire = Wire(policy, mtu=68)
    raw = wire.node.raw_socket(253)
    raw.send(bytes(90), PEER, options=ALERT + ROUTE, tos=0x28, ttl=9)
    sent = wire.sent()
    first = sent[0].header
    assert [each.header.mf for each in sent] == [True] * (len(sent) - 1) + [False]
    for each in sent:
        head = each.header
        assert (head.tos, head.ttl, head.protocol, head.source, head.destination) == (
            0x28, 9, 253, a(HOST), a(PEER),
        )  # fmt: skip
        assert head.identification == first.identification
        assert head.total_length == len(each.packet.octets)
    if policy is NETSTACK:
        assert {each.header.options for each in sent} == {ALERT + ROUTE}


def test_s14_24_only_copied_options_go_into_later_pieces() -> None:
    wire = Wire(RFC, mtu=68)
    wire.node.raw_socket(253).send(bytes(90), PEER, options=ALERT + ROUTE)
    assert [each.header.options for each in wire.sent()] == [ALERT + ROUTE, ALERT, ALERT]


@rfc_and_netstack
def test_s6_24_offsets_of_a_fragment_that_is_cut_again(policy: Policy) -> None:
    wire = Wire(policy)
    assert put_out(wire, header(flags=FLAG_RESERVED, offset=10), bytes(90), 68) is None
    pieces = [(each.header.fragment_offset, each.header.flags) for each in wire.sent()]
    base = 10 if policy is RFC else 0
    assert pieces == [(base, FLAG_RESERVED | FLAG_MF), (base + 6, FLAG_RESERVED)]


@rfc_and_netstack
def test_s14_25_the_old_mf_stays_on_the_last_piece(policy: Policy) -> None:
    wire = Wire(policy)
    assert put_out(wire, header(flags=FLAG_MF, offset=10), bytes(96), 68) is None
    base = 10 if policy is RFC else 0
    assert [(each.header.fragment_offset, each.header.flags) for each in wire.sent()] == [
        (base, FLAG_MF),
        (base + 6, FLAG_MF),
    ]


def test_s14_25_a_fragment_that_would_reach_beyond_the_last_offset_is_not_cut() -> None:
    wire = Wire(RFC)
    with ip_moving(wire) as moved:
        assert put_out(wire, header(offset=0x1FFF), bytes(96), 68) is Reason.MESSAGE_TOO_LONG
    assert moved == {"OutgoingPacketErrors": 1}


@rfc_and_netstack
@pytest.mark.parametrize(
    ("room", "moved"),
    [
        (3, {"PacketsSent": 3}),
        (2, {"PacketsSent": 2, "OutgoingPacketErrors": 1}),
        (1, {"PacketsSent": 1, "OutgoingPacketErrors": 2}),
        (0, {"OutgoingPacketErrors": 3}),
    ],
)
def test_s6_25_a_piece_that_the_link_refuses_ends_the_sending(
    policy: Policy, room: int, moved: Moved
) -> None:
    wire = Wire(policy, mtu=68)
    wire.sent()
    raw = wire.node.raw_socket(253)
    wire.node.set_link_room(1, room)
    with ip_moving(wire) as seen:
        if room < 3:
            assert refusal(lambda: raw.send(bytes(100), PEER)) is Reason.NO_BUFFER_SPACE
        else:
            raw.send(bytes(100), PEER)
    assert seen == moved
    assert [each.header.fragment_offset for each in wire.sent()] == [0, 6, 12][:room]
    assert wire.mib()["ipSystemStatsOutDiscards"] == 3 - room
    # fetched: there is room again
    wire.node.set_link_room(1, 3)
    raw.send(bytes(100), PEER)
    assert len(wire.sent()) == 3
    assert refusal(lambda: wire.node.set_link_room(1, -1)) is Reason.INVALID_ARGUMENT


@rfc_and_netstack
def test_s6_26_known_answers(policy: Policy) -> None:
    wire = Wire(policy)
    assert put_out(wire, header(), bytes(452), 280) is None
    assert [
        (each.header.total_length, each.header.fragment_offset, each.header.flags)
        for each in wire.sent()
    ] == [(276, 0, FLAG_MF), (216, 32, 0)]
    head = header()
    head.options = ALERT
    assert put_out(wire, head, bytes(44), 68) is None
    assert put_out(wire, head, bytes(45), 68) is None
    assert [len(each.packet.payload) for each in wire.sent()] == [44, 40, 5]


@rfc_and_netstack
def test_s6_27_a_looped_copy_is_whole(policy: Policy) -> None:
    wire = Wire(policy, mtu=68)
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    socket.settings.broadcast = True
    socket.send(bytes(200), (SUBNET_BROADCAST, 9))
    assert len(wire.sent()) == 5
    read = socket.receive()
    assert read is not None
    assert read.data == bytes(200)
    assert wire.mib()["ipSystemStatsReasmReqds"] == 0
    # and when the link takes nothing
    wire.node.set_link_room(1, 0)
    assert refusal(lambda: socket.send(b"x", (SUBNET_BROADCAST, 9))) is Reason.NO_BUFFER_SPACE
    wire.frames()
    assert socket.receive() is not None


def test_s6_25_what_waited_for_a_link_address_can_be_refused_too() -> None:
    wire = Wire(RFC, neighbours=False)
    wire.node.raw_socket(253).send(b"x", PEER)
    [(_, octets)] = wire.frames()
    frame = parse_ethernet(octets)
    assert frame is not None
    assert frame.ethertype != ETHERTYPE_IPV4
    wire.node.set_link_room(1, 0)
    with ip_moving(wire) as moved:
        wire.answer_arp(PEER, bytes.fromhex("0200000000aa"))
    assert moved == {"OutgoingPacketErrors": 1}
    assert wire.frames() == []

"""Section 5, S5.30 to S5.37: errors received, up to the sockets that they are handed to."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from stack.inbound import Inbound
from stack.path_mtu import PLATEAUS
from stack.policy import NETSTACK, NETSTACK_LATER, RFC, Policy
from stack.wire.icmp import IcmpMessage
from stack.wire.ipv4 import Ipv4Packet, parse_ipv4
from stack.wire.quote import Quote, read_quote
from tests.stack.icmp_kit import Watch, message, quoted
from tests.stack.node_kit import GATEWAY, HOST, PEER, REMOTE, Wire, a, datagram, quad
from tests.stack.preset_kit import both_netstacks, each_preset, rfc_and_netstack

EIGHT = b"\x0f\xa0\0\x09\0\x10\0\0"
"""Ports 4000 and 9."""


class Heard(NamedTuple):
    type: int
    code: int
    protocol: int
    payload: bytes
    mtu: int


class Ears:
    """A node whose sockets tell what errors they are handed."""

    def __init__(self, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wire = Wire(policy)
        self.heard: list[Heard] = []
        monkeypatch.setattr(self.wire.node._core.sockets, "icmp_error", self._hear)

    def _hear(self, inbound: Inbound, error: IcmpMessage, quote: Quote, mtu: int) -> None:
        assert inbound.header.protocol == 1
        self.heard.append(Heard(error.type, error.code, quote.protocol, quote.payload, mtu))

    def told(
        self, quote: bytes, kind: int = 3, code: int = 3, mtu: int = 0, nic: int = 1
    ) -> list[Heard]:
        """Receive an error and answer what came of it."""
        self.heard.clear()
        rest = b"\0\0" + mtu.to_bytes(2, "big")
        octets = datagram(message(kind, code, rest, quote))
        if nic == 2:
            octets = datagram(message(kind, code, rest, quote), destination="203.0.113.1")
        mac = bytes.fromhex(f"02000000000{nic}")
        self.wire.ip(octets, nic=nic, mac=mac)
        assert self.wire.sent() == []
        return list(self.heard)


@pytest.fixture
def ears(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> Ears:
    return Ears(policy, monkeypatch)


@each_preset
def test_s5_30_the_quote_begins_behind_eight_octets(ears: Ears) -> None:
    assert ears.told(quoted(EIGHT)) == [Heard(3, 3, 17, EIGHT, 0)]
    assert ears.told(b"\0\0\0\0" + quoted(EIGHT)) == []


@both_netstacks
@pytest.mark.parametrize(("field", "payload"), [(1500, 1480), (68, 48), (67, 0), (0, 0)])
def test_s5_31_packet_too_big_tells_how_much_fits(ears: Ears, field: int, payload: int) -> None:
    told = ears.told(quoted(EIGHT), code=4, mtu=field)
    # In octets of a datagram, so with a header of 20.
    assert [each.mtu - 20 for each in told] == [payload]
    core = ears.wire.node._core
    assert core.path_mtu.estimate(a(PEER), 1500, 0) == 1500


@pytest.mark.parametrize("code", range(16))
@each_preset
def test_s5_31_three_codes_mean_something(policy: Policy, ears: Ears, code: int) -> None:
    told = ears.told(quoted(EIGHT), code=code, mtu=1400)
    assert len(told) == int(policy is not NETSTACK or code in (1, 3, 4))


@each_preset
@pytest.mark.parametrize("code", [0, 2, 5, 6, 13, 15])
def test_s5_37_all_codes_are_told_apart_later(policy: Policy, ears: Ears, code: int) -> None:
    told = ears.told(quoted(EIGHT), code=code)
    assert [each.code for each in told] == ([] if policy is NETSTACK else [code])


@each_preset
@pytest.mark.parametrize("size", [0, 19])
def test_s5_32_twenty_octets_are_needed(ears: Ears, size: int) -> None:
    watch = Watch(ears.wire)
    assert ears.told(quoted(EIGHT)[:size]) == []
    assert watch.moved() == {"ICMP.PacketsReceived.DstUnreachable": 1}


@each_preset
def test_s5_32_version_and_checksum_are_not_looked_at(ears: Ears) -> None:
    quote = bytearray(quoted(EIGHT))
    quote[0] = 0x65
    quote[10] ^= 0xFF
    assert len(ears.told(bytes(quote))) == 1


@each_preset
def test_s5_33_the_quoted_source_is_ours(ears: Ears) -> None:
    assert ears.told(quoted(EIGHT, source=REMOTE)) == []
    assert ears.told(quoted(EIGHT, source=HOST)) != []


@each_preset
def test_s5_33_on_the_nic_that_the_error_came_in_on(policy: Policy, ears: Ears) -> None:
    """S14.42: under the RFCs on any NIC."""
    ears.wire.second_nic(forwarding=False)
    assert len(ears.told(quoted(EIGHT, source=HOST), nic=2)) == int(policy is RFC)
    assert len(ears.told(quoted(EIGHT, source="203.0.113.1"), nic=2)) == 1


@both_netstacks
def test_s5_33_unless_the_nic_spoofs(ears: Ears) -> None:
    ears.wire.node._core.nics[1].spoofing = True
    assert len(ears.told(quoted(EIGHT, source=REMOTE))) == 1


@each_preset
def test_s5_34_the_quoted_header_must_be_complete(ears: Ears) -> None:
    whole = quoted(EIGHT, options=bytes([1]) * 12)
    assert ears.told(whole[:31]) == []
    assert [each.payload for each in ears.told(whole)] == [EIGHT]


@each_preset
def test_s5_34_only_of_first_fragments(ears: Ears) -> None:
    assert ears.told(quoted(EIGHT, offset=1)) == []
    assert len(ears.told(quoted(EIGHT, flags=1))) == 1


@each_preset
@pytest.mark.parametrize("length", [0, 1, 4])
def test_s14_42_a_quoted_header_length_below_five(policy: Policy, ears: Ears, length: int) -> None:
    quote = bytearray(quoted(EIGHT))
    quote[0] = 0x40 | length
    told = ears.told(bytes(quote))
    if policy is RFC:
        assert told == []
        assert read_quote(bytes(quote)) is None
    else:
        # It is believed: what is taken for ports begins inside the header.
        assert [each.payload for each in told] == [bytes(quote)[length * 4 :]]


@each_preset
@pytest.mark.parametrize("protocol", [1, 6, 17])
def test_s5_35_eight_octets_of_the_protocol(ears: Ears, protocol: int) -> None:
    assert ears.told(quoted(EIGHT[:7], protocol)) == []
    assert [each.protocol for each in ears.told(quoted(EIGHT, protocol))] == [protocol]


@each_preset
def test_s5_35_ports_find_the_socket(policy: Policy) -> None:
    wire = Wire(policy)
    mine, other, elsewhere = (wire.node.udp_socket() for _ in range(3))
    for socket, port, peer in ((mine, 4000, PEER), (other, 4001, PEER), (elsewhere, 4002, REMOTE)):
        socket.bind(HOST, port)
        socket.connect(peer, 9)
    wire.ip(datagram(message(3, 3, data=quoted(EIGHT, destination=REMOTE))))
    wire.ip(datagram(message(3, 3, data=quoted(b"\x0f\xa2" + EIGHT[2:]))))
    assert [each.errors() for each in (mine, other, elsewhere)] == [[], [], []]
    assert wire.sent() == []
    if policy is RFC:
        wire.ip(datagram(message(3, 3, data=quoted(EIGHT))))
        assert [len(each.errors()) for each in (mine, other, elsewhere)] == [1, 0, 0]


@each_preset
@pytest.mark.parametrize("kind", [11, 12])
def test_s14_37_time_exceeded_and_parameter_problem(policy: Policy, ears: Ears, kind: int) -> None:
    assert len(ears.told(quoted(EIGHT), kind=kind, code=0)) == int(policy is RFC)


@rfc_and_netstack
def test_s14_37_source_quench_is_heard_by_nobody(policy: Policy, ears: Ears) -> None:
    raw = ears.wire.node.raw_socket(1)
    assert ears.told(quoted(EIGHT), kind=4, code=0) == []
    # but raw sockets of RFC 1122 see every type
    assert (raw.receive() is not None) is (policy is RFC)


@each_preset
def test_s5_36_type_and_code_are_handed_on(ears: Ears) -> None:
    assert [each[:3] for each in ears.told(quoted(EIGHT, 6), code=1)] == [(3, 1, 6)]


@each_preset
@pytest.mark.parametrize("field", [0, 1, 67])
def test_s14_39_no_mtu_or_one_below_68(policy: Policy, ears: Ears, field: int) -> None:
    """RFC 1191 §5: down the plateaus from the size of what was sent."""
    quote = quoted(bytes(1200), destination=PEER)[:28]
    (told,) = ears.told(quote, code=4, mtu=field)
    assert told.mtu == (1006 if policy is RFC else 20)
    core = ears.wire.node._core
    assert core.path_mtu.estimate(a(PEER), 1500, 0) == (1006 if policy is RFC else 1500)


def test_s14_39_the_floor_is_68(monkeypatch: pytest.MonkeyPatch) -> None:
    ears = Ears(RFC, monkeypatch)
    found = [ears.told(quoted(bytes(1480))[:28], code=4)[0].mtu for _ in range(8)]
    assert found == [1492, 1006, 508, 296, 68, 68, 68, 68]
    assert PLATEAUS[-1] == 68


def test_s14_39_of_no_route_nothing_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    ears = Ears(RFC, monkeypatch)
    ears.wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert [each.mtu for each in ears.told(quoted(EIGHT, destination=REMOTE), code=4)] == [0]


def test_s14_36_redirects() -> None:
    for policy in (RFC, NETSTACK, NETSTACK_LATER):
        wire = Wire(policy)
        wire.node.add_neighbour(1, "192.0.2.253", bytes.fromhex("0200000000fd"))
        better = message(5, 1, quad("192.0.2.253"), quoted(EIGHT, destination=REMOTE))
        watch = Watch(wire)
        wire.ip(datagram(better, source=GATEWAY))
        assert watch.moved() == {"ICMP.PacketsReceived.Redirect": 1}
        socket = wire.node.udp_socket()
        socket.send(b"", (REMOTE, 9))
        assert wire.one().mac[-1] == (0xFD if policy is RFC else 0xFE)


def test_s14_36_a_router_sends_redirects() -> None:
    for policy in (RFC, NETSTACK):
        wire = Wire(policy)
        wire.second_nic()
        wire.frames()
        wire.ip(datagram(EIGHT, 17, source=PEER, destination=REMOTE))
        kinds = [each.icmp.type for each in wire.sent() if each.header.protocol == 1]
        assert kinds == ([5] if policy is RFC else [])


@each_preset
@pytest.mark.parametrize("protocol", [1, 17])
def test_s5_35_the_socket_table_bears_short_quotes(policy: Policy, protocol: int) -> None:
    wire = Wire(policy)
    socket = wire.node.udp_socket()
    socket.bind(HOST, 4000)
    core = wire.node._core
    packet = parse_ipv4(datagram(message(3)))
    assert isinstance(packet, Ipv4Packet)
    inbound = Inbound(core.nics[1], packet.header, packet.payload, packet.octets)
    quote = Quote(a(HOST), a(PEER), protocol, 0, 23, 0, EIGHT[:3])
    core.sockets.icmp_error(inbound, IcmpMessage(3, 3, bytes(4), b""), quote, 0)
    assert socket.errors() == []

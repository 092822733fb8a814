"""Whatever octets arrive, in whatever order: nothing raises, memory stays bounded."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stack.choices import SourceRouting
from stack.core import LOOPED_LIMIT, OUTBOX_LIMIT
from stack.neighbours import LEARNED_LIMIT
from stack.policy import NETSTACK, RFC, Policy
from stack.wire.arp import ArpPacket
from stack.wire.ethernet import build_ethernet
from stack.wire.icmp import IcmpMessage, build_icmp
from stack.wire.igmp import build_igmp
from stack.wire.ipv4 import Ipv4Header, build_ipv4
from tests.stack.node_kit import GATEWAY, HOST, PEER, Wire, a, datagram, ping

FUZZ = settings(
    deadline=None,
    derandomize=True,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow],
)

ADDRESSES = st.sampled_from(
    [
        a(text)
        for text in (
            *(HOST, PEER, GATEWAY, "0.0.0.0", "255.255.255.255", "192.0.2.255", "192.0.2.0"),
            *("127.0.0.1", "224.0.0.1", "239.1.2.3", "240.0.0.1", "203.0.113.9", "203.0.113.1"),
            *("203.0.113.255", "198.51.100.7", "169.254.1.1", "0.0.0.5"),
        )
    ]
)
FOLLOWING = replace(RFC, source_route=SourceRouting.FORWARD, forward_directed_broadcasts=True)
MACS = st.sampled_from(
    [bytes.fromhex("020000000001"), b"\xff" * 6, bytes.fromhex("01005e000001"), bytes(6)]
)
OCTETS = st.binary(max_size=120)


@st.composite
def option_areas(draw: st.DrawFn) -> bytes:
    """Option areas of likely shape, or of none."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=40))
    area = b""
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from([1, 7, 68, 131, 137, 148, 136, 130, 30, 222]))
        body = draw(st.binary(max_size=12))
        pointer = draw(st.sampled_from([0, 3, 4, 5, 8, 9, 12, 20, 255]))
        area += bytes((1,)) if kind == 1 else bytes((kind, 3 + len(body), pointer)) + body
    return area[:40]


@st.composite
def payloads(draw: st.DrawFn) -> tuple[int, bytes]:
    """A protocol, and octets that look like it."""
    choice = draw(st.integers(0, 4))
    body = draw(OCTETS)
    if choice == 0:
        inner = Ipv4Header(draw(ADDRESSES), draw(ADDRESSES), draw(st.sampled_from([1, 6, 17])))
        data = build_ipv4(inner, body) if draw(st.booleans()) else body
        kind, code = draw(st.integers(0, 20)), draw(st.integers(0, 16))
        return 1, build_icmp(IcmpMessage(kind, code, draw(st.binary(min_size=4, max_size=4)), data))
    if choice == 1:
        kind = draw(st.sampled_from([0x11, 0x12, 0x16, 0x17, 0x22, 0x99]))
        return 2, build_igmp(kind, draw(ADDRESSES), draw(st.integers(0, 255)), body)
    return draw(st.sampled_from([1, 2, 6, 17, 41, 253])), body


@st.composite
def datagrams(draw: st.DrawFn) -> bytes:
    """Datagrams with right checksums and anything else."""
    protocol, payload = draw(payloads())
    header = Ipv4Header(
        draw(ADDRESSES),
        draw(ADDRESSES),
        protocol,
        draw(st.sampled_from([0, 1, 2, 64, 255])),
        draw(st.integers(0, 255)),
        draw(st.integers(0, 3)),
        draw(st.integers(0, 7)),
        draw(st.sampled_from([0, 0, 0, 1, 2, 185, 8189, 8191])),
        draw(option_areas()),
    )
    return build_ipv4(header, payload)


@st.composite
def frames(draw: st.DrawFn) -> bytes:
    """Frames, sound and unsound."""
    choice = draw(st.integers(0, 9))
    if choice == 0:
        return draw(OCTETS)
    if choice == 1:
        return build_ethernet(draw(MACS), draw(MACS), 0x0806, draw(OCTETS))
    octets = draw(datagrams())
    if choice == 2:
        at = draw(st.integers(0, len(octets) - 1))
        octets = octets[:at] + bytes((draw(st.integers(0, 255)),)) + octets[at + 1 :]
    if choice == 3:
        octets = octets[: draw(st.integers(0, len(octets)))]
    return build_ethernet(draw(MACS), draw(MACS), 0x0800, octets)


@FUZZ
@given(
    st.lists(st.tuples(st.sampled_from([1, 2, 3, 4]), frames(), st.integers(0, 3_000_000))),
    st.booleans(),
    st.sampled_from([RFC, NETSTACK, FOLLOWING]),
)
def test_nothing_raises(
    steps: list[tuple[int, bytes, int]], forwarding: bool, policy: Policy
) -> None:
    wire = Wire(policy)
    node = wire.node
    wire.second_nic(mtu=68, forwarding=forwarding)
    node.add_nic(3, mac=None)
    node.add_address(3, "10.0.0.1", 31)
    node.add_nic(4, mac=bytes(5) + b"\1", loopback=True)
    node.add_address(4, "127.0.0.1", 8)
    node.join(1, "239.1.2.3")
    socket = node.udp_socket()
    socket.bind(None, 9)
    node.raw_socket(253)
    node.icmp_socket(0)
    before = node.counters.mib()
    for nic, frame, later in steps:
        wire.now += later
        wire.frame(frame, nic)
        deadline = node.next_deadline()
        assert deadline is None or deadline > wire.now
        wire.frames()
    after = node.counters.mib()
    assert all(after[name] >= value for name, value in before.items())


def test_frames_nobody_takes_are_bounded() -> None:
    wire = Wire()
    for _ in range(OUTBOX_LIMIT + 10):
        wire.ip(ping())
    assert len(wire.frames()) == OUTBOX_LIMIT
    assert wire.mib()["ipSystemStatsOutDiscards"] == 10


def test_datagrams_to_oneself_are_bounded() -> None:
    wire = Wire()
    socket = wire.node.icmp_socket(5)
    for number in range(LOOPED_LIMIT + 5):
        socket.send_echo(HOST, number)
    assert wire.mib()["ipSystemStatsOutDiscards"] == 5
    assert wire.sent() == []


def test_the_neighbour_table_is_bounded() -> None:
    wire = Wire()
    table = wire.node._core.nics[1].neighbours
    for number in range(LEARNED_LIMIT + 100):
        mac = b"\x02" + number.to_bytes(5, "big")
        packet = ArpPacket(1, 0x0800, 6, 4, 1, mac, a("10.0.0.0") + number, bytes(6), a(HOST))
        wire.arp(packet)
    assert len(table._entries) == LEARNED_LIMIT
    assert wire.node.neighbour(1, "10.0.0.0") is None
    assert wire.node.neighbour(1, a("10.0.0.0") + LEARNED_LIMIT) is not None


def test_packets_that_wait_are_bounded() -> None:
    wire = Wire()
    for number in range(100):
        for _ in range(300 if number == 0 else 1):
            wire.ip(ping(source=f"192.0.2.{100 + number}"))
    table = wire.node._core.nics[1].neighbours
    assert len(table._entries) <= 64
    assert max(len(entry.waiting) for entry in table._entries.values()) <= 256


def test_fragments_are_bounded() -> None:
    wire = Wire()
    store = wire.node._core.reassembly
    for number in range(20_000):
        wire.ip(datagram(bytes(8), 1, identification=number, flags=1, offset=number % 8000))
    assert store.memory <= RFC.reassembly_high_mark

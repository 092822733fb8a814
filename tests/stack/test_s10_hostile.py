"""Whatever comes, rules and translation do not raise, and their memory is bounded."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from stack.connection_tracking import CONNECTIONS_LIMIT
from stack.hook_match import HeaderFilter, Named, Ports
from stack.hook_packet import Place
from stack.hook_reject import Reject, RejectWith
from stack.hook_tables import Chain, Rule, Table, Verdict
from stack.nat_targets import Dnat, Masquerade, Redirect, Snat
from stack.policy import NETSTACK, Policy
from stack.wire.checksum import checksum_is_right, internet_checksum
from stack.wire.icmp import build_icmp, error
from tests.stack.hook_kit import INSIDE, loopback, router
from tests.stack.node_kit import HOST, PEER, REMOTE, SECOND_MAC, Wire, a, datagram, udp
from tests.stack.preset_kit import each_preset


def guarded(policy: Policy) -> Wire:
    """A router with rules of every kind."""
    wire = router(policy)
    loopback(wire)
    everything = (Rule(Redirect(8080), matchers=(Ports(6),)), Rule(Redirect(53), HeaderFilter(17)))
    if policy is NETSTACK:
        chain = Chain(everything, Verdict.ACCEPT)
        wire.node.set_table("nat", Table({Place.PREROUTING: chain, Place.OUTPUT: chain}))
        return wire
    dnat = Rule(Dnat(a(INSIDE), (1000, 1001)), HeaderFilter(came_by=Named("nic1")))
    reset = Rule(Reject(RejectWith.TCP_RESET), matchers=(Ports(6, source=(0, 99)),))
    wire.node.set_table(
        "nat",
        Table(
            {
                Place.PREROUTING: Chain((*everything, dnat), Verdict.ACCEPT),
                Place.OUTPUT: Chain((Rule(Dnat(a(REMOTE))),), Verdict.ACCEPT),
                Place.INPUT: Chain((Rule(Snat(a(PEER), (5, 6))),), Verdict.ACCEPT),
                Place.POSTROUTING: Chain((Rule(Masquerade((7, 9))),), Verdict.ACCEPT),
            }
        ),
    )
    refused = Chain((reset, Rule(Reject(), HeaderFilter(1))), Verdict.ACCEPT)
    wire.node.set_table("filter", Table({Place.INPUT: refused, Place.FORWARD: refused}))
    return wire


HOSTS = st.sampled_from([PEER, HOST, REMOTE, INSIDE, "127.0.0.1", "224.0.0.1", "192.0.2.255"])
PAYLOADS = st.one_of(
    st.binary(max_size=48),
    # An ICMP error about a datagram of few ports.
    st.builds(
        lambda protocol, ends, octets, source, destination: build_icmp(
            error(3, 3, datagram(ends + octets, protocol, source=source, destination=destination))
        ),
        st.sampled_from([1, 6, 17, 132]),
        st.binary(min_size=8, max_size=8).map(lambda octets: bytes(each & 8 for each in octets)),
        st.binary(max_size=20),
        HOSTS,
        HOSTS,
    ),
    # A message of ICMP with a right checksum.
    st.binary(min_size=8, max_size=40).map(
        lambda octets: (
            octets[:2] + internet_checksum(octets[:2] + octets[4:]).to_bytes(2, "big") + octets[4:]
        )
    ),
)


@each_preset
@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            PAYLOADS, st.sampled_from([0, 1, 2, 6, 17, 200]), HOSTS, HOSTS, st.integers(0, 7),
            st.integers(0, 3), st.booleans(),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_nothing_raises_whatever_the_octets(
    policy: Policy, packets: list[tuple[bytes, int, str, str, int, int, bool]]
) -> None:
    wire = guarded(policy)
    for payload, protocol, source, destination, flags, offset, inside in packets:
        octets = datagram(
            payload, protocol, source=source, destination=destination, flags=flags, offset=offset
        )
        wire.ip(octets, nic=2 if inside else 1, mac=SECOND_MAC if inside else b"\x02\0\0\0\0\x01")
        for sent in wire.sent(after=10):
            assert checksum_is_right(wire_header(sent.packet.octets))
    wire.frames(after=200_000_000)


def wire_header(octets: bytes) -> bytes:
    return octets[: (octets[0] & 15) * 4]


def test_a_flood_of_new_flows_keeps_the_table_in_its_bounds() -> None:
    wire = Wire()
    wire.node.set_table("nat", Table({}))
    for number in range(CONNECTIONS_LIMIT + 50):
        source = f"192.0.2.{2 + number // 60000}"
        wire.ip(udp(b"", source=source, source_port=1 + number % 60000))
        wire.frames()
    assert len(wire.node.hooks.connections) == CONNECTIONS_LIMIT

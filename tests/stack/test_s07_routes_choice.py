"""By which NIC, to which next hop, from which source (S7.19 to S7.22, S14.43, S14.44)."""

from __future__ import annotations

import pytest

from stack.node import Node
from stack.policy import NETSTACK, RFC, Policy
from stack.refusal import Reason, Refused
from stack.route_choice import Route
from tests.stack.link_kit import SECOND_GATEWAY, send_udp, taken, two_nics, way, with_loopback
from tests.stack.node_kit import (
    GATEWAY,
    HOST,
    PEER,
    PEER_MAC,
    REMOTE,
    SECOND_MAC,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
)
from tests.stack.preset_kit import rfc_and_netstack

GROUP = "239.1.2.3"


def refused(node: Node, to: str) -> Reason:
    with pytest.raises(Refused) as caught:
        send_udp(node, to)
    return caught.value.reason


# S7.19: which entry


def test_s7_19_the_first_entry_that_matches_decides() -> None:
    wire = Wire(NETSTACK)
    wire.node.add_route("10.0.0.0/8", 1, gateway=SECOND_GATEWAY, preference=9)
    wire.node.add_route("10.1.0.0/16", 1, gateway=PEER)
    # The default route was there before them.
    assert taken(wire.node, "10.1.2.3") == (1, a(GATEWAY))
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    wire.node.add_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert taken(wire.node, "10.1.2.3") == (1, a(SECOND_GATEWAY))


@rfc_and_netstack
def test_s7_19_connected_networks_head_the_table(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_route("192.0.2.0/24", 1, gateway=GATEWAY)
    assert taken(wire.node, PEER) == (1, a(PEER))
    wire.node.remove_address(1, HOST)
    wire.node.add_address(1, "10.0.0.1", 8)
    assert taken(wire.node, PEER) == (1, a(GATEWAY))


@rfc_and_netstack
def test_s7_19_only_enabled_nics_and_the_named_one(policy: Policy) -> None:
    wire = two_nics(policy)
    wire.node.add_route("0.0.0.0/0", 2, gateway="203.0.113.9")
    assert taken(wire.node, REMOTE) == (1, a(GATEWAY))
    assert taken(wire.node, REMOTE, nic=2) == (2, a("203.0.113.9"))
    wire.node.disable(1)
    assert taken(wire.node, REMOTE) == (2, a("203.0.113.9"))
    assert way(wire.node, REMOTE, nic=1) is Reason.NO_ROUTE


def test_s7_19_only_a_nic_that_has_the_source() -> None:
    wire = two_nics(NETSTACK)
    wire.node.add_route("0.0.0.0/0", 2, gateway="203.0.113.9")
    assert taken(wire.node, REMOTE, source="203.0.113.1") == (2, a("203.0.113.9"))
    assert way(wire.node, PEER, source="203.0.113.1", nic=1) is Reason.NO_ROUTE


@rfc_and_netstack
def test_s7_19_a_free_source_wants_a_nic_with_one(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_nic(2, mac=SECOND_MAC)
    wire.node.add_route("10.0.0.0/8", 2)
    wire.node.add_route("10.0.0.0/8", 1, gateway=GATEWAY, preference=-5)
    assert taken(wire.node, "10.1.1.1") == (1, a(GATEWAY))
    wire.node.remove_route("10.0.0.0/8", 1, gateway=GATEWAY)
    assert taken(wire.node, "10.1.1.1") == (1, a(GATEWAY))
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert way(wire.node, "10.1.1.1") is Reason.NO_ROUTE


def test_s7_19_own_addresses_need_no_table_with_handle_local() -> None:
    wire = two_nics(RFC)
    route = way(wire.node, "203.0.113.1", source=HOST)
    assert isinstance(route, Route)
    assert route.inside
    wire = two_nics(NETSTACK)
    route = way(wire.node, "203.0.113.1")
    assert isinstance(route, Route)
    assert not route.inside


@rfc_and_netstack
@pytest.mark.parametrize("to", ["255.255.255.255", GROUP])
def test_s7_19_a_named_nic_takes_broadcasts_and_groups_directly(policy: Policy, to: str) -> None:
    wire = two_nics(policy)
    assert taken(wire.node, to, nic=2) == (2, a(to))
    assert way(wire.node, to, nic=2, source=HOST) is Reason.NETWORK_UNREACHABLE
    wire.node.remove_address(2, "203.0.113.1")
    assert way(wire.node, to, nic=2) is Reason.NETWORK_UNREACHABLE
    wire.node.disable(1)
    assert way(wire.node, to, nic=1) is Reason.NETWORK_UNREACHABLE


def test_s7_19_a_named_nic_takes_127_8_directly() -> None:
    wire = two_nics(NETSTACK)
    assert taken(wire.node, "127.0.0.1", nic=2) == (2, a("127.0.0.1"))
    wire.node.remove_address(2, "203.0.113.1")
    assert way(wire.node, "127.0.0.1", nic=2) is Reason.BAD_LOCAL_ADDRESS
    # Without a name the table decides.
    assert taken(wire.node, "127.0.0.1") == (1, a(GATEWAY))
    assert taken(wire.node, "0.0.0.1") == (1, a(GATEWAY))
    # RFC 1122 §3.2.1.3 (g): it never appears outside a host.
    wire = two_nics(RFC)
    assert way(wire.node, "127.0.0.1", nic=2) is Reason.BAD_LOCAL_ADDRESS
    assert way(wire.node, "0.0.0.1") is Reason.NO_ROUTE
    assert way(wire.node, "240.0.0.1") is Reason.NO_ROUTE


def test_s7_19_the_gateway_is_for_unicast_only() -> None:
    wire = Wire(NETSTACK)
    for to in ("255.255.255.255", GROUP):
        assert taken(wire.node, to) == (1, a(to))
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    for to in ("255.255.255.255", GROUP):
        assert way(wire.node, to) is Reason.NETWORK_UNREACHABLE


@rfc_and_netstack
def test_s7_20_with_forwarding_another_nic_than_the_sources_may_be_used(policy: Policy) -> None:
    wire = two_nics(policy, forwarding=True)
    assert taken(wire.node, REMOTE, source="203.0.113.1") == (1, a(GATEWAY))
    # But not if there is something better.
    wire.node.add_route("0.0.0.0/0", 2, gateway="203.0.113.9")
    assert taken(wire.node, REMOTE, source="203.0.113.1") == (2, a("203.0.113.9"))
    assert taken(wire.node, REMOTE, source=HOST) == (1, a(GATEWAY))


def test_s7_20_a_named_nic_lends_its_source_to_another() -> None:
    wire = two_nics(NETSTACK, forwarding=True)
    for source in ("203.0.113.1", None):
        route = way(wire.node, REMOTE, nic=2, source=source)
        assert isinstance(route, Route)
        assert (route.nic.number, route.next_hop) == (1, a(GATEWAY))
        assert route.source == a("203.0.113.1")
    assert way(wire.node, REMOTE, nic=2, source=HOST) is Reason.NO_ROUTE
    # But not if there is something better.
    wire.node.add_route("0.0.0.0/0", 2, gateway="203.0.113.9")
    assert taken(wire.node, REMOTE, nic=2) == (2, a("203.0.113.9"))
    wire.node.remove_route("0.0.0.0/0", 2, gateway="203.0.113.9")
    wire.node.remove_address(2, "203.0.113.1")
    assert way(wire.node, REMOTE, nic=2) is Reason.NO_ROUTE


def test_s7_20_without_forwarding_it_is_not() -> None:
    wire = two_nics(NETSTACK)
    assert way(wire.node, REMOTE, nic=2) is Reason.NO_ROUTE
    assert way(wire.node, REMOTE, source="203.0.113.1") is Reason.NO_ROUTE
    # RFC 1122 §3.3.4.2 allows it.
    wire = two_nics(RFC)
    assert taken(wire.node, REMOTE, source="203.0.113.1") == (1, a(GATEWAY))


# S7.21, S7.22: refusals


@rfc_and_netstack
def test_s7_21_no_entry(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    assert refused(wire.node, REMOTE) is Reason.NO_ROUTE
    assert wire.node.counters.get("ipSystemStatsOutNoRoutes") == 1
    wire.node.remove_address(1, HOST)
    for to in ("255.255.255.255", GROUP):
        assert refused(wire.node, to) is Reason.NETWORK_UNREACHABLE
    assert wire.frames() == []


@rfc_and_netstack
@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("bound", [True, False])
def test_s7_21_writing_on_a_route_that_is_gone_is_an_invalid_state(
    policy: Policy, bound: bool, many: bool
) -> None:
    wire = two_nics(policy)
    socket = wire.node.udp_socket()
    if bound:
        socket.bind(HOST, 5000)
    socket.connect(PEER, 9)

    def write() -> None:
        if many:
            socket.send_many([b"data"])
        else:
            socket.send(b"data")

    write()
    assert wire.one().mac == PEER_MAC
    wire.node.disable(1)
    with pytest.raises(Refused) as caught:
        write()
    assert caught.value.reason is Reason.INVALID_STATE
    wire.node.enable(1)
    write()
    wire.node.remove_address(1, HOST)
    with pytest.raises(Refused) as caught:
        write()
    assert caught.value.reason is Reason.INVALID_STATE


def test_s7_21_a_route_inside_the_host_needs_its_nic() -> None:
    wire = two_nics(RFC)
    socket = wire.node.udp_socket()
    socket.connect("203.0.113.1", 9)
    socket.send(b"data")
    wire.node.disable(2)
    with pytest.raises(Refused) as caught:
        socket.send(b"data")
    assert caught.value.reason is Reason.INVALID_STATE


@rfc_and_netstack
@pytest.mark.parametrize("to", ["255.255.255.255", SUBNET_BROADCAST])
def test_s7_22_a_broadcast_needs_permission(policy: Policy, to: str) -> None:
    wire = Wire(policy)
    socket = wire.node.udp_socket()
    with pytest.raises(Refused) as caught:
        socket.send(b"data", (to, 9))
    assert caught.value.reason is Reason.BROADCAST_DISABLED
    with pytest.raises(Refused) as caught:
        socket.connect(to, 9)
    assert caught.value.reason is Reason.BROADCAST_DISABLED
    assert wire.frames() == []


# S14.43, S14.44


def test_s14_43_the_longest_prefix_decides() -> None:
    wire = Wire(RFC)
    wire.node.add_route("10.0.0.0/8", 1, gateway=SECOND_GATEWAY, preference=9)
    wire.node.add_route("10.1.0.0/16", 1, gateway=PEER, preference=-9)
    assert taken(wire.node, "10.1.2.3") == (1, a(PEER))
    assert taken(wire.node, "10.2.2.3") == (1, a(SECOND_GATEWAY))
    assert taken(wire.node, REMOTE) == (1, a(GATEWAY))


def test_s14_43_several_default_gateways_by_preference() -> None:
    for policy, chosen in ((RFC, SECOND_GATEWAY), (NETSTACK, GATEWAY)):
        wire = Wire(policy)
        wire.node.add_route("0.0.0.0/0", 1, gateway=SECOND_GATEWAY, preference=5)
        assert taken(wire.node, REMOTE) == (1, a(chosen))


def test_s14_44_the_source_is_on_the_next_hops_subnet() -> None:
    for policy, near in ((RFC, "10.0.0.1"), (NETSTACK, HOST)):
        wire = Wire(policy)
        wire.node.add_address(1, "10.0.0.1", 8)
        for to, source in ((REMOTE, HOST), (PEER, HOST), ("10.2.3.4", near)):
            route = way(wire.node, to)
            assert isinstance(route, Route)
            assert route.source == a(source)


def test_link_local_destinations_are_asked_for_on_the_link_that_has_them() -> None:
    wire = two_nics(RFC)
    assert taken(wire.node, "169.254.3.3") == (1, a("169.254.3.3"))
    wire.node.add_address(2, "169.254.7.7", 16)
    assert taken(wire.node, "169.254.3.3") == (2, a("169.254.3.3"))
    assert taken(wire.node, "169.254.3.3", nic=1) == (1, a("169.254.3.3"))
    wire = with_loopback(RFC)
    assert way(wire.node, "169.254.3.3", nic=9) is Reason.NO_ROUTE
    # RFC 3927 is no concern of NETSTACK.
    assert taken(Wire(NETSTACK).node, "169.254.3.3") == (1, a(GATEWAY))


def test_link_local_destinations_are_asked_for_on_the_link_of_the_source() -> None:
    wire = two_nics(RFC)
    peer = "169.254.3.3"
    for nic, source in ((1, HOST), (2, "203.0.113.1")):
        route = way(wire.node, peer, source=source)
        assert isinstance(route, Route)
        assert route.nic.number == nic
    # An answer leaves by the link that the question came by.
    wire.ip(ping(source=peer, destination="203.0.113.1"), mac=SECOND_MAC, nic=2)
    assert {nic for nic, _ in wire.frames()} == {2}
    # S7.20: of two links that have it as theirs, too.
    for nic, address in ((1, "169.254.7.6"), (2, "169.254.7.7")):
        wire.node.add_address(nic, address, 16)
    for nic, source in ((1, HOST), (2, "203.0.113.1"), (2, "169.254.7.7")):
        route = way(wire.node, peer, source=source)
        assert isinstance(route, Route)
        assert route.nic.number == nic


def test_link_local_destinations_take_a_route_that_has_no_gateway() -> None:
    wire = two_nics(RFC)
    wire.node.add_route("169.254.0.0/16", 2)
    assert taken(wire.node, "169.254.3.3") == (2, a("169.254.3.3"))
    wire.node.add_route("169.254.3.0/24", 1, gateway=GATEWAY)
    assert taken(wire.node, "169.254.3.3") == (2, a("169.254.3.3"))


def test_forwarding_needs_no_address_on_the_way_out() -> None:
    wire = Wire(RFC)
    wire.node.add_nic(2, mac=None)
    wire.node.forwarding = True
    wire.node.add_route("10.0.0.0/8", 2)
    wire.ip(datagram(b"data", 200, destination="10.0.0.9"))
    [(nic, _)] = wire.frames()
    assert nic == 2

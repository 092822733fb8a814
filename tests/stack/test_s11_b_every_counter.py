"""Every counter can be moved by an event: one scenario for each name (S11.1)."""

from __future__ import annotations

import pytest

from stack.counters import Counters
from stack.policy import NETSTACK, RFC, Policy
from tests.stack.count_kit import all_of
from tests.stack.count_scenarios import SCENARIOS as OF_IP
from tests.stack.count_scenarios_link import SCENARIOS as OF_LINKS
from tests.stack.count_scenarios_link import closed_link
from tests.stack.preset_kit import each_preset

SCENARIOS = OF_IP | OF_LINKS
NEVER = {
    "IP.Forwarding.LinkLocalSource": "IPv6 only",
    "IP.Forwarding.LinkLocalDestination": "IPv6 only",
    "IP.Forwarding.ExtensionHeaderProblem": "IPv6 only",
    "IGMP.PacketsSent.MembershipQuery": "a host asks nobody",
    "ICMP.PacketsSent.SrcQuench": "RFC 6633: never sent",
    "ICMP.PacketsSent.InfoRequest": "RFC 6918: obsolete",
    "ICMP.PacketsSent.InfoReply": "RFC 6918: obsolete",
}
"""Names that are there for the sake of the list, and why nothing moves them."""


APART = {
    "ICMP.PacketsSent.EchoRequest",  # S11.2: of an echo socket, by way of exception
    "ICMP.PacketsSent.Timestamp",  # likewise
    "ipSystemStatsOutNoRoutes",  # what has no route has no NIC
}
"""Names of NICs that also move for the whole stack alone."""

RFC_NEVER = {"IP.ValidPacketsReceived"}
LATER_NEVER = {
    "ICMP.PacketsSent.Redirect",
    "ICMP.PacketsSent.TimestampReply",
    # Without an address of its own a NIC has no route (S7.19).
    "ARP.OutgoingRequestInterfaceHasNoLocalAddressErrors",
}
NETSTACK_NEVER = LATER_NEVER | {
    "IP.IPTablesForwardDropped",
    "IP.IPTablesPostroutingDropped",
    "IP.ValidPacketsReceived",
    "IGMP.PacketsReceived.V3MembershipReport",
    "IGMP.PacketsSent.V3MembershipReport",
    "ipSystemStatsInNoRoutes",
    "ipSystemStatsOutFragFails",
}
"""What a preset has no use for; the forwarding group came later too."""


def moves_in(name: str, policy: Policy) -> bool:
    """Whether a preset has a use for a name."""
    if policy is RFC:
        return name not in RFC_NEVER
    if policy is NETSTACK:
        return name not in NETSTACK_NEVER and not name.startswith("IP.Forwarding.")
    return name not in LATER_NEVER


def test_s11_1_every_name_has_a_scenario() -> None:
    names = set(all_of(Counters()))
    assert set(SCENARIOS) | set(NEVER) == names
    assert len(SCENARIOS) + len(NEVER) == len(names)


@each_preset
@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_s11_1_an_event_moves_every_counter(name: str, policy: Policy) -> None:
    wire = SCENARIOS[name](policy)
    counters = wire.node.counters
    assert (counters.get(name) > 0) is moves_in(name, policy)
    nics = [all_of(wire.node.nic_counters(nic)) for nic in wire.node._core.nics]
    if name in nics[0]:
        assert name in APART or counters.get(name) == sum(nic[name] for nic in nics)
    for other in NEVER:
        assert counters.get(other) == 0


@each_preset
def test_s11_1_what_waited_for_a_link_that_is_closed(policy: Policy) -> None:
    counters = closed_link(policy).node.counters
    # A datagram, and one in two pieces, which are one datagram that was not forwarded.
    assert counters.get("IP.OutgoingPacketErrors") == 3
    forwarded = 2 if policy.count_forwarding else 0
    assert counters.get("IP.Forwarding.OutgoingDeviceClosedForSend") == forwarded
    assert counters.get("IP.Forwarding.Errors") == forwarded

"""What is counted, under which names, for whom (S11.1 to S11.3)."""

from __future__ import annotations

import pytest

from stack.counters import IP_MIB, SAME, Counters
from stack.policy import Policy
from stack.refusal import Refused
from stack.wire.ipv4 import FLAG_MF
from tests.stack.count_kit import all_of
from tests.stack.node_kit import PEER, REMOTE, SECOND_MAC, Wire, datagram, ping, udp
from tests.stack.preset_kit import each_preset, rfc_and_later, rfc_and_netstack

IP = """PacketsReceived DisabledPacketsReceived MalformedPacketsReceived
    MalformedFragmentsReceived InvalidSourceAddressesReceived
    InvalidDestinationAddressesReceived PacketsDelivered PacketsSent OutgoingPacketErrors
    IPTablesPreroutingDropped IPTablesInputDropped IPTablesOutputDropped OptionTimestampReceived
    OptionRecordRouteReceived OptionRouterAlertReceived OptionUnknownReceived ValidPacketsReceived
    IPTablesForwardDropped IPTablesPostroutingDropped Forwarding.Unrouteable
    Forwarding.ExhaustedTTL Forwarding.InitializingSource Forwarding.LinkLocalSource
    Forwarding.LinkLocalDestination Forwarding.PacketTooBig Forwarding.HostUnreachable
    Forwarding.UnexpectedMulticastInputInterface Forwarding.NoMulticastPendingQueueBufferSpace
    Forwarding.UnknownOutputEndpoint Forwarding.OutgoingDeviceNoBufferSpace
    Forwarding.OutgoingDeviceClosedForSend Forwarding.ExtensionHeaderProblem Forwarding.Errors"""
ICMP = """EchoRequest EchoReply DstUnreachable SrcQuench Redirect TimeExceeded ParamProblem
    Timestamp TimestampReply InfoRequest InfoReply"""
IGMP = "MembershipQuery V1MembershipReport V2MembershipReport LeaveGroup V3MembershipReport"
STACK = """UnknownProtocolRcvdPackets MalformedRcvdPackets DroppedPackets UDP.PacketsReceived
    UDP.UnknownPortErrors UDP.MalformedPacketsReceived UDP.ChecksumErrors UDP.ReceiveBufferErrors
    UDP.PacketsSent UDP.PacketSendErrors TCP.InvalidSegmentsReceived"""
"""The names of section 11, written down a second time."""


def moved(view: dict[str, int]) -> dict[str, int]:
    return {name: value for name, value in view.items() if value}


def test_s11_2_a_nic_and_the_stack_move_together() -> None:
    stack = Counters()
    first, second = stack.add_nic(1), stack.add_nic(2)
    first.inc("ipSystemStatsInReceives")
    second.inc("IP.PacketsReceived", 2)
    assert first.get("IP.PacketsReceived") == 1
    assert second.get("ipSystemStatsInReceives") == 2
    assert moved(stack.mib()) == {"ipSystemStatsInReceives": 3}
    assert moved(stack.netstack()) == {"IP.PacketsReceived": 3}
    assert moved(second.mib(interface=True)) == {"ipIfStatsInReceives": 2}
    stack.remove_nic(2)
    assert stack.get("IP.PacketsReceived") == 3
    assert moved(stack.mib()) == {"ipSystemStatsInReceives": 3}


def test_s11_1_an_unknown_name_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Counters().inc("ipSystemStatsInRecieves")


def test_s11_2_icmp_by_type() -> None:
    stack = Counters()
    nic = stack.add_nic(1)
    nic.icmp_in(8)
    nic.icmp_in(200)
    nic.icmp_out(0)
    nic.icmp_in_error()
    nic.icmp_out_error()
    for counters in (nic, stack):
        assert moved(counters.mib()) == {
            "icmpStatsInMsgs": 3,
            "icmpStatsInErrors": 1,
            "icmpStatsOutMsgs": 2,
            "icmpStatsOutErrors": 1,
            "icmpMsgStatsInPkts.8": 1,
            "icmpMsgStatsInPkts.200": 1,
            "icmpMsgStatsOutPkts.0": 1,
        }
        assert moved(counters.netstack()) == {
            "ICMP.PacketsReceived.EchoRequest": 1,
            "ICMP.PacketsReceived.Invalid": 1,
            "ICMP.PacketsSent.EchoReply": 1,
            "ICMP.PacketsSent.RateLimited": 1,
        }


def test_s11_1_the_shape_is_fixed() -> None:
    counters = Counters()
    names = set(counters.mib())
    assert {"ipSystemStatsReasmFails", "udpNoPorts", "icmpStatsOutMsgs"} <= names
    assert "IGMP.PacketsSent.LeaveGroup" in names
    assert not moved(counters.mib())
    for name in (*counters.mib(), *counters.netstack()):
        counters.inc(name)
    assert set(counters.mib()) == names


def names_per_nic() -> set[str]:
    both = ("ICMP.PacketsReceived.", "ICMP.PacketsSent.")
    names = {f"IP.{name}" for name in IP.split()}
    names |= {way + name for way in both for name in ICMP.split()}
    names |= {
        f"IGMP.{way}.{name}" for way in ("PacketsReceived", "PacketsSent") for name in IGMP.split()
    }
    names |= {
        f"IGMP.PacketsReceived.{name}" for name in ("Invalid", "ChecksumErrors", "Unrecognized")
    }
    names |= {"ICMP.PacketsReceived.Invalid", "ICMP.PacketsSent.Dropped"}
    return names | {"ICMP.PacketsSent.RateLimited", "IGMP.PacketsSent.Dropped"}


def test_s11_1_every_name_is_there() -> None:
    stack = Counters()
    assert names_per_nic() | set(STACK.split()) <= set(stack.netstack())
    for name, other in SAME.items():
        before = stack.get(other)
        stack.inc(name)
        assert stack.get(other) == before + 1


def test_s11_1_counters_have_at_least_64_bits() -> None:
    counters = Counters()
    for name in all_of(counters):
        before = counters.get(name)
        counters.inc(name, 1 << 63)
        counters.inc(name, (1 << 63) - 1)
        assert counters.get(name) == before + (1 << 64) - 1


@each_preset
def test_s11_1_counters_only_grow(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic()
    socket = wire.node.udp_socket()
    socket.bind(None, 9)
    before = all_of(wire.node.counters)
    for event in (
        lambda: wire.ip(ping()),
        lambda: wire.ip(udp()),
        lambda: wire.ip(udp(port=10)),
        lambda: wire.ip(ping()[:24]),
        lambda: wire.ip(datagram(bytes(8), 17, flags=FLAG_MF)),
        lambda: wire.ip(ping(destination="203.0.113.9")),
        lambda: wire.frames(100_000_000),
        lambda: wire.node.disable(1),
        lambda: wire.node.enable(1),
        lambda: wire.node.remove_nic(2),
        lambda: wire.node.set_option("icmp_rate", 5),
    ):
        event()
        after = all_of(wire.node.counters)
        assert all(after[name] >= before[name] for name in before)
        before = after
    assert before["IP.PacketsReceived"] == 6


@each_preset
def test_s11_2_ip_icmp_and_igmp_per_nic_and_for_the_stack(policy: Policy) -> None:
    wire = Wire(policy)
    wire.node.add_nic(2, mac=SECOND_MAC)
    wire.node.add_address(2, "203.0.113.1", 24)
    wire.ip(ping())
    wire.ip(ping(source="203.0.113.9", destination="203.0.113.1"), mac=SECOND_MAC, nic=2)
    wire.ip(ping(destination="203.0.113.1"), mac=SECOND_MAC, nic=2)
    stack = all_of(wire.node.counters)
    nics = [all_of(wire.node.nic_counters(nic)) for nic in (1, 2)]
    assert names_per_nic() <= set(nics[0])
    assert set(IP_MIB) <= set(nics[0])
    assert not set(STACK.split()) & set(nics[0])
    assert not {name for name in nics[0] if name.startswith("udp")}
    for name in nics[0]:
        assert stack.get(name, 0) == nics[0][name] + nics[1].get(name, 0), name
    assert [nic["IP.PacketsReceived"] for nic in nics] == [1, 2]


@pytest.mark.parametrize("name", STACK.split())
def test_s11_2_what_is_counted_for_the_stack_alone_is_not_there_on_a_nic(name: str) -> None:
    stack = Counters()
    nic = stack.add_nic(1)
    with pytest.raises(IndexError):
        nic.inc(name)
    stack.inc(name)
    assert stack.get(name) == 1
    assert name not in nic.netstack()


@rfc_and_netstack
@pytest.mark.parametrize(
    "objects",
    [
        "ReasmReqds ReasmOKs ReasmFails InForwDatagrams OutForwDatagrams",
        "OutRequests OutNoRoutes OutFragReqds OutFragOKs OutFragCreates",
        "InMcastPkts OutMcastPkts InBcastPkts OutBcastPkts",
        "InOctets OutOctets InMcastOctets OutMcastOctets",
    ],
)
def test_s11_3_objects_without_a_counter_of_netstack(policy: Policy, objects: str) -> None:
    wire = Wire(policy)
    wire.second_nic(forwarding=False)
    node = wire.node
    whole = udp(bytes(24))[20:]
    wire.ip(datagram(whole[:16], 17, flags=FLAG_MF))
    wire.ip(datagram(whole[16:], 17, offset=2))
    wire.ip(datagram(bytes(8), 17, flags=FLAG_MF, identification=2))
    wire.frames(100_000_000)
    wire.ip(udp(destination="224.0.0.1"))
    wire.ip(udp(destination="192.0.2.255"))
    socket = node.udp_socket()
    socket.settings.broadcast = True
    socket.send(bytes(3000), (PEER, 7))
    socket.send(b"", ("255.255.255.255", 7))
    socket.send(b"", ("224.0.0.1", 7))
    node.remove_route("0.0.0.0/0", 1, gateway="192.0.2.254")
    with pytest.raises(Exception, match="no route"):
        node.icmp_socket(1).send_echo(REMOTE, 1)
    node.forwarding = True
    wire.ip(ping(destination="203.0.113.9"))
    values = node.counters.mib()
    for name in objects.split():
        assert values[f"ipSystemStats{name}"] > 0, name
    assert values["ipSystemStatsReasmReqds"] == 3
    assert values["ipSystemStatsReasmOKs"] == values["ipSystemStatsReasmFails"] == 1
    assert values["ipSystemStatsOutFragCreates"] == 3


@rfc_and_later
def test_s11_3_what_may_not_be_cut(policy: Policy) -> None:
    wire = Wire(policy)
    wire.second_nic(mtu=576)
    wire.ip(ping(bytes(1000), destination="203.0.113.9", flags=2))
    assert wire.node.counters.get("ipSystemStatsOutFragFails") == 1
    assert wire.node.counters.get("ipSystemStatsOutFragReqds") == 1


def test_s11_1_what_this_host_may_not_cut_was_never_to_be_forwarded() -> None:
    wire = Wire()
    socket = wire.node.udp_socket()
    socket.settings.df = True
    with pytest.raises(Refused, match="message too long"):
        socket.send(bytes(2000), (PEER, 7))
    assert wire.node.counters.get("ipSystemStatsOutFragFails") == 1
    assert wire.node.counters.get("IP.Forwarding.PacketTooBig") == 0
    assert wire.node.counters.get("UDP.PacketSendErrors") == 1

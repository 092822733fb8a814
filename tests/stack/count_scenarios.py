"""For each counter of IP, ICMP, IGMP and UDP an event that moves it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from stack.hooks import Place
from stack.policy import RFC, Policy
from stack.wire.address import ALL_HOSTS
from stack.wire.icmp import IcmpMessage, build_icmp, echo
from stack.wire.igmp import (
    LEAVE_GROUP,
    MEMBERSHIP_QUERY,
    V1_MEMBERSHIP_REPORT,
    V2_MEMBERSHIP_REPORT,
    V3_MEMBERSHIP_REPORT,
    build_igmp,
)
from stack.wire.ipv4 import FLAG_DF, FLAG_MF
from tests.stack.node_kit import (
    GATEWAY,
    PEER,
    REMOTE,
    SECOND,
    SUBNET_BROADCAST,
    Wire,
    a,
    datagram,
    ping,
    refusal,
    udp,
)

GROUP = "239.1.2.3"
ALERT = b"\x94\x04\0\0"
FAR = "203.0.113.9"
Scenario = Callable[[Policy], Wire]


def received(octets: bytes, *, forwarding: bool = False, mtu: int = 1500) -> Scenario:
    """One datagram comes in by NIC 1, and five seconds pass."""

    def run(policy: Policy) -> Wire:
        wire = Wire(policy)
        wire.second_nic(forwarding=forwarding, mtu=mtu)
        wire.ip(octets)
        wire.frames(100 * SECOND)
        return wire

    return run


def icmp(kind: int) -> Scenario:
    return received(datagram(build_icmp(IcmpMessage(kind, 0, bytes(4), ping()))))


def igmp(payload: bytes) -> Scenario:
    return received(datagram(payload, 2, ttl=1, options=ALERT, destination="224.0.0.1"))


def hooked(place: Place) -> Scenario:
    def run(policy: Policy) -> Wire:
        wire = Wire(policy)
        wire.second_nic()
        wire.node.hooks.add(place, lambda _: False)
        wire.ip(ping())
        wire.ip(ping(destination=FAR))
        wire.ip(udp())
        return wire

    return run


def without_endpoint(policy: Policy) -> Wire:
    wire = Wire(policy)
    wire.node.disable_endpoint(1)
    wire.ip(ping())
    return wire


def without_route(policy: Policy) -> Wire:
    wire = Wire(policy)
    wire.node.remove_route("0.0.0.0/0", 1, gateway=GATEWAY)
    refusal(lambda: wire.node.icmp_socket(1).send_echo(REMOTE, 1))
    wire.node.forwarding = True
    wire.ip(ping(destination=REMOTE))
    return wire


def silent_neighbour(policy: Policy) -> Wire:
    wire = Wire(policy, neighbours=False)
    wire.node.icmp_socket(1).send_echo(PEER, 1)
    wire.frames(10 * SECOND)
    return wire


def requests(policy: Policy) -> Wire:
    wire = Wire(policy)
    socket = wire.node.icmp_socket(1)
    socket.send_echo(PEER, 1, bytes(3000))
    socket.send_timestamp(PEER, 1)
    return wire


def redirected(policy: Policy) -> Wire:
    wire = Wire(policy)
    wire.node.forwarding = True
    wire.ip(ping(destination=REMOTE))
    return wire


def too_many_errors(policy: Policy) -> Wire:
    wire = Wire(policy)
    for _ in range(RFC.icmp_burst + 1):
        wire.ip(udp())
    return wire


def member(version: int, *, older: bool = False) -> Scenario:
    def run(policy: Policy) -> Wire:
        wire = Wire(replace(policy, igmp_version=0))
        wire.node.set_igmp(1, version if policy.igmp_version_3_known else 2)
        if older:
            query = build_igmp(MEMBERSHIP_QUERY, 0)
            wire.ip(datagram(query, 2, ttl=1, destination="224.0.0.1", options=ALERT))
        wire.node.join(1, GROUP)
        wire.node.leave(1, GROUP)
        return wire

    return run


def full_socket(policy: Policy) -> Wire:
    wire = Wire(policy)
    wire.node.udp_socket().bind(None, 9)
    for _ in range(300):
        wire.ip(udp())
    return wire


def sent_by_udp(policy: Policy) -> Wire:
    wire = Wire(policy)
    socket = wire.node.udp_socket()
    socket.settings.broadcast = True
    socket.send(b"", (PEER, 7))
    socket.send(b"", ("255.255.255.255", 7))
    socket.send(b"", ("224.0.0.1", 7))
    return wire


def reassembled(policy: Policy) -> Wire:
    wire = Wire(policy)
    whole = udp(bytes(24))[20:]
    wire.ip(datagram(whole[:16], 17, flags=FLAG_MF))
    wire.ip(datagram(whole[16:], 17, offset=2))
    return wire


def changed(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes((octets[at] ^ 1,)) + octets[at + 1 :]


ECHO = received(ping())
CLOSED_PORT = received(udp())
BAD_OPTION = received(ping(options=b"\x07\x07\x03\0\0\0\0\0"))
SHORT_ICMP = received(datagram(b"\x08\0\0\0"))
EXPIRED = received(ping(ttl=0, destination=FAR), forwarding=True)
FORWARDED = received(ping(destination=FAR), forwarding=True)
TOO_BIG = received(ping(bytes(900), destination=FAR, flags=FLAG_DF), forwarding=True, mtu=576)
TO_GROUP = received(udp(destination="224.0.0.1"))
DAMAGED = received(changed(udp(), len(udp()) - 1))
TIMED_OUT = received(datagram(bytes(8), 17, flags=FLAG_MF))

SCENARIOS: dict[str, Scenario] = {
    "IP.PacketsReceived": ECHO,
    "IP.DisabledPacketsReceived": without_endpoint,
    "IP.MalformedPacketsReceived": received(ping(bytes(99))[:60]),
    "IP.MalformedFragmentsReceived": received(datagram(bytes(16), 17, offset=8191)),
    "IP.InvalidSourceAddressesReceived": received(ping(source="224.0.0.5")),
    "IP.InvalidDestinationAddressesReceived": received(ping(destination=REMOTE)),
    "IP.PacketsDelivered": ECHO,
    "IP.PacketsSent": ECHO,
    "IP.OutgoingPacketErrors": silent_neighbour,
    "IP.IPTablesPreroutingDropped": hooked(Place.PREROUTING),
    "IP.IPTablesInputDropped": hooked(Place.INPUT),
    "IP.IPTablesForwardDropped": hooked(Place.FORWARD),
    "IP.IPTablesOutputDropped": hooked(Place.OUTPUT),
    "IP.IPTablesPostroutingDropped": hooked(Place.POSTROUTING),
    "IP.OptionTimestampReceived": received(ping(options=b"\x44\x0c\x05\0" + bytes(8))),
    "IP.OptionRecordRouteReceived": received(ping(options=b"\x07\x07\x04" + bytes(5))),
    "IP.OptionRouterAlertReceived": received(ping(options=ALERT)),
    "IP.OptionUnknownReceived": received(ping(options=b"\xde\x04\0\0")),
    "IP.Forwarding.Unrouteable": without_route,
    "IP.Forwarding.ExhaustedTTL": EXPIRED,
    "IP.Forwarding.PacketTooBig": TOO_BIG,
    "ICMP.PacketsReceived.EchoRequest": icmp(8),
    "ICMP.PacketsReceived.EchoReply": icmp(0),
    "ICMP.PacketsReceived.DstUnreachable": icmp(3),
    "ICMP.PacketsReceived.SrcQuench": icmp(4),
    "ICMP.PacketsReceived.Redirect": icmp(5),
    "ICMP.PacketsReceived.TimeExceeded": icmp(11),
    "ICMP.PacketsReceived.ParamProblem": icmp(12),
    "ICMP.PacketsReceived.Timestamp": icmp(13),
    "ICMP.PacketsReceived.TimestampReply": icmp(14),
    "ICMP.PacketsReceived.InfoRequest": icmp(15),
    "ICMP.PacketsReceived.InfoReply": icmp(16),
    "ICMP.PacketsReceived.Invalid": SHORT_ICMP,
    "ICMP.PacketsSent.EchoRequest": requests,
    "ICMP.PacketsSent.EchoReply": ECHO,
    "ICMP.PacketsSent.DstUnreachable": CLOSED_PORT,
    "ICMP.PacketsSent.Redirect": redirected,
    "ICMP.PacketsSent.TimeExceeded": EXPIRED,
    "ICMP.PacketsSent.ParamProblem": BAD_OPTION,
    "ICMP.PacketsSent.Timestamp": requests,
    "ICMP.PacketsSent.TimestampReply": received(datagram(build_icmp(echo(13, 1, 1, bytes(12))))),
    "ICMP.PacketsSent.RateLimited": too_many_errors,
    "IGMP.PacketsReceived.MembershipQuery": igmp(build_igmp(MEMBERSHIP_QUERY, 0, 100)),
    "IGMP.PacketsReceived.V1MembershipReport": igmp(build_igmp(V1_MEMBERSHIP_REPORT, a(GROUP))),
    "IGMP.PacketsReceived.V2MembershipReport": igmp(build_igmp(V2_MEMBERSHIP_REPORT, a(GROUP))),
    "IGMP.PacketsReceived.V3MembershipReport": igmp(build_igmp(V3_MEMBERSHIP_REPORT, 0)),
    "IGMP.PacketsReceived.LeaveGroup": igmp(build_igmp(LEAVE_GROUP, a(GROUP))),
    "IGMP.PacketsReceived.Invalid": igmp(b"\x11"),
    "IGMP.PacketsReceived.ChecksumErrors": igmp(changed(build_igmp(LEAVE_GROUP, ALL_HOSTS), 7)),
    "IGMP.PacketsReceived.Unrecognized": igmp(build_igmp(0x55, 0)),
    "IGMP.PacketsSent.V1MembershipReport": member(2, older=True),
    "IGMP.PacketsSent.V2MembershipReport": member(2),
    "IGMP.PacketsSent.V3MembershipReport": member(3),
    "IGMP.PacketsSent.LeaveGroup": member(2),
    "UnknownProtocolRcvdPackets": received(datagram(b"", 99)),
    "MalformedRcvdPackets": DAMAGED,
    "DroppedPackets": full_socket,
    "UDP.PacketsReceived": full_socket,
    "UDP.UnknownPortErrors": CLOSED_PORT,
    "UDP.MalformedPacketsReceived": received(datagram(b"\x0f\xa0\x00\x09\x00\xff\x00\x00", 17)),
    "UDP.ChecksumErrors": DAMAGED,
    "UDP.ReceiveBufferErrors": full_socket,
    "UDP.PacketsSent": sent_by_udp,
    "TCP.InvalidSegmentsReceived": received(datagram(bytes(20), 6, destination="224.0.0.1")),
    "ipSystemStatsInReceives": ECHO,
    "ipSystemStatsInOctets": ECHO,
    "ipSystemStatsInHdrErrors": received(changed(ping(), 10)),
    "ipSystemStatsInNoRoutes": without_route,
    "ipSystemStatsInAddrErrors": received(ping(destination=REMOTE)),
    "ipSystemStatsInUnknownProtos": received(datagram(b"", 99)),
    "ipSystemStatsInTruncatedPkts": received(ping(bytes(99))[:60]),
    "ipSystemStatsInForwDatagrams": FORWARDED,
    "ipSystemStatsReasmReqds": reassembled,
    "ipSystemStatsReasmOKs": reassembled,
    "ipSystemStatsReasmFails": TIMED_OUT,
    "ipSystemStatsInDiscards": without_endpoint,
    "ipSystemStatsInDelivers": ECHO,
    "ipSystemStatsOutRequests": ECHO,
    "ipSystemStatsOutNoRoutes": without_route,
    "ipSystemStatsOutForwDatagrams": FORWARDED,
    "ipSystemStatsOutDiscards": silent_neighbour,
    "ipSystemStatsOutFragReqds": requests,
    "ipSystemStatsOutFragOKs": requests,
    "ipSystemStatsOutFragFails": TOO_BIG,
    "ipSystemStatsOutFragCreates": requests,
    "ipSystemStatsOutTransmits": ECHO,
    "ipSystemStatsOutOctets": ECHO,
    "ipSystemStatsInMcastPkts": TO_GROUP,
    "ipSystemStatsInMcastOctets": TO_GROUP,
    "ipSystemStatsOutMcastPkts": sent_by_udp,
    "ipSystemStatsOutMcastOctets": sent_by_udp,
    "ipSystemStatsInBcastPkts": received(udp(destination=SUBNET_BROADCAST)),
    "ipSystemStatsOutBcastPkts": sent_by_udp,
    "icmpStatsInMsgs": ECHO,
    "icmpStatsInErrors": SHORT_ICMP,
    "icmpStatsOutMsgs": ECHO,
    "icmpStatsOutErrors": too_many_errors,
    "udpInDatagrams": full_socket,
    "udpNoPorts": CLOSED_PORT,
    "udpInErrors": full_socket,
    "udpOutDatagrams": sent_by_udp,
}
"""What moves each name."""

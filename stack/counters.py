"""What the stack counts, under the names of the MIBs and of NETSTACK (S11).

`Counters` has a fixed shape: a number for each name below. An unknown name is a KeyError, a mistake
of ours. Where an object of RFC 4293 or RFC 4113 and a NETSTACK counter mean the same they are one
number with two names (`SAME`); where the definitions differ both stand here and each event moves
both.

One instance counts for the whole stack, one for each NIC; a NIC's instance has the stack's as
`parent`, so that one call moves both.
"""

from __future__ import annotations

from typing import Final

IP_MIB: Final = {
    "ipSystemStatsInReceives": "datagrams that reached IP, those in error included",
    "ipSystemStatsInOctets": "octets in InReceives",
    "ipSystemStatsInHdrErrors": "discarded: header checksum, version, format, TTL, options",
    "ipSystemStatsInNoRoutes": "discarded in forwarding: no route",
    "ipSystemStatsInAddrErrors": "discarded: the destination is not one to receive or forward",
    "ipSystemStatsInUnknownProtos": "for us, but the protocol is unknown",
    "ipSystemStatsInTruncatedPkts": "discarded: the frame did not carry enough",
    "ipSystemStatsInForwDatagrams": "not for us, so tried to forward",
    "ipSystemStatsReasmReqds": "fragments that needed reassembly here",
    "ipSystemStatsReasmOKs": "datagrams reassembled",
    "ipSystemStatsReasmFails": "reassemblies given up: timeout, conflict, eviction",
    "ipSystemStatsInDiscards": "discarded without an error in them, such as for want of room",
    "ipSystemStatsInDelivers": "delivered to a protocol, ICMP included",
    "ipSystemStatsOutRequests": "what local protocols handed to IP, ICMP included",
    "ipSystemStatsOutNoRoutes": "local datagrams discarded: no route",
    "ipSystemStatsOutForwDatagrams": "forwarded successfully",
    "ipSystemStatsOutDiscards": "discarded on the way out without an error in them",
    "ipSystemStatsOutFragReqds": "datagrams that needed cutting to leave",
    "ipSystemStatsOutFragOKs": "datagrams cut",
    "ipSystemStatsOutFragFails": "datagrams that needed cutting and might not be cut",
    "ipSystemStatsOutFragCreates": "fragments made",
    "ipSystemStatsOutTransmits": "datagrams and fragments handed to the link",
    "ipSystemStatsOutOctets": "octets in OutTransmits",
    "ipSystemStatsInMcastPkts": "received with a group as destination",
    "ipSystemStatsInMcastOctets": "octets in InMcastPkts",
    "ipSystemStatsOutMcastPkts": "sent to a group",
    "ipSystemStatsOutMcastOctets": "octets in OutMcastPkts",
    "ipSystemStatsInBcastPkts": "received with a broadcast destination",
    "ipSystemStatsOutBcastPkts": "sent to a broadcast destination",
}
"""RFC 4293 ipSystemStatsTable; per NIC the same objects are called ipIfStats."""

ICMP_MIB: Final = {
    "icmpStatsInMsgs": "messages received, those in error included",
    "icmpStatsInErrors": "messages received with bad checksum, length and the like",
    "icmpStatsOutMsgs": "messages that ICMP tried to send, OutErrors included",
    "icmpStatsOutErrors": "messages not sent for reasons within ICMP, such as the rate limit",
}
"""RFC 4293 icmpStatsTable."""

ICMP_ROWS: Final = tuple(
    f"icmpMsgStats{way}Pkts.{kind}" for way in ("In", "Out") for kind in range(256)
)
"""RFC 4293 icmpMsgStatsTable: one object for each direction and type; see `icmp_in`, `icmp_out`."""

UDP_MIB: Final = {
    "udpInDatagrams": "delivered to a socket",
    "udpNoPorts": "no socket at the port",
    "udpInErrors": "not delivered for another reason: length, checksum, queue",
    "udpOutDatagrams": "sent",
}
"""RFC 4113."""

TCP_MIB: Final = {
    "tcpActiveOpens": "connections begun here: CLOSED to SYN-SENT",
    "tcpPassiveOpens": "connections begun by peers: LISTEN to SYN-RECEIVED",
    "tcpAttemptFails": "connections that were never established",
    "tcpEstabResets": "connections that ended without FIN",
    "tcpInSegs": "segments received, those in error included",
    "tcpOutSegs": "segments sent, those with nothing but retransmitted octets left out",
    "tcpRetransSegs": "segments sent with octets sent before",
    "tcpInErrs": "segments received in error: checksum, length",
    "tcpOutRsts": "segments sent with RST",
}
"""RFC 4022. tcpCurrEstab is a gauge: `Node.tcp_established`."""

IGMP_NAMES: Final = {
    "IGMP.PacketsReceived.MembershipQuery": "queries",
    "IGMP.PacketsReceived.V1MembershipReport": "version 1 reports",
    "IGMP.PacketsReceived.V2MembershipReport": "version 2 reports",
    "IGMP.PacketsReceived.V3MembershipReport": "version 3 reports",
    "IGMP.PacketsReceived.LeaveGroup": "leaves",
    "IGMP.PacketsReceived.Invalid": "short, or against the rules on options, TTL and source",
    "IGMP.PacketsReceived.ChecksumErrors": "wrong sum",
    "IGMP.PacketsReceived.Unrecognized": "of another type",
    "IGMP.PacketsSent.MembershipQuery": "never: a host asks nobody",
    "IGMP.PacketsSent.V1MembershipReport": "version 1 reports",
    "IGMP.PacketsSent.V2MembershipReport": "version 2 reports",
    "IGMP.PacketsSent.V3MembershipReport": "version 3 reports",
    "IGMP.PacketsSent.LeaveGroup": "leaves",
    "IGMP.PacketsSent.Dropped": "refused by the link",
}
"""S11; no MIB has them for hosts, so the MIB view shows them under these names."""

IP_NAMES: Final = {
    "IP.PacketsReceived": "S2.2, S7.14: anything reaching IP, looped copies too",
    "IP.DisabledPacketsReceived": "S2.3",
    "IP.MalformedPacketsReceived": "S2.4, S2.17 to S2.20, S2.25, S5.3, S8.3",
    "IP.MalformedFragmentsReceived": "S2.17, S2.19, S2.20",
    "IP.InvalidSourceAddressesReceived": "S2.7, S2.8, S2.11, S2.12",
    "IP.InvalidDestinationAddressesReceived": "S2.7, S2.15",
    "IP.PacketsDelivered": "S2.23",
    "IP.PacketsSent": "S7.15, S6.25, S7.18: each packet or piece handed to the link",
    "IP.OutgoingPacketErrors": "S6.20, S6.25, S7.15, S7.18, S13.9",
    "IP.IPTablesPreroutingDropped": "S2.9",
    "IP.IPTablesInputDropped": "S2.16",
    "IP.IPTablesForwardDropped": "S8.12",
    "IP.IPTablesOutputDropped": "S7.4, S7.18",
    "IP.IPTablesPostroutingDropped": "S10.12",
    "IP.OptionTimestampReceived": "S4.11, each pass",
    "IP.OptionRecordRouteReceived": "S4.11, each pass",
    "IP.OptionRouterAlertReceived": "S4.11, each pass",
    "IP.OptionUnknownReceived": "S4.11, each pass",
    "IP.ValidPacketsReceived": "S2.31",
    "IP.Forwarding.Unrouteable": "S8.12",
    "IP.Forwarding.ExhaustedTTL": "S8.12",
    "IP.Forwarding.InitializingSource": "S8.12",
    "IP.Forwarding.PacketTooBig": "S8.12",
    "IP.Forwarding.HostUnreachable": "S8.12",
    "IP.Forwarding.Errors": "S8.12: any of these",
}
"""S11, the IP group of NETSTACK."""

ICMP_TYPE_NAMES: Final = {
    8: "EchoRequest",
    0: "EchoReply",
    3: "DstUnreachable",
    4: "SrcQuench",
    5: "Redirect",
    11: "TimeExceeded",
    12: "ParamProblem",
    13: "Timestamp",
    14: "TimestampReply",
    15: "InfoRequest",
    16: "InfoReply",
}
"""The ICMP types that NETSTACK counts apart, and its names."""

ICMP_NAMES: Final = {
    **{f"ICMP.PacketsReceived.{name}": "S5.4" for name in ICMP_TYPE_NAMES.values()},
    "ICMP.PacketsReceived.Invalid": "S5.1, S5.2, S5.4",
    **{f"ICMP.PacketsSent.{name}": "S5.9, S5.26" for name in ICMP_TYPE_NAMES.values()},
    "ICMP.PacketsSent.Dropped": "S5.9, S5.26: the write failed",
    "ICMP.PacketsSent.RateLimited": "S5.5, S5.18",
}
"""S11, the ICMP group of NETSTACK."""

STACK_NAMES: Final = {
    "UnknownProtocolRcvdPackets": "S2.1, S2.26",
    "MalformedRcvdPackets": "S2.18, S2.25, S2.26, S2.28, S5.3, S8.3",
    "DroppedPackets": "S12.19: a socket's queue was full or closed",
    "UDP.PacketsReceived": "right length and checksum, and a socket, even if its queue is full",
    "UDP.UnknownPortErrors": "no socket",
    "UDP.MalformedPacketsReceived": "length",
    "UDP.ChecksumErrors": "checksum",
    "UDP.ReceiveBufferErrors": "queue full",
    "UDP.PacketsSent": "written",
    "UDP.PacketSendErrors": "refused",
    "TCP.InvalidSegmentsReceived": "S2.27",
}
"""S11, what NETSTACK counts for the whole stack only."""

SAME: Final = {
    "IP.PacketsReceived": "ipSystemStatsInReceives",
    "IP.InvalidDestinationAddressesReceived": "ipSystemStatsInAddrErrors",
    "IP.PacketsSent": "ipSystemStatsOutTransmits",
    "IP.Forwarding.Unrouteable": "ipSystemStatsInNoRoutes",
    "IP.Forwarding.PacketTooBig": "ipSystemStatsOutFragFails",
    "UDP.PacketsSent": "udpOutDatagrams",
}
"""S11: NETSTACK counters whose MIB object means the same."""

_MIB_NAMES: Final = (*IP_MIB, *ICMP_MIB, *UDP_MIB, *TCP_MIB, *IGMP_NAMES)
_NETSTACK_NAMES: Final = (*IP_NAMES, *ICMP_NAMES, *IGMP_NAMES, *STACK_NAMES)
_OWN_NAMES: Final = tuple(
    dict.fromkeys(name for name in (*_MIB_NAMES, *_NETSTACK_NAMES, *ICMP_ROWS) if name not in SAME)
)
_PLACE: Final = {name: place for place, name in enumerate(_OWN_NAMES)}
_PLACE.update({name: _PLACE[other] for name, other in SAME.items()})


def _names_of_type(way: str, kind: int) -> tuple[str, ...]:
    """What one message of that type moves, on the way "In" or "Out"."""
    names = (f"icmpStats{way}Msgs", f"icmpMsgStats{way}Pkts.{kind}")
    if kind not in ICMP_TYPE_NAMES:
        return names
    group = "PacketsReceived" if way == "In" else "PacketsSent"
    return (*names, f"ICMP.{group}.{ICMP_TYPE_NAMES[kind]}")


_ICMP_IN: Final = tuple(_names_of_type("In", kind) for kind in range(256))
_ICMP_OUT: Final = tuple(_names_of_type("Out", kind) for kind in range(256))


class Counters:
    """All counters of one NIC or of the whole stack. They only grow."""

    __slots__ = ("_parent", "_values")

    def __init__(self, parent: Counters | None = None) -> None:
        self._values = [0] * len(_OWN_NAMES)
        self._parent = parent

    def inc(self, name: str, by: int = 1) -> None:
        """Let a counter grow, here and in the parent."""
        self._values[_PLACE[name]] += by
        if self._parent is not None:
            self._parent.inc(name, by)

    def get(self, name: str) -> int:
        """The value of a counter."""
        return self._values[_PLACE[name]]

    def icmp_in(self, kind: int) -> None:
        """A message of this type was received: icmpStatsInMsgs, InPkts.N, NETSTACK's by type."""
        for name in _ICMP_IN[kind]:
            self.inc(name)

    def icmp_out(self, kind: int) -> None:
        """A message of this type was sent: icmpStatsOutMsgs, OutPkts.N, NETSTACK's by type."""
        for name in _ICMP_OUT[kind]:
            self.inc(name)

    def icmp_in_error(self) -> None:
        """A message was received that is short or has a wrong sum; InMsgs counts it too."""
        self.inc("icmpStatsInMsgs")
        self.inc("icmpStatsInErrors")
        self.inc("ICMP.PacketsReceived.Invalid")

    def icmp_out_error(self) -> None:
        """A message was held back by the rate limit; OutMsgs counts it too (RFC 4293)."""
        self.inc("icmpStatsOutMsgs")
        self.inc("icmpStatsOutErrors")
        self.inc("ICMP.PacketsSent.RateLimited")

    def mib(self, *, interface: bool = False) -> dict[str, int]:
        """All MIB objects by name, and IGMP; of the ICMP rows by type those that moved.

        With `interface` the IP objects have their per-NIC names, ipIfStats.
        """
        values = self._values
        view = {name: values[_PLACE[name]] for name in _MIB_NAMES}
        view.update({name: values[_PLACE[name]] for name in ICMP_ROWS if values[_PLACE[name]]})
        if not interface:
            return view
        return {
            name.replace("ipSystemStats", "ipIfStats", 1): value for name, value in view.items()
        }

    def netstack(self) -> dict[str, int]:
        """All counters of NETSTACK by name."""
        return {name: self._values[_PLACE[name]] for name in _NETSTACK_NAMES}

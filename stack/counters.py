"""What the stack counts, under the names of the MIBs and of NETSTACK (S11).

`Counters` has a fixed shape: a number for each name below, but for the rows by ICMP type, of which
those that moved are there. An unknown name is a KeyError, a mistake of ours. Where an object of
RFC 4293 or RFC 4113 and a NETSTACK counter mean the same they are one number with two names
(`SAME`); where the definitions differ both stand here and each event moves both.

One instance counts for the whole stack, one for each NIC. What a NIC counts is held there alone,
and added up when the stack's is read. What only the stack counts (S11.2) is not there on a NIC:
moving it there is an IndexError, a mistake of ours too. Numbers grow without a bound, so that the
64 bits of S11.1 never wrap.

Who counts something of every datagram moves `numbers` itself, by the places below.
"""

from __future__ import annotations

from operator import add
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
_ROWS: Final = frozenset(ICMP_ROWS)

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
    "IP.Forwarding.UnexpectedMulticastInputInterface": "S8.14",
    "IP.Forwarding.NoMulticastPendingQueueBufferSpace": "S8.14",
    "IP.Forwarding.UnknownOutputEndpoint": "S8.14: a NIC of a multicast route is gone",
    "IP.Forwarding.Errors": "S8.12: any of these",
    "IP.Forwarding.OutgoingDeviceNoBufferSpace": "the link refused: no room",
    "IP.Forwarding.OutgoingDeviceClosedForSend": "the link refused: it is closed",
    "IP.Forwarding.LinkLocalSource": "never: IPv6 only",
    "IP.Forwarding.LinkLocalDestination": "never: IPv6 only",
    "IP.Forwarding.ExtensionHeaderProblem": "never: IPv6 only",
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

ARP_NAMES: Final = {
    "ARP.PacketsReceived": "S13.11: anything that reached ARP on the NIC",
    "ARP.DisabledPacketsReceived": "S13.11: while ARP was off there",
    "ARP.MalformedPacketsReceived": "S13.11: short, or not for Ethernet and IPv4",
    "ARP.RequestsReceived": "requests, probes and announcements",
    "ARP.RequestsReceivedUnknownTargetAddress": "S13.11: requests for an address not ours",
    "ARP.RepliesReceived": "replies",
    "ARP.OutgoingRequestsSent": "requests, probes and announcements",
    "ARP.OutgoingRequestInterfaceHasNoLocalAddressErrors": "S13.8: no address to ask with",
    "ARP.OutgoingRequestsDropped": "refused by the link",
    "ARP.OutgoingRepliesSent": "replies",
    "ARP.OutgoingRepliesDropped": "refused by the link",
}
"""S13.11; no MIB has them, so the MIB view leaves them out."""

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
    "UDP.PacketsSent": "udpOutDatagrams",
}
"""S11: NETSTACK counters whose MIB object means the same."""

_MIB_NAMES: Final = (*IP_MIB, *ICMP_MIB, *UDP_MIB, *TCP_MIB, *IGMP_NAMES)
_NETSTACK_NAMES: Final = (*IP_NAMES, *ICMP_NAMES, *IGMP_NAMES, *ARP_NAMES, *STACK_NAMES)
_STACK_ONLY: Final = frozenset((*UDP_MIB, *TCP_MIB, *STACK_NAMES))
"""S11.2: there is one number of these, for the whole stack."""
_NIC_MIB_NAMES: Final = tuple(name for name in _MIB_NAMES if name not in _STACK_ONLY)
_NIC_NETSTACK_NAMES: Final = tuple(name for name in _NETSTACK_NAMES if name not in _STACK_ONLY)
_OWN_NAMES: Final = tuple(
    dict.fromkeys(name for name in (*_MIB_NAMES, *_NETSTACK_NAMES) if name not in SAME)
)
# What a NIC has comes first, so that its list of numbers is a shorter one of the same order.
_NIC_SIZE: Final = sum(name not in _STACK_ONLY for name in _OWN_NAMES)
_PLACE: Final = {
    name: place
    for place, name in enumerate(sorted(_OWN_NAMES, key=lambda name: name in _STACK_ONLY))
}
_PLACE.update({name: _PLACE[other] for name, other in SAME.items()})


IN_RECEIVES: Final = _PLACE["ipSystemStatsInReceives"]
IN_OCTETS: Final = _PLACE["ipSystemStatsInOctets"]
IN_DELIVERS: Final = _PLACE["ipSystemStatsInDelivers"]
PACKETS_DELIVERED: Final = _PLACE["IP.PacketsDelivered"]
OUT_REQUESTS: Final = _PLACE["ipSystemStatsOutRequests"]
OUT_TRANSMITS: Final = _PLACE["ipSystemStatsOutTransmits"]
OUT_OCTETS: Final = _PLACE["ipSystemStatsOutOctets"]
OPTION_TIMESTAMP: Final = _PLACE["IP.OptionTimestampReceived"]
OPTION_RECORD_ROUTE: Final = _PLACE["IP.OptionRecordRouteReceived"]
OPTION_ROUTER_ALERT: Final = _PLACE["IP.OptionRouterAlertReceived"]
OPTION_UNKNOWN: Final = _PLACE["IP.OptionUnknownReceived"]


def _of_type(way: str, kind: int) -> tuple[str, int, int | None]:
    """What one message of a type moves, on the way "In" or "Out": row, Msgs, NETSTACK's."""
    name = ICMP_TYPE_NAMES.get(kind)
    group = "PacketsReceived" if way == "In" else "PacketsSent"
    by_name = None if name is None else _PLACE[f"ICMP.{group}.{name}"]
    return f"icmpMsgStats{way}Pkts.{kind}", _PLACE[f"icmpStats{way}Msgs"], by_name


_ICMP_IN: Final = tuple(_of_type("In", kind) for kind in range(256))
_ICMP_OUT: Final = tuple(_of_type("Out", kind) for kind in range(256))


def _add_rows(rows: dict[str, int], more: dict[str, int]) -> None:
    for row, value in more.items():
        rows[row] = rows.get(row, 0) + value


class Counters:
    """All counters of one NIC or of the whole stack. They only grow."""

    __slots__ = ("_is_of_nic", "_nics", "numbers", "rows")

    def __init__(self, *, is_of_nic: bool = False) -> None:
        self.numbers = [0] * (_NIC_SIZE if is_of_nic else len(_OWN_NAMES))
        """By place, what is counted here alone; read them by name."""
        self.rows: dict[str, int] = {}
        """By name, of ICMP_ROWS those that moved: few ever do, and there may be many NICs."""
        self._is_of_nic = is_of_nic
        self._nics: dict[int, Counters] = {}

    def add_nic(self, number: int) -> Counters:
        """Make the counters of a NIC; what they count counts here too."""
        self._nics[number] = made = Counters(is_of_nic=True)
        return made

    def remove_nic(self, number: int) -> None:
        """Keep what a NIC that goes has counted, and hear no more of it."""
        gone = self._nics.pop(number)
        self.numbers[:_NIC_SIZE] = map(add, self.numbers, gone.numbers)
        _add_rows(self.rows, gone.rows)

    def inc(self, name: str, by: int = 1) -> None:
        """Let a counter grow."""
        self.numbers[_PLACE[name]] += by

    def get(self, name: str) -> int:
        """The value of a counter."""
        if name in _ROWS:
            return self._rows_of_all().get(name, 0)
        place = _PLACE[name]
        value = self.numbers[place]
        if place < _NIC_SIZE:
            for nic in self._nics.values():
                value += nic.numbers[place]
        return value

    def _rows_of_all(self) -> dict[str, int]:
        """The rows by ICMP type that moved, those of the NICs included."""
        rows = self.rows.copy()
        for nic in self._nics.values():
            _add_rows(rows, nic.rows)
        return rows

    def _values(self) -> list[int]:
        """All numbers by place, those of the NICs included."""
        values = self.numbers.copy()
        for nic in self._nics.values():
            values[:_NIC_SIZE] = map(add, values, nic.numbers)
        return values

    def icmp_in(self, kind: int) -> None:
        """A message of this type was received: icmpStatsInMsgs, InPkts.N, NETSTACK's by type."""
        row, messages, by_name = _ICMP_IN[kind]
        rows, numbers = self.rows, self.numbers
        rows[row] = rows.get(row, 0) + 1
        numbers[messages] += 1
        if by_name is not None:
            numbers[by_name] += 1

    def icmp_out(self, kind: int) -> None:
        """A message of this type was sent: icmpStatsOutMsgs, OutPkts.N, NETSTACK's by type."""
        row, messages, by_name = _ICMP_OUT[kind]
        rows, numbers = self.rows, self.numbers
        rows[row] = rows.get(row, 0) + 1
        numbers[messages] += 1
        if by_name is not None:
            numbers[by_name] += 1

    def icmp_unsent(self, kind: int) -> None:
        """ICMP made a message that IP could not send: OutMsgs and OutPkts.N alone count it.

        RFC 4293 counts attempts and leaves out failures outside ICMP; S5.9, S5.26 count successes.
        """
        row, messages, _ = _ICMP_OUT[kind]
        self.rows[row] = self.rows.get(row, 0) + 1
        self.numbers[messages] += 1

    def icmp_refused(self, kind: int) -> None:
        """The write of a message of this type failed (S5.9, S5.26)."""
        self.icmp_unsent(kind)
        self.inc("ICMP.PacketsSent.Dropped")

    def icmp_no_route(self, kind: int) -> None:
        """There was no route for a message of this type: nothing tells of it but the MIB (S5.5)."""
        self.icmp_unsent(kind)
        self.inc("ipSystemStatsOutRequests")
        self.inc("ipSystemStatsOutNoRoutes")

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

        A NIC has those of IP, ICMP and IGMP. With `interface` the IP objects have their per-NIC
        names, ipIfStats.
        """
        values = self._values()
        names = _NIC_MIB_NAMES if self._is_of_nic else _MIB_NAMES
        view = {name: values[_PLACE[name]] for name in names}
        rows = self._rows_of_all()
        view.update({name: rows[name] for name in ICMP_ROWS if name in rows})
        if not interface:
            return view
        return {
            name.replace("ipSystemStats", "ipIfStats", 1): value for name, value in view.items()
        }

    def netstack(self) -> dict[str, int]:
        """All counters of NETSTACK by name; a NIC has those of IP, ICMP and IGMP."""
        values = self._values()
        names = _NIC_NETSTACK_NAMES if self._is_of_nic else _NETSTACK_NAMES
        return {name: values[_PLACE[name]] for name in names}

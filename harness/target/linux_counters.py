"""The counters of a Linux namespace by their MIB names (RFC 4293 and 4113).

`/proc/net/snmp` and `/proc/net/netstat` hold pairs of lines, names and values, for each group.
A counter is *exact* where the kernel counts what the MIB describes, no more and no less. The
others are shown and never judged: the kernel counts group and broadcast datagrams only after
routing, `UdpInDatagrams` when the user reads, and uses the discard counters for other ends.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from harness.target.base import Counters

MIB_NAMES: Final[Mapping[str, str]] = {
    "Ip.InReceives": "ipSystemStatsInReceives",
    "Ip.InHdrErrors": "ipSystemStatsInHdrErrors",
    "Ip.InAddrErrors": "ipSystemStatsInAddrErrors",
    "Ip.InUnknownProtos": "ipSystemStatsInUnknownProtos",
    "Ip.InDiscards": "ipSystemStatsInDiscards",
    "Ip.InDelivers": "ipSystemStatsInDelivers",
    "Ip.ForwDatagrams": "ipSystemStatsOutForwDatagrams",
    "Ip.OutRequests": "ipSystemStatsOutRequests",
    "Ip.OutDiscards": "ipSystemStatsOutDiscards",
    "Ip.OutNoRoutes": "ipSystemStatsOutNoRoutes",
    "Ip.OutTransmits": "ipSystemStatsOutTransmits",
    "Ip.ReasmReqds": "ipSystemStatsReasmReqds",
    "Ip.ReasmOKs": "ipSystemStatsReasmOKs",
    "Ip.ReasmFails": "ipSystemStatsReasmFails",
    "Ip.FragOKs": "ipSystemStatsOutFragOKs",
    "Ip.FragFails": "ipSystemStatsOutFragFails",
    "Ip.FragCreates": "ipSystemStatsOutFragCreates",
    "IpExt.InNoRoutes": "ipSystemStatsInNoRoutes",
    "IpExt.InTruncatedPkts": "ipSystemStatsInTruncatedPkts",
    "IpExt.InMcastPkts": "ipSystemStatsInMcastPkts",
    "IpExt.OutMcastPkts": "ipSystemStatsOutMcastPkts",
    "IpExt.InBcastPkts": "ipSystemStatsInBcastPkts",
    "IpExt.OutBcastPkts": "ipSystemStatsOutBcastPkts",
    "Icmp.InMsgs": "icmpStatsInMsgs",
    "Icmp.InErrors": "icmpStatsInErrors",
    "Icmp.OutMsgs": "icmpStatsOutMsgs",
    "Icmp.OutErrors": "icmpStatsOutErrors",
    "Udp.InDatagrams": "udpInDatagrams",
    "Udp.NoPorts": "udpNoPorts",
    "Udp.InErrors": "udpInErrors",
    "Udp.OutDatagrams": "udpOutDatagrams",
}
"""`InReceives` of the Ip group is `Ip.InReceives` here. `ReasmTimeout` has no counterpart."""

PER_TYPE: Final[Mapping[str, str]] = {
    "InType": "icmpMsgStatsInPkts.",
    "OutType": "icmpMsgStatsOutPkts.",
}
"""The IcmpMsg group names the types that were ever seen: `InType8`."""

EXACT: Final = frozenset(
    {
        "ipSystemStatsInReceives",
        "ipSystemStatsInHdrErrors",
        "ipSystemStatsInUnknownProtos",
        "ipSystemStatsInDelivers",
        "ipSystemStatsInTruncatedPkts",
        "ipSystemStatsOutForwDatagrams",
        "ipSystemStatsOutRequests",
        "ipSystemStatsOutTransmits",
        "ipSystemStatsReasmReqds",
        "ipSystemStatsReasmOKs",
        "ipSystemStatsReasmFails",
        "ipSystemStatsOutFragOKs",
        "ipSystemStatsOutFragFails",
        "ipSystemStatsOutFragCreates",
        "icmpStatsInMsgs",
        "icmpStatsInErrors",
        "icmpStatsOutMsgs",
        "udpNoPorts",
        "udpInErrors",
        "udpOutDatagrams",
        *(name + str(number) for name in PER_TYPE.values() for number in range(256)),
    }
)

SINCE_OUT_TRANSMITS: Final = frozenset({"ipSystemStatsOutRequests", "ipSystemStatsOutTransmits"})
"""Exact only where the kernel has both (Linux 6.5): before, forwarded ones were requests too."""

TABLE_LIMIT: Final = 1 << 16


def read_counters(tables: tuple[int, ...]) -> Counters:
    """The counters now; `tables` are descriptors on `snmp` and `netstat` of one namespace."""
    return parsed("".join(os.pread(table, TABLE_LIMIT, 0).decode() for table in tables))


def parsed(text: str) -> Counters:
    """The counters that the text of the two files holds, by MIB name."""
    counters: dict[str, int] = {}
    lines = iter(text.splitlines())
    for names, values in zip(lines, lines, strict=False):
        group = names.partition(":")[0]
        for name, value in zip(names.split()[1:], values.split()[1:], strict=False):
            known = _mib_name(group, name)
            if known is not None:
                counters[known] = int(value)
    return counters


def exact_of(counters: Counters) -> frozenset[str]:
    """The exact ones on a kernel that shows these counters."""
    if "ipSystemStatsOutTransmits" in counters:
        return EXACT
    return EXACT - SINCE_OUT_TRANSMITS


def _mib_name(group: str, name: str) -> str | None:
    if group == "IcmpMsg":
        for start, mib_name in PER_TYPE.items():
            if name.startswith(start):
                return mib_name + name.removeprefix(start)
    return MIB_NAMES.get(f"{group}.{name}")

"""IGMP messages, the host side: what is believed, and what reports look like (S9).

The timers are in `stack.membership`; here messages are checked, counted and written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import send
from stack.inbound import Cast
from stack.options import ROUTER_ALERT_OPTION
from stack.route_choice import Route
from stack.send import Wish
from stack.wire.address import ALL_HOSTS, ALL_ROUTERS, IGMP_V3_ROUTERS, is_multicast
from stack.wire.igmp import (
    LEAVE_GROUP,
    MEMBERSHIP_QUERY,
    V1_MEMBERSHIP_REPORT,
    V2_MEMBERSHIP_REPORT,
    V3_MEMBERSHIP_REPORT,
    GroupRecord,
    IgmpFault,
    IgmpMessage,
    build_igmp,
    build_report_v3,
    decode_code,
    parse_igmp,
    query_version,
    read_query_v3,
)
from stack.wire.ipv4 import MINIMUM_HEADER, PROTOCOL_IGMP

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.nic import Nic

TENTH: Final = 100_000
"""Microseconds in the unit of Max Response Time."""
TOS_V3: Final = 0xC0
"""RFC 9776 §4: internetwork control."""
_NAMES: Final = {
    MEMBERSHIP_QUERY: "MembershipQuery",
    V1_MEMBERSHIP_REPORT: "V1MembershipReport",
    V2_MEMBERSHIP_REPORT: "V2MembershipReport",
    V3_MEMBERSHIP_REPORT: "V3MembershipReport",
    LEAVE_GROUP: "LeaveGroup",
}


def receive(core: Core, inbound: Inbound) -> None:
    """Take in one message."""
    count = inbound.nic.counters.inc
    message = parse_igmp(inbound.payload)
    if message is IgmpFault.CHECKSUM:
        # RFC 2236 §2.3: the checksum MUST be verified before processing.
        count("IGMP.PacketsReceived.ChecksumErrors")
        return
    if isinstance(message, IgmpFault):
        count("IGMP.PacketsReceived.Invalid")
        return
    name = _NAMES.get(message.type)
    if name is None:
        # RFC 9776 §4: unknown types MUST be silently ignored.
        count("IGMP.PacketsReceived.Unrecognized")
        return
    count(f"IGMP.PacketsReceived.{name}")
    if message.type == MEMBERSHIP_QUERY:
        believed = _query(core, inbound, message)
    elif message.type in (V1_MEMBERSHIP_REPORT, V2_MEMBERSHIP_REPORT):
        believed = _report(core, inbound, message)
    else:
        # RFC 2236 §6, RFC 9776 §5: leaves and version 3 reports are for routers.
        return
    if not believed:
        count("IGMP.PacketsReceived.Invalid")


def _query(core: Core, inbound: Inbound, message: IgmpMessage) -> bool:
    version = query_version(message)
    group = message.group
    # RFC 9776 §7.1: a length that fits no version is silently ignored.
    if version is None or inbound.header.ttl != 1 or not (group == 0 or is_multicast(group)):
        return False
    # RFC 9776 §9.1: version 2 and 3 queries without router alert SHOULD be ignored.
    if version > 1 and not inbound.router_alert:
        return False
    # RFC 9776 §9.1: so SHOULD general queries to a group other than 224.0.0.1.
    if group == 0 and inbound.cast is Cast.MULTICAST and inbound.header.destination != ALL_HOSTS:
        return False
    membership = inbound.nic.membership
    if version < 3:
        # RFC 2236 §2.2, RFC 9776 §7.2.1: the code of an older query is not exponential.
        membership.query(version, group, message.code * TENTH, core.now)
        return True
    query = read_query_v3(message)
    if isinstance(query, IgmpFault):
        return False
    membership.query(
        version,
        group,
        decode_code(query.code) * TENTH,
        core.now,
        sources=query.sources,
        robustness=query.robustness,
    )
    return True


def _report(core: Core, inbound: Inbound, message: IgmpMessage) -> bool:
    header = inbound.header
    # RFC 1112 appendix I: the group in the message is the one it was sent to.
    if header.ttl != 1 or header.destination != message.group:
        return False
    if inbound.nic.addresses.on_link(header.source) is None:
        return False
    inbound.nic.membership.report_heard(message.group, core.now)
    return True


def send_report(core: Core, nic: Nic, records: list[GroupRecord]) -> bool:
    """Send version 3 records, as many to a message as the link carries (RFC 9776 §4.2.16)."""
    room = nic.mtu - MINIMUM_HEADER - len(ROUTER_ALERT_OPTION) - 8
    batch: list[GroupRecord] = []
    used = 0
    sent = True
    for record in records:
        size = 8 + 4 * len(record.sources)
        if size > room:
            # RFC 9776 §4.2.16: a list that does not fit is cut; every source is named once.
            record = record._replace(sources=record.sources[: (room - 8) // 4])
            size = 8 + 4 * len(record.sources)
        if batch and used + size > room:
            sent = _send_v3(core, nic, batch) and sent
            batch, used = [], 0
        batch.append(record)
        used += size
    return _send_v3(core, nic, batch) and sent


def _send_v3(core: Core, nic: Nic, records: list[GroupRecord]) -> bool:
    payload = build_report_v3(tuple(records))
    # RFC 9776 §4.2.14: reports go to 224.0.0.22.
    return _send(core, nic, IGMP_V3_ROUTERS, V3_MEMBERSHIP_REPORT, payload, TOS_V3)


def send_message(core: Core, nic: Nic, kind: int, group: int) -> bool:
    """Send a version 1 or 2 report or a leave."""
    # RFC 2236 §9: leaves go to all routers, reports to the group itself.
    destination = ALL_ROUTERS if kind == LEAVE_GROUP else group
    return _send(core, nic, destination, kind, build_igmp(kind, group), 0)


def _send(core: Core, nic: Nic, destination: int, kind: int, payload: bytes, tos: int) -> bool:
    source = nic.addresses.main()
    if source is None or nic.loopback:
        # S9.15: without an address nothing is sent; it is made up for when there is one.
        return False
    route = Route(nic, source, destination, destination, Cast.MULTICAST, inside=False)
    # RFC 2236 §2, RFC 9776 §4: TTL 1 and the router alert option.
    wish = Wish(PROTOCOL_IGMP, 1, tos, ROUTER_ALERT_OPTION)
    send.originate(core, route, payload, wish)
    nic.counters.inc(f"IGMP.PacketsSent.{_NAMES[kind]}")
    return True

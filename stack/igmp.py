"""IGMP messages, the host side: what is believed, and what reports look like (S9).

The timers are in `stack.membership`, or in `stack.membership_v2` where the policy has it so; here
messages are checked, counted and written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack import link, send
from stack.inbound import Cast
from stack.membership import Membership, Query
from stack.membership_v2 import MembershipV2
from stack.options import ROUTER_ALERT_OPTION
from stack.refusal import Reason
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
from stack.wire.ipv4 import MINIMUM_HEADER, PROTOCOL_IGMP, Ipv4Header, build_ipv4

if TYPE_CHECKING:
    from stack.core import Core
    from stack.inbound import Inbound
    from stack.nic import Nic
    from stack.policy import Policy

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
_V3_REPORT: Final = _NAMES[V3_MEMBERSHIP_REPORT]


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
    if name is None or (name == _V3_REPORT and not core.policy.igmp_version_3_known):
        # RFC 9776 §4: unknown types MUST be silently ignored.
        count("IGMP.PacketsReceived.Unrecognized")
        return
    count(f"IGMP.PacketsReceived.{name}")
    if message.type == MEMBERSHIP_QUERY:
        believed = _query(core, inbound, message)
    elif message.type == V3_MEMBERSHIP_REPORT:
        # RFC 9776 §5: for routers.
        return
    else:
        believed = _report_or_leave(core, inbound, message)
    if not believed:
        count("IGMP.PacketsReceived.Invalid")


def _carries_alert(core: Core, inbound: Inbound, version: int) -> bool:
    """Whether TTL and router alert are as S9.4 wants them."""
    if inbound.header.ttl != 1:
        return False
    # RFC 9776 §9.1: without router alert SHOULD be ignored; RFC 1112 knows none (S14.47).
    return inbound.router_alert or (version == 1 and core.policy.igmp_later_rules)


def _version(core: Core, nic: Nic, message: IgmpMessage) -> int | None:
    """The version of a query as this host reads it; None when its length fits no version."""
    version = query_version(message)
    reads_version_3 = core.policy.igmp_version_3_known and nic.membership.version != 2
    if (version == 3 and reads_version_3) or (version is None and core.policy.igmp_later_rules):
        return version
    # RFC 2236 §2.5, S9.2: a version 2 host ignores what is behind the first eight octets.
    return 2 if message.code else 1


def _query(core: Core, inbound: Inbound, message: IgmpMessage) -> bool:
    membership = inbound.nic.membership
    version = _version(core, inbound.nic, message)
    # RFC 9776 §7.1: a length that fits no version is silently ignored.
    if version is None or not _carries_alert(core, inbound, version):
        return False
    if core.policy.igmp_later_rules and not _names_its_group(inbound, message):
        return False
    group = message.group
    general = group == 0 or (version == 1 and not core.policy.igmp_later_rules)
    if version < 3:
        # RFC 2236 §2.2, RFC 9776 §7.2.1: the code of an older query is not exponential.
        membership.query(Query(version, group, message.code * TENTH, general), core.now)
        return True
    query = read_query_v3(message)
    if isinstance(query, IgmpFault):
        return False
    response = decode_code(query.code) * TENTH
    heard = Query(version, group, response, general, query.sources, query.robustness)
    membership.query(heard, core.now)
    return True


def _names_its_group(inbound: Inbound, message: IgmpMessage) -> bool:
    """RFC 9776 §9.1: a general query that goes to a group goes to 224.0.0.1 (SHOULD)."""
    if message.group:
        return is_multicast(message.group)
    return inbound.cast is not Cast.MULTICAST or inbound.header.destination == ALL_HOSTS


def _report_or_leave(core: Core, inbound: Inbound, message: IgmpMessage) -> bool:
    header = inbound.header
    version = 1 if message.type == V1_MEMBERSHIP_REPORT else 2
    if not _carries_alert(core, inbound, version):
        return False
    # RFC 2236 §10: from a subnet of this interface (S9.4: one of a primary address).
    if not inbound.nic.addresses.on_primary_subnet(header.source):
        return False
    if message.type == LEAVE_GROUP:
        # RFC 2236 §6: leaves are for routers (S9.5).
        return True
    # RFC 1112 appendix I: the group in the message is the one it was sent to.
    if core.policy.igmp_later_rules and header.destination != message.group:
        return False
    inbound.nic.membership.report_heard(message.group, core.now)
    return True


class _Voice:
    """How what keeps the timers of a NIC's groups is heard, and its dice."""

    __slots__ = ("_core", "_nic")

    def __init__(self, core: Core, nic: Nic) -> None:
        self._core = core
        self._nic = nic

    def report(self, records: list[GroupRecord]) -> bool:
        return send_report(self._core, self._nic, records)

    def message(self, kind: int, group: int) -> bool:
        return send_message(self._core, self._nic, kind, group)

    def delay(self, bound: int) -> int:
        drawn: int = self._core.random.getrandbits(32) * bound >> 32
        # RFC 2236 §3, RFC 9776 §5.2: from (0, bound]; S9.9: from [0, bound).
        return drawn + 1 if self._core.policy.igmp_later_rules else drawn


def membership(core: Core, nic: Nic, version: int) -> Membership | MembershipV2:
    """Make what keeps the timers of a NIC; `version` is 3, 2, or 0 for off."""
    voice = _Voice(core, nic)
    if version < 3 and not core.policy.igmp_later_rules:
        return MembershipV2(on=version > 0, voice=voice)
    return Membership(version=version, voice=voice)


def version_refusal(policy: Policy, version: int) -> Reason | None:
    """Answer why IGMP cannot run in this version (S9.18)."""
    if version not in (0, 2, 3):
        return Reason.INVALID_ARGUMENT
    if version == 3 and not policy.igmp_version_3_known:
        return Reason.NOT_SUPPORTED
    return None


def set_version(core: Core, nic: Nic, version: int) -> Reason | None:
    """Switch IGMP of one NIC to a version, 0 for off (S9.1, S9.18); joined groups stay joined."""
    refused = version_refusal(core.policy, version)
    if refused is not None:
        return refused
    before = nic.membership
    if nic.loopback:
        return None
    made = membership(core, nic, version)
    if version == before.version and type(made) is type(before):
        return None
    if version == 0:
        # S9.12: going silent is leaving.
        before.stop(core.now)
    nic.group_membership = made
    for group in sorted(nic.groups):
        nic.membership.joined(group, core.now)
    if nic.enabled:
        nic.membership.start(core.now)
    return None


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
    source = nic.addresses.outgoing()
    if source is None or nic.loopback:
        # S9.15: without an address nothing is sent; it is made up for when there is one.
        return False
    if core.policy.igmp_like_others:
        # S9.16: asked before, for IP tells nobody.
        taken = not link.is_full(core, nic)
        route = Route(nic, source, destination, destination, Cast.MULTICAST, inside=False)
        # RFC 2236 §2, RFC 9776 §4: TTL 1 and the router alert option.
        wish = Wish(PROTOCOL_IGMP, 1, tos, ROUTER_ALERT_OPTION)
        send.originate(core, route, payload, wish)
    else:
        taken = _straight_to_link(
            core, nic, Ipv4Header(source, destination, PROTOCOL_IGMP), payload
        )
    nic.counters.inc(f"IGMP.PacketsSent.{_NAMES[kind] if taken else 'Dropped'}")
    return taken


def _straight_to_link(core: Core, nic: Nic, header: Ipv4Header, payload: bytes) -> bool:
    """S9.15: no hook, no loop, no counter of IP."""
    header.ttl = 1
    header.options = ROUTER_ALERT_OPTION
    value = core.identification.next(header.source, header.destination, PROTOCOL_IGMP, core.now)
    header.identification = value or 0
    return link.send_to_group(core, nic, build_ipv4(header, payload), header.destination)

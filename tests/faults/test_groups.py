"""Faults of hosts in groups: RFC 1112, and IGMP in its three versions (RFC 2236, RFC 9776)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stack.inbound import Cast
from stack.membership import Query
from stack.wire.address import ALL_HOSTS, is_multicast
from stack.wire.igmp import LEAVE_GROUP, MODE_IS_EXCLUDE, GroupRecord
from tests.faults.framework import Fault, Wrap, judged, replaced, wrapped
from tests.faults.wires import rows, sent

QUERY, V1_REPORT, V2_REPORT, LEAVE, V3_REPORT = 0x11, 0x12, 0x16, 0x17, 0x22
UNKNOWN = frozenset({0x13, 0x23, 0xFF})
ALL_ROUTERS = bytes((224, 0, 0, 2))
FOR_US = "stack.receive._for_us"


def _sent(kinds: set[int], change: Callable[[bytes], bytes]) -> Wrap:
    """IGMP messages of some types leave otherwise; theirs is the router alert's header."""
    return sent(lambda p: change(p) if p[9] == 2 and p[24] in kinds else p)


def _of_membership(name: str, instead: Any) -> Any:
    return wrapped(f"stack.membership.Membership.{name}", instead)


def _mac_by_24_bits(group: int) -> bytes:
    return (0x01005E000000 | group & 0xFFFFFF).to_bytes(6, "big")


def _by_link_address(original: Any, core: Any, inbound: Any) -> Any:
    group = inbound.header.destination
    if is_multicast(group) and any((group ^ g) & 0x7FFFFF == 0 for g in inbound.nic.groups):
        return Cast.MULTICAST
    return original(core, inbound)


def _on_all_links(original: Any, core: Any, inbound: Any) -> Any:
    group = inbound.header.destination
    joined = any(group in nic.groups for nic in core.nics.values())
    return Cast.MULTICAST if joined else original(core, inbound)


def _far_reaching(original: Any, socket: Any, protocol: int, ask: Any) -> Any:
    socket.settings.multicast_ttl = 64
    return original(socket, protocol, ask)


def _always_looped(original: Any, socket: Any, protocol: int, ask: Any) -> Any:
    socket.settings.multicast_loop = True
    return original(socket, protocol, ask)


def _by_every_link(
    original: Any, core: Any, nic: Any, packet: bytes, mac: bytes, cast: Cast = Cast.UNICAST
) -> None:
    everywhere = cast is Cast.MULTICAST and packet[9] == 17
    for each in core.nics.values() if everywhere else (nic,):
        original(core, each, packet, mac, cast)


def _room_for_sixteen(original: Any, core: Any, number: int, group: int) -> Any:
    return None if len(core.nics[number].groups) > 16 else original(core, number, group)


def _said_once(original: Any, membership: Any, address: int, group: Any, now: int) -> None:
    original(membership, address, group, now)
    group.owed, group.change_due = 0, None


def _never_last(original: Any, membership: Any, address: int, now: int) -> None:
    membership._groups[address].last_reporter = False
    original(membership, address, now)


def _all_hosts_too(original: Any, core: Any, nic: Any, records: list[GroupRecord]) -> Any:
    if records[0].type == MODE_IS_EXCLUDE:
        records = [*records, GroupRecord(MODE_IS_EXCLUDE, ALL_HOSTS)]
    return original(core, nic, records)


def _wherever_sent(original: Any, core: Any, inbound: Any, message: Any) -> bool:
    if message.type == LEAVE_GROUP:
        return bool(original(core, inbound, message))
    inbound.nic.membership.report_heard(message.group, core.now)
    return True


def _restarted(original: Any, membership: Any, address: int, response: int, now: int) -> None:
    for group in membership._groups.values():
        group.response_due = None
    original(membership, address, response, now)


def _never_shortened(original: Any, membership: Any, address: int, response: int, now: int) -> None:
    running = {key: group.response_due for key, group in membership._groups.items()}
    original(membership, address, response, now)
    for key, group in membership._groups.items():
        group.response_due = running[key] or group.response_due


def _general(original: Any, membership: Any, query: Query, now: int) -> None:
    original(membership, query._replace(group=0, general=True), now)


def _no_sources(original: Any, membership: Any, query: Query, now: int) -> None:
    original(membership, query._replace(sources=()), now)


def _forgetful(original: Any, membership: Any, query: Query, now: int) -> None:
    if query.version == 3:
        membership._older_until = {1: 0, 2: 0}
    original(membership, query, now)


def _version_by_group_query(original: Any, membership: Any, query: Query, now: int) -> None:
    original(membership, query._replace(general=True), now)


def _last_query_decides(original: Any, membership: Any, version: int, *rest: int) -> None:
    if version == 2:
        membership._older_until[1] = 0
    original(membership, version, *rest)


def _message_read(change: Callable[[Any], Any]) -> Any:
    """IGMP messages are taken for others."""

    def instead(original: Any, octets: bytes) -> Any:
        message = original(octets)
        return change(message) if hasattr(message, "type") else message

    return wrapped("stack.igmp.parse_igmp", instead)


def _query_by_unicast(original: Any, core: Any, inbound: Any, message: Any) -> Any:
    return inbound.cast is not Cast.UNICAST and original(core, inbound, message)


def _alerted(original: Any, core: Any, inbound: Any, message: Any) -> Any:
    inbound.router_alert = True
    return original(core, inbound, message)


def _to_all_hosts(original: Any, core: Any, inbound: Any, message: Any) -> Any:
    inbound.header.destination = ALL_HOSTS
    return original(core, inbound, message)


FAULTS = (
    # RFC 1112
    Fault(
        "groups map to Ethernet by 24 bits",
        {"1112-6.2-a", "1112-6.4-a", "1122-3.3.1.1-b"},
        replaced("stack.link.group_mac", _mac_by_24_bits),
    ),
    Fault(
        "group datagrams leave with TTL 64",
        {"1112-6.1-a"},
        wrapped("stack.socket_base.Socket._prepare", _far_reaching),
    ),
    Fault(
        "copies of group datagrams can't be switched off",
        {"1112-6.1-c"},
        wrapped("stack.socket_base.Socket._prepare", _always_looped),
    ),
    Fault(
        "group datagrams leave by every link",
        {"1112-6.1-b", "1112-6.2-b"},
        wrapped("stack.link.emit", _by_every_link),
    ),
    Fault(
        "groups are told apart by their link address alone",
        {"1112-7.2-a"},
        wrapped(FOR_US, _by_link_address),
    ),
    Fault(
        "a group is heard on all links once it was joined",
        {"1112-7.2-a", "1122-3.2.1.3-j"},
        wrapped(FOR_US, _on_all_links),
    ),
    Fault(
        "sixteen groups are enough",
        {"1112-7.4-a"},
        wrapped("stack.groups.join", _room_for_sixteen),
    ),
    Fault(
        "leaving a group changes nothing",
        rows("1122-3.3.7-a 2236-3-d 9776-5.1-a 9776-5.2-b 9776-7.2.1-a"),
        replaced("stack.groups.leave", lambda *_: None),
    ),
    # Messages
    Fault(
        "IGMP leaves without router alert",
        {"2236-2-a", "2236-9-a", "9776-4-a"},
        wrap=_sent({V2_REPORT, LEAVE, V3_REPORT}, lambda p: p[:20] + b"\1\1\1\1" + p[24:]),
    ),
    Fault(
        "IGMP leaves with TTL 2",
        {"1112-A1-a", "2236-2-a", "2236-9-a", "9776-4-a"},
        wrap=_sent({V1_REPORT, V2_REPORT, LEAVE, V3_REPORT}, lambda p: p[:8] + b"\2" + p[9:]),
    ),
    Fault(
        "version 3 reports have no precedence",
        {"9776-4-a"},
        wrap=_sent({V3_REPORT}, lambda p: p[:1] + b"\0" + p[2:]),
    ),
    Fault(
        "version 3 reports go to all routers",
        {"9776-4.2-a"},
        wrap=_sent({V3_REPORT}, lambda p: p[:16] + ALL_ROUTERS + p[20:]),
    ),
    Fault(
        "version 2 reports go to all routers",
        {"2236-9-a"},
        wrap=_sent({V2_REPORT}, lambda p: p[:16] + ALL_ROUTERS + p[20:]),
    ),
    Fault(
        "leaves go to the group",
        {"2236-9-a"},
        wrap=_sent({LEAVE}, lambda p: p[:16] + p[28:32] + p[20:]),
    ),
    Fault(
        "version 1 reports are longer than eight octets",
        {"1112-A1-a"},
        wrap=_sent({V1_REPORT}, lambda p: p[:3] + b"\x24" + p[4:32] + bytes(4)),
    ),
    Fault(
        "checksums of IGMP are not verified",
        {"2236-2.3-a", "9776-4.1.10-a"},
        replaced("stack.wire.igmp.checksum_is_right", lambda *_: True),
    ),
    # Joining and leaving
    Fault(
        "joining and leaving are told once",
        {"2236-3-c", "9776-5.1-a"},
        _of_membership("_announce", _said_once),
    ),
    Fault(
        "nobody says in version 2 that he leaves",
        {"2236-3-d"},
        _of_membership("_retire", _never_last),
    ),
    # Queries
    Fault(
        "queries are answered at once",
        {"2236-3-a", "2236-5-a", "9776-5.2-a"},
        replaced("stack.igmp._Voice.delay", lambda *_: 0),
    ),
    Fault(
        "224.0.0.1 is reported too",
        {"9776-5-a"},
        wrapped("stack.igmp.send_report", _all_hosts_too),
    ),
    Fault(
        "reports of others are not minded",
        {"2236-5-a"},
        replaced("stack.membership.Membership.report_heard", lambda *_: None),
    ),
    Fault(
        "reports are minded wherever they were sent",
        {"1112-A1-e"},
        wrapped("stack.igmp._report_or_leave", _wherever_sent),
    ),
    Fault(
        "a query for one group is one for all",
        {"2236-3-b", "9776-5.2-b", "9776-7.2.1-a"},
        _of_membership("query", _general),
    ),
    Fault(
        "the sources of a query are not minded",
        {"9776-5.2-b"},
        _of_membership("query", _no_sources),
    ),
    Fault(
        "every query starts timers anew",
        {"2236-3-b"},
        _of_membership("_schedule_older", _restarted),
    ),
    Fault(
        "no query shortens a timer",
        {"2236-3-b"},
        _of_membership("_schedule_older", _never_shortened),
    ),
    Fault(
        "a response time of zero is half a minute",
        {"2236-4-a"},
        replaced("stack.membership.VERSION_1_RESPONSE", 30_000_000),
    ),
    Fault(
        "response codes of version 3 are in seconds",
        {"9776-4.1.1-a"},
        wrapped("stack.igmp.decode_code", lambda original, code: code * 10 if code > 127 else code),
    ),
    Fault(
        "additional data spoils a query",
        {"9776-4.1.10-a"},
        wrapped("stack.igmp.query_version", lambda o, m: None if len(m.extra) > 12 else o(m)),
    ),
    Fault(
        "queries to the host alone are not heard",
        {"9776-4.1.12-a"},
        wrapped("stack.igmp._query", _query_by_unicast),
    ),
    # Versions
    Fault(
        "a version 2 query ends version 1",
        {"2236-4-b"},
        _of_membership("_hear_older", _last_query_decides),
    ),
    Fault(
        "a version 3 query ends the older versions",
        {"9776-7.2.1-a"},
        _of_membership("query", _forgetful),
    ),
    Fault(
        "queries for one group change the version",
        {"9776-7.2.1-a"},
        _of_membership("query", _version_by_group_query),
    ),
    # What is no query
    Fault(
        "queries of any length are of version 2",
        {"9776-7.1-a"},
        wrapped("stack.igmp.query_version", lambda original, message: original(message) or 2),
    ),
    Fault(
        "unknown types are queries",
        {"9776-4-b"},
        _message_read(lambda m: m._replace(type=QUERY) if m.type in UNKNOWN else m),
    ),
    Fault(
        "a query for no group at all is a general one",
        {"2236-6-a"},
        _message_read(lambda m: m if is_multicast(m.group) else m._replace(group=0)),
    ),
    Fault(
        "seven octets are enough for a query",
        {"2236-6-a"},
        wrapped("stack.igmp.parse_igmp", lambda original, octets: original(octets.ljust(8, b"\0"))),
    ),
    Fault(
        "queries without router alert are heard",
        {"9776-9.1-a"},
        wrapped("stack.igmp._query", _alerted),
    ),
    Fault(
        "general queries are heard in every group",
        {"9776-9.1-a"},
        wrapped("stack.igmp._query", _to_all_hosts),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""

"""IGMP messages: version 1 (RFC 1112), 2 (RFC 2236) and 3 (RFC 9776).

All begin with eight octets: type, a code (the response time in queries), checksum, group. Version 3
queries and reports go on from there. A version 3 report keeps its octets 4 to 7 for other things,
and is read with `parse_report_v3`.
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final, NamedTuple

from stack.wire.checksum import checksum_is_right, internet_checksum

MEMBERSHIP_QUERY: Final = 0x11
V1_MEMBERSHIP_REPORT: Final = 0x12
V2_MEMBERSHIP_REPORT: Final = 0x16
LEAVE_GROUP: Final = 0x17
V3_MEMBERSHIP_REPORT: Final = 0x22

MODE_IS_INCLUDE: Final = 1
MODE_IS_EXCLUDE: Final = 2
CHANGE_TO_INCLUDE: Final = 3
CHANGE_TO_EXCLUDE: Final = 4
ALLOW_NEW_SOURCES: Final = 5
BLOCK_OLD_SOURCES: Final = 6

_MESSAGE = struct.Struct("!BBHI")
_QUERY_V3 = struct.Struct("!BBH")
_REPORT_V3 = struct.Struct("!BBHHH")
_RECORD = struct.Struct("!BBHI")


class IgmpFault(Enum):
    """Why a message is discarded."""

    TOO_SHORT = "fewer octets than the message needs"
    CHECKSUM = "IGMP checksum wrong"


class IgmpMessage(NamedTuple):
    """The eight octets that all versions share, checksum left out."""

    type: int
    code: int
    """Response time of a query in tenths of a second, coded above 127 in version 3."""
    group: int
    extra: bytes = b""
    """What follows the eight octets."""


class IgmpQueryV3(NamedTuple):
    """A version 3 query (RFC 9776 §4.1)."""

    code: int
    group: int
    suppress: bool
    """The S flag; for routers only."""
    robustness: int
    """QRV, 0 to 7; zero means not told."""
    interval_code: int
    """QQIC; `decode_code` gives seconds."""
    sources: tuple[int, ...]


class GroupRecord(NamedTuple):
    """One record of a version 3 report (RFC 9776 §4.2.5); auxiliary data is ignored."""

    type: int
    group: int
    sources: tuple[int, ...] = ()


def decode_code(code: int) -> int:
    """RFC 9776 §4.1.1, §4.1.7: Max Resp Code in tenths of a second, QQIC in seconds."""
    if code < 128:
        return code
    return (code & 15 | 16) << ((code >> 4 & 7) + 3)


def parse_igmp(octets: bytes) -> IgmpMessage | IgmpFault:
    """Check and read a message of any version; the checksum covers all of the payload."""
    if len(octets) < 8:
        return IgmpFault.TOO_SHORT
    # RFC 2236 §2.3, RFC 9776 §4.1.2: verified over the whole IP payload.
    if not checksum_is_right(octets):
        return IgmpFault.CHECKSUM
    kind, code, _, group = _MESSAGE.unpack_from(octets)
    return IgmpMessage(kind, code, group, octets[8:])


def query_version(message: IgmpMessage) -> int | None:
    """RFC 9776 §7.1: the version of a query by its length and code; None when it is none's."""
    if len(message.extra) >= 4:
        return 3
    if message.extra:
        return None
    return 2 if message.code else 1


def read_query_v3(message: IgmpMessage) -> IgmpQueryV3 | IgmpFault:
    """Read the rest of a version 3 query; octets behind the sources are ignored (§4.1.10)."""
    if len(message.extra) < 4:
        return IgmpFault.TOO_SHORT
    flags, interval, count = _QUERY_V3.unpack_from(message.extra)
    sources = _addresses(message.extra, 4, count)
    if sources is None:
        return IgmpFault.TOO_SHORT
    return IgmpQueryV3(message.code, message.group, flags & 8 != 0, flags & 7, interval, sources)


def parse_report_v3(octets: bytes) -> tuple[GroupRecord, ...] | IgmpFault:
    """Check and read a version 3 report."""
    if len(octets) < 8:
        return IgmpFault.TOO_SHORT
    if not checksum_is_right(octets):
        return IgmpFault.CHECKSUM
    *_, count = _REPORT_V3.unpack_from(octets)
    records: list[GroupRecord] = []
    at = 8
    for _ in range(count):
        if at + 8 > len(octets):
            return IgmpFault.TOO_SHORT
        kind, auxiliary, number, group = _RECORD.unpack_from(octets, at)
        sources = _addresses(octets, at + 8, number)
        if sources is None:
            return IgmpFault.TOO_SHORT
        records.append(GroupRecord(kind, group, sources))
        at += 8 + 4 * (number + auxiliary)
    return tuple(records)


def build_igmp(kind: int, group: int, code: int = 0, extra: bytes = b"") -> bytes:
    """Write a message: versions 1 and 2 have nothing extra."""
    checksum = internet_checksum(_MESSAGE.pack(kind, code, 0, group) + extra)
    return _MESSAGE.pack(kind, code, checksum, group) + extra


def build_query_v3(query: IgmpQueryV3) -> bytes:
    """Write a version 3 query."""
    flags = (8 if query.suppress else 0) | query.robustness
    extra = _QUERY_V3.pack(flags, query.interval_code, len(query.sources))
    extra += _pack_addresses(query.sources)
    return build_igmp(MEMBERSHIP_QUERY, query.group, query.code, extra)


def build_report_v3(records: tuple[GroupRecord, ...]) -> bytes:
    """Write a version 3 report without auxiliary data (RFC 9776 §4.2.11)."""
    body = b"".join(
        _RECORD.pack(kind, 0, len(sources), group) + _pack_addresses(sources)
        for kind, group, sources in records
    )
    head = _REPORT_V3.pack(V3_MEMBERSHIP_REPORT, 0, 0, 0, len(records))
    checksum = internet_checksum(head + body)
    return _REPORT_V3.pack(V3_MEMBERSHIP_REPORT, 0, checksum, 0, len(records)) + body


def _addresses(octets: bytes, at: int, count: int) -> tuple[int, ...] | None:
    """That many addresses from there on; None when they are not all there."""
    if at + 4 * count > len(octets):
        return None
    addresses: tuple[int, ...] = struct.unpack_from(f"!{count}I", octets, at)
    return addresses


def _pack_addresses(addresses: tuple[int, ...]) -> bytes:
    return struct.pack(f"!{len(addresses)}I", *addresses)

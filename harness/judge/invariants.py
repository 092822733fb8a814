"""What holds for every frame that a target originates, whatever a case is about.

A breach is a finding on the invariant's own requirement. Datagrams that the target forwards are
others' work: only their TTL and checksum are its own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from socket import inet_ntoa

from harness.decode import ICMP_ERRORS, Frame, Part

VERSION = "791-3.1.ver-a"
CHECKSUM = "791-3.1.cksum-a"
HEADER_LENGTH = "791-3.1.ihl-b"
TOTAL_LENGTH = "791-3.1.len-a"
RESERVED_FLAG = "791-3.1.flags-a"
PADDING = "894-frame-b"
OWN_SOURCE = "1122-3.2.1.3-h"
TTL_ZERO = "1122-3.2.1.7-a"
ICMP_CHECKSUM = "792-du-b"
ERROR_ABOUT_ERROR = "1122-3.2.2-g"
ERROR_ABOUT_BROADCAST = "1122-3.2.2-h"
ERROR_ABOUT_LATER_FRAGMENT = "1122-3.2.2-j"
FORWARDED_TTL = "1812-4.2.2.9-b"
FORWARDED_CHECKSUM = "791-3.1.cksum-c"

SHORTEST_ETHERNET_DATA = 46
"""RFC 894: octets to which an Ethernet frame's data is padded; a bare IP packet never is."""

REQUIREMENTS = (
    VERSION,
    CHECKSUM,
    HEADER_LENGTH,
    TOTAL_LENGTH,
    RESERVED_FLAG,
    PADDING,
    OWN_SOURCE,
    TTL_ZERO,
    ICMP_CHECKSUM,
    ERROR_ABOUT_ERROR,
    ERROR_ABOUT_BROADCAST,
    ERROR_ABOUT_LATER_FRAGMENT,
)
"""What every datagram that a target originates is held to."""


@dataclass(frozen=True, slots=True)
class Breach:
    """An invariant that a frame breaks, in words."""

    requirement: str
    expected: str
    actual: str
    place: tuple[int, int] | None = None


def breaches(
    frame: Frame, own: Collection[str], sent: Collection[str], broadcasts: Collection[str]
) -> list[Breach]:
    """The invariants that a frame from the target breaks.

    Args:
        frame: the frame as it came.
        own: the target's addresses.
        sent: source addresses that the tester has used; a datagram from one of them is taken
            to be forwarded.
        broadcasts: directed broadcast addresses of the target's links.
    """
    ip = frame.parts.get("ip")
    if ip is None:
        return []
    fields = ip.fields
    source = fields["src"]
    if source not in own and source in sent:
        return _forwarded(ip)
    there = len(frame.octets) - ip.start
    checks = [*(rule(ip) for rule in _HEADER_RULES), _total_length(ip, there), _padding(ip, frame)]
    found = [breach for breach in checks if breach is not None]
    # RFC 1122 §3.2.1.3 (a): 0.0.0.0 stands for a host that has no address yet, in IGMP too
    # (RFC 9776 §4.2.13).
    if source not in own and not (source == "0.0.0.0" and fields["protocol"] in (2, 17)):
        found.append(
            Breach(OWN_SOURCE, "one of the target's addresses as source", source, ip.place("src"))
        )
    icmp = frame.parts.get("icmp")
    if icmp is not None:
        found.extend(_icmp(icmp, broadcasts))
    return found


def _forwarded(ip: Part) -> list[Breach]:
    found = []
    if ip.fields["ttl"] == 0:
        found.append(Breach(FORWARDED_TTL, "a TTL above zero", "TTL 0", ip.place("ttl")))
    if not ip.fields["checksum_right"]:
        found.append(_wrong_checksum(ip, FORWARDED_CHECKSUM))
    return found


def _wrong_checksum(ip: Part, requirement: str) -> Breach:
    return Breach(
        requirement,
        "a header checksum that is right",
        f"{ip.fields['checksum']:#06x}, which is not",
        ip.place("checksum"),
    )


def _version(ip: Part) -> Breach | None:
    if ip.fields["version"] == 4:
        return None
    return Breach(VERSION, "version 4", f"version {ip.fields['version']}", ip.place("version"))


def _checksum(ip: Part) -> Breach | None:
    return None if ip.fields["checksum_right"] else _wrong_checksum(ip, CHECKSUM)


def _header_length(ip: Part) -> Breach | None:
    ihl, total = ip.fields["ihl"], ip.fields["total_length"]
    if ihl >= 5 and ihl * 4 <= total:
        return None
    return Breach(
        HEADER_LENGTH,
        "an IHL of at least 5 words, inside the Total Length",
        f"IHL {ihl}, Total Length {total}",
        ip.place("ihl"),
    )


def _total_length(ip: Part, there: int) -> Breach | None:
    total = ip.fields["total_length"]
    # RFC 894: an Ethernet frame may be padded to 46 octets of data, not beyond.
    if total == there or (ip.start and total < there <= SHORTEST_ETHERNET_DATA):
        return None
    return Breach(
        TOTAL_LENGTH,
        f"a Total Length of the {there} octets that came",
        str(total),
        ip.place("total_length"),
    )


def _padding(ip: Part, frame: Frame) -> Breach | None:
    """RFC 894: frames are padded with zeros; other octets are leaks of the sender's memory."""
    start = ip.start + int(ip.fields["total_length"])
    # A longer frame needs none: what is there is for the Total Length's rule.
    if len(frame.octets) - ip.start > SHORTEST_ETHERNET_DATA or not any(frame.octets[start:]):
        return None
    shown = frame.octets[start:].hex(" ")
    return Breach(PADDING, "padding of zeros", shown, (start, len(frame.octets)))


def _reserved_flag(ip: Part) -> Breach | None:
    if not ip.fields["reserved"]:
        return None
    return Breach(RESERVED_FLAG, "the reserved flag zero", "one", ip.place("reserved"))


def _ttl(ip: Part) -> Breach | None:
    if ip.fields["ttl"]:
        return None
    return Breach(TTL_ZERO, "a TTL above zero", "TTL 0", ip.place("ttl"))


_HEADER_RULES: tuple[Callable[[Part], Breach | None], ...] = (
    _version,
    _checksum,
    _header_length,
    _reserved_flag,
    _ttl,
)


def _icmp(icmp: Part, broadcasts: Collection[str]) -> list[Breach]:
    found = []
    if not icmp.fields["checksum_right"]:
        found.append(
            Breach(
                ICMP_CHECKSUM,
                "an ICMP checksum that is right",
                f"{icmp.fields['checksum']:#06x}, which is not",
                icmp.place("checksum"),
            )
        )
    quote = icmp.fields.get("quote", b"")
    # A redirect is advice about a datagram that was forwarded, not a complaint about it.
    if len(quote) < 20 or icmp.fields["type"] == 5:
        return found
    return found + _about(quote, icmp, broadcasts)


def _about(quote: bytes, icmp: Part, broadcasts: Collection[str]) -> list[Breach]:
    """RFC 1122 §3.2.2: the datagrams that no error may be sent about."""
    found = []
    place = icmp.place("quote")
    offset = int.from_bytes(quote[6:8], "big") & 0x1FFF
    header = (quote[0] & 15) * 4
    if quote[9] == 1 and not offset and quote[header : header + 1] in _ERROR_TYPES:
        found.append(
            Breach(
                ERROR_ABOUT_ERROR,
                "no ICMP error about an ICMP error",
                f"one about ICMP type {quote[header]}",
                place,
            )
        )
    destination = inet_ntoa(quote[16:20])
    if destination in broadcasts or destination == "255.255.255.255" or 224 <= quote[16] <= 239:
        found.append(
            Breach(
                ERROR_ABOUT_BROADCAST,
                "no ICMP error about a broadcast or multicast datagram",
                f"one about a datagram to {destination}",
                place,
            )
        )
    if offset:
        found.append(
            Breach(
                ERROR_ABOUT_LATER_FRAGMENT,
                "no ICMP error about a fragment other than the first",
                f"one about the fragment at {offset * 8}",
                place,
            )
        )
    return found


_ERROR_TYPES = frozenset(bytes((kind,)) for kind in ICMP_ERRORS)

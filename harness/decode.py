"""A tolerant decoder: octets from the wire to named fields, whatever they are.

It knows nothing of the stack's codec and of scapy. It never raises on any octets: what is
missing or impossible is noted in `Frame.faults` and the rest is read as far as it goes. Field
names are those of the case vocabulary.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from socket import inet_ntoa
from typing import Any

from harness.decode_tcp import final_destination, tcp_fields
from harness.field_places import PLACES
from harness.internet_checksum import ones_complement_sum

_IP = struct.Struct("!BBHHHBBH4s4s")
_UDP = struct.Struct("!HHHH")
_ARP = struct.Struct("!HHBBH")
_ETHERNET = struct.Struct("!6s6sH")

ICMP_ERRORS = frozenset({3, 4, 5, 11, 12})
"""ICMP types that complain about a datagram and quote it (RFC 792, RFC 1122 §3.2.2)."""
_EXTENSIBLE = frozenset({3, 11, 12})
_ICMP_QUERIES = frozenset({0, 8, 13, 14, 15, 16, 17, 18})


@dataclass(slots=True)
class DecodedOption:
    """One option as found: `octets` from its type octet on, `at` from the IP header's start."""

    type: int
    octets: bytes
    at: int

    @property
    def length(self) -> int:
        """The length octet; 1 for single-octet options and cut-off ones."""
        return self.octets[1] if len(self.octets) > 1 else 1


@dataclass(slots=True)
class Part:
    """One protocol's part of a frame; `start` and `end` are octets of the frame."""

    kind: str
    start: int
    end: int
    fields: dict[str, Any]

    def place(self, name: str) -> tuple[int, int] | None:
        """The octets of the frame that hold a field."""
        fixed = PLACES.get(self.kind, {}).get(name)
        if fixed is not None:
            return self.start + fixed[0], self.start + fixed[1]
        if self.kind == "ip" and name == "options":
            return self.start + 20, self.end
        if self.kind == "icmp" and name in ("data", "quote"):
            return self.start + 8, self.end
        return (self.start, self.end) if self.kind == "data" else None


@dataclass(slots=True)
class Frame:
    """A frame as read: its octets, its parts by kind, and what was wrong with it."""

    octets: bytes
    parts: dict[str, Part] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def get(self, layer: str, name: str) -> Any:
        """A field's value, or None where the frame has no such thing."""
        part = self.parts.get(layer)
        return None if part is None else part.fields.get(name)

    @property
    def datagram(self) -> bytes:
        """The IP packet's octets, without link header and padding; empty if there is none."""
        part = self.parts.get("ip")
        if part is None:
            return b""
        return self.octets[part.start : part.start + len_of_datagram(part, self.octets)]

    @property
    def is_fragment(self) -> bool:
        """Whether the IP packet is a piece of a datagram."""
        part = self.parts.get("ip")
        return part is not None and bool(part.fields["mf"] or part.fields["offset"])


def len_of_datagram(part: Part, octets: bytes) -> int:
    """The octets that belong to an IP packet: Total Length, or what is there of it."""
    available = len(octets) - part.start
    total: int = part.fields["total_length"]
    return min(total, available)


def decode(octets: bytes, *, bare_ip: bool = False) -> Frame:
    """Read a frame; with `bare_ip` there is no link header."""
    frame = Frame(octets)
    if bare_ip:
        _decode_ip(frame, 0)
        return frame
    if len(octets) < 14:
        frame.faults.append("Ethernet header cut off")
        return frame
    dst, src, ethertype = _ETHERNET.unpack_from(octets)
    start = 14
    if ethertype < 0x0600:
        frame.parts["snap"] = Part("snap", 0, 22, {"dst": dst, "src": src, "length": ethertype})
        # RFC 1042: LLC AA-AA-03, organisation 00-00-00, then the Ethertype.
        if octets[14:20] != b"\xaa\xaa\x03\x00\x00\x00" or len(octets) < 22:
            frame.faults.append("802.3 frame without SNAP")
            return frame
        ethertype, start = int.from_bytes(octets[20:22], "big"), 22
    else:
        frame.parts["ether"] = Part(
            "ether", 0, 14, {"dst": dst, "src": src, "ethertype": ethertype}
        )
    if ethertype == 0x0800:
        _decode_ip(frame, start)
    elif ethertype == 0x0806:
        _decode_arp(frame, start)
    else:
        frame.parts["data"] = Part("data", start, len(octets), {"octets": octets[start:]})
    return frame


def _decode_arp(frame: Frame, start: int) -> None:
    octets = frame.octets
    if len(octets) < start + 28:
        frame.faults.append("ARP packet cut off")
        return
    hardware, protocol, hardware_length, protocol_length, operation = _ARP.unpack_from(
        octets, start
    )
    frame.parts["arp"] = Part(
        "arp",
        start,
        start + 28,
        {
            "hardware_type": hardware,
            "protocol_type": protocol,
            "hardware_length": hardware_length,
            "protocol_length": protocol_length,
            "operation": operation,
            "sender_mac": octets[start + 8 : start + 14],
            "sender": inet_ntoa(octets[start + 14 : start + 18]),
            "target_mac": octets[start + 18 : start + 24],
            "target": inet_ntoa(octets[start + 24 : start + 28]),
        },
    )


def _decode_ip(frame: Frame, start: int) -> None:
    octets = frame.octets
    if len(octets) < start + 20:
        frame.faults.append("IPv4 header cut off")
        return
    first, tos, total, ident, flags, ttl, protocol, checksum, src, dst = _IP.unpack_from(
        octets, start
    )
    ihl = first & 15
    header_end = start + max(ihl, 5) * 4
    if ihl < 5:
        frame.faults.append(f"IHL {ihl}")
    if header_end > len(octets):
        frame.faults.append("IPv4 options cut off")
        header_end = len(octets)
    if total < header_end - start or start + total > len(octets):
        frame.faults.append(f"Total Length {total}, {len(octets) - start} octets there")
    end = max(min(start + total, len(octets)), header_end)
    payload = octets[header_end:end]
    header = octets[start:header_end]
    checksum_right = ones_complement_sum(header) == 0xFFFF
    if not checksum_right:
        frame.faults.append("IPv4 header checksum wrong")
    offset = (flags & 0x1FFF) * 8
    frame.parts["ip"] = Part(
        "ip",
        start,
        header_end,
        {
            "version": first >> 4,
            "ihl": ihl,
            "tos": tos,
            "total_length": total,
            "identification": ident,
            "reserved": flags >> 15,
            "df": flags >> 14 & 1,
            "mf": flags >> 13 & 1,
            "offset": offset,
            "ttl": ttl,
            "protocol": protocol,
            "checksum": checksum,
            "src": inet_ntoa(src),
            "dst": inet_ntoa(dst),
            "options": read_options(header[20:]) if header_end > start + 20 else [],
            "payload": payload,
            "checksum_right": checksum_right,
        },
    )
    if offset:
        frame.parts["data"] = Part("data", header_end, end, {"octets": payload})
        return
    whole = not flags & 0x2000
    if protocol == 1:
        _decode_icmp(frame, header_end, payload, whole)
    elif protocol == 17:
        _decode_udp(frame, header_end, payload, whole)
    elif protocol == 2:
        _decode_igmp(frame, header_end, payload)
    elif protocol == 6:
        _decode_tcp(frame, header_end, payload, whole)
    else:
        frame.parts["data"] = Part("data", header_end, end, {"octets": payload})


def read_options(area: bytes, at: int = 20) -> list[DecodedOption]:
    """The options of an area, no-operations and end-of-list included.

    A cut-off or impossible option takes the rest of the area. What follows an end-of-list
    belongs to it.
    """
    found = []
    place = 0
    while place < len(area):
        kind = area[place]
        if kind == 0:
            found.append(DecodedOption(0, area[place:], at + place))
            break
        length = 1
        if kind != 1:
            length = area[place + 1] if place + 1 < len(area) else 0
            if length < 2 or place + length > len(area):
                length = len(area) - place
        found.append(DecodedOption(kind, area[place : place + length], at + place))
        place += length
    return found


def _decode_icmp(frame: Frame, start: int, message: bytes, whole: bool) -> None:
    if len(message) < 8:
        frame.faults.append("ICMP header cut off")
        frame.parts["data"] = Part("data", start, start + len(message), {"octets": message})
        return
    kind = message[0]
    right = not whole or ones_complement_sum(message) == 0xFFFF
    if not right:
        frame.faults.append("ICMP checksum wrong")
    fields: dict[str, Any] = {
        "type": kind,
        "code": message[1],
        "checksum": int.from_bytes(message[2:4], "big"),
        "rest": message[4:8],
        "data": message[8:],
        "checksum_right": right,
    }
    if kind in _ICMP_QUERIES:
        fields["identifier"] = int.from_bytes(message[4:6], "big")
        fields["sequence"] = int.from_bytes(message[6:8], "big")
        if kind in (13, 14) and len(message) >= 20:
            fields["originate"] = int.from_bytes(message[8:12], "big")
            fields["receive"] = int.from_bytes(message[12:16], "big")
            fields["transmit"] = int.from_bytes(message[16:20], "big")
        if kind in (17, 18) and len(message) >= 12:
            fields["mask"] = inet_ntoa(message[8:12])
    elif kind in ICMP_ERRORS:
        fields["quote"] = message[8:]
        if kind in _EXTENSIBLE and message[5]:
            # RFC 4884 §4: so many words are of the datagram; an extension is behind them.
            fields["quote"] = message[8 : 8 + message[5] * 4]
        _decode_error(fields, kind, message)
    frame.parts["icmp"] = Part("icmp", start, start + len(message), fields)


def _decode_error(fields: dict[str, Any], kind: int, message: bytes) -> None:
    """The second word of an ICMP error; `unused` is what the type leaves unused (RFC 4884 §4)."""
    if kind == 3:
        fields["mtu"] = int.from_bytes(message[6:8], "big")
        # RFC 1191 §4 and RFC 4884 §4.1 took the later octets of type 3.
        fields["unused"] = message[4:5] if message[1] == 4 else message[4:5] + message[6:8]
    elif kind == 5:
        fields["gateway"] = inet_ntoa(message[4:8])
    elif kind == 12:
        fields["pointer"] = message[4]
        fields["unused"] = message[6:8]
    else:
        # RFC 4884 §4.2: octet 5 of Time Exceeded is a length.
        fields["unused"] = message[4:5] + message[6:8] if kind == 11 else message[4:8]


def _decode_udp(frame: Frame, start: int, segment: bytes, whole: bool) -> None:
    if len(segment) < 8:
        frame.faults.append("UDP header cut off")
        frame.parts["data"] = Part("data", start, start + len(segment), {"octets": segment})
        return
    sport, dport, length, checksum = _UDP.unpack_from(segment)
    right = True
    if whole and checksum:
        pseudo = _pseudo_ends(frame) + b"\x00\x11" + segment[4:6]
        right = ones_complement_sum(pseudo + segment[:length]) == 0xFFFF
        if not right:
            frame.faults.append("UDP checksum wrong")
    frame.parts["udp"] = Part(
        "udp",
        start,
        start + 8,
        {
            "sport": sport,
            "dport": dport,
            "length": length,
            "checksum": checksum,
            "checksum_right": right,
        },
    )
    carried = segment[8:]
    frame.parts["data"] = Part("data", start + 8, start + len(segment), {"octets": carried})


def _decode_tcp(frame: Frame, start: int, segment: bytes, whole: bool) -> None:
    if len(segment) < 20:
        frame.faults.append("TCP header cut off")
        frame.parts["data"] = Part("data", start, start + len(segment), {"octets": segment})
        return
    fields, header = tcp_fields(segment)
    pseudo = _pseudo_ends(frame) + b"\x00\x06" + len(segment).to_bytes(2, "big")
    right = not whole or ones_complement_sum(pseudo + segment) == 0xFFFF
    if not right:
        frame.faults.append("TCP checksum wrong")
    fields["checksum_right"] = right
    frame.parts["tcp"] = Part("tcp", start, start + header, fields)
    carried = Part("data", start + header, start + len(segment), {"octets": segment[header:]})
    frame.parts["data"] = carried


def _pseudo_ends(frame: Frame) -> bytes:
    """The addresses that transport checksums cover."""
    ip = frame.parts["ip"]
    header = frame.octets[ip.start : ip.end]
    return header[12:16] + final_destination(header)


def _decode_igmp(frame: Frame, start: int, message: bytes) -> None:
    if len(message) < 8:
        frame.faults.append("IGMP message cut off")
        frame.parts["data"] = Part("data", start, start + len(message), {"octets": message})
        return
    right = ones_complement_sum(message) == 0xFFFF
    if not right:
        frame.faults.append("IGMP checksum wrong")
    fields: dict[str, Any] = {
        "type": message[0],
        "max_response": message[1],
        "checksum": int.from_bytes(message[2:4], "big"),
        "group": inet_ntoa(message[4:8]),
        "more": message[8:],
        "checksum_right": right,
    }
    if message[0] == 0x22:
        fields["records"] = read_group_records(message)
        del fields["group"]
    frame.parts["igmp"] = Part("igmp", start, start + len(message), fields)


def read_group_records(report: bytes) -> list[tuple[int, str]]:
    """(record type, group) of each record of a version 3 report (RFC 9776 §4.2)."""
    count = int.from_bytes(report[6:8], "big")
    place = 8
    records: list[tuple[int, str]] = []
    while len(records) < count and place + 8 <= len(report):
        kind, auxiliary, sources = struct.unpack_from("!BBH", report, place)
        records.append((kind, inet_ntoa(report[place + 4 : place + 8])))
        place += 8 + 4 * sources + 4 * auxiliary
    return records

"""Fragments from the target put together by the tester (RFC 791 §3.2), apart from the stack's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.decode import Frame, decode
from harness.internet_checksum import internet_checksum

Key = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Train:
    """A datagram and the frames that it came in, in the order of their offsets."""

    datagram: Frame
    pieces: tuple[Frame, ...]


def trains(frames: Iterable[Frame], *, bare_ip: bool) -> list[Train]:
    """The datagrams that are complete among some frames; whole ones are trains of one piece."""
    complete = []
    parts: dict[Key, list[Frame]] = {}
    for frame in frames:
        if "ip" not in frame.parts:
            continue
        if not frame.is_fragment:
            complete.append(Train(frame, (frame,)))
            continue
        fields = frame.parts["ip"].fields
        key = (fields["src"], fields["dst"], fields["protocol"], fields["identification"])
        parts.setdefault(key, []).append(frame)
    for pieces in parts.values():
        train = _joined(pieces, bare_ip=bare_ip)
        if train is not None:
            complete.append(train)
    return complete


def _joined(pieces: list[Frame], *, bare_ip: bool) -> Train | None:
    ordered = sorted(pieces, key=lambda frame: frame.parts["ip"].fields["offset"])
    payload = b""
    for piece in ordered:
        fields = piece.parts["ip"].fields
        if fields["offset"] != len(payload):
            return None
        payload += fields["payload"]
    # RFC 791 §3.1: MF is zero in the last fragment alone.
    if not all(piece.parts["ip"].fields["mf"] for piece in ordered[:-1]):
        return None
    if ordered[-1].parts["ip"].fields["mf"]:
        return None
    first = ordered[0]
    ip = first.parts["ip"]
    header = bytearray(first.octets[ip.start : ip.end])
    total = len(header) + len(payload)
    if total > 0xFFFF:
        return None
    header[2:4] = total.to_bytes(2, "big")
    # The flags other than MF stay; the offset is zero.
    header[6:8] = bytes((header[6] & 0xC0, 0))
    header[10:12] = b"\x00\x00"
    header[10:12] = internet_checksum(bytes(header)).to_bytes(2, "big")
    octets = first.octets[: ip.start] + bytes(header) + payload
    return Train(decode(octets, bare_ip=bare_ip), tuple(ordered))

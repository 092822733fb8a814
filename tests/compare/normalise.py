"""What a side emits, read into fields, with what may differ freely made level.

`FREE` says what is made level, and why; the page repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from harness.decode import DecodedOption, Frame, decode
from tests.compare.network import Plan

FREE: Final = {
    "Identification of what the target originates": (
        "any value that is unique for as long as the datagram may live will do "
        "(RFC 791 §3.2, RFC 6864 §4)"
    ),
    "times": (
        "in timestamp replies and timestamp options, where they are those of the side's own "
        "clock to two seconds; other values are compared"
    ),
    "the link layer's padding": "octets behind Total Length are no part of the datagram (RFC 894)",
    "checksums": (
        "are compared by whether they are right, since Identification and times are summed"
    ),
    "Header Length and Total Length": (
        "options and data are compared, and the lengths have to fit them"
    ),
    "IGMP of the target's own": (
        "reports are sent after random delays (RFC 9776 §5.1), and only what comes at once is "
        "compared"
    ),
}
"""What is made level before comparing, and why that is right."""

CLOCKS: Final = 2_000
"""Milliseconds by which a time may be off the side's clock."""
_NOW: Final = b"now."
_TIMESTAMP: Final = 68


@dataclass(frozen=True, slots=True)
class Answer:
    """What one side emitted for a unit: (link, frame) in order, and its time of day."""

    frames: tuple[tuple[int, bytes], ...]
    clock_ms: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame read: `kind` is what it is in a few words, `fields` what is compared."""

    link: int
    kind: str
    fields: dict[str, Any]
    octets: bytes

    @property
    def key(self) -> tuple[Any, ...]:
        """By what a frame of one side finds the other side's."""
        if self.kind != "passed on":
            return (self.kind,)
        told = ("src", "identification", "protocol", "offset")
        return (self.kind, *(self.fields[name] for name in told))


def read(answer: Answer, plan: Plan) -> list[Seen]:
    """The frames of an answer, without the target's own IGMP."""
    seen = []
    for link, octets in answer.frames:
        frame = decode(octets)
        own = frame.get("ip", "src") in plan.own
        if own and frame.get("ip", "protocol") == 2:
            continue
        fields = _fields(frame, own, answer.clock_ms)
        seen.append(Seen(link, _kind(frame, own), fields, octets))
    return seen


def _kind(frame: Frame, own: bool) -> str:
    if "arp" in frame.parts:
        return {1: "ARP request", 2: "ARP reply"}.get(frame.get("arp", "operation"), "ARP")
    if "ip" not in frame.parts:
        return "other"
    if not own:
        return "passed on"
    if frame.get("ip", "offset"):
        return "fragment"
    for kind in ("icmp", "udp", "tcp"):
        if kind in frame.parts:
            break
    else:
        return f"protocol {frame.get('ip', 'protocol')}"
    if kind != "icmp":
        return kind
    return f"icmp {frame.get('icmp', 'type')}/{frame.get('icmp', 'code')}"


def _fields(frame: Frame, own: bool, clock: int) -> dict[str, Any]:
    fields: dict[str, Any] = {"to": frame.octets[:6], "from": frame.octets[6:12]}
    if "arp" in frame.parts:
        return fields | {f"arp.{name}": value for name, value in frame.parts["arp"].fields.items()}
    ip = frame.parts.get("ip")
    if ip is None:
        return fields | {"octets": frame.octets[12:]}
    for name, value in ip.fields.items():
        if name not in ("checksum", "options", "payload", "ihl", "total_length"):
            fields[name] = value
    if own:
        del fields["identification"]
    fields["faults"] = tuple(frame.faults)
    options = ip.fields["options"]
    if options:
        fields["options"] = b"".join(_levelled(options, clock))
    payload: bytes = ip.fields["payload"]
    if not own or frame.is_fragment:
        return fields | {"payload": payload}
    return fields | _transport(frame, payload, clock)


def _transport(frame: Frame, payload: bytes, clock: int) -> dict[str, Any]:
    icmp = frame.parts.get("icmp")
    if icmp is None:
        fields: dict[str, Any] = {}
        for kind in ("udp", "tcp"):
            for name, value in frame.parts[kind].fields.items() if kind in frame.parts else ():
                if name != "checksum":
                    fields[f"{kind}.{name}"] = value
        data = frame.get("data", "octets")
        return fields | {"data": data} if fields else {"payload": payload}
    fields = {
        "icmp.type": icmp.fields["type"],
        "icmp.code": icmp.fields["code"],
        "icmp.rest": icmp.fields["rest"],
        "icmp.checksum_right": icmp.fields["checksum_right"],
    }
    if "quote" in icmp.fields:
        del icmp.fields["quote"]
        return fields | {"quote": payload[8:]}
    data = payload[8:]
    if icmp.fields["type"] == 14 and len(data) >= 12:
        data = data[:4] + _time(data[4:8], clock) + _time(data[8:12], clock) + data[12:]
    return fields | {"icmp.data": data}


def _time(octets: bytes, clock: int) -> bytes:
    return _NOW if abs(int.from_bytes(octets, "big") - clock) <= CLOCKS else octets


def _levelled(options: Iterable[DecodedOption], clock: int) -> Iterable[bytes]:
    """The options with the side's own times levelled."""
    for option in options:
        octets = option.octets
        if option.type != _TIMESTAMP or len(octets) < 4:
            yield octets
            continue
        # A pointer may stand anywhere, and so may a time.
        slots, at = bytearray(octets), 4
        while at + 4 <= len(slots):
            slots[at : at + 4] = _time(bytes(slots[at : at + 4]), clock)
            at += 4 if slots[at : at + 4] == _NOW else 1
        yield bytes(slots)

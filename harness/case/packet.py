"""Packet templates: a stack of layers with named fields.

One form serves both ways. Sent, an unset field gets the right value and a set one goes out as
given, however wrong. Expected, an unset field is free and a set one must match. Field names are
those of the RFCs; octet counts are octets, `offset` included (the wire has it in units of 8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from harness.case.match import Matcher, Plain, QuoteOf

Value: TypeAlias = Any
"""A plain value, a symbol, a matcher, a relative value, a packet (quotes) or options."""


@dataclass(frozen=True, slots=True)
class Bad:
    """A checksum that is wrong, made from the right one."""

    delta: int = 1


BAD = Bad()
"""A wrong checksum: the right one plus one."""


@dataclass(frozen=True, slots=True)
class Plus:
    """A computed field, off by some: `total_length=plus(8)`."""

    delta: int


@dataclass(frozen=True, slots=True)
class ZeroSum:
    """A UDP checksum that comes out as zero, and so is sent as all ones (RFC 768).

    The last two octets of the data, of which there is an even number, are made so.
    """


ZERO_SUM = ZeroSum()
"""A UDP checksum that comes out as zero."""


def plus(delta: int) -> Plus:
    """The right value of a computed field, plus `delta`."""
    return Plus(delta)


def minus(delta: int) -> Plus:
    """The right value of a computed field, less `delta`."""
    return Plus(-delta)


@dataclass(frozen=True, slots=True)
class Balancing:
    """The Identification with which the header checksum comes out as wanted."""

    checksum: int


def balancing(checksum: int) -> Balancing:
    """An Identification that makes the header checksum `checksum`, 0xFFFF excepted.

    No header sums up to zero, so 0xFFFF is never a right checksum (RFC 1624 §3).
    """
    return Balancing(checksum)


@dataclass(frozen=True, slots=True)
class Layer:
    """One protocol's part of a packet: what it is and the fields that are set."""

    kind: str
    fields: tuple[tuple[str, Value], ...]

    def __truediv__(self, upper: Layer | Packet) -> Packet:
        return Packet((self,)) / upper

    def get(self, name: str, default: Value = None) -> Value:
        """The value of a field, or `default` when it is not set."""
        for field, value in self.fields:
            if field == name:
                return value
        return default


@dataclass(frozen=True, slots=True)
class Packet:
    """Layers from the outermost to the innermost."""

    layers: tuple[Layer, ...]

    def __truediv__(self, upper: Layer | Packet) -> Packet:
        return Packet(self.layers + (upper.layers if isinstance(upper, Packet) else (upper,)))

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def layer(self, kind: str) -> Layer | None:
        """The first layer of a kind, or None."""
        return next((layer for layer in self.layers if layer.kind == kind), None)


Template: TypeAlias = Layer | Packet


def as_packet(template: Template) -> Packet:
    """A template as a packet, a single layer included."""
    return template if isinstance(template, Packet) else Packet((template,))


FieldValue: TypeAlias = (
    Plain | Matcher | Bad | ZeroSum | Plus | Balancing | tuple[Any, ...] | Packet | None
)


def layer_of(kind: str, given: dict[str, FieldValue]) -> Layer:
    """A layer with the fields that are given; None stands for what is not set."""
    return Layer(kind, tuple((name, value) for name, value in given.items() if value is not None))


def ether(*, dst: FieldValue = None, src: FieldValue = None, ethertype: FieldValue = None) -> Layer:
    """An Ethernet II header (RFC 894)."""
    return layer_of("ether", {"dst": dst, "src": src, "ethertype": ethertype})


def snap(*, dst: FieldValue = None, src: FieldValue = None, length: FieldValue = None) -> Layer:
    """An IEEE 802.3 header with LLC and SNAP (RFC 1042)."""
    return layer_of("snap", {"dst": dst, "src": src, "length": length})


def arp(
    *,
    operation: FieldValue = None,
    sender_mac: FieldValue = None,
    sender: FieldValue = None,
    target_mac: FieldValue = None,
    target: FieldValue = None,
    hardware_type: FieldValue = None,
    protocol_type: FieldValue = None,
    hardware_length: FieldValue = None,
    protocol_length: FieldValue = None,
) -> Layer:
    """An ARP packet (RFC 826); operation 1 asks, 2 answers."""
    return layer_of("arp", dict(locals()))


def ip(
    *,
    version: FieldValue = None,
    ihl: FieldValue = None,
    tos: FieldValue = None,
    total_length: FieldValue = None,
    identification: FieldValue = None,
    reserved: FieldValue = None,
    df: FieldValue = None,
    mf: FieldValue = None,
    offset: FieldValue = None,
    ttl: FieldValue = None,
    protocol: FieldValue = None,
    checksum: FieldValue = None,
    src: FieldValue = None,
    dst: FieldValue = None,
    options: FieldValue = None,
) -> Layer:
    """An IPv4 header (RFC 791 §3.1). `offset` in octets; `ihl` in words as on the wire.

    `options` is a tuple of option templates; expected, it is the whole list, padding aside.
    """
    return layer_of("ip", dict(locals()))


def udp(
    *,
    sport: FieldValue = None,
    dport: FieldValue = None,
    length: FieldValue = None,
    checksum: FieldValue = None,
    checksum_right: FieldValue = None,
) -> Layer:
    """A UDP header (RFC 768); `checksum=0` sends none.

    `checksum_right`, expected only, is whether the checksum is right, or none was made.
    """
    return layer_of("udp", dict(locals()))


def tcp(
    *,
    sport: FieldValue = None,
    dport: FieldValue = None,
    sequence: FieldValue = None,
    acknowledgment: FieldValue = None,
    flags: FieldValue = None,
    window: FieldValue = None,
    checksum: FieldValue = None,
    urgent: FieldValue = None,
    mss: FieldValue = None,
    options: FieldValue = None,
    checksum_right: FieldValue = None,
) -> Layer:
    """A TCP header (RFC 9293); `flags` is the octet (SYN 2, RST 4, ACK 16).

    `mss` is the Maximum Segment Size option in octets; `options` are octets of the option area, of
    which expected it is the whole. `checksum_right` is expected only.
    """
    return layer_of("tcp", dict(locals()))


def igmp(
    type_: FieldValue = None,
    *,
    max_response: FieldValue = None,
    checksum: FieldValue = None,
    group: FieldValue = None,
    more: FieldValue = None,
    records: FieldValue = None,
) -> Layer:
    """An IGMP message (RFC 1112, 2236, 9776); `max_response` is the second octet.

    `more` is what follows the first eight octets. `records`, expected only, is a tuple of
    (record type, group) pairs that a version 3 report has, among possible others.
    """
    return layer_of(
        "igmp",
        {
            "type": type_,
            "max_response": max_response,
            "checksum": checksum,
            "group": group,
            "more": more,
            "records": records,
        },
    )


def data(octets: bytes | Matcher) -> Layer:
    """Octets that end a packet: what a transport carries, or what IP carries."""
    return layer_of("data", {"octets": octets})


_CIRCLE = bytes(range(256)) * 2
"""All octets from any first one on."""


def pattern(length: int, start: int = 0) -> bytes:
    """`length` octets in which every position can be told from its neighbours.

    They count up from `start`; each 256 begin by 7 higher than those before.
    """
    firsts = ((start + 7 * row) & 0xFF for row in range(-(-length // 256)))
    return b"".join(_CIRCLE[first : first + 256] for first in firsts)[:length]


@dataclass(frozen=True, slots=True)
class Fragments:
    """A datagram cut into pieces by its sender; each piece is a frame of its own.

    `cuts` are (start, end) pairs of payload octets, in the order of their indices; `order` lists
    the indices in the order of sending (it may leave some out or repeat some). `end` None means
    the end of the payload. `last` names the indices that carry MF 0; by default the piece that
    reaches the end. `headers` sets fields of single pieces: (index, ip(...)) pairs.
    """

    datagram: Packet
    cuts: tuple[tuple[int, int | None], ...]
    order: tuple[int, ...]
    headers: tuple[tuple[int, Layer], ...] = ()


def fragments(
    datagram: Template,
    *cuts: tuple[int, int | None],
    order: tuple[int, ...] | None = None,
    headers: tuple[tuple[int, Layer], ...] = (),
) -> Fragments:
    """A datagram cut at payload octets: `fragments(d, (0, 24), (24, None), order=(1, 0))`."""
    chosen = tuple(range(len(cuts))) if order is None else order
    return Fragments(as_packet(datagram), cuts, chosen, headers)


@dataclass(frozen=True, slots=True)
class Truncated:
    """A frame that ends too early: `octets` of the IP packet are left (link header kept)."""

    packet: Packet
    octets: int


def truncate(packet: Template, octets: int) -> Truncated:
    """Only the first `octets` octets of the IP packet arrive."""
    return Truncated(as_packet(packet), octets)


@dataclass(frozen=True, slots=True)
class Padded:
    """A frame with octets behind the IP packet (RFC 894 padding)."""

    packet: Packet
    padding: bytes


def pad(packet: Template, padding: bytes) -> Padded:
    """A packet with link padding behind it."""
    return Padded(as_packet(packet), padding)


Stimulus: TypeAlias = Layer | Packet | Fragments | Truncated | Padded
"""What a send step may send."""

QUOTED = QuoteOf()
"""The usual quote: whole header as sent and at least eight octets of data."""

"""Values, matchers and templates as people read them."""

from __future__ import annotations

from typing import Any

from harness.addresses import Lease, Unresolved
from harness.case.match import (
    Between,
    Bits,
    DiffersFrom,
    Including,
    MultipleOf,
    Not,
    OneOf,
    QuoteOf,
    Seen,
    StartsWith,
    TimeOfDay,
    Without,
)
from harness.case.options import Option
from harness.case.packet import Bad, Balancing, Packet, Plus, ZeroSum
from harness.case.symbols import Address, Mac, Port
from harness.decode import DecodedOption
from harness.summary import icmp_name, option_name, tcp_flags

_HEXADECIMAL = frozenset({"checksum", "identification", "ethertype", "protocol_type"})
_LONGEST_OCTETS = 24


def value_words(value: Any, lease: Lease, name: str = "") -> str:
    """A plain value, a symbol or a matcher in words."""
    match value:
        case Address() | Port() | Mac():
            return _symbol(value, lease)
        case int() if name == "flags":
            return f"{tcp_flags(value)} ({value:#04x})"
        case bool() | int():
            return f"{value:#06x}" if name in _HEXADECIMAL else str(int(value))
        case bytes():
            return octets_words(value, name)
        case str():
            return value
        case Option():
            return template_option_words(value, lease)
        case DecodedOption():
            return decoded_option_words(value)
        case tuple() | list():
            return ", ".join(value_words(item, lease) for item in value) or "none"
        case Packet():
            return f"[{packet_words(value, lease)}]"
        case Bad() | Plus() | ZeroSum() | Balancing():
            return _relative(value)
    return _matcher(value, lease, name)


def _relative(value: Bad | Plus | ZeroSum | Balancing) -> str:
    """A value that is made from the right one when it is sent."""
    match value:
        case Bad():
            return "wrong"
        case Plus(delta):
            return f"{abs(delta)} {'less' if delta < 0 else 'more'} than right"
        case ZeroSum():
            return "that comes out as zero"
        case Balancing(checksum):
            return f"that makes the checksum {checksum:#06x}"


def octets_words(octets: bytes, name: str = "") -> str:
    """Octets: a link address, or hexadecimal with the length where it is long.

    What can be read as text is shown as text besides.
    """
    if name in ("src", "dst", "sender_mac", "target_mac"):
        return octets.hex(":")
    if not octets:
        return "none"
    shown = octets[:_LONGEST_OCTETS].hex(" ")
    if len(octets) > _LONGEST_OCTETS:
        return f"{shown} ... ({len(octets)} octets)"
    if octets.isascii() and octets.decode("ascii").isprintable():
        return f'{shown} "{octets.decode("ascii")}"'
    return shown if len(octets) > 1 else f"0x{shown}"


def _symbol(symbol: Address | Port | Mac, lease: Lease) -> str:
    name = f"{symbol.of.name}'s link address" if isinstance(symbol, Mac) else symbol.name
    try:
        resolved = lease.resolve(symbol)
    except Unresolved:
        return name
    shown = resolved.hex(":") if isinstance(resolved, bytes) else resolved
    return f"{shown} ({name})"


def _matcher(value: Any, lease: Lease, name: str) -> str:  # noqa: C901 - one line a matcher
    match value:
        case OneOf(values):
            return " or ".join(value_words(v, lease, name) for v in values)
        case Between(None, None):
            return "any number"
        case Between(None, high):
            return f"at most {high}"
        case Between(low, None):
            return f"at least {low}"
        case Between(low, high):
            return f"{low} to {high}"
        case Not(other):
            return f"anything but {value_words(other, lease, name)}"
        case Bits(mask, wanted) if name == "flags":
            return f"{tcp_flags(wanted)} of {tcp_flags(mask)}"
        case Bits(mask, wanted):
            return f"{wanted:#04x} under mask {mask:#04x}"
        case StartsWith(octets):
            return f"octets beginning {octets_words(octets)}"
        case MultipleOf(divisor):
            return f"a multiple of {divisor}"
        case Seen(label, path):
            return f"the {path} of {label!r}"
        case DiffersFrom(label, path):
            return f"another value than the {path} of {label!r}"
        case QuoteOf():
            return _quote(value)
        case TimeOfDay(tolerance):
            return f"the time of day within {tolerance / 60_000:g} minutes, or the high bit set"
        case Including(options):
            return f"including {value_words(options, lease)}"
        case Without(types):
            return "no " + " or ".join(option_name(kind) for kind in types)
    return repr(value)


def _quote(wanted: QuoteOf) -> str:
    of = "the datagram sent" if wanted.label is None else f"{wanted.label!r}"
    change = f" ({', '.join(wanted.may_change)} aside)" if wanted.may_change else ""
    return f"the IP header of {of} as it was{change}, and at least {wanted.at_least} octets of data"


def template_option_words(option: Option, lease: Lease) -> str:
    """An option template in words: only what it says."""
    said = []
    if option.length is not None:
        said.append(f"length {value_words(option.length, lease)}")
    if option.pointer is not None:
        said.append(f"pointer {value_words(option.pointer, lease)}")
    if option.second is not None:
        said.append(f"overflow and flag {value_words(option.second, lease)}")
    if option.slots is not None:
        said.append("[" + ", ".join(value_words(slot, lease) for slot in option.slots) + "]")
    name = "raw octets" if option.type < 0 else option_name(option.type)
    return " ".join([name, *said])


def decoded_option_words(option: DecodedOption) -> str:
    """An option as it was found."""
    return f"{option_name(option.type)} ({option.octets.hex(' ')})"


def packet_words(packet: Packet, lease: Lease) -> str:
    """An expected packet in one line: its kind and the fields that it names."""
    parts = []
    for layer in packet.layers:
        fields = dict(layer.fields)
        if layer.kind == "data":
            parts.append(f"data {value_words(fields['octets'], lease)}")
            continue
        name = "IPv4" if layer.kind == "ip" else layer.kind.upper()
        if layer.kind == "icmp" and isinstance(fields.get("type"), int):
            name = _icmp_words(fields)
        said = ", ".join(
            f"{field} {value_words(value, lease, field)}" for field, value in fields.items()
        )
        parts.append(f"{name} ({said})" if said else name)
    return " / ".join(parts)


def _icmp_words(fields: dict[str, Any]) -> str:
    """The name of an ICMP template; takes out of `fields` what the name tells."""
    kind, code = fields.pop("type"), fields.get("code")
    if isinstance(code, int):
        del fields["code"]
        shown = icmp_name({"type": kind, "code": code})
    else:
        shown = icmp_name({"type": kind, "code": "*"})
    return shown


def duration_words(microseconds: int) -> str:
    """A duration in the unit that reads best."""
    if microseconds >= 1_000_000:
        return f"{microseconds / 1_000_000:g} s"
    return f"{microseconds / 1000:g} ms"

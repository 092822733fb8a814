"""Option templates for the option area of an IPv4 header (RFC 791 §3.1, 1108, 2113).

Sent, unset octets are computed; `length` and `pointer` go out as given, however wrong. Expected,
what is unset is free. Addresses in routes may be symbols.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

EOL = 0
NOP = 1
RECORD_ROUTE = 7
TIMESTAMP = 68
SECURITY = 130
LOOSE_SOURCE_ROUTE = 131
EXTENDED_SECURITY = 133
STREAM_ID = 136
STRICT_SOURCE_ROUTE = 137
ROUTER_ALERT = 148

Octets: TypeAlias = Any
"""Plain octets, an address symbol, or a number, in a sequence."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: type, then, unless it is a single octet, length and data.

    `pointer` and `second` are the first and second data octet of the option types that have
    them (`second` holds a timestamp's overflow and flag). `slots` are what follows: addresses,
    32-bit numbers, matchers when expected, or octets.
    """

    type: int
    length: Any = None
    pointer: Any = None
    second: Any = None
    slots: tuple[Any, ...] | None = None
    single: bool = False


def nop() -> Option:
    """No operation."""
    return Option(NOP, single=True)


def eol() -> Option:
    """End of option list."""
    return Option(EOL, single=True)


def record_route(*route: Any, slots: int = 0, pointer: Any = None, length: Any = None) -> Option:
    """Record route: the addresses recorded so far, then `slots` empty ones.

    The pointer is computed to name the first empty slot unless given.
    """
    return _route(RECORD_ROUTE, route, slots, pointer, length)


def _route(kind: int, route: tuple[Any, ...], slots: int, pointer: Any, length: Any) -> Option:
    computed = 4 + 4 * len(route) if pointer is None else pointer
    return Option(kind, length, computed, None, tuple(route) + (0,) * slots)


def source_route(kind: int, *route: Any, pointer: Any = 4, length: Any = None) -> Option:
    """A loose or strict source route with the addresses as they stand in the option."""
    return Option(kind, length, pointer, None, tuple(route))


def loose_source_route(*route: Any, pointer: Any = 4, length: Any = None) -> Option:
    """Loose source and record route (131)."""
    return source_route(LOOSE_SOURCE_ROUTE, *route, pointer=pointer, length=length)


def strict_source_route(*route: Any, pointer: Any = 4, length: Any = None) -> Option:
    """Strict source and record route (137)."""
    return source_route(STRICT_SOURCE_ROUTE, *route, pointer=pointer, length=length)


def timestamp(
    flag: int = 0,
    *entries: Any,
    slots: int = 0,
    overflow: int = 0,
    pointer: Any = None,
    length: Any = None,
) -> Option:
    """Internet timestamp: flag 0 times, 1 addresses and times, 3 addresses prespecified.

    `entries` are 32-bit words (times or addresses) already there; `slots` empty words follow.
    The pointer is computed to name the first empty word unless given.
    """
    computed = 5 + 4 * len(entries) if pointer is None else pointer
    return Option(TIMESTAMP, length, computed, overflow << 4 | flag, entries + (0,) * slots)


def router_alert(value: int = 0, *, length: Any = None) -> Option:
    """Router alert (RFC 2113)."""
    return Option(ROUTER_ALERT, length, None, None, (value.to_bytes(2, "big"),))


def option(type_: int, octets: bytes = b"", *, length: Any = None) -> Option:
    """Any option by its type and data octets; expected without octets, any data will do."""
    return Option(type_, length, None, None, (octets,) if octets else None)


def octets(raw: bytes) -> Option:
    """Octets of the option area as they are, however malformed."""
    return Option(-1, None, None, None, (raw,))

"""The security options of RFC 1108, as far as a host without labelled data needs them.

Both are carried unchanged. Only where the policy requires the basic option is it looked into: its
level must be one that RFC 1108 assigns and its authority field well formed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from stack.option_walk import walk
from stack.wire.icmp import POINTER_INDICATES_ERROR, REQUIRED_OPTION_MISSING
from stack.wire.ipv4 import MINIMUM_HEADER

BASIC: Final = 130
EXTENDED: Final = 133

LEVELS: Final = {
    0b00111101: "top secret",
    0b01011010: "secret",
    0b10010110: "confidential",
    0b10101011: "unclassified",
}
"""RFC 1108 §2.3, table 1: classification levels; all other values are reserved."""

UNCLASSIFIED_OPTION: Final = bytes((BASIC, 3, 0b10101011))
"""Unclassified, without an authority: the label of the errors below (RFC 1108 §2.8.1)."""

_ASSIGNED: Final = 0b11111000
"""RFC 1108 §2.4, table 2: the authorities of the first octet. Later octets have none yet."""
_GOES_ON: Final = 1
"""RFC 1108 §2.4: the last bit of each octet tells whether another one follows."""


class BasicSecurity(NamedTuple):
    """A well-formed basic security option."""

    level: str
    """One of `LEVELS`."""
    authorities: int
    """The bits of the first octet: GENSER 0x80, SIOP-ESI 0x40, SCI 0x20, NSA 0x10, DOE 0x08."""


class ExtendedSecurity(NamedTuple):
    """An extended security option (RFC 1108 §3)."""

    format_code: int
    information: bytes


def parse_basic_security(option: bytes) -> BasicSecurity | None:
    """Read an option, type octet first, whose length octet fits; None when it is malformed."""
    if len(option) < 3 or option[2] not in LEVELS:
        return None
    authorities = option[3:]
    for place, octet in enumerate(authorities):
        goes_on = place < len(authorities) - 1
        # RFC 1108 §2.4: the field ends where the option does; unassigned bits are not valid.
        assigned = _ASSIGNED if place == 0 else 0
        if octet & _GOES_ON != int(goes_on) or octet & ~_GOES_ON & ~assigned:
            return None
    return BasicSecurity(LEVELS[option[2]], authorities[0] & _ASSIGNED if authorities else 0)


def parse_extended_security(option: bytes) -> ExtendedSecurity | None:
    """Read an option, type octet first; None when it has no format code (RFC 1108 §3.2)."""
    if len(option) < 3:
        return None
    return ExtendedSecurity(option[2], bytes(option[3:]))


def _carried(option: bytes) -> bytes:
    """Whatever else there is, is not looked into."""
    return option


_READERS: Final[dict[int, Callable[[bytes], object]]] = {
    BASIC: parse_basic_security,
    EXTENDED: parse_extended_security,
}


class SecurityFault(NamedTuple):
    """Why a host that requires the basic option refuses a datagram (RFC 1108 §2.8.1)."""

    code: int
    """Of Parameter Problem: 1 when the option is missing, 0 when one is malformed."""
    pointer: int
    """The missing type, or the octet of the malformed option counted from the IP header."""


def judge_security(area: bytes) -> SecurityFault | None:
    """Look for the required option in an option area; a broken area is for others to judge."""
    labelled = False
    for at, option in walk(area):
        if not option:
            return None
        if option[0] == BASIC:
            labelled = True
        if _READERS.get(option[0], _carried)(option) is None:
            return SecurityFault(POINTER_INDICATES_ERROR, MINIMUM_HEADER + at)
    return None if labelled else SecurityFault(REQUIRED_OPTION_MISSING, BASIC)

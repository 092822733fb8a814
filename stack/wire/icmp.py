"""ICMP messages (RFC 792; RFC 950, 1191, 1122, 1812 for what came later).

All messages are eight octets and data: type, code, checksum, four octets whose meaning depends on
the type (`rest`), then data. Errors have the quoted datagram as data.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

from stack.wire.checksum import checksum_is_right, internet_checksum

ECHO_REPLY: Final = 0
DESTINATION_UNREACHABLE: Final = 3
SOURCE_QUENCH: Final = 4
REDIRECT: Final = 5
ECHO_REQUEST: Final = 8
ROUTER_ADVERTISEMENT: Final = 9
ROUTER_SOLICITATION: Final = 10
TIME_EXCEEDED: Final = 11
PARAMETER_PROBLEM: Final = 12
TIMESTAMP: Final = 13
TIMESTAMP_REPLY: Final = 14
INFORMATION_REQUEST: Final = 15
INFORMATION_REPLY: Final = 16
ADDRESS_MASK_REQUEST: Final = 17
ADDRESS_MASK_REPLY: Final = 18

NET_UNREACHABLE: Final = 0
HOST_UNREACHABLE: Final = 1
PROTOCOL_UNREACHABLE: Final = 2
PORT_UNREACHABLE: Final = 3
FRAGMENTATION_NEEDED: Final = 4
SOURCE_ROUTE_FAILED: Final = 5
DESTINATION_NET_UNKNOWN: Final = 6
DESTINATION_HOST_UNKNOWN: Final = 7
SOURCE_HOST_ISOLATED: Final = 8
NET_PROHIBITED: Final = 9
HOST_PROHIBITED: Final = 10
NET_UNREACHABLE_FOR_TOS: Final = 11
HOST_UNREACHABLE_FOR_TOS: Final = 12
COMMUNICATION_PROHIBITED: Final = 13
HOST_PRECEDENCE_VIOLATION: Final = 14
PRECEDENCE_CUTOFF: Final = 15

TTL_EXCEEDED: Final = 0
REASSEMBLY_TIME_EXCEEDED: Final = 1

POINTER_INDICATES_ERROR: Final = 0
REQUIRED_OPTION_MISSING: Final = 1

REDIRECT_NET: Final = 0
REDIRECT_HOST: Final = 1
REDIRECT_NET_FOR_TOS: Final = 2
REDIRECT_HOST_FOR_TOS: Final = 3

ERROR_TYPES: Final = frozenset(
    {DESTINATION_UNREACHABLE, SOURCE_QUENCH, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM}
)
"""RFC 1122 §3.2.2: the types that are errors; all others are queries or unknown."""
ZERO_REST: Final = bytes(4)

_HEADER = struct.Struct("!BBH4s")
_START = struct.Struct("!HH")
_ECHO = struct.Struct("!HH")
_TIMES = struct.Struct("!III")


class IcmpFault(Enum):
    """Why a message is discarded."""

    TOO_SHORT = "fewer than 8 octets"
    CHECKSUM = "ICMP checksum wrong"


@dataclass(slots=True)
class IcmpMessage:
    """One message without its checksum."""

    type: int
    code: int
    rest: bytes
    """Octets 4 to 7."""
    data: bytes

    @property
    def is_error(self) -> bool:
        """Whether this is an error message by RFC 1122 §3.2.2."""
        return self.type in ERROR_TYPES

    @property
    def identifier(self) -> int:
        """Octets 4 and 5, as in echo and timestamp."""
        return self.rest[0] << 8 | self.rest[1]

    @property
    def sequence(self) -> int:
        """Octets 6 and 7, as in echo and timestamp."""
        return self.rest[2] << 8 | self.rest[3]

    @property
    def gateway(self) -> int:
        """Octets 4 to 7 as an address, as in redirect."""
        return int.from_bytes(self.rest, "big")

    @property
    def pointer(self) -> int:
        """Octet 4, as in parameter problem."""
        return self.rest[0]

    @property
    def next_hop_mtu(self) -> int:
        """Octets 6 and 7, as in fragmentation needed (RFC 1191 §4); zero from old routers."""
        return self.rest[2] << 8 | self.rest[3]


def parse_icmp(octets: bytes) -> IcmpMessage | IcmpFault:
    """Read a message; the checksum covers all of it."""
    if len(octets) < 8:
        return IcmpFault.TOO_SHORT
    if not checksum_is_right(octets):
        return IcmpFault.CHECKSUM
    kind, code, _, rest = _HEADER.unpack_from(octets)
    return IcmpMessage(kind, code, rest, octets[8:])


def read_icmp(octets: bytes) -> IcmpMessage:
    """Read eight octets and data that need no checking of the checksum, as inside a quote."""
    kind, code, _, rest = _HEADER.unpack_from(octets)
    return IcmpMessage(kind, code, rest, octets[8:])


def build_icmp(message: IcmpMessage) -> bytes:
    """Write a message and its checksum."""
    body = message.rest + message.data
    start = message.type << 8 | message.code
    return _START.pack(start, internet_checksum(body, start)) + body


def echo(kind: int, identifier: int, sequence: int, data: bytes, code: int = 0) -> IcmpMessage:
    """An echo request or reply."""
    return IcmpMessage(kind, code, _ECHO.pack(identifier, sequence), data)


def error(kind: int, code: int, quote: bytes, rest: bytes = ZERO_REST) -> IcmpMessage:
    """An error about the quoted datagram."""
    return IcmpMessage(kind, code, rest, quote)


def parameter_problem(
    pointer: int, quote: bytes, code: int = POINTER_INDICATES_ERROR
) -> IcmpMessage:
    """The pointer names the octet, counted from the first of the IP header (RFC 792)."""
    return IcmpMessage(PARAMETER_PROBLEM, code, bytes((pointer & 0xFF, 0, 0, 0)), quote)


def fragmentation_needed(mtu: int, quote: bytes) -> IcmpMessage:
    """Destination unreachable code 4 with the next hop's MTU (RFC 1191 §4)."""
    return IcmpMessage(
        DESTINATION_UNREACHABLE, FRAGMENTATION_NEEDED, _ECHO.pack(0, min(mtu, 0xFFFF)), quote
    )


def redirect(code: int, gateway: int, quote: bytes) -> IcmpMessage:
    """Tell a host of a better first hop."""
    return IcmpMessage(REDIRECT, code, gateway.to_bytes(4, "big"), quote)


def timestamp_times(message: IcmpMessage) -> tuple[int, int, int] | None:
    """Originate, receive and transmit times of a timestamp message; None when they are not there.

    Milliseconds since midnight UT; the high bit marks a time in other units (RFC 792).
    """
    if len(message.data) < _TIMES.size:
        return None
    originate, receive, transmit = _TIMES.unpack_from(message.data)
    return originate, receive, transmit


def timestamp_reply(request: IcmpMessage, receive: int, transmit: int) -> IcmpMessage | None:
    """The answer to a timestamp request, times in milliseconds; None when the request is short."""
    times = timestamp_times(request)
    if times is None:
        return None
    data = _TIMES.pack(times[0], receive, transmit)
    return IcmpMessage(TIMESTAMP_REPLY, 0, request.rest, data)

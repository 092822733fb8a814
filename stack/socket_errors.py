"""Errors that wait for the user of a socket (RFC 1122 §4.1.3.3, §3.4; S12.20)."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.refusal import Reason
from stack.wire.address import format_address
from stack.wire.icmp import (
    DESTINATION_UNREACHABLE,
    FRAGMENTATION_NEEDED,
    PORT_UNREACHABLE,
    PROTOCOL_UNREACHABLE,
    IcmpMessage,
)

if TYPE_CHECKING:
    from stack.inbound import Inbound
    from stack.policy import Policy
    from stack.socket_settings import Settings

QUEUE_LIMIT: Final = 64
"""Errors kept for one socket; the oldest is lost first."""
_HARD: Final = {
    PROTOCOL_UNREACHABLE: Reason.PROTOCOL_UNREACHABLE,
    PORT_UNREACHABLE: Reason.CONNECTION_REFUSED,
    FRAGMENTATION_NEEDED: Reason.MESSAGE_TOO_LONG,
}
"""RFC 1122 §4.2.3.9: codes 2 to 4 are hard errors, and what a connected user is told of them."""


def hard_reason(message: IcmpMessage) -> Reason | None:
    """Answer what a hard error becomes for a connected user; None for a soft one."""
    return _HARD.get(message.code) if message.type == DESTINATION_UNREACHABLE else None


def told_errors(policy: Policy, settings: Settings) -> bool:
    """Answer whether errors are queued for the user of a socket with these settings (S12.20)."""
    return policy.errors_told_unasked if settings.recverr is None else settings.recverr


class SocketError(NamedTuple):
    """One ICMP error about a datagram of the socket."""

    type: int
    code: int
    mtu: int
    """Octets that pass by now; 0 unless code 4 told."""
    pointer: int
    """Of a parameter problem, else 0."""
    offender: str
    """Who sent the error."""
    quoted: bytes
    """RFC 1122 §3.4: the original IP header and all data octets that came with it."""
    hard: bool
    """RFC 1122 §4.2.3.9: codes 2 to 4 are hard errors, all else is a hint."""


class ErrorQueue:
    """Errors in the order they came, bounded."""

    def __init__(self) -> None:
        self._errors: deque[SocketError] = deque(maxlen=QUEUE_LIMIT)

    def put(self, inbound: Inbound, message: IcmpMessage, mtu: int) -> None:
        """Keep one error."""
        self._errors.append(
            SocketError(
                type=message.type,
                code=message.code,
                mtu=mtu,
                pointer=message.pointer,
                offender=format_address(inbound.header.source),
                quoted=message.data,
                hard=hard_reason(message) is not None,
            )
        )

    def take(self) -> list[SocketError]:
        """Give all errors and forget them."""
        errors = list(self._errors)
        self._errors.clear()
        return errors

"""Why a call of a local user was refused (RFC 791 §3.3: SEND reports success or a reason).

Inside the stack a refusal travels as a value, `Reason | None`; the facade and the sockets
raise it as `Refused`, because a caller must not overlook it. Hostile octets never raise.
"""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Reasons by the names that socket programmers know."""

    ADDRESS_IN_USE = "address in use"
    ALREADY_CONNECTED = "already connected"
    BAD_ADDRESS = "bad address"
    BAD_LOCAL_ADDRESS = "bad local address"
    BROADCAST_DISABLED = "broadcast disabled"
    CLOSED = "socket is closed"
    CONNECTION_REFUSED = "connection refused"
    CONNECTION_RESET = "connection reset by peer"
    DUPLICATE_ADDRESS = "duplicate address"
    HOST_UNREACHABLE = "host unreachable"
    IN_PROGRESS = "connecting already"
    INVALID_ARGUMENT = "invalid argument"
    INVALID_OPTION_VALUE = "invalid option value"
    INVALID_STATE = "invalid state"
    MALFORMED_HEADER = "malformed header"
    MESSAGE_TOO_LONG = "message too long"
    NETWORK_UNREACHABLE = "network unreachable"
    NO_BUFFER_SPACE = "no buffer space"
    NO_DESTINATION = "destination address required"
    NO_ROUTE = "no route"
    NOT_CONNECTED = "not connected"
    NOT_PERMITTED = "not permitted"
    NOT_SUPPORTED = "not supported"
    PROTOCOL_UNREACHABLE = "protocol unreachable"
    SHUT_DOWN = "shut down for sending"
    TIMED_OUT = "timed out"
    UNKNOWN_NIC = "unknown NIC"
    UNKNOWN_PROTOCOL_OPTION = "unknown protocol option"
    WOULD_BLOCK = "try again later"


class Refused(Exception):
    """A call was refused; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def check(reason: Reason | None) -> None:
    """Raise what a part of the stack gave back as a value."""
    if reason is not None:
        raise Refused(reason)

"""The upper-tester protocol: its lines, its calls, their arguments.

One JSON object a line, in both directions, over a Unix stream socket; a request has an answer, in
order. Octets are hexadecimal text on the line and `bytes` inside the harness. docs/upper-tester.md
is the description for people who write an agent; the two must say the same.

The agent imports this module and nothing else of the harness: it starts in a blink.
"""

from __future__ import annotations

import errno
import json
import socket as sockets
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

NAME = "ip4spec-upper"
"""What `hello` answers as `protocol`."""
VERSION = 1
"""Counted up when an agent of the version before would misunderstand."""
MAX_LINE = 1 << 18
"""Octets of the longest request: a datagram of 65,535 octets in hexadecimal, and room."""
MAX_DATAGRAMS = 64
"""Most datagrams, or errors, in one answer."""
MAX_OCTETS = 1 << 20
"""An answer takes no further datagram when its datagrams hold as many octets."""
MAX_NAME = 128
"""Characters of the longest socket name."""
OCTET_OPTIONS = ("options", "options_raw")
"""Socket options whose values are octets."""
MAX_SIZE = 1024
"""Octets of the largest buffer that `get_option` offers the target."""
UNKNOWN_CALL = "unknown"
"""A call that nobody has: whoever answers it with anything but ENOSYS says yes to everything."""

NO_SUCH_CALL = "ENOSYS"
"""The agent has no such call, or not with such an argument. It says nothing about the target."""
NOT_UNDERSTOOD = "EBADMSG"
"""The request breaks the protocol. It says nothing about the target."""
NOT_THE_TARGETS = frozenset({NO_SUCH_CALL, NOT_UNDERSTOOD})
"""Errors that are never taken for a refusal by the target: a case that wants a call refused must
not pass because the agent lacks the call."""


class Fault(Exception):
    """A line that breaks the protocol; `id` is the request's number where that could be read."""

    def __init__(self, text: str, number: int | None = None) -> None:
        super().__init__(text)
        self.id = number


class Kind(Enum):
    """What an argument may be."""

    NAME = "a name of 1 to 128 characters"
    ADDRESS = "a dotted IPv4 address"
    PORT = "a number from 0 to 65535"
    OCTETS = "octets"
    NUMBER = "a number from 0 to 2147483647"
    FLAG = "true or false"
    VALUE = "a number, true or false, or a text"


class Argument(NamedTuple):
    """One argument of a call."""

    kind: Kind
    required: bool = False


_SOCKET = Argument(Kind.NAME, required=True)
_SEND = {
    "socket": _SOCKET,
    "octets": Argument(Kind.OCTETS, required=True),
    "to": Argument(Kind.ADDRESS),
    "ttl": Argument(Kind.NUMBER),
    "tos": Argument(Kind.NUMBER),
    "df": Argument(Kind.FLAG),
    "options": Argument(Kind.OCTETS),
    "on": Argument(Kind.ADDRESS),
}
_MEMBERSHIP = {
    "socket": _SOCKET,
    "group": Argument(Kind.ADDRESS, required=True),
    "on": Argument(Kind.ADDRESS),
}
_ONLY_SOCKET = {"socket": _SOCKET}

TCP_CALLS: Mapping[str, Mapping[str, Argument]] = {
    "open_tcp": {
        "socket": _SOCKET,
        "port": Argument(Kind.PORT),
        "address": Argument(Kind.ADDRESS),
    },
    "listen": {"socket": _SOCKET, "backlog": Argument(Kind.NUMBER)},
    "connect_tcp": {
        "socket": _SOCKET,
        "to": Argument(Kind.ADDRESS, required=True),
        "port": Argument(Kind.PORT, required=True),
    },
    "accept": {"socket": _SOCKET, "listener": Argument(Kind.NAME, required=True)},
    "send_tcp": {"socket": _SOCKET, "octets": Argument(Kind.OCTETS, required=True)},
    "receive_tcp": {"socket": _SOCKET, "at_least": Argument(Kind.NUMBER)},
    "state": _ONLY_SOCKET,
    "shutdown": _ONLY_SOCKET,
    "reset": _ONLY_SOCKET,
}
"""The calls for TCP sockets alone."""

CALLS: Mapping[str, Mapping[str, Argument]] = {
    "hello": {"version": Argument(Kind.NUMBER)},
    "capabilities": {},
    "open_udp": {
        "socket": _SOCKET,
        "port": Argument(Kind.PORT),
        "address": Argument(Kind.ADDRESS),
        "reuse": Argument(Kind.FLAG),
    },
    "open_raw": {
        "socket": _SOCKET,
        "protocol": Argument(Kind.NUMBER, required=True),
        "address": Argument(Kind.ADDRESS),
        "header_included": Argument(Kind.FLAG),
    },
    "connect": {
        "socket": _SOCKET,
        "to": Argument(Kind.ADDRESS, required=True),
        "port": Argument(Kind.PORT),
    },
    "send_udp": {**_SEND, "port": Argument(Kind.PORT)},
    "send_raw": _SEND,
    "allow_broadcast": _ONLY_SOCKET,
    "set_option": {
        "socket": _SOCKET,
        "name": Argument(Kind.NAME, required=True),
        "value": Argument(Kind.VALUE),
        "octets": Argument(Kind.OCTETS),
    },
    "get_option": {
        "socket": _SOCKET,
        "name": Argument(Kind.NAME, required=True),
        "size": Argument(Kind.NUMBER),
    },
    "receive": _ONLY_SOCKET,
    "errors": _ONLY_SOCKET,
    "join": _MEMBERSHIP,
    "leave": _MEMBERSHIP,
    "address": _ONLY_SOCKET,
    "mtu": _ONLY_SOCKET,
    "close": _ONLY_SOCKET,
    **TCP_CALLS,
}
"""Every call with its arguments."""

OCTET_FIELDS = frozenset(
    {"octets", "options", "data", "header", "quote", "return_options"},
)
"""Fields of answers that hold octets."""


class Request(NamedTuple):
    """A call as it came: octets are `bytes`, nothing else is checked yet."""

    id: int
    call: str
    arguments: dict[str, Any]


class Response(NamedTuple):
    """What came of a call: `error` is an errno name; `text` explains it to people."""

    id: int | None
    value: dict[str, Any]
    error: str | None = None
    text: str | None = None


def encode_request(number: int, call: str, arguments: Mapping[str, Any]) -> bytes:
    """A request as a line; `bytes` among the arguments become hexadecimal."""
    return _line({"id": number, "call": call, **arguments})


def encode_response(response: Response) -> bytes:
    """An answer as a line."""
    told: dict[str, Any] = {"id": response.id}
    if response.error is None:
        told["value"] = response.value
    else:
        told["error"] = response.error
        if response.text is not None:
            told["text"] = response.text
    return _line(told)


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, default=bytes.hex, separators=(",", ":")).encode() + b"\n"


def decode_request(line: bytes) -> Request:
    """The request that a line holds, known call or not.

    Raises:
        Fault: it holds none.
    """
    told = _object(line)
    number, call = told.pop("id", None), told.pop("call", None)
    if not _is_number(number):
        raise Fault("a request has a number as id")
    if not isinstance(call, str):
        raise Fault("a request has a text as call", number)
    for name, argument in CALLS.get(call, {}).items():
        if argument.kind is Kind.OCTETS and name in told:
            told[name] = _octets(told[name], name, number)
    return Request(number, call, told)


def check_arguments(call: str, arguments: Mapping[str, Any]) -> None:
    """Make sure that a known call got its arguments, of the right kinds, and no others.

    Raises:
        Fault: it did not.
    """
    wanted = CALLS[call]
    for name in arguments:
        if name not in wanted:
            raise Fault(f"{call} has no argument {name}")
    for name, argument in wanted.items():
        if name in arguments:
            if not _FITS[argument.kind](arguments[name]):
                raise Fault(f"{name} of {call} is {argument.kind.value}")
        elif argument.required:
            raise Fault(f"{call} needs {name}")


def check_size(name: str, size: int | None) -> None:
    """Make sure that `get_option` got a size only for what has one, and a possible one.

    Raises:
        Fault: it did not.
    """
    if size is not None and (name not in OCTET_OPTIONS or not 1 <= size <= MAX_SIZE):
        raise Fault(f"size is for {' and '.join(OCTET_OPTIONS)}, from 1 to {MAX_SIZE}")


def decode_response(line: bytes) -> Response:
    """The answer that a line holds; hexadecimal fields become `bytes`.

    Raises:
        Fault: it holds none.
    """
    told = _object(line)
    number, value, error = told.get("id"), told.get("value"), told.get("error")
    text = told.get("text")
    if not (number is None or _is_number(number)):
        raise Fault("an answer has the request's number as id")
    if isinstance(error, str) and "value" not in told:
        return Response(number, {}, error, text if isinstance(text, str) else None)
    if not isinstance(value, dict) or "error" in told:
        raise Fault("an answer has either a value or an error", number)
    return Response(number, _with_octets(value))


def _object(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise Fault(f"not a line of JSON: {problem}") from None
    if not isinstance(told, dict):
        raise Fault("a line holds one JSON object")
    return told


def _octets(text: Any, name: str, number: int | None = None) -> bytes:
    try:
        return bytes.fromhex(text)
    except (TypeError, ValueError):
        raise Fault(f"{name} is octets as hexadecimal text", number) from None


def _with_octets(told: Any) -> Any:
    if isinstance(told, list):
        return [_with_octets(one) for one in told]
    if not isinstance(told, dict):
        return told
    return {
        name: _octets(value, name)
        if name in OCTET_FIELDS and isinstance(value, str)
        else _with_octets(value)
        for name, value in told.items()
    }


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def _is_address(value: Any) -> bool:
    try:
        sockets.inet_pton(sockets.AF_INET, value)
    except (OSError, TypeError, ValueError):
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 31


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_FITS: dict[Kind, Callable[[Any], bool]] = {
    Kind.NAME: _is_name,
    Kind.ADDRESS: _is_address,
    Kind.PORT: lambda value: _is_number(value) and 0 <= value <= 0xFFFF,
    Kind.OCTETS: lambda value: isinstance(value, bytes),
    Kind.NUMBER: _is_number,
    Kind.FLAG: _is_flag,
    Kind.VALUE: lambda value: _is_number(value) or _is_flag(value) or _is_name(value),
}


def error_name(number: int | None) -> str:
    """The name of an errno; "EIO" for one that this system does not know."""
    name = errno.errorcode.get(number or errno.EIO, "EIO")
    # One number, two names on Linux; the protocol knows the one of POSIX sockets.
    return "EOPNOTSUPP" if name == "ENOTSUP" else name

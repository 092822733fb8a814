"""TCP in cases: segments that follow others, and what the target's user does with connections.

A segment's numbers follow from frames under labels: `seen(label, "tcp.next_sequence")` is what
comes after the labelled segment, the target's or the tester's own.

A case that opened a connection ends it by `reset`, so that nothing of it is sent again later.
"""

from __future__ import annotations

from typing import Any

from harness.case.match import one_of, seen
from harness.case.packet import FieldValue, Layer, layer_of
from harness.case.steps import Call
from harness.case.symbols import OPEN_PORT, TESTER_PORT
from harness.case.time import SETTLE, Duration

FIN = 0x01
SYN = 0x02
RST = 0x04
PSH = 0x08
ACK = 0x10
NEXT = "tcp.next_sequence"
"""The field of a labelled segment that says where the next one begins."""


def syn(
    *,
    sport: FieldValue = TESTER_PORT,
    dport: FieldValue = OPEN_PORT,
    sequence: FieldValue = None,
    mss: FieldValue = None,
    window: FieldValue = None,
) -> Layer:
    """The SYN of a connection to the target's OPEN_PORT."""
    return layer_of("tcp", {**locals(), "flags": SYN})


def reply(
    to: str,
    *,
    after: str | None = None,
    flags: FieldValue = ACK,
    sport: FieldValue = TESTER_PORT,
    dport: FieldValue = OPEN_PORT,
    sequence: FieldValue = None,
    acknowledgment: FieldValue = None,
    mss: FieldValue = None,
    window: FieldValue = None,
) -> Layer:
    """A segment of the tester's that acknowledges the target's segment labelled `to`.

    Its sequence number follows the tester's own segment labelled `after`.
    """
    if sequence is None and after is not None:
        sequence = seen(after, NEXT)
    if acknowledgment is None:
        acknowledgment = seen(to, NEXT)
    fields: dict[str, FieldValue] = {
        "sport": sport,
        "dport": dport,
        "sequence": sequence,
        "acknowledgment": acknowledgment,
        "flags": flags,
        "mss": mss,
        "window": window,
    }
    return layer_of("tcp", fields)


def _call(operation: str, socket: str, how: dict[str, Any], **more: Any) -> Call:
    given = tuple((name, value) for name, value in how.items() if value is not None)
    return Call(operation, socket, given, **more)


def open_tcp(
    socket: str,
    *,
    port: Any = None,
    address: Any = None,
    refused: bool = False,
    cites: str | None = None,
) -> Call:
    """Open a TCP socket of the target's, bound to a port (and address)."""
    return _call(
        "open_tcp", socket, {"port": port, "address": address}, refused=refused, cites=cites
    )


def listen(socket: str, *, backlog: int | None = None) -> Call:
    """Let a TCP socket take connections."""
    return _call("listen", socket, {"backlog": backlog})


def connect_tcp(
    socket: str, *, to: Any, port: Any, refused: bool = False, cites: str | None = None
) -> Call:
    """Begin to open a connection to a peer: the SYN comes next."""
    return _call("connect_tcp", socket, {"to": to, "port": port}, refused=refused, cites=cites)


def accept(
    socket: str, *, listener: str, within: Duration = SETTLE, cites: str | None = None
) -> Call:
    """The target's user takes a connection from a listening socket, as `socket`."""
    return _call("accept", socket, {"listener": listener}, within=within, cites=cites)


def send_tcp(
    socket: str, octets: bytes, *, refused: bool = False, cites: str | None = None
) -> Call:
    """The target's user sends data on a connection."""
    return _call("send_tcp", socket, {"octets": octets}, refused=refused, cites=cites)


def received_tcp(
    socket: str, octets: bytes, *, within: Duration = SETTLE, cites: str | None = None
) -> Call:
    """The target's user reads these octets from a connection; none: the end of the data."""
    at_least = {"at_least": max(len(octets), 1)}
    wanted: tuple[tuple[str, Any], ...] = (("data", octets),)
    if not octets:
        wanted += (("ended", True),)
    return _call("receive_tcp", socket, at_least, within=within, cites=cites, answer=wanted)


def error_pending(
    socket: str, *names: str, within: Duration = SETTLE, cites: str | None = None
) -> Call:
    """The target holds one of these errors, by the names of POSIX, against a socket."""
    return _call(
        "errors", socket, {}, within=within, cites=cites, answer=(("pending", one_of(*names)),)
    )


def tcp_state(
    socket: str, state: Any, *, within: Duration = SETTLE, cites: str | None = None
) -> Call:
    """A connection comes to a state, by its name in RFC 9293 or a matcher."""
    return _call("state", socket, {}, within=within, cites=cites, answer=(("state", state),))


def shutdown(socket: str) -> Call:
    """The target's user ends sending on a connection: a FIN comes."""
    return _call("shutdown", socket, {})


def reset(socket: str) -> Call:
    """The target's user aborts a connection: a reset goes out, and the socket is closed."""
    return _call("reset", socket, {})

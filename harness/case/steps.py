"""The steps of a case: what the tester does and what it expects, in order.

Directions are always seen from the wire: *send* goes to the target, *expect* comes from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from harness.case.match import Between, Seen
from harness.case.packet import Packet, Stimulus, Template, as_packet
from harness.case.symbols import NEAR
from harness.case.time import SETTLE, Duration, Microseconds


@dataclass(frozen=True, slots=True)
class Send:
    """Frames that go to the target, one right behind the other."""

    stimuli: tuple[Stimulus, ...]
    on: int = NEAR
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """Frames that must come from the target.

    `times` of them, within `within` of the last step that sent or waited, not before `after`.
    `distinct` names a field ("ip.identification") that no two of them may share. With `train`
    the target may send the datagram in fragments: they are put together before the match, and
    `pieces` are what each of them must look like, in the order of their offsets; with `ordered`
    they must come in that order.
    """

    packet: Packet
    on: int | None
    within: Duration
    after: Microseconds
    times: int
    label: str | None
    cites: str | None
    distinct: str | None
    train: bool
    pieces: tuple[Packet, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing that nobody expected comes, up to the sentinel's answer and through a window.

    With `of` only frames that match count; others stay to be claimed.
    """

    within: Duration
    of: Packet | None
    on: int | None
    cites: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many frames like `packet` come within a window of its full length."""

    packet: Packet
    times: Between
    within: Duration
    on: int | None
    cites: str | None


@dataclass(frozen=True, slots=True)
class Advance:
    """Time passes."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class Way:
    """One way a target may go: its name, and the frame that shows it (None: nothing comes)."""

    name: str
    packet: Packet | None
    train: bool = False


@dataclass(frozen=True, slots=True)
class Classify:
    """Which way the target goes, where the texts leave it open. It observes, it never fails."""

    subject: str
    ways: tuple[Way, ...]
    within: Duration
    on: int | None
    cites: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the upper tester.

    `refused=True` wants it refused, None leaves the choice to the target. `answer` is fields of the
    answer that must match. With `within` the call is made until it is taken so.
    """

    operation: str
    socket: str | None
    arguments: tuple[tuple[str, Any], ...]
    refused: bool | None = False
    cites: str | None = None
    answer: tuple[tuple[str, Any], ...] = ()
    within: Duration | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What the target's user gets from a socket: fields that must match, as in `Expect`.

    `fields` may name data, source, source_port, destination, options, ttl, tos; for `errors`
    type, code, mtu, quote.
    """

    socket: str
    fields: tuple[tuple[str, Any], ...]
    within: Duration
    errors: bool = False
    cites: str | None = None


@dataclass(frozen=True, slots=True)
class NothingReceived:
    """The target's user gets nothing from a socket, up to the sentinel's answer and the window."""

    socket: str
    within: Duration
    errors: bool = False
    cites: str | None = None


Step: TypeAlias = (
    Send | Expect | Silence | Count | Advance | Classify | Call | Received | NothingReceived
)


def send(*stimuli: Stimulus, on: int = NEAR, label: str | None = None) -> Send:
    """Send frames to the target on a link."""
    return Send(stimuli, on, label)


def expect(
    packet: Template,
    *,
    on: int | None = None,
    within: Duration = SETTLE,
    after: Microseconds = Microseconds(0),  # noqa: B008 - an immutable number
    times: int = 1,
    label: str | None = None,
    cites: str | None = None,
    distinct: str | None = None,
) -> Expect:
    """A frame comes from the target (on any link unless named)."""
    return Expect(
        as_packet(packet), on, within, after, times, label, cites, distinct, train=False, pieces=()
    )


def expect_train(
    packet: Template,
    *pieces: Template,
    on: int | None = None,
    within: Duration = SETTLE,
    after: Microseconds = Microseconds(0),  # noqa: B008 - an immutable number
    label: str | None = None,
    cites: str | None = None,
    ordered: bool = False,
) -> Expect:
    """A datagram comes from the target, whole or in fragments; the tester reassembles it."""
    wanted = tuple(as_packet(piece) for piece in pieces)
    first = as_packet(packet)
    common = (first, on, within, after, 1, label, cites, None)
    return Expect(*common, train=True, pieces=wanted, ordered=ordered)


def silence(
    *,
    within: Duration = SETTLE,
    of: Template | None = None,
    on: int | None = None,
    cites: str | None = None,
) -> Silence:
    """Nothing comes that no earlier step expected."""
    return Silence(within, None if of is None else as_packet(of), on, cites)


def count(
    packet: Template,
    times: Between,
    *,
    within: Duration,
    on: int | None = None,
    cites: str | None = None,
) -> Count:
    """A number of such frames comes within a window."""
    return Count(as_packet(packet), times, within, on, cites)


def advance(duration: Duration) -> Advance:
    """Let time pass: virtual targets jump, real ones are waited for."""
    return Advance(duration)


def way(name: str, packet: Template | None, *, train: bool = False) -> Way:
    """One way of a classification; None stands for silence."""
    return Way(name, None if packet is None else as_packet(packet), train)


def classify(
    subject: str,
    *ways: Way,
    within: Duration = SETTLE,
    on: int | None = None,
    cites: str | None = None,
) -> Classify:
    """Observe which way the target goes."""
    return Classify(subject, ways, within, on, cites)


def _call(operation: str, socket: str | None, arguments: dict[str, Any]) -> Call:
    refused = arguments.pop("refused", False)
    cites = arguments.pop("cites", None)
    given = tuple((name, value) for name, value in arguments.items() if value is not None)
    return Call(operation, socket, given, refused, cites)


def open_udp(
    socket: str,
    *,
    port: Any = None,
    address: Any = None,
    refused: bool | None = False,
    cites: str | None = None,
) -> Call:
    """Open a UDP socket of the target's, bound to a port (and address)."""
    return _call("open_udp", socket, {k: v for k, v in locals().items() if k != "socket"})


def connect(
    socket: str,
    *,
    to: Any,
    port: Any,
    local: Any = None,
    refused: bool | None = False,
    cites: str | None = None,
) -> Call:
    """Connect a socket to a peer; `local` is the address that it must tell as its own then."""
    answer = () if local is None else (("address", local),)
    return Call("connect", socket, (("to", to), ("port", port)), refused, cites, answer)


def path_mtu(socket: str, octets: Any, *, cites: str | None = None) -> Call:
    """Ask a connected socket for the largest IP packet that the path takes."""
    return Call("mtu", socket, (), cites=cites, answer=(("mtu", octets),))


def send_udp(
    socket: str,
    octets: bytes | Seen,
    *,
    to: Any = None,
    port: Any = None,
    ttl: int | None = None,
    tos: int | None = None,
    df: bool | None = None,
    options: Any = None,
    on: int | None = None,
    refused: bool | None = False,
    cites: str | None = None,
) -> Call:
    """Send data from a UDP socket; `options` are option templates for the datagram.

    `on` names the link a group datagram leaves by.
    """
    return _call("send_udp", socket, {k: v for k, v in locals().items() if k != "socket"})


def allow_broadcast(socket: str) -> Call:
    """Permit broadcasts on a socket."""
    return _call("allow_broadcast", socket, {})


def open_raw(
    socket: str,
    *,
    protocol: int,
    address: Any = None,
    header_included: bool | None = None,
    refused: bool = False,
) -> Call:
    """Open a raw socket of the target's for a protocol, bound to an address if one is given."""
    return _call("open_raw", socket, {k: v for k, v in locals().items() if k != "socket"})


def send_raw(
    socket: str,
    octets: bytes | Packet,
    *,
    to: Any,
    ttl: int | None = None,
    tos: int | None = None,
    options: Any = None,
    refused: bool | None = False,
    cites: str | None = None,
) -> Call:
    """Send a payload from a raw socket, or the template of a datagram with its header."""
    return _call("send_raw", socket, {k: v for k, v in locals().items() if k != "socket"})


def set_option(
    socket: str,
    name: str,
    value: Any = None,
    *,
    octets: Any = None,
    refused: bool | None = False,
    cites: str | None = None,
) -> Call:
    """Set a socket option of the target's, by its name in docs/upper-tester.md.

    `octets` is for IP options: bytes, handed over as they are, or option templates.
    """
    return _call("set_option", socket, {k: v for k, v in locals().items() if k != "socket"})


def get_option(
    socket: str,
    name: str,
    value: Any = None,
    *,
    octets: Any = None,
    size: int | None = None,
    cites: str | None = None,
) -> Call:
    """Read a socket option, which must have this value, or these octets (bytes or templates).

    `size` is that of the buffer for octets.
    """
    asked = (("name", name),) if size is None else (("name", name), ("size", size))
    wanted = (("value", value), ("octets", octets))
    answer = tuple((field, told) for field, told in wanted if told is not None)
    return Call("get_option", socket, asked, cites=cites, answer=answer)


def join(socket: str, group: Any, *, on: int = NEAR) -> Call:
    """Join a group on a link, through a socket that keeps the membership."""
    return _call("join", socket, {"group": group, "on": on})


def leave(socket: str, group: Any, *, on: int = NEAR) -> Call:
    """Leave a group joined through a socket."""
    return _call("leave", socket, {"group": group, "on": on})


def close(socket: str) -> Call:
    """Close a socket."""
    return _call("close", socket, {})


def received(
    socket: str, *, within: Duration = SETTLE, cites: str | None = None, **fields: Any
) -> Received:
    """The target's user reads a datagram with these fields."""
    return Received(socket, tuple(fields.items()), within, errors=False, cites=cites)


def error_received(
    socket: str, *, within: Duration = SETTLE, cites: str | None = None, **fields: Any
) -> Received:
    """The target's user is told of an ICMP error with these fields."""
    return Received(socket, tuple(fields.items()), within, errors=True, cites=cites)


def nothing_received(
    socket: str, *, within: Duration = SETTLE, cites: str | None = None
) -> NothingReceived:
    """The target's user reads nothing."""
    return NothingReceived(socket, within, errors=False, cites=cites)


def no_error_received(
    socket: str, *, within: Duration = SETTLE, cites: str | None = None
) -> NothingReceived:
    """The target's user is told of no error."""
    return NothingReceived(socket, within, errors=True, cites=cites)

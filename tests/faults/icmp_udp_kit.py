"""What faults of ICMP, UDP and TCP are made of: functions to put in the place of others."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

from stack import icmp, icmp_errors, icmp_reply, policy, tcp
from stack.inbound import Cast
from stack.routes import Hop
from stack.udp_socket import UdpSocket
from stack.wire.checksum import internet_checksum, pseudo_header
from stack.wire.icmp import IcmpMessage
from tests.faults.framework import Patch, replaced, wrapped

ERRORS = (3, 4, 5, 11, 12)


class Handlers(dict[int, Any]):
    """The stack's handlers of ICMP types with others for some: `type_15=...`."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(icmp._HANDLERS)
        for name, handler in changes.items():
            self[int(name.removeprefix("type_"))] = handler


def chosen(**choices: Any) -> Patch:
    """The stack with other choices than the RFCs'."""
    return replaced("stack.policy.RFC", replace(policy.RFC, **choices))


def with_handlers(**changes: Any) -> Patch:
    """Some ICMP types have other handlers."""
    return replaced("stack.icmp._HANDLERS", Handlers(**changes))


def answering(kind: int, data: bytes = b"") -> Any:
    """A handler that answers with a message of a type."""

    def handler(core: Any, inbound: Any, request: Any) -> None:
        icmp_reply._reply(core, inbound, IcmpMessage(kind, 0, request.rest, data or request.data))

    return handler


def nothing(core: Any, inbound: Any, message: Any) -> None:
    """A handler that does nothing."""


def unless(code: int, otherwise: Any) -> Any:
    """A handler that leaves out messages of a code."""

    def handler(core: Any, inbound: Any, message: Any) -> None:
        if message.code != code:
            otherwise(core, inbound, message)

    return handler


def echo_changed(change: Any) -> Patch:
    """Echo replies are changed before they are sent."""
    return wrapped(
        "stack.icmp_reply._reply",
        lambda original, core, inbound, message: original(
            core, inbound, change(message) if message.type == 0 else message
        ),
    )


def timestamp_changed(change: Any) -> Patch:
    """The receive and transmit time of timestamp replies are changed."""
    return wrapped(
        "stack.icmp_reply.timestamp_reply",
        lambda original, request, receive, transmit: original(
            request, change(receive), change(transmit)
        ),
    )


def quote_changed(change: Any) -> Patch:
    """What errors quote is changed."""
    return wrapped(
        "stack.icmp_errors._quote",
        lambda original, *arguments: change(original(*arguments)),
    )


def extended_behind(octets: int) -> Patch:
    """Errors have an extension (RFC 4884 §7) behind so many octets of quote."""
    extension = bytes.fromhex("2000e8ed0008f70100000008")

    def instead(original: Any, kind: int, code: int, quote: bytes) -> Any:
        if kind not in (3, 11):
            return original(kind, code, quote)
        padded = quote[:octets].ljust(octets, b"\x00")
        return original(kind, code, padded + extension, bytes((0, octets // 4, 0, 0)))

    return wrapped("stack.icmp_errors.error", instead)


def as_written(original: Any, core: Any, inbound: Any, *more: Any) -> bytes:
    """A quote with the option area that this host wrote into."""
    quote: bytes = original(core, inbound, *more)
    area: bytes = inbound.area
    return quote[:20] + area + quote[20 + len(area) :]


def reports(condition: Any) -> Patch:
    """Errors go out where a condition holds, whatever forbids them."""
    return wrapped(
        "stack.icmp_errors.may_report",
        lambda original, core, inbound: condition(inbound) or original(core, inbound),
    )


def is_error(inbound: Any) -> bool:
    """Whether a datagram carries an ICMP error."""
    header = inbound.header
    return (
        header.protocol == 1
        and not header.fragment_offset
        and inbound.payload[:1] in [bytes((kind,)) for kind in ERRORS]
    )


def quench_when_full(original: Any, socket: Any, inbound: Any, datagram: Any) -> Any:
    """A socket without room asks the sender to slow down."""
    taken = original(socket, inbound, datagram)
    if not taken:
        icmp_errors.report(core=socket.core, inbound=inbound, kind=4, code=0)
    return taken


def reset_to_many(core: Any, inbound: Any) -> None:
    """TCP takes what went to many for its own."""
    if inbound.cast is not Cast.UNICAST:
        inbound.cast = Cast.UNICAST
        segment = inbound.payload
        inbound.header = copy(inbound.header)
        inbound.header.destination = inbound.local
        # The checksum was made with the other destination.
        pseudo = pseudo_header(inbound.header.source, inbound.local, 6, len(segment))
        checksum = internet_checksum(pseudo + segment[:16] + segment[18:])
        inbound.payload = segment[:16] + checksum.to_bytes(2, "big") + segment[18:]
    tcp.receive(core, inbound)


def asking(**instead: Any) -> Patch:
    """What the user of a socket asks for is changed."""
    return wrapped(
        "stack.socket_base.Socket._prepare",
        lambda original, socket, protocol, ask: original(socket, protocol, ask._replace(**instead)),
    )


def built(change: Any) -> Patch:
    """UDP datagrams are changed before they are sent."""
    return wrapped(
        "stack.udp_socket.build_udp",
        lambda original, *arguments, **named: change(original(*arguments, **named)),
    )


def as_udp(original: Any, table: Any, inbound: Any, message: Any, quote: Any, mtu: int) -> None:
    """Errors are taken to quote UDP."""
    original(table, inbound, message, quote._replace(protocol=17), mtu)


def specific_is_destination(original: Any, socket: Any, inbound: Any, datagram: Any) -> Any:
    """A socket is told the destination of the header as the specific one."""
    inbound.local = inbound.header.destination
    return original(socket, inbound, datagram)


def mask_believed(core: Any, inbound: Any, message: Any) -> None:
    """After this everybody is on the link."""
    core.routes.find = lambda destination, **_: Hop(inbound.nic, destination, None)


UNKNOWN_TYPES = tuple(
    kind for kind in range(1, 256) if kind not in (3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18)
)
"""Types that no host has to know; those that RFC 1256 gave routers aside."""


def as_bound(original: Any, socket: Any, protocol: int, ask: Any) -> Any:
    """The way of a datagram whose source is what the socket was bound to, whosever it is."""
    route, wish = original(socket, protocol, ask)
    bound = socket.local[0] if isinstance(socket, UdpSocket) else None
    return (route if bound is None else replace(route, source=bound)), wish

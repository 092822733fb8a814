"""Faults of ICMP and UDP on a host: RFC 792, RFC 1122 §3.2.2, §3.4 and §4.1, and what followed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stack import icmp, icmp_errors, icmp_reply, icmp_report, policy
from stack.inbound import Cast
from stack.send import Wish
from stack.wire.icmp import IcmpMessage
from tests.faults.framework import Fault, both, complaint, outcome, replaced, wrapped

ERRORS = (3, 4, 5, 11, 12)


class _Handlers(dict[int, Any]):
    """Handlers of ICMP types, with one for all that nobody knows."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(icmp._HANDLERS)
        for name, handler in changes.items():
            self[int(name.removeprefix("type_"))] = handler


def _chosen(**choices: Any) -> Any:
    """The stack with other choices than the RFCs'."""
    return replaced("stack.policy.RFC", replace(policy.RFC, **choices))


def _with_handlers(**changes: Any) -> Any:
    return replaced("stack.icmp._HANDLERS", _Handlers(**changes))


def _answering(kind: int, data: bytes = b"") -> Any:
    """A handler that answers with a message of a type."""

    def handler(core: Any, inbound: Any, request: Any) -> None:
        icmp_reply._reply(core, inbound, IcmpMessage(kind, 0, request.rest, data or request.data))

    return handler


def _nothing(core: Any, inbound: Any, message: Any) -> None:
    """A handler that does nothing."""


def _echo(change: Any) -> Any:
    """Echo requests are changed before they are answered."""
    return wrapped(
        "stack.icmp_reply._reply",
        lambda original, core, inbound, message: original(
            core, inbound, change(message) if message.type == 0 else message
        ),
    )


def _timestamp(change: Any) -> Any:
    """The receive and transmit time of timestamp replies are changed."""
    return wrapped(
        "stack.icmp_reply.timestamp_reply",
        lambda original, request, receive, transmit: original(
            request, change(receive), change(transmit)
        ),
    )


def _quote(change: Any) -> Any:
    return wrapped(
        "stack.icmp_errors._quote",
        lambda original, *arguments: change(original(*arguments)),
    )


def _header_of(quote: bytes) -> int:
    return (quote[0] & 15) * 4


def _ttl_counted_down(quote: bytes) -> bytes:
    return quote[:8] + bytes((max(quote[8] - 1, 0),)) + quote[9:]


def _identification_swapped(quote: bytes) -> bytes:
    return quote[:4] + quote[5:6] + quote[4:5] + quote[6:]


def _reports(condition: Any) -> Any:
    """Errors go out where a condition holds, whatever forbids them."""
    return wrapped(
        "stack.icmp_errors.may_report",
        lambda original, core, inbound: condition(inbound) or original(core, inbound),
    )


def _is_error(inbound: Any) -> bool:
    header = inbound.header
    return (
        header.protocol == 1
        and not header.fragment_offset
        and inbound.payload[:1] in [bytes((kind,)) for kind in ERRORS]
    )


def _unreachable(core: Any, inbound: Any, *_: Any) -> None:
    icmp_errors.report(core, inbound, 3, 2)


def _full(original: Any, socket: Any, inbound: Any, datagram: Any) -> Any:
    taken = original(socket, inbound, datagram)
    if not taken:
        icmp_errors.report(core=socket.core, inbound=inbound, kind=4, code=0)
    return taken


def _reset_to_many(original: Any, core: Any, inbound: Any) -> None:
    if inbound.cast is not Cast.UNICAST:
        inbound.cast = Cast.UNICAST
        inbound.header = replace(inbound.header, destination=inbound.local)
    original(core, inbound)


def _asking(**instead: Any) -> Any:
    """What the user of a socket asks for is changed."""
    return wrapped(
        "stack.socket_base.Socket._prepare",
        lambda original, socket, protocol, ask: original(
            socket, protocol, ask._replace(**instead)
        ),
    )


def _built(change: Any) -> Any:
    """UDP datagrams are changed before they are sent."""
    return wrapped(
        "stack.udp_socket.build_udp",
        lambda original, *arguments, **named: change(original(*arguments, **named)),
    )


def _as_udp(original: Any, table: Any, inbound: Any, message: Any, quote: Any, mtu: int) -> None:
    original(table, inbound, message, quote._replace(protocol=17), mtu)


def _specific_is_destination(original: Any, socket: Any, inbound: Any, datagram: Any) -> Any:
    inbound.local = inbound.header.destination
    return original(socket, inbound, datagram)


def _way_back_unknown(original: Any, core: Any, inbound: Any, message: Any) -> None:
    inbound.return_route = b""
    original(core, inbound, message)


def _mask_believed(core: Any, inbound: Any, message: Any) -> None:
    core.routes.find = lambda destination, **_: icmp_report.Hop(inbound.nic, destination, None)


FAULTS = (
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault.patch is not None:
        fault.patch(monkeypatch)
    assert complaint(fault, outcome(fault)) == ""

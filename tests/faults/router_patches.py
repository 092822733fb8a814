"""What faults of a router do to the reference stack, or to its links."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from harness.target.base import VirtualLaboratory
from stack import forward, icmp_errors, policy
from stack.wire.address import is_class_e, is_loopback, is_multicast, is_zero_network
from stack.wire.icmp import fragmentation_needed
from stack.wire.ipv4 import Ipv4Header
from tests.faults.framework import (
    Patch,
    WrappedLaboratory,
    replaced,
    wrapped,
)

ROUTER_ALERT = 148
DF, RESERVED = 2, 4


def chosen(**choices: Any) -> Patch:
    """The stack with other choices than the RFCs'."""
    return replaced("stack.policy.RFC", replace(policy.RFC, **choices))


def onward(change: Callable[[Ipv4Header], None]) -> Patch:
    """The header for the way on is changed."""

    def around(original: Any, *arguments: Any, **named: Any) -> Any:
        header = original(*arguments, **named)
        if header is not None:
            change(header)
        return header

    return wrapped("stack.forward._onward_header", around)


def dropped(condition: Callable[[Ipv4Header], bool]) -> Patch:
    """Datagrams in transit for which a condition holds are dropped."""

    def around(original: Any, core: Any, inbound: Any) -> None:
        if not condition(inbound.header):
            original(core, inbound)

    return wrapped("stack.forward.transit", around)


def ttl_kept(header: Ipv4Header) -> None:
    header.ttl += 1


def df_cleared(header: Ipv4Header) -> None:
    header.flags &= ~DF


def reserved_cleared(header: Ipv4Header) -> None:
    header.flags &= ~RESERVED


def tos_cleared(header: Ipv4Header) -> None:
    header.tos = 0


def identification_counted(header: Ipv4Header) -> None:
    header.identification = header.identification + 1 & 0xFFFF


def options_lost(header: Ipv4Header) -> None:
    header.options = b""


def zero_wraps(original: Any, core: Any, inbound: Any) -> bool:
    if inbound.header.ttl == 0:
        inbound.header.ttl = 255
        return False
    return bool(original(core, inbound))


def alerted(header: Ipv4Header) -> bool:
    return ROUTER_ALERT in header.options[:1] + header.options[1:2]


def is_special(address: int) -> bool:
    return (
        is_zero_network(address)
        or is_loopback(address)
        or is_multicast(address)
        or is_class_e(address)
    )


def mtu_untold(_: int, quote: bytes) -> Any:
    return fragmentation_needed(0, quote)


def short_quote(original: Any, core: Any, inbound: Any, *arguments: Any) -> bytes:
    quote: bytes = original(core, inbound, *arguments)
    return quote[: inbound.header.header_length + 8]


def passed_on(change: Callable[[Any, Any, Any], Any]) -> Patch:
    """The course of a datagram in transit is changed."""
    return wrapped(
        "stack.forward._pass_on",
        lambda original, core, inbound, course: original(
            core, inbound, change(core, inbound, course)
        ),
    )


def unrouted(_core: Any, _inbound: Any, course: Any) -> Any:
    return course._replace(source_routed=False)


def redirected_across(core: Any, inbound: Any, course: Any) -> Any:
    nic = inbound.nic
    if course.hop.nic is not nic and nic.addresses.on_link(inbound.header.source) is not None:
        icmp_errors.report_redirect(core, inbound, nic, 1, course.hop.next_hop)
    return course


def redirected_afar(core: Any, inbound: Any, nic: Any, course: Any) -> None:
    icmp_errors.report_redirect(core, inbound, nic, 1, course.hop.next_hop)


def not_turned_back(original: Any, core: Any, inbound: Any, course: Any) -> None:
    if course.hop.nic is inbound.nic:
        forward._redirect(core, inbound, inbound.nic, course)
    else:
        original(core, inbound, course)


def no_problems(
    original: Any, core: Any, inbound: Any, kind: int, *rest: Any, **named: Any
) -> None:
    if kind != 12:
        original(core, inbound, kind, *rest, **named)


def arrival_side(original: Any, core: Any, inbound: Any, towards: int) -> Any:
    if inbound.local:
        return original(core, inbound, towards)
    source = inbound.nic.addresses.source_for(inbound.header.source)
    return replace(original(core, inbound, towards), source=source)


def lost(original: Any, core: Any, nic: Any, waiting: Any, mac: bytes) -> None:
    kept = [
        each for each in waiting if each.about is None or b"ip4spec sentinel" in each.about.payload
    ]
    original(core, nic, kept, mac)


def backwards(original: Any, *arguments: Any) -> list[bytes]:
    return list(reversed(original(*arguments)))


def smaller(original: Any, header: Any, payload: bytes, mtu: int, chosen: Any) -> list[bytes]:
    whole: list[bytes] = original(header, payload, mtu, chosen)
    return whole if len(whole) < 2 else original(header, payload, max(68, mtu // 2), chosen)


class Rfc1141(WrappedLaboratory):
    """Checksums of zero leave as ones, as the formula of RFC 1141 has it."""

    def from_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        if frame[12:14] == b"\x08\x00" and frame[24:26] == b"\0\0":
            return (frame[:24] + b"\xff\xff" + frame[26:],)
        return (frame,)


def rfc1141(inner: VirtualLaboratory) -> VirtualLaboratory:
    return Rfc1141(inner)


class StaleChecksum(WrappedLaboratory):
    """What is forwarded from the near side keeps the checksum that it came with."""

    def __init__(self, inner: VirtualLaboratory) -> None:
        super().__init__(inner)
        self._came: dict[bytes, bytes] = {}

    def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        if frame[12:14] == b"\x08\x00" and len(frame) >= 34:
            self._came[frame[14:22] + frame[26:34]] = frame[24:26]
        return (frame,)

    def from_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        came = self._came.get(frame[14:22] + frame[26:34])
        if frame[12:14] != b"\x08\x00" or came is None or b"ip4spec sentinel" in frame:
            return (frame,)
        return (frame[:24] + came + frame[26:],)


def stale_checksum(inner: VirtualLaboratory) -> VirtualLaboratory:
    return StaleChecksum(inner)

"""Faults of a router: what goes wrong with datagrams on their way and with errors about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from harness.target.base import VirtualLaboratory
from stack import icmp_errors, policy
from stack.wire.address import is_class_e, is_loopback, is_multicast, is_zero_network
from stack.wire.icmp import fragmentation_needed
from stack.wire.ipv4 import Ipv4Header
from tests.faults.framework import (
    Fault,
    Patch,
    WrappedLaboratory,
    complaint,
    outcome,
    replaced,
    wrapped,
)

ROUTER_ALERT = 148
DF, RESERVED = 2, 4


def _chosen(**choices: Any) -> Patch:
    """The stack with other choices than the RFCs'."""
    return replaced("stack.policy.RFC", replace(policy.RFC, **choices))


def _onward(change: Callable[[Ipv4Header], None]) -> Patch:
    """The header for the way on is changed."""

    def around(original: Any, *arguments: Any, **named: Any) -> Any:
        header = original(*arguments, **named)
        if header is not None:
            change(header)
        return header

    return wrapped("stack.forward._onward_header", around)


def _dropped(condition: Callable[[Ipv4Header], bool]) -> Patch:
    """Datagrams in transit for which a condition holds are dropped."""

    def around(original: Any, core: Any, inbound: Any) -> None:
        if not condition(inbound.header):
            original(core, inbound)

    return wrapped("stack.forward.transit", around)


def _ttl_kept(header: Ipv4Header) -> None:
    header.ttl += 1


def _df_cleared(header: Ipv4Header) -> None:
    header.flags &= ~DF


def _reserved_cleared(header: Ipv4Header) -> None:
    header.flags &= ~RESERVED


def _tos_cleared(header: Ipv4Header) -> None:
    header.tos = 0


def _identification_counted(header: Ipv4Header) -> None:
    header.identification = header.identification + 1 & 0xFFFF


def _options_lost(header: Ipv4Header) -> None:
    header.options = b""


def _zero_wraps(original: Any, core: Any, inbound: Any) -> bool:
    if inbound.header.ttl == 0:
        inbound.header.ttl = 255
        return False
    return bool(original(core, inbound))


def _alerted(header: Ipv4Header) -> bool:
    return ROUTER_ALERT in header.options[:1] + header.options[1:2]


def _is_special(address: int) -> bool:
    return (
        is_zero_network(address)
        or is_loopback(address)
        or is_multicast(address)
        or is_class_e(address)
    )


def _mtu_untold(_: int, quote: bytes) -> Any:
    return fragmentation_needed(0, quote)


def _short_quote(original: Any, inbound: Any, *arguments: Any) -> bytes:
    quote: bytes = original(inbound, *arguments)
    return quote[: inbound.header.header_length + 8]


def _passed_on(change: Callable[[Any, Any, Any], Any]) -> Patch:
    """The course of a datagram in transit is changed."""
    return wrapped(
        "stack.forward._pass_on",
        lambda original, core, inbound, course: original(
            core, inbound, change(core, inbound, course)
        ),
    )


def _unrouted(_core: Any, _inbound: Any, course: Any) -> Any:
    return course._replace(source_routed=False)


def _redirected_across(core: Any, inbound: Any, course: Any) -> Any:
    nic = inbound.nic
    if course.hop.nic is not nic and nic.addresses.on_link(inbound.header.source) is not None:
        icmp_errors.report_redirect(core, inbound, nic, 1, course.hop.next_hop)
    return course


def _redirected_afar(core: Any, inbound: Any, nic: Any, course: Any) -> None:
    icmp_errors.report_redirect(core, inbound, nic, 1, course.hop.next_hop)


def _not_turned_back(original: Any, core: Any, inbound: Any, course: Any) -> None:
    if course.hop.nic is inbound.nic:
        forward._redirect(core, inbound, inbound.nic, course)
    else:
        original(core, inbound, course)


def _no_problems(original: Any, core: Any, inbound: Any, kind: int, *rest: Any, **named: Any) -> None:
    if kind != 12:
        original(core, inbound, kind, *rest, **named)


def _arrival_side(original: Any, core: Any, inbound: Any) -> Any:
    if inbound.local:
        return original(core, inbound)
    source = inbound.nic.addresses.source_for(inbound.header.source)
    return original(core, inbound)._replace(source=source)


def _lost(original: Any, core: Any, nic: Any, waiting: Any, mac: bytes) -> None:
    kept = [
        each
        for each in waiting
        if each.about is None or b"ip4spec sentinel" in each.about.payload
    ]
    original(core, nic, kept, mac)


def _backwards(original: Any, *arguments: Any) -> list[bytes]:
    return list(reversed(original(*arguments)))


def _smaller(original: Any, header: Any, payload: bytes, mtu: int, chosen: Any) -> list[bytes]:
    whole: list[bytes] = original(header, payload, mtu, chosen)
    return whole if len(whole) < 2 else original(header, payload, max(68, mtu // 2), chosen)


class _Rfc1141(WrappedLaboratory):
    """Checksums of zero leave as ones, as the formula of RFC 1141 has it."""

    def from_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        if frame[12:14] == b"\x08\x00" and frame[24:26] == b"\0\0":
            return (frame[:24] + b"\xff\xff" + frame[26:],)
        return (frame,)


def _rfc1141(inner: VirtualLaboratory) -> VirtualLaboratory:
    return _Rfc1141(inner)  # type: ignore[return-value]  # the rest is the inner one's


class _StaleChecksum(WrappedLaboratory):
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


def _stale_checksum(inner: VirtualLaboratory) -> VirtualLaboratory:
    return _StaleChecksum(inner)  # type: ignore[return-value]  # the rest is the inner one's


FAULTS = (
    Fault("TTL is not lowered", set(), _onward(_ttl_kept)),
    Fault("TTL 1 goes on with TTL 0", set(), _chosen(ttl_one_expires=False)),
    Fault("TTL 0 goes on with TTL 254", set(), wrapped("stack.forward._expired", _zero_wraps)),
    Fault("checksums are kept", set(), wrap=_stale_checksum),
    Fault("checksums are updated as in RFC 1141", set(), wrap=_rfc1141),
    Fault("DF is not honoured", set(), _chosen(honour_df=False)),
    Fault("DF is cleared", set(), _onward(_df_cleared)),
    Fault("the reserved flag is cleared", set(), _onward(_reserved_cleared)),
    Fault("TOS is cleared", set(), _onward(_tos_cleared)),
    Fault("Identification is rewritten", set(), _onward(_identification_counted)),
    Fault("options are taken out", set(), _onward(_options_lost)),
    Fault("all options go into all pieces", set(), _chosen(copied_flag_decides=False)),
    Fault("pieces of fragments begin at zero", set(), _chosen(refragment_adds_offset=False)),
    Fault("pieces leave backwards", set(), wrapped("stack.send.fragment", _backwards)),
    Fault("pieces are half as long", set(), wrapped("stack.send.fragment", _smaller)),
    Fault("later fragments are held", set(), _dropped(lambda h: h.fragment_offset > 0)),
    Fault("router alerts stay here", set(), _dropped(_alerted)),
    Fault("the reserved flag is refused", set(), _dropped(lambda h: bool(h.flags & RESERVED))),
    Fault("high precedence is refused", set(), _dropped(lambda h: h.tos >= 0xC0)),
    Fault("TTL 2 is dropped early", set(), _dropped(lambda h: h.ttl == 2)),
    Fault("any address may travel", set(), replaced("stack.forward._may_travel", lambda _: True)),
    Fault(
        "link-local addresses may travel",
        set(),
        replaced("stack.forward._may_travel", lambda address: not _is_special(address)),
    ),
    Fault("directed broadcasts go on", set(), _chosen(forward_directed_broadcasts=True)),
    Fault("link broadcasts go on", set(), _chosen(mind_link_broadcast=False)),
    Fault("no unreachables", set(), _chosen(router_unreachables=False)),
    Fault("a silent host is a missing network", set(), replaced("stack.forward.HOST_UNREACHABLE", 0)),
    Fault("a missing network is an unknown one", set(), replaced("stack.forward.NET_UNREACHABLE", 6)),
    Fault("3/4 tells no MTU", set(), replaced("stack.icmp_errors.fragmentation_needed", _mtu_untold)),
    Fault("errors quote eight octets", set(), wrapped("stack.icmp_errors._quote", _short_quote)),
    Fault("errors have TOS 0", set(), _chosen(router_error_tos=False)),
    Fault("the arrival address is recorded", set(), _chosen(stamp_outgoing_address=False)),
    Fault("no redirects", set(), _chosen(redirects=False)),
    Fault("redirects are for networks", set(), replaced("stack.forward.REDIRECT_HOST", 0)),
    Fault("redirects about source routes", set(), _passed_on(_unrouted)),
    Fault("redirects across interfaces", set(), _passed_on(_redirected_across)),
    Fault("redirects to distant hosts", set(), replaced("stack.forward._redirect", _redirected_afar)),
    Fault("redirected datagrams are lost", set(), wrapped("stack.forward._pass_on", _not_turned_back)),
    Fault("SSRR of others is let pass", set(), replaced("stack.forward._may_pass", lambda *_: True)),
    Fault("no parameter problems", set(), wrapped("stack.icmp_errors.report", _no_problems)),
    Fault("errors come from the arrival side", set(), wrapped("stack.icmp_errors._way_back", _arrival_side)),
    Fault("any link address is believed", set(), replaced("stack.arp.is_mac", lambda _: True)),
    Fault("a datagram for a new neighbour is lost", set(), wrapped("stack.link.release", _lost)),
    Fault(
        "strict routes are loose",
        set(),
        replaced("stack.source_route.SourceRoute.is_strict", property(lambda _: False)),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault.patch is not None:
        fault.patch(monkeypatch)
    assert complaint(fault, outcome(fault)) == ""

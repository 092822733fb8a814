"""Faults of the link: ARP (RFC 826, RFC 1122 §2.3.2, RFC 5227), framing (RFC 894, RFC 1042)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest

from harness.target.base import VirtualLaboratory
from stack import arp
from stack.inbound import Cast
from stack.wire.arp import REQUEST, parse_arp
from tests.faults.framework import Fault, Wrap, WrappedLaboratory, judged, replaced, wrapped
from tests.faults.wires import rows

Change: TypeAlias = Callable[[bytes], bytes | None]
ARP = b"\x08\x06"
ASKS, ANSWERS = b"\0\1", b"\0\2"
ALL = b"\xff" * 6
GROUP = bytes.fromhex("01005e000001")
NOBODY = bytes(4)


def _asks(frame: bytes) -> bool:
    return frame[20:22] == ASKS


def _arp_received(change: Change) -> Wrap:
    """The stack takes ARP packets for something else than they are."""

    class Link(WrappedLaboratory):
        def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
            changed = change(frame) if frame[12:14] == ARP else frame
            return () if changed is None else (changed,)

    def laboratory(inner: VirtualLaboratory) -> VirtualLaboratory:
        return Link(inner)

    return laboratory


def _frames_sent(change: Callable[[bytes], bytes]) -> Wrap:
    """The stack sends other frames than it does."""

    class Link(WrappedLaboratory):
        def from_target(self, link: int, frame: bytes) -> Sequence[bytes]:
            return (change(frame),)

    def laboratory(inner: VirtualLaboratory) -> VirtualLaboratory:
        return Link(inner)

    return laboratory


def _requests_sent(change: Callable[[bytes], bytes]) -> Wrap:
    return _frames_sent(lambda f: change(f) if f[12:14] == ARP and _asks(f) else f)


def _replies_sent(change: Callable[[bytes], bytes]) -> Wrap:
    return _frames_sent(lambda f: f if f[12:14] != ARP or _asks(f) else change(f))


def _of_table(name: str, instead: Any) -> Any:
    return wrapped(f"stack.neighbours.NeighbourTable.{name}", instead)


def _answers_for_everybody(original: Any, core: Any, nic: Any, octets: bytes) -> None:
    original(core, nic, octets)
    packet = parse_arp(octets)
    if packet is None or not packet.is_for_ethernet_ipv4 or packet.operation != REQUEST:
        return
    if nic.addresses.own(packet.target_address) is None and packet.sender_mac != nic.mac:
        arp._answer(core, nic, packet)


def _deaf_to_others(original: Any, core: Any, nic: Any, octets: bytes) -> None:
    packet = parse_arp(octets)
    if packet is None or nic.addresses.own(packet.target_address) is not None:
        original(core, nic, octets)


def _never_new(
    original: Any, table: Any, address: int, mac: bytes, now: int, *, create: bool
) -> Any:
    return original(table, address, mac, now, create=False)


def _never_changed(
    original: Any, table: Any, address: int, mac: bytes, now: int, *, create: bool
) -> Any:
    return original(table, address, table.known(address) or mac, now, create=create)


def _believed_for_ever(original: Any, table: Any, address: int, *others: Any) -> Any:
    return table.known(address) or original(table, address, *others)


def _never_dropped(original: Any, table: Any, address: int) -> None:
    entry = table._entries[address]
    if entry.mac:
        table.heard(address, entry.mac, entry.due, create=False)
    else:
        original(table, address)


def _earliest_waits(original: Any, table: Any, address: int, *others: Any) -> Any:
    known = original(table, address, *others)
    if known is None:
        waiting = table._entries[address].waiting
        while len(waiting) > 1:
            waiting.pop()
    return known


def _asks_each_time(original: Any, table: Any, address: int, source: int, *others: Any) -> Any:
    if table.known(address) is None:
        table._station.ask(address, source, None)
    return original(table, address, source, *others)


def _trailer(frame: bytes) -> bytes:
    block = len(frame) > 500 and (len(frame) - 42) % 512 == 0
    return frame[:12] + b"\x10\x01" + frame[14:] if block else frame


def _no_snap(original: Any, octets: bytes) -> Any:
    return original(octets) if octets[12:14] >= b"\x06\x00" else None


def _like_any_frame(original: Any, nic: Any, frame: Any) -> Any:
    return Cast.UNICAST if frame.is_broadcast else original(nic, frame)


FAULTS = (
    Fault(
        "requests have hardware type 6",
        {"826-gen-a"},
        wrap=_requests_sent(lambda f: f[:14] + b"\0\6" + f[16:]),
    ),
    Fault(
        "requests name no sender",
        rows(
            """
            1122-2.3.1-b 1122-2.3.2.1-a 1122-2.3.2.1-b 1122-2.3.2.2-a 1122-2.3.3-f 1122-2.4-c
            1122-3.3.1.1-a 826-gen-a
            """
        ),
        wrap=_requests_sent(lambda f: f[:28] + NOBODY + f[32:]),
    ),
    Fault(
        "requests go to a group",
        {"1122-2.3.2.1-a", "1122-2.3.3-f", "1122-3.3.1.1-a", "826-gen-a"},
        wrap=_requests_sent(lambda f: GROUP + f[6:]),
    ),
    Fault(
        "replies name no target link address",
        {"826-recv-c"},
        wrap=_replies_sent(lambda f: f[:32] + bytes(6) + f[38:]),
    ),
    Fault(
        "replies are broadcast",
        {"1812-3.3.2-a", "826-recv-c"},
        wrap=_replies_sent(lambda f: ALL + f[6:]),
    ),
    Fault(
        "requests in frames to the host alone are not heard",
        {"5227-2.5-a", "826-recv-c"},
        wrap=_arp_received(lambda f: None if _asks(f) and f[:6] != ALL else f),
    ),
    Fault(
        "requests need a target link address of zeros",
        {"826-recv-c"},
        wrap=_arp_received(lambda f: None if _asks(f) and any(f[32:38]) else f),
    ),
    Fault(
        "replies are answered",
        {"1122-2.3.1-b", "1122-2.3.2.2-a", "1122-2.4-c", "826-recv-e"},
        wrap=_arp_received(lambda f: f[:20] + ASKS + f[22:] if f[20:22] == ANSWERS else f),
    ),
    Fault(
        "other operations are answered",
        {"826-recv-d"},
        wrap=_arp_received(lambda f: f if f[20:22] in (ASKS, ANSWERS) else f[:20] + ASKS + f[22:]),
    ),
    Fault(
        "every hardware type is Ethernet",
        {"826-recv-d"},
        wrap=_arp_received(lambda f: f[:14] + b"\0\1" + f[16:]),
    ),
    Fault(
        "every protocol type is IPv4",
        {"826-recv-d"},
        wrap=_arp_received(lambda f: f[:16] + b"\x08\0" + f[18:]),
    ),
    Fault(
        "requests for everybody are answered",
        {"826-recv-d", "919-7.1-a"},
        wrapped("stack.arp.receive", _answers_for_everybody),
    ),
    Fault(
        "probes are not answered",
        {"5227-2.5-a", "5227-2.5-b"},
        wrap=_arp_received(lambda f: None if f[28:32] == NOBODY else f),
        blinds={"rfc5227-2.5-probe-for-others"},
    ),
    Fault(
        "every conflict brings an announcement",
        {"5227-2.4-a"},
        replaced("stack.arp.DEFEND_INTERVAL", 0),
    ),
    Fault(
        "nothing is learned from requests for the host",
        rows(
            """
            1122-2.3.2.1-e 1122-3.3.1.4-a 1122-3.3.1.4-b 826-recv-a 826-recv-b
            """
        ),
        _of_table("heard", _never_new),
    ),
    Fault(
        "entries never change",
        {"1122-2.3.2.1-e", "826-recv-a"},
        _of_table("heard", _never_changed),
    ),
    Fault(
        "packets for others are not looked at",
        {"1122-2.3.2.1-e", "826-recv-a"},
        wrapped("stack.arp.receive", _deaf_to_others),
    ),
    Fault(
        "every datagram brings a request",
        rows(
            """
            1122-2.3.2.1-b 1122-2.3.2.1-c 1122-2.3.2.1-d
            """
        ),
        _of_table("resolve", _asks_each_time),
    ),
    Fault(
        "addresses are asked for twice a second",
        {"1122-2.3.2.1-d"},
        replaced("stack.neighbours.REQUEST_INTERVAL", 500_000),
    ),
    Fault(
        "entries are believed for ever",
        {"1122-2.3.2.1-a", "1122-2.3.2.1-b", "1122-3.3.1.4-a", "1122-3.3.1.4-b"},
        _of_table("resolve", _believed_for_ever),
    ),
    Fault(
        "entries are verified, but never dropped",
        {"1122-2.3.2.1-a", "1122-3.3.1.4-a", "1122-3.3.1.4-b"},
        _of_table("_fail", _never_dropped),
    ),
    Fault(
        "the lifetime of entries cannot be set",
        {"1122-2.3.2.1-a", "1122-2.3.2.1-b", "1122-3.3.1.4-a", "1122-3.3.1.4-b"},
        replaced("stack.nics._Station.lifetime", lambda _: 30_000_000),
    ),
    Fault(
        "the earliest datagram waits, not the latest",
        {"1122-2.3.2.2-a", "791-3.1.lsrr-f", "791-3.1.ssrr-b"},
        _of_table("resolve", _earliest_waits),
    ),
    Fault(
        "RFC 1042 frames are not heard",
        {"1122-2.3.3-b"},
        wrapped("stack.receive.parse_ethernet", _no_snap),
    ),
    Fault(
        "datagrams of a trailer's size leave with the type of trailers",
        {"1122-2.3.1-b"},
        wrap=_frames_sent(_trailer),
    ),
    Fault(
        "frames are padded with what is at hand",
        {"894-frame-b"},
        replaced("stack.wire.ethernet._PADDING", bytes(59) + b"\1"),
    ),
    Fault(
        "IP does not hear of link broadcasts",
        rows(
            """
            1122-2.4-a 1122-3.2.2-i 1122-3.3.6-f 1812-4.3.2.7-d 1812-5.3.4-a 1812-5.3.4-b
            """
        ),
        wrapped("stack.receive._link_cast", _like_any_frame),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""

"""Links that change IPv4 packets on their way: what reaches the stack, or what it seems to send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from harness.target.base import VirtualLaboratory
from stack.wire.checksum import internet_checksum
from tests.faults.framework import Wrap, WrappedLaboratory

Change: TypeAlias = Callable[[bytes], bytes | None]
"""What becomes of an IP packet; None: nothing arrives. The header checksum is put right."""

_LINK = 14


def rows(text: str) -> frozenset[str]:
    """The ids of a list in words, for those that are long."""
    return frozenset(text.split())


def checked(packet: bytes) -> bytes:
    """The packet with a header checksum that is right."""
    length = min(max((packet[0] & 15) * 4, 20), len(packet))
    blank = packet[:10] + b"\0\0" + packet[12:length]
    return packet[:10] + internet_checksum(blank).to_bytes(2, "big") + packet[12:]


def offset_of(packet: bytes) -> int:
    """Fragment Offset in octets."""
    return (int.from_bytes(packet[6:8], "big") & 0x1FFF) * 8


def more_of(packet: bytes) -> bool:
    """MF."""
    return bool(packet[6] & 0x20)


def options_of(packet: bytes) -> bytes:
    """The option area, none where IHL makes no sense."""
    return packet[20 : (packet[0] & 15) * 4]


def with_options(packet: bytes, area: bytes) -> bytes:
    """The packet with another option area of the same length."""
    return packet[:20] + area + packet[20 + len(area) :]


def _changed(frame: bytes, change: Change) -> Sequence[bytes]:
    if frame[12:14] != b"\x08\x00" or len(frame) < _LINK + 20:
        return (frame,)
    packet = frame[_LINK:]
    changed = change(packet)
    if changed is None:
        return ()
    if changed == packet:
        return (frame,)
    return (frame[:_LINK] + checked(changed),)


def received(change: Change) -> Wrap:
    """The stack takes packets for something else than they are."""

    class Link(WrappedLaboratory):
        def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
            return _changed(frame, change)

    return _laboratory(Link)


def sent(change: Change) -> Wrap:
    """The stack sends something else than it does."""

    class Link(WrappedLaboratory):
        def from_target(self, link: int, frame: bytes) -> Sequence[bytes]:
            return _changed(frame, change)

    return _laboratory(Link)


def _laboratory(kind: type[WrappedLaboratory]) -> Wrap:
    def wrap(inner: VirtualLaboratory) -> VirtualLaboratory:
        return kind(inner)

    return wrap

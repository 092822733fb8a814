"""Faults of source routes, of what users give to IP, and of options that end a stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from harness.target.base import VirtualLaboratory
from stack.options import Use
from tests.faults.framework import Fault, WrappedLaboratory, judged, replaced, wrapped
from tests.faults.wires import offset_of, options_of, received, rows, sent, with_options


class _Mortal(WrappedLaboratory):
    """A stack that never comes back from an option whose length is below two."""

    dead = False

    def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        packet = frame[14:] if frame[12:14] == b"\x08\x00" else b""
        whole = len(packet) >= 20 and int.from_bytes(packet[2:4], "big") >= (packet[0] & 15) * 4
        area = options_of(packet) if whole and len(packet) >= (packet[0] & 15) * 4 else b""
        self.dead = self.dead or (len(area) > 1 and area[0] > 1 and area[1] < 2)
        return () if self.dead else (frame,)


def _mortal(inner: VirtualLaboratory) -> VirtualLaboratory:
    return _Mortal(inner)


def _protocol_ignored(packet: bytes) -> bytes:
    is_echo = packet[9] == 253 and packet[20:22] == b"\x08\x00"
    return packet[:9] + b"\x01" + packet[10:] if is_echo else packet


def _hop_not_recorded(original: Any, route: Any, address: int) -> bytes:
    octets = bytes(route.octets)
    return octets[:2] + bytes((route.pointer + 4,)) + octets[3:]


def _strict_is_loose(original: Any, run: Any, kind: int, at: int, option: bytearray) -> Any:
    fault = original(run, kind, at, option)
    if run._route is not None:
        run._route = run._route._replace(type=131)
    return fault


def _routes_forgotten(packet: bytes) -> bytes:
    area = options_of(packet)
    if offset_of(packet) and area[:1] in (b"\x83", b"\x89"):
        return with_options(packet, b"\x01" * len(area))
    return packet


def _routes_never_end(original: Any, run: Any, kind: int, at: int, option: bytearray) -> Any:
    complete = option[2] > option[1] and run._use is not Use.FORWARD
    return 2 if complete else original(run, kind, at, option)


def _options_dropped(original: Any, socket: Any, protocol: int, ask: Any) -> Any:
    return original(socket, protocol, ask._replace(options=b""))


FAULTS = (
    Fault(
        "an option of length 0 or 1 ends the stack",
        {"1122-3.2.1.8-d", "791-3.1.opt-d"},
        wrap=_mortal,
    ),
    Fault("protocol 253 is taken for ICMP", {"791-3.1.proto-a"}, wrap=received(_protocol_ignored)),
    Fault(
        "a hop does not record itself in a source route",
        rows(
            """
            1812-4.2.2.2-a 1812-5.2.3-a 791-3.1.lsrr-c 791-3.1.lsrr-d 791-3.1.lsrr-f
            791-3.1.ssrr-a 791-3.1.ssrr-b
            """
        ),
        wrapped("stack.options.take_hop", _hop_not_recorded),
    ),
    Fault(
        "strict routes are loose",
        rows(
            """
            1122-3.2.1.8c-d 1122-3.2.2.6-j 1122-3.3.5-e 1122-4.2.3.8-b 1812-5.2.2-d
            1812-5.2.4.3-a 791-3.1.ssrr-a
            """
        ),
        wrapped("stack.options._Pass._source_route", _strict_is_loose),
    ),
    Fault(
        "source routes are in the first piece only",
        {"1122-3.2.1.8c-f", "791-3.1.lsrr-f", "791-3.1.ssrr-b"},
        wrap=sent(_routes_forgotten),
    ),
    Fault(
        "options of users are not sent",
        rows(
            """
            1122-3.2.1.8-a 1122-3.2.1.8c-a 1122-3.2.1.8c-g 1122-3.2.1.8e-b 1122-3.4-a
            1122-4.1.3.2-b 1122-4.1.3.2-c 1122-4.1.4-a 1122-4.1.4-b 791-3.1.rr-b 791-3.1.ts-f
            791-3.3-a sockets-get-a sockets-route-a sockets-set-a sockets-set-b sockets-set-c
            sockets-set-e sockets-udp-a
            """
        ),
        wrapped("stack.socket_base.Socket._prepare", _options_dropped),
        blinds={
            "sockets-refuse-two-routes-around-a-record-route",
            "sockets-refuse-two-routes-both-loose",
            "sockets-refuse-two-routes-loose-and-strict",
        },
    ),
    Fault(
        "UDP checksums are not verified",
        {"1122-4.1.3.4-a", "1122-4.1.3.4-d", "6864-5.2-b"},
        replaced("stack.wire.udp.checksum_is_right", lambda *_: True),
    ),
    Fault(
        "a complete source route is an error",
        rows(
            """
            1122-3.2.1.8-c 1122-3.2.1.8c-b 1122-3.2.1.8c-c 1122-3.2.1.8c-d 1122-3.2.1.8c-f
            1122-3.2.2.6-j 1122-3.2.2.8-g 1122-4.1.3.1-a 1122-4.2.3.8-a
            1122-4.2.3.8-b 1122-4.2.3.8-d 1122-4.2.3.8-e 1812-4.2.2.1-c 791-3.1.lsrr-b
            sockets-accept-d sockets-raw-c
            """
        ),
        wrapped("stack.options._Pass._source_route", _routes_never_end),
        blinds=rows(
            """
            rfc1122-3.2.1.8c-two-loose-routes-never-sent
            rfc1122-3.2.1.8c-two-routes-loose-then-strict-never-sent
            rfc1122-3.2.1.8c-two-routes-strict-then-loose-never-sent
            rfc1122-4.2.3.8-two-routes-never-sent
            rfc791-3.1-loose-source-route-pointer-0-discarded
            rfc791-3.1-loose-source-route-pointer-1-discarded
            rfc791-3.1-loose-source-route-pointer-3-discarded
            rfc791-3.1-strict-source-route-pointer-3-discarded
            """
        ),
    ),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_library_shows_the_fault_and_no_other(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(fault, monkeypatch) == ""

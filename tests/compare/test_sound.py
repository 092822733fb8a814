"""No class hides what goes wrong in the stack: faults put into it are new differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from socket import inet_aton
from typing import Any

import pytest

from harness.case.model import Topology
from tests.compare import network
from tests.compare.bundled import BundledSide
from tests.compare.corpus import Unit
from tests.compare.difference import differences
from tests.compare.network import Plan
from tests.compare.normalise import Answer, read
from tests.compare.run import classes_of
from tests.compare.stimulus import Sent
from tests.compare.test_compare import GATEWAY_MAC, HOST, checksummed
from tests.faults.framework import Patch, both, replaced, wrapped

ROUTER = network.plan(Topology.ROUTER)
ECHO = checksummed(b"\x08\0\0\0\0\x01\0\x01some data", 2)
UNREAD = b"\x4e\x20\x9c\x40\0\x0c\0\0data"
HOP = inet_aton("198.18.0.9")
SNAP = b"\xaa\xaa\x03\0\0\0\x08\0"

Differ = Callable[[Answer], Answer]
"""What the kernel says, made of what the sound stack does."""


@dataclass(frozen=True, slots=True)
class Known:
    """A datagram, and a kernel that differs in a way that has a class, or not at all."""

    octets: bytes
    protocol: int
    options: bytes = b""
    to: str = HOST.links[0].target
    plan: Plan = HOST
    cut: int = 0
    snap: bool = False
    kernel: Differ = lambda answer: answer

    def unit(self) -> Unit:
        """The unit that it is."""
        header = (
            bytes((0x45 + len(self.options) // 4, 0))
            + (20 + len(self.options) + len(self.octets)).to_bytes(2, "big")
            + b"\x40\x01\0\0\x40"
            + bytes((self.protocol, 0, 0))
            + inet_aton("198.18.0.1")
            + inet_aton(self.to)
            + self.options
        )
        packet = checksummed(header, 10) + self.octets
        packet = packet[: len(packet) - self.cut]
        kind = (len(packet) + 8).to_bytes(2, "big") + SNAP if self.snap else b"\x08\0"
        mac = self.plan.links[0].target_mac or b""
        return Unit(1, ((0, mac + GATEWAY_MAC + kind + packet),), "here")


def _silent(answer: Answer) -> Answer:
    return replace(answer, frames=())


def _precedence(answer: Answer) -> Answer:
    ((link, frame),) = answer.frames
    return replace(answer, frames=((link, frame[:14] + _with_tos(frame[14:34]) + frame[34:]),))


def _with_tos(header: bytes) -> bytes:
    return checksummed(header[:1] + b"\xc0" + header[2:], 10)


KNOWN = {
    "echo": Known(ECHO, 1),
    "echo that came by a route": Known(ECHO, 1, b"\x83\x07\x08" + HOP + b"\0"),
    "tos-of-a-hosts-error": Known(UNREAD, 17, kernel=_precedence),
    "source-route-failed": Known(UNREAD, 17, b"\x83\x07\x04" + HOP + b"\0", kernel=_silent),
    "snap": Known(ECHO, 1, snap=True, kernel=_silent),
    "old-broadcast-form": Known(ECHO, 1, to="192.0.2.0", kernel=_silent),
    "forwarded": Known(UNREAD, 17, to="198.19.0.1", plan=ROUTER),
    "truncated-reported": Known(UNREAD, 17, plan=ROUTER, cut=2, kernel=_silent),
}


def _sent(known: Known, stack: Answer, kernel: Answer) -> Sent:
    return Sent.of(known.plan, known.unit(), read(stack, known.plan), read(kernel, known.plan))


def _other_source(original: Any, core: Any, route: Any, *rest: Any) -> Any:
    return original(core, replace(route, source=route.source ^ 2), *rest)


def _other_ttl(original: Any, core: Any, route: Any, payload: bytes, wish: Any) -> Any:
    return original(core, route, payload, replace(wish, ttl=wish.ttl - 1))


def _twice(original: Any, *arguments: Any) -> Any:
    original(*arguments)
    return original(*arguments)


def _wrong_sum(original: Any, message: Any) -> bytes:
    octets: bytes = original(message)
    return octets[:3] + bytes((octets[3] ^ 1,)) + octets[4:]


def _short(original: Any, *arguments: Any) -> Any:
    quote = original(*arguments)
    return quote and quote[:-1]


def _nothing(*arguments: Any, **named: Any) -> None:
    """In the place of what does something."""


def _not_lowered(original: Any, *arguments: Any, **named: Any) -> Any:
    header = original(*arguments, **named)
    header.ttl += 1
    return header


FAULTS: dict[str, Patch] = {
    "source": wrapped("stack.send.originate", _other_source),
    "TTL": wrapped("stack.send.originate", _other_ttl),
    "twice": wrapped("stack.send.originate", _twice),
    "checksum": both(
        wrapped("stack.icmp_reply.build_icmp", _wrong_sum),
        wrapped("stack.icmp_errors.build_icmp", _wrong_sum),
    ),
    "quote": wrapped("stack.icmp_errors._quote", _short),
    "no error": replaced("stack.icmp_errors.report", _nothing),
    "no way back": replaced("stack.icmp_errors.remember_return_route", _nothing),
    "TTL in transit": wrapped("stack.forward._onward_header", _not_lowered),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_sound_stack_is_excused(name: str) -> None:
    known = KNOWN[name]
    answer = BundledSide(known.plan).answer(known.unit())
    sent = _sent(known, answer, known.kernel(answer))
    assert answer.frames
    names = {one.id for difference in sent.found for one in classes_of(sent, difference)[:1]}
    assert names == ({name} if sent.found else set())


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_stack_is_new(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sides = {known.plan.topology: BundledSide(known.plan) for known in KNOWN.values()}
    sound = {name: sides[known.plan.topology].answer(known.unit()) for name, known in KNOWN.items()}
    FAULTS[fault](monkeypatch)
    shown = 0
    for name, known in KNOWN.items():
        answer = sides[known.plan.topology].answer(known.unit())
        changed = differences(read(answer, known.plan), read(sound[name], known.plan))
        sent = _sent(known, answer, known.kernel(sound[name]))
        # What the kernel says too, no comparison shows.
        if changed and sent.found:
            assert not all(classes_of(sent, difference) for difference in sent.found), name
            shown += 1
    assert shown > 0

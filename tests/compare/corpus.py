"""What both sides are given: units of one frame or of the fragments of one datagram.

The frames are those that the cases of the library send on the sound stack, and mutations of
them. A unit's fragments have an Identification that no other unit's have, so that no side puts
pieces of two units together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address
from random import Random
from typing import Any, Final

from harness.case.model import Topology
from harness.catalogue import load
from harness.run.lockstep import LockstepRunner
from harness.target.base import VirtualLaboratory
from tests.compare.network import Plan
from tests.faults.framework import FaultyTarget, WrappedLaboratory, library
from tests.soak.mutate import Mutator

SHORTEST: Final = 14
"""Octets of frame that a raw socket takes: an Ethernet header."""
TRAINS: Final = 0.15
"""The share of mutations that spoil one fragment of a datagram."""

Frames = tuple[tuple[int, bytes], ...]
"""(link, frame), in the order in which they are sent."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is sent before an answer is waited for."""

    number: int
    frames: Frames
    origin: str
    """The case that sends it, or the seed that spoiled it."""


class _Listening(WrappedLaboratory):
    """Keeps what goes to the target."""

    def __init__(self, inner: VirtualLaboratory, kept: list[tuple[Topology, int, bytes]]) -> None:
        super().__init__(inner)
        self._kept = kept

    def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        self._kept.append((self.inner.configuration.topology, link, frame))
        return (frame,)


@cache
def _library() -> dict[Topology, dict[Frames, str]]:
    """The units that the cases send, each with the first case that does."""
    heard: list[tuple[Topology, int, bytes]] = []

    def listening(inner: VirtualLaboratory) -> Any:
        return _Listening(inner, heard)

    runner = LockstepRunner(FaultyTarget(listening), load())
    units: dict[Topology, dict[Frames, str]] = {topology: {} for topology in Topology}
    for case in library():
        heard.clear()
        runner.result(case)
        trains: dict[tuple[Topology, int, bytes], list[tuple[int, bytes]]] = {}
        for topology, link, frame in heard:
            units[topology].setdefault(((link, frame),), case.id)
            if is_fragment(frame):
                train = trains.setdefault((topology, link, _datagram(frame)), [])
                train.append((link, frame))
        for (topology, _, _), pieces in trains.items():
            units[topology].setdefault(tuple(pieces), case.id)
    return units


def is_fragment(frame: bytes) -> bool:
    """Whether a frame holds an IPv4 header that says that this is a piece."""
    return (
        frame[12:14] == b"\x08\x00"
        and len(frame) >= 34
        and frame[14] >> 4 == 4
        and bool(frame[20] & 0x3F or frame[21])
    )


def _datagram(frame: bytes) -> bytes:
    """What the pieces of one datagram have in common (RFC 791 §3.2)."""
    return frame[18:20] + frame[23:24] + frame[26:34]


def fitting(plan: Plan, frames: Frames) -> bool:
    """Whether real links carry the frames."""
    return all(SHORTEST <= len(frame) <= SHORTEST + plan.links[link].mtu for link, frame in frames)


def raw_units(plan: Plan) -> list[Frames]:
    """What the cases send in a topology, as they send it."""
    return [frames for frames in _library()[plan.topology] if fitting(plan, frames)]


def sent_by_cases(plan: Plan) -> list[Unit]:
    """The library's units for a topology."""
    cases = _library()[plan.topology]
    return [
        Unit(number, _marked(frames, number), cases[frames])
        for number, frames in enumerate(raw_units(plan))
    ]


def mutated(plan: Plan, seed: int) -> Iterator[Unit]:
    """Spoiled units without end; the same seed makes the same ones."""
    random = Random(seed)
    known = list(_library()[plan.topology])
    trains = [frames for frames in known if len(frames) > 1]
    first = len(known)
    mutator = Mutator([frame for frames in known for _, frame in frames], _own(plan), seed)
    number = first
    while True:
        if trains and random.random() < TRAINS:
            frames = _spoiled_train(random, random.choice(trains), plan)
        else:
            link = random.randrange(len(plan.links))
            frames = ((link, mutator.frame()),)
        if fitting(plan, frames):
            yield Unit(number, _marked(frames, number), f"seed {seed}")
            number += 1


def _own(plan: Plan) -> list[bytes]:
    own = [IPv4Address(link.target).packed for link in plan.links]
    return own + [link.subnet.broadcast_address.packed for link in plan.links]


def _spoiled_train(random: Random, train: Frames, plan: Plan) -> Frames:
    frames = list(train)
    which = random.randrange(len(frames))
    link, frame = frames[which]
    frames[which] = link, Mutator([frame], _own(plan), random.getrandbits(32)).frame()
    if random.random() < 0.3:
        random.shuffle(frames)
    return tuple(frames)


def _marked(frames: Frames, number: int) -> Frames:
    """The frames, the Identification of fragments moved to values that are the unit's own.

    The header checksum is as right or as wrong as before (RFC 1624 §3).
    """
    found: dict[bytes, int] = {}
    marked = []
    for link, frame in frames:
        if is_fragment(frame):
            place = found.setdefault(frame[18:20], len(found))
            frame = _renumbered(frame, (number * 4 + place + 1) & 0xFFFF)
        marked.append((link, frame))
    return tuple(marked)


def _renumbered(frame: bytes, identification: int) -> bytes:
    old = int.from_bytes(frame[18:20], "big")
    checksum = int.from_bytes(frame[24:26], "big")
    # RFC 1624 §3, equation 3: HC' = ~(~HC + ~m + m')
    total = (~checksum & 0xFFFF) + (~old & 0xFFFF) + identification
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    field = (~total & 0xFFFF).to_bytes(2, "big")
    return frame[:18] + identification.to_bytes(2, "big") + frame[20:24] + field + frame[26:]

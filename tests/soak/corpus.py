"""The frames that the cases of the library send, each once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from harness.case.model import Topology
from harness.catalogue import load
from harness.run.lockstep import LockstepRunner
from harness.target.base import VirtualLaboratory
from tests.faults.framework import FaultyTarget, WrappedLaboratory, library


class _Listening(WrappedLaboratory):
    """Keeps what goes to the target."""

    def __init__(self, inner: VirtualLaboratory, kept: dict[Topology, dict[bytes, int]]) -> None:
        super().__init__(inner)
        self._kept = kept[inner.configuration.topology]

    def to_target(self, link: int, frame: bytes) -> Sequence[bytes]:
        self._kept.setdefault(frame, link)
        return (frame,)


@cache
def corpus() -> dict[Topology, tuple[tuple[int, bytes], ...]]:
    """For each topology (link, frame), in the order in which the library first sends them."""
    kept: dict[Topology, dict[bytes, int]] = {topology: {} for topology in Topology}

    def listening(inner: VirtualLaboratory) -> Any:
        return _Listening(inner, kept)

    runner = LockstepRunner(FaultyTarget(listening), load())
    for case in library():
        runner.result(case)
    return {
        topology: tuple((link, frame) for frame, link in frames.items())
        for topology, frames in kept.items()
    }

"""Targets for tests of the drivers: the bundled stack, made ill, on virtual and on real time."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.addresses import LinkPlan
from harness.target.base import (
    Answer,
    Configuration,
    Counters,
    Laboratory,
    Offers,
    TargetGone,
    Upper,
    VirtualLaboratory,
)
from harness.target.bundled import BundledTarget
from harness.target.profile import load_profile

Ill = Callable[[VirtualLaboratory], VirtualLaboratory]


class Through:
    """A laboratory as it is; illnesses are its subclasses."""

    def __init__(self, inner: VirtualLaboratory) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def inject(self, link: int, frame: bytes, now: int) -> None:
        self.inner.inject(link, frame, now)

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        return self.inner.poll(now)


class Dead(Through):
    """Nothing ever comes."""

    def inject(self, link: int, frame: bytes, now: int) -> None:
        pass

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        self.inner.poll(now)
        return []


class DiesAfter(Through):
    """Dead from the n-th frame on."""

    frames = 10

    def __init__(self, inner: VirtualLaboratory) -> None:
        super().__init__(inner)
        self.left = self.frames

    def inject(self, link: int, frame: bytes, now: int) -> None:
        self.left -= 1
        if self.left > 0:
            self.inner.inject(link, frame, now)


class Crashes(Through):
    """Raises when it gets a fragment."""

    def inject(self, link: int, frame: bytes, now: int) -> None:
        if frame[12:14] == b"\x08\x00" and frame[20] & 0x20:
            raise TargetGone("the target ended with signal 11")
        self.inner.inject(link, frame, now)


class Twice(Through):
    """Says everything twice."""

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        return [sent for sent in self.inner.poll(now) for _ in range(2)]


class Floods(Through):
    """Answers the first echo request of a case with a thousand replies, and goes on so."""

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        sent = self.inner.poll(now)
        echoes = [s for s in sent if s[1][12:14] == b"\x08\x00"]
        return [*sent, *echoes * 5000]


class LosesTenth(Through):
    """Every tenth frame from the target is lost, counted over all laboratories."""

    count = 0

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        kept = []
        for sent in self.inner.poll(now):
            LosesTenth.count += 1
            if LosesTenth.count % 10:
                kept.append(sent)
        return kept


class VirtualTarget(BundledTarget):
    """The bundled target with an illness."""

    def __init__(self, ill: Ill = Through) -> None:
        super().__init__(load_profile("bundled"))
        self._ill = ill

    def laboratory(self, configuration: Configuration) -> Laboratory:
        made = super().laboratory(configuration)
        return self._ill(made)  # type: ignore[arg-type]  # the bundled ones are virtual


class MemoryLink:
    """One link of a real-time laboratory in this process; readable when frames wait."""

    def __init__(self, laboratory: RealInMemory, number: int) -> None:
        self.waiting: deque[bytes] = deque()
        self._laboratory = laboratory
        self._number = number
        self._event = os.eventfd(0, os.EFD_NONBLOCK)

    def fileno(self) -> int:
        return self._event

    def put(self, frame: bytes) -> None:
        self.waiting.append(frame)
        os.eventfd_write(self._event, 1)

    def send(self, frame: bytes) -> None:
        self._laboratory.take(self._number, frame)

    def receive(self) -> Sequence[bytes]:
        self._laboratory.work()
        frames = tuple(self.waiting)
        self.waiting.clear()
        if frames:
            os.eventfd_read(self._event)
        return frames

    def close(self) -> None:
        os.close(self._event)


class RealInMemory:
    """The bundled stack on the machine's clock."""

    def __init__(self, make: Callable[[], VirtualLaboratory]) -> None:
        self._make = make
        self.restarts = 0
        self._start()

    def _start(self) -> None:
        self._inner = self._make()
        self._began = time.monotonic_ns()
        self.configuration = self._inner.configuration
        self.links: tuple[LinkPlan, ...] = self._inner.links
        self.wires = tuple(MemoryLink(self, number) for number in range(len(self.links)))

    @property
    def upper(self) -> Upper | None:
        return self

    def call(self, operation: str, arguments: Mapping[str, Any]) -> Answer:
        inner = self._inner.upper
        assert inner is not None
        answer = inner.call(operation, arguments)
        self.work()
        return answer

    def _now(self) -> int:
        return (time.monotonic_ns() - self._began) // 1000

    def take(self, link: int, frame: bytes) -> None:
        self._inner.inject(link, frame, self._now())
        self.work()

    def work(self) -> None:
        for link, frame in self._inner.poll(self._now()):
            self.wires[link].put(frame)

    def counters(self) -> Counters | None:
        return self._inner.counters()

    def restart(self) -> bool:
        self.restarts += 1
        self.close()
        self._start()
        return True

    def close(self) -> None:
        for wire in self.wires:
            wire.close()
        self.wires = ()


class RealTarget:
    """The bundled stack with an illness, as a real target: waits are real, so they are short."""

    virtual = False

    def __init__(
        self, ill: Ill = Through, *, side_by_side: bool = True, restart: bool = False
    ) -> None:
        self._virtual = VirtualTarget(ill)
        offers = self._virtual.offers
        self.name = "simulated"
        self.side_by_side = side_by_side
        self.offers = Offers(
            offers.topologies,
            offers.settings,
            offers.calls,
            counters=True,
            exact_counters=frozenset({"icmpMsgStatsInPkts", "icmpStatsInMsgs"}),
            restart=restart,
        )
        self.timers: Mapping[str, float] = {"settle": 0.02, "reassembly": 0.2, "answer": 0.1}
        self.laboratories: list[RealInMemory] = []

    def laboratory(self, configuration: Configuration) -> Laboratory:
        made = RealInMemory(lambda: self._virtual.laboratory(configuration))  # type: ignore[arg-type,return-value]  # virtual ones
        self.laboratories.append(made)
        return made

    def describe(self) -> Mapping[str, Any]:
        return {"kind": "simulated"}

    def close(self) -> None:
        for laboratory in self.laboratories:
            laboratory.close()

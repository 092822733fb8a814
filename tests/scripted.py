"""A target that says what a test tells it to, besides what the bundled stack does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from harness.addresses import LeasePool
from harness.case.model import Case
from harness.case.packet import Packet, Stimulus, data, ip, udp
from harness.case.steps import send
from harness.case.symbols import HOST, NEAR, TESTER
from harness.case.time import Microseconds, ms
from harness.catalogue import load
from harness.decode import decode
from harness.encode import Encoder
from harness.run.lockstep import LockstepRunner
from harness.target.base import VirtualLaboratory
from harness.verdict import CaseResult, Explanation, Verdict
from tests.simulated import Ill, Through, VirtualTarget

CUE_PORT = 7777
MUST, SHOULD, MAY = "1122-3.2.2.6-a", "1122-3.2.2.6-i", "1122-3.2.2.6-c"
"""Requirements of each strength, for cases that are about nothing in particular."""
OTHER = "792-echo-c"

CUE = send(ip() / udp(dport=CUE_PORT))
"""The step that makes a scripted target begin."""

Said = tuple[Microseconds, Stimulus | bytes, int]
FROM_HOST = ip(src=HOST, dst=TESTER)
RUNNER = LockstepRunner(VirtualTarget(), load())


def word(text: bytes, **header: Any) -> Packet:
    """A datagram by which a target says something."""
    return ip(src=HOST, dst=TESTER, **header) / udp() / data(text)


def said(milliseconds: float, stimulus: Stimulus, on: int = NEAR) -> Said:
    """What a script says, and when after its cue."""
    return ms(milliseconds), stimulus, on


class Scripted(Through):
    """Keeps to a script once it gets a datagram to `CUE_PORT`, which the stack never sees."""

    def __init__(self, inner: VirtualLaboratory, script: Sequence[Said]) -> None:
        super().__init__(inner)
        self._script = script
        self._encoder = Encoder(LeasePool(inner.links).numbered(0))
        self._due: list[tuple[int, int, bytes]] = []

    def inject(self, link: int, frame: bytes, now: int) -> None:
        if decode(frame).get("udp", "dport") != CUE_PORT:
            super().inject(link, frame, now)
            return
        for serial, (delay, said, on) in enumerate(self._script, 1):
            octets = (said,) if isinstance(said, bytes) else self._encoded(said, on, serial)
            self._due += [(now + delay, on, frame) for frame in octets]

    def _encoded(self, said: Stimulus, on: int, serial: int) -> tuple[bytes, ...]:
        return self._encoder.encode(said, on, serial, _nothing).frames

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        ready = [(link, frame) for at, link, frame in self._due if at <= now]
        self._due = [said for said in self._due if said[0] > now]
        return [*super().poll(now), *ready]

    def next_deadline(self) -> int | None:
        deadlines = [at for at, _, _ in self._due]
        own = self.inner.next_deadline()
        return min((*deadlines, own) if own is not None else deadlines, default=None)


def _nothing(label: str, field: str) -> object:
    raise AssertionError(f"{label}.{field} was asked for")


def scripted(*script: Said) -> Ill:
    return lambda inner: Scripted(inner, script)


def case(*steps: Any, cites: str | tuple[str, ...] = MUST, **more: Any) -> Case:
    return Case("rfc791-x-engine", cites, "a case of the engine", steps, **more)


def run(one: Case, ill: Ill = Through, **offers: Any) -> CaseResult:
    """Run a case; `offers` changes what the target offers."""
    target = VirtualTarget(ill)
    target.offers = replace(target.offers, **offers)
    RUNNER.use(target)
    return RUNNER.result(one)


def verdicts(result: CaseResult) -> dict[str, Verdict]:
    return {finding.requirement: finding.verdict for finding in result.findings}


def why(result: CaseResult) -> Explanation:
    """The explanation of the one finding that has one."""
    (told,) = [f.explanation for f in result.findings if f.explanation is not None]
    return told


def reason(result: CaseResult) -> str:
    (finding,) = [f for f in result.findings if f.reason is not None]
    return finding.reason or ""


def tester_failed(result: CaseResult) -> bool:
    """Whether a mistake of the tester's own got into a result."""
    return any("the tester failed" in (finding.reason or "") for finding in result.findings)


Change = Callable[[int, bytes], bytes]


class Changing(Through):
    """Changes its frames on their way out."""

    def __init__(self, inner: VirtualLaboratory, change: Change) -> None:
        super().__init__(inner)
        self._change = change

    def poll(self, now: int) -> Sequence[tuple[int, bytes]]:
        return [(link, self._change(link, frame)) for link, frame in super().poll(now)]


def changing(change: Change) -> Ill:
    return lambda inner: Changing(inner, change)

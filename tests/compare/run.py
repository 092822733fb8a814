"""A comparison: the units, both sides' answers, the differences, their classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from random import Random
from typing import Final

from harness.case.model import Topology
from tests.compare import corpus, network
from tests.compare.bundled import BundledSide
from tests.compare.classes import CLASSES, Class
from tests.compare.corpus import Unit
from tests.compare.difference import Difference
from tests.compare.kernel import KernelSide
from tests.compare.network import Plan
from tests.compare.normalise import Answer, read
from tests.compare.sound import sound
from tests.compare.stimulus import Sent

SHARES: Final = {Topology.HOST: 6, Topology.MULTIHOMED: 2, Topology.ROUTER: 4}
"""How the mutations are divided, in twelfths."""
ONE_NAMESPACE: Final = 10_000
"""Units that one namespace is given: so many have Identifications of their own."""
AGAIN: Final = 4
"""Units that one fresh namespace is asked again. The kernel limits the Destination Unreachable
of a router (error_cost) and redirects (redirect_number) by source, and only the first namespace
of the machine has switches for that; in a fresh one nothing has been spent."""
ASKED_AGAIN: Final = 400
"""Units of a topology that are asked again at most; above that something is broken."""


@dataclass(frozen=True, slots=True)
class New:
    """A unit whose answers differ in a way that fits no class."""

    plan: Plan
    unit: Unit
    differences: tuple[tuple[Difference, str], ...]
    """Each with the class that it is of; empty for those that fit none."""


@dataclass(slots=True)
class Outcome:
    """What a comparison came to."""

    units: int = 0
    datagrams: int = 0
    equal: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    """Units by class; a unit with several differences may be in several."""
    new: list[New] = field(default_factory=list)


_Strange = tuple[Unit, Answer, Sent]
"""A unit with a difference that fits no class, the bundled stack's answer, both sides read."""


def compare(datagrams: int, seed: int) -> dict[Topology, Outcome]:
    """Give both sides about so many datagrams.

    What the cases send comes first, all of it when half of the datagrams are enough for that,
    else a sample; mutations are the rest.
    """
    plans = {topology: network.plan(topology) for topology in Topology}
    units = _chosen(plans, datagrams, seed)
    return {topology: _compare(plan, units[topology]) for topology, plan in plans.items()}


def _chosen(plans: dict[Topology, Plan], datagrams: int, seed: int) -> dict[Topology, list[Unit]]:
    cases = {topology: corpus.sent_by_cases(plan) for topology, plan in plans.items()}
    everything = sum(len(unit.frames) for unit in chain(*cases.values()))
    part = datagrams / 2 / everything
    random = Random(seed)
    if part < 1:
        cases = {
            topology: random.sample(units, round(len(units) * part))
            for topology, units in cases.items()
        }
    taken = sum(len(unit.frames) for unit in chain(*cases.values()))
    left = max(0, datagrams - taken)
    return {
        topology: [
            *cases[topology],
            *_until(corpus.mutated(plan, seed), left * SHARES[topology] // 12),
        ]
        for topology, plan in plans.items()
    }


def _until(units: Iterator[Unit], datagrams: int) -> Iterator[Unit]:
    while datagrams > 0:
        unit = next(units)
        datagrams -= len(unit.frames)
        yield unit


def _compare(plan: Plan, units: Sequence[Unit]) -> Outcome:
    outcome = Outcome()
    bundled = BundledSide(plan)
    strange: list[_Strange] = []
    for first in range(0, len(units), ONE_NAMESPACE):
        with closing(KernelSide(plan)) as kernel:
            for unit in units[first : first + ONE_NAMESPACE]:
                answer = bundled.answer(unit)
                outcome.units += 1
                outcome.datagrams += len(unit.frames)
                sent = _sent(plan, unit, answer, kernel.answer(unit))
                if _unclassed(sent):
                    strange.append((unit, answer, sent))
                else:
                    _count(outcome, unit, sent)
    doubtful, rest = strange[:ASKED_AGAIN], strange[ASKED_AGAIN:]
    for together in (AGAIN, 1):
        doubtful = list(_still_strange(outcome, plan, doubtful, together))
    for unit, _, sent in chain(doubtful, rest):
        _count(outcome, unit, sent)
    return outcome


def _still_strange(
    outcome: Outcome, plan: Plan, doubtful: Sequence[_Strange], together: int
) -> Iterator[_Strange]:
    """Ask fresh namespaces again, so many units each; count what is not strange any more."""
    for number in range(0, len(doubtful), together):
        with closing(KernelSide(plan)) as kernel:
            for unit, answer, _ in doubtful[number : number + together]:
                sent = _sent(plan, unit, answer, kernel.answer(unit))
                if _unclassed(sent):
                    yield unit, answer, sent
                else:
                    _count(outcome, unit, sent)


def _sent(plan: Plan, unit: Unit, bundled: Answer, kernel: Answer) -> Sent:
    return Sent.of(plan, unit, read(bundled, plan), read(kernel, plan))


def classes_of(sent: Sent, difference: Difference) -> list[Class]:
    """The classes that a difference is of; none where the stack's frame is not sound by itself."""
    if difference.stack is not None and not sound(difference.stack, sent):
        return []
    return [one for one in CLASSES if one.matches(difference, sent)]


def _unclassed(sent: Sent) -> list[Difference]:
    return [difference for difference in sent.found if not classes_of(sent, difference)]


def _count(outcome: Outcome, unit: Unit, sent: Sent) -> None:
    if not sent.found:
        outcome.equal += 1
        return
    classed = [classes_of(sent, difference) for difference in sent.found]
    # The first class counts: the others, if any, say less about it.
    outcome.classes.update({classes[0].id for classes in classed if classes})
    if not all(classed):
        names = (classes[0].id if classes else "" for classes in classed)
        pairs = tuple(zip(sent.found, names, strict=True))
        outcome.new.append(New(sent.plan, unit, pairs))

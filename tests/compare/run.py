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
from tests.compare.difference import Difference, differences
from tests.compare.kernel import KernelSide
from tests.compare.network import Plan
from tests.compare.normalise import Answer, read
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


_Strange = tuple[Unit, Answer, list[Difference]]
"""A unit with a difference that fits no class, the bundled stack's answer, the differences."""


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
                found = _found(plan, answer, kernel.answer(unit))
                if _unclassed(plan, unit, found):
                    strange.append((unit, answer, found))
                else:
                    _count(outcome, plan, unit, found)
    doubtful, rest = strange[:ASKED_AGAIN], strange[ASKED_AGAIN:]
    for together in (AGAIN, 1):
        doubtful = list(_still_strange(outcome, plan, doubtful, together))
    for unit, _, found in chain(doubtful, rest):
        _count(outcome, plan, unit, found)
    return outcome


def _still_strange(
    outcome: Outcome, plan: Plan, doubtful: Sequence[_Strange], together: int
) -> Iterator[_Strange]:
    """Ask fresh namespaces again, so many units each; count what is not strange any more."""
    for number in range(0, len(doubtful), together):
        with closing(KernelSide(plan)) as kernel:
            for unit, answer, _ in doubtful[number : number + together]:
                found = _found(plan, answer, kernel.answer(unit))
                if _unclassed(plan, unit, found):
                    yield unit, answer, found
                else:
                    _count(outcome, plan, unit, found)


def _found(plan: Plan, bundled: Answer, kernel: Answer) -> list[Difference]:
    return differences(read(bundled, plan), read(kernel, plan))


def classes_of(sent: Sent, difference: Difference) -> list[Class]:
    """The classes that a difference is of."""
    return [one for one in CLASSES if one.matches(difference, sent)]


def _unclassed(plan: Plan, unit: Unit, found: Sequence[Difference]) -> list[Difference]:
    sent = Sent.of(plan, unit, found)
    return [difference for difference in found if not classes_of(sent, difference)]


def _count(outcome: Outcome, plan: Plan, unit: Unit, found: Sequence[Difference]) -> None:
    if not found:
        outcome.equal += 1
        return
    sent = Sent.of(plan, unit, found)
    classed = [classes_of(sent, difference) for difference in found]
    # The first class counts: the others, if any, say less about it.
    outcome.classes.update({classes[0].id for classes in classed if classes})
    if not all(classed):
        names = (classes[0].id if classes else "" for classes in classed)
        outcome.new.append(New(plan, unit, tuple(zip(found, names, strict=True))))

"""The bundled stack beside the running kernel: every difference is one that is known."""

from __future__ import annotations

from harness.case.model import Topology
from tests.compare.run import compare
from tests.compare.words import told
from tests.live.live_kit import needs_namespaces

DATAGRAMS = 900
"""In all: half are the cases' own, half are mutations. `make compare` takes many more."""


@needs_namespaces
def test_every_difference_from_linux_is_of_a_listed_class() -> None:
    outcomes = compare(DATAGRAMS, seed=20)
    new = [line for outcome in outcomes.values() for one in outcome.new for line in told(one)]
    assert not new, "\n".join(new)
    assert sum(outcome.datagrams for outcome in outcomes.values()) >= DATAGRAMS - 20
    for topology in Topology:
        outcome = outcomes[topology]
        assert outcome.equal > outcome.units / 2, topology
    assert outcomes[Topology.HOST].classes["tos-of-a-hosts-error"], "nothing was compared"

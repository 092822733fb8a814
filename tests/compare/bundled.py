"""The bundled stack's side: a fresh node for every unit."""

from __future__ import annotations

from typing import Any, Final

from harness.target.bundled import NOON_MS, BundledLaboratory
from stack.policy import RFC
from tests.compare import network
from tests.compare.corpus import Unit
from tests.compare.network import Plan
from tests.compare.normalise import Answer

STEP: Final = 1_000
"""Microseconds between the frames of a unit."""
START: Final = 1_000_000
"""Microseconds after which the first frame comes: the node has said that it joined its group."""


class BundledSide:
    """Answers units; keeps nothing from one to the next."""

    def __init__(self, plan: Plan) -> None:
        self._configuration = network.configuration(plan.topology)
        self._neighbours = [
            (number, address, mac)
            for number, link in enumerate(plan.links)
            for address, mac in network.neighbours(link)
        ]
        near = plan.links[0].target
        self._calls: tuple[tuple[str, dict[str, Any]], ...] = (
            *(("open_udp", {"socket": str(port), "port": port}) for port in network.UDP_PORTS),
            ("open_raw", {"socket": "raw", "protocol": network.RAW_PROTOCOL}),
            ("join", {"socket": str(network.UDP_PORTS[0]), "group": network.GROUP, "on": near}),
        )

    def answer(self, unit: Unit) -> Answer:
        """What a node emits at once when it is given the frames of a unit."""
        laboratory = self._laboratory()
        emitted: list[tuple[int, bytes]] = []
        now = START
        laboratory.poll(now)
        for link, frame in unit.frames:
            now += STEP
            laboratory.inject(link, frame, now)
            emitted += laboratory.poll(now)
        return Answer(tuple(emitted), NOON_MS + now // 1000)

    def _laboratory(self) -> BundledLaboratory:
        laboratory = BundledLaboratory(self._configuration, RFC)
        for number, address, mac in self._neighbours:
            laboratory._node.add_neighbour(number, address, mac)
        for call, arguments in self._calls:
            answer = laboratory.upper.call(call, arguments)
            if answer.error is not None:
                raise AssertionError(f"{call}: {answer.error}")
        return laboratory

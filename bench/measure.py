"""Measuring two ways of doing the same thing side by side.

A machine's speed changes while one measures, so figures are ratios: short turns of one way and of
the other in alternation, each turn's time for one call, and the median of the quotients of
neighbouring turns.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

TURN_SECONDS = 0.02
ROUNDS = 15


class Compared(NamedTuple):
    """What a comparison came to."""

    ours: float
    """Seconds for one call, the median of the turns."""
    theirs: float
    ratio: float
    """How many times as long theirs takes."""


def compare(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS
) -> Compared:
    """Measure two callables in alternation, without the collector's pauses."""
    often = [_often(call) for call in (ours, theirs)]
    seconds: tuple[list[float], list[float]] = ([], [])
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            seconds[0].append(_turn(ours, often[0]))
            seconds[1].append(_turn(theirs, often[1]))
    finally:
        gc.enable()
    quotients = [their / our for our, their in zip(*seconds, strict=True)]
    return Compared(*map(statistics.median, (*seconds, quotients)))


def _often(call: Callable[[], object]) -> int:
    """How many calls make a turn."""
    count = 1
    while _turn(call, count) * count < TURN_SECONDS:
        count *= 2
    return count


def _turn(call: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - began) / count

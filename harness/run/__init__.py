"""Drives cases over links: one engine, two drivers.

In reading order: `bench` (what a driver lends to a run), `case_run` (a case from preamble to
verdict, as a generator of waits), the steps (`send_step`, `expect_step`, `silence_step`,
`call_step`), `sentinel`, `state` (a run's memory), `observation` (what was seen, and findings
from it), `neighbour` (the tester answers ARP), `prepared` (frames patched rather than built);
then the drivers: `lockstep` for virtual laboratories, `realtime` for real ones.
"""

from __future__ import annotations

from harness.catalogue import Catalogue
from harness.run.runner import OnProgress, Progress, Runner
from harness.target.base import Target

__all__ = ["OnProgress", "Progress", "Runner", "make_runner"]


def make_runner(target: Target, catalogue: Catalogue, progress: OnProgress | None = None) -> Runner:
    """The driver that a target's clock calls for."""
    if target.virtual:
        from harness.run.lockstep import LockstepRunner

        return LockstepRunner(target, catalogue)
    from harness.run.realtime import RealTimeRunner

    return RealTimeRunner(target, catalogue, progress)

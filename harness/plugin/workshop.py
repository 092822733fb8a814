"""Targets and runners as users get them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.catalogue import Catalogue
from harness.plugin.options import Options
from harness.plugin.session import DEFAULT
from harness.target.base import Target
from harness.target.profile import Profile

if TYPE_CHECKING:
    from harness.run import Progress, Runner


class OurWorkshop:
    """The targets of `harness.target` and the runners of `harness.run`, imported when needed."""

    def target(self, options: Options, profile: Profile) -> Target:
        """The target that the options name, as its profile says."""
        from harness.target import TargetOptions, open_target

        return open_target(
            TargetOptions(
                target=options.target or DEFAULT,
                profile=None if options.profile is None else Path(options.profile),
                interface=options.interface,
                target_address=options.target_address,
                tester_addresses=options.tester_addresses,
                worker=options.worker,
            ),
            profile,
        )

    def runner(
        self, target: Target, rows: Catalogue, progress: Callable[[Progress], None]
    ) -> Runner:
        """What runs cases on the target."""
        from harness.run import make_runner

        return make_runner(target, rows, progress)

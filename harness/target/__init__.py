"""Targets: the stacks under test, and how each is set up and wired to the tester.

In reading order: `base` says what the rest of the harness knows of any target; `profile` and
`topology` read what people say of one; `bundled` is the reference stack in this process; `linux`
is the running kernel in `namespaces` of its own, with `linux_counters`; `external` is whatever is
on a cable, after `preflight` has looked at the cable with `interface` and `probes`.

`namespaces` alone knows pyroute2, `bundled` alone imports the reference stack. What only some
targets need is imported when such a target is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.target.base import Target, TargetError
from harness.target.profile import Profile, load_profile

__all__ = ["TargetOptions", "load_profile", "open_target"]

MAIN = "main"
"""The worker that is not one of several."""


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """What the command line says of the target; None is what it leaves to the profile.

    Attributes:
        target: the name of a profile.
        profile: the name or path of another profile, which then decides.
        interface: the tester's interface on the link of an external target.
        target_address: that target's address with its prefix length.
        tester_addresses: ranges of on-link addresses that the tester may use.
        worker: the name of this process among those of a run.
    """

    target: str = "bundled"
    profile: str | Path | None = None
    interface: str | None = None
    target_address: str | None = None
    tester_addresses: str | None = None
    worker: str = MAIN

    @property
    def link(self) -> tuple[str | None, str | None, str | None]:
        """What describes the link."""
        return self.interface, self.target_address, self.tester_addresses


def open_target(options: TargetOptions, profile: Profile | None = None) -> Target:
    """The target that is asked for; `profile` where the caller has loaded it already.

    Raises:
        TargetError: there is none, or it can't be used: one clear line.
    """
    profile = profile or load_profile(options.profile or options.target)
    if profile.kind != "external" and any(options.link):
        raise TargetError(
            f"--interface, --target-address and --tester-addresses describe the link of an "
            f"external target; {profile.name} makes its own"
        )
    match profile.kind:
        case "bundled":
            from harness.target.bundled import BundledTarget

            return BundledTarget(profile)
        case "linux":
            from harness.target.linux import LinuxTarget

            return LinuxTarget(profile)
        case _:
            if options.worker != MAIN:
                raise TargetError(f"{profile.name} is one real target: run it without -n")
            from harness.target.external import ExternalTarget, links_of

            return ExternalTarget(profile, links_of(profile, *options.link))

"""`python -m tests.soak`: hostile frames by the million, on every preset and topology."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Final

from harness.case.model import Topology
from stack import policy
from tests.soak.drive import Broken, Tally, drive

PRESETS: Final = ("RFC", "NETSTACK", "NETSTACK_LATER")
GROWTH: Final = 16 << 20
"""Octets by which memory may grow after the first quarter: allocators round, nothing piles up."""


def _one(preset: str, topology: Topology, frames: int, seed: int) -> Tally:
    return drive(topology, getattr(policy, preset), frames, seed)


def main() -> int:
    """Run the command; 0 when nothing broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--frames", type=int, default=2_000_000, help="in all (2,000,000)")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other frames (1)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    wanted = parser.parse_args()
    if wanted.frames < 1 or wanted.jobs < 1:
        parser.error("--frames and --jobs are at least 1")
    runs = [(preset, topology) for preset in PRESETS for topology in Topology]
    each = -(-wanted.frames // len(runs))
    broken = 0
    with ProcessPoolExecutor(wanted.jobs) as pool:
        futures = {
            pool.submit(_one, preset, topology, each, wanted.seed + place): (preset, topology)
            for place, (preset, topology) in enumerate(runs)
        }
        for future in as_completed(futures):
            preset, topology = futures[future]
            name = f"{preset:15}{topology.value:12}"
            try:
                tally = future.result()
            except Broken as trouble:
                broken += 1
                sys.stdout.write(f"{name} BROKEN {trouble}\n")
                if "raises" in str(trouble):
                    sys.stdout.write(f"{trouble.__cause__}\n")
                continue
            grown = tally.resident[-1] - tally.resident[0]
            flat = grown <= GROWTH
            broken += not flat
            sys.stdout.write(
                f"{name}{tally.frames:10,} frames in{tally.emitted:10,} out"
                f"{tally.errors:9,} errors{grown / 1024:+10,.0f} KiB"
                f"{'' if flat else '  MEMORY GROWS'}\n"
            )
            sys.stdout.flush()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

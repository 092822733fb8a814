"""`python -m tests.compare`: the bundled stack and the running kernel, packet by packet."""

from __future__ import annotations

import argparse
import os
import sys

from harness.target.base import TargetError
from tests.compare.run import compare
from tests.compare.words import table, told

SHOWN = 20
"""New differences that are written out."""


def main() -> int:
    """Run the command; 0 when every difference is of a class, 1 when one is new."""
    parser = argparse.ArgumentParser(prog="python -m tests.compare", description=__doc__)
    parser.add_argument("--datagrams", type=int, default=12_000, help="in all (12,000)")
    parser.add_argument("--seed", type=int, default=1, help="another one makes other ones (1)")
    wanted = parser.parse_args()
    if wanted.datagrams < 1:
        parser.error("--datagrams is at least 1")
    try:
        outcomes = compare(wanted.datagrams, wanted.seed)
    except TargetError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    kernel = os.uname()
    lines = [f"the bundled stack and {kernel.sysname} {kernel.release}, seed {wanted.seed}", ""]
    lines += table(outcomes)
    new = [one for outcome in outcomes.values() for one in outcome.new]
    for one in new[:SHOWN]:
        lines += ["", *told(one)]
    if len(new) > SHOWN:
        lines += ["", f"and {len(new) - SHOWN} more"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())

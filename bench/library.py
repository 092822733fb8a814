"""What the library on the bundled stack costs, against as many empty pytest tests.

    python -m bench.library [ROUNDS]

Both run in one process each, without Allure and without result files, in alternation; the
medians are compared. The goal is at most five times.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL = 5.0
QUIET = ("-q", "-p", "no:cacheprovider")


def cases() -> int:
    """How many cases the library has."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "testcases", "--collect-only", *QUIET],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return sum("::" in line for line in done.stdout.splitlines())


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of a command."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began


def main(rounds: int) -> int:
    """Measure, print a table, and answer 1 when the goal is missed."""
    count = cases()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "test_empty.py").write_text(
            "import pytest\n"
            f"@pytest.mark.parametrize('number', range({count}))\n"
            "def test_empty(number):\n    pass\n"
        )
        pytest = [sys.executable, "-m", "pytest", *QUIET]
        empty, library = [], []
        for _ in range(rounds):
            empty.append(seconds([*pytest, "test_empty.py"], place))
            library.append(seconds([*pytest, "testcases", f"--reports={folder}"], ROOT))
    ratio = statistics.median(library) / statistics.median(empty)
    print(f"{count} cases, {rounds} rounds, medians")
    print(f"  empty tests     {statistics.median(empty):7.2f} s")
    print(f"  the library     {statistics.median(library):7.2f} s")
    print(f"  ratio           {ratio:7.2f}   goal: at most {GOAL:g}")
    return int(ratio > GOAL)


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))

"""The whole of it as a stranger starts it: from another directory, on the bundled stack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.plugin.options import PROJECT

CASES = """
from harness.case import Case, echo_reply, echo_request, expect, ip, send

CASES = tuple(
    Case(
        f"rfc1122-3.2.1.7-ttl-{ttl}-accepted",
        "1122-3.2.1.7-b",
        f"a datagram for this host is accepted with TTL {ttl}",
        (send(ip(ttl=ttl) / echo_request()), expect(ip() / echo_reply())),
    )
    for ttl in (0, 1)
)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a library of two cases."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in ("conftest.py", "pyproject.toml", "harness", "stack", "targets"):
        (folder / name).symlink_to(PROJECT / name)
    (folder / "testcases" / "rfc1122").mkdir(parents=True)
    (folder / "testcases" / "catalogue").symlink_to(PROJECT / "testcases" / "catalogue")
    (folder / "testcases" / "rfc1122" / "s3_2_1_7_ttl.py").write_text(CASES, encoding="utf-8")
    return folder


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    environment.pop("PYTHONPATH", None)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("distribution", ["-n0", "-n2"])
def test_from_a_foreign_directory(checkout: Path, tmp_path: Path, distribution: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    profile = (PROJECT / "targets" / "bundled.toml").read_text(encoding="utf-8")
    (elsewhere / "mine.toml").write_text(profile.replace('"bundled"', '"mine"', 1), "utf-8")

    done = run(
        elsewhere,
        str(checkout / "testcases"),
        "--profile=mine.toml",
        "--reports=out",
        "-m",
        "rfc1122 and must",
        distribution,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 cases on mine: 2 pass" in done.stdout
    assert (elsewhere / "out" / "mine" / "compliance.json").is_file()
    assert sorted(path.name for path in elsewhere.iterdir()) == ["mine.toml", "out"]


def test_a_single_case_by_its_node_id(checkout: Path, tmp_path: Path) -> None:
    node = "testcases/rfc1122/s3_2_1_7_ttl.py::rfc1122-3.2.1.7-ttl-0-accepted"

    done = run(tmp_path, f"{checkout}/{node}", "--collect-only", "-q")

    assert done.stdout.splitlines()[0] == node
    assert done.returncode == 0


def test_mistakes_are_one_line_there_too(checkout: Path, tmp_path: Path) -> None:
    done = run(tmp_path, str(checkout / "testcases"), "--profile=nowhere/x.toml")

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert len(done.stderr.strip().splitlines()) == 1

"""Three voices that know nothing of each other: stack, harness, cases."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STACK_MAY_NOT = {
    "harness",
    "pytest",
    "random",
    "scapy",
    "select",
    "socket",
    "testcases",
    "threading",
    "time",
}
STANDARD = set(sys.stdlib_module_names)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a file imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            yield node.lineno, node.module or ""


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"nothing in {folder}"
    return found


@pytest.mark.parametrize("path", files("stack"), ids=lambda p: str(p.relative_to(ROOT)))
def test_stack_imports_the_standard_library_and_itself(path: Path) -> None:
    for line, name in imported(path):
        top = name.partition(".")[0]
        assert top not in STACK_MAY_NOT, f"{path}:{line}: {name}"
        assert top == "stack" or top in STANDARD, f"{path}:{line}: {name}"


@pytest.mark.parametrize("path", files("testcases"), ids=lambda p: str(p.relative_to(ROOT)))
def test_cases_import_the_vocabulary_alone(path: Path) -> None:
    for line, name in imported(path):
        assert name in ("harness.case", "__future__", "typing") or name.startswith("testcases."), (
            f"{path}:{line}: {name}"
        )


@pytest.mark.parametrize("path", files("harness"), ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_bundled_target_imports_the_stack(path: Path) -> None:
    for line, name in imported(path):
        if name.partition(".")[0] == "stack":
            assert path == ROOT / "harness/target/bundled.py", f"{path}:{line}: {name}"
        assert name.partition(".")[0] != "testcases", f"{path}:{line}: {name}"
        assert name != "scapy.all", f"{path}:{line}: scapy.all costs most of a second"


def test_importing_the_vocabulary_imports_no_library() -> None:
    code = (
        "import sys, harness.case\n"
        "heavy = {'scapy', 'pytest', 'allure', 'pyroute2', 'rich', 'stack'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"

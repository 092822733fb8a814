"""Every rule of the behaviour specification has a test that is found by the rule's number.

Rule S2.17 is held by functions named `test_s2_17_...` somewhere below this folder. What nothing
outside can see stands in `unseen.toml` with the reason.
"""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
SPECIFICATION: Final = HERE.parents[1] / "docs" / "stack_behaviour.md"
_RULE: Final = re.compile(r"^(?:- |\| )(S\d+\.\d+) ", re.MULTILINE)
_TEST: Final = re.compile(r"test_s(\d+)_(\d+)_\w")


@cache
def rules() -> tuple[str, ...]:
    return tuple(_RULE.findall(SPECIFICATION.read_text(encoding="utf-8")))


@cache
def tested() -> dict[str, tuple[str, ...]]:
    """The rules that tests name, and which tests."""
    found: dict[str, list[str]] = {}
    for path in sorted(HERE.glob("**/test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (named := _TEST.match(node.name)):
                found.setdefault(f"S{named[1]}.{named[2]}", []).append(f"{path.name}: {node.name}")
    return {rule: tuple(names) for rule, names in found.items()}


@cache
def unseen() -> dict[str, str]:
    read: dict[str, str] = tomllib.loads((HERE / "unseen.toml").read_text(encoding="utf-8"))
    return read


def test_the_rules_are_read() -> None:
    assert len(rules()) == len(set(rules())) > 300
    assert {rule.split(".")[0] for rule in rules()} == {f"S{n}" for n in range(1, 15)}


def test_no_test_names_a_rule_that_is_not_there() -> None:
    unknown = {rule: names for rule, names in tested().items() if rule not in rules()}
    assert unknown == {}


def test_what_is_unseen_is_a_rule_without_a_test_and_has_a_reason() -> None:
    assert set(unseen()) <= set(rules()) - set(tested())
    assert all(reason.strip() for reason in unseen().values())


@pytest.mark.parametrize("rule", rules())
def test_a_rule_has_a_test(rule: str) -> None:
    assert rule in tested() or rule in unseen(), f"no test_{rule.lower().replace('.', '_')}_..."

"""Allure's results of a run: where they go and what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.report.allure_results import STATUS
from harness.verdict import Verdict
from tests.fake_workshop import Library

WORDS = ("pass", "fail", "deviation", "observed", "inconclusive", "waived", "stale", "na")


@pytest.mark.parametrize("distribution", ["-n0", "-n2"])
@pytest.mark.parametrize("option", ["--allure", "--alluredir=reports/bundled/allure-results"])
def test_outcomes_are_the_verdicts(library: Library, option: str, distribution: str) -> None:
    library.write(*WORDS)

    library.run(option, distribution)

    folder = library.pytester.path / "reports" / "bundled" / "allure-results"
    found = {result["fullName"]: result for result in _results(folder)}
    assert len(found) == len(WORDS)
    for word in WORDS:
        verdict = Verdict("not applicable" if word == "na" else word)
        result = found[f"rfc1122-3.2.1.7-{word}"]
        assert result["status"] == STATUS[verdict]
        assert result["name"] == f"a target that is {word}"
        assert result["parameters"] == [{"name": "target", "value": "bundled"}]
    assert (folder / "environment.properties").is_file()
    assert (folder / "categories.json").is_file()


def test_an_error_of_our_own_keeps_its_traceback(library: Library) -> None:
    library.write("boom")

    library.run("--allure")

    (result,) = _results(library.pytester.path / "reports" / "bundled" / "allure-results")
    assert result["status"] == "broken"
    assert "RuntimeError: a bug of ours" in result["statusDetails"]["message"]


def test_each_run_replaces_the_results_of_the_last(library: Library) -> None:
    library.write("pass", "fail")
    folder = library.pytester.path / "reports" / "bundled"

    library.run("--allure")
    library.run("--allure", "--case=rfc1122-3.2.1.7-pass")

    assert len(_results(folder / "allure-results")) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["allure-results", "compliance.json"]


def test_a_run_without_cases_keeps_them(library: Library) -> None:
    library.write("pass")
    folder = library.pytester.path / "reports" / "bundled"

    library.run("--allure")
    library.run("--allure", "-k", "nothing")

    assert len(_results(folder / "allure-results")) == 1
    assert [path.name for path in folder.glob("allure*")] == ["allure-results"]


def _results(folder: Path) -> list[dict[str, Any]]:
    paths = folder.glob("*-result.json")
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]

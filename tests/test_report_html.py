"""The page: what Allure 3 is told, what is taken out of what it makes, what is said if it can't."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.report import allure_files, html
from harness.report.allure_files import ResultsDirectory, write_run_files

TRACKING = """
    <script async src="https://www.googletagmanager.com/gtag/js?id=G-XXXXXXXXXX"></script>
    <script>
        window.dataLayer = window.dataLayer || [];
        function gtag(){dataLayer.push(arguments);}
        gtag('js', new Date());
        gtag('config', 'G-XXXXXXXXXX', {
          "report": "awesome",
          "single_file": "true"
        });
    </script>
"""
WITH_ALLURE = pytest.mark.skipif(
    shutil.which("node") is None or not html.ALLURE.exists(),
    reason="needs Node and the npm package allure",
)


def results(reports: Path, target: str = "sample", status: str = "failed") -> Path:
    """Results of one case, as Allure finds them."""
    directory = ResultsDirectory.begin(reports, target)
    plain = {
        "uuid": "1",
        "name": "a title",
        "fullName": "rfc791-3.1-some-case",
        "status": status,
        "statusDetails": {"message": "RFC 791 §3.1 a gist"},
        "start": int(time.time() * 1000),
        "stop": int(time.time() * 1000),
        "labels": [{"name": "epic", "value": "RFC 791"}, {"name": "feature", "value": "§3.1"}],
    }
    (directory.path / "1-result.json").write_text(json.dumps(plain))
    write_run_files(directory.path, target, {"description": "a stack"}, {})
    directory.finish()
    return directory.place


def test_the_tracking_script_is_taken_out_and_nothing_else() -> None:
    page = "<body><script>let a = 1 < 2;</script>{}<script>app()</script></body>"
    assert html.without_tracking(page.format(TRACKING)).replace("\n", "").replace(
        " ", ""
    ) == page.format("").replace(" ", "")
    assert html.without_tracking(page) == page


def test_a_tracking_script_of_another_form_is_no_page() -> None:
    page = '<script src="https://www.googletagmanager.com/gtag/js?id=1"></script><p>'
    with pytest.raises(html.ReportError, match="tracking script"):
        html.without_tracking(page)


def test_allure_is_told_of_the_categories_and_of_the_targets_own_history(tmp_path: Path) -> None:
    plain = html.configuration("lwip", tmp_path / "history.jsonl", append=True)
    assert plain["name"] == "ip4spec: lwip"
    assert plain["historyPath"] == str(tmp_path / "history.jsonl")
    names = [category["name"] for category in plain["categories"]]
    assert names == [name for name, _, _ in allure_files.CATEGORIES]
    stale = plain["categories"][1]["matchers"][0]
    assert re.search(stale["message"], "stale waiver: it passes\nnow")
    assert not re.search(stale["message"], "not a stale waiver: x")


def run_module(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.report.html", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(html.PROJECT), **environ}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=120
    )


def test_without_results_one_line_says_so(tmp_path: Path) -> None:
    done = run_module("sample", "--reports", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("report: no results of sample: ")
    assert done.stderr.count("\n") == 1


def test_without_node_one_line_says_so(tmp_path: Path) -> None:
    results(tmp_path)
    done = run_module("sample", "--reports", str(tmp_path), PATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "report: Node is not installed: Allure 3 wants Node 20 or later\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [("v18.19.0", "Node v18.19.0 is too old"), ("", "Node of unknown version is too old")],
)
def test_an_old_node_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, expected: str
) -> None:
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\necho {said}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(html.ReportError, match=expected):
        html.find_node()


def fake_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    directory = tmp_path / "bin"
    directory.mkdir()
    node = directory / "node"
    node.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo v22.1.0 && exit\n{script}\n')
    node.chmod(0o755)
    allure = tmp_path / "cli.js"
    allure.touch()
    monkeypatch.setattr(html, "ALLURE", allure)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


def test_a_missing_allure_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results(tmp_path)
    fake_node(tmp_path, monkeypatch, "")
    monkeypatch.setattr(html, "ALLURE", tmp_path / "nowhere.js")
    with pytest.raises(html.ReportError, match="npm install"):
        html.make_page(tmp_path, "sample")


def test_what_allure_said_last_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results(tmp_path)
    fake_node(tmp_path, monkeypatch, "echo first >&2; echo no space left >&2; exit 3")
    with pytest.raises(html.ReportError, match=r"^Allure gave up: no space left$"):
        html.make_page(tmp_path, "sample")
    assert sorted(path.name for path in (tmp_path / "sample").iterdir()) == ["allure-results"]


def test_an_allure_that_makes_nothing_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results(tmp_path)
    fake_node(tmp_path, monkeypatch, "exit 0")
    with pytest.raises(html.ReportError, match=r"no index\.html"):
        html.make_page(tmp_path, "sample")


def widget(page: str, name: str) -> Any:
    """A piece of the data that a single-file page carries."""
    import base64

    found = re.search(rf'd\("{re.escape(name)}","([^"]*)"\)', page)
    assert found is not None
    return json.loads(base64.b64decode(found[1]))


@WITH_ALLURE
def test_the_page_is_one_file_with_everything_and_no_tracking(tmp_path: Path) -> None:
    results(tmp_path)
    done = run_module("sample", "--reports", str(tmp_path))
    assert done.returncode == 0, done.stderr
    path = Path(done.stdout.strip())
    assert path == tmp_path / "sample" / "compliance.html"
    page = path.read_text(encoding="utf-8")
    assert "googletagmanager" not in page
    assert "gtag(" not in page
    assert not re.search(r'<(script|link)[^>]+(src|href)="https?://', page)
    assert sorted(entry.name for entry in path.parent.iterdir()) == [
        "allure-history.jsonl",
        "allure-results",
        "compliance.html",
    ]
    groups = widget(page, "widgets/tree.json")["groupsById"].values()
    assert {group["name"] for group in groups} == {"RFC 791", "§3.1"}
    assert "Nonconformance" in json.dumps(widget(page, "widgets/categories.json"))
    assert {"name": "description", "values": ["a stack"]} in widget(
        page, "widgets/allure_environment.json"
    )


@WITH_ALLURE
def test_a_page_made_twice_is_one_run_in_the_history(tmp_path: Path) -> None:
    history = tmp_path / "sample" / html.HISTORY
    results(tmp_path)
    for _ in range(2):
        html.make_page(tmp_path, "sample")
        assert len(history.read_text().splitlines()) == 1
    results(tmp_path, status="passed")
    html.make_page(tmp_path, "sample")
    assert len(history.read_text().splitlines()) == 2

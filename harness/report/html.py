"""The HTML page: Allure 3 makes it from a run's results, grouped as the RFCs are.

    python -m harness.report.html TARGET

Needs Node 20 or later and the npm package `allure` in the project's `node_modules` (`make report`
installs it). The page is one file that opens from disk. Allure 3 writes a tracking script into
every page, and no option leaves it out: it is taken out afterwards.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.report.allure_files import CATEGORIES, RESULTS

PROJECT = Path(__file__).resolve().parents[2]
ALLURE = PROJECT / "node_modules" / "allure" / "cli.js"
PAGE = "compliance.html"
HISTORY = "allure-history.jsonl"
"""The outcomes of the target's runs so far, one line for each page made; Allure keeps it."""
OLDEST_NODE = 20
GENERATION_SECONDS = 600

_TRACKING = re.compile(
    r"<script[^>]*googletagmanager[^>]*>\s*</script>\s*<script>[^<]*\bgtag\([^<]*</script>"
)


class ReportError(Exception):
    """The page can't be made; the text is one line that says what is missing."""


def make_page(reports: Path, target: str) -> Path:
    """Make the page of a target's last run.

    Raises:
        ReportError: Node, Allure or the results are missing, or Allure gave up.
    """
    results = reports / target / RESULTS
    if not results.is_dir():
        raise ReportError(f"no results of {target}: {results} is not there; run the cases first")
    node = find_node()
    if not ALLURE.exists():
        raise ReportError("Allure 3 is not installed: run `npm install` where package.json is")
    with tempfile.TemporaryDirectory(dir=reports / target, prefix=".page-") as scratch:
        _generate(node, results, Path(scratch), target)
        made = Path(scratch) / "page" / "index.html"
        if not made.exists():
            raise ReportError("Allure wrote no index.html")
        page = reports / target / PAGE
        text = without_tracking(made.read_text(encoding="utf-8"))
        made.write_text(text, encoding="utf-8")
        made.replace(page)
    return page


def find_node() -> str:
    """The Node to run Allure with.

    Raises:
        ReportError: there is none, or it is too old.
    """
    node = shutil.which("node")
    if node is None:
        raise ReportError(f"Node is not installed: Allure 3 wants Node {OLDEST_NODE} or later")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    number = re.match(r"v(\d+)\.", said.stdout)
    if number is None or int(number[1]) < OLDEST_NODE:
        version = said.stdout.strip() or "of unknown version"
        raise ReportError(f"Node {version} is too old: Allure 3 wants {OLDEST_NODE} or later")
    return node


def configuration(target: str, history: Path, *, append: bool) -> dict[str, Any]:
    """Allure 3's configuration file: it reads categories from there alone."""
    return {
        "name": f"ip4spec: {target}",
        "historyPath": str(history),
        "appendHistory": append,
        "categories": [
            {"name": name, "matchers": [{"statuses": [status], "message": f"^{pattern}"}]}
            for name, status, pattern in CATEGORIES
        ],
    }


def _generate(node: str, results: Path, scratch: Path, target: str) -> None:
    history = results.with_name(HISTORY)
    page = results.with_name(PAGE)
    # A page made twice of the same results must not count as two runs.
    new = not page.exists() or page.stat().st_mtime < results.stat().st_mtime
    config = scratch / "allurerc.json"
    config.write_text(json.dumps(configuration(target, history, append=new)), encoding="utf-8")
    command = [node, str(ALLURE), "awesome", "--single-file", "-g", "epic,feature,story"]
    command += ["--config", str(config), "--output", str(scratch / "page"), str(results)]
    try:
        done = subprocess.run(
            command,
            cwd=scratch,
            capture_output=True,
            text=True,
            check=False,
            timeout=GENERATION_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ReportError(f"Allure did not end within {GENERATION_SECONDS} s") from None
    if done.returncode != 0:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise ReportError(f"Allure gave up: {lines[-1] if lines else done.returncode}")


def without_tracking(page: str) -> str:
    """The page without the script that tells Google of every reader.

    Raises:
        ReportError: something of it is left, so that Allure must have changed its form.
    """
    stripped = _TRACKING.sub("", page)
    if "googletagmanager.com/gtag" in stripped:
        raise ReportError("the tracking script of Allure's page has a new form: it is left in")
    return stripped


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: the exit code is 0, or 1 with one line of what is missing."""
    parser = argparse.ArgumentParser(
        prog="python -m harness.report.html",
        description="Make reports/TARGET/compliance.html from the Allure results of its last run.",
    )
    parser.add_argument("target", nargs="?", default="bundled", help="default: bundled")
    parser.add_argument("--reports", type=Path, default=PROJECT / "reports", metavar="DIR")
    given = parser.parse_args(arguments)
    try:
        page = make_page(given.reports.absolute(), given.target)
    except ReportError as error:
        sys.stderr.write(f"report: {error}\n")
        return 1
    sys.stdout.write(f"{page}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

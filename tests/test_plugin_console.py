"""pytest's terminal: the progress of a long run."""

from __future__ import annotations

import pytest

from harness.plugin.console import ProgressDisplay
from harness.run import Progress
from tests.fake_workshop import Library

PROBE = """
import pytest
from harness.plugin.console import ProgressDisplay
from harness.run import Progress

@pytest.fixture
def display(request):
    return ProgressDisplay(request.config, patience=0)

def test_before():
    print("what a test prints is captured")

def test_waiting(display):
    for done in range(0, 101):
        display.show(Progress(done, 100, (100 - done) * 1.0))
    display.hide()

def test_after():
    pass
"""


def test_a_log_gets_a_line_now_and_then(library: Library) -> None:
    library.text("../test_probe.py", PROBE)

    result = library.run()

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "test_probe.py .",
            "10 of 100 cases, the longest wait ends in 90 s",
            "20 of 100 cases, the longest wait ends in 80 s",
            "100 of 100 cases",
        ]
    )
    shown = [line for line in result.outlines if " of 100 cases" in line]
    assert len(shown) == 10
    result.stdout.no_fnmatch_line("*what a test prints*")


def test_a_terminal_gets_one_line_that_changes(library: Library) -> None:
    library.text("../test_probe.py", PROBE)

    result = library.run("--color=yes", "-v")

    result.assert_outcomes(passed=3)
    text = result.stdout.str()
    assert "57 of 100 cases, the longest wait ends in 43 s" in text
    assert "\x1b[2K" in text
    result.stdout.fnmatch_lines(["*test_after*PASSED*"])


def test_a_short_wait_is_not_told_of(library: Library) -> None:
    library.text("../test_probe.py", PROBE.replace("patience=0", "patience=1000"))

    library.run().stdout.no_fnmatch_line("* of 100 cases*")


def test_a_worker_shows_nothing(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytestconfig.pluginmanager, "get_plugin", lambda name: None)
    display = ProgressDisplay(pytestconfig, patience=0)

    display.show(Progress(1, 2, 3.0))
    display.hide()

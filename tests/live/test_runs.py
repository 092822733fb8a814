"""Whole runs on this machine's kernel: what users start, and what they find afterwards."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from harness.plugin.options import PROJECT
from tests.live.live_kit import eventually, needs_namespaces, processes_in
from tests.live.run_kit import (
    KNOWN,
    LIBRARY,
    Place,
    allure,
    junit,
    make_place,
    namespaces_of,
    processes_of,
    surroundings,
    word,
)

QUICK = ("-k", "not slow")
VERDICTS = {
    "pass": "pass",
    "counted": "pass",
    "fail": "fail",
    "deviation": "deviation",
    "observed": "observed",
    "inconclusive": "inconclusive",
    "na": "not applicable",
    "waived": "waived",
    "stale": "stale",
    "routed": "pass",
    "called": "pass",
}
"""Of the cases of the kit, on a Linux host."""
IN_JUNIT = {
    "pass": "passed",
    "observed": "passed",
    "fail": "failure",
    "stale": "failure",
    "deviation": "skipped",
    "waived": "skipped",
    "not applicable": "skipped",
    "inconclusive": "error",
}
IN_ALLURE = {
    "pass": "passed",
    "observed": "passed",
    "fail": "failed",
    "stale": "failed",
    "deviation": "broken",
    "waived": "skipped",
    "not applicable": "skipped",
    "inconclusive": "unknown",
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return make_place(tmp_path)


@needs_namespaces
class TestLinux:
    def test_reports_agree_on_every_verdict_and_workers_bring_the_same(self, place: Place) -> None:
        place.write("known.toml", KNOWN)
        told = []
        for more in (("--alluredir=allure",), ("-n2", "--allure")):
            before = surroundings()
            arguments = (place.profile(), "--baseline=known.toml", "--junitxml=junit.xml", *more)
            ran = place.run(*arguments, *QUICK)
            assert (ran.code, ran.err) == (1, ""), ran.out
            verdicts = {word(name): verdict for name, verdict in ran.verdicts().items()}
            assert verdicts == VERDICTS, ran.out
            results = "allure" if "--alluredir=allure" in more else "reports/linux/allure-results"
            assert junit(place.directory / "junit.xml") == {
                name: (IN_JUNIT[verdict], verdict) for name, verdict in VERDICTS.items()
            }
            assert allure(place.directory / results) == {
                name: (IN_ALLURE[verdict], verdict) for name, verdict in VERDICTS.items()
            }
            assert "gate (must): closed by fail, stale, inconclusive" in ran.out
            assert place.left() == []
            assert surroundings() == before
            told.append(
                {
                    case["id"]: [(f["requirement"], f["verdict"]) for f in case["findings"]]
                    for case in ran.report()["cases"]
                }
            )
        assert told[0] == told[1]

    def test_the_library_on_the_target_by_its_name(self, place: Place) -> None:
        cases = (
            "rfc1122-3.2.1.7-ttl-zero-accepted",
            "rfc792-echo-56-octets-of-data",
            "rfc792-time-exceeded-in-transit",
            "rfc1122-3.2.1.7-ttl-zero-delivered",
        )
        ran = place.run(
            "--target=linux",
            *(f"--case={case}" for case in cases),
            library=f"{LIBRARY}/rfc792 {LIBRARY}/rfc1122/s3_2_1_7_ttl.py",
        )
        assert (ran.code, ran.err) == (0, ""), ran.out
        assert ran.verdicts() == dict.fromkeys(cases, "pass")
        assert ran.report()["configuration"]["kernel"] == f"Linux {os.uname().release}"
        assert "gate (must): open" in ran.out

    def test_what_is_written_down_is_waived_and_what_is_mended_is_stale(self, place: Place) -> None:
        chosen = tuple(f"--case=rfc1122-3.2.2.6-{name}" for name in ("fail", "pass"))
        first = place.run(place.profile(), *chosen, "--write-baseline=today.toml")
        assert first.code == 1

        second = place.run(place.profile(), *chosen, "--baseline=today.toml", "--gate=should")
        assert (second.code, second.err) == (0, ""), second.out
        assert sorted(second.verdicts().values()) == ["pass", "waived"]
        assert "waivers without a reason yet: 1" in second.out

        known = (place.directory / "today.toml").read_text(encoding="utf-8")
        place.write("mended.toml", known.replace("3.2.2.6-fail", "3.2.2.6-pass"))
        third = place.run(place.profile(), *chosen, "--baseline=mended.toml")
        assert third.code == 1
        assert third.verdicts() == {
            "rfc1122-3.2.2.6-pass": "stale",
            "rfc1122-3.2.2.6-fail": "fail",
        }
        assert place.left() == []


@needs_namespaces
class TestBrokenOff:
    @pytest.mark.parametrize("workers", [(), ("-n2",)], ids=["alone", "workers"])
    def test_ctrl_c(self, place: Place, workers: tuple[str, ...]) -> None:
        code, out = broken_off(place, signal.SIGINT, *workers)
        assert code == pytest.ExitCode.INTERRUPTED
        told = place.directory / "reports" / "linux" / "compliance.json"
        assert '"rfc1122-3.2.2.6-called"' in told.read_text(encoding="utf-8")
        assert "gate (must): not decided, the run was broken off" in out
        assert "Traceback" not in out

    def test_sigterm_is_another_ctrl_c(self, place: Place) -> None:
        code, out = broken_off(place, signal.SIGTERM)
        assert code == pytest.ExitCode.INTERRUPTED
        assert "3 cases on linux: 3 pass" in out
        assert "gate (must): not decided, the run was broken off" in out

    def test_sigkill(self, place: Place) -> None:
        code, _ = broken_off(place, signal.SIGKILL)
        assert code == -signal.SIGKILL


def broken_off(place: Place, number: signal.Signals, *arguments: str) -> tuple[int, str]:
    """End a run, as a terminal would, while one of its cases waits; nothing may stay.

    Gives its exit code and what it said.
    """
    before = surroundings()
    wanted = ("-v", "-k", "pass or routed or called or slow")
    run = place.start(place.profile(), *wanted, *arguments)
    assert run.stdout is not None
    said = ""
    while not ("-called" in said and said.count("PASSED") == 3):
        # Not by lines: a worker's last word ends only when the next one comes.
        character = run.stdout.read(1)
        assert character, said
        said += character
    # The upper testers of both laboratories: the slow case's, once it has one, and the router's.
    assert eventually(lambda: bool(namespaces_of(run.pid)))
    namespaces = namespaces_of(run.pid)
    os.killpg(run.pid, number)
    out, err = run.communicate(timeout=60)
    assert err == ""
    assert eventually(lambda: not list(processes_of(run.pid)))
    assert not processes_in(namespaces)
    assert eventually(lambda: place.left() == []), place.left()
    assert surroundings() == before
    return run.returncode, said + out


def test_from_a_foreign_directory_with_a_profile_of_ones_own(place: Place) -> None:
    """Every way to choose cases, of the library itself; `-n 2` brings the same."""
    text = (PROJECT / "targets" / "bundled.toml").read_text(encoding="utf-8")
    mine = place.write("mine.toml", text.replace('name = "bundled"', 'name = "mine"', 1))
    some = f"{LIBRARY}/rfc2113 {LIBRARY}/rfc1122/s3_2_2_6_echo.py"
    case = "rfc2113-2.2-to-the-router-itself"
    told = []
    for profile, *way in (
        ("mine.toml", "-m", "rfc2113"),
        (str(mine), "-m", "rfc2113", "-n2"),
        ("mine.toml", "-m", "rfc1122 and must"),
        ("mine.toml", f"--case={case}"),
        ("mine.toml", "-k", "router and itself"),
        ("mine.toml", "--requirement=1122-3.2.2"),
    ):
        ran = place.run(f"--profile={profile}", *way, library=some)
        assert (ran.code, ran.err) == (0, ""), ran.out
        assert set(ran.verdicts("mine").values()) <= {"pass", "observed", "not applicable"}
        told.append(ran.verdicts("mine"))
    alone, shared, marked, one_case, words, about = told
    assert alone == shared
    assert case in alone
    assert list(one_case) == list(words) == [case]
    assert marked
    assert marked.keys() <= about.keys()
    assert {name.partition("-")[0] for name in about} == {"rfc1122"}
    assert place.left() == []

"""Allure's results: what allure-pytest writes of cases once the bridge has completed it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from allure_commons import model2

from harness.case import HOST, Case, echo_reply, echo_request, expect, ip, send, silence
from harness.report import allure_files, allure_results
from harness.report.model import CaseFacts, Run
from harness.verdict import CaseResult, Finding, Verdict
from tests import report_example as sample

PROJECT = Path(__file__).parent.parent
STATUSES = {
    sample.PASSED: "passed",
    sample.FAILED: "failed",
    sample.FAILED_FIELDS: "failed",
    sample.DEVIATED: "broken",
    sample.OBSERVED: "passed",
    sample.INCONCLUSIVE: "unknown",
    sample.NOT_APPLICABLE: "skipped",
    sample.WAIVED: "skipped",
    sample.STALE: "failed",
}
CATEGORY = {
    sample.FAILED: "Nonconformance",
    sample.FAILED_FIELDS: "Nonconformance",
    sample.DEVIATED: "Deviation",
    sample.INCONCLUSIVE: "Inconclusive",
    sample.NOT_APPLICABLE: "Not applicable",
    sample.WAIVED: "Waived",
    sample.STALE: "Stale waiver",
}

PLUGIN = """
import pytest
from harness.report import allure_results
from tests.report_example import example

RUN = example()

class Item(pytest.Item):
    def runtest(self):
        result = next(result for result in RUN.results if result.case == self.name)
        self.config.bridge.remember(self.name, RUN.purposes[self.name], result)
        if "unreachable" in RUN.purposes[self.name].title:
            raise AssertionError("pytest's own way to fail")
        if result.missing:
            pytest.skip("pytest's own way to skip")

class File(pytest.File):
    def collect(self):
        for result in RUN.results:
            yield Item.from_parent(self, name=result.case)

def pytest_collect_file(file_path, parent):
    if file_path.name == "cases.txt":
        return File.from_parent(parent, path=file_path)

def pytest_configure(config):
    config.bridge = allure_results.activate("sample", RUN.catalogue)

def pytest_unconfigure(config):
    allure_results.deactivate(config.bridge)
"""


@pytest.fixture(name="run")
def _run() -> Run:
    return sample.example()


def result_of(run: Run, case: str) -> CaseResult:
    return next(result for result in run.results if result.case == case)


def annotated(run: Run, case: str, target: str = "sample", **options: bool) -> model2.TestResult:
    test = model2.TestResult(name=case, uuid="u", start=1000, stop=1001)
    test.labels = [model2.Label(name="suite", value="s3"), model2.Label(name="host", value="here")]
    allure_results.annotate(
        test, run.purposes[case], result_of(run, case), run.catalogue, target, **options
    )
    return test


def labels(plain: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in plain["labels"] if label["name"] == name]


@pytest.fixture(scope="module", params=[(), ("-n", "2")], ids=["alone", "xdist"])
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, dict[str, Any]]]:
    """The results that a real pytest writes of the example's cases as items of their own."""
    where = tmp_path_factory.mktemp("allure")
    (where / "conftest.py").write_text(PLUGIN)
    (where / "cases.txt").touch()
    (where / "test_other.py").write_text("def test_other(): pass\n")
    results = where / "results"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
    command += [f"--alluredir={results}", *request.param]
    environ = {**os.environ, "PYTHONPATH": str(PROJECT)}
    environ.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        command, cwd=where, env=environ, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stdout + done.stderr
    plain = [json.loads(path.read_text()) for path in results.glob("*-result.json")]
    return results, {result["fullName"]: result for result in plain}


def test_outcomes_are_those_of_the_verdicts_whatever_pytest_says(
    written: tuple[Path, dict[str, dict[str, Any]]],
) -> None:
    _, results = written
    cases = {name: found["status"] for name, found in results.items() if name in STATUSES}
    assert cases == STATUSES


def test_other_items_are_left_as_allure_pytest_makes_them(
    written: tuple[Path, dict[str, dict[str, Any]]],
) -> None:
    _, results = written
    other = results["test_other#test_other"]
    assert other["status"] == "passed"
    assert "parameters" not in other
    assert labels(other, "suite") == ["test_other"]


def test_a_case_is_found_by_rfc_section_requirement_and_level(
    written: tuple[Path, dict[str, dict[str, Any]]],
) -> None:
    _, results = written
    found = results[sample.PASSED]
    assert found["name"] == "a datagram is accepted with TTL 1"
    assert labels(found, "epic") == ["RFC 1122"]
    assert labels(found, "feature") == ["§3.2.1.7 Time to Live"]
    assert labels(found, "story") == ["1122-3.2.1.7-b"]
    assert labels(found, "severity") == ["critical"]
    assert labels(found, "tag") == ["MUST NOT", "host"]
    assert labels(found, "framework") == ["pytest"]
    assert labels(found, "suite") == []
    assert found["links"] == [
        {
            "type": "link",
            "url": "https://www.rfc-editor.org/rfc/rfc1122#section-3.2.1.7",
            "name": "RFC 1122 §3.2.1.7",
        }
    ]
    assert found["parameters"] == [{"name": "target", "value": "sample"}]
    assert labels(results[sample.DEVIATED], "severity") == ["normal"]
    assert labels(results[sample.OBSERVED], "severity") == ["minor"]


def test_messages_are_the_four_lines_and_traces_all_that_explains(
    written: tuple[Path, dict[str, dict[str, Any]]],
) -> None:
    _, results = written
    details = results[sample.FAILED_FIELDS]["statusDetails"]
    assert len(details["message"].splitlines()) == 4
    assert details["message"].startswith("RFC 1122 §3.2.2  ")
    assert details["trace"].startswith(details["message"])
    assert "differing octets marked" in details["trace"]
    assert "statusDetails" not in results[sample.PASSED]
    assert results[sample.NOT_APPLICABLE]["statusDetails"] == {
        "message": "not applicable: the target lacks topology router"
    }


def test_steps_mirror_the_timeline(written: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    _, results = written
    found = results[sample.FAILED]
    assert [step["status"] for step in found["steps"]] == ["passed", "failed", "passed"]
    blamed = found["steps"][1]
    assert blamed["name"] == "step 2: expected silence for 200 ms"
    assert [step["name"][:20] for step in blamed["steps"]] == ["0.000104 <- near  19"]
    assert blamed["statusDetails"]["message"] == found["statusDetails"]["message"]
    assert [step["name"][:20] for step in found["steps"][2]["steps"]] == [
        "0.000900 -> near  19",
        "0.000950 <- near  19",
    ]
    assert results[sample.DEVIATED]["steps"][1]["status"] == "broken"
    waited = results[sample.INCONCLUSIVE]
    assert waited["stop"] - waited["start"] == 63_000
    assert waited["steps"][1]["start"] - waited["start"] == 60_000


def test_trace_and_capture_are_attached_to_each_case_that_ran(
    written: tuple[Path, dict[str, dict[str, Any]]],
) -> None:
    directory, results = written
    for name, found in results.items():
        if name not in STATUSES or name == sample.NOT_APPLICABLE:
            assert "attachments" not in found
            continue
        text, capture = found["attachments"]
        assert text["type"] == "text/plain"
        assert (directory / text["source"]).read_text(encoding="utf-8").startswith(name)
        assert capture["type"] == "application/x-pcapng"
        assert capture["source"].endswith(".pcapng")
        assert (directory / capture["source"]).read_bytes().startswith(b"\x0a\x0d\x0d\x0a")


def test_each_case_is_in_the_category_of_its_verdict(
    written: tuple[Path, dict[str, dict[str, Any]]],
) -> None:
    import re

    _, results = written
    placed = {}
    for name, found in results.items():
        message = found.get("statusDetails", {}).get("message", "")
        for category in allure_files.categories():
            if found["status"] in category["matchedStatuses"] and re.fullmatch(
                category["messageRegex"], message
            ):
                placed[name] = category["name"]
                break
    assert placed == CATEGORY


def test_a_case_that_is_known_has_all_its_steps_in_words(run: Run) -> None:
    purpose = Case(
        sample.WAIVED,
        "1122-3.2.2.6-j",
        "an echo reply goes back along the route",
        steps=(send(ip() / echo_request()), expect(ip(src=HOST) / echo_reply()), silence()),
    )
    test = annotated(replace(run, purposes={sample.WAIVED: purpose}), sample.WAIVED)
    assert [(step.name, step.status) for step in test.steps] == [
        ("step 1: sending IPv4 / ICMP echo request (8/*)", "passed"),
        ("tester, after step 1", "passed"),
        ("step 2: expecting IPv4 (src HOST) / ICMP echo reply (0/*)", "skipped"),
        ("step 3: expecting silence", "passed"),
    ]


def test_histories_follow_case_and_target_alone(run: Run) -> None:
    one = annotated(run, sample.PASSED)
    changed = replace(run, purposes={**run.purposes})
    assert annotated(changed, sample.PASSED).historyId == one.historyId
    other = annotated(run, sample.PASSED, target="other")
    assert other.historyId != one.historyId
    assert other.testCaseId == one.testCaseId


def test_a_case_about_several_requirements_has_one_place_and_all_the_links(run: Run) -> None:
    test = annotated(run, sample.FAILED_FIELDS)
    named = [(label.name, label.value) for label in test.labels]
    assert [value for name, value in named if name == "epic"] == ["RFC 1122"]
    assert [value for name, value in named if name == "story"] == ["1122-3.2.2-d"]
    assert [value for name, value in named if name == "requirement"] == [
        "1122-3.2.2-d",
        "1122-3.2.2-b",
        "792-du-a",
    ]
    assert [link.name for link in test.links] == ["RFC 1122 §3.2.2", "RFC 792 p. 4"]


def test_a_finding_on_a_requirement_that_the_case_does_not_cite_is_linked_too(run: Run) -> None:
    passed = result_of(run, sample.PASSED)
    breach = Finding("791-3.2.cksum-a", Verdict.FAIL, reason="the checksum is wrong")
    broken = replace(passed, findings=[*passed.findings, breach])
    test = annotated(replace(run, results=[broken]), sample.PASSED)
    assert [link.name for link in test.links] == ["RFC 1122 §3.2.1.7", "RFC 791 §3.2"]
    assert test.status == "failed"
    assert "`791-3.2.cksum-a` implied-MUST, both" in test.description


def test_the_description_says_of_each_requirement_what_was_seen(run: Run) -> None:
    text = annotated(run, sample.FAILED_FIELDS).description
    assert text.startswith("`rfc1122-3.2.2-quote-as-received`: **fail**\n")
    assert "`1122-3.2.2-d` MUST, host: " in text
    assert text.count("→ **pass**") == 2
    assert text.count("→ **fail**") == 1
    assert "in conflict: RFC 4884" in text
    assert annotated(run, sample.OBSERVED).description.endswith("→ **observed: ignores it**")
    assert "the sentinel was not answered" in annotated(run, sample.INCONCLUSIVE).description
    assert "differing octets" not in text


def test_evidence_of_a_waived_case_is_in_its_description(run: Run) -> None:
    assert "```" not in annotated(run, sample.WAIVED).description
    failed = result_of(run, sample.FAILED_FIELDS)
    findings = [replace(failed.findings[1], verdict=Verdict.WAIVED, reason="known")]
    waived = replace(run, results=[replace(failed, findings=findings)])
    assert "differing octets" in annotated(waived, sample.FAILED_FIELDS).description


def test_a_level_that_another_rfc_moved_is_explained(run: Run) -> None:
    purpose = CaseFacts(sample.PASSED, "a title", ("1122-3.2.2-f",))
    test = annotated(replace(run, purposes={purpose.id: purpose}), purpose.id)
    assert "  - judged as MAY: " in test.description
    assert ("severity", "minor") in [(label.name, label.value) for label in test.labels]
    assert ("tag", "SHOULD") in [(label.name, label.value) for label in test.labels]


def test_real_time_cases_begin_when_their_clock_did(run: Run) -> None:
    assert annotated(run, sample.PASSED).start == 1000
    assert annotated(run, sample.PASSED, real_time=True).start == 1_795_000_000_123


def test_each_verdict_has_a_status() -> None:
    assert set(allure_results.STATUS) == set(Verdict)


def test_the_environment_is_what_was_judged(tmp_path: Path, run: Run) -> None:
    configuration = {**run.configuration, "odd key:=": "a\\b\nc → 𝄞", "none": None, "on": True}
    allure_files.write_run_files(tmp_path, "sample", configuration, {})
    lines = (tmp_path / "environment.properties").read_text(encoding="ascii").splitlines()
    assert lines == [
        "target = sample",
        "kind = external",
        "description = a stack that does a little of everything",
        "links = name=near target=192.0.2.1/24 mtu=1500",
        "timers.settle = 0.2",
        "timers.reassembly = 60",
        "settings = mtu, default_ttl",
        "odd\\ key\\:\\= = a\\\\b\\nc \\u2192 \\ud834\\udd1e",
        "none = none",
        "on = yes",
    ]
    assert json.loads((tmp_path / "executor.json").read_text()) == {
        "reportName": "ip4spec: sample",
        "name": "ip4spec",
        "type": "ip4spec",
    }
    names = [
        category["name"] for category in json.loads((tmp_path / "categories.json").read_text())
    ]
    assert set(CATEGORY.values()) == set(names)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_RUN_NUMBER": "12",
                "GITHUB_RUN_ID": "99",
                "GITHUB_SERVER_URL": "https://git.example",
                "GITHUB_REPOSITORY": "a/b",
            },
            {
                "name": "GitHub Actions",
                "type": "github",
                "buildName": "GitHub Actions 12",
                "buildOrder": 12,
                "buildUrl": "https://git.example/a/b/actions/runs/99",
            },
        ),
        ({"GITLAB_CI": "true"}, {"name": "GitLab", "type": "gitlab", "buildName": "GitLab "}),
    ],
)
def test_known_ci_systems_are_named(environ: dict[str, str], expected: dict[str, Any]) -> None:
    assert allure_files.executor("t", environ) == {"reportName": "ip4spec: t", **expected}


def test_results_take_the_place_of_the_last_ones_when_they_are_complete(tmp_path: Path) -> None:
    first = allure_files.ResultsDirectory.begin(tmp_path, "sample")
    (first.path / "one").touch()
    assert not first.place.exists()
    first.finish()
    second = allure_files.ResultsDirectory.begin(tmp_path, "sample")
    (second.path / "two").touch()
    assert [path.name for path in first.place.iterdir()] == ["one"]
    second.finish()
    assert [path.name for path in second.place.iterdir()] == ["two"]
    assert [path.name for path in (tmp_path / "sample").iterdir()] == ["allure-results"]


def test_what_a_broken_off_run_left_is_cleared_but_not_what_another_writes(
    tmp_path: Path,
) -> None:
    results = allure_files.ResultsDirectory.begin(tmp_path, "sample")
    left = results.place.with_name("allure-results.999999999")
    left.mkdir()
    busy = results.place.with_name(f"allure-results.{os.getppid()}")
    busy.mkdir()
    again = allure_files.ResultsDirectory.begin(tmp_path, "sample")
    again.finish()
    assert not left.exists()
    assert busy.exists()
    assert list(again.place.iterdir()) == []

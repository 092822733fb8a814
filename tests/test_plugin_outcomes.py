"""What becomes of a verdict: pytest's outcome, JUnit, the exit code, the summary, the reports."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from harness.report import compliance
from tests.fake_workshop import Library

VERDICTS = ("pass", "fail", "deviation", "observed", "inconclusive", "na", "waived", "stale")


def test_each_verdict_has_its_outcome(library: Library) -> None:
    library.write(*VERDICTS)

    result = library.run("-v")

    result.assert_outcomes(passed=2, failed=2, xfailed=2, errors=1, skipped=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*::rfc1122-3.2.1.7-pass PASSED*",
            "*::rfc1122-3.2.1.7-fail FAILED*",
            "*::rfc1122-3.2.1.7-deviation XFAIL*",
            "*::rfc1122-3.2.1.7-observed PASSED*",
            "*::rfc1122-3.2.1.7-inconclusive ERROR*",
            "*::rfc1122-3.2.1.7-na SKIPPED*",
            "*::rfc1122-3.2.1.7-waived XFAIL*",
            "*::rfc1122-3.2.1.7-stale FAILED*",
        ]
    )


@pytest.mark.parametrize("option", ["--runxfail", "-s", "-ra", "--tb=no", "-p no:cacheprovider"])
def test_options_of_pytest_do_not_turn_outcomes_around(library: Library, option: str) -> None:
    library.write(*VERDICTS)

    result = library.run(*option.split())

    result.assert_outcomes(passed=2, failed=2, xfailed=2, errors=1, skipped=1)


def test_junit_says_the_same(library: Library) -> None:
    library.write(*VERDICTS)

    library.run("--junitxml=junit.xml")

    suite = ElementTree.parse(library.pytester.path / "junit.xml").getroot()[0]
    assert suite.attrib["tests"] == "8"
    found = {}
    for test in suite:
        assert test.attrib["classname"] == "testcases.rfc1122.s3_2_1_7_ttl"
        outcomes = [child for child in test if child.tag != "properties"]
        name = test.attrib["name"].rpartition("-")[2]
        found[name] = (
            [outcome.tag for outcome in outcomes],
            {each.attrib["name"]: each.attrib["value"] for each in test.iter("property")},
            "".join(outcome.attrib["message"] for outcome in outcomes),
        )
    tags = {name: tags for name, (tags, _, _) in found.items()}
    assert tags == {
        "pass": [],
        "fail": ["failure"],
        "deviation": ["skipped"],
        "observed": [],
        "inconclusive": ["error"],
        "na": ["skipped"],
        "waived": ["skipped"],
        "stale": ["failure"],
    }
    _, properties, message = found["fail"]
    assert properties["verdict"] == "fail"
    assert properties["requirement"] == "1122-3.2.1.7-b"
    assert properties["clause"] == "RFC 1122 §3.2.1.7"
    assert message.startswith("RFC 1122 §3.2.1.7  ")
    assert found["observed"][1]["way"] == "weak host"
    assert found["na"][1]["verdict"] == "not applicable"
    assert found["na"][2] == "not applicable: the target lacks upper tester call send_udp"
    assert found["deviation"][2].startswith("deviation: RFC 1122 §3.2.1.7 ")


@pytest.mark.parametrize(
    ("word", "gate", "code"),
    [
        ("pass", "must", 0),
        ("observed", "should", 0),
        ("na", "should", 0),
        ("waived", "should", 0),
        ("deviation", "must", 0),
        ("deviation", "should", 1),
        ("mixed", "should", 1),
        ("fail", "must", 1),
        ("stale", "must", 1),
        ("inconclusive", "must", 1),
    ],
)
def test_the_gate_decides_the_exit_code(library: Library, word: str, gate: str, code: int) -> None:
    library.write("pass", word) if word != "pass" else library.write("pass")

    result = library.run(f"--gate={gate}")

    assert result.ret == code
    state = "closed by *" if code else "open"
    result.stdout.fnmatch_lines([f"gate ({gate}): {state}"])


def test_our_own_error_is_no_failure_of_the_target(library: Library) -> None:
    library.write("boom", "pass")

    result = library.run()

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["E *RuntimeError: a bug of ours", "*inconclusive: 1 *"])
    document = _compliance(library)
    assert "the tester itself failed: RuntimeError" in document["cases"][0]["explanation"]


def test_the_summary_is_a_table_then_deviations_then_failures(library: Library) -> None:
    library.write(*VERDICTS)

    result = library.run()

    result.stdout.fnmatch_lines(
        [
            "=* IPv4 conformance =*",
            "requirements by RFC and level",
            "RFC 791  *",
            "RFC 1122 *",
            "8 cases on bundled: *1 pass*1 fail*",
            "deviations: 1 *",
            "rfc1122-3.2.1.7-deviation  a target that is deviation",
            "failures: 1 *",
            "rfc1122-3.2.1.7-fail  a target that is fail",
            "RFC 1122 §3.2.1.7  *",
            "step 1 of 2      after send: echo request",
            "expected         an echo reply",
            "actual           nothing",
            "  ttl *expected 64  actual 0",
            "  0010  * 16 *",
            "* ^^ * ttl",
            "written: *compliance.json",
            "gate (must): closed by *",
        ]
    )
    result.stdout.no_fnmatch_line("=* FAILURES =*")
    assert sum("rfc1122-3.2.1.7-fail" in line for line in result.outlines) == 1


def test_unit_tests_keep_the_sections_of_pytest(library: Library) -> None:
    library.write("fail")
    library.text("../test_unit.py", "def test_of_another_kind(): assert 1 == 2\n")

    result = library.run("-ra")

    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["=* FAILURES =*", "*test_of_another_kind*", "FAILED test_unit.py::*", "failures: 1 *"]
    )


def test_a_run_of_unit_tests_alone_touches_nothing(library: Library) -> None:
    library.text("../test_unit.py", "def test_of_another_kind(): pass\n")

    result = library.run()

    assert result.ret == 0
    result.stdout.no_fnmatch_line("*conformance*")
    assert library.log() == []
    assert not (library.pytester.path / "reports").exists()


def test_the_reports_can_be_read_again(library: Library) -> None:
    library.write(*VERDICTS)

    library.run()

    document = _compliance(library)
    assert document["configuration"] == {"stack": "fake"}
    assert [case["verdict"] for case in document["cases"]] == [
        "not applicable" if word == "na" else word for word in VERDICTS
    ]
    assert document["ambient"][0]["verdict"] == "pass"


def test_ctrl_c_leaves_what_is_known(library: Library) -> None:
    library.write("fail", "ctrl.c", "pass")

    result = library.run(no_reraise_ctrlc=True)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert [case["id"] for case in _compliance(library)["cases"]] == ["rfc1122-3.2.1.7-fail"]
    result.stdout.fnmatch_lines(["failures: 1 *"])
    assert library.log()[-3:] == ["main cancel", "main close runner", "main close target"]


def test_a_run_that_is_broken_off_does_not_open_the_gate(library: Library) -> None:
    library.write("pass", "ctrl.c")

    result = library.run(no_reraise_ctrlc=True)

    result.stdout.fnmatch_lines(["gate (must): not decided*"])


@pytest.mark.parametrize("option", ["-x", "--maxfail=1"])
def test_the_first_failure_cancels_the_rest(library: Library, option: str) -> None:
    library.write("pass", "fail", "observed")

    result = library.run(option)

    result.assert_outcomes(passed=1, failed=1)
    assert library.log() == [
        "main open",
        "main prepare rfc1122-3.2.1.7-pass rfc1122-3.2.1.7-fail rfc1122-3.2.1.7-observed",
        "main result rfc1122-3.2.1.7-pass",
        "main result rfc1122-3.2.1.7-fail",
        "main cancel",
        "main close runner",
        "main close target",
    ]


def test_only_selected_cases_are_prepared(library: Library) -> None:
    library.write("pass", "fail", "observed")

    library.run("-k", "pass or observed")

    assert library.log()[1] == "main prepare rfc1122-3.2.1.7-pass rfc1122-3.2.1.7-observed"


def _compliance(library: Library) -> dict[str, Any]:
    return compliance.read(library.pytester.path / "reports" / "bundled" / "compliance.json")

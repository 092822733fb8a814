"""What is the user's to mend: one clear line, the right exit code, nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_workshop import Library

WAIVER = """
[[waiver]]
case = "{case}"
requirement = "{requirement}"
reason = "{reason}"
"""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--target=bundeld"], "*'bundeld'; near: bundled*"),
        (["--profile=nowhere/x.toml"], "*nowhere/x.toml*No such file*"),
        (["--profile=broken.toml"], "*broken.toml*line 1*"),
        (["--interface=eth7"], "*no interface 'eth7' here"),
        (["--requirement=1122-99"], "*no requirement begins with '1122-99'"),
        (["--case=rfc1122-3.2.1.7-pas"], "*no case 'rfc1122-3.2.1.7-pas' *; near: *-pass*"),
        (["--baseline=nowhere.toml"], "*baseline *nowhere.toml: No such file or directory"),
        (["--baseline=broken.toml"], "*baseline *broken.toml: *line 1*"),
        (["--interface=eth7", "-n2"], "*no interface 'eth7' here"),
        (["--case=rfc1122-3.2.1.7-pas", "-n2"], "*no case 'rfc1122-3.2.1.7-pas' *"),
        (["--gate=may"], "*--gate: invalid choice: 'may'*"),
    ],
)
def test_one_line_and_exit_4(library: Library, arguments: list[str], line: str) -> None:
    library.write("pass")
    library.text("../broken.toml", "this is not TOML\n")

    result = library.run(*arguments)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([line])
    assert len([text for text in result.errlines if text.startswith("ERROR")]) <= 1
    for output in (result.stdout, result.stderr):
        output.no_fnmatch_line("*Traceback*")
    assert not any("result" in entry for entry in library.log())
    assert not (library.pytester.path / "reports" / "bundled").exists()


def test_external_targets_refuse_workers(library: Library) -> None:
    library.write("pass")

    result = library.run("--target=external", "-n2")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *external*without -n"])
    assert library.log() == []


@pytest.mark.parametrize(
    ("case", "requirement", "line"),
    [
        ("rfc1122-3.2.1.7-fial", "1122-3.2.1.7-b", "*unknown case '*-fial'; near: *-fail*"),
        ("rfc9-1-x", "1122-3.2.1.7-b", "*unknown case 'rfc9-1-x'"),
        ("rfc1122-3.2.1.7-fail", "1122-3.2.1.7-z", "*unknown requirement '*-z'; near: 1122-*"),
    ],
)
def test_a_baseline_names_what_exists(
    library: Library, case: str, requirement: str, line: str
) -> None:
    library.write("pass", "fail")
    _baseline(library, case, requirement)

    result = library.run("--baseline=known.toml")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([line])


def test_a_baseline_may_name_cases_that_do_not_run(library: Library) -> None:
    library.write("pass")
    library.write("fail", module="rfc1122/s3_3_other.py", cites="1122-3.2.1.7-b")
    _baseline(library, "rfc1122-3.2.1.7-fail")

    result = library.run("--baseline=known.toml", "testcases/rfc1122/s3_2_1_7_ttl.py")

    assert result.ret == 0


def test_known_failures_are_green_and_kept_apart(library: Library) -> None:
    library.write("fail", "deviation")
    _baseline(library, "rfc1122-3.2.1.7-fail", reason="firmware 1.2 is like that")

    result = library.run("--baseline=known.toml")

    assert result.ret == 0
    result.assert_outcomes(xfailed=2)
    result.stdout.fnmatch_lines(["waived: 1 *", "*firmware 1.2 is like that", "deviations: 1 *"])


def test_a_waiver_that_is_no_longer_needed_closes_the_gate(library: Library) -> None:
    library.write("pass", "fail")
    _baseline(library, "rfc1122-3.2.1.7-pass")

    result = library.run("--baseline=known.toml", "--case=rfc1122-3.2.1.7-pass")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["stale waivers: 1 *", "*it is no longer so*"])


@pytest.mark.parametrize("workers", [0, 2])
def test_a_written_baseline_makes_the_next_run_green(library: Library, workers: int) -> None:
    library.write("pass", "fail", "deviation", "observed")
    distribution = ["-n", str(workers)] if workers else []

    assert library.run("--write-baseline=known.toml", *distribution).ret == 1
    result = library.run("--baseline=known.toml", "--gate=should", *distribution)

    assert result.ret == 0
    result.stdout.fnmatch_lines(["waivers without a reason yet: 2"])
    text = (library.pytester.path / "known.toml").read_text(encoding="utf-8")
    assert text.count("\n[[waiver]]\n") == 2
    assert "not argued yet" in text


def test_waivers_of_profile_and_baseline_do_not_overlap(library: Library) -> None:
    library.write("fail")
    _baseline(library, "rfc1122-3.2.1.7-fail")
    profile = '[target]\nname = "mine"\nkind = "bundled"\n'
    text = (library.pytester.path / "known.toml").read_text(encoding="utf-8")
    library.text("../mine.toml", profile + text)

    assert library.run("--profile=mine.toml").ret == 0
    result = library.run("--profile=mine.toml", "--baseline=known.toml")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: rfc1122-3.2.1.7-fail is waived twice for 1122-3.2.1.7-b"])


def test_reports_that_cannot_be_written_are_told_of(library: Library) -> None:
    library.write("pass")
    library.text("../reports", "a file where a folder should be\n")

    result = library.run()

    result.stdout.fnmatch_lines(["reports not written: *", "gate (must): open"])


def _baseline(
    library: Library, case: str, requirement: str = "1122-3.2.1.7-b", reason: str = "so it is"
) -> Path:
    text = WAIVER.format(case=case, requirement=requirement, reason=reason)
    return library.text("../known.toml", text)

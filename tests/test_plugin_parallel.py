"""`-n`: the same outcomes and reports, nothing disturbed."""

from __future__ import annotations

import json

import pytest

from tests.fake_workshop import Library

WORDS = ("pass", "fail", "deviation", "observed", "inconclusive", "na", "waived", "boom")


@pytest.mark.parametrize("target", ["bundled", "linux"])
def test_workers_bring_what_one_process_brings(library: Library, target: str) -> None:
    library.write(*WORDS)
    documents = []
    for distribution in ([], ["-n2"]):
        result = library.run(f"--target={target}", "--junitxml=junit.xml", *distribution)
        result.assert_outcomes(passed=2, failed=1, xfailed=2, errors=2, skipped=1)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        path = library.pytester.path / "reports" / target / "compliance.json"
        documents.append(json.loads(path.read_text(encoding="utf-8")))

    alone, shared = documents
    for document in documents:
        del document["started"], document["seconds"]
    assert shared == alone


def test_each_worker_opens_its_own_target_and_closes_it(library: Library) -> None:
    library.write("pass", "observed", "na", "waived")

    library.run("-n2")

    log = library.log()
    assert log[:2] == ["main open", "main cancel"]  # the look before workers are started
    for worker in ("gw0", "gw1"):
        assert f"{worker} open" in log
        assert f"{worker} close target" in log
    assert sum(" result " in line for line in log) == 4


def test_a_real_clock_has_each_case_prepared_by_one_worker(library: Library) -> None:
    words = [f"a{number}-pass" for number in range(12)]
    library.write(*words)

    library.run("--target=linux", "-n2").assert_outcomes(passed=12)

    prepared = [line.split()[2:] for line in library.log() if " prepare " in line]
    assert sorted(case for share in prepared for case in share) == sorted(
        f"rfc1122-3.2.1.7-{word}" for word in words
    )


def test_the_first_failure_ends_the_run_of_all_workers(library: Library) -> None:
    library.write(*(f"a{number}-fail" for number in range(20)))

    result = library.run("-n2", "-x")

    assert result.ret != 0
    assert sum(" result " in line for line in library.log()) < 20


def test_the_index_needs_no_workers(library: Library) -> None:
    library.write("pass")

    result = library.run("-n2", "--collect-only", "-q")

    assert result.ret == 0
    assert library.log() == []

"""The library as a whole: what every case owes its reader and its target."""

from __future__ import annotations

from collections import Counter

from harness.case.steps import Call, NothingReceived, Received, Send, Silence
from harness.catalogue import Observable, load
from harness.plugin.library import case_modules, cited_by, load_cases
from harness.plugin.options import PROJECT
from harness.run.sharing import longest_seconds
from harness.target.profile import load_profile
from tests.faults.framework import library

CATALOGUE = load()
LONGEST_SECONDS = 130
"""A case that waits longer on a real host holds up everybody."""


def test_ids_are_unique_and_files_are_sections() -> None:
    ids = Counter(case.id for case in library())
    assert [name for name, times in ids.items() if times > 1] == []
    for path in case_modules(PROJECT / "testcases"):
        assert len(path.read_text().splitlines()) <= 400, path
        for case in load_cases(path, path.name):
            assert case.id.startswith(path.parent.name + "-"), (path, case.id)


def test_there_are_cases_from_every_one_of_the_five() -> None:
    cited = Counter(CATALOGUE[r].rfc for case in library() for r in case.requirements)
    assert len(library()) >= 200
    for rfc in ("791", "792", "1122", "2113", "6864"):
        assert cited[rfc] >= 4, rfc


def test_citations_are_rows_of_the_catalogue() -> None:
    for case in library():
        for cited in cited_by(case):
            assert cited in CATALOGUE, (case.id, cited)


def test_silence_has_a_control_or_says_why_not() -> None:
    silent = (Silence, NothingReceived)
    bare = [
        case.id
        for case in library()
        if any(isinstance(step, silent) for step in case.steps)
        and not case.control
        and not case.no_control
        and not any(type(step).__name__ == "Expect" for step in case.steps)
    ]
    assert bare == []


def test_titles_state_what_happens() -> None:
    for case in library():
        assert case.title == case.title.strip()
        assert not case.title.lower().startswith(("test", "check", "verify")), case.id
        assert " should " not in f" {case.title} ", case.id
        assert not case.title.endswith("."), case.id


def test_every_case_does_something_to_the_target() -> None:
    for case in library():
        steps = (*case.provided, *case.control, *case.steps)
        acts = any(isinstance(step, Send | Call) for step in steps)
        assert acts or case.no_control, case.id


def test_nobody_waits_for_ever() -> None:
    timers = load_profile("linux").timers
    for case in library():
        assert longest_seconds(case, timers) <= LONGEST_SECONDS, case.id


def test_sockets_are_opened_before_they_are_used() -> None:
    for case in library():
        known: set[str] = set()
        for step in (*case.provided, *case.control, *case.steps):
            if isinstance(step, Call) and step.socket is not None:
                if step.operation.startswith("open_") or step.operation == "accept":
                    known.add(step.socket)
                assert step.socket in known, (case.id, step.operation)
            elif isinstance(step, Received | NothingReceived):
                assert step.socket in known, case.id


def test_rows_that_cannot_be_tested_are_not_cited() -> None:
    cited = {r for case in library() for r in cited_by(case)}
    odd = [r for r in sorted(cited) if CATALOGUE[r].untestable or CATALOGUE[r].out_of_scope]
    assert odd == []
    assert {CATALOGUE[r].observable for r in cited} <= set(Observable)


def test_the_bundled_baseline_is_empty() -> None:
    assert load_profile("bundled").waivers == ()


def test_waivers_name_cases_and_requirements_that_exist() -> None:
    cases = {case.id: case for case in library()}
    for name in ("linux",):
        for waiver in load_profile(name).waivers:
            assert waiver.case in cases, waiver.case
            assert waiver.requirement in CATALOGUE, waiver.requirement
            assert len(waiver.reason) > 40, waiver.case

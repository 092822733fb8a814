"""Cases as items: which files, ids, marks, selection, and what may be wrong with a module."""

from __future__ import annotations

import pytest

from harness.case import REASSEMBLY, Case, advance, echo_request, ip, ms, seconds, send, silence
from harness.plugin.markers import seconds_waited
from tests.fake_workshop import Library

HEAD = "from harness.case import Case, echo_request, ip, send\nSTEPS = (send(ip()),)\n"
PASS = "testcases/rfc1122/s3_2_1_7_ttl.py::rfc1122-3.2.1.7-pass"


def test_the_quiet_index_has_one_id_a_line(library: Library) -> None:
    library.write("pass", "fail")
    library.write("pass", module="rfc791/s3_2_fragments.py", cites="791-3.2.frag-b")
    library.text("rfc1122/_helper.py", "raise RuntimeError('no case module')\n")

    result = library.run("--collect-only", "-q")

    assert result.ret == 0
    assert result.outlines[:3] == [
        PASS,
        "testcases/rfc1122/s3_2_1_7_ttl.py::rfc1122-3.2.1.7-fail",
        "testcases/rfc791/s3_2_fragments.py::rfc791-3.2.frag-pass",
    ]
    assert library.log() == []


def test_the_tree_shows_levels_and_titles(library: Library) -> None:
    library.write("pass")

    result = library.run("--collect-only")

    result.stdout.fnmatch_lines(["*<Case rfc1122-3.2.1.7-pass * a target that is pass>"])


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["-m", "rfc1122 and must"], 2),
        (["-m", "rfc2113"], 1),
        (["-m", "rfc791"], 0),
        (["-m", "topology_host and not slow"], 3),
        (["-k", "pass"], 2),
        (["-k", "target and fail"], 1),
        (["--requirement=1122-3.2.1"], 2),
        (["--requirement=2113", "--requirement=1122-3.2.1.7-b"], 3),
        (["--case=rfc1122-3.2.1.7-pass"], 1),
        (["--case=rfc1122-3.2.1.7-pass", "--case=rfc1122-3.2.1.7-fail"], 2),
        ([PASS], 1),
        (["testcases/rfc1122"], 2),
    ],
)
def test_selection(library: Library, arguments: list[str], count: int) -> None:
    library.write("pass", "fail")
    library.write("pass", module="rfc2113/s2_option.py", cites="2113-2.1-a")
    library.text("../test_unit.py", "def test_of_another_kind(): pass\n")

    result = library.run("--collect-only", "-q", *arguments)

    found = [line for line in result.outlines if "::rfc" in line]
    assert len(found) == count


def test_a_selection_of_cases_leaves_unit_tests_out(library: Library) -> None:
    library.write("pass")
    library.text("../test_unit.py", "def test_of_another_kind(): pass\n")

    library.run().assert_outcomes(passed=2)
    library.run("--requirement=1122").assert_outcomes(passed=1, deselected=1)


def test_a_requirement_without_cases_says_why(library: Library) -> None:
    library.write("pass")

    result = library.run("--requirement=1122-1.2.4-a", "--requirement=791-3.1.ihl-a")

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(
        [
            "no case here is about 1122-1.2.4-a: untestable, *",
            "no case here is about 791-3.1.ihl-a",
        ]
    )


def test_marks_are_registered_and_explained(library: Library) -> None:
    result = library.run("--markers")

    result.stdout.fnmatch_lines_random(
        [
            "@pytest.mark.rfc1122: *",
            "@pytest.mark.must: *implied*",
            "@pytest.mark.should: *",
            "@pytest.mark.may: *",
            "@pytest.mark.role_router: *",
            "@pytest.mark.topology_multihomed: *",
            "@pytest.mark.slow: *5 s*",
        ]
    )


def test_marks_are_enough_for_strict_markers(library: Library) -> None:
    library.write("pass")

    library.run("--strict-markers").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        (
            "import nothing_of_this_name\n",
            "*s1_x.py: not importable: ModuleNotFoundError: *line 1*",
        ),
        ("CASES = (\n", "*s1_x.py: not importable: SyntaxError: *line 1*"),
        ("def case():\n    raise ValueError('odd')\n\ncase()\n", "*ValueError: odd (line 2)"),
        ("", "*s1_x.py: CASES is not a tuple or list of cases"),
        ("CASES = ('rfc1122-1-a',)\n", "*s1_x.py: entry 1 of CASES is no Case: 'rfc1122-1-a'"),
        (
            HEAD + "CASES = [Case('rfc1122-1-a', '1122-3.2.1.7-x', 't', STEPS)]\n",
            "*rfc1122-1-a cites an unknown requirement '1122-3.2.1.7-x'; near: 1122-3.2.1.7-*",
        ),
        (
            HEAD + "CASES = [Case('rfc1122-1-a', '1122-3.2.1.7-b', 't', STEPS)] * 2\n",
            "*s1_x.py: two cases have the id rfc1122-1-a",
        ),
        (
            HEAD + "CASES = [Case('rfc1122-1-a', (), 't', STEPS)]\n",
            "*s1_x.py: rfc1122-1-a cites no requirement",
        ),
        (
            HEAD + "CASES = [Case('rfc1122', '1122-3.2.1.7-b', 't', STEPS)]\n",
            "*not importable: ValueError: 'rfc1122' is not a case id: *(line 3)",
        ),
    ],
)
def test_a_bad_module_is_one_line_and_exit_2(library: Library, module: str, line: str) -> None:
    library.write("pass")
    library.text("rfc1122/s1_x.py", module)

    result = library.run()

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.fnmatch_lines([line])
    assert library.log() == []


def test_bad_modules_are_found_before_workers_are_started(library: Library) -> None:
    library.write("pass")
    library.text("rfc1122/s1_x.py", "import nothing_of_this_name\n")
    library.text("rfc1122/s1_y.py", HEAD + "CASES = [Case('rfc1122-1-a', '9-9', 't', STEPS)]\n")
    library.write("pass", module="rfc1122/s3_2_1_8_other.py")

    result = library.run("-n2")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stderr.fnmatch_lines(
        [
            "*testcases/rfc1122/s1_x.py: not importable: ModuleNotFoundError: *(line 1)",
            "testcases/rfc1122/s1_y.py: rfc1122-1-a cites an unknown requirement '9-9'",
            "testcases/rfc1122/s3_2_1_8_other.py: rfc1122-3.2.1.7-pass is the id of a case in *",
        ]
    )
    result.stdout.no_fnmatch_line("*workers*")
    assert library.log() == []


def test_two_modules_do_not_share_an_id(library: Library) -> None:
    library.write("pass")
    library.write("pass", module="rfc1122/s3_2_1_8_other.py")

    result = library.run()

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*rfc1122-3.2.1.7-pass is the id of a case in s3_2_1_7_ttl.py*"])


def test_waits_are_added_up_without_settle_times() -> None:
    case = Case(
        "rfc791-3.2-a",
        "791-3.2.frag-b",
        "a title",
        (
            send(ip() / echo_request()),
            advance(seconds(2)),
            silence(),
            silence(within=ms(500)),
            silence(within=REASSEMBLY + seconds(1)),
        ),
        control=(advance(seconds(1)),),
    )

    assert seconds_waited(case, {"reassembly": 15.0, "settle": 9.0}) == 19.5
    assert seconds_waited(case, {}) == 64.5

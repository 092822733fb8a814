from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from harness.case import Case, counters, echo_request, ip, send
from harness.catalogue import (
    Catalogue,
    CatalogueError,
    Level,
    Observable,
    Requirement,
    Role,
    load,
)
from harness.coverage import Coverage, CoverageFigure, coverage, holes, judged_by, table


def row(name: str, level: Level = Level.MUST) -> Requirement:
    return Requirement(
        id=name,
        rfc=name.split("-")[0],
        section="3.1",
        title="Somewhere",
        level=level,
        role=Role.HOST,
        gist=f"what {name} wants",
        observable=Observable.WIRE,
    )


CATALOGUE = Catalogue(
    [
        row("791-a"),
        row("791-b", Level.SHOULD),
        replace(row("791-c"), implied_by=("791-a",)),
        replace(row("791-d"), implied_by=("791-a", "791-b")),
        replace(row("1122-a"), untestable="hidden"),
        replace(row("1122-b"), out_of_scope="elsewhere"),
        replace(row("1122-c"), superseded_by=("2474 3",)),
    ]
)


def become(figure: CoverageFigure) -> dict[str, Coverage]:
    return {row.requirement.id: row.coverage for row in figure.rows}


def test_each_row_becomes_one_thing() -> None:
    assert become(coverage(CATALOGUE, {"791-a": ["case-1", "case-2"]})) == {
        "791-a": Coverage.CASES,
        "791-b": Coverage.HOLE,
        "791-c": Coverage.IMPLIED,
        "791-d": Coverage.HOLE,
        "1122-a": Coverage.UNTESTABLE,
        "1122-b": Coverage.OUT_OF_SCOPE,
        "1122-c": Coverage.SUPERSEDED,
    }


def test_implied_needs_all_that_imply_it() -> None:
    figure = coverage(CATALOGUE, {"791-a": ["case-1"], "791-b": ["case-2"]})
    assert become(figure)["791-d"] is Coverage.IMPLIED
    assert figure.holes == ()


def test_rows_carry_their_cases() -> None:
    figure = coverage(CATALOGUE, {"791-a": ["case-1", "case-2"]})
    assert figure.rows[0].cases == ("case-1", "case-2")
    assert figure.rows[1].cases == ()


def test_an_id_without_cases_covers_nothing() -> None:
    figure = coverage(CATALOGUE, {"791-a": []})
    assert [row.id for row in figure.holes] == ["791-a", "791-b", "791-c", "791-d"]


def test_an_unknown_id_is_an_error() -> None:
    with pytest.raises(CatalogueError, match="unknown requirement '791-x'; near: 791-"):
        coverage(CATALOGUE, {"791-x": ["case-1"]})


def test_cases_for_what_is_said_to_be_out_of_reach_are_disputed() -> None:
    cited = {name: ["case-1"] for name in ("791-a", "1122-a", "1122-b", "1122-c")}
    figure = coverage(CATALOGUE, cited)
    assert [row.id for row in figure.disputed] == ["1122-a", "1122-b"]
    assert become(figure)["1122-a"] is Coverage.CASES


def test_counts_are_per_rfc_and_level_as_written() -> None:
    counts = coverage(CATALOGUE, {"791-a": ["case-1"]}).counts()
    assert counts["791", Level.SHOULD] == Counter({Coverage.HOLE: 1})
    assert counts["791", Level.MUST] == Counter(
        {Coverage.CASES: 1, Coverage.IMPLIED: 1, Coverage.HOLE: 1}
    )


def test_the_table_sums_up() -> None:
    assert table(coverage(CATALOGUE, {"791-a": ["case-1"]})).splitlines() == [
        "RFC   level   rows  cases  implied  untestable  out of scope  superseded  hole",
        "791   all        4      1        1           0             0           0     2",
        "1122  all        3      0        0           1             1           1     0",
        "all   MUST       6      1        1           1             1           1     1",
        "all   SHOULD     1      0        0           0             0           0     1",
        "all   all        7      1        1           1             1           1     2",
    ]


def test_the_table_by_level_has_a_line_for_each() -> None:
    lines = table(coverage(CATALOGUE, {}), by_level=True).splitlines()
    assert [line.split()[:3] for line in lines[1:5]] == [
        ["791", "all", "4"],
        ["791", "MUST", "3"],
        ["791", "SHOULD", "1"],
        ["1122", "all", "3"],
    ]


def test_holes_are_named_with_what_they_want() -> None:
    assert holes(coverage(CATALOGUE, {"791-a": ["case-1"]})).splitlines() == [
        "791-b  SHOULD  what 791-b wants",
        "791-d  MUST    what 791-d wants",
    ]
    assert holes(coverage(CATALOGUE, {"791-a": ["x"], "791-b": ["x"]})) == ""


def test_a_case_that_says_how_counters_move_is_about_their_rows() -> None:
    case = Case(
        "rfc791-3.1-counted",
        cites="791-a",
        title="an echo request is counted",
        steps=(send(ip() / echo_request()),),
        counters=counters(udpNoPorts=0, icmpMsgStatsInPkts_8=1, icmpMsgStatsInPkts_0=0),
    )
    assert judged_by(case) == ("791-a", "4113-udpNoPorts", "4293-icmpMsgStatsInPkts")


def test_our_catalogue_adds_up() -> None:
    catalogue = load()
    figure = coverage(catalogue, {})
    total = sum(figure.counts().values(), Counter())
    assert total.total() == len(catalogue) == len(figure.rows)
    assert total[Coverage.HOLE] == len(figure.holes)
    assert total[Coverage.CASES] == 0


def test_our_catalogue_can_be_covered_in_full() -> None:
    catalogue = load()
    open_rows = {row.id: ["case"] for row in catalogue.values() if not row.explained}
    figure = coverage(catalogue, open_rows)
    assert figure.holes == ()
    assert figure.disputed == ()

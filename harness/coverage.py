"""How much of the catalogue the cases cover, and what is a hole.

A requirement is covered by cases that cite it, or implied by requirements that are all covered, or
explained as untestable, out of scope or superseded. Anything else is a hole, and is named. What
was cited is the caller's to say: collected cases, or those that really ran. A case that says how
a counter moves cites that counter's row.

    python -m harness.coverage [--holes]
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.case.model import Case
from harness.catalogue import DIRECTORY, Catalogue, Level, Requirement, load
from harness.judge.counters import requirement_of
from harness.plugin.library import case_modules, cited_by, load_cases


class Coverage(StrEnum):
    """What becomes of one requirement, in the order of the table's columns."""

    CASES = "cases"
    IMPLIED = "implied"
    UNTESTABLE = "untestable"
    OUT_OF_SCOPE = "out of scope"
    SUPERSEDED = "superseded"
    HOLE = "hole"


@dataclass(frozen=True, slots=True)
class Covered:
    """One requirement, what becomes of it, and the cases that cite it."""

    requirement: Requirement
    coverage: Coverage
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CoverageFigure:
    """The coverage of every requirement, in catalogue order."""

    rows: tuple[Covered, ...]

    @property
    def holes(self) -> tuple[Requirement, ...]:
        """Requirements that nothing covers and nothing explains."""
        return tuple(row.requirement for row in self.rows if row.coverage is Coverage.HOLE)

    @property
    def disputed(self) -> tuple[Requirement, ...]:
        """Requirements said to be untestable or out of scope that cases cite none the less."""
        return tuple(
            row.requirement
            for row in self.rows
            if row.cases and (row.requirement.untestable or row.requirement.out_of_scope)
        )

    def counts(self) -> dict[tuple[str, Level], Counter[Coverage]]:
        """Requirements per RFC and level as written, then per what became of them."""
        figure: dict[tuple[str, Level], Counter[Coverage]] = {}
        for row in self.rows:
            key = (row.requirement.rfc, row.requirement.level)
            figure.setdefault(key, Counter())[row.coverage] += 1
        return figure


def coverage(catalogue: Catalogue, cited: Mapping[str, Collection[str]]) -> CoverageFigure:
    """Hold what cases cite (requirement id -> case ids) against the catalogue."""
    for requirement_id in cited:
        _ = catalogue[requirement_id]  # an unknown id is an error with a hint
    covered = frozenset(name for name, cases in cited.items() if cases)
    return CoverageFigure(
        tuple(
            Covered(row, _coverage(row, covered), tuple(cited.get(row.id, ())))
            for row in catalogue.values()
        )
    )


def judged_by(case: Case) -> tuple[str, ...]:
    """The catalogue ids that a case can bring a finding on, counters included, each once."""
    counted = (requirement_of(name) for name, _ in case.counters or ())
    return tuple(dict.fromkeys((*cited_by(case), *counted)))


def table(figure: CoverageFigure, *, by_level: bool = False) -> str:
    """Plain rows: one per RFC and the sum; with ``by_level`` one per RFC and level too."""
    counts = figure.counts()
    rfcs = dict.fromkeys(rfc for rfc, _ in counts)
    lines = [("RFC", "level", "rows", *Coverage)]
    for rfc in rfcs:
        own = {level: counts[rfc, level] for level in Level if (rfc, level) in counts}
        lines.append(_line(rfc, "all", sum(own.values(), Counter())))
        if by_level:
            lines += [_line(rfc, level, count) for level, count in own.items()]
    for level in Level:
        count = sum((count for key, count in counts.items() if key[1] is level), Counter())
        if count:
            lines.append(_line("all", level, count))
    lines.append(_line("all", "all", sum(counts.values(), Counter())))
    return _render(lines)


def holes(figure: CoverageFigure) -> str:
    """One line per hole: id, level that decides today, what it wants."""
    return _render([(row.id, row.judged_level, row.gist) for row in figure.holes])


def _coverage(row: Requirement, covered: frozenset[str]) -> Coverage:
    if row.id in covered:
        return Coverage.CASES
    if row.implied_by and covered.issuperset(row.implied_by):
        return Coverage.IMPLIED
    if row.untestable:
        return Coverage.UNTESTABLE
    if row.out_of_scope:
        return Coverage.OUT_OF_SCOPE
    if row.superseded_by:
        return Coverage.SUPERSEDED
    return Coverage.HOLE


def _line(rfc: str, level: str, count: Counter[Coverage]) -> tuple[str, ...]:
    return (rfc, level, str(count.total()), *(str(count[kind]) for kind in Coverage))


def _render(lines: list[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if cell.isdigit() and at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def main(arguments: Sequence[str]) -> int:
    """Print the coverage of the catalogue by the library, and the holes with `--holes`."""
    cited: dict[str, list[str]] = {}
    for path in case_modules(DIRECTORY.parent):
        for case in load_cases(path, path.name):
            for requirement in judged_by(case):
                cited.setdefault(requirement, []).append(case.id)
    figure = coverage(load(), cited)
    write = sys.stdout.write
    write(table(figure) + "\n")
    if "--holes" in arguments:
        write(f"\n{holes(figure)}\n")
    else:
        write(f"\n{len(figure.holes)} requirements have no case yet; --holes lists them\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

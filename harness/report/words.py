"""Findings as text. The first four lines of a failure are always the same four.

    RFC 1122 §3.2.2  no ICMP error in reply to a broadcast datagram
    step 1 of 2      after inject: UDP to 192.0.2.255:9
    expected         silence for 200 ms
    actual           ICMP destination unreachable, port (3/3), 56 octets

Then the fields that differ, then the frame in octets with the differing ones marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.catalogue import Requirement
from harness.report.model import UNMET
from harness.verdict import CaseResult, Difference, Explanation, Finding, Verdict

LABEL_WIDTH = 17
"""Columns before the text of each of the four lines."""
OCTETS_IN_A_ROW = 16
ROWS_AT_THE_START = 6
"""Rows of a long frame that are shown whatever differs: link, IP and upper header."""
WIDTH = 100
"""Columns that a difference may fill before it takes two lines."""


def clause(requirement: Requirement) -> str:
    """Where a requirement stands: `RFC 1122 §3.2.2`, or by name where sections have no number."""
    section = requirement.section
    if section[:1].isdigit():
        return f"{requirement.document} §{section}"
    if section.startswith("Appendix") or requirement.page is None:
        return f"{requirement.document} {section}"
    return f"{requirement.document} p. {requirement.page}"


def section_title(requirement: Requirement) -> str:
    """A section by number and title: `§3.2.1.7 Time-to-Live`."""
    section = requirement.section
    if section == requirement.title:
        return section
    mark = "§" if section[:1].isdigit() else ""
    return f"{mark}{section} {requirement.title}"


def four_lines(finding: Finding, requirement: Requirement) -> list[str]:
    """Clause and gist, step, expected, actual; the clause alone where nothing explains."""
    lines = [_labelled(clause(requirement), requirement.gist)]
    why = finding.explanation
    if why is not None:
        where = f"step {why.step} of {why.steps}" if why.step else "before step 1"
        lines.append(_labelled(where, f"after {why.after}"))
        lines.append(_labelled("expected", why.expected))
        lines.append(_labelled("actual", why.actual))
    return lines


def _labelled(label: str, text: str) -> str:
    first, *more = text.splitlines() or [""]
    lines = [f"{label:<{LABEL_WIDTH - 2}}  {first}".rstrip()]
    lines.extend(" " * LABEL_WIDTH + line for line in more)
    return "\n".join(lines)


def difference_lines(differences: Iterable[Difference]) -> list[str]:
    """A line for each field that is not as expected, two where one would be too long."""
    found = tuple(differences)
    wide = max((len(difference.field) for difference in found), default=0)
    wide = max(wide, LABEL_WIDTH - 4)
    wanted = max((len(difference.expected) for difference in found), default=0)
    lines = []
    for difference in found:
        head = f"  {difference.field:<{wide}}  expected "
        if len(head) + wanted + len("  actual ") + len(difference.actual) <= WIDTH:
            lines.append(f"{head}{difference.expected:<{wanted}}  actual {difference.actual}")
        else:
            lines.append(head + difference.expected)
            lines.append(" " * (wide + 4) + "actual   " + difference.actual)
    return lines


def hex_lines(frame: bytes, marks: Mapping[tuple[int, int], str] | None = None) -> list[str]:
    """A frame in octets, sixteen a row.

    Args:
        frame: the octets.
        marks: (first octet, octet after the last) and the name of what stands there. Marked
            octets have ``^^`` under them and the names to the right of that; a place without
            octets, where something is missing, has ``^`` before it. Of a long frame the rows in
            the middle that bear no mark are left out, and said to be.
    """
    places = marks or {}
    lines = []
    skipped = 0
    for start in range(0, len(frame), OCTETS_IN_A_ROW):
        end = start + OCTETS_IN_A_ROW
        here = {place: name for place, name in places.items() if _touches(place, start, end)}
        if not here and start >= OCTETS_IN_A_ROW * ROWS_AT_THE_START and end < len(frame):
            skipped += OCTETS_IN_A_ROW
            continue
        if skipped:
            lines.append(f"  ....  {skipped} octets left out")
            skipped = 0
        lines.append(_hex_row(frame[start:end], start))
        if here:
            lines.append(_marker_row(start, min(end, len(frame)), here))
    lines.extend(
        f"  ....  {name}: not there, the frame ends before octet {first}"
        for (first, _), name in places.items()
        if first >= len(frame)
    )
    return lines


def _touches(place: tuple[int, int], start: int, end: int) -> bool:
    first, after = place
    return first < end and max(after, first + 1) > start


def _column(position: int) -> int:
    """Where an octet begins in its row: two digits each, a wider gap after the eighth."""
    return 3 * position + (position >= OCTETS_IN_A_ROW // 2)


def _hex_row(octets: bytes, start: int) -> str:
    digits = [" "] * _column(OCTETS_IN_A_ROW)
    for position, octet in enumerate(octets):
        digits[_column(position) : _column(position) + 2] = f"{octet:02x}"
    text = "".join(chr(octet) if 32 <= octet < 127 else "." for octet in octets)
    return f"  {start:04x}  {''.join(digits)} {text}"


def _marker_row(start: int, end: int, places: Mapping[tuple[int, int], str]) -> str:
    markers = [" "] * _column(OCTETS_IN_A_ROW)
    names = []
    for (first, after), name in sorted(places.items()):
        for octet in range(max(first, start), min(after, end)):
            column = _column(octet - start)
            markers[column : column + 2] = "^^"
        if first == after:
            markers[max(_column(first - start) - 1, 0)] = "^"
        if name not in names:
            names.append(name)
    return f"        {''.join(markers)} {', '.join(names)}"


def marks_of(differences: Iterable[Difference]) -> dict[tuple[int, int], str]:
    """The places of differences, each with the names of the fields there."""
    marks: dict[tuple[int, int], str] = {}
    for difference in differences:
        if difference.place is not None:
            known = marks.get(difference.place)
            marks[difference.place] = (
                difference.field if known is None else f"{known}, {difference.field}"
            )
    return marks


def evidence_lines(why: Explanation | None) -> list[str]:
    """What comes after the four lines: field differences, then the frame."""
    if why is None:
        return []
    lines = difference_lines(why.differences)
    if why.frame is not None:
        lines.append(f"frame of {len(why.frame)} octets" + _marked_note(why.differences))
        lines.extend(hex_lines(why.frame, marks_of(why.differences)))
    return lines


def _marked_note(differences: Sequence[Difference]) -> str:
    marked = any(difference.place is not None for difference in differences)
    return ", differing octets marked:" if marked else ":"


def headline(finding: Finding) -> str | None:
    """What must be known before the four lines: why waived, stale, not seen; which way."""
    match finding.verdict:
        case Verdict.WAIVED:
            return f"waived: {finding.reason or 'no reason given'}"
        case Verdict.STALE:
            return f"stale waiver: {finding.reason or 'the baseline lists what is no longer so'}"
        case Verdict.INCONCLUSIVE:
            return f"inconclusive: {finding.reason or 'it could not be seen'}"
        case Verdict.OBSERVED:
            return f"observed: {finding.way or finding.reason or 'followed'}"
        case Verdict.NOT_APPLICABLE:
            return f"not applicable: {finding.reason or 'the target lacks what the case needs'}"
        case _:
            return None


def finding_lines(finding: Finding, requirement: Requirement, *, full: bool = True) -> list[str]:
    """A finding as text: the headline if any, the four lines, and with `full` the evidence."""
    first = headline(finding)
    lines = [] if first is None else [first]
    lines.extend(four_lines(finding, requirement))
    if first is None and finding.reason is not None:
        lines.append(_labelled("note", finding.reason))
    if full:
        lines.extend(evidence_lines(finding.explanation))
    return lines


def not_applicable(result: CaseResult) -> str:
    """Why a case is not applicable, in one line: a finding says so where nothing is missing."""
    if result.missing is None:
        for finding in result.findings:
            if (line := headline(finding)) is not None:
                return line
    missing = result.missing or "what the case needs"
    # What its profile does not offer is named; what a run found out is a sentence already.
    named = missing.startswith(("topology ", "setting ", "upper tester call ", "what "))
    return f"not applicable: {'the target lacks ' if named else ''}{missing}"


def worth_telling(result: CaseResult) -> list[Finding]:
    """The findings that are no plain pass, worst first."""
    order = (*UNMET, Verdict.OBSERVED, Verdict.NOT_APPLICABLE)
    told = [finding for finding in result.findings if finding.verdict in order]
    return sorted(told, key=lambda finding: order.index(finding.verdict))


def message(result: CaseResult, catalogue: Mapping[str, Requirement]) -> str | None:
    """The short text of a case: the four lines of its worst finding; None after a plain pass."""
    if result.missing is not None:
        return not_applicable(result)
    told = worth_telling(result)
    if not told:
        return None
    if told[0].verdict is Verdict.OBSERVED:
        return "\n".join(_observed(finding, catalogue) for finding in told)
    first = told[0]
    return "\n".join(finding_lines(first, catalogue[first.requirement], full=False))


def explanation(result: CaseResult, catalogue: Mapping[str, Requirement]) -> str | None:
    """All that is to be said of a case; None after a plain pass."""
    if result.missing is not None:
        return not_applicable(result)
    parts = []
    for finding in worth_telling(result):
        if finding.verdict is Verdict.OBSERVED:
            parts.append(_observed(finding, catalogue))
        else:
            parts.append("\n".join(finding_lines(finding, catalogue[finding.requirement])))
    return "\n\n".join(parts) or None


def _observed(finding: Finding, catalogue: Mapping[str, Requirement]) -> str:
    requirement = catalogue[finding.requirement]
    return f"{headline(finding)}\n{_labelled(clause(requirement), requirement.gist)}"

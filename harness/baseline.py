"""The baseline: what a target is known to do differently, and why.

Rules of the format, which profiles and ``--baseline`` files share:

- each ``[[waiver]]`` and ``[[unseen]]`` names a case, a requirement and a reason; all are needed
- a pair of case and requirement is listed once
- what it names exists: an unknown case or requirement is an error with the nearest names

A waiver turns a fail or a deviation into *waived*. An ``[[unseen]]`` row turns an inconclusive
finding into *not applicable*: something the target is known for, such as an answer that it never
gives, takes the case its control. One that has nothing left to do is *stale* and closes the gate,
so that a baseline can only shrink. A case that was not applicable or not seen well enough says
nothing about what is listed for it.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from harness.verdict import CaseResult, Finding, Verdict

NOT_ARGUED = "not argued yet: say why this is accepted, or fix it"
"""The reason that `render` gives to a new waiver."""

AMBIENT = "ambient"
"""Stands for the case where a finding belongs to none: an invariant broken between cases."""

_WAIVER = "waiver"
_UNSEEN = "unseen"
TABLES = (_WAIVER, _UNSEEN)
"""The tables of a baseline, which a profile has too."""
_FIELDS = ("case", "requirement", "reason")
_BROKEN = (Verdict.FAIL, Verdict.DEVIATION)
_ACCEPTED = (Verdict.WAIVED, Verdict.NOT_APPLICABLE)


class BaselineError(ValueError):
    """A baseline that can't be used; the text is one line for its owner."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """One finding that is accepted: the case that brings it, the requirement, and why.

    `unseen`: it is no fail or deviation but inconclusive, and always will be.
    """

    case: str
    requirement: str
    reason: str
    unseen: bool = False


def load(path: Path) -> tuple[Waiver, ...]:
    """The waivers of a baseline file.

    Raises:
        BaselineError: the file can't be read or breaks the rules of the format.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BaselineError(f"baseline {path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"baseline {path}: {error}") from None
    for key in document:
        if key not in TABLES:
            raise BaselineError(f"baseline {path}: unknown key {key!r}")
    return parse(document, f"baseline {path}")


def parse(document: Mapping[str, Any], where: str) -> tuple[Waiver, ...]:
    """What the `TABLES` of a document accept, as TOML gives them; `where` begins the messages.

    Raises:
        BaselineError: a table breaks the rules of the format.
    """
    waivers: list[Waiver] = []
    for table in TABLES:
        rows = document.get(table, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BaselineError(f"{where}: waivers are written [[{table}]]")
        waivers += (
            _waiver(row, f"{where}: {table} {position}", unseen=table == _UNSEEN)
            for position, row in enumerate(rows, start=1)
        )
    return joined(waivers)


def joined(waivers: Iterable[Waiver]) -> tuple[Waiver, ...]:
    """The waivers in their order.

    Raises:
        BaselineError: a pair of case and requirement is listed twice.
    """
    listed: dict[tuple[str, str], Waiver] = {}
    for waiver in waivers:
        pair = (waiver.case, waiver.requirement)
        if pair in listed:
            raise BaselineError(f"{waiver.case} is waived twice for {waiver.requirement}")
        listed[pair] = waiver
    return tuple(listed.values())


def check(
    waivers: Iterable[Waiver],
    requirements: Iterable[str],
    cases_like: Callable[[str], Iterable[str]],
) -> None:
    """Make sure that what the waivers name exists.

    `cases_like` gives the ids of the cases among which an id would be, if it exists.

    Raises:
        BaselineError: an unknown case or requirement.
    """
    known = frozenset(requirements)
    for waiver in waivers:
        if waiver.requirement not in known:
            raise BaselineError(
                f"the baseline waives the unknown requirement {waiver.requirement!r}"
                f"{hint(waiver.requirement, known)}"
            )
        cases = frozenset(cases_like(waiver.case)) | {AMBIENT}
        if waiver.case not in cases:
            raise BaselineError(
                f"the baseline waives the unknown case {waiver.case!r}{hint(waiver.case, cases)}"
            )


def hint(wanted: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the names that are nearest to it."""
    near = get_close_matches(wanted, sorted(known), n=3, cutoff=0.7)
    return f"; near: {', '.join(near)}" if near else ""


def apply(result: CaseResult, waivers: Iterable[Waiver]) -> CaseResult:
    """The result with what the baseline knows.

    Findings are waived or said to be out of sight; stale waivers are findings of their own.
    """
    own = {waiver.requirement: waiver for waiver in waivers if waiver.case == result.case}
    if not own:
        return result
    needed: set[str] = set()
    findings: list[Finding] = []
    for finding in result.findings:
        waiver = own.get(finding.requirement)
        verdict = None if waiver is None else _accepted(waiver, finding.verdict)
        if waiver is None or verdict is None:
            findings.append(finding)
        else:
            needed.add(finding.requirement)
            findings.append(replace(finding, verdict=verdict, reason=waiver.reason))
    if result.verdict not in (Verdict.NOT_APPLICABLE, Verdict.INCONCLUSIVE):
        findings += (_stale(own[name]) for name in own if name not in needed)
    return replace(result, findings=findings)


def _accepted(waiver: Waiver, verdict: Verdict) -> Verdict | None:
    """What a verdict becomes; None if that is not what the waiver accepts."""
    if waiver.unseen:
        return Verdict.NOT_APPLICABLE if verdict is Verdict.INCONCLUSIVE else None
    return Verdict.WAIVED if verdict in _BROKEN else None


def of_results(results: Iterable[CaseResult]) -> tuple[Waiver, ...]:
    """Waivers for all that failed or deviated; reasons given before are kept.

    What was inconclusive is not listed unless it was before: it is to be looked into.
    """
    waivers: dict[tuple[str, str], Waiver] = {}
    for result in results:
        for finding in result.findings:
            if finding.verdict in _BROKEN:
                reason = NOT_ARGUED
            elif finding.verdict in _ACCEPTED:
                reason = finding.reason or NOT_ARGUED
            else:
                continue
            pair = (result.case, finding.requirement)
            unseen = finding.verdict is Verdict.NOT_APPLICABLE
            waivers.setdefault(pair, Waiver(*pair, reason, unseen))
    return tuple(waivers.values())


def of_strays(findings: Iterable[Finding]) -> tuple[Waiver, ...]:
    """Waivers for what belongs to no case."""
    return of_results([CaseResult(AMBIENT, list(findings))])


def render(waivers: Sequence[Waiver], target: str) -> str:
    """A baseline file with these waivers."""
    head = (
        f"# What {target} is known to do differently. Used with --baseline=FILE, or as the\n"
        "# [[waiver]] and [[unseen]] tables of a profile. Give each row its reason; what is no\n"
        "# longer so is reported as stale and has to go.\n"
    )
    rows = (
        f"\n[[{_UNSEEN if waiver.unseen else _WAIVER}]]\n"
        + "".join(f"{name} = {_quoted(getattr(waiver, name))}\n" for name in _FIELDS)
        for waiver in waivers
    )
    return head + "".join(rows)


def _waiver(row: Mapping[str, Any], where: str, *, unseen: bool) -> Waiver:
    for name in row:
        if name not in _FIELDS:
            raise BaselineError(f"{where}: unknown field {name!r}{hint(name, _FIELDS)}")
    for name in _FIELDS:
        if name not in row:
            raise BaselineError(f"{where}: {name} is missing")
        if not isinstance(row[name], str) or not row[name].strip():
            raise BaselineError(f"{where}: {name} is not a text")
    return Waiver(row["case"], row["requirement"], row["reason"], unseen)


def _stale(waiver: Waiver) -> Finding:
    listed = "lists it as out of sight" if waiver.unseen else "waives it"
    reason = f"the baseline {listed} ({waiver.reason}), and it is no longer so"
    return Finding(waiver.requirement, Verdict.STALE, reason=reason)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

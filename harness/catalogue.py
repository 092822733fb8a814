"""The requirements that cases cite, read from ``testcases/catalogue/rfc<N>.toml``.

What no RFC lays down and the manuals of socket calls describe is in ``sockets.toml``.

The catalogue is the only place for level, section, page and role. Its rules, checked on loading:

- a row is written once; its id begins with the number of the RFC that its file is named after,
  or with ``sockets``
- ``level`` is the RFC's own keyword, ``implied-`` where the text predates the keywords
- ``judged_as`` is the level that decides today and never comes without ``judged_because``
- at most one of ``implied_by``, ``untestable``, ``out_of_scope`` and ``superseded_by`` explains
  why no case is needed; a superseded clause is observed, never failed
- what a row refers to by id exists; what implies it is a row that needs cases of its own
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

SOCKETS = "sockets"
"""In the place of an RFC's number: the calls of Berkeley sockets, whose manual is ip(4)."""
MANUAL = "https://man.freebsd.org/cgi/man.cgi?query=ip&sektion=4"

DIRECTORY = Path(__file__).resolve().parent.parent / "testcases" / "catalogue"


class CatalogueError(ValueError):
    """The catalogue is broken, or it is asked for something that it does not hold."""


class UnknownRequirement(CatalogueError, KeyError):
    """An id or a prefix that no row has; the message carries the nearest ids."""

    __str__ = ValueError.__str__  # KeyError would show the message in quotes


class Strength(StrEnum):
    """How much a clause wants, whichever way it points: decides the kind of verdict."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Level(StrEnum):
    """The keyword of a clause; ``implied-`` where the RFC predates RFC 2119 or avoids the word."""

    MUST = "MUST"
    MUST_NOT = "MUST NOT"
    SHOULD = "SHOULD"
    SHOULD_NOT = "SHOULD NOT"
    MAY = "MAY"
    IMPLIED_MUST = "implied-MUST"
    IMPLIED_MUST_NOT = "implied-MUST NOT"
    IMPLIED_SHOULD = "implied-SHOULD"
    IMPLIED_SHOULD_NOT = "implied-SHOULD NOT"
    IMPLIED_MAY = "implied-MAY"

    @property
    def implied(self) -> bool:
        """Whether the keyword is ours, read into a text that has none."""
        return self.value.startswith("implied-")

    @property
    def strength(self) -> Strength:
        """The keyword without ``implied-`` and ``NOT``."""
        return Strength(self.value.removeprefix("implied-").removesuffix(" NOT"))


class Role(StrEnum):
    """Whom a clause binds."""

    HOST = "host"
    ROUTER = "router"
    BOTH = "both"


class Observable(StrEnum):
    """Where obeying or breaking a clause shows."""

    WIRE = "wire"
    API = "api"
    COUNTER = "counter"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One row: what one clause wants of whom, in our own words."""

    id: str
    rfc: str
    section: str
    title: str
    level: Level
    role: Role
    gist: str
    observable: Observable
    page: int | None = None
    judged_as: Level | None = None
    judged_because: str = ""
    conflicts: str = ""
    superseded_by: tuple[str, ...] = ()
    implied_by: tuple[str, ...] = ()
    untestable: str = ""
    out_of_scope: str = ""
    see_also: str = ""
    note: str = ""

    @property
    def judged_level(self) -> Level:
        """The level that decides today: a superseded clause binds nobody."""
        if self.superseded_by:
            return Level.MAY
        return self.judged_as or self.level

    @property
    def strength(self) -> Strength:
        """What a breach amounts to today: MUST fails, SHOULD deviates, MAY is observed."""
        return self.judged_level.strength

    @property
    def implied(self) -> bool:
        """Whether the keyword is ours rather than the RFC's."""
        return self.level.implied

    @property
    def explained(self) -> bool:
        """Whether the row says why no case has to cite it."""
        return any(getattr(self, name) for name in _EXCLUSIVE)

    @property
    def document(self) -> str:
        """The text that the clause stands in, as people cite it."""
        return document_name(self.rfc)

    @property
    def mark(self) -> str:
        """The name of the document for marks and files: ``rfc1122``, ``sockets``."""
        return self.rfc if self.rfc == SOCKETS else f"rfc{self.rfc}"

    @property
    def url(self) -> str:
        """Link to the clause; by page where the RFC does not number its sections."""
        if self.rfc == SOCKETS:
            return MANUAL
        base = f"https://www.rfc-editor.org/rfc/rfc{self.rfc}"
        if number := re.match(r"\d+(\.\d+)*", self.section):
            return f"{base}#section-{number[0]}"
        if appendix := re.match(r"Appendix (\w+)", self.section):
            return f"{base}#appendix-{appendix[1]}"
        return base if self.page is None else f"{base}#page-{self.page}"


def document_name(rfc: str) -> str:
    """A document of the catalogue as people cite it, by the number of the RFC or ``sockets``."""
    return "Berkeley sockets" if rfc == SOCKETS else f"RFC {rfc}"


def document_order(rfc: str) -> tuple[bool, int]:
    """The place of a document among others: RFCs by number, then what is none."""
    return (True, 0) if rfc == SOCKETS else (False, int(rfc))


class Catalogue(Mapping[str, Requirement]):
    """All requirements by id, in the order of RFC number and file; those of no RFC come last."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Iterable[Requirement]) -> None:
        self._rows: dict[str, Requirement] = {}
        for row in rows:
            if row.id in self._rows:
                raise CatalogueError(f"{row.mark}.toml: two rows have the id {row.id}")
            self._rows[row.id] = row
        for row in self._rows.values():
            self._check_references(row)

    def __getitem__(self, requirement_id: str) -> Requirement:
        try:
            return self._rows[requirement_id]
        except KeyError:
            raise UnknownRequirement(
                f"unknown requirement {requirement_id!r}{self._hint(requirement_id)}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, requirement_id: object) -> bool:
        return requirement_id in self._rows

    def matching(self, prefix: str) -> tuple[Requirement, ...]:
        """Rows whose id is the prefix or goes on from it where a part of the id ends.

        ``1122-3.2.2`` stands for the section and all below it, not for 3.2.21.
        """
        plain = prefix.removeprefix("rfc")
        found = tuple(row for row in self._rows.values() if _continues(row.id, plain))
        if not found:
            raise UnknownRequirement(f"no requirement begins with {prefix!r}{self._hint(plain)}")
        return found

    def _hint(self, wanted: str) -> str:
        from difflib import get_close_matches  # only for a message, so not at import

        near = get_close_matches(wanted, self._rows, n=3, cutoff=0.7)
        return f"; near: {', '.join(near)}" if near else ""

    def _check_references(self, row: Requirement) -> None:
        replacements = (name for name in row.superseded_by if not _CLAUSE.fullmatch(name))
        for name in (*row.implied_by, *replacements):
            if name == row.id:
                raise CatalogueError(f"{row.mark}.toml: {row.id} refers to itself")
            if name not in self._rows:
                raise CatalogueError(
                    f"{row.mark}.toml: {row.id} refers to the unknown requirement "
                    f"{name!r}{self._hint(name)}"
                )
        for name in row.implied_by:
            if self._rows[name].explained:
                raise CatalogueError(
                    f"{row.mark}.toml: {row.id} is implied by {name}, which no case has to cover"
                )


@cache
def load(directory: Path | None = None) -> Catalogue:
    """The catalogue of a directory, by default our own; read once."""
    folder = directory or DIRECTORY
    paths = {
        path.stem.removeprefix("rfc"): path
        for path in folder.glob("*.toml")
        if re.fullmatch(rf"(rfc\d+|{SOCKETS})\.toml", path.name)
    }
    if not paths:
        raise CatalogueError(f"no rfc<N>.toml in {folder}")
    return Catalogue(
        row for number in sorted(paths, key=document_order) for row in _read(paths[number], number)
    )


_CLAUSE = re.compile(r"\d+ \S.*")
_TEXTS = frozenset(
    {"id", "section", "title", "gist", "judged_because", "conflicts"}
    | {"untestable", "out_of_scope", "see_also", "note"}
)
_LISTS = frozenset({"superseded_by", "implied_by"})
_KNOWN = frozenset(field.name for field in fields(Requirement)) - {"rfc"}
_NEEDED = ("id", "section", "title", "level", "role", "gist", "observable")
_EXCLUSIVE = ("implied_by", "untestable", "out_of_scope", "superseded_by")
_Choice = TypeVar("_Choice", bound=StrEnum)


def _continues(requirement_id: str, prefix: str) -> bool:
    """Whether the id is the prefix, or the prefix and further whole parts."""
    if not prefix or not requirement_id.startswith(prefix):
        return False
    rest = requirement_id[len(prefix) :]
    if not rest or prefix[-1] in "-." or not rest[0].isalnum():
        return True
    return prefix[-1].isdigit() and rest[0].isalpha()  # 3.2.1.8 holds 3.2.1.8a


def _read(path: Path, rfc: str) -> Iterator[Requirement]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name}: {error}") from error
    rows = document.pop("requirement", None)
    if document:
        raise CatalogueError(f"{path.name}: unknown key {next(iter(document))!r} beside the rows")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CatalogueError(f"{path.name}: no [[requirement]] rows")
    for position, row in enumerate(rows, start=1):
        try:
            yield _requirement(row, rfc)
        except CatalogueError as error:
            name = row.get("id", f"row {position}")
            raise CatalogueError(f"{path.name}: {name}: {error}") from None


def _requirement(row: dict[str, Any], rfc: str) -> Requirement:
    _check_fields(row)
    if not row["id"].startswith(f"{rfc}-"):
        raise CatalogueError(f"the id does not begin with {rfc}-")
    if ("judged_as" in row) != ("judged_because" in row):
        raise CatalogueError("judged_as and judged_because go together")
    given = [name for name in _EXCLUSIVE if name in row]
    if len(given) > 1:
        raise CatalogueError(f"{' and '.join(given)} exclude each other")
    if "superseded_by" in row and "judged_as" in row:
        raise CatalogueError("a superseded clause is not judged: drop judged_as or superseded_by")
    values: dict[str, Any] = {
        name: tuple(value) if name in _LISTS else value for name, value in row.items()
    }
    values["level"] = _choice(Level, "level", row["level"])
    values["role"] = _choice(Role, "role", row["role"])
    values["observable"] = _choice(Observable, "observable", row["observable"])
    if "judged_as" in row:
        values["judged_as"] = _choice(Level, "judged_as", row["judged_as"])
    return Requirement(rfc=rfc, **values)


def _check_fields(row: dict[str, Any]) -> None:
    for name, value in row.items():
        if name not in _KNOWN:
            raise CatalogueError(f"unknown field {name!r}")
        if name in _TEXTS and not (isinstance(value, str) and value.strip()):
            raise CatalogueError(f"{name} is not a text")
        if name in _LISTS and not (
            isinstance(value, list) and value and all(isinstance(item, str) for item in value)
        ):
            raise CatalogueError(f"{name} is not a list of texts")
    for name in _NEEDED:
        if name not in row:
            raise CatalogueError(f"{name} is missing")
    page = row.get("page", 1)
    if type(page) is not int or page < 1:
        raise CatalogueError("page is not a positive integer")


def _choice(choices: type[_Choice], name: str, value: Any) -> _Choice:
    try:
        return choices(value)
    except ValueError:
        raise CatalogueError(f"unknown {name} {value!r}, not one of {', '.join(choices)}") from None

"""What Allure wants to know of a run rather than of a case: files beside the results.

Written by one process of a run, the one that also owns the directory. No allure package is
needed: these are the files of the Allure 2 results format, which Allure 3 reads too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = "allure-results"

CATEGORIES: tuple[tuple[str, str, str], ...] = (
    ("Nonconformance", "failed", r"(RFC \d+|Berkeley sockets) [\s\S]*"),
    ("Stale waiver", "failed", r"stale waiver: [\s\S]*"),
    ("Deviation", "broken", r"(RFC \d+|Berkeley sockets) [\s\S]*"),
    ("Inconclusive", "unknown", r"inconclusive: [\s\S]*"),
    ("Waived", "skipped", r"waived: [\s\S]*"),
    ("Not applicable", "skipped", r"not applicable: [\s\S]*"),
)
"""Category, Allure's status, and a pattern of the whole message, as `words.message` begins it.

What is left over (an exception of the tester's own) stays in Allure's own categories.
"""


@dataclass(frozen=True, slots=True)
class ResultsDirectory:
    """Where a run writes its Allure results, and where they go when it is complete.

    Each run has a directory of its own that takes its place at the end. Nothing is deleted
    before a run: creating files right after deleting thousands costs several times more, and a
    run that breaks off leaves the results of the one before.
    """

    path: Path
    """Where to write now."""
    place: Path
    """Where the results are found after `finish`."""

    @classmethod
    def begin(cls, reports: Path, target: str) -> ResultsDirectory:
        """A new empty directory beside the results of the target's last run."""
        place = reports / target / RESULTS
        path = place.with_name(f"{RESULTS}.{os.getpid()}")
        if path.exists():  # left by a run that broke off, under a number that came round again
            shutil.rmtree(path)
        path.mkdir(parents=True)
        return cls(path, place)

    def finish(self) -> None:
        """Put the results in their place, then delete what was there and what was left behind."""
        if self.place.exists():
            self.place.rename(self.place.with_name(f"{RESULTS}.{os.getpid()}.old"))
        self.path.rename(self.place)
        for other in self.place.parent.glob(f"{RESULTS}.*"):
            if not _in_use(other):
                shutil.rmtree(other, ignore_errors=True)


def _in_use(directory: Path) -> bool:
    """Whether another run that still goes on writes there."""
    number = directory.name.removeprefix(f"{RESULTS}.")
    if not number.isdigit() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_run_files(
    directory: Path,
    target: str,
    configuration: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
) -> None:
    """Write `environment.properties`, `categories.json` and `executor.json`.

    Args:
        directory: Allure's results directory.
        target: the target's name.
        configuration: what was judged; nested tables become dotted names.
        environ: the environment in which CI systems tell of themselves; by default the process's.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _write(directory / "environment.properties", properties({"target": target, **configuration}))
    _write(directory / "categories.json", json.dumps(categories(), indent=2) + "\n")
    made = executor(target, os.environ if environ is None else environ)
    _write(directory / "executor.json", json.dumps(made, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def categories() -> list[dict[str, Any]]:
    """The categories as the Allure 2 format wants them."""
    return [
        {"name": name, "matchedStatuses": [status], "messageRegex": pattern}
        for name, status, pattern in CATEGORIES
    ]


def executor(target: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """Who ran it: a CI system that is known by its environment, else ip4spec by hand."""
    made: dict[str, Any] = {"reportName": f"ip4spec: {target}"}
    for kind, name, mark, build, url in _CI_SYSTEMS:
        if mark in environ:
            made |= {"name": name, "type": kind, "buildName": f"{name} {environ.get(build, '')}"}
            with suppress(KeyError):
                made["buildUrl"] = url.format_map(environ)
            with suppress(KeyError, ValueError):
                made["buildOrder"] = int(environ[build])
            return made
    return made | {"name": "ip4spec", "type": "ip4spec"}


_CI_SYSTEMS = (
    (
        "github",
        "GitHub Actions",
        "GITHUB_ACTIONS",
        "GITHUB_RUN_NUMBER",
        "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
    ),
    ("gitlab", "GitLab", "GITLAB_CI", "CI_PIPELINE_IID", "{CI_JOB_URL}"),
    ("jenkins", "Jenkins", "JENKINS_URL", "BUILD_NUMBER", "{BUILD_URL}"),
)
"""Allure's name, people's name, the variable that tells, the build's number, its address."""


def properties(values: Mapping[str, Any]) -> str:
    """Plain data as a Java properties file."""
    return "".join(
        f"{_escaped(name, separators=True)} = {_escaped(value, separators=False)}\n"
        for name, value in _flat(values, "")
    )


def _flat(values: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple | set | frozenset):
            listed = sorted(value, key=str) if isinstance(value, set | frozenset) else value
            yield f"{prefix}{name}", ", ".join(map(_plain, listed))
        else:
            yield f"{prefix}{name}", _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_plain(inner)}" for name, inner in value.items())
    return str(value)


def _escaped(text: str, *, separators: bool) -> str:
    """Text for a properties file: ASCII, separators quoted in names."""
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    if separators:
        text = re.sub(r"([ :=#!])", r"\\\1", text)
    return "".join(
        character if " " <= character <= "~" else _unicode(character) for character in text
    )


def _unicode(character: str) -> str:
    octets = character.encode("utf-16-be")
    return "".join(f"\\u{octets[i : i + 2].hex()}" for i in range(0, len(octets), 2))

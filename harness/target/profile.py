"""Profiles: what a target is, what it can do and what it is known to do differently.

ISO 9646 calls these ICS and IXIT. A profile is a TOML file, found by name in `targets/` or by
path:

    [target]     name, kind, description; for some kinds topology, upper, policy (see `KINDS`)
    [offers]     topologies, settings, calls, counters... (see `harness.target.base.Offers`)
    [timers]     seconds: settle, the time in which the target answers, and its own timeouts
    [settings]   values that can't be changed: a case that wants another is not applicable;
                 of kind external, and of kind bundled for what its policy lacks
    [sysctl]     of kind linux: names below net/, "*" is every interface and "all"
    [[link]]     of kind external: see `harness.target.topology`
    [[waiver]]   case, requirement, reason: see `harness.baseline`
    [[unseen]]   the same, for what can't be seen because of what is waived
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from harness.addresses import LinkPlan
from harness.baseline import TABLES as BASELINE
from harness.baseline import BaselineError, Waiver, hint, parse
from harness.case.model import Topology
from harness.target.base import Offers, TargetError
from harness.target.topology import load_links, parse_links, read_toml, refuse_unknown
from harness.upper import protocol

PROFILES: Final = Path(__file__).resolve().parents[2] / "targets"
"""The profiles that have names."""

COMMON: Final = ("name", "kind", "description")
KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "bundled": ("policy", "igmp"),
        "linux": (),
        "external": ("topology", "upper"),
    }
)
"""Kinds of target, with what `[target]` may say besides: the reference stack's policy by name and
the version of IGMP that is switched on in its place; the path of a file of links; the path of the
upper tester's Unix socket."""

TABLES: Final = ("target", "offers", "timers", "settings", "sysctl", "link", *BASELINE)
TABLES_OF_SOME_KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"sysctl": ("linux",), "link": ("external",), "settings": ("external", "bundled")}
)
SETTINGS: Final = (
    "mtu",
    "source_routing",
    "default_ttl",
    "default_route",
    "second_gateway",
    "forwarding",
    "arp_lifetime",
)
"""The settings that cases may ask for (`harness.case.model`)."""
_OF_THE_TESTER_ITSELF: Final = {"hello", "capabilities", "address"}
CALLS: Final = tuple(name for name in protocol.CALLS if name not in _OF_THE_TESTER_ITSELF)
"""The upper-tester calls that cases may make (`harness.case.steps`)."""
OFFERS: Final = (
    "topologies",
    "settings",
    "calls",
    "counters",
    "closed_counters",
    "exact_counters",
    "restart",
)
SETTLE: Final = 0.25
"""Seconds in which a target answers, where a profile says nothing."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What one file says of a target.

    Attributes:
        name: as reports call the target.
        kind: one of `KINDS`.
        description: one line for people.
        path: the file.
        offers: what the target can do.
        timers: seconds by name; `settle` is always among them.
        settings: what can't be changed, by the name of the setting.
        sysctl: values by name below net/.
        links: what is wired to what; empty where the target makes its own links.
        waivers: what the target is known to do differently.
        options: what the kind needs besides, such as `policy`.
    """

    name: str
    kind: str
    description: str
    path: Path
    offers: Offers
    timers: Mapping[str, float]
    settings: Mapping[str, Any]
    sysctl: Mapping[str, int | str]
    links: tuple[LinkPlan, ...]
    waivers: tuple[Waiver, ...]
    options: Mapping[str, str]


def load_profile(wanted: str | Path) -> Profile:
    """The profile of a name, or of a path: that ends in .toml or has a slash.

    Raises:
        TargetError: there is none, or it makes no sense.
    """
    path = _find(wanted)
    where = f"profile {path}"
    document = read_toml(path, where)
    refuse_unknown(document, TABLES, where)
    target = _target(document, where)
    kind = target["kind"]
    for table, owners in TABLES_OF_SOME_KINDS.items():
        if table in document and kind not in owners:
            raise TargetError(
                f"{where}: [{table}] is for targets of kind {' and '.join(owners)}, not {kind}"
            )
    settings = _settings(document, where)
    try:
        waivers = parse(document, where)
    except BaselineError as error:
        raise TargetError(str(error)) from None
    return Profile(
        name=target["name"],
        kind=kind,
        description=target.get("description", ""),
        path=path,
        offers=_offers(document, settings, where),
        timers=_timers(document, where),
        settings=settings,
        sysctl=_sysctl(document, where),
        links=_links(document, target, path, where),
        waivers=waivers,
        options={key: value for key, value in target.items() if key not in COMMON},
    )


def profile_names() -> tuple[str, ...]:
    """The names of the profiles that come with the tester."""
    return tuple(sorted(path.stem for path in PROFILES.glob("*.toml")))


def _find(wanted: str | Path) -> Path:
    text = str(wanted)
    if text.endswith(".toml") or "/" in text:
        return Path(wanted)
    path = PROFILES / f"{text}.toml"
    if not path.is_file():
        names = profile_names()
        near = hint(text, names) or f"; there are {', '.join(names)}"
        raise TargetError(f"no target or profile is called {text!r}{near}")
    return path


def _target(document: Mapping[str, Any], where: str) -> Mapping[str, str]:
    table = _table(document, "target", where)
    for key in ("name", "kind"):
        if key not in table:
            raise TargetError(f"{where}: [target] has no {key}")
    for key, value in table.items():
        if not isinstance(value, str) or not value:
            raise TargetError(f"{where}: {key} of [target] is not a text")
    kind = table["kind"]
    if kind not in KINDS:
        near = hint(kind, KINDS) or f"; there are {', '.join(KINDS)}"
        raise TargetError(f"{where}: unknown kind {kind!r}{near}")
    refuse_unknown(table, (*COMMON, *KINDS[kind]), f"{where}: [target]")
    return table


def _offers(document: Mapping[str, Any], settings: Mapping[str, Any], where: str) -> Offers:
    table = _table(document, "offers", where)
    where = f"{where}: [offers]"
    refuse_unknown(table, OFFERS, where)
    offered = _names(table, "settings", SETTINGS, where)
    return Offers(
        topologies=_names(table, "topologies", [one.value for one in Topology], where),
        settings=offered | frozenset(settings),
        calls=_names(table, "calls", CALLS, where),
        counters=_flag(table, "counters", where),
        closed_counters=_flag(table, "closed_counters", where),
        exact_counters=_names(table, "exact_counters", None, where),
        restart=_flag(table, "restart", where),
        values={name: (value,) for name, value in settings.items()},
    )


def _timers(document: Mapping[str, Any], where: str) -> Mapping[str, float]:
    timers = {"settle": SETTLE}
    for name, value in _table(document, "timers", where).items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise TargetError(f"{where}: timer {name} is not a number of seconds above 0")
        timers[name] = float(value)
    return timers


def _settings(document: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    settings = _table(document, "settings", where)
    refuse_unknown(settings, SETTINGS, f"{where}: [settings]")
    return settings


def _sysctl(document: Mapping[str, Any], where: str) -> Mapping[str, int | str]:
    table = _table(document, "sysctl", where)
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise TargetError(f"{where}: {name} of [sysctl] is neither a number nor a text")
        if name.startswith("/") or ".." in name:
            raise TargetError(f"{where}: [sysctl] {name!r} is no name below net/")
    return table


def _links(
    document: Mapping[str, Any], target: Mapping[str, str], path: Path, where: str
) -> tuple[LinkPlan, ...]:
    if "topology" not in target:
        return parse_links(document.get("link", []), where)
    if "link" in document:
        raise TargetError(f"{where}: it has links of its own and names a topology file too")
    return load_links(path.parent / target["topology"])


def _table(document: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise TargetError(f"{where}: {name} is written [{name}]")
    return table


def _names(
    table: Mapping[str, Any], key: str, known: list[str] | tuple[str, ...] | None, where: str
) -> frozenset[str]:
    names = table.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TargetError(f"{where}: {key} is not a list of texts")
    if known is not None:
        for name in names:
            if name not in known:
                near = hint(name, known) or f"; there are {', '.join(known)}"
                raise TargetError(f"{where}: {key} has the unknown {name!r}{near}")
    return frozenset(names)


def _flag(table: Mapping[str, Any], key: str, where: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise TargetError(f"{where}: {key} is neither true nor false")
    return value

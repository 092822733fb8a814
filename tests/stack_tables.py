"""The tables of docs/stack-tables.md, made from the code: `python -m tests.stack_tables` writes it.

What a line says of a name is that name's docstring; `tests/test_docs.py` holds the page to it.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from stack import choices, counters
from stack.policy import NETSTACK, NETSTACK_LATER, RFC
from stack.refusal import Reason

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "stack-tables.md"
SECOND: Final = 1_000_000
NOT_A_BOUND: Final = {
    "option_work",
    "option_walk",
    "options",
    "security_option",
}
"""Modules whose numbers are codes of the protocols."""
CODES: Final = {
    "connection_tracking.IDENTIFIERS",
    "connection_tracking.OTHER_PORTS",
    "connection_tracking.PRIVILEGED_PORTS",
    "core.DAY",
    "hook_match.ANY_PORT",
    "icmp_errors.PRECEDENCE",
    "igmp.TENTH",
    "igmp.TOS_V3",
    "nat.ECHO",
    "nat_targets.LOOPBACK",
    "nic.NO_MAC",
    "raw_socket.SEND_ONLY",
    "redirects.TOS_MASK",
    "router_discovery.NO_DEFAULT",
    "router_discovery.SOLICITATION_ADDRESSES",
    "source_route.LOOSE",
    "source_route.STRICT",
}
"""Other numbers that bound nothing."""
HEAD: Final = """\
# Tables of the reference stack

Every choice, refusal, counter, bound and timer of `stack/`, as the code has them.
[stack.md](stack.md) says how they are used; S-numbers are the rules of
[stack_behaviour.md](stack_behaviour.md).

This page is written from the code by `python -m tests.stack_tables`, and a test holds it to that.
"""


class Named(NamedTuple):
    """A name that a body assigns to, and the docstring behind it."""

    line: int
    name: str
    text: str
    """Empty when there is none."""
    unit: bool
    """The value is made of SECOND."""


def named(body: list[ast.stmt]) -> Iterator[Named]:
    """What a module or class assigns, in order."""
    for place, statement in enumerate(body):
        if isinstance(statement, ast.AnnAssign):
            target: ast.expr = statement.target
        elif isinstance(statement, ast.Assign):
            target = statement.targets[0]
        else:
            continue
        after = body[place + 1] if place + 1 < len(body) else None
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = " ".join(str(after.value.value).split())
        if isinstance(target, ast.Name):
            unit = "SECOND" in ast.unparse(statement).partition("=")[2]
            yield Named(statement.lineno, target.id, text, unit)


def source(module: str) -> tuple[str, ast.Module]:
    """The text and the syntax tree of a module of the stack."""
    text = (ROOT / "stack" / f"{module}.py").read_text()
    return text, ast.parse(text)


def told(value: object, *, unit: bool = False) -> str:
    """A value as readers want it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value / SECOND:,g} s" if unit else f"{value:,}"
    return str(value)


def row(*cells: str) -> str:
    """One line of a table."""
    return "| " + " | ".join(cells) + " |"


def rows(names: list[str]) -> list[str]:
    """The head of a table."""
    return [row(*names), row(*["---"] * len(names)).replace(" ", "")]


def policy() -> Iterator[str]:
    """Every field of `Policy`, under the headings that the class has."""
    text, tree = source("policy")
    lines = text.splitlines()
    (body,) = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    yield from (
        "",
        "## Policy",
        "",
        "True is what the RFCs want. `LATER` is `NETSTACK_LATER`.",
    )
    for field in named(body):
        above = lines[field.line - 2].strip()
        if above.startswith("# "):
            yield from ("", f"### {above[2:]}", "")
            yield from rows(["field", "RFC", "NETSTACK", "LATER", "what it decides"])
        values = (getattr(preset, field.name) for preset in (RFC, NETSTACK, NETSTACK_LATER))
        yield row(f"`{field.name}`", *(told(each, unit=field.unit) for each in values), field.text)


def sides() -> Iterator[str]:
    """Every choice with more than two sides."""
    yield from ("", "## Choices", "", "Enums of `stack.choices`.", "", *rows(["choice", "is"]))
    for name, kind in vars(choices).items():
        if isinstance(kind, type) and issubclass(kind, Enum) and kind is not Enum:
            for side in kind:
                yield row(f"`{name}.{side.name}`", side.value)


def refusals() -> Iterator[str]:
    """Every reason for which a call is refused."""
    yield from ("", "## Refusals", "", "`stack.refusal.Reason`, which `Refused` carries.", "")
    yield from rows(["reason", "says"])
    yield from (row(f"`{reason.name}`", reason.value) for reason in Reason)


def counts() -> Iterator[str]:
    """Every counter of both views."""
    yield from (
        "",
        "## Counters",
        "",
        "`Counters.mib()`. One NIC has the objects of IP, ICMP and IGMP; IGMP's are below.",
        "`icmpMsgStatsInPkts.N` and `icmpMsgStatsOutPkts.N` count ICMP messages of type N.",
        "",
    )
    yield from rows(["object", "counts"])
    mib = (counters.IP_MIB, counters.ICMP_MIB, counters.UDP_MIB, counters.TCP_MIB)
    for group in mib:
        yield from (row(f"`{name}`", text) for name, text in group.items())
    yield from ("", "`Counters.netstack()`; an S-number is the rule that moves it.", "")
    yield from rows(["counter", "counts", "the same number as"])
    groups = (
        counters.IP_NAMES,
        counters.ICMP_NAMES,
        counters.IGMP_NAMES,
        counters.ARP_NAMES,
        counters.STACK_NAMES,
    )
    for group in groups:
        for name, text in group.items():
            same = counters.SAME.get(name)
            yield row(f"`{name}`", text, f"`{same}`" if same else "")


class Bound(NamedTuple):
    """A limit or a time that is built in."""

    name: str
    value: str
    text: str


def bounds() -> Iterator[Bound]:
    """Every constant of the stack that is a limit or a time."""
    for path in sorted((ROOT / "stack").glob("*.py")):
        module = path.stem
        if module in NOT_A_BOUND:
            continue
        values = vars(importlib.import_module(f"stack.{module}"))
        for constant in named(source(module)[1].body):
            name, full = constant.name, f"{module}.{constant.name}"
            value = values.get(name)
            hidden = name.startswith("_") or not name.isupper() or name == "SECOND"
            # What `counters` names by numbers are places, no bounds.
            place = full.startswith("counters.")
            if hidden or place or full in CODES or not _counts(value):
                continue
            yield Bound(full, _figure(value, constant), constant.text)


def _counts(value: object) -> bool:
    if type(value) is tuple:
        return all(type(each) is int for each in value)
    return type(value) is int


def _figure(value: object, constant: Named) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return told(value, unit=constant.unit or "icroseconds" in constant.text)


def limits() -> Iterator[str]:
    """The table of bounds."""
    yield from ("", "## Bounds and timers", "", "Constants of the modules of `stack/`.", "")
    yield from rows(["constant", "value", "what it bounds"])
    for bound in bounds():
        text = bound.text.removeprefix("Microseconds. ").replace("Microseconds in", "Time in")
        yield row(f"`{bound.name}`", bound.value, text)


def page() -> str:
    """The whole page."""
    parts = (*policy(), *sides(), *refusals(), *counts(), *limits())
    return HEAD + "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())

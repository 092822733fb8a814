"""That what is written for readers holds: examples run, tables are whole, links lead on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import stack.wire
from stack.hooks import Hooks, Place
from stack.icmp_socket import IcmpSocket
from stack.multicast_forward import MulticastForwarding
from stack.node import Node
from stack.policy import NETSTACK, NETSTACK_LATER, RFC
from stack.raw_socket import RawSocket
from stack.settings import NIC_SETTINGS
from stack.socket_options import COMMON
from stack.tcp_socket import TcpSocket
from stack.udp_socket import UdpSocket
from tests.stack_tables import PAGE, bounds, named, page, source

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
GUIDE = (ROOT / "docs" / "stack.md").read_text()
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
MAKE = re.compile(r"\bmake ([a-z]+(?: [a-z]+)*)\b")
MODULE = re.compile(r"python -m ([a-z_.]+)")
PATH = re.compile(r"`((?:\.ci|bench|docs|harness|stack|targets|testcases|tests)/[\w./-]*)`")
THROUGH = {"fit", "has_sent", "hear", "option_table", "put", "queues_errors", "wants"}
"""What sockets show to the stack and not to their users."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def with_blocks() -> list[Path]:
    return [path for path in PAGES if BLOCK.search(path.read_text())]


@pytest.mark.parametrize("path", with_blocks(), ids=name_of)
def test_the_examples_of_a_page_run_one_after_the_other(path: Path) -> None:
    text = path.read_text()
    names: dict[str, object] = {}
    for block in BLOCK.finditer(text):
        # So that a failing line has its number on the page.
        above = "\n" * text.count("\n", 0, block.start(1))
        exec(compile(above + block[1], name_of(path), "exec"), names)


def test_the_guide_and_the_readme_have_examples() -> None:
    assert {"README.md", "docs/stack.md"} <= set(map(name_of, with_blocks()))


def test_the_first_script_is_short() -> None:
    first = BLOCK.search(GUIDE)
    assert first is not None
    assert sum(bool(line) for line in first[1].splitlines()) <= 15


def anchors(path: Path) -> set[str]:
    """The links that GitHub makes of headings."""
    found = HEADING.findall(path.read_text())
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in found}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text()):
        if re.match("[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = path if not file else (path.parent / file).resolve()
        assert target.exists(), f"{name_of(path)}: {link}"
        assert not anchor or anchor in anchors(target), f"{name_of(path)}: {link}"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_paths_named_are_there(path: Path) -> None:
    for named_path in PATH.findall(path.read_text()):
        if "<" not in named_path:
            assert (ROOT / named_path).exists(), f"{name_of(path)}: {named_path}"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_named_are_there(path: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = path.read_text()
    code = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"```\n(.*?)```", text, re.DOTALL)]
    for command in code:
        for wanted in MAKE.findall(command):
            if command.lstrip().startswith("make"):
                assert set(wanted.split()) <= targets, f"{name_of(path)}: make {wanted}"
        for module in MODULE.findall(command):
            if module.partition(".")[0] in {"bench", "harness", "tests"}:
                place = ROOT / module.replace(".", "/")
                there = place.with_suffix(".py").exists() or (place / "__main__.py").exists()
                assert there, f"{name_of(path)}: {module}"


# The tables


def test_the_page_of_tables_is_what_the_code_says() -> None:
    # If it is not: python -m tests.stack_tables
    assert PAGE.read_text() == page()


def test_every_bound_says_what_it_bounds() -> None:
    assert [bound.name for bound in bounds() if len(bound.text) < 10] == []


def test_every_field_of_the_policy_says_what_it_decides() -> None:
    (body,) = (each.body for each in source("policy")[1].body if isinstance(each, ast.ClassDef))
    silent = [each.name for each in named(body) if not re.search("[a-z]{3}", each.text)]
    assert silent == []


# The guide


def told(name: str) -> bool:
    """Whether the guide names it, as a word of code."""
    return re.search(rf"`[^`\n]*\b{name}\b|^.*\.{name}\b", GUIDE, re.MULTILINE) is not None


def shown(kind: type) -> list[str]:
    return [name for name in dir(kind) if not name.startswith("_")]


@pytest.mark.parametrize("name", shown(Node))
def test_the_guide_names_every_call_of_a_node(name: str) -> None:
    assert told(name)


@pytest.mark.parametrize("name", sorted({*shown(MulticastForwarding), "add", "remove"}))
def test_the_guide_names_every_call_of_its_parts(name: str) -> None:
    assert hasattr(MulticastForwarding, name) or hasattr(Hooks, name)
    assert told(name)


@pytest.mark.parametrize("place", Place)
def test_the_guide_names_every_place_of_hooks(place: Place) -> None:
    assert told(place.name)


@pytest.mark.parametrize("kind", [UdpSocket, TcpSocket, RawSocket, IcmpSocket])
def test_the_guide_names_every_call_of_a_socket(kind: type) -> None:
    fields = set(getattr(kind, "__dataclass_fields__", {}))
    calls = set(shown(kind)) - THROUGH - fields
    assert [name for name in sorted(calls) if not told(name)] == []


def test_the_guide_lists_every_socket_option() -> None:
    table = GUIDE.partition("| name | value |")[2].partition("\n\n")[0]
    lines = [line.split("|")[1] for line in table.splitlines()[2:]]
    listed = {name for line in lines for name in re.findall(r"`(\w+)`", line)}
    assert listed == {*COMMON, *UdpSocket.option_table, *RawSocket.option_table}


@pytest.mark.parametrize("name", NIC_SETTINGS)
def test_the_guide_names_every_setting_of_a_nic(name: str) -> None:
    assert told(name)


# The map


def test_the_map_of_the_stack_lists_every_module_once() -> None:
    listed = re.findall(r"``(\w+)``", stack.__doc__ or "")
    there = {path.stem for path in (ROOT / "stack").glob("*.py")} - {"__init__"}
    assert sorted(listed) == sorted(there | {"wire"})


def test_the_map_of_the_wire_lists_every_module_once() -> None:
    listed = re.findall(r"^- ``(\w+)``", stack.wire.__doc__ or "", re.MULTILINE)
    there = {path.stem for path in (ROOT / "stack" / "wire").glob("*.py")} - {"__init__"}
    assert sorted(listed) == sorted(there)


def test_the_presets_are_named_where_they_are_listed() -> None:
    for name, preset in (("RFC", RFC), ("NETSTACK", NETSTACK), ("NETSTACK_LATER", NETSTACK_LATER)):
        assert getattr(stack, name) is preset
        assert f"| `{name}` |" in GUIDE

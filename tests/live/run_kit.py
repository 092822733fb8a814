"""Whole runs, as a user starts them, and what they leave: the kit of `test_runs*`."""

from __future__ import annotations

import getpass
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from harness.plugin.options import PROJECT
from harness.target.namespaces import Namespace
from tests.live.live_kit import namespace_of

LIBRARY = str(PROJECT / "testcases")

CASES = """
from harness.case import (
    CLOSED_PORT, FAR, FAR_TESTER, OPEN_PORT, TESTER, Case, Topology, advance, classify, data,
    echo_reply, echo_request, echo_served, expect, ip, open_udp, received, seconds, send, udp, way,
)

ASK = send(ip() / echo_request(data=b"a"))
ANSWERED = (ASK, expect(ip() / echo_reply(data=b"a")))
WRONG = (ASK, expect(ip() / echo_reply(data=b"b")))
MUST, SHOULD, MAY = "1122-3.2.2.6-a", "1122-3.2.2.6-i", "1122-3.2.2.6-c"


def case(word, cites, *steps, **more):
    return Case(f"rfc1122-3.2.2.6-{word}", cites, f"a run with one that is {word}", steps, **more)


CASES = (
    case("pass", MUST, *ANSWERED),
    case("counted", MUST, *ANSWERED, counters=echo_served()),
    case("fail", MUST, *WRONG),
    case("deviation", SHOULD, *WRONG),
    case(
        "observed", MAY, ASK,
        classify("echo", way("answered", ip() / echo_reply()), way("silent", None)),
    ),
    case(
        "inconclusive", MUST, *ANSWERED,
        control=(send(ip() / udp(dport=CLOSED_PORT)), expect(ip() / echo_reply())),
    ),
    case(
        "na", MUST, *WRONG,
        provided=(send(ip() / udp(dport=CLOSED_PORT)), expect(ip() / echo_reply())),
    ),
    case("waived", MUST, *WRONG),
    case("stale", MUST, *ANSWERED),
    case(
        "routed", MUST,
        send(ip(dst=FAR_TESTER, ttl=9) / udp() / data(b"x")),
        expect(ip(dst=FAR_TESTER, ttl=8) / udp() / data(b"x"), on=FAR),
        topology=Topology.ROUTER,
    ),
    case(
        "called", MUST,
        open_udp("s", port=OPEN_PORT),
        send(ip() / udp(dport=OPEN_PORT) / data(b"one")),
        received("s", data=b"one", source=TESTER),
    ),
    case("slow", MUST, open_udp("s", port=OPEN_PORT), advance(seconds(100)), *ANSWERED),
)
"""
"""One case for each verdict, and for each thing that a laboratory can have. `waived` and `stale`
are so by `KNOWN`."""

KNOWN = "".join(
    f"""
[[waiver]]
case = "rfc1122-3.2.2.6-{word}"
requirement = "1122-3.2.2.6-a"
reason = "it is known to be so"
"""
    for word in ("waived", "stale")
)


@dataclass(frozen=True)
class Ran:
    """A run that is over."""

    directory: Path
    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        """What it said instead of running: the lines of trouble."""
        return [line for line in self.err.splitlines() if line.strip()]

    def verdicts(self, target: str = "linux") -> dict[str, str]:
        """The verdicts in compliance.json, by the last word of the case."""
        return {case["id"]: case["verdict"] for case in self.report(target)["cases"]}

    def report(self, target: str = "linux") -> dict[str, Any]:
        path = self.directory / "reports" / target / "compliance.json"
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return document


@dataclass(frozen=True)
class Place:
    """A foreign directory to start runs in, with a library of its own."""

    directory: Path
    library: Path

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return path

    def profile(self, name: str = "linux") -> str:
        """The option for the profile `linux` under another name, without waivers for cases that
        are not in the library here."""
        text = (PROJECT / "targets" / "linux.toml").read_text(encoding="utf-8")
        text = text.partition("\n[[waiver]]")[0].replace('name = "linux"', f'name = "{name}"')
        return f"--profile={self.write(f'{name}.toml', text)}"

    def run(self, *arguments: str, library: str | None = None, before: Sequence[str] = ()) -> Ran:
        """Run to the end; nothing but reports may have been left."""
        process = self.start(*arguments, library=library, before=before)
        out, err = process.communicate(timeout=120)
        return Ran(self.directory, process.returncode, out, err)

    def start(
        self, *arguments: str, library: str | None = None, before: Sequence[str] = ()
    ) -> subprocess.Popen[str]:
        """Start a run in a session of its own, in the network namespace of this thread."""
        temporary = self.directory / "tmp"
        temporary.mkdir(exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
        environment |= {"TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
        environment.pop("PYTHONPATH", None)
        where = str(self.library) if library is None else library
        command = [sys.executable, "-m", "pytest", *where.split(), "-p", "no:cacheprovider"]
        return subprocess.Popen(
            [*before, *command, "--reports=reports", *arguments],
            cwd=self.directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def left(self) -> list[str]:
        """What lies about here that nobody asked for."""
        wanted = {"reports", "tmp", "checkout", "junit.xml", "allure"}
        of_pytest = f"pytest-of-{getpass.getuser()}"
        here = [path for path in self.directory.iterdir() if path.suffix != ".toml"]
        strays = [path for path in here if path.name not in wanted]
        temporary = self.directory / "tmp"
        strays += (path for path in temporary.iterdir() if path.name != of_pytest)
        strays += (self.directory / "reports").glob("*/allure-results.*")
        return sorted(str(path) for path in strays)


SHORT = (
    "--target=external",
    "--interface=cable",
    "--target-address=192.0.2.1/24",
    "--tester-addresses=192.0.2.10-192.0.2.49",
)
"""The link of `hand_made`, as the command line describes it."""

LINK = """
[[link]]
interface = "cable"
target = "192.0.2.1/24"
gateway = "192.0.2.254"
neighbours = "192.0.2.10-192.0.2.49"
absent = "192.0.2.50-192.0.2.59"
remotes = "198.18.0.0/16"
"""
FAR_LINK = """
[[link]]
interface = "second"
target = "198.51.100.1/24"
gateway = "198.51.100.254"
neighbours = "198.51.100.10-198.51.100.49"
absent = "198.51.100.50-198.51.100.59"
remotes = "198.19.0.0/16"
"""


def external(topology: str, *links: str) -> str:
    """A profile of an external target that can't be set to anything."""
    return f"""
[target]
name = "mine"
kind = "external"
description = "a Linux by hand"

[offers]
topologies = ["{topology}"]

[settings]
default_ttl = 64
{"".join(links)}
"""


def make_router(tester: Namespace, host: Namespace) -> None:
    """Make the host of `hand_made` a router with a second link, as `FAR_LINK` has it."""
    with tester.network() as network:
        macs = bytes.fromhex("025400000002"), bytes.fromhex("024950340002")
        network.add_pair("second", macs[0], "eth1", macs[1], host)
        network.bring_up("second")
    with host.network() as network:
        network.bring_up("eth1")
        network.add_address("eth1", "198.51.100.1", 24)
        network.add_route("198.19.0.0/16", "198.51.100.254")
    host.set("ipv4/ip_forward", 1)
    with tester.network() as network:
        network.await_carrier("second")


def make_place(directory: Path) -> Place:
    """A directory with a checkout whose library is `CASES`."""
    checkout = directory / "checkout"
    (checkout / "testcases" / "rfc1122").mkdir(parents=True)
    for name in ("conftest.py", "pyproject.toml", "harness", "stack", "targets"):
        (checkout / name).symlink_to(PROJECT / name)
    library = checkout / "testcases"
    (library / "catalogue").symlink_to(PROJECT / "testcases" / "catalogue")
    (library / "rfc1122" / "s3_2_2_6_runs.py").write_text(CASES, encoding="utf-8")
    return Place(directory, library)


def word(case_id: str) -> str:
    """The last word of a case's id."""
    return case_id.rpartition("-")[2]


def junit(path: Path) -> dict[str, tuple[str, str]]:
    """Of each case of `CASES` in a JUnit file: the tag of its outcome, and its verdict."""
    told = {}
    for test in ElementTree.parse(path).getroot().iter("testcase"):
        tags = [child.tag for child in test if child.tag != "properties"]
        verdicts = [p.attrib["value"] for p in test.iter("property") if p.get("name") == "verdict"]
        told[word(test.attrib["name"])] = ("".join(tags) or "passed", "".join(verdicts))
    return told


def allure(directory: Path) -> dict[str, tuple[str, str]]:
    """Of each case of `CASES` among Allure results: its status, and its verdict."""
    told = {}
    for path in directory.glob("*-result.json"):
        result = json.loads(path.read_text(encoding="utf-8"))
        labels = {label["name"]: label["value"] for label in result["labels"]}
        found = re.search(r"rfc1122-3\.2\.2\.6-(\w+)", json.dumps(result))
        assert found is not None
        told[found[1]] = (result["status"], labels["verdict"])
    return told


def processes_of(session: int) -> Iterator[int]:
    """The processes of a session that are not over."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            _, _, rest = (entry / "stat").read_text().rpartition(") ")
        except OSError:
            continue
        state, _, _, its_session, *_ = rest.split()
        if int(its_session) == session and state != "Z":
            yield int(entry.name)


def namespaces_of(session: int) -> set[str]:
    """The network namespaces of a session's processes but our own."""
    found = {namespace_of(process) for process in processes_of(session)}
    return {name for name in found if name is not None} - {namespace_of("self") or ""}


def surroundings() -> tuple[set[str], str]:
    """What a run must not change: this namespace's interfaces, and the mounts."""
    interfaces = {name for _, name in socket.if_nameindex()}
    return interfaces, Path("/proc/self/mounts").read_text()

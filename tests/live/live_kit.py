"""Real namespaces for the live tests, and a tester's simplest manners."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.addresses import LinkPlan, tester_mac
from harness.decode import Frame, decode
from harness.link.af_packet import PacketLink
from harness.target import probes
from harness.target.base import Link, TargetError
from harness.target.namespaces import Namespace

PATIENCE = 5.0
"""Seconds after which what should come is given up."""
TARGET_MAC = bytes.fromhex("024950340001")


def why_not() -> str | None:
    """Why namespaces can't be made here; None where they can."""
    try:
        Namespace().close()
    except TargetError as error:
        return str(error)
    return None


needs_namespaces = pytest.mark.skipif(
    why_not() is not None, reason=f"live tests make network namespaces: {why_not()}"
)


@contextmanager
def hand_made(*, up: bool = True) -> Iterator[tuple[Namespace, Namespace]]:
    """A tester's namespace with interface `cable`, no address; at its other end a Linux host
    with 192.0.2.1/24 and a route to 198.18.0.0/16 by 192.0.2.254."""
    tester, host = Namespace(), Namespace()
    try:
        for namespace in (tester, host):
            namespace.set("ipv6/conf/default/disable_ipv6", 1)
        with tester.network() as network:
            network.add_pair("cable", bytes.fromhex("025400000001"), "eth0", TARGET_MAC, host)
            if up:
                network.bring_up("cable")
        with host.network() as network:
            network.bring_up("lo")
            network.bring_up("eth0")
            network.add_address("eth0", "192.0.2.1", 24)
            if up:
                network.add_route("198.18.0.0/16", "192.0.2.254")
        if up:
            with tester.network() as network:
                network.await_carrier("cable")
        yield tester, host
    finally:
        tester.close()
        host.close()


def cable(**changes: object) -> LinkPlan:
    """The link of `hand_made`, its target's link address not known yet."""
    fields: dict[str, object] = {
        "name": "cable",
        "target": "192.0.2.1",
        "prefix_length": 24,
        "gateway": "192.0.2.254",
        "second_gateway": None,
        "neighbours": ("192.0.2.10", "192.0.2.11"),
        "absent": ("192.0.2.200",),
        "remotes": "198.18.0.0/16",
    }
    return LinkPlan(**{**fields, **changes})  # type: ignore[arg-type]  # a kit's shorthand


class Manners:
    """Sends, and answers ARP while it waits for what it wants."""

    def __init__(self, wire: Link, plan: LinkPlan) -> None:
        self.wire = wire
        self.plan = plan
        self._own = frozenset({*plan.neighbours, *filter(None, [plan.gateway])})

    def echo(self, source: str, *, within: float = PATIENCE) -> Frame | None:
        """An echo request from an address of the tester's; its reply."""
        packet, identifier = probes.echo_request(source, self.plan.target)
        on_link = source if source in self._own else self.plan.gateway or self.plan.neighbours[0]
        self.send(packet, on_link)
        return self.wait(
            lambda frame: (
                frame.get("icmp", "type") == 0 and frame.get("icmp", "identifier") == identifier
            ),
            within=within,
        )

    def send(self, packet: bytes, on_link: str) -> None:
        """An IP packet from an on-link address."""
        mac = self.plan.target_mac or TARGET_MAC
        self.wire.send(probes.in_ethernet(packet, tester_mac(on_link), mac))

    def wait(self, wanted: Callable[[Frame], bool], *, within: float = PATIENCE) -> Frame | None:
        """The first frame that is wanted."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            select.select([self.wire], [], [], left)
            for raw in self.wire.receive():
                frame = decode(raw)
                answer = probes.arp_answer(frame, self._own)
                if answer is not None:
                    self.wire.send(answer)
                if wanted(frame):
                    return frame
        return None


def open_link(namespace: Namespace, name: str) -> PacketLink:
    """A link on an interface of a namespace."""
    with namespace.entered():
        return PacketLink(name)


def namespace_of(process: int | str) -> str | None:
    """Which network namespace a process is in; None once it is gone."""
    try:
        return os.readlink(f"/proc/{process}/ns/net")
    except OSError:
        return None


def processes_in(namespaces: set[str]) -> list[str]:
    """The processes in any of the namespaces."""
    return [
        entry.name
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and namespace_of(entry.name) in namespaces
    ]


def eventually(true: Callable[[], bool]) -> bool:
    """Whether something becomes true before patience ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if true():
            return True
        select.select([], [], [], 0.01)
    return true()

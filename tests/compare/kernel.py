"""The kernel's side: one namespace for a topology, and a sentinel behind every unit.

The kernel handles a frame of a veth pair before, or right after, the call that sends it returns,
and in order. So when the echo reply to the sentinel has come, all that the kernel says at once
has come too.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from contextlib import ExitStack
from typing import Any, Final

from pyroute2 import IPRoute

from harness.addresses import tester_mac
from harness.case.model import Topology
from harness.internet_checksum import ones_complement_sum
from harness.link import offloads
from harness.link.af_packet import PacketLink
from harness.target.namespaces import Namespace
from harness.target.profile import load_profile
from tests.compare import network
from tests.compare.corpus import Unit
from tests.compare.network import Plan
from tests.compare.normalise import Answer

PATIENCE: Final = 3.0
"""Seconds after which a sentinel is given up."""
TESTER_MAC: Final = bytes.fromhex("0254ffffff00")
"""Of the tester's own interfaces, which say nothing; the last octet is the link's number."""
LONG: Final = {
    "ipv4/ipfrag_time": 600,
    "ipv4/ipfrag_high_thresh": 64 * 1024 * 1024,
    "ipv4/ipfrag_low_thresh": 48 * 1024 * 1024,
    # Sources of thousands of datagrams are two or three: no piece is late here.
    "ipv4/ipfrag_max_dist": 0,
}
"""Nothing that is left over from one unit shows in another."""
MEANWHILE: Final = "203.0.113.254"
"""An address that interfaces have while theirs is taken away and given back."""
SENTINEL: Final = 0x5E17
"""The identifier of sentinels."""
_DAY_MS: Final = 86_400_000


class Unanswered(Exception):
    """The kernel does not answer any more; the text says after which unit."""


class KernelSide:
    """Answers units.

    Raises:
        TargetError: the right to make namespaces is missing.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._sequence = 0
        self._resources = ExitStack()
        with ExitStack() as stack:
            self._build(stack)
            self._resources = stack.pop_all()
        for link in range(len(plan.links)):
            self._finished(link, "the start")
        self._taken()

    def close(self) -> None:
        """Take the namespaces away."""
        self._resources.close()

    def answer(self, unit: Unit) -> Answer:
        """What the kernel emits at once when it is given the frames of a unit."""
        self._taken()
        for link, frame in unit.frames:
            self._wires[link].send(frame)
        emitted: list[tuple[int, bytes]] = []
        for link in sorted({link for link, _ in unit.frames}):
            emitted += self._finished(link, unit.origin)
        emitted += self._taken()
        answer = Answer(tuple(emitted), int(time.time() * 1000) % _DAY_MS)
        if any(changes_routes(frame) for _, frame in unit.frames):
            self._forget()
        return answer

    def _taken(self) -> list[tuple[int, bytes]]:
        return [
            (number, frame) for number, wire in enumerate(self._wires) for frame in wire.receive()
        ]

    def _finished(self, link: int, after: str) -> list[tuple[int, bytes]]:
        """Send a sentinel on a link; what came before its reply and with it."""
        self._sequence = self._sequence + 1 & 0xFFFF
        self._wires[link].send(self._sentinel(link))
        reply = struct.pack("!HH", SENTINEL, self._sequence)
        end = time.monotonic() + PATIENCE
        emitted: list[tuple[int, bytes]] = []
        while True:
            finished = False
            for number, frame in self._taken():
                if number == link and _is_reply(frame, reply):
                    finished = True
                else:
                    emitted.append((number, frame))
            if finished:
                return emitted
            left = end - time.monotonic()
            if left < 0:
                raise Unanswered(f"no echo reply on {self._plan.links[link].name} after {after}")
            select.select([self._wires[link]], [], [], left)

    def _sentinel(self, link: int) -> bytes:
        plan = self._plan.links[link]
        source = network.watcher(plan)
        message = struct.pack("!BBHHH", 8, 0, 0, SENTINEL, self._sequence)
        message = message[:2] + _checksum(message) + message[4:]
        addresses = socket.inet_aton(source) + socket.inet_aton(plan.target)
        header = struct.pack("!BBHHHBBH", 0x45, 0, 28, self._sequence, 0, 64, 1, 0) + addresses
        header = header[:10] + _checksum(header) + header[12:]
        mac = plan.target_mac or b""
        return mac + tester_mac(source) + b"\x08\x00" + header + message

    def _build(self, stack: ExitStack) -> None:
        tester, target = Namespace(), Namespace()
        stack.callback(target.close)
        stack.callback(tester.close)
        for namespace in (tester, target):
            for scope in ("all", "default"):
                namespace.set(f"ipv6/conf/{scope}/disable_ipv6", 1)
        with tester.network() as links:
            for number, link in enumerate(self._plan.links):
                mac = TESTER_MAC[:5] + bytes((number,))
                links.add_pair(link.name, mac, link.name, link.target_mac or b"", target)
                links.set_mtu(link.name, link.mtu)
        for namespace in (tester, target):
            with namespace.entered():
                for link in self._plan.links:
                    left = offloads.switch_off(link.name)
                    if left:
                        raise AssertionError(f"{link.name}: {left} can't be switched off")
        with tester.network() as links:
            for link in self._plan.links:
                links.bring_up(link.name)
        self._set(target)
        with target.entered():
            self._route: Any = IPRoute()
        stack.callback(self._route.close)
        self._links(target)
        with tester.network() as links:
            for link in self._plan.links:
                links.await_carrier(link.name)
        with tester.entered():
            self._wires = tuple(PacketLink(link.name) for link in self._plan.links)
        for wire in self._wires:
            stack.callback(wire.close)
        with target.entered():
            self._sockets(stack)

    def _set(self, target: Namespace) -> None:
        scopes = ("all", "default", *(link.name for link in self._plan.links))
        forwarding = {"ipv4/ip_forward": int(self._plan.topology is Topology.ROUTER)}
        # Forwarding comes last: what it changes on the way the profile's settings would undo.
        for name, value in {**load_profile("linux").sysctl, **LONG, **forwarding}.items():
            for scope in scopes if "*" in name else ("",):
                target.set(name.replace("*", scope), value)

    def _links(self, target: Namespace) -> None:
        with target.network() as links:
            links.bring_up("lo")
            for link in self._plan.links:
                links.set_mtu(link.name, link.mtu)
                links.add_address(link.name, link.target, link.prefix_length)
                links.bring_up(link.name)
            for destination, gateway in self._plan.routes:
                links.add_route(destination, gateway)
        for link in self._plan.links:
            index = self._index(link.name)
            for address, mac in network.neighbours(link):
                self._route.neigh(
                    "replace", dst=address, lladdr=mac.hex(":"), ifindex=index, state="permanent"
                )

    def _index(self, name: str) -> int:
        return int(self._route.link_lookup(ifname=name)[0])

    def _sockets(self, stack: ExitStack) -> None:
        for port in network.UDP_PORTS:
            listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            stack.callback(listening.close)
            listening.bind(("", port))
            near = socket.inet_aton(self._plan.links[0].target)
            if port == network.UDP_PORTS[0]:
                member = socket.inet_aton(network.GROUP) + near
                listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, network.RAW_PROTOCOL)
        stack.callback(raw.close)

    def _forget(self) -> None:
        """Undo redirects and path MTUs, which live with the routes they are about."""
        for destination, _ in self._plan.routes:
            self._route.route("del", dst=destination)
        for link in self._plan.links:
            index = self._index(link.name)
            # With its last address an interface would lose its neighbours too.
            self._route.addr("add", index=index, address=MEANWHILE, prefixlen=32)
            for doing in ("del", "add"):
                self._route.addr(
                    doing,
                    index=index,
                    address=link.target,
                    prefixlen=link.prefix_length,
                    broadcast=str(link.subnet.broadcast_address),
                )
            self._route.addr("del", index=index, address=MEANWHILE, prefixlen=32)
        for destination, gateway in self._plan.routes:
            self._route.route("add", dst=destination, gateway=gateway)


def changes_routes(frame: bytes) -> bool:
    """Whether a frame may be a redirect, or may tell a path MTU."""
    where = (14 + (frame[14] & 15) * 4) if len(frame) > 14 else 0
    told = frame[where : where + 2]
    return frame[12:14] == b"\x08\x00" and (told[:1] == b"\x05" or told == b"\x03\x04")


def _is_reply(frame: bytes, reply: bytes) -> bool:
    return frame[23:24] == b"\x01" and frame[34:36] == b"\0\0" and frame[38:42] == reply


def _checksum(octets: bytes) -> bytes:
    return (~ones_complement_sum(octets) & 0xFFFF).to_bytes(2, "big")

"""A laboratory with cases in flight: frames in, to whom they belong, and ARP answered."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from socket import inet_ntoa
from typing import TypeVar

from harness.addresses import LeasePool, broadcasts
from harness.case.model import Case
from harness.case.symbols import NEAR, Address
from harness.catalogue import Catalogue
from harness.decode import Frame, decode
from harness.judge.invariants import breaches
from harness.run.neighbour import Neighbour
from harness.run.observation import Observation, Outcome, finding
from harness.run.realtime_task import Task, clock
from harness.run.runner import InvariantRecord
from harness.run.sharing import uses_on_link
from harness.summary import summary_of
from harness.target.base import RealLaboratory, TargetGone
from harness.verdict import Difference, Explanation

_Key = TypeVar("_Key")

MOST_ON_LINK = 3
"""Cases at a time that a target meets as neighbours: small ones have an ARP table of ten."""
SOON = 2_000_000
"""Microseconds: who waits longer says nothing for now."""


class Bed:
    """One laboratory, the cases that wait for it and those in flight on it."""

    def __init__(
        self, laboratory: RealLaboratory, record: InvariantRecord, catalogue: Catalogue
    ) -> None:
        self.laboratory = laboratory
        self.leases = LeasePool(laboratory.links)
        self.waiting: deque[tuple[Case, int]] = deque()
        """Cases that run side by side, with the number of the attempt."""
        self.on_link: deque[tuple[Case, int]] = deque()
        """Of those, the ones that the target meets as neighbours, where it may know but few."""
        self.alone: deque[tuple[Case, int]] = deque()
        """Cases that run when nothing else does."""
        self.flying: list[Task] = []
        self.gone: TargetGone | None = None
        self._upper_awake = False
        self.warm = False
        """Whether the target has found the tester's routers: until then it queues few packets."""
        self._silent_since: int | None = None
        self._record = record
        self._catalogue = catalogue
        self._by_address: dict[str, Task] = {}
        self._by_identifier: dict[int, Task] = {}
        self._by_port: dict[int, Task] = {}
        self._neighbours = [Neighbour(link, self._is_muted) for link in laboratory.links]
        self._own = frozenset(link.target for link in laboratory.links)
        self._broadcasts = broadcasts(laboratory.links)

    def _is_muted(self, address: str) -> bool:
        return any(
            task.lease.addresses.get(symbol) == address
            for task in self.flying
            for symbol in task.case.mutes
        )

    def board(self, task: Task) -> None:
        """A task begins: frames by its addresses, ports and identifiers are its own."""
        self.flying.append(task)
        for address in task.state.own:
            self._by_address[address] = task
        lease = task.lease
        self._by_identifier[lease.identifier] = task
        self._by_identifier[lease.sentinel_identifier] = task
        for port in lease.ports.values():
            self._by_port[port] = task

    def leave(self, task: Task) -> None:
        """A task is over."""
        self.flying.remove(task)
        _forget(self._by_address, task)
        _forget(self._by_identifier, task)
        _forget(self._by_port, task)

    def queued(self) -> tuple[tuple[Case, int], ...]:
        """All cases that wait, with the number of the attempt."""
        return (*self.waiting, *self.on_link, *self.alone)

    def forget_queued(self) -> None:
        """No case waits any more."""
        for queue in (self.waiting, self.on_link, self.alone):
            queue.clear()

    def needs_neighbours(self, case: Case) -> bool:
        """Whether a case takes room in the target's ARP table."""
        return self.laboratory.links[NEAR].remotes is None or uses_on_link(case)

    def is_crowded(self, now: int) -> bool:
        """Whether the target speaks with as many neighbours as a small ARP table has room for.

        Those that wait for something far off take none.
        """
        near = (task for task in self.flying if Address.NEIGHBOUR in task.lease.addresses)
        return sum(task.deadline - now < SOON for task in near) >= MOST_ON_LINK

    def silence(self, now: int, *, answered: bool) -> int:
        """Microseconds since the first of the cases that found nobody, one after the other."""
        if answered:
            self._silent_since = None
            return 0
        if self._silent_since is None:
            self._silent_since = now
        return now - self._silent_since

    def warm_up(self) -> bool:
        """Whether more than one case may begin: once the first has been answered."""
        self.warm = self.warm or any(task.state.sentinels for task in self.flying)
        return self.warm

    def wake_upper(self) -> None:
        """Start the upper tester before any case waits for anything.

        Raises:
            TargetError: it can't be started.
        """
        upper = self.laboratory.upper
        if upper is not None and not self._upper_awake:
            upper.call("capabilities", {})
        self._upper_awake = True

    def clashes(self, own: Iterable[str]) -> bool:
        """Whether a case in flight has one of these addresses."""
        return any(address in self._by_address for address in own)

    def drain(self) -> set[Task]:
        """Take all frames that wait on the links; the tasks that got some.

        A link that went away is remembered in `gone`.
        """
        touched: set[Task] = set()
        for number, wire in enumerate(self.laboratory.wires):
            try:
                frames = wire.receive()
            except TargetGone as gone:
                self.gone = gone
                continue
            for octets in frames:
                self._take(number, octets, touched)
        return touched

    def _take(self, link: int, octets: bytes, touched: set[Task]) -> None:
        frame = decode(octets, bare_ip=self.laboratory.links[link].bare_ip)
        self._answer_arp(link, frame)
        owners = self._owners(frame)
        for task in owners:
            at = clock() - task.began
            if task.state.receive(at, link, frame):
                task.fresh = True
                touched.add(task)
        if not owners:
            self._ambient(frame)

    def _answer_arp(self, link: int, frame: Frame) -> None:
        if "arp" not in frame.parts:
            return
        reply = self._neighbours[link].answer(frame)
        if reply is None:
            return
        try:
            self.laboratory.wires[link].send(reply)
        except TargetGone as gone:
            self.gone = gone
            return
        target = frame.parts["arp"].fields["target"]
        owner = self._by_address.get(target)
        if owner is not None:
            owner.state.trace_reply(clock() - owner.began, link, reply)

    def _owners(self, frame: Frame) -> list[Task]:
        """The tasks that a frame may concern: usually one."""
        found = dict.fromkeys(
            owner
            for owner in (
                *(self._by_address.get(address) for address in _addresses(frame)),
                *(self._by_identifier.get(number) for number in _identifiers(frame)),
                *(self._by_port.get(port) for port in _ports(frame)),
            )
            if owner is not None
        )
        for task in self.flying:
            if task not in found and task.state.wants_ambient(frame):
                found[task] = None
        return list(found)

    def _ambient(self, frame: Frame) -> None:
        """Frames that are nobody's are held to the invariants alone."""
        source = frame.get("ip", "src")
        if source not in self._own or source is None:
            return
        self._record.judged_frames += 1
        for breach in breaches(frame, self._own, (), self._broadcasts):
            why = Explanation(
                0,
                0,
                "traffic that belongs to no case",
                breach.expected,
                f"{breach.actual}, in {summary_of(frame)}",
                (Difference(breach.requirement, breach.expected, breach.actual, breach.place),),
                frame.octets,
            )
            seen = Observation(Outcome.BROKEN, (breach.requirement,), why)
            known = {other.requirement for other in self._record.ambient}
            if breach.requirement not in known:
                self._record.ambient.append(finding(seen, breach.requirement, self._catalogue))


def _forget(index: dict[_Key, Task], task: Task) -> None:
    for key in [key for key, owner in index.items() if owner is task]:
        del index[key]


def _addresses(frame: Frame) -> Iterator[str]:
    arp = frame.parts.get("arp")
    if arp is not None:
        yield arp.fields["sender"]
        yield arp.fields["target"]
        return
    ip = frame.parts.get("ip")
    if ip is None:
        return
    yield ip.fields["src"]
    yield ip.fields["dst"]
    quote = frame.get("icmp", "quote")
    if quote is not None and len(quote) >= 20:
        yield inet_ntoa(quote[12:16])
        yield inet_ntoa(quote[16:20])
    igmp = frame.parts.get("igmp")
    if igmp is not None:
        if "group" in igmp.fields:
            yield igmp.fields["group"]
        for _, group in igmp.fields.get("records", ()):
            yield group


def _identifiers(frame: Frame) -> Iterator[int]:
    identifier = frame.get("icmp", "identifier")
    if identifier is not None:
        yield identifier
    inner = _quoted_transport(frame)
    # The identifier of a quoted ICMP query stands behind type, code and checksum.
    if inner is not None and inner[0] == 1 and len(inner[1]) >= 6:
        yield int.from_bytes(inner[1][4:6], "big")


def _ports(frame: Frame) -> Iterator[int]:
    transport = frame.parts.get("udp") or frame.parts.get("tcp")
    if transport is not None:
        yield transport.fields["sport"]
        yield transport.fields["dport"]
    inner = _quoted_transport(frame)
    # What a case sends in a protocol that nobody knows may begin with ports like UDP and TCP.
    if inner is not None and inner[0] != 1 and len(inner[1]) >= 4:
        yield int.from_bytes(inner[1][0:2], "big")
        yield int.from_bytes(inner[1][2:4], "big")


def _quoted_transport(frame: Frame) -> tuple[int, bytes] | None:
    """Protocol and transport octets of a quoted datagram."""
    quote = frame.get("icmp", "quote")
    if quote is None or len(quote) < 20:
        return None
    return quote[9], quote[(quote[0] & 15) * 4 :]

"""The memory of one run of one case: what was sent, what came, what is still unclaimed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from harness.addresses import Lease, broadcasts
from harness.case.model import Ambient, Case
from harness.case.symbols import FAR, NEAR, Address
from harness.decode import Frame, decode
from harness.judge.invariants import Breach, breaches
from harness.judge.view import View
from harness.run.bench import Arrival, Bench, Wait, microseconds
from harness.run.observation import Observation, Outcome
from harness.run.sharing import names
from harness.summary import summary_of
from harness.target.base import TargetGone
from harness.trace import Event, Trace
from harness.verdict import Difference, Explanation

ABSENTEES = (Address.ABSENT, Address.FAR_ABSENT)
Run: TypeAlias = Generator[Wait, None, None]
"""A part of a run: yields waits, is resumed by the driver."""

ARP_REQUEST = 1
ETHERTYPE_IP = b"\x08\x00"
REASSEMBLY_EXCEEDED = (11, 1)
TRAIN_BEGINS = 8
"""Octets of a fragment's data that tell one case's train from another's."""
MOST_ARRIVALS = 4_000
"""Frames that a case looks at; a target that floods is not worth more memory."""


@dataclass(slots=True)
class State:
    """One run of one case; the steps' executors work on it."""

    case: Case
    bench: Bench
    view: View
    trace: Trace
    bare_ip: bool
    own: frozenset[str]
    routers: frozenset[str] = frozenset()
    """The tester's routers, as `Ambient.GATEWAY` means them."""
    arrivals: list[Arrival] = field(default_factory=list)
    sentinels: list[Arrival] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    breached: dict[str, Observation] = field(default_factory=dict)
    """The first breach of each invariant, by requirement."""
    sources: set[str] = field(default_factory=set)
    """Source addresses that the tester has used: datagrams from them are forwarded ones."""
    broadcasts: frozenset[str] = frozenset()
    judged_frames: int = 0
    since: int = 0
    """When the last step sent or waited: expectations count from here."""
    step: int = 0
    """The step in hand, counted from 1; 0 before the first."""
    after: str = "the start"
    serial: int = 0
    phase: str = ""
    sequence: int = 0
    """Of the last sentinel."""
    trains: set[bytes] = field(default_factory=set)
    """What the data of the fragments sent begins with, of first ones; nothing stands for others."""
    queues: dict[tuple[str, bool], list[dict[str, Any]]] = field(default_factory=dict)
    """What was read from sockets (and, under True, of errors) and not claimed yet."""
    dead: str | None = None
    """What was not answered, once the target stopped answering."""
    gone: TargetGone | None = None
    """How the target or its link went away, if that was seen."""
    taken: int = 0
    """Frames that were looked at, ambient ones included."""
    overflow: int = 0
    """Frames that came after `MOST_ARRIVALS`, and were not."""

    def receive(self, at: int, link: int, frame: Frame) -> bool:
        """Take in a frame from the target; whether it is the case's own."""
        if self.taken >= MOST_ARRIVALS:
            self.overflow += 1
            return False
        self.taken += 1
        entry = self.trace.add(
            at,
            Event.FROM_TARGET,
            self.phase,
            step=self.step or None,
            link=link,
            frame=frame.octets,
        )
        self._hold_to_invariants(frame)
        arrival = Arrival(at, link, frame)
        if self.is_sentinel(frame):
            self.sentinels.append(arrival)
            entry.text, entry.step = "sentinel", None
            return True
        arrival.ambient = not self.belongs(frame)
        if arrival.ambient and not self.wants_ambient(frame):
            return False
        self.arrivals.append(arrival)
        return True

    def _hold_to_invariants(self, frame: Frame) -> None:
        if "ip" not in frame.parts:
            return
        self.judged_frames += 1
        for breach in breaches(frame, self.view.lease.targets, self.sources, self.broadcasts):
            if breach.requirement in self.breached:
                continue
            why = Explanation(
                self.step,
                len(self.case.steps),
                self.after,
                breach.expected,
                f"{breach.actual}, in {summary_of(frame)}",
                (_difference(breach),),
                frame.octets,
            )
            self.breached[breach.requirement] = Observation(
                Outcome.BROKEN, (breach.requirement,), why
            )

    def is_sentinel(self, frame: Frame) -> bool:
        """Whether a frame answers a sentinel, or is one that was forwarded."""
        icmp = frame.parts.get("icmp")
        if icmp is None or icmp.fields["type"] not in (0, 8):
            return False
        return bool(icmp.fields.get("identifier") == self.view.lease.sentinel_identifier)

    def belongs(self, frame: Frame) -> bool:
        """Whether a frame is this case's business: by address, port, identifier or quote."""
        arp = frame.parts.get("arp")
        if arp is not None:
            if Ambient.ARP not in self.case.about:
                return False
            sender, target = arp.fields["sender"], arp.fields["target"]
            asks = arp.fields["operation"] == ARP_REQUEST
            if asks and target == self.view.lease.addresses.get(Address.SENTINEL):
                # Whom the target looks for there is the driver, not the case.
                return False
            return sender in self.own or target in self.own
        if "igmp" in frame.parts and Ambient.IGMP not in self.case.about:
            return False
        if self._is_about_other_train(frame):
            return False
        return "ip" in frame.parts and packet_belongs(frame, self.own, self.view.lease)

    def asks_again(self, arrival: Arrival) -> bool:
        """Whether the target asks by ARP what it was expected to ask before.

        It may do that at any time; how often is said by cases that count.
        """
        if arrival.frame.get("arp", "operation") != ARP_REQUEST:
            return False
        wanted = arrival.frame.get("arp", "target")
        return any(
            one.claimed
            and one.frame.get("arp", "operation") == ARP_REQUEST
            and one.frame.get("arp", "target") == wanted
            for one in self.arrivals
        )

    def _is_about_other_train(self, frame: Frame) -> bool:
        """Whether a Time Exceeded is late: about fragments of a case that had these addresses."""
        icmp = frame.parts.get("icmp")
        if icmp is None or (icmp.fields["type"], icmp.fields["code"]) != REASSEMBLY_EXCEEDED:
            return False
        quote = icmp.fields.get("quote") or b""
        begins = quote[(quote[0] & 15) * 4 :][:TRAIN_BEGINS] if quote else b""
        if len(begins) < TRAIN_BEGINS or not self.trains:
            return not self.trains
        return begins not in self.trains

    def _note_train(self, frame: bytes) -> None:
        packet = frame if self.bare_ip else frame[14:]
        if not self.bare_ip and frame[12:14] != ETHERTYPE_IP:
            return
        place = int.from_bytes(packet[6:8], "big")
        if place & 0x3FFF:
            header = (packet[0] & 15) * 4
            first = not place & 0x1FFF
            self.trains.add(packet[header : header + TRAIN_BEGINS] if first else b"")

    def wants_ambient(self, frame: Frame) -> bool:
        """Whether a frame that belongs to nobody is of a kind that the case is about."""
        about = self.case.about
        if "arp" in frame.parts:
            return Ambient.ARP in about
        if "igmp" in frame.parts:
            return Ambient.IGMP in about
        return Ambient.GATEWAY in about and frame.get("ip", "dst") in self.routers

    def unclaimed(self, on: int | None = None) -> list[Arrival]:
        """The frames that a step may still claim, ambient ones included."""
        return [a for a in self.arrivals if not a.claimed and (on is None or a.link == on)]

    def unexpected(self, on: int | None = None) -> list[Arrival]:
        """The case's own frames that no step has claimed."""
        return [arrival for arrival in self.unclaimed(on) if not arrival.ambient]

    def transmit(self, link: int, frame: bytes, text: str = "") -> None:
        """Send a frame and write it down; `text` names what the driver sends by itself.

        Raises:
            TargetGone: the target or its link went away.
        """
        self.trace.add(
            self.bench.now(),
            Event.TO_TARGET,
            text or self.phase,
            step=None if text else self.step or None,
            link=link,
            frame=frame,
        )
        self._note_train(frame)
        self.bench.transmit(link, frame)

    def trace_reply(self, at: int, link: int, frame: bytes) -> None:
        """Write down an ARP reply that the tester gave by itself."""
        self.trace.add(at, Event.TO_TARGET, "neighbour", link=link, frame=frame)

    def note(self, text: str) -> None:
        """Write down something that is neither frame nor call."""
        self.trace.add(self.bench.now(), Event.NOTE, text, step=self.step or None)

    def microseconds(self, duration: object) -> int:
        """A duration of the case on this target's clock."""
        return microseconds(duration, self.bench.timers)  # type: ignore[arg-type]  # a Duration

    def remember(self, label: str | None, frame: Frame) -> None:
        """Keep a frame under a label, for matchers that name it."""
        if label is not None:
            self.view.seen.setdefault(label, frame)

    def met(self, cites: tuple[str, ...]) -> None:
        """A step went as it should."""
        self.observations.append(Observation(Outcome.MET, cites))

    def broken(
        self,
        cites: tuple[str, ...],
        expected: str,
        actual: str,
        *,
        found: tuple[Difference, ...] = (),
        frame: bytes | None = None,
        missing: bool = False,
    ) -> None:
        """A step did not go as the clause wants."""
        why = self.explanation(expected, actual, found, frame)
        self.observations.append(Observation(Outcome.BROKEN, cites, why, missing=missing))

    def unseen(self, cites: tuple[str, ...], expected: str, reason: str) -> None:
        """It could not be seen."""
        why = self.explanation(expected, reason, (), None)
        self.observations.append(
            Observation(Outcome.UNSEEN, cites, why, reason=reason, missing=True)
        )

    def explanation(
        self,
        expected: str,
        actual: str,
        found: tuple[Difference, ...] = (),
        frame: bytes | None = None,
    ) -> Explanation:
        """An explanation of what is going on at the step in hand."""
        return Explanation(
            self.step, len(self.case.steps), self.after, expected, actual, found, frame
        )

    def cited(self, cites: str | None) -> tuple[str, ...]:
        """The requirements that a step is about: its own, or the case's."""
        return self.case.requirements if cites is None else (cites,)


def _difference(breach: Breach) -> Difference:
    return Difference(breach.requirement, breach.expected, breach.actual, breach.place)


def packet_belongs(frame: Frame, own: frozenset[str], lease: Lease) -> bool:
    """Whether an IP packet is a case's: by address, port, identifier, group record or quote."""
    ip = frame.parts["ip"].fields
    if ip["src"] in own or ip["dst"] in own:
        return True
    icmp = frame.parts.get("icmp")
    if icmp is not None:
        if icmp.fields.get("identifier") == lease.identifier:
            return True
        quote = icmp.fields.get("quote")
        return quote is not None and _quote_belongs(quote, own, lease)
    udp = frame.parts.get("udp") or frame.parts.get("tcp")
    if udp is not None:
        ports = lease.ports.values()
        return udp.fields["sport"] in ports and udp.fields["dport"] in ports
    igmp = frame.parts.get("igmp")
    if igmp is not None:
        records = igmp.fields.get("records", ())
        return igmp.fields.get("group") in own or any(group in own for _, group in records)
    return False


def _quote_belongs(quote: bytes, own: frozenset[str], lease: Lease) -> bool:
    quoted = decode(quote, bare_ip=True)
    part = quoted.parts.get("ip")
    if part is None or "quote" in quoted.parts:
        return False
    if part.fields["src"] in own or part.fields["dst"] in own:
        return True
    inner = quoted.parts.get("icmp")
    if inner is not None:
        return bool(inner.fields.get("identifier") == lease.identifier)
    # What is left of UDP and TCP begins with the ports, and so may what a case sends in a
    # protocol that nobody knows.
    payload = part.fields["payload"]
    if part.fields["offset"] or len(payload) < 4:
        return False
    ports = lease.ports.values()
    return int.from_bytes(payload[:2], "big") in ports and (
        int.from_bytes(payload[2:4], "big") in ports
    )


def new_state(case: Case, bench: Bench) -> State:
    """The state of a run that has not begun."""
    lease = bench.lease
    trace = Trace(link_names=tuple(link.name for link in lease.links))
    trace.bare_ip = lease.links[NEAR].bare_ip
    own = lease.own()
    if Ambient.ARP in case.about:
        # Whom nobody answers for is asked for long after the case that named him.
        absent = {lease.addresses.get(symbol) for symbol in ABSENTEES if not names(case, symbol)}
        own = frozenset(own - absent)
    state = State(case, bench, View(lease, bench.time_of_day_ms), trace, trace.bare_ip, own)
    routers = {router for link in lease.links for router in (link.gateway, link.second_gateway)}
    state.routers = frozenset(router for router in routers if router is not None)
    state.broadcasts = broadcasts(lease.links)
    return state


LinksTouched: TypeAlias = tuple[int, ...]
Matcher: TypeAlias = Callable[[Frame], bool]


def links_touched(case: Case) -> LinksTouched:
    """The links that a case sends on; the near one always."""
    far = any(getattr(step, "on", None) == FAR for step in (*case.steps, *case.control))
    return (NEAR, FAR) if far and len(case.links) > 1 else (NEAR,)

"""What one NIC owes the multicast routers: the host side of IGMP 1, 2 and 3 as timers.

RFC 9776 §5 is the rule in version 3 mode, RFC 2236 §3 and RFC 1112 appendix I in the older modes,
which a general query of that version turns on (RFC 9776 §7.2.1). Groups are joined with any
source, so a group's filter is EXCLUDE with no source while joined. The module decides what is
sent and when; `stack.igmp` reads and writes the messages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from stack.wire.address import ALL_HOSTS
from stack.wire.igmp import (
    CHANGE_TO_EXCLUDE,
    CHANGE_TO_INCLUDE,
    LEAVE_GROUP,
    MODE_IS_EXCLUDE,
    MODE_IS_INCLUDE,
    V1_MEMBERSHIP_REPORT,
    V2_MEMBERSHIP_REPORT,
    GroupRecord,
)

SECOND: Final = 1_000_000
"""Microseconds."""
UNSOLICITED_INTERVAL: Final = 10 * SECOND
"""RFC 2236 §8.10: bound of the wait before the first report is repeated."""
UNSOLICITED_INTERVAL_V3: Final = SECOND
"""RFC 9776 §8.11: the same in version 3."""
VERSION_1_RESPONSE: Final = 10 * SECOND
"""RFC 2236 §4: a response time of zero is taken as ten seconds."""
VERSION_1_PRESENT: Final = 400 * SECOND
"""RFC 2236 §4, longer than the default of RFC 9776 §8.12, which is only recommended."""
QUERY_INTERVAL: Final = 125 * SECOND
"""RFC 9776 §8.2: how often a querier asks, until one tells."""
DEFAULT_ROBUSTNESS: Final = 2
"""RFC 9776 §8.1: how often a report is sent, until a querier tells."""
SOURCES_LIMIT: Final = 1024
"""Queried sources kept for a group; RFC 9776 §9.1 allows a bound."""


@dataclass(slots=True)
class _Group:
    joined: bool = True
    owed: int = 0
    """Unsolicited reports (or state changes) still to be sent."""
    change_due: int | None = None
    """When the next of them goes out; None with `owed` left waits for a source address."""
    response_due: int | None = None
    queued: bool = False
    """A due answer could not go out; it waits for a source address (S9.11)."""
    sources: set[int] = field(default_factory=set)
    last_reporter: bool = False


class Query(NamedTuple):
    """A valid query."""

    version: int
    group: int
    response: int
    """Max Response Time in microseconds; of version 1 it means nothing."""
    general: bool
    """It may change the version that is spoken (RFC 9776 §7.2.1, S9.8)."""
    sources: tuple[int, ...] = ()
    robustness: int = 0
    """Zero: not told."""


class Voice(Protocol):
    """How a NIC speaks of its groups."""

    def report(self, records: list[GroupRecord]) -> bool:
        """Send a version 3 report; answer whether it went out."""

    def message(self, kind: int, group: int) -> bool:
        """Send an older report, or a leave; answer whether it went out."""

    def delay(self, bound: int) -> int:
        """Draw a wait, in microseconds."""


class Membership:
    """Groups of one NIC and their timers. All times are microseconds."""

    def __init__(self, *, version: int, voice: Voice) -> None:
        self.version = version
        """The version switched on, 0 for none (S9.1)."""
        self.started = False
        self._voice = voice
        self._groups: dict[int, _Group] = {}
        self._general_due: int | None = None
        self._general_queued = False
        self._older_until = {1: 0, 2: 0}
        """When the mode of a version ends that an older querier turned on; 0: it is not on."""
        self._robustness = DEFAULT_ROBUSTNESS

    @property
    def _running(self) -> bool:
        return self.started and self.version > 0

    def mode(self, now: int) -> int:
        """Answer the version spoken at this time (RFC 9776 §7.2.1)."""
        for version in (1, 2):
            if now < self._older_until[version]:
                return version
        return self.version

    def start(self, now: int) -> None:
        """The NIC is up: report every group (S9.6)."""
        self.started = True
        if self._running:
            for address in sorted(self._groups):
                self._announce(address, self._groups[address], now)

    def stop(self, now: int) -> None:
        """The NIC goes down: leave every group, keep the memberships (S1.4, S9.17)."""
        if self._running:
            for address in sorted(self._groups):
                self._retire(address, now)
        self._groups = {key: _Group() for key, group in self._groups.items() if group.joined}
        self.started = False
        self._general_due = None
        self._general_queued = False
        self._older_until = {1: 0, 2: 0}

    def joined(self, address: int, now: int) -> None:
        """A group was joined that was not joined before."""
        # RFC 9776 §5: nothing is ever reported about 224.0.0.1.
        if address == ALL_HOSTS:
            return
        group = self._groups[address] = _Group()
        if self._running:
            self._announce(address, group, now)

    def left(self, address: int, now: int) -> None:
        """The last user of a group left it."""
        group = self._groups.get(address)
        if group is None:
            return
        group.joined = False
        group.response_due = None
        group.queued = False
        if not self._running:
            del self._groups[address]
            return
        self._retire(address, now)
        self._forget_left(address, group)

    def _forget_left(self, address: int, group: _Group) -> None:
        """A group that was left is kept only until that was told."""
        if not group.joined and not group.owed:
            del self._groups[address]

    def address_added(self, now: int) -> None:
        """The NIC has a source address now: send what waited for one (S9.13)."""
        if not self._running:
            return
        if self._general_queued:
            self._respond_general()
        for address in sorted(self._groups):
            group = self._groups[address]
            if group.owed and group.change_due is None:
                self._send_change(address, group, now)
                self._forget_left(address, group)
            if group.queued:
                self._respond(address, group, now)

    def _announce(self, address: int, group: _Group, now: int) -> None:
        # RFC 9776 §5.1: at once, and again until [Robustness Variable] reports went out.
        # RFC 2236 §3: at once, and repeated once or twice.
        group.owed = self._robustness
        self._send_change(address, group, now)

    def _retire(self, address: int, now: int) -> None:
        group = self._groups[address]
        group.response_due = None
        if self.mode(now) == 3:
            group.joined, kept = False, group.joined
            self._announce(address, group, now)
            group.joined = kept
            return
        group.owed = 0
        group.change_due = None
        # RFC 2236 §3: the last reporter SHOULD send a leave; a version 1 router knows none.
        if group.last_reporter and self.mode(now) == 2:
            self._voice.message(LEAVE_GROUP, address)

    def _send_change(self, address: int, group: _Group, now: int) -> None:
        group.change_due = None
        if self.mode(now) == 3:
            kind = CHANGE_TO_EXCLUDE if group.joined else CHANGE_TO_INCLUDE
            sent = self._voice.report([GroupRecord(kind, address)])
            bound = UNSOLICITED_INTERVAL_V3
        else:
            sent = self._send_older(address, group, now)
            bound = UNSOLICITED_INTERVAL
        if not sent:
            return
        group.owed -= 1
        if group.owed:
            group.change_due = now + self._voice.delay(bound)

    def _send_older(self, address: int, group: _Group, now: int) -> bool:
        kind = V1_MEMBERSHIP_REPORT if self.mode(now) == 1 else V2_MEMBERSHIP_REPORT
        sent = self._voice.message(kind, address)
        group.last_reporter = group.last_reporter or sent
        return sent

    def query(self, query: Query, now: int) -> None:
        """Take in a valid query."""
        if not self._running:
            return
        # RFC 2236 §4: a time of zero MUST be taken as ten seconds.
        response = VERSION_1_RESPONSE if query.version == 1 else query.response
        # RFC 9776 §7.2.1: group-specific queries MUST NOT change the mode.
        if query.version < self.version and query.general:
            self._hear_older(query.version, response, now)
        if query.version == 3:
            # RFC 9776 §4.1.6: the robustness variable follows the last query, if it tells one.
            self._robustness = query.robustness or DEFAULT_ROBUSTNESS
        if self.mode(now) == 3:
            self._schedule(query.group, response, query.sources, now)
        else:
            self._schedule_older(query.group, response, now)

    def _hear_older(self, version: int, response: int, now: int) -> None:
        before = self.mode(now)
        present = self._robustness * QUERY_INTERVAL + 10 * response
        if version == 1:
            present = VERSION_1_PRESENT
        self._older_until[version] = now + present
        if self.mode(now) != before:
            # RFC 9776 §7.2.1: a change of mode cancels what is pending.
            self._cancel()

    def _cancel(self) -> None:
        self._general_due = None
        self._general_queued = False
        for address in list(self._groups):
            group = self._groups[address]
            if not group.joined:
                del self._groups[address]
                continue
            group.owed = 0
            group.change_due = None
            group.response_due = None
            group.queued = False
            group.sources.clear()

    def _schedule(self, address: int, response: int, sources: tuple[int, ...], now: int) -> None:
        due = now + self._voice.delay(response)
        # RFC 9776 §5.2 rule 1: an earlier answer to a general query will do.
        if self._general_due is not None and self._general_due < due:
            return
        if address == 0:
            # Rule 2. A NIC with nothing to report owes nothing.
            if any(group.joined for group in self._groups.values()):
                self._general_due = due
                self._general_queued = False
            return
        group = self._groups.get(address)
        if group is None or not group.joined:
            return
        if group.response_due is None:
            # Rule 3.
            group.response_due = due
            group.queued = False
            group.sources = set(sources[:SOURCES_LIMIT])
            return
        if not sources or not group.sources:
            # Rule 4.
            group.sources.clear()
        elif len(group.sources) < SOURCES_LIMIT:
            # Rule 5.
            group.sources.update(sources[: SOURCES_LIMIT - len(group.sources)])
        group.response_due = min(group.response_due, due)

    def _schedule_older(self, address: int, response: int, now: int) -> None:
        # RFC 2236 §3: each group draws its own delay; a running timer is only ever shortened.
        asked = sorted(self._groups) if address == 0 else [address]
        for each in asked:
            group = self._groups.get(each)
            if group is None or not group.joined:
                continue
            running = group.response_due
            if running is None or running - now > response:
                group.response_due = now + self._voice.delay(response)
                group.queued = False

    def report_heard(self, address: int, now: int) -> None:
        """Another member reported this group with version 1 or 2."""
        group = self._groups.get(address)
        # RFC 9776 §7.2.2: in version 3 mode such a report MAY suppress ours; it does not.
        if group is None or not group.joined or self.mode(now) == 3:
            return
        # RFC 2236 §3, §5: it stands for ours.
        if group.response_due is not None or group.change_due is not None or group.queued:
            group.response_due = None
            group.queued = False
            group.change_due = None
            group.owed = 0
            group.last_reporter = False

    def next_deadline(self) -> int | None:
        """Answer when `expire` has something to do, in microseconds."""
        due = [self._general_due, *(until or None for until in self._older_until.values())]
        for group in self._groups.values():
            due += (group.change_due, group.response_due)
        return min((each for each in due if each is not None), default=None)

    def expire(self, now: int) -> None:
        """Send what has become due."""
        over = [each for each, until in self._older_until.items() if 0 < until <= now]
        self._older_until.update(dict.fromkeys(over, 0))
        if any(each < self.mode(now) for each in over):
            # RFC 9776 §7.2.1: this change of mode cancels what is pending too.
            self._cancel()
        if self._general_due is not None and self._general_due <= now:
            self._respond_general()
        for address in sorted(self._groups):
            group = self._groups[address]
            if group.response_due is not None and group.response_due <= now:
                self._respond(address, group, now)
            if group.change_due is not None and group.change_due <= now:
                self._send_change(address, group, now)
                self._forget_left(address, group)

    def _respond_general(self) -> None:
        self._general_due = None
        joined = sorted(key for key, group in self._groups.items() if group.joined)
        # RFC 9776 §5.2 (1): one current-state record for each group.
        records = [GroupRecord(MODE_IS_EXCLUDE, address) for address in joined]
        self._general_queued = bool(records) and not self._voice.report(records)

    def _respond(self, address: int, group: _Group, now: int) -> None:
        group.response_due = None
        if self.mode(now) != 3:
            group.queued = not self._send_older(address, group, now)
            return
        if group.sources:
            # RFC 9776 §5.2 (3): EXCLUDE {} asked about B answers IS_IN (B).
            record = GroupRecord(MODE_IS_INCLUDE, address, tuple(sorted(group.sources)))
        else:
            record = GroupRecord(MODE_IS_EXCLUDE, address)
        group.queued = not self._voice.report([record])
        if not group.queued:
            group.sources.clear()

"""What one NIC owes the multicast routers as version 2 host, state by state (S9.6 to S9.13).

One timer and one state for each group, and nothing besides: the form of RFC 2236 §6 with the habits
of NETSTACK. `stack.membership` is what the RFCs want of all three versions together.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from stack.membership import (
    UNSOLICITED_INTERVAL,
    VERSION_1_PRESENT,
    VERSION_1_RESPONSE,
    Query,
    Voice,
)
from stack.wire.address import ALL_HOSTS
from stack.wire.igmp import LEAVE_GROUP, V1_MEMBERSHIP_REPORT, V2_MEMBERSHIP_REPORT


class State(Enum):
    """Where a group stands."""

    NON_MEMBER = "joined here, but IGMP does not run"
    PENDING = "the first report is owed"
    DELAYING = "a report is due when the timer fires"
    QUEUED = "a due report could not go out"
    IDLE = "nothing is owed"


@dataclass(slots=True)
class _Group:
    state: State = State.NON_MEMBER
    due: int | None = None
    """When the timer fires, in microseconds; None unless delaying."""
    last_reporter: bool = False


class MembershipV2:
    """Groups of one NIC and their timers; the same calls as `stack.membership.Membership`.

    All times are microseconds.
    """

    def __init__(self, *, on: bool, voice: Voice) -> None:
        self._on = on
        self._voice = voice
        self._groups: dict[int, _Group] = {}
        self._version_1_until = 0
        self.started = False

    @property
    def version(self) -> int:
        """The version switched on, 0 for none (S9.1)."""
        return 2 if self._on else 0

    @property
    def _running(self) -> bool:
        return self._on and self.started

    def mode(self, now: int) -> int:
        """Answer the version spoken at this time (S9.8)."""
        return 1 if now < self._version_1_until else 2

    def state(self, address: int) -> State:
        """Answer where a group stands."""
        group = self._groups.get(address)
        return State.NON_MEMBER if group is None else group.state

    def start(self, now: int) -> None:
        """The NIC is up: report every group (S9.6), in rising order (S9.17)."""
        self.started = True
        if self._running:
            for address in sorted(self._groups):
                self._begin(address, self._groups[address], now)

    def stop(self, now: int) -> None:
        """The NIC goes down: leave every group, keep the memberships (S9.12, S9.17)."""
        for address in sorted(self._groups):
            self._end(address, self._groups[address], now)
        self.started = False
        # S9.17: disabling ends version 1 mode.
        self._version_1_until = 0

    def joined(self, address: int, now: int) -> None:
        """A group was joined that was not joined before."""
        # S9.7: 224.0.0.1 is idle for ever.
        if address == ALL_HOSTS:
            return
        group = self._groups[address] = _Group()
        if self._running:
            self._begin(address, group, now)

    def left(self, address: int, now: int) -> None:
        """The last user of a group left it (S9.12)."""
        group = self._groups.pop(address, None)
        if group is not None:
            self._end(address, group, now)

    def address_added(self, now: int) -> None:
        """The NIC has one more address: try again what could not go out (S9.13)."""
        for address in sorted(self._groups):
            group = self._groups[address]
            if group.state is State.PENDING:
                self._begin(address, group, now)
            elif group.state is State.QUEUED:
                self._fire(address, group, now)

    def query(self, query: Query, now: int) -> None:
        """Take in a valid query."""
        if not self._running:
            return
        response = query.response
        if query.version == 1:
            # S9.8: zero means a version 1 router, whatever group the query names.
            self._version_1_until = now + VERSION_1_PRESENT
            response = VERSION_1_RESPONSE
        asked = sorted(self._groups) if query.group == 0 else [query.group]
        for each in asked:
            found = self._groups.get(each)
            if found is not None:
                self._ask(found, response, now)

    def _ask(self, group: _Group, response: int, now: int) -> None:
        # S9.9: a running timer is only ever shortened.
        if group.due is not None and group.due - now <= response:
            return
        self._set_timer(group, response, now)

    def report_heard(self, address: int, _now: int) -> None:
        """Another member reported this group (S9.10)."""
        group = self._groups.get(address)
        if group is not None and group.state in (State.DELAYING, State.QUEUED):
            group.due = None
            group.last_reporter = False
            group.state = State.IDLE

    def next_deadline(self) -> int | None:
        """Answer when `expire` has something to do, in microseconds."""
        due = (group.due for group in self._groups.values())
        return min((each for each in due if each is not None), default=None)

    def expire(self, now: int) -> None:
        """Send what has become due (S9.11)."""
        for address in sorted(self._groups):
            group = self._groups[address]
            if group.due is not None and group.due <= now:
                self._fire(address, group, now)

    def _begin(self, address: int, group: _Group, now: int) -> None:
        # S9.6: at once, and a second time within ten seconds.
        group.state = State.PENDING
        if self._send_report(address, group, now):
            self._set_timer(group, UNSOLICITED_INTERVAL, now)

    def _set_timer(self, group: _Group, bound: int, now: int) -> None:
        group.due = now + self._voice.delay(bound)
        group.state = State.DELAYING

    def _fire(self, address: int, group: _Group, now: int) -> None:
        group.due = None
        sent = self._send_report(address, group, now)
        group.state = State.IDLE if sent else State.QUEUED

    def _send_report(self, address: int, group: _Group, now: int) -> bool:
        # S9.14.
        kind = V1_MEMBERSHIP_REPORT if self.mode(now) == 1 else V2_MEMBERSHIP_REPORT
        sent = self._voice.message(kind, address)
        group.last_reporter = group.last_reporter or sent
        return sent

    def _end(self, address: int, group: _Group, now: int) -> None:
        group.due = None
        # S9.12: a version 1 router knows no leave.
        if self._running and group.last_reporter and self.mode(now) != 1:
            self._voice.message(LEAVE_GROUP, address)
        group.last_reporter = False
        group.state = State.NON_MEMBER
